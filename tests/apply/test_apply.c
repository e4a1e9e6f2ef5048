/* apply_run(): what is sent, in which order, waits, what stops it. */
#include "tests/lib/fake_world.h"

#include <string.h>

static const char *commit_of(struct world *w)
{
	return json_str(json_at(fake_get(&w->f, "ConfigMap", "shop", "rhumb-shop"), "metadata",
				"annotations", "rhumb.dev/commit", NULL));
}

/* ---- the ordinary way */

static void fill_ordinary(struct world *w)
{
	world_plan(w, ACTION_CREATE, CONFIG("shop", "new", "1"));
	world_apply_ok(w); /* an older plan */
	world_replan(w);
	fake_put(&w->f, CONFIG("shop", "old", "1"), "kubectl-create", "Update");
	world_plan(w, ACTION_UPDATE, CONFIG("shop", "new", "2"));
	world_plan(w, ACTION_CREATE, CONFIG("shop", "newer", "1"));
	world_plan(w, ACTION_DELETE, CONFIG("shop", "old", "1"));
	world_planned(w);
}

static void create_update_delete(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fill_ordinary(&w);
	world_apply_ok(&w);
	world_expect(&w, "ConfigMap/shop/new", OUTCOME_APPLIED);
	world_expect(&w, "ConfigMap/shop/newer", OUTCOME_APPLIED);
	world_expect(&w, "ConfigMap/shop/old", OUTCOME_APPLIED);
	assert_int_equal(world_result(&w, "ConfigMap/shop/new")->as_expected, EXPECTED_YES);
	assert_int_equal(world_result(&w, "ConfigMap/shop/newer")->as_expected, EXPECTED_YES);
	assert_null(fake_get(&w.f, "ConfigMap", "shop", "old"));
	/* The parent was there already and stays as it is. */
	assert_string_equal(buf_text(&w.f.log), "apply ConfigMap shop/new uid=uid-3\n"
						"apply ConfigMap shop/newer uid= new\n"
						"delete ConfigMap shop/old uid=uid-4\n");
	assert_string_equal(w.result.next, "Nothing is left to do.");
	world_done(&w);
}

static void again_does_nothing(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fill_ordinary(&w);
	world_apply_ok(&w);
	world_apply_ok(&w);
	assert_int_equal(w.f.writes, 0);
	assert_int_equal(result_count(&w.result, OUTCOME_UNCHANGED), 3);
	assert_non_null(strstr(w.result.next, "nothing was written"));
	world_done(&w);
}

static void many_are_listed(void **state)
{
	(void)state;
	struct world w;
	AUTO(arena_done) struct arena a = { 0 };
	world_init(&w);
	for (int i = 0; i < 100; i++)
		world_plan(&w, ACTION_CREATE,
			   arena_fmt(&a,
				     "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
				     "\"metadata\":{\"namespace\":\"shop\",\"name\":\"c%d\"}}",
				     i));
	world_planned(&w);
	world_apply_ok(&w);
	assert_int_equal(w.f.lists, 1);
	assert_int_equal(w.f.reads, 1); /* the parent */
	assert_int_equal(w.f.writes, 102);
	world_apply_ok(&w);
	assert_int_equal(w.f.writes, 0);
	world_done(&w);
}

static void unexpected_result(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&w);
	w.f.mutate = "webhook";
	world_apply_ok(&w);
	const struct object_result *o = world_result(&w, "ConfigMap/shop/a");
	assert_int_equal(o->outcome, OUTCOME_APPLIED);
	assert_int_equal(o->as_expected, EXPECTED_NO);
	assert_non_null(strstr(o->message, "not as the plan expected"));
	assert_non_null(strstr(w.result.next, "1 of the objects is not"));
	/* The webhook would do it again: nothing to write, though not as expected. */
	world_apply_ok(&w);
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_UNCHANGED);
	world_done(&w);
}

