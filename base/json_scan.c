/* See json_scan.h.
 *
 * No recursion: the open arrays and objects are on a small stack, so that a text of
 * 100,000 brackets costs nothing but its refusal.  Lines are counted only for places that are
 * asked for and for errors. */
#include "base/json_scan.h"

#include <string.h>

#include "base/utf8.h"

enum {
	DEPTH_CEILING = 900, /* of max_depth; cJSON recurses and itself stops at 1000 */
	SURROGATE_HIGH = 0xD800,
	SURROGATE_LOW = 0xDC00,
	SURROGATE_END = 0xE000,
};

struct scanner {
	struct json_scan *s;
	const char *text, *p, *end;
	char *out;
	struct open {
		size_t index; /* of its entry in s->children */
		bool object;
	} open[DEPTH_CEILING];
	unsigned depth, max_depth;
	size_t max_values;
	bool positions;
	struct mark {
		const char *p, *line_start;
		uint32_t line, continuation; /* bytes 80..BF since line_start */
	} mark;
	const char *name;
	struct err *err;
};

static struct json_place mark_move(struct mark *m, const char *to)
{
	for (const char *p = m->p; p < to; p++) {
		if (*p == '\n') {
			m->line++;
			m->line_start = p + 1;
			m->continuation = 0;
		} else if (((unsigned char)*p & 0xC0) == 0x80) {
			m->continuation++;
		}
	}
	m->p = to;
	return (struct json_place){ m->line, (uint32_t)(to - m->line_start) - m->continuation + 1 };
}

struct json_place json_place(const char *text, const char *at)
{
	struct mark m = { .p = text, .line_start = text, .line = 1 };
	return mark_move(&m, at);
}

static struct srcpos position(const struct scanner *sc, const char *at)
{
	struct json_place place = json_place(sc->text, at);
	return (struct srcpos){ sc->name, place.line, place.col };
}

static int refuse(struct scanner *sc, const char *at, const char *what)
{
	return err_at(sc->err, ERR_INPUT, position(sc, at), "%s",
		      at < sc->end ? what : "the JSON text ends too early");
}

static int limit(struct scanner *sc, const char *what, size_t ceiling)
{
	return err_at(sc->err, ERR_LIMIT, position(sc, sc->p), "%s %zu", what, ceiling);
}

