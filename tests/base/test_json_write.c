/* json_write.h: canonical and indented text. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"

/* ---- doubles, as ECMAScript prints them; the first ones are the samples of RFC 8785, by their
 * bits */

struct bits_case {
	const char *want;
	uint64_t bits;
};

static const struct bits_case bits[] = {
	{ "0.0", 0x0000000000000000 },
	{ "0.0", 0x8000000000000000 },
	{ "5e-324", 0x0000000000000001 },
	{ "-5e-324", 0x8000000000000001 },
	{ "1.7976931348623157e+308", 0x7fefffffffffffff },
	{ "-1.7976931348623157e+308", 0xffefffffffffffff },
	{ "9007199254740992.0", 0x4340000000000000 },
	{ "-9007199254740992.0", 0xc340000000000000 },
	{ "295147905179352830000.0", 0x4430000000000000 },
	{ "9.999999999999997e+22", 0x44b52d02c7e14af5 },
	{ "1e+23", 0x44b52d02c7e14af6 },
	{ "1.0000000000000001e+23", 0x44b52d02c7e14af7 },
	{ "999999999999999700000.0", 0x444b1ae4d6e2ef4e },
	{ "999999999999999900000.0", 0x444b1ae4d6e2ef4f },
	{ "1e+21", 0x444b1ae4d6e2ef50 },
	{ "9.999999999999997e-7", 0x3eb0c6f7a0b5ed8c },
	{ "0.000001", 0x3eb0c6f7a0b5ed8d },
	{ "333333333.3333332", 0x41b3de4355555553 },
	{ "333333333.33333325", 0x41b3de4355555554 },
	{ "333333333.3333333", 0x41b3de4355555555 },
	{ "333333333.3333334", 0x41b3de4355555556 },
	{ "333333333.33333343", 0x41b3de4355555557 },
	{ "-0.0000033333333333333333", 0xbecbf647612f3696 },
	{ "1424953923781206.2", 0x43143ff3c1cb0959 },
	{ "100.0", 0x4059000000000000 },
	{ "1.5", 0x3ff8000000000000 },
	{ "123456.789", 0x40fe240c9fbe76c9 },
};

static void bits_run(void **state)
{
	const struct bits_case *c = *state;
	double x;
	memcpy(&x, &c->bits, sizeof(x));
	AUTO(auto_free) char *text = xfmt("%.17e", x);
	struct json v = { .type = JSON_FLOAT, .n = (uint32_t)strlen(text), .text = text };
	AUTO(buf_done) struct buf b = { 0 };
	json_write_canonical(&b, &v);
	assert_string_equal(buf_text(&b), c->want);
	double again = strtod(b.data, NULL);
	assert_true(again == x);
}

/* ---- canonical */

struct text_case {
	const char *name, *text, *want;
};

static const struct text_case canonical[] = {
	{ "integers keep their digits", "[123456789012345678901234567890,-7]",
	  "[123456789012345678901234567890,-7]" },
	{ "a whole float stays one", "[1.0,1]", "[1.0,1]" },
	{ "control characters", "\"\\u0001\\b\\t\\n\\f\\r\\u001f\\u007f\"",
	  "\"\\u0001\\b\\t\\n\\f\\r\\u001f\x7f\"" },
	{ "no more escapes than needed", "\"\\/<>&\\u2028\\u00e9\"",
	  "\"/<>&\xe2\x80\xa8\xc3\xa9\"" },
	{ "keys by bytes", "{\"b\":1,\"a\":2,\"B\":3,\"\":4,\"10\":5,\"9\":6}",
	  "{\"\":4,\"10\":5,\"9\":6,\"B\":3,\"a\":2,\"b\":1}" },
	/* The sample of RFC 8785: U+1F600 is D83D DE00 in UTF-16, so it comes before U+FB33,
	 * although its UTF-8 (F0) comes after (EF). */
	{ "keys by UTF-16 units",
	  "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,"
	  "\"\\u00f6\":7}",
	  "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,"
	  "\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}" },
	{ "UTF-16 order behind a common start",
	  "{\"a\\ue000\":1,\"a\\ud800\\udc00\":2,\"a\\ud7ff\":3,\"a\":4}",
	  "{\"a\":4,\"a\xed\x9f\xbf\":3,\"a\xf0\x90\x80\x80\":2,\"a\xee\x80\x80\":1}" },
	{ "no spaces", "{ \"a\" : [ 1 , { } , [ ] ] }", "{\"a\":[1,{},[]]}" },
};

static void canonical_run(void **state)
{
	const struct text_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, c->text);
	AUTO(buf_done) struct buf b = { 0 };
	json_write_canonical(&b, &v);
	assert_string_equal(buf_text(&b), c->want);
	struct json again = fixture_json(&a, buf_text(&b));
	assert_true(json_equal(&v, &again));
}

/* ---- indented */

static const struct text_case indented[] = {
	{ "a scalar", "1", "1" },
	{ "empty", "{\"a\":{},\"b\":[]}", "{\n  \"a\": {},\n  \"b\": []\n}" },
	{ "nested", "{\"a\":[1,{\"b\":null}],\"c\":\"\\n\"}",
	  "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": \"\\n\"\n}" },
	{ "what drives a terminal", "[\"\\u009b\\u007f\\u202e\"]",
	  "[\n  \"\\u009b\\u007f\\u202e\"\n]" },
	{ "letters stay", "{\"ü\":\"東🙂\"}", "{\n  \"ü\": \"東🙂\"\n}" },
};

static void indented_run(void **state)
{
	const struct text_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, c->text);
	AUTO(buf_done) struct buf b = { 0 };
	json_write_indented(&b, &v);
	assert_string_equal(buf_text(&b), c->want);
}

int main(void)
{
	struct CMUnitTest tests[64];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		tests[n++] = fixture_row(bits[i].want, bits_run, &bits[i]);
	for (size_t i = 0; i < ARRAY_LEN(canonical); i++)
		tests[n++] = fixture_row(canonical[i].name, canonical_run, &canonical[i]);
	for (size_t i = 0; i < ARRAY_LEN(indented); i++)
		tests[n++] = fixture_row(indented[i].name, indented_run, &indented[i]);
	return _cmocka_run_group_tests("json_write", tests, n, NULL, NULL);
}
