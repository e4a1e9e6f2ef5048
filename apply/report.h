/* The result of an apply as text for people: what was not tried, then every other object that is
 * not plainly applied (outcome, action, object, time, file:line, the server's message), then what
 * went wrong beside them, the counts, and what to do next: what matters most stands last, where a
 * terminal shows it.  Deterministic for one result. */
#ifndef APPLY_REPORT_H
#define APPLY_REPORT_H

#include "apply/result.h"
#include "base/buf.h"

struct result_report_options {
	bool color;
	const char *file; /* where the result was written; NULL: nowhere */
	const char *said; /* a problem that was told elsewhere and is left out here; NULL: none */
};

void result_report(struct buf *out, const struct apply_result *r,
		   const struct result_report_options *o);

/* Applied as expected, or as planned already: a report only counts these. */
bool result_object_is_plain(const struct object_result *o);

/* "Deployment shop/web" of "apps/Deployment/shop/web"; in the arena. */
const char *result_label(struct arena *a, const struct object_result *o);

/* "3 applied, 1 failed, 2 not tried": what there is none of is left out; "" for an empty plan. */
const char *result_counts(struct arena *a, const struct apply_result *r);

/* "not tried", "unexpected" (applied, but not as the plan expected) */
const char *result_word(const struct object_result *o);

#endif
