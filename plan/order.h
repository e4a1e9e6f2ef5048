/* The order in which changes are applied: wave, then kind (what others need comes first:
 * namespaces, CRDs, service accounts, ... workloads last), then namespace, name.  Deletes come at
 * the end, in reverse. */
#ifndef PLAN_ORDER_H
#define PLAN_ORDER_H

#include "plan/plan.h"

/* Total order over changes. */
int order_compare(const struct change *a, const struct change *b);

/* The rank of a kind: smaller is applied earlier.  Changes of one wave and rank do not depend on
 * each other. */
int order_rank(const struct object_ref *ref);

#endif
