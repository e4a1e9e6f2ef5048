/* What the API server refuses of built-in kinds, as far as people run into it when a change is
 * planned: names, what may not change once it is there, selectors.  See file.h. */
#include <string.h>

#include "base/digest.h"
#include "base/json_write.h"
#include "plan/cluster/file/file.h"

#define INVALID   "FieldValueInvalid"
#define FORBIDDEN "FieldValueForbidden"
#define REQUIRED  "FieldValueRequired"

void file_problem_add(struct file_problems *p, const char *reason, const char *field,
		      const char *message)
{
	if (p->n < ARRAY_LEN(p->items))
		p->items[p->n++] = (struct file_problem){ reason, field, message };
}

static const char *value_text(struct arena *a, const struct json *v)
{
	AUTO(buf_done) struct buf b = { 0 };
	json_write_canonical(&b, v);
	return arena_strndup(a, buf_text(&b), b.len);
}

/* ---- what may not change */

enum how {
	IMMUTABLE,        /* "field is immutable", whatever it was */
	IMMUTABLE_STATED, /* only where it was stated: the server fills in a default */
	ONLY,             /* forbidden, with the text; `but` may change */
	TEXT,             /* invalid, with the text */
};

static const struct rule {
	const char *group, *kind, *field;
	enum how how;
	const char *text;
	const char *but; /* fields below that may change, each followed by a blank */
} rules[] = {
	{ "", "PersistentVolumeClaim", "spec", ONLY,
	  "spec is immutable after creation except resources.requests and "
	  "volumeAttributesClassName for bound claims",
	  "volumeName " },
	{ "", "Pod", "spec", ONLY,
	  "pod updates may not change fields other than `spec.containers[*].image`,"
	  "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
	  "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
	  "set to 1 if it was previously negative)",
	  "activeDeadlineSeconds tolerations terminationGracePeriodSeconds ephemeralContainers " },
	{ "", "Secret", "type", IMMUTABLE_STATED, NULL, NULL },
	{ "", "Service", "spec.clusterIP", TEXT, "may not change once set", NULL },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "spec.group", IMMUTABLE, NULL, NULL },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "spec.names.kind", IMMUTABLE, NULL,
	  NULL },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "spec.names.plural", IMMUTABLE, NULL,
	  NULL },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "spec.scope", IMMUTABLE, NULL, NULL },
	{ "apps", "ControllerRevision", "data", IMMUTABLE, NULL, NULL },
	{ "apps", "DaemonSet", "spec.selector", IMMUTABLE, NULL, NULL },
	{ "apps", "Deployment", "spec.selector", IMMUTABLE, NULL, NULL },
	{ "apps", "ReplicaSet", "spec.selector", IMMUTABLE, NULL, NULL },
	{ "apps", "StatefulSet", "spec", ONLY,
	  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
	  "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
	  "'minReadySeconds' are forbidden",
	  "replicas ordinals template updateStrategy revisionHistoryLimit "
	  "persistentVolumeClaimRetentionPolicy minReadySeconds " },
	{ "batch", "Job", "spec.completionMode", IMMUTABLE_STATED, NULL, NULL },
	{ "batch", "Job", "spec.completions", IMMUTABLE, NULL, NULL },
	{ "batch", "Job", "spec.selector", IMMUTABLE, NULL, NULL },
	{ "batch", "Job", "spec.template", IMMUTABLE, NULL, NULL },
	{ "discovery.k8s.io", "EndpointSlice", "addressType", IMMUTABLE, NULL, NULL },
	{ "networking.k8s.io", "IngressClass", "spec.controller", IMMUTABLE, NULL, NULL },
	{ "node.k8s.io", "RuntimeClass", "handler", IMMUTABLE, NULL, NULL },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef", TEXT,
	  "cannot change roleRef", NULL },
	{ "rbac.authorization.k8s.io", "RoleBinding", "roleRef", TEXT, "cannot change roleRef",
	  NULL },
	{ "scheduling.k8s.io", "PriorityClass", "preemptionPolicy", IMMUTABLE_STATED, NULL, NULL },
	{ "scheduling.k8s.io", "PriorityClass", "value", ONLY, "may not be changed in an update.",
	  "" },
	{ "storage.k8s.io", "StorageClass", "parameters", IMMUTABLE, NULL, NULL },
	{ "storage.k8s.io", "StorageClass", "provisioner", IMMUTABLE, NULL, NULL },
	{ "storage.k8s.io", "StorageClass", "reclaimPolicy", IMMUTABLE_STATED, NULL, NULL },
	{ "storage.k8s.io", "StorageClass", "volumeBindingMode", IMMUTABLE_STATED, NULL, NULL },
};

static const struct json *at(const struct json *object, const char *field)
{
	AUTO(auto_free) char *copy = xstrdup(field);
	char *rest = copy;
	for (char *part; object && (part = strsep(&rest, "."));)
		object = json_get(object, part);
	return object;
}

static bool is_named(const char *names, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = names; *p; p += strcspn(p, " ") + 1)
		if (strcspn(p, " ") == n && memcmp(p, name, n) == 0)
			return true;
	return false;
}

