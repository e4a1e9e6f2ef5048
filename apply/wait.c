/* See wait.h.
 *
 * A CRD is of use when its kinds are served: its condition Established comes first, the entry in
 * discovery a little later, and custom resources that are sent before get a 404. */
#include "apply/wait.h"

#include <ctype.h>
#include <string.h>

struct wait {
	struct step *step;
	const char *uid, *version; /* as written; "" where it is not known */
	int64_t generation;
	int64_t since, deadline; /* time_monotonic_ms() */
	int64_t poll_at;
	unsigned pause;
	enum readiness state;
	char *why;        /* it is not ready; NULL: nobody says */
	const char *gone; /* it is not the object that was written any more; NULL: it is */
	bool unserved;    /* a CRD: established, its kinds are not served yet */
	char *shown;      /* the last reason that was told */
	int64_t shown_at;
};

struct waits {
	struct run *run;
	struct wait **items;
	size_t n, cap;
	struct step *failed;
	struct arena scratch; /* of one object */
};

/* ---- what is waited for */

static const struct planned_application *application(const struct step *s)
{
	return s->parent->application;
}

static bool is_wanted(const struct run *r, const struct step *s)
{
	if (s->change->action == ACTION_DELETE)
		return false;
	if (run_is_crd(s->change))
		return true;
	if (r->cluster->ops->no_controllers)
		return false;
	if (s->must_wait || r->options->wait == WAIT_ALWAYS)
		return true;
	return r->options->wait == WAIT_AS_PLANNED && application(s)->wait;
}

static int64_t deadline_of(const struct run *r, const struct step *s)
{
	unsigned seconds = r->options->wait_seconds;
	if (!seconds)
		seconds = application(s)->wait_seconds;
	if (!seconds)
		seconds = WAIT_DEFAULT_SECONDS;
	int64_t at = time_monotonic_ms() + 1000 * (int64_t)seconds;
	int64_t least = run_is_crd(s->change) ? run_deadline(r) : 0;
	bool waits = !run_is_crd(s->change) || application(s)->wait;
	return waits && at > least ? at : least;
}

static struct waits *waits_of(struct run *r)
{
	if (!r->waits) {
		r->waits = xcalloc(1, sizeof(*r->waits));
		r->waits->run = r;
	}
	return r->waits;
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

/* ---- what an object says */

static bool is_number(const char *text)
{
	size_t n = strspn(text, "0123456789");
	return n && !text[n];
}

/* Versions are numbers on every API server that keeps its objects in etcd; of others nothing is
 * known. */
static bool is_older(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b);
	if (!is_number(a) || !is_number(b))
		return false;
	return m != n ? m < n : strcmp(a, b) < 0;
}

static const char *meta_text(const struct json *object, const char *key)
{
	const char *text = json_str(json_at(object, "metadata", key, NULL));
	return text ? text : "";
}

/* A watch may still tell of the object as it was before the write. */
static bool is_outdated(const struct wait *w, const struct json *object)
{
	int64_t generation = 0;
	json_int64(json_at(object, "metadata", "generation", NULL), &generation);
	return generation < w->generation ||
	       is_older(meta_text(object, "resourceVersion"), w->version);
}

static void set_why(struct wait *w, const char *why)
{
	free(w->why);
	w->why = why ? xstrdup(why) : NULL;
}

static void see(struct waits *all, struct wait *w, const struct json *object)
{
	const char *uid = meta_text(object, "uid"), *why;
	if (*w->uid && strcmp(uid, w->uid) != 0) {
		w->gone = "it was deleted, and another one is there";
		return;
	}
	if (is_outdated(w, object))
		return;
	const struct planned_application *app = application(w->step);
	w->state = ready_of(&all->scratch, object, app->ready, app->n_ready, &why);
	set_why(w, why);
	w->unserved = w->state == READY_CURRENT && run_is_crd(w->step->change) &&
		      !is_served(all->run, w->step->declared);
	arena_reset(&all->scratch);
}

