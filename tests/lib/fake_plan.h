/* Plans against a cluster, fake or not, made by hand: just enough for apply. */
#ifndef TESTS_LIB_FAKE_PLAN_H
#define TESTS_LIB_FAKE_PLAN_H

#include "plan/plan.h"
#include "plan/cluster/cluster.h"

enum { FAKE_MAX_CHANGES = 256, FAKE_MAX_APPLICATIONS = 4 };

/* An empty plan for the cluster of that uid with one application, whose parent is in `namespace`.
 */
void fake_plan_init(struct plan *p, const char *uid, const char *application,
		    const char *namespace);
struct planned_application *fake_plan_application(struct plan *p, const char *name,
						  const char *namespace);

/* Appends a change of the last application: `object` is what is declared; of a deletion, its
 * identity counts.  Preconditions and expectations are those of the cluster as it is now. */
struct change *fake_plan_add(struct plan *p, struct cluster *c, enum action action,
			     const char *object);

/* Likewise of a hook: what is there is that of an earlier run. */
struct change *fake_plan_add_hook(struct plan *p, struct cluster *c, struct hook hook,
				  const char *object);

/* Order, counts, digest. */
void fake_plan_finish(struct plan *p);

#endif
