/* What each static check finds, and what it does not: the rows of tests/policy/test_checks.c. */
#ifndef TESTS_LIB_CHECK_ROWS_H
#define TESTS_LIB_CHECK_ROWS_H

#include <stddef.h>

struct row {
	const char *id, *name;
	const char *base, *head; /* app/a.yaml; base NULL: the object is new */
	const char *want;        /* "LINE:COL PATH message" of the finding; NULL: none */
	const char *config;      /* more of rhumb.yaml; NULL: nothing */
};

#define META(name)     "metadata: {name: " name "}\n"
#define CM(name, data) "apiVersion: v1\nkind: ConfigMap\n" META(name) "data: {" data "}\n"
#define POD(more)      "apiVersion: v1\nkind: Pod\n" META("x") "spec:\n" more
#define IMAGE          "  containers:\n  - name: c\n    image: x:1\n"
#define DEPLOYMENT(labels, more)                                                                   \
	"apiVersion: apps/v1\nkind: Deployment\n" META(                                            \
		"web") "spec:\n  selector: {matchLabels: {app: web}}\n  template:\n"               \
		       "    metadata: {labels: {" labels "}}\n    spec:\n      containers:\n"      \
		       "      - name: c\n        image: x:1\n" more
#define SERVICE(spec) "apiVersion: v1\nkind: Service\n" META("web") "spec:\n" spec
#define NODE_PORT(port)                                                                            \
	"---\napiVersion: v1\nkind: Service\n" META(                                               \
		"other") "spec: {type: NodePort, ports: [{port: "                                  \
			 "80, nodePort: " port "}]}\n"
#define CLAIM(size)                                                                                \
	"apiVersion: v1\nkind: PersistentVolumeClaim\n" META(                                      \
		"data") "spec: {accessModes: [ReadWriteOnce], resources: {requests: "              \
			"{storage: " size "}}}\n"
#define BUDGET(spec) "apiVersion: policy/v1\nkind: PodDisruptionBudget\n" META("web") "spec:\n" spec
#define ROLE(verbs)                                                                                \
	"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n" META(                             \
		"r") "rules:\n- {apiGroups: [''], resources: [pods], verbs: [" verbs "]}\n"
#define CRD                                                                                        \
	"---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"               \
	"metadata: {name: boats.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n"  \
	"  names: {kind: Boat, plural: boats}\n  versions:\n  - name: v1\n    served: true\n"      \
	"    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n"           \
	"        properties:\n          spec:\n            type: object\n"                         \
	"            required: [sails]\n            properties:\n"                                 \
	"              sails: {type: integer, minimum: 1, maximum: 5}\n"                           \
	"              colour: {type: string, enum: [red, blue], pattern: '^[a-z]+$'}\n"
#define BOAT(spec) "apiVersion: example.com/v1\nkind: Boat\n" META("b") "spec: {" spec "}\n"
/* In two parts: no tool that looks for tokens is to find one here. */
#define TOKEN                                                                                      \
	"gh"                                                                                       \
	"p_0123456789abcdefghijABCDEFGHIJ012345"
#define KEY                                                                                        \
	"-----BEGIN RSA PRI"                                                                       \
	"VATE KEY-----"
#define AWS                                                                                        \
	"AK"                                                                                       \
	"IA2345672345ABCDWX"