static bool differ(const struct json *x, const struct json *y)
{
	return (!x != !y) || (x && !json_equal(x, y));
}

/* The images of a Pod's containers may change. */
static struct json without_images(struct arena *a, const struct json *containers)
{
	struct json out = json_copy(a, containers);
	for (uint32_t i = 0; out.type == JSON_ARRAY && i < out.n; i++)
		json_remove(&out.items[i], "image");
	return out;
}

static bool member_differs(struct arena *a, const char *key, const struct json *x,
			   const struct json *y)
{
	bool containers = strcmp(key, "containers") == 0 || strcmp(key, "initContainers") == 0;
	if (!containers || !x || !y)
		return differ(x, y);
	struct json p = without_images(a, x), q = without_images(a, y);
	return !json_equal(&p, &q);
}

static bool differs_beyond(struct arena *a, const struct json *x, const struct json *y,
			   const char *but)
{
	for (uint32_t i = 0; i < x->n; i++)
		if (!is_named(but, x->members[i].key) &&
		    member_differs(a, x->members[i].key, &x->members[i].value,
				   json_get(y, x->members[i].key)))
			return true;
	return false;
}

static bool breaks(struct arena *a, const struct rule *r, const struct json *was,
		   const struct json *is)
{
	switch (r->how) {
	case IMMUTABLE:
		return differ(was, is);
	case IMMUTABLE_STATED:
	case TEXT:
		return was && is && !json_equal(was, is);
	case ONLY:
		if (!json_is(was, JSON_OBJECT) || !json_is(is, JSON_OBJECT))
			return differ(was, is);
		return differs_beyond(a, was, is, r->but) || differs_beyond(a, is, was, r->but);
	}
	return false;
}

/* As Go prints a RoleRef, which is no JSON of the API. */
static const char *shown(struct arena *a, const struct rule *r, const struct json *v)
{
	if (strcmp(r->field, "roleRef") != 0)
		return value_text(a, v);
	const char *group = json_get_str(v, "apiGroup"), *kind = json_get_str(v, "kind");
	const char *name = json_get_str(v, "name");
	return arena_fmt(a, "{\"APIGroup\":\"%s\",\"Kind\":\"%s\",\"Name\":\"%s\"}",
			 group ? group : "", kind ? kind : "", name ? name : "");
}

static void check_rule(struct arena *a, const struct rule *r, const struct json *live,
		       const struct json *object, struct file_problems *out)
{
	const struct json *was = at(live, r->field), *is = at(object, r->field);
	if (!breaks(a, r, was, is))
		return;
	if (r->how == ONLY) {
		file_problem_add(out, FORBIDDEN, r->field, arena_fmt(a, "Forbidden: %s", r->text));
		return;
	}
	struct json null = json_of_null();
	file_problem_add(out, INVALID, r->field,
			 arena_fmt(a, "Invalid value: %s: %s", shown(a, r, is ? is : &null),
				   r->text ? r->text : "field is immutable"));
}

/* ConfigMaps and Secrets with `immutable: true`. */
static void check_frozen(const struct json *live, const struct json *object,
			 struct file_problems *out)
{
	static const char *const fields[] = { "data", "binaryData" };
	static const char text[] = "Forbidden: field is immutable when `immutable` is set";
	if (!json_true(json_get(live, "immutable")))
		return;
	if (!json_true(json_get(object, "immutable")))
		file_problem_add(out, FORBIDDEN, "immutable", text);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (differ(json_get(live, fields[i]), json_get(object, fields[i])))
			file_problem_add(out, FORBIDDEN, fields[i], text);
}

/* ---- workloads */

static bool selects(const struct json *selector, const struct json *labels)
{
	const struct json *wanted = json_get(selector, "matchLabels");
	for (uint32_t i = 0; json_is(wanted, JSON_OBJECT) && i < wanted->n; i++) {
		const struct json *v = json_get(labels, wanted->members[i].key);
		if (!v || !json_equal(v, &wanted->members[i].value))
			return false;
	}
	return true;
}

static void check_containers(struct arena *a, const struct json *spec, struct file_problems *out)
{
	const struct json *list = json_at(spec, "template", "spec", "containers", NULL);
	static const char *const required[] = { "name", "image" };
	if (!json_is(list, JSON_ARRAY) || !list->n) {
		file_problem_add(out, REQUIRED, "spec.template.spec.containers", "Required value");
		return;
	}
	for (uint32_t i = 0; i < list->n; i++) {
		for (size_t k = 0; k < ARRAY_LEN(required); k++) {
			const char *text = json_get_str(&list->items[i], required[k]);
			if (!text || !*text)
				file_problem_add(out, REQUIRED,
						 arena_fmt(a,
							   "spec.template.spec.containers[%u].%s",
							   (unsigned)i, required[k]),
						 "Required value");
		}
	}
}

