/* What is waited for, and how each wait ends; see wait.h. */
#include <string.h>

#include "apply/hook.h"
#include "apply/wait_private.h"

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

/* Every served version of the CRD.  Its condition Established comes first, the entry in discovery a
 * little later, and custom resources that are sent before get a 404. */
bool wait_is_served(const struct run *r, const struct json *crd)
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

void wait_set(char **text, const char *to)
{
	char *copy = to ? xstrdup(to) : NULL;
	free(*text);
	*text = copy;
}

void wait_see(struct waits *all, struct wait *w, const struct json *object)
{
	const char *uid = meta_text(object, "uid"), *why;
	if (*w->uid && strcmp(uid, w->uid) != 0) {
		w->gone = "it was deleted, and another one is there";
		return;
	}
	if (is_outdated(w, object))
		return;
	const struct planned_application *app = application(w->step);
	bool hook = change_is_hook(w->step->change);
	w->state = (hook ? hook_ready : ready_of)(&all->scratch, object, app->ready, app->n_ready,
						  &why);
	if (why && (!w->why || strcmp(why, w->why) != 0))
		w->stuck_since = 0; /* it moves */
	wait_set(&w->why, why);
	wait_set(&w->unseen, NULL);
	w->unserved = w->state == READY_CURRENT && run_is_crd(w->step->change) &&
		      !wait_is_served(all->run, w->step->declared);
	arena_reset(&all->scratch);
	if (w->state != READY_CURRENT)
		trouble_note(&w->of, object);
}

/* A Job that was cleaned up when it was done is done. */
void wait_see_gone(struct waits *all, struct wait *w, const struct json *last)
{
	const struct object_ref *ref = &w->step->change->ref;
	bool ends = strcmp(ref->kind, "Job") == 0 || strcmp(ref->kind, "Pod") == 0;
	if (last && ends && strcmp(meta_text(last, "uid"), w->uid) == 0) {
		struct json copy = json_copy(&all->scratch, last);
		json_remove(json_edit(&all->scratch, &copy, "metadata"), "deletionTimestamp");
		wait_see(all, w, &copy);
	}
	if (w->state != READY_CURRENT || !ends)
		w->gone = "it was deleted while it was waited for";
}

static void wait_free(struct wait *w)
{
	free(TAKE(w->why));
	free(TAKE(w->unseen));
	free(TAKE(w->trouble));
	free(TAKE(w->shown));
	trouble_done(&w->of);
}

/* A claim may have nothing to wait for, which is known at once; pods take their time. */
static int64_t first_look(const struct object_ref *ref)
{
	return strcmp(ref->kind, "PersistentVolumeClaim") == 0 ? 0 : WAIT_TROUBLE_FIRST_MS;
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
			    .look_at = trouble_may_be_found(&s->change->ref)
					       ? now + first_look(&s->change->ref)
					       : WAIT_NEVER_MS,
			    .look_pause = WAIT_TROUBLE_FIRST_MS,
			    .deadline = deadline_of(r, s) };
	wait_see(all, w, object);
	if (w->state == READY_CURRENT && !w->unserved) {
		s->result->became = BECAME_READY;
		wait_free(w);
		return false;
	}
	w->version = arena_strdup(&r->arena, meta_text(object, "resourceVersion"));
	json_int64(json_at(object, "metadata", "generation", NULL), &w->generation);
	GROW(all->items, all->n, all->cap);
	all->items[all->n++] = w;
	w->asleep = !s->writing && !s->looking;
	if (w->asleep)
		w->poll_at = WAIT_NEVER_MS;
	else if (!s->started)
		s->started = now;
	free(s->note);
	s->written = outcome;
	s->note = note ? xstrdup(note) : NULL;
	s->wait = w;
	s->state = STEP_WRITTEN;
	s->next = REQUEST_NONE;
	return true;
}

bool wait_is_asleep(const struct step *s)
{
	return s->state == STEP_WRITTEN && s->wait->asleep;
}

