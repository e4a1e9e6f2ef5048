/* json_parse(): what is accepted unaltered, what is refused and where, and what hostile texts
 * cost. */
#include "tests/lib/fixture.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/buf.h"
#include "base/json_parse.h"
#include "base/json_write.h"

/* ---- accepted */

struct good_case {
	const char *name, *text, *want; /* want: canonical; NULL: the text itself */
};

static const struct good_case good[] = {
	{ "null", "null", NULL },
	{ "booleans", "[true,false]", NULL },
	{ "empty containers", "[[],{},\"\"]", NULL },
	{ "white space", " \t\r\n{ \"a\" : [ 1 , 2 ] } \n", "{\"a\":[1,2]}" },
	{ "members are sorted", "{\"b\":1,\"a\":2,\"c\":3}", "{\"a\":2,\"b\":1,\"c\":3}" },
	{ "keys differ in case", "{\"A\":1,\"a\":2}", NULL },
	{ "2^53 + 1", "9007199254740993", NULL },
	{ "a number of 100 digits",
	  "12345678901234567890123456789012345678901234567890"
	  "12345678901234567890123456789012345678901234567890",
	  NULL },
	{ "minus zero", "-0", "0" },
	{ "an integer", "1", NULL },
	{ "a float", "1.0", NULL },
	{ "an exponent makes a float", "1E2", "100.0" },
	{ "a fraction of 80 digits",
	  "0.10000000000000000000000000000000000000000000000000000000000000000000000000000001",
	  "0.1" },
	{ "numbers keep their order", "{\"b\":[1,2.5,3],\"a\":{\"c\":4}}",
	  "{\"a\":{\"c\":4},\"b\":[1,2.5,3]}" },
	{ "short escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
	{ "unicode escapes", "\"\\u00e9\\u20AC\\u001f\"", "\"\xc3\xa9\xe2\x82\xac\\u001f\"" },
	{ "a surrogate pair", "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
	{ "the last code point", "\"\\udbff\\udfff\"", "\"\xf4\x8f\xbf\xbf\"" },
	{ "escapes in a key", "{\"\\u0061\\n\":1}", "{\"a\\n\":1}" },
	{ "an empty key", "{\"\":1}", NULL },
	{ "DEL is no control character", "\"\x7f\"", NULL },
	{ "long characters past eight bytes",
	  "\"12345678\xc3\xa9"
	  "12345678\"",
	  NULL },
};

static void good_run(void **state)
{
	const struct good_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, c->text);
	AUTO(buf_done) struct buf text = { 0 };
	json_write_canonical(&text, &v);
	assert_string_equal(buf_text(&text), c->want ? c->want : c->text);
}

/* ---- refused */

struct bad_case {
	const char *name, *text, *want;
};

static const struct bad_case bad[] = {
	{ "empty", "", "1:1: the JSON text ends too early" },
	{ "white space only", " \n ", "2:2: the JSON text ends too early" },
	{ "two documents", "{} {}", "1:4: expected the end after the JSON document" },
	{ "a byte order mark", "\xef\xbb\xbf{}", "1:1: expected a value" },
	{ "no value", "[1,]", "1:4: expected a value" },
	{ "no item", "[,1]", "1:2: expected a value" },
	{ "no comma", "[1 2]", "1:4: expected ',' or ']'" },
	{ "the wrong bracket", "[1}", "1:3: expected ',' or ']'" },
	{ "the other wrong bracket", "{\"a\":1]", "1:7: expected ',' or '}'" },
	{ "no key", "{\"a\":1,}", "1:8: expected a key in double quotes" },
	{ "a bare key", "{a:1}", "1:2: expected a key in double quotes" },
	{ "no colon", "{\"a\" 1}", "1:6: expected ':' after the key" },
	{ "single quotes", "'a'", "1:1: expected a value" },
	{ "a comment", "[1, // one\n2]", "1:5: expected a value" },
	{ "NaN", "NaN", "1:1: expected a value" },
	{ "a cut word", "[tru]", "1:2: expected a value" },
	{ "a longer word", "nullx", "1:5: expected the end after the JSON document" },
	{ "a leading zero", "01", "1:1: a number must not start with 0" },
	{ "a plus", "+1", "1:1: expected a value" },
	{ "no digits", "[-]", "1:3: a number needs a digit here" },
	{ "no fraction", "[1.]", "1:4: a number needs a digit here" },
	{ "no whole part", "[.5]", "1:2: expected a value" },
	{ "no exponent", "[1e+]", "1:5: a number needs a digit here" },
	{ "hexadecimal", "[0x10]", "1:3: expected ',' or ']'" },
	{ "beyond a double", "{\"a\":\n 1e999}", "2:2: a number is too large for a double" },
	{ "an open string", "[\"abc", "1:6: the JSON text ends too early" },
	{ "an open escape", "\"a\\", "1:4: the JSON text ends too early" },
	{ "an unknown escape", "\"a\\x\"", "1:3: an invalid escape in a string" },
	{ "a short unicode escape", "\"\\u12\"  ", "1:2: \\u needs four hexadecimal digits" },
	{ "no hexadecimal digits", "\"\\u12g4\"", "1:2: \\u needs four hexadecimal digits" },
	{ "escaped NUL", "\"x\\u0000y\"", "1:3: \\u0000 is not allowed in a string" },
	{ "escaped NUL in a key", "{\"\\u0000\":1}", "1:3: \\u0000 is not allowed in a string" },
	{ "a high surrogate alone", "\"\\ud83d\"", "1:2: half of a surrogate pair" },
	{ "a high surrogate and a letter", "\"\\ud83dabcdef\"", "1:2: half of a surrogate pair" },
	{ "two high surrogates", "\"\\ud83d\\ud83d\"", "1:2: half of a surrogate pair" },
	{ "a low surrogate alone", "\"\\ude00\\ud83d\"", "1:2: half of a surrogate pair" },
	{ "a raw control character", "\"a\tb\"",
	  "1:3: a control character in a string has to be escaped" },
	{ "a raw line break", "\"a\nb\"",
	  "1:3: a control character in a string has to be escaped" },
	{ "a stray continuation byte", "\"\x80\"", "1:2: invalid UTF-8" },
	{ "overlong", "\"\xc0\xaf\"", "1:2: invalid UTF-8" },
	{ "overlong of three", "\"\xe0\x80\xaf\"", "1:2: invalid UTF-8" },
	{ "a surrogate in UTF-8", "\"\xed\xa0\x80\"", "1:2: invalid UTF-8" },
	{ "beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", "1:2: invalid UTF-8" },
	{ "a cut character", "\"\xe2\x82\"", "1:2: invalid UTF-8" },
	{ "columns count characters", "[\"\xc3\xa9\xe2\x82\xac\", x]", "1:8: expected a value" },
	{ "lines count", "[\n\"a\",\r\n\t x]", "3:3: expected a value" },
	{ "a key twice", "{\"a\":1,\n \"a\":2}", "2:2: the key \"a\" stands twice in an object" },
	{ "a key twice, escaped", "{\"a\":1,\"\\u0061\":2}",
	  "1:8: the key \"a\" stands twice in an object" },
	{ "a key twice, deep", "[{\"x\":{\"k\":1,\n\"b\":[{\"c\":1}],\n  \"k\":2}}]",
	  "3:3: the key \"k\" stands twice in an object" },
	{ "a key thrice", "{\"b\":0,\"a\":1,\n\"a\":2,\n\"a\":3}",
	  "2:1: the key \"a\" stands twice in an object" },
};

/* The message is the same whether positions are recorded or not. */
static void bad_run(void **state)
{
	const struct bad_case *c = *state;
	for (int positions = 0; positions < 2; positions++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(err_done) struct err err = { 0 };
		struct json v = { .type = 99 };
		struct json_limits limits = { .positions = positions };
		int rc = json_parse(&a, c->text, strlen(c->text), "t", &limits, &v, &err);
		assert_int_equal(rc, -1);
		assert_int_equal(v.type, 99);
		assert_int_equal(err.code, ERR_INPUT);
		AUTO(auto_free) char *text = err_text(&err);
		assert_string_equal(text + 2, c->want);
	}
}

static void raw_nul(void **state)
{
	(void)state;
	static const char *const texts[] = { "\"a\0b\"", "[1,\0 2]", "1\0" };
	static const size_t lengths[] = { 5, 7, 2 };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(err_done) struct err err = { 0 };
		struct json v;
		assert_int_equal(json_parse(&a, texts[i], lengths[i], "t", NULL, &v, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

/* Every beginning of a text is refused, and nothing is read behind its end. */
static void cut_anywhere(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1.5e3,\"\\ud83d\\ude00\xc3\xa9\",true,null],\"b\":{}}";
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		AUTO(auto_free) char *cut = xmalloc(n);
		memcpy(cut, text, n);
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(err_done) struct err err = { 0 };
		struct json v;
		assert_int_equal(json_parse(&a, cut, n, "t", NULL, &v, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

/* ---- positions */

static void positions(void **state)
{
	(void)state;
	static const char text[] = "{\n  \"name\": \"\xc3\xa9\", \"n\": 1,\n"
				   "  \"list\": [ {}, [\n null]]\n}";
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json_limits limits = { .positions = true };
	struct json v;
	assert_int_equal(json_parse(&a, text, strlen(text), "t", &limits, &v, &err), 0);
	const struct json *list = json_get(&v, "list");
	const struct {
		const struct json *v;
		unsigned line, col;
	} want[] = {
		{ &v, 1, 1 },
		{ json_get(&v, "name"), 2, 11 },
		{ json_get(&v, "n"), 2, 21 },
		{ list, 3, 11 },
		{ &list->items[0], 3, 13 },
		{ &list->items[1], 3, 17 },
		{ &list->items[1].items[0], 4, 2 },
	};
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(want[i].v->line, want[i].line);
		assert_int_equal(want[i].v->col, want[i].col);
	}
	assert_int_equal(json_member(&v, "n")->line, 2);
	assert_int_equal(json_member(&v, "n")->col, 16);
	struct json plain;
	assert_int_equal(json_parse(&a, text, strlen(text), "t", NULL, &plain, &err), 0);
	assert_int_equal(plain.line, 0);
	assert_int_equal(json_member(&plain, "n")->line, 0);
}

/* ---- ceilings: hostile texts end at once and in little memory */

enum { AT_ONCE_MS = 1000, LITTLE_KIB = 64 << 10 };

/* Of this process: other work on the machine must not fail a test. */
static int64_t cpu_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long peak_kib(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static char *repeat(const char *piece, size_t times, size_t *n)
{
	size_t length = strlen(piece);
	char *text = xmalloc(length * times + 1);
	for (size_t i = 0; i < times; i++)
		memcpy(text + i * length, piece, length);
	*n = length * times;
	return text;
}

struct hostile_case {
	const char *name, *piece;
	size_t times;
	struct json_limits limits;
	const char *want;
};

static const struct hostile_case hostile[] = {
	{ "100,000 arrays",
	  "[",
	  100000,
	  { 0 },
	  "t:1:257: arrays and objects are nested deeper than 256" },
	{ "100,000 objects",
	  "{\"a\":",
	  100000,
	  { 0 },
	  "t:1:1281: arrays and objects are nested deeper than 256" },
	{ "no depth passes cJSON's",
	  "[",
	  100000,
	  { .max_depth = 1000000 },
	  "t:1:901: arrays and objects are nested deeper than 900" },
	{ "a depth of one's own",
	  "[",
	  5,
	  { .max_depth = 2 },
	  "t:1:3: arrays and objects are nested deeper than 2" },
	{ "100 MB on a line",
	  "x",
	  100 << 20,
	  { .max_bytes = 16 << 20 },
	  "t: JSON text of 104857600 bytes, more than the 16777216 allowed" },
	{ "100 MB of nonsense", "x", 100 << 20, { 0 }, "t:1:1: expected a value" },
};

static void hostile_run(void **state)
{
	const struct hostile_case *c = *state;
	size_t n;
	AUTO(auto_free) char *text = repeat(c->piece, c->times, &n);
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json v;
	long before_kib = peak_kib();
	int64_t before = cpu_ms();
	assert_int_equal(json_parse(&a, text, n, "t", &c->limits, &v, &err), -1);
	assert_true(cpu_ms() - before < AT_ONCE_MS);
	assert_true(peak_kib() - before_kib < LITTLE_KIB);
	AUTO(auto_free) char *message = err_text(&err);
	assert_string_equal(message, c->want);
}

static void too_many_values(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	buf_putc(&text, '[');
	for (size_t i = 0; i < JSON_MAX_VALUES; i++)
		buf_puts(&text, "1,");
	buf_puts(&text, "1]");
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json v;
	assert_int_equal(json_parse(&a, text.data, text.len, "t", NULL, &v, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "the JSON text has more values than 8388608");
}

static void deepest(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	for (int i = 0; i < 900; i++)
		buf_puts(&text, i % 2 ? "[" : "{\"a\":");
	buf_puts(&text, "1");
	for (int i = 900; i-- > 0;)
		buf_puts(&text, i % 2 ? "]" : "}");
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json v;
	struct json_limits limits = { .max_depth = 900 };
	assert_int_equal(json_parse(&a, text.data, text.len, "t", &limits, &v, &err), 0);
	AUTO(buf_done) struct buf again = { 0 };
	json_write_canonical(&again, &v);
	assert_string_equal(buf_text(&again), buf_text(&text));
}

/* 100,000 keys in the order in which a quadratic sort or a poor table would suffer. */
static void many_keys(void **state)
{
	(void)state;
	enum { KEYS = 100000 };
	AUTO(buf_done) struct buf text = { 0 };
	for (int i = KEYS; i-- > 0;)
		buf_printf(&text, "%s\"key-%06d\":%d", i == KEYS - 1 ? "{" : ",", i, i);
	buf_putc(&text, '}');
	AUTO(arena_done) struct arena a = { 0 };
	int64_t before = cpu_ms();
	struct json v = fixture_json(&a, buf_text(&text));
	assert_true(cpu_ms() - before < AT_ONCE_MS);
	assert_int_equal(v.n, KEYS);
	assert_string_equal(json_get(&v, "key-012345")->text, "12345");
	buf_reset(&text);
	for (int i = 0; i < KEYS; i++)
		buf_printf(&text, "%s\"key-%06d\":%d", i ? "," : "{", i % (KEYS - 1), i);
	buf_putc(&text, '}');
	AUTO(err_done) struct err err = { 0 };
	before = cpu_ms();
	assert_int_equal(json_parse(&a, text.data, text.len, "t", NULL, &v, &err), -1);
	assert_true(cpu_ms() - before < AT_ONCE_MS);
	assert_string_equal(err.msg, "the key \"key-000000\" stands twice in an object");
}

/* A key that occurs in many objects is stored once: LIST answers repeat the same few hundred. */
static void keys_are_shared(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, "[{\"metadata\":1},{\"metadata\":2}]");
	assert_ptr_equal(v.items[0].members[0].key, v.items[1].members[0].key);
}

int main(void)
{
	struct CMUnitTest tests[128] = {
		cmocka_unit_test(raw_nul),         cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(positions),       cmocka_unit_test(too_many_values),
		cmocka_unit_test(deepest),         cmocka_unit_test(many_keys),
		cmocka_unit_test(keys_are_shared),
	};
	size_t n = 7;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		tests[n++] = fixture_row(good[i].name, good_run, &good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		tests[n++] = fixture_row(bad[i].name, bad_run, &bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		tests[n++] = fixture_row(hostile[i].name, hostile_run, &hostile[i]);
	return _cmocka_run_group_tests("json_parse", tests, n, NULL, NULL);
}
