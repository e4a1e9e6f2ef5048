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
	struct change *c = world_plan(w, ACTION_ADOPT, CONFIG("shop", "adopted", "1"));
	c->takeovers = arena_calloc(&w->p.arena, 1, sizeof(*c->takeovers));
	struct json *fields = arena_calloc(&w->p.arena, 1, sizeof(*fields));
	*fields = fixture_json(&w->p.arena, "{\"f:data\":{\"f:k\":{}}}");
	*c->takeovers = (struct takeover){ "helm", "Update", "", fields };
	c->n_takeovers = 1;
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

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, fault_case_run, &cases[i]);
	tests[n++] = fixture_row("stops at once", stops_at_once, NULL);
	return _cmocka_run_group_tests("faults", tests, n, NULL, NULL);
}
