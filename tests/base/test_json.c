/* json.h: reading, order, building. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json.h"
#include "base/json_write.h"

/* ---- the order of values */

struct order_case {
	const char *name, *a, *b;
	int want; /* of json_compare(a, b) */
};

static const struct order_case orders[] = {
	{ "equal integers", "7", "7", 0 },
	{ "minus zero is zero", "-0", "0", 0 },
	{ "beyond 2^53", "9007199254740992", "9007199254740993", -1 },
	{ "length decides", "99", "100", -1 },
	{ "negative before positive", "-5", "3", -1 },
	{ "negative by size", "-100", "-99", -1 },
	{ "an integer is no float", "1", "1.0", -1 },
	{ "equal floats", "1.50", "1.5", 0 },
	{ "floats", "1e3", "999.5", 1 },
	{ "zeros", "-0.0", "0.0", 0 },
	{ "strings", "\"a\"", "\"b\"", -1 },
	{ "string and number", "\"1\"", "1", 1 },
	{ "null and false", "null", "false", -1 },
	{ "booleans", "false", "true", -1 },
	{ "a prefix comes first", "[1]", "[1,2]", -1 },
	{ "items", "[1,3]", "[1,2,9]", 1 },
	{ "members in any order", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", 0 },
	{ "members by key", "{\"a\":9}", "{\"b\":1}", -1 },
	{ "members by value", "{\"a\":1}", "{\"a\":2}", -1 },
	{ "key case counts", "{\"A\":1}", "{\"a\":1}", -1 },
	{ "empty array and object", "[]", "{}", -1 },
};

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void order_run(void **state)
{
	const struct order_case *c = *state;
	AUTO(arena_done) struct arena arena = { 0 };
	struct json a = fixture_json(&arena, c->a), b = fixture_json(&arena, c->b);
	assert_int_equal(sign(json_compare(&a, &b)), c->want);
	assert_int_equal(sign(json_compare(&b, &a)), -c->want);
	assert_int_equal(json_equal(&a, &b), c->want == 0);
	struct json copy = json_copy(&arena, &a);
	assert_true(json_equal(&a, &copy));
}

/* ---- reading */

static void absent_values(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, "{\"a\":{\"b\":\"c\"},\"n\":5}");
	assert_string_equal(json_str(json_at(&v, "a", "b", NULL)), "c");
	assert_null(json_at(&v, "a", "x", "y", NULL));
	assert_null(json_at(&v, "n", "x", NULL));
	assert_null(json_at(NULL, "a", NULL));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get_str(&v, "n"));
	assert_null(json_str(NULL));
	assert_false(json_is(NULL, JSON_NULL));
	assert_false(json_true(NULL));
	assert_int_equal(json_pos(NULL, "f").line, 0);
	assert_int_equal(json_compare(NULL, NULL), 0);
	assert_true(json_compare(NULL, &v) < 0);
}

struct int_case {
	const char *text;
	bool fits;
	int64_t want;
};

static const struct int_case ints[] = {
	{ "0", true, 0 },
	{ "-12", true, -12 },
	{ "9223372036854775807", true, INT64_MAX },
	{ "-9223372036854775808", true, INT64_MIN },
	{ "9223372036854775808", false, 0 },
	{ "1.0", false, 0 },
	{ "\"1\"", false, 0 },
};

static void int_run(void **state)
{
	const struct int_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, c->text);
	int64_t n = 42;
	assert_int_equal(json_int64(&v, &n), c->fits);
	assert_true(n == (c->fits ? c->want : 42));
}

/* ---- building */

static void assert_canonical(const struct json *v, const char *want)
{
	AUTO(buf_done) struct buf text = { 0 };
	json_write_canonical(&text, v);
	assert_string_equal(buf_text(&text), want);
}

static void build(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = json_of_object();
	json_set_str(&a, &v, "z", "1");
	json_set_int(&a, &v, "a", -5);
	struct json *list = json_set(&a, &v, "list", json_of_array());
	for (int i = 0; i < 5; i++)
		json_append(&a, list, json_of_fmt(&a, "%d", i));
	json_remove_item(list, 1);
	json_append(&a, list, json_of_bool(true));
	json_set_str(&a, json_edit(&a, &v, "meta"), "name", "x");
	json_set_str(&a, json_edit(&a, &v, "meta"), "more", "y");
	json_edit(&a, &v, "z");
	assert_canonical(&v, "{\"a\":-5,\"list\":[\"0\",\"2\",\"3\",\"4\",true],"
			     "\"meta\":{\"more\":\"y\",\"name\":\"x\"},\"z\":{}}");
	assert_true(json_remove(&v, "z"));
	assert_false(json_remove(&v, "z"));
	json_set(&a, &v, "a", json_of_null());
	assert_canonical(json_get(&v, "a"), "null");
}

/* A copied struct shares its children, so an addition to one must not show in the other; the
 * room that is left over belongs to the one that grew. */
static void add_and_remove(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = json_of_object();
	for (int i = 0; i < 1000; i++)
		json_set_int(&a, &v, arena_fmt(&a, "k%03d", (i * 617) % 1000), i);
	assert_int_equal(v.n, 1000);
	for (int i = 0; i < 1000; i += 2)
		assert_true(json_remove(&v, arena_fmt(&a, "k%03d", i)));
	for (int i = 0; i < 1000; i += 4)
		json_set_int(&a, &v, arena_fmt(&a, "k%03d", i), i);
	assert_int_equal(v.n, 750);
	for (uint32_t i = 1; i < v.n; i++)
		assert_true(strcmp(v.members[i - 1].key, v.members[i].key) < 0);
}

static void copies_are_independent(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, "{\"a\":{\"b\":[1,2]}}");
	struct json copy = json_copy(&a, &v);
	json_set_int(&a, json_edit(&a, &copy, "a"), "c", 1);
	assert_canonical(&v, "{\"a\":{\"b\":[1,2]}}");
	assert_canonical(&copy, "{\"a\":{\"b\":[1,2],\"c\":1}}");
}

static void sort_finds_the_second(void **state)
{
	(void)state;
	for (uint32_t n = 3; n < 60; n += 8) {
		AUTO(arena_done) struct arena a = { 0 };
		struct json v = json_of_object();
		v.n = n;
		v.members = arena_calloc(&a, n, sizeof(*v.members));
		for (uint32_t i = 0; i < n; i++) {
			v.members[i].key = arena_fmt(&a, "%02u", n - i);
			v.members[i].line = i + 1;
		}
		const struct json_member *twice = NULL;
		assert_true(json_sort_members(&v, &twice));
		v.members[0].key = v.members[n - 1].key; /* stands on line n, the other on line 1 */
		assert_false(json_sort_members(&v, &twice));
		assert_int_equal(twice->line, n);
	}
}

int main(void)
{
	struct CMUnitTest tests[64] = {
		cmocka_unit_test(absent_values),         cmocka_unit_test(build),
		cmocka_unit_test(add_and_remove),        cmocka_unit_test(copies_are_independent),
		cmocka_unit_test(sort_finds_the_second),
	};
	size_t n = 5;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		tests[n++] = fixture_row(orders[i].name, order_run, &orders[i]);
	for (size_t i = 0; i < ARRAY_LEN(ints); i++)
		tests[n++] = fixture_row(ints[i].text, int_run, &ints[i]);
	return _cmocka_run_group_tests("json", tests, n, NULL, NULL);
}
