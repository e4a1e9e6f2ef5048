/* Objects without the members of a set, and with nothing else; see fieldset.h.
 *
 * An object without a set's members keeps the structs that held them ({"spec": {}}): they are no
 * members themselves.  To take such an empty shell away when all that was in it went, the
 * API server first makes the named fields of structs members where there are members below
 * (field_set_with_parents()), and then compares by sets. */
#include "plan/merge/fieldset.h"

#include "plan/merge/schema.h"

struct field_set field_set_with_parents(struct arena *a, const struct schema_node *schema,
					const struct field_set *s)
{
	struct field_set out = { 0 };
	for (uint32_t i = 0; i < s->n; i++) {
		struct field_node node = s->nodes[i];
		const struct path_element *e = &node.element;
		bool has_below = node.children.n > 0;
		if (has_below && e->type == PATH_FIELD && schema_field(schema, e->name))
			node.member = true;
		const struct schema_node *below = e->type == PATH_VALUE || e->type == PATH_INDEX
							  ? NULL
							  : schema_below(schema, e);
		node.children = field_set_with_parents(a, below, &node.children);
		*field_set_edit(a, &out, e) = node;
	}
	return out;
}

enum mode { REMOVE, EXTRACT };

static bool filter(struct arena *a, const struct schema_node *schema, const struct json *v,
		   const struct field_set *s, enum mode mode, struct json *out);

/* false: nothing is left. */
static bool filter_items(struct arena *a, const struct schema_node *schema, const struct json *v,
			 const struct field_set *s, enum mode mode, struct json *out)
{
	*out = json_of_array();
	for (uint32_t i = 0; i < v->n; i++) {
		struct path_element element;
		const struct field_node *node = NULL;
		if (!schema_item_element(a, schema, &v->items[i], &element))
			node = field_set_node(s, &element);
		bool below = node && !field_set_empty(&node->children);
		if (mode == REMOVE ? node && node->member : !below && !(node && node->member))
			continue;
		struct json item = v->items[i];
		if (below &&
		    !filter(a, schema_items(schema), &v->items[i], &node->children, mode, &item))
			item = json_of_null();
		json_append(a, out, item);
	}
	return out->n > 0;
}

static bool filter_members(struct arena *a, const struct schema_node *schema, const struct json *v,
			   const struct field_set *s, enum mode mode, struct json *out)
{
	*out = json_of_object();
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		struct path_element element = { .type = PATH_FIELD, .name = m->key };
		const struct field_node *node = field_set_node(s, &element);
		bool member = node && node->member;
		bool below = node && !field_set_empty(&node->children);
		if (mode == REMOVE ? member : !member && !below)
			continue;
		struct json value = m->value;
		if (below && !filter(a, schema_member(schema, m->key), &m->value, &node->children,
				     mode, &value))
			value = json_of_null();
		json_set(a, out, m->key, value);
	}
	return out->n > 0;
}

static bool filter(struct arena *a, const struct schema_node *schema, const struct json *v,
		   const struct field_set *s, enum mode mode, struct json *out)
{
	enum schema_accepts part = schema_part(schema, v);
	*out = *v;
	if (part == SCHEMA_SCALAR)
		return true;
	if (!v->n || v->type < JSON_ARRAY)
		return mode == EXTRACT;
	bool atomic = part == SCHEMA_LIST ? schema_list_kind(schema) == LIST_ATOMIC
					  : schema_map_atomic(schema);
	if (atomic)
		return mode == EXTRACT;
	return (part == SCHEMA_LIST ? filter_items : filter_members)(a, schema, v, s, mode, out);
}

struct json field_set_remove(struct arena *a, const struct schema_node *schema,
			     const struct json *object, const struct field_set *s)
{
	struct json out;
	return filter(a, schema, object, s, REMOVE, &out) ? out : json_of_null();
}

struct json field_set_extract(struct arena *a, const struct schema_node *schema,
			      const struct json *object, const struct field_set *s)
{
	struct json out;
	return filter(a, schema, object, s, EXTRACT, &out) ? out : json_of_null();
}
