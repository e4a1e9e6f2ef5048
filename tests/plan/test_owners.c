/* plan/diff/owners: who holds a field, and what is taken over; a row a test. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "plan/diff/owners.h"

static const struct json *tree(struct arena *a, const char *text)
{
	struct json *v = arena_alloc(a, sizeof(*v));
	*v = fixture_json(a, text);
	return v;
}

#define LIVE(spec, entries) "{\"metadata\":{\"managedFields\":[" entries "]},\"spec\":" spec "}"
#define ENTRY(manager, operation, time, fields)                                                    \
	"{\"manager\":\"" manager "\",\"operation\":\"" operation "\",\"time\":\"" time            \
	"\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":" fields "}"
#define SPEC(fields) "{\"f:spec\":{" fields "}}"

/* ---- owners of one path */

struct owner_case {
	const char *name, *live, *path;
	const char *owner; /* NULL: nobody but us */
	bool takeable;
};

static const struct owner_case owner_cases[] = {
	{ "nobody", "{}", "/spec/a", NULL, true },
	{ "us alone",
	  LIVE("{}", ENTRY("rhumb", "Apply", "2026-01-01T00:00:00Z", SPEC("\"f:a\":{}"))),
	  "/spec/a", NULL, true },
	{ "people",
	  LIVE("{}", ENTRY("kubectl-edit", "Update", "2026-01-01T00:00:00Z", SPEC("\"f:a\":{}"))),
	  "/spec/a", "kubectl-edit", true },
	{ "a tool that was left",
	  LIVE("{}",
	       ENTRY("argocd-controller", "Apply", "2026-01-01T00:00:00Z", SPEC("\"f:a\":{}"))),
	  "/spec/a", "argocd-controller", true },
	{ "a controller",
	  LIVE("{}", ENTRY("kube-controller-manager", "Update", "2026-01-01T00:00:00Z",
			   SPEC("\"f:a\":{}"))),
	  "/spec/a", "kube-controller-manager", false },
	{ "people and a controller: the last one is named",
	  LIVE("{}", ENTRY("hpa", "Update", "2026-01-01T00:00:00Z", SPEC("\"f:a\":{}")) "," ENTRY(
			     "kubectl-edit", "Update", "2026-01-02T00:00:00Z", SPEC("\"f:a\":{}"))),
	  "/spec/a", "kubectl-edit", false },
	{ "another field",
	  LIVE("{}", ENTRY("hpa", "Update", "2026-01-01T00:00:00Z", SPEC("\"f:b\":{}"))), "/spec/a",
	  NULL, true },
	{ "what is below counts",
	  LIVE("{}", ENTRY("hpa", "Update", "2026-01-01T00:00:00Z", SPEC("\"f:a\":{\"f:b\":{}}"))),
	  "/spec/a", "hpa", false },
	{ "an entry that is none",
	  LIVE("{}", "{\"manager\":\"x\",\"operation\":\"Update\",\"fieldsV1\":7}"), "/spec/a",
	  NULL, true },
};

static void owner_run(void **state)
{
	const struct owner_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct owners owners;
	struct field_path path;
	owners_of(&a, tree(&a, c->live), &owners);
	assert_int_equal(field_path_parse(&a, c->path, &path, &err), 0);
	const struct owner *o = owners_find(&owners, &path);
	if (c->owner)
		assert_string_equal(o ? o->manager : "nobody", c->owner);
	else
		assert_null(o);
	assert_int_equal(owners_all_takeable(&owners, &path), c->takeable);
}

/* ---- fields that Git dropped */

struct dropped_case {
	const char *name, *base, *head, *live;
	const char *dropped;   /* FieldsV1 */
	const char *takeovers; /* "manager FieldsV1" a line */
};

#define CLIENT(fields)                                                                             \
	ENTRY("kubectl-client-side-apply", "Update", "2026-01-01T00:00:00Z", SPEC(fields))

