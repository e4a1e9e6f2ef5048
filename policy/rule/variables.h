/* `variables`: a record whose fields are expressions, each evaluated when it is first asked for. */
#ifndef POLICY_RULE_VARIABLES_H
#define POLICY_RULE_VARIABLES_H

#include "policy/rule/rules.h"

/* In the evaluations of one run. */
struct variables_record {
	struct cel_record record;
	const struct variable *variables;
	uint32_t n;
	struct memo {
		bool known;
		struct cel_value value;
		const struct json *read; /* last, while it was computed; NULL: nothing */
	} * memo;                        /* one for each variable */
	uint32_t cap;
	uint64_t evaluations;
};

/* Those of `rules`, none of them known yet: for another policy, another subject, or after the run
 * was reset. */
void variables_begin(struct variables_record *r, const struct rules *rules);
void variables_done(struct variables_record *r);

#endif
