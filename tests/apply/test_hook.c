/* Hooks in an apply, on a fake cluster with a controller that runs Jobs: those called bad-* fail.
 * What real controllers do is in tests/e2e/lib/scenarios/hooks.py. */
#include "tests/lib/fake_world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/hook.h"
#include "base/file.h"

#define JOB(name)                                                                                  \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"namespace\":\"shop\","      \
	"\"name\":\"" name "\"},\"spec\":{\"backoffLimit\":0}}"
#define ID(name, phase)   "batch/Job/shop/" name " (" phase ")"
#define A_ID              "ConfigMap/shop/a"
#define OUTCOME_OF(w, id) (world_result(w, id)->outcome)

enum { BEFORE = HOOK_BEFORE_CREATION, ON_SUCCESS = HOOK_SUCCEEDED, ON_FAILURE = HOOK_FAILED };

struct scene {
	struct world w;
	bool idle; /* the controller does nothing */
	char *dir; /* of the result and its journal */
	volatile sig_atomic_t stop;
};

/* A Job that is read while it is waited for has ended. */
static void control(void *ctx, struct fake_cluster *f, const struct api_call *call)
{
	const struct scene *c = ctx;
	const struct json *job = fake_get(f, call->kind->kind, call->namespace, call->name);
	if (c->idle || call->verb != API_GET || !job || strcmp(call->kind->kind, "Job") != 0 ||
	    json_get(job, "status"))
		return;
	bool bad = strncmp(call->name, "bad", 3) == 0;
	AUTO(auto_free)
	char *status = xfmt("{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{"
			    "\"namespace\":\"shop\",\"name\":\"%s\"},\"status\":{\"conditions\":[{"
			    "\"type\":\"%s\",\"status\":\"True\",\"reason\":\"%s\"}]}}",
			    call->name, bad ? "Failed" : "Complete",
			    bad ? "BackoffLimitExceeded" : "CompletionsReached");
	fake_put(f, status, "kube-controller-manager", "Update");
}

static void start(struct scene *c)
{
	memset(c, 0, sizeof(*c));
	world_init(&c->w);
	c->w.f.before_read = control;
	c->w.f.ctx = c;
	c->w.p.applications[0].wait_seconds = 60;
}

static void finish(struct scene *c)
{
	if (c->dir)
		fixture_remove(&c->dir);
	world_done(&c->w);
}

static struct change *add_hook(struct scene *c, enum hook_phase phase, unsigned policy,
			       const char *object)
{
	return fake_plan_add_hook(&c->w.p, &c->w.f.base, (struct hook){ phase, policy }, object);
}

static bool is_there(struct scene *c, const char *name)
{
	return fake_get(&c->w.f, "Job", "shop", name) != NULL;
}

static const char *parent_says(struct scene *c, const char *annotation)
{
	return json_str(json_at(fake_get(&c->w.f, "ConfigMap", "shop", "rhumb-shop"), "metadata",
				"annotations", annotation, NULL));
}

static void expect_message(struct scene *c, const char *id, const char *want)
{
	const char *message = world_result(&c->w, id)->message;
	if (!message || !strstr(message, want))
		fail_msg("%s: \"%s\" should have \"%s\"", id, message ? message : "", want);
}

static void expect_log(struct scene *c, const char *want)
{
	assert_string_equal(buf_text(&c->w.f.log), want);
}

#define PARENT_WRITE(uid) "apply ConfigMap shop/rhumb-shop uid=" uid

/* ---- the ordinary way */

