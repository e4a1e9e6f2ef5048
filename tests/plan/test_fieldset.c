/* plan/merge/fieldset: sets from FieldsV1 and objects; a row a test. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"
#include "plan/merge/fieldset.h"
#include "plan/merge/schema.h"

static struct field_set parse(struct arena *a, const char *text)
{
	struct json fields = fixture_json(a, text);
	struct field_set s;
	AUTO(err_done) struct err err = { 0 };
	if (field_set_parse(a, &fields, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static void assert_set(struct arena *a, const struct field_set *got, const char *want)
{
	struct json fields = field_set_json(a, got), expected = fixture_json(a, want);
	AUTO(buf_done) struct buf g = { 0 }, w = { 0 };
	json_write_canonical(&g, &fields);
	json_write_canonical(&w, &expected);
	assert_string_equal(buf_text(&g), buf_text(&w));
}

/* ---- two sets */

struct operation_case {
	const char *name, *x, *y;
	const char *union_, *intersection, *difference, *subtract;
};

static const struct operation_case operations[] = {
	{ "nothing", "{}", "{}", "{}", "{}", "{}", "{}" },
	{ "with nothing", "{\"f:a\":{}}", "{}", "{\"f:a\":{}}", "{}", "{\"f:a\":{}}",
	  "{\"f:a\":{}}" },
	{ "nothing with", "{}", "{\"f:a\":{}}", "{\"f:a\":{}}", "{}", "{}", "{}" },
	{ "apart", "{\"f:a\":{}}", "{\"f:b\":{}}", "{\"f:a\":{},\"f:b\":{}}", "{}", "{\"f:a\":{}}",
	  "{\"f:a\":{}}" },
	{ "same", "{\"f:a\":{\"f:b\":{}}}", "{\"f:a\":{\"f:b\":{}}}", "{\"f:a\":{\"f:b\":{}}}",
	  "{\"f:a\":{\"f:b\":{}}}", "{}", "{}" },
	{ "below", "{\"f:a\":{\"f:b\":{},\"f:c\":{}}}", "{\"f:a\":{\"f:b\":{},\"f:d\":{}}}",
	  "{\"f:a\":{\"f:b\":{},\"f:c\":{},\"f:d\":{}}}", "{\"f:a\":{\"f:b\":{}}}",
	  "{\"f:a\":{\"f:c\":{}}}", "{\"f:a\":{\"f:c\":{}}}" },
	{ "a parent against what is below", "{\"f:a\":{\"f:b\":{}}}", "{\"f:a\":{}}",
	  "{\"f:a\":{\".\":{},\"f:b\":{}}}", "{}", "{\"f:a\":{\"f:b\":{}}}", "{}" },
	{ "an item itself and below", "{\"f:l\":{\"k:{\\\"n\\\":1}\":{\".\":{},\"f:n\":{}}}}",
	  "{\"f:l\":{\"k:{\\\"n\\\":1}\":{}}}",
	  "{\"f:l\":{\"k:{\\\"n\\\":1}\":{\".\":{},\"f:n\":{}}}}",
	  "{\"f:l\":{\"k:{\\\"n\\\":1}\":{}}}", "{\"f:l\":{\"k:{\\\"n\\\":1}\":{\"f:n\":{}}}}",
	  "{}" },
	{ "1 and 1.0 are one", "{\"f:l\":{\"v:1\":{}}}", "{\"f:l\":{\"v:1.0\":{}}}",
	  "{\"f:l\":{\"v:1\":{}}}", "{\"f:l\":{\"v:1\":{}}}", "{}", "{}" },
};

static void operation_run(void **state)
{
	const struct operation_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct field_set x = parse(&a, c->x), y = parse(&a, c->y);
	struct field_set got = field_set_union(&a, &x, &y);
	assert_set(&a, &got, c->union_);
	got = field_set_intersection(&a, &x, &y);
	assert_set(&a, &got, c->intersection);
	assert_int_equal(field_set_empty(&got), strcmp(c->intersection, "{}") == 0);
	got = field_set_difference(&a, &x, &y);
	assert_set(&a, &got, c->difference);
	got = field_set_subtract(&a, &x, &y);
	assert_set(&a, &got, c->subtract);
	assert_true(field_set_equal(&x, &x));
	struct field_set less = field_set_difference(&a, &x, &y);
	struct field_set more = field_set_difference(&a, &y, &x);
	assert_int_equal(field_set_equal(&x, &y), field_set_empty(&less) && field_set_empty(&more));
}

/* ---- the set of an object */

struct object_case {
	const char *name, *kind, *object, *want;
	const char *leaves; /* NULL: not looked at */
};

