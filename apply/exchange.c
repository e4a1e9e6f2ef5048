/* The requests of changes, one after the other: step 6 of apply.h.
 *
 * Each step says which request it needs next; a round sends those of all steps, reads in one
 * batch and writes in another, and each answer decides what the step needs then (answer.c).
 *
 * A batch of writes is announced in the journal as one, and leaves over a while.  What has not
 * left when the run is interrupted, or when a lock has to be renewed, is withdrawn: it is not
 * tried, or is sent in the next round. */
#include "apply/exchange.h"

#include <string.h>

enum {
	POLL_MIN_MS = 50, /* until a replaced object is gone, and before a lost write is repeated */
	POLL_MAX_MS = 1000,
	RESTLESS = 4,
	PATIENT = 2, /* conflicts in a row after which a pause is made: somebody is at work on it */
};

static bool is_made_anew(const struct step *s)
{
	return s->change->action == ACTION_REPLACE || s->removing;
}

static struct json delete_options(struct arena *a, const struct step *s)
{
	struct json body = json_of_object(), must = json_of_object();
	json_set_str(a, &must, "uid", s->uid);
	json_set_str(a, &must, "resourceVersion", s->resource_version);
	json_set_str(a, &body, "apiVersion", "v1");
	json_set_str(a, &body, "kind", "DeleteOptions");
	json_set(a, &body, "preconditions", must);
	json_set_str(a, &body, "propagationPolicy", is_made_anew(s) ? "Foreground" : "Background");
	return body;
}

static struct json apply_body(const struct run *r, struct arena *a, const struct step *s)
{
	const char *applyset = step_applyset(r, s);
	struct json body = change_is_hook(s->change) ? state_hook_body(a, s->declared, applyset)
						     : state_body(a, s->declared, applyset);
	struct json *meta = json_edit(a, &body, "metadata");
	if (step_creates(s)) {
		/* No object has this version: the server refuses if there is one. */
		json_set_str(a, meta, "resourceVersion", "1");
		return body;
	}
	json_set_str(a, meta, "uid", s->uid);
	json_set_str(a, meta, "resourceVersion", s->resource_version);
	return body;
}

static const struct {
	enum api_verb verb;
	bool writes;
} requests[] = {
	[REQUEST_READ] = { API_GET, false },
	[REQUEST_ASK] = { API_DRY_RUN_APPLY, false },
	[REQUEST_GONE] = { API_GET, false },
	[REQUEST_TAKEOVER] = { API_JSON_PATCH, true },
	[REQUEST_APPLY] = { API_APPLY, true },
	[REQUEST_DELETE] = { API_DELETE, true },
	[REQUEST_GIVE_BACK] = { API_JSON_PATCH, true },
};

static struct api_call build(struct run *r, struct step *s)
{
	const struct object_ref *ref = &s->change->ref;
	struct api_call call = { .verb = requests[s->next].verb,
				 .kind = run_kind(r, s->change),
				 .namespace = ref->namespace,
				 .name = ref->name,
				 .user = s };
	struct arena *a = &r->scratch;
	struct json *body = arena_calloc(a, 1, sizeof(*body));
	switch (s->next) {
	case REQUEST_ASK:
		*body = state_body(a, s->declared, step_applyset(r, s));
		break;
	case REQUEST_TAKEOVER:
		*body = takeover_patch(a, s);
		break;
	case REQUEST_APPLY:
		*body = apply_body(r, a, s);
		break;
	case REQUEST_DELETE:
		*body = delete_options(a, s);
		break;
	case REQUEST_GIVE_BACK:
		*body = give_back_patch(a, s);
		break;
	default:
		return call;
	}
	call.body = body;
	return call;
}

struct batch {
	struct run *run;
	struct api_call *calls;
	size_t n;
	bool writes;
};

static void withdraw(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		b->calls[i].withdrawn = true;
}

static void answer_one(struct batch *b, struct step *s, const struct api_call *call)
{
	if (s->writing && !s->started)
		s->started = call->left;
	if (b->writes)
		announce_answer(b->run, s, call);
	answer(b->run, s, call);
}

static int answered(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct batch *b = ctx;
	answer_one(b, TAKE(call->user), call);
	if (b->writes && (run_interrupted(b->run) || locks_are_due(b->run->locks)))
		withdraw(b);
	return 0;
}

/* The batch ended before an answer came. */
static void unanswered(struct batch *b, struct api_call *call, const struct err *whole)
{
	struct step *s = TAKE(call->user);
	if (call->withdrawn && !call->left)
		return;
	call->object = call->failure = NULL;
	call->status = 0;
	call->n_warnings = 0;
	if (!call->err.code)
		err_set(&call->err, ERR_UNREACHABLE, "%s", whole->msg ? whole->msg : "no answer");
	answer_one(b, s, call);
}

