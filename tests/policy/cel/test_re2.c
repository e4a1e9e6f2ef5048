/* re2.h: what Go's regexp says about a pattern, and what it matches.  The expected values are those
 * of Go 1.26. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"
#include "policy/cel/re2_internal.h"

struct bad_case {
	const char *pattern, *message; /* after "error parsing regexp: " */
};

static const struct bad_case bad[] = {
	{ "(`", "missing closing ): `(``" },
	{ "(a|b", "missing closing ): `(a|b`" },
	{ ")", "unexpected ): `)`" },
	{ "a)", "unexpected ): `a)`" },
	{ "[a", "missing closing ]: `[a`" },
	{ "x[^", "missing closing ]: `[^`" },
	{ "[]", "missing closing ]: `[]`" },
	{ "[[:alpha:", "missing closing ]: `[[:alpha:`" },
	{ "[a-", "missing closing ]: `[a-`" },
	{ "\\", "trailing backslash at end of expression: ``" },
	{ "*", "missing argument to repetition operator: `*`" },
	{ "(+?)", "missing argument to repetition operator: `+?`" },
	{ "a|{2}", "missing argument to repetition operator: `{2}`" },
	{ "(?i)*", "missing argument to repetition operator: `*`" },
	{ "a**", "invalid nested repetition operator: `**`" },
	{ "a++", "invalid nested repetition operator: `++`" },
	{ "a*?*", "invalid nested repetition operator: `*?*`" },
	{ "a{2}{3}", "invalid nested repetition operator: `{2}{3}`" },
	{ "a{1001}", "invalid repeat count: `{1001}`" },
	{ "a{2,1}", "invalid repeat count: `{2,1}`" },
	{ "a{99999999999}?", "invalid repeat count: `{99999999999}`" },
	{ "(a{1000}){2}", "invalid repeat count: `{2}`" },
	{ "((a{100}|b){10}c){2,}", "invalid repeat count: `{2,}`" },
	{ "(?:a{2}b{600}){2}", "invalid repeat count: `{2}`" },
	{ "[b-a]", "invalid character class range: `b-a`" },
	{ "[a-\\d]", "invalid escape sequence: `\\d`" },
	{ "[[:foo:]]", "invalid character class range: `[:foo:]`" },
	{ "[[:d:]]", "invalid character class range: `[:d:]`" },
	{ "\\p{Foo}", "invalid character class range: `\\p{Foo}`" },
	{ "\\p{Grek}", "invalid character class range: `\\p{Grek}`" },
	{ "\\pX", "invalid character class range: `\\pX`" },
	{ "\\p{L", "invalid character class range: `\\p{L`" },
	{ "\\p", "invalid character class range: `\\p`" },
	{ "(a)\\1", "invalid escape sequence: `\\1`" },
	{ "\\8", "invalid escape sequence: `\\8`" },
	{ "\\C", "invalid escape sequence: `\\C`" },
	{ "a\\Z", "invalid escape sequence: `\\Z`" },
	{ "\\cA", "invalid escape sequence: `\\c`" },
	{ "\\xg1", "invalid escape sequence: `\\xg1`" },
	{ "\\x{110000}", "invalid escape sequence: `\\x{110000`" },
	{ "[\\Qa\\E]", "invalid escape sequence: `\\Q`" },
	{ "\\\xc3\xa9", "invalid escape sequence: `\\\xc3\xa9`" },
	{ "(?=a)", "invalid or unsupported Perl syntax: `(?=`" },
	{ "(?!a)", "invalid or unsupported Perl syntax: `(?!`" },
	{ "(?<=a)b", "invalid named capture: `(?<=a)b`" },
	{ "(?>a)", "invalid or unsupported Perl syntax: `(?>`" },
	{ "(?#a)", "invalid or unsupported Perl syntax: `(?#`" },
	{ "(?x)a", "invalid or unsupported Perl syntax: `(?x`" },
	{ "(?i-)a", "invalid or unsupported Perl syntax: `(?i-)`" },
	{ "(?'n'a)", "invalid or unsupported Perl syntax: `(?'`" },
	{ "(?P=n)", "invalid or unsupported Perl syntax: `(?P`" },
	{ "(?P<a b>x)", "invalid named capture: `(?P<a b>`" },
	{ "(?P<>x)", "invalid named capture: `(?P<>`" },
	{ "(?<n", "invalid named capture: `(?<n`" },
	{ "(*UTF)a", "missing argument to repetition operator: `*`" },
};