static const struct object_case objects[] = {
	{ "scalars", "ConfigMap",
	  "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"labels\":"
	  "{\"x\":\"y\"}},\"data\":{\"k\":\"v\"}}",
	  "{\"f:metadata\":{\"f:labels\":{\"f:x\":{}}},\"f:data\":{\"f:k\":{}}}", NULL },
	{ "empty map and list", "ConfigMap",
	  "{\"data\":{},\"metadata\":{\"annotations\":{},\"finalizers\":[]}}",
	  "{\"f:data\":{},\"f:metadata\":{\"f:annotations\":{}}}", NULL },
	{ "null", "ConfigMap", "{\"data\":null}", "{\"f:data\":{}}", NULL },
	{ "items by key, default filled in", "Service",
	  "{\"spec\":{\"ports\":[{\"port\":80,\"name\":\"a\"},{\"port\":53,\"protocol\":\"UDP\"}]}"
	  "}",
	  "{\"f:spec\":{\"f:ports\":{"
	  "\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:name\":{},\"f:port\":"
	  "{}},"
	  "\"k:{\\\"port\\\":53,\\\"protocol\\\":\\\"UDP\\\"}\":{\".\":{},\"f:port\":{},"
	  "\"f:protocol\":{}}}}}",
	  "{\"f:spec\":{\"f:ports\":{"
	  "\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\"f:name\":{},\"f:port\":{}},"
	  "\"k:{\\\"port\\\":53,\\\"protocol\\\":\\\"UDP\\\"}\":{\"f:port\":{},"
	  "\"f:protocol\":{}}}}}" },
	{ "a set", "ConfigMap", "{\"metadata\":{\"finalizers\":[\"b\",\"a\"]}}",
	  "{\"f:metadata\":{\"f:finalizers\":{\"v:\\\"a\\\"\":{},\"v:\\\"b\\\"\":{}}}}", NULL },
	{ "an item twice", "ConfigMap", "{\"metadata\":{\"finalizers\":[\"a\",\"a\"]}}",
	  "{\"f:metadata\":{\"f:finalizers\":{\"v:\\\"a\\\"\":{}}}}", NULL },
	{ "atomic map and list", "Deployment",
	  "{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"spec\":"
	  "{\"containers\":[{\"name\":\"c\",\"args\":[\"x\"],\"securityContext\":{}}],"
	  "\"tolerations\":[{\"key\":\"k\"}]}}}}",
	  "{\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:spec\":{\"f:containers\":"
	  "{\"k:{\\\"name\\\":\\\"c\\\"}\":{\".\":{},\"f:name\":{},\"f:args\":{},"
	  "\"f:securityContext\":{}}},\"f:tolerations\":{}}}}}",
	  NULL },
	{ "quantities", "Deployment",
	  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":"
	  "{\"limits\":{\"cpu\":1,\"memory\":\"1Gi\"}}}]}}}}",
	  "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{"
	  "\"k:{\\\"name\\\":\\\"c\\\"}\":{\".\":{},\"f:name\":{},\"f:resources\":{\"f:limits\":"
	  "{\"f:cpu\":{},\"f:memory\":{}}}}}}}}}",
	  NULL },
	{ "nothing known", NULL, "{\"a\":{\"b\":[1,2],\"c\":{}},\"d\":[{\"e\":1}]}",
	  "{\"f:a\":{\".\":{},\"f:b\":{},\"f:c\":{}},\"f:d\":{}}",
	  "{\"f:a\":{\"f:b\":{},\"f:c\":{}},"
	  "\"f:d\":{}}" },
	{ "a key that HTML would mind", "Service", "{\"metadata\":{\"finalizers\":[\"a<b>&c\"]}}",
	  "{\"f:metadata\":{\"f:finalizers\":{\"v:\\\"a\\\\u003cb\\\\u003e\\\\u0026c\\\"\":{}}}}",
	  NULL },
};

static const struct schema_node *root_of(const char *kind)
{
	if (!kind)
		return NULL;
	const struct schema_node *root =
		schema_root(NULL, strcmp(kind, "Deployment") == 0 ? "apps" : "", "v1", kind);
	assert_non_null(root);
	return root;
}

static void object_run(void **state)
{
	const struct object_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json object = fixture_json(&a, c->object);
	struct field_set s = field_set_of(&a, root_of(c->kind), &object);
	s = field_set_strip(&a, &s);
	assert_set(&a, &s, c->want);
	struct field_set again = parse(&a, c->want);
	assert_true(field_set_equal(&s, &again));
	if (!c->leaves)
		return;
	s = field_set_leaves(&a, &s);
	assert_set(&a, &s, c->leaves);
}

/* ---- what a set takes away from an object, and what it leaves */

struct extract_case {
	const char *name, *kind, *object, *set, *removed, *extracted;
};

