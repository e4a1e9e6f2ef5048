/* See compare.h. */
#include "plan/diff/compare.h"

#include <stdio.h>
#include <string.h>

#include "plan/state.h"

struct comparison {
	struct arena *arena;
	struct field_list *out;
	struct buf path;
};

static void emit(struct comparison *c, const struct json *before, const struct json *after)
{
	struct field_list *l = c->out;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 8;
		struct field *items = arena_calloc(c->arena, cap, sizeof(*items));
		if (l->n)
			memcpy(items, l->items, l->n * sizeof(*items));
		l->items = items;
		l->cap = cap;
	}
	l->items[l->n++] = (struct field){
		.path = arena_strndup(c->arena, buf_text(&c->path), c->path.len),
		.before = before,
		.after = after,
	};
}

static void compare(struct comparison *c, const struct schema_node *schema,
		    const struct json *before, const struct json *after, unsigned depth);

static void below(struct comparison *c, const struct schema_node *schema,
		  const struct path_element *element, const struct json *before,
		  const struct json *after, unsigned depth)
{
	size_t len = c->path.len;
	path_element_write(&c->path, element);
	compare(c, schema, before, after, depth + 1);
	c->path.len = len;
	c->path.data[len] = '\0';
}

/* Depth 0 is the object, depth 1 its metadata. */
static bool changes_by_itself(const struct comparison *c, const char *key, unsigned depth)
{
	static const char *const metadata[] = { "managedFields", "resourceVersion",   "generation",
						"uid",           "creationTimestamp", "selfLink" };
	if (depth == 0)
		return strcmp(key, "status") == 0 || strcmp(key, "apiVersion") == 0 ||
		       strcmp(key, "kind") == 0;
	if (depth == 1 && strcmp(buf_text(&c->path), "/metadata") == 0)
		for (size_t i = 0; i < ARRAY_LEN(metadata); i++)
			if (strcmp(key, metadata[i]) == 0)
				return true;
	return depth == 2 && strcmp(key, APPLYSET_LABEL) == 0 &&
	       strcmp(buf_text(&c->path), "/metadata/labels") == 0;
}

static void compare_maps(struct comparison *c, const struct schema_node *schema,
			 const struct json *before, const struct json *after, unsigned depth)
{
	uint32_t b = 0, a = 0, bn = before ? before->n : 0, an = after ? after->n : 0;
	while (b < bn || a < an) {
		int d = b == bn   ? 1
			: a == an ? -1
				  : strcmp(before->members[b].key, after->members[a].key);
		const char *key = d <= 0 ? before->members[b].key : after->members[a].key;
		struct path_element element = { .type = PATH_FIELD, .name = key };
		if (!changes_by_itself(c, key, depth))
			below(c, schema_member(schema, key), &element,
			      d <= 0 ? &before->members[b].value : NULL,
			      d >= 0 ? &after->members[a].value : NULL, depth);
		b += d <= 0;
		a += d >= 0;
	}
}

/* Items of an associative list, each with the element that points at it, in order of elements. */
struct keyed_item {
	struct path_element element;
	const struct json *item;
};

static int by_element(const void *a, const void *b)
{
	const struct keyed_item *x = a, *y = b;
	return path_element_compare(&x->element, &y->element);
}

/* NULL where an item has no keys or two have the same: such a list can only be shown whole. */
static struct keyed_item *keyed_items(struct arena *a, const struct schema_node *schema,
				      const struct json *list)
{
	struct keyed_item *items = arena_calloc(a, (list ? list->n : 0) + 1, sizeof(*items));
	for (uint32_t i = 0; list && i < list->n; i++) {
		items[i].item = &list->items[i];
		if (schema_item_element(a, schema, items[i].item, &items[i].element))
			return NULL;
	}
	if (list && list->n)
		qsort(items, list->n, sizeof(*items), by_element);
	for (uint32_t i = 1; list && i < list->n; i++)
		if (by_element(&items[i - 1], &items[i]) == 0)
			return NULL;
	return items;
}

static void compare_lists(struct comparison *c, const struct schema_node *schema,
			  const struct json *before, const struct json *after, unsigned depth)
{
	struct keyed_item *bs = keyed_items(c->arena, schema, before);
	struct keyed_item *as = keyed_items(c->arena, schema, after);
	if (!bs || !as) {
		emit(c, before, after);
		return;
	}
	size_t found = c->out->n;
	uint32_t b = 0, a = 0, bn = before->n, an = after->n;
	while (b < bn || a < an) {
		int d = b == bn ? 1 : a == an ? -1 : by_element(&bs[b], &as[a]);
		below(c, schema_items(schema), d <= 0 ? &bs[b].element : &as[a].element,
		      d <= 0 ? bs[b].item : NULL, d >= 0 ? as[a].item : NULL, depth);
		b += d <= 0;
		a += d >= 0;
	}
	if (found == c->out->n)
		emit(c, before, after); /* the same items in another order */
}

