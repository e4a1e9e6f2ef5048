/* Locks: two applies of one application do not run at once.
 *
 *   locks_take()     one lock for each application of the plan, before anything is checked
 *   locks_hold()     before each batch of writes and while waiting: renews what is due; false when
 * a lock was lost, and then nothing more may be written locks_are_due()  within a batch: no more of
 * it may be sent before locks_hold() locks_go_home()  see below locks_release()  at the end,
 * however it ends; a killed process leaves that to time
 *
 * Locks are taken in the order of application names, which is the same in every plan, so that no
 * two applies wait for each other.  Applications of other names never wait for each other.
 *
 * On an API server the lock is Lease "rhumb-<application>" in the namespace of the application's
 * parent (lock_lease.c).  Its holder renews it every third of its time.  One that has not changed
 * for all of its time, seen from here, is taken over: clocks are never compared for that.  So is
 * one whose process was on this machine and is dead.  A released Lease stays, without a holder.
 *
 * Where the plan is about to create that namespace, there is no room for the Lease yet.  Then it
 * is Lease "rhumb.<namespace>.<application>" in namespace default, and the one at home is taken as
 * soon as the namespace is there and before anything else is written.  Two creators meet in
 * default.  Whoever comes when the namespace is there, and no Lease in it, looks into default and
 * lets the creator go first.  Without the right to look it does not, and the creator waits for
 * it (at least a few seconds, --lock-timeout at most) or stops there.
 *
 * On an embedded cluster it is flock() on DIR/.locks/<namespace>/rhumb-<application>, which ends
 * with the process (lock_file.c).
 *
 * Locks keep people out of each other's way; that nothing foreign is overwritten is the work of
 * the preconditions, which hold without any lock. */
#ifndef APPLY_LOCK_H
#define APPLY_LOCK_H

#include <signal.h>

#include "apply/writer.h"
#include "plan/plan.h"

enum {
	LOCK_LEASE_SECONDS = 30,
	LOCK_MAX_LEASE_SECONDS = 3600, /* a Lease that says more counts as this */
};

/* For tests; milliseconds that go on while the machine sleeps. */
struct lock_clock {
	int64_t (*now)(void *ctx);
	void (*sleep)(void *ctx, unsigned ms);
	void *ctx;
};

struct lock_options {
	unsigned timeout_seconds;       /* to wait for all locks together; 0: not at all */
	unsigned lease_seconds;         /* 0: LOCK_LEASE_SECONDS */
	const char *holder;             /* for people; NULL: user@host/pid */
	const struct lock_clock *clock; /* NULL: the machine's */
};

/* Where and for what.  All of it outlives the locks. */
struct lock_site {
	struct cluster *cluster;
	writer_fn *write;
	const struct plan *plan;
	const struct lock_options *options;
	const volatile sig_atomic_t *interrupted;     /* may be NULL */
	void (*waiting)(void *ctx, const char *what); /* may be NULL; once a lock */
	void *ctx;
};

struct locks;

/* ERR_CONFLICT where another holds one, with who, since when and with which plan; ERR_FORBIDDEN;
 * ERR_INTERRUPTED.  Nothing is held then. */
int locks_take(struct locks **out, const struct lock_site *site, struct err *err);

/* These take NULL for no locks at all. */
bool locks_hold(struct locks *l);
bool locks_are_due(const struct locks *l);
const char *locks_lost(const struct locks *l); /* why; NULL: all are held */

/* The application (index in the plan) whose Lease is not in its own namespace. */
bool locks_is_away(const struct locks *l, size_t application);
/* Its namespace is there now.  Where another is faster the lock is lost. */
void locks_go_home(struct locks *l, size_t application);

void locks_release(struct locks *l);
static inline void locks_release_p(struct locks **l)
{
	locks_release(*l);
}

#endif
