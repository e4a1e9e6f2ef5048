/* Tests of policies: documents of `kind: PolicyTest` (docs/policy-test.md), read from a folder and
 * run without Git and without a cluster.
 *
 *   struct policy_test t = { 0 };
 *   policy_test_run(&t, "policy/packs", err)   once a folder
 *   policy_test_gaps(&t)                       then: what no case covers
 *   policy_test_done(&t)
 *
 * A policy of a file is tested as it stands there; an admission policy without a binding as if one
 * bound it to everything, with Deny. */
#ifndef POLICY_TEST_POLICY_TEST_H
#define POLICY_TEST_POLICY_TEST_H

#include "base/json.h"

enum {
	POLICY_TEST_MAX_FILES = 10000,
	POLICY_TEST_MAX_CASES = 100000,
	POLICY_TEST_MAX_DEPTH = 32, /* of folders */
};

struct policy_test_case {
	const char *test, *name; /* of the document, of the case */
	struct srcpos at;
	const char *failure; /* NULL: passed; else lines, without a last newline */
};

/* One validation of a policy, and what cases had it give. */
struct policy_test_rule {
	const char *policy;
	unsigned validation;
	struct srcpos at; /* of the policy */
	bool held, failed;
};

struct policy_test {
	struct arena arena;
	struct policy_test_case *cases;
	size_t n_cases, cap_cases;
	struct policy_test_rule *rules; /* in order of file, position, validation */
	size_t n_rules, cap_rules;
	size_t documents, failed; /* PolicyTests; cases */
	size_t files;
};

/* Adds the cases of all *.yaml, *.yml and *.json below `dir`, by name.  ERR_INPUT for what cannot
 * be read or understood: a case that is not meant so must not pass.  ERR_NOT_FOUND. */
int policy_test_run(struct policy_test *t, const char *dir, struct err *err);

/* Validations for which no case shows that they hold, or that they fail; how many. */
size_t policy_test_gaps(const struct policy_test *t);

void policy_test_done(struct policy_test *t);

#endif
