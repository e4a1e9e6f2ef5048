/* plan/plan, plan/order, plan/state: the plan file and what its digests cover; a row a test. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_write.h"
#include "plan/order.h"
#include "plan/plan_json.h"
#include "plan/state.h"

static const struct json *tree(struct arena *a, const char *text)
{
	struct json *v = arena_alloc(a, sizeof(*v));
	*v = fixture_json(a, text);
	return v;
}

/* A plan with one of each thing that a file can hold. */
static void fill(struct plan *p)
{
	struct arena *a = &p->arena;
	static const char *const kinds[] = { "ConfigMap", "Deployment.apps" };
	p->created = "2026-01-02T03:04:05Z";
	p->tool = "rhumb test";
	p->duration = 0.25;
	p->repository = "https://git.example/shop";
	p->base = "1111111111111111111111111111111111111111";
	p->head = "2222222222222222222222222222222222222222";
	p->head_subject = "Scale web";
	p->cluster_name = "prod";
	p->cluster_uid = "u-1";
	p->cluster_version = "v1.36.0";
	p->n_applications = 1;
	p->applications = arena_calloc(a, 1, sizeof(*p->applications));
	p->applications[0] = (struct planned_application){
		.name = "shop",
		.path = "apps/shop",
		.tree = "33",
		.base = p->base,
		.namespace = "shop",
		.applyset = "applyset-x-v1",
		.kinds = (const char **)kinds,
		.n_kinds = 2,
		.wait = true,
		.wait_seconds = 300,
		.ready = arena_calloc(a, 1, sizeof(struct ready_rule)),
		.n_ready = 1,
	};
	p->applications[0].ready[0] =
		(struct ready_rule){ "sea.io", "Boat", "/status/phase", "Afloat" };
	p->n_changes = 2;
	p->changes = arena_calloc(a, 2, sizeof(*p->changes));
	struct change *c = &p->changes[0];
	*c = (struct change){
		.id = "apps/Deployment/shop/web",
		.action = ACTION_UPDATE,
		.application = "shop",
		.ref = { "apps", "v1", "Deployment", "shop", "web" },
		.file = "apps/shop/web.yaml",
		.line = 1,
		.col = 1,
		.was_file = "apps/web.yaml",
		.moved_from = "front",
		.verified = VERIFIED_SERVER,
		.precondition = { .uid = "u-2", .digest = "sha256:aa" },
		.desired = tree(a, "{\"kind\":\"Deployment\",\"spec\":{\"replicas\":4}}"),
		.owned = tree(a, "{\"f:spec\":{\"f:replicas\":{}}}"),
		.expect = "sha256:bb",
	};
	c->n_fields = 1;
	c->fields = arena_calloc(a, 1, sizeof(*c->fields));
	c->fields[0] = (struct field){ .path = "/spec/replicas",
				       .before = tree(a, "2"),
				       .after = tree(a, "4"),
				       .why = WHY_BOTH,
				       .line = 9,
				       .owner = "kubectl-edit",
				       .since = "2026-01-01T00:00:00Z" };
	c->n_takeovers = 1;
	c->takeovers = arena_calloc(a, 1, sizeof(*c->takeovers));
	c->takeovers[0] = (struct takeover){ "kubectl-edit", "Update", "",
					     tree(a, "{\"f:spec\":{\"f:replicas\":{}}}") };
	p->changes[1] = (struct change){
		.id = "ConfigMap/shop/old",
		.action = ACTION_DELETE,
		.application = "shop",
		.ref = { "", "v1", "ConfigMap", "shop", "old" },
		.pair = "ConfigMap/shop/new",
		.verified = VERIFIED_SERVER,
		.precondition = { .uid = "u-3" },
		.reason = "not declared any more",
	};
	p->n_verdicts = 2;
	p->verdicts = arena_calloc(a, 2, sizeof(*p->verdicts));
	p->verdicts[0] = (struct policy_verdict){
		.policy = "pinned",
		.binding = "all",
		.param = "shop/limits",
		.change = p->changes[0].id,
		.result = POLICY_DENY,
		.message = "pin it",
		.path = "/spec/image",
		.file = "apps/shop/web.yaml",
		.line = 21,
		.col = 16,
		.rule = { "policies/pinned.yaml", 31, 5 },
	};
	p->verdicts[1] = (struct policy_verdict){
		.policy = "kept",
		.change = p->changes[1].id,
		.result = POLICY_WARN,
		.message = "was needed",
	};
	p->summary.unchanged = 37;
	plan_summarise(p);
}

