/* Comparing two objects, and what the server's types do to one; merging is in tree_merge.c. */
#include "plan/merge/tree.h"

#include <string.h>

#include "plan/merge/items.h"

/* The three sets grow side by side: a node of each for the value that is looked at. */
struct triple {
	struct field_node added, modified, removed;
};

static void compare(struct arena *a, const struct schema_node *schema, const struct json *l,
		    const struct json *r, struct triple *out);

static bool is_number(const struct json *v)
{
	return v->type == JSON_INT || v->type == JSON_FLOAT;
}

static bool same(const struct json *l, const struct json *r)
{
	if (is_number(l) && is_number(r) && l->type != r->type)
		return strtod(l->text, NULL) == strtod(r->text, NULL);
	return json_equal(l, r);
}

static void leaf(const struct json *l, const struct json *r, struct triple *out)
{
	if (!l)
		out->added.member = true;
	else if (!r)
		out->removed.member = true;
	else if (!same(l, r))
		out->modified.member = true;
}

static void put(struct arena *a, struct field_set *set, const struct path_element *element,
		const struct field_node *node)
{
	if (!node->member && !node->children.n)
		return;
	struct field_node *stored = field_set_edit(a, set, element);
	stored->member = node->member;
	stored->children = node->children;
}

static void put_all(struct arena *a, struct triple *out, const struct path_element *element,
		    const struct triple *t)
{
	put(a, &out->added.children, element, &t->added);
	put(a, &out->modified.children, element, &t->modified);
	put(a, &out->removed.children, element, &t->removed);
}

/* Items of the same keys are compared as one value; where they come or go, the element is
 * marked, and a single item on the other side as if it came or went. */
static void compare_same(struct arena *a, const struct schema_node *schema, const struct item *l,
			 const struct item *r, const struct items *left, const struct items *right,
			 struct triple *out)
{
	bool many_left = l && l->same > 1, many_right = r && r->same > 1;
	if (many_left && many_right) {
		/* Both stand in a row in `sorted`. */
		const struct item **p = left->sorted + l->rank, **q = right->sorted + r->rank;
		bool equal = l->same == r->same;
		for (uint32_t i = 0; equal && i < l->same; i++)
			equal = same(p[i]->value, q[i]->value);
		out->modified.member = !equal;
	} else if (many_left) {
		if (r)
			compare(a, schema, NULL, r->value, out);
		out->removed.member = true;
	} else {
		if (l)
			compare(a, schema, l->value, NULL, out);
		out->added.member = true;
	}
}

static void compare_item(struct arena *a, const struct schema_node *schema, const struct item *l,
			 const struct item *r, const struct items *left, const struct items *right,
			 struct triple *out)
{
	struct triple t = { 0 };
	if ((l && l->same > 1) || (r && r->same > 1))
		compare_same(a, schema->items, l, r, left, right, &t);
	else
		compare(a, schema->items, l ? l->value : NULL, r ? r->value : NULL, &t);
	put_all(a, out, l ? &l->element : &r->element, &t);
}

static void compare_items(struct arena *a, const struct schema_node *schema, const struct json *l,
			  const struct json *r, struct triple *out)
{
	struct items left, right;
	uint32_t bad, i = 0, j = 0;
	if (items_of(a, schema, l, &left, &bad) || items_of(a, schema, r, &right, &bad)) {
		leaf(l, r, out);
		return;
	}
	while (i < left.n || j < right.n) {
		const struct item *p = i < left.n ? left.sorted[i] : NULL;
		const struct item *q = j < right.n ? right.sorted[j] : NULL;
		int d = !p ? 1 : !q ? -1 : path_element_compare(&p->element, &q->element);
		compare_item(a, schema, d <= 0 ? p : NULL, d >= 0 ? q : NULL, &left, &right, out);
		i += d <= 0 ? p->same : 0;
		j += d >= 0 ? q->same : 0;
	}
}

