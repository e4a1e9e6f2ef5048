/* The table of kinds. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "plan/cluster/kinds.h"

struct find_case {
	const char *name, *group, *version, *kind;
	const char *plural; /* NULL: not there */
	bool namespaced, appliable;
};

static const struct find_case builtin_cases[] = {
	{ "deployments", "apps", "v1", "Deployment", "deployments", true, true },
	{ "namespaces", "", "v1", "Namespace", "namespaces", false, true },
	{ "first of the table", "", "v1", "Binding", "bindings", true, false },
	{ "last of the table", "storage.k8s.io", "v1", "VolumeAttributesClass",
	  "volumeattributesclasses", false, true },
	{ "read only", "", "v1", "ComponentStatus", "componentstatuses", false, false },
	{ "version that is not served", "apps", "v1beta1", "Deployment", NULL, false, false },
	{ "kind of another group", "apps", "v1", "Job", NULL, false, false },
	{ "case counts", "apps", "v1", "deployment", NULL, false, false },
};

static void builtin_case_run(void **state)
{
	const struct find_case *c = *state;
	AUTO(kind_table_done) struct kind_table t = { 0 };
	kinds_add_builtin(&t);
	const struct kind *k = kinds_find(&t, c->group, c->version, c->kind);
	if (!c->plural) {
		assert_null(k);
		return;
	}
	assert_non_null(k);
	assert_string_equal(k->plural, c->plural);
	assert_int_equal(k->namespaced, c->namespaced);
	assert_int_equal(k->appliable, c->appliable);
	assert_false(k->deferred);
}

static void any_version(void **state)
{
	(void)state;
	AUTO(kind_table_done) struct kind_table t = { 0 };
	assert_null(kinds_find_any(&t, "apps", "Deployment"));
	kinds_add_builtin(&t);
	assert_string_equal(kinds_find_any(&t, "autoscaling", "HorizontalPodAutoscaler")->version,
			    "v2");
	assert_string_equal(kinds_find_any(&t, "apps", "Deployment")->version, "v1");
	assert_null(kinds_find_any(&t, "apps", "Deploymen"));
	assert_null(kinds_find_any(&t, "zzz", "Z"));
}

/* An object moves to a version that its CRD brings in the same plan: it is read in an old one. */
static void served_version(void **state)
{
	(void)state;
	AUTO(kind_table_done) struct kind_table t = { 0 };
	struct kind k = { .group = "g",
			  .version = "v2",
			  .kind = "K",
			  .plural = "ks",
			  .preferred = true,
			  .deferred = true };
	kinds_add(&t, &k);
	assert_string_equal(kinds_find_any(&t, "g", "K")->version, "v2");
	k = (struct kind){ .group = "g", .version = "v1", .kind = "K", .plural = "ks" };
	kinds_add(&t, &k);
	assert_string_equal(kinds_find_any(&t, "g", "K")->version, "v1");
}

/* The order in which Kubernetes prefers versions. */
static void newest_first(void **state)
{
	(void)state;
	static const char *const order[] = { "v10",      "v2",      "v1",        "v11beta2",
					     "v10beta3", "v3beta1", "v12alpha1", "v11alpha2",
					     "foo1",     "foo10",   "v1beta",    "v1gamma1" };
	static const size_t added[] = { 3, 0, 11, 7, 1, 9, 5, 2, 10, 4, 8, 6 };
	AUTO(kind_table_done) struct kind_table t = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		kinds_add(&t, &(struct kind){ .group = "g",
					      .version = order[added[i]],
					      .kind = "K",
					      .plural = "ks" });
	assert_int_equal(t.n, ARRAY_LEN(order));
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_string_equal(t.items[i].version, order[i]);
	assert_string_equal(kinds_find_any(&t, "g", "K")->version, "v10");
}