static char *text_of(struct plan *p)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct buf text = { 0 };
	struct json v = plan_to_json(p, &a);
	json_write_indented(&text, &v);
	return buf_take(&text);
}

static void comes_back_equal(void **state)
{
	(void)state;
	AUTO(plan_done) struct plan p = { 0 }, q = { 0 };
	AUTO(err_done) struct err err = { 0 };
	fill(&p);
	AUTO(auto_free) char *first = text_of(&p);
	if (plan_parse(&q, first, strlen(first), "plan.json", &err) < 0)
		fail_msg("%s", err.msg);
	AUTO(auto_free) char *second = text_of(&q);
	assert_string_equal(first, second);
	assert_string_equal(p.digest, q.digest);
	assert_int_equal(q.summary.drifted, 1);
	assert_string_equal(q.changes[0].fields[0].since, "2026-01-01T00:00:00Z");
}

static void file_is_private(void **state)
{
	(void)state;
	AUTO(plan_done) struct plan p = { 0 }, q = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *path = path_join(dir, "plan.json");
	fill(&p);
	assert_int_equal(plan_write(&p, path, &err), 0);
	assert_int_equal(plan_read(&q, path, &err), 0);
	assert_string_equal(p.digest, q.digest);
}

/* An edit of the file's text, and whether the digest has to change with it. */
struct edit_case {
	const char *name, *from, *to;
	const char *error; /* part of the message; NULL: still read */
};

static const struct edit_case edits[] = {
	{ "meta is display", "Scale web", "Scale wob", NULL },
	{ "a commit is no meaning", "22222222222222222222", "44444444444444444444", NULL },
	{ "a line is display", "\"line\": 9", "\"line\": 10", NULL },
	{ "a file is display", "web.yaml", "wob.yaml", NULL },
	{ "where a verdict points is display", "\"line\": 21", "\"line\": 22", NULL },
	{ "where its rule stands is display", "\"line\": 31", "\"line\": 32", NULL },
	{ "what a verdict says is meaning", "pin it", "pin at", "was altered" },
	{ "an owner is meaning", "\"owner\": \"kubectl-edit\"", "\"owner\": \"kubectl-edut\"",
	  "was altered" },
	{ "a value", "\"after\": 4", "\"after\": 5", "was altered" },
	{ "the tree", "\"apps/shop\": \"33\"", "\"apps/shop\": \"34\"", "was altered" },
	{ "the object to be sent", "\"replicas\": 4", "\"replicas\": 400", "was altered" },
	{ "the digest", "\"digest\": \"sha256:", "\"digest\": \"sha256:0", "was altered" },
	{ "another version", "\"rhumb.dev/v1\"", "\"rhumb.dev/v2\"", "a plan of version" },
	{ "another kind", "\"Plan\"", "\"Result\"", "not a plan" },
	{ "a key twice", "\"kind\": \"Plan\"", "\"kind\": \"Plan\", \"kind\": \"Plan\"",
	  "not a whole plan file" },
};

