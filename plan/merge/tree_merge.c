/* Merging one object into another; see tree.h. */
#include "plan/merge/tree.h"

#include <string.h>

#include "plan/merge/items.h"

/* false: nothing is left. */
static bool merge(struct arena *a, const struct schema_node *schema, const struct json *l,
		  const struct json *r, struct json *out);

static bool merge_members(struct arena *a, const struct schema_node *schema, const struct json *l,
			  const struct json *r, struct json *out)
{
	*out = json_of_object();
	uint32_t i = 0, j = 0, n = json_is(l, JSON_OBJECT) ? l->n : 0,
		 m = json_is(r, JSON_OBJECT) ? r->n : 0;
	while (i < n || j < m) {
		int d = i == n ? 1 : j == m ? -1 : strcmp(l->members[i].key, r->members[j].key);
		const char *key = d <= 0 ? l->members[i].key : r->members[j].key;
		struct json value;
		if (merge(a, schema_member(schema, key), d <= 0 ? &l->members[i].value : NULL,
			  d >= 0 ? &r->members[j].value : NULL, &value))
			json_set(a, out, key, value);
		i += d <= 0;
		j += d >= 0;
	}
	return out->n > 0;
}

/* ---- items: both lists are walked at once */

struct zipper {
	struct arena *a;
	const struct schema_node *items; /* of an item */
	struct items left, right;
	uint32_t l, r;   /* next of each */
	uint32_t shared; /* first of right from `r` on that left has too; right.n: none */
	bool *taken;     /* of right, by index */
	struct json *out;
};

static void emit(struct zipper *z, const struct json *l, const struct json *r)
{
	struct json value;
	if ((l || r) && merge(z->a, z->items, l, r, &value))
		json_append(z->a, z->out, value);
}

static void next_shared(struct zipper *z, uint32_t from)
{
	z->shared = from;
	while (z->shared < z->right.n && !items_find(&z->left, &z->right.list[z->shared].element))
		z->shared++;
}

/* What left has of an element to merge with; items that stand twice are not merged. */
static const struct json *left_value(const struct zipper *z, const struct path_element *element)
{
	const struct item *item = items_find(&z->left, element);
	return item && item->same == 1 ? item->value : NULL;
}

static void take_right(struct zipper *z)
{
	const struct item *item = &z->right.list[z->r];
	z->taken[z->r] = true;
	emit(z, left_value(z, &item->element), item->value);
	if (z->shared == z->r)
		next_shared(z, z->r + 1);
	z->r++;
}

static void step(struct zipper *z)
{
	const struct item *l = z->l < z->left.n ? &z->left.list[z->l] : NULL;
	const struct item *match = l ? items_find(&z->right, &l->element) : NULL;
	if (l && z->r < z->right.n) {
		if (match && match->index == z->r) {
			take_right(z);
			z->l++;
			return;
		}
		bool other_wanted = z->shared < z->right.n && match && match->index != z->shared;
		if (other_wanted) {
			z->l++;
			return;
		}
	}
	if (l && !match) {
		emit(z, l->value, NULL);
		z->l++;
		return;
	}
	if (l && z->taken[match->index])
		z->l++;
	if (z->r < z->right.n)
		take_right(z);
}

static bool merge_items(struct arena *a, const struct schema_node *schema, const struct json *l,
			const struct json *r, struct json *out)
{
	*out = json_of_array();
	struct zipper z = { .a = a, .items = schema->items, .out = out };
	uint32_t bad;
	if (items_of(a, schema, l, &z.left, &bad) || items_of(a, schema, r, &z.right, &bad)) {
		*out = r ? *r : *l;
		return true;
	}
	z.taken = arena_calloc(a, z.right.n + 1, sizeof(*z.taken));
	next_shared(&z, 0);
	while (z.l < z.left.n || z.r < z.right.n)
		step(&z);
	return out->n > 0;
}

/* ---- values */

static bool nothing_in(const struct json *v, enum json_type type)
{
	return !json_is(v, type) || !v->n;
}

static bool merge(struct arena *a, const struct schema_node *schema, const struct json *l,
		  const struct json *r, struct json *out)
{
	enum schema_accepts part = schema_part(schema, r ? r : l);
	enum json_type type = part == SCHEMA_LIST ? JSON_ARRAY : JSON_OBJECT;
	bool atomic = part == SCHEMA_SCALAR ||
		      (part == SCHEMA_LIST && schema_list_kind(schema) == LIST_ATOMIC) ||
		      (part == SCHEMA_MAP && schema_map_atomic(schema));
	if (atomic || (nothing_in(l, type) && nothing_in(r, type))) {
		*out = r ? *r : *l;
		return true;
	}
	return (part == SCHEMA_LIST ? merge_items : merge_members)(a, schema, l, r, out);
}

struct json tree_merge(struct arena *a, const struct schema_node *schema, const struct json *left,
		       const struct json *right)
{
	struct json out;
	return merge(a, schema, left, right, &out) ? out : json_of_object();
}
