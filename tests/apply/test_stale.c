/* The world moves: between plan and apply, and between the check and the write.  For each action
 * and each thing that may happen: what the outcome is, and that nothing foreign is overwritten. */
#include "tests/lib/stale_cases.h"

#include <string.h>

#include "plan/state.h"

/* The same plan, applied in the same cluster by another process. */
static void do_the_same(struct world *w)
{
	struct fake_cluster *f = &w->f;
	struct world other = { .f = *f, .p = w->p, .options = w->options };
	other.f.before_write = NULL;
	other.f.log = (struct buf){ 0 };
	world_apply_ok(&other);
	result_done(&other.result);
	buf_done(&other.f.log);
	other.f.log = f->log;
	other.f.writes = f->writes;
	*f = other.f;
}

static void happen(struct world *w, enum event event)
{
	struct fake_cluster *f = &w->f;
	switch (event) {
	case NOTHING:
		break;
	case TOUCHED:
		fake_put(f, CONFIG("shop", "a", "edited"), "kubectl-edit", "Update");
		break;
	case UNRELATED:
		fake_put(f,
			 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			 "\"namespace\":\"shop\",\"name\":\"a\",\"annotations\":{\"x\":\"y\"}}}",
			 "kubectl-annotate", "Update");
		break;
	case REMADE:
	case DELETED:
		fake_delete(f, "ConfigMap", "shop", "a");
		if (event == DELETED)
			break;
		__attribute__((fallthrough));
	case APPEARED:
		fake_put(f, CONFIG("shop", "a", "theirs"), "kubectl-create", "Update");
		break;
	case DONE:
		do_the_same(w);
		break;
	}
}

struct late {
	struct world *w;
	enum event event;
};

/* The parent is written first, the object second. */
static void happen_late(void *ctx, struct fake_cluster *f, unsigned nth)
{
	struct late *late = ctx;
	if (nth != 1)
		return;
	f->before_write = NULL;
	happen(late->w, late->event);
}

static void check_untouched(struct world *w, const char *before)
{
	AUTO(auto_free) char *after = fake_state(&w->f);
	/* The parent may have been written. */
	const char *parent = strstr(after, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
					   "\"metadata\":{\"annotations\":{\"applyset");
	AUTO(buf_done) struct buf rest = { 0 };
	if (parent) {
		buf_put(&rest, after, (size_t)(parent - after));
		buf_puts(&rest, strchr(parent, '\n') + 1);
	} else {
		buf_puts(&rest, after);
	}
	assert_string_equal(buf_text(&rest), before);
}

static void stale_case_run(void **state)
{
	const struct stale_case *c = *state;
	struct world w;
	world_init(&w);
	w.options.allow_replace = true;
	if (c->action != ACTION_CREATE)
		fake_put(&w.f, CONFIG("shop", "a", "1"), "helm", "Update");
	world_plan(&w, c->action, stale_declared(c->action));
	world_planned(&w);
	struct late late = { &w, c->event };
	struct world moved;
	AUTO(auto_free) char *before = NULL;
	if (!c->late) {
		happen(&w, c->event);
		before = fake_state(&w.f);
	} else {
		/* What the world looks like when only the event has happened. */
		world_init(&moved);
		if (c->action != ACTION_CREATE)
			fake_put(&moved.f, CONFIG("shop", "a", "1"), "helm", "Update");
		moved.f.now = FAKE_NOW;
		if (c->event != DONE)
			happen(&moved, c->event);
		before = fake_state(&moved.f);
		world_done(&moved);
		w.f.before_write = happen_late;
		w.f.ctx = &late;
	}
	int rc = world_apply(&w);
	world_expect(&w, w.p.changes[0].id, c->outcome);
	const char *message = w.result.objects[0].message;
	if (c->message && (!message || !strstr(message, c->message)))
		fail_msg("message: %s", message ? message : "none");
	if (c->outcome == OUTCOME_STALE) {
		assert_int_equal(rc, -1);
		assert_int_equal(w.err.code, c->late ? ERR_PARTIAL : ERR_STALE);
		assert_int_equal(w.result.outcome, c->late ? APPLY_FAILED : APPLY_STALE);
		if (!c->late)
			assert_int_equal(w.f.writes, 0);
		check_untouched(&w, before);
	} else {
		assert_int_equal(rc, 0);
	}
	world_done(&w);
}

