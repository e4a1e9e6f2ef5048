/* The sequence of an apply; see apply.h. */
#include <string.h>

#include "apply/wait.h"

static void run_done(struct run *r)
{
	for (size_t i = 0; r->steps && i < r->plan->n_changes; i++) {
		free(r->steps[i].trouble.message);
		free(r->steps[i].why_stale);
		free(r->steps[i].note);
		free(r->steps[i].before);
		free(r->steps[i].sealed);
	}
	wait_close(r);
	if (!r->options->hold)
		locks_release(r->locks);
	journal_log_done(&r->undone);
	err_done(&r->read_err);
	kind_table_done(&r->kinds);
	arena_done(&r->scratch);
	arena_done(&r->arena);
}

static void run_init(struct run *r)
{
	const struct plan *p = r->plan;
	r->steps = arena_calloc(&r->arena, p->n_changes, sizeof(*r->steps));
	r->parents = arena_calloc(&r->arena, p->n_applications, sizeof(*r->parents));
	for (size_t i = 0; i < p->n_changes; i++) {
		r->steps[i].change = &p->changes[i];
		r->steps[i].result = &r->result->objects[i];
	}
	for (size_t i = 0; i < p->n_applications; i++) {
		r->parents[i].application = &p->applications[i];
		r->parents[i].name = applyset_parent_name(&r->arena, p->applications[i].name);
		r->parents[i].kinds = r->parents[i].namespaces = "";
	}
}

static int take_locks(struct run *r, struct err *err)
{
	const struct apply_options *o = r->options;
	if (!o->lock)
		return 0;
	if (o->hold && *o->hold) {
		r->locks = *o->hold;
		return 0;
	}
	int rc = locks_take(&r->locks,
			    &(struct lock_site){ .cluster = r->cluster,
						 .write = r->write,
						 .plan = r->plan,
						 .options = o->lock,
						 .interrupted = o->interrupted,
						 .waiting = o->progress.waiting,
						 .ctx = o->progress.ctx },
			    err);
	if (rc == 0 && o->hold)
		*o->hold = r->locks;
	return rc;
}

/* Whoever would resume the apply that is undone must not. */
static int mark_undone(struct run *r, struct err *err)
{
	const struct plan *p = r->plan;
	bool writes = false;
	for (size_t i = 0; i < p->n_changes; i++)
		writes = writes || r->steps[i].state != STEP_ENDED;
	if (!p->rollback_of || !writes || r->options->marked)
		return 0;
	return journal_mark_undone(p->rollback_journal, p->rollback_of, p->digest, err);
}

/* Everything that comes before the first write. */
static int look(struct run *r, struct err *err)
{
	resume(r);
	if (guard_check(r, err) < 0 || prepare(r, err) < 0 || take_locks(r, err) < 0 ||
	    parents_read(r, err) < 0)
		return -1;
	if (run_interrupted(r))
		return err_set(err, ERR_INTERRUPTED, "interrupted; nothing was written");
	if (check_all(r, err) < 0)
		return -1;
	return mark_undone(r, err);
}

/* The earlier run wrote, this one has not. */
static int give_up_again(struct run *r, struct err *err)
{
	struct apply_result *out = r->result;
	bool interrupted = err->code == ERR_INTERRUPTED;
	out->outcome = interrupted ? APPLY_INTERRUPTED : APPLY_FAILED;
	out->next = interrupted ? "Apply the same plan again for the rest."
				: "Nothing more was written. Settle what is in the way and apply "
				  "the same plan again for the rest, or plan again.";
	result_problem(out, "%s", err->msg);
	err->code = interrupted ? ERR_INTERRUPTED : ERR_PARTIAL;
	return err_wrap(err, "an earlier run was not finished, and cannot be resumed");
}

