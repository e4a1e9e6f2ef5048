/* What the files of this folder share.
 *
 *   read.c         policies as they are written, and their programs
 *   environment.c  what expressions may name, with types
 *   value.c        a plan as a value; value_test.c: one that a test writes
 *   evaluate.c     policies on a plan */
#ifndef POLICY_PLAN_POLICY_INTERNAL_H
#define POLICY_PLAN_POLICY_INTERNAL_H

#include "policy/plan_policy/plan_policy.h"
#include "policy/rule/rules.h"
#include "policy/rule/variables.h"

struct plan_policy {
	const char *name;
	const char *label; /* "PlanPolicy few-deletions" */
	const struct source *source;
	const struct json *document;
	bool of_changes; /* match: change */
	bool ignore_failures;
	enum policy_result action;
	const struct json *own_params, *params; /* as written; as configured */
	struct rules rules;
	struct cel_env *env;
	struct cel_type *variables_type;
	unsigned slot_params, slot_variables;
};

struct plan_policies {
	struct arena arena;
	struct plan_policy *items; /* in the order of the files */
	size_t n, cap;
	struct plan_policy_problem *problems;
	size_t n_problems, cap_problems;
	struct cel_env *env;
	unsigned slot_plan, slot_change;
};

/* An environment with `plan` and `change`. */
void plan_environment_make(struct plan_policies *p);
/* One of its own for a policy, with `params` and `variables`; `change` is hidden where it is about
 * whole plans. */
void plan_environment_of(struct plan_policies *p, struct plan_policy *policy);

void plan_problem(struct plan_policies *p, const struct plan_policy *policy, struct srcpos at,
		  const char *excerpt, const char *message);

/* `plan` as a value; the record is valid as long as its plan_value. */
struct plan_record {
	struct cel_record record;
	struct plan_value *value;
};
void plan_record_begin(struct plan_record *r, struct plan_value *v);

#endif
