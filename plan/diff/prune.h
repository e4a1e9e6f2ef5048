/* Whether an object that head does not declare is deleted.
 *
 * The questions, in this order:
 *
 *   is it ours?       Its live object has to carry the label of the application's ApplySet and our
 *                     managedFields entry; either of the two is enough where base declared it.
 *                     Controllers copy labels (EndpointSlices have those of their Service), so a
 *                     label alone is never enough.  What we have never applied but base declared
 *                     is ours where people, or a tool that is left behind (owners.h), hold fields
 *                     that base declares, and no controller owns the object.
 *   is it to stay?    `prune: false`, or an annotation, on the live object or in base's manifest.
 *   is it allowed?    Kinds that hold data, and more deletions than the budget, are refused unless
 *                     somebody allows them. */
#ifndef PLAN_DIFF_PRUNE_H
#define PLAN_DIFF_PRUNE_H

#include "plan/diff/subject.h"

enum prune {
	PRUNE_STAYS,   /* reason: "it has prune: false"; a note for people */
	PRUNE_DELETE,  /* reason: why it goes */
	PRUNE_REFUSED, /* reason: why it would, and what allows it */
};

enum prune prune_decide(struct build *b, const struct subject *s, const char **reason);

/* A replacement deletes too: why it is refused, NULL where it is not. */
const char *prune_refuses_replacement(struct build *b, const struct subject *s);

/* So does a hook, before or after it runs. */
const char *prune_refuses_hook(struct build *b, const struct subject *s);

/* Refuses the deletions of each application that has more of them than its budget allows. */
void prune_check_budgets(struct build *b, struct plan *p);

/* Kinds whose objects hold data, or whose deletion takes other objects along. */
bool prune_holds_data(const struct object_ref *ref);

#endif