/* A write that cannot be announced is not sent. */
static void not_sent(struct run *r, struct api_call *call, const struct err *why)
{
	struct step *s = call->user;
	call->user = NULL;
	err_set(&call->err, ERR_INVALID, "not sent: %s", why->msg);
	answer(r, s, call);
	err_done(&call->err);
}

/* Announces the calls and keeps those that may be sent. */
static size_t announce(struct run *r, struct api_call *calls, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		AUTO(err_done) struct err err = { 0 };
		if (announce_write(r, calls[i].user, &calls[i], &err))
			calls[kept++] = calls[i];
		else
			not_sent(r, &calls[i], &err);
	}
	AUTO(err_done) struct err err = { 0 };
	if (announce_sync(r, &err))
		return kept;
	for (size_t i = 0; i < kept; i++)
		not_sent(r, &calls[i], &err);
	return 0;
}

/* Sends the next requests of those steps whose request writes, or does not. */
static void send_batch(struct run *r, struct step **steps, size_t n, bool writes)
{
	AUTO(auto_free) struct api_call *calls = xcalloc(n, sizeof(*calls));
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		struct step *s = steps[i];
		if (s->next == REQUEST_NONE || requests[s->next].writes != writes || s->sent)
			continue;
		s->sent = true;
		calls[k++] = build(r, s);
	}
	if (writes)
		k = announce(r, calls, k);
	if (!k)
		return;
	AUTO(err_done) struct err whole = { 0 };
	writer_fn *send = writes ? r->write : r->cluster->ops->call;
	struct batch b = { .run = r, .calls = calls, .n = k, .writes = writes };
	send(r->cluster, calls, k, answered, &b, &whole);
	for (size_t i = 0; i < k; i++) {
		if (calls[i].user)
			unanswered(&b, &calls[i], &whole);
		err_done(&calls[i].err);
	}
	arena_reset(&r->scratch);
}

/* Rounds that can only wait are slowed down. */
static void pause_round(struct step **steps, size_t n, unsigned *ms)
{
	bool waiting = true, lost = false, gone = false, contended = false;
	for (size_t i = 0; i < n; i++) {
		if (steps[i]->next == REQUEST_NONE)
			continue;
		waiting = waiting && steps[i]->next == REQUEST_GONE && steps[i]->polled;
		gone = gone || steps[i]->next == REQUEST_GONE;
		lost = lost || steps[i]->trouble.lost || steps[i]->trouble.schema;
		contended =
			contended || (steps[i]->trouble.resend && steps[i]->conflicts >= PATIENT);
	}
	if (!(gone && waiting) && !lost && !contended)
		return;
	run_sleep(*ms);
	*ms = *ms * 2 < POLL_MAX_MS ? *ms * 2 : POLL_MAX_MS;
}

static bool is_touched(const struct step *s)
{
	return s->maybe_done || s->own_version || s->replaced;
}

static bool wants_to_write(const struct step *s)
{
	return s->next != REQUEST_NONE && requests[s->next].writes;
}

/* Without our lock nothing is written, nor written again. */
static void drop_writes(struct run *r, struct step **steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct step *s = steps[i];
		if (!wants_to_write(s))
			continue;
		bool touched = is_touched(s);
		AUTO(auto_free)
		char *why = xfmt("%s%s", touched ? "begun, but not finished: " : "",
				 locks_lost(r->locks));
		step_end(r, s, touched ? OUTCOME_FAILED : OUTCOME_NOT_TRIED, why);
	}
}

/* Of an interrupted run: what has not been begun is not. */
static void drop_unbegun(struct run *r, struct step **steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (wants_to_write(steps[i]) && !steps[i]->started && !is_touched(steps[i]))
			step_end(r, steps[i], OUTCOME_NOT_TRIED, "interrupted");
}

/* Where controllers are at work on what is written, a write in four would be refused for a status
 * that is new since the check, and cost three requests: then the next batch looks again first. */
static void look_back(struct run *r, struct step **steps, size_t n)
{
	size_t updates = 0, moved = 0;
	for (size_t i = 0; i < n; i++) {
		updates += steps[i]->started && !step_creates(steps[i]);
		moved += steps[i]->moved;
	}
	if (updates)
		r->restless = RESTLESS * moved >= updates;
}

void exchange(struct run *r, struct step **steps, size_t n)
{
	unsigned ms = POLL_MIN_MS;
	for (;;) {
		size_t open = 0;
		for (size_t i = 0; i < n; i++) {
			steps[i]->sent = false;
			open += steps[i]->next != REQUEST_NONE;
		}
		if (!open)
			break;
		pause_round(steps, n, &ms);
		send_batch(r, steps, n, false);
		if (!locks_hold(r->locks))
			drop_writes(r, steps, n);
		else if (run_interrupted(r))
			drop_unbegun(r, steps, n);
		along_drop(r, steps, n);
		send_batch(r, steps, n, true);
	}
	look_back(r, steps, n);
}
