/* Literals: numbers and strings to values. */
#include <errno.h>
#include <math.h>

#include "base/utf8.h"
#include "policy/cel/parse.h"

static struct cel_ast *constant(struct cel_parser *p, uint32_t at, struct cel_value v)
{
	struct cel_ast *a = cel_ast_new(p, CEL_AST_CONST, at);
	a->value = v;
	return a;
}

/* A token of digits, decimal or 0x; false past a uint64. */
static bool magnitude(const char *text, uint32_t n, uint64_t *out)
{
	bool hex = n > 2 && text[1] == 'x';
	uint64_t v = 0, base = hex ? 16 : 10;
	for (uint32_t i = hex ? 2 : 0; i < n; i++) {
		char c = text[i];
		uint64_t digit = (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = v;
	return true;
}

static struct cel_ast *int_literal(struct cel_parser *p, const char *text, uint32_t n,
				   bool negative, uint32_t at)
{
	uint64_t v, most = (uint64_t)INT64_MAX + negative;
	if (!magnitude(text, n, &v) || v > most)
		return cel_parse_fail(p, at, "invalid int literal");
	return constant(p, at, cel_int(negative ? (int64_t)(0 - v) : (int64_t)v));
}

static struct cel_ast *uint_literal(struct cel_parser *p, const char *text, uint32_t n, uint32_t at)
{
	uint64_t v;
	if (!magnitude(text, n - 1, &v))
		return cel_parse_fail(p, at, "invalid uint literal");
	return constant(p, at, cel_uint(v));
}

static struct cel_ast *float_literal(struct cel_parser *p, const char *text, uint32_t n,
				     bool negative, uint32_t at)
{
	double d = strtod(arena_strndup(p->arena, text, n), NULL);
	if (isinf(d))
		return cel_parse_fail(p, at, "invalid double literal");
	return constant(p, at, cel_double(negative ? -d : d));
}

static uint32_t hex_value(const char *text, uint32_t n)
{
	uint32_t v = 0;
	for (uint32_t i = 0; i < n; i++)
		v = v << 4 |
		    (uint32_t)(text[i] <= '9' ? text[i] - '0' : (text[i] | 0x20) - 'a' + 10);
	return v;
}

/* The character of an escape, which the lexer has found to be one; *n is its length. */
static uint32_t escaped(const char *p, uint32_t *n)
{
	static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
	char c = p[1];
	uint32_t hex = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	*n = 2 + hex;
	if (hex)
		return hex_value(p + 2, hex);
	if (c >= '0' && c <= '3') {
		*n = 4;
		return (uint32_t)(c - '0') << 6 | (uint32_t)(p[2] - '0') << 3 |
		       (uint32_t)(p[3] - '0');
	}
	const char *name = strchr(names, c);
	return name ? (unsigned char)values[name - names] : (unsigned char)c;
}

/* Into out, which has room for the whole body; the length, or -1 for what no text can hold. */
static int64_t unescape(const char *p, uint32_t n, bool bytes, char *out, const char **why)
{
	char *start = out;
	for (uint32_t i = 0, length; i < n; i += length) {
		length = 1;
		if (p[i] != '\\') {
			/* A carriage return in a string of several lines counts as part of a line
			 * end. */
			if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
				continue;
			*out++ = p[i] == '\r' ? '\n' : p[i];
			continue;
		}
		char kind = p[i + 1];
		uint32_t code = escaped(p + i, &length);
		if (bytes && (kind == 'u' || kind == 'U')) {
			*why = "unable to unescape string";
			return -1;
		}
		if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
			*why = "invalid unicode code point";
			return -1;
		}
		if (bytes)
			*out++ = (char)code;
		else
			out += utf8_encode(out, code);
	}
	return out - start;
}

static struct cel_ast *text_literal(struct cel_parser *p, const struct cel_token *t, uint32_t at)
{
	const char *s = p->text + t->at, *end = s + t->n, *why = "";
	bool raw = false, bytes = t->type == CEL_T_BYTES;
	for (; *s != '"' && *s != '\''; s++)
		raw |= *s == 'r' || *s == 'R';
	uint32_t quotes = end - s >= 6 && s[1] == *s && s[2] == *s ? 3 : 1;
	s += quotes;
	uint32_t n = (uint32_t)(end - s) - quotes;
	struct cel_value v = { .kind = bytes ? CEL_BYTES : CEL_STRING, .n = n, .text = s };
	if ((!raw && memchr(s, '\\', n)) || memchr(s, '\r', n)) {
		char *copy = arena_alloc(p->arena, n + 1);
		int64_t length = raw ? 0 : unescape(s, n, bytes, copy, &why);
		if (raw)
			for (uint32_t i = 0; i < n; i++)
				if (s[i] != '\r' || i + 1 == n || s[i + 1] != '\n')
					copy[length++] = s[i] == '\r' ? '\n' : s[i];
		if (length < 0)
			return cel_parse_fail(p, at, "%s", why);
		v.n = (uint32_t)length;
		v.text = copy;
	}
	return constant(p, at, v);
}

struct cel_ast *cel_literal(struct cel_parser *p, const struct cel_token *t, bool negative,
			    uint32_t at)
{
	const char *text = p->text + t->at;
	switch (t->type) {
	case CEL_T_INT:
		return int_literal(p, text, t->n, negative, at);
	case CEL_T_UINT:
		return uint_literal(p, text, t->n, at);
	case CEL_T_FLOAT:
		return float_literal(p, text, t->n, negative, at);
	case CEL_T_STRING:
	case CEL_T_BYTES:
		return text_literal(p, t, at);
	case CEL_T_NULL:
		return constant(p, at, cel_null());
	default:
		return constant(p, at, cel_bool(t->type == CEL_T_TRUE));
	}
}
