/* What is ready. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "apply/ready.h"

struct ready_case {
	const char *name, *object;
	enum readiness state;
	const char *why; /* NULL where it is current */
};

#define APPS(kind, gen, spec, status)                                                              \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"" kind "\",\"metadata\":{\"name\":\"x\","          \
	"\"generation\":" gen "},\"spec\":{" spec "},\"status\":{" status "}}"
#define KIND(api, kind, spec, status)                                                              \
	"{\"apiVersion\":\"" api "\",\"kind\":\"" kind "\",\"metadata\":{\"name\":\"x\"},"         \
	"\"spec\":{" spec "},\"status\":{" status "}}"
#define COND(type, status, reason, message)                                                        \
	"\"conditions\":[{\"type\":\"" type "\",\"status\":\"" status "\",\"reason\":\"" reason    \
	"\",\"message\":\"" message "\"}]"
#define GEN(n) "\"observedGeneration\":" n
#define DEPLOYED(replicas, updated, available)                                                     \
	GEN("2")                                                                                   \
	",\"replicas\":" replicas ",\"updatedReplicas\":" updated                                  \
	",\"availableReplicas\":" available

static const struct ready_case cases[] = {
	{ "a ConfigMap", "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{}}",
	  READY_CURRENT, NULL },
	{ "being deleted",
	  "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
	  "\"metadata\":{\"deletionTimestamp\":\"x\"}}",
	  READY_IN_PROGRESS, "being deleted" },

	{ "deployment just created", APPS("Deployment", "1", "", ""), READY_IN_PROGRESS,
	  "its controller has not seen it yet" },
	{ "deployment of an older generation",
	  APPS("Deployment", "3", "\"replicas\":1", DEPLOYED("1", "1", "1")), READY_IN_PROGRESS,
	  "its controller has not seen it yet" },
	{ "deployment updating", APPS("Deployment", "2", "\"replicas\":3", DEPLOYED("3", "1", "3")),
	  READY_IN_PROGRESS, "1 of 3 updated" },
	{ "deployment with old pods",
	  APPS("Deployment", "2", "\"replicas\":3", DEPLOYED("4", "3", "3")), READY_IN_PROGRESS,
	  "1 old still to go" },
	{ "deployment not available",
	  APPS("Deployment", "2", "\"replicas\":3", DEPLOYED("3", "3", "1")), READY_IN_PROGRESS,
	  "1 of 3 available" },
	{ "deployment over its quota",
	  APPS("Deployment", "2", "",
	       GEN("2") "," COND("ReplicaFailure", "True", "FailedCreate", "exceeded quota")),
	  READY_IN_PROGRESS, "0 of 1 updated; FailedCreate: exceeded quota" },
	{ "deployment past its deadline",
	  APPS("Deployment", "2", "\"replicas\":3",
	       DEPLOYED("3", "3", "1") "," COND("Progressing", "False", "ProgressDeadlineExceeded",
						"has timed out")),
	  READY_FAILED, "ProgressDeadlineExceeded: has timed out" },
	{ "deployment past its deadline before this change",
	  APPS("Deployment", "3", "\"replicas\":3",
	       DEPLOYED("3", "3", "1") "," COND("Progressing", "False", "ProgressDeadlineExceeded",
						"has timed out")),
	  READY_IN_PROGRESS, "its controller has not seen it yet" },
	{ "deployment done", APPS("Deployment", "2", "\"replicas\":3", DEPLOYED("3", "3", "3")),
	  READY_CURRENT, NULL },
	{ "deployment of none", APPS("Deployment", "2", "\"replicas\":0", GEN("2")), READY_CURRENT,
	  NULL },
	{ "deployment paused", APPS("Deployment", "2", "\"paused\":true", ""), READY_CURRENT,
	  NULL },

	{ "stateful set just created", APPS("StatefulSet", "1", "", ""), READY_IN_PROGRESS,
	  "its controller has not seen it yet" },
	{ "stateful set starting",
	  APPS("StatefulSet", "1", "\"replicas\":3", GEN("1") ",\"readyReplicas\":1"),
	  READY_IN_PROGRESS, "1 of 3 ready" },
	{ "stateful set updating",
	  APPS("StatefulSet", "1", "\"replicas\":3",
	       GEN("1") ",\"replicas\":3,\"readyReplicas\":3,\"updatedReplicas\":2"),
	  READY_IN_PROGRESS, "2 of 3 updated" },
	{ "stateful set with a partition",
	  APPS("StatefulSet", "1",
	       "\"replicas\":3,\"updateStrategy\":{\"rollingUpdate\":{\"partition\":1}}",
	       GEN("1") ",\"replicas\":3,\"readyReplicas\":3,\"updatedReplicas\":2"),
	  READY_CURRENT, NULL },
	{ "stateful set on delete",
	  APPS("StatefulSet", "1", "\"updateStrategy\":{\"type\":\"OnDelete\"}",
	       GEN("1") ",\"replicas\":1,\"readyReplicas\":1"),
	  READY_CURRENT, NULL },
	{ "stateful set shrinking",
	  APPS("StatefulSet", "1", "\"replicas\":1",
	       GEN("1") ",\"replicas\":3,\"readyReplicas\":3,\"updatedReplicas\":3"),
	  READY_IN_PROGRESS, "2 still to go" },

	{ "daemon set updating",
	  APPS("DaemonSet", "1", "",
	       GEN("1") ",\"desiredNumberScheduled\":2,\"updatedNumberScheduled\":1"),
	  READY_IN_PROGRESS, "1 of 2 updated" },
	{ "daemon set not available",
	  APPS("DaemonSet", "1", "",
	       GEN("1") ",\"desiredNumberScheduled\":2,\"updatedNumberScheduled\":2,"
			"\"numberAvailable\":1"),
	  READY_IN_PROGRESS, "1 of 2 available" },
	{ "daemon set without nodes",
	  APPS("DaemonSet", "1", "", GEN("1") ",\"desiredNumberScheduled\":0"), READY_CURRENT,
	  NULL },

	{ "replica set", APPS("ReplicaSet", "1", "\"replicas\":2", GEN("1") ",\"replicas\":2"),
	  READY_IN_PROGRESS, "0 of 2 available" },
	{ "replica set done",
	  APPS("ReplicaSet", "1", "", GEN("1") ",\"replicas\":1,\"availableReplicas\":1"),
	  READY_CURRENT, NULL },

	{ "job running", KIND("batch/v1", "Job", "", "\"active\":1"), READY_IN_PROGRESS,
	  "0 of 1 succeeded" },
	{ "job that tries again", KIND("batch/v1", "Job", "\"completions\":2", "\"failed\":3"),
	  READY_IN_PROGRESS, "0 of 2 succeeded, 3 failed" },
	{ "job done", KIND("batch/v1", "Job", "", COND("Complete", "True", "", "")), READY_CURRENT,
	  NULL },
	{ "job failed",
	  KIND("batch/v1", "Job", "",
	       COND("Failed", "True", "BackoffLimitExceeded", "reached the limit")),
	  READY_FAILED, "BackoffLimitExceeded: reached the limit" },
	{ "job suspended", KIND("batch/v1", "Job", "\"suspend\":true", ""), READY_CURRENT, NULL },

	{ "pod not seen", KIND("v1", "Pod", "", ""), READY_IN_PROGRESS,
	  "its controller has not seen it yet" },
	{ "pod pending", KIND("v1", "Pod", "", "\"phase\":\"Pending\""), READY_IN_PROGRESS,
	  "Pending" },
	{ "pod without a node",
	  KIND("v1", "Pod", "",
	       "\"phase\":\"Pending\"," COND("PodScheduled", "False", "Unschedulable",
					     "0/2 nodes are available")),
	  READY_IN_PROGRESS, "Unschedulable: 0/2 nodes are available" },
	{ "pod without its image",
	  KIND("v1", "Pod", "\"containers\":[{\"name\":\"main\",\"image\":\"web:9\"}]",
	       "\"phase\":\"Pending\",\"containerStatuses\":[{\"name\":\"main\",\"state\":"
	       "{\"waiting\":{\"reason\":\"ImagePullBackOff\",\"message\":\"not found\"}}}]"),
	  READY_IN_PROGRESS, "ImagePullBackOff, image web:9: not found" },
	{ "pod that crashes",
	  KIND("v1", "Pod", "\"containers\":[{\"name\":\"main\",\"image\":\"web:9\"}]",
	       "\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"main\",\"restartCount\":4,"
	       "\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\",\"message\":\"back-off\"}},"
	       "\"lastState\":{\"terminated\":{\"exitCode\":1,\"reason\":\"Error\"}}}]"),
	  READY_IN_PROGRESS, "CrashLoopBackOff, image web:9: exit status 1 (Error), 4 restarts" },
	{ "pod whose init container has no image",
	  KIND("v1", "Pod", "\"initContainers\":[{\"name\":\"i\",\"image\":\"init:1\"}]",
	       "\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\",\"state\":"
	       "{\"waiting\":{\"reason\":\"ErrImagePull\"}}}]"),
	  READY_IN_PROGRESS, "ErrImagePull, image init:1" },
	{ "pod running",
	  KIND("v1", "Pod", "", "\"phase\":\"Running\"," COND("Ready", "True", "", "")),
	  READY_CURRENT, NULL },
	{ "pod running, not ready",
	  KIND("v1", "Pod", "",
	       "\"phase\":\"Running\"," COND("Ready", "False", "ContainersNotReady", "main")),
	  READY_IN_PROGRESS, "ContainersNotReady: main" },
	{ "pod done", KIND("v1", "Pod", "", "\"phase\":\"Succeeded\""), READY_CURRENT, NULL },
	{ "pod failed",
	  KIND("v1", "Pod", "", "\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"disk\""),
	  READY_FAILED, "Evicted: disk" },

	{ "claim pending", KIND("v1", "PersistentVolumeClaim", "", "\"phase\":\"Pending\""),
	  READY_IN_PROGRESS, "not bound to a volume yet" },
	{ "claim bound", KIND("v1", "PersistentVolumeClaim", "", "\"phase\":\"Bound\""),
	  READY_CURRENT, NULL },
	{ "claim lost", KIND("v1", "PersistentVolumeClaim", "", "\"phase\":\"Lost\""), READY_FAILED,
	  "its volume is lost" },

	{ "service", KIND("v1", "Service", "\"type\":\"ClusterIP\"", ""), READY_CURRENT, NULL },
	{ "service without an address", KIND("v1", "Service", "\"type\":\"LoadBalancer\"", ""),
	  READY_IN_PROGRESS, "the load balancer has no address yet" },
	{ "service with an address",
	  KIND("v1", "Service", "\"type\":\"LoadBalancer\"",
	       "\"loadBalancer\":{\"ingress\":[{\"ip\":\"192.0.2.1\"}]}"),
	  READY_CURRENT, NULL },

	{ "budget",
	  KIND("policy/v1", "PodDisruptionBudget", "",
	       GEN("1") ",\"currentHealthy\":1,\"desiredHealthy\":2,\"expectedPods\":3"),
	  READY_IN_PROGRESS, "1 of 2 pods healthy" },
	{ "budget without pods",
	  KIND("policy/v1", "PodDisruptionBudget", "",
	       GEN("1") ",\"currentHealthy\":0,\"desiredHealthy\":1,\"expectedPods\":0"),
	  READY_CURRENT, NULL },

	{ "definition", KIND("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", ""),
	  READY_IN_PROGRESS, "not established yet" },
	{ "definition established",
	  KIND("apiextensions.k8s.io/v1", "CustomResourceDefinition", "",
	       COND("Established", "True", "", "")),
	  READY_CURRENT, NULL },
	{ "definition whose names are taken",
	  KIND("apiextensions.k8s.io/v1", "CustomResourceDefinition", "",
	       COND("NamesAccepted", "False", "Conflict", "taken")),
	  READY_FAILED, "Conflict: taken" },
	{ "namespace", KIND("v1", "Namespace", "", "\"phase\":\"Active\""), READY_CURRENT, NULL },
	{ "namespace that goes", KIND("v1", "Namespace", "", "\"phase\":\"Terminating\""),
	  READY_IN_PROGRESS, "not active" },
	{ "API service",
	  KIND("apiregistration.k8s.io/v1", "APIService", "",
	       COND("Available", "False", "MissingEndpoints", "no endpoints")),
	  READY_IN_PROGRESS, "MissingEndpoints: no endpoints" },

	{ "custom without conditions", KIND("x.io/v1", "Thing", "", ""), READY_CURRENT, NULL },
	{ "custom ready", KIND("x.io/v1", "Thing", "", COND("Ready", "True", "", "")),
	  READY_CURRENT, NULL },
	{ "custom not ready", KIND("x.io/v1", "Thing", "", COND("Ready", "Unknown", "", "")),
	  READY_IN_PROGRESS, "not ready" },
	{ "custom reconciling",
	  KIND("x.io/v1", "Thing", "", COND("Reconciling", "True", "Busy", "step 2")),
	  READY_IN_PROGRESS, "Busy: step 2" },
	{ "custom stalled", KIND("x.io/v1", "Thing", "", COND("Stalled", "True", "Bad", "spec")),
	  READY_FAILED, "Bad: spec" },
	{ "custom not seen",
	  "{\"apiVersion\":\"x.io/v1\",\"kind\":\"Thing\",\"metadata\":{\"generation\":2},"
	  "\"status\":{" GEN("1") "}}",
	  READY_IN_PROGRESS, "its controller has not seen it yet" },

	{ "rule: not there", KIND("rule.io/v1", "Db", "", ""), READY_IN_PROGRESS,
	  "/status/phase is not there, not Online" },
	{ "rule: another value", KIND("rule.io/v1", "Db", "", "\"phase\":\"Busy\""),
	  READY_IN_PROGRESS, "/status/phase is Busy, not Online" },
	{ "rule: the value", KIND("rule.io/v1", "Db", "", "\"phase\":\"Online\""), READY_CURRENT,
	  NULL },
	{ "rule: a number", KIND("rule.io/v1", "Cache", "", "\"nodes\":3"), READY_CURRENT, NULL },
	{ "rule: the group counts", KIND("other.io/v1", "Db", "", ""), READY_CURRENT, NULL },

	{ "wrong types",
	  "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":[],"
	  "\"spec\":1,\"status\":[]}",
	  READY_IN_PROGRESS, "its controller has not seen it yet" },
};

