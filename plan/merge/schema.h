/* What the API server knows of a kind's fields: names, types, and how lists and maps merge.
 *
 * The built-in kinds come from a generated table (schema_builtin.inc, made by
 * plan/merge/generate/ from the OpenAPI documents of Kubernetes); kinds of CRDs from their
 * openAPIV3Schema.
 *
 *   struct schema_set set = { 0 };       knows the built-in kinds
 *   schema_add_crd(&set, crd);           and now those of a CRD
 *   schema_root(&set, "apps", "v1", "Deployment")
 *
 * A NULL node is a value of which nothing is known ("deduced"): maps merge key by key, lists
 * are one value.  All functions take it. */
#ifndef PLAN_MERGE_SCHEMA_H
#define PLAN_MERGE_SCHEMA_H

#include "plan/merge/field_path.h"

enum schema_accepts { /* a value may be one of several things */
		      SCHEMA_SCALAR = 1,
		      SCHEMA_LIST = 2,
		      SCHEMA_MAP = 4,
};

enum schema_scalar {
	SCALAR_ANY, /* anything; quantities and times too */
	SCALAR_STRING,
	SCALAR_BYTES, /* base64 */
	SCALAR_INTEGER,
	SCALAR_NUMBER,
	SCALAR_BOOLEAN,
	SCALAR_INT_OR_STRING,
	SCALAR_QUANTITY,
	SCALAR_TIME,
};

enum schema_list { LIST_ATOMIC, LIST_SET, LIST_MAP };

struct schema_node;

struct schema_field {
	const char *name;
	const struct schema_node *node;
	const char *fallback; /* JSON text of the default, NULL: none */
	bool required;
};

struct schema_node {
	uint8_t accepts; /* enum schema_accepts */
	uint8_t scalar;  /* enum schema_scalar */
	uint8_t list;    /* enum schema_list */
	bool map_atomic;
	bool open; /* a map with keys besides `fields`, whose values are `values` */
	uint16_t n_fields;
	uint8_t n_keys;
	const struct schema_node *items;   /* of a list; NULL: deduced */
	const struct schema_node *values;  /* of a map; NULL: deduced */
	const struct schema_field *fields; /* sorted by name */
	const char *const *keys;           /* of a LIST_MAP */
};

struct schema_set {
	struct arena arena;
	struct schema_kind *kinds; /* of CRDs */
	size_t n, cap;
};

struct schema_kind {
	const char *group, *version, *kind;
	const struct schema_node *root;
};

/* NULL where the kind is not known. */
const struct schema_node *schema_root(const struct schema_set *set, const char *group,
				      const char *version, const char *kind);
/* By an object's own apiVersion and kind. */
const struct schema_node *schema_of(const struct schema_set *set, const struct json *object);

/* The kinds of a CustomResourceDefinition (apiextensions.k8s.io/v1); again: replaces them. */
void schema_add_crd(struct schema_set *set, const struct json *crd);

void schema_set_done(struct schema_set *set);

/* The field of a struct, NULL where it is not one of its named fields. */
const struct schema_field *schema_field(const struct schema_node *node, const char *name);
/* The schema of a member, named field or not. */
const struct schema_node *schema_member(const struct schema_node *node, const char *name);
const struct schema_node *schema_items(const struct schema_node *node);
/* Below an element of a path. */
const struct schema_node *schema_below(const struct schema_node *node,
				       const struct path_element *element);

enum schema_list schema_list_kind(const struct schema_node *node);
bool schema_map_atomic(const struct schema_node *node);
/* Whether the value merges as one: a scalar, an atomic list or map. */
bool schema_is_leaf(const struct schema_node *node, const struct json *value);

/* The element that points at an item of a list that is a set or has keys (defaults filled in).
 * NULL, or what is wrong with the item: "associative list with keys ..." */
const char *schema_item_element(struct arena *a, const struct schema_node *list,
				const struct json *item, struct path_element *out);

/* Which of scalar, list and map a value is treated as; `accepts` decides for null and for a value
 * of a wrong type. */
enum schema_accepts schema_part(const struct schema_node *node, const struct json *value);

/* What is wrong with an object, as the API server tells it before it applies one: members that
 * the schema does not have, values of a wrong type, items without their keys, items of the same
 * keys.  A NULL schema has nothing to say. */
enum schema_problem_type {
	PROBLEM_UNKNOWN_FIELD,
	PROBLEM_TYPE,
	PROBLEM_ITEM,     /* without keys, or twice */
	PROBLEM_REQUIRED, /* schema_missing() */
};
struct schema_problem {
	enum schema_problem_type type;
	struct field_path path; /* items of atomic lists by index */
	const char *message;    /* the API server's: "field not declared in schema" */
	const char *similar;    /* a field that was perhaps meant, NULL: none */
	const struct json *value;
	uint32_t line, col; /* of the key where there is one, else of the value; 0: no source */
};
struct schema_problems {
	struct schema_problem *items;
	size_t n, cap; /* in the arena; at most SCHEMA_MAX_PROBLEMS */
};
enum { SCHEMA_MAX_PROBLEMS = 100 };
void schema_check(struct arena *a, const struct schema_node *schema, const struct json *object,
		  struct schema_problems *out);

/* Fields that a schema requires and that are absent: what the API server refuses in objects of
 * CRDs.  (For built-in kinds a field may be required formally and still be filled in.) */
void schema_missing(struct arena *a, const struct schema_node *schema, const struct json *object,
		    struct schema_problems *out);

#endif
