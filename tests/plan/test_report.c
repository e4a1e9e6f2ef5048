/* plan/report: paths and values on a line, and what stands first; a row a test. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "plan/report/text.h"

struct path_case {
	const char *name, *path;
	size_t width;
	const char *text;
};

#define IMAGE "/spec/template/spec/containers[name=\"main\"]/image"

static const struct path_case paths[] = {
	{ "a field", "/spec/replicas", 40, "spec.replicas" },
	{ "an item by its key", IMAGE, 0, "spec.template.spec.containers[main].image" },
	{ "two keys", "/spec/ports[port=80,protocol=\"TCP\"]", 0, "spec.ports[80,TCP]" },
	{ "an item of a set", "/metadata/finalizers[=\"a/b\"]", 0, "metadata.finalizers[a/b]" },
	{ "a slash in a key", "/metadata/annotations/a.b~1c", 0, "metadata.annotations.a.b/c" },
	{ "cut at elements", IMAGE, 30, "spec…containers[main].image" },
	{ "cut at the last element", IMAGE, 12, "spec…image" },
	{ "cut hard", "/a/abcdefghijklmnopqrstuvwxyz", 10, "…rstuvwxyz" },
	{ "not a path", "spec", 10, "spec" },
};

static void path_run(void **state)
{
	const struct path_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	assert_string_equal(report_path(&a, c->path, c->width), c->text);
}

struct value_case {
	const char *name, *value; /* NULL: absent */
	size_t width;
	const char *text;
};

static const struct value_case values[] = {
	{ "absent", NULL, 20, "(none)" },
	{ "a number", "4", 20, "4" },
	{ "a plain string", "\"web:1.5\"", 20, "web:1.5" },
	{ "a string that looks like a number", "\"4\"", 20, "\"4\"" },
	{ "a string that looks like nothing", "\"(none)\"", 20, "\"(none)\"" },
	{ "an empty string", "\"\"", 20, "\"\"" },
	{ "lines", "\"a\\nb\"", 20, "\"a\\nb\"" },
	{ "an escape of a terminal", "\"\\u001b[31m\"", 20, "\"\\u001b[31m\"" },
	{ "an object", "{\"b\":1,\"a\":[]}", 20, "{\"a\":[],\"b\":1}" },
	{ "cut in the middle", "\"abcdefghijklmnopqrstuvwxyz\"", 11, "abcde…vwxyz" },
	{ "a long value tells its length",
	  "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\"", 16, "abcde…(52)…vwxyz" },
};

static void value_run(void **state)
{
	const struct value_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, c->value ? c->value : "null");
	assert_string_equal(report_value(&a, c->value ? &v : NULL, c->width), c->text);
}

/* ---- the whole */

static void dangers_come_first(void **state)
{
	(void)state;
	static const enum action actions[] = { ACTION_UPDATE, ACTION_CREATE, ACTION_DELETE,
					       ACTION_CONFLICT };
	AUTO(buf_done) struct buf text = { 0 };
	struct planned_application app = { .name = "shop", .path = "", .base = "", .tree = "" };
	struct change changes[ARRAY_LEN(actions)];
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		changes[i] = (struct change){
			.id = "",
			.action = actions[i],
			.application = "shop",
			.ref = { "", "v1", "ConfigMap", "shop", action_name(actions[i]) },
		};
	struct plan p = {
		.cluster_name = "prod",
		.cluster_uid = "u",
		.cluster_version = "v1",
		.base = "1111111111",
		.head = "2222222222",
		.applications = &app,
		.n_applications = 1,
		.changes = changes,
		.n_changes = ARRAY_LEN(changes),
	};
	plan_summarise(&p);
	report_plan_text(&text, &p, &(struct report_options){ .width = 100 });
	const char *first = strstr(text.data, "! ConfigMap shop/conflict");
	const char *second = strstr(text.data, "- ConfigMap shop/delete");
	const char *third = strstr(text.data, "+ ConfigMap shop/create");
	const char *fourth = strstr(text.data, "~ ConfigMap shop/update");
	assert_true(first && second && third && fourth);
	assert_true(first < second && second < third && third < fourth);
	assert_true(strstr(text.data, "! 1 conflict   1 delete") < first);
	assert_non_null(strstr(text.data, "base 1111111   head 2222222"));
	assert_non_null(strstr(text.data, "Nothing was written to the cluster."));
	assert_null(strchr(text.data, '\033'));
}