/* A Job that is done may have been cleaned up: its last state counts. */
static void see_gone(struct wait *w)
{
	if (w->state != READY_CURRENT)
		w->gone = "it was deleted while it was waited for";
}

bool wait_begin(struct run *r, struct step *s, enum outcome outcome, const char *note,
		const struct json *object)
{
	if (!object || !is_wanted(r, s))
		return false;
	struct waits *all = waits_of(r);
	struct wait *w = arena_calloc(&r->arena, 1, sizeof(*w));
	int64_t now = time_monotonic_ms();
	*w = (struct wait){ .step = s,
			    .uid = arena_strdup(&r->arena, meta_text(object, "uid")),
			    .version = "",
			    .since = now,
			    .poll_at = now + WAIT_POLL_FIRST_MS,
			    .pause = WAIT_POLL_FIRST_MS,
			    .deadline = deadline_of(r, s) };
	see(all, w, object);
	if (w->state == READY_CURRENT && !w->unserved) {
		s->result->became = BECAME_READY;
		set_why(w, NULL);
		return false;
	}
	w->version = arena_strdup(&r->arena, meta_text(object, "resourceVersion"));
	json_int64(json_at(object, "metadata", "generation", NULL), &w->generation);
	GROW(all->items, all->n, all->cap);
	all->items[all->n++] = w;
	if (!s->started)
		s->started = now;
	free(s->note);
	s->written = outcome;
	s->note = note ? xstrdup(note) : NULL;
	s->wait = w;
	s->state = STEP_WRITTEN;
	s->next = REQUEST_NONE;
	return true;
}

/* ---- the end of a wait */

static void forget(struct waits *all, struct wait *w)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i] == w)
			all->items[i--] = all->items[--all->n];
	free(TAKE(w->why));
	free(TAKE(w->shown));
	w->step->wait = NULL;
}

static void end_ready(struct waits *all, struct wait *w)
{
	struct step *s = w->step;
	AUTO(auto_free) char *note = TAKE(s->note);
	forget(all, w);
	s->result->became = BECAME_READY;
	step_end(all->run, s, s->written, note);
}

/* "5m0s" */
static const char *duration(struct arena *a, int64_t ms)
{
	long long s = (ms + 500) / 1000;
	return s < 60 ? arena_fmt(a, "%llds", s) : arena_fmt(a, "%lldm%llds", s / 60, s % 60);
}

/* `when` "in time", or NULL: it will not become ready. */
static void end_unready(struct waits *all, struct wait *w, const char *when)
{
	struct step *s = w->step;
	AUTO(auto_free) char *why = w->gone ? xstrdup(w->gone) : TAKE(w->why);
	const char *what = !run_is_crd(s->change) ? "ready"
			   : w->unserved          ? "served"
						  : "established";
	AUTO(auto_free)
	char *message = xfmt("written, but not %s%s%s%s%s", what, when ? " " : "", when ? when : "",
			     why ? ": " : "", why ? why : "");
	forget(all, w);
	s->result->became = BECAME_NOT;
	if (!all->failed)
		all->failed = s;
	step_end(all->run, s, OUTCOME_FAILED, message);
}

/* Why nothing is waited for any more; NULL: it goes on. */
static const char *cut(struct run *r)
{
	if (run_interrupted(r))
		return "when interrupted";
	return locks_hold(r->locks)
		       ? NULL
		       : arena_fmt(&r->arena, "when it ended (%s)", locks_lost(r->locks));
}

static void settle(struct waits *all)
{
	struct run *r = all->run;
	const char *why = cut(r);
	for (size_t i = all->n; i-- > 0;) {
		struct wait *w = all->items[i];
		int64_t now = time_monotonic_ms();
		if (!w->gone && w->state == READY_CURRENT && !w->unserved) {
			end_ready(all, w);
		} else if (w->gone || w->state == READY_FAILED) {
			end_unready(all, w, NULL);
		} else if (why) {
			r->n_cut++;
			end_unready(all, w, why);
		} else if (now >= w->deadline) {
			end_unready(all, w,
				    arena_fmt(&r->arena, "after %s",
					      duration(&r->arena, now - w->since)));
		}
	}
}