static void skip_space(struct scanner *sc)
{
	const char *p = sc->p;
	while (p < sc->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	sc->p = p;
}

static bool next_is(const struct scanner *sc, char c)
{
	return sc->p < sc->end && *sc->p == c;
}

static void emit(struct scanner *sc, char c)
{
	*sc->out++ = c;
}

static void note_place(struct scanner *sc)
{
	if (!sc->positions)
		return;
	GROW(sc->s->places, sc->s->n_places, sc->s->cap_places);
	sc->s->places[sc->s->n_places++] = mark_move(&sc->mark, sc->p);
}

/* ---- strings */

/* The first byte from p that is not plain: a quote, a backslash, a control character, or a part
 * of a longer character.  Eight bytes at a time, because strings are most of every text. */
static const char *skip_plain(const char *p, const char *end)
{
	const uint64_t ones = UINT64_MAX / 255;
	while (end - p >= 8) {
		uint64_t w;
		memcpy(&w, p, sizeof(w));
		uint64_t quote = w ^ (ones * '"'), escape = w ^ (ones * '\\');
		uint64_t special = ((quote - ones) & ~quote) | ((escape - ones) & ~escape) |
				   ((w - ones * 0x20) & ~w) | w;
		if (special & (ones * 0x80))
			break;
		p += 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
	       *p != '\\')
		p++;
	return p;
}

/* The value of the four digits of "\uXXXX" at p, or -1. */
static long unicode_escape(const struct scanner *sc, const char *p)
{
	if (sc->end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	long code = 0;
	for (int i = 2; i < 6; i++) {
		static const char digits[] = "0123456789abcdef";
		char c = p[i] >= 'A' && p[i] <= 'F' ? (char)(p[i] + 'a' - 'A') : p[i];
		const char *d = c ? strchr(digits, c) : NULL;
		if (!d)
			return -1;
		code = code * 16 + (d - digits);
	}
	return code;
}

static int scan_unicode_escape(struct scanner *sc)
{
	const char *p = sc->p;
	long code = unicode_escape(sc, p);
	sc->p += 6;
	if (code < 0)
		return refuse(sc, sc->end - p < 6 ? sc->end : p,
			      "\\u needs four hexadecimal digits");
	if (code == 0)
		return refuse(sc, p, "\\u0000 is not allowed in a string");
	if (code < SURROGATE_HIGH || code >= SURROGATE_END)
		return 0;
	long low = unicode_escape(sc, sc->p);
	sc->p += 6;
	if (code >= SURROGATE_LOW || low < SURROGATE_LOW || low >= SURROGATE_END)
		return refuse(sc, p, "half of a surrogate pair");
	return 0;
}

/* The part of a string that skip_plain() does not take. */
static int scan_special(struct scanner *sc)
{
	unsigned char c = (unsigned char)*sc->p;
	if (c == '\\') {
		if (sc->end - sc->p < 2)
			return refuse(sc, sc->end, "");
		if (sc->p[1] == 'u')
			return scan_unicode_escape(sc);
		if (!memchr("\"\\/bfnrt", sc->p[1], 8))
			return refuse(sc, sc->p, "an invalid escape in a string");
		sc->p += 2;
		return 0;
	}
	if (c < 0x20)
		return refuse(sc, sc->p, "a control character in a string has to be escaped");
	uint32_t code;
	size_t length = utf8_decode(sc->p, (size_t)(sc->end - sc->p), &code);
	if (!length)
		return refuse(sc, sc->p, "invalid UTF-8");
	sc->p += length;
	return 0;
}

static int scan_string(struct scanner *sc)
{
	const char *start = sc->p++;
	for (;;) {
		sc->p = skip_plain(sc->p, sc->end);
		if (sc->p == sc->end)
			return refuse(sc, sc->end, "");
		if (*sc->p == '"')
			break;
		if (scan_special(sc) < 0)
			return -1;
	}
	size_t n = (size_t)(++sc->p - start);
	memcpy(sc->out, start, n);
	sc->out += n;
	sc->s->text_room += n;
	return 0;
}

/* ---- numbers and words */

static bool skip_digits(struct scanner *sc)
{
	const char *start = sc->p;
	while (sc->p < sc->end && *sc->p >= '0' && *sc->p <= '9')
		sc->p++;
	return sc->p > start;
}

static int scan_number(struct scanner *sc)
{
	struct json_number number = { .p = sc->p };
	sc->p += *sc->p == '-';
	bool zero = next_is(sc, '0');
	const char *digits = sc->p;
	if (!skip_digits(sc))
		return refuse(sc, sc->p, "a number needs a digit here");
	if (zero && sc->p - digits > 1)
		return refuse(sc, digits, "a number must not start with 0");
	if (next_is(sc, '.')) {
		number.is_float = true;
		sc->p++;
		if (!skip_digits(sc))
			return refuse(sc, sc->p, "a number needs a digit here");
	}
	if (next_is(sc, 'e') || next_is(sc, 'E')) {
		number.is_float = true;
		sc->p++;
		sc->p += next_is(sc, '+') || next_is(sc, '-');
		if (!skip_digits(sc))
			return refuse(sc, sc->p, "a number needs a digit here");
	}
	number.n = (uint32_t)(sc->p - number.p);
	struct json_scan *s = sc->s;
	GROW(s->numbers, s->n_numbers, s->cap_numbers);
	s->numbers[s->n_numbers++] = number;
	s->text_room += number.n + 1;
	emit(sc, '0');
	return 0;
}

static int scan_word(struct scanner *sc, const char *word, size_t n)
{
	if ((size_t)(sc->end - sc->p) < n || memcmp(sc->p, word, n) != 0)
		return refuse(sc, sc->p, "expected a value");
	memcpy(sc->out, word, n);
	sc->out += n;
	sc->p += n;
	return 0;
}

/* ---- structure */

static int scan_open(struct scanner *sc)
{
	if (sc->depth == sc->max_depth)
		return limit(sc, "arrays and objects are nested deeper than", sc->max_depth);
	struct json_scan *s = sc->s;
	GROW(s->children, s->n_children, s->cap_children);
	s->children[s->n_children] = 0;
	sc->open[sc->depth++] = (struct open){ s->n_children++, *sc->p == '{' };
	emit(sc, *sc->p++);
	return 0;
}

/* One scalar, or the bracket that opens an array or an object. */
static int scan_value(struct scanner *sc)
{
	skip_space(sc);
	note_place(sc);
	if (sc->p == sc->end)
		return refuse(sc, sc->p, "");
	if (++sc->s->n_values > sc->max_values)
		return limit(sc, "the JSON text has more values than", sc->max_values);
	if (sc->depth)
		sc->s->children[sc->open[sc->depth - 1].index]++;
	switch (*sc->p) {
	case '{':
	case '[':
		return scan_open(sc);
	case '"':
		return scan_string(sc);
	case 't':
		return scan_word(sc, "true", 4);
	case 'f':
		return scan_word(sc, "false", 5);
	case 'n':
		return scan_word(sc, "null", 4);
	default:
		if (*sc->p == '-' || (*sc->p >= '0' && *sc->p <= '9'))
			return scan_number(sc);
		return refuse(sc, sc->p, "expected a value");
	}
}

static int scan_key(struct scanner *sc)
{
	skip_space(sc);
	note_place(sc);
	if (!next_is(sc, '"'))
		return refuse(sc, sc->p, "expected a key in double quotes");
	size_t room = sc->s->text_room;
	if (scan_string(sc) < 0)
		return -1;
	sc->s->text_room = room;
	skip_space(sc);
	if (!next_is(sc, ':'))
		return refuse(sc, sc->p, "expected ':' after the key");
	emit(sc, *sc->p++);
	return 0;
}

/* Closes what ends here.  Afterwards either depth is 0 or p is at the next item or member. */
static int scan_after_value(struct scanner *sc)
{
	while (sc->depth) {
		bool object = sc->open[sc->depth - 1].object;
		skip_space(sc);
		if (next_is(sc, ',')) {
			emit(sc, *sc->p++);
			return 0;
		}
		if (!next_is(sc, object ? '}' : ']'))
			return refuse(sc, sc->p,
				      object ? "expected ',' or '}'" : "expected ',' or ']'");
		emit(sc, *sc->p++);
		sc->depth--;
	}
	return 0;
}

static int scan_document(struct scanner *sc)
{
	do {
		if (sc->depth && sc->open[sc->depth - 1].object && scan_key(sc) < 0)
			return -1;
		unsigned depth = sc->depth;
		if (scan_value(sc) < 0)
			return -1;
		if (sc->depth > depth) {
			skip_space(sc);
			if (!next_is(sc, sc->open[depth].object ? '}' : ']'))
				continue; /* its first item or member */
		}
		if (scan_after_value(sc) < 0)
			return -1;
	} while (sc->depth);
	skip_space(sc);
	return sc->p == sc->end ? 0 : refuse(sc, sc->p, "expected the end after the JSON document");
}

int json_scan(struct json_scan *s, const char *text, size_t n, const char *name,
	      const struct json_limits *limits, struct err *err)
{
	size_t max_bytes = limits && limits->max_bytes ? limits->max_bytes : JSON_MAX_BYTES;
	unsigned max_depth = limits && limits->max_depth ? limits->max_depth : JSON_MAX_DEPTH;
	size_t max_values = limits && limits->max_values ? limits->max_values : JSON_MAX_VALUES;
	if (max_bytes > UINT32_MAX)
		max_bytes = UINT32_MAX; /* offsets and lengths are 32 bits */
	if (n > max_bytes)
		return err_at(err, ERR_LIMIT, (struct srcpos){ .file = name },
			      "JSON text of %zu bytes, more than the %zu allowed", n, max_bytes);
	s->compact = xmalloc(n + 1);
	struct scanner sc = {
		.s = s,
		.text = text,
		.p = text,
		.end = text + n,
		.out = s->compact,
		.max_depth = max_depth < DEPTH_CEILING ? max_depth : DEPTH_CEILING,
		.max_values = max_values,
		.positions = limits && limits->positions,
		.mark = { .p = text, .line_start = text, .line = 1 },
		.name = name,
		.err = err,
	};
	if (scan_document(&sc) < 0)
		return -1;
	s->compact_len = (size_t)(sc.out - s->compact);
	*sc.out = '\0';
	return 0;
}

void json_scan_done(struct json_scan *s)
{
	free(s->compact);
	free(s->numbers);
	free(s->places);
	free(s->children);
	*s = (struct json_scan){ 0 };
}
