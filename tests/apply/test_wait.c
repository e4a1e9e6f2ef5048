/* Waiting, on a fake cluster whose objects become ready when a test says so; what the real
 * controllers do is in tests/e2e (scenarios wait-*). */
#include "tests/lib/fake_world.h"

#include <stdio.h>
#include <string.h>

#define WORKLOAD(kind, ns, name, wave, more)                                                       \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"" kind "\",\"metadata\":{\"namespace\":\"" ns      \
	"\",\"name\":\"" name "\",\"annotations\":{\"rhumb.dev/sync-wave\":\"" wave "\"}}," more   \
	"}"
#define WEB WORKLOAD("Deployment", "shop", "web", "0", "\"spec\":{\"replicas\":1}")
#define STATUS(replicas)                                                                           \
	WORKLOAD("Deployment", "shop", "web", "0",                                                 \
		 "\"spec\":{\"replicas\":1},\"status\":{\"observedGeneration\":1,\"replicas\":1,"  \
		 "\"updatedReplicas\":1,\"availableReplicas\":" replicas "}")
#define JOB                                                                                        \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"namespace\":\"shop\","      \
	"\"name\":\"seed\"},\"spec\":{\"backoffLimit\":0}}"
#define JOB_STATUS(type)                                                                           \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"namespace\":\"shop\","      \
	"\"name\":\"seed\"},\"status\":{\"conditions\":[{\"type\":\"" type "\",\"status\":"        \
	"\"True\",\"reason\":\"BackoffLimitExceeded\",\"message\":\"Job has failed\"}]}}"

struct scene {
	struct world w;
	const char *becomes; /* what a controller writes ... */
	unsigned after;      /* ... before this read of an object that is waited for */
	bool deleted;        /* or somebody deletes it */
	unsigned reads;
	unsigned told;
	char why[128]; /* the last reason */
	volatile sig_atomic_t stop;
	unsigned stop_after;
	const char *waits_on; /* kind */
};

static void before_read(void *ctx, struct fake_cluster *f, const struct api_call *call)
{
	struct scene *c = ctx;
	if (!f->writes || strcmp(call->kind->kind, c->waits_on) != 0)
		return;
	if (++c->reads != c->after)
		return;
	if (c->becomes)
		fake_put(f, c->becomes, "controller", "Update");
	if (c->deleted)
		fake_delete(f, call->kind->kind, call->namespace, call->name);
}

static void not_ready(void *ctx, const struct change *change, const char *why, double seconds)
{
	struct scene *c = ctx;
	assert_true(seconds >= 0);
	assert_string_equal(change->ref.kind, c->waits_on);
	snprintf(c->why, sizeof(c->why), "%s", why);
	if (++c->told == c->stop_after)
		c->stop = 1;
}

static void start(struct scene *c)
{
	memset(c, 0, sizeof(*c));
	world_init(&c->w);
	c->waits_on = "Deployment";
	c->w.p.applications[0].wait = true;
	c->w.p.applications[0].wait_seconds = 60;
	c->w.f.before_read = before_read;
	c->w.f.ctx = c;
	c->w.options.progress.not_ready = not_ready;
	c->w.options.progress.ctx = c;
	c->w.options.interrupted = &c->stop;
}

static void plan(struct scene *c)
{
	world_plan(&c->w, ACTION_CREATE, WEB);
	world_plan(&c->w, ACTION_CREATE, CONFIG("shop", "later", "1"))->wave = 1;
	world_planned(&c->w);
}

#define DEPLOYMENT_ID "apps/Deployment/shop/web"
#define LATER_ID      "ConfigMap/shop/later"

static void expect_message(struct scene *c, const char *id, const char *want)
{
	const char *message = world_result(&c->w, id)->message;
	if (!message || !strstr(message, want))
		fail_msg("\"%s\" should have \"%s\"", message ? message : "", want);
}

/* The later wave is written when the earlier is ready, and not before. */
static void later_wave(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	plan(&c);
	c.becomes = STATUS("1");
	c.after = 3;
	world_apply_ok(&c.w);
	assert_int_equal(c.reads, 3);
	assert_string_equal(c.why, "its controller has not seen it yet");
	assert_int_equal(world_result(&c.w, DEPLOYMENT_ID)->became, BECAME_READY);
	assert_int_equal(world_result(&c.w, LATER_ID)->became, BECAME_READY);
	world_done(&c.w);
}

