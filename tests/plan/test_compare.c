/* plan/diff/compare: fields between two states, and why they change; a row a test. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "plan/diff/compare.h"

struct compare_case {
	const char *name, *kind; /* "apps/v1/Deployment"; NULL: nothing known */
	const char *base, *head, *before, *after;
	const char *fields; /* "path before->after why" a line */
};

#define POD(x) "{\"spec\":{\"template\":{\"spec\":{\"containers\":[" x "]}}}}"
#define IN     "/spec/template/spec/containers"

static const struct compare_case cases[] = {
	{ "nothing", NULL, NULL, "{}", "{\"a\":1}", "{\"a\":1}", "" },
	{ "a change in Git", NULL, "{\"a\":1}", "{\"a\":2}", "{\"a\":1}", "{\"a\":2}",
	  "/a 1->2 git\n" },
	{ "drift", NULL, "{\"a\":1}", "{\"a\":1}", "{\"a\":5}", "{\"a\":1}", "/a 5->1 drift\n" },
	{ "both", NULL, "{\"a\":1}", "{\"a\":2}", "{\"a\":5}", "{\"a\":2}", "/a 5->2 both\n" },
	{ "a default of the server", NULL, "{\"a\":1}", "{\"a\":1}", "{\"a\":1}",
	  "{\"a\":1,\"b\":true}", "/b (none)->true server\n" },
	{ "removed in Git", NULL, "{\"a\":1,\"b\":2}", "{\"a\":1}", "{\"a\":1,\"b\":2}",
	  "{\"a\":1}", "/b 2->(none) git\n" },
	{ "removed in Git, changed in the cluster", NULL, "{\"a\":1,\"b\":2}", "{\"a\":1}",
	  "{\"a\":1,\"b\":3}", "{\"a\":1}", "/b 3->(none) both\n" },
	{ "not declared at base", NULL, NULL, "{\"a\":2}", "{\"a\":1}", "{\"a\":2}",
	  "/a 1->2 git\n" },
	{ "what changes by itself", NULL, NULL, "{}",
	  "{\"metadata\":{\"resourceVersion\":\"1\",\"generation\":1},\"status\":{\"a\":1}}",
	  "{\"metadata\":{\"resourceVersion\":\"2\",\"generation\":2},\"status\":{\"a\":2}}", "" },
	{ "a status below is no status", NULL, NULL, "{\"spec\":{\"status\":2}}",
	  "{\"spec\":{\"status\":1}}", "{\"spec\":{\"status\":2}}", "/spec/status 1->2 git\n" },
	{ "our label", NULL, NULL, "{}", "{\"metadata\":{}}",
	  "{\"metadata\":{\"labels\":{\"applyset.kubernetes.io/part-of\":\"x\"}}}", "" },
	{ "a map that comes is its leaves", NULL, NULL, "{\"m\":{\"a\":{\"b\":1},\"c\":2}}", "{}",
	  "{\"m\":{\"a\":{\"b\":1},\"c\":2}}", "/m/a/b (none)->1 git\n/m/c (none)->2 git\n" },
	{ "a list of an unknown kind is one value", NULL, NULL, "{\"l\":[1,2]}", "{\"l\":[1]}",
	  "{\"l\":[1,2]}", "/l [1]->[1,2] git\n" },
	{ "a slash in a key", NULL, NULL, "{\"m\":{\"a/b~c\":2}}", "{\"m\":{\"a/b~c\":1}}",
	  "{\"m\":{\"a/b~c\":2}}", "/m/a~1b~0c 1->2 git\n" },
	{ "a container's image", "apps/v1/Deployment", POD("{\"name\":\"main\",\"image\":\"a\"}"),
	  POD("{\"name\":\"main\",\"image\":\"b\"}"), POD("{\"name\":\"main\",\"image\":\"a\"}"),
	  POD("{\"name\":\"main\",\"image\":\"b\"}"),
	  IN "[name=\"main\"]/image \"a\"->\"b\" git\n" },
	{ "a container that goes", "apps/v1/Deployment",
	  POD("{\"name\":\"main\"},{\"name\":\"side\"}"), POD("{\"name\":\"main\"}"),
	  POD("{\"name\":\"side\"},{\"name\":\"main\"}"), POD("{\"name\":\"main\"}"),
	  IN "[name=\"side\"] {\"name\":\"side\"}->(none) git\n" },
	{ "containers in another order", "apps/v1/Deployment",
	  POD("{\"name\":\"a\"},{\"name\":\"b\"}"), POD("{\"name\":\"b\"},{\"name\":\"a\"}"),
	  POD("{\"name\":\"a\"},{\"name\":\"b\"}"), POD("{\"name\":\"b\"},{\"name\":\"a\"}"),
	  IN " [{\"name\":\"a\"},{\"name\":\"b\"}]->[{\"name\":\"b\"},{\"name\":\"a\"}] git\n" },
	{ "finalizers are a set", "apps/v1/Deployment", NULL,
	  "{\"metadata\":{\"finalizers\":[\"a\",\"c\"]}}",
	  "{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}",
	  "{\"metadata\":{\"finalizers\":[\"a\",\"c\"]}}",
	  "/metadata/finalizers[=\"b\"] \"b\"->(none) server\n"
	  "/metadata/finalizers[=\"c\"] (none)->\"c\" git\n" },
	{ "a selector is one value", "apps/v1/Deployment", NULL,
	  "{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"2\"}}}}",
	  "{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"1\"}}}}",
	  "{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"2\"}}}}",
	  "/spec/selector {\"matchLabels\":{\"a\":\"1\"}}->{\"matchLabels\":{\"a\":\"2\"}} git\n" },
};

