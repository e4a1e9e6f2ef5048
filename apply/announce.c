/* What the writes of a run tell its journal; see journal.h. */
#include "apply/run.h"

#include <string.h>

static const enum journal_step steps[] = {
	[REQUEST_TAKEOVER] = JOURNAL_TAKEOVER,
	[REQUEST_APPLY] = JOURNAL_APPLY,
	[REQUEST_DELETE] = JOURNAL_DELETE,
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

/* An object that was written already is no longer what it was. */
void announce_before(struct run *r, struct step *s, const struct json *live)
{
	struct journal *j = r->options->journal;
	if (!j || s->announced || s->replaced || (s->past && s->past->written))
		return;
	forget_before(s);
	s->before = journal_before_text(j, s->change->id, live, is_secret(s), &s->sealed);
}

bool announce_write(struct run *r, struct step *s, const struct api_call *call, struct err *err)
{
	struct journal *j = r->options->journal;
	if (!j)
		return true;
	bool creates = step_creates(s);
	struct journal_intent i = { .id = s->change->id,
				    .step = steps[s->next],
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
	forget_before(s);
	return true;
}

static const char *parent_id(struct arena *a, const struct parent *p)
{
	return arena_fmt(a, "ConfigMap/%s/%s (ApplySet)", p->application->namespace, p->name);
}

bool announce_parent(struct run *r, const struct parent *p, const struct api_call *call,
		     struct err *err)
{
	struct journal *j = r->options->journal;
	struct journal_intent i = { .id = parent_id(&r->arena, p),
				    .step = JOURNAL_PARENT,
				    .uid = p->exists ? p->uid : NULL,
				    .resource_version = p->exists ? p->resource_version : NULL,
				    .body = call->body };
	return !j || journal_intent(j, &i, err) == 0;
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
	    journal_answer(r->options->journal, s->change->id, steps[s->next], call, &err) < 0)
		note_failure(r, &err);
}

void announce_found(struct run *r, const struct step *s, const struct json *live)
{
	AUTO(err_done) struct err err = { 0 };
	struct api_call read = { .status = 200, .object = live };
	if (r->options->journal &&
	    journal_answer(r->options->journal, s->change->id, JOURNAL_APPLY, &read, &err) < 0)
		note_failure(r, &err);
}

void announce_parent_answer(struct run *r, const struct parent *p, const struct api_call *call)
{
	AUTO(err_done) struct err err = { 0 };
	if (r->options->journal && journal_answer(r->options->journal, parent_id(&r->scratch, p),
						  JOURNAL_PARENT, call, &err) < 0)
		note_failure(r, &err);
}

void announce_end(struct run *r, const struct step *s)
{
	AUTO(err_done) struct err err = { 0 };
	if (r->options->journal && (s->announced || s->past) &&
	    journal_end(r->options->journal, s->result, &err) < 0)
		note_failure(r, &err);
}
