/* Trees back to YAML.
 *
 * Block style as kubectl prints it.  A string is written plain only where no reader of YAML 1.1
 * or 1.2 can take it for anything else; with line breaks it becomes a | block where that keeps
 * every byte, and everything else is quoted.  Lines are never folded. */
#include "base/json_write.h"

#include <string.h>

#include "base/utf8.h"
#include "base/visible.h"
#include "base/yaml_internal.h"

enum {
	STEP = 2,          /* columns a level; also in the headers of literal blocks */
	SIMPLE_KEY = 1000, /* bytes; from 1024 characters on a key needs a "? " */
};

enum style { PLAIN, SINGLE, DOUBLE, LITERAL };

/* ---- strings */

/* Characters that YAML lets stand for themselves on one line, tabs apart, and that people see as
 * what they are. */
static bool is_printable(uint32_t code)
{
	return visible_is_plain(code) && code != 0xFFFE && code != 0xFFFF;
}

/* What plain text of YAML 1.1 or a wider reading of it may be taken for: numbers of any base,
 * 1:30, dates, words. */
static bool may_resolve(const char *s, size_t n)
{
	struct yaml_scalar scalar;
	if (yaml_resolve(NULL, s, n, &scalar) || scalar.kind != YAML_TEXT)
		return true;
	if (strcmp(s, "<<") == 0 || strcmp(s, "=") == 0)
		return true;
	bool starts_as_number = (*s >= '0' && *s <= '9') || *s == '+' || *s == '-' || *s == '.';
	return starts_as_number && strspn(s, "0123456789+-.:_eEtTzZxXoO ") == n;
}

static bool may_be_plain(const char *s, size_t n)
{
	if (strchr("?:,[]{}#&*!|>'\"%@`= ", *s) || s[n - 1] == ' ' || s[n - 1] == ':')
		return false;
	if (*s == '-' && (n == 1 || s[1] == ' '))
		return false;
	if (strncmp(s, "---", 3) == 0 || strncmp(s, "...", 3) == 0)
		return false;
	return !strstr(s, ": ") && !strstr(s, " #") && !may_resolve(s, n);
}

/* A | block ends in at most one line break here: what follows the document cannot change it. */
static bool may_be_literal(const char *s, size_t n)
{
	size_t end = n - (s[n - 1] == '\n');
	return end > 0 && s[end - 1] != '\n' && memchr(s, '\n', n);
}

static enum style style_of(const char *s, size_t n)
{
	bool lines = false, tabs = false;
	uint32_t code;
	if (n == 0)
		return DOUBLE;
	for (size_t i = 0, step; i < n; i += step) {
		step = utf8_decode(s + i, n - i, &code);
		lines |= code == '\n';
		tabs |= code == '\t';
		if (!step || (!is_printable(code) && code != '\n' && code != '\t'))
			return DOUBLE;
	}
	if (lines)
		return may_be_literal(s, n) ? LITERAL : DOUBLE;
	if (tabs)
		return DOUBLE;
	if (may_be_plain(s, n))
		return PLAIN;
	return strpbrk(s, "\"\\") ? SINGLE : DOUBLE;
}

static void write_single(struct buf *b, const char *s)
{
	buf_putc(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_putc(b, '\'');
		buf_putc(b, *s);
	}
	buf_putc(b, '\'');
}

