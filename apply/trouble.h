/* Why a workload is not ready: what a person would look for.
 *
 * Of the pods that belong to it (of a Deployment: to its newest ReplicaSet) the one in the worst
 * state counts: why its containers do not run, with their image, and the last warning that was
 * recorded of it.  Where there are no pods, the last warning of whoever should make them (a quota,
 * an admission policy).  Of a claim: whether its volume is bound only when a pod uses it.
 *
 * Whoever may not list pods, ReplicaSets, events or storage classes is told less, and nothing
 * fails. */
#ifndef APPLY_TROUBLE_H
#define APPLY_TROUBLE_H

#include "apply/run.h"

enum {
	TROUBLE_MAX_PODS = 500,   /* looked at, of one workload */
	TROUBLE_MAX_EVENTS = 500, /* of one object */
	TROUBLE_MAX_TEXT = 400,   /* bytes of one event's message */
};

/* What has to be known of the object. */
struct trouble_of {
	struct arena arena;
	const char *uid;
	const char *revision;        /* of a Deployment; NULL: not known */
	const char *storage_class;   /* of a claim; NULL: none */
	const struct json *selector; /* of its pods; NULL: it has none */
	bool refused;                /* its pods may not be created (ReplicaFailure) */
};

void trouble_note(struct trouble_of *of, const struct json *object);
void trouble_done(struct trouble_of *of);

/* Whether anything could be found out by asking. */
bool trouble_may_be_found(const struct object_ref *ref);

struct trouble_found {
	char *text; /* free(); NULL: nothing found */
	bool stuck; /* it will not pass by trying on */
	bool ready; /* a claim that is bound when a pod uses it: there is nothing to wait for */
};

void trouble_find(struct run *r, const struct object_ref *ref, const struct trouble_of *of,
		  struct trouble_found *out);

#endif