/* The same with the digest of what is there: a whole plan that says something else. */
static const struct edit_case forged[] = {
	{ "waits for nothing", "\"timeout\": 300", "\"timeout\": 0", "out of range: `timeout`" },
	{ "waits for days", "\"timeout\": 300", "\"timeout\": 90000", "out of range: `timeout`" },
	{ "waits for another time", "\"timeout\": 300", "\"timeout\": 301", NULL },
	{ "waits in another way", "\"timeout\": 300", "\"until\": 300", "unknown key `until`" },
	{ "a rule for a Secret", "\"group\": \"sea.io\",\n            \"kind\": \"Boat\"",
	  "\"group\": \"\",\n            \"kind\": \"Secret\"", "a Secret is ready" },
	{ "a rule about no field", "/status/phase", "status", "has to be the path of a field" },
	{ "a denial that does not count", "\"denied\": 1", "\"denied\": 0",
	  "not as many as the summary's `denied`" },
	{ "a denial that became a warning", "\"result\": \"deny\"", "\"result\": \"warn\"",
	  "not as many as the summary's `denied`" },
	{ "a warning that became an audit", "\"result\": \"warn\"", "\"result\": \"audit\"",
	  "not as many as the summary's `warned`" },
	{ "a result that is none", "\"result\": \"deny\"", "\"result\": \"pass\"",
	  "unknown value of `result`" },
	{ "a verdict of no change", "\"change\": \"ConfigMap/shop/old\"",
	  "\"change\": \"ConfigMap/shop/new\"", "in the order of changes, has the id" },
	{ "two verdicts on one change", "\"change\": \"ConfigMap/shop/old\"",
	  "\"change\": \"apps/Deployment/shop/web\"", NULL },
	{ "a verdict that knows more", "\"policy\": \"kept\"", "\"law\": \"kept\"",
	  "unknown key `law`" },
	{ "a verdict on the whole plan after another", "\"change\": \"ConfigMap/shop/old\",", "",
	  "out of order" },
	{ "a source that is none", "\"source\": \"admission\"", "\"source\": \"mission\"",
	  "unknown value of `source`" },
	{ "a denial that is passed as new", "\"result\": \"deny\"",
	  "\"result\": \"deny\", \"pass\": \"existing\"", "what is not `existing`" },
	{ "a denial that passes as undecided", "\"result\": \"deny\"",
	  "\"result\": \"deny\", \"pass\": \"undecided\"", "what is decided" },
	{ "a denial that passes without a reason", "\"result\": \"deny\"",
	  "\"result\": \"deny\", \"pass\": \"maybe\"", "unknown value of `pass`" },
	{ "a denial that passes and is counted", "\"result\": \"deny\"",
	  "\"result\": \"deny\", \"existing\": true, \"pass\": \"existing\"",
	  "not as many as the summary's `denied`" },
	{ "a verdict without words", "\"message\": \"pin it\"", "\"message\": 1",
	  "not a string: `message`" },
	{ "a rule without a value", "\"value\": \"Afloat\"", "\"value\": 1",
	  "not a string: `value`" },
};

static void forged_run(void **state)
{
	const struct edit_case *c = *state;
	AUTO(plan_done) struct plan p = { 0 }, q = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf again = { 0 };
	fill(&p);
	AUTO(auto_free) char *text = text_of(&p);
	char *at = strstr(text, c->from), digest[DIGEST_TEXT];
	assert_non_null(at);
	AUTO(auto_free)
	char *edited = xfmt("%.*s%s%s", (int)(at - text), text, c->to, at + strlen(c->from));
	struct json v = *tree(&a, edited);
	plan_json_digest(&v, digest);
	json_set_str(&a, &v, "digest", digest);
	json_write_canonical(&again, &v);
	int rc = plan_parse(&q, again.data, again.len, "plan.json", &err);
	if (c->error && (rc == 0 || !strstr(err.msg, c->error)))
		fail_msg("wanted \"%s\", got %s", c->error, rc ? err.msg : "no error");
	if (!c->error && rc < 0)
		fail_msg("%s", err.msg);
}

