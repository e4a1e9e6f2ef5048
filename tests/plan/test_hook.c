/* plan/hook: what annotations say, names, order, and hooks in a plan file; a row a test.  Which
 * hooks a plan has is in tests/e2e/lib/scenarios/hooks.py. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"
#include "plan/order.h"
#include "plan/plan_json.h"

/* ---- annotations */

enum {
	PRE = HOOK_BIT(HOOK_PRE_SYNC),
	POST = HOOK_BIT(HOOK_POST_SYNC),
	FAIL = HOOK_BIT(HOOK_SYNC_FAIL)
};
enum { BEFORE = HOOK_BEFORE_CREATION, OK = HOOK_SUCCEEDED, BAD = HOOK_FAILED };

struct hook_case {
	const char *name, *annotations;
	enum hook_sort sort;
	unsigned install, upgrade, policy;
	int64_t wave;
	const char *error; /* NULL: none */
};

#define OURS        "\"rhumb.dev/hook\":"
#define ARGO        "\"argocd.argoproj.io/hook\":"
#define HELM        "\"helm.sh/hook\":"
#define OURS_POLICY ",\"rhumb.dev/hook-delete-policy\":"
#define ARGO_POLICY ",\"argocd.argoproj.io/hook-delete-policy\":"
#define HELM_POLICY ",\"helm.sh/hook-delete-policy\":"
#define WAVE        ",\"argocd.argoproj.io/sync-wave\":"
#define WEIGHT      ",\"helm.sh/hook-weight\":"

