/* The strict half of json_parse(): one pass over the text that accepts exactly RFC 8259 and
 * remembers what cJSON would lose.  Only json_parse.c calls it. */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include "base/json_parse.h"

struct json_number {
	const char *p; /* into the text */
	uint32_t n;
	bool is_float; /* has a fraction or an exponent */
};

struct json_place {
	uint32_t line, col;
};

struct json_scan {
	char *compact; /* the text without white space, every number replaced by 0 */
	size_t compact_len;
	struct json_number *numbers; /* in the order of the text */
	size_t n_numbers, cap_numbers;
	struct json_place *places; /* of keys and values in the order of the text, if asked for */
	size_t n_places, cap_places;
	uint32_t *children; /* how many items or members each array and object has, likewise */
	size_t n_children, cap_children;
	size_t n_values;
	size_t text_room; /* enough bytes for all strings (not keys) and numbers, each with a NUL */
};

int json_scan(struct json_scan *s, const char *text, size_t n, const char *name,
	      const struct json_limits *limits, struct err *err);
void json_scan_done(struct json_scan *s);

/* Where `at` is in the text: columns count characters from 1, as YAML positions do. */
struct json_place json_place(const char *text, const char *at);

#endif
