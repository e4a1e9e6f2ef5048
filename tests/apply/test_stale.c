/* The world moves: between plan and apply, and between the check and the write.  For each action
 * and each thing that may happen: what the outcome is, and that nothing foreign is overwritten.
 * test_races.c asks the same of a real API server. */
#include "tests/lib/fake_world.h"

#include <string.h>

#include "plan/state.h"
#include "plan/takes.h"

enum event {
	NOTHING,
	TOUCHED,   /* a field that the change writes */
	UNRELATED, /* an annotation of somebody else's */
	STATUS,    /* a status */
	ADDED,     /* a field beside those that rhumb knows */
	KEPT,      /* an annotation that says that it is to stay */
	DELETED,
	REMADE,   /* deleted and made anew */
	APPEARED, /* created by somebody else */
	DONE,     /* somebody else did exactly the same with our name */
};

struct stale_case {
	const char *name;
	enum action action;
	enum event event;
	bool late; /* between the check and the write */
	enum outcome outcome;
	const char *message; /* a part of it, NULL: any */
};

static const struct stale_case stale_cases[] = {
	{ "create: nothing", ACTION_CREATE, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "create: appeared", ACTION_CREATE, APPEARED, false, OUTCOME_STALE,
	  "was created since the plan was made, by kubectl-create at " },
	{ "create: appeared late", ACTION_CREATE, APPEARED, true, OUTCOME_STALE, "kubectl-create" },
	{ "create: done", ACTION_CREATE, DONE, false, OUTCOME_UNCHANGED, NULL },
	{ "create: done late", ACTION_CREATE, DONE, true, OUTCOME_APPLIED, "a read shows" },
	{ "update: nothing", ACTION_UPDATE, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "update: touched", ACTION_UPDATE, TOUCHED, false, OUTCOME_STALE,
	  "was changed by kubectl-edit at " },
	{ "update: touched late", ACTION_UPDATE, TOUCHED, true, OUTCOME_STALE, "(data.k)" },
	{ "update: unrelated", ACTION_UPDATE, UNRELATED, false, OUTCOME_APPLIED, NULL },
	{ "update: unrelated late", ACTION_UPDATE, UNRELATED, true, OUTCOME_APPLIED, NULL },
	{ "update: deleted", ACTION_UPDATE, DELETED, false, OUTCOME_STALE, "was deleted since" },
	{ "update: deleted late", ACTION_UPDATE, DELETED, true, OUTCOME_STALE, "was deleted" },
	{ "update: remade", ACTION_UPDATE, REMADE, false, OUTCOME_STALE,
	  "was deleted and made anew, by kubectl-create at" },
	{ "update: remade late", ACTION_UPDATE, REMADE, true, OUTCOME_STALE, "made anew" },
	{ "update: done", ACTION_UPDATE, DONE, false, OUTCOME_UNCHANGED, NULL },
	{ "update: done late", ACTION_UPDATE, DONE, true, OUTCOME_APPLIED, "a read shows" },
	{ "delete: nothing", ACTION_DELETE, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "delete: unrelated", ACTION_DELETE, UNRELATED, false, OUTCOME_APPLIED, NULL },
	{ "delete: unrelated late", ACTION_DELETE, UNRELATED, true, OUTCOME_APPLIED, NULL },
	{ "delete: touched", ACTION_DELETE, TOUCHED, false, OUTCOME_STALE,
	  "was changed by kubectl-edit at 2026-01-02 10:42 UTC (data.k)" },
	{ "delete: touched late", ACTION_DELETE, TOUCHED, true, OUTCOME_STALE,
	  "was changed by kubectl-edit at 2026-01-02 10:42 UTC (data.k)" },
	{ "delete: added", ACTION_DELETE, ADDED, false, OUTCOME_STALE,
	  "was changed by kubectl-edit at 2026-01-02 10:42 UTC (data.more)" },
	{ "delete: added late", ACTION_DELETE, ADDED, true, OUTCOME_STALE, "(data.more)" },
	{ "delete: status", ACTION_DELETE, STATUS, false, OUTCOME_APPLIED, NULL },
	{ "delete: status late", ACTION_DELETE, STATUS, true, OUTCOME_APPLIED, NULL },
	{ "delete: kept", ACTION_DELETE, KEPT, false, OUTCOME_STALE,
	  "is to stay by now: it has the annotation rhumb.dev/prune: false" },
	{ "delete: kept late", ACTION_DELETE, KEPT, true, OUTCOME_STALE, "is to stay by now" },
	{ "delete: deleted", ACTION_DELETE, DELETED, false, OUTCOME_UNCHANGED, NULL },
	{ "delete: deleted late", ACTION_DELETE, DELETED, true, OUTCOME_APPLIED, "a read shows" },
	{ "delete: remade", ACTION_DELETE, REMADE, false, OUTCOME_STALE, "made anew" },
	{ "delete: remade late", ACTION_DELETE, REMADE, true, OUTCOME_STALE, "made anew" },
	{ "replace: nothing", ACTION_REPLACE, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "replace: touched", ACTION_REPLACE, TOUCHED, false, OUTCOME_STALE, "kubectl-edit" },
	{ "replace: touched late", ACTION_REPLACE, TOUCHED, true, OUTCOME_STALE, "kubectl-edit" },
	{ "replace: added", ACTION_REPLACE, ADDED, false, OUTCOME_STALE, "(data.more)" },
	{ "replace: added late", ACTION_REPLACE, ADDED, true, OUTCOME_STALE, "(data.more)" },
	{ "replace: status late", ACTION_REPLACE, STATUS, true, OUTCOME_APPLIED, NULL },
	{ "replace: unrelated late", ACTION_REPLACE, UNRELATED, true, OUTCOME_APPLIED, NULL },
	{ "replace: deleted", ACTION_REPLACE, DELETED, false, OUTCOME_STALE, "was deleted" },
	{ "replace: deleted late", ACTION_REPLACE, DELETED, true, OUTCOME_STALE, "was deleted" },
	{ "replace: remade late", ACTION_REPLACE, REMADE, true, OUTCOME_STALE, "made anew" },
	{ "adopt: nothing", ACTION_ADOPT, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "adopt: touched", ACTION_ADOPT, TOUCHED, false, OUTCOME_STALE, "was changed" },
	{ "adopt: touched late", ACTION_ADOPT, TOUCHED, true, OUTCOME_STALE, "was changed" },
	{ "adopt: deleted late", ACTION_ADOPT, DELETED, true, OUTCOME_STALE, "was deleted" },
	{ "adopt: remade late", ACTION_ADOPT, REMADE, true, OUTCOME_STALE, "made anew" },
};

