/* What the files of this folder share.
 *
 *   read.c      folders, files, documents
 *   subject.c   the policies that a document tests
 *   run.c       cases
 *   expect.c    what a case expects against what came */
#ifndef POLICY_TEST_INTERNAL_H
#define POLICY_TEST_INTERNAL_H

#include "plan/cluster/kinds.h"
#include "policy/admission/admission.h"
#include "policy/plan_policy/plan_policy.h"
#include "policy/test/policy_test.h"

/* A policy of a file, with the texts of its document. */
struct tested_policy {
	const char *name;
	struct srcpos at;
	bool of_plan;     /* a PlanPolicy */
	bool bound;       /* an admission policy: its files have a binding */
	uint32_t n_rules; /* validations */
};

/* The policies that one PolicyTest names. */
struct subject {
	struct policy_test *test;
	const char *file; /* of the PolicyTest */
	const char *name;
	struct subject_file {
		const char *path, *text;
		size_t n;
	} * files;
	size_t n_files;
	struct tested_policy *policies;
	size_t n_policies, cap_policies;
	struct plan_policies *plan_policies;
	const char **bound; /* policies that bindings name */
	size_t n_bound, cap_bound;
	struct kind_table kinds;
	const struct json **crds;
	size_t n_crds, cap_crds;
};

int subject_read(struct subject *s, const struct json *document, struct err *err);
/* ERR_INPUT for the first problem of PlanPolicies. */
int subject_refuse_problems(const struct subject *s, struct err *err);
void subject_done(struct subject *s);
const struct tested_policy *subject_policy(const struct subject *s, const char *name);
/* An admission of the policies, with `params` (a list, NULL: none).  The caller frees. */
int subject_admission(const struct subject *s, const struct json *params, struct admission **out,
		      struct err *err);

/* Runs the cases of a PolicyTest document; `document` is in t->arena. */
int policy_test_document(struct policy_test *t, const struct json *document, const char *file,
			 struct err *err);

/* What a policy made of a case, the strictest of all that it had to say. */
struct outcome {
	const char *result;  /* "allow", "audit", "warn", "undecided", "deny" */
	const char *message; /* NULL: allow */
	const char *path;
	struct srcpos rule;
};

/* Compares with `expect` of the case; the failure, or NULL. */
const char *expect_compare(struct arena *a, const struct subject *s, const struct json *expect,
			   const struct outcome *outcomes);
/* ERR_INPUT where `expect` is malformed or names a policy that is not tested. */
int expect_check(const struct subject *s, const struct json *expect, struct err *err);

/* What is known of a validation; valid until another is asked for. */
struct policy_test_rule *policy_test_rule(struct policy_test *t, const struct tested_policy *p,
					  unsigned validation);

#endif
