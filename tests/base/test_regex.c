/* regex.h: what matches where, what is no pattern, and that every search ends. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"
#include "base/regex.h"

struct match_case {
	const char *name, *pattern;
	unsigned options;
	const char *text;
	int start, end; /* of the first match; start -1: none */
};

static const struct match_case matches[] = {
	{ "in the middle", "b+", 0, "abbc", 1, 3 },
	{ "none", "x", 0, "abc", -1, 0 },
	{ "the first of the alternatives", "a|ab", 0, "ab", 0, 1 },
	{ "an empty match", "x*", 0, "abc", 0, 0 },
	{ "case counts", "B", 0, "ab", -1, 0 },
	{ "case does not count", "B", REGEX_CASELESS, "ab", 1, 2 },
	{ "case beyond ASCII", "\xc3\x89", REGEX_CASELESS, "\xc3\xa9", 0, 2 },
	{ "$ is the end", "a$", 0, "a\n", -1, 0 },
	{ "$ of a line", "a$", REGEX_MULTILINE, "a\nb", 0, 1 },
	{ "^ after the last newline", "^\\z", REGEX_MULTILINE, "a\n", 2, 2 },
	{ "a dot is no newline", "a.b", 0, "a\nb", -1, 0 },
	{ "a dot is a newline", "a.b", REGEX_DOTALL, "a\nb", 0, 3 },
	{ "a dot is a carriage return", "a.b", 0, "a\rb", 0, 3 },
	{ "a character of two bytes", "^.$", 0, "\xc3\xa9", 0, 2 },
	{ "digits are ASCII", "\\d", 0, "\xd9\xa3", -1, 0 },
	{ "words are ASCII", "\\w", 0, "\xc3\xa9", -1, 0 },
};

static struct regex *compile(const char *pattern, unsigned options)
{
	AUTO(err_done) struct err err = { 0 };
	struct regex *re = NULL;
	if (regex_compile(pattern, strlen(pattern), options, &re, &err) < 0)
		fail_msg("%s: %s", pattern, err.msg);
	return re;
}

static void match_run(void **state)
{
	const struct match_case *c = *state;
	AUTO(regex_free_p) struct regex *re = compile(c->pattern, c->options);
	size_t n = strlen(c->text), start = 77, end = 77;
	enum regex_result want = c->start < 0 ? REGEX_NO_MATCH : REGEX_MATCH;
	assert_int_equal(regex_test(re, c->text, n), want);
	assert_int_equal(regex_find(re, c->text, n, 0, &start, &end), want);
	assert_int_equal(start, want == REGEX_MATCH ? c->start : 77);
	assert_int_equal(end, want == REGEX_MATCH ? c->end : 77);
}

static void from_an_offset(void **state)
{
	(void)state;
	AUTO(regex_free_p) struct regex *re = compile("^a|b", 0);
	size_t start, end;
	assert_int_equal(regex_find(re, "abab", 4, 1, &start, &end), REGEX_MATCH);
	assert_int_equal(start, 1);
	/* The text begins where it begins, not at the offset. */
	assert_int_equal(regex_find(re, "abab", 4, 2, &start, &end), REGEX_MATCH);
	assert_int_equal(start, 3);
	assert_int_equal(regex_find(re, "abab", 4, 4, &start, &end), REGEX_NO_MATCH);
	assert_int_equal(regex_find(re, "abab", 4, 5, &start, &end), REGEX_NO_MATCH);
}

static void nul_in_the_text(void **state)
{
	(void)state;
	AUTO(regex_free_p) struct regex *re = compile("a\\x{0}b", 0);
	assert_int_equal(regex_test(re, "a\0b", 3), REGEX_MATCH);
}

struct bad_case {
	const char *name, *pattern;
	enum err_code code;
	const char *message;
};

static const struct bad_case bad[] = {
	{ "a group is open", "a(b", ERR_INPUT,
	  "regular expression: missing closing parenthesis at byte 4" },
	{ "nothing to repeat", "*", ERR_INPUT,
	  "regular expression: quantifier does not follow a repeatable item at byte 1" },
	{ "one byte of a character", "\\C", ERR_INPUT,
	  "regular expression: using \\C is disabled by the application at byte 3" },
	{ "too large", "(?:(?:[a-z]b){250}){250}", ERR_LIMIT,
	  "regular expression: regular expression is too large at byte 25" },
};

