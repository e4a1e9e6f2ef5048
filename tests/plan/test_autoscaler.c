/* plan/diff/autoscaler: what an autoscaler scales; a row a test. */
#include "tests/lib/fixture.h"

#include "plan/diff/autoscaler.h"

struct target_case {
	const char *name, *target; /* spec.scaleTargetRef */
	bool is;                   /* apps/Deployment/shop/web */
};

static const struct target_case cases[] = {
	{ "the object", "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"web\"}",
	  true },
	{ "another version",
	  "{\"apiVersion\":\"apps/v1beta1\",\"kind\":\"Deployment\",\"name\":\"web\"}", true },
	{ "no version", "{\"kind\":\"Deployment\",\"name\":\"web\"}", true },
	{ "another group", "{\"apiVersion\":\"x.io/v1\",\"kind\":\"Deployment\",\"name\":\"web\"}",
	  false },
	{ "the core group", "{\"apiVersion\":\"v1\",\"kind\":\"Deployment\",\"name\":\"web\"}",
	  false },
	{ "another kind", "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"name\":\"web\"}",
	  false },
	{ "another name", "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"we\"}",
	  false },
	{ "nothing", "{}", false },
	{ "no object", "3", false },
};

static void target_run(void **state)
{
	const struct target_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json hpa = fixture_json(&a, "{\"spec\":{}}");
	json_set(&a, json_edit(&a, &hpa, "spec"), "scaleTargetRef", fixture_json(&a, c->target));
	struct object_ref ref = { "apps", "v1", "Deployment", "shop", "web" };
	assert_int_equal(autoscaler_targets(&hpa, &ref), c->is);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, target_run, &cases[i]);
	return _cmocka_run_group_tests("autoscaler", tests, ARRAY_LEN(cases), NULL, NULL);
}
