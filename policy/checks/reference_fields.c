/* The fields of the usual kinds that name other objects; see references.h. */
#include <string.h>

#include "policy/checks/references.h"

struct walk {
	const char *namespace;
	reference_fn *each;
	void *ctx;
};

static void tell(const struct walk *w, const char *group, const char *kind, const char *namespace,
		 const struct json *name, struct reference more)
{
	more.group = group;
	more.kind = kind;
	more.namespace = namespace;
	more.name = json_str(name);
	more.node = name;
	if (more.name && *more.name)
		w->each(w->ctx, &more);
}

static void here(const struct walk *w, const char *kind, const struct json *name,
		 struct reference more)
{
	tell(w, "", kind, w->namespace, name, more);
}

/* ---- pods */

static void with_items(const struct walk *w, const char *kind, const struct json *name,
		       const struct json *source)
{
	const struct json *items = list_in(source, "items");
	bool optional = json_true(json_get(source, "optional"));
	here(w, kind, name, (struct reference){ .optional = optional });
	for (uint32_t i = 0; i < items->n; i++) {
		const struct json *key = json_get(&items->items[i], "key");
		here(w, kind, name,
		     (struct reference){ .optional = optional,
					 .is_said = true,
					 .key = json_str(key),
					 .key_node = key });
	}
}

static void storage_class(const struct walk *w, const struct json *claim)
{
	/* One that names its volume takes that of any class, there or not. */
	if (!json_get(claim, "volumeName") && !json_get(claim, "selector"))
		tell(w, "storage.k8s.io", "StorageClass", "", json_get(claim, "storageClassName"),
		     (struct reference){ 0 });
}

static void volume(const struct walk *w, const struct json *v)
{
	const struct json *map = json_get(v, "configMap"), *secret = json_get(v, "secret");
	const struct json *sources = list_in(json_get(v, "projected"), "sources");
	if (map)
		with_items(w, "ConfigMap", json_get(map, "name"), map);
	if (secret)
		with_items(w, "Secret", json_get(secret, "secretName"), secret);
	here(w, "PersistentVolumeClaim", json_at(v, "persistentVolumeClaim", "claimName", NULL),
	     (struct reference){ 0 });
	here(w, "Secret", json_at(v, "azureFile", "secretName", NULL), (struct reference){ 0 });
	here(w, "Secret", json_at(v, "csi", "nodePublishSecretRef", "name", NULL),
	     (struct reference){ 0 });
	storage_class(w, json_at(v, "ephemeral", "volumeClaimTemplate", "spec", NULL));
	for (uint32_t i = 0; i < sources->n; i++) {
		map = json_get(&sources->items[i], "configMap");
		secret = json_get(&sources->items[i], "secret");
		if (map)
			with_items(w, "ConfigMap", json_get(map, "name"), map);
		if (secret)
			with_items(w, "Secret", json_get(secret, "name"), secret);
	}
}

static void key_of(const struct walk *w, const char *kind, const struct json *source)
{
	const struct json *key = json_get(source, "key");
	here(w, kind, json_get(source, "name"),
	     (struct reference){ .optional = json_true(json_get(source, "optional")),
				 .key = json_str(key),
				 .key_node = key });
}

static void container(void *ctx, const struct json *c, const char *list)
{
	const struct walk *w = ctx;
	const struct json *env = list_in(c, "env"), *from = list_in(c, "envFrom");
	(void)list;
	for (uint32_t i = 0; i < env->n; i++) {
		const struct json *source = json_get(&env->items[i], "valueFrom");
		key_of(w, "ConfigMap", json_get(source, "configMapKeyRef"));
		key_of(w, "Secret", json_get(source, "secretKeyRef"));
	}
	for (uint32_t i = 0; i < from->n; i++) {
		key_of(w, "ConfigMap", json_get(&from->items[i], "configMapRef"));
		key_of(w, "Secret", json_get(&from->items[i], "secretRef"));
	}
}

static void pod(struct walk *w, const struct json *spec)
{
	const struct json *volumes = list_in(spec, "volumes");
	const struct json *pulls = list_in(spec, "imagePullSecrets");
	for (uint32_t i = 0; i < volumes->n; i++)
		volume(w, &volumes->items[i]);
	pod_containers(spec, container, w);
	for (uint32_t i = 0; i < pulls->n; i++)
		here(w, "Secret", json_get(&pulls->items[i], "name"), (struct reference){ 0 });
	if (!text_is(json_get(spec, "serviceAccountName"), "default"))
		here(w, "ServiceAccount", json_get(spec, "serviceAccountName"),
		     (struct reference){ 0 });
	tell(w, "scheduling.k8s.io", "PriorityClass", "", json_get(spec, "priorityClassName"),
	     (struct reference){ 0 });
	tell(w, "node.k8s.io", "RuntimeClass", "", json_get(spec, "runtimeClassName"),
	     (struct reference){ 0 });
}

/* ---- others */

static void backend(const struct walk *w, const struct json *v)
{
	const struct json *service = json_get(v, "service"), *port = json_get(service, "port");
	const struct json *number = json_get(port, "number");
	/* Its name is that of an action, in an annotation (AWS). */
	if (text_is(json_get(port, "name"), "use-annotation"))
		return;
	here(w, "Service", json_get(service, "name"),
	     (struct reference){ .port = number ? number : json_get(port, "name") });
}