static void bad_run(void **state)
{
	const struct bad_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	struct regex *re = NULL;
	assert_int_equal(regex_compile(c->pattern, strlen(c->pattern), 0, &re, &err), -1);
	assert_null(re);
	assert_int_equal(err.code, c->code);
	assert_string_equal(err.msg, c->message);
}

static void too_long(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *pattern = xmalloc(REGEX_PATTERN_MAX + 1);
	struct regex *re = NULL;
	memset(pattern, 'a', REGEX_PATTERN_MAX + 1);
	assert_int_equal(regex_compile(pattern, REGEX_PATTERN_MAX + 1, 0, &re, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

static void too_deep(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf pattern = { 0 };
	struct regex *re = NULL;
	for (int i = 0; i < 300; i++)
		buf_puts(&pattern, "(");
	for (int i = 0; i < 300; i++)
		buf_puts(&pattern, ")");
	assert_int_equal(regex_compile(pattern.data, pattern.len, 0, &re, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

/* ---- patterns that take time without end where one way is tried after the other */

struct hostile_case {
	const char *name, *pattern;
	unsigned options;
	size_t n; /* times "a", and then an "!" */
	enum regex_result want;
};

static const struct hostile_case hostile[] = {
	{ "repeats in repeats", "^(?:a+)+$", 0, 40, REGEX_LIMIT },
	{ "repeats in repeats, a long text", "^(?:a+)+$", 0, 100000, REGEX_LIMIT },
	{ "alternatives that overlap", "^(?:a|aa)+$", 0, 60, REGEX_LIMIT },
	{ "many stars", "a*a*a*a*a*a*a*a*a*[bc]", 0, 200, REGEX_LIMIT },
	{ "from every place to the end", "(?:a|b)*[cd]", 0, 100000, REGEX_LIMIT },
	{ "counted repeats", "^(?:a{0,30}){0,30}$", 0, 60, REGEX_LIMIT },
	{ "a letter that has to be there", "(?:a|b)*c", 0, 100000, REGEX_NO_MATCH },
	{ "a square of steps", "(?:a|b)*[cd]", 0, 1000, REGEX_NO_MATCH },
	{ "a square of steps is too many in haste", "(?:a|b)*[cd]", REGEX_HASTY, 1000,
	  REGEX_LIMIT },
	{ "few steps in haste", "^[a-z]+!$", REGEX_HASTY, 1000, REGEX_MATCH },
};

static void hostile_run(void **state)
{
	const struct hostile_case *c = *state;
	AUTO(regex_free_p) struct regex *re = compile(c->pattern, c->options);
	AUTO(auto_free) char *text = xmalloc(c->n + 1);
	size_t start = 77, end = 77;
	memset(text, 'a', c->n);
	text[c->n] = '!';
	assert_int_equal(regex_test(re, text, c->n + 1), c->want);
	assert_int_equal(regex_find(re, text, c->n + 1, 0, &start, &end), c->want);
	assert_int_equal(start, c->want == REGEX_MATCH ? 0 : 77);
	/* The same again: no state is left. */
	assert_int_equal(regex_test(re, text, c->n + 1), c->want);
	assert_int_equal(regex_test(re, "x", 1), REGEX_NO_MATCH);
}

static void long_text(void **state)
{
	(void)state;
	AUTO(regex_free_p) struct regex *re = compile("!a+$", 0);
	AUTO(auto_free) char *text = xmalloc(REGEX_TEXT_MAX + 1);
	memset(text, 'a', REGEX_TEXT_MAX + 1);
	text[3] = '!';
	assert_int_equal(regex_test(re, text, REGEX_TEXT_MAX), REGEX_MATCH);
	assert_int_equal(regex_test(re, text, REGEX_TEXT_MAX + 1), REGEX_LIMIT);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(matches) + ARRAY_LEN(bad) + ARRAY_LEN(hostile) + 5];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(matches); i++)
		tests[n++] = fixture_row(matches[i].name, match_run, &matches[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		tests[n++] = fixture_row(bad[i].name, bad_run, &bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		tests[n++] = fixture_row(hostile[i].name, hostile_run, &hostile[i]);
	tests[n++] = fixture_row("from an offset", from_an_offset, NULL);
	tests[n++] = fixture_row("NUL in the text", nul_in_the_text, NULL);
	tests[n++] = fixture_row("too long", too_long, NULL);
	tests[n++] = fixture_row("too deep", too_deep, NULL);
	tests[n++] = fixture_row("long text", long_text, NULL);
	return _cmocka_run_group_tests("regex", tests, n, NULL, NULL);
}
