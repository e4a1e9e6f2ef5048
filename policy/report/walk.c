/* Verdicts with their changes; see report.h. */
#include <string.h>

#include "policy/report/report.h"

/* Verdicts stand in the order of the changes. */
const struct change *verdict_change(struct verdict_walk *w, size_t i)
{
	const char *id = w->plan->verdicts[i].change;
	if (!id)
		return NULL;
	while (w->of < w->plan->n_changes && strcmp(w->plan->changes[w->of].id, id) != 0)
		w->of++;
	return w->of < w->plan->n_changes ? &w->plan->changes[w->of] : NULL;
}
