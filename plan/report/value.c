/* Paths and values on one line; see text.h. */
#include "plan/report/text.h"

#include <string.h>

#include "base/json_write.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "plan/merge/field_path.h"

enum { LONG_VALUE = 48 }; /* bytes from which a shortened value tells its length */

/* Columns of UTF-8 text, one for each code point: near enough for cutting. */
static size_t columns(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += (*s & 0xC0) != 0x80;
	return n;
}

/* The byte where column `n` starts. */
static const char *at_column(const char *s, size_t n)
{
	for (; *s; s++) {
		if ((*s & 0xC0) == 0x80)
			continue;
		if (n-- == 0)
			return s;
	}
	return s;
}

static void add_scalar(struct buf *b, const struct json *v)
{
	if (v->type == JSON_STRING)
		buf_put(b, v->text, v->n);
	else
		json_write_canonical(b, v);
}

static void add_element(struct buf *b, const struct path_element *e)
{
	switch (e->type) {
	case PATH_FIELD:
		buf_printf(b, "%s%s", b->len ? "." : "", e->name);
		break;
	case PATH_INDEX:
		buf_printf(b, "[%u]", e->index);
		break;
	case PATH_VALUE:
		buf_putc(b, '[');
		add_scalar(b, &e->value);
		buf_putc(b, ']');
		break;
	case PATH_KEY:
		buf_putc(b, '[');
		for (uint32_t i = 0; i < e->value.n; i++) {
			if (i)
				buf_putc(b, ',');
			add_scalar(b, &e->value.members[i].value);
		}
		buf_putc(b, ']');
		break;
	}
}

const char *report_path(struct arena *a, const char *path, size_t width)
{
	AUTO(err_done) struct err ignored = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct field_path parsed;
	if (field_path_parse(a, path, &parsed, &ignored) < 0)
		return path;
	for (size_t i = 0; i < parsed.n; i++)
		add_element(&text, &parsed.elements[i]);
	const char *whole = arena_strdup(a, buf_text(&text));
	if (!width || columns(whole) <= width)
		return whole;
	/* The first element and as many of the last ones as there is room for. */
	size_t first = 1, last = parsed.n;
	AUTO(buf_done) struct buf head = { 0 };
	add_element(&head, &parsed.elements[0]);
	const char *tail = "";
	while (last > first) {
		AUTO(buf_done) struct buf longer = { 0 };
		for (size_t i = last - 1; i < parsed.n; i++)
			add_element(&longer, &parsed.elements[i]);
		if (*tail && columns(buf_text(&head)) + 1 + columns(buf_text(&longer)) > width)
			break;
		tail = arena_strdup(a, buf_text(&longer));
		last--;
	}
	const char *shorter = arena_fmt(a, "%s…%s", buf_text(&head), tail);
	size_t m = columns(shorter);
	if (m <= width)
		return shorter;
	return arena_fmt(a, "…%s", at_column(shorter, m - width + 1));
}

static bool is_plain(const char *s)
{
	if (!*s || s[0] == ' ' || s[strlen(s) - 1] == ' ')
		return false;
	for (size_t n = strlen(s), step; n; s += step, n -= step) {
		uint32_t code;
		step = utf8_decode(s, n, &code);
		if (!step || code == '"' || !visible_is_plain(code))
			return false;
	}
	return true;
}

/* A string that could be read as something else is shown in quotes. */
static bool looks_like_other_type(const char *s)
{
	static const char *const words[] = { "true", "false", "null", "(none)" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return strspn(s, "0123456789.-+eE") == strlen(s);
}

const char *report_value(struct arena *a, const struct json *v, size_t width)
{
	if (!v)
		return "(none)";
	AUTO(buf_done) struct buf text = { 0 };
	if (v->type == JSON_STRING && is_plain(v->text) && !looks_like_other_type(v->text))
		buf_put(&text, v->text, v->n);
	else
		json_write_canonical(&text, v);
	const char *whole = arena_strdup(a, buf_text(&text));
	size_t n = columns(whole);
	if (!width || n <= width)
		return whole;
	const char *length = text.len > LONG_VALUE ? arena_fmt(a, "…(%zu)…", text.len) : "…";
	size_t room = width > columns(length) + 4 ? width - columns(length) : 4;
	size_t head = room - room / 2, tail = room / 2;
	return arena_fmt(a, "%.*s%s%s", (int)(at_column(whole, head) - whole), whole, length,
			 at_column(whole, n - tail));
}

const char *report_field_value(struct arena *a, const struct field *f, const struct json *v,
			       size_t width)
{
	AUTO(err_done) struct err ignored = { 0 };
	struct field_path path;
	if (!json_is(v, JSON_OBJECT) || field_path_parse(a, f->path, &path, &ignored) < 0 ||
	    !path.n)
		return report_value(a, v, width);
	const struct path_element *last = &path.elements[path.n - 1];
	if (last->type != PATH_KEY)
		return report_value(a, v, width);
	struct json rest = json_copy(a, v);
	for (uint32_t i = 0; i < last->value.n; i++)
		json_remove(&rest, last->value.members[i].key);
	if (!rest.n)
		return "present";
	return report_value(a, rest.n == 1 ? &rest.members[0].value : &rest, width);
}
