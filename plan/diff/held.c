/* See held.h. */
#include "plan/diff/held.h"

#include <string.h>

/* Labels and annotations are notes about an object, and a status is what became of it. */
static struct field_set content(struct arena *a, const struct field_set *s)
{
	struct field_set out = { 0 };
	out.nodes = arena_calloc(a, s->n, sizeof(*out.nodes));
	for (uint32_t i = 0; i < s->n; i++) {
		const struct path_element *e = &s->nodes[i].element;
		if (e->type == PATH_FIELD &&
		    (strcmp(e->name, "metadata") == 0 || strcmp(e->name, "status") == 0))
			continue;
		out.nodes[out.n++] = s->nodes[i];
	}
	out.cap = s->n;
	return out;
}

static struct field_set of_people(struct arena *a, const struct owners *owners)
{
	struct field_set all = { 0 };
	for (size_t i = 0; i < owners->n; i++) {
		if (!owners->items[i].takeable)
			continue;
		struct field_set some = content(a, &owners->items[i].fields);
		all = field_set_union(a, &all, &some);
	}
	return all;
}

static struct field_set declared(struct arena *a, const struct owners *owners,
				 const struct schema_node *schema, const struct json *base)
{
	struct field_set set = field_set_of(a, schema, base);
	set = field_set_strip(a, &set);
	set = field_set_leaves(a, &set); /* a map is not held for what is in it */
	for (size_t i = 0; i < owners->n; i++)
		if (!owners->items[i].takeable)
			set = field_set_difference(a, &set, &owners->items[i].fields);
	return set;
}

struct field_set held_fields(struct arena *a, const struct schema_node *schema,
			     const struct json *base, const struct json *live)
{
	struct owners owners;
	owners_of(a, live, &owners);
	struct field_set all = of_people(a, &owners), ours = { 0 };
	for (size_t i = 0; i < owners.n; i++)
		if (owners.items[i].ours)
			ours = owners.items[i].fields;
	if (field_set_empty(&ours) && base)
		ours = declared(a, &owners, schema, base);
	return field_set_union(a, &all, &ours);
}

struct field_set held_since(struct arena *a, const struct json *held, const struct json *live)
{
	AUTO(err_done) struct err ignored = { 0 };
	struct owners owners;
	struct field_set known = { 0 };
	owners_of(a, live, &owners);
	if (field_set_parse(a, held, &known, &ignored) < 0)
		known = (struct field_set){ 0 };
	struct field_set now = of_people(a, &owners);
	now = field_set_leaves(a, &now);
	return field_set_difference(a, &now, &known);
}
