/* plan/diff/rules: which fields a pattern names; a row a test.  What is sent and taken then is in
 * tests/e2e/lib/scenarios/ignore.py. */
#include "tests/lib/fixture.h"

#include "plan/diff/rules.h"

struct match_case {
	const char *name, *pattern, *path;
	bool matches;
};

#define MAIN "/spec/containers[name=\"main\"]"

static const struct match_case cases[] = {
	{ "itself", "/spec/replicas", "/spec/replicas", true },
	{ "what is below", "/spec", "/spec/replicas", true },
	{ "what is above", "/spec/replicas", "/spec", false },
	{ "a neighbour", "/spec/replicas", "/spec/paused", false },
	{ "only the beginning of a name", "/spec/rep", "/spec/replicas", false },
	{ "any member", "/spec/*/image", "/spec/main/image", true },
	{ "any member, another one below", "/spec/*/image", "/spec/main/name", false },
	{ "any item", "/spec/containers/*/image", MAIN "/image", true },
	{ "any item of a set", "/spec/finalizers/*", "/spec/finalizers[=\"a\"]", true },
	{ "an item by its key", MAIN "/image", MAIN "/image", true },
	{ "another item", "/spec/containers[name=\"side\"]/image", MAIN "/image", false },
	{ "an item by its position", "/spec/containers/1/image", MAIN "/image", true },
	{ "another position", "/spec/containers/0/image", MAIN "/image", false },
	{ "a position past the end", "/spec/containers/2/image", MAIN "/image", false },
	{ "a number as a name", "/data/0", "/data/0", true },
	{ "a slash in a name", "/metadata/annotations/a.b~1c", "/metadata/annotations/a.b~1c",
	  true },
	{ "* as a name", "/data/*", "/data/*", true },
	{ "a name where * is meant as one", "/data/a", "/data/*", false },
	{ "the whole object", "", "/spec", false },
};

static void match_run(void **state)
{
	const struct match_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json object = fixture_json(&a, "{\"spec\":{\"containers\":[{\"name\":\"side\"},"
					      "{\"name\":\"main\",\"image\":\"x\"}]}}");
	struct field_path pattern, path;
	assert_int_equal(field_path_parse(&a, c->pattern, &pattern, &err), 0);
	assert_int_equal(field_path_parse(&a, c->path, &path, &err), 0);
	assert_int_equal(rules_path_matches(&pattern, &path, &object), c->matches);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, match_run, &cases[i]);
	return _cmocka_run_group_tests("rules", tests, ARRAY_LEN(cases), NULL, NULL);
}
