/* rhumb policy: its parts, a file each. */
#include <stddef.h>

#include "cmd/command.h"

static const struct command *const parts[] = { &cmd_policy_eval, &cmd_policy_test, NULL };

const struct command cmd_policy = {
	.name = "policy",
	.summary = "help for people who write policies",
	.parts = parts,
};
