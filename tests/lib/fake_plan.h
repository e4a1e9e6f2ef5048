/* Plans against a fake cluster, made by hand: just enough for apply. */
#ifndef TESTS_LIB_FAKE_PLAN_H
#define TESTS_LIB_FAKE_PLAN_H

#include "plan/plan.h"
#include "tests/lib/fake_cluster.h"

enum { FAKE_MAX_CHANGES = 256, FAKE_MAX_APPLICATIONS = 4 };

/* An empty plan for the fake cluster with one application, whose parent is in `namespace`. */
void fake_plan_init(struct plan *p, const char *application, const char *namespace);
struct planned_application *fake_plan_application(struct plan *p, const char *name,
						  const char *namespace);

/* Appends a change of the last application: `object` is what is declared; of a deletion, its
 * identity counts.  Preconditions and expectations are those of the cluster as it is now. */
struct change *fake_plan_add(struct plan *p, struct fake_cluster *f, enum action action,
			     const char *object);

/* Order, counts, digest; forgets the requests that planning has made. */
void fake_plan_finish(struct plan *p, struct fake_cluster *f);

#endif
