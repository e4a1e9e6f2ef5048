/* Going on where an earlier run of the same plan was ended: see journal.h.
 *
 * What has an outcome keeps it, and is not looked at again: in an undisturbed run nobody would
 * look either.  What was announced and has none is read by the check like everything else; here
 * is what the journal adds to what can be seen. */
#include "apply/run.h"

#include <string.h>

static bool answered_well(const struct journal_object *o)
{
	return o->answered && o->status >= 200 && o->status < 300;
}

bool resume_may_be_done(const struct step *s)
{
	const struct journal_object *o = s->past;
	if (!o)
		return false;
	if (o->written)
		return true;
	/* An intent of a batch of which it was withdrawn. */
	if (o->ended && o->result.outcome == OUTCOME_NOT_TRIED)
		return false;
	return !o->answered || o->status == 0 || o->status >= 500;
}

/* Its last write is done for sure. */
static bool is_written(const struct step *s)
{
	const struct journal_object *o = s->past;
	if (!answered_well(o))
		return false;
	return o->step == JOURNAL_GIVE_BACK || (o->step == JOURNAL_APPLY && !s->change->keeps) ||
	       (o->step == JOURNAL_DELETE && s->change->action == ACTION_DELETE);
}

bool resume_has_values(const struct step *s, const struct json *live)
{
	const struct journal_object *o = s->past;
	const char *uid = json_str(json_at(live, "metadata", "uid", NULL));
	if (!o || !uid || !s->change->keeps)
		return false;
	const char *its = o->step == JOURNAL_GIVE_BACK                   ? o->uid
			  : o->step == JOURNAL_APPLY && answered_well(o) ? o->new_uid
									 : NULL;
	return its && strcmp(its, uid) == 0;
}

static bool is_kept(const struct journal_object *o)
{
	return o->ended &&
	       (o->result.outcome == OUTCOME_APPLIED || o->result.outcome == OUTCOME_UNCHANGED);
}

static void keep(struct run *r, struct step *s)
{
	struct arena *a = &r->result->arena;
	const struct object_result *was = &s->past->result;
	s->result->outcome = was->outcome;
	s->result->message = was->message ? arena_strdup(a, was->message) : NULL;
	s->result->seconds = was->seconds;
	s->result->as_expected = was->as_expected;
	s->result->became = was->became;
	s->state = STEP_ENDED;
	r->n_kept++;
}

void resume(struct run *r)
{
	const struct journal_log *log =
		r->options->journal ? journal_earlier(r->options->journal) : NULL;
	if (!log)
		return;
	memcpy(r->result->started, log->started, strlen(log->started) + 1);
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		struct step *s = &r->steps[i];
		s->past = journal_find(log, s->change->id);
		if (!s->past)
			continue;
		r->wrote = r->wrote || resume_may_be_done(s);
		if (is_kept(s->past))
			keep(r, s);
		s->own_version = s->past->taken_over;
		if (s->past->makes)
			memcpy(s->makes, s->past->makes, DIGEST_TEXT);
		/* Its new object is only ever sent once the old one is gone. */
		s->replaced =
			s->change->action == ACTION_REPLACE &&
			(s->past->step == JOURNAL_APPLY || s->past->step == JOURNAL_GIVE_BACK);
	}
}

/* Its deletion was announced: the object with that uid is the old one. */
static void follow_replacement(struct step *s, const char *uid, bool deleting)
{
	const char *old = s->past->uid;
	if (s->replaced || s->past->step != JOURNAL_DELETE || !old)
		return;
	if (!uid || strcmp(uid, old) != 0)
		s->replaced = true;
	else
		s->going = deleting;
}

bool resume_is_done(struct step *s, const struct json *live)
{
	const struct json *meta = json_get(live, "metadata");
	const char *uid = json_get_str(meta, "uid");
	bool deleting = json_get_str(meta, "deletionTimestamp") != NULL;
	if (!s->past || s->writing)
		return false;
	if (s->change->action == ACTION_REPLACE)
		follow_replacement(s, uid, deleting);
	if (is_written(s))
		return true;
	/* Gone, or going: that is all that a deletion can come to. */
	const char *old = s->past->uid;
	return s->change->action == ACTION_DELETE && s->past->step == JOURNAL_DELETE && old &&
	       (!uid || strcmp(uid, old) != 0 || deleting);
}
