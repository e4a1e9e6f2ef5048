/* What the writes of a run tell its journal; see journal.h. */
#include "apply/run.h"

#include <string.h>

#include "apply/applyset.h"
#include "base/json_write.h"

static const enum journal_step steps[] = {
	[REQUEST_TAKEOVER] = JOURNAL_TAKEOVER,
	[REQUEST_APPLY] = JOURNAL_APPLY,
	[REQUEST_DELETE] = JOURNAL_DELETE,
	[REQUEST_GIVE_BACK] = JOURNAL_GIVE_BACK,
};

static bool is_secret(const struct step *s)
{
	return object_is_secret(&s->change->ref);
}

static void forget_before(struct step *s)
{
	free(TAKE(s->before));
	free(TAKE(s->sealed));
}

/* A takeover of an earlier run had no answer, and nothing is left to be taken. */
static bool was_taken_over(const struct step *s)
{
	return s->past && s->past->step == JOURNAL_TAKEOVER && resume_may_be_done(s) &&
	       !s->takeover_pending;
}

/* An object that was written already is no longer what it was. */
void announce_before(struct run *r, struct step *s, const struct json *live)
{
	struct journal *j = r->options->journal;
	if (!j || s->announced || s->replaced || (s->past && s->past->written) || was_taken_over(s))
		return;
	forget_before(s);
	s->before = journal_before_text(j, s->change->id, live, is_secret(s), &s->sealed);
}

bool announce_write(struct run *r, struct step *s, const struct api_call *call, struct err *err)
{
	struct journal *j = r->options->journal;
	if (!j)
		return true;
	bool creates = step_creates(s) && s->next != REQUEST_GIVE_BACK;
	struct journal_intent i = { .id = s->change->id,
				    .step = steps[s->next],
				    .application = s->change->application,
				    .wave = s->change->wave,
				    .uid = creates ? NULL : s->uid,
				    .resource_version = creates ? NULL : s->resource_version,
				    .body = call->body,
				    .makes = s->next == REQUEST_TAKEOVER ? s->makes : NULL,
				    .secret = is_secret(s),
				    .before = s->before,
				    .sealed = s->sealed };
	if (journal_intent(j, &i, err) < 0)
		return false;
	s->announced = true;
	s->last_step = i.step;
	forget_before(s);
	return true;
}

static const char *parent_id(struct arena *a, const struct parent *p)
{
	return applyset_journal_id(a, p->application->name, p->application->namespace);
}

/* What it recorded before the first write of this run or an earlier one; NULL: not there, or said.
 */
static char *parent_before(struct run *r, const struct parent *p)
{
	struct arena *a = &r->arena;
	const struct journal_log *log = journal_earlier(r->options->journal);
	const struct journal_object *past = log ? journal_find(log, parent_id(a, p)) : NULL;
	if (p->announced || !p->exists || (past && past->written))
		return NULL;
	AUTO(buf_done) struct buf text = { 0 };
	struct applyset set = { p->kinds, p->namespaces, { p->commit, p->repository, p->digest } };
	struct json v = applyset_json(a, &set);
	json_write_canonical(&text, &v);
	return buf_take(&text);
}

bool announce_parent(struct run *r, struct parent *p, const struct api_call *call, struct err *err)
{
	struct journal *j = r->options->journal;
	if (!j)
		return true;
	AUTO(auto_free) char *before = parent_before(r, p);
	struct journal_intent i = { .id = parent_id(&r->arena, p),
				    .step = JOURNAL_PARENT,
				    .application = p->application->name,
				    .before = before,
				    .uid = p->exists ? p->uid : NULL,
				    .resource_version = p->exists ? p->resource_version : NULL,
				    .body = call->body };
	if (journal_intent(j, &i, err) < 0)
		return false;
	p->announced = true;
	return true;
}

bool announce_sync(struct run *r, struct err *err)
{
	return !r->options->journal || journal_sync(r->options->journal, err) == 0;
}

/* The write is done; that the journal cannot say so any more stops the next one. */
static void note_failure(struct run *r, struct err *err)
{
	if (!r->journal_failed)
		result_problem(r->result, "the journal is not whole: %s", err->msg);
	r->journal_failed = true;
}

void announce_answer(struct run *r, const struct step *s, const struct api_call *call)
{
	AUTO(err_done) struct err err = { 0 };
	if (r->options->journal && s->announced &&
	    journal_answer(r->options->journal, s->change->id, steps[s->next], call, is_secret(s),
			   &err) < 0)
		note_failure(r, &err);
}

/* A read shows that what was announced last is done. */
void announce_found(struct run *r, const struct step *s, const struct json *live)
{
	AUTO(err_done) struct err err = { 0 };
	struct api_call call = { .status = 200, .object = live };
	enum journal_step last = s->announced ? s->last_step
				 : s->past    ? s->past->step
					      : JOURNAL_PARENT;
	if (r->options->journal && live && last != JOURNAL_PARENT && last != JOURNAL_DELETE &&
	    journal_answer(r->options->journal, s->change->id, last, &call, is_secret(s), &err) < 0)
		note_failure(r, &err);
}

void announce_parent_answer(struct run *r, const struct parent *p, const struct api_call *call)
{
	AUTO(err_done) struct err err = { 0 };
	if (r->options->journal && journal_answer(r->options->journal, parent_id(&r->scratch, p),
						  JOURNAL_PARENT, call, false, &err) < 0)
		note_failure(r, &err);
}

void announce_end(struct run *r, const struct step *s)
{
	AUTO(err_done) struct err err = { 0 };
	if (r->options->journal && (s->announced || s->past) &&
	    journal_end(r->options->journal, s->result, &err) < 0)
		note_failure(r, &err);
}
