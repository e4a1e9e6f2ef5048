/* What a gate is made of; see gate.h. */
#include "policy/gate_internal.h"

#include <string.h>

static struct gate_policy of_admission(const struct gate *g, size_t i)
{
	struct admission_listed l = admission_listed(g->admission, i);
	return (struct gate_policy){
		.name = l.name,
		.source = POLICY_FROM_ADMISSION,
		.at = l.at,
		.bindings = l.bindings,
		.denies = l.actions & ADMISSION_DENY,
		.warns = l.actions & ADMISSION_WARN,
		.audits = l.actions & ADMISSION_AUDIT,
		.validations = l.validations,
	};
}

static struct gate_policy of_plan(const struct gate *g, size_t i)
{
	struct gate_policy p = { .source = POLICY_FROM_PLAN };
	enum policy_result action = plan_policies_action(g->plan_policies, i);
	p.name = plan_policies_name(g->plan_policies, i, &p.at, &p.validations);
	p.denies = action == POLICY_DENY;
	p.warns = action == POLICY_WARN;
	p.audits = action == POLICY_AUDIT;
	return p;
}

bool gate_policy(const struct gate *g, size_t i, struct gate_policy *out)
{
	size_t n = admission_count_policies(g->admission);
	if (i >= n + plan_policies_count(g->plan_policies))
		return false;
	*out = i < n ? of_admission(g, i) : of_plan(g, i - n);
	out->enforce = gate_enforce(g, out->name);
	out->undecided = gate_undecided(g, out->name);
	return true;
}

bool gate_waiver(const struct gate *g, size_t i, struct plan_waiver *out)
{
	if (i >= g->waivers.n)
		return false;
	*out = g->waivers.items[i];
	return true;
}

int gate_prepare(struct gate *g, struct problems *out, struct err *err)
{
	struct admission_world world = { &g->kinds, false, false };
	size_t n, k;
	kinds_add_builtin(&g->kinds);
	admission_prepare(g->admission, &world);
	plan_policies_prepare(g->plan_policies);
	plan_policies_configure(g->plan_policies, g->config);
	const struct admission_problem *a = admission_problems(g->admission, &n);
	const struct plan_policy_problem *p = plan_policies_problems(g->plan_policies, &k);
	for (size_t i = 0; i < n; i++)
		gate_problem(out, a[i].at, a[i].message, a[i].excerpt);
	for (size_t i = 0; i < k; i++)
		gate_problem(out, p[i].at, p[i].message, p[i].excerpt);
	return n + k ? err_set(err, ERR_INPUT, "%zu error%s in the policies", n + k,
			       n + k == 1 ? "" : "s")
		     : 0;
}