static void bad_run(void **state)
{
	const struct bad_case *c = *state;
	static const char start[] = "error parsing regexp: ";
	AUTO(err_done) struct err err = { 0 };
	struct re2 *re = NULL;
	assert_int_equal(re2_compile(c->pattern, strlen(c->pattern), &re, &err), -1);
	assert_null(re);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(strncmp(err.msg, start, strlen(start)), 0);
	assert_string_equal(err.msg + strlen(start), c->message);
}

struct match_case {
	const char *pattern, *text;
	int start, end; /* of the first match; start -1: none */
};

static const struct match_case matches[] = {
	{ "", "abc", 0, 0 },
	{ "a|ab", "ab", 0, 1 }, /* the first alternative, not the longest */
	{ "a(?:|b)c?", "abc", 0, 1 },
	{ "abc$", "abc\n", -1, 0 },
	{ "(?m)^b$", "a\nb\n", 2, 3 },
	{ "(?m)^$", "a\n", 2, 2 },
	{ "abc\\z", "abc\n", -1, 0 },
	{ "\\Ab", "ab", -1, 0 },
	{ "a.b", "a\nb", -1, 0 },
	{ "(?s)a.b", "a\nb", 0, 3 },
	{ "(?s:a.)b|c.", "c\n", -1, 0 },
	{ ".", "\r", 0, 1 },
	{ "(?i)abc", "xABC", 1, 4 },
	{ "a(?i)b|c", "C", 0, 1 },     /* the flag holds behind the bar too */
	{ "(a(?i)b)c", "aBC", -1, 0 }, /* and ends with its group */
	{ "(?i)k", "\xe2\x84\xaa", 0, 3 },
	{ "(?i)[[:upper:]]", "\xc5\xbf", 0, 2 },
	{ "(?i)\\W", "\xc5\xbf", -1, 0 },
	{ "(?i)[^s]", "\xc5\xbf", -1, 0 },
	{ "\\W", "\xc5\xbf", 0, 2 },
	{ "(?i)ss", "\xc3\x9f", -1, 0 },
	{ "(?i)\\p{Greek}", "\xc2\xb5", 0, 2 },
	{ "\\p{Greek}", "\xc2\xb5", -1, 0 },
	{ "(?U)a+", "aaa", 0, 1 },
	{ "(?U)a+?", "aaa", 0, 3 },
	{ "a+?", "aaa", 0, 1 },
	{ "a(?i)*", "aaA", 0, 2 }, /* repeats the a, which is not folded */
	{ "^*", "a", 0, 0 },
	{ "(?:a*)+$", "aa", 0, 2 },
	{ "(|a)*", "aa", 0, 0 },
	{ "(?:)*x", "x", 0, 1 },
	{ "\\s", "\v", -1, 0 },
	{ "[[:space:]]", "\v", 0, 1 },
	{ "\\S", "\v", 0, 1 },
	{ "\\d", "\xd9\xa3", -1, 0 },
	{ "\\pN", "\xd9\xa3", 0, 2 },
	{ "\\p{Number}", "\xd9\xa3", 0, 2 },
	{ "\\p{old italic}", "\xf0\x90\x8c\x80", 0, 4 },
	{ "\\P{^L}", "a", 0, 1 },
	{ "[\\PL]", "a", -1, 0 },
	{ "\\p{Any}", "\n", 0, 1 },
	{ "\\P{Any}", "a", -1, 0 },
	{ "\\w", "\xc3\xa9", -1, 0 },
	{ "\\bx", "\xc3\xa9x", 2, 3 },
	{ "[[:^alpha:]]", "a1", 1, 2 },
	{ "[]x]+", "x]", 0, 2 },
	{ "[^]x]", "x]a", 2, 3 },
	{ "[a\\-b]+", "a-b", 0, 3 },
	{ "[a-c-e]+", "b-e", 0, 3 },
	{ "[^\\x00-\\x{10FFFF}]", "a", -1, 0 },
	{ "[\\x{d800}-\\x{e000}]", "\xee\x80\x80", 0, 3 },
	{ "\\x{d800}", "a", -1, 0 },
	{ "\\Q*a(\\E+", "*a((", 0, 4 },
	{ "\\Qa|", "a|", 0, 2 },
	{ "\\x61\\142\\0", "ab", -1, 0 },
	{ "\\x61\\142", "ab", 0, 2 },
	{ "\\a\\f\\t\\n\\r\\v", "\a\f\t\n\r\v", 0, 6 },
	{ "\\_\\-\\.", "_-.", 0, 3 },
	{ "a{,2}", "a{,2}", 0, 5 },
	{ "a{", "a{", 0, 2 },
	{ "a{01}", "a{01}", 0, 5 },
	{ "a{2}", "aaa", 0, 2 },
	{ "a{2,}?b{0}", "aaa", 0, 2 },
	{ "(a{500}){2}", "aaa", -1, 0 },
	{ "(?P<n>a)(?<n>b)", "ab", 0, 2 },
	{ "}]", "}]", 0, 2 },
	{ "#\xc3\xa9 ~", "#\xc3\xa9 ~", 0, 5 },
	{ "(<?.*?\\b)+.", "(a*?\\b)+.\n(ba|)", 0, 2 },
	{ "(?:a*?\\b)+.", "aab c", 0, 1 },
	{ "(a|b*?)*c?", "abbc", 0, 2 },
	{ "(|a)+", "aaa", 0, 0 },
	{ "(|a)*", "aaa", 0, 0 },
	{ "(a?\?b?\?)+c", "xabc", 1, 4 },
	{ "(?:.*?\\b)+x", "ab cx", -1, 0 },
	{ "(a|\\b){2,}b", "aab", 0, 3 },
	{ "(x?y?\?)*", "xyxy", 0, 1 },
};

