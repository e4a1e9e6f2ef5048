/* plan/merge/field_path: texts, order, looking up; a row a test. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "plan/merge/field_path.h"

/* ---- text to path and back */

struct text_case {
	const char *name, *text;
	size_t n;        /* elements */
	const char *api; /* as the API server writes it */
};

static const struct text_case texts[] = {
	{ "the whole object", "", 0, "" },
	{ "a field", "/spec", 1, ".spec" },
	{ "nested", "/spec/replicas", 2, ".spec.replicas" },
	{ "an item by its key", "/spec/containers[name=\"main\"]/image", 4,
	  ".spec.containers[name=\"main\"].image" },
	{ "two keys", "/spec/ports[port=80,protocol=\"TCP\"]", 3,
	  ".spec.ports[port=80,protocol=\"TCP\"]" },
	{ "an item of a set", "/metadata/finalizers[=\"a/b\"]", 3,
	  ".metadata.finalizers[=\"a/b\"]" },
	{ "a number of a set", "/spec/ports[=5]", 3, ".spec.ports[=5]" },
	{ "an index", "/spec/args[3]", 3, ".spec.args[3]" },
	{ "an annotation", "/metadata/annotations/a.b~1c", 3, ".metadata.annotations.a.b/c" },
	{ "tilde and bracket", "/data/a~0b~2c]", 2, ".data.a~b[c]" },
	{ "brackets and slashes in a value", "/x[k=\"a]/b,c=\\\"d\"]/y", 3,
	  ".x[k=\"a]/b,c=\\\"d\"].y" },
	{ "an odd key", "/x[\"a=b\"=1,c=true]", 2, ".x[a=b=1,c=true]" },
	{ "an empty key", "/data/", 2, ".data." },
};

