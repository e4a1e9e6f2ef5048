/* policy/defaults against a real API server: what it makes of a manifest is what it answers to a
 * dry-run, but for what only a server can know.
 *
 * RHUMB_TEST_KUBECONFIG names its kubeconfig, RHUMB_TEST_KUBECTL a kubectl; without them the tests
 * are skipped. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"
#include "base/process.h"
#include "base/yaml.h"
#include "policy/defaults/defaults.h"

struct manifest {
	const char *name, *text;
};

#define METADATA "metadata: {name: o, namespace: default}\n"
#define FULL_POD                                                                                   \
	"{hostNetwork: true, volumes: [{name: a}, {name: b, configMap: {name: c}}, {name: d, "     \
	"hostPath: {path: /x}}, {name: e, projected: {sources: [{serviceAccountToken: {path: "     \
	"t}}]}}, {name: f, downwardAPI: {items: [{path: p, fieldRef: {fieldPath: "                 \
	"metadata.name}}]}}, {name: g, secret: {secretName: s}}, {name: h, ephemeral: "            \
	"{volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: "       \
	"{storage: 0.5Gi}}}}}}], initContainers: [{name: i, image: 'i:1', restartPolicy: Always, " \
	"startupProbe: {grpc: {port: 1}}}], containers: [{name: main, image: 'r:5000/a', tty: "    \
	"false, stdin: true, ports: [{containerPort: 80}], env: [{name: e, value: ''}, {name: f, " \
	"valueFrom: {fieldRef: {fieldPath: metadata.name}}}], resources: {limits: {cpu: 0.5, "     \
	"memory: 1024Mi}, requests: {cpu: 100m}}, livenessProbe: {httpGet: {port: 80}}, "          \
	"readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 0}, lifecycle: {preStop: "   \
	"{httpGet: {port: 80}}}, volumeMounts: [{name: a, mountPath: /a, readOnly: false}], "      \
	"securityContext: {privileged: false, capabilities: {add: [], drop: [ALL]}}}, {name: "     \
	"two, image: 'b@sha256:"                                                                   \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}]"
#define TEMPLATE(more) "  template: {metadata: {labels: {a: b}}, spec: " FULL_POD more "}}\n"
#define SELECTOR       "  selector: {matchLabels: {a: b}}\n"

static const struct manifest manifests[] = {
	{ "a small Pod",
	  "apiVersion: v1\nkind: Pod\n" METADATA "spec: {containers: [{name: m, image: a}]}\n" },
	{ "a full Pod", "apiVersion: v1\nkind: Pod\n" METADATA "spec: " FULL_POD "}\n" },
	{ "a Pod without a token",
	  "apiVersion: v1\nkind: Pod\n" METADATA "spec: {automountServiceAccountToken: false, "
	  "tolerations: [{operator: Exists}], priorityClassName: system-node-critical, containers: "
	  "[{name: m, image: 'a:latest', resources: {limits: {cpu: '2', memory: 1e9}}}]}\n" },
	{ "a Pod with resources of its own",
	  "apiVersion: v1\nkind: Pod\n" METADATA
	  "spec: {resources: {limits: {cpu: 4, memory: 4Gi}}, initContainers: [{name: s, image: "
	  "'a:1', restartPolicy: Always, resources: {requests: {cpu: 0.5, memory: 1Gi}}}, {name: "
	  "i, image: 'a:1', resources: {requests: {cpu: 2}}}], containers: [{name: m, image: "
	  "'a:1', resources: {requests: {cpu: 100m, memory: 1000Mi}}}]}\n" },
	{ "a Pod with an AppArmor annotation",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: o, namespace: default, annotations: "
	  "{container.apparmor.security.beta.kubernetes.io/m: localhost/web}}\nspec: {containers: "
	  "[{name: m, image: 'a:1'}]}\n" },
	{ "a Deployment", "apiVersion: apps/v1\nkind: Deployment\n" METADATA
			  "spec:\n" SELECTOR TEMPLATE(", serviceAccountName: default") },
	{ "a Deployment that is recreated",
	  "apiVersion: apps/v1\nkind: Deployment\n" METADATA
	  "spec:\n  replicas: 0\n  paused: false\n  minReadySeconds: 0\n  strategy: {type: "
	  "Recreate}\n" SELECTOR TEMPLATE("") },
	{ "a StatefulSet",
	  "apiVersion: apps/v1\nkind: StatefulSet\n" METADATA
	  "spec:\n  serviceName: x\n  volumeClaimTemplates: [{metadata: {name: a}, spec: "
	  "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}}]\n" SELECTOR
		  TEMPLATE("") },
	{ "a DaemonSet",
	  "apiVersion: apps/v1\nkind: DaemonSet\n" METADATA "spec:\n" SELECTOR TEMPLATE("") },
	{ "a ReplicaSet",
	  "apiVersion: apps/v1\nkind: ReplicaSet\n" METADATA "spec:\n" SELECTOR TEMPLATE("") },
	{ "a ReplicationController",
	  "apiVersion: v1\nkind: ReplicationController\n" METADATA "spec:\n" TEMPLATE("") },
	{ "a CronJob", "apiVersion: batch/v1\nkind: CronJob\n" METADATA
		       "spec:\n  schedule: '0 0 * * *'\n  jobTemplate:\n    spec:\n      template: "
		       "{spec: {restartPolicy: Never, containers: [{name: m, image: a}]}}\n" },
	{ "a Job", "apiVersion: batch/v1\nkind: Job\n" METADATA
		   "spec: {template: {spec: {restartPolicy: Never, containers: [{name: m, image: "
		   "a}]}}}\n" },
	{ "a Job with failures",
	  "apiVersion: batch/v1\nkind: Job\n" METADATA
	  "spec: {parallelism: 2, podFailurePolicy: {rules: [{action: Ignore, onPodConditions: "
	  "[{type: DisruptionTarget, status: 'True'}]}]}, template: {spec: {restartPolicy: Never, "
	  "containers: [{name: m, image: a}]}}}\n" },
	{ "a Service",
	  "apiVersion: v1\nkind: Service\n" METADATA
	  "spec: {selector: {a: b}, ports: [{port: 80, name: a}, {port: 81, name: b, targetPort: "
	  "web, appProtocol: http}]}\n" },
	{ "a headless Service",
	  "apiVersion: v1\nkind: Service\n" METADATA
	  "spec: {clusterIP: None, selector: {a: b}, ports: [{port: 80}]}\n" },
	{ "a Service of sessions", "apiVersion: v1\nkind: Service\n" METADATA
				   "spec: {sessionAffinity: ClientIP, ports: [{port: 80}]}\n" },
	{ "an ExternalName", "apiVersion: v1\nkind: Service\n" METADATA
			     "spec: {type: ExternalName, externalName: example.com}\n" },
	{ "an Ingress",
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" METADATA
	  "spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, "
	  "port: {number: 80}}}}]}}]}\n" },
	{ "a NetworkPolicy", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" METADATA
			     "spec: {podSelector: {}, egress: [{ports: [{port: 53}]}]}\n" },
	{ "a PersistentVolumeClaim",
	  "apiVersion: v1\nkind: PersistentVolumeClaim\n" METADATA
	  "spec: {storageClassName: '', accessModes: [ReadWriteOnce], resources: {requests: "
	  "{storage: 0.5Gi}}}\n" },
	{ "a PersistentVolume",
	  "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: o}\nspec: {capacity: {storage: "
	  "1000Mi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}}\n" },
	{ "a ConfigMap", "apiVersion: v1\nkind: ConfigMap\n" METADATA "data: {a: ''}\nbinaryData: "
			 "{}\n" },
	{ "a Secret", "apiVersion: v1\nkind: Secret\n" METADATA "data: {a: ''}\n" },
	{ "a Namespace", "apiVersion: v1\nkind: Namespace\nmetadata: {name: o}\n" },
	{ "a ServiceAccount", "apiVersion: v1\nkind: ServiceAccount\n" METADATA },
	{ "a RoleBinding",
	  "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n" METADATA
	  "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: u}, {kind: "
	  "ServiceAccount, name: s, namespace: default}]\n" },
	{ "a HorizontalPodAutoscaler",
	  "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n" METADATA
	  "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "
	  "d}}\n" },
	{ "a PodDisruptionBudget", "apiVersion: policy/v1\nkind: PodDisruptionBudget\n" METADATA
				   "spec: {minAvailable: 1, selector: {matchLabels: {a: b}}}\n" },
	{ "a StorageClass",
	  "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: o}\n"
	  "provisioner: example.com/x\n" },
};

/* What only the server knows, or sets by itself. */
static const char *const servers_own[] = {
	"/metadata/uid",
	"/metadata/creationTimestamp",
	"/metadata/managedFields",
	"/metadata/resourceVersion",
	"/metadata/generation",
	"/metadata/annotations", /* deprecated.daemonset.template.generation and its like */
	"/metadata/labels/batch.kubernetes.io~1controller-uid",
	"/metadata/labels/controller-uid",
	"/spec/clusterIP",
	"/spec/clusterIPs",
	"/spec/selector/matchLabels/batch.kubernetes.io~1controller-uid",
	"/spec/template/metadata/labels/batch.kubernetes.io~1controller-uid",
	"/spec/template/metadata/labels/controller-uid",
	"/spec/template/metadata/creationTimestamp",
	"/status/qosClass",
	"/status/conditions",
	"/status/lastPhaseTransitionTime",
};

