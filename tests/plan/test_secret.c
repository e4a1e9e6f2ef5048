/* secret_scrub(): a row a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/json_parse.h"
#include "plan/secret.h"

struct scrub_case {
	const char *name, *secret, *text, *want;
};

static const struct scrub_case cases[] = {
	{ "nothing to hide", "{}", "plain", "plain" },
	{ "plain", "{\"data\":{\"a\":\"aHVudGVyMg==\"}}", "bad hunter2!", "bad (hidden)!" },
	{ "base64", "{\"data\":{\"a\":\"aHVudGVyMg==\"}}", "x aHVudGVyMg== y", "x (hidden) y" },
	{ "base64 without padding", "{\"data\":{\"a\":\"aHVudGVyMg==\"}}", "x aHVudGVyMg y",
	  "x (hidden) y" },
	{ "not base64 at all", "{\"data\":{\"a\":\"hunter2!\"}}", "is hunter2!.", "is (hidden)." },
	{ "stringData", "{\"stringData\":{\"a\":\"hunter2\"}}",
	  "hunter2 aHVudGVyMg==", "(hidden) (hidden)" },
	{ "one within the other", "{\"stringData\":{\"a\":\"bcd\",\"b\":\"abcde\"}}", "xabcdex",
	  "x(hidden)x" },
	{ "overlapping", "{\"stringData\":{\"a\":\"abc\",\"b\":\"cde\"}}", "xabcdex",
	  "x(hidden)x" },
	{ "itself overlapping", "{\"stringData\":{\"a\":\"aba\"}}", "xababax", "x(hidden)x" },
	{ "one byte", "{\"stringData\":{\"a\":\"d\"}}", "a d b", "a (hidden) b" },
	{ "scrubbed already", "{\"stringData\":{\"a\":\"d\"}}", "a (hidden) d",
	  "a (hidden) (hidden)" },
	{ "empty value", "{\"stringData\":{\"a\":\"\"}}", "abc", "abc" },
	{ "final newline", "{\"data\":{\"a\":\"aHVudGVyMgo=\"}}", "bad hunter2!", "bad (hidden)!" },
	{ "quoted", "{\"stringData\":{\"a\":\"x\\ny\"}}", "value \"x\\ny\" is",
	  "value \"(hidden)\" is" },
	{ "a number", "{\"data\":{\"a\":12345}}", "got 12345", "got (hidden)" },
	{ "nested", "{\"data\":{\"a\":{\"b\":[\"hunter2\"]}}}", "got hunter2", "got (hidden)" },
	{ "half a character", "{\"data\":{\"a\":\"ww==\"}}", "caf\xc3\xa9 x", "caf(hidden) x" },
};

static struct json parse(struct arena *a, const char *text)
{
	struct json v;
	struct err err = { 0 };
	if (json_parse(a, text, strlen(text), "case", NULL, &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static void scrub_case_run(void **state)
{
	const struct scrub_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json secret = parse(&a, c->secret);
	AUTO(auto_free) char *got = secret_scrub(&secret, c->text);
	assert_string_equal(got, c->want);
}

static void nulls(void **state)
{
	(void)state;
	AUTO(auto_free) char *got = secret_scrub(NULL, "text");
	assert_string_equal(got, "text");
	assert_null(secret_scrub(NULL, NULL));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = scrub_case_run,
						  .initial_state = (void *)(uintptr_t)&cases[i] };
	tests[n++] = (struct CMUnitTest){ .name = "nulls", .test_func = nulls };
	return _cmocka_run_group_tests("secret", tests, n, NULL, NULL);
}
