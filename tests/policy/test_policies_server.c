/* Policies of other people against a real API server: those of policies_check.jsonl, beside the
 * project, warn there of the same objects as here, with the same words.
 *
 * RHUMB_CASES names the folder (../shared/cel); without the files or a server the test is skipped.
 * The policies come in groups, each bound to a namespace of its own, since a server cuts warnings
 * that are long together.  The objects of a group are some of tests/lib/pack_objects.h, and those
 * of vap_cases.jsonl that are meant for one of its policies. */
#include "tests/lib/fixture.h"
#include "tests/lib/kube_case.h"
#include "tests/lib/policy_side.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "tests/lib/cel_case.h"

enum {
	GROUP = 6, /* policies */
	GROUPS_MAX = 60,
	POLICIES_MAX = GROUP * GROUPS_MAX,
	CASES_MAX = 2000,
	STRIDE = 20,         /* of the objects; each group begins at another one */
	WARNINGS_MAX = 3500, /* bytes: with more the server begins to cut */
};

static struct arena arena;
static struct pack_objects objects;
static struct policy_side sides[GROUPS_MAX];
static const char *names[POLICIES_MAX]; /* of the policies, as the cases have them */
static size_t n_policies;
static const char *bad[POLICIES_MAX]; /* policies that are none: the texts */
static size_t n_bad;
static struct pack_object cases[CASES_MAX];
static const char *case_policies[CASES_MAX];
static size_t n_cases;
static unsigned warned, allowed, invalid, undecided, too_long;

static size_t n_groups(void)
{
	return (n_policies + GROUP - 1) / GROUP;
}

static char *cases_file(const char *name)
{
	const char *dir = getenv("RHUMB_CASES");
	return path_join(dir ? dir : "../shared/cel", name);
}

static bool can_run(void)
{
	AUTO(auto_free) char *path = cases_file("policies_check.jsonl");
	return kube_case_has_server() && file_exists(path);
}

/* ---- reading */

static bool is_good(const char *policy)
{
	struct policy_side s;
	policy_side_open(&s);
	policy_side_add(&s, policy, "sample.yaml");
	bool good = policy_side_try(&s);
	policy_side_done(&s);
	return good;
}

static void add_policy(void *ctx, struct arena *scratch, const struct json *row)
{
	(void)ctx;
	const struct json *policy = json_get(row, "policy");
	if (json_at(policy, "spec", "paramKind", NULL))
		return; /* of kinds that this server does not have */
	assert_true(n_policies < POLICIES_MAX);
	size_t group = n_policies / GROUP;
	AUTO(buf_done) struct buf text = { 0 };
	struct json v = json_copy(scratch, policy);
	names[n_policies] =
		arena_strdup(&arena, json_get_str(json_get(policy, "metadata"), "name"));
	struct json *metadata = json_set(scratch, &v, "metadata", json_of_object());
	json_set(scratch, metadata, "name", json_of_fmt(scratch, "sample-%03zu", n_policies));
	json_write_canonical(&text, &v);
	if (!is_good(buf_text(&text))) {
		bad[n_bad++] = arena_strdup(&arena, buf_text(&text));
		return;
	}
	buf_printf(&text,
		   "\n---\napiVersion: admissionregistration.k8s.io/v1\n"
		   "kind: ValidatingAdmissionPolicyBinding\n"
		   "metadata: {name: sample-%03zu}\n"
		   "spec:\n  policyName: sample-%03zu\n  validationActions: [Warn]\n"
		   "  matchResources: {namespaceSelector: {matchLabels: "
		   "{kubernetes.io/metadata.name: sample-%zu}}}\n",
		   n_policies, n_policies, group);
	if (n_policies % GROUP == 0)
		policy_side_open(&sides[group]);
	policy_side_add(&sides[group], buf_text(&text), "sample.yaml");
	n_policies++;
}

static const char *split_version(const char *api_version, const char **group)
{
	const char *slash = strchr(api_version, '/');
	*group = slash ? arena_strndup(&arena, api_version, (size_t)(slash - api_version)) : "";
	return slash ? slash + 1 : api_version;
}

/* What a manifest would have of it. */
static void add_case(void *ctx, struct arena *scratch, const struct json *row)
{
	static const char *const kept[] = { "name", "labels", "annotations" };
	(void)ctx, (void)scratch;
	const struct json *object = json_get(row, "object");
	const char *api_version = json_get_str(object, "apiVersion");
	const char *kind = json_get_str(object, "kind");
	assert_true(n_cases < CASES_MAX);
	if (!api_version || !kind || !json_get_str(json_get(object, "metadata"), "name"))
		return;
	struct pack_object *o = &cases[n_cases];
	struct json metadata = json_of_object();
	*o = (struct pack_object){ .name = arena_strdup(&arena, json_get_str(row, "id")),
				   .object = json_copy(&arena, object) };
	o->kind = json_get_str(&o->object, "kind");
	o->version = split_version(json_get_str(&o->object, "apiVersion"), &o->group);
	const struct kind *known = policy_sides_kind(o->group, o->version, kind);
	if (!known || !known->namespaced)
		return;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		const struct json *v = json_at(&o->object, "metadata", kept[i], NULL);
		if (v)
			json_set(&arena, &metadata, kept[i], *v);
	}
	json_set(&arena, &o->object, "metadata", metadata);
	json_remove(&o->object, "status");
	case_policies[n_cases++] = arena_strdup(
		&arena, json_get_str(json_at(row, "policy", "metadata", NULL), "name"));
}