void wait_wake(struct step *s, const struct run *r)
{
	struct wait *w = s->wait;
	w->asleep = false;
	w->since = w->poll_at = time_monotonic_ms();
	w->look_at = w->look_at == WAIT_NEVER_MS ? WAIT_NEVER_MS
						 : w->since + first_look(&s->change->ref);
	w->deadline = deadline_of(r, s);
	w->state = READY_IN_PROGRESS; /* until it is seen again */
	if (!s->started)
		s->started = w->since;
}

/* ---- the end of a wait */

static void forget(struct waits *all, struct wait *w)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i] == w)
			all->items[i--] = all->items[--all->n];
	wait_free(w);
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

/* It is written; whether it is ready nobody can tell.  That is no failure, and is said. */
static void end_unseen(struct waits *all, struct wait *w)
{
	struct run *r = all->run;
	struct step *s = w->step;
	bool remarks_only = r->result->n_problems == r->n_remarks;
	AUTO(auto_free) char *note = TAKE(s->note);
	AUTO(auto_free)
	char *message = xfmt("%s%swritten, but it could not be waited for: %s", note ? note : "",
			     note ? "; " : "", w->unseen);
	result_problem(r->result, "%s was not waited for: %s", step_label(r, s), w->unseen);
	r->n_remarks += remarks_only;
	forget(all, w);
	step_end(r, s, s->written, message);
}

/* "5m0s" */
static const char *duration(struct arena *a, int64_t ms)
{
	long long s = (ms + 500) / 1000;
	return s < 60 ? arena_fmt(a, "%llds", s) : arena_fmt(a, "%lldm%llds", s / 60, s % 60);
}

static char *why_unready(const struct wait *w)
{
	if (w->gone)
		return xstrdup(w->gone);
	if (!w->why || !w->trouble)
		return w->why || w->trouble ? xstrdup(w->why ? w->why : w->trouble) : NULL;
	return xfmt("%s; %s", w->why, w->trouble);
}

/* `when` "in time", or NULL: it will not become ready. */
static void end_unready(struct waits *all, struct wait *w, const char *when)
{
	struct step *s = w->step;
	AUTO(auto_free) char *why = why_unready(w);
	const char *what = change_is_hook(s->change) ? "complete"
			   : !run_is_crd(s->change)  ? "ready"
			   : w->unserved             ? "served"
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
		       : arena_fmt(&r->arena, "when its wait ended (%s)", locks_lost(r->locks));
}

/* In trouble that does not pass by trying on, and for long enough. */
static bool is_stuck(const struct wait *w, int64_t now)
{
	return w->stuck && w->stuck_since &&
	       now - w->stuck_since >= 1000 * (int64_t)WAIT_STUCK_SECONDS;
}

static void find_trouble(struct waits *all, struct wait *w)
{
	struct trouble_found found;
	int64_t now = time_monotonic_ms();
	trouble_find(all->run, &w->step->change->ref, &w->of, &found);
	free(w->trouble);
	w->trouble = found.text;
	w->stuck = found.stuck;
	if (!found.stuck)
		w->stuck_since = 0;
	else if (!w->stuck_since)
		w->stuck_since = now;
	if (found.ready)
		w->state = READY_CURRENT;
	int64_t grace = w->stuck_since + 1000 * (int64_t)WAIT_STUCK_SECONDS;
	w->look_pause =
		w->look_pause * 2 < WAIT_TROUBLE_LAST_MS ? w->look_pause * 2 : WAIT_TROUBLE_LAST_MS;
	w->look_at = now + w->look_pause;
	if (w->stuck && grace > now && grace < w->look_at)
		w->look_at = grace;
}

static void look_for_trouble(struct waits *all)
{
	int64_t now = time_monotonic_ms();
	for (size_t i = 0, n = 0; i < all->n && n < WAIT_TROUBLES; i++) {
		struct wait *w = all->items[i];
		if (w->asleep || w->state != READY_IN_PROGRESS || w->gone || w->look_at > now)
			continue;
		n++;
		find_trouble(all, w);
	}
}

/* Whoever reads why it failed wants to know what was the matter at that moment. */
static void end_failed(struct waits *all, struct wait *w, const char *when)
{
	if (w->look_at != WAIT_NEVER_MS && !w->gone && !run_interrupted(all->run))
		find_trouble(all, w);
	end_unready(all, w, when);
}

