/* A plan as text for people.
 *
 * The first screen decides: where, from what to what, what is dangerous; then application by
 * application, dangerous changes first, drift apart from what this change does; at the end what
 * happened to the cluster (nothing) and the next command.  Deterministic for one plan. */
#ifndef PLAN_REPORT_TEXT_H
#define PLAN_REPORT_TEXT_H

#include "base/buf.h"
#include "plan/plan.h"

struct report_options {
	bool color;
	unsigned width;        /* columns; 0: 100 */
	const char *plan_file; /* for the last lines; NULL: not saved */
	bool whole_values;     /* do not shorten */
};

void report_plan_text(struct buf *out, const struct plan *p, const struct report_options *o);

/* Only what policies said, the waivers, and how many results of each kind there are. */
void report_policy_text(struct buf *out, const struct plan *p, const struct report_options *o);

/* "spec.template.spec.containers[main].image", cut to `width` columns in the middle; 0: whole. */
const char *report_path(struct arena *a, const char *path, size_t width);

/* A value on one line, at most `width` columns: the middle of a longer one is left out and its
 * length said.  NULL is "(none)".  Control characters are escaped. */
const char *report_value(struct arena *a, const struct json *v, size_t width);

/* The same for a side of a field: of a list's item, the members that its path names already are
 * left out, and where one member remains that is shown alone. */
const char *report_field_value(struct arena *a, const struct field *f, const struct json *v,
			       size_t width);

#endif