static const struct row rows[] = {
	{ "duplicate-port", "of a container", NULL,
	  POD("  containers:\n  - name: c\n    image: x:1\n    ports:\n"
	      "    - {containerPort: 80}\n    - {containerPort: 80}\n"),
	  "10:23 /spec/containers/0/ports/1/containerPort containerPort 80/TCP is there twice; "
	  "only "
	  "one of them counts",
	  NULL },
	{ "duplicate-port", "of a Service", NULL,
	  SERVICE("  ports:\n  - {name: a, port: 80}\n  - {name: a, port: 81}\n"),
	  "7:12 /spec/ports/1/name two ports are named a", NULL },
	{ "duplicate-port", "another protocol", NULL,
	  SERVICE("  ports:\n  - {name: a, port: 80}\n  - {name: b, port: 80, protocol: UDP}\n"),
	  NULL, NULL },

	{ "duplicate-port", "of the nodes, in another Service", NULL,
	  SERVICE("  type: NodePort\n  ports: [{port: 80, nodePort: 30080}]\n") NODE_PORT("30080"),
	  "11:53 /spec/ports/0/nodePort nodePort 30080/TCP is Service default/web's, too\n"
	  "6:32 /spec/ports/0/nodePort nodePort 30080/TCP is Service default/other's, too",
	  NULL },
	{ "duplicate-port", "another one of the nodes", NULL,
	  SERVICE("  type: NodePort\n  ports: [{port: 80, nodePort: 30080}]\n") NODE_PORT("30081"),
	  NULL, NULL },
	{ "duplicate-port", "of the nodes, for the API server to choose", NULL,
	  SERVICE("  type: NodePort\n  ports: [{name: a, port: 80, nodePort: 0}, {name: b, port: "
		  "81, "
		  "nodePort: 0}]\n"),
	  NULL, NULL },

	{ "removed-api", "an Ingress of old", NULL,
	  "apiVersion: extensions/v1beta1\nkind: Ingress\n" META("i"),
	  "1:13 /apiVersion extensions/v1beta1 Ingress is not served since Kubernetes 1.22 (this "
	  "is "
	  "for 1.36): write networking.k8s.io/v1",
	  NULL },
	{ "removed-api", "for a version that serves it", NULL,
	  "apiVersion: batch/v1beta1\nkind: CronJob\n" META("i"), NULL,
	  "kubernetesVersion: '1.24'\n" },
	{ "removed-api", "for a version that does not", NULL,
	  "apiVersion: batch/v1beta1\nkind: CronJob\n" META("i"),
	  "1:13 /apiVersion batch/v1beta1 CronJob is not served since Kubernetes 1.25 (this is for "
	  "1.25): write batch/v1",
	  "kubernetesVersion: '1.25'\n" },
	{ "removed-api", "a current one", NULL, CM("x", "a: b"), NULL, NULL },

	{ "deprecated-api", "for a version before it goes", NULL,
	  "apiVersion: batch/v1beta1\nkind: CronJob\n" META("i"),
	  "1:13 /apiVersion batch/v1beta1 CronJob is deprecated since Kubernetes 1.21 and gone in "
	  "1.25: write batch/v1",
	  "kubernetesVersion: '1.24'\n" },
	{ "deprecated-api", "one that stays", NULL, "apiVersion: v1\nkind: Endpoints\n" META("i"),
	  "1:13 /apiVersion v1 Endpoints is deprecated since Kubernetes 1.33: write "
	  "discovery.k8s.io/v1 EndpointSlice",
	  NULL },
	{ "deprecated-api", "a current one", NULL, CM("x", "a: b"), NULL, NULL },

	{ "dangling-reference", "a key that is not there", NULL,
	  POD("  containers:\n  - name: c\n    image: x:1\n    env:\n    - name: A\n"
	      "      valueFrom: {configMapKeyRef: {name: m, key: b}}\n") "---\n" CM("m", "a: c"),
	  "10:51 /spec/containers/0/env/0/valueFrom/configMapKeyRef/key ConfigMap default/m has no "
	  "key \"b\"",
	  NULL },
	{ "dangling-reference", "one that is", NULL,
	  POD("  containers:\n  - name: c\n    image: x:1\n    env:\n    - name: A\n"
	      "      valueFrom: {configMapKeyRef: {name: m, key: a}}\n") "---\n" CM("m", "a: c"),
	  NULL, NULL },
	{ "dangling-reference", "one that need not be", NULL,
	  POD("  containers:\n  - name: c\n    image: x:1\n    env:\n    - name: A\n"
	      "      valueFrom: {configMapKeyRef: {name: m, key: b, optional: true}}\n") "---\n" CM("m",
												    "a: c"),
	  NULL, NULL },
	{ "dangling-reference", "what Git does not have may be in a cluster", NULL,
	  POD(IMAGE "  serviceAccountName: none\n"), NULL, NULL },
	{ "dangling-reference", "what goes with the same change", CM("m", "a: b"),
	  POD(IMAGE "    envFrom: [{configMapRef: {name: m}}]\n"),
	  "8:37 /spec/containers/0/envFrom/0/configMapRef/name ConfigMap default/m is not there, "
	  "neither in Git nor in the cluster",
	  NULL },
	{ "dangling-reference", "a port of a Service", NULL,
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" META(
		  "i") "spec: {defaultBackend: {service: {name: web, port: {number: "
		       "8080}}}}\n---\n" SERVICE("  ports: [{port: 80}]\n"),
	  "4:61 /spec/defaultBackend/service/port/number Service default/web has no port 8080",
	  NULL },
	{ "dangling-reference", "a named port that no container has", NULL,
	  SERVICE("  selector: {app: web}\n  ports: [{port: 80, targetPort: http}]\n") "---"
										       "\n" DEPLOYMENT(
											       "app"
											       ": "
											       "we"
											       "b",
											       "   "
											       "   "
											       "  "
											       "por"
											       "ts:"
											       " [{"
											       "nam"
											       "e: "
											       "web"
											       ", "
											       "con"
											       "tai"
											       "ner"
											       "Por"
											       "t: "
											       "80}"
											       "]"
											       "\n"),
	  "6:34 /spec/ports/0/targetPort no container of the selected pods has a port named http",
	  NULL },

	{ "dangling-reference", "what an autoscaler scales", DEPLOYMENT("app: web", ""),
	  "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n" META(
		  "h") "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "
		       "web}}\n",
	  "4:70 /spec/scaleTargetRef/name Deployment default/web is not there, neither in Git nor "
	  "in "
	  "the cluster",
	  NULL },
	{ "dangling-reference", "the role of a binding, and its account",
	  ROLE("get") "---\napiVersion: v1\nkind: ServiceAccount\n" META("robot"),
	  "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n" META(
		  "b") "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\n"
		       "subjects: [{kind: ServiceAccount, name: robot}]\n",
	  "4:66 /roleRef/name Role default/r is not there, neither in Git nor in the cluster\n"
	  "5:41 /subjects/0/name ServiceAccount default/robot is not there, neither in Git nor in "
	  "the "
	  "cluster",
	  NULL },
	{ "dangling-reference", "the backend of an Ingress", SERVICE("  ports: [{port: 80}]\n"),
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" META(
		  "i") "spec: {rules: [{http: {paths: [{backend: {service: {name: web, port: "
		       "{number: 80}}}}]}}]}\n",
	  "4:59 /spec/rules/0/http/paths/0/backend/service/name Service default/web is not there, "
	  "neither in Git nor in the cluster",
	  NULL },
	{ "dangling-reference", "a claim", CLAIM("1Gi"),
	  POD(IMAGE "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n"),
	  "8:58 /spec/volumes/0/persistentVolumeClaim/claimName PersistentVolumeClaim default/data "
	  "is "
	  "not there, neither in Git nor in the cluster",
	  "@, allowDelete: [PersistentVolumeClaim]" },

	{ "dangling-reference", "what goes with this change is not existing",
	  POD(IMAGE "    envFrom: [{configMapRef: {name: m}}]\n") "---\n" CM("m", "a: b"),
	  POD(IMAGE "    envFrom: [{configMapRef: {name: m}}]\n    tty: true\n"),
	  "8:37 /spec/containers/0/envFrom/0/configMapRef/name ConfigMap default/m is not there, "
	  "neither in Git nor in the cluster",
	  NULL },
	{ "dangling-reference", "a key that goes with this change is not existing",
	  POD(IMAGE "    env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: a}}}]"
		    "\n") "---\n" CM("m", "a: b"),
	  POD(IMAGE "    env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: a}}}]\n"
		    "    tty: true\n") "---\n" CM("m", "b: b"),
	  "8:65 /spec/containers/0/env/0/valueFrom/configMapKeyRef/key ConfigMap default/m has no "
	  "key \"a\"",
	  NULL },

	{ "dangling-reference", "a map that is not there is told once", CM("m", "a: b"),
	  POD(IMAGE
	      "  volumes: [{name: v, configMap: {name: m, items: [{key: a, path: a}, {key: b, "
	      "path: b}]}}]\n"),
	  "8:41 /spec/volumes/0/configMap/name ConfigMap default/m is not there, neither in Git "
	  "nor "
	  "in the cluster",
	  NULL },
	{ "dangling-reference", "the pull secret of an account",
	  "apiVersion: v1\nkind: Secret\n" META("pull"),
	  "apiVersion: v1\nkind: ServiceAccount\n" META(
		  "robot") "imagePullSecrets: [{name: pull}]\n",
	  "4:27 /imagePullSecrets/0/name Secret default/pull is not there, neither in Git nor in "
	  "the "
	  "cluster",
	  NULL },
	{ "dangling-reference", "the Service of a webhook", SERVICE("  ports: [{port: 443}]\n"),
	  "apiVersion: admissionregistration.k8s.io/v1\nkind: "
	  "ValidatingWebhookConfiguration\n" META("w") "webhooks:\n- {name: a.b.c, clientConfig: "
						       "{service: {namespace: default, name: "
						       "web}}}\n",
	  "5:68 /webhooks/0/clientConfig/service/name Service default/web is not there, neither in "
	  "Git nor in the cluster",
	  NULL },
	{ "dangling-reference", "an action of an annotation is no Service",
	  SERVICE("  ports: [{port: 80}]\n"),
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" META(
		  "i") "spec: {defaultBackend: {service: {name: web, port: {name: "
		       "use-annotation}}}}\n",
	  NULL, NULL },
	{ "dangling-reference", "ports of a Service elsewhere", NULL,
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" META(
		  "i") "spec: {defaultBackend: {service: {name: web, port: {number: "
		       "8080}}}}\n---\n" SERVICE("  type: ExternalName\n  externalName: a.test\n"),
	  NULL, NULL },
	{ "dangling-reference", "a token that the cluster fills in", NULL,
	  POD(IMAGE
	      "    env: [{name: A, valueFrom: {secretKeyRef: {name: t, key: token}}}]\n") "---\n"
											  "apiVersi"
											  "on: "
											  "v1\nkind"
											  ": "
											  "Secret\n"
											  "type: "
											  "kubernet"
											  "es.io/"
											  "service-"
											  "account-"
											  "token"
											  "\n" META(
												  "t"),
	  NULL, NULL },

	{ "still-referenced", "a map that a pod reads",
	  CM("m", "a: b") "---\n" POD(IMAGE "    envFrom: [{configMapRef: {name: m}}]\n"),
	  POD(IMAGE "    envFrom: [{configMapRef: {name: m}}]\n"),
	  "- Pod default/x still refers to it (app/a.yaml:8)", NULL },
	{ "still-referenced", "a map that nobody reads", CM("m", "a: b") "---\n" CM("mm", "a: b"),
	  CM("mm", "a: b"), NULL, NULL },

	{ "selector-mismatch", "another label", NULL, DEPLOYMENT("app: shop", ""),
	  "5:33 /spec/selector/matchLabels/app the selector wants app=web, the template has shop: "
	  "the API server refuses it",
	  NULL },
	{ "selector-mismatch", "the same, and more", NULL, DEPLOYMENT("app: web, tier: front", ""),
	  NULL, NULL },

	{ "selector-without-pods", "a mistyped label", NULL,
	  SERVICE("  selector: {app: wbe}\n") "---\n" DEPLOYMENT("app: web", ""),
	  "5:13 /spec/selector the Service selects no pods: none has these labels in namespace "
	  "default",
	  NULL },
	{ "selector-without-pods", "pods", NULL,
	  SERVICE("  selector: {app: web}\n") "---\n" DEPLOYMENT("app: web", ""), NULL, NULL },
	{ "selector-without-pods", "pods that are not in Git at all", NULL,
	  SERVICE("  selector: {app: web}\n"), NULL, NULL },

	{ "selector-without-pods", "pods that get other labels are not existing",
	  SERVICE("  selector: {app: web}\n") "---\n" DEPLOYMENT("app: web", ""),
	  SERVICE("  selector: {app: web}\n  ports: [{port: 80}]\n") "---\n" DEPLOYMENT("app: shop",
											""),
	  "5:13 /spec/selector the Service selects no pods: none has these labels in namespace "
	  "default",
	  NULL },

	{ "selector-without-pods", "a label that a controller gives", NULL,
	  SERVICE("  selector: {app: web, statefulset.kubernetes.io/pod-name: web-0}\n") "---"
											 "\n" DEPLOYMENT(
												 "a"
												 "p"
												 "p"
												 ":"
												 " "
												 "w"
												 "e"
												 "b",
												 ""),
	  NULL, NULL },
	{ "selector-without-pods", "pods that an operator may make", NULL,
	  SERVICE("  selector: {boat: b}\n") "---\n" BOAT("sails: 1") CRD
	  "---\n" DEPLOYMENT("app: web", ""),
	  NULL, NULL },

	{ "disruption-budget", "nothing may go", NULL,
	  BUDGET("  maxUnavailable: 0\n  selector: {matchLabels: {app: web}}\n"),
	  "5:19 /spec/maxUnavailable maxUnavailable 0 allows no eviction: nodes cannot be drained",
	  NULL },
	{ "disruption-budget", "all have to stay", NULL,
	  BUDGET("  minAvailable: 1\n  selector: {matchLabels: {app: web}}\n") "---\n" DEPLOYMENT(
		  "app: web", ""),
	  "5:17 /spec/minAvailable minAvailable 1 of 1 replicas allows no eviction: nodes cannot "
	  "be "
	  "drained",
	  NULL },
	{ "disruption-budget", "half of one", NULL,
	  BUDGET("  minAvailable: 50%\n  selector: {matchLabels: {app: web}}\n") "---\n" DEPLOYMENT(
		  "app: web", ""),
	  "5:17 /spec/minAvailable minAvailable 50% of 1 replicas allows no eviction: nodes cannot "
	  "be drained",
	  NULL },
	{ "disruption-budget", "what is scaled has other replicas", NULL,
	  BUDGET("  minAvailable: 1\n  selector: {matchLabels: {app: web}}\n") "---\n" DEPLOYMENT(
		  "app: web", "") "---\napiVersion: autoscaling/v2\nkind: "
				  "HorizontalPodAutoscaler\n" META("h") "spec: {minReplicas: 2, "
									"scaleTargetRef: "
									"{apiVersion: apps/v1, "
									"kind: Deployment, name: "
									"web}}\n",
	  NULL, NULL },
	{ "disruption-budget", "one may go", NULL,
	  BUDGET("  maxUnavailable: 1\n  selector: {matchLabels: {app: web}}\n"), NULL, NULL },

	{ "namespace-mismatch", "elsewhere", NULL,
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: bank}\n",
	  "3:32 /metadata/namespace the object is in namespace bank, its application app in shop",
	  "@, namespace: shop" },
	{ "namespace-mismatch", "at home", NULL,
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n", NULL,
	  "@, namespace: shop" },

	{ "plain-secret", "a token in an environment", NULL,
	  POD(IMAGE "    env: [{name: A, value: " TOKEN "}]\n"),
	  "8:28 /spec/containers/0/env/0/value this looks like a GitHub token (40 characters): put "
	  "it into a Secret that is not in Git, and make a new one",
	  NULL },
	{ "plain-secret", "a key in a file", NULL,
	  "apiVersion: v1\nkind: ConfigMap\n" META("x") "data:\n  a: |\n    one\n    " KEY "\n",
	  "5:6 /data/a this looks like a private key (31 characters, in line 2 of the text): put "
	  "it "
	  "into a Secret that is not in Git, and make a new one",
	  NULL },
	{ "plain-secret", "an access key in arguments", NULL,
	  POD(IMAGE "    args: ['--key=" AWS "']\n"),
	  "8:12 /spec/containers/0/args/0 this looks like an AWS access key (20 characters): put "
	  "it "
	  "into a Secret that is not in Git, and make a new one",
	  NULL },
	{ "plain-secret", "an example", NULL, CM("x", "a: AKIAIOSFODNN7EXAMPLE"), NULL, NULL },
	{ "plain-secret", "a digest", NULL, CM("x", "a: 0123456789abcdef0123456789abcdef01234567"),
	  NULL, NULL },

	{ "plausible-secret", "by its name", NULL, CM("x", "db-password: Tr0ub4dor3"),
	  "4:21 /data/db-password \"db-password\" looks like a secret in the clear (10 "
	  "characters): "
	  "put it into a Secret that is not in Git",
	  NULL },
	{ "plausible-secret", "in an environment", NULL,
	  POD(IMAGE "    env: [{name: API_TOKEN, value: a8f3k2m9x7q1}]\n"),
	  "8:36 /spec/containers/0/env/0/value \"API_TOKEN\" looks like a secret in the clear (12 "
	  "characters): put it into a Secret that is not in Git",
	  NULL },
	{ "plausible-secret", "in a file", NULL,
	  "apiVersion: v1\nkind: ConfigMap\n" META(
		  "x") "data:\n  a: |\n    user: me\n    password: \"Tr0ub4dor3\"\n",
	  "5:6 /data/a \"password\" looks like a secret in the clear (10 characters): put it into "
	  "a "
	  "Secret that is not in Git",
	  NULL },
	{ "plausible-secret", "a variable", NULL,
	  CM("x", "password: '${PASSWORD}', token: changeme12"), NULL, NULL },
	{ "plausible-secret", "a path", NULL, CM("x", "token: /var/run/secrets/token1"), NULL,
	  NULL },
	{ "plausible-secret", "the name of a Secret", NULL,
	  CM("x", "tlsSecret: shop-tls-2024, token: build-token-v.2"), NULL, NULL },
	{ "plausible-secret", "a UUID is no name", NULL, CM("x", "token: 5f0c8a7e-1b2c-4d5e"),
	  "4:15 /data/token \"token\" looks like a secret in the clear (18 characters): put it "
	  "into "
	  "a Secret that is not in Git",
	  NULL },
	{ "plain-secret", "a configuration of Docker", NULL,
	  CM("x", "a: '{\"auths\": {\"registry.test\": {\"auth\": \"dXNlcjpwYXNz\"}}}'"),
	  "4:11 /data/a this looks like a registry's password (50 characters): put it into a "
	  "Secret "
	  "that is not in Git, and make a new one",
	  NULL },
	{ "plain-secret", "another auth", NULL, CM("x", "a: '{\"auth\": \"mutualTLSrequired\"}'"),
	  NULL, NULL },
	{ "plausible-secret", "a word", NULL, CM("x", "secret: database"), NULL, NULL },

	{ "url-credentials", "a password", NULL, CM("x", "a: 'postgres://me:s3cr3t@db/shop'"),
	  "4:11 /data/a a URL has a password in it: put it into a Secret that is not in Git",
	  NULL },
	{ "url-credentials", "a variable", NULL, CM("x", "a: 'postgres://me:$(PASSWORD)@db/shop'"),
	  NULL, NULL },
	{ "url-credentials", "a user", NULL, CM("x", "a: 'ssh://git@example.com:22/x'"), NULL,
	  NULL },

	{ "secret-in-git", "values", NULL,
	  "apiVersion: v1\nkind: Secret\n" META("s") "stringData: {a: c2VjcmV0}\n",
	  "4:13 /data the values of this Secret are in Git for everybody who can read it: encrypt "
	  "them, or keep them elsewhere",
	  NULL },
	{ "secret-in-git", "none", NULL, "apiVersion: v1\nkind: Secret\n" META("s"), NULL, NULL },

	{ "unknown-field", "a mistyped one", NULL, POD(IMAGE "    imagePullPolcy: Always\n"),
	  "8:21 /spec/containers/0/imagePullPolcy unknown field \"imagePullPolcy\" (did you mean "
	  "\"imagePullPolicy\"?)",
	  NULL },
	{ "unknown-field", "of a CRD in the same change", NULL, BOAT("sails: 1, oars: 2") CRD,
	  "4:24 /spec/oars unknown field \"oars\"", NULL },
	{ "unknown-field", "none", NULL, POD(IMAGE), NULL, NULL },

	{ "wrong-type", "a text for a number", NULL,
	  POD(IMAGE "  terminationGracePeriodSeconds: '30'\n"),
	  "8:34 /spec/terminationGracePeriodSeconds expected numeric (int or float), got string",
	  NULL },
	{ "wrong-type", "of a CRD", NULL, BOAT("sails: many") CRD,
	  "4:15 /spec/sails expected type integer, got string", NULL },
	{ "wrong-type", "none", NULL, POD(IMAGE), NULL, NULL },

	{ "missing-field", "of a CRD", NULL, BOAT("colour: red") CRD,
	  "4:7 /spec field \"sails\" is missing", NULL },
	{ "missing-field", "none", NULL, BOAT("sails: 2") CRD, NULL, NULL },

	{ "invalid-value", "none of those that are allowed", NULL,
	  BOAT("sails: 2, colour: green") CRD, "4:26 /spec/colour \"green\" is none of red, blue",
	  NULL },
	{ "invalid-value", "too many", NULL, BOAT("sails: 6") CRD,
	  "4:15 /spec/sails 6 is more than the most that is allowed, 5", NULL },
	{ "invalid-value", "one of them", NULL, BOAT("sails: 2, colour: blue") CRD, NULL, NULL },

	{ "immutable-field", "a selector",
	  "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n" META(
		  "b") "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}\n",
	  "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n" META(
		  "b") "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: b}\n",
	  "4:10 /roleRef roleRef of a RoleBinding cannot be changed: the object is deleted and "
	  "created again (apply --allow-replace), or gets another name",
	  NULL },
	{ "immutable-field", "a claim that shrinks", CLAIM("2Gi"), CLAIM("1500Mi"),
	  "4:70 /spec/resources/requests/storage a claim cannot shrink: it asks for 1500Mi, it had "
	  "2Gi",
	  NULL },
	{ "immutable-field", "a claim that grows", CLAIM("2Gi"), CLAIM("4Gi"), NULL, NULL },

	{ "data-loss", "a claim that goes", CLAIM("1Gi") "---\n" CM("m", "a: b"), CM("m", "a: b"),
	  "- the claim goes, and with it its volume, unless that is retained",
	  "@, allowDelete: [PersistentVolumeClaim]" },
	{ "data-loss", "a map that goes", CM("m", "a: b"), CM("mm", "a: b"), NULL, NULL },

	{ "downtime", "no replicas",
	  "apiVersion: apps/v1\nkind: Deployment\n" META("d") "spec: {replicas: 3}\n",
	  "apiVersion: apps/v1\nkind: Deployment\n" META("d") "spec: {replicas: 0}\n",
	  "4:18 /spec/replicas scaled to nothing, from 3", NULL },
	{ "downtime", "other pods", SERVICE("  selector: {app: web}\n"),
	  SERVICE("  selector: {app: shop}\n"),
	  "5:13 /spec/selector it leads to other pods at once, ready or not", NULL },
	{ "downtime", "more replicas",
	  "apiVersion: apps/v1\nkind: Deployment\n" META("d") "spec: {replicas: 3}\n",
	  "apiVersion: apps/v1\nkind: Deployment\n" META("d") "spec: {replicas: 4}\n", NULL, NULL },

	{ "privilege", "every verb", ROLE("get"), ROLE("'*'"),
	  "5:47 /rules/0/verbs a rule gives every verb", NULL },
	{ "privilege", "a privileged container", NULL,
	  POD(IMAGE "    securityContext: {privileged: true}\n"),
	  "8:35 /spec/containers/0/securityContext/privileged container c becomes privileged",
	  NULL },
	{ "privilege", "as before", POD(IMAGE "    securityContext: {privileged: true}\n"),
	  POD(IMAGE "    securityContext: {privileged: true}\n    tty: true\n"), NULL, NULL },

	{ "network-exposure", "a port of every node", SERVICE("  type: ClusterIP\n"),
	  SERVICE("  type: NodePort\n"),
	  "5:9 /spec/type reachable from outside of the cluster (NodePort)", NULL },
	{ "network-exposure", "a new host", NULL,
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" META(
		  "i") "spec: {rules: [{host: shop.example.com}]}\n",
	  "4:23 /spec/rules/0/host reachable as shop.example.com, without TLS", NULL },
	{ "network-exposure", "within the cluster", NULL, SERVICE("  type: ClusterIP\n"), NULL,
	  NULL },
};

#endif
