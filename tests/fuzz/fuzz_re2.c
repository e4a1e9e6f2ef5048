/* What is taken as RE2 compiles, but for its size and for scripts that PCRE2 does not know yet; and
 * both ways to search say the same of a text.  The pattern ends at the first newline; the text
 * follows. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "policy/cel/re2_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool is_utf8(const char *p, size_t n)
{
	uint32_t code;
	for (size_t length; n; p += length, n -= length)
		if ((length = utf8_decode(p, n, &code)) == 0)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(err_done) struct err again = { 0 };
	AUTO(buf_done) struct buf translated = { 0 };
	AUTO(regex_free_p) struct regex *re = NULL;
	const char *text = (const char *)data;
	const char *newline = len ? memchr(text, '\n', len) : NULL;
	size_t n = newline ? (size_t)(newline - text) : len, rest = newline ? len - n - 1 : 0;
	if (len > 4096 || !is_utf8(text, len))
		return 0;
	bool loops = false;
	if (re2_read(text, n, &translated, NULL, &loops, &err) < 0)
		return 0;
	if (regex_compile(buf_text(&translated), translated.len, RE2_OPTIONS, &re, &again) < 0) {
		if (again.code != ERR_LIMIT && !strstr(again.msg, "unknown property"))
			abort();
		return 0;
	}
	AUTO(re2_code_done) struct re2_code code = { 0 };
	size_t start = 0, end = 0, start_2 = 0, end_2 = 0;
	const char *subject = newline ? newline + 1 : "";
	enum regex_result one = regex_find(re, subject, rest, 0, &start, &end);
	if (!re2_program(text, n, &code))
		return 0;
	enum regex_result all = re2_code_run(&code, subject, rest, 0, &start_2, &end_2);
	if (one == REGEX_LIMIT || all == REGEX_LIMIT)
		return 0;
	if (one != all || start_2 > end_2 || end_2 > rest)
		abort();
	if (start != start_2 || (end != end_2 && !loops))
		abort();
	if (re2_code_run(&code, subject, rest, 0, NULL, NULL) != all)
		abort();
	return 0;
}
