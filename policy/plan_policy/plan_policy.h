/* PlanPolicies: rules in CEL on what a plan does, `kind: PlanPolicy` (docs/plan-policy.md).
 *
 *   struct plan_policies *p = plan_policies_new();
 *   plan_policies_add_file(p, text, n, name, err)    once a file
 *   plan_policies_prepare(p)                         compiles; once, after the last addition
 *   plan_policies_configure(p, config)               params of rhumb.yaml
 *   plan_policies_problems(p, &n)                    none, or nothing is evaluated
 *   plan_policies_evaluate(p, &value, each, ctx, err)
 *   plan_policies_free(p)
 *
 * What the rules see of a plan is a plan_value: of a plan that is being made (plan_value_of()), or
 * written down in a test (plan_value_of_json()). */
#ifndef POLICY_PLAN_POLICY_PLAN_POLICY_H
#define POLICY_PLAN_POLICY_PLAN_POLICY_H

#include <time.h>

#include "plan/config_policy.h"
#include "policy/cel/cel.h"
#include "policy/scene.h"

enum {
	PLAN_POLICY_MAX = 5000,              /* policies */
	PLAN_POLICY_COST = 50000000,         /* of one expression: a plan has many changes */
	PLAN_POLICY_MEMORY = CEL_MAX_MEMORY, /* bytes of values of one policy on one subject */
	PLAN_POLICY_MAX_RESULTS = 100000,    /* of all policies on a plan */
	PLAN_POLICY_MAX_PROBLEMS = 1000,
};

struct plan_policies;

struct plan_policies *plan_policies_new(void);
void plan_policies_free(struct plan_policies *p);

/* Takes the PlanPolicies of a file of any documents; all is copied.  -1 only where the text is no
 * YAML or a ceiling is passed. */
int plan_policies_add_file(struct plan_policies *p, const char *text, size_t n, const char *name,
			   struct err *err);

void plan_policies_prepare(struct plan_policies *p);

/* Params of policySettings over those of the policies, key by key, until the next call.  The config
 * has to outlive p.  One that a policy does not have is a problem, as it would do nothing. */
void plan_policies_configure(struct plan_policies *p, const struct policy_config *config);

struct plan_policy_problem {
	struct srcpos at;
	const char *message; /* "PlanPolicy few-deletions: ..." */
	const char *excerpt; /* the line of the expression and a caret below it; NULL: none */
};
const struct plan_policy_problem *plan_policies_problems(const struct plan_policies *p, size_t *n);

size_t plan_policies_count(const struct plan_policies *p);
/* Name, place and how many validations; i < plan_policies_count(). */
const char *plan_policies_name(const struct plan_policies *p, size_t i, struct srcpos *at,
			       uint32_t *validations);
enum policy_result plan_policies_action(const struct plan_policies *p, size_t i);

/* ---- what rules see */

struct plan_value {
	struct arena arena;
	const struct json *plan;    /* all but the time */
	const struct json *changes; /* of it: a list */
	bool has_time, time_read;   /* somebody asked for it */
	struct timespec time;
	const struct plan *of; /* for places; NULL: of a test */
};

/* Values of Secrets are "(hidden)".  The scene and the plan have to outlive it. */
void plan_value_of(struct plan_value *v, struct scene *scene, const struct plan *p, time_t now);

/* A plan as a test writes it (docs/policy-test.md); what is absent is empty, and the summary counts
 * the changes.  ERR_INPUT. */
int plan_value_of_json(struct plan_value *v, const struct json *plan, const char *file,
		       struct err *err);
void plan_value_done(struct plan_value *v);

struct plan_policy_result {
	const char *policy;
	int64_t change; /* its index; FINDING_WHOLE_PLAN */
	enum policy_result result;
	uint32_t validation;
	const char *message;
	struct srcpos rule; /* of the expression */
	const char *path;   /* in the object of the change; NULL: not known */
	struct srcpos at;   /* the same in the manifest; line 0: not known */
};

struct plan_policy_each {
	int (*result)(void *ctx, const struct plan_policy_result *r, struct err *err);
	/* Every validation that was evaluated; NULL: not wanted. */
	void (*step)(void *ctx, const char *policy, uint32_t validation, bool held);
	void *ctx;
};

/* -1 where a callback says so, or past PLAN_POLICY_MAX_RESULTS. */
int plan_policies_evaluate(struct plan_policies *p, struct plan_value *v,
			   const struct plan_policy_each *each, struct err *err);

#endif