static void edit_run(void **state)
{
	const struct edit_case *c = *state;
	AUTO(plan_done) struct plan p = { 0 }, q = { 0 };
	AUTO(err_done) struct err err = { 0 };
	fill(&p);
	AUTO(auto_free) char *text = text_of(&p);
	char *at = strstr(text, c->from);
	assert_non_null(at);
	AUTO(auto_free)
	char *edited = xfmt("%.*s%s%s", (int)(at - text), text, c->to, at + strlen(c->from));
	int rc = plan_parse(&q, edited, strlen(edited), "plan.json", &err);
	if (c->error && (rc == 0 || !strstr(err.msg, c->error)))
		fail_msg("wanted \"%s\", got %s", c->error, rc ? err.msg : "no error");
	if (!c->error && rc < 0)
		fail_msg("%s", err.msg);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	AUTO(plan_done) struct plan p = { 0 };
	fill(&p);
	AUTO(auto_free) char *text = text_of(&p);
	for (size_t n = 0; n < strlen(text); n++) {
		AUTO(plan_done) struct plan q = { 0 };
		AUTO(err_done) struct err err = { 0 };
		assert_int_equal(plan_parse(&q, text, n, "plan.json", &err), -1);
	}
}

/* ---- order */

static void order_of_kinds(void **state)
{
	(void)state;
	static const struct {
		enum action action;
		int64_t wave;
		const char *kind, *name;
	} sorted[] = {
		{ ACTION_CREATE, -1, "Deployment", "first wave" },
		{ ACTION_CREATE, 0, "Namespace", "a" },
		{ ACTION_CREATE, 0, "CustomResourceDefinition", "a" },
		{ ACTION_UPDATE, 0, "ConfigMap", "a" },
		{ ACTION_CREATE, 0, "ConfigMap", "b" },
		{ ACTION_CREATE, 0, "Service", "a" },
		{ ACTION_CREATE, 0, "Deployment", "a" },
		{ ACTION_CREATE, 0, "Widget", "a custom resource" },
		{ ACTION_CREATE, 0, "ValidatingWebhookConfiguration", "a" },
		{ ACTION_CREATE, 1, "Namespace", "second wave" },
		{ ACTION_DELETE, 1, "ConfigMap", "a" },
		{ ACTION_DELETE, 0, "Deployment", "a" },
		{ ACTION_DELETE, 0, "ConfigMap", "a" },
		{ ACTION_DELETE, 0, "Namespace", "a" },
	};
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		for (size_t k = 0; k < ARRAY_LEN(sorted); k++) {
			struct change a = { .action = sorted[i].action,
					    .wave = sorted[i].wave,
					    .ref = { "", "v1", sorted[i].kind, "",
						     sorted[i].name } };
			struct change b = { .action = sorted[k].action,
					    .wave = sorted[k].wave,
					    .ref = { "", "v1", sorted[k].kind, "",
						     sorted[k].name } };
			int d = order_compare(&a, &b);
			assert_int_equal((d > 0) - (d < 0), (i > k) - (i < k));
		}
	}
}

/* ---- states */

struct state_case {
	const char *name, *kind;
	enum action action;
	const char *first, *second;
	enum state_side side;
	const char *key;
	bool same;
};

#define OBJECT(meta, spec, status)                                                                 \
	"{\"metadata\":{\"name\":\"x\"" meta "},\"spec\":{" spec "},\"status\":{" status "}}"

