/* Waiting until what was written is ready: step 7 of apply.h.
 *
 *   wait_begin()     a write is done: is its object waited for?  The step is STEP_WRITTEN then,
 *                    and its outcome is not in the result yet
 *   wait_for()       until these steps have ended: for whoever needs some of them now
 *   wait_turn()      until one step or more of all that are STEP_WRITTEN and awake has ended
 *   wait_wake()      the turn of a step has come whose object was as planned before anything was
 *                    written: what keeps it may have been mended by then, so it is waited for
 *                    from then on.  wait_drop() ends those whose turn never comes
 *   wait_failed()    the first step that was written and did not become ready
 *   wait_close()     at the end; waits for nothing
 *
 * So whoever runs a Job in the middle of an apply (a hook) writes its step as any other
 *
 *     exchange_start(r, s);
 *     exchange(r, &s, 1);
 *     wait_for(r, &s, 1);
 *
 * and finds the outcome in s->result: applied when the Job is complete, failed with the reason
 * when it has failed, did not end in time, or the wait was cut short.  A step that must be waited
 * for although its application says `wait: false` has `must_wait` set before its write.
 *
 * An object is ready by ready_of() (ready.h), a CRD when its kinds are served too.  It has the
 * time of its application's `timeout`, counted from its write; a CRD at least run_deadline().
 * The end of a wait ends the step: with the outcome of its write when it is ready, otherwise
 * failed, with a message that it was written and why it is not ready.  That is told to the
 * journal like any end: a change that was written and has no end is waited for again by the run
 * that resumes.
 *
 * While it waits the locks are renewed.  An interrupt or a lost lock ends all waits at once.
 *
 * What is known of an object comes from the answer to its write, and then from a watch of its
 * kind and namespace.  Where the cluster cannot be watched, or nobody may, objects are read
 * again and again, at growing intervals; where nobody may read them either, the step ends as
 * written, and its message and a problem of the result say that it was not waited for.  On a
 * cluster without controllers (an embedded one) nothing is waited for but CRDs, which it
 * establishes by itself.
 *
 * Of a workload that is not ready, its pods are looked at now and then (trouble.h).  Trouble that
 * does not pass by trying on (an image that cannot be pulled, a container that cannot be made or
 * that has crashed three times, a quota) and that stands for WAIT_STUCK_SECONDS while nothing
 * else moves ends the wait early; everything else has the time of the application. */
#ifndef APPLY_WAIT_H
#define APPLY_WAIT_H

#include "apply/ready.h"
#include "apply/run.h"

enum {
	WAIT_POLL_FIRST_MS = 50,  /* where nothing can be watched; then doubled */
	WAIT_POLL_LOST_MS = 1000, /* likewise, where nobody may watch */
	WAIT_POLL_LAST_MS = 5000,
	WAIT_WATCH_CRD_MS = 500,      /* a CRD that takes longer is watched */
	WAIT_TROUBLE_FIRST_MS = 5000, /* until the pods of a workload are looked at; then doubled */
	WAIT_TROUBLE_LAST_MS = 30000,
	WAIT_TROUBLES = 4,          /* workloads whose pods are looked at in one turn */
	WAIT_STUCK_SECONDS = 30,    /* that trouble has to stand which does not pass by trying on */
	WAIT_DEFAULT_SECONDS = 300, /* for an object, where the plan does not say */
	WAIT_TURN_MS = 250,         /* between two looks at signals, locks and deadlines */
};

/* `object` as it is after the write, NULL where it is not there any more.  false: nothing is to
 * be waited for, or it is ready already (which is noted in the result).  `note` is kept for the
 * end, as is `outcome`. */
bool wait_begin(struct run *r, struct step *s, enum outcome outcome, const char *note,
		const struct json *object);

void wait_for(struct run *r, struct step **steps, size_t n);

/* false: no step is STEP_WRITTEN and awake. */
bool wait_turn(struct run *r);

bool wait_is_asleep(const struct step *s);
void wait_wake(struct step *s, const struct run *r);
void wait_drop(struct run *r, const char *why);

struct step *wait_failed(const struct run *r);

void wait_close(struct run *r);

#endif