static void first_entry_stays(void **state)
{
	(void)state;
	AUTO(kind_table_done) struct kind_table t = { 0 };
	kinds_add(&t, &(struct kind){ .group = "g", .version = "v1", .kind = "K", .plural = "a" });
	kinds_add(&t, &(struct kind){ .group = "g", .version = "v1", .kind = "K", .plural = "b" });
	assert_int_equal(t.n, 1);
	assert_string_equal(t.items[0].plural, "a");
}

static void many(void **state)
{
	(void)state;
	AUTO(kind_table_done) struct kind_table t = { 0 };
	char name[16];
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "K%u", i * 7919 % 3000);
		kinds_add(&t,
			  &(struct kind){
				  .group = "g", .version = "v1", .kind = name, .plural = name });
	}
	assert_int_equal(t.n, 3000);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "K%u", i);
		assert_string_equal(kinds_find(&t, "g", "v1", name)->plural, name);
	}
}

struct crd_case {
	const char *name, *crd, *kinds; /* "version plural scope preferred;..." */
};

#define NAMES "\"names\":{\"kind\":\"Foo\",\"plural\":\"foos\"}"

static const struct crd_case crd_cases[] = {
	{ "namespaced",
	  "{\"spec\":{\"group\":\"x.io\",\"scope\":\"Namespaced\"," NAMES
	  ",\"versions\":[{\"name\":\"v1\",\"served\":true}]}}",
	  "v1 foos namespaced preferred;" },
	{ "cluster-scoped, the newest served version is preferred",
	  "{\"spec\":{\"group\":\"x.io\",\"scope\":\"Cluster\"," NAMES
	  ",\"versions\":[{\"name\":\"v1beta1\",\"served\":true},{\"name\":\"v1\",\"served\":true},"
	  "{\"name\":\"v2\",\"served\":false}]}}",
	  "v1 foos cluster preferred;v1beta1 foos cluster;" },
	{ "empty", "{}", "" },
	{ "no names",
	  "{\"spec\":{\"group\":\"x.io\",\"scope\":\"Cluster\",\"versions\":[{\"name\":\"v1\","
	  "\"served\":true}]}}",
	  "" },
	{ "versions of the wrong type",
	  "{\"spec\":{\"group\":\"x.io\",\"scope\":\"Cluster\"," NAMES ",\"versions\":{}}}", "" },
	{ "items of the wrong type",
	  "{\"spec\":{\"group\":\"x.io\",\"scope\":\"Cluster\"," NAMES ",\"versions\":[1,null,[],"
	  "{\"name\":1,\"served\":true},{\"name\":\"v1\",\"served\":\"true\"}]}}",
	  "" },
};

static void crd_case_run(void **state)
{
	const struct crd_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(kind_table_done) struct kind_table t = { 0 };
	AUTO(buf_done) struct buf got = { 0 };
	struct json crd = fixture_json(&a, c->crd);
	kinds_add_crd(&t, &crd, true);
	for (size_t i = 0; i < t.n; i++) {
		assert_true(t.items[i].deferred);
		buf_printf(&got, "%s %s %s%s;", t.items[i].version, t.items[i].plural,
			   t.items[i].namespaced ? "namespaced" : "cluster",
			   t.items[i].preferred ? " preferred" : "");
	}
	assert_string_equal(buf_text(&got), c->kinds);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(builtin_cases) + ARRAY_LEN(crd_cases) + 5];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(builtin_cases); i++)
		tests[n++] =
			fixture_row(builtin_cases[i].name, builtin_case_run, &builtin_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(crd_cases); i++)
		tests[n++] = fixture_row(crd_cases[i].name, crd_case_run, &crd_cases[i]);
	tests[n++] = fixture_row("any version", any_version, NULL);
	tests[n++] = fixture_row("a version that is served now", served_version, NULL);
	tests[n++] = fixture_row("newest first", newest_first, NULL);
	tests[n++] = fixture_row("first entry stays", first_entry_stays, NULL);
	tests[n++] = fixture_row("many", many, NULL);
	return _cmocka_run_group_tests("kinds", tests, n, NULL, NULL);
}
