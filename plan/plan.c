/* See plan.h.  The names of things, the counts, the end of a plan. */
#include "plan/plan.h"

static const char *const action_names[] = {
	[ACTION_CONFLICT] = "conflict", [ACTION_UNKNOWN] = "unknown", [ACTION_REFUSED] = "refused",
	[ACTION_DELETE] = "delete",     [ACTION_REPLACE] = "replace", [ACTION_CREATE] = "create",
	[ACTION_UPDATE] = "update",     [ACTION_ADOPT] = "adopt",
};
_Static_assert(ARRAY_LEN(action_names) == ACTION_COUNT, "every action needs a name");

static const char *const why_names[] = {
	[WHY_GIT] = "git",       [WHY_DRIFT] = "drift",       [WHY_BOTH] = "both",
	[WHY_SERVER] = "server", [WHY_ROLLBACK] = "rollback",
};
_Static_assert(ARRAY_LEN(why_names) == WHY_COUNT, "every reason needs a name");

static const char *const verified_names[] = {
	[VERIFIED_SERVER] = "server",
	[VERIFIED_PREDICTED] = "predicted",
	[VERIFIED_DEFERRED] = "deferred",
	[VERIFIED_STATIC] = "static",
};
_Static_assert(ARRAY_LEN(verified_names) == VERIFIED_COUNT, "every way to verify needs a name");

static const char *const policy_result_names[] = {
	[POLICY_DENY] = "deny",
	[POLICY_UNDECIDED] = "undecided",
	[POLICY_WARN] = "warn",
	[POLICY_AUDIT] = "audit",
};
_Static_assert(ARRAY_LEN(policy_result_names) == POLICY_COUNT, "every result needs a name");
static const char *const policy_source_names[] = {
	[POLICY_FROM_ADMISSION] = "admission",
	[POLICY_FROM_PLAN] = "plan",
	[POLICY_FROM_CHECK] = "check",
};
_Static_assert(ARRAY_LEN(policy_source_names) == POLICY_FROM_COUNT, "every source needs a name");
static const char *const policy_pass_names[] = {
	[POLICY_PASS_NOT] = "",
	[POLICY_PASS_EXISTING] = "existing",
	[POLICY_PASS_WAIVED] = "waived",
	[POLICY_PASS_UNDECIDED] = "undecided",
};
_Static_assert(ARRAY_LEN(policy_pass_names) == POLICY_PASS_COUNT, "every pass needs a name");

static const char *const waiver_state_names[] = {
	[WAIVER_USED] = "used",
	[WAIVER_UNUSED] = "unused",
	[WAIVER_EXPIRED] = "expired",
};
_Static_assert(ARRAY_LEN(waiver_state_names) == WAIVER_COUNT, "every state needs a name");

const char *waiver_state_name(enum waiver_state s)
{
	return waiver_state_names[s];
}

const char *action_name(enum action a)
{
	return action_names[a];
}

const char *why_name(enum why w)
{
	return why_names[w];
}

const char *verified_name(enum verified v)
{
	return verified_names[v];
}

const char *policy_result_name(enum policy_result r)
{
	return policy_result_names[r];
}

const char *policy_source_name(enum policy_source s)
{
	return policy_source_names[s];
}

const char *policy_pass_name(enum policy_pass p)
{
	return policy_pass_names[p];
}

bool plan_is_static(const struct plan *p)
{
	return (!p->cluster_uid || !*p->cluster_uid) &&
	       (!p->cluster_version || !*p->cluster_version);
}

bool action_writes(enum action a)
{
	return a != ACTION_CONFLICT && a != ACTION_UNKNOWN && a != ACTION_REFUSED;
}

const char *change_label(struct arena *a, const struct change *c)
{
	const char *label = object_ref_label(a, &c->ref);
	return change_is_hook(c) ? arena_fmt(a, "%s (%s)", label, hook_phase_name(c->hook.phase))
				 : label;
}

static bool has_drift(const struct change *c)
{
	for (size_t i = 0; i < c->n_fields; i++)
		if (c->fields[i].why == WHY_DRIFT || c->fields[i].why == WHY_BOTH)
			return true;
	return false;
}

bool verdict_denies(const struct policy_verdict *v)
{
	return !v->pass && (v->result == POLICY_DENY || v->result == POLICY_UNDECIDED);
}

void plan_summarise(struct plan *p)
{
	for (int a = 0; a < ACTION_COUNT; a++)
		p->summary.by_action[a] = 0;
	p->summary.drifted = p->summary.hooks = 0;
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct change *c = &p->changes[i];
		bool runs = change_is_hook(c) && action_writes(c->action);
		p->summary.by_action[c->action] += !runs;
		p->summary.hooks += runs;
		p->summary.drifted += has_drift(c);
	}
	p->summary.denied = p->summary.warned = 0;
	for (size_t i = 0; i < p->n_verdicts; i++) {
		const struct policy_verdict *v = &p->verdicts[i];
		p->summary.denied += verdict_denies(v);
		p->summary.warned += v->result == POLICY_WARN && !v->pass;
	}
}

void plan_done(struct plan *p)
{
	arena_done(&p->arena);
	*p = (struct plan){ 0 };
}
