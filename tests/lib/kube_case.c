/* See kube_case.h. */
#include "tests/lib/kube_case.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "tests/lib/fixture.h"

enum { ARGS_MAX = 16, WAIT_SECONDS = 60 };

bool kube_case_has_server(void)
{
	return getenv("RHUMB_TEST_KUBECONFIG") && getenv("RHUMB_TEST_KUBECTL");
}

struct process_result kube_case_run(const char *input, const char *const *args)
{
	const char *argv[ARGS_MAX] = { getenv("RHUMB_TEST_KUBECTL"), "--kubeconfig",
				       getenv("RHUMB_TEST_KUBECONFIG") };
	for (size_t i = 0; args[i] && i + 4 < ARGS_MAX; i++)
		argv[i + 3] = args[i];
	struct process p = { .argv = argv, .input = input, .input_len = input ? strlen(input) : 0 };
	struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (process_run(&p, &result, &err) < 0)
		fail_msg("kubectl: %s", err.msg);
	return result;
}

void kube_case_must(struct process_result result)
{
	if (result.status)
		fail_msg("kubectl: %s", buf_text(&result.messages));
	process_result_done(&result);
}

bool kube_case_succeeds(struct process_result result)
{
	bool good = result.status == 0;
	process_result_done(&result);
	return good;
}

static char *last_policy(const char *name)
{
	return xfmt("apiVersion: admissionregistration.k8s.io/v1\n"
		    "kind: ValidatingAdmissionPolicy\n"
		    "metadata: {name: %s}\n"
		    "spec:\n"
		    "  matchConstraints:\n"
		    "    objectSelector: {matchLabels: {denied-by: %s}}\n"
		    "    resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], "
		    "resources: ['*']}]\n"
		    "  validations: [{expression: 'false'}]\n"
		    "---\n"
		    "apiVersion: admissionregistration.k8s.io/v1\n"
		    "kind: ValidatingAdmissionPolicyBinding\n"
		    "metadata: {name: %s}\n"
		    "spec: {policyName: %s, validationActions: [Deny]}\n",
		    name, name, name, name);
}

void kube_case_policies_in_force(const char *name, const char *namespace)
{
	AUTO(auto_free) char *policy = last_policy(name);
	AUTO(auto_free)
	char *object = xfmt("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s, "
			    "labels: {denied-by: %s}}\n",
			    name, namespace, name);
	kube_case_must(KUBECTL(policy, "apply", "-f", "-"));
	time_t end = time(NULL) + WAIT_SECONDS;
	while (kube_case_succeeds(KUBECTL(object, "create", "--dry-run=server", "-f", "-")))
		if (time(NULL) > end)
			fail_msg("the policies are not in force after %d s", WAIT_SECONDS);
}

void kube_case_policies_done(const char *name)
{
	AUTO(auto_free) char *policy = last_policy(name);
	kube_case_must(KUBECTL(policy, "delete", "-f", "-"));
}
