/* Looking up in schemas; see schema.h.  CRDs are read in schema_crd.c, objects checked in
 * schema_check.c. */
#include "plan/merge/schema.h"

#include <string.h>

#include "base/json_parse.h"
#include "plan/merge/schema_builtin.h"

static int compare_kind(const struct schema_kind *k, const char *group, const char *version,
			const char *kind)
{
	int d = strcmp(k->group, group);
	if (!d)
		d = strcmp(k->version, version);
	return d ? d : strcmp(k->kind, kind);
}

static const struct schema_node *builtin_root(const char *group, const char *version,
					      const char *kind)
{
	size_t lo = 0, hi = n_schema_builtin;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = compare_kind(&schema_builtin[mid], group, version, kind);
		if (!d)
			return schema_builtin[mid].root;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct schema_node *schema_root(const struct schema_set *set, const char *group,
				      const char *version, const char *kind)
{
	const struct schema_node *root = builtin_root(group, version, kind);
	for (size_t i = 0; !root && set && i < set->n; i++)
		if (compare_kind(&set->kinds[i], group, version, kind) == 0)
			root = set->kinds[i].root;
	return root;
}

const struct schema_node *schema_of(const struct schema_set *set, const struct json *object)
{
	const char *api_version = json_get_str(object, "apiVersion");
	const char *kind = json_get_str(object, "kind");
	if (!api_version || !kind)
		return NULL;
	const char *slash = strchr(api_version, '/');
	if (!slash)
		return schema_root(set, "", api_version, kind);
	AUTO(auto_free) char *group = xstrndup(api_version, (size_t)(slash - api_version));
	return schema_root(set, group, slash + 1, kind);
}

const struct schema_field *schema_field(const struct schema_node *node, const char *name)
{
	size_t lo = 0, hi = node ? node->n_fields : 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = strcmp(node->fields[mid].name, name);
		if (!d)
			return &node->fields[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct schema_node *schema_member(const struct schema_node *node, const char *name)
{
	const struct schema_field *field = schema_field(node, name);
	return field ? field->node : node ? node->values : NULL;
}

const struct schema_node *schema_items(const struct schema_node *node)
{
	return node ? node->items : NULL;
}

const struct schema_node *schema_below(const struct schema_node *node,
				       const struct path_element *element)
{
	return element->type == PATH_FIELD ? schema_member(node, element->name)
					   : schema_items(node);
}

enum schema_list schema_list_kind(const struct schema_node *node)
{
	return node ? (enum schema_list)node->list : LIST_ATOMIC;
}

bool schema_map_atomic(const struct schema_node *node)
{
	return node && node->map_atomic;
}

enum schema_accepts schema_part(const struct schema_node *node, const struct json *value)
{
	unsigned accepts = node ? node->accepts : SCHEMA_SCALAR | SCHEMA_LIST | SCHEMA_MAP;
	enum schema_accepts stated = !value || value->type == JSON_NULL ? 0
				     : value->type == JSON_ARRAY        ? SCHEMA_LIST
				     : value->type == JSON_OBJECT       ? SCHEMA_MAP
									: SCHEMA_SCALAR;
	if (accepts & stated)
		return stated;
	return accepts & SCHEMA_MAP      ? SCHEMA_MAP
	       : accepts & SCHEMA_SCALAR ? SCHEMA_SCALAR
					 : SCHEMA_LIST;
}

bool schema_is_leaf(const struct schema_node *node, const struct json *value)
{
	switch (schema_part(node, value)) {
	case SCHEMA_LIST:
		return schema_list_kind(node) == LIST_ATOMIC;
	case SCHEMA_MAP:
		return schema_map_atomic(node);
	default:
		return true;
	}
}

/* ---- items */

static bool fallback_of(struct arena *a, const struct schema_node *item, const char *key,
			struct json *out)
{
	const struct schema_field *field = schema_field(item, key);
	AUTO(err_done) struct err ignored = { 0 };
	return field && field->fallback &&
	       json_parse(a, field->fallback, strlen(field->fallback), "default", NULL, out,
			  &ignored) == 0;
}

static const char *keyed_element(struct arena *a, const struct schema_node *list,
				 const struct json *item, struct path_element *out)
{
	if (item->type == JSON_NULL)
		return "associative list with keys may not have a null element";
	if (item->type != JSON_OBJECT)
		return "associative list with keys may not have non-map elements";
	struct path_element e = { .type = PATH_KEY, .value = json_of_object() };
	for (unsigned i = 0; i < list->n_keys; i++) {
		const struct json *stated = json_get(item, list->keys[i]);
		struct json value;
		if (stated)
			value = *stated;
		else if (!fallback_of(a, list->items, list->keys[i], &value))
			continue;
		json_set(a, &e.value, list->keys[i], value);
	}
	if (!e.value.n) {
		AUTO(buf_done) struct buf keys = { 0 };
		for (unsigned i = 0; i < list->n_keys; i++)
			buf_printf(&keys, "%s\"%s\"", i ? " " : "", list->keys[i]);
		return arena_fmt(a,
				 "associative list with keys has an element that omits all key "
				 "fields [%s] (and doesn't have default values for any key fields)",
				 buf_text(&keys));
	}
	*out = e;
	return NULL;
}

const char *schema_item_element(struct arena *a, const struct schema_node *list,
				const struct json *item, struct path_element *out)
{
	switch (schema_list_kind(list)) {
	case LIST_MAP:
		return keyed_element(a, list, item, out);
	case LIST_ATOMIC:
		return "invalid indexing of non-associative list";
	case LIST_SET:
		break;
	}
	if (item->type == JSON_OBJECT)
		return "associative list without keys has an element that's a map type";
	if (item->type == JSON_ARRAY)
		return "not supported: associative list with lists as elements";
	if (item->type == JSON_NULL)
		return "associative list without keys has an element that's an explicit null";
	*out = (struct path_element){ .type = PATH_VALUE, .value = *item };
	return NULL;
}

void schema_set_done(struct schema_set *set)
{
	free(set->kinds);
	arena_done(&set->arena);
	*set = (struct schema_set){ 0 };
}