static const struct extract_case extracts[] = {
	{ "a field", "ConfigMap", "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}",
	  "{\"f:data\":{\"f:a\":{}}}", "{\"data\":{\"b\":\"2\"}}", "{\"data\":{\"a\":\"1\"}}" },
	{ "the last field", "ConfigMap", "{\"data\":{\"a\":\"1\"}}", "{\"f:data\":{\"f:a\":{}}}",
	  "{\"data\":null}", "{\"data\":{\"a\":\"1\"}}" },
	{ "all of it", "ConfigMap", "{\"data\":{\"a\":\"1\"},\"immutable\":true}",
	  "{\"f:data\":{}}", "{\"immutable\":true}", "{\"data\":{\"a\":\"1\"}}" },
	{ "an item", "Service", "{\"spec\":{\"ports\":[{\"port\":1},{\"port\":2,\"name\":\"b\"}]}}",
	  "{\"f:spec\":{\"f:ports\":{\"k:{\\\"port\\\":1,\\\"protocol\\\":\\\"TCP\\\"}\":{}}}}",
	  "{\"spec\":{\"ports\":[{\"port\":2,\"name\":\"b\"}]}}",
	  "{\"spec\":{\"ports\":[{\"port\":1}]}}" },
	{ "a field of an item", "Service", "{\"spec\":{\"ports\":[{\"port\":2,\"name\":\"b\"}]}}",
	  "{\"f:spec\":{\"f:ports\":{\"k:{\\\"port\\\":2,\\\"protocol\\\":\\\"TCP\\\"}\":"
	  "{\"f:name\":{}}}}}",
	  "{\"spec\":{\"ports\":[{\"port\":2}]}}", "{\"spec\":{\"ports\":[{\"name\":\"b\"}]}}" },
};

static void extract_run(void **state)
{
	const struct extract_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json object = fixture_json(&a, c->object);
	struct field_set s = parse(&a, c->set);
	struct json got = field_set_remove(&a, root_of(c->kind), &object, &s);
	struct json want = fixture_json(&a, c->removed);
	assert_true(json_equal(&got, &want));
	got = field_set_extract(&a, root_of(c->kind), &object, &s);
	want = fixture_json(&a, c->extracted);
	assert_true(json_equal(&got, &want));
}

/* ---- the rest */

static void bad_fields(void **state)
{
	(void)state;
	static const char *const bad[] = { "5",
					   "{\"x\":{}}",
					   "{\"f:a\":[]}",
					   "{\"k:[]\":{}}",
					   "{\"k:{\":{}}",
					   "{\"v:{}\":{}}",
					   "{\"i:x\":{}}",
					   "{\"k:{\\\"a\\\":[]}\":{}}" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(err_done) struct err err = { 0 };
		struct json fields = fixture_json(&a, bad[i]);
		struct field_set s;
		assert_int_equal(field_set_parse(&a, &fields, &s, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

static void unknown_elements(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct field_set s = parse(&a, "{\"q:new\":{\"f:x\":{}},\"f:a\":{},\"i:2\":{}}");
	assert_set(&a, &s, "{\"f:a\":{},\"i:2\":{}}");
	assert_int_equal(field_set_size(&s), 2);
}

static int note(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	AUTO(arena_done) struct arena a = { 0 };
	buf_printf(ctx, "%s\n", field_path_text(&a, path));
	return 0;
}

static void walk(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	struct field_set s = parse(&a, "{\"f:b\":{},\"f:a\":{\".\":{},\"f:c\":{}},\"f:l\":"
				       "{\"k:{\\\"p\\\":443}\":{},\"k:{\\\"p\\\":80}\":{}}}");
	assert_int_equal(field_set_walk(&s, note, &b, &err), 0);
	assert_string_equal(buf_text(&b), "/a\n/a/c\n/b\n/l[p=80]\n/l[p=443]\n");
}

struct touch_case {
	const char *name, *path;
	bool has, touches;
};

static const struct touch_case touch_cases[] = {
	{ "a leaf", "/spec/replicas", true, true },
	{ "beside", "/spec/paused", false, false },
	{ "above", "/spec", false, true },
	{ "below an atomic value", "/spec/selector/matchLabels/a", false, true },
	{ "an item that is a member", "/spec/l[name=\"a\"]", true, true },
	{ "another field of that item", "/spec/l[name=\"a\"]/x", false, false },
	{ "another item", "/spec/l[name=\"b\"]/x", false, false },
};

static void touch_run(void **state)
{
	const struct touch_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct field_set s =
		parse(&a, "{\"f:spec\":{\"f:replicas\":{},\"f:selector\":{},\"f:l\":{"
			  "\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{}}}}}");
	struct field_path path;
	assert_int_equal(field_path_parse(&a, c->path, &path, &err), 0);
	assert_int_equal(field_set_has(&s, &path), c->has);
	assert_int_equal(field_set_touches(&s, &path), c->touches);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(operations) + ARRAY_LEN(objects) + ARRAY_LEN(extracts) +
				ARRAY_LEN(touch_cases) + 3];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		tests[n++] = fixture_row(operations[i].name, operation_run, &operations[i]);
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		tests[n++] = fixture_row(objects[i].name, object_run, &objects[i]);
	for (size_t i = 0; i < ARRAY_LEN(extracts); i++)
		tests[n++] = fixture_row(extracts[i].name, extract_run, &extracts[i]);
	for (size_t i = 0; i < ARRAY_LEN(touch_cases); i++)
		tests[n++] = fixture_row(touch_cases[i].name, touch_run, &touch_cases[i]);
	tests[n++] = fixture_row("what is no FieldsV1", bad_fields, NULL);
	tests[n++] = fixture_row("elements of later versions", unknown_elements, NULL);
	tests[n++] = fixture_row("walk", walk, NULL);
	return _cmocka_run_group_tests("fieldset", tests, n, NULL, NULL);
}
