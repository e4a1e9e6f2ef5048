/* plan/diff/unchanged: recognising a no-op apply; a row a test. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "plan/diff/unchanged.h"

/* Live objects are written with our entry's FieldsV1 as `fields`, to keep rows short. */
struct unchanged_case {
	const char *name, *desired, *live, *fields;
	const char *label; /* value of label "set" that is thought in; NULL: none */
	bool unchanged;
};

#define META "\"metadata\":{\"name\":\"x\"}"

static const struct unchanged_case cases[] = {
	{ "equal scalars", "{\"kind\":\"K\"," META ",\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":1}}",
	  "{\"f:spec\":{\"f:a\":{}}}", NULL, true },
	{ "a different value", "{" META ",\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":2}}",
	  "{\"f:spec\":{\"f:a\":{}}}", NULL, false },
	{ "integer and float stay apart", "{" META ",\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":1.0}}",
	  "{\"f:spec\":{\"f:a\":{}}}", NULL, false },
	{ "server defaults do not matter", "{" META ",\"spec\":{\"a\":1}}",
	  "{\"spec\":{\"a\":1,\"b\":2},\"status\":{}}", "{\"f:spec\":{\"f:a\":{}}}", NULL, true },
	{ "a field that we own and dropped", "{" META ",\"spec\":{\"a\":1}}",
	  "{\"spec\":{\"a\":1,\"b\":2}}", "{\"f:spec\":{\"f:a\":{},\"f:b\":{}}}", NULL, false },
	{ "a field that we do not own yet", "{" META ",\"spec\":{\"a\":1,\"b\":2}}",
	  "{\"spec\":{\"a\":1,\"b\":2}}", "{\"f:spec\":{\"f:a\":{}}}", NULL, false },
	{ "an atomic list", "{" META ",\"args\":[1,2]}", "{\"args\":[1,2]}", "{\"f:args\":{}}",
	  NULL, true },
	{ "an atomic list in another order", "{" META ",\"args\":[1,2]}", "{\"args\":[2,1]}",
	  "{\"f:args\":{}}", NULL, false },
	{ "items by key", "{" META ",\"l\":[{\"n\":\"a\",\"v\":1}]}",
	  "{\"l\":[{\"n\":\"z\"},{\"n\":\"a\",\"v\":1,\"d\":2}]}",
	  "{\"f:l\":{\"k:{\\\"n\\\":\\\"a\\\"}\":{\".\":{},\"f:n\":{},\"f:v\":{}}}}", NULL, true },
	{ "items in another order", "{" META ",\"l\":[{\"n\":\"a\"},{\"n\":\"b\"}]}",
	  "{\"l\":[{\"n\":\"b\"},{\"n\":\"a\"}]}",
	  "{\"f:l\":{\"k:{\\\"n\\\":\\\"a\\\"}\":{\".\":{},\"f:n\":{}},"
	  "\"k:{\\\"n\\\":\\\"b\\\"}\":{\".\":{},\"f:n\":{}}}}",
	  NULL, false },
	{ "an item of ours that Git dropped", "{" META ",\"l\":[{\"n\":\"a\"}]}",
	  "{\"l\":[{\"n\":\"a\"},{\"n\":\"b\"}]}",
	  "{\"f:l\":{\"k:{\\\"n\\\":\\\"a\\\"}\":{\".\":{},\"f:n\":{}},"
	  "\"k:{\\\"n\\\":\\\"b\\\"}\":{\".\":{},\"f:n\":{}}}}",
	  NULL, false },
	{ "a defaulted key", "{" META ",\"l\":[{\"p\":80}]}", "{\"l\":[{\"p\":80,\"t\":\"TCP\"}]}",
	  "{\"f:l\":{\"k:{\\\"p\\\":80,\\\"t\\\":\\\"TCP\\\"}\":{\".\":{},\"f:p\":{}}}}", NULL,
	  true },
	{ "items of a set", "{" META ",\"s\":[\"a\",\"b\"]}", "{\"s\":[\"x\",\"a\",\"b\"]}",
	  "{\"f:s\":{\"v:\\\"a\\\"\":{},\"v:\\\"b\\\"\":{}}}", NULL, true },
	{ "an item of a set is missing", "{" META ",\"s\":[\"a\",\"b\"]}", "{\"s\":[\"a\"]}",
	  "{\"f:s\":{\"v:\\\"a\\\"\":{},\"v:\\\"b\\\"\":{}}}", NULL, false },
	{ "the label is thought in", "{\"metadata\":{\"labels\":{\"a\":\"1\"}}}",
	  "{\"metadata\":{\"labels\":{\"a\":\"1\",\"set\":\"mine\"}}}",
	  "{\"f:metadata\":{\"f:labels\":{\"f:a\":{},\"f:set\":{}}}}", "mine", true },
	{ "the label where no other is declared", "{" META ",\"d\":{\"a\":\"1\"}}",
	  "{\"metadata\":{\"labels\":{\"set\":\"mine\"}},\"d\":{\"a\":\"1\"}}",
	  "{\"f:d\":{\"f:a\":{}},\"f:metadata\":{\"f:labels\":{\"f:set\":{}}}}", "mine", true },
	{ "the label of another set", "{" META "}",
	  "{\"metadata\":{\"labels\":{\"set\":\"theirs\"}}}",
	  "{\"f:metadata\":{\"f:labels\":{\"f:set\":{}}}}", "mine", false },
	{ "no label yet", "{" META ",\"d\":{\"a\":\"1\"}}", "{\"d\":{\"a\":\"1\"}}",
	  "{\"f:d\":{\"f:a\":{}}}", "mine", false },
	{ "an empty map that has grown", "{" META ",\"d\":{}}", "{\"d\":{\"a\":1}}", "{\"f:d\":{}}",
	  NULL, false },
	{ "not ours at all", "{" META ",\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":1}}", NULL, NULL,
	  false },
};

static void unchanged_run(void **state)
{
	const struct unchanged_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json desired = fixture_json(&a, c->desired), live = fixture_json(&a, c->live);
	if (c->fields) {
		struct json entry =
			fixture_json(&a, "{\"manager\":\"rhumb\",\"operation\":\"Apply\"}");
		json_set(&a, &entry, "fieldsV1", fixture_json(&a, c->fields));
		struct json entries = json_of_array();
		json_append(&a, &entries, entry);
		json_set(&a, json_edit(&a, &live, "metadata"), "managedFields", entries);
	}
	assert_int_equal(unchanged_by_apply(&desired, c->label ? "set" : NULL, c->label, &live),
			 c->unchanged);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, unchanged_run, &cases[i]);
	return cmocka_run_group_tests_name("unchanged", tests, NULL, NULL);
}
