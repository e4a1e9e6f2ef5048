/* A CRD is of use when its kinds are served: step 7 of apply.h.
 *
 * Its condition Established comes first, the entry in discovery a little later; custom resources
 * that are sent before get a 404. */
#include "apply/run.h"

#include <string.h>

enum { POLL_MIN_MS = 50, POLL_MAX_MS = 1000 };

struct watched {
	struct step *step;
	bool established;
	char *why; /* why not; free() */
};

struct waiting {
	struct run *run;
	struct watched items[APPLY_BATCH];
	size_t n;
};

static const struct json *condition(const struct json *crd, const char *type)
{
	const struct json *all = json_at(crd, "status", "conditions", NULL);
	for (uint32_t i = 0; json_is(all, JSON_ARRAY) && i < all->n; i++) {
		const char *t = json_get_str(&all->items[i], "type");
		if (t && strcmp(t, type) == 0)
			return &all->items[i];
	}
	return NULL;
}

static bool is_true(const struct json *c)
{
	const char *status = json_get_str(c, "status");
	return status && strcmp(status, "True") == 0;
}

static int looked(void *ctx, struct api_call *call, struct err *err)
{
	(void)ctx, (void)err;
	struct watched *w = call->user;
	const struct json *established = condition(call->object, "Established");
	const struct json *names = condition(call->object, "NamesAccepted");
	w->established = is_true(established);
	free(TAKE(w->why));
	const char *said = NULL;
	if (names && !is_true(names))
		said = json_get_str(names, "message");
	else if (!w->established)
		said = json_get_str(established, "message");
	if (!said)
		said = call->err.msg;
	w->why = said ? xstrdup(said) : NULL;
	return 0;
}

static void look(struct waiting *w)
{
	struct run *r = w->run;
	struct api_call calls[APPLY_BATCH] = { 0 };
	for (size_t i = 0; i < w->n; i++)
		calls[i] = (struct api_call){ .verb = API_GET,
					      .kind = run_kind(r, w->items[i].step->change),
					      .namespace = "",
					      .name = w->items[i].step->change->ref.name,
					      .user = &w->items[i] };
	AUTO(err_done) struct err ignored = { 0 };
	r->cluster->ops->call(r->cluster, calls, w->n, looked, NULL, &ignored);
	for (size_t i = 0; i < w->n; i++)
		err_done(&calls[i].err);
}

/* Every served version of the CRD. */
static bool is_served(const struct run *r, const struct json *crd)
{
	const struct json *spec = json_get(crd, "spec"), *versions = json_get(spec, "versions");
	const char *group = json_get_str(spec, "group");
	const char *kind = json_get_str(json_get(spec, "names"), "kind");
	for (uint32_t i = 0; group && kind && json_is(versions, JSON_ARRAY) && i < versions->n;
	     i++) {
		const char *name = json_get_str(&versions->items[i], "name");
		if (name && json_true(json_get(&versions->items[i], "served")) &&
		    !kinds_find(&r->kinds, group, name, kind))
			return false;
	}
	return true;
}

/* The table as it is now; where it cannot be read, the old one stays. */
static void reread_kinds(struct run *r)
{
	AUTO(err_done) struct err ignored = { 0 };
	struct kind_table fresh = { 0 };
	if (r->cluster->ops->kinds(r->cluster, &fresh, &ignored) < 0) {
		kind_table_done(&fresh);
		return;
	}
	kind_table_done(&r->kinds);
	r->kinds = fresh;
}

/* Nobody goes on waiting: each is served, or has failed. */
static void finish(struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct watched *item = &w->items[i];
		struct step *s = item->step;
		if (item->established && is_served(w->run, s->declared)) {
			AUTO(auto_free) char *note = TAKE(s->note);
			step_end(w->run, s, s->written, note);
		} else {
			AUTO(auto_free)
			char *why = xfmt("written, but not %s %s%s%s",
					 item->established ? "served" : "established",
					 run_interrupted(w->run) ? "when interrupted" : "in time",
					 item->why ? ": " : "", item->why ? item->why : "");
			step_end(w->run, s, OUTCOME_FAILED, why);
		}
		free(TAKE(item->why));
	}
}

static bool all_served(const struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!is_served(w->run, w->items[i].step->declared))
			return false;
	return true;
}

static bool all_established(const struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!w->items[i].established)
			return false;
	return true;
}

void wait_for_crds(struct run *r, struct step **steps, size_t n)
{
	struct waiting w = { .run = r };
	for (size_t i = 0; i < n; i++)
		if (steps[i]->state == STEP_WRITTEN)
			w.items[w.n++].step = steps[i];
	if (!w.n)
		return;
	const struct apply_progress *p = &r->options->progress;
	if (p->waiting)
		p->waiting(p->ctx, arena_fmt(&r->arena, "waiting until %s is established",
					     step_label(r, w.items[0].step)));
	int64_t deadline = run_deadline(r);
	for (unsigned ms = POLL_MIN_MS;; ms = ms * 2 < POLL_MAX_MS ? ms * 2 : POLL_MAX_MS) {
		look(&w);
		locks_hold(r->locks);
		if (all_established(&w)) {
			reread_kinds(r);
			if (all_served(&w))
				break;
		}
		if (run_interrupted(r) || time_monotonic_ms() > deadline) {
			reread_kinds(r); /* for those that are established */
			break;
		}
		run_sleep(ms);
	}
	finish(&w);
}
