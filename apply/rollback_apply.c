/* See rollback_apply.h. */
#include "apply/rollback_apply.h"

#include <string.h>

#include "apply/journal_internal.h"
#include "apply/rollback.h"
#include "base/file.h"

static bool is_open(const struct object_result *o)
{
	return o->outcome == OUTCOME_FAILED || o->outcome == OUTCOME_STALE ||
	       (o->outcome == OUTCOME_NOT_TRIED && action_writes(o->action));
}

bool rollback_is_due(const struct apply_result *r, const struct apply_options *o,
		     const struct err *err)
{
	bool locked = !o->lock || (o->hold && *o->hold && !locks_lost(*o->hold));
	bool open = false;
	for (size_t i = 0; i < r->n_objects; i++)
		open = open || is_open(&r->objects[i]);
	return open && locked && r->outcome == APPLY_FAILED && err->code == ERR_PARTIAL &&
	       !(o->interrupted && *o->interrupted);
}

/* ---- its files */

static char *own_result(const struct rollback_apply *ra)
{
	return xfmt("%s.rollback", ra->result);
}

static char *plan_file(const struct rollback_apply *ra)
{
	return xfmt("%s.rollback.plan", ra->result);
}

/* ---- the result of both */

static const struct object_result *find(const struct apply_result *r, const char *id)
{
	for (size_t i = 0; i < r->n_objects; i++)
		if (strcmp(r->objects[i].id, id) == 0)
			return &r->objects[i];
	return NULL;
}

static bool was_written(const struct journal_log *log, const struct object_result *o)
{
	const struct journal_object *j = journal_find(log, o->id);
	return o->outcome == OUTCOME_APPLIED || (o->outcome == OUTCOME_FAILED && j && j->written);
}

/* One object of the apply, after its part of the rollback (NULL: nothing of it was to be undone).
 */
static void fold_object(struct apply_result *out, struct object_result *o,
			const struct object_result *undone, const struct journal_log *log)
{
	struct arena *a = &out->arena;
	bool failed = o->outcome == OUTCOME_FAILED;
	if (!rollback_covers(o->id) || (!undone && !was_written(log, o)))
		return;
	if (!undone || undone->outcome == OUTCOME_APPLIED || undone->outcome == OUTCOME_UNCHANGED) {
		o->outcome = OUTCOME_ROLLED_BACK;
		o->as_expected = EXPECTED_NOT_KNOWN;
		if (failed && o->message)
			o->message = arena_fmt(a, "had failed: %s", o->message);
		return;
	}
	const char *why = undone->message ? undone->message : outcome_name(undone->outcome);
	o->message = arena_fmt(a, "%s%snot rolled back: %s", o->message ? o->message : "",
			       o->message ? "; " : "", why);
}

static void fold(struct apply_result *out, const struct apply_result *undone,
		 const struct journal_log *log)
{
	for (size_t i = 0; i < out->n_objects; i++)
		fold_object(out, &out->objects[i], find(undone, out->objects[i].id), log);
	for (size_t i = 0; i < undone->n_problems; i++)
		result_problem(out, "rollback: %s", undone->problems[i]);
	out->seconds += undone->seconds;
}

static bool has_failed(const struct apply_result *undone)
{
	for (size_t i = 0; i < undone->n_objects; i++)
		if (is_open(&undone->objects[i]))
			return true;
	return undone->outcome == APPLY_INTERRUPTED;
}

static int conclude(struct apply_result *out, bool whole, bool unfinished, bool interrupted,
		    struct err *err)
{
	size_t back = result_count(out, OUTCOME_ROLLED_BACK);
	err_done(err);
	out->outcome = interrupted ? APPLY_INTERRUPTED : APPLY_FAILED;
	if (whole) {
		out->next = "What was written is rolled back: the cluster is as before. Settle "
			    "what failed, then plan again or apply the same plan again.";
		return err_set(err, ERR_PARTIAL, "the apply failed; %zu of its changes rolled back",
			       back);
	}
	out->next =
		unfinished
			? "The rollback is not finished: the same command again goes on with "
			  "it (or another -o leaves it as it is)."
			: "Not all could be rolled back: the objects say why. Look at them, then "
			  "plan again.";
	return err_set(err, interrupted ? ERR_INTERRUPTED : ERR_PARTIAL,
		       "the apply failed, and its rollback is not whole: %zu of its changes rolled "
		       "back",
		       back);
}

/* ---- applying it */

static int keep(struct journal *j, const struct apply_result *undone, const char *file,
		struct err *err)
{
	if (result_write(undone, file, err) < 0)
		return -1;
	return journal_finish(j, undone, err);
}

/* What may be undone is, whatever happens to the rest. */
static struct apply_options options_of(const struct rollback_apply *ra, struct journal *journal)
{
	struct apply_options o = *ra->apply;
	o.keep_going = o.allow_partial = o.marked = true;
	o.unlocked = NULL;
	o.wait = WAIT_AS_PLANNED; /* not at all: what was before may never have been ready */
	if (o.hold && !*o.hold)
		o.hold = NULL; /* its own locks end with it */
	o.journal = journal;
	return o;
}