static void text_case_run(void **state)
{
	const struct text_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct field_path path;
	if (field_path_parse(&a, c->text, &path, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(path.n, c->n);
	assert_string_equal(field_path_text(&a, &path), c->text);
	assert_string_equal(field_path_to_api(&a, &path), c->api);
}

struct bad_case {
	const char *name, *text, *want;
};

static const struct bad_case bad_texts[] = {
	{ "no slash", "spec", "neither" },
	{ "dangling tilde", "/a~", "\"~\" is not followed" },
	{ "unknown escape", "/a~7", "\"~\" is not followed" },
	{ "open bracket", "/a[b=1", "\"]\" is missing" },
	{ "no value", "/a[b=]", "no scalar value" },
	{ "no equals sign", "/a[b]", "\"=\" is missing" },
	{ "a value that is no JSON", "/a[b=x]", "no scalar value" },
	{ "a value that is no scalar", "/a[b={}]", "no scalar value" },
	{ "a key twice", "/a[b=1,b=2]", "stands twice" },
	{ "an index too large", "/a[99999999999]", "no index" },
	{ "empty brackets", "/a[]", "a key is missing" },
};

static void bad_case_run(void **state)
{
	const struct bad_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct field_path path = { NULL, 77 };
	assert_int_equal(field_path_parse(&a, c->text, &path, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_non_null(strstr(err.msg, c->want));
	assert_int_equal(path.n, 77);
}

static void too_deep(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	char text[2 * FIELD_PATH_MAX + 3];
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? 'a' : '/';
	text[sizeof(text) - 1] = '\0';
	struct field_path path;
	assert_int_equal(field_path_parse(&a, text, &path, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

/* ---- looking up */

#define POD                                                                                        \
	"{\"metadata\":{\"annotations\":{\"a.b/c\":\"x\",\"a\":\"y\",\"k[0]\":\"z\"},"             \
	"\"finalizers\":[\"f1\",\"f2\"]},"                                                         \
	"\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"1\"},"                              \
	"{\"name\":\"b\",\"image\":\"2\",\"ports\":[{\"containerPort\":53},"                       \
	"{\"containerPort\":53,\"protocol\":\"UDP\",\"name\":\"u\"}]}]}}"

struct find_case {
	const char *name, *object, *text, *want; /* want: JSON, NULL: nothing */
};

static const struct find_case finds[] = {
	{ "a member", POD, "/metadata/annotations/a.b~1c", "\"x\"" },
	{ "a bracket in a key", POD, "/metadata/annotations/k~20]", "\"z\"" },
	{ "an item", POD, "/spec/containers[name=\"b\"]/image", "\"2\"" },
	{ "no such item", POD, "/spec/containers[name=\"c\"]/image", NULL },
	{ "no such member", POD, "/spec/replicas/x", NULL },
	{ "an item of a set", POD, "/metadata/finalizers[=\"f2\"]", "\"f2\"" },
	{ "no such item of a set", POD, "/metadata/finalizers[=\"f3\"]", NULL },
	{ "an index", POD, "/metadata/finalizers[1]", "\"f2\"" },
	{ "past the end", POD, "/metadata/finalizers[2]", NULL },
	{ "a key left to its default", POD,
	  "/spec/containers[name=\"b\"]/ports[containerPort=53,protocol=\"TCP\"]",
	  "{\"containerPort\":53}" },
	{ "both keys stated", POD,
	  "/spec/containers[name=\"b\"]/ports[containerPort=53,protocol=\"UDP\"]/name", "\"u\"" },
	{ "the whole", "5", "", "5" },
	{ "no path at all", POD, "spec", NULL },
};

static void find_case_run(void **state)
{
	const struct find_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json object = fixture_json(&a, c->object);
	const struct json *got = field_path_find(&object, c->text);
	if (!c->want) {
		assert_null(got);
		return;
	}
	struct json want = fixture_json(&a, c->want);
	assert_true(json_equal(got, &want));
}

/* ---- from the API server's form */

struct api_case {
	const char *name, *field, *object, *want;
};

static const struct api_case apis[] = {
	{ "plain", ".spec.replicas", NULL, "/spec/replicas" },
	{ "an item", ".spec.template.spec.containers[name=\"main\"].image", NULL,
	  "/spec/template/spec/containers[name=\"main\"]/image" },
	{ "two keys", ".spec.ports[port=80,protocol=\"TCP\"].name", NULL,
	  "/spec/ports[port=80,protocol=\"TCP\"]/name" },
	{ "a set", ".metadata.finalizers[=\"a.b/c\"]", NULL, "/metadata/finalizers[=\"a.b/c\"]" },
	{ "dots in a key", ".metadata.annotations.a.b/c", POD, "/metadata/annotations/a.b~1c" },
	{ "a shorter key beside it", ".metadata.annotations.a", POD, "/metadata/annotations/a" },
	{ "brackets in a key", ".metadata.annotations.k[0]", POD, "/metadata/annotations/k~20]" },
	{ "dots in a key that is not there", ".data.a.b", "{\"data\":{}}", "/data/a/b" },
	{ "Go's escapes", ".x[k=\"\\x01\\a\"]", NULL, "/x[k=\"\\u0001\\u0007\"]" },
	{ "not understood", ".x[k=]", NULL, ".x[k=]" },
	{ "without the first dot", "spec.replicas", NULL, "/spec/replicas" },
};

static void api_case_run(void **state)
{
	const struct api_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json object = json_of_null();
	if (c->object)
		object = fixture_json(&a, c->object);
	assert_string_equal(field_path_from_api(&a, c->field, c->object ? &object : NULL), c->want);
}

/* ---- order */

static void order(void **state)
{
	(void)state;
	static const char *const sorted[] = {
		"",         "/a",        "/a/b",          "/a[k=8]",
		"/a[k=80]", "/a[k=443]", "/a[k=443,l=1]", "/a[k=\"x\"]",
		"/a[l=1]",  "/a[=1]",    "/a[=\"x\"]",    "/a[0]",
		"/a[2]",    "/b",
	};
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct field_path paths[ARRAY_LEN(sorted)];
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
		assert_int_equal(field_path_parse(&a, sorted[i], &paths[i], &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
		for (size_t j = 0; j < ARRAY_LEN(sorted); j++)
			assert_int_equal(field_path_compare(&paths[i], &paths[j]),
					 (i > j) - (i < j));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(texts) + ARRAY_LEN(bad_texts) + ARRAY_LEN(finds) +
				ARRAY_LEN(apis) + 2];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		tests[n++] = fixture_row(texts[i].name, text_case_run, &texts[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad_texts); i++)
		tests[n++] = fixture_row(bad_texts[i].name, bad_case_run, &bad_texts[i]);
	for (size_t i = 0; i < ARRAY_LEN(finds); i++)
		tests[n++] = fixture_row(finds[i].name, find_case_run, &finds[i]);
	for (size_t i = 0; i < ARRAY_LEN(apis); i++)
		tests[n++] = fixture_row(apis[i].name, api_case_run, &apis[i]);
	tests[n++] = fixture_row("too deep", too_deep, NULL);
	tests[n++] = fixture_row("order", order, NULL);
	return _cmocka_run_group_tests("field_path", tests, n, NULL, NULL);
}