bool ingress_is_issued(const struct json *ingress)
{
	const struct json *notes = json_at(ingress, "metadata", "annotations", NULL);
	for (uint32_t i = 0; json_is(notes, JSON_OBJECT) && i < notes->n; i++)
		if (strstr(notes->members[i].key, "issuer") ||
		    strstr(notes->members[i].key, "tls-acme"))
			return true;
	return false;
}

static void ingress(const struct walk *w, const struct json *object, const struct json *spec)
{
	const struct json *rules = list_in(spec, "rules"), *tls = list_in(spec, "tls");
	bool issued = ingress_is_issued(object); /* its Secrets get made */
	backend(w, json_get(spec, "defaultBackend"));
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct json *paths = list_in(json_get(&rules->items[i], "http"), "paths");
		for (uint32_t k = 0; k < paths->n; k++)
			backend(w, json_get(&paths->items[k], "backend"));
	}
	for (uint32_t i = 0; i < tls->n && !issued; i++)
		here(w, "Secret", json_get(&tls->items[i], "secretName"), (struct reference){ 0 });
	tell(w, "networking.k8s.io", "IngressClass", "", json_get(spec, "ingressClassName"),
	     (struct reference){ 0 });
}

static void autoscaler(const struct walk *w, const struct json *spec)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct json *target = json_get(spec, "scaleTargetRef");
	const char *version = json_get_str(target, "apiVersion"), *group, *of;
	const char *kind = json_get_str(target, "kind");
	if (!version || !kind)
		return;
	object_split_api_version(&a, version, &group, &of);
	tell(w, group, kind, w->namespace, json_get(target, "name"), (struct reference){ 0 });
}

static void binding(const struct walk *w, const struct json *object)
{
	static const char group[] = "rbac.authorization.k8s.io";
	const struct json *role = json_get(object, "roleRef");
	const struct json *subjects = list_in(object, "subjects");
	bool is_cluster = text_is(json_get(role, "kind"), "ClusterRole");
	tell(w, group, is_cluster ? "ClusterRole" : "Role", is_cluster ? "" : w->namespace,
	     json_get(role, "name"), (struct reference){ 0 });
	for (uint32_t i = 0; i < subjects->n; i++) {
		const struct json *s = &subjects->items[i];
		const char *namespace = json_get_str(s, "namespace");
		if (text_is(json_get(s, "kind"), "ServiceAccount") &&
		    !text_is(json_get(s, "name"), "default"))
			tell(w, "", "ServiceAccount", namespace ? namespace : w->namespace,
			     json_get(s, "name"), (struct reference){ 0 });
	}
}

static void set(const struct walk *w, const struct json *spec)
{
	const struct json *claims = list_in(spec, "volumeClaimTemplates");
	here(w, "Service", json_get(spec, "serviceName"), (struct reference){ 0 });
	for (uint32_t i = 0; i < claims->n; i++)
		storage_class(w, json_get(&claims->items[i], "spec"));
}

static void account(const struct walk *w, const struct json *object)
{
	const struct json *pulls = list_in(object, "imagePullSecrets");
	for (uint32_t i = 0; i < pulls->n; i++)
		here(w, "Secret", json_get(&pulls->items[i], "name"), (struct reference){ 0 });
}

/* A webhook that leads nowhere refuses all that it is asked about. */
static void webhooks(const struct walk *w, const struct json *object)
{
	const struct json *hooks = list_in(object, "webhooks");
	for (uint32_t i = 0; i < hooks->n; i++) {
		const struct json *s = json_at(&hooks->items[i], "clientConfig", "service", NULL);
		const char *namespace = json_get_str(s, "namespace");
		if (namespace)
			tell(w, "", "Service", namespace, json_get(s, "name"),
			     (struct reference){ .port = json_get(s, "port") });
	}
}

static bool is_of(const char *version, const char *group)
{
	size_t n = strlen(group);
	return strncmp(version, group, n) == 0 && version[n] == '/';
}

void references_of(const struct json *object, const char *namespace, reference_fn *each, void *ctx)
{
	struct walk w = { namespace, each, ctx };
	const struct json *spec = json_get(object, "spec"), *pods = pod_spec_of(object, NULL);
	const char *kind = json_get_str(object, "kind");
	const char *version = json_get_str(object, "apiVersion");
	if (!kind || !version)
		return;
	if (pods)
		pod(&w, pods);
	if (strcmp(kind, "Ingress") == 0 && is_of(version, "networking.k8s.io"))
		ingress(&w, object, spec);
	else if (strcmp(kind, "HorizontalPodAutoscaler") == 0 && is_of(version, "autoscaling"))
		autoscaler(&w, spec);
	else if ((strcmp(kind, "RoleBinding") == 0 || strcmp(kind, "ClusterRoleBinding") == 0) &&
		 is_of(version, "rbac.authorization.k8s.io"))
		binding(&w, object);
	else if (strcmp(kind, "PersistentVolumeClaim") == 0 && strcmp(version, "v1") == 0)
		storage_class(&w, spec);
	else if (strcmp(kind, "ServiceAccount") == 0 && strcmp(version, "v1") == 0)
		account(&w, object);
	else if (strcmp(kind, "StatefulSet") == 0 && is_of(version, "apps"))
		set(&w, spec);
	else if (is_of(version, "admissionregistration.k8s.io"))
		webhooks(&w, object);
}
