/* Any text as a file of PlanPolicies, a line `===`, a plan as a test writes it: an error, or
 * results that have messages and are the same when the plan is judged again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "policy/plan_policy/plan_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int on_result(void *ctx, const struct plan_policy_result *r, struct err *err)
{
	size_t *n = ctx;
	(void)err;
	if (!r->message || !r->policy || !r->rule.line)
		abort();
	++*n;
	return 0;
}

static size_t judge(struct plan_policies *p, const struct json *plan)
{
	AUTO(plan_value_done) struct plan_value value = { 0 };
	AUTO(err_done) struct err err = { 0 };
	size_t n = 0;
	struct plan_policy_each each = { on_result, NULL, &n };
	if (plan_value_of_json(&value, plan, "plan", &err) < 0) {
		if (!err.msg)
			abort();
		return 0;
	}
	if (plan_policies_evaluate(p, &value, &each, &err) < 0 && err.code != ERR_LIMIT)
		abort();
	return n;
}

static void evaluate(struct plan_policies *p, const char *text, size_t n)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json plan;
	if (yaml_parse_one(&a, text, n, "plan", NULL, &plan, &err) == 0 &&
	    judge(p, &plan) != judge(p, &plan))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char line[] = "\n===\n";
	const char *text = (const char *)data;
	const char *end = len ? memmem(text, len, line, strlen(line)) : NULL;
	size_t n = end ? (size_t)(end - text) : len, problems;
	AUTO(err_done) struct err err = { 0 };
	struct plan_policies *p = plan_policies_new();
	if (plan_policies_add_file(p, text, n, "p.yaml", &err) == 0) {
		plan_policies_prepare(p);
		const struct plan_policy_problem *all = plan_policies_problems(p, &problems);
		for (size_t i = 0; i < problems; i++)
			if (!all[i].message || !all[i].at.line)
				abort();
		if (!problems)
			evaluate(p, end ? end + strlen(line) : "{}",
				 end ? len - n - strlen(line) : 2);
	} else if (!err.msg) {
		abort();
	}
	plan_policies_free(p);
	return 0;
}
