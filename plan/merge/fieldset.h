/* Sets of fields: who owns what, as the API server keeps it in metadata.managedFields
 * (FieldsV1), and as an applied configuration has it.
 *
 * A set is a tree of path elements.  An element may be a `member` (the field itself is in the
 * set), have `children` (fields below it are), or both: a member of a granular map or list that
 * has children says nothing about their siblings.  A member without children is a leaf: a
 * scalar, an atomic value, or an empty map.
 *
 * struct field_set s = { 0 } is the empty set.  Everything lives in the arena given; results
 * share nodes with what they were made from, so only a set built by field_set_insert() alone may
 * be inserted into. */
#ifndef PLAN_MERGE_FIELDSET_H
#define PLAN_MERGE_FIELDSET_H

#include "plan/merge/field_path.h"

struct schema_node;

struct field_set {
	struct field_node *nodes; /* sorted by path_element_compare(), no two equal */
	uint32_t n, cap;
};

struct field_node {
	struct path_element element;
	bool member;
	struct field_set children;
};

/* From FieldsV1 (NULL: the empty set); elements of a type that is not known are skipped, as the
 * API server does.  ERR_INPUT. */
int field_set_parse(struct arena *a, const struct json *fields, struct field_set *out,
		    struct err *err);

/* FieldsV1. */
struct json field_set_json(struct arena *a, const struct field_set *s);

void field_set_insert(struct arena *a, struct field_set *s, const struct field_path *path);

struct field_set field_set_union(struct arena *a, const struct field_set *x,
				 const struct field_set *y);
struct field_set field_set_intersection(struct arena *a, const struct field_set *x,
					const struct field_set *y);
/* Members of x that are not members of y. */
struct field_set field_set_difference(struct arena *a, const struct field_set *x,
				      const struct field_set *y);
/* Likewise, and nothing that is below a member of y. */
struct field_set field_set_subtract(struct arena *a, const struct field_set *x,
				    const struct field_set *y);
/* Members that have no children. */
struct field_set field_set_leaves(struct arena *a, const struct field_set *s);

bool field_set_empty(const struct field_set *s);
bool field_set_equal(const struct field_set *x, const struct field_set *y);
size_t field_set_size(const struct field_set *s); /* members */

/* Whether the path is a member. */
bool field_set_has(const struct field_set *s, const struct field_path *path);

/* Whether writing the field concerns an owner of s: the path, something below it, or an atomic
 * value that it is in, is a member. */
bool field_set_touches(const struct field_set *s, const struct field_path *path);

/* The node of an element, NULL where there is none. */
const struct field_node *field_set_node(const struct field_set *s,
					const struct path_element *element);

/* The node of an element for filling it; put there where it is absent. */
struct field_node *field_set_edit(struct arena *a, struct field_set *s,
				  const struct path_element *element);

/* Calls `each` with every member, parents before what is below them, in order.  -1 stops. */
typedef int field_path_fn(void *ctx, const struct field_path *path, struct err *err);
int field_set_walk(const struct field_set *s, field_path_fn *each, void *ctx, struct err *err);

/* The set of an object under a schema (NULL: deduced), as the API server computes it of an
 * applied configuration; apiVersion, kind and metadata's own fields included (see
 * field_set_strip()).  What the schema does not allow (an item without its keys) is left out:
 * apply.h reports it. */
struct field_set field_set_of(struct arena *a, const struct schema_node *schema,
			      const struct json *object);

/* Without what is never owned: apiVersion, kind, metadata.name, .namespace, .uid, ... */
struct field_set field_set_strip(struct arena *a, const struct field_set *s);

/* The set with the named fields of structs above members made members too.  What it is for is
 * in remove.c. */
struct field_set field_set_with_parents(struct arena *a, const struct schema_node *schema,
					const struct field_set *s);

/* The object without the members of s, and with nothing but them. */
struct json field_set_remove(struct arena *a, const struct schema_node *schema,
			     const struct json *object, const struct field_set *s);
struct json field_set_extract(struct arena *a, const struct schema_node *schema,
			      const struct json *object, const struct field_set *s);

#endif
