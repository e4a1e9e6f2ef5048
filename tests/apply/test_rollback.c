/* Rollback on the embedded cluster, with SIGKILL at every step (each record of the journals, each
 * write, before it and after it with its answer unseen):
 *
 *   - of an apply that is killed there and never resumed: what it has done is undone, all of it;
 *   - of an apply that fails and undoes itself (--on-failure=rollback) and is killed there: the
 *     same command again ends with everything as before.
 *
 * As before means every field of every object, and who owns it. */
#include "tests/lib/fake_plan.h"
#include "tests/lib/fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/file_store.h"
#include "apply/rollback.h"
#include "apply/rollback_apply.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/process.h"

#define NS "shop"

enum { NEVER = -1, MAX_STEPS = 400 };

/* Shared with the child, which does not live to tell. */
static struct counters {
	int step, kill_at, stop_at;
} * shared;

static volatile sig_atomic_t stop_now;

static void step(void)
{
	if (shared->step == shared->stop_at)
		stop_now = SIGTERM;
	if (shared->step++ == shared->kill_at)
		raise(SIGKILL);
}

static void on_record(void *ctx, bool before)
{
	(void)ctx;
	(void)before;
	step();
}

static int counting_write(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
			  void *ctx, struct err *err)
{
	step();
	int rc = writer_call(c, calls, n, done, ctx, err);
	step();
	return rc;
}

/* ---- the world before */

struct place {
	char *dir, *cluster, *result;
	struct plan plan;
};