static void replacement(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, CONFIG("shop", "a", "1"), FIELD_MANAGER, "Apply");
	world_plan(&w, ACTION_REPLACE, CONFIG("shop", "a", "2"));
	world_planned(&w);
	world_apply_fails(&w, ERR_REFUSED, "ConfigMap shop/a");
	assert_int_equal(w.f.writes, 0);
	w.options.allow_replace = true;
	w.f.slow_deletes = true;
	world_apply_ok(&w);
	assert_non_null(strstr(buf_text(&w.f.log), "delete ConfigMap shop/a uid=uid-2\n"
						   "apply ConfigMap shop/a uid= new\n"));
	const struct json *live = fake_get(&w.f, "ConfigMap", "shop", "a");
	assert_string_equal(json_str(json_at(live, "data", "k", NULL)), "2");
	world_apply_ok(&w);
	assert_int_equal(w.f.writes, 0);
	world_done(&w);
}

static void takeover(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fake_put(&w.f,
		 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":"
		 "\"shop\","
		 "\"name\":\"a\"},\"data\":{\"k\":\"1\",\"dropped\":\"x\",\"theirs\":\"y\"}}",
		 "helm", "Update");
	struct change *c = world_plan(&w, ACTION_ADOPT, CONFIG("shop", "a", "1"));
	struct json fields = fixture_json(&w.p.arena, "{\"f:data\":{\"f:k\":{},\"f:dropped\":{}}}");
	struct takeover t = { "helm", "Update", "", &fields };
	c->takeovers = &t;
	c->n_takeovers = 1;
	c->expect = NULL; /* the dry-run of the fake knows nothing of takeovers */
	world_planned(&w);
	world_apply_ok(&w);
	assert_non_null(strstr(buf_text(&w.f.log), "patch ConfigMap shop/a uid=\n"
						   "apply ConfigMap shop/a uid=uid-2\n"));
	const struct json *live = fake_get(&w.f, "ConfigMap", "shop", "a");
	assert_null(json_at(live, "data", "dropped", NULL));
	assert_non_null(json_at(live, "data", "theirs", NULL));
	const struct json *managed = json_at(live, "metadata", "managedFields", NULL);
	assert_int_equal(managed->n, 2);
	for (uint32_t i = 0; i < managed->n; i++)
		if (strcmp(json_get_str(&managed->items[i], "manager"), "helm") == 0)
			assert_null(json_at(&managed->items[i], "fieldsV1", "f:data", "f:k", NULL));
	world_apply_ok(&w);
	assert_int_equal(w.f.writes, 0);
	world_done(&w);
}

/* ---- waits */

static void fill_crd(struct world *w)
{
	world_plan(w, ACTION_CREATE, NAMESPACE("shop2"));
	world_plan(w, ACTION_CREATE, CRD);
	world_plan(w, ACTION_CREATE, BOAT);
	world_plan(w, ACTION_CREATE, CONFIG("shop2", "a", "1"));
	world_planned(w);
}

static void crd_and_its_object(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fill_crd(&w);
	w.f.crd_polls = 2;
	world_apply_ok(&w);
	assert_non_null(fake_get(&w.f, "Boat", "shop", "ark"));
	assert_non_null(fake_get(&w.f, "ConfigMap", "shop2", "a"));
	assert_int_equal(w.f.crd_polls, 0);
	world_apply_ok(&w);
	assert_int_equal(w.f.writes, 0);
	assert_int_equal(result_count(&w.result, OUTCOME_UNCHANGED), 4);
	world_done(&w);
}

static void crd_never_established(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fill_crd(&w);
	w.f.crd_polls = 100000;
	w.options.keep_going = true;
	world_apply_fails(&w, ERR_PARTIAL, "1 failed, 1 not tried");
	world_expect(&w, "apiextensions.k8s.io/CustomResourceDefinition/boats.sea.io",
		     OUTCOME_FAILED);
	world_expect(&w, "sea.io/Boat/shop/ark", OUTCOME_NOT_TRIED);
	world_expect(&w, "ConfigMap/shop2/a", OUTCOME_APPLIED);
	assert_null(commit_of(&w));
	world_done(&w);
}