static void settle_one(struct waits *all, struct wait *w, const char *why_cut)
{
	struct run *r = all->run;
	int64_t now = time_monotonic_ms();
	if (!w->gone && w->state == READY_CURRENT && !w->unserved) {
		end_ready(all, w);
	} else if (w->gone || w->state == READY_FAILED || is_stuck(w, now)) {
		end_failed(all, w, NULL);
	} else if (why_cut) {
		r->n_cut++;
		end_unready(all, w, why_cut);
	} else if (w->unseen && change_is_hook(w->step->change)) {
		/* What comes next depends on it. */
		wait_set(&w->why, w->unseen);
		end_unready(all, w, NULL);
	} else if (w->unseen) {
		end_unseen(all, w);
	} else if (now >= w->deadline) {
		end_failed(all, w,
			   arena_fmt(&r->arena, "after %s", duration(&r->arena, now - w->since)));
	}
}

static void settle(struct waits *all)
{
	const char *why = cut(all->run);
	for (size_t i = all->n; i-- > 0;)
		if (!all->items[i]->asleep)
			settle_one(all, all->items[i], why);
	if (!all->n)
		wait_unfollow(all);
}

/* ---- turns */

/* "1 of 3 available; pod web-1: ImagePullBackOff, ..." */
static void tell(struct waits *all)
{
	const struct apply_progress *p = &all->run->options->progress;
	int64_t now = time_monotonic_ms();
	for (size_t i = 0; i < all->n && p->not_ready; i++) {
		struct wait *w = all->items[i];
		if (w->asleep)
			continue;
		AUTO(auto_free) char *said = why_unready(w);
		const char *why = said ? said : w->unserved ? "not served yet" : "not ready";
		if (w->shown && strcmp(w->shown, why) == 0 && now - w->shown_at < 1000)
			continue;
		wait_set(&w->shown, why);
		w->shown_at = now;
		p->not_ready(p->ctx, w->step->change, why, (double)(now - w->since) / 1000);
	}
	if (p->tick)
		p->tick(p->ctx);
}

static unsigned until_next(const struct waits *all)
{
	int64_t now = time_monotonic_ms(), next = now + WAIT_TURN_MS;
	for (size_t i = 0; i < all->n; i++) {
		const struct wait *w = all->items[i];
		if (w->asleep)
			continue;
		int64_t at = w->unserved ? w->served_at : w->poll_at;
		at = w->look_at < at ? w->look_at : at;
		at = w->deadline < at ? w->deadline : at;
		next = at < next ? at : next;
	}
	return next > now ? (unsigned)(next - now) : 0;
}

static void turn(struct waits *all)
{
	tell(all);
	wait_look(all, until_next(all));
	if (!cut(all->run))
		look_for_trouble(all);
	settle(all);
}

static size_t awake(const struct waits *all)
{
	size_t n = 0;
	for (size_t i = 0; all && i < all->n; i++)
		n += !all->items[i]->asleep;
	return n;
}

bool wait_turn(struct run *r)
{
	size_t n = awake(r->waits);
	if (!n)
		return false;
	while (awake(r->waits) == n)
		turn(r->waits);
	return true;
}

/* What an earlier run has written stays open for the next one; anything else is as planned. */
void wait_drop(struct run *r, const char *why)
{
	struct waits *all = r->waits;
	for (size_t i = all ? all->n : 0; i-- > 0;) {
		struct wait *w = all->items[i];
		struct step *s = w->step;
		if (!w->asleep)
			continue;
		bool written = resume_may_be_done(s);
		AUTO(auto_free)
		char *message = xfmt("%s, but not waited for: %s",
				     written ? "written" : "as planned already",
				     why ? why : "its turn did not come");
		forget(all, w);
		step_end(r, s, written ? OUTCOME_FAILED : s->written, message);
	}
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
	wait_unfollow(all);
	free(all->items);
	arena_done(&all->scratch);
	free(all);
	r->waits = NULL;
}
