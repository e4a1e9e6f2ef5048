/* Schemas from the openAPIV3Schema of CustomResourceDefinitions. */
#include "plan/merge/schema.h"

#include <string.h>

#include "base/json_write.h"
#include "plan/merge/schema_builtin.h"

struct reader {
	struct arena *a;
	bool lenient; /* x-kubernetes-preserve-unknown-fields of the schema or one above it */
};

static const struct schema_node *read_node(struct reader r, const struct json *spec);

static uint8_t scalar_of(const char *type, const char *format)
{
	static const struct {
		const char *type, *format;
		enum schema_scalar scalar;
	} scalars[] = {
		{ "integer", NULL, SCALAR_INTEGER }, { "number", NULL, SCALAR_NUMBER },
		{ "boolean", NULL, SCALAR_BOOLEAN }, { "string", "", SCALAR_STRING },
		{ "string", "byte", SCALAR_BYTES },  { "string", "date-time", SCALAR_TIME },
	};
	for (size_t i = 0; i < ARRAY_LEN(scalars); i++)
		if (strcmp(type, scalars[i].type) == 0 &&
		    (!scalars[i].format || strcmp(format, scalars[i].format) == 0))
			return scalars[i].scalar;
	return SCALAR_ANY;
}

static const char *fallback_text(struct arena *a, const struct json *value)
{
	if (!value || value->type == JSON_NULL || value->type >= JSON_ARRAY)
		return NULL;
	AUTO(buf_done) struct buf b = { 0 };
	json_write_canonical(&b, value);
	return arena_strndup(a, buf_text(&b), b.len);
}

static bool requires(const struct json *spec, const char *name)
{
	const struct json *required = json_get(spec, "required");
	for (uint32_t i = 0; json_is(required, JSON_ARRAY) && i < required->n; i++) {
		const char *s = json_str(&required->items[i]);
		if (s && strcmp(s, name) == 0)
			return true;
	}
	return false;
}

static const struct schema_node string_node = { .accepts = SCHEMA_SCALAR, .scalar = SCALAR_STRING };

/* Every object has these three, whatever its schema says. */
static void add_object_fields(struct reader *r, struct json *properties)
{
	json_set(r->a, properties, "apiVersion", json_of_null());
	json_set(r->a, properties, "kind", json_of_null());
	json_set(r->a, properties, "metadata", json_of_null());
}

static const struct schema_node *object_field(const char *name)
{
	return strcmp(name, "metadata") == 0 ? schema_object_meta : &string_node;
}

static void read_map(struct reader r, const struct json *spec, bool object, struct schema_node *out)
{
	const struct json *properties = json_get(spec, "properties");
	struct json all =
		json_is(properties, JSON_OBJECT) ? json_copy(r.a, properties) : json_of_object();
	if (object)
		add_object_fields(&r, &all);
	struct schema_field *fields = arena_calloc(r.a, all.n + 1, sizeof(*fields));
	for (uint32_t i = 0; i < all.n && i < UINT16_MAX; i++) {
		const struct json_member *m = &all.members[i];
		bool built_in = object && m->value.type == JSON_NULL;
		fields[i] = (struct schema_field){
			.name = m->key,
			.node = built_in ? object_field(m->key) : read_node(r, &m->value),
			.fallback = fallback_text(r.a, json_get(&m->value, "default")),
			.required = requires(spec, m->key),
		};
		out->n_fields++;
	}
	out->fields = fields;
	const struct json *more = json_get(spec, "additionalProperties");
	if (json_is(more, JSON_OBJECT)) {
		out->open = true;
		out->values = read_node(r, more);
	} else {
		out->open = json_true(more) || (!more && (r.lenient || !all.n));
	}
	const char *type = json_get_str(spec, "x-kubernetes-map-type");
	out->map_atomic = type && strcmp(type, "atomic") == 0;
}