/* ConfigMap shop/a: k is 1 before, and somebody else's. */
static const char *stale_declared(enum action action)
{
	return action == ACTION_ADOPT ? CONFIG("shop", "a", "1") : CONFIG("shop", "a", "2");
}

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
	case STATUS:
		fake_put(f,
			 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			 "\"namespace\":\"shop\",\"name\":\"a\"},\"status\":{\"seen\":true}}",
			 "controller", "Update");
		break;
	case ADDED:
		fake_put(f,
			 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			 "\"namespace\":\"shop\",\"name\":\"a\"},\"data\":{\"more\":\"x\"}}",
			 "kubectl-edit", "Update");
		break;
	case KEPT:
		fake_put(f,
			 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			 "\"namespace\":\"shop\",\"name\":\"a\",\"annotations\":{"
			 "\"rhumb.dev/prune\":\"false\"}}}",
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
	world_apply_fails(&w, ERR_STALE,
			  "was moved to another application by rhumb at 2026-01-02 10:42 UTC");
	assert_int_equal(w.f.writes, 0);
	world_done(&w);
}

/* ---- what goes with a Namespace */

static const struct along_case {
	const char *name;
	const char *object; /* that appears */
	bool late;
	const char *why; /* NULL: it is deleted all the same */
} along_cases[] = {
	{ "along: nothing", NULL, false, NULL },
	{ "along: one more", CONFIG("old", "more", "1"), false,
	  "would take along more than the plan says: ConfigMap more" },
	{ "along: one more late", CONFIG("old", "more", "1"), true,
	  "would take along more than the plan says: ConfigMap more" },
	{ "along: a change of one", CONFIG("old", "theirs", "2"), false, NULL },
	{ "along: elsewhere", CONFIG("new", "more", "1"), false, NULL },
	{ "along: what every namespace has", ACCOUNT("old", "default"), false, NULL },
	{ "along: one that is to stay",
	  "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":\"old\","
	  "\"name\":\"theirs\",\"annotations\":{\"rhumb.dev/prune\":\"false\"}}}",
	  true, "would take along what is to stay: ConfigMap old/theirs (rhumb.dev/prune: false)" },
	{ "along: what was not deleted", CONFIG("old", "ours", "edited"), false,
	  "would take along ConfigMap old/ours, which was not deleted" },
};

