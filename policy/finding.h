/* What judges have found in a plan, on its way to being verdicts.
 *
 *   struct findings f = { .arena = &plan->arena };
 *   findings_add(&f, change, &verdict, err)    each judge: what, where, how bad; whether the same
 *                                              stands at base
 *   findings_settle(&f, plan)                  once, after all judges: into plan->verdicts
 *   findings_done(&f)
 *
 * A judge says what it found; what that is worth (waivers, `enforce: new`) is not for it to say. */
#ifndef POLICY_FINDING_H
#define POLICY_FINDING_H

#include "plan/plan.h"

enum { FINDING_WHOLE_PLAN = -1 };

struct finding {
	int64_t change; /* index in the plan's changes, or FINDING_WHOLE_PLAN */
	struct policy_verdict verdict;
};

struct findings {
	struct arena *arena; /* the plan's */
	struct finding *items;
	size_t n, cap;
};

/* The texts of `v` are copied, `change` is filled in by findings_settle().  ERR_LIMIT past
 * PLAN_MAX_VERDICTS. */
int findings_add(struct findings *f, int64_t change, const struct policy_verdict *v,
		 struct err *err);

/* Those of the whole plan first, then in the order of the changes; of one change in the order in
 * which they were added. */
void findings_settle(struct findings *f, struct plan *p);

void findings_done(struct findings *f);

#endif