static const struct schema_node *schema_of_kind(const struct schema_set *set, const char *text)
{
	char group[64], version[64], kind[64];
	if (!text || sscanf(text, "%63[^/]/%63[^/]/%63s", group, version, kind) != 3)
		return NULL;
	return schema_root(set, group, version, kind);
}

static void value(struct buf *b, const struct json *v)
{
	if (v)
		json_write_canonical(b, v);
	else
		buf_puts(b, "(none)");
}

static const struct json *tree(struct arena *a, const char *text)
{
	if (!text)
		return NULL;
	struct json *v = arena_alloc(a, sizeof(*v));
	*v = fixture_json(a, text);
	return v;
}

static void compare_run(void **state)
{
	const struct compare_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct schema_set set = { 0 };
	struct field_list fields = { 0 };
	const struct json *before = tree(&a, c->before);
	compare_objects(&a, schema_of_kind(&set, c->kind), before, tree(&a, c->after), &fields);
	compare_attribute(&fields, tree(&a, c->base), tree(&a, c->head), before);
	for (size_t i = 0; i < fields.n; i++) {
		buf_printf(&text, "%s ", fields.items[i].path);
		value(&text, fields.items[i].before);
		buf_puts(&text, "->");
		value(&text, fields.items[i].after);
		buf_printf(&text, " %s\n", why_name(fields.items[i].why));
	}
	assert_string_equal(buf_text(&text), c->fields);
}

static void secrets_are_words(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json before = fixture_json(&a, "{\"data\":{\"a\":\"MQ==\",\"b\":\"Mg==\"}}");
	struct json after = fixture_json(&a, "{\"data\":{\"a\":\"Mw==\",\"c\":\"NA==\"}}");
	struct field_list fields = { 0 };
	compare_objects(&a, NULL, &before, &after, &fields);
	compare_hide_secrets(&fields);
	static const enum secret_change want[] = { SECRET_CHANGED, SECRET_REMOVED, SECRET_ADDED };
	assert_int_equal(fields.n, ARRAY_LEN(want));
	for (size_t i = 0; i < fields.n; i++) {
		assert_int_equal(fields.items[i].secret, want[i]);
		assert_null(fields.items[i].before);
		assert_null(fields.items[i].after);
	}
}

/* A Service's type is ClusterIP where nobody says otherwise. */
static void defaults_are_no_side(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json base = fixture_json(&a, "{\"spec\":{}}");
	struct json head = fixture_json(&a, "{\"spec\":{\"a\":2,\"b\":2}}");
	struct json live = fixture_json(&a, "{\"spec\":{\"a\":1,\"b\":1}}");
	struct field_list fields = { 0 };
	compare_objects(&a, NULL, &live, &head, &fields);
	compare_attribute(&fields, &base, &head, &live);
	assert_int_equal(fields.n, 2);
	assert_int_equal(fields.items[0].why, WHY_BOTH);
	fields.items[1].owner = "kubectl-edit";
	compare_defaults(&fields, &base);
	assert_int_equal(fields.items[0].why, WHY_GIT);
	assert_int_equal(fields.items[1].why, WHY_BOTH);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 2];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, compare_run, &cases[i]);
	tests[ARRAY_LEN(cases)] = (struct CMUnitTest)cmocka_unit_test(secrets_are_words);
	tests[ARRAY_LEN(cases) + 1] = (struct CMUnitTest)cmocka_unit_test(defaults_are_no_side);
	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
