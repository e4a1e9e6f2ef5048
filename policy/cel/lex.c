/* The lexer; see lex.h. */
#include "policy/cel/lex.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

struct lexer {
	const char *p, *end, *start; /* start of the text */
	struct cel_tokens *out;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The character that many further on; NUL behind the end. */
static char peek(const struct lexer *l, size_t ahead)
{
	return (size_t)(l->end - l->p) > ahead ? l->p[ahead] : '\0';
}

static void skip_blanks(struct lexer *l)
{
	while (l->p < l->end) {
		if (memchr(" \t\n\f\r", *l->p, 5)) {
			l->p++;
		} else if (*l->p == '/' && peek(l, 1) == '/') {
			while (l->p < l->end && *l->p != '\n')
				l->p++;
		} else {
			return;
		}
	}
}

static size_t digits(const struct lexer *l, size_t from)
{
	size_t n = from;
	while (is_digit(peek(l, n)))
		n++;
	return n;
}

/* The length of an exponent that starts there; 0 where none does. */
static size_t exponent(const struct lexer *l, size_t from)
{
	size_t n = from;
	if (peek(l, n) != 'e' && peek(l, n) != 'E')
		return 0;
	n++;
	if (peek(l, n) == '+' || peek(l, n) == '-')
		n++;
	size_t end = digits(l, n);
	return end > n ? end - from : 0;
}

static size_t number(const struct lexer *l, uint16_t *type)
{
	size_t n = digits(l, 0), end;
	*type = CEL_T_INT;
	if (n == 1 && *l->p == '0' && peek(l, 1) == 'x' && is_hex(peek(l, 2))) {
		for (n = 3; is_hex(peek(l, n));)
			n++;
	} else {
		if (peek(l, n) == '.' && (end = digits(l, n + 1)) > n + 1) {
			*type = CEL_T_FLOAT;
			n = end;
		}
		if ((end = exponent(l, n)) > 0) {
			*type = CEL_T_FLOAT;
			n += end;
		}
	}
	if (*type == CEL_T_INT && (peek(l, n) == 'u' || peek(l, n) == 'U')) {
		*type = CEL_T_UINT;
		n++;
	}
	return n;
}

/* Digits of an escape, each of which `is_one`; 0 where there are fewer, and *bad is behind the
 * first that is none. */
static size_t escape_digits(const struct lexer *l, size_t at, size_t n, bool (*is_one)(char),
			    size_t *bad)
{
	for (size_t i = 0; i < n; i++)
		if (!is_one(peek(l, at + i))) {
			*bad = at + i + 1;
			return 0;
		}
	return n;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The length of the escape at the backslash; 0 where it is none, and *bad is where that shows. */
static size_t escape(const struct lexer *l, size_t at, size_t *bad)
{
	char c = peek(l, at + 1);
	size_t hex = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0, n;
	if (hex) {
		n = escape_digits(l, at + 2, hex, is_hex, bad);
		return n ? 2 + n : 0;
	}
	if (c >= '0' && c <= '3') {
		n = escape_digits(l, at + 2, 2, is_octal, bad);
		return n ? 2 + n : 0;
	}
	*bad = at + 2;
	return c && strchr("abfnrtv\\?\"'`", c) ? 2 : 0;
}

/* The length of a string whose quotes start `from`; where it is none, *bad is what was read. */
static size_t quoted(const struct lexer *l, size_t from, bool raw, size_t *bad)
{
	char quote = peek(l, from);
	bool triple = peek(l, from + 1) == quote && peek(l, from + 2) == quote;
	size_t n = from + (triple ? 3 : 1);
	while ((size_t)(l->end - l->p) > n) {
		char c = l->p[n];
		if (c == quote && !triple)
			return n + 1;
		if (c == quote && peek(l, n + 1) == quote && peek(l, n + 2) == quote)
			return n + 3;
		if (!triple && (c == '\n' || c == '\r'))
			break;
		size_t skip = c == '\\' && !raw ? escape(l, n, bad) : 1;
		if (!skip)
			return triple ? from + 2 : 0;
		n += skip;
	}
	*bad = n;
	/* Without an end, three quotes are an empty string and more. */
	return triple ? from + 2 : 0;
}

/* A string with its prefixes; 0 where there is none here. */
static size_t string(const struct lexer *l, uint16_t *type)
{
	size_t from = 0, bad = 0;
	bool raw = false;
	*type = CEL_T_STRING;
	if (peek(l, from) == 'b' || peek(l, from) == 'B') {
		*type = CEL_T_BYTES;
		from++;
	}
	if (peek(l, from) == 'r' || peek(l, from) == 'R') {
		raw = true;
		from++;
	}
	if (peek(l, from) != '"' && peek(l, from) != '\'')
		return 0;
	size_t n = quoted(l, from, raw, &bad);
	if (n)
		return n;
	*type = CEL_T_BAD;
	return bad < (size_t)(l->end - l->p) ? bad : (size_t)(l->end - l->p);
}

static uint16_t keyword(const char *p, size_t n)
{
	static const struct {
		const char *name;
		uint16_t type;
	} words[] = {
		{ "in", CEL_T_IN },
		{ "true", CEL_T_TRUE },
		{ "false", CEL_T_FALSE },
		{ "null", CEL_T_NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].name) == n && memcmp(words[i].name, p, n) == 0)
			return words[i].type;
	return CEL_T_IDENT;
}

static size_t word(const struct lexer *l, uint16_t *type)
{
	size_t n = 0;
	while (is_letter(peek(l, n)) || is_digit(peek(l, n)))
		n++;
	*type = keyword(l->p, n);
	return n;
}

static size_t backticks(const struct lexer *l, uint16_t *type)
{
	size_t n = 1;
	while (is_letter(peek(l, n)) || is_digit(peek(l, n)) ||
	       (peek(l, n) && strchr(".-/ ", peek(l, n))))
		n++;
	*type = n > 1 && peek(l, n) == '`' ? CEL_T_QUOTED : CEL_T_BAD;
	return *type == CEL_T_QUOTED ? n + 1 : n;
}

static size_t mark(const struct lexer *l, uint16_t *type)
{
	static const struct {
		char text[3];
		uint16_t type;
	} two[] = {
		{ "==", CEL_T_EQ }, { "!=", CEL_T_NE },  { "<=", CEL_T_LE },
		{ ">=", CEL_T_GE }, { "&&", CEL_T_AND }, { "||", CEL_T_OR },
	};
	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		if (*l->p == two[i].text[0] && peek(l, 1) == two[i].text[1]) {
			*type = two[i].type;
			return 2;
		}
	uint32_t code;
	bool known = *l->p && strchr("()[]{}.,-!?:+*/%<>", *l->p);
	*type = known ? (uint16_t)(unsigned char)*l->p : CEL_T_BAD;
	size_t n = known ? 1 : utf8_decode(l->p, (size_t)(l->end - l->p), &code);
	return n ? n : 1;
}

static size_t token(const struct lexer *l, uint16_t *type)
{
	size_t n = string(l, type);
	if (n)
		return n;
	if (is_letter(*l->p))
		return word(l, type);
	if (is_digit(*l->p) || (*l->p == '.' && is_digit(peek(l, 1))))
		return number(l, type);
	if (*l->p == '`')
		return backticks(l, type);
	return mark(l, type);
}

static void add(struct lexer *l, uint16_t type, size_t n)
{
	GROW(l->out->token, l->out->n, l->out->cap);
	l->out->token[l->out->n++] =
		(struct cel_token){ type, (uint32_t)(l->p - l->start), (uint32_t)n };
}

void cel_lex(const char *text, size_t n, struct cel_tokens *out)
{
	struct lexer l = { .p = text, .end = text + n, .start = text, .out = out };
	for (skip_blanks(&l); l.p < l.end; skip_blanks(&l)) {
		uint16_t type;
		size_t length = token(&l, &type);
		add(&l, type, length);
		l.p += length;
	}
	add(&l, CEL_T_END, 0);
}

void cel_tokens_done(struct cel_tokens *tokens)
{
	free(tokens->token);
	*tokens = (struct cel_tokens){ 0 };
}
