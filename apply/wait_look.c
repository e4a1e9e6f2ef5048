/* How it is found out whether what was written is ready: by watching, or by reading again and
 * again.  See wait.h.
 *
 * A watch begins with a list, so that nothing is missed between the write and the watch.  A CRD is
 * read a few times before, since it is established in an instant. */
#include <string.h>

#include "apply/wait_private.h"

/* ---- what a watch tells */

static bool is_of(const struct wait *w, const struct follow *f, const struct json *object)
{
	if (w->follow != f)
		return false;
	const char *name = json_str(json_at(object, "metadata", "name", NULL));
	return !object || (name && strcmp(name, w->step->change->ref.name) == 0);
}

static void lost(struct follow *f)
{
	int64_t now = time_monotonic_ms();
	f->lost = true;
	for (size_t i = 0; i < f->all->n; i++) {
		struct wait *w = f->all->items[i];
		if (w->follow != f)
			continue;
		w->follow = NULL;
		w->poll_at = now;
		w->pause = WAIT_POLL_LOST_MS;
	}
}

static void told(void *ctx, void *user, enum watch_event event, const struct json *object,
		 const struct err *err)
{
	struct waits *all = ctx;
	struct follow *f = user;
	(void)err;
	if (event == WATCH_LOST) {
		lost(f);
		return;
	}
	for (size_t i = 0; i < all->n; i++) {
		struct wait *w = all->items[i];
		if (!is_of(w, f, object))
			continue;
		if (event == WATCH_LISTING)
			w->listed = false;
		else if (event == WATCH_LISTED && !w->listed)
			wait_see_gone(all, w, NULL);
		else if (event == WATCH_GONE)
			wait_see_gone(all, w, object);
		else if (event == WATCH_OBJECT)
			wait_see(all, w, object);
		w->listed = w->listed || event == WATCH_OBJECT;
	}
}

/* ---- which watches there are */

static bool same_place(const struct follow *f, const struct object_ref *ref)
{
	return strcmp(f->group, ref->group) == 0 && strcmp(f->kind, ref->kind) == 0 &&
	       strcmp(f->namespace, ref->namespace) == 0;
}

static struct follow *find(struct waits *all, const struct object_ref *ref)
{
	for (size_t i = 0; i < all->n_follows; i++) {
		struct follow *f = all->follows[i];
		if (same_place(f, ref) && (!f->name || strcmp(f->name, ref->name) == 0))
			return f;
	}
	return NULL;
}

static bool is_due(const struct wait *w, int64_t now)
{
	if (w->asleep || w->follow || w->poll_at == WAIT_NEVER_MS)
		return false;
	return !run_is_crd(w->step->change) || now - w->since >= WAIT_WATCH_CRD_MS;
}

/* One object of its kind and namespace, or several? */
static struct follow *open_follow(struct waits *all, const struct wait *w, int64_t now)
{
	struct run *r = all->run;
	const struct object_ref *ref = &w->step->change->ref;
	struct follow *f = arena_calloc(&r->arena, 1, sizeof(*f));
	*f = (struct follow){ all, ref->group, ref->kind, ref->namespace, ref->name, false };
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i] != w && is_due(all->items[i], now) &&
		    same_place(f, &all->items[i]->step->change->ref))
			f->name = NULL;
	GROW(all->follows, all->n_follows, all->cap_follows);
	all->follows[all->n_follows++] = f;
	struct watch_target target = { run_kind(r, w->step->change), ref->namespace, f->name };
	r->cluster->ops->watch_add(all->watch, &target, f);
	return f;
}

static bool open_watch(struct waits *all)
{
	const struct cluster_ops *ops = all->run->cluster->ops;
	AUTO(err_done) struct err ignored = { 0 };
	if (all->watch || all->unwatchable)
		return all->watch != NULL;
	if (ops->watch_open)
		all->watch = ops->watch_open(all->run->cluster, told, all, &ignored);
	all->unwatchable = !all->watch;
	return all->watch != NULL;
}

static void follow_new(struct waits *all)
{
	int64_t now = time_monotonic_ms();
	for (size_t i = 0; i < all->n; i++) {
		struct wait *w = all->items[i];
		if (!is_due(w, now) || !run_kind(all->run, w->step->change) || !open_watch(all))
			continue;
		struct follow *f = find(all, &w->step->change->ref);
		if (f && f->lost)
			continue;
		w->follow = f ? f : open_follow(all, w, now);
		w->listed = true; /* as far as a list that is over knows */
		if (w->follow->lost)
			w->follow = NULL;
		else
			w->poll_at = WAIT_NEVER_MS;
	}
}

void wait_unfollow(struct waits *all)
{
	for (size_t i = 0; i < all->n; i++) {
		all->items[i]->follow = NULL;
		if (!all->items[i]->asleep)
			all->items[i]->poll_at = time_monotonic_ms();
	}
	if (all->watch)
		all->run->cluster->ops->watch_close(all->watch);
	all->watch = NULL;
	free(all->follows);
	all->follows = NULL;
	all->n_follows = all->cap_follows = 0;
}

/* ---- reading again and again */

static int polled(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct waits *all = ctx;
	struct wait *w = call->user;
	if (call->object)
		wait_see(all, w, call->object);
	else if (call->status == 404)
		wait_see_gone(all, w, NULL);
	else if (call->status == 401 || call->status == 403)
		wait_set(&w->unseen, call->err.msg ? call->err.msg : "forbidden");
	else if (!w->why && call->err.msg)
		wait_set(&w->why, call->err.msg);
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

/* Discovery cannot be watched. */
static void check_served(struct waits *all)
{
	bool any = false;
	int64_t now = time_monotonic_ms();
	for (size_t i = 0; i < all->n; i++)
		any = any || (all->items[i]->unserved && !all->items[i]->asleep &&
			      all->items[i]->served_at <= now);
	if (!any)
		return;
	reread_kinds(all->run);
	for (size_t i = 0; i < all->n; i++) {
		struct wait *w = all->items[i];
		if (!w->unserved)
			continue;
		w->unserved = !wait_is_served(all->run, w->step->declared);
		w->served_pause = w->served_pause ? 2 * w->served_pause : WAIT_POLL_FIRST_MS;
		if (w->served_pause > WAIT_POLL_LAST_MS)
			w->served_pause = WAIT_POLL_LAST_MS;
		w->served_at = now + w->served_pause;
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
		if (w->poll_at > now || w->unserved)
			continue;
		w->pause = w->pause * 2 < WAIT_POLL_LAST_MS ? w->pause * 2 : WAIT_POLL_LAST_MS;
		w->poll_at = now + w->pause;
		calls[n++] = (struct api_call){ .verb = API_GET,
						.kind = run_kind(r, w->step->change),
						.namespace = ref->namespace,
						.name = ref->name,
						.user = w };
	}
	AUTO(err_done) struct err ignored = { 0 };
	if (n)
		r->cluster->ops->call(r->cluster, calls, n, polled, all, &ignored);
	for (size_t i = 0; i < n; i++)
		err_done(&calls[i].err);
}

void wait_look(struct waits *all, unsigned ms)
{
	AUTO(err_done) struct err err = { 0 };
	follow_new(all);
	if (!all->watch) {
		run_sleep(ms);
	} else if (all->run->cluster->ops->watch_pump(all->watch, ms, &err) < 0) {
		wait_unfollow(all);
		all->unwatchable = true;
	}
	poll_due(all);
	check_served(all);
}