static void hooks_are_shown_in_their_order(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct planned_application app = { .name = "shop", .path = "", .base = "", .tree = "" };
	struct change changes[] = {
		{ .action = ACTION_CREATE,
		  .hook = { HOOK_PRE_SYNC, HOOK_BEFORE_CREATION | HOOK_SUCCEEDED },
		  .ref = { "batch", "v1", "Job", "shop", "migrate" },
		  .precondition.uid = "u-1" },
		{ .action = ACTION_UPDATE, .ref = { "", "v1", "ConfigMap", "shop", "flags" } },
		{ .action = ACTION_CREATE,
		  .hook = { HOOK_POST_SYNC, HOOK_BEFORE_CREATION },
		  .ref = { "batch", "v1", "Job", "shop", "check" },
		  .precondition.uid = "" },
		{ .action = ACTION_CONFLICT,
		  .hook = { HOOK_SYNC_FAIL, HOOK_BEFORE_CREATION },
		  .ref = { "batch", "v1", "Job", "shop", "tell" },
		  .precondition.uid = "u-2",
		  .reason = "somebody else's" },
	};
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		changes[i].id = "";
		changes[i].application = "shop";
	}
	struct plan p = { .cluster_name = "prod",
			  .cluster_uid = "u",
			  .cluster_version = "v1",
			  .base = "1111111111",
			  .head = "2222222222",
			  .applications = &app,
			  .n_applications = 1,
			  .changes = changes,
			  .n_changes = ARRAY_LEN(changes) };
	plan_summarise(&p);
	report_plan_text(&text, &p, &(struct report_options){ .width = 100 });
	static const char *const lines[] = {
		"1 conflict  1 update  2 hooks\n",
		"  ! Job shop/tell (SyncFail)\n      somebody else's\n",
		"  ~ ConfigMap shop/flags\n",
		"  hooks, which run with these changes:\n  > Job shop/migrate (PreSync)\n"
		"      that of the last run is deleted first; is deleted when it has succeeded\n"
		"  > Job shop/check (PostSync)\n\n",
		"1 conflict, 1 update, 2 hooks, 0 unchanged",
	};
	const char *at = text.data;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const char *found = strstr(at, lines[i]);
		if (!found)
			fail_msg("\"%s\" is not in the rest of\n%s", lines[i], text.data);
		at = found;
	}
}

static void verdicts_have_their_place(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct planned_application app = { .name = "shop", .path = "", .base = "", .tree = "" };
	struct change change = { .id = "ConfigMap/shop/a",
				 .action = ACTION_UPDATE,
				 .application = "shop",
				 .ref = { "", "v1", "ConfigMap", "shop", "a" } };
	struct policy_verdict verdicts[] = {
		{ .policy = "sizes",
		  .result = POLICY_WARN,
		  .message = "large",
		  .param = "shop/max" },
		{ .policy = "owners", .result = POLICY_UNDECIDED, .message = "who asks?" },
		{ .policy = "\033[2J",
		  .result = POLICY_DENY,
		  .message = "no",
		  .file = "a.yaml",
		  .line = 3,
		  .col = 5 },
	};
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		verdicts[i].change = change.id;
	struct plan p = { .cluster_name = "prod",
			  .cluster_uid = "u",
			  .cluster_version = "v1",
			  .base = "1111111111",
			  .head = "2222222222",
			  .applications = &app,
			  .n_applications = 1,
			  .changes = &change,
			  .n_changes = 1,
			  .verdicts = verdicts,
			  .n_verdicts = ARRAY_LEN(verdicts) };
	plan_summarise(&p);
	report_plan_text(&text, &p,
			 &(struct report_options){ .width = 100, .plan_file = "p.json" });
	static const char *const lines[] = {
		"\n! 2 denied by policy\n",
		"  ~ ConfigMap shop/a\n",
		"\npolicy\n  x deny ",
		"a.yaml:3:5\n      no\n",
		"  ? undecided owners ",
		"      who asks?\n",
		"  ! warn  sizes ",
		"      large (param shop/max)\n",
		"1 update, 0 unchanged, 2 denied, 1 warned of",
		"Next: change what policy denies above, then plan again.\n",
	};
	const char *at = text.data;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const char *found = strstr(at, lines[i]);
		if (!found)
			fail_msg("\"%s\" is not in the rest of\n%s", lines[i], text.data);
		at = found;
	}
	assert_null(strchr(text.data, '\033'));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(paths) + ARRAY_LEN(values) + 3];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		tests[n++] = fixture_row(paths[i].name, path_run, &paths[i]);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		tests[n++] = fixture_row(values[i].name, value_run, &values[i]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(dangers_come_first);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(hooks_are_shown_in_their_order);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(verdicts_have_their_place);
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
