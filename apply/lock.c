/* Taking all locks of a plan, waiting for them, saying who has them; see lock.h. */
#include "apply/lock_private.h"

#include <string.h>
#include <sys/random.h>

#include "base/time.h"

enum {
	POLL_MIN_MS = 100, /* while waiting for a lock */
	POLL_MAX_MS = 2000,
	DIGEST_SHOWN = sizeof("sha256:") - 1 + 12,
};

/* ---- time */

int64_t locks_now(const struct locks *l)
{
	const struct lock_clock *clock = l->site.options->clock;
	if (clock)
		return clock->now(clock->ctx);
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void locks_sleep(const struct locks *l, int64_t ms)
{
	const struct lock_clock *clock = l->site.options->clock;
	unsigned some = ms < 1 ? 1 : ms > POLL_MAX_MS ? POLL_MAX_MS : (unsigned)ms;
	if (clock)
		clock->sleep(clock->ctx, some);
	else
		time_pause_ms(some);
}

static bool is_interrupted(const struct locks *l)
{
	return l->site.interrupted && *l->site.interrupted;
}

/* ---- who */

void lock_holder_done(struct lock_holder *h)
{
	free(h->name);
	free(h->since);
	free(h->plan);
	*h = (struct lock_holder){ 0 };
}

char *lock_holder_text(const struct lock_holder *h)
{
	AUTO(buf_done) struct buf b = { 0 };
	buf_printf(&b, "held by %s", h->name ? h->name : "another process");
	if (h->since)
		buf_printf(&b, " since %s", h->since);
	if (h->plan)
		buf_printf(&b, " (plan %.*s)", DIGEST_SHOWN, h->plan);
	return buf_take(&b);
}

/* ---- taking */

static void init(struct locks *l)
{
	const struct lock_options *o = l->site.options;
	const struct plan *p = l->site.plan;
	unsigned char random[16];
	while (getrandom(random, sizeof(random), 0) != sizeof(random))
		continue;
	for (size_t i = 0; i < sizeof(random); i++) {
		l->id[2 * i] = "0123456789abcdef"[random[i] >> 4];
		l->id[2 * i + 1] = "0123456789abcdef"[random[i] & 15];
	}
	l->holder = o->holder && *o->holder ? xstrdup(o->holder) : lock_default_holder();
	l->process = lock_process_text();
	l->lease_ms = 1000 * (int64_t)(o->lease_seconds ? o->lease_seconds : LOCK_LEASE_SECONDS);
	l->deadline = locks_now(l) + 1000 * (int64_t)o->timeout_seconds;
	l->ops = strcmp(l->site.cluster->ops->name, "file") == 0 ? &lock_file_ops : &lock_lease_ops;
	l->n = p->n_applications;
	l->items = arena_calloc(&l->arena, l->n, sizeof(*l->items));
	for (size_t i = 0; i < l->n; i++) {
		struct lock *k = &l->items[i];
		k->application = &p->applications[i];
		k->name = applyset_parent_name(&l->arena, k->application->name);
		for (size_t c = 0; c < p->n_changes; c++) {
			const struct object_ref *ref = &p->changes[c].ref;
			k->vanishes |= p->changes[c].action == ACTION_DELETE && !*ref->group &&
				       strcmp(ref->kind, "Namespace") == 0 &&
				       strcmp(ref->name, k->application->namespace) == 0;
		}
		l->ops->init(l, k);
	}
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int refuse(struct locks *l, const struct lock *k, const struct lock_holder *who,
		  struct err *err)
{
	AUTO(auto_free) char *held = lock_holder_text(who);
	return err_set(err, ERR_CONFLICT, "the lock of application %s is %s%s",
		       k->application->name, held,
		       l->site.options->timeout_seconds ? ", still after --lock-timeout"
							: ": --lock-timeout waits for it");
}

static void say_waiting(struct locks *l, const struct lock *k, const struct lock_holder *who)
{
	AUTO(auto_free) char *held = lock_holder_text(who);
	if (l->site.waiting)
		l->site.waiting(
			l->site.ctx,
			arena_fmt(&l->arena, "waiting for the lock of application %s, %s%s",
				  k->application->name, held,
				  who->looks_dead ? ", which does not seem to renew it" : ""));
}

static int take(struct locks *l, struct lock *k, struct err *err)
{
	bool said = false;
	for (int64_t ms = POLL_MIN_MS;; ms = least(2 * ms, POLL_MAX_MS)) {
		AUTO(lock_holder_done) struct lock_holder who = { 0 };
		enum lock_try rc = l->ops->take(l, k, &who, err);
		if (rc == LOCK_ERROR)
			return -1;
		k->held = rc == LOCK_TAKEN;
		if (k->held)
			return 0;
		if (is_interrupted(l))
			return err_set(err, ERR_INTERRUPTED, "interrupted; nothing was written");
		int64_t left = l->deadline - locks_now(l), pause = ms;
		if (left <= 0 && !who.looks_dead)
			return refuse(l, k, &who, err);
		if (left > 0)
			pause = least(pause, left);
		if (who.expires_ms > 0)
			pause = least(pause, who.expires_ms);
		if (!said)
			say_waiting(l, k, &who);
		said = true;
		locks_sleep(l, pause);
		if (!locks_hold(l))
			return err_set(err, ERR_CONFLICT, "%s; nothing was written", l->lost);
	}
}

int locks_take(struct locks **out, const struct lock_site *site, struct err *err)
{
	AUTO(locks_release_p) struct locks *l = xcalloc(1, sizeof(*l));
	l->site = *site;
	init(l);
	for (size_t i = 0; i < l->n; i++)
		if (take(l, &l->items[i], err) < 0)
			return -1;
	*out = TAKE(l);
	return 0;
}

/* ---- holding */

void locks_lose(struct locks *l, const struct lock *k, const char *fmt, ...)
{
	if (l->lost)
		return;
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *why = xvfmt(fmt, ap);
	va_end(ap);
	l->lost = xfmt("the lock of application %s was lost: %s", k->application->name, why);
}

bool locks_hold(struct locks *l)
{
	if (!l)
		return true;
	for (size_t i = 0; i < l->n && !l->lost && l->ops->renew; i++)
		if (l->items[i].held)
			l->ops->renew(l, &l->items[i]);
	return !l->lost;
}

bool locks_are_due(const struct locks *l)
{
	for (size_t i = 0; l && l->ops->is_due && i < l->n; i++)
		if (l->items[i].held && l->ops->is_due(l, &l->items[i]))
			return true;
	return false;
}

const char *locks_lost(const struct locks *l)
{
	return l ? l->lost : NULL;
}

bool locks_is_away(const struct locks *l, size_t application)
{
	return l && l->items[application].away.held && !l->items[application].home.held;
}

void locks_go_home(struct locks *l, size_t application)
{
	if (locks_is_away(l, application) && !l->lost)
		l->ops->go_home(l, &l->items[application]);
}

void locks_release(struct locks *l)
{
	if (!l)
		return;
	for (size_t i = l->n; i-- > 0;) {
		if (l->items[i].held)
			l->ops->release(l, &l->items[i]);
		l->ops->done(&l->items[i]);
	}
	free(l->holder);
	free(l->process);
	free(l->lost);
	arena_done(&l->arena);
	free(l);
}
