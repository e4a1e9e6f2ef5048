/* Types of CEL, as the checker sees them and as values name them at run time.
 *
 * A type is a tree of struct cel_type that is never changed once made: the simple ones are the
 * constants below, the others live in the arena of the environment or program that made them.
 * As text: `int`, `list(string)`, `map(string,dyn)`, `optional_type(T)`, `type(int)`,
 * `kubernetes.Quantity`; in signatures a single capital letter (T, K, V) is a type parameter. */
#ifndef POLICY_CEL_TYPE_H
#define POLICY_CEL_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Kinds of values and types; the ones from CEL_DYN on are of types only. */
enum cel_kind {
	CEL_NULL,
	CEL_BOOL,
	CEL_INT,
	CEL_UINT,
	CEL_DOUBLE,
	CEL_STRING,
	CEL_BYTES,
	CEL_LIST, /* one parameter */
	CEL_MAP,  /* two */
	CEL_TYPE, /* of a value: a type; of a type: type(T), or without parameter any type */
	CEL_TIMESTAMP,
	CEL_DURATION,
	CEL_OPTIONAL, /* one */
	CEL_OPAQUE,   /* a type of a library, by name; may have parameters */
	CEL_ERROR,    /* what every strict function gives back when it is given one */
	CEL_UNKNOWN,  /* the same, for what cannot be known here */
	CEL_DYN,      /* the checker does not know */
	CEL_PARAM,    /* a type parameter */
	CEL_OBJECT,   /* named, with fields that the checker knows; its values are maps or opaque */
};

struct cel_field {
	const char *name;
	const struct cel_type *type;
};

struct cel_type {
	enum cel_kind kind;
	uint8_t n;        /* parameters */
	uint16_t size;    /* types in it, with itself; 0 where it has no parameters */
	const char *name; /* as at run time: "google.protobuf.Timestamp", "net.IP" */
	const struct cel_type *const *params;
	const struct cel_field *fields; /* of a CEL_OBJECT */
	uint32_t n_fields;
	uint32_t variable; /* of a CEL_PARAM that the checker made: which one, from 1; else 0 */
};

extern const struct cel_type cel_null_type, cel_bool_type, cel_int_type, cel_uint_type,
	cel_double_type, cel_string_type, cel_bytes_type, cel_timestamp_type, cel_duration_type,
	cel_dyn_type, cel_error_type, cel_list_type /* list(dyn) */,
	cel_map_type /* map(dyn,dyn) */, cel_type_type /* type */,
	cel_optional_type /* optional_type(dyn) */;

/* The same type: kind, name and parameters. */
bool cel_type_equal(const struct cel_type *a, const struct cel_type *b);

/* The text in the form of the case files, without blanks ("map(string,dyn)", "timestamp"). */
void cel_type_text(const struct cel_type *t, struct buf *out);

/* The text that messages of the checker use ("map(string, dyn)", "null"). */
void cel_type_say(const struct cel_type *t, struct buf *out);

#endif
