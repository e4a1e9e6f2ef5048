/* What goes with an object that is deleted, and what people have set since it was planned. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"
#include "plan/diff/held.h"

#define ENTRY(manager, operation, fields)                                                          \
	"{\"manager\":\"" manager "\",\"operation\":\"" operation "\",\"fieldsV1\":" fields "}"
#define OBJECT(entries)                                                                            \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\","              \
	"\"managedFields\":[" entries "]},\"data\":{\"k\":\"1\"}}"
#define K "{\"f:data\":{\"f:k\":{}}}"

struct held_case {
	const char *name;
	const char *live, *base;
	const char *held;
};

static const struct held_case held_cases[] = {
	{ "all of ours, its labels too",
	  OBJECT(ENTRY("rhumb", "Apply",
		       "{\"f:data\":{\"f:k\":{}},\"f:metadata\":{\"f:labels\":{"
		       "\"f:x\":{}}}}")),
	  NULL, "{\"f:data\":{\"f:k\":{}},\"f:metadata\":{\"f:labels\":{\"f:x\":{}}}}" },
	{ "people's without metadata and status",
	  OBJECT(ENTRY("kubectl-edit", "Update",
		       "{\"f:data\":{\"f:k\":{}},\"f:metadata\":{\"f:labels\":{\"f:x\":{}}},"
		       "\"f:status\":{\"f:s\":{}}}")),
	  NULL, K },
	{ "not a controller's",
	  OBJECT(ENTRY("rhumb", "Apply", K) "," ENTRY("operator", "Update",
						      "{\"f:data\":{\"f:o\":{}}}")),
	  NULL, K },
	{ "base's, where we have never applied it", OBJECT(""), OBJECT(""), K },
	{ "not base's, where we have: an ignored field",
	  OBJECT(ENTRY("rhumb", "Apply", "{\"f:data\":{\"f:other\":{}}}")), OBJECT(""),
	  "{\"f:data\":{\"f:other\":{}}}" },
	{ "not base's that a controller holds", OBJECT(ENTRY("operator", "Update", K)), OBJECT(""),
	  "{}" },
	{ "nothing", OBJECT(""), NULL, "{}" },
};

static void held_run(void **state)
{
	const struct held_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json live = fixture_json(&a, c->live), base;
	if (c->base)
		base = fixture_json(&a, c->base);
	struct field_set set = held_fields(&a, NULL, c->base ? &base : NULL, &live);
	struct json fields = field_set_json(&a, &set);
	json_write_canonical(&text, &fields);
	assert_string_equal(buf_text(&text), c->held);
}

struct since_case {
	const char *name;
	const char *held, *live;
	const char *since;
};

static const struct since_case since_cases[] = {
	{ "the same", K, OBJECT(ENTRY("kubectl-edit", "Update", K)), "{}" },
	{ "another holder of the same", K, OBJECT(ENTRY("helm", "Update", K)), "{}" },
	{ "a new field", K,
	  OBJECT(ENTRY("kubectl-edit", "Update", "{\"f:data\":{\"f:k\":{},\"f:n\":{}}}")),
	  "{\"f:data\":{\"f:n\":{}}}" },
	{ "a new field of a controller", K,
	  OBJECT(ENTRY("operator", "Update", "{\"f:data\":{\"f:n\":{}}}")), "{}" },
	{ "a label", K,
	  OBJECT(ENTRY("kubectl-label", "Update", "{\"f:metadata\":{\"f:labels\":{\"f:x\":{}}}}")),
	  "{}" },
	{ "the map itself", K,
	  OBJECT(ENTRY("kubectl-edit", "Update", "{\"f:data\":{\".\":{},\"f:k\":{}}}")), "{}" },
};

static void since_run(void **state)
{
	const struct since_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json live = fixture_json(&a, c->live), held = fixture_json(&a, c->held);
	struct field_set set = held_since(&a, &held, &live);
	struct json fields = field_set_json(&a, &set);
	json_write_canonical(&text, &fields);
	assert_string_equal(buf_text(&text), c->since);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(held_cases) + ARRAY_LEN(since_cases)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(held_cases); i++)
		tests[n++] = fixture_row(held_cases[i].name, held_run, &held_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(since_cases); i++)
		tests[n++] = fixture_row(since_cases[i].name, since_run, &since_cases[i]);
	return _cmocka_run_group_tests("held", tests, n, NULL, NULL);
}