static const struct hook_case cases[] = {
	{ .name = "no annotation", "{}" },
	{ .name = "a policy alone", "{\"a\":\"b\"" ARGO_POLICY "\"HookFailed\"}" },
	{ "PreSync", "{" ARGO "\"PreSync\"}", HOOK_RUNS, PRE, PRE, BEFORE, 0, NULL },
	{ "PostSync", "{" OURS "\"PostSync\"}", HOOK_RUNS, POST, POST, BEFORE, 0, NULL },
	{ "SyncFail", "{" ARGO "\"SyncFail\"}", HOOK_RUNS, FAIL, FAIL, BEFORE, 0, NULL },
	{ "two phases", "{" ARGO "\"PreSync, SyncFail\"}", HOOK_RUNS, PRE | FAIL, PRE | FAIL,
	  BEFORE, 0, NULL },
	{ "stray commas", "{" ARGO "\" ,PreSync,,\"}", HOOK_RUNS, PRE, PRE, BEFORE, 0, NULL },
	{ "ours wins", "{" ARGO "\"PreSync\"," OURS "\"PostSync\"}", HOOK_RUNS, POST, POST, BEFORE,
	  0, NULL },
	{ "ours makes it no hook", "{" ARGO "\"PreSync\"," OURS "\"Sync\"}", HOOK_ORDINARY, 0, 0, 0,
	  0, NULL },
	{ "Argo CD's wins over Helm's", "{" ARGO "\"PreSync\"," HELM "\"nonsense\"}", HOOK_RUNS,
	  PRE, PRE, BEFORE, 0, NULL },
	{ "Sync is no hook", "{" ARGO "\"Sync\"}", HOOK_ORDINARY, 0, 0, 0, 0, NULL },
	{ "an empty one is no hook", "{" ARGO "\"\"}", HOOK_ORDINARY, 0, 0, 0, 0, NULL },
	{ .name = "Sync and a hook", "{" ARGO "\"Sync,PreSync\"}", .error = "cannot be both" },
	{ "Skip", "{" ARGO "\"Skip\"}", HOOK_LEFT_OUT, 0, 0, 0, 0, NULL },
	{ "Skip wins", "{" ARGO "\"Sync,Skip\"}", HOOK_LEFT_OUT, 0, 0, 0, 0, NULL },
	{ "a phase of deletions", "{" ARGO "\"PostDelete\"}", HOOK_LEFT_OUT, 0, 0, 0, 0, NULL },
	{ "such a phase and another", "{" ARGO "\"PostDelete,PostSync\"}", HOOK_RUNS, POST, POST,
	  BEFORE, 0, NULL },
	{ .name = "a word that nobody knows",
	  "{" ARGO "\"PreSnyc\"}",
	  .error = "argocd.argoproj.io/hook does not know \"PreSnyc\" (did you mean "
		   "\"PreSync\"?)" },
	{ .name = "no text",
	  "{" ARGO "true}",
	  .error = "argocd.argoproj.io/hook has to be a text" },

	{ "Helm, both", "{" HELM "\"pre-install,pre-upgrade\"}", HOOK_RUNS, PRE, PRE, BEFORE, 0,
	  NULL },
	{ "Helm, install alone", "{" HELM "\"pre-install\"}", HOOK_RUNS, PRE, 0, BEFORE, 0, NULL },
	{ "Helm, upgrade alone", "{" HELM "\"post-upgrade\"}", HOOK_RUNS, 0, POST, BEFORE, 0,
	  NULL },
	{ "Helm, before and after", "{" HELM "\"pre-upgrade,post-install\"}", HOOK_RUNS, POST, PRE,
	  BEFORE, 0, NULL },
	{ "Helm, a test", "{" HELM "\"test\"}", HOOK_LEFT_OUT, 0, 0, 0, 0, NULL },
	{ "Helm, rollbacks and deletions", "{" HELM "\"pre-rollback,post-delete\"}", HOOK_LEFT_OUT,
	  0, 0, 0, 0, NULL },
	{ "Helm, a CRD", "{" HELM "\"crd-install\"}", HOOK_ORDINARY, 0, 0, 0, 0, NULL },
	{ .name = "Helm, a word of Argo CD's",
	  "{" HELM "\"PreSync\"}",
	  .error = "helm.sh/hook does not know \"PreSync\"" },

	{ "a policy", "{" ARGO "\"PreSync\"" ARGO_POLICY "\"HookSucceeded\"}", HOOK_RUNS, PRE, PRE,
	  OK, 0, NULL },
	{ "three policies",
	  "{" ARGO "\"PreSync\"" OURS_POLICY "\"BeforeHookCreation,HookSucceeded,HookFailed\"}",
	  HOOK_RUNS, PRE, PRE, BEFORE | OK | BAD, 0, NULL },
	{ "our policy wins",
	  "{" ARGO "\"PreSync\"" ARGO_POLICY "\"HookSucceeded\"" OURS_POLICY "\"HookFailed\"}",
	  HOOK_RUNS, PRE, PRE, BAD, 0, NULL },
	{ "Helm's policy",
	  "{" HELM "\"pre-upgrade\"" HELM_POLICY "\"before-hook-creation,hook-failed\"}", HOOK_RUNS,
	  0, PRE, BEFORE | BAD, 0, NULL },
	{ .name = "a policy that nobody knows",
	  "{" ARGO "\"PreSync\"" ARGO_POLICY "\"hook-failed\"}",
	  .error = "hook-delete-policy does not know \"hook-failed\"" },

	{ "a wave", "{" ARGO "\"PreSync\"" WAVE "\"-2\"}", HOOK_RUNS, PRE, PRE, BEFORE, -2, NULL },
	{ "Helm's weight", "{" HELM "\"pre-upgrade\"" WEIGHT "\"-5\"}", HOOK_RUNS, 0, PRE, BEFORE,
	  -5, NULL },
	{ "a wave wins over a weight", "{" HELM "\"pre-upgrade\"" WEIGHT "\"-5\"" WAVE "\"1\"}",
	  HOOK_RUNS, 0, PRE, BEFORE, 1, NULL },
	{ "a weight of no Helm hook", "{" ARGO "\"PreSync\"" WEIGHT "\"3\"}", HOOK_RUNS, PRE, PRE,
	  BEFORE, 0, NULL },
	{ .name = "a weight that is no number",
	  "{" HELM "\"pre-upgrade\"" WEIGHT "\"first\"}",
	  .error = "helm.sh/hook-weight has to be a whole number" },
};

