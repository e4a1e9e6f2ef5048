/* Judges one expression against what a case file says of it. */
#ifndef TESTS_LIB_CEL_JUDGE_H
#define TESTS_LIB_CEL_JUDGE_H

#include "tests/lib/cel_case.h"

/* What an expression came to. */
struct cel_outcome {
	bool compiled;
	struct cel_issue issue; /* where it did not */
	char *type;             /* where it did */
	bool evaluated;
	struct cel_value value;
	uint64_t cost;
};
void cel_outcome_done(struct cel_outcome *o);

struct cel_trial {
	struct cel_env *env;
	struct cel_run *run;
	const char *text;
	size_t n;
	struct cel_options options;
};

/* Compiles and evaluates; the program stays until the next call with the same run. */
void cel_judge_run(const struct cel_trial *t, struct cel_program **program,
		   struct cel_outcome *out);

/* Whether the outcome is what `expect` says ({"value"|"error"|"check_error"|"parse_error", ...});
 * where it is not, `why` gets both sides. */
bool cel_judge(const struct cel_outcome *o, const struct json *expect, bool texts, struct buf *why);

/* Answers of Kubernetes that are not to be copied, by their expression: what we say instead, and
 * why.  NULL where there is none. */
struct cel_deviation {
	const char *expression, *ours /* as cel_case_show() writes it */, *why;
};
const struct cel_deviation *cel_judge_deviation(const char *expression);
bool cel_judge_deviates(const struct cel_outcome *o, const struct cel_deviation *d);

#endif