static void plan_along(struct world *w, struct change *c)
{
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	struct takes takes;
	struct err err = { 0 };
	if (w->f.base.ops->kinds(&w->f.base, &kinds, &err) < 0 ||
	    takes_read(&w->f.base, &kinds, &w->p, c, &w->p.arena, &takes, &err) < 0)
		fail_msg("%s", err.msg);
	c->takes_listed = true;
	c->takes = takes.kinds;
	c->n_takes = takes.n;
}

/* Before the ConfigMap is deleted: after the check, and before the Namespace is. */
static void appear(void *ctx, struct fake_cluster *f, unsigned nth)
{
	if (nth == 1)
		fake_put(f, ctx, "kubectl-create", "Update");
}

static void along_case_run(void **state)
{
	const struct along_case *row = *state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, NAMESPACE("old"), "rhumb", "Apply");
	fake_put(&w.f, NAMESPACE("new"), "rhumb", "Apply");
	fake_put(&w.f, CONFIG("old", "ours", "1"), "rhumb", "Apply");
	fake_put(&w.f, CONFIG("old", "theirs", "1"), "helm", "Update");
	/* Of two applications: one that fails keeps back all that its own application deletes. */
	world_plan(&w, ACTION_DELETE, CONFIG("old", "ours", "1"));
	fake_plan_application(&w.p, "zoo", "shop");
	struct change *ns = world_plan(&w, ACTION_DELETE, NAMESPACE("old"));
	plan_along(&w, ns);
	assert_int_equal(ns->n_takes, 1);
	assert_string_equal(ns->takes[0].objects[0].name, "theirs");
	world_planned(&w);
	w.options.allow_partial = w.options.keep_going = true;
	if (row->object && row->late) {
		w.f.before_write = appear;
		w.f.ctx = (void *)(uintptr_t)row->object;
	} else if (row->object) {
		fake_put(&w.f, row->object, "kubectl-edit", "Update");
	}
	world_apply(&w);
	world_expect(&w, "Namespace/old", row->why ? OUTCOME_STALE : OUTCOME_APPLIED);
	if (row->why)
		assert_string_equal(world_result(&w, "Namespace/old")->message, row->why);
	assert_int_equal(fake_get(&w.f, "Namespace", "", "old") != NULL, row->why != NULL);
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

static const enum action restless_actions[] = { ACTION_UPDATE, ACTION_DELETE };

static void restless(void **state)
{
	const enum action *action = *state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, CONFIG("shop", "a", "1"), "helm", "Update");
	world_plan(&w, *action, CONFIG("shop", "a", "2"));
	world_planned(&w);
	w.f.before_write = always;
	world_apply_fails(&w, ERR_PARTIAL, "1 failed");
	assert_int_equal(w.f.writes, 1 + 1 + APPLY_MAX_CONFLICTS);
	assert_non_null(strstr(w.result.objects[0].message, "modified"));
	world_done(&w);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(stale_cases) + ARRAY_LEN(along_cases) + 5];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(stale_cases); i++)
		tests[n++] = fixture_row(stale_cases[i].name, stale_case_run, &stale_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(along_cases); i++)
		tests[n++] = fixture_row(along_cases[i].name, along_case_run, &along_cases[i]);
	tests[n++] = fixture_row("one refuses the whole plan", whole_plan, NULL);
	tests[n++] = fixture_row("being deleted", being_deleted, NULL);
	tests[n++] = fixture_row("moved to another application", moved_to_another, NULL);
	tests[n++] = fixture_row("changed without end", restless, &restless_actions[0]);
	tests[n++] = fixture_row("changed without end: a deletion", restless, &restless_actions[1]);
	return _cmocka_run_group_tests("stale", tests, n, NULL, NULL);
}
