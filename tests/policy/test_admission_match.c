/* What policies and bindings select. */
#include "tests/lib/admission_case.h"
#include "tests/lib/fixture.h"

#include <string.h>

#define POLICY(constraints)                                                                        \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicy\n"                                                        \
	"metadata: {name: p}\n"                                                                    \
	"spec:\n"                                                                                  \
	"  validations: [{expression: 'false', message: refused}]\n"                               \
	"  matchConstraints: " constraints "\n"                                                    \
	"---\n"                                                                                    \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicyBinding\n"                                                 \
	"metadata: {name: b}\n"                                                                    \
	"spec:\n"                                                                                  \
	"  policyName: p\n"                                                                        \
	"  validationActions: [Deny]\n"
#define RULE(groups, versions, operations, resources)                                              \
	"{apiGroups: [" groups "], apiVersions: [" versions "], operations: [" operations          \
	"], resources: [" resources "]}"
#define DEPLOYMENTS RULE("apps", "v1", "CREATE", "deployments")
#define ALL         RULE("'*'", "'*'", "'*'", "'*'")

#define DEPLOYMENT                                                                                 \
	"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, labels: "  \
	"{app: web, tier: front}}}"
#define NODE      "{apiVersion: v1, kind: Node, metadata: {name: n1}}"
#define NAMESPACE "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {env: prod}}}"
#define WIDGET    "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, namespace: shop}}"

struct match_case {
	const char *name, *documents;
	struct admission_case what;
	const char *expected; /* the first line of the verdict */
};

#define NO    "not selected"
#define YES   "deny"
#define MAYBE "undecided"

