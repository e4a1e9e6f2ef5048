/* JSON values as trees in an arena.
 *
 * Every document that rhumb handles (manifests, API answers, plans) is a tree of struct json:
 *
 *   json_parse()  (json_parse.h)   text to tree, strict, nothing altered
 *   yaml_parse()  (yaml.h)         YAML to the same tree, as kubectl reads it
 *   json_write()  (json_write.h)   tree to canonical or indented text
 *
 * Rules that hold for every tree:
 *   - members of an object are sorted by the bytes of their keys, and keys are unique;
 *   - strings are valid UTF-8 without NUL;
 *   - numbers keep their text: JSON_INT has canonical decimal text of any length ("-12"),
 *     JSON_FLOAT the text it was written with.  An integer never equals a float (1 and 1.0 are
 *     different things to a Kubernetes schema);
 *   - line and col are where the value starts in the source, 0 where it has none.
 *
 * A tree lives as long as its arena.  A struct json may be copied by value: the copy shares its
 * children with the original.  So treat what you were given as const, and edit only what you
 * have built or json_copy()ed.  A pointer into an object or array that is being edited is valid
 * until the next json_set() or json_append() on that same object or array. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,
	JSON_FLOAT,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json {
	uint8_t type; /* enum json_type */
	bool truth;   /* of a JSON_BOOL */
	bool roomy;   /* children have room up to the next power of two: see json.c */
	uint32_t n;   /* bytes of text, items, or members */
	uint32_t line, col;
	union {
		const char *text; /* JSON_INT, JSON_FLOAT, JSON_STRING; NUL-terminated */
		struct json *items;
		struct json_member *members;
	};
};

struct json_member {
	const char *key;
	struct json value;
	uint32_t line, col; /* where the key starts; 0: no source */
};

/* ---- reading; every function takes NULL for an absent value and gives NULL or false for it */

static inline bool json_is(const struct json *v, enum json_type type)
{
	return v && v->type == type;
}

/* A member, or NULL where v is not an object or has no such key. */
const struct json *json_get(const struct json *v, const char *key);
const struct json_member *json_member(const struct json *v, const char *key);

/* json_at(v, "metadata", "name", NULL): a member of a member. */
const struct json *json_at(const struct json *v, ...) __attribute__((sentinel));

/* The text of a string, NULL for anything else. */
const char *json_str(const struct json *v);
const char *json_get_str(const struct json *v, const char *key);

/* true where v is a JSON_INT that fits. */
bool json_int64(const struct json *v, int64_t *out);

/* true only where v is the boolean true. */
bool json_true(const struct json *v);

/* Numbers are equal when they are the same integer or the same double; positions are ignored. */
bool json_equal(const struct json *a, const struct json *b);

/* A total order over values: by type, then content.  0 exactly where json_equal(). */
int json_compare(const struct json *a, const struct json *b);

const char *json_type_name(enum json_type type); /* "object", "string", ... */

/* The start of a value as a position in `file`. */
static inline struct srcpos json_pos(const struct json *v, const char *file)
{
	return (struct srcpos){ file, v ? v->line : 0, v ? v->col : 0 };
}

/* ---- building; text is copied into the arena */

struct json json_of_null(void);
struct json json_of_bool(bool truth);
struct json json_of_int(struct arena *a, int64_t n);
struct json json_of_string(struct arena *a, const char *s);
struct json json_of_fmt(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct json json_of_array(void);
struct json json_of_object(void);

/* Adds or replaces a member.  Returns the stored value, for filling a nested object. */
struct json *json_set(struct arena *a, struct json *object, const char *key, struct json value);
struct json *json_set_str(struct arena *a, struct json *object, const char *key, const char *s);
struct json *json_set_int(struct arena *a, struct json *object, const char *key, int64_t n);
struct json *json_append(struct arena *a, struct json *array, struct json value);

/* The member for editing; an empty object is put there where it is absent or no object. */
struct json *json_edit(struct arena *a, struct json *object, const char *key);

/* Removes a member or an item; false where there was none. */
bool json_remove(struct json *object, const char *key);
void json_remove_item(struct json *array, uint32_t index);

/* A deep copy that shares nothing with v, keeping positions. */
struct json json_copy(struct arena *a, const struct json *v);

/* For parsers that filled members in source order: sorts them and reports a key that stands
 * twice through *duplicate (the second one in source order).  false where there is one. */
bool json_sort_members(struct json *object, const struct json_member **duplicate);

#endif
