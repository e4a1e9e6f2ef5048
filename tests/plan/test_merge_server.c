/* plan/merge against a real API server: every case of testdata/merge, step by step.
 *
 * RHUMB_TEST_KUBECONFIG names its kubeconfig, RHUMB_TEST_KUBECTL a kubectl; without them the
 * tests are skipped.  The server fills in defaults, so what is here has to be in the server's
 * object; who owns what has to be the same. */
#include "tests/lib/fixture.h"
#include "tests/lib/merge_case.h"

#include <string.h>

#include "base/file.h"
#include "base/json_write.h"
#include "base/process.h"

enum { ARGS_MAX = 16 };

static struct process_result kubectl(const struct json *input, const char *const *args)
{
	const char *argv[ARGS_MAX] = { getenv("RHUMB_TEST_KUBECTL"), "--kubeconfig",
				       getenv("RHUMB_TEST_KUBECONFIG") };
	for (size_t i = 0; args[i] && i + 4 < ARGS_MAX; i++)
		argv[i + 3] = args[i];
	AUTO(buf_done) struct buf text = { 0 };
	if (input)
		json_write_canonical(&text, input);
	struct process p = { .argv = argv, .input = buf_text(&text), .input_len = text.len };
	struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (process_run(&p, &result, &err) < 0)
		fail_msg("kubectl: %s", err.msg);
	return result;
}

#define KUBECTL(input, ...) kubectl(input, (const char *const[]){ __VA_ARGS__, NULL })

static void must(struct process_result result)
{
	if (result.status)
		fail_msg("kubectl: %s", buf_text(&result.messages));
	process_result_done(&result);
}

static int set_up(void **state)
{
	(void)state;
	if (!getenv("RHUMB_TEST_KUBECONFIG") || !getenv("RHUMB_TEST_KUBECTL"))
		return 0;
	must(KUBECTL(NULL, "delete", "namespace", "merge", "--ignore-not-found"));
	must(KUBECTL(NULL, "create", "namespace", "merge"));
	return 0;
}

static const char *resource(struct merge_case *c)
{
	const char *api_version = json_get_str(&c->file, "apiVersion");
	const char *kind = json_get_str(&c->file, "kind");
	const char *slash = strchr(api_version, '/');
	if (!slash)
		return kind;
	return arena_fmt(&c->arena, "%s.%s.%.*s", kind, slash + 1, (int)(slash - api_version),
			 api_version);
}

static void make_crd(struct merge_case *c)
{
	const struct json *crd = json_get(&c->file, "crd");
	if (!crd)
		return;
	must(KUBECTL(crd, "apply", "--server-side", "--force-conflicts", "-f", "-"));
	must(KUBECTL(
		NULL, "wait", "--for=condition=Established", "--timeout=30s",
		arena_fmt(&c->arena, "crd/%s", json_str(json_at(crd, "metadata", "name", NULL)))));
}

static struct process_result take_step(struct merge_case *c, const struct json *step)
{
	struct arena *a = &c->arena;
	const char *manager = arena_fmt(a, "--field-manager=%s", json_get_str(step, "manager"));
	const struct json *apply = json_get(step, "apply"), *create = json_get(step, "create");
	if (apply) {
		struct json object = merge_case_object(c, apply);
		const char *force = json_true(json_get(step, "force")) ? "--force-conflicts=true"
								       : "--force-conflicts=false";
		return KUBECTL(&object, "apply", "--server-side", manager, force, "-f", "-");
	}
	if (create) {
		struct json object = merge_case_object(c, create);
		return KUBECTL(&object, "create", manager, "-f", "-");
	}
	AUTO(buf_done) struct buf patch = { 0 };
	json_write_canonical(&patch, json_get(step, "patch"));
	return KUBECTL(NULL, "patch", "-n", "merge", resource(c), c->name, manager, "--type=merge",
		       "-p", buf_text(&patch));
}

static struct json fetch(struct merge_case *c)
{
	struct process_result result = KUBECTL(NULL, "get", "-n", "merge", resource(c), c->name,
					       "-o", "json", "--show-managed-fields");
	if (result.status)
		fail_msg("kubectl: %s", buf_text(&result.messages));
	struct json object = fixture_json(&c->arena, buf_text(&result.output));
	process_result_done(&result);
	return object;
}