static void all_phases(struct scene *c)
{
	add_hook(c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
	add_hook(c, HOOK_POST_SYNC, BEFORE, JOB("check"));
	add_hook(c, HOOK_SYNC_FAIL, BEFORE, JOB("tell"));
}

static void phases_stand_around_the_changes(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	all_phases(&c);
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"))->wave = -5;
	world_planned(&c.w);
	world_apply_ok(&c.w);
	expect_log(&c, PARENT_WRITE("") " new force\n"
					"apply Job shop/migrate uid= new\n"
					"apply ConfigMap shop/a uid= new\n"
					"apply Job shop/check uid= new\n" PARENT_WRITE(
						"uid-2") " force\n");
	world_expect(&c.w, ID("migrate", "PreSync"), OUTCOME_APPLIED);
	world_expect(&c.w, ID("check", "PostSync"), OUTCOME_APPLIED);
	world_expect(&c.w, ID("tell", "SyncFail"), OUTCOME_UNCHANGED);
	expect_message(&c, ID("tell", "SyncFail"), "not needed");
	assert_int_equal(world_result(&c.w, ID("migrate", "PreSync"))->became, BECAME_READY);
	assert_string_equal(parent_says(&c, "applyset.kubernetes.io/contains-group-kinds"),
			    "ConfigMap");
	assert_null(parent_says(&c, "rhumb.dev/unfinished"));
	const struct json *job = fake_get(&c.w.f, "Job", "shop", "migrate");
	assert_null(json_at(job, "metadata", "labels", "applyset.kubernetes.io/part-of", NULL));
	assert_true(hook_is_ours(job, c.w.p.applications[0].applyset));
	/* The same again. */
	world_apply_ok(&c.w);
	assert_int_equal(c.w.f.writes, 0);
	expect_message(&c, ID("migrate", "PreSync"), "as planned already");
	finish(&c);
}

static void the_next_run_replaces_the_object(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	world_apply_ok(&c.w);
	c.w.f.slow_deletes = true;
	world_replan(&c.w);
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
	world_plan(&c.w, ACTION_UPDATE, CONFIG("shop", "a", "2"));
	world_planned(&c.w);
	world_apply_ok(&c.w);
	expect_log(&c, PARENT_WRITE("uid-2") " force\n"
					     "delete Job shop/migrate uid=uid-3\n"
					     "apply Job shop/migrate uid= new\n"
					     "apply ConfigMap shop/a uid=uid-4\n" PARENT_WRITE(
						     "uid-2") " force\n");
	finish(&c);
}

/* Its time to live may have passed between plan and apply. */
static void what_is_gone_need_not_be_deleted(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	world_apply_ok(&c.w);
	world_replan(&c.w);
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
	world_plan(&c.w, ACTION_UPDATE, CONFIG("shop", "a", "2"));
	world_planned(&c.w);
	fake_delete(&c.w.f, "Job", "shop", "migrate");
	world_apply_ok(&c.w);
	assert_null(strstr(buf_text(&c.w.f.log), "delete"));
	assert_true(is_there(&c, "migrate"));
	finish(&c);
}

static void one_object_in_two_phases(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_PRE_SYNC, ON_FAILURE, JOB("both"));
	add_hook(&c, HOOK_POST_SYNC, ON_FAILURE, JOB("both"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	world_apply_ok(&c.w);
	expect_log(&c, PARENT_WRITE("") " new force\n"
					"apply Job shop/both uid= new\n"
					"apply ConfigMap shop/a uid= new\n"
					"delete Job shop/both uid=uid-3\n"
					"apply Job shop/both uid= new\n" PARENT_WRITE(
						"uid-2") " force\n");
	finish(&c);
}

/* ---- failures */

static void a_failed_presync_stops_all(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	c.w.options.keep_going = true;
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("bad"));
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("next"))->wave = 1;
	add_hook(&c, HOOK_POST_SYNC, BEFORE, JOB("check"));
	add_hook(&c, HOOK_SYNC_FAIL, BEFORE, JOB("tell"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 3 not tried, 1 applied");
	world_expect(&c.w, ID("bad", "PreSync"), OUTCOME_FAILED);
	expect_message(&c, ID("bad", "PreSync"), "written, but not complete: BackoffLimitExceeded");
	world_expect(&c.w, ID("next", "PreSync"), OUTCOME_NOT_TRIED);
	expect_message(&c, ID("next", "PreSync"), "Job shop/bad (PreSync) failed");
	world_expect(&c.w, A_ID, OUTCOME_NOT_TRIED);
	expect_message(&c, A_ID, "Job shop/bad (PreSync) failed");
	world_expect(&c.w, ID("check", "PostSync"), OUTCOME_NOT_TRIED);
	world_expect(&c.w, ID("tell", "SyncFail"), OUTCOME_APPLIED);
	assert_string_equal(parent_says(&c, "rhumb.dev/unfinished"), c.w.p.digest);
	assert_null(parent_says(&c, "rhumb.dev/commit"));
	finish(&c);
}

/* Of another application nothing is stopped, where keep_going says so. */
static void another_application_goes_on(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	c.w.options.keep_going = true;
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("bad"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	fake_plan_application(&c.w.p, "stall", "shop");
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("good"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "b", "1"));
	add_hook(&c, HOOK_SYNC_FAIL, BEFORE, JOB("tell"));
	world_planned(&c.w);
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried, 2 applied");
	world_expect(&c.w, "ConfigMap/shop/b", OUTCOME_APPLIED);
	world_expect(&c.w, ID("tell", "SyncFail"), OUTCOME_UNCHANGED);
	finish(&c);
}

static void a_change_that_fails_stops_postsync(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	all_phases(&c);
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	c.w.f.fail_at = 2; /* after the parent and the PreSync hook */
	c.w.f.fault = FAKE_REFUSE;
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried, 2 applied");
	world_expect(&c.w, ID("check", "PostSync"), OUTCOME_NOT_TRIED);
	world_expect(&c.w, ID("tell", "SyncFail"), OUTCOME_APPLIED);
	finish(&c);
}

static void a_failed_postsync_is_a_failure(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_POST_SYNC, BEFORE, JOB("bad"));
	add_hook(&c, HOOK_POST_SYNC, BEFORE, JOB("later"))->wave = 1;
	add_hook(&c, HOOK_SYNC_FAIL, BEFORE, JOB("tell"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried, 2 applied");
	world_expect(&c.w, ID("later", "PostSync"), OUTCOME_NOT_TRIED);
	world_expect(&c.w, ID("tell", "SyncFail"), OUTCOME_APPLIED);
	assert_string_equal(parent_says(&c, "rhumb.dev/unfinished"), c.w.p.digest);
	/* What the record says has the hooks run again, though nothing else is to be done. */
	world_replan(&c.w);
	c.w.p.applications[0].wait_seconds = 60;
	add_hook(&c, HOOK_POST_SYNC, BEFORE, JOB("later"));
	world_planned(&c.w);
	world_apply_ok(&c.w);
	world_expect(&c.w, ID("later", "PostSync"), OUTCOME_APPLIED);
	assert_null(parent_says(&c, "rhumb.dev/unfinished"));
	world_apply_ok(&c.w);
	assert_int_equal(c.w.f.writes, 0);
	finish(&c);
}

static void nothing_written_is_no_sync_that_failed(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_SYNC_FAIL, BEFORE, JOB("tell"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	c.w.f.fail_at = 1;
	c.w.f.fault = FAKE_REFUSE;
	world_apply_fails(&c.w, ERR_PARTIAL, "1 failed, 1 not tried");
	world_expect(&c.w, ID("tell", "SyncFail"), OUTCOME_NOT_TRIED);
	expect_message(&c, ID("tell", "SyncFail"), "nothing of its application was written");
	finish(&c);
}

static void a_stale_plan_runs_nothing(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	all_phases(&c);
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	fake_put(&c.w.f, CONFIG("shop", "a", "x"), "kubectl-create", "Update");
	world_apply_fails(&c.w, ERR_STALE, "ConfigMap shop/a was created");
	assert_int_equal(c.w.f.writes, 0);
	finish(&c);
}

/* ---- somebody else's object of the same name */

static void a_foreign_object_is_left_alone(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	fake_put(&c.w.f, JOB("migrate"), "kubectl-create", "Update");
	world_apply_fails(&c.w, ERR_STALE, "Job shop/migrate (PreSync) was created");
	assert_int_equal(c.w.f.writes, 0);
	assert_true(is_there(&c, "migrate"));
	finish(&c);
}

static void make_foreign(void *ctx, struct fake_cluster *f, unsigned nth)
{
	(void)ctx;
	if (nth == 1) /* after the check: the first write is the parent */
		fake_put(f, JOB("migrate"), "kubectl-create", "Update");
}

static void also_one_that_comes_late(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	c.w.f.before_write = make_foreign;
	assert_int_equal(world_apply(&c.w), -1);
	world_expect(&c.w, ID("migrate", "PreSync"), OUTCOME_STALE);
	world_expect(&c.w, A_ID, OUTCOME_NOT_TRIED);
	assert_null(
		json_at(fake_get(&c.w.f, "Job", "shop", "migrate"), "metadata", "labels", NULL));
	assert_null(strstr(buf_text(&c.w.f.log), "delete"));
	finish(&c);
}

/* ---- delete policies */

struct policy_case {
	const char *name;
	unsigned policy;
	bool fails, stays;
};

static const struct policy_case policy_cases[] = {
	{ "before creation, and done", BEFORE, false, true },
	{ "before creation, and failed", BEFORE, true, true },
	{ "on success, and done", ON_SUCCESS, false, false },
	{ "on success, and failed", ON_SUCCESS, true, true },
	{ "on failure, and done", ON_FAILURE, false, true },
	{ "on failure, and failed", ON_FAILURE, true, false },
	{ "on both, and done", ON_SUCCESS | ON_FAILURE, false, false },
	{ "on both, and failed", BEFORE | ON_SUCCESS | ON_FAILURE, true, false },
};

static void policy_run(void **state)
{
	const struct policy_case *row = *state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_POST_SYNC, row->policy, row->fails ? JOB("bad") : JOB("good"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	assert_int_equal(world_apply(&c.w), row->fails ? -1 : 0);
	assert_int_equal(is_there(&c, row->fails ? "bad" : "good"), row->stays);
	assert_int_equal(c.w.result.n_problems, 0);
	finish(&c);
}

static void a_policy_that_cannot_be_carried_out(void **state)
{
	(void)state;
	struct scene c;
	start(&c);
	add_hook(&c, HOOK_POST_SYNC, ON_SUCCESS, JOB("good"));
	world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c.w);
	c.w.f.fail_at = 3; /* parent, a, good */
	c.w.f.fault = FAKE_REFUSE;
	world_apply_fails(&c.w, ERR_PARTIAL,
			  "Job shop/good (PostSync) has ended, but its delete policy was not "
			  "carried out: forbidden");
	world_expect(&c.w, ID("good", "PostSync"), OUTCOME_APPLIED);
	finish(&c);
}

/* ---- answers that are lost */

static void a_lost_answer(void **state)
{
	static const enum fake_fault faults[] = { FAKE_LOSE, FAKE_LOSE_DONE, FAKE_CONFLICT };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		for (int at = 0; at < 6; at++) {
			struct scene c;
			start(&c);
			add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
			world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
			world_planned(&c.w);
			world_apply_ok(&c.w);
			world_replan(&c.w);
			add_hook(&c, HOOK_PRE_SYNC, BEFORE | ON_SUCCESS, JOB("migrate"));
			world_plan(&c.w, ACTION_UPDATE, CONFIG("shop", "a", "2"));
			world_planned(&c.w);
			c.w.f.fail_at = at;
			c.w.f.fault = faults[i];
			if (world_apply(&c.w) < 0)
				fail_msg("fault %zu at %d: %s", i, at, c.w.err.msg);
			world_expect(&c.w, ID("migrate", "PreSync"), OUTCOME_APPLIED);
			assert_false(is_there(&c, "migrate"));
			finish(&c);
		}
}

/* What cannot be read is not run blindly, and nothing is forgotten or run twice. */
static void a_read_that_fails(void **state)
{
	static const enum fake_fault faults[] = { FAKE_LOSE, FAKE_BREAK, FAKE_REFUSE };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		for (int at = 0; at < 10; at++) {
			struct scene c;
			start(&c);
			add_hook(&c, HOOK_PRE_SYNC, BEFORE, JOB("migrate"));
			add_hook(&c, HOOK_POST_SYNC, ON_SUCCESS, JOB("check"));
			world_plan(&c.w, ACTION_CREATE, CONFIG("shop", "a", "1"));
			world_planned(&c.w);
			c.w.f.fail_at = at;
			c.w.f.fail_reads = true;
			c.w.f.fault = faults[i];
			int rc = world_apply(&c.w);
			const char *log = buf_text(&c.w.f.log);
			const char *first = strstr(log, "apply Job shop/migrate");
			assert_null(first ? strstr(first + 1, "apply Job shop/migrate") : NULL);
			bool all = first && strstr(log, "apply Job shop/check") &&
				   strstr(log, "delete Job shop/check");
			if (rc == 0 && !all)
				fail_msg("fault %zu at %d: forgotten", i, at);
			if (rc < 0 && OUTCOME_OF(&c.w, ID("migrate", "PreSync")) != OUTCOME_APPLIED)
				assert_null(fake_get(&c.w.f, "ConfigMap", "shop", "a"));
			finish(&c);
		}
}

/* ---- a run that was ended, and the next */

/* Interrupts the apply while it waits for a hook. */
static void stop(void *ctx, const struct change *change, const char *why, double seconds)
{
	struct scene *c = ctx;
	(void)change, (void)why, (void)seconds;
	c->stop = 1;
}

static void start_with_journal(struct scene *c)
{
	start(c);
	c->dir = fixture_dir();
	c->w.options.interrupted = &c->stop;
	c->w.options.progress.ctx = c;
}

static int apply_with_journal(struct scene *c)
{
	AUTO(journal_close_p) struct journal *j = NULL;
	AUTO(auto_free) char *result = path_join(c->dir, "result.json");
	struct err err = { 0 };
	c->stop = 0;
	if (journal_open(&j, result, &c->w.p, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	c->w.options.journal = j;
	int rc = world_apply(&c->w);
	if (result_write(&c->w.result, result, &err) < 0 ||
	    journal_finish(j, &c->w.result, &err) < 0)
		fail_msg("%s", err.msg);
	c->w.options.journal = NULL;
	return rc;
}

static void plan_migration(struct scene *c, const char *job)
{
	add_hook(c, HOOK_PRE_SYNC, BEFORE | ON_SUCCESS, job);
	world_plan(&c->w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_planned(&c->w);
}

static void a_hook_that_runs_is_waited_for_again(void **state)
{
	(void)state;
	struct scene c;
	start_with_journal(&c);
	plan_migration(&c, JOB("migrate"));
	c.idle = true;
	c.w.options.progress.not_ready = stop;
	assert_int_equal(apply_with_journal(&c), -1);
	assert_int_equal(c.w.err.code, ERR_INTERRUPTED);
	expect_message(&c, ID("migrate", "PreSync"), "when interrupted");
	assert_true(is_there(&c, "migrate"));
	c.idle = false;
	c.w.options.progress.not_ready = NULL;
	if (apply_with_journal(&c) < 0)
		fail_msg("%s", c.w.err.msg);
	world_expect(&c.w, ID("migrate", "PreSync"), OUTCOME_APPLIED);
	expect_log(&c, "apply ConfigMap shop/a uid= new\n"
		       "delete Job shop/migrate uid=uid-3\n" PARENT_WRITE("uid-2") " force\n");
	finish(&c);
}

static void a_hook_that_failed_runs_again(void **state)
{
	(void)state;
	struct scene c;
	start_with_journal(&c);
	plan_migration(&c, JOB("bad"));
	assert_int_equal(apply_with_journal(&c), -1);
	world_expect(&c.w, ID("bad", "PreSync"), OUTCOME_FAILED);
	assert_int_equal(apply_with_journal(&c), -1);
	world_expect(&c.w, ID("bad", "PreSync"), OUTCOME_FAILED);
	expect_log(&c, "delete Job shop/bad uid=uid-3\napply Job shop/bad uid= new\n");
	finish(&c);
}

/* It came to its end after all. */
static void a_hook_that_was_late_counts(void **state)
{
	(void)state;
	struct scene c;
	start_with_journal(&c);
	plan_migration(&c, JOB("migrate"));
	c.idle = true;
	c.w.options.wait_seconds = 1;
	assert_int_equal(apply_with_journal(&c), -1);
	expect_message(&c, ID("migrate", "PreSync"), "after 1s");
	c.idle = false;
	if (apply_with_journal(&c) < 0)
		fail_msg("%s", c.w.err.msg);
	assert_null(strstr(buf_text(&c.w.f.log), "apply Job"));
	finish(&c);
}

static void a_hook_that_is_gone_is_not_run_again_unasked(void **state)
{
	(void)state;
	struct scene c;
	start_with_journal(&c);
	plan_migration(&c, JOB("migrate"));
	c.idle = true;
	c.w.options.progress.not_ready = stop;
	/* A kill: the outcome is not in the journal any more. */
	assert_int_equal(apply_with_journal(&c), -1);
	AUTO(auto_free) char *path = path_join(c.dir, "result.json.journal");
	AUTO(buf_done) struct buf text = { 0 };
	struct err err = { 0 };
	assert_int_equal(file_read(path, 0, &text, &err), 0);
	char *end = strstr(text.data, "{\"id\":\"batch/Job/shop/migrate (PreSync)\",\"message\"");
	assert_non_null(end);
	assert_int_equal(truncate(path, end - text.data), 0);
	fake_delete(&c.w.f, "Job", "shop", "migrate");
	c.w.options.progress.not_ready = NULL;
	assert_int_equal(apply_with_journal(&c), -1);
	world_expect(&c.w, ID("migrate", "PreSync"), OUTCOME_STALE);
	expect_message(&c, ID("migrate", "PreSync"), "nobody knows whether it had come to its end");
	world_expect(&c.w, A_ID, OUTCOME_NOT_TRIED);
	assert_int_equal(c.w.f.writes, 0);
	c.idle = false;
	if (apply_with_journal(&c) < 0)
		fail_msg("%s", c.w.err.msg);
	world_expect(&c.w, ID("migrate", "PreSync"), OUTCOME_APPLIED);
	finish(&c);
}

/* ---- complete? */

struct ready_case {
	const char *name, *object;
	enum readiness ready;
	const char *why;
};

#define POD_(status) "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"status\":{" status "}}"
#define JOB_(spec, status)                                                                         \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"spec\":{" spec "},\"status\":{" status "}}"
#define READY "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]"

static const struct ready_case ready_cases[] = {
	{ "a pod that runs and is ready", POD_("\"phase\":\"Running\"," READY), READY_IN_PROGRESS,
	  "it runs" },
	{ "a pod that has succeeded", POD_("\"phase\":\"Succeeded\""), READY_CURRENT, NULL },
	{ "a pod that has failed", POD_("\"phase\":\"Failed\",\"reason\":\"Evicted\""),
	  READY_FAILED, "Evicted" },
	{ "a suspended Job", JOB_("\"suspend\":true", ""), READY_IN_PROGRESS, "it is suspended" },
	{ "a Job that is complete",
	  JOB_("", "\"conditions\":[{\"type\":\"Complete\",\"status\":\"True\"}]"), READY_CURRENT,
	  NULL },
	{ "a ConfigMap", "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}", READY_CURRENT, NULL },
};

static void ready_run(void **state)
{
	const struct ready_case *row = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json object = fixture_json(&a, row->object);
	const char *why = "?";
	assert_int_equal(hook_ready(&a, &object, NULL, 0, &why), row->ready);
	if (row->why)
		assert_non_null(strstr(why, row->why));
	else
		assert_null(why);
}

int main(void)
{
	struct CMUnitTest tests[64] = {
		cmocka_unit_test(phases_stand_around_the_changes),
		cmocka_unit_test(the_next_run_replaces_the_object),
		cmocka_unit_test(what_is_gone_need_not_be_deleted),
		cmocka_unit_test(one_object_in_two_phases),
		cmocka_unit_test(a_failed_presync_stops_all),
		cmocka_unit_test(another_application_goes_on),
		cmocka_unit_test(a_change_that_fails_stops_postsync),
		cmocka_unit_test(a_failed_postsync_is_a_failure),
		cmocka_unit_test(nothing_written_is_no_sync_that_failed),
		cmocka_unit_test(a_stale_plan_runs_nothing),
		cmocka_unit_test(a_foreign_object_is_left_alone),
		cmocka_unit_test(also_one_that_comes_late),
		cmocka_unit_test(a_policy_that_cannot_be_carried_out),
		cmocka_unit_test(a_lost_answer),
		cmocka_unit_test(a_read_that_fails),
		cmocka_unit_test(a_hook_that_runs_is_waited_for_again),
		cmocka_unit_test(a_hook_that_failed_runs_again),
		cmocka_unit_test(a_hook_that_was_late_counts),
		cmocka_unit_test(a_hook_that_is_gone_is_not_run_again_unasked),
	};
	size_t n = 19;
	for (size_t i = 0; i < ARRAY_LEN(policy_cases); i++)
		tests[n++] = fixture_row(policy_cases[i].name, policy_run, &policy_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(ready_cases); i++)
		tests[n++] = fixture_row(ready_cases[i].name, ready_run, &ready_cases[i]);
	return _cmocka_run_group_tests("hook", tests, n, NULL, NULL);
}