static bool is_servers_own(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(servers_own); i++)
		if (strcmp(path, servers_own[i]) == 0)
			return true;
	return false;
}

static bool same_text(const struct json *a, const struct json *b)
{
	static const char token[] = "kube-api-access-";
	bool texts = json_is(a, JSON_STRING) && json_is(b, JSON_STRING);
	if (texts && strncmp(a->text, token, sizeof(token) - 1) == 0)
		return strncmp(b->text, token, sizeof(token) - 1) == 0;
	return json_equal(a, b);
}

static void note(struct buf *b, const char *path, const struct json *ours,
		 const struct json *theirs)
{
	buf_printf(b, "%s: ", path);
	if (ours)
		json_write_canonical(b, ours);
	buf_puts(b, ours ? ", the server " : "the server ");
	if (theirs)
		json_write_canonical(b, theirs);
	buf_puts(b, theirs ? "\n" : "has nothing\n");
}

static char *escaped(const char *key)
{
	struct buf b = { 0 };
	for (; *key; key++)
		if (*key == '/')
			buf_puts(&b, "~1");
		else
			buf_putc(&b, *key);
	return buf_take(&b);
}

static void compare(struct buf *b, const char *path, const struct json *ours,
		    const struct json *theirs);

static void compare_objects(struct buf *b, const char *path, const struct json *ours,
			    const struct json *theirs)
{
	for (int pass = 0; pass < 2; pass++) {
		const struct json *v = pass ? theirs : ours, *other = pass ? ours : theirs;
		for (uint32_t i = 0; i < v->n; i++) {
			const struct json *there = json_get(other, v->members[i].key);
			AUTO(auto_free) char *key = escaped(v->members[i].key);
			AUTO(auto_free) char *below = xfmt("%s/%s", path, key);
			if (!is_servers_own(below) && !(pass && there))
				compare(b, below, pass ? NULL : &v->members[i].value,
					pass ? &v->members[i].value : there);
		}
	}
}