/* One stale object refuses all; with allow_partial the rest is applied. */
static void whole_plan(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "b", "1"));
	world_planned(&w);
	fake_put(&w.f, CONFIG("shop", "b", "theirs"), "kubectl-create", "Update");
	world_apply_fails(&w, ERR_STALE,
			  "the plan is stale: ConfigMap shop/b was created since the plan was "
			  "made, by kubectl-create at 2026-01-02 10:42 UTC");
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_NOT_TRIED);
	world_expect(&w, "ConfigMap/shop/b", OUTCOME_STALE);
	assert_int_equal(w.f.writes, 0);
	w.options.allow_partial = true;
	world_apply_fails(&w, ERR_PARTIAL, "1 failed, 0 not tried, 1 applied");
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_APPLIED);
	world_expect(&w, "ConfigMap/shop/b", OUTCOME_STALE);
	world_done(&w);
}

static void being_deleted(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, CONFIG("shop", "a", "1"), "helm", "Update");
	world_plan(&w, ACTION_UPDATE, CONFIG("shop", "a", "2"));
	world_planned(&w);
	fake_put(&w.f,
		 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":"
		 "\"shop\","
		 "\"name\":\"a\",\"deletionTimestamp\":\"2026-01-02T11:00:00Z\"}}",
		 "kubectl", "Update");
	world_apply_fails(&w, ERR_STALE, "is being deleted, asked for at 2026-01-02 11:00 UTC");
	world_done(&w);
}

/* The member of one ApplySet became that of another: no longer ours to prune. */
static void moved_to_another(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, CONFIG("shop", "a", "1"), "rhumb", "Apply");
	world_plan(&w, ACTION_DELETE, CONFIG("shop", "a", "1"));
	world_planned(&w);
	fake_put(&w.f,
		 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":"
		 "\"shop\",\"name\":\"a\",\"labels\":{\"" APPLYSET_LABEL "\":\"another\"}}}",
		 "rhumb", "Apply");
	world_apply_fails(&w, ERR_STALE, "belongs to another application by now");
	assert_int_equal(w.f.writes, 0);
	world_done(&w);
}

/* Something changes it each time just before our write, without end. */
static void always(void *ctx, struct fake_cluster *f, unsigned nth)
{
	AUTO(arena_done) struct arena a = { 0 };
	(void)ctx;
	fake_put(f,
		 arena_fmt(&a,
			   "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			   "\"namespace\":\"shop\",\"name\":\"a\",\"annotations\":{\"n\":\"%u\"}}}",
			   nth),
		 "controller", "Update");
}

static void restless(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, CONFIG("shop", "a", "1"), "helm", "Update");
	world_plan(&w, ACTION_UPDATE, CONFIG("shop", "a", "2"));
	world_planned(&w);
	w.f.before_write = always;
	world_apply_fails(&w, ERR_PARTIAL, "1 failed");
	assert_int_equal(w.f.writes, 1 + 1 + APPLY_MAX_CONFLICTS);
	assert_non_null(strstr(w.result.objects[0].message, "modified"));
	world_done(&w);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(stale_cases) + 4];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(stale_cases); i++)
		tests[n++] = fixture_row(stale_cases[i].name, stale_case_run, &stale_cases[i]);
	tests[n++] = fixture_row("one refuses the whole plan", whole_plan, NULL);
	tests[n++] = fixture_row("being deleted", being_deleted, NULL);
	tests[n++] = fixture_row("moved to another application", moved_to_another, NULL);
	tests[n++] = fixture_row("changed without end", restless, NULL);
	return _cmocka_run_group_tests("stale", tests, n, NULL, NULL);
}
