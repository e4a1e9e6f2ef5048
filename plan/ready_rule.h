/* What an application's configuration says of a kind: it is ready when the value at `path` is
 * `value`. */
#ifndef PLAN_READY_RULE_H
#define PLAN_READY_RULE_H

#include "base/err.h"

enum { READY_MAX_RULES = 256 }; /* of an application */

struct ready_rule {
	const char *group; /* "" for the core group */
	const char *kind;
	const char *path;  /* of plan/merge/field_path.h: "/status/phase" */
	const char *value; /* text, number or true/false, as text */
};

/* ERR_INPUT where it can never hold, or would tell of a Secret's values. */
int ready_rule_check(const struct ready_rule *rule, struct err *err);

#endif
