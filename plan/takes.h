/* What goes with an object that is deleted: the objects in a Namespace, the custom resources of a
 * CustomResourceDefinition.  Plans list it, and apply looks again: a deletion that would take more
 * than the plan says is stale.
 *
 * Left out is what is there by itself: what is being deleted already, what the plan deletes anyway,
 * what a controller made of an object in the same namespace (Pods of a Deployment), events, leases
 * and endpoints, what every namespace has, and the record of the plan's applications. */
#ifndef PLAN_TAKES_H
#define PLAN_TAKES_H

#include "plan/cluster/cluster.h"
#include "plan/plan.h"

enum {
	TAKES_MAX_NAMED = 1000, /* objects of a kind that a plan names; of more it has the number */
};

struct takes {
	struct taken_kind *kinds; /* sorted by kind */
	size_t n;
	const char *kept; /* one that is to stay: "ConfigMap shop/a (rhumb.dev/prune: false)";
			     NULL: none */
};

/* Whether deleting the object of the change takes others along. */
bool takes_others(const struct change *c);

/* Whether objects of the kind and namespace are in it, or of it. */
bool takes_one(const struct change *c, const struct kind *kind, const char *namespace);

/* What would go with the change's object now; in the arena.  A kind that cannot be listed says why
 * in its entry; -1 only where nothing could be asked. */
int takes_read(struct cluster *cluster, const struct kind_table *kinds, const struct plan *p,
	       const struct change *c, struct arena *a, struct takes *out, struct err *err);

/* What is in `now` and not in the change's list: "ConfigMap new and 2 more"; NULL: nothing.  Of a
 * kind that could not be listed for the plan nothing is said. */
const char *takes_more(const struct change *c, const struct takes *now, struct arena *a);

/* A kind that could not be listed now, but could for the plan; NULL: none. */
const struct taken_kind *takes_unread(const struct change *c, const struct takes *now);

#endif
