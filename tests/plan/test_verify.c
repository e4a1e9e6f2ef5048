/* A dry-run whose object was written to after it was read: the answer is about another object than
 * the one that was compared, and both are asked for again. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/file.h"
#include "plan/diff/build.h"

static const struct cluster_ops *real;
static struct cluster_ops moving;
static unsigned moves_left; /* dry-runs that come too late */
static struct {
	api_done_fn *done;
	void *ctx;
} asked;

/* The object that a dry-run answers with, as after another one's write. */
static int done_late(void *ctx, struct api_call *call, struct err *err)
{
	(void)ctx;
	if (call->verb != API_DRY_RUN_APPLY || !call->object || !moves_left)
		return asked.done(asked.ctx, call, err);
	AUTO(arena_done) struct arena a = { 0 };
	struct json answer = json_copy(&a, call->object);
	moves_left--;
	json_set_str(&a, json_edit(&a, &answer, "metadata"), "resourceVersion", "987654321");
	call->object = &answer;
	int rc = asked.done(asked.ctx, call, err);
	call->object = NULL;
	return rc;
}

static int call_late(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
		     void *ctx, struct err *err)
{
	asked.done = done;
	asked.ctx = ctx;
	return real->call(c, calls, n, done_late, NULL, err);
}

static struct cluster *open_moving(const char *dir, unsigned moves)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *path = path_join(dir, ".git/cluster");
	struct cluster *c = NULL;
	assert_int_equal(cluster_open_file(&c, path, &err), 0);
	real = c->ops;
	moving = *real;
	moving.call = call_late;
	c->ops = &moving;
	moves_left = moves;
	return c;
}

static void make_plan(const char *dir, struct cluster *c, struct plan *plan)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(repository_free_p) struct repository *r = NULL;
	AUTO(config_done) struct config config = { 0 };
	AUTO(problems_done) struct problems problems = { 0 };
	assert_int_equal(repository_open(&r, dir, &err), 0);
	assert_int_equal(config_for_path(&config, "", "app", &err), 0);
	const struct application *app = &config.applications[0];
	const char *from = "none";
	struct plan_options o = {
		.repository = r,
		.config = &config,
		.applications = &app,
		.n_applications = 1,
		.head = "HEAD",
		.bases = &from,
		.cluster = c,
		.default_namespace = "default",
		.created = "2026-01-02T03:04:05Z",
	};
	if (plan_build(&o, plan, &problems, &err) < 0)
		fail_msg("%s", err.msg);
}

struct moves_case {
	const char *name;
	unsigned moves;
	const char *unknown; /* why; NULL: the update is planned */
};

static const struct moves_case cases[] = {
	{ "nobody writes", 0, NULL },
	{ "a controller follows up once", 1, NULL },
	{ "a controller follows up six times", 6, NULL },
	{ "it never comes to rest", 1000, "keeps changing while it is read" },
};

static void case_run(void **state)
{
	const struct moves_case *c = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(plan_done) struct plan plan = { 0 };
	fixture_write(dir, "a.yaml",
		      "apiVersion: v1\nkind: Namespace\n"
		      "metadata: {name: default, labels: {tier: gold}}\n");
	free(fixture_commit(dir, "head"));
	AUTO(cluster_close_p) struct cluster *cluster = open_moving(dir, c->moves);
	make_plan(dir, cluster, &plan);
	assert_int_equal(plan.n_changes, 1);
	const struct change *change = &plan.changes[0];
	if (!c->unknown) {
		assert_int_equal(moves_left, 0);
		assert_string_equal(action_name(change->action), "update");
		assert_string_equal(verified_name(change->verified), "server");
		return;
	}
	assert_string_equal(action_name(change->action), "unknown");
	assert_string_equal(change->reason, c->unknown);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, case_run, &cases[i]);
	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