static struct json with_annotations(struct arena *a, const char *annotations)
{
	AUTO(auto_free) char *text = xfmt("{\"metadata\":{\"annotations\":%s}}", annotations);
	return fixture_json(a, text);
}

static void case_run(void **state)
{
	const struct hook_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json object = with_annotations(&a, c->annotations);
	struct hook_declared says = { .wave = 99 };
	int rc = hook_of(&object, "a.yaml", &says, &err);
	assert_int_equal(rc, c->error ? -1 : 0);
	assert_int_equal(says.sort, c->sort);
	assert_int_equal(says.at_install, c->install);
	assert_int_equal(says.at_upgrade, c->upgrade);
	assert_int_equal(says.delete_policy, c->policy);
	assert_int_equal(says.wave, c->wave);
	if (!c->error)
		return;
	assert_int_equal(err.code, ERR_INPUT);
	assert_string_equal(err.at.file, "a.yaml");
	if (!strstr(err.msg, c->error))
		fail_msg("wanted \"%s\", got \"%s\"", c->error, err.msg);
}

/* ---- names */

static const char *made(struct arena *a, const char *kind, const char *start, const char *rest)
{
	struct json object =
		fixture_json(a, arena_fmt(a,
					  "{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"metadata\":{"
					  "\"generateName\":\"%s\"}%s}",
					  kind, start, rest));
	return hook_made_name(a, &object);
}

