/* Declared objects as admission sees them. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"
#include "base/yaml.h"
#include "plan/merge/field_path.h"
#include "policy/defaults/defaults.h"

struct default_case {
	const char *name, *object;
	const char *path;     /* as in plans */
	const char *expected; /* JSON; NULL: nothing is there */
};

#define POD(spec)                                                                                  \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {}}\nspec:\n  containers:\n  "     \
	"- " spec
#define MAIN       "/spec/containers[name=\"main\"]"
#define DEPLOYMENT "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n"
#define TEMPLATE   "  template: {spec: {containers: [{name: main, image: 'a:1'}]}}\n"
#define SERVICE    "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n"

static const struct default_case cases[] = {
	/* decoding */
	{ "a null is dropped", POD("{name: main, image: null}\n"), MAIN "/image", NULL },
	{ "an empty map is dropped", POD("{name: main}\n"), "/metadata/labels", NULL },
	{ "an empty list is dropped", POD("{name: main, args: []}\n"), MAIN "/args", NULL },
	{ "an empty struct stays", POD("{name: main, securityContext: {}}\n"),
	  MAIN "/securityContext", "{}" },
	{ "a zero that is not written", POD("{name: main, tty: false}\n"), MAIN "/tty", NULL },
	{ "a zero behind a pointer", POD("{name: main, securityContext: {privileged: false}}\n"),
	  MAIN "/securityContext/privileged", "false" },
	{ "an unknown field", POD("{name: main, imge: x}\n"), MAIN "/imge", NULL },
	{ "a quantity", POD("{name: main, resources: {limits: {cpu: 0.5, memory: 1024Mi}}}\n"),
	  MAIN "/resources/limits", "{\"cpu\":\"500m\",\"memory\":\"1Gi\"}" },
	{ "a whole quantity", POD("{name: main, resources: {limits: {cpu: 1000m}}}\n"),
	  MAIN "/resources/limits/cpu", "\"1\"" },
	{ "an empty text", POD("{name: main, env: [{name: e, value: ''}]}\n"), MAIN "/env",
	  "[{\"name\":\"e\"}]" },
	{ "what is no quantity", POD("{name: main, resources: {limits: {cpu: lots}}}\n"),
	  MAIN "/resources/limits/cpu", "\"lots\"" },

	/* containers */
	{ "latest is pulled", POD("{name: main, image: web}\n"), MAIN "/imagePullPolicy",
	  "\"Always\"" },
	{ "latest by its tag", POD("{name: main, image: 'r:5000/web:latest'}\n"),
	  MAIN "/imagePullPolicy", "\"Always\"" },
	{ "a tag is not", POD("{name: main, image: 'r:5000/web:1'}\n"), MAIN "/imagePullPolicy",
	  "\"IfNotPresent\"" },
	{ "a port of the registry is no tag", POD("{name: main, image: 'r:5000/web'}\n"),
	  MAIN "/imagePullPolicy", "\"Always\"" },
	{ "a digest is not", POD("{name: main, image: 'web@sha256:00'}\n"), MAIN "/imagePullPolicy",
	  "\"IfNotPresent\"" },
	{ "resources", POD("{name: main}\n"), MAIN "/resources", "{}" },
	{ "a protocol", POD("{name: main, ports: [{containerPort: 80}]}\n"), MAIN "/ports",
	  "[{\"containerPort\":80,\"protocol\":\"TCP\"}]" },
	{ "a probe", POD("{name: main, livenessProbe: {httpGet: {port: 80}, periodSeconds: 0}}\n"),
	  MAIN "/livenessProbe",
	  "{\"failureThreshold\":3,\"httpGet\":{\"path\":\"/\",\"port\":80,\"scheme\":\"HTTP\"},"
	  "\"periodSeconds\":10,\"successThreshold\":1,\"timeoutSeconds\":1}" },

	/* pods */
	{ "restartPolicy", POD("{name: main}\n"), "/spec/restartPolicy", "\"Always\"" },
	{ "securityContext", POD("{name: main}\n"), "/spec/securityContext", "{}" },
	{ "the service account", POD("{name: main}\n"), "/spec/serviceAccountName", "\"default\"" },
	{ "its token", POD("{name: main}\n"), MAIN "/volumeMounts",
	  "[{\"mountPath\":\"/var/run/secrets/kubernetes.io/serviceaccount\",\"name\":"
	  "\"kube-api-access-xxxxx\",\"readOnly\":true}]" },
	{ "not its token", POD("{name: main}\n  automountServiceAccountToken: false\n"),
	  MAIN "/volumeMounts", NULL },
	{ "tolerations",
	  POD("{name: main}\n  tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, "
	      "effect: NoExecute}]\n"),
	  "/spec/tolerations",
	  "[{\"effect\":\"NoExecute\",\"key\":\"node.kubernetes.io/not-ready\",\"operator\":"
	  "\"Exists\"},{\"effect\":\"NoExecute\",\"key\":\"node.kubernetes.io/unreachable\","
	  "\"operator\":\"Exists\",\"tolerationSeconds\":300}]" },
	{ "priority", POD("{name: main}\n"), "/spec/priority", "0" },
	{ "priority by a class", POD("{name: main}\n  priorityClassName: high\n"), "/spec/priority",
	  NULL },
	{ "requests",
	  POD("{name: main, resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: "
	      "500m}}}\n"),
	  MAIN "/resources/requests", "{\"cpu\":\"500m\",\"memory\":\"1Gi\"}" },
	{ "an empty volume", POD("{name: main}\n  volumes: [{name: v}]\n"),
	  "/spec/volumes[name=\"v\"]/emptyDir", "{}" },
	{ "a mode", POD("{name: main}\n  volumes: [{name: v, secret: {secretName: s}}]\n"),
	  "/spec/volumes[name=\"v\"]/secret", "{\"defaultMode\":420,\"secretName\":\"s\"}" },

	/* workloads */
	{ "replicas", DEPLOYMENT TEMPLATE, "/spec/replicas", "1" },
	{ "replicas that are given", DEPLOYMENT TEMPLATE "  replicas: 0\n", "/spec/replicas", "0" },
	{ "a strategy", DEPLOYMENT TEMPLATE, "/spec/strategy",
	  "{\"rollingUpdate\":{\"maxSurge\":\"25%\",\"maxUnavailable\":\"25%\"},\"type\":"
	  "\"RollingUpdate\"}" },
	{ "another strategy", DEPLOYMENT TEMPLATE "  strategy: {type: Recreate}\n",
	  "/spec/strategy", "{\"type\":\"Recreate\"}" },
	{ "a part of a strategy",
	  DEPLOYMENT TEMPLATE "  strategy: {rollingUpdate: {maxSurge: 1}}\n",
	  "/spec/strategy/rollingUpdate", "{\"maxSurge\":1,\"maxUnavailable\":\"25%\"}" },
	{ "a template has no service account", DEPLOYMENT TEMPLATE,
	  "/spec/template/spec/serviceAccountName", NULL },
	{ "a template's requests stay",
	  DEPLOYMENT "  template: {spec: {containers: [{name: main, resources: {limits: {cpu: "
		     "1}}}]}}\n",
	  "/spec/template/spec/containers[name=\"main\"]/resources",
	  "{\"limits\":{\"cpu\":\"1\"}}" },
	{ "the old name of a service account",
	  DEPLOYMENT "  template: {spec: {serviceAccountName: a, containers: []}}\n",
	  "/spec/template/spec/serviceAccount", "\"a\"" },
	{ "status", DEPLOYMENT TEMPLATE, "/status", "{}" },
	{ "a job", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n" TEMPLATE,
	  "/spec/completions", "1" },
	{ "a job in parallel",
	  "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  parallelism: "
	  "2\n" TEMPLATE,
	  "/spec/completions", NULL },
	{ "a template in a CronJob",
	  "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec: {jobTemplate: {spec: "
	  "{template: {spec: {containers: [{name: main}]}}}}}\n",
	  "/spec/jobTemplate/spec/template/spec/dnsPolicy", "\"ClusterFirst\"" },

	/* of the whole pod */
	{ "requests of a pod with limits",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {resources: {limits: {cpu: 4, "
	  "memory: 4Gi}}, containers: [{name: a}]}\n",
	  "/spec/resources/requests", "{\"cpu\":\"4\",\"memory\":\"4Gi\"}" },
	{ "what its containers request",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {resources: {limits: {cpu: 4, "
	  "memory: 4Gi}}, containers: [{name: a, resources: {requests: {cpu: 100m}}}, {name: b, "
	  "resources: {limits: {cpu: 1}}}]}\n",
	  "/spec/resources/requests", "{\"cpu\":\"1100m\",\"memory\":\"4Gi\"}" },
	{ "what they request without a limit for it",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {resources: {limits: {memory: "
	  "4Gi}}, containers: [{name: a, resources: {requests: {cpu: 100m}}}]}\n",
	  "/spec/resources/requests", "{\"cpu\":\"100m\",\"memory\":\"4Gi\"}" },
	{ "an init container beside sidecars",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {resources: {limits: {cpu: 4, "
	  "memory: 4Gi}}, initContainers: [{name: s, restartPolicy: Always, resources: {requests: "
	  "{memory: 1Gi}}}, {name: i, resources: {requests: {memory: 2Gi}}}], containers: [{name: "
	  "a, resources: {requests: {memory: 1Gi}}}]}\n",
	  "/spec/resources/requests", "{\"cpu\":\"4\",\"memory\":\"3Gi\"}" },
	{ "an init container that needs less",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {resources: {limits: {cpu: 4, "
	  "memory: 4Gi}}, initContainers: [{name: i, resources: {requests: {memory: 1Gi}}}, {name: "
	  "s, restartPolicy: Always, resources: {requests: {memory: 1Gi}}}], containers: [{name: "
	  "a, resources: {requests: {memory: 1Gi}}}]}\n",
	  "/spec/resources/requests", "{\"cpu\":\"4\",\"memory\":\"2Gi\"}" },
	{ "requests of a pod without limits",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {resources: {requests: {cpu: 1}}, "
	  "containers: [{name: a, resources: {requests: {memory: 1Gi}}}]}\n",
	  "/spec/resources/requests", "{\"cpu\":\"1\"}" },
	{ "a profile as an annotation",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: "
	  "{container.apparmor.security.beta.kubernetes.io/a: unconfined}}\nspec: {containers: "
	  "[{name: a}]}\n",
	  "/spec/containers[name=\"a\"]/securityContext",
	  "{\"appArmorProfile\":{\"type\":\"Unconfined\"}}" },
	{ "a profile of the node",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: "
	  "{container.apparmor.security.beta.kubernetes.io/a: localhost/web}}\nspec: {containers: "
	  "[{name: a}]}\n",
	  "/spec/containers[name=\"a\"]/securityContext",
	  "{\"appArmorProfile\":{\"localhostProfile\":\"web\",\"type\":\"Localhost\"}}" },
	{ "that of the pod",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: "
	  "{container.apparmor.security.beta.kubernetes.io/a: runtime/default}}\nspec: "
	  "{securityContext: {appArmorProfile: {type: RuntimeDefault}}, containers: [{name: a}]}\n",
	  "/spec/containers[name=\"a\"]/securityContext", NULL },
	{ "beside a field",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: "
	  "{container.apparmor.security.beta.kubernetes.io/a: unconfined}}\nspec: {containers: "
	  "[{name: a, securityContext: {appArmorProfile: {type: RuntimeDefault}}}]}\n",
	  "/spec/containers[name=\"a\"]/securityContext",
	  "{\"appArmorProfile\":{\"type\":\"RuntimeDefault\"}}" },
	{ "a profile that there is not",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: "
	  "{container.apparmor.security.beta.kubernetes.io/a: localhost/}}\nspec: {containers: "
	  "[{name: a}]}\n",
	  "/spec/containers[name=\"a\"]/securityContext", NULL },
	{ "on Windows",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: "
	  "{container.apparmor.security.beta.kubernetes.io/a: unconfined}}\nspec: {os: {name: "
	  "windows}, containers: [{name: a}]}\n",
	  "/spec/containers[name=\"a\"]/securityContext", NULL },

	/* others */
	{ "a service", SERVICE "  ports: [{port: 80}]\n", "/spec/ports",
	  "[{\"port\":80,\"protocol\":\"TCP\",\"targetPort\":80}]" },
	{ "its type", SERVICE "  ports: [{port: 80}]\n", "/spec/type", "\"ClusterIP\"" },
	{ "of a load balancer", SERVICE "  type: LoadBalancer\n", "/spec/externalTrafficPolicy",
	  "\"Cluster\"" },
	{ "of no load balancer", SERVICE "  ports: []\n", "/spec/externalTrafficPolicy", NULL },
	{ "a claim's class of no name",
	  "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: "
	  "{storageClassName: ''}\n",
	  "/spec/storageClassName", "\"\"" },
	{ "a namespace", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
	  "/metadata/labels", "{\"kubernetes.io/metadata.name\":\"shop\"}" },
	{ "a user of a binding",
	  "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\n"
	  "roleRef: {kind: Role, name: r}\nsubjects: [{kind: User, name: u}]\n",
	  "/subjects",
	  "[{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"User\",\"name\":\"u\"}]" },
	{ "a kind that is not known",
	  "apiVersion: example.com/v1\nkind: Pod\nmetadata: {labels: {}}\n", "/metadata/labels",
	  "{}" },
};

static struct json read_object(struct arena *a, const char *text)
{
	AUTO(err_done) struct err err = { 0 };
	struct json v;
	if (yaml_parse_one(a, text, strlen(text), "o.yaml", NULL, &v, &err) < 0)
		fail_msg("%s", err.msg);
	return json_copy(a, &v);
}

static void default_case_run(void **state)
{
	const struct default_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json object = read_object(&a, c->object);
	defaults_apply(&a, NULL, &object);
	const struct json *got = field_path_find(&object, c->path);
	if (!c->expected) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	json_write_canonical(&text, got);
	assert_string_equal(buf_text(&text), c->expected);
	/* Once more changes nothing. */
	struct json again = json_copy(&a, &object);
	defaults_apply(&a, NULL, &again);
	assert_true(json_equal(&again, &object));
}

static void defaults_of_a_crd(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json crd = read_object(
		&a, "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
		    "metadata: {name: widgets.example.com}\n"
		    "spec:\n  group: example.com\n  scope: Namespaced\n"
		    "  names: {kind: Widget, plural: widgets}\n"
		    "  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n"
		    "      openAPIV3Schema:\n        type: object\n        properties:\n"
		    "          spec:\n            type: object\n            default: {}\n"
		    "            properties:\n"
		    "              size: {type: integer, default: 3}\n"
		    "              parts: {type: array, items: {type: object, properties: {made: "
		    "{type: "
		    "boolean, default: true}}}}\n");
	struct json one = read_object(&a, "apiVersion: example.com/v1\nkind: Widget\n");
	struct json two =
		read_object(&a, "apiVersion: example.com/v1\nkind: Widget\nspec: {size: 1, "
				"parts: [{}]}\n");
	assert_true(defaults_apply(&a, &crd, &one));
	assert_true(defaults_apply(&a, &crd, &two));
	json_write_canonical(&text, json_get(&one, "spec"));
	json_write_canonical(&text, json_get(&two, "spec"));
	assert_string_equal(buf_text(&text),
			    "{\"size\":3}{\"parts\":[{\"made\":true}],\"size\":1}");
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1] = { cmocka_unit_test(defaults_of_a_crd) };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[1 + i] = fixture_row(cases[i].name, default_case_run, &cases[i]);
	return _cmocka_run_group_tests("defaults", tests, ARRAY_LEN(tests), NULL, NULL);
}
