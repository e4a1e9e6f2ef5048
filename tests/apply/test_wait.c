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

#define DB WORKLOAD("Deployment", "shop", "db", "1", "\"spec\":{\"replicas\":1}")
#define DB_STATUS(condition, available)                                                            \
	WORKLOAD("Deployment", "shop", "db", "1",                                                  \
		 "\"spec\":{\"replicas\":1},\"status\":{\"observedGeneration\":1,\"replicas\":1,"  \
		 "\"updatedReplicas\":1,\"availableReplicas\":" available ",\"conditions\":[{"     \
		 "\"type\":\"Progressing\",\"status\":\"True\",\"reason\":\"" condition "\"}]}")

static void mend_db(void *ctx, struct fake_cluster *f, const struct api_call *call)
{
	struct scene *c = ctx;
	if (strcmp(call->kind->kind, "Deployment") != 0 || !f->writes)
		return;
	if (strcmp(call->name, "web") == 0 && ++c->reads == 2)
		fake_put(f, STATUS("1"), "controller", "Update");
	if (strcmp(call->name, "db") == 0) {
		assert_true(c->reads >= 2); /* nobody looks at it before its wave has come */
		fake_put(f, DB_STATUS("NewReplicaSetAvailable", "1"), "controller", "Update");
	}
}

/* What is as planned and broken may be mended by an earlier wave: it is judged when that is done.
 */