/* Nothing was written: every change that has no outcome yet was not tried. */
static int give_up(struct run *r, struct err *err)
{
	struct apply_result *out = r->result;
	for (size_t i = 0; i < r->plan->n_changes; i++)
		if (r->steps[i].state != STEP_ENDED)
			step_end(r, &r->steps[i], OUTCOME_NOT_TRIED, NULL);
	if (r->wrote)
		return give_up_again(r, err);
	out->outcome = err->code == ERR_STALE         ? APPLY_STALE
		       : err->code == ERR_REFUSED     ? APPLY_REFUSED
		       : err->code == ERR_INTERRUPTED ? APPLY_INTERRUPTED
						      : APPLY_FAILED;
	out->next =
		err->code == ERR_STALE     ? "Nothing was written. Plan again and look at what "
					     "has changed."
		: err->code == ERR_REFUSED ? "Nothing was written. Settle what refuses it, then "
					     "apply the same plan again or plan again."
		: err->code == ERR_INTERRUPTED ? "Nothing was written. Apply the same plan to "
						 "start again."
					       : "Nothing was written. Settle the error and apply "
						 "the same plan again.";
	if (err->code != ERR_STALE)
		result_problem(out, "%s", err->msg);
	return -1;
}

static size_t count(const struct run *r, bool (*is)(const struct step *s))
{
	size_t n = 0;
	for (size_t i = 0; i < r->plan->n_changes; i++)
		n += is(&r->steps[i]);
	return n;
}

static bool is_not_tried(const struct step *s)
{
	return s->result->outcome == OUTCOME_NOT_TRIED && action_writes(s->change->action);
}

static int conclude_done(struct run *r)
{
	struct apply_result *out = r->result;
	size_t unexpected = result_unexpected(out);
	out->outcome = APPLY_APPLIED;
	if (unexpected)
		out->next =
			arena_fmt(&out->arena,
				  "All was applied, but %zu of the objects %s not what the plan "
				  "expected: plan again to see what a webhook or controller made "
				  "of %s.",
				  unexpected, unexpected == 1 ? "is" : "are",
				  unexpected == 1 ? "it" : "them");
	else if (result_count(out, OUTCOME_NOT_TRIED))
		out->next = "What could be applied is; settle the conflicts and unknowns and plan "
			    "again.";
	else if (!r->wrote)
		out->next = "The cluster was as planned already: nothing was written.";
	else
		out->next = "Nothing is left to do.";
	return 0;
}

static int conclude(struct run *r, struct err *err)
{
	struct apply_result *out = r->result;
	size_t failed = count(r, step_failed), open = count(r, is_not_tried);
	if (!failed && !open && out->n_problems == r->n_remarks)
		return conclude_done(r);
	out->next =
		"Settle what failed, then apply the same plan again for the rest, or plan again.";
	if (run_interrupted(r) && (r->wrote || !failed)) {
		out->outcome = APPLY_INTERRUPTED;
		if (failed == r->n_cut)
			out->next = r->n_cut ? "Apply the same plan again: it goes on waiting, "
					       "and then with the rest."
					     : "Apply the same plan again for the rest.";
		return err_set(err, ERR_INTERRUPTED,
			       "interrupted: %zu failed, %zu of %zu changes not tried", failed,
			       open, out->n_objects);
	}
	out->outcome = APPLY_FAILED;
	if (!r->wrote && result_count(out, OUTCOME_STALE) == failed && failed) {
		out->outcome = APPLY_STALE;
		out->next = "Nothing was written. Plan again and look at what has changed.";
		return err_set(err, ERR_STALE,
			       "the cluster changed while it was looked at: %zu stale", failed);
	}
	if (failed || open)
		return err_set(err, ERR_PARTIAL, "%zu failed, %zu not tried, %zu applied", failed,
			       open, result_count(out, OUTCOME_APPLIED));
	return err_set(err, ERR_PARTIAL, "%s", out->problems[r->n_remarks]);
}

int apply_run(const struct plan *p, struct cluster *c, struct repository *repo,
	      const struct apply_options *o, struct apply_result *out, struct err *err)
{
	int64_t started = time_monotonic_ms();
	result_init(out, p);
	AUTO(run_done)
	struct run r = { .plan = p,
			 .cluster = c,
			 .repo = repo,
			 .options = o,
			 .result = out,
			 .write = o->write ? o->write : writer_call };
	run_init(&r);
	if (o->unlocked) {
		result_problem(out, "applied without locks: %s", o->unlocked);
		r.n_remarks++;
	}
	int rc;
	if (look(&r, err) < 0) {
		rc = give_up(&r, err);
	} else {
		execute(&r);
		if (locks_hold(r.locks))
			parents_finish(&r);
		if (locks_lost(r.locks))
			result_problem(out, "%s", locks_lost(r.locks));
		rc = conclude(&r, err);
	}
	out->seconds = (double)(time_monotonic_ms() - started) / 1000;
	return rc;
}