static void never_ready(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	plan(&c);
	c.becomes = STATUS("0");
	c.after = 1;
	c.w.p.applications[0].wait_seconds = 1;
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried");
	world_expect(&c.w, DEPLOYMENT_ID, OUTCOME_FAILED);
	expect_message(&c, DEPLOYMENT_ID, "written, but not ready after 1s: 0 of 1 available");
	assert_int_equal(world_result(&c.w, DEPLOYMENT_ID)->became, BECAME_NOT);
	world_expect(&c.w, LATER_ID, OUTCOME_NOT_TRIED);
	assert_null(fake_get(&c.w.f, "ConfigMap", "shop", "later"));
	/* Applying again goes on waiting, though there is nothing to write. */
	c.w.f.before_read = NULL;
	fake_put(&c.w.f, STATUS("1"), "controller", "Update");
	world_apply_ok(&c.w);
	world_expect(&c.w, DEPLOYMENT_ID, OUTCOME_UNCHANGED);
	world_expect(&c.w, LATER_ID, OUTCOME_APPLIED);
	world_done(&c.w);
}

/* What is as planned already is waited for too: nobody knows whether anybody did. */
static void unchanged_and_not_ready(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	plan(&c);
	c.w.options.wait = WAIT_NEVER;
	world_apply_ok(&c.w);
	assert_int_equal(world_result(&c.w, DEPLOYMENT_ID)->became, BECAME_NOT_KNOWN);
	assert_int_equal(c.told, 0);
	c.w.options.wait = WAIT_AS_PLANNED;
	c.w.options.wait_seconds = 1;
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed");
	world_expect(&c.w, DEPLOYMENT_ID, OUTCOME_FAILED);
	assert_int_equal(c.w.f.writes, 0);
	world_done(&c.w);
}

static void failing_job(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	c.waits_on = "Job";
	world_plan(&c.w, ACTION_CREATE, JOB);
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "later", "1"))->wave = 1;
	world_planned(&c.w);
	c.becomes = JOB_STATUS("Failed");
	c.after = 2;
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried");
	expect_message(&c, "batch/Job/shop/seed",
		       "written, but not ready: BackoffLimitExceeded: Job has failed");
	assert_int_equal(c.reads, 2);
	world_done(&c.w);
}

static void deleted_meanwhile(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	plan(&c);
	c.deleted = true;
	c.after = 2;
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried");
	expect_message(&c, DEPLOYMENT_ID, "it was deleted while it was waited for");
	world_done(&c.w);
}

static void interrupted(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	plan(&c);
	c.stop_after = 1;
	world_apply_fails(&c.w, ERR_INTERRUPTED, "interrupted");
	assert_int_equal(c.w.result.outcome, APPLY_INTERRUPTED);
	world_expect(&c.w, DEPLOYMENT_ID, OUTCOME_FAILED);
	expect_message(&c, DEPLOYMENT_ID, "written, but not ready when interrupted");
	world_expect(&c.w, LATER_ID, OUTCOME_NOT_TRIED);
	assert_non_null(strstr(c.w.result.next, "goes on waiting"));
	world_done(&c.w);
}

/* Application "side" is done with all its waves while "shop" still waits in its first. */
static void two_applications(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	plan(&c);
	fake_plan_application(&c.w.p, "side", "shop");
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "side-a", "1"))->wave = 3;
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "side-b", "1"))->wave = 4;
	world_planned(&c.w);
	c.becomes = STATUS("1");
	c.after = 1;
	world_apply_ok(&c.w);
	const char *log = buf_text(&c.w.f.log);
	const char *later = strstr(log, "shop/later"), *side = strstr(log, "shop/side-b");
	assert_non_null(later);
	assert_non_null(side);
	assert_true(side < later);
	world_done(&c.w);
}

