/* JSON text to a tree, over cJSON, strict (RFC 8259) and without altering anything.
 *
 * cJSON alone would lose integers beyond 2^53, cut strings at \u0000 and keep duplicate keys;
 * json_parse() refuses or repairs all of that (json_parse.c says how). */
#ifndef BASE_JSON_PARSE_H
#define BASE_JSON_PARSE_H

#include "base/json.h"

struct json_limits {
	size_t max_bytes;   /* 0: JSON_MAX_BYTES */
	size_t max_values;  /* 0: JSON_MAX_VALUES */
	unsigned max_depth; /* 0: JSON_MAX_DEPTH */
	bool positions;     /* record line and col of keys and values (API answers need none) */
};

enum {
	JSON_MAX_BYTES = 256 << 20, /* of one document */
	JSON_MAX_VALUES = 8 << 20,  /* in one document; 500 Deployments have under 500,000 */
	JSON_MAX_DEPTH = 256,       /* nested arrays and objects; Kubernetes objects use under 40 */
};

/* Parses exactly one document of n bytes (white space around it is fine).  `name` stands in
 * errors as the file.  ERR_INPUT with line and column for anything but strict JSON, a duplicate
 * key, \u0000, invalid UTF-8, a lone surrogate; ERR_LIMIT past a ceiling. */
int json_parse(struct arena *a, const char *text, size_t n, const char *name,
	       const struct json_limits *limits, struct json *out, struct err *err);

#endif
