/* The nth request fails, for every n and in every way: apply stops after it, the report has
 * everything, and applying the same plan again ends where an undisturbed run does. */
#include "tests/lib/fake_world.h"

#include <string.h>

struct fault_case {
	const char *name;
	enum fake_fault fault;
	bool reads; /* of reads, not of writes */
	bool all;   /* that one and every later one */
	bool heals; /* the run gets over it */
};

static const struct fault_case cases[] = {
	{ "a write is refused", FAKE_REFUSE, false, false, false },
	{ "a write breaks the server", FAKE_BREAK, false, false, false },
	{ "the server breaks for good", FAKE_BREAK, false, true, false },
	{ "a write is lost", FAKE_LOSE, false, false, true },
	{ "a write's answer is lost", FAKE_LOSE_DONE, false, false, true },
	{ "every write's answer is lost", FAKE_LOSE_DONE, false, true, true },
	{ "something else of the object changes", FAKE_CONFLICT, false, false, true },
	{ "a read is refused", FAKE_REFUSE, true, false, false },
	{ "a read breaks the server", FAKE_BREAK, true, false, false },
	{ "a read's answer is lost", FAKE_LOSE, true, false, false },
};

static void plan_takeover(struct world *w, struct change *c)
{
	c->takeovers = arena_calloc(&w->p.arena, 1, sizeof(*c->takeovers));
	struct json *fields = arena_calloc(&w->p.arena, 1, sizeof(*fields));
	*fields = fixture_json(&w->p.arena, "{\"f:data\":{\"f:k\":{}}}");
	*c->takeovers = (struct takeover){ "helm", "Update", "", fields };
	c->n_takeovers = 1;
}

/* In seven steps: namespace, service account, ConfigMaps, CRD, its object, deletes. */
static void fill(struct world *w)
{
	world_init(w);
	w->options.timeout_seconds = 0;
	fake_put(&w->f, CONFIG("shop", "old", "1"), "kubectl-create", "Update");
	fake_put(&w->f, ACCOUNT("shop", "old"), "kubectl-create", "Update");
	fake_put(&w->f, CONFIG("shop", "a", "1"), FIELD_MANAGER, "Apply");
	fake_put(&w->f, CONFIG("shop", "adopted", "1"), "helm", "Update");
	world_plan(w, ACTION_CREATE, NAMESPACE("shop2"));
	world_plan(w, ACTION_CREATE, CRD);
	world_plan(w, ACTION_CREATE, BOAT);
	world_plan(w, ACTION_CREATE, ACCOUNT("shop2", "sa"));
	world_plan(w, ACTION_UPDATE, CONFIG("shop", "a", "2"));
	world_plan(w, ACTION_CREATE, CONFIG("shop", "b", "1"));
	plan_takeover(w, world_plan(w, ACTION_ADOPT, CONFIG("shop", "adopted", "1")));
	world_plan(w, ACTION_DELETE, CONFIG("shop", "old", "1"));
	world_plan(w, ACTION_DELETE, ACCOUNT("shop", "old"));
	world_planned(w);
}

static int code_exits_with(enum err_code code)
{
	return code == ERR_PARTIAL || code == ERR_STALE;
}

/* What holds whatever happened. */
static void check_report(struct world *w, int rc, unsigned n)
{
	assert_int_equal(w->result.n_objects, w->p.n_changes);
	for (size_t i = 0; i < w->p.n_changes; i++) {
		const struct object_result *o = &w->result.objects[i];
		const struct object_ref *ref = &w->p.changes[i].ref;
		assert_string_equal(o->id, w->p.changes[i].id);
		assert_int_equal(o->action, w->p.changes[i].action);
		bool done = o->outcome == OUTCOME_APPLIED || o->outcome == OUTCOME_UNCHANGED;
		bool there = fake_get(&w->f, ref->kind, ref->namespace, ref->name) != NULL;
		if (o->action == ACTION_DELETE)
			assert_true(done == !there || o->outcome == OUTCOME_FAILED);
		if (o->action == ACTION_CREATE)
			assert_true(done == there || o->outcome == OUTCOME_FAILED);
		if (o->outcome == OUTCOME_FAILED || o->outcome == OUTCOME_STALE)
			assert_non_null(o->message);
		if (rc == 0)
			assert_true(done);
	}
	if (rc < 0)
		assert_true(code_exits_with(w->err.code) || n == 0 || w->f.writes == 0 ||
			    w->f.fail_reads);
	if (w->f.writes == 0 && rc < 0)
		assert_int_not_equal(w->err.code, ERR_PARTIAL);
}

static void fault_case_run(void **state)
{
	const struct fault_case *c = *state;
	struct world undisturbed;
	fill(&undisturbed);
	world_apply_ok(&undisturbed);
	AUTO(auto_free) char *want = fake_state(&undisturbed.f);
	unsigned total = c->reads ? undisturbed.f.reads : undisturbed.f.writes;
	world_done(&undisturbed);
	assert_true(total > 8);
	for (unsigned n = 0; n < total; n++) {
		struct world w;
		fill(&w);
		w.f.fail_at = (int)n;
		w.f.fault = c->fault;
		w.f.fail_reads = c->reads;
		w.f.fail_all = c->all;
		int rc = world_apply(&w);
		check_report(&w, rc, n);
		if (c->heals && rc < 0)
			fail_msg("write %u: %s", n, w.err.msg);
		w.f.fail_at = -1;
		if (world_apply(&w) < 0)
			fail_msg("again after %u: %s", n, w.err.msg);
		AUTO(auto_free) char *got = fake_state(&w.f);
		assert_string_equal(got, want);
		world_apply_ok(&w);
		assert_int_equal(w.f.writes, 0);
		world_done(&w);
	}
}