static int undo(const struct rollback_apply *ra, const struct plan *p,
		const struct journal_log *log, struct journal *journal, struct apply_result *out,
		bool *unfinished, struct err *err)
{
	AUTO(result_done) struct apply_result undone = { 0 };
	AUTO(err_done) struct err failure = { 0 }, lost = { 0 };
	struct apply_options o = options_of(ra, journal);
	AUTO(auto_free) char *file = own_result(ra);
	o.progress = ra->begin ? ra->begin(ra->ctx, p) : (struct apply_progress){ 0 };
	int rc = apply_run(p, ra->cluster, NULL, &o, &undone, &failure);
	if (ra->end)
		ra->end(ra->ctx);
	if (keep(journal, &undone, file, &lost) < 0)
		result_problem(out, "rollback: %s", lost.msg);
	fold(out, &undone, log);
	*unfinished = has_failed(&undone);
	bool blocked = p->summary.by_action[ACTION_CONFLICT] ||
		       p->summary.by_action[ACTION_UNKNOWN] || p->summary.by_action[ACTION_REFUSED];
	return conclude(out, rc == 0 && !blocked, *unfinished, undone.outcome == APPLY_INTERRUPTED,
			err);
}

/* Nothing was undone: the apply stays as it has failed. */
static int not_begun(struct apply_result *out, struct err *why, struct err *err)
{
	result_problem(out, "not rolled back: %s", why->msg);
	out->next = "What was written stays: rhumb rollback RESULT -o PLAN makes the plan that "
		    "undoes it.";
	return err_wrap(err, "not rolled back (%s)", why->msg);
}

static int make(const struct rollback_apply *ra, struct plan *p, struct journal_log *log,
		struct journal **journal, struct err *err)
{
	char created[TIME_TEXT];
	time_format(time(NULL), created);
	AUTO(auto_free) char *path = journal_path(ra->result);
	AUTO(auto_free) char *whole = realpath(path, NULL);
	AUTO(auto_free) char *file = plan_file(ra);
	AUTO(auto_free) char *result = own_result(ra);
	if (journal_read(log, path, err) < 0)
		return -1;
	struct rollback_options ro = { .cluster = ra->cluster,
				       .log = log,
				       .journal = whole ? whole : path,
				       .cluster_name = ra->plan->cluster_name,
				       .key = ra->apply->key,
				       .allow_delete = ra->allow_delete,
				       .created = created };
	if (rollback_build(&ro, p, err) < 0 || plan_write(p, file, err) < 0 ||
	    journal_open(journal, result, p, ra->apply->key, err) < 0)
		return -1;
	(*journal)->hook = ra->apply->journal->hook;
	(*journal)->hook_ctx = ra->apply->journal->hook_ctx;
	return journal_rollback(ra->apply->journal, p->digest,
				strrchr(file, '/') ? strrchr(file, '/') + 1 : file, err);
}

int rollback_apply(const struct rollback_apply *ra, struct apply_result *out, bool *unfinished,
		   struct err *err)
{
	AUTO(plan_done) struct plan p = { 0 };
	AUTO(journal_log_done) struct journal_log log = { 0 };
	AUTO(journal_close_p) struct journal *journal = NULL;
	AUTO(err_done) struct err why = { 0 };
	*unfinished = false;
	if (make(ra, &p, &log, &journal, &why) < 0)
		return not_begun(out, &why, err);
	return undo(ra, &p, &log, journal, out, unfinished, err);
}

/* ---- going on with it */

/* As the apply itself had left it. */
static void result_from_journal(const struct journal_log *log, const struct plan *p,
				struct apply_result *out)
{
	result_init(out, p);
	memcpy(out->started, log->started, strlen(log->started) + 1);
	for (size_t i = 0; i < out->n_objects; i++) {
		struct object_result *o = &out->objects[i];
		const struct journal_object *j = journal_find(log, o->id);
		if (!j || !j->ended)
			continue;
		o->outcome = j->result.outcome;
		o->seconds = j->result.seconds;
		o->as_expected = j->result.as_expected;
		if (j->result.message)
			o->message = arena_strdup(&out->arena, j->result.message);
	}
}

static int take_up(const struct rollback_apply *ra, const struct journal_log *log, struct plan *p,
		   struct journal **journal, struct err *err)
{
	AUTO(auto_free) char *file = plan_file(ra);
	AUTO(auto_free) char *result = own_result(ra);
	if (plan_read(p, file, err) < 0)
		return err_wrap(err,
				"the rollback of this apply was begun and cannot be gone on with "
				"(rhumb rollback makes another plan for it)");
	if (strcmp(p->digest, log->rollback) != 0)
		return err_set(err, ERR_INPUT,
			       "%s is not the plan of the rollback that was begun (%s)", file,
			       log->rollback);
	if (journal_open(journal, result, p, ra->apply->key, err) < 0)
		return -1;
	(*journal)->hook = ra->apply->journal->hook;
	(*journal)->hook_ctx = ra->apply->journal->hook_ctx;
	return 0;
}

int rollback_apply_resume(const struct rollback_apply *ra, struct apply_result *out,
			  bool *unfinished, struct err *err)
{
	const struct journal_log *log = journal_earlier(ra->apply->journal);
	AUTO(plan_done) struct plan p = { 0 };
	AUTO(journal_close_p) struct journal *journal = NULL;
	*unfinished = true;
	result_from_journal(log, ra->plan, out);
	if (take_up(ra, log, &p, &journal, err) < 0) {
		out->outcome = APPLY_FAILED;
		result_problem(out, "%s", err->msg);
		out->next = "Nothing more was written.";
		return -1;
	}
	return undo(ra, &p, log, journal, out, unfinished, err);
}
