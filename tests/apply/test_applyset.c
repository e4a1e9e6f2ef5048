/* The ApplySet parents: never less than there is, the commit only when all was applied. */
#include "tests/lib/fake_world.h"

#include <string.h>

static const char *annotation(struct fake_cluster *f, const char *name)
{
	return json_str(json_at(fake_get(f, "ConfigMap", "shop", "rhumb-shop"), "metadata",
				"annotations", name, NULL));
}

static void note_kinds(void *ctx, struct fake_cluster *f, unsigned nth)
{
	const char *kinds = annotation(f, "applyset.kubernetes.io/contains-group-kinds");
	(void)nth;
	buf_printf(ctx, "%s;", kinds ? kinds : "-");
}

static void bookkeeping(void **state)
{
	(void)state;
	struct world w;
	AUTO(buf_done) struct buf seen = { 0 };
	world_init(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_plan(&w, ACTION_CREATE, CONFIG("default", "b", "1"));
	world_planned(&w);
	w.f.before_write = note_kinds;
	w.f.ctx = &seen;
	world_apply_ok(&w);
	assert_string_equal(buf_text(&seen), "-;ConfigMap;ConfigMap;ConfigMap;");
	static const char *const want[][2] = {
		{ "rhumb.dev/commit", "c0ffee" },
		{ "rhumb.dev/repository", "https://git.example/shop" },
		{ "applyset.kubernetes.io/tooling", "rhumb/v1" },
		{ "applyset.kubernetes.io/additional-namespaces", "default" },
	};
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_string_equal(annotation(&w.f, want[i][0]), want[i][1]);
	assert_string_equal(annotation(&w.f, "rhumb.dev/applied-digest"), w.p.digest);
	const struct json *parent = fake_get(&w.f, "ConfigMap", "shop", "rhumb-shop");
	assert_string_equal(
		json_str(json_at(parent, "metadata", "labels", "applyset.kubernetes.io/id", NULL)),
		w.p.applications[0].applyset);

	/* Another kind comes, the old one goes: both while it happens. */
	world_replan(&w);
	buf_reset(&seen);
	world_plan(&w, ACTION_CREATE, ACCOUNT("shop", "sa"));
	world_plan(&w, ACTION_DELETE, CONFIG("shop", "a", "1"));
	world_planned(&w);
	w.p.head = "beef";
	world_apply_ok(&w);
	assert_string_equal(buf_text(&seen), "ConfigMap;ConfigMap,ServiceAccount;"
					     "ConfigMap,ServiceAccount;"
					     "ConfigMap,ServiceAccount;");
	assert_string_equal(annotation(&w.f, "applyset.kubernetes.io/contains-group-kinds"),
			    "ServiceAccount");
	assert_string_equal(annotation(&w.f, "rhumb.dev/commit"), "beef");
	world_done(&w);
}

static void commit_moves_without_changes(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_planned(&w);
	world_apply_ok(&w);
	assert_string_equal(annotation(&w.f, "rhumb.dev/commit"), "c0ffee");
	w.p.head = "beef";
	world_apply_ok(&w);
	assert_int_equal(w.f.writes, 1);
	assert_string_equal(annotation(&w.f, "rhumb.dev/commit"), "beef");
	world_apply_ok(&w);
	assert_int_equal(w.f.writes, 0);
	world_done(&w);
}

static void in_a_new_namespace(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	plan_done(&w.p);
	fake_plan_init(&w.p, FAKE_UID, "shop", "harbour");
	world_plan(&w, ACTION_CREATE, NAMESPACE("harbour"));
	world_plan(&w, ACTION_CREATE, CONFIG("harbour", "a", "1"));
	world_planned(&w);
	world_apply_ok(&w);
	assert_string_equal(buf_text(&w.f.log),
			    "apply Namespace /harbour uid= new\n"
			    "apply ConfigMap harbour/rhumb-shop uid= new force\n"
			    "apply ConfigMap harbour/a uid= new\n"
			    "apply ConfigMap harbour/rhumb-shop uid=uid-3 force\n");
	world_apply_ok(&w);
	assert_int_equal(w.f.writes, 0);
	world_done(&w);
}

static void foreign(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, CONFIG("shop", "rhumb-shop", "mine"), "kubectl-create", "Update");
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&w);
	world_apply_fails(&w, ERR_REFUSED, "not the ApplySet of application shop");
	assert_int_equal(w.f.writes, 0);
	world_done(&w);
}

static void cannot_be_written(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&w);
	w.f.fail_at = 0;
	world_apply_fails(&w, ERR_PARTIAL, "0 failed, 1 not tried");
	assert_int_equal(w.result.n_problems, 1);
	assert_non_null(strstr(w.result.problems[0], "rhumb-shop"));
	assert_int_equal(w.f.writes, 1);
	/* At the end: all was applied, but not recorded. */
	w.f.fail_at = 2;
	world_apply_fails(&w, ERR_PARTIAL, "rhumb-shop");
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_APPLIED);
	assert_int_equal(w.result.outcome, APPLY_FAILED);
	w.f.fail_at = -1;
	world_apply_ok(&w);
	assert_string_equal(annotation(&w.f, "rhumb.dev/commit"), "c0ffee");
	world_done(&w);
}

/* Somebody writes the list just before we do: what both need is in it. */
static void other_apply(void *ctx, struct fake_cluster *f, unsigned nth)
{
	(void)ctx;
	if (nth == 0)
		fake_put(f,
			 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			 "\"namespace\":\"shop\",\"name\":\"rhumb-shop\",\"annotations\":{"
			 "\"applyset.kubernetes.io/contains-group-kinds\":\"Job.batch\"}}}",
			 "other", "Apply");
	if (nth == 2)
		assert_string_equal(annotation(f, "applyset.kubernetes.io/contains-group-kinds"),
				    "ConfigMap,Job.batch");
}

static void changes_meanwhile(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_planned(&w);
	world_apply_ok(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&w);
	w.f.before_write = other_apply;
	world_apply_ok(&w);
	assert_string_equal(buf_text(&w.f.log),
			    "apply ConfigMap shop/rhumb-shop uid=uid-2 force\n"
			    "apply ConfigMap shop/rhumb-shop uid=uid-2 force\n"
			    "apply ConfigMap shop/a uid= new\n"
			    "apply ConfigMap shop/rhumb-shop uid=uid-2 force\n");
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bookkeeping),
		cmocka_unit_test(commit_moves_without_changes),
		cmocka_unit_test(in_a_new_namespace),
		cmocka_unit_test(foreign),
		cmocka_unit_test(cannot_be_written),
		cmocka_unit_test(changes_meanwhile),
	};
	return cmocka_run_group_tests_name("applyset", tests, NULL, NULL);
}