/* Everything of `ours` is in `theirs`; keyed lists have the same items in the same order. */
static void assert_in(struct arena *a, const struct schema_node *schema, const struct json *ours,
		      const struct json *theirs, const char *path)
{
	if (!theirs)
		fail_msg("%s is not there on the server", path);
	if (ours->type == JSON_OBJECT && theirs->type == JSON_OBJECT) {
		for (uint32_t i = 0; i < ours->n; i++) {
			const char *key = ours->members[i].key;
			assert_in(a, schema_member(schema, key), &ours->members[i].value,
				  json_get(theirs, key), arena_fmt(a, "%s/%s", path, key));
		}
		return;
	}
	if (ours->type == JSON_ARRAY && theirs->type == JSON_ARRAY && ours->n == theirs->n) {
		for (uint32_t i = 0; i < ours->n; i++)
			assert_in(a, schema_items(schema), &ours->items[i], &theirs->items[i],
				  arena_fmt(a, "%s[%u]", path, i));
		return;
	}
	if (json_equal(ours, theirs))
		return;
	AUTO(buf_done) struct buf o = { 0 }, t = { 0 };
	json_write_canonical(&o, ours);
	json_write_canonical(&t, theirs);
	fail_msg("%s: here %s, on the server %s", path, buf_text(&o), buf_text(&t));
}

/* Nothing is on the server that was taken away here: fields that `before` had. */
static void assert_gone(struct arena *a, const struct json *before, const struct json *ours,
			const struct json *theirs, const char *path)
{
	if (!json_is(before, JSON_OBJECT) || !theirs)
		return;
	for (uint32_t i = 0; i < before->n; i++) {
		const char *key = before->members[i].key;
		const char *below = arena_fmt(a, "%s/%s", path, key);
		if (!json_get(ours, key) && json_get(theirs, key))
			fail_msg("%s is still there on the server", below);
		assert_gone(a, &before->members[i].value, json_get(ours, key),
			    json_get(theirs, key), below);
	}
}

static void compare_objects(struct merge_case *c, const struct json *before, unsigned step)
{
	struct arena *a = &c->arena;
	struct json theirs = fetch(c), ours = json_copy(a, &c->live);
	json_remove(json_edit(a, &ours, "metadata"), "managedFields");
	const char *path = arena_fmt(a, "step %u: ", step);
	assert_in(a, schema_of(&c->schemas, &ours), &ours, &theirs, path);
	struct json then = json_copy(a, before);
	if (then.type == JSON_OBJECT)
		json_remove(json_edit(a, &then, "metadata"), "managedFields");
	if (!json_get(&c->file, "defaulted"))
		assert_gone(a, &then, &ours, &theirs, path);
	struct json m = merge_case_managed(a, &c->live), n = merge_case_managed(a, &theirs);
	if (json_equal(&m, &n))
		return;
	AUTO(buf_done) struct buf o = { 0 }, t = { 0 };
	json_write_indented(&o, &m);
	json_write_indented(&t, &n);
	fail_msg("%sowned here:\n%s\non the server:\n%s", path, buf_text(&o), buf_text(&t));
}

static void case_run(void **state)
{
	if (!getenv("RHUMB_TEST_KUBECONFIG") || !getenv("RHUMB_TEST_KUBECTL"))
		skip();
	AUTO(merge_case_done) struct merge_case c;
	merge_case_open(&c, *state);
	make_crd(&c);
	const struct json *steps = json_get(&c.file, "steps");
	for (uint32_t i = 0; i < steps->n; i++) {
		struct json before = c.live;
		struct json got = merge_case_step(&c, &steps->items[i]);
		struct process_result theirs = take_step(&c, &steps->items[i]);
		const char *message = json_get_str(&got, "conflicts");
		if (!message)
			message = json_get_str(&got, "error");
		if (!message && theirs.status)
			fail_msg("step %u: the server says: %s", i + 1, buf_text(&theirs.messages));
		if (message && !strstr(buf_text(&theirs.messages), message))
			fail_msg("step %u: here: %s\non the server: %s", i + 1, message,
				 buf_text(&theirs.messages));
		process_result_done(&theirs);
		if (!message)
			compare_objects(&c, &before, i + 1);
	}
}

int main(void)
{
	char **names;
	size_t n;
	merge_case_names(&names, &n);
	struct CMUnitTest tests[MERGE_CASES_MAX];
	if (n > MERGE_CASES_MAX)
		return 1;
	for (size_t i = 0; i < n; i++)
		tests[i] = fixture_row(names[i], case_run, names[i]);
	int failed = _cmocka_run_group_tests("merge on a server", tests, n, set_up, NULL);
	dir_names_free(names, n);
	return failed;
}