static struct cluster *open_cluster(const struct place *p)
{
	struct cluster *c = NULL;
	struct err err = { 0 };
	if (cluster_open_file(&c, p->cluster, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

#define MAP(name, data)                                                                            \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":\"" NS          \
	"\",\"name\":\"" name "\"},\"data\":{" data "}}"
#define CRD                                                                                        \
	"{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\","       \
	"\"metadata\":{\"name\":\"boats.sea.io\"},\"spec\":{\"group\":\"sea.io\",\"names\":{"      \
	"\"kind\":\"Boat\",\"plural\":\"boats\"},\"scope\":\"Namespaced\",\"versions\":[{"         \
	"\"name\":\"v1\",\"served\":true,\"storage\":true,\"schema\":{\"openAPIV3Schema\":{"       \
	"\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true}}}]}}"
#define BOAT                                                                                       \
	"{\"apiVersion\":\"sea.io/v1\",\"kind\":\"Boat\",\"metadata\":{\"namespace\":\"" NS        \
	"\",\"name\":\"ark\"},\"spec\":{\"length\":300}}"

static const struct {
	const char *manager, *object;
} there[] = {
	{ "rhumb",
	  "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" NS "\"}}" },
	{ "rhumb", MAP("changed", "\"k\":\"1\",\"dropped\":\"1\"") },
	{ "rhumb", MAP("dropped-0", "\"k\":\"1\"") },
	{ "rhumb", MAP("dropped-1", "\"k\":\"1\"") },
	{ "rhumb", MAP("remade", "\"k\":\"1\"") },
	{ "rhumb", MAP("edited", "\"k\":\"1\"") },
	{ "helm", MAP("edited", "\"k\":\"7\",\"mine\":\"x\"") },
	{ "helm", MAP("adopted", "\"k\":\"1\"") },
};

static const struct {
	enum action action;
	const char *object;
	bool takes_over; /* /data/k from helm */
} changes[] = {
	{ ACTION_CREATE, CRD, false },
	{ ACTION_CREATE, MAP("new-0", "\"k\":\"2\""), false },
	{ ACTION_CREATE, MAP("new-1", "\"k\":\"2\""), false },
	{ ACTION_UPDATE, MAP("changed", "\"k\":\"2\",\"added\":\"2\""), false },
	{ ACTION_UPDATE, MAP("edited", "\"k\":\"2\""), true },
	{ ACTION_ADOPT, MAP("adopted", "\"k\":\"1\""), true },
	{ ACTION_REPLACE, MAP("remade", "\"k\":\"2\""), false },
	{ ACTION_CREATE, BOAT, false },
	{ ACTION_DELETE, MAP("dropped-0", ""), false },
	{ ACTION_DELETE, MAP("dropped-1", ""), false },
};

static void put(const struct place *p, const char *manager, const char *text)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err err = { 0 };
	bool ours = strcmp(manager, "rhumb") == 0;
	struct json object = fixture_json(&a, text);
	struct file_owner owner = { .manager = manager, .operation = ours ? "Apply" : "Update" };
	if (file_store_put(p->cluster, &object, 1, &owner, &err) < 0)
		fail_msg("%s", err.msg);
}

static void take_over(struct plan *p, struct change *c)
{
	struct json *fields = arena_calloc(&p->arena, 1, sizeof(*fields));
	*fields = fixture_json(&p->arena, "{\"f:data\":{\"f:k\":{}}}");
	c->takeovers = arena_calloc(&p->arena, 1, sizeof(*c->takeovers));
	*c->takeovers = (struct takeover){ "helm", "Update", "", fields };
	c->n_takeovers = 1;
}

static void make_plan(struct place *p)
{
	struct cluster *c = open_cluster(p);
	struct cluster_identity id = { 0 };
	struct err err = { 0 };
	if (c->ops->identify(c, &id, &err) < 0)
		fail_msg("%s", err.msg);
	fake_plan_init(&p->plan, "", "shop", NS);
	p->plan.cluster_uid = arena_strdup(&p->plan.arena, id.uid);
	cluster_identity_done(&id);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct change *change =
			fake_plan_add(&p->plan, c, changes[i].action, changes[i].object);
		if (changes[i].takes_over)
			take_over(&p->plan, change);
	}
	fake_plan_finish(&p->plan);
	cluster_close(c);
}

static void set_up(struct place *p)
{
	*p = (struct place){ .dir = fixture_dir() };
	p->cluster = path_join(p->dir, "cluster");
	for (size_t i = 0; i < ARRAY_LEN(there); i++)
		put(p, there[i].manager, there[i].object);
	make_plan(p);
}

static void tear_down(struct place *p)
{
	plan_done(&p->plan);
	free(p->cluster);
	fixture_remove(&p->dir);
}

/* A cluster of its own for one run. */
static struct place place_at(const struct place *first, int n, bool boats_are_refused)
{
	struct place p = *first;
	p.cluster = xfmt("%s/cluster-%d", first->dir, n);
	p.result = xfmt("%s/result-%d.json", first->dir, n);
	const char *argv[] = { "cp", "-a", first->cluster, p.cluster, NULL };
	struct err err = { 0 };
	AUTO(process_result_done) struct process_result result = { 0 };
	if (process_run(&(struct process){ .argv = argv }, &result, &err) < 0 || result.status)
		fail_msg("cp: %s", buf_text(&result.messages));
	if (boats_are_refused)
		fixture_write(p.cluster, "refusals.json",
			      "{\"rules\":[{\"verbs\":[\"create\"],\"kinds\":[\"Boat.sea.io\"],"
			      "\"code\":422,\"message\":\"no boats\"}]}");
	return p;
}

static void leave(struct place *p)
{
	fixture_remove(&p->cluster);
	free(p->result);
}

/* ---- what is in the cluster */

struct dump {
	struct arena arena;
	struct buf text;
};

static int dump_one(void *ctx, struct list_request *request, const struct json *object,
		    struct err *err)
{
	struct dump *d = ctx;
	(void)request, (void)err;
	static const char *const by_itself[] = { "uid", "resourceVersion", "creationTimestamp",
						 "generation" };
	struct json v = json_copy(&d->arena, object);
	struct json *meta = json_edit(&d->arena, &v, "metadata");
	json_remove(&v, "status");
	meta = json_edit(&d->arena, &v, "metadata");
	for (size_t i = 0; i < ARRAY_LEN(by_itself); i++)
		json_remove(meta, by_itself[i]);
	const struct json *entries = json_get(meta, "managedFields");
	for (uint32_t i = 0; json_is(entries, JSON_ARRAY) && i < entries->n; i++)
		json_remove(&entries->items[i], "time");
	if (strcmp(json_get_str(meta, "name"), "rhumb-shop") == 0) {
		/* The record is there, and says that nothing is applied. */
		assert_null(json_at(meta, "annotations", "rhumb.dev/commit", NULL));
		return 0;
	}
	json_write_canonical(&d->text, &v);
	buf_putc(&d->text, '\n');
	return 0;
}

static char *state(const struct place *p)
{
	static const char *const listed[][3] = {
		{ "", "v1", "ConfigMap" },
		{ "", "v1", "Namespace" },
		{ "apiextensions.k8s.io", "v1", "CustomResourceDefinition" },
		{ "sea.io", "v1", "Boat" },
	};
	struct cluster *c = open_cluster(p);
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	struct dump d = { 0 };
	struct err err = { 0 };
	if (c->ops->kinds(c, &kinds, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < ARRAY_LEN(listed); i++) {
		struct list_request request = { .kind = kinds_find(&kinds, listed[i][0],
								   listed[i][1], listed[i][2]) };
		if (request.kind && c->ops->list(c, &request, 1, dump_one, &d, &err) < 0)
			fail_msg("%s", err.msg);
	}
	arena_done(&d.arena);
	cluster_close(c);
	return buf_take(&d.text);
}

static void same_state(const struct place *p, const char *want, int at)
{
	AUTO(auto_free) char *now = state(p);
	if (strcmp(now, want) != 0)
		fail_msg("step %d: %s\nnot %s", at, now, want);
}

/* ---- an apply, which may undo itself */

static const char *const may_be_deleted[] = { "CustomResourceDefinition", NULL };

static int run(const struct place *p, bool undo, struct apply_result *out, struct err *err)
{
	struct cluster *c = open_cluster(p);
	AUTO(journal_close_p) struct journal *j = NULL;
	struct locks *held = NULL;
	struct lock_options lock = { .timeout_seconds = 5 };
	bool unfinished = false;
	if (journal_open(&j, p->result, &p->plan, NULL, err) < 0)
		fail_msg("%s", err->msg);
	journal_set_hook(j, on_record, NULL);
	struct apply_options o = { .allow_replace = true,
				   .journal = j,
				   .lock = &lock,
				   .interrupted = &stop_now,
				   .write = counting_write };
	struct rollback_apply ra = { .plan = &p->plan,
				     .cluster = c,
				     .apply = &o,
				     .result = p->result,
				     .allow_delete = may_be_deleted };
	const struct journal_log *earlier = journal_earlier(j);
	int rc;
	if (earlier && earlier->rollback_file) {
		rc = rollback_apply_resume(&ra, out, &unfinished, err);
	} else {
		o.hold = undo ? &held : NULL;
		rc = apply_run(&p->plan, c, NULL, &o, out, err);
		if (undo && rc < 0 && rollback_is_due(out, &o, err))
			rc = rollback_apply(&ra, out, &unfinished, err);
	}
	struct err late = { 0 };
	if (result_write(out, p->result, &late) < 0 ||
	    (!unfinished && journal_finish(j, out, &late) < 0))
		fail_msg("%s", late.msg);
	locks_release(held);
	cluster_close(c);
	return rc;
}

/* false: the run ended before the step. */
static bool run_killed(const struct place *p, bool undo, int at)
{
	shared->step = 0;
	shared->kill_at = at;
	pid_t pid = fork();
	if (pid == 0) {
		struct apply_result result = { 0 };
		struct err err = { 0 };
		run(p, undo, &result, &err);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	shared->kill_at = NEVER;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* ---- undone afterwards */

static void make_undo(const struct place *p, struct plan *out)
{
	AUTO(journal_log_done) struct journal_log log = { 0 };
	AUTO(auto_free) char *path = journal_path(p->result);
	struct cluster *c = open_cluster(p);
	struct err err = { 0 };
	struct rollback_options o = {
		.cluster = c, .log = &log, .journal = path, .allow_delete = may_be_deleted
	};
	if (journal_read_idle(&log, path, &err) < 0 || rollback_build(&o, out, &err) < 0)
		fail_msg("%s", err.msg);
	cluster_close(c);
}

static void apply_undo(const struct place *p, const struct plan *undo, int at)
{
	struct cluster *c = open_cluster(p);
	AUTO(journal_close_p) struct journal *j = NULL;
	AUTO(auto_free) char *result = xfmt("%s.undone", p->result);
	AUTO(result_done) struct apply_result out = { 0 };
	struct err err = { 0 };
	if (journal_open(&j, result, undo, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	struct apply_options o = { .allow_replace = true, .journal = j };
	if (apply_run(undo, c, NULL, &o, &out, &err) < 0)
		fail_msg("step %d: %s", at, err.msg);
	for (size_t i = 0; i < out.n_objects; i++)
		if (out.objects[i].outcome != OUTCOME_APPLIED ||
		    out.objects[i].as_expected == EXPECTED_NO)
			fail_msg("step %d: %s %s: %s", at, out.objects[i].id,
				 outcome_name(out.objects[i].outcome), out.objects[i].message);
	cluster_close(c);
}

static void undo_after(const struct place *p, int at)
{
	AUTO(plan_done) struct plan undo = { 0 };
	make_undo(p, &undo);
	assert_int_equal(undo.summary.by_action[ACTION_UNKNOWN], 0);
	assert_int_equal(undo.summary.by_action[ACTION_CONFLICT], 0);
	assert_int_equal(undo.summary.by_action[ACTION_REFUSED], 0);
	assert_string_equal(undo.rollback_of, p->plan.digest);
	apply_undo(p, &undo, at);
}

static void killed_and_undone(void **unused)
{
	(void)unused;
	struct place first;
	set_up(&first);
	AUTO(auto_free) char *before = state(&first);
	int at = 0;
	for (bool killed = true; killed; at++) {
		struct place p = place_at(&first, at, false);
		killed = run_killed(&p, false, at);
		undo_after(&p, at);
		same_state(&p, before, at);
		leave(&p);
		assert_in_range(at, 0, MAX_STEPS);
	}
	assert_true(at > 3 * (int)ARRAY_LEN(changes));
	tear_down(&first);
}

/* ---- undone at once */

static void check_report(const struct apply_result *r, int at)
{
	assert_int_equal(r->n_objects, ARRAY_LEN(changes));
	assert_int_equal(r->outcome, APPLY_FAILED);
	for (size_t i = 0; i < r->n_objects; i++) {
		const struct object_result *o = &r->objects[i];
		enum outcome want = strstr(o->id, "Boat")        ? OUTCOME_FAILED
				    : o->action == ACTION_DELETE ? OUTCOME_NOT_TRIED
								 : OUTCOME_ROLLED_BACK;
		if (o->outcome != want)
			fail_msg("step %d: %s %s: %s", at, o->id, outcome_name(o->outcome),
				 o->message);
	}
}

static bool is_finished(const struct place *p)
{
	AUTO(journal_log_done) struct journal_log log = { 0 };
	AUTO(auto_free) char *path = journal_path(p->result);
	struct err err = { 0 };
	if (journal_read_idle(&log, path, &err) < 0)
		fail_msg("%s", err.msg);
	return log.finished;
}

static void failed_and_undone(void **unused)
{
	(void)unused;
	struct place first;
	set_up(&first);
	AUTO(auto_free) char *before = state(&first);
	int at = 0;
	for (bool killed = true; killed; at++) {
		struct place p = place_at(&first, at, true);
		killed = run_killed(&p, true, at);
		AUTO(result_done) struct apply_result result = { 0 };
		AUTO(err_done) struct err err = { 0 };
		if (killed && !is_finished(&p)) {
			assert_int_equal(run(&p, true, &result, &err), -1);
			if (err.code != ERR_PARTIAL)
				fail_msg("step %d: %s", at, err.msg);
		} else if (result_read(&result, p.result, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		check_report(&result, at);
		same_state(&p, before, at);
		leave(&p);
		assert_in_range(at, 0, MAX_STEPS);
	}
	assert_true(at > 6 * (int)ARRAY_LEN(changes));
	tear_down(&first);
}

/* Interrupted while it applies it undoes nothing; while it undoes, the same again goes on with it.
 */
static void interrupted(void **unused)
{
	(void)unused;
	struct place first;
	set_up(&first);
	AUTO(auto_free) char *before = state(&first);
	unsigned applying = 0, undoing = 0;
	int at = 0;
	for (bool stopped = true; stopped; at += 3) {
		struct place p = place_at(&first, at, true);
		AUTO(auto_free) char *file = xfmt("%s.rollback.plan", p.result);
		AUTO(result_done) struct apply_result cut = { 0 }, whole = { 0 };
		AUTO(err_done) struct err err = { 0 }, again = { 0 };
		shared->step = 0;
		shared->stop_at = at;
		assert_int_equal(run(&p, true, &cut, &err), -1);
		stopped = stop_now;
		stop_now = 0;
		shared->stop_at = NEVER;
		assert_int_equal(cut.n_objects, ARRAY_LEN(changes));
		if (err.code == ERR_INTERRUPTED) {
			assert_int_equal(cut.outcome, APPLY_INTERRUPTED);
			*(file_exists(file) ? &undoing : &applying) += 1;
			assert_int_equal(run(&p, true, &whole, &again), -1);
			check_report(&whole, at);
		} else {
			check_report(&cut, at);
		}
		same_state(&p, before, at);
		leave(&p);
		assert_in_range(at, 0, MAX_STEPS);
	}
	if (!applying || !undoing)
		fail_msg("%u interrupted while applying, %u while undoing", applying, undoing);
	tear_down(&first);
}

/* An apply whose rollback is done is not resumed: all of it is to be done again. */
static void not_resumed(void **unused)
{
	(void)unused;
	struct place first;
	set_up(&first);
	struct place p = place_at(&first, 0, true);
	AUTO(result_done) struct apply_result failed = { 0 }, again = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(run(&p, true, &failed, &err), -1);
	AUTO(auto_free) char *rules = path_join(p.cluster, "refusals.json");
	assert_int_equal(unlink(rules), 0);
	err_done(&err);
	/* The plan is of the cluster as it was, and that is as it is: but for objects made anew. */
	int rc = run(&p, false, &again, &err);
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, ERR_STALE);
	assert_non_null(strstr(err.msg, "remade"));
	AUTO(auto_free) char *kept = xfmt("%s.1.journal", p.result);
	assert_true(file_exists(kept));
	leave(&p);
	tear_down(&first);
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 1;
	shared->kill_at = shared->stop_at = NEVER;
	/* Hundreds of clusters are made and synced: in memory where there is room. */
	if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(killed_and_undone, NULL),
		cmocka_unit_test_prestate(failed_and_undone, NULL),
		cmocka_unit_test_prestate(interrupted, NULL),
		cmocka_unit_test_prestate(not_resumed, NULL),
	};
	return _cmocka_run_group_tests("rollback", tests, ARRAY_LEN(tests), NULL, NULL);
}