static const struct state_case states[] = {
	{ "a status", "Deployment", ACTION_UPDATE, OBJECT("", "\"a\":1", "\"s\":1"),
	  OBJECT(",\"resourceVersion\":\"2\"", "\"a\":1", "\"s\":2"), STATE_BEFORE, NULL, true },
	{ "an owned field", "Deployment", ACTION_UPDATE, OBJECT("", "\"a\":1", ""),
	  OBJECT("", "\"a\":2", ""), STATE_BEFORE, NULL, false },
	{ "a touched field", "Deployment", ACTION_UPDATE, OBJECT("", "\"t\":1", ""),
	  OBJECT("", "\"t\":2", ""), STATE_BEFORE, NULL, false },
	{ "a touched field that comes", "Deployment", ACTION_UPDATE, OBJECT("", "", ""),
	  OBJECT("", "\"t\":2", ""), STATE_BEFORE, NULL, false },
	{ "somebody else's field", "Deployment", ACTION_UPDATE, OBJECT("", "\"a\":1,\"z\":1", ""),
	  OBJECT("", "\"a\":1,\"z\":2", ""), STATE_AFTER, NULL, true },
	{ "an annotation", "Deployment", ACTION_CREATE, OBJECT("", "\"a\":1", ""),
	  OBJECT(",\"annotations\":{\"n\":\"1\"}", "\"a\":1", ""), STATE_AFTER, NULL, true },
	{ "a create covers the rest", "Deployment", ACTION_CREATE,
	  OBJECT("", "\"a\":1,\"z\":1", ""), OBJECT("", "\"a\":1,\"z\":2", ""), STATE_AFTER, NULL,
	  false },
	{ "an address that the server gave", "Service", ACTION_CREATE,
	  OBJECT("", "\"a\":1,\"clusterIP\":\"1\",\"ports\":[{\"port\":1,\"nodePort\":3}]", ""),
	  OBJECT("", "\"a\":1,\"clusterIP\":\"2\",\"ports\":[{\"port\":1,\"nodePort\":4}]", ""),
	  STATE_AFTER, NULL, true },
	{ "a secret value without a key", "Secret", ACTION_UPDATE, "{\"data\":{\"p\":\"MQ==\"}}",
	  "{\"data\":{\"p\":\"Mg==\"}}", STATE_BEFORE, NULL, true },
	{ "a secret value with a key", "Secret", ACTION_UPDATE, "{\"data\":{\"p\":\"MQ==\"}}",
	  "{\"data\":{\"p\":\"Mg==\"}}", STATE_BEFORE, "key", false },
	{ "a secret key that goes", "Secret", ACTION_UPDATE, "{\"data\":{\"p\":\"MQ==\"}}",
	  "{\"data\":{}}", STATE_BEFORE, NULL, false },
};

static void state_run(void **state)
{
	const struct state_case *row = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct field touched = { .path = "/spec/t" };
	struct change c = {
		.action = row->action,
		.ref = { "", "v1", row->kind, "shop", "x" },
		.fields = &touched,
		.n_fields = 1,
		.owned = tree(&a, "{\"f:spec\":{\"f:a\":{}},\"f:data\":{\"f:p\":{}}}"),
		.verified = VERIFIED_SERVER,
	};
	char first[DIGEST_TEXT], second[DIGEST_TEXT];
	state_digest(&c, tree(&a, row->first), row->side, row->key, first);
	state_digest(&c, tree(&a, row->second), row->side, row->key, second);
	assert_int_equal(strcmp(first, second) == 0, row->same);
}

static void applyset_ids(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	/* printf %s rhumb-shop.shop.ConfigMap. | openssl dgst -sha256 -binary | base64 */
	const char *id = applyset_id(&a, "shop", "shop");
	assert_int_equal(strlen(id), strlen("applyset-") + 43 + strlen("-v1"));
	assert_string_not_equal(id, applyset_id(&a, "shop", "other"));
	assert_true(
		strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
		strlen(id));
}

int main(void)
{
	struct CMUnitTest tests[64] = {
		cmocka_unit_test(comes_back_equal),     cmocka_unit_test(file_is_private),
		cmocka_unit_test(every_cut_is_refused), cmocka_unit_test(order_of_kinds),
		cmocka_unit_test(applyset_ids),
	};
	size_t n = 5;
	for (size_t i = 0; i < ARRAY_LEN(edits); i++)
		tests[n++] = fixture_row(edits[i].name, edit_run, &edits[i]);
	for (size_t i = 0; i < ARRAY_LEN(forged); i++)
		tests[n++] = fixture_row(forged[i].name, forged_run, &forged[i]);
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		tests[n++] = fixture_row(states[i].name, state_run, &states[i]);
	return _cmocka_run_group_tests("plan", tests, n, NULL, NULL);
}
