/* Shapes of documents: which keys an object may have, of which types.
 *
 *   static const struct shape_key keys[] = { { "name", SHAPE_TEXT, true }, { 0 } };
 *   shape_check(v, &(struct shape){ "a waiver", keys }, file, err)
 *
 * What is unknown, missing or of another type is an error at its place, with the nearest key that
 * is known.  The caller then reads the values with json_get(), without checking types again. */
#ifndef BASE_SHAPE_H
#define BASE_SHAPE_H

#include "base/json.h"

enum shape_type {
	SHAPE_ANY,
	SHAPE_TEXT, /* a string that is not empty */
	SHAPE_BOOL,
	SHAPE_COUNT, /* an integer from 0 to INT64_MAX */
	SHAPE_LIST,
	SHAPE_OBJECT,
};

struct shape_key {
	const char *name;
	enum shape_type type;
	bool required;
};

struct shape {
	const char *what;             /* "a waiver" */
	const struct shape_key *keys; /* ends with a NULL name */
};

enum { SHAPE_MAX_KEYS = 32 };

/* ERR_INPUT. */
int shape_check(const struct json *v, const struct shape *shape, const char *file, struct err *err);

/* The same of each item of a list; an absent list (NULL) is an empty one. */
int shape_check_items(const struct json *list, const struct shape *shape, const char *file,
		      struct err *err);

#endif
