/* What findings are worth; see gate_internal.h. */
#include "policy/gate_internal.h"

#include <string.h>

static const struct annotated *annotated_of(const struct gate *g, const char *policy)
{
	for (size_t i = 0; i < g->n_annotated; i++)
		if (strcmp(g->annotated[i].policy, policy) == 0)
			return &g->annotated[i];
	return NULL;
}

/* rhumb.yaml by name, then the policy itself, then rhumb.yaml for all. */
enum policy_enforce gate_enforce(const struct gate *g, const char *policy)
{
	const struct policy_setting *s = config_policy_setting(g->config, policy);
	const struct annotated *a = annotated_of(g, policy);
	if (s && s->enforce)
		return s->enforce;
	return a && a->enforce ? a->enforce : g->config->enforce;
}

enum policy_undecided gate_undecided(const struct gate *g, const char *policy)
{
	const struct policy_setting *s = config_policy_setting(g->config, policy);
	const struct annotated *a = annotated_of(g, policy);
	if (s && s->undecided)
		return s->undecided;
	return a ? a->undecided : UNDECIDED_UNSET;
}

static void settle_undecided(const struct gate *g, struct policy_verdict *v, struct arena *a)
{
	enum policy_undecided setting = gate_undecided(g, v->policy);
	if (setting == UNDECIDED_ALLOW) {
		v->pass = POLICY_PASS_UNDECIDED;
	} else if (setting == UNDECIDED_WARN) {
		v->result = POLICY_WARN;
		v->message = arena_fmt(a, "undecided: %s", v->message);
	}
}

/* The first waiver in force that covers it; of several that have expired the last to do so. */
static void settle_waiver(struct plan *p, struct policy_verdict *v, const char *object)
{
	const struct plan_waiver *expired = NULL;
	for (size_t i = 0; i < p->n_waivers; i++) {
		struct plan_waiver *w = &p->waivers[i];
		if (!waiver_covers(w, v->policy, object))
			continue;
		if (w->state != WAIVER_EXPIRED) {
			w->state = WAIVER_USED;
			v->pass = POLICY_PASS_WAIVED;
			v->waiver = (int64_t)i;
			return;
		}
		if (!expired || strcmp(w->expires, expired->expires) > 0)
			expired = w;
	}
	if (expired)
		v->message = arena_fmt(&p->arena, "%s (the waiver of %s expired on %s)", v->message,
				       expired->owner, expired->expires);
}

void gate_worth(struct gate *g, struct findings *findings, struct plan *p)
{
	p->n_waivers = g->waivers.n;
	p->waivers = arena_calloc(&p->arena, p->n_waivers, sizeof(*p->waivers));
	for (size_t i = 0; i < p->n_waivers; i++) {
		p->waivers[i] = g->waivers.items[i];
		struct plan_waiver *w = &p->waivers[i];
		w->policy = arena_strdup(&p->arena, w->policy);
		w->object = arena_strdup(&p->arena, w->object);
		w->reason = arena_strdup(&p->arena, w->reason);
		w->owner = arena_strdup(&p->arena, w->owner);
		w->expires = arena_strdup(&p->arena, w->expires);
		w->at.file = arena_strdup(&p->arena, w->at.file);
	}
	for (size_t i = 0; i < findings->n; i++) {
		struct finding *f = &findings->items[i];
		struct policy_verdict *v = &f->verdict;
		if (v->result == POLICY_UNDECIDED)
			settle_undecided(g, v, &p->arena);
		if (v->result == POLICY_AUDIT || v->pass)
			continue;
		if (v->existing && gate_enforce(g, v->policy) == ENFORCE_NEW)
			v->pass = POLICY_PASS_EXISTING;
		else
			settle_waiver(p, v, f->change < 0 ? "plan" : p->changes[f->change].id);
	}
}

int gate_annotate(struct gate *g, const struct json *policy, const char *file, struct err *err)
{
	const struct json *all = json_at(policy, "metadata", "annotations", NULL);
	const struct json *enforce = json_get(all, "rhumb.dev/enforce");
	const struct json *undecided = json_get(all, "rhumb.dev/undecided");
	const char *name = json_str(json_at(policy, "metadata", "name", NULL));
	if ((!enforce && !undecided) || !name)
		return 0;
	struct annotated a = {
		.policy = arena_strdup(&g->arena, name),
		.enforce = policy_enforce_of(json_str(enforce)),
		.undecided = policy_undecided_of(json_str(undecided)),
	};
	if (enforce && !a.enforce)
		return err_at(err, ERR_INPUT, json_pos(enforce, file),
			      "rhumb.dev/enforce has to be all or new");
	if (undecided && !a.undecided)
		return err_at(err, ERR_INPUT, json_pos(undecided, file),
			      "rhumb.dev/undecided has to be deny, warn or allow");
	GROW(g->annotated, g->n_annotated, g->cap_annotated);
	g->annotated[g->n_annotated++] = a;
	return 0;
}
