/* Identities of objects. */
#include "tests/lib/fixture.h"

#include "plan/object.h"

struct ref_case {
	const char *name, *object, *id, *label, *api_version;
	bool secret;
};

static const struct ref_case cases[] = {
	{ "namespaced with group",
	  "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
	  "\"metadata\":{\"namespace\":\"shop\",\"name\":\"web\"}}",
	  "apps/Deployment/shop/web", "Deployment shop/web", "apps/v1", false },
	{ "cluster-scoped, core",
	  "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}",
	  "Namespace/shop", "Namespace shop", "v1", false },
	{ "core, namespaced",
	  "{\"apiVersion\":\"v1\",\"kind\":\"Secret\","
	  "\"metadata\":{\"namespace\":\"a\",\"name\":\"b\"}}",
	  "Secret/a/b", "Secret a/b", "v1", true },
	{ "a Secret of another group is none",
	  "{\"apiVersion\":\"x.io/v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"b\"}}",
	  "x.io/Secret/b", "Secret b", "x.io/v1", false },
	{ "all missing", "{}", "/", " ", "", false },
	{ "wrong types", "{\"apiVersion\":1,\"kind\":[],\"metadata\":\"x\"}", "/", " ", "", false },
};

static void ref_case_run(void **state)
{
	const struct ref_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json object = fixture_json(&a, c->object);
	struct object_ref ref = object_ref_of(&a, &object), copy = object_ref_copy(&a, &ref);
	assert_string_equal(object_ref_id(&a, &ref), c->id);
	assert_string_equal(object_ref_label(&a, &copy), c->label);
	assert_string_equal(object_ref_api_version(&a, &copy), c->api_version);
	assert_int_equal(object_is_secret(&ref), c->secret);
	assert_int_equal(object_ref_compare(&ref, &copy), 0);
}

static void order(void **state)
{
	(void)state;
	static const struct object_ref sorted[] = {
		{ "", "v1", "ConfigMap", "a", "z" }, { "", "v1", "ConfigMap", "b", "a" },
		{ "", "v1", "ConfigMap", "b", "b" }, { "", "v1", "Namespace", "", "a" },
		{ "apps", "v1", "A", "a", "a" },
	};
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
		for (size_t j = 0; j < ARRAY_LEN(sorted); j++) {
			int d = object_ref_compare(&sorted[i], &sorted[j]);
			assert_int_equal((d > 0) - (d < 0), (i > j) - (i < j));
		}
}

static void versions_are_one_object(void **state)
{
	(void)state;
	struct object_ref old = { "apps", "v1beta1", "Deployment", "shop", "web" };
	struct object_ref new = { "apps", "v1", "Deployment", "shop", "web" };
	assert_int_equal(object_ref_compare(&old, &new), 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 2];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, ref_case_run, &cases[i]);
	tests[n++] = fixture_row("order", order, NULL);
	tests[n++] = fixture_row("versions are one object", versions_are_one_object, NULL);
	return _cmocka_run_group_tests("object", tests, n, NULL, NULL);
}