static void match_run(void **state)
{
	const struct match_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(re2_free_p) struct re2 *re = NULL;
	size_t start = 0, end = 0, n = strlen(c->text);
	if (re2_compile(c->pattern, strlen(c->pattern), &re, &err) < 0)
		fail_msg("%s", err.msg);
	enum regex_result want = c->start < 0 ? REGEX_NO_MATCH : REGEX_MATCH;
	assert_int_equal(re2_find(re, c->text, n, 0, &start, &end), want);
	assert_int_equal(re2_test(re, c->text, n), want);
	if (want == REGEX_MATCH) {
		assert_int_equal(start, c->start);
		assert_int_equal(end, c->end);
	}
}

/* The same, followed all ways at once. */
static void program_run(void **state)
{
	const struct match_case *c = *state;
	AUTO(re2_code_done) struct re2_code code = { 0 };
	size_t start = 77, end = 77, n = strlen(c->text);
	enum regex_result want = c->start < 0 ? REGEX_NO_MATCH : REGEX_MATCH;
	assert_true(re2_program(c->pattern, strlen(c->pattern), &code));
	assert_int_equal(re2_code_run(&code, c->text, n, 0, &start, &end), want);
	assert_int_equal(re2_code_run(&code, c->text, n, 0, NULL, NULL), want);
	assert_int_equal(start, want == REGEX_MATCH ? c->start : 77);
	assert_int_equal(end, want == REGEX_MATCH ? c->end : 77);
}

/* ---- patterns that PCRE2 alone would not come to an end with */

struct hostile_case {
	const char *name, *pattern;
	size_t n; /* times "a", and then an "!" */
	int start, end;
};

static const struct hostile_case hostile[] = {
	{ "repeats in repeats", "^(a+)+$", 40, -1, 0 },
	{ "repeats in repeats, a long text", "^(a+)+$", 100000, -1, 0 },
	{ "repeats in repeats that match", "(a+)+!", 100000, 0, 100001 },
	{ "alternatives that overlap", "^(a|aa)+$", 100000, -1, 0 },
	{ "optional and then not", "^(a?){30}a{30}[!b]", 30, 0, 31 },
	{ "many stars", "a*a*a*a*a*a*a*a*a*a*[bc]", 5000, -1, 0 },
	{ "from every place to the end", "(a|b)*[cd]", 100000, -1, 0 },
	{ "counted repeats", "^(a{0,30}){0,30}[!]", 900, 0, 901 },
	{ "as few as possible", "(a|aa)+?a{99}!", 3000, 0, 3001 },
	{ "an empty alternative first", "(|a)*(|a)*(|a)*!", 3000, 0, 3001 },
	{ "too large for PCRE2", "^(?:[^b-z\\pM]|a[^b\\pN]|!){1000}$", 999, 0, 1000 },
	{ "a word", "(?i)\\b(A+)+!\\B", 1000, 0, 1001 },
};

