/* What the plan of a rollback states beside an ordinary one: it comes back equal, its digest covers
 * it, and no other plan may state it. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"
#include "plan/plan_json.h"

#define OF "sha256:1111111111111111111111111111111111111111111111111111111111111111"

static const struct json *tree(struct arena *a, const char *text)
{
	struct json *v = arena_alloc(a, sizeof(*v));
	*v = fixture_json(a, text);
	return v;
}

static void fill(struct plan *p)
{
	struct arena *a = &p->arena;
	p->repository = "https://git.example/shop";
	p->base = "1111111111111111111111111111111111111111";
	p->head = "";
	p->cluster_name = "prod";
	p->cluster_uid = "u-1";
	p->cluster_version = "v1.36.0";
	p->rollback_of = OF;
	p->rollback_journal = "/tmp/result.json.journal";
	p->n_applications = 1;
	p->applications = arena_calloc(a, 1, sizeof(*p->applications));
	p->applications[0] = (struct planned_application){
		.name = "shop",
		.path = "shop",
		.tree = "",
		.base = p->base,
		.namespace = "shop",
		.applyset = "applyset-x-v1",
		.record = { .commit = "3333333333333333333333333333333333333333" },
	};
	p->n_changes = 1;
	p->changes = arena_calloc(a, 1, sizeof(*p->changes));
	struct change *c = &p->changes[0];
	*c = (struct change){
		.id = "Secret/shop/db",
		.action = ACTION_UPDATE,
		.application = "shop",
		.ref = { "", "v1", "Secret", "shop", "db" },
		.verified = VERIFIED_SERVER,
		.precondition = { .uid = "u-2", .digest = "sha256:aa" },
		.desired = tree(a, "{\"kind\":\"Secret\",\"data\":{\"p\":null}}"),
		.owned = tree(a, "{\"f:data\":{\"f:p\":{}}}"),
		.keeps = tree(a, "{}"),
		.source_sealed = "sha256:bb",
	};
	c->n_give_backs = 1;
	c->give_backs = arena_calloc(a, 1, sizeof(*c->give_backs));
	c->give_backs[0] = (struct give_back){ "kubectl-edit",
					       "Update",
					       "v1",
					       "scale",
					       "2026-01-01T00:00:00Z",
					       tree(a, "{\"f:data\":{\"f:p\":{}}}") };
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
	assert_string_equal(q.rollback_of, OF);
	assert_string_equal(q.changes[0].give_backs[0].subresource, "scale");
	assert_string_equal(q.changes[0].source_sealed, "sha256:bb");
	assert_null(q.changes[0].source_blob);
	assert_null(q.applications[0].record.digest);
}

static const struct edit_case {
	const char *name, *from, *to;
	bool sign;         /* the digest is set right afterwards */
	const char *error; /* part of the message; NULL: still read */
} edits[] = {
	{ "the place of the journal is no meaning", "/tmp/result", "/home/x/result", false, NULL },
	{ "what is undone is", "sha256:1111", "sha256:2111", false, "was altered" },
	{ "so is what is recorded", "\"commit\": \"3333", "\"commit\": \"4333", false,
	  "was altered" },
	{ "and whom a field goes back to", "kubectl-edit", "kubectl-edut", false, "was altered" },
	{ "and which sealed values", "sha256:bb", "sha256:bc", false, "was altered" },
	{ "another plan with its own digest", "sha256:1111", "sha256:2111", true, NULL },
	{ "without the plan that is undone", "\"of\"", "\"off\"", true, "unknown key `off`" },
	{ "without the journal", "\"journal\": \"/tmp/result.json.journal\"", "\"journal\": 7",
	  true, "not a string: `journal`" },
	{ "an ordinary plan with a record", "\"rollback\": {", "\"policies\": {", true,
	  "unknown key `policies`" },
	{ "a record of something else", "\"commit\": \"3333", "\"commits\": \"3333", true,
	  "unknown key `commits`" },
	{ "gives back without what stays", "\"keeps\": {},", "", true,
	  "missing or not an object: `keeps`" },
	{ "what stays is no set", "\"keeps\": {}", "\"keeps\": []", true,
	  "not an object: `keeps`" },
	{ "gives back to nobody", "\"manager\": \"kubectl-edit\",", "", true,
	  "not a string: `manager`" },
	{ "gives back in no version", "\"apiVersion\": \"v1\",\n          \"fields\"",
	  "\"version\": \"v1\",\n          \"fields\"", true, "unknown key `version`" },
	{ "sealed and in Git", "\"sealed\": \"sha256:bb\"",
	  "\"sealed\": \"sha256:bb\", \"blob\": \"1\"", true, "unknown key `blob`" },
};

static int parse(const char *text, bool sign, struct err *err)
{
	AUTO(plan_done) struct plan q = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf again = { 0 };
	char digest[DIGEST_TEXT];
	if (!sign)
		return plan_parse(&q, text, strlen(text), "plan.json", err);
	struct json v = *tree(&a, text);
	plan_json_digest(&v, digest);
	json_set_str(&a, &v, "digest", digest);
	json_write_canonical(&again, &v);
	return plan_parse(&q, again.data, again.len, "plan.json", err);
}

static void edit_run(void **state)
{
	const struct edit_case *c = *state;
	AUTO(plan_done) struct plan p = { 0 };
	AUTO(err_done) struct err err = { 0 };
	fill(&p);
	AUTO(auto_free) char *text = text_of(&p);
	char *at = strstr(text, c->from);
	assert_non_null(at);
	AUTO(auto_free)
	char *edited = xfmt("%.*s%s%s", (int)(at - text), text, c->to, at + strlen(c->from));
	int rc = parse(edited, c->sign, &err);
	if (c->error && (rc == 0 || !strstr(err.msg, c->error)))
		fail_msg("wanted \"%s\", got %s", c->error, rc ? err.msg : "no error");
	if (!c->error && rc < 0)
		fail_msg("%s", err.msg);
}

/* What only a rollback may state, in a plan that is none. */
static void refused_elsewhere(void **state)
{
	(void)state;
	static const char *const only[] = { "keeps", "sealed", "record" };
	for (size_t i = 0; i < ARRAY_LEN(only); i++) {
		AUTO(plan_done) struct plan p = { 0 };
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(err_done) struct err err = { 0 };
		AUTO(buf_done) struct buf text = { 0 };
		fill(&p);
		struct json v = plan_to_json(&p, &a);
		json_remove(&v, "rollback");
		struct json *change = &((struct json *)json_get(&v, "changes"))->items[0];
		struct json *app = &((struct json *)json_get(&v, "applications"))->items[0];
		if (i < 2)
			json_remove(app, "record");
		if (i > 0) {
			json_remove(change, "givesBack");
			json_remove(change, "keeps");
		}
		json_write_canonical(&text, &v);
		assert_int_equal(parse(text.data, true, &err), -1);
		AUTO(auto_free) char *want = xfmt("only a rollback has `%s`", only[i]);
		if (!strstr(err.msg, want))
			fail_msg("%s", err.msg);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(edits) + 2] = {
		cmocka_unit_test(comes_back_equal),
		cmocka_unit_test(refused_elsewhere),
	};
	size_t n = 2;
	for (size_t i = 0; i < ARRAY_LEN(edits); i++)
		tests[n++] = fixture_row(edits[i].name, edit_run, &edits[i]);
	return _cmocka_run_group_tests("plan of a rollback", tests, n, NULL, NULL);
}