static const struct dropped_case dropped_cases[] = {
	{ "nothing dropped", "{\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":1}}",
	  LIVE("{\"a\":1}", CLIENT("\"f:a\":{}")), "{}", "" },
	{ "dropped, and held by a tool that was left", "{\"spec\":{\"a\":1,\"b\":2}}",
	  "{\"spec\":{\"a\":1}}", LIVE("{\"a\":1,\"b\":2}", CLIENT("\"f:a\":{},\"f:b\":{}")),
	  SPEC("\"f:b\":{}"), "kubectl-client-side-apply " SPEC("\"f:b\":{}") "\n" },
	{ "dropped, and gone already", "{\"spec\":{\"a\":1,\"b\":2}}", "{\"spec\":{\"a\":1}}",
	  LIVE("{\"a\":1}", CLIENT("\"f:a\":{},\"f:b\":{}")), "{}", "" },
	{ "dropped, and held by a controller", "{\"spec\":{\"a\":1,\"b\":2}}",
	  "{\"spec\":{\"a\":1}}",
	  LIVE("{\"a\":1,\"b\":2}",
	       ENTRY("hpa", "Update", "2026-01-01T00:00:00Z", SPEC("\"f:b\":{}"))),
	  "{}", "" },
	{ "dropped, and ours alone: the server removes it", "{\"spec\":{\"a\":1,\"b\":2}}",
	  "{\"spec\":{\"a\":1}}",
	  LIVE("{\"a\":1,\"b\":2}",
	       ENTRY("rhumb", "Apply", "2026-01-01T00:00:00Z", SPEC("\"f:a\":{},\"f:b\":{}"))),
	  "{}", "" },
	{ "dropped below an item that stays",
	  "{\"spec\":{\"containers\":[{\"name\":\"m\",\"image\":\"i\",\"tty\":true}]}}",
	  "{\"spec\":{\"containers\":[{\"name\":\"m\",\"image\":\"i\"}]}}",
	  LIVE("{\"containers\":[{\"name\":\"m\",\"image\":\"i\",\"tty\":true}]}",
	       CLIENT("\"f:containers\":{\"k:{\\\"name\\\":\\\"m\\\"}\":{\".\":{},\"f:image\":{},"
		      "\"f:tty\":{}}}")),
	  SPEC("\"f:containers\":{\"k:{\\\"name\\\":\\\"m\\\"}\":{\"f:tty\":{}}}"),
	  "kubectl-client-side-apply " SPEC(
		  "\"f:containers\":{\"k:{\\\"name\\\":\\\"m\\\"}\":{\"f:tty\":{}}}") "\n" },
	{ "an empty map that is filled", "{\"spec\":{\"m\":{}}}", "{\"spec\":{\"m\":{\"a\":1}}}",
	  LIVE("{\"m\":{\"a\":1}}", CLIENT("\"f:m\":{}")), "{}", "" },
	{ "never declared", "{\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":1}}",
	  LIVE("{\"a\":1,\"z\":2}", CLIENT("\"f:a\":{},\"f:z\":{}")), "{}", "" },
	{ "not declared at base at all", NULL, "{\"spec\":{\"a\":1}}",
	  LIVE("{\"a\":1,\"b\":2}", CLIENT("\"f:b\":{}")), "{}", "" },
};

static void dropped_run(void **state)
{
	const struct dropped_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf got = { 0 }, want = { 0 }, text = { 0 };
	struct owners owners;
	const struct json *live = tree(&a, c->live);
	owners_of(&a, live, &owners);
	struct schema_set set = { 0 };
	const struct schema_node *pod = schema_root(&set, "", "v1", "Pod");
	struct field_set dropped = owners_dropped(
		&a, &owners, pod, c->base ? tree(&a, c->base) : NULL, tree(&a, c->head), live);
	struct json fields = field_set_json(&a, &dropped);
	json_write_canonical(&got, &fields);
	json_write_canonical(&want, tree(&a, c->dropped));
	assert_string_equal(buf_text(&got), buf_text(&want));
	struct takeover *takeovers;
	size_t n;
	owners_takeovers(&a, &owners, &dropped, &takeovers, &n);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&text, "%s ", takeovers[i].manager);
		json_write_canonical(&text, takeovers[i].fields);
		buf_putc(&text, '\n');
	}
	assert_string_equal(buf_text(&text), c->takeovers);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(owner_cases) + ARRAY_LEN(dropped_cases)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(owner_cases); i++)
		tests[n++] = fixture_row(owner_cases[i].name, owner_run, &owner_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(dropped_cases); i++)
		tests[n++] = fixture_row(dropped_cases[i].name, dropped_run, &dropped_cases[i]);
	return cmocka_run_group_tests_name("owners", tests, NULL, NULL);
}
