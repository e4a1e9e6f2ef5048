/* One change against policies, both as YAML texts. */
#ifndef TESTS_LIB_ADMISSION_CASE_H
#define TESTS_LIB_ADMISSION_CASE_H

#include "policy/admission/admission.h"

struct admission_case {
	const char *documents; /* policies, bindings, params */
	const char *object;    /* of a DELETE: the old object */
	const char *old_object;
	const char *operation;        /* NULL: CREATE */
	const char *namespace_object; /* NULL: not known */
	const char *subresource;
	const char *user; /* JSON of userInfo; NULL: not known */
	bool kinds_complete, params_open;
};

struct admission_trial {
	struct arena arena;
	struct kind_table kinds;
	struct admission *a;
	struct admission_run *run;
	struct admission_change change;
	const struct admission_verdict *verdict;
};

/* Fails the running test where a text is no YAML or a policy has a problem. */
void admission_trial_begin(struct admission_trial *t, const struct admission_case *c);
void admission_trial_done(struct admission_trial *t);

/* The verdict as text: the decision, and a line for each result:
 *   deny
 *   p/b[0] deny Invalid 422: message
 *   p/b undecided: why */
const char *admission_trial_text(struct admission_trial *t);

#endif