static void a_name_is_made_of_the_content(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	const char *first = made(&a, "Pod", "check-", ",\"spec\":{\"a\":1}");
	assert_int_equal(strlen(first), strlen("check-") + 10);
	assert_int_equal(strncmp(first, "check-", 6), 0);
	assert_string_equal(first, made(&a, "Pod", "check-", ",\"spec\":{\"a\":1}"));
	assert_string_not_equal(first, made(&a, "Pod", "check-", ",\"spec\":{\"a\":2}"));
	assert_string_equal(made(&a, "Secret", "s-", ",\"data\":{\"p\":\"MQ==\"}"),
			    made(&a, "Secret", "s-", ",\"data\":{\"p\":\"Mg==\"}"));
	const char *longest = made(
		&a, "Pod", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk-", "");
	assert_int_equal(strlen(longest), 63);
}

/* ---- whose is it? */

struct ours_case {
	const char *name, *label, *value, *manager, *operation;
	bool ours;
};

static const struct ours_case ours_cases[] = {
	{ "a hook of ours", HOOK_LABEL, "set-1", "rhumb", "Apply", true },
	{ "a member that became a hook", "applyset.kubernetes.io/part-of", "set-1", "rhumb",
	  "Apply", true },
	{ "of another application", HOOK_LABEL, "set-2", "rhumb", "Apply", false },
	{ "the label, but not applied by us", HOOK_LABEL, "set-1", "kubectl", "Apply", false },
	{ "the label, but not applied", HOOK_LABEL, "set-1", "rhumb", "Update", false },
	{ "applied by us, without the label", "a", "set-1", "rhumb", "Apply", false },
};

static void ours_run(void **state)
{
	const struct ours_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json live = fixture_json(
		&a, arena_fmt(&a,
			      "{\"metadata\":{\"labels\":{\"%s\":\"%s\"},\"managedFields\":[{"
			      "\"manager\":\"%s\",\"operation\":\"%s\"}]}}",
			      c->label, c->value, c->manager, c->operation));
	assert_int_equal(hook_is_ours(&live, "set-1"), c->ours);
}

/* ---- order */

static struct change hook(enum hook_phase phase, int64_t wave, const char *namespace,
			  const char *kind, const char *name)
{
	return (struct change){ .action = ACTION_CREATE,
				.wave = wave,
				.hook = { phase, HOOK_BEFORE_CREATION },
				.ref = { "", "v1", kind, namespace, name } };
}

static void hooks_stand_around_the_changes(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json crd =
		fixture_json(&a, "{\"spec\":{\"group\":\"sea.io\",\"names\":{\"kind\":\"Boat\"}}}");
	struct change wanted[] = {
		{ .ref = { "", "v1", "Namespace", "", "shop" }, .action = ACTION_CREATE },
		{ .ref = { "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "", "boats" },
		  .action = ACTION_CREATE,
		  .desired = &crd },
		hook(HOOK_PRE_SYNC, 0, "shop", "Job", "first"),
		hook(HOOK_PRE_SYNC, 7, "shop", "Boat", "second"),
		{ .ref = { "", "v1", "Namespace", "", "other" }, .action = ACTION_CREATE },
		{ .ref = { "", "v1", "Secret", "shop", "a" }, .action = ACTION_CREATE, .wave = 5 },
		{ .ref = { "", "v1", "Secret", "shop", "b" }, .action = ACTION_DELETE },
		hook(HOOK_POST_SYNC, -1, "shop", "Job", "third"),
		hook(HOOK_POST_SYNC, 0, "other", "Job", "fourth"),
		hook(HOOK_SYNC_FAIL, -9, "shop", "Job", "last"),
	};
	enum { N = ARRAY_LEN(wanted) };
	wanted[3].ref.group = "sea.io";
	struct change changes[N];
	for (size_t i = 0; i < N; i++)
		changes[i] = wanted[N - 1 - i];
	order_changes(changes, N);
	for (size_t i = 0; i < N; i++)
		assert_string_equal(changes[i].ref.name, wanted[i].ref.name);
}

/* ---- in a plan file */

struct file_case {
	const char *name;
	const char *id;
	enum action action;
	struct hook hook;
	const char *uid;
	const char *error; /* NULL: read back equal */
};

static const struct file_case file_cases[] = {
	{ "of an earlier run",
	  "batch/Job/shop/migrate (PreSync)",
	  ACTION_CREATE,
	  { HOOK_PRE_SYNC, HOOK_BEFORE_CREATION | HOOK_FAILED },
	  "u-1",
	  NULL },
	{ "the first run",
	  "batch/Job/shop/migrate (SyncFail)",
	  ACTION_CREATE,
	  { HOOK_SYNC_FAIL, HOOK_SUCCEEDED },
	  "",
	  NULL },
	{ "one that is in the way",
	  "batch/Job/shop/migrate (PostSync)",
	  ACTION_CONFLICT,
	  { HOOK_POST_SYNC, HOOK_BEFORE_CREATION },
	  "u-1",
	  NULL },
	{ "an id without the phase",
	  "batch/Job/shop/migrate",
	  ACTION_CREATE,
	  { HOOK_PRE_SYNC, HOOK_BEFORE_CREATION },
	  "",
	  "an id that is not its object's" },
	{ "an update",
	  "batch/Job/shop/migrate (PreSync)",
	  ACTION_UPDATE,
	  { HOOK_PRE_SYNC, HOOK_BEFORE_CREATION },
	  "u-1",
	  "does not fit its `hook`" },
};

static void file_run(void **state)
{
	const struct file_case *c = *state;
	AUTO(plan_done) struct plan p = { 0 }, q = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct json desired = fixture_json(&a, "{\"kind\":\"Job\"}");
	struct change change = { .id = c->id,
				 .action = c->action,
				 .application = "shop",
				 .hook = c->hook,
				 .ref = { "batch", "v1", "Job", "shop", "migrate" },
				 .verified = VERIFIED_SERVER,
				 .precondition.uid = c->uid,
				 .desired = &desired };
	p.repository = p.base = p.head = p.cluster_name = p.cluster_uid = p.cluster_version = "x";
	p.changes = &change;
	p.n_changes = 1;
	plan_summarise(&p);
	struct json v = plan_to_json(&p, &a);
	json_write_canonical(&text, &v);
	int rc = plan_parse(&q, text.data, text.len, "plan.json", &err);
	if (c->error) {
		assert_int_equal(rc, -1);
		assert_non_null(strstr(err.msg, c->error));
		return;
	}
	if (rc < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(q.changes[0].hook.phase, c->hook.phase);
	assert_int_equal(q.changes[0].hook.delete_policy, c->hook.delete_policy);
	assert_string_equal(q.digest, p.digest);
	bool runs = c->action == ACTION_CREATE;
	assert_int_equal(q.summary.hooks, runs);
	assert_int_equal(q.summary.by_action[c->action], !runs);
	assert_string_equal(change_label(&a, &q.changes[0]),
			    arena_fmt(&a, "Job shop/migrate (%s)", hook_phase_name(c->hook.phase)));
}

/* What is strict is the text of a hook. */
struct text_case {
	const char *name, *hook, *error;
};

static const struct text_case text_cases[] = {
	{ "another key", "{\"phase\":\"PreSync\",\"deletePolicy\":[],\"x\":1}", "unknown key `x`" },
	{ "no phase", "{\"deletePolicy\":[]}", "`phase`" },
	{ "another phase", "{\"phase\":\"Sync\",\"deletePolicy\":[]}", "unknown value of `phase`" },
	{ "no policies", "{\"phase\":\"PreSync\"}", "not a list: `deletePolicy`" },
	{ "another policy", "{\"phase\":\"PreSync\",\"deletePolicy\":[\"Never\"]}",
	  "unknown value of `deletePolicy`" },
	{ "a policy twice",
	  "{\"phase\":\"PreSync\",\"deletePolicy\":[\"HookFailed\",\"HookFailed\"]}",
	  "unknown value of `deletePolicy`" },
	{ "a number", "{\"phase\":\"PreSync\",\"deletePolicy\":[1]}",
	  "unknown value of `deletePolicy`" },
	{ "no object", "[]", "expected an object with `phase`" },
};

static void text_run(void **state)
{
	const struct text_case *c = *state;
	AUTO(plan_done) struct plan p = { 0 }, q = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct change change = { .id = "Pod/a/b",
				 .action = ACTION_UNKNOWN,
				 .application = "shop",
				 .ref = { "", "v1", "Pod", "a", "b" },
				 .verified = VERIFIED_SERVER,
				 .precondition.uid = "" };
	p.repository = p.base = p.head = p.cluster_name = p.cluster_uid = p.cluster_version = "x";
	p.changes = &change;
	p.n_changes = 1;
	struct json v = plan_to_json(&p, &a);
	struct json *changes = (struct json *)json_get(&v, "changes");
	json_set(&a, &changes->items[0], "hook", fixture_json(&a, c->hook));
	char digest[DIGEST_TEXT];
	plan_json_digest(&v, digest);
	json_set_str(&a, &v, "digest", digest);
	json_write_canonical(&text, &v);
	assert_int_equal(plan_parse(&q, text.data, text.len, "plan.json", &err), -1);
	if (!strstr(err.msg, c->error))
		fail_msg("wanted \"%s\", got \"%s\"", c->error, err.msg);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(ours_cases) + ARRAY_LEN(file_cases) +
				ARRAY_LEN(text_cases) + 2] = {
		cmocka_unit_test(a_name_is_made_of_the_content),
		cmocka_unit_test(hooks_stand_around_the_changes),
	};
	size_t n = 2;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, case_run, &cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(ours_cases); i++)
		tests[n++] = fixture_row(ours_cases[i].name, ours_run, &ours_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(file_cases); i++)
		tests[n++] = fixture_row(file_cases[i].name, file_run, &file_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(text_cases); i++)
		tests[n++] = fixture_row(text_cases[i].name, text_run, &text_cases[i]);
	return _cmocka_run_group_tests("hook", tests, n, NULL, NULL);
}
