/* Fields that the API server refuses to change, where no server was asked.
 *
 * From the validation of updates in Kubernetes (pkg/apis/<group>/validation, ValidateXUpdate). */
#include <string.h>

#include "policy/checks/check.h"
#include "policy/checks/subjects.h"
#include "policy/cel/quantity.h"

struct immutable_row {
	const char *group, *kind;
	const char *path; /* "spec.selector" */
	bool once_set;    /* may be set where it was not */
};

static const struct immutable_row rows[] = {
	{ "apps", "Deployment", "spec.selector", false },
	{ "apps", "ReplicaSet", "spec.selector", false },
	{ "apps", "DaemonSet", "spec.selector", false },
	{ "apps", "StatefulSet", "spec.selector", false },
	{ "apps", "StatefulSet", "spec.serviceName", false },
	{ "apps", "StatefulSet", "spec.podManagementPolicy", true },
	{ "apps", "StatefulSet", "spec.volumeClaimTemplates", false },
	{ "batch", "Job", "spec.template", false },
	{ "batch", "Job", "spec.selector", true },
	{ "batch", "Job", "spec.completionMode", true },
	{ "batch", "Job", "spec.podFailurePolicy", false },
	{ "", "PersistentVolumeClaim", "spec.accessModes", true },
	{ "", "PersistentVolumeClaim", "spec.storageClassName", true },
	{ "", "PersistentVolumeClaim", "spec.volumeName", true },
	{ "", "PersistentVolumeClaim", "spec.volumeMode", true },
	{ "", "PersistentVolumeClaim", "spec.selector", false },
	{ "", "PersistentVolumeClaim", "spec.dataSource", false },
	{ "", "Service", "spec.clusterIP", true },
	{ "", "Secret", "type", true },
	{ "rbac.authorization.k8s.io", "RoleBinding", "roleRef", false },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef", false },
	{ "storage.k8s.io", "StorageClass", "provisioner", false },
	{ "storage.k8s.io", "StorageClass", "parameters", false },
	{ "storage.k8s.io", "StorageClass", "reclaimPolicy", true },
	{ "storage.k8s.io", "StorageClass", "volumeBindingMode", true },
	{ "scheduling.k8s.io", "PriorityClass", "value", false },
	{ "scheduling.k8s.io", "PriorityClass", "preemptionPolicy", true },
	{ "networking.k8s.io", "IngressClass", "spec.controller", false },
	{ "node.k8s.io", "RuntimeClass", "handler", false },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "spec.group", false },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "spec.scope", false },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "spec.names.kind", false },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "spec.names.plural", false },
};

static const struct json *value_at(const struct json *v, const char *path)
{
	char key[64];
	while (v && *path) {
		size_t n = strcspn(path, ".");
		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		v = json_get(v, key);
		path += n + (path[n] == '.');
	}
	return v;
}

static bool is_null(const struct json *v)
{
	return !v || v->type == JSON_NULL;
}

static bool differs(const struct json *a, const struct json *b)
{
	return is_null(a) || is_null(b) ? is_null(a) != is_null(b) : !json_equal(a, b);
}

/* A ConfigMap or a Secret that says so itself. */
static void check_frozen(struct check_run *r, const struct change *c, const struct json *before,
			 const struct json *after)
{
	static const char *const parts[] = { "data", "binaryData" };
	bool is_map = strcmp(c->ref.kind, "ConfigMap") == 0 || strcmp(c->ref.kind, "Secret") == 0;
	if (!is_map || *c->ref.group || !json_true(json_get(before, "immutable")))
		return;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (differs(json_get(before, parts[i]), json_get(after, parts[i])))
			complain(r, json_get(c->sides->declared, parts[i]),
				 "it is immutable: its %s cannot be changed; give it another name",
				 parts[i]);
}

static bool is_less(struct arena *a, const struct json *x, const struct json *y)
{
	struct quantity p, q;
	AUTO(err_done) struct err first = { 0 }, second = { 0 };
	return x->type == JSON_STRING && y->type == JSON_STRING &&
	       quantity_parse(a, x->text, x->n, &p, &first) == 0 &&
	       quantity_parse(a, y->text, y->n, &q, &second) == 0 && quantity_compare(&p, &q) < 0;
}

/* Storage of a claim grows only. */
static void check_claim(struct check_run *r, const struct change *c, const struct json *before,
			const struct json *after)
{
	static const char path[] = "spec.resources.requests.storage";
	const struct json *old = value_at(before, path), *new = value_at(after, path);
	if (*c->ref.group || strcmp(c->ref.kind, "PersistentVolumeClaim") != 0 || is_null(old) ||
	    is_null(new))
		return;
	if (is_less(&r->arena, new, old))
		complain(r, value_at(c->sides->declared, path),
			 "a claim cannot shrink: it asks for %.50s, it had %.50s", new->text,
			 old->text);
}

void check_immutable_field(struct check_run *r, const struct change *c)
{
	const struct json *before = scene_old_object(r->scene, c);
	const struct json *after = scene_object(r->scene, c);
	if ((c->action != ACTION_UPDATE && c->action != ACTION_ADOPT) ||
	    c->verified == VERIFIED_SERVER || !before || !after)
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct immutable_row *row = &rows[i];
		if (strcmp(row->group, c->ref.group) != 0 || strcmp(row->kind, c->ref.kind) != 0)
			continue;
		const struct json *old = value_at(before, row->path);
		const struct json *new = value_at(after, row->path);
		if (differs(old, new) && !(row->once_set && (is_null(old) || is_null(new))))
			complain(r, value_at(c->sides->declared, row->path),
				 "%s of a %s cannot be changed: the object is deleted and created "
				 "again (apply --allow-replace), or gets another name",
				 row->path, row->kind);
	}
	check_frozen(r, c, before, after);
	check_claim(r, c, before, after);
}