/* A failure stops what has not begun, of all applications; with keep_going of its own only. */
static void failure_and_the_others(void **state)
{
	bool keep_going = *(const bool *)*state;
	struct scene c;
	start(&c);
	plan(&c);
	struct planned_application *side = fake_plan_application(&c.w.p, "side", "shop");
	side->wait = true;
	side->wait_seconds = 60;
	world_plan(&c.w, ACTION_CREATE, WORKLOAD("StatefulSet", "shop", "db", "0", "\"spec\":{}"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "side", "1"))->wave = 1;
	world_planned(&c.w);
	c.w.options.progress.not_ready = NULL;
	c.w.options.keep_going = keep_going;
	c.w.p.applications[0].wait_seconds = c.w.p.applications[1].wait_seconds = 1;
	c.waits_on = "StatefulSet";
	c.becomes = WORKLOAD("StatefulSet", "shop", "db", "0",
			     "\"status\":{\"observedGeneration\":1,\"readyReplicas\":1,"
			     "\"updatedReplicas\":1,\"replicas\":1}");
	c.after = 1;
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed");
	world_expect(&c.w, DEPLOYMENT_ID, OUTCOME_FAILED);
	world_expect(&c.w, LATER_ID, OUTCOME_NOT_TRIED);
	/* It was ready before the other failed. */
	world_expect(&c.w, "apps/StatefulSet/shop/db", OUTCOME_APPLIED);
	world_expect(&c.w, "ConfigMap/shop/side", OUTCOME_APPLIED);
	world_done(&c.w);
}

/* What is deleted goes when what is written is ready. */
static void deletes_come_last(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	fake_put(&c.w.f, CONFIG("shop", "old", "1"), "kubectl", "Update");
	world_plan(&c.w, ACTION_CREATE, WEB);
	world_plan(&c.w, ACTION_DELETE, CONFIG("shop", "old", "1"));
	world_planned(&c.w);
	c.becomes = STATUS("0");
	c.after = 1;
	c.w.options.wait_seconds = 1;
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried");
	assert_non_null(fake_get(&c.w.f, "ConfigMap", "shop", "old"));
	world_done(&c.w);
}

static void refuse_reads(void *ctx, struct fake_cluster *f, const struct api_call *call)
{
	struct scene *c = ctx;
	if (f->writes && strcmp(call->kind->kind, c->waits_on) == 0)
		f->fail_at = 0;
}

/* Never silently ready, and no failure either: it is written. */
static void nobody_may_look(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	plan(&c);
	c.w.f.before_read = refuse_reads;
	c.w.f.fail_reads = c.w.f.fail_all = true;
	c.w.f.fault = FAKE_REFUSE;
	c.w.f.says = "deployments is forbidden";
	world_apply_ok(&c.w);
	assert_int_equal(world_result(&c.w, DEPLOYMENT_ID)->became, BECAME_NOT_KNOWN);
	world_expect(&c.w, LATER_ID, OUTCOME_APPLIED);
	expect_message(&c, DEPLOYMENT_ID,
		       "written, but it could not be waited for: deployments is forbidden");
	assert_string_equal(c.w.result.problems[0],
			    "Deployment shop/web was not waited for: deployments is forbidden");
	world_done(&c.w);
}

/* The rule of the plan counts, not the conditions. */
static void by_rule(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	c.waits_on = "Boat";
	struct ready_rule rule = { "sea.io", "Boat", "/status/phase", "Afloat" };
	c.w.p.applications[0].ready = &rule;
	c.w.p.applications[0].n_ready = 1;
	fake_put(&c.w.f, CRD, "kubectl", "Update");
	fake_put(&c.w.f,
		 "{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":"
		 "\"CustomResourceDefinition\",\"metadata\":{\"name\":\"boats.sea.io\"},"
		 "\"status\":{\"conditions\":[{\"type\":\"Established\",\"status\":\"True\"}]}}",
		 "apiserver", "Update");
	world_plan(&c.w, ACTION_CREATE, BOAT);
	world_planned(&c.w);
	c.becomes = "{\"apiVersion\":\"sea.io/v1\",\"kind\":\"Boat\",\"metadata\":{\"namespace\":"
		    "\"shop\",\"name\":\"ark\"},\"status\":{\"phase\":\"Afloat\"}}";
	c.after = 2;
	world_apply_ok(&c.w);
	assert_string_equal(c.why, "/status/phase is not there, not Afloat");
	world_done(&c.w);
}

int main(void)
{
	static const bool yes = true, no = false;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_wave),
		cmocka_unit_test(never_ready),
		cmocka_unit_test(unchanged_and_not_ready),
		cmocka_unit_test(failing_job),
		cmocka_unit_test(deleted_meanwhile),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(two_applications),
		fixture_row("failure, and the others", failure_and_the_others, &no),
		fixture_row("failure, and the others with keep_going", failure_and_the_others,
			    &yes),
		cmocka_unit_test(deletes_come_last),
		cmocka_unit_test(nobody_may_look),
		cmocka_unit_test(by_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