/* Nothing after the batch of the failure is sent. */
static void stops_at_once(void **state)
{
	(void)state;
	struct world whole;
	fill(&whole);
	world_apply_ok(&whole);
	unsigned total = whole.f.writes;
	for (unsigned n = 0; n < total; n++) {
		struct world w;
		fill(&w);
		w.f.fail_at = (int)n;
		assert_int_equal(world_apply(&w), -1);
		/* The three ConfigMaps go together, and the one adopted takes two writes; the
		 * parent may be written once more, but with no commit. */
		assert_in_range(w.f.writes, n + 1, n + 4);
		assert_null(json_at(fake_get(&w.f, "ConfigMap", "shop", "rhumb-shop"), "metadata",
				    "annotations", "rhumb.dev/commit", NULL));
		world_done(&w);
	}
	world_done(&whole);
}

/* ---- the question whether our own write would change anything */

/* An object whose state after the write the plan could not know, written already. */
static void deferred(struct world *w)
{
	world_init(w);
	world_plan(w, ACTION_CREATE, CONFIG("shop", "a", "1"))->expect = NULL;
	world_planned(w);
	world_apply_ok(w);
}

static void controller_writes_once(void *ctx, struct fake_cluster *f, const struct api_call *call)
{
	unsigned *asked = ctx;
	if (call->verb == API_DRY_RUN_APPLY && !(*asked)++)
		fake_put(f,
			 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			 "\"namespace\":\"shop\",\"name\":\"a\",\"annotations\":{"
			 "\"controller\":\"was here\"}}}",
			 "controller", "Update");
}

static void changes_while_asked(void **state)
{
	(void)state;
	struct world w;
	unsigned asked = 0;
	deferred(&w);
	w.f.before_read = controller_writes_once;
	w.f.ctx = &asked;
	world_apply_ok(&w);
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_UNCHANGED);
	assert_int_equal(asked, 2);
	world_done(&w);
}

static void no_answer_is_not_stale(void **state)
{
	(void)state;
	struct world w;
	deferred(&w);
	w.f.fail_at = 2; /* after the reads of the parent and the object */
	w.f.fail_reads = true;
	w.f.fault = FAKE_BREAK;
	world_apply_fails(&w, ERR_SERVER, "check ConfigMap shop/a");
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_NOT_TRIED);
	world_done(&w);
}

/* ---- a takeover whose answer is lost, where any write at all makes the plan stale (a Secret) */

struct lost_takeover {
	const char *name;
	void (*another)(void *ctx, struct fake_cluster *f, const struct api_call *call);
	int rc;
};

static void helm_writes_too(void *ctx, struct fake_cluster *f, const struct api_call *call)
{
	(void)ctx, (void)call;
	if (f->writes == 2)
		fake_put(f, CONFIG("shop", "a", "theirs"), "helm", "Update");
}

static const struct lost_takeover lost_takeovers[] = {
	{ "a takeover's answer is lost", NULL, 0 },
	{ "a takeover's answer is lost, and another writes", helm_writes_too, -1 },
};

static void lost_takeover_run(void **state)
{
	const struct lost_takeover *row = *state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, CONFIG("shop", "a", "1"), "helm", "Update");
	struct change *c = world_plan(&w, ACTION_ADOPT, CONFIG("shop", "a", "1"));
	plan_takeover(&w, c);
	c->expect = NULL;
	world_planned(&w);
	const struct json *live = fake_get(&w.f, "ConfigMap", "shop", "a");
	w.p.changes[0].precondition.resource_version = arena_strdup(
		&w.p.arena, json_str(json_at(live, "metadata", "resourceVersion", NULL)));
	w.p.changes[0].precondition.digest = NULL;
	w.f.fail_at = 1; /* the write after the parent's */
	w.f.fault = FAKE_LOSE_DONE;
	w.f.before_read = row->another;
	assert_int_equal(world_apply(&w), row->rc);
	world_expect(&w, "ConfigMap/shop/a", row->rc ? OUTCOME_STALE : OUTCOME_APPLIED);
	world_done(&w);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(lost_takeovers) + 3];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, fault_case_run, &cases[i]);
	tests[n++] = fixture_row("stops at once", stops_at_once, NULL);
	tests[n++] = fixture_row("changes while asked", changes_while_asked, NULL);
	tests[n++] = fixture_row("no answer is not stale", no_answer_is_not_stale, NULL);
	for (size_t i = 0; i < ARRAY_LEN(lost_takeovers); i++)
		tests[n++] =
			fixture_row(lost_takeovers[i].name, lost_takeover_run, &lost_takeovers[i]);
	return _cmocka_run_group_tests("faults", tests, n, NULL, NULL);
}
