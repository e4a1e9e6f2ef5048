/* See go_quote.h. */
#include "policy/cel/go_quote.h"

#include <string.h>

#include "base/regex.h"
#include "base/utf8.h"

/* Letters, marks, numbers, punctuation and symbols.  Who knows them is PCRE2; the pattern is
 * compiled for the first character that needs it. */
static bool is_print(struct regex **re, const char *text, size_t n)
{
	static const char pattern[] = "^[\\pL\\pM\\pN\\pP\\pS]";
	AUTO(err_done) struct err err = { 0 };
	if (n == 1)
		return *text >= ' ' && *text < 0x7F;
	if (!*re && regex_compile(pattern, strlen(pattern), 0, re, &err) < 0)
		return false;
	return regex_test(*re, text, n) == REGEX_MATCH;
}

static void put_escape(struct buf *out, uint32_t code)
{
	static const char codes[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
	const char *named = code && code < ' ' ? strchr(codes, (int)code) : NULL;
	if (named)
		buf_printf(out, "\\%c", letters[named - codes]);
	else if (code < ' ' || code == 0x7F)
		buf_printf(out, "\\x%02x", (unsigned)code);
	else
		buf_printf(out, code < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)code);
}

void go_quote(struct buf *out, const char *text, size_t n)
{
	AUTO(regex_free_p) struct regex *printable = NULL;
	buf_putc(out, '"');
	for (const char *p = text, *end = text + n; p < end;) {
		uint32_t code;
		size_t length = utf8_decode(p, (size_t)(end - p), &code);
		if (length == 0) {
			buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*p++);
			continue;
		}
		if (code == '"' || code == '\\')
			buf_printf(out, "\\%c", *p);
		else if (is_print(&printable, p, length))
			buf_put(out, p, length);
		else
			put_escape(out, code);
		p += length;
	}
	buf_putc(out, '"');
}

char *go_quoted(const char *text, size_t n)
{
	struct buf out = { 0 };
	go_quote(&out, text, n);
	return buf_take(&out);
}