static const struct ready_rule rules[] = {
	{ "rule.io", "Db", "/status/phase", "Online" },
	{ "rule.io", "Cache", "/status/nodes", "3" },
};

static void ready_case_run(void **state)
{
	const struct ready_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json object = fixture_json(&a, c->object);
	const char *why = "untouched";
	enum readiness found = ready_of(&a, &object, rules, ARRAY_LEN(rules), &why);
	assert_int_equal(found, c->state);
	if (c->why)
		assert_string_equal(why, c->why);
	else
		assert_null(why);
}

struct select_case {
	const char *name, *selector;
	bool selects;
};

static const struct select_case selects[] = {
	{ "nothing", "{}", false },
	{ "a label", "{\"matchLabels\":{\"app\":\"web\"}}", true },
	{ "two labels", "{\"matchLabels\":{\"app\":\"web\",\"tier\":\"a\"}}", true },
	{ "another value", "{\"matchLabels\":{\"app\":\"db\"}}", false },
	{ "in",
	  "{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"In\","
	  "\"values\":[\"db\",\"web\"]}]}",
	  true },
	{ "not in",
	  "{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\","
	  "\"values\":[\"web\"]}]}",
	  false },
	{ "exists", "{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Exists\"}]}", true },
	{ "does not exist",
	  "{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"DoesNotExist\"}]}", false },
};

static void select_case_run(void **state)
{
	const struct select_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json object =
		fixture_json(&a, "{\"metadata\":{\"labels\":{\"app\":\"web\",\"tier\":\"a\"}}}");
	struct json selector = fixture_json(&a, c->selector);
	assert_int_equal(ready_selects(&selector, &object), c->selects);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(selects)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, ready_case_run, &cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(selects); i++)
		tests[n++] = fixture_row(selects[i].name, select_case_run, &selects[i]);
	return _cmocka_run_group_tests("ready", tests, n, NULL, NULL);
}
