/* Values of CEL: 16 bytes, passed by value.
 *
 * What a value points to (text, items) lives in the arena of the run, in the program (literals),
 * or in the documents that were bound; nothing is owned, nothing is freed one by one.  JSON
 * documents are not copied: lists and maps over base/json.h convert an element when it is read.
 *
 * Errors and unknowns are values (CEL_ERROR, CEL_UNKNOWN).  The evaluator never hands one to a
 * function of a library, and puts none into a list, map or optional. */
#ifndef POLICY_CEL_VALUE_H
#define POLICY_CEL_VALUE_H

#include <string.h>

#include "base/json.h"
#include "policy/cel/type.h"

/* How a list or a map is stored; read them with the functions below and it does not matter. */
enum cel_store {
	CEL_STORE_ITEMS,  /* an array of values; a struct cel_entries */
	CEL_STORE_JSON,   /* an array or object of JSON */
	CEL_STORE_RECORD, /* a map whose fields are computed when asked for: struct cel_record */
};

struct cel_value {
	uint8_t kind;   /* enum cel_kind, up to CEL_UNKNOWN */
	uint8_t store;  /* enum cel_store, of lists and maps */
	int16_t offset; /* minutes east of UTC, of a timestamp: only its text shows them */
	uint32_t n; /* bytes of text, items, entries; nanoseconds (0..999999999) of a timestamp */
	union {
		bool truth;
		int64_t i; /* an int; seconds since 1970 of a timestamp; nanoseconds of a duration
			    */
		uint64_t u;
		double d;
		const char *text; /* string (valid UTF-8) and bytes: n bytes, NUL allowed, no NUL
				     behind */
		const struct cel_value *items; /* list; optional: the value, or NULL for none */
		const struct cel_entries *entries;
		const struct json *json;
		const struct cel_record *record;
		const struct cel_type *type;
		const struct cel_opaque *opaque;
		const struct cel_error *error;
		const char *reason; /* of an unknown: what is not known */
	};
};
_Static_assert(sizeof(struct cel_value) == 16, "a value is passed in two registers");

struct cel_entry {
	struct cel_value key, value;
};

/* A map in source order. `slots` is a hash table of positions + 1, NULL for a small map. */
struct cel_entries {
	struct cel_entry *entry;
	uint32_t n, n_slots;
	uint32_t *slots;
};

struct cel_call;

/* A map of which only single fields can be read (`variables`, `request`).  get: false where there
 * is no such field; *out may be an error or unknown.  With out NULL only the answer counts, and
 * nothing is computed. */
struct cel_record {
	bool (*get)(const struct cel_record *r, struct cel_call *c, const char *name, uint32_t n,
		    struct cel_value *out);
};

/* A value of a library's own type: the library puts this at the start of its own struct. */
struct cel_opaque {
	const struct cel_opaque_ops *ops;
};

struct cel_opaque_ops {
	const struct cel_type *type; /* its name is what type(x) shows */
	bool (*equal)(const struct cel_opaque *a, const struct cel_opaque *b); /* same ops */
	void (*text)(const struct cel_opaque *v, struct buf *out); /* canonical, for people */
};

/* The message is `message`, the text of `about` where that is not null, and `after` where there is
 * one: "no such key: " and the key. */
struct cel_error {
	const char *message, *after;
	struct cel_value about;
	uint32_t at; /* where it arose: 1 + byte offset in the source; 0: not known yet */
};

/* ---- making values; nothing is copied */

static inline struct cel_value cel_null(void)
{
	return (struct cel_value){ .kind = CEL_NULL };
}

static inline struct cel_value cel_bool(bool truth)
{
	return (struct cel_value){ .kind = CEL_BOOL, .u = truth };
}

static inline struct cel_value cel_int(int64_t i)
{
	return (struct cel_value){ .kind = CEL_INT, .i = i };
}

static inline struct cel_value cel_uint(uint64_t u)
{
	return (struct cel_value){ .kind = CEL_UINT, .u = u };
}

static inline struct cel_value cel_double(double d)
{
	return (struct cel_value){ .kind = CEL_DOUBLE, .d = d };
}

static inline struct cel_value cel_string(const char *text, size_t n)
{
	return (struct cel_value){ .kind = CEL_STRING, .n = (uint32_t)n, .text = text };
}

static inline struct cel_value cel_text(const char *text)
{
	return cel_string(text, strlen(text));
}

static inline struct cel_value cel_bytes(const char *text, size_t n)
{
	return (struct cel_value){ .kind = CEL_BYTES, .n = (uint32_t)n, .text = text };
}

static inline struct cel_value cel_list(const struct cel_value *items, size_t n)
{
	return (struct cel_value){ .kind = CEL_LIST, .n = (uint32_t)n, .items = items };
}

