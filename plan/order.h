/* The order in which changes are applied: wave, then kind (what others need comes first:
 * namespaces, CRDs, service accounts, ... workloads last), then namespace, name.  Deletes come at
 * the end, in reverse.  Hooks before a sync come before all of that, the others after it, each
 * phase by wave. */
#ifndef PLAN_ORDER_H
#define PLAN_ORDER_H

#include "plan/plan.h"

/* Total order over changes. */
int order_compare(const struct change *a, const struct change *b);

/* PreSync hooks, what is kept, deletes, PostSync hooks, SyncFail hooks: 0 to 4. */
int order_stage(const struct change *c);

/* Sorts them, and puts what a PreSync hook needs (the Namespace that it is in, the CRD of its
 * kind), where the plan creates that, before the first hook. */
void order_changes(struct change *changes, size_t n);

/* The rank of a kind: smaller is applied earlier.  Changes of one wave and rank do not depend on
 * each other. */
int order_rank(const struct object_ref *ref);

#endif
