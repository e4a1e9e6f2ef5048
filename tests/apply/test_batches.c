/* Changes that are announced and sent together: what is withdrawn when a run is interrupted, and
 * when objects are looked at again before they are written. */
#include "tests/lib/fake_world.h"

#include <string.h>

#include "apply/journal.h"
#include "plan/state.h"

enum { OBJECTS = 4 * APPLY_BATCH, STOP_AT = 10 };

static volatile sig_atomic_t stop;

/* In the order in which they are planned. */
static char *config(int i, const char *value)
{
	return xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":"
		    "\"shop\",\"name\":\"c%03d\"},\"data\":{\"k\":\"%s\"}}",
		    i, value);
}

static void plan_updates(struct world *w)
{
	world_init(w);
	for (int i = 0; i < OBJECTS; i++) {
		AUTO(auto_free) char *before = config(i, "1"), *after = config(i, "2");
		fake_put(&w->f, before, FIELD_MANAGER, "Apply");
		world_plan(w, ACTION_UPDATE, after);
	}
	world_planned(w);
}

static unsigned count(const struct buf *text, const char *part)
{
	unsigned n = 0;
	for (const char *at = buf_text(text); (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* ---- objects that move between the check and their write */

/* A controller has written a status to the first half since the check. */
static void first_half_moves(void *ctx, struct fake_cluster *f, unsigned nth)
{
	(void)ctx;
	for (int i = 0; nth == 1 && i < OBJECTS / 2; i++) {
		AUTO(auto_free)
		char *text =
			xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			     "\"namespace\":\"shop\",\"name\":\"c%03d\"},\"status\":{\"n\":1}}",
			     i);
		fake_put(f, text, "controller", "Update");
	}
}

/* The first batch is refused and read; the second and third are read first, and as nothing of the
 * third has moved, the fourth is not. */
static void looks_again_while_they_move(void **state)
{
	(void)state;
	struct world w;
	plan_updates(&w);
	w.f.before_write = first_half_moves;
	world_apply_ok(&w);
	assert_int_equal(result_count(&w.result, OUTCOME_APPLIED), OBJECTS);
	assert_int_equal(count(&w.f.log, "apply ConfigMap shop/c"), OBJECTS + APPLY_BATCH);
	assert_int_equal(w.f.reads, 1 + 3 * APPLY_BATCH); /* and one of the parent */
	world_done(&w);
}

static void at_rest_they_are_read_once(void **state)
{
	(void)state;
	struct world w;
	plan_updates(&w);
	world_apply_ok(&w);
	assert_int_equal(count(&w.f.log, "apply ConfigMap shop/c"), OBJECTS);
	assert_int_equal(w.f.reads, 1);
	assert_int_equal(w.f.lists, 1);
	world_done(&w);
}

/* Of two objects of the second batch, one is as planned by then, and one is another's. */
static void somebody_writes_too(void *ctx, struct fake_cluster *f, unsigned nth)
{
	const struct world *w = ctx;
	first_half_moves(ctx, f, nth);
	if (nth != 1)
		return;
	AUTO(auto_free)
	char *same =
		xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":"
		     "\"shop\",\"name\":\"c%03d\",\"labels\":{\"" APPLYSET_LABEL
		     "\":\"%s\"}},\"data\":{\"k\":\"2\"}}",
		     APPLY_BATCH, w->p.applications[0].applyset);
	AUTO(auto_free) char *other = config(APPLY_BATCH + 1, "3");
	fake_put(f, same, FIELD_MANAGER, "Apply");
	fake_put(f, other, "kubectl-edit", "Update");
}

static void what_it_finds_then(void **state)
{
	(void)state;
	struct world w;
	plan_updates(&w);
	w.options.keep_going = true;
	w.f.before_write = somebody_writes_too;
	w.f.ctx = &w;
	world_apply_fails(&w, ERR_PARTIAL, "1 failed");
	assert_int_equal(result_count(&w.result, OUTCOME_APPLIED), OBJECTS - 2);
	world_expect(&w, "ConfigMap/shop/c064", OUTCOME_UNCHANGED);
	world_expect(&w, "ConfigMap/shop/c065", OUTCOME_STALE);
	assert_non_null(strstr(world_result(&w, "ConfigMap/shop/c065")->message, "kubectl-edit"));
	assert_int_equal(count(&w.f.log, "apply ConfigMap shop/c064 "), 0);
	assert_int_equal(count(&w.f.log, "apply ConfigMap shop/c065 "), 0);
	world_done(&w);
}

/* The last write of the first batch; then reading is forbidden. */
static void reads_end(void *ctx, struct fake_cluster *f, unsigned nth)
{
	first_half_moves(ctx, f, nth);
	if (nth != 2 * APPLY_BATCH)
		return;
	f->fail_at = (int)f->reads;
	f->fail_reads = f->fail_all = true;
	f->fault = FAKE_REFUSE;
}

/* Then the check's version is sent: refused where it is old, and nothing is made of that. */
static void a_look_may_fail(void **state)
{
	(void)state;
	struct world w;
	plan_updates(&w);
	w.options.keep_going = true;
	w.f.before_write = reads_end;
	world_apply_fails(&w, ERR_PARTIAL, "failed");
	assert_int_equal(result_count(&w.result, OUTCOME_APPLIED), OBJECTS - APPLY_BATCH);
	assert_int_equal(result_count(&w.result, OUTCOME_FAILED), APPLY_BATCH);
	world_expect(&w, "ConfigMap/shop/c064", OUTCOME_FAILED);
	assert_non_null(strstr(world_result(&w, "ConfigMap/shop/c064")->message, "modified"));
	world_expect(&w, "ConfigMap/shop/c128", OUTCOME_APPLIED);
	world_done(&w);
}

/* ---- an interrupted batch */

static void stop_in_batch(void *ctx, struct fake_cluster *f, unsigned nth)
{
	(void)ctx, (void)f;
	if (nth == STOP_AT)
		stop = 1;
}

/* What has left is finished, the rest of the batch stays; a resumed run does that and no more. */
static void interrupted_in_a_batch(void **state)
{
	(void)state;
	struct world w;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *file = xfmt("%s/result.json", dir);
	AUTO(err_done) struct err err = { 0 };
	plan_updates(&w);
	assert_int_equal(journal_open(&w.options.journal, file, &w.p, NULL, &err), 0);
	stop = 0;
	w.options.interrupted = &stop;
	w.f.before_write = stop_in_batch;
	world_apply_fails(&w, ERR_INTERRUPTED, "interrupted");
	assert_int_equal(w.f.writes, STOP_AT + 1); /* one for the parent */
	assert_int_equal(result_count(&w.result, OUTCOME_APPLIED), STOP_AT);
	assert_int_equal(result_count(&w.result, OUTCOME_NOT_TRIED), OBJECTS - STOP_AT);
	assert_int_equal(journal_finish(w.options.journal, &w.result, &err), 0);
	journal_close(TAKE(w.options.journal));
	assert_int_equal(journal_open(&w.options.journal, file, &w.p, NULL, &err), 0);
	stop = 0;
	w.f.before_write = NULL;
	world_apply_ok(&w);
	assert_int_equal(count(&w.f.log, "apply ConfigMap shop/c"), OBJECTS - STOP_AT);
	assert_int_equal(result_count(&w.result, OUTCOME_APPLIED), OBJECTS);
	for (size_t i = 0; i < w.result.n_objects; i++)
		assert_null(w.result.objects[i].message);
	journal_close(w.options.journal);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_rest_they_are_read_once),
		cmocka_unit_test(looks_again_while_they_move),
		cmocka_unit_test(what_it_finds_then),
		cmocka_unit_test(a_look_may_fail),
		cmocka_unit_test(interrupted_in_a_batch),
	};
	return _cmocka_run_group_tests("batches", tests, ARRAY_LEN(tests), NULL, NULL);
}