static void check_workload(struct arena *a, const struct json *object, struct file_problems *out)
{
	const struct json *spec = json_get(object, "spec"), *selector = json_get(spec, "selector");
	const struct json *labels = json_at(spec, "template", "metadata", "labels", NULL);
	if (!selector)
		file_problem_add(out, REQUIRED, "spec.selector", "Required value");
	if (!selector || !selects(selector, labels)) {
		struct json none = json_of_object();
		file_problem_add(out, INVALID, "spec.template.metadata.labels",
				 arena_fmt(a,
					   "Invalid value: %s: `selector` does not match template "
					   "`labels`",
					   value_text(a, labels ? labels : &none)));
	}
	check_containers(a, spec, out);
}

void file_validate(struct arena *a, const struct kind *kind, const struct json *live,
		   const struct json *object, struct file_problems *out)
{
	static const char *const workloads[] = { "DaemonSet", "Deployment", "ReplicaSet",
						 "StatefulSet" };
	for (size_t i = 0; live && i < ARRAY_LEN(rules); i++)
		if (strcmp(rules[i].group, kind->group) == 0 &&
		    strcmp(rules[i].kind, kind->kind) == 0)
			check_rule(a, &rules[i], live, object, out);
	bool core = !*kind->group;
	if (live && core &&
	    (strcmp(kind->kind, "ConfigMap") == 0 || strcmp(kind->kind, "Secret") == 0))
		check_frozen(live, object, out);
	for (size_t i = 0; strcmp(kind->group, "apps") == 0 && i < ARRAY_LEN(workloads); i++)
		if (strcmp(workloads[i], kind->kind) == 0)
			check_workload(a, object, out);
}

/* ---- names */

static bool is_label(const char *p, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	if (!n || !strchr(letters, p[0]) || !strchr(letters, p[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (p[i] != '-' && !strchr(letters, p[i]))
			return false;
	return true;
}

static bool is_subdomain(const char *name)
{
	for (const char *p = name;; p++) {
		size_t n = strcspn(p, ".");
		if (!is_label(p, n))
			return false;
		p += n;
		if (!*p)
			return true;
	}
}

void file_validate_name(struct arena *a, const struct kind *kind, const char *name,
			struct file_problems *out)
{
	const char *why = NULL;
	if (strcmp(kind->group, "rbac.authorization.k8s.io") == 0) {
		if (strpbrk(name, "/%"))
			why = "may not contain '/' or '%'";
	} else if (!*kind->group && strcmp(kind->kind, "Namespace") == 0) {
		if (strchr(name, '.'))
			why = "must not contain dots";
		else if (!is_label(name, strlen(name)))
			why = "a lowercase RFC 1123 label must consist of lower case alphanumeric "
			      "characters or '-', and must start and end with an alphanumeric "
			      "character (e.g. 'my-name',  or '123-abc', regex used for validation "
			      "is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
	} else if (!is_subdomain(name)) {
		why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
		      "characters, '-' or '.', and must start and end with an alphanumeric "
		      "character "
		      "(e.g. 'example.com', regex used for validation is "
		      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
	}
	if (why)
		file_problem_add(out, INVALID, "metadata.name",
				 arena_fmt(a, "Invalid value: \"%s\": %s", name, why));
}

/* ---- the server's types */

static const char *float_in_integer(struct arena *a, const struct schema_node *schema,
				    const struct json *v)
{
	if (!schema)
		return NULL;
	if (v->type == JSON_FLOAT && schema->scalar == SCALAR_INTEGER &&
	    schema->accepts == SCHEMA_SCALAR) {
		double d = strtod(v->text, NULL);
		return d == (double)(int64_t)d ? NULL : "cannot convert float64 to int32";
	}
	const char *why = NULL;
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n && !why; i++)
		why = float_in_integer(a, schema_items(schema), &v->items[i]);
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n && !why; i++)
		why = float_in_integer(a, schema_member(schema, v->members[i].key),
				       &v->members[i].value);
	return why;
}

static const char *bad_base64(struct arena *a, const struct json *object)
{
	const struct json *data = json_get(object, "data");
	for (uint32_t i = 0; json_is(data, JSON_OBJECT) && i < data->n; i++) {
		const struct json *v = &data->members[i].value;
		AUTO(buf_done) struct buf b = { 0 };
		AUTO(err_done) struct err ignored = { 0 };
		if (v->type == JSON_STRING && base64_decode(&b, v->text, v->n, &ignored) < 0)
			return arena_fmt(a,
					 "error decoding from json: illegal base64 data in "
					 "data.%s",
					 data->members[i].key);
	}
	return NULL;
}

const char *file_conversion_problem(struct arena *a, const struct schema_node *schema,
				    const struct kind *kind, const struct json *object)
{
	if (!schema_root(NULL, kind->group, kind->version, kind->kind))
		return NULL;
	const char *why = float_in_integer(a, schema, object);
	if (!why && !*kind->group && strcmp(kind->kind, "Secret") == 0)
		why = bad_base64(a, object);
	if (!why)
		return NULL;
	return arena_fmt(a, "unable to convert unstructured object to %s/%s, Kind=%s: %s",
			 kind->group, kind->version, kind->kind, why);
}