static void read_file(const char *name,
		      void (*row)(void *ctx, struct arena *a, const struct json *row))
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *path = cases_file(name);
	if (cel_case_file(path, row, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

/* ---- comparing */

static bool is_in_group(const char *policy, size_t group)
{
	for (size_t i = group * GROUP; i < n_policies && i < (group + 1) * GROUP; i++)
		if (strcmp(names[i], policy) == 0)
			return true;
	return false;
}

/* What cannot be compared is counted: an object that the server does not take, what here is not
 * known, and so many words that the server cuts them. */
static bool is_comparable(struct policy_side *s, const struct policy_question *q,
			  const struct policy_answer *a)
{
	const struct admission_verdict *v = policy_ask_here(s, q);
	size_t bytes = 0;
	for (size_t i = 0; i < v->n; i++) {
		bytes += strlen(admission_warning(&s->arena, &v->results[i]));
		if (v->results[i].outcome == ADMISSION_UNDECIDED)
			return undecided++, false;
	}
	if (a->status != 200 && a->status != 201)
		return invalid++, false;
	if (bytes > WARNINGS_MAX)
		return too_long++, false;
	v->n ? warned++ : allowed++;
	return true;
}

static void compare_group(struct buf *out, size_t group, const struct pack_object *items, size_t n)
{
	AUTO(auto_free) char *space = xfmt("sample-%zu", group);
	struct policy_answer *answers = policy_ask_there(items, n, NULL, space);
	for (size_t i = 0; i < n; i++) {
		struct policy_question q = { .name = items[i].name,
					     .operation = "CREATE",
					     .group = items[i].group,
					     .version = items[i].version,
					     .kind = items[i].kind,
					     .namespace = space,
					     .object = &items[i].object };
		if (is_comparable(&sides[group], &q, &answers[i]))
			policy_compare(out, &sides[group], &q, &answers[i]);
	}
	policy_answers_free(answers, n);
}

static void warnings(void **state)
{
	(void)state;
	if (!can_run())
		skip();
	AUTO(buf_done) struct buf differences = { 0 };
	AUTO(auto_free)
	struct pack_object *items = xcalloc(objects.n + n_cases, sizeof(*items));
	for (size_t group = 0; group < n_groups(); group++) {
		size_t n = 0;
		for (size_t i = group % STRIDE; i < objects.n; i += STRIDE)
			items[n++] = objects.items[i];
		for (size_t i = 0; i < n_cases; i++)
			if (is_in_group(case_policies[i], group))
				items[n++] = cases[i];
		compare_group(&differences, group, items, n);
	}
	print_message(
		"%zu policies, %zu refused: %u warned, %u allowed; not compared: %u invalid, %u "
		"undecided, %u too long\n",
		n_policies, n_bad, warned, allowed, invalid, undecided, too_long);
	policy_compare_report(&differences);
	assert_true(warned > 400 && allowed > 400);
	assert_true(warned + allowed > 4 * (invalid + undecided + too_long));
}

/* The server takes none that is refused here; it has taken all others. */
static void refused(void **state)
{
	(void)state;
	if (!can_run())
		skip();
	for (size_t i = 0; i < n_bad; i++)
		if (kube_case_succeeds(KUBECTL(bad[i], "create", "--dry-run=server", "-f", "-")))
			fail_msg("the server takes %s", bad[i]);
}

/* ---- what is there */

static int set_up(void **state)
{
	(void)state;
	if (!can_run())
		return 0;
	AUTO(buf_done) struct buf spaces = { 0 }, policies = { 0 };
	pack_objects_read(&objects);
	policy_sides_open();
	read_file("policies_check.jsonl", add_policy);
	read_file("vap_cases.jsonl", add_case);
	for (size_t i = 0; i < n_groups(); i++) {
		assert_true(policy_side_try(&sides[i]));
		buf_puts(&policies, buf_text(&sides[i].installed));
		buf_printf(&spaces,
			   "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: sample-%zu}\n",
			   i);
	}
	kube_case_must(KUBECTL(buf_text(&spaces), "create", "-f", "-"));
	kube_case_must(KUBECTL(buf_text(&policies), "create", "-f", "-"));
	kube_case_policies_in_force("sample-z", "sample-0");
	for (size_t i = 0; i < n_groups(); i++) {
		AUTO(auto_free) char *space = xfmt("sample-%zu", i);
		kube_case_must(KUBECTL(NULL, "wait", "--for=create", "serviceaccount/default", "-n",
				       space, "--timeout=60s"));
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (!can_run())
		return 0;
	kube_case_policies_done("sample-z");
	for (size_t i = 0; i < n_groups(); i++) {
		AUTO(auto_free) char *space = xfmt("sample-%zu", i);
		kube_case_must(KUBECTL(buf_text(&sides[i].installed), "delete", "--wait=false",
				       "-f", "-"));
		kube_case_must(KUBECTL(NULL, "delete", "namespace", space, "--wait=false"));
		policy_side_done(&sides[i]);
	}
	policy_sides_done();
	pack_objects_done(&objects);
	arena_done(&arena);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(refused),
						   cmocka_unit_test(warnings) };
	return cmocka_run_group_tests_name("policies_server", tests, set_up, tear_down);
}
