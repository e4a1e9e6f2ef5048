/* What PlanPolicies say of the plan and of its changes; see gate_internal.h. */
#include "policy/gate_internal.h"

#include "base/time.h"

struct telling {
	const struct plan *plan;
	struct findings *findings;
};

static int on_result(void *ctx, const struct plan_policy_result *r, struct err *err)
{
	struct telling *t = ctx;
	struct policy_verdict v = {
		.source = POLICY_FROM_PLAN,
		.policy = r->policy,
		.result = r->result,
		.message = r->message,
		.path = r->path,
		.rule = r->rule,
	};
	if (r->change >= 0) {
		const struct change *c = &t->plan->changes[r->change];
		bool placed = r->at.line && c->file;
		v.file = c->file;
		v.line = placed ? r->at.line : c->line;
		v.col = placed ? r->at.col : c->col;
	}
	return findings_add(t->findings, r->change, &v, err);
}

static int refuse_problems(const struct plan_policies *p, struct problems *out, struct err *err)
{
	size_t n;
	const struct plan_policy_problem *problems = plan_policies_problems(p, &n);
	for (size_t i = 0; i < n; i++)
		gate_problem(out, problems[i].at, problems[i].message, problems[i].excerpt);
	return n ? gate_refuse(n, err) : 0;
}

int gate_plan(struct gate *g, struct scene *scene, struct findings *findings, struct plan *p,
	      struct err *err)
{
	AUTO(plan_value_done) struct plan_value value = { 0 };
	struct telling t = { p, findings };
	struct plan_policy_each each = { on_result, NULL, &t };
	if (!plan_policies_count(g->plan_policies))
		return 0;
	plan_policies_prepare(g->plan_policies);
	plan_policies_configure(g->plan_policies, g->config);
	if (refuse_problems(g->plan_policies, scene->view->problems, err) < 0)
		return -1;
	plan_value_of(&value, scene, p, g->now);
	if (plan_policies_evaluate(g->plan_policies, &value, &each, err) < 0)
		return -1;
	if (value.time_read) {
		char text[TIME_TEXT];
		time_format(g->now, text);
		p->time = arena_strdup(&p->arena, text);
	}
	return 0;
}