static inline struct cel_value cel_map(const struct cel_entries *entries)
{
	return (struct cel_value){ .kind = CEL_MAP, .n = entries->n, .entries = entries };
}

static inline struct cel_value cel_record(const struct cel_record *record)
{
	return (struct cel_value){ .kind = CEL_MAP, .store = CEL_STORE_RECORD, .record = record };
}

static inline struct cel_value cel_type_value(const struct cel_type *type)
{
	return (struct cel_value){ .kind = CEL_TYPE, .type = type };
}

static inline struct cel_value cel_duration(int64_t nanoseconds)
{
	return (struct cel_value){ .kind = CEL_DURATION, .i = nanoseconds };
}

static inline struct cel_value cel_timestamp(int64_t seconds, uint32_t nanoseconds)
{
	return (struct cel_value){ .kind = CEL_TIMESTAMP, .n = nanoseconds, .i = seconds };
}

static inline struct cel_value cel_opaque(const struct cel_opaque *v)
{
	return (struct cel_value){ .kind = CEL_OPAQUE, .opaque = v };
}

static inline struct cel_value cel_none(void)
{
	return (struct cel_value){ .kind = CEL_OPTIONAL };
}

static inline struct cel_value cel_unknown(const char *reason)
{
	return (struct cel_value){ .kind = CEL_UNKNOWN, .reason = reason };
}

/* A document as a value; NULL is null.  A number that is no int64 is a double. */
struct cel_value cel_of_json(const struct json *v);

/* ---- reading */

/* An error or unknown: to be given back at once. */
static inline bool cel_is_bad(struct cel_value v)
{
	return v.kind == CEL_ERROR || v.kind == CEL_UNKNOWN;
}

static inline bool cel_is_true(struct cel_value v)
{
	return v.kind == CEL_BOOL && v.truth;
}

/* Element i < list.n of a list. */
struct cel_value cel_item(struct cel_value list, uint32_t i);

/* Entry i < map.n of a map (not of a record: those have n 0). */
struct cel_entry cel_entry(struct cel_value map, uint32_t i);

/* The value under a key; numbers that are equal are the same key.  false where there is none. */
bool cel_find(struct cel_value map, struct cel_value key, struct cel_value *out);

/* Fills an entries table from `e->entry[0..e->n)`; a later key replaces an equal earlier one.
 * slots: room for cel_entries_slots(n) numbers, NULL where that is 0. */
uint32_t cel_entries_slots(uint32_t n);
void cel_entries_index(struct cel_entries *e, uint32_t *slots);

/* Work that costs do not show: comparing, hashing and counting what is long or deep takes from
 * this, about a nanosecond each.  cel_eval() fills it up, and what is left at 0 ends the
 * evaluation. */
extern _Thread_local int64_t cel_work_left;

static inline void cel_work(uint64_t n)
{
	cel_work_left -= (int64_t)n;
}

/* Code points of a string. */
uint32_t cel_length(struct cel_value string);

/* The run-time type ("int", "list", "net.IP"). */
const struct cel_type *cel_type_of(struct cel_value v);

/* `==`: numbers on one line, lists and maps by element, different kinds are not equal.
 * CEL_UNEQUAL_KINDS: an opaque value on the left of another kind, which Kubernetes answers with an
 * error for == and true for !=.  CEL_TOO_DEEP: more than can be compared. */
enum cel_equality { CEL_UNEQUAL, CEL_EQUAL, CEL_UNEQUAL_KINDS, CEL_TOO_DEEP };
enum cel_equality cel_equality(struct cel_value a, struct cel_value b);

static inline bool cel_equal(struct cel_value a, struct cel_value b)
{
	return cel_equality(a, b) == CEL_EQUAL;
}

/* `<` and its like: -1, 0, 1, or one of these. */
enum { CEL_NO_ORDER = 2 /* no order between these kinds */, CEL_NAN = 3 };
int cel_compare(struct cel_value a, struct cel_value b);

/* The value as text for messages and for people: strings bare at the top, quoted inside.  Long
 * lists and maps are cut off. */
void cel_value_text(struct cel_value v, struct buf *out);

/* A double as Go's shortest %g: "1", "1.5", "1e+06", "NaN", "+Inf". */
void cel_double_text(double d, struct buf *out);

/* A timestamp as RFC 3339 with its own offset, a duration as seconds ("-1.5s"). */
void cel_timestamp_text(struct cel_value v, struct buf *out);
void cel_duration_text(int64_t nanoseconds, struct buf *out);

/* The whole message of an error. */
void cel_error_text(const struct cel_error *e, struct buf *out);

#endif