static void write_double(struct buf *b, const char *s, size_t n)
{
	uint32_t code;
	buf_putc(b, '"');
	for (size_t i = 0, step; i < n; i += step) {
		step = utf8_decode(s + i, n - i, &code);
		if (!step)
			return; /* a tree holds valid UTF-8 */
		if (code == '"' || code == '\\')
			buf_printf(b, "\\%c", (char)code);
		else if (code == '\n' || code == '\t' || code == '\r')
			buf_puts(b, code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r");
		else if (is_printable(code))
			buf_put(b, s + i, step);
		else
			buf_printf(b, code < 0x100 ? "\\x%02X" : "\\u%04X", (unsigned)code);
	}
	buf_putc(b, '"');
}

static void write_indent(struct buf *b, int column)
{
	buf_printf(b, "%*s", column, "");
}

/* parent: the column of the key or dash that the block belongs to. */
static void write_literal(struct buf *b, const char *s, size_t n, int parent)
{
	buf_putc(b, '|');
	if (strchr(" \t\n", *s)) /* the depth of the block cannot be seen from its first line */
		buf_printf(b, "%d", STEP);
	if (s[n - 1] != '\n')
		buf_putc(b, '-');
	for (const char *end = s + n; s < end;) {
		const char *newline = memchr(s, '\n', (size_t)(end - s));
		size_t line = newline ? (size_t)(newline - s) : (size_t)(end - s);
		buf_putc(b, '\n');
		if (line)
			write_indent(b, parent + STEP);
		buf_put(b, s, line);
		s += line + 1;
	}
}

static void write_string(struct buf *b, const char *s, size_t n, int parent)
{
	switch (style_of(s, n)) {
	case PLAIN:
		buf_put(b, s, n);
		break;
	case SINGLE:
		write_single(b, s);
		break;
	case DOUBLE:
		write_double(b, s, n);
		break;
	case LITERAL:
		write_literal(b, s, n, parent);
		break;
	}
}

/* Returns whether the key needs a "? " before it. */
static bool write_key(struct buf *b, const char *key)
{
	size_t n = strlen(key);
	bool explicit_key = n > SIMPLE_KEY;
	enum style style = style_of(key, n);
	if (explicit_key)
		buf_puts(b, "? ");
	if (style == PLAIN)
		buf_put(b, key, n);
	else if (style == SINGLE)
		write_single(b, key);
	else
		write_double(b, key, n);
	return explicit_key;
}

/* ---- nodes */

static void write_items(struct buf *b, const struct json *v, int column);
static void write_members(struct buf *b, const struct json *v, int column);

static bool is_block(const struct json *v)
{
	return (v->type == JSON_ARRAY || v->type == JSON_OBJECT) && v->n;
}

/* Everything that starts on the current line; parent as for write_literal(). */
static void write_inline(struct buf *b, const struct json *v, int parent)
{
	switch ((enum json_type)v->type) {
	case JSON_NULL:
		buf_puts(b, "null");
		break;
	case JSON_BOOL:
		buf_puts(b, v->truth ? "true" : "false");
		break;
	case JSON_INT:
	case JSON_FLOAT:
		buf_put(b, v->text, v->n);
		break;
	case JSON_STRING:
		write_string(b, v->text, v->n, parent);
		break;
	case JSON_ARRAY:
		buf_puts(b, "[]");
		break;
	case JSON_OBJECT:
		buf_puts(b, "{}");
		break;
	}
	buf_putc(b, '\n');
}

/* The first item or member goes on the current line, at `column` already. */
static void write_items(struct buf *b, const struct json *v, int column)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json *item = &v->items[i];
		if (i > 0)
			write_indent(b, column);
		buf_puts(b, "- ");
		if (!is_block(item))
			write_inline(b, item, column);
		else if (item->type == JSON_ARRAY)
			write_items(b, item, column + STEP);
		else
			write_members(b, item, column + STEP);
	}
}

static void write_members(struct buf *b, const struct json *v, int column)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		if (i > 0)
			write_indent(b, column);
		if (write_key(b, m->key)) {
			buf_putc(b, '\n');
			write_indent(b, column);
		}
		buf_putc(b, ':');
		if (!is_block(&m->value)) {
			buf_putc(b, ' ');
			write_inline(b, &m->value, column);
			continue;
		}
		buf_putc(b, '\n');
		int inner = m->value.type == JSON_ARRAY ? column : column + STEP;
		write_indent(b, inner);
		if (m->value.type == JSON_ARRAY)
			write_items(b, &m->value, inner);
		else
			write_members(b, &m->value, inner);
	}
}

void yaml_write(struct buf *b, const struct json *v)
{
	if (!is_block(v))
		write_inline(b, v, 0);
	else if (v->type == JSON_ARRAY)
		write_items(b, v, 0);
	else
		write_members(b, v, 0);
}