static void compare_members(struct arena *a, const struct schema_node *schema, const struct json *l,
			    const struct json *r, struct triple *out)
{
	uint32_t i = 0, j = 0, n = json_is(l, JSON_OBJECT) ? l->n : 0,
		 m = json_is(r, JSON_OBJECT) ? r->n : 0;
	while (i < n || j < m) {
		int d = i == n ? 1 : j == m ? -1 : strcmp(l->members[i].key, r->members[j].key);
		const char *key = d <= 0 ? l->members[i].key : r->members[j].key;
		struct path_element element = { .type = PATH_FIELD, .name = key };
		struct triple t = { 0 };
		compare(a, schema_member(schema, key), d <= 0 ? &l->members[i].value : NULL,
			d >= 0 ? &r->members[j].value : NULL, &t);
		put_all(a, out, &element, &t);
		i += d <= 0;
		j += d >= 0;
	}
}

static bool nothing_in(const struct json *v, enum json_type type)
{
	return !json_is(v, type) || !v->n;
}

/* true: the value was compared as one. */
static bool compare_as(struct arena *a, const struct schema_node *schema, const struct json *l,
		       const struct json *r, enum schema_accepts part, struct triple *out)
{
	enum json_type type = part == SCHEMA_LIST ? JSON_ARRAY : JSON_OBJECT;
	bool atomic = part == SCHEMA_SCALAR ||
		      (part == SCHEMA_LIST && schema_list_kind(schema) == LIST_ATOMIC) ||
		      (part == SCHEMA_MAP && schema_map_atomic(schema));
	if (atomic || (nothing_in(l, type) && nothing_in(r, type))) {
		leaf(l, r, out);
		return true;
	}
	(part == SCHEMA_LIST ? compare_items : compare_members)(a, schema, l, r, out);
	return false;
}

static void compare(struct arena *a, const struct schema_node *schema, const struct json *l,
		    const struct json *r, struct triple *out)
{
	enum schema_accepts part = schema_part(schema, r ? r : l);
	if (l && r && schema_part(schema, l) != part)
		compare_as(a, schema, l, r, schema_part(schema, l), out);
	if (compare_as(a, schema, l, r, part, out))
		return;
	if (!l)
		out->added.member = true;
	else if (!r)
		out->removed.member = true;
}

void tree_compare(struct arena *a, const struct schema_node *schema, const struct json *left,
		  const struct json *right, struct comparison *out)
{
	struct triple t = { 0 };
	compare(a, schema, left, right, &t);
	out->added = t.added.children;
	out->modified = t.modified.children;
	out->removed = t.removed.children;
}

/* ---- the server's types */

struct json tree_empty(struct arena *a, const struct schema_node *schema)
{
	struct json out = json_of_object();
	for (unsigned i = 0; schema && i < schema->n_fields; i++) {
		const struct schema_field *f = &schema->fields[i];
		if (f->fallback && strcmp(f->fallback, "{}") == 0)
			json_set(a, &out, f->name, tree_empty(a, f->node));
		else if (f->required && !f->fallback)
			json_set(a, &out, f->name, json_of_null());
	}
	return out;
}

/* A map in the server's types, not a struct: no named fields. */
static bool is_plain_map(const struct schema_node *schema)
{
	return schema && schema->accepts == SCHEMA_MAP && !schema->n_fields && schema->values;
}

static bool vanishes(const struct schema_field *field, const struct json *v)
{
	if (v->type == JSON_NULL)
		return true;
	if (v->type < JSON_ARRAY || v->n || !field || field->required)
		return false;
	return v->type == JSON_ARRAY || is_plain_map(field->node);
}

struct json tree_tidy(struct arena *a, const struct schema_node *schema, const struct json *v,
		      bool stored)
{
	if (!schema || v->type < JSON_ARRAY)
		return *v;
	if (v->type == JSON_ARRAY) {
		struct json list = json_of_array();
		for (uint32_t i = 0; i < v->n; i++)
			json_append(a, &list,
				    tree_tidy(a, schema_items(schema), &v->items[i], stored));
		return list;
	}
	struct json out = json_of_object();
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		const struct schema_field *field = schema_field(schema, m->key);
		if (vanishes(field, &m->value))
			continue;
		bool null = stored && field && m->value.type == JSON_ARRAY && !m->value.n;
		json_set(a, &out, m->key,
			 null ? json_of_null()
			      : tree_tidy(a, schema_member(schema, m->key), &m->value, stored));
	}
	return out;
}
