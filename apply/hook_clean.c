/* What becomes of a hook's object when its run has ended; see hook.h.
 *
 * By its uid, so that no other object of the name is ever meant, and under an id of its own in the
 * journal: the outcome of the hook stands there already, and stays. */
#include "apply/hook.h"

#include <string.h>

enum { MAX_TRIES = 3 }; /* of one deletion, where there was no answer */

static const char *journal_id(struct run *r, const struct step *s)
{
	return arena_fmt(&r->arena, "%s: delete policy", s->change->id);
}

/* An earlier run has deleted it. */
static bool is_clean(struct run *r, const struct step *s)
{
	const struct journal *j = r->options->journal;
	const struct journal_log *log = j ? journal_earlier(j) : NULL;
	const struct journal_object *o = log ? journal_find(log, journal_id(r, s)) : NULL;
	return o && o->deleted;
}

/* Its run has ended well, or it was made and has failed. */
static bool is_to_go(const struct step *s)
{
	unsigned policy = s->change->hook.delete_policy;
	if (!change_is_hook(s->change) || s->state != STEP_ENDED || s->cleaned || !s->made)
		return false;
	if (s->result->outcome == OUTCOME_APPLIED)
		return policy & HOOK_SUCCEEDED;
	return s->result->outcome == OUTCOME_FAILED && policy & HOOK_FAILED;
}

static struct json options_of(struct arena *a, const struct step *s)
{
	struct json body = json_of_object(), must = json_of_object();
	json_set_str(a, &must, "uid", s->made);
	json_set_str(a, &body, "apiVersion", "v1");
	json_set_str(a, &body, "kind", "DeleteOptions");
	json_set(a, &body, "preconditions", must);
	json_set_str(a, &body, "propagationPolicy", "Background");
	return body;
}

struct deletion {
	struct run *run;
	struct step *step;
	const char *id;
	bool answered, done;
	char *why; /* not done; free() */
};

static int deleted(void *ctx, struct api_call *call, struct err *err)
{
	struct deletion *d = ctx;
	struct journal *j = d->run->options->journal;
	(void)err;
	/* 409: another object has its name by now, and it is gone. */
	d->done = (call->status >= 200 && call->status < 300) || call->status == 404 ||
		  call->status == 409;
	d->answered = call->status != 0 && call->status < 500;
	d->run->wrote = d->run->wrote || !d->answered || call->status < 300;
	free(TAKE(d->why));
	d->why = xstrdup(call->err.msg ? call->err.msg : "no answer");
	AUTO(err_done) struct err failed = { 0 };
	if (j && journal_answer(j, d->id, JOURNAL_DELETE, call, false, &failed) < 0)
		result_problem(d->run->result, "the journal is not whole: %s", failed.msg);
	return 0;
}

static bool announce(struct deletion *d, const struct json *body)
{
	struct journal *j = d->run->options->journal;
	struct journal_intent i = {
		.id = d->id, .step = JOURNAL_DELETE, .uid = d->step->made, .body = body
	};
	AUTO(err_done) struct err err = { 0 };
	if (!j || (journal_intent(j, &i, &err) == 0 && journal_sync(j, &err) == 0))
		return true;
	free(TAKE(d->why));
	d->why = xstrdup(err.msg);
	return false;
}

static void clean(struct run *r, struct step *s)
{
	const struct object_ref *ref = &s->change->ref;
	struct deletion d = { .run = r, .step = s, .id = journal_id(r, s) };
	struct json body = options_of(&r->arena, s);
	s->cleaned = true;
	for (int i = 0; i < MAX_TRIES && !d.answered && announce(&d, &body); i++) {
		struct api_call call = { .verb = API_DELETE,
					 .kind = run_kind(r, s->change),
					 .namespace = ref->namespace,
					 .name = ref->name,
					 .body = &body };
		AUTO(err_done) struct err err = { 0 };
		if (!call.kind)
			break;
		r->write(r->cluster, &call, 1, deleted, &d, &err);
		if (!d.why)
			d.why = xstrdup(err.msg ? err.msg : "no answer");
		err_done(&call.err);
	}
	if (!d.done)
		result_problem(r->result,
			       "%s has ended, but its delete policy was not carried out: %s",
			       step_label(r, s), d.why ? d.why : "its kind is not served");
	free(d.why);
}

void hooks_clean(struct run *r)
{
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		struct step *s = &r->steps[i];
		/* Of a run that is cut short nothing is known: it may still be at work. */
		if (run_interrupted(r) || !locks_hold(r->locks))
			return;
		if (!s->made && s->state == STEP_ENDED && s->past)
			s->made = s->past->new_uid;
		if (is_to_go(s) && !is_clean(r, s))
			clean(r, s);
	}
}
