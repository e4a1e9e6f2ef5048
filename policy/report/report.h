/* What policies and checks said of a plan, for other programs to read.
 *
 *   report_sarif()  SARIF 2.1.0: lines of a pull request (docs/formats.md)
 *   report_junit()  JUnit's XML: the list of tests of a CI
 *
 * Both are deterministic: of one plan always the same text. */
#ifndef POLICY_REPORT_REPORT_H
#define POLICY_REPORT_REPORT_H

#include "base/buf.h"
#include "plan/plan.h"

enum {
	SARIF_MAX_RESULTS = 25000, /* what GitHub reads of a run; the rest is counted in it */
};

void report_sarif(struct buf *out, const struct plan *p);
void report_junit(struct buf *out, const struct plan *p);

/* The change of verdict i, NULL where it is about the whole plan: to be asked in order, from 0. */
struct verdict_walk {
	const struct plan *plan;
	size_t of;
};
const struct change *verdict_change(struct verdict_walk *w, size_t i);

#endif
