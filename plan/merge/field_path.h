/* Which field of an object: a path of elements, and its text in plans and messages.
 *
 *     /spec/template/spec/containers[name="main"]/image
 *
 *   /key          a member of a map or struct; "~" is written ~0, "/" ~1, "[" ~2
 *   [k=1,l="x"]   the item of a list whose keys have these values; keys sorted, values as
 *                 canonical JSON (a key that is no plain word is quoted like a value)
 *   [="x"] [=5]   the item of a set
 *   [3]           an item by its position; only where a stored field set has one (lists without
 *                 keys are one value: nothing points into them)
 *
 * The whole object is "".  Texts are equal exactly where paths are. */
#ifndef PLAN_MERGE_FIELD_PATH_H
#define PLAN_MERGE_FIELD_PATH_H

#include "base/buf.h"
#include "base/json.h"

enum {
	FIELD_PATH_MAX = 256, /* elements of a path: no deeper than JSON_MAX_DEPTH */
};

enum path_element_type { PATH_FIELD, PATH_KEY, PATH_VALUE, PATH_INDEX };

struct path_element {
	enum path_element_type type;
	const char *name;  /* PATH_FIELD */
	struct json value; /* PATH_KEY: an object of scalars; PATH_VALUE: a scalar */
	uint32_t index;    /* PATH_INDEX */
};

struct field_path {
	struct path_element *elements;
	size_t n;
};

/* Total orders, those of the API server: fields, keys, values, indices; numbers by value,
 * whether written as integer or not. */
int path_element_compare(const struct path_element *a, const struct path_element *b);
int field_path_compare(const struct field_path *a, const struct field_path *b);

/* The text, in the arena; or appended to b. */
const char *field_path_text(struct arena *a, const struct field_path *path);
void path_element_write(struct buf *b, const struct path_element *element);

/* A path from its text; it shares nothing with the text.  ERR_INPUT, ERR_LIMIT. */
int field_path_parse(struct arena *a, const char *text, struct field_path *out, struct err *err);

/* The value at a path, NULL where there is none. */
const struct json *field_path_get(const struct json *object, const struct field_path *path);
const struct json *field_path_find(const struct json *object, const char *text);

/* The item of a list that an element points at, NULL where there is none.  A key that an item
 * leaves to its default counts as equal where no item states it. */
const struct json *path_element_find(const struct json *list, const struct path_element *element);

/* The text for a field as the API server writes it in the causes of a Status
 * (`.spec.template.spec.containers[name="main"].image`).  Dots in keys make such a field
 * ambiguous: `object`, the configuration that was applied, decides where it can. */
const char *field_path_from_api(struct arena *a, const char *field, const struct json *object);

/* The same the other way round. */
const char *field_path_to_api(struct arena *a, const struct field_path *path);

#endif