static void unchanged_in_a_later_wave(void **state)
{
	bool mended = *(const bool *)*state;
	struct scene c;
	start(&c);
	world_plan(&c.w, ACTION_CREATE, DB)->wave = 1;
	world_plan(&c.w, ACTION_CREATE, WEB);
	world_planned(&c.w);
	c.w.options.wait = WAIT_NEVER;
	world_apply_ok(&c.w);
	c.w.options.wait = WAIT_AS_PLANNED;
	c.reads = 0;
	fake_delete(&c.w.f, "Deployment", "shop", "web");
	fake_put(&c.w.f, DB_STATUS("ProgressDeadlineExceeded", "0"), "controller", "Update");
	c.w.f.before_read = mended ? mend_db : NULL;
	c.told = 0;
	c.w.options.wait_seconds = mended ? 60 : 1;
	if (mended) {
		world_apply_ok(&c.w);
		assert_int_equal(world_result(&c.w, "apps/Deployment/shop/db")->became,
				 BECAME_READY);
	} else {
		world_apply_fails(&c.w, ERR_PARTIAL, "1 failed");
		world_expect(&c.w, DEPLOYMENT_ID, OUTCOME_FAILED);
		expect_message(
			&c, "apps/Deployment/shop/db",
			"as planned already, but not waited for: Deployment shop/web failed");
		assert_int_equal(world_result(&c.w, "apps/Deployment/shop/db")->became,
				 BECAME_NOT_KNOWN);
	}
	world_expect(&c.w, "apps/Deployment/shop/db", OUTCOME_UNCHANGED);
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

/* ---- a watch that tells what a test makes it tell */

enum { MAX_TARGETS = 4 };

static struct watching {
	struct cluster_ops ops;
	watch_fn *tell;
	void *ctx;
	void *users[MAX_TARGETS];
	char targets[MAX_TARGETS][64]; /* "Deployment/shop/web", "Deployment/shop/" for all */
	unsigned n, pumps;
	struct fake_cluster *f;
	void (*script)(struct watching *w, unsigned pump); /* from 1 */
	int fails_at;                                      /* this pump; 0: none */
} watching;

static struct watch *open_watch(struct cluster *c, watch_fn *tell, void *ctx, struct err *err)
{
	(void)err;
	watching.f = (struct fake_cluster *)c;
	watching.tell = tell;
	watching.ctx = ctx;
	return (struct watch *)&watching;
}

static void add_watch(struct watch *w, const struct watch_target *t, void *user)
{
	(void)w;
	assert_true(watching.n < MAX_TARGETS);
	snprintf(watching.targets[watching.n], sizeof(watching.targets[0]), "%s/%s/%s",
		 t->kind->kind, t->namespace, t->name ? t->name : "");
	watching.users[watching.n++] = user;
}

static int pump_watch(struct watch *w, unsigned ms, struct err *err)
{
	(void)w, (void)ms;
	watching.pumps++;
	if ((int)watching.pumps == watching.fails_at)
		return err_set(err, ERR_SYSTEM, "no sockets left");
	watching.script(&watching, watching.pumps);
	return 0;
}

static void close_watch(struct watch *w)
{
	(void)w;
}

static void told(struct watching *w, enum watch_event event, const struct json *object)
{
	AUTO(err_done) struct err why = { 0 };
	if (event == WATCH_LOST)
		err_set(&why, ERR_FORBIDDEN, "may not watch");
	w->tell(w->ctx, w->users[0], event, object, event == WATCH_LOST ? &why : NULL);
}

/* The Deployment as it is, or was at another version or under another uid. */
static void told_web(struct watching *w, enum watch_event event, const char *status,
		     const char *version, const char *uid)
{
	fake_put(w->f, status, "controller", "Update");
	struct json object = json_copy(&w->f->arena, fake_get(w->f, "Deployment", "shop", "web"));
	struct json *meta = json_edit(&w->f->arena, &object, "metadata");
	if (version)
		json_set_str(&w->f->arena, meta, "resourceVersion", version);
	if (uid)
		json_set_str(&w->f->arena, meta, "uid", uid);
	told(w, event, &object);
}

static void start_watching(struct scene *c, void (*script)(struct watching *w, unsigned pump))
{
	start(c);
	watching = (struct watching){ .ops = *c->w.f.base.ops, .script = script };
	watching.ops.watch_open = open_watch;
	watching.ops.watch_add = add_watch;
	watching.ops.watch_pump = pump_watch;
	watching.ops.watch_close = close_watch;
	c->w.f.base.ops = &watching.ops;
}

static void tells_of_before(struct watching *w, unsigned pump)
{
	if (pump == 1) {
		told(w, WATCH_LISTING, NULL);
		told_web(w, WATCH_OBJECT, STATUS("1"), "9", NULL);
		told(w, WATCH_LISTED, NULL);
	} else if (pump == 3) {
		told_web(w, WATCH_OBJECT, STATUS("1"), NULL, NULL);
	}
}

/* What a watch still has of the object before the write counts for nothing. */
static void outdated_news(void **state)
{
	(void)state;
	struct scene c;
	start_watching(&c, tells_of_before);
	plan(&c);
	world_apply_ok(&c.w);
	assert_int_equal(watching.pumps, 3);
	assert_int_equal(c.reads, 0); /* nothing is read beside the watch */
	assert_int_equal(watching.n, 1);
	assert_string_equal(watching.targets[0], "Deployment/shop/web");
	world_done(&c.w);
}

static void tells_of_another(struct watching *w, unsigned pump)
{
	(void)pump;
	told_web(w, WATCH_OBJECT, STATUS("1"), NULL, "another");
}

static void tells_that_it_went(struct watching *w, unsigned pump)
{
	(void)pump;
	told_web(w, WATCH_GONE, STATUS("1"), NULL, NULL);
}

static void lists_without_it(struct watching *w, unsigned pump)
{
	(void)pump;
	told(w, WATCH_LISTING, NULL);
	told(w, WATCH_LISTED, NULL);
}

/* It was told in a list, and is not in the next one. */
static void lists_again_without_it(struct watching *w, unsigned pump)
{
	told(w, WATCH_LISTING, NULL);
	if (pump == 1)
		told_web(w, WATCH_OBJECT, STATUS("0"), NULL, NULL);
	told(w, WATCH_LISTED, NULL);
}

struct bad_news {
	const char *name;
	void (*script)(struct watching *w, unsigned pump);
	const char *message;
};

static const struct bad_news bad_news[] = {
	{ "watched: another one", tells_of_another,
	  "written, but not ready: it was deleted, and another one is there" },
	{ "watched: gone", tells_that_it_went, "it was deleted while it was waited for" },
	{ "watched: not in the list", lists_without_it, "it was deleted while it was waited for" },
	{ "watched: not in the list any more", lists_again_without_it,
	  "it was deleted while it was waited for" },
};

static void bad_news_run(void **state)
{
	const struct bad_news *row = *state;
	struct scene c;
	start_watching(&c, row->script);
	plan(&c);
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried");
	expect_message(&c, DEPLOYMENT_ID, row->message);
	world_done(&c.w);
}

static void is_lost(struct watching *w, unsigned pump)
{
	if (pump == 1)
		told(w, WATCH_LOST, NULL);
}

/* Without a watch the object is read again and again. */
static void lost_watch(void **state)
{
	bool breaks = *(const bool *)*state;
	struct scene c;
	start_watching(&c, is_lost);
	watching.fails_at = breaks ? 1 : 0;
	plan(&c);
	c.becomes = STATUS("1");
	c.after = 2;
	world_apply_ok(&c.w);
	assert_int_equal(c.reads, 2);
	world_done(&c.w);
}

static void both_become_ready(struct watching *w, unsigned pump)
{
	(void)pump;
	told_web(w, WATCH_OBJECT, STATUS("1"), NULL, NULL);
	fake_put(w->f,
		 WORKLOAD("Deployment", "shop", "api", "0",
			  "\"status\":{\"observedGeneration\":1,\"replicas\":1,"
			  "\"updatedReplicas\":1,\"availableReplicas\":1}"),
		 "controller", "Update");
	told(w, WATCH_OBJECT, fake_get(w->f, "Deployment", "shop", "api"));
}

/* One watch for all objects of a kind and namespace. */
static void one_watch_for_two(void **state)
{
	(void)state;
	struct scene c;
	start_watching(&c, both_become_ready);
	world_plan(&c.w, ACTION_CREATE,
		   WORKLOAD("Deployment", "shop", "api", "0", "\"spec\":{\"replicas\":1}"));
	plan(&c);
	world_apply_ok(&c.w);
	assert_int_equal(watching.n, 1);
	assert_string_equal(watching.targets[0], "Deployment/shop/");
	world_done(&c.w);
}

int main(void)
{
	static const bool yes = true, no = false;
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(later_wave),
		cmocka_unit_test(never_ready),
		cmocka_unit_test(unchanged_and_not_ready),
		fixture_row("unchanged, mended by an earlier wave", unchanged_in_a_later_wave,
			    &yes),
		fixture_row("unchanged, after a failure", unchanged_in_a_later_wave, &no),
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
		cmocka_unit_test(outdated_news),
		cmocka_unit_test(one_watch_for_two),
		fixture_row("a watch that nobody may have", lost_watch, &no),
		fixture_row("a watch that breaks", lost_watch, &yes),
	};
	size_t n = 0;
	while (tests[n].name)
		n++;
	for (size_t i = 0; i < ARRAY_LEN(bad_news); i++)
		tests[n++] = fixture_row(bad_news[i].name, bad_news_run, &bad_news[i]);
	return _cmocka_run_group_tests("wait", tests, n, NULL, NULL);
}
