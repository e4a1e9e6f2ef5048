/* rhumb policy: its parts, a file each. */
#include <stddef.h>

#include "cmd/command.h"

static const struct command *const parts[] = { &cmd_policy_check, &cmd_policy_list,
					       &cmd_policy_test, &cmd_policy_eval, NULL };

const struct command cmd_policy = {
	.name = "policy",
	.summary = "what policies say of a change, and help for people who write them",
	.parts = parts,
};