static void read_list(struct reader r, const struct json *spec, struct schema_node *out)
{
	const struct json *items = json_get(spec, "items");
	out->items = json_is(items, JSON_OBJECT) ? read_node(r, items) : NULL;
	const char *type = json_get_str(spec, "x-kubernetes-list-type");
	if (!type)
		return;
	out->list = strcmp(type, "set") == 0   ? LIST_SET
		    : strcmp(type, "map") == 0 ? LIST_MAP
					       : LIST_ATOMIC;
	const struct json *keys = json_get(spec, "x-kubernetes-list-map-keys");
	if (out->list != LIST_MAP || !json_is(keys, JSON_ARRAY))
		return;
	const char **names = arena_calloc(r.a, keys->n + 1, sizeof(*names));
	for (uint32_t i = 0; i < keys->n && out->n_keys < UINT8_MAX; i++)
		if (json_str(&keys->items[i]))
			names[out->n_keys++] = arena_strdup(r.a, json_str(&keys->items[i]));
	out->keys = names;
}

static void read_spec(struct reader r, const struct json *spec, bool root, struct schema_node *out)
{
	const char *type = json_get_str(spec, "type");
	const char *format = json_get_str(spec, "format");
	bool object = root || json_true(json_get(spec, "x-kubernetes-embedded-resource"));
	if (json_true(json_get(spec, "x-kubernetes-preserve-unknown-fields")))
		r.lenient = true;
	if (json_true(json_get(spec, "x-kubernetes-int-or-string"))) {
		out->accepts = SCHEMA_SCALAR;
		out->scalar = SCALAR_INT_OR_STRING;
	} else if (root || !type || strcmp(type, "object") == 0) {
		out->accepts = type || root ? SCHEMA_MAP : SCHEMA_SCALAR | SCHEMA_LIST | SCHEMA_MAP;
		read_map(r, spec, object, out);
		if (!type)
			read_list(r, spec, out);
	} else if (strcmp(type, "array") == 0) {
		out->accepts = SCHEMA_LIST;
		read_list(r, spec, out);
	} else {
		out->accepts = SCHEMA_SCALAR;
		out->scalar = scalar_of(type, format ? format : "");
	}
}

static const struct schema_node *read_node(struct reader r, const struct json *spec)
{
	struct schema_node *out = arena_calloc(r.a, 1, sizeof(*out));
	read_spec(r, spec, false, out);
	return out;
}

static void add_kind(struct schema_set *set, const char *group, const char *version,
		     const char *kind, const struct schema_node *root)
{
	for (size_t i = 0; i < set->n; i++) {
		struct schema_kind *k = &set->kinds[i];
		if (strcmp(k->group, group) == 0 && strcmp(k->version, version) == 0 &&
		    strcmp(k->kind, kind) == 0) {
			k->root = root;
			return;
		}
	}
	GROW(set->kinds, set->n, set->cap);
	set->kinds[set->n++] = (struct schema_kind){
		arena_strdup(&set->arena, group),
		arena_strdup(&set->arena, version),
		arena_strdup(&set->arena, kind),
		root,
	};
}

void schema_add_crd(struct schema_set *set, const struct json *crd)
{
	const char *group = json_str(json_at(crd, "spec", "group", NULL));
	const char *kind = json_str(json_at(crd, "spec", "names", "kind", NULL));
	const struct json *versions = json_at(crd, "spec", "versions", NULL);
	if (!group || !kind || !json_is(versions, JSON_ARRAY))
		return;
	for (uint32_t i = 0; i < versions->n; i++) {
		const struct json *version = &versions->items[i];
		const struct json *spec = json_at(version, "schema", "openAPIV3Schema", NULL);
		const char *name = json_get_str(version, "name");
		if (!name)
			continue;
		struct reader r = { .a = &set->arena };
		r.lenient = json_true(json_at(crd, "spec", "preserveUnknownFields", NULL));
		struct schema_node *root = arena_calloc(r.a, 1, sizeof(*root));
		struct json none = json_of_object();
		if (!json_is(spec, JSON_OBJECT))
			r.lenient = true;
		read_spec(r, json_is(spec, JSON_OBJECT) ? spec : &none, true, root);
		add_kind(set, group, name, kind, root);
	}
}
