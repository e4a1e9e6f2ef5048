/* See json_write.h. */
#include "base/json_write.h"

#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "base/visible.h"

/* ---- strings */

/* The shortest escape of a byte, NULL where it needs none. */
static const char *escape(unsigned char c, char room[7])
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		if (c >= 0x20)
			return NULL;
		snprintf(room, 7, "\\u%04x", (unsigned)c);
		return room;
	}
}

/* For people, what RFC 8785 lets stand and a terminal obeys or reorders is an escape, too. */
static const char *escape_hidden(const char *s, size_t n, char room[7], size_t *step)
{
	uint32_t code;
	*step = utf8_decode(s, n, &code);
	if (!*step || visible_is_plain(code)) {
		*step = *step ? *step : 1;
		return NULL;
	}
	snprintf(room, 7, "\\u%04x", (unsigned)code & 0xFFFF);
	return room;
}

static void write_string(struct buf *b, const char *s, size_t n, bool visible)
{
	buf_putc(b, '"');
	size_t plain = 0;
	for (size_t i = 0, step; i < n; i += step) {
		char room[7];
		bool ascii = (unsigned char)s[i] < 0x7f || !visible;
		step = 1;
		const char *escaped = ascii ? escape((unsigned char)s[i], room)
					    : escape_hidden(s + i, n - i, room, &step);
		if (!escaped)
			continue;
		buf_put(b, s + plain, i - plain);
		buf_puts(b, escaped);
		plain = i + step;
	}
	buf_put(b, s + plain, n - plain);
	buf_putc(b, '"');
}

/* ---- numbers */

/* Number::toString of ECMAScript for digits × 10^(point - length), where `point` is how many
 * digits stand before the decimal point; only that a whole number gets a fraction, for without
 * one it would read back as an integer. */
static void write_digits(struct buf *b, const char *digits, int length, int point)
{
	if (length <= point && point <= 21) {
		buf_printf(b, "%s%.*s.0", digits, point - length, "00000000000000000000");
	} else if (0 < point && point <= 21) {
		buf_printf(b, "%.*s.%s", point, digits, digits + point);
	} else if (-6 < point && point <= 0) {
		buf_printf(b, "0.%.*s%s", -point, "000000", digits);
	} else {
		buf_putc(b, digits[0]);
		if (length > 1)
			buf_printf(b, ".%s", digits + 1);
		buf_printf(b, "e%+d", point - 1);
	}
}

static void write_double(struct buf *b, const char *text)
{
	double x = strtod(text, NULL);
	if (x == 0) {
		buf_puts(b, "0.0");
		return;
	}
	if (x < 0) {
		buf_putc(b, '-');
		x = -x;
	}
	struct decimal d = decimal_shortest(x, false);
	write_digits(b, d.digits, d.length, d.point);
}

/* ---- canonical */

/* RFC 8785 sorts keys by UTF-16 units.  That is the order of bytes in which trees hold them,
 * except between U+E000..U+FFFF (bytes EE, EF) and what UTF-16 writes with surrogates, which
 * come first there (bytes F0..F4). */
static int compare_utf16(const void *x, const void *y)
{
	const unsigned char *a = *(const unsigned char *const *)x;
	const unsigned char *b = *(const unsigned char *const *)y;
	while (*a && *a == *b) {
		a++;
		b++;
	}
	bool pair_a = *a >= 0xF0, pair_b = *b >= 0xF0;
	if (pair_a != pair_b && *a >= 0xEE && *b >= 0xEE)
		return pair_a ? -1 : 1;
	return (*a > *b) - (*a < *b);
}

static bool has_pairs(const struct json *object)
{
	for (uint32_t i = 0; i < object->n; i++)
		for (const char *p = object->members[i].key; *p; p++)
			if ((unsigned char)*p >= 0xF0)
				return true;
	return false;
}

static void write_canonical_member(struct buf *b, const struct json_member *m, bool first)
{
	if (!first)
		buf_putc(b, ',');
	write_string(b, m->key, strlen(m->key), false);
	buf_putc(b, ':');
	json_write_canonical(b, &m->value);
}

static void write_canonical_object(struct buf *b, const struct json *v)
{
	AUTO(auto_free) struct json_member *sorted = NULL;
	const struct json_member *members = v->members;
	if (v->n > 1 && has_pairs(v)) {
		sorted = xreallocarray(NULL, v->n, sizeof(*sorted));
		memcpy(sorted, members, v->n * sizeof(*sorted));
		qsort(sorted, v->n, sizeof(*sorted), compare_utf16); /* the key comes first */
		members = sorted;
	}
	buf_putc(b, '{');
	for (uint32_t i = 0; i < v->n; i++)
		write_canonical_member(b, &members[i], i == 0);
	buf_putc(b, '}');
}

/* What has no children; false for an array or an object. */
static bool write_scalar(struct buf *b, const struct json *v, bool visible)
{
	switch ((enum json_type)v->type) {
	case JSON_NULL:
		buf_puts(b, "null");
		return true;
	case JSON_BOOL:
		buf_puts(b, v->truth ? "true" : "false");
		return true;
	case JSON_INT:
		buf_put(b, v->text, v->n);
		return true;
	case JSON_FLOAT:
		write_double(b, v->text);
		return true;
	case JSON_STRING:
		write_string(b, v->text, v->n, visible);
		return true;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return false;
}

void json_write_canonical(struct buf *b, const struct json *v)
{
	if (write_scalar(b, v, false))
		return;
	if (v->type == JSON_OBJECT) {
		write_canonical_object(b, v);
		return;
	}
	buf_putc(b, '[');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			buf_putc(b, ',');
		json_write_canonical(b, &v->items[i]);
	}
	buf_putc(b, ']');
}

/* ---- indented */

static void write_line(struct buf *b, int level)
{
	buf_putc(b, '\n');
	for (int i = 0; i < level; i++)
		buf_put(b, "  ", 2);
}

static void write_indented(struct buf *b, const struct json *v, int level)
{
	if (write_scalar(b, v, true))
		return;
	bool object = v->type == JSON_OBJECT;
	buf_putc(b, object ? '{' : '[');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			buf_putc(b, ',');
		write_line(b, level + 1);
		if (object) {
			write_string(b, v->members[i].key, strlen(v->members[i].key), true);
			buf_puts(b, ": ");
		}
		write_indented(b, object ? &v->members[i].value : &v->items[i], level + 1);
	}
	if (v->n)
		write_line(b, level);
	buf_putc(b, object ? '}' : ']');
}

void json_write_indented(struct buf *b, const struct json *v)
{
	write_indented(b, v, 0);
}