static void hostile_run(void **state)
{
	const struct hostile_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(re2_free_p) struct re2 *re = NULL;
	AUTO(auto_free) char *text = xmalloc(c->n + 1);
	size_t start = 77, end = 77;
	memset(text, 'a', c->n);
	text[c->n] = '!';
	enum regex_result want = c->start < 0 ? REGEX_NO_MATCH : REGEX_MATCH;
	assert_int_equal(re2_compile(c->pattern, strlen(c->pattern), &re, &err), 0);
	assert_int_equal(re2_test(re, text, c->n + 1), want);
	assert_int_equal(re2_find(re, text, c->n + 1, 0, &start, &end), want);
	assert_true(re2_steps(re) < RE2_STEPS_MAX);
	assert_int_equal(start, want == REGEX_MATCH ? c->start : 77);
	assert_int_equal(end, want == REGEX_MATCH ? c->end : 77);
}

/* ---- what cannot be run here is neither an error nor an answer */

static char *repeated(char c, size_t n, char d)
{
	struct buf pattern = { 0 };
	for (size_t i = 0; i < n; i++)
		buf_putc(&pattern, c);
	for (size_t i = 0; d && i < n; i++)
		buf_putc(&pattern, d);
	return buf_take(&pattern);
}

static void assert_refused(char *pattern, enum err_code want)
{
	AUTO(err_done) struct err err = { 0 };
	struct re2 *re = NULL;
	assert_int_equal(re2_compile(pattern, strlen(pattern), &re, &err), -1);
	assert_int_equal(err.code, want);
	free(pattern);
}

static void limits(void **state)
{
	(void)state;
	assert_refused(xstrdup("(?i)\\p{Lu}"), ERR_LIMIT);
	assert_refused(repeated('a', REGEX_PATTERN_MAX + 1, 0), ERR_LIMIT);
	assert_refused(repeated('(', 2000, ')'), ERR_INPUT);
	assert_refused(repeated('(', 30000, 0), ERR_INPUT);
	assert_refused(repeated('[', 30000, 0), ERR_INPUT);
}

static void assert_limit(const char *pattern)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(re2_free_p) struct re2 *re = NULL;
	AUTO(auto_free) char *text = repeated('a', 300000, 0);
	size_t start, end;
	assert_int_equal(re2_compile(pattern, strlen(pattern), &re, &err), 0);
	assert_int_equal(re2_test(re, text, 300000), REGEX_LIMIT);
	assert_int_equal(re2_find(re, text, 300000, 0, &start, &end), REGEX_LIMIT);
}

static void too_much_to_do(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf large = { 0 };
	assert_limit("(a?){1000}[bc]");
	for (int i = 0; i < 100; i++)
		buf_puts(&large, "(?:(?:[^a-x]\\pL){30}){30}");
	assert_limit(large.data);
}

/* A repeat of a repeat needs a group around it; PCRE2 has no room for as many. */
static void many_repeats(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf pattern = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(re2_free_p) struct re2 *re = NULL;
	buf_puts(&pattern, "a");
	for (int i = 0; i < 1000; i++)
		buf_puts(&pattern, "*\\Q\\E");
	assert_int_equal(re2_compile(pattern.data, pattern.len, &re, &err), 0);
	assert_int_equal(re2_test(re, "b", 1), REGEX_MATCH);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(bad) + 2 * ARRAY_LEN(matches) + ARRAY_LEN(hostile) + 3];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		tests[n++] = fixture_row(bad[i].pattern, bad_run, &bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(matches); i++)
		tests[n++] = fixture_row(matches[i].pattern, match_run, &matches[i]);
	for (size_t i = 0; i < ARRAY_LEN(matches); i++)
		tests[n++] = fixture_row(matches[i].pattern, program_run, &matches[i]);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		tests[n++] = fixture_row(hostile[i].name, hostile_run, &hostile[i]);
	tests[n++] = fixture_row("too much to do", too_much_to_do, NULL);
	tests[n++] = fixture_row("limits", limits, NULL);
	tests[n++] = fixture_row("many repeats", many_repeats, NULL);
	return _cmocka_run_group_tests("re2", tests, n, NULL, NULL);
}
