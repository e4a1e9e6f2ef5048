/* Single characters of a pattern, and what is said where it is none.  See re2.h. */
#include "policy/cel/re2_internal.h"

#include <string.h>

#include "base/utf8.h"

int re2_fail(struct re2_parser *r, const char *what, const char *at, size_t n)
{
	return err_set(r->err, ERR_INPUT, "error parsing regexp: %s: `%.*s`", what, (int)n, at);
}

int re2_fail_here(struct re2_parser *r, const char *what, const char *at)
{
	return re2_fail(r, what, at, (size_t)(r->p - at));
}

uint32_t re2_next(struct re2_parser *r)
{
	uint32_t code = 0xFFFD;
	size_t n = utf8_decode(r->p, (size_t)(r->end - r->p), &code);
	r->p += n;
	return code;
}

int re2_peek(const struct re2_parser *r, size_t ahead)
{
	return (size_t)(r->end - r->p) > ahead ? (unsigned char)r->p[ahead] : -1;
}

bool re2_is_alnum(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int hex_digit(uint32_t c)
{
	return c >= '0' && c <= '9'   ? (int)c - '0'
	       : c >= 'a' && c <= 'f' ? (int)c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? (int)c - 'A' + 10
				      : -1;
}

/* After \x. */
static bool read_hex(struct re2_parser *r, uint32_t *code)
{
	if (r->p == r->end)
		return false;
	uint32_t c = re2_next(r);
	if (c != '{') {
		int high = hex_digit(c), low = hex_digit(re2_next(r));
		if (high < 0 || low < 0)
			return false;
		*code = (uint32_t)(high << 4 | low);
		return true;
	}
	*code = 0;
	for (unsigned digits = 0; r->p < r->end; digits++) {
		c = re2_next(r);
		if (c == '}')
			return digits > 0;
		int value = hex_digit(c);
		if (value < 0)
			return false;
		*code = *code << 4 | (uint32_t)value;
		if (*code > 0x10FFFF)
			return false;
	}
	return false;
}

/* `first` is read: up to two more digits.  A single one but 0 would refer to a group. */
static bool read_octal(struct re2_parser *r, uint32_t first, uint32_t *code)
{
	int next = re2_peek(r, 0);
	if (first != '0' && (next < '0' || next > '7'))
		return false;
	*code = first - '0';
	for (int i = 1; i < 3 && re2_peek(r, 0) >= '0' && re2_peek(r, 0) <= '7'; i++)
		*code = *code * 8 + (uint32_t)(*r->p++ - '0');
	return true;
}

int re2_escape(struct re2_parser *r, uint32_t *code)
{
	static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
	const char *start = r->p++;
	if (r->p == r->end)
		return re2_fail(r, "trailing backslash at end of expression", "", 0);
	uint32_t c = re2_next(r);
	const char *letter = c < 0x80 && c ? strchr(letters, (int)c) : NULL;
	if (letter) {
		*code = (unsigned char)values[letter - letters];
		return 0;
	}
	if (c < 0x80 && !re2_is_alnum(c)) {
		*code = c;
		return 0;
	}
	if ((c == 'x' && read_hex(r, code)) || (c >= '0' && c <= '7' && read_octal(r, c, code)))
		return 0;
	return re2_fail_here(r, "invalid escape sequence", start);
}

void re2_put_code(struct buf *out, uint32_t code)
{
	if (re2_is_alnum(code))
		buf_putc(out, (char)code);
	else
		buf_printf(out, "\\x{%x}", (unsigned)code);
}