/* ---- reading again and again */

static int polled(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct wait *w = call->user;
	if (call->object)
		see(ctx, w, call->object);
	else if (call->status == 404)
		see_gone(w);
	else if (!w->why && call->err.msg)
		set_why(w, call->err.msg);
	return 0;
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

static void check_served(struct waits *all)
{
	bool any = false;
	for (size_t i = 0; i < all->n; i++)
		any = any || all->items[i]->unserved;
	if (!any)
		return;
	reread_kinds(all->run);
	for (size_t i = 0; i < all->n; i++) {
		struct wait *w = all->items[i];
		w->unserved = w->unserved && !is_served(all->run, w->step->declared);
	}
}

static void poll_due(struct waits *all)
{
	struct run *r = all->run;
	struct api_call calls[APPLY_BATCH] = { 0 };
	int64_t now = time_monotonic_ms();
	size_t n = 0;
	for (size_t i = 0; i < all->n && n < ARRAY_LEN(calls); i++) {
		struct wait *w = all->items[i];
		const struct object_ref *ref = &w->step->change->ref;
		if (w->poll_at > now)
			continue;
		w->pause = w->pause * 2 < WAIT_POLL_LAST_MS ? w->pause * 2 : WAIT_POLL_LAST_MS;
		w->poll_at = now + w->pause;
		calls[n++] = (struct api_call){ .verb = API_GET,
						.kind = run_kind(r, w->step->change),
						.namespace = ref->namespace,
						.name = ref->name,
						.user = w };
	}
	if (!n)
		return;
	AUTO(err_done) struct err ignored = { 0 };
	r->cluster->ops->call(r->cluster, calls, n, polled, all, &ignored);
	for (size_t i = 0; i < n; i++)
		err_done(&calls[i].err);
	check_served(all);
}

/* ---- turns */

static void tell(struct waits *all)
{
	const struct apply_progress *p = &all->run->options->progress;
	int64_t now = time_monotonic_ms();
	for (size_t i = 0; i < all->n && p->not_ready; i++) {
		struct wait *w = all->items[i];
		const char *why = w->why ? w->why : w->unserved ? "not served yet" : "not ready";
		if (w->shown && strcmp(w->shown, why) == 0 && now - w->shown_at < 1000)
			continue;
		free(w->shown);
		w->shown = xstrdup(why);
		w->shown_at = now;
		p->not_ready(p->ctx, w->step->change, why, (double)(now - w->since) / 1000);
	}
}

static unsigned until_next(const struct waits *all)
{
	int64_t now = time_monotonic_ms(), next = now + WAIT_TURN_MS;
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i]->poll_at < next)
			next = all->items[i]->poll_at;
	return next > now ? (unsigned)(next - now) : 0;
}

static void turn(struct waits *all)
{
	tell(all);
	run_sleep(until_next(all));
	poll_due(all);
	settle(all);
}

bool wait_turn(struct run *r)
{
	size_t n = r->waits ? r->waits->n : 0;
	if (!n)
		return false;
	while (r->waits->n == n)
		turn(r->waits);
	return true;
}

void wait_for(struct run *r, struct step **steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		while (steps[i]->state == STEP_WRITTEN)
			turn(r->waits);
}

struct step *wait_failed(const struct run *r)
{
	return r->waits ? r->waits->failed : NULL;
}

void wait_close(struct run *r)
{
	struct waits *all = r->waits;
	if (!all)
		return;
	while (all->n)
		forget(all, all->items[0]);
	free(all->items);
	arena_done(&all->scratch);
	free(all);
	r->waits = NULL;
}