/* Which write of an undisturbed run it is. */
static int boat_write(void)
{
	struct world w;
	int n = 0;
	world_init(&w);
	fill_crd(&w);
	world_apply_ok(&w);
	const char *boat = strstr(buf_text(&w.f.log), "apply Boat");
	assert_non_null(boat);
	for (const char *c = buf_text(&w.f.log); c < boat; c++)
		n += *c == '\n';
	world_done(&w);
	return n;
}

static void new_schema_after_a_moment(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fill_crd(&w);
	w.f.fault = FAKE_SCHEMA;
	w.f.fail_at = boat_write();
	world_apply_ok(&w);
	assert_non_null(fake_get(&w.f, "Boat", "shop", "ark"));
	world_expect(&w, "sea.io/Boat/shop/ark", OUTCOME_APPLIED);
	world_done(&w);
}

static void schema_that_has_no_such_field(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fill_crd(&w);
	w.f.fault = FAKE_SCHEMA;
	w.f.fail_at = boat_write();
	w.f.fail_all = true;
	w.options.timeout_seconds = 1;
	world_apply_fails(&w, ERR_PARTIAL, "1 failed");
	world_expect(&w, "sea.io/Boat/shop/ark", OUTCOME_FAILED);
	world_done(&w);
}

/* ---- what stops an apply */

static volatile sig_atomic_t stop;

static void stop_at_third(void *ctx, struct fake_cluster *f, unsigned nth)
{
	(void)ctx, (void)f;
	if (nth == 2) /* the namespace and the parent came before */
		stop = 1;
}

static void interrupted(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_plan(&w, ACTION_CREATE, NAMESPACE("shop2"));
	world_plan(&w, ACTION_CREATE, ACCOUNT("shop", "sa"));
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&w);
	stop = 0;
	w.options.interrupted = &stop;
	w.f.before_write = stop_at_third;
	world_apply_fails(&w, ERR_INTERRUPTED, "1 of 3");
	assert_int_equal(w.result.outcome, APPLY_INTERRUPTED);
	world_expect(&w, "Namespace/shop2", OUTCOME_APPLIED);
	world_expect(&w, "ServiceAccount/shop/sa", OUTCOME_APPLIED);
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_NOT_TRIED);
	assert_null(commit_of(&w));
	world_apply_fails(&w, ERR_INTERRUPTED, "nothing was written");
	stop = 0;
	w.f.before_write = NULL;
	world_apply_ok(&w);
	assert_int_equal(result_count(&w.result, OUTCOME_UNCHANGED), 2);
	assert_string_equal(commit_of(&w), "c0ffee");
	world_done(&w);
}

static void deletes_wait_for_success(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	fake_put(&w.f, CONFIG("shop", "old", "1"), "kubectl-create", "Update");
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_plan(&w, ACTION_DELETE, CONFIG("shop", "old", "1"));
	world_planned(&w);
	w.options.keep_going = true;
	w.f.fail_at = 1;
	world_apply_fails(&w, ERR_PARTIAL, "1 failed, 1 not tried, 0 applied");
	assert_non_null(fake_get(&w.f, "ConfigMap", "shop", "old"));
	assert_non_null(strstr(world_result(&w, "ConfigMap/shop/old")->message, "nothing of an"));
	assert_non_null(strstr(world_result(&w, "ConfigMap/shop/a")->message, "forbidden"));
	world_done(&w);
}

static void later_waves_wait(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "first", "1"));
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "second", "1"))->wave = 1;
	fake_plan_application(&w.p, "store", "default");
	world_plan(&w, ACTION_CREATE, CONFIG("default", "other", "1"))->wave = 1;
	world_planned(&w);
	w.options.keep_going = true;
	w.f.fail_at = 1;
	world_apply_fails(&w, ERR_PARTIAL, "1 failed, 1 not tried, 1 applied");
	world_expect(&w, "ConfigMap/shop/second", OUTCOME_NOT_TRIED);
	world_expect(&w, "ConfigMap/default/other", OUTCOME_APPLIED);
	world_done(&w);
}

