/* Sets of fields: the operations.  See fieldset.h; what they are made from is in
 * fieldset_json.c and fieldset_of.c. */
#include "plan/merge/fieldset.h"

#include <string.h>

static struct field_node *append(struct arena *a, struct field_set *s, struct field_node node)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 4;
		struct field_node *moved = arena_alloc(a, s->cap * sizeof(*moved));
		if (s->n)
			memcpy(moved, s->nodes, s->n * sizeof(*moved));
		s->nodes = moved;
	}
	s->nodes[s->n] = node;
	return &s->nodes[s->n++];
}

/* The first node that is not before the element. */
static uint32_t lower_bound(const struct field_set *s, const struct path_element *element)
{
	uint32_t lo = 0, hi = s->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (path_element_compare(&s->nodes[mid].element, element) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct field_node *field_set_node(const struct field_set *s,
					const struct path_element *element)
{
	uint32_t i = lower_bound(s, element);
	return i < s->n && path_element_compare(&s->nodes[i].element, element) == 0 ? &s->nodes[i]
										    : NULL;
}

struct field_node *field_set_edit(struct arena *a, struct field_set *s,
				  const struct path_element *element)
{
	bool last = !s->n || path_element_compare(&s->nodes[s->n - 1].element, element) < 0;
	if (last)
		return append(a, s, (struct field_node){ .element = *element });
	uint32_t i = lower_bound(s, element);
	if (path_element_compare(&s->nodes[i].element, element) == 0)
		return &s->nodes[i];
	append(a, s, (struct field_node){ 0 });
	memmove(&s->nodes[i + 1], &s->nodes[i], (s->n - 1 - i) * sizeof(*s->nodes));
	s->nodes[i] = (struct field_node){ .element = *element };
	return &s->nodes[i];
}

void field_set_insert(struct arena *a, struct field_set *s, const struct field_path *path)
{
	struct field_node *node = NULL;
	for (size_t i = 0; i < path->n; i++) {
		node = field_set_edit(a, s, &path->elements[i]);
		s = &node->children;
	}
	if (node)
		node->member = true;
}

/* ---- two sets */

enum operation { UNION, INTERSECTION, DIFFERENCE, SUBTRACT };

static struct field_set combine(struct arena *a, const struct field_set *x,
				const struct field_set *y, enum operation op);

/* x and y: nodes of the same element; either may be NULL. */
static struct field_node combine_nodes(struct arena *a, const struct field_node *x,
				       const struct field_node *y, enum operation op)
{
	static const struct field_node none;
	if (!x || !y)
		return op == UNION ? *(x ? x : y) : op == INTERSECTION || !x ? none : *x;
	if (op == SUBTRACT && y->member)
		return none;
	struct field_node out = { .element = x->element };
	out.member = op == UNION          ? x->member || y->member
		     : op == INTERSECTION ? x->member && y->member
					  : x->member && !y->member;
	out.children = combine(a, &x->children, &y->children, op);
	return out;
}

static struct field_set combine(struct arena *a, const struct field_set *x,
				const struct field_set *y, enum operation op)
{
	if (!x->n)
		return op == UNION ? *y : *x;
	if (!y->n)
		return op == INTERSECTION ? *y : *x;
	struct field_set out = { 0 };
	uint32_t i = 0, j = 0;
	while (i < x->n || j < y->n) {
		int d = i == x->n ? 1
			: j == y->n
				? -1
				: path_element_compare(&x->nodes[i].element, &y->nodes[j].element);
		struct field_node node = combine_nodes(a, d <= 0 ? &x->nodes[i] : NULL,
						       d >= 0 ? &y->nodes[j] : NULL, op);
		if (node.member || node.children.n)
			append(a, &out, node);
		i += d <= 0;
		j += d >= 0;
	}
	return out;
}

struct field_set field_set_union(struct arena *a, const struct field_set *x,
				 const struct field_set *y)
{
	return combine(a, x, y, UNION);
}

struct field_set field_set_intersection(struct arena *a, const struct field_set *x,
					const struct field_set *y)
{
	return combine(a, x, y, INTERSECTION);
}

struct field_set field_set_difference(struct arena *a, const struct field_set *x,
				      const struct field_set *y)
{
	return combine(a, x, y, DIFFERENCE);
}

struct field_set field_set_subtract(struct arena *a, const struct field_set *x,
				    const struct field_set *y)
{
	return combine(a, x, y, SUBTRACT);
}

/* ---- one set */

struct field_set field_set_leaves(struct arena *a, const struct field_set *s)
{
	struct field_set out = { 0 };
	for (uint32_t i = 0; i < s->n; i++) {
		struct field_node node = s->nodes[i];
		node.children = field_set_leaves(a, &s->nodes[i].children);
		node.member = s->nodes[i].member && !s->nodes[i].children.n;
		if (node.member || node.children.n)
			append(a, &out, node);
	}
	return out;
}

size_t field_set_size(const struct field_set *s)
{
	size_t size = 0;
	for (uint32_t i = 0; i < s->n; i++)
		size += s->nodes[i].member + field_set_size(&s->nodes[i].children);
	return size;
}

bool field_set_empty(const struct field_set *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->nodes[i].member || !field_set_empty(&s->nodes[i].children))
			return false;
	return true;
}

bool field_set_equal(const struct field_set *x, const struct field_set *y)
{
	if (x->n != y->n)
		return false;
	for (uint32_t i = 0; i < x->n; i++) {
		const struct field_node *p = &x->nodes[i], *q = &y->nodes[i];
		if (path_element_compare(&p->element, &q->element) || p->member != q->member ||
		    !field_set_equal(&p->children, &q->children))
			return false;
	}
	return true;
}

bool field_set_has(const struct field_set *s, const struct field_path *path)
{
	const struct field_node *node = NULL;
	for (size_t i = 0; i < path->n; i++) {
		node = field_set_node(s, &path->elements[i]);
		if (!node)
			return false;
		s = &node->children;
	}
	return node && node->member;
}

bool field_set_touches(const struct field_set *s, const struct field_path *path)
{
	const struct field_node *node = NULL;
	for (size_t i = 0; i < path->n; i++) {
		node = field_set_node(s, &path->elements[i]);
		if (!node)
			return false;
		if (node->member && !node->children.n)
			return true;
		s = &node->children;
	}
	return node && (node->member || !field_set_empty(s));
}

/* ---- walking */

static int walk(const struct field_set *s, struct path_element *elements, size_t depth,
		field_path_fn *each, void *ctx, struct err *err)
{
	if (depth == FIELD_PATH_MAX)
		return err_set(err, ERR_LIMIT, "field set deeper than %d", FIELD_PATH_MAX);
	for (uint32_t i = 0; i < s->n; i++) {
		elements[depth] = s->nodes[i].element;
		struct field_path path = { elements, depth + 1 };
		if (s->nodes[i].member && each(ctx, &path, err) < 0)
			return -1;
		if (walk(&s->nodes[i].children, elements, depth + 1, each, ctx, err) < 0)
			return -1;
	}
	return 0;
}

int field_set_walk(const struct field_set *s, field_path_fn *each, void *ctx, struct err *err)
{
	struct path_element elements[FIELD_PATH_MAX];
	return walk(s, elements, 0, each, ctx, err);
}
