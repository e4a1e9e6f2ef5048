/* Executing a plan: exactly its changes, each under a precondition that the API server enforces.
 *
 * The sequence of apply_run():
 *
 *   1. guard.c     refuses a plan of another cluster, with denials, with conflicts or unknowns
 *                  (unless allow_partial), with replacements (unless allow_replace)
 *   2. prepare.c   looks up kinds; reads the values of Secrets from the Git objects that the
 *                  plan pins
 *      resume.c    where a journal has an earlier run that was not finished: what it did stands,
 *                  and what it announced without an outcome is found out by the check
 *   3. lock.c      takes the lock of each application (lock.h), held until the end
 *   4. check.c     reads every object that the plan changes, before anything is written: as
 *                  planned already (unchanged), as the plan saw it (ready), or stale; one stale
 *                  object refuses the whole plan (stale.c says what happened to it)
 *   5. execute.c   in the plan's order; changes of one wave and rank do not depend on each other
 *                  and run together, APPLY_BATCH at a time.  Before the first member of an
 *                  application its ApplySet parent lists all kinds and namespaces, old and new
 *                  (applyset.c)
 *   6. exchange.c  the requests of one change, one after the other: takeover of fields
 *                  (takeover.c), write, each announced in the journal, and after trouble a
 *                  read that finds out what is true.  The object after the write is compared
 *                  with what the plan expected
 *   7. wait.c      until what was written is ready: after each wave of an application, before
 *                  its deletions, and at the end; after a CRD at once
 *      hook.c      hooks run before and after, and after a failure (hook.h)
 *   8. applyset.c  the parents get their final kinds and the commit, of each application whose
 *                  changes were all applied
 *
 * Applications do not wait for each other's objects, but for a Namespace or CRD that is written
 * before.  Where a lock is lost nothing more is written.  After a failure the batch is finished,
 * what was written is waited for, and the rest is not tried; with keep_going what does not depend
 * on the failure is. */
#ifndef APPLY_APPLY_H
#define APPLY_APPLY_H

#include <signal.h>

#include "apply/journal.h"
#include "apply/lock.h"
#include "apply/result.h"
#include "apply/writer.h"
#include "plan/git/repository.h"

enum {
	APPLY_BATCH = 64,         /* changes that are announced and sent together */
	APPLY_LIST_FROM = 32,     /* objects of a kind and namespace from which one LIST replaces
				     the GETs of the check */
	APPLY_MAX_CONFLICTS = 10, /* times that a write is sent again after a 409 */
	APPLY_MAX_LOST = 2,       /* times that it is after an answer was lost */
	APPLY_TIMEOUT = 60, /* seconds to wait for a CRD, or until a replaced object is gone */
};

/* All may be NULL.  Nothing given to them outlives the call. */
struct apply_progress {
	/* The first request that changes the object is about to be sent. */
	void (*started)(void *ctx, const struct change *c);
	/* Its outcome is known: once a change, also for those that never started. */
	void (*finished)(void *ctx, const struct change *c, const struct object_result *r);
	/* "waiting for the lock of application shop, held by ..." */
	void (*waiting)(void *ctx, const char *what);
	/* A change is written and not ready: when the reason changes, and once a second. */
	void (*not_ready)(void *ctx, const struct change *c, const char *why, double seconds);
	/* A few times a second while something is waited for. */
	void (*tick)(void *ctx);
	void *ctx;
};

enum apply_wait { WAIT_AS_PLANNED, WAIT_ALWAYS, WAIT_NEVER };

struct apply_options {
	bool keep_going;
	bool allow_partial; /* apply the rest of a plan with conflicts, unknowns, stale objects */
	bool allow_replace;
	unsigned timeout_seconds;                 /* 0: APPLY_TIMEOUT */
	enum apply_wait wait;                     /* until what was written is ready */
	unsigned wait_seconds;                    /* for one object; 0: as planned */
	const char *key;                          /* RHUMB_KEY, NULL: none */
	const volatile sig_atomic_t *interrupted; /* not 0: stop after the writes under way */
	const struct lock_options *lock;          /* NULL: without locks */
	const char *unlocked;    /* without locks: why, a problem of the result; NULL: not said */
	struct locks **hold;     /* NULL: locks end with the run.  Else they are left here for the
				    caller to release, and one that is here is used */
	struct journal *journal; /* NULL: none is kept */
	bool marked;             /* of a rollback: the journal of what it undoes says so already */
	struct apply_progress progress;
	writer_fn *write; /* NULL: writer_call; for tests */
};

/* Fills `out` in any case; result_done() releases it.  0: every change is applied or was so
 * already.  -1: ERR_REFUSED and ERR_STALE, nothing was written; ERR_PARTIAL, something failed
 * after the first write; ERR_INTERRUPTED; anything else, nothing was written.
 * Resumed after a run that wrote, it is ERR_PARTIAL instead of ERR_STALE and the like: the result
 * has what the earlier run did.  Write the result file and call journal_finish() afterwards.
 * `repo` is needed for Secrets only and may be NULL otherwise. */
int apply_run(const struct plan *p, struct cluster *c, struct repository *repo,
	      const struct apply_options *o, struct apply_result *out, struct err *err);

#endif