static void progress_started(void *ctx, const struct change *c)
{
	buf_printf(ctx, "start %s\n", c->id);
}

static void progress_finished(void *ctx, const struct change *c, const struct object_result *o)
{
	assert_string_equal(c->id, o->id);
	buf_printf(ctx, "%s %s\n", outcome_name(o->outcome), c->id);
}

static void progress(void **state)
{
	(void)state;
	struct world w;
	AUTO(buf_done) struct buf seen = { 0 };
	world_init(&w);
	fill_ordinary(&w);
	w.options.progress = (struct apply_progress){ .started = progress_started,
						      .finished = progress_finished,
						      .ctx = &seen };
	world_apply_ok(&w);
	world_apply_ok(&w);
	assert_string_equal(buf_text(&seen),
			    "start ConfigMap/shop/new\nstart ConfigMap/shop/newer\n"
			    "applied ConfigMap/shop/new\napplied ConfigMap/shop/newer\n"
			    "start ConfigMap/shop/old\napplied ConfigMap/shop/old\n"
			    "unchanged ConfigMap/shop/new\nunchanged ConfigMap/shop/newer\n"
			    "unchanged ConfigMap/shop/old\n");
	world_done(&w);
}

/* ---- refusals */

static void refusals(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&w);
	w.p.cluster_uid = "";
	w.p.cluster_version = "v1.36.3";
	world_apply_fails(&w, ERR_REFUSED, "kube-system could not be read");
	w.p.cluster_version = "";
	world_apply_fails(&w, ERR_REFUSED, "--cluster none");
	w.p.cluster_uid = "other";
	world_apply_fails(&w, ERR_REFUSED, "(uid other), this is fake (uid fake-uid)");
	w.p.cluster_uid = FAKE_UID;
	w.p.summary.denied = 2;
	world_apply_fails(&w, ERR_REFUSED, "2 denials");
	assert_int_equal(w.result.outcome, APPLY_REFUSED);
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_NOT_TRIED);
	w.p.summary.denied = 0;
	struct plan_waiver waiver = { "p",          "ConfigMap/*/*", "r",  "me",
				      "2026-01-31", WAIVER_USED,     { 0 } };
	w.p.waivers = &waiver;
	w.p.n_waivers = 1;
	world_apply_fails(&w, ERR_REFUSED, "has expired on 2026-01-31 (p on ConfigMap/*/*, of me)");
	waiver.state = WAIVER_EXPIRED;
	world_apply_ok(&w);
	world_done(&w);
}

static void partial(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	struct change *c = world_plan(&w, ACTION_CONFLICT, CONFIG("shop", "b", "1"));
	c->reason = "/data/k is owned by helm";
	c = world_plan(&w, ACTION_UNKNOWN, CONFIG("shop", "c", "1"));
	c->reason = "no right to read it";
	world_planned(&w);
	world_apply_fails(&w, ERR_REFUSED,
			  "1 conflict (ConfigMap shop/b) and 1 unknown (ConfigMap shop/c)");
	w.options.allow_partial = true;
	world_apply_ok(&w);
	world_expect(&w, "ConfigMap/shop/a", OUTCOME_APPLIED);
	world_expect(&w, "ConfigMap/shop/b", OUTCOME_NOT_TRIED);
	assert_string_equal(world_result(&w, "ConfigMap/shop/b")->message,
			    "/data/k is owned by helm");
	assert_null(commit_of(&w));
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_update_delete),
		cmocka_unit_test(again_does_nothing),
		cmocka_unit_test(many_are_listed),
		cmocka_unit_test(unexpected_result),
		cmocka_unit_test(replacement),
		cmocka_unit_test(takeover),
		cmocka_unit_test(crd_and_its_object),
		cmocka_unit_test(crd_never_established),
		cmocka_unit_test(new_schema_after_a_moment),
		cmocka_unit_test(schema_that_has_no_such_field),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(deletes_wait_for_success),
		cmocka_unit_test(later_waves_wait),
		cmocka_unit_test(progress),
		cmocka_unit_test(refusals),
		cmocka_unit_test(partial),
	};
	return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
