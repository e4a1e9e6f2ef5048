/* The set of fields of an object, and what sets do to objects. */
#include "plan/merge/fieldset.h"

#include <string.h>

#include "plan/merge/items.h"

static void add_value(struct arena *a, const struct schema_node *schema, const struct json *v,
		      struct field_node *self);

/* Items of the same keys are owned as one: the element, nothing below it. */
static void add_items(struct arena *a, const struct schema_node *schema, const struct json *list,
		      struct field_set *out)
{
	struct items items;
	uint32_t bad;
	items_of(a, schema, list, &items, &bad);
	for (uint32_t i = 0; i < items.n; i++) {
		const struct item *item = items.sorted[i];
		if (!item->first)
			continue;
		struct field_node *node = field_set_edit(a, out, &item->element);
		if (item->same == 1)
			add_value(a, schema->items, item->value, node);
		node->member = true;
	}
}

static void add_members(struct arena *a, const struct schema_node *schema, const struct json *map,
			struct field_set *out)
{
	for (uint32_t i = 0; i < map->n; i++) {
		const struct json_member *m = &map->members[i];
		struct path_element element = { .type = PATH_FIELD, .name = m->key };
		struct field_node node = { .element = element };
		add_value(a, schema_member(schema, m->key), &m->value, &node);
		bool empty =
			m->value.type == JSON_NULL || (m->value.type == JSON_OBJECT && !m->value.n);
		node.member = node.member || empty || !schema_field(schema, m->key);
		if (node.member || node.children.n)
			*field_set_edit(a, out, &element) = node;
	}
}

static void add_value(struct arena *a, const struct schema_node *schema, const struct json *v,
		      struct field_node *self)
{
	switch (schema_part(schema, v)) {
	case SCHEMA_SCALAR:
		self->member = true;
		break;
	case SCHEMA_LIST:
		if (schema_list_kind(schema) == LIST_ATOMIC)
			self->member = true;
		else if (v->type == JSON_ARRAY)
			add_items(a, schema, v, &self->children);
		break;
	case SCHEMA_MAP:
		if (schema_map_atomic(schema))
			self->member = true;
		else if (v->type == JSON_OBJECT)
			add_members(a, schema, v, &self->children);
		break;
	}
}

struct field_set field_set_of(struct arena *a, const struct schema_node *schema,
			      const struct json *object)
{
	struct field_node root = { 0 };
	add_value(a, schema, object, &root);
	return root.children;
}

/* ---- what is never owned */

static const char *const never_owned[][2] = {
	{ "apiVersion", NULL },
	{ "kind", NULL },
	{ "metadata", NULL },
	{ "metadata", "clusterName" },
	{ "metadata", "creationTimestamp" },
	{ "metadata", "generation" },
	{ "metadata", "managedFields" },
	{ "metadata", "name" },
	{ "metadata", "namespace" },
	{ "metadata", "resourceVersion" },
	{ "metadata", "selfLink" },
	{ "metadata", "uid" },
};

struct field_set field_set_strip(struct arena *a, const struct field_set *s)
{
	struct field_set never = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(never_owned); i++) {
		struct path_element elements[2] = {
			{ .type = PATH_FIELD, .name = never_owned[i][0] },
			{ .type = PATH_FIELD, .name = never_owned[i][1] },
		};
		struct field_path path = { elements, never_owned[i][1] ? 2 : 1 };
		field_set_insert(a, &never, &path);
	}
	return field_set_difference(a, s, &never);
}
