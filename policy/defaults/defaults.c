/* See defaults.h: first what decoding into the server's types does to an object, then the rows of
 * its kind. */
#include "policy/defaults/defaults.h"

#include <string.h>

#include "plan/merge/schema.h"
#include "plan/object.h"
#include "policy/cel/quantity.h"
#include "policy/defaults/rules.h"

enum { DEPTH_MAX = 64 };

/* ---- what decoding and encoding again drops */

static bool is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Fields whose zero is not written; false and 0 of all others are, since they are pointers. */
static const char *const zeros[] = {
	"hostIPC",
	"hostNetwork",
	"hostPID",
	"hostPort",
	"initialDelaySeconds",
	"minReadySeconds",
	"nodePort",
	"paused",
	"publishNotReadyAddresses",
	"readOnly",
	"stdin",
	"stdinOnce",
	"tty",
	"periodSeconds",
	"timeoutSeconds",
	"successThreshold",
	"failureThreshold",
	"healthCheckNodePort",
};

/* Fields in which "" says something, since they are pointers. */
static const char *const texts[] = {
	"appProtocol",      "ingressClassName",          "loadBalancerClass", "runtimeClassName",
	"storageClassName", "volumeAttributesClassName", "localhostProfile",  "service",
};

static bool is_zero(const struct json *v)
{
	int64_t n;
	return (v->type == JSON_BOOL && !v->truth) || (json_int64(v, &n) && n == 0);
}

/* Whether a member of a struct is left out when it is written again. */
static bool is_dropped(const struct schema_field *f, const struct json *v)
{
	const struct schema_node *node = f->node;
	if (v->type == JSON_NULL)
		return true;
	if (f->required)
		return false;
	if (v->type == JSON_ARRAY)
		return v->n == 0;
	if (v->type == JSON_OBJECT) /* a map; an empty struct is written */
		return v->n == 0 && node && node->open && !node->n_fields;
	if (v->type == JSON_STRING)
		return v->n == 0 && !is_among(f->name, texts, ARRAY_LEN(texts));
	return is_zero(v) && is_among(f->name, zeros, ARRAY_LEN(zeros));
}

static void canonical_quantity(struct arena *a, struct json *v)
{
	if (v->type != JSON_STRING && v->type != JSON_INT && v->type != JSON_FLOAT)
		return;
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct quantity q;
	if (quantity_parse(a, v->text, v->n, &q, &err) < 0)
		return; /* the server will refuse it */
	quantity_text(&q, &text);
	struct json canonical = json_of_string(a, buf_text(&text));
	canonical.line = v->line;
	canonical.col = v->col;
	*v = canonical;
}

static void decode(struct arena *a, const struct schema_node *node, struct json *v, unsigned depth);

static void decode_members(struct arena *a, const struct schema_node *node, struct json *v,
			   unsigned depth)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < v->n; i++) {
		struct json_member *m = &v->members[i];
		const struct schema_field *f = schema_field(node, m->key);
		if (!f && !node->open)
			continue; /* unknown to the kind */
		decode(a, schema_member(node, m->key), &m->value, depth + 1);
		if (f ? is_dropped(f, &m->value) : m->value.type == JSON_NULL)
			continue;
		v->members[kept++] = *m;
	}
	v->n = kept;
}

static void decode(struct arena *a, const struct schema_node *node, struct json *v, unsigned depth)
{
	if (!node || depth == DEPTH_MAX)
		return;
	if (node->scalar == SCALAR_QUANTITY && node->accepts == SCHEMA_SCALAR)
		canonical_quantity(a, v);
	else if (v->type == JSON_OBJECT && (node->n_fields || node->open))
		decode_members(a, node, v, depth);
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		decode(a, schema_items(node), &v->items[i], depth + 1);
}

/* ---- kinds of CRDs */

static void schema_defaults(struct arena *a, const struct json *schema, struct json *v,
			    unsigned depth);

/* A null counts as absent where there is a default and null is not allowed. */
static bool is_absent(const struct json *v, const struct json *schema)
{
	return !v || (v->type == JSON_NULL && !json_true(json_get(schema, "nullable")));
}

static void property_defaults(struct arena *a, const struct json *schema, struct json *v,
			      unsigned depth)
{
	const struct json *properties = json_get(schema, "properties");
	const struct json *others = json_get(schema, "additionalProperties");
	for (uint32_t i = 0; json_is(properties, JSON_OBJECT) && i < properties->n; i++) {
		const struct json_member *m = &properties->members[i];
		const struct json *value = json_get(&m->value, "default");
		if (value && is_absent(json_get(v, m->key), &m->value))
			json_set(a, v, m->key, json_copy(a, value));
		schema_defaults(a, &m->value, edit_member(v, m->key), depth + 1);
	}
	for (uint32_t i = 0; json_is(others, JSON_OBJECT) && i < v->n; i++)
		if (!json_get(properties, v->members[i].key))
			schema_defaults(a, others, &v->members[i].value, depth + 1);
}

static void schema_defaults(struct arena *a, const struct json *schema, struct json *v,
			    unsigned depth)
{
	const struct json *items = json_get(schema, "items");
	if (!v || depth == DEPTH_MAX)
		return;
	if (v->type == JSON_OBJECT)
		property_defaults(a, schema, v, depth);
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		schema_defaults(a, items, &v->items[i], depth + 1);
}

static bool crd_defaults(struct arena *a, const struct json *crd, const struct object_ref *ref,
			 struct json *object)
{
	const struct json *spec = json_get(crd, "spec"), *versions = json_get(spec, "versions");
	const char *group = json_get_str(spec, "group");
	const char *kind = json_str(json_at(spec, "names", "kind", NULL));
	if (!group || !kind || strcmp(group, ref->group) != 0 || strcmp(kind, ref->kind) != 0)
		return false;
	for (uint32_t i = 0; json_is(versions, JSON_ARRAY) && i < versions->n; i++) {
		const char *name = json_get_str(&versions->items[i], "name");
		if (!name || strcmp(name, ref->version) != 0)
			continue;
		schema_defaults(a, json_at(&versions->items[i], "schema", "openAPIV3Schema", NULL),
				object, 0);
		return true;
	}
	return false;
}

bool defaults_apply(struct arena *a, const struct json *crd, struct json *object)
{
	static const struct schema_set builtin;
	struct object_ref ref = object_ref_of(a, object);
	const struct schema_node *node = schema_root(&builtin, ref.group, ref.version, ref.kind);
	if (object->type != JSON_OBJECT)
		return false;
	if (!node)
		return crd_defaults(a, crd, &ref, object);
	decode(a, node, object, 0);
	const struct rule *rules = rules_of(ref.group, ref.kind);
	if (rules)
		rules_apply(a, rules, object);
	return true;
}
