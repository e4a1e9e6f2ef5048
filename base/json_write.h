/* Trees to text.  Writing cannot fail: a tree is valid by construction. */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/buf.h"
#include "base/json.h"

/* Canonical JSON on one line: RFC 8785 (keys in UTF-16 order, shortest escapes, doubles as
 * ECMAScript prints them), except that integers keep all their digits and that a double always
 * has a fraction or an exponent (1.0): so what was an integer or a double reads back as one. */
void json_write_canonical(struct buf *b, const struct json *v);

/* For people: two spaces a level, keys in tree order, ends without a newline.  What would drive a
 * terminal or reorder the line (visible.h) is escaped. */
void json_write_indented(struct buf *b, const struct json *v);

/* A YAML document without "---", block style, keys in tree order, ends with a newline.  What
 * kubectl reads back is equal to v, but for numbers that it reads as others from JSON too: 1.0
 * (as 1), integers beyond 64 bits (as doubles). */
void yaml_write(struct buf *b, const struct json *v);

#endif
