/* What a manifest states and what servers add or choose. */
#include "tests/lib/fixture.h"

#include "base/json_write.h"
#include "plan/state.h"

struct holds_case {
	const char *name, *declared, *live;
	bool holds;
};

static const struct holds_case holds_cases[] = {
	{ "the same", "{\"a\":1}", "{\"a\":1}", true },
	{ "a default is added", "{\"a\":1}", "{\"a\":1,\"b\":2}", true },
	{ "a default within an item", "[{\"a\":1}]", "[{\"a\":1,\"b\":2}]", true },
	{ "another value", "{\"a\":1}", "{\"a\":2}", false },
	{ "another type", "{\"a\":1}", "{\"a\":\"1\"}", false },
	{ "absent", "{\"a\":1}", "{}", false },
	{ "one item more", "[1]", "[1,2]", false },
	{ "one item less", "[1,2]", "[1]", false },
	{ "another order", "[1,2]", "[2,1]", false },
};

static void holds_case_run(void **state)
{
	const struct holds_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json declared = fixture_json(&a, c->declared), live = fixture_json(&a, c->live);
	assert_int_equal(state_holds(&declared, &live), c->holds);
}

struct chosen_case {
	const char *name, *kind, *declared, *live;
	const char *after, *kept;
};

#define PORTS(ports) "{\"spec\":{\"ports\":[" ports "]}}"

static const struct chosen_case chosen_cases[] = {
	{ "a node port", "Service", PORTS("{\"port\":80}"), PORTS("{\"port\":80}"),
	  PORTS("{\"nodePort\":31000,\"port\":80,\"protocol\":\"TCP\"}"),
	  PORTS("{\"port\":80,\"protocol\":\"TCP\"}") },
	{ "a node port that is declared", "Service", PORTS("{\"nodePort\":31000,\"port\":80}"),
	  PORTS("{\"port\":80}"), PORTS("{\"nodePort\":31000,\"port\":80,\"protocol\":\"TCP\"}"),
	  PORTS("{\"nodePort\":31000,\"port\":80,\"protocol\":\"TCP\"}") },
	{ "a node port that is there already", "Service", PORTS("{\"port\":80}"),
	  PORTS("{\"nodePort\":31000,\"port\":80,\"protocol\":\"TCP\"}"),
	  PORTS("{\"nodePort\":31000,\"port\":80}"), PORTS("{\"nodePort\":31000,\"port\":80}") },
	{ "a port of the same number and another protocol", "Service",
	  PORTS("{\"port\":53,\"protocol\":\"UDP\"}"),
	  PORTS("{\"nodePort\":31000,\"port\":53,\"protocol\":\"TCP\"}"),
	  PORTS("{\"nodePort\":31001,\"port\":53,\"protocol\":\"UDP\"}"),
	  PORTS("{\"port\":53,\"protocol\":\"UDP\"}") },
	{ "an address", "Service", "{\"spec\":{}}", "{\"spec\":{\"type\":\"ExternalName\"}}",
	  "{\"spec\":{\"clusterIP\":\"10.0.0.7\",\"clusterIPs\":[\"10.0.0.7\"]}}",
	  "{\"spec\":{}}" },
	{ "another kind", "Disservice", "{}", "{}", "{\"spec\":{\"clusterIP\":\"10.0.0.7\"}}",
	  "{\"spec\":{\"clusterIP\":\"10.0.0.7\"}}" },
};

static void chosen_case_run(void **state)
{
	const struct chosen_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct object_ref ref = { "", "v1", c->kind, "shop", "web" };
	struct json declared = fixture_json(&a, c->declared), live = fixture_json(&a, c->live);
	struct json after = fixture_json(&a, c->after);
	state_drop_chosen(&ref, &after, &declared, &live);
	json_write_canonical(&text, &after);
	assert_string_equal(buf_text(&text), c->kept);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(holds_cases) + ARRAY_LEN(chosen_cases)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(holds_cases); i++)
		tests[n++] = fixture_row(holds_cases[i].name, holds_case_run, &holds_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(chosen_cases); i++)
		tests[n++] = fixture_row(chosen_cases[i].name, chosen_case_run, &chosen_cases[i]);
	return _cmocka_run_group_tests("state", tests, n, NULL, NULL);
}