static bool is_map_or_absent(const struct json *v)
{
	return !v || v->type == JSON_OBJECT;
}

/* An absent map and one without members are the same thing to a reader. */
static bool is_nothing(const struct json *v)
{
	return !v || (v->type == JSON_OBJECT && v->n == 0);
}

static void compare(struct comparison *c, const struct schema_node *schema,
		    const struct json *before, const struct json *after, unsigned depth)
{
	if (before && after && json_equal(before, after))
		return;
	bool item = c->path.len && c->path.data[c->path.len - 1] == ']';
	bool whole_item = item && (!before || !after);
	bool in_metadata = strncmp(buf_text(&c->path), "/metadata", 9) == 0;
	if (in_metadata && is_nothing(before) && is_nothing(after))
		return;
	bool both_empty = is_nothing(before) && is_nothing(after);
	if (!whole_item && !both_empty && is_map_or_absent(before) && is_map_or_absent(after) &&
	    !schema_map_atomic(schema))
		compare_maps(c, schema, before, after, depth);
	else if (json_is(before, JSON_ARRAY) && json_is(after, JSON_ARRAY) &&
		 schema_list_kind(schema) != LIST_ATOMIC)
		compare_lists(c, schema, before, after, depth);
	else
		emit(c, before, after);
}

void compare_objects(struct arena *a, const struct schema_node *schema, const struct json *before,
		     const struct json *after, struct field_list *out)
{
	struct comparison c = { .arena = a, .out = out };
	compare_maps(&c, schema, before, after, 0);
	buf_done(&c.path);
}

static bool holds_secret(const char *path)
{
	return strncmp(path, "/data", 5) == 0 || strncmp(path, "/stringData", 11) == 0 ||
	       strcmp(path, "/metadata/annotations/"
			    "kubectl.kubernetes.io~1last-applied-configuration") == 0;
}

void compare_hide_secrets(struct field_list *fields)
{
	for (size_t i = 0; i < fields->n; i++) {
		struct field *f = &fields->items[i];
		if (!holds_secret(f->path))
			continue;
		f->secret = !f->before ? SECRET_ADDED : !f->after ? SECRET_REMOVED : SECRET_CHANGED;
		f->before = f->after = NULL;
	}
}

/* ---- why */

static enum why why_of(const char *path, const struct json *base, const struct json *head,
		       const struct json *live)
{
	const struct json *h = field_path_find(head, path), *b = field_path_find(base, path);
	if (!h && !b)
		return WHY_SERVER;
	if (!base)
		return WHY_GIT;
	if (h && b && json_equal(h, b))
		return WHY_DRIFT;
	const struct json *l = field_path_find(live, path);
	return b ? (state_holds(b, l) ? WHY_GIT : WHY_BOTH) : l ? WHY_BOTH : WHY_GIT;
}

void compare_attribute(struct field_list *fields, const struct json *base, const struct json *head,
		       const struct json *live)
{
	for (size_t i = 0; i < fields->n; i++) {
		struct field *f = &fields->items[i];
		f->why = why_of(f->path, base, head, live);
		f->line = compare_line(head, f->path);
	}
}

void compare_defaults(struct field_list *fields, const struct json *base)
{
	for (size_t i = 0; i < fields->n; i++) {
		struct field *f = &fields->items[i];
		if (f->why == WHY_BOTH && !f->owner && !field_path_find(base, f->path))
			f->why = WHY_GIT;
	}
}

unsigned compare_line(const struct json *declared, const char *path)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	struct field_path parsed;
	if (!declared || field_path_parse(&a, path, &parsed, &ignored) < 0)
		return 0;
	const struct json *v = declared;
	unsigned line = declared->line;
	for (size_t i = 0; i < parsed.n && v; i++) {
		const struct path_element *e = &parsed.elements[i];
		if (e->type == PATH_FIELD) {
			const struct json_member *m = json_member(v, e->name);
			if (m && m->line)
				line = m->line;
			v = m ? &m->value : NULL;
		} else {
			v = json_is(v, JSON_ARRAY) ? path_element_find(v, e) : NULL;
			if (v && v->line)
				line = v->line;
		}
	}
	return line;
}
