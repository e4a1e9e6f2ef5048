/* Files of CEL cases: tagged values ({"int":"1"}) to values and back, rows, and what counts.
 *
 * The format is that of the case files beside the project; docs in policy/cel say what it tests. */
#ifndef TESTS_LIB_CEL_CASE_H
#define TESTS_LIB_CEL_CASE_H

#include "base/json.h"
#include "policy/cel/cel.h"

struct cel_case_counts {
	unsigned passed, failed, skipped;
};

/* Reads a file of lines; calls row() for each.  -1 where it cannot be read or parsed. */
int cel_case_file(const char *path, void (*row)(void *ctx, struct arena *a, const struct json *row),
		  void *ctx, struct err *err);

/* The text of a string, with the NULs that JSON cannot carry. */
struct cel_value cel_case_text(struct arena *a, const struct json *string);

/* A tagged value; false where it is none. */
bool cel_case_value(struct arena *a, const struct json *tagged, struct cel_value *out);

/* Whether a value is the tagged one, in type too. */
bool cel_case_equal(struct cel_value v, const struct json *tagged);

/* A value for people: its kind and its text. */
void cel_case_show(struct cel_value v, struct buf *out);

#endif
