/* What an application's configuration says of a kind: it is ready when the value at `path` is
 * `value`. */
#ifndef PLAN_READY_RULE_H
#define PLAN_READY_RULE_H

struct ready_rule {
	const char *group; /* "" for the core group */
	const char *kind;
	const char *path;  /* of plan/merge/field_path.h: "/status/phase" */
	const char *value; /* text, number or true/false, as text */
};

#endif