/* An object in which the server has only what is its own. */
static bool all_servers_own(const char *path, const struct json *v)
{
	if (!json_is(v, JSON_OBJECT))
		return false;
	for (uint32_t i = 0; i < v->n; i++) {
		AUTO(auto_free) char *key = escaped(v->members[i].key);
		AUTO(auto_free) char *below = xfmt("%s/%s", path, key);
		if (!is_servers_own(below) && !all_servers_own(below, &v->members[i].value))
			return false;
	}
	return v->n > 0;
}

static void compare(struct buf *b, const char *path, const struct json *ours,
		    const struct json *theirs)
{
	if (json_is(ours, JSON_OBJECT) && json_is(theirs, JSON_OBJECT)) {
		compare_objects(b, path, ours, theirs);
		return;
	}
	if (json_is(ours, JSON_ARRAY) && json_is(theirs, JSON_ARRAY) && ours->n == theirs->n) {
		for (uint32_t i = 0; i < ours->n; i++) {
			AUTO(auto_free) char *below = xfmt("%s/%u", path, i);
			compare(b, below, &ours->items[i], &theirs->items[i]);
		}
		return;
	}
	if (!ours && all_servers_own(path, theirs))
		return;
	if (!ours || !theirs || !same_text(ours, theirs))
		note(b, path, ours, theirs);
}

static void manifest_run(void **state)
{
	const struct manifest *m = *state;
	const char *kubectl = getenv("RHUMB_TEST_KUBECTL"),
		   *config = getenv("RHUMB_TEST_KUBECONFIG");
	if (!kubectl || !config)
		skip();
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf differences = { 0 };
	const char *const argv[] = { kubectl, "--kubeconfig", config, "create", "--dry-run=server",
				     "-o",    "json",         "-f",   "-",      NULL };
	struct process p = { .argv = argv, .input = m->text, .input_len = strlen(m->text) };
	struct process_result result = { 0 };
	struct json declared;
	if (process_run(&p, &result, &err) < 0)
		fail_msg("kubectl: %s", err.msg);
	if (result.status)
		fail_msg("kubectl: %s", buf_text(&result.messages));
	struct json theirs = fixture_json(&a, buf_text(&result.output));
	if (yaml_parse_one(&a, m->text, strlen(m->text), "o.yaml", NULL, &declared, &err) < 0)
		fail_msg("%s", err.msg);
	struct json ours = json_copy(&a, &declared);
	assert_true(defaults_apply(&a, NULL, &ours));
	compare(&differences, "", &ours, &theirs);
	if (differences.len)
		fail_msg("%s", buf_text(&differences));
	process_result_done(&result);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(manifests)];
	for (size_t i = 0; i < ARRAY_LEN(manifests); i++)
		tests[i] = fixture_row(manifests[i].name, manifest_run, &manifests[i]);
	return _cmocka_run_group_tests("defaults_server", tests, ARRAY_LEN(manifests), NULL, NULL);
}