static const struct match_case cases[] = {
	/* rules */
	{ "group, version, operation, resource",
	  POLICY("{resourceRules: [" DEPLOYMENTS "]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "another operation",
	  POLICY("{resourceRules: [" DEPLOYMENTS "]}"),
	  { .object = DEPLOYMENT, .operation = "UPDATE" },
	  NO },
	{ "another group",
	  POLICY("{resourceRules: [" RULE("batch", "v1", "'*'", "deployments") "]}"),
	  { .object = DEPLOYMENT },
	  NO },
	{ "another resource",
	  POLICY("{resourceRules: [" RULE("apps", "v1", "'*'", "daemonsets") "]}"),
	  { .object = DEPLOYMENT },
	  NO },
	{ "everything", POLICY("{resourceRules: [" ALL "]}"), { .object = DEPLOYMENT }, YES },
	{ "the second rule",
	  POLICY("{resourceRules: [" RULE("batch", "v1", "'*'", "jobs") ", " DEPLOYMENTS "]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "* is no subresource",
	  POLICY("{resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT, .subresource = "scale" },
	  NO },
	{ "*/* is",
	  POLICY("{resourceRules: [" RULE("'*'", "'*'", "'*'", "'*/*'") "]}"),
	  { .object = DEPLOYMENT, .subresource = "scale" },
	  YES },
	{ "*/* is the resource too",
	  POLICY("{resourceRules: [" RULE("'*'", "'*'", "'*'", "'*/*'") "]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "deployments/*",
	  POLICY("{resourceRules: [" RULE("apps", "v1", "'*'", "deployments/*") "]}"),
	  { .object = DEPLOYMENT, .subresource = "status" },
	  YES },
	{ "*/scale",
	  POLICY("{resourceRules: [" RULE("apps", "v1", "'*'", "'*/scale'") "]}"),
	  { .object = DEPLOYMENT, .subresource = "status" },
	  NO },

	/* scope */
	{ "namespaced, of a namespaced one",
	  POLICY("{resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], "
		 "resources: ['*'], scope: Namespaced}]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "namespaced, of a cluster-wide one",
	  POLICY("{resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], "
		 "resources: ['*'], scope: Namespaced}]}"),
	  { .object = NODE },
	  NO },
	{ "namespaced, of a Namespace",
	  POLICY("{resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], "
		 "resources: ['*'], scope: Namespaced}]}"),
	  { .object = NAMESPACE },
	  NO },
	{ "cluster, of a Namespace",
	  POLICY("{resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], "
		 "resources: ['*'], scope: Cluster}]}"),
	  { .object = NAMESPACE },
	  YES },

	/* names */
	{ "by name",
	  POLICY("{resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: ['*'], "
		 "resources: [deployments], resourceNames: [api, web]}]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "by another name",
	  POLICY("{resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: ['*'], "
		 "resources: [deployments], resourceNames: [api]}]}"),
	  { .object = DEPLOYMENT },
	  NO },

	/* exclusion */
	{ "excluded",
	  POLICY("{resourceRules: [" ALL "], excludeResourceRules: [" DEPLOYMENTS "]}"),
	  { .object = DEPLOYMENT },
	  NO },
	{ "another excluded",
	  POLICY("{resourceRules: [" ALL
		 "], excludeResourceRules: [" RULE("batch", "v1", "'*'", "jobs") "]}"),
	  { .object = DEPLOYMENT },
	  YES },

	/* other versions */
	{ "another version that is served",
	  POLICY("{resourceRules: [" RULE("autoscaling", "v1", "'*'",
					  "horizontalpodautoscalers") "]}"),
	  { .object = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: "
		      "{name: h, namespace: shop}}" },
	  MAYBE },
	{ "another version, exactly",
	  POLICY("{matchPolicy: Exact, resourceRules: [" RULE("autoscaling", "v1", "'*'",
							      "horizontalpodautoscalers") "]}"),
	  { .object = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: "
		      "{name: h, namespace: shop}}" },
	  NO },
	{ "another version, of another operation",
	  POLICY("{resourceRules: [" RULE("autoscaling", "v1", "DELETE",
					  "horizontalpodautoscalers") "]}"),
	  { .object = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: "
		      "{name: h, namespace: shop}}" },
	  NO },
	{ "a version that nobody serves",
	  POLICY("{resourceRules: [" RULE("apps", "v1beta1", "'*'", "deployments") "]}"),
	  { .object = DEPLOYMENT },
	  NO },
	{ "excluded in another version",
	  POLICY("{resourceRules: [" ALL "], excludeResourceRules: [" RULE(
		  "autoscaling", "v1", "'*'", "horizontalpodautoscalers") "]}"),
	  { .object = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: "
		      "{name: h, namespace: shop}}" },
	  NO },
	{ "the old group of events",
	  POLICY("{resourceRules: [" RULE("''", "v1", "'*'", "events") "]}"),
	  { .object = "{apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: e, namespace: "
		      "shop}}" },
	  MAYBE },

	/* kinds that are not known */
	{ "an unknown kind, all resources",
	  POLICY("{resourceRules: [" ALL "]}"),
	  { .object = WIDGET },
	  YES },
	{ "an unknown kind, another group",
	  POLICY("{resourceRules: [" DEPLOYMENTS "]}"),
	  { .object = WIDGET },
	  NO },
	{ "an unknown kind by its resource",
	  POLICY("{resourceRules: [" RULE("example.com", "v1", "'*'", "widgets") "]}"),
	  { .object = WIDGET },
	  MAYBE },
	{ "an unknown kind by another version",
	  POLICY("{resourceRules: [" RULE("example.com", "v2", "'*'", "'*'") "]}"),
	  { .object = WIDGET },
	  MAYBE },

	/* labels of the object */
	{ "a label",
	  POLICY("{objectSelector: {matchLabels: {app: web}}, resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "another label",
	  POLICY("{objectSelector: {matchLabels: {app: api}}, resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  NO },
	{ "In",
	  POLICY("{objectSelector: {matchExpressions: [{key: tier, operator: In, values: [front, "
		 "back]}]}, resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "NotIn, of an absent label",
	  POLICY("{objectSelector: {matchExpressions: [{key: x, operator: NotIn, values: [z]}]}, "
		 "resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "Exists",
	  POLICY("{objectSelector: {matchExpressions: [{key: x, operator: Exists}]}, "
		 "resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  NO },
	{ "DoesNotExist",
	  POLICY("{objectSelector: {matchExpressions: [{key: x, operator: DoesNotExist}]}, "
		 "resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "a label of the old object",
	  POLICY("{objectSelector: {matchLabels: {app: old}}, resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT,
	    .operation = "UPDATE",
	    .old_object = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, "
			  "namespace: shop, labels: {app: old}}}" },
	  YES },
	{ "a label of what is deleted",
	  POLICY("{objectSelector: {matchLabels: {app: web}}, resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT, .operation = "DELETE" },
	  YES },

	/* labels of the namespace */
	{ "a label of the namespace",
	  POLICY("{namespaceSelector: {matchLabels: {env: prod}}, resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT, .namespace_object = NAMESPACE },
	  YES },
	{ "another label of the namespace",
	  POLICY("{namespaceSelector: {matchLabels: {env: test}}, resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT, .namespace_object = NAMESPACE },
	  NO },
	{ "a namespace that is not known",
	  POLICY("{namespaceSelector: {matchLabels: {env: prod}}, resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  MAYBE },
	{ "its name is known",
	  POLICY("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}, "
		 "resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  YES },
	{ "its name decides",
	  POLICY("{namespaceSelector: {matchLabels: {env: prod, kubernetes.io/metadata.name: x}}, "
		 "resourceRules: [" ALL "]}"),
	  { .object = DEPLOYMENT },
	  NO },
	{ "the rules decide",
	  POLICY("{namespaceSelector: {matchLabels: {env: prod}}, resourceRules: [" RULE(
		  "batch", "v1", "'*'", "jobs") "]}"),
	  { .object = DEPLOYMENT },
	  NO },
	{ "what is in no namespace",
	  POLICY("{namespaceSelector: {matchLabels: {env: prod}}, resourceRules: [" ALL "]}"),
	  { .object = NODE },
	  YES },
	{ "a Namespace by its own labels",
	  POLICY("{namespaceSelector: {matchLabels: {env: prod}}, resourceRules: [" ALL "]}"),
	  { .object = NAMESPACE },
	  YES },
	{ "a Namespace by others",
	  POLICY("{namespaceSelector: {matchLabels: {env: test}}, resourceRules: [" ALL "]}"),
	  { .object = NAMESPACE },
	  NO },
	{ "a Namespace that is deleted",
	  POLICY("{namespaceSelector: {matchLabels: {env: prod}}, resourceRules: [" ALL "]}"),
	  { .object = NAMESPACE, .operation = "DELETE" },
	  YES },

	/* bindings */
	{ "a binding that selects",
	  POLICY("{resourceRules: [" ALL "]}") "  matchResources: {objectSelector: {matchLabels: "
					       "{app: web}}}\n",
	  { .object = DEPLOYMENT },
	  YES },
	{ "a binding that does not",
	  POLICY("{resourceRules: [" ALL "]}") "  matchResources: {namespaceSelector: "
					       "{matchLabels: {env: test}}}\n",
	  { .object = DEPLOYMENT, .namespace_object = NAMESPACE },
	  NO },
	{ "a binding by rules",
	  POLICY("{resourceRules: [" ALL "]}") "  matchResources: {resourceRules: [" DEPLOYMENTS
					       "]}\n",
	  { .object = DEPLOYMENT },
	  YES },
	{ "a binding that is not sure",
	  POLICY("{resourceRules: [" ALL "]}") "  matchResources: {namespaceSelector: "
					       "{matchLabels: {env: test}}}\n",
	  { .object = DEPLOYMENT },
	  MAYBE },

	/* never */
	{ "a policy",
	  POLICY("{resourceRules: [" RULE("'*'", "'*'", "'*'", "'*'") "]}"),
	  { .object = "{apiVersion: admissionregistration.k8s.io/v1, kind: "
		      "ValidatingAdmissionPolicy, metadata: {name: q}}" },
	  NO },
	{ "a review",
	  POLICY("{resourceRules: [" RULE("'*'", "'*'", "'*'", "'*'") "]}"),
	  { .object = "{apiVersion: authentication.k8s.io/v1, kind: TokenReview, metadata: {name: "
		      "q}}" },
	  NO },
	{ "a webhook is no policy",
	  POLICY("{resourceRules: [" RULE("'*'", "'*'", "'*'", "'*'") "]}"),
	  { .object = "{apiVersion: admissionregistration.k8s.io/v1, kind: "
		      "ValidatingWebhookConfiguration, metadata: {name: q}}" },
	  YES },
};

static void match_case_run(void **state)
{
	const struct match_case *row = *state;
	struct admission_case c = row->what;
	struct admission_trial t;
	c.documents = row->documents;
	admission_trial_begin(&t, &c);
	const char *text = admission_trial_text(&t);
	size_t n = strcspn(text, "\n");
	if (strlen(row->expected) != n || strncmp(text, row->expected, n) != 0)
		fail_msg("expected %s, got\n%s", row->expected, text);
	admission_trial_done(&t);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, match_case_run, &cases[i]);
	return _cmocka_run_group_tests("admission_match", tests, ARRAY_LEN(cases), NULL, NULL);
}
