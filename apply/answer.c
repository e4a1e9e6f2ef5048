/* What each answer means for a change: see exchange.c.
 *
 * A write that did not go through is never simply repeated: a read finds out whether it was done
 * after all, whether its precondition still holds, or whether the object is stale. */
#include "apply/exchange.h"

#include <string.h>

#include "apply/hook.h"
#include "apply/wait.h"
#include "plan/merge/field_path.h"

static bool ok(const struct api_call *call)
{
	return call->status >= 200 && call->status < 300 && call->object;
}

static const char *failure_text(const struct api_call *call)
{
	if (call->err.msg)
		return call->err.msg;
	const char *message = json_get_str(call->failure, "message");
	return message ? message : "the server gave no reason";
}

static const char *version_of(const struct json *object)
{
	return json_str(json_at(object, "metadata", "resourceVersion", NULL));
}

/* ---- ends */

/* It is done; `object` as it is now, NULL where it is not there (any more). */
static void end_done(struct run *r, struct step *s, enum outcome outcome, const char *message,
		     const struct json *object)
{
	if (!wait_begin(r, s, outcome, message, object))
		step_end(r, s, outcome, message);
}

static void end(struct run *r, struct step *s, enum outcome outcome, const char *message)
{
	if (!s->replaced) {
		step_end(r, s, outcome, message);
		return;
	}
	AUTO(auto_free)
	char *both = xfmt("the old object is deleted, the new one is not there: %s", message);
	step_end(r, s, OUTCOME_FAILED, both);
}

static void fail(struct run *r, struct step *s, const char *message)
{
	end(r, s, OUTCOME_FAILED, message);
}

/* ---- after a write that went through: is the object as the plan expected? */

static void add_unexpected(struct buf *b, const struct change *c, const struct json *object)
{
	AUTO(arena_done) struct arena a = { 0 };
	size_t n = 0;
	buf_printf(b, "%sis not as the plan expected", b->len ? "; " : "");
	for (size_t i = 0; i < c->n_fields; i++) {
		const struct field *f = &c->fields[i];
		const struct json *now = field_path_find(object, f->path);
		if (f->secret == SECRET_NOT &&
		    !(f->after && now ? json_equal(f->after, now) : !f->after && !now))
			buf_printf(b, "%s %s", n++ ? "," : " in", field_said(&a, f->path));
	}
	if (!n)
		buf_puts(b, " in fields that the plan did not list");
}

/* What was predicted knows no defaults within atomic values; the manifest's own say counts. */
static bool holds_at_least(const struct step *s, const struct json *object)
{
	const struct change *c = s->change;
	if (c->verified != VERIFIED_PREDICTED || !state_holds(s->declared, object))
		return false;
	for (size_t i = 0; i < c->n_fields; i++)
		if (c->fields[i].secret == SECRET_NOT && !c->fields[i].after &&
		    field_path_find(object, c->fields[i].path))
			return false;
	return true;
}

static void compare_with_plan(struct run *r, struct step *s, const struct json *object,
			      struct buf *message)
{
	const char *expect = s->change->expect;
	if (!expect || (s->replaced && !change_is_hook(s->change)))
		return;
	bool same = step_state_is(r, s, object, STATE_AFTER, expect) || holds_at_least(s, object);
	/* Of a plan that was made with a key, what is expected of a Secret cannot be told. */
	if (!same && object_is_secret(&s->change->ref) && !r->options->key)
		return;
	s->result->as_expected = same ? EXPECTED_YES : EXPECTED_NO;
	if (!same)
		add_unexpected(message, s->change, object);
}

static void add_warnings(struct buf *b, const struct api_call *call)
{
	for (size_t i = 0; i < call->n_warnings; i++)
		buf_printf(b, "%swarning: %s", b->len ? "; " : "", call->warnings[i]);
}

static void applied(struct run *r, struct step *s, const struct api_call *call)
{
	AUTO(buf_done) struct buf message = { 0 };
	const char *version = version_of(call->object);
	bool moved = step_creates(s) || s->own_version || !version ||
		     strcmp(version, s->resource_version) != 0;
	if (change_is_hook(s->change))
		hook_made(r, s, call->object);
	add_warnings(&message, call);
	compare_with_plan(r, s, call->object, &message);
	end_done(r, s, moved ? OUTCOME_APPLIED : OUTCOME_UNCHANGED,
		 message.len ? message.data : NULL, call->object);
}

static void deleted(struct run *r, struct step *s, const struct api_call *call)
{
	if (s->change->action == ACTION_REPLACE || s->removing) {
		s->deadline = run_deadline(r);
		s->next = REQUEST_GONE;
		return;
	}
	AUTO(buf_done) struct buf message = { 0 };
	const struct json *finalizers = json_at(call->object, "metadata", "finalizers", NULL);
	add_warnings(&message, call);
	for (uint32_t i = 0; json_is(finalizers, JSON_ARRAY) && i < finalizers->n; i++)
		if (json_str(&finalizers->items[i]))
			buf_printf(&message, "%s%s",
				   i             ? ", "
				   : message.len ? "; goes when its finalizers let it: "
						 : "goes when its finalizers let it: ",
				   finalizers->items[i].text);
	end_done(r, s, OUTCOME_APPLIED, message.len ? message.data : NULL, NULL);
}

static void write_done(struct run *r, struct step *s, const struct api_call *call)
{
	r->wrote = s->parent->wrote = true;
	if (s->next == REQUEST_APPLY && give_back_prepare(r, s, call->object)) {
		s->next = REQUEST_GIVE_BACK;
	} else if (s->next == REQUEST_APPLY || s->next == REQUEST_GIVE_BACK) {
		applied(r, s, call);
	} else if (s->next == REQUEST_DELETE) {
		deleted(r, s, call);
	} else {
		const char *version = version_of(call->object);
		s->own_version = s->resource_version =
			version ? arena_strdup(&r->arena, version) : s->resource_version;
		s->next = REQUEST_APPLY;
	}
}

/* ---- after a write that did not */

static bool is_owned_by_another(const struct api_call *call)
{
	const struct json *causes = json_at(call->failure, "details", "causes", NULL);
	for (uint32_t i = 0; json_is(causes, JSON_ARRAY) && i < causes->n; i++) {
		const char *reason = json_get_str(&causes->items[i], "reason");
		if (reason && strcmp(reason, "FieldManagerConflict") == 0)
			return true;
	}
	return false;
}

static void write_failed(struct run *r, struct step *s, const struct api_call *call)
{
	int status = call->status;
	/* An answer that makes no sense tells nothing either; status 0 with ERR_INVALID was never
	 * sent. */
	bool lost = (status == 0 && call->err.code != ERR_INVALID) || status >= 500 ||
		    (status >= 200 && status < 300);
	/* Ownership is checked before versions: another may own the field since just now, or since
	 * before the plan, which a read tells; but it is never taken by asking again. */
	bool owned = is_owned_by_another(call);
	bool patch = s->next == REQUEST_TAKEOVER || s->next == REQUEST_GIVE_BACK;
	bool moved = status == 409 || (status == 422 && patch);
	bool schema = s->next == REQUEST_APPLY && old_schema_answered(r, s, call);
	if (lost)
		r->wrote = s->parent->wrote = s->maybe_done = true;
	if (!(lost || moved || schema || status == 404 || status == 410 || status == 422)) {
		fail(r, s, failure_text(call));
		return;
	}
	free(s->trouble.message);
	s->moved = s->moved || moved;
	s->trouble = (struct trouble){ .message = xstrdup(failure_text(call)),
				       .resend = (moved && !owned) || (lost && status == 0),
				       .lost = lost,
				       .schema = schema };
	s->next = REQUEST_READ;
}

static enum request first_request(const struct step *s)
{
	if (s->give_back_pending)
		return REQUEST_GIVE_BACK;
	if (s->change->action == ACTION_DELETE ||
	    ((s->change->action == ACTION_REPLACE || s->removing) && !s->replaced))
		return REQUEST_DELETE;
	return s->takeover_pending ? REQUEST_TAKEOVER : REQUEST_APPLY;
}

static void begin(struct run *r, struct step *s)
{
	const struct apply_progress *p = &r->options->progress;
	s->looking = false;
	s->writing = true;
	if (p->started)
		p->started(p->ctx, s->change);
	s->next = first_request(s);
	if (!s->going)
		return;
	s->deadline = run_deadline(r);
	s->next = REQUEST_GONE;
}

void exchange_start(struct run *r, struct step *s)
{
	if (!run_kind(r, s->change)) {
		s->writing = true;
		fail(r, s, "the cluster does not serve its kind");
		return;
	}
	s->looking = r->restless && s->uid && !s->going && !step_creates(s);
	if (change_is_hook(s->change)) {
		/* Its turn may be long after the check, and another phase may have left its object.
		 */
		s->looking = s->must_wait = true;
	}
	if (s->looking)
		s->next = REQUEST_READ;
	else
		begin(r, s);
}

/* The precondition still holds, so it was not done: again, or is that what the server said? */
static void settle(struct run *r, struct step *s)
{
	struct trouble *t = &s->trouble;
	bool again = t->resend && (t->lost ? s->losses++ < APPLY_MAX_LOST
					   : s->conflicts++ < APPLY_MAX_CONFLICTS);
	if (!again && !t->schema) {
		/* What is still on its way may be done yet. */
		AUTO(auto_free)
		char *text =
			xfmt("%s%s", t->message,
			     t->lost ? "; when it was read afterwards, this was not done" : "");
		fail(r, s, text);
		return;
	}
	free(t->message);
	*t = (struct trouble){ 0 };
	s->next = first_request(s);
}

/* Of a rollback: only ownership is left to be given back. */
static void found_values(struct run *r, struct step *s, const struct json *live)
{
	s->next = REQUEST_NONE;
	if (!resume_may_be_done(s))
		announce_before(r, s, live);
	if (s->writing)
		settle(r, s);
	else if (s->looking)
		begin(r, s);
	else
		s->state = STEP_READY;
}

/* The object is as planned, though no write has said so: an answer was lost, here or below, where
 * a request is repeated; or somebody else did exactly the same. */
static void found_done(struct run *r, struct step *s, const struct json *live)
{
	bool first = change_is_hook(s->change) ? !s->maybe_done : !s->writing;
	if (live && give_back_prepare(r, s, live)) {
		found_values(r, s, live);
		return;
	}
	if (!change_is_hook(s->change) && (s->writing || resume_may_be_done(s)))
		announce_found(r, s, live);
	if (first && resume_may_be_done(s)) {
		AUTO(buf_done) struct buf message = { 0 };
		buf_puts(&message, "written by a run that was ended early, as a read shows");
		if (live && s->change->action != ACTION_DELETE)
			compare_with_plan(r, s, live, &message);
		else if (s->change->action != ACTION_DELETE)
			buf_puts(&message, "; deleted since");
		end_done(r, s, OUTCOME_APPLIED, message.data, live);
		return;
	}
	if (!s->writing) {
		end_done(r, s, OUTCOME_UNCHANGED, NULL, live);
		return;
	}
	AUTO(auto_free)
	char *message = xfmt("a read shows that it is as planned; the write was answered: %s",
			     s->trouble.message ? s->trouble.message : "nothing");
	end_done(r, s, OUTCOME_APPLIED, message, live);
}

void exchange_judge(struct run *r, struct step *s, const struct json *live)
{
	AUTO(auto_free) char *why = NULL;
	const char *before = s->resource_version;
	enum verdict verdict = check_object(r, s, live, &why);
	if (s->looking && live)
		s->moved =
			!before || !s->resource_version || strcmp(before, s->resource_version) != 0;
	switch (verdict) {
	case VERDICT_READY:
		s->next = REQUEST_NONE;
		if (live)
			announce_before(r, s, live);
		if (s->writing)
			settle(r, s);
		else if (s->looking)
			begin(r, s);
		else
			s->state = STEP_READY;
		break;
	case VERDICT_DONE:
		found_done(r, s, live);
		break;
	case VERDICT_STALE:
		end(r, s, OUTCOME_STALE, why);
		break;
	case VERDICT_ASK:
		free(s->why_stale);
		s->why_stale = TAKE(why);
		s->next = REQUEST_ASK;
		break;
	}
}

/* ---- answers to reads */

static void read_failed(struct run *r, struct step *s, const struct api_call *call)
{
	if (s->looking && change_is_hook(s->change)) {
		fail(r, s, failure_text(call)); /* it may have run */
		return;
	}
	if (s->looking) { /* what the check has read will do */
		begin(r, s);
		return;
	}
	if (!s->writing) {
		s->next = REQUEST_NONE;
		if (r->read_err.code)
			return;
		const char *text = failure_text(call);
		enum err_code code = call->err.code ? call->err.code : ERR_SERVER;
		err_set(&r->read_err, code, "check %s: %s", step_label(r, s), text);
		return;
	}
	AUTO(auto_free)
	char *both = xfmt("%s; and it could not be read afterwards, so it is not known whether it "
			  "was done: %s",
			  s->trouble.message, failure_text(call));
	fail(r, s, both);
}

static void read_answer(struct run *r, struct step *s, const struct api_call *call)
{
	if (ok(call))
		exchange_judge(r, s, call->object);
	else if (call->status == 404)
		exchange_judge(r, s, NULL);
	else
		read_failed(r, s, call);
}

/* Between the read and the question a controller has written. */
static bool moved_since_read(const struct step *s, const struct api_call *call)
{
	const char *version = ok(call) ? version_of(call->object) : NULL;
	return version && s->resource_version && strcmp(version, s->resource_version) != 0;
}

/* Anything but the same object: our write would change it, so it is not done. */
static void ask_answer(struct run *r, struct step *s, const struct api_call *call)
{
	AUTO(auto_free) char *why = TAKE(s->why_stale);
	if (ok(call) && check_same_as_asked(s, call->object))
		found_done(r, s, call->object);
	else if (moved_since_read(s, call) && s->conflicts++ < APPLY_MAX_CONFLICTS)
		s->next = REQUEST_READ;
	else if (call->status == 0 || call->status == 429 || call->status >= 500)
		read_failed(r, s, call); /* the server has not said what is true */
	else
		end(r, s, OUTCOME_STALE, why);
}

static void gone_answer(struct run *r, struct step *s, const struct api_call *call)
{
	const char *uid = json_str(json_at(call->object, "metadata", "uid", NULL));
	s->polled = true;
	if (call->status == 404) {
		s->replaced = true;
		s->takeover_pending = false;
		s->next = REQUEST_APPLY;
	} else if (uid && strcmp(uid, s->uid) != 0) {
		s->replaced = true;
		AUTO(auto_free) char *why = stale_reason(s, call->object);
		fail(r, s, why);
	} else if (run_interrupted(r)) {
		fail(r, s,
		     "its deletion was asked for; interrupted before it was gone and the new "
		     "one created");
	} else if (time_monotonic_ms() > s->deadline) {
		AUTO(auto_free)
		char *why = xfmt("its deletion was asked for, but it was not gone in time%s%s; the "
				 "new one was not created",
				 call->err.msg ? ": " : "", call->err.msg ? call->err.msg : "");
		fail(r, s, why);
	}
}

void answer(struct run *r, struct step *s, const struct api_call *call)
{
	switch (s->next) {
	case REQUEST_READ:
		read_answer(r, s, call);
		break;
	case REQUEST_ASK:
		ask_answer(r, s, call);
		break;
	case REQUEST_GONE:
		gone_answer(r, s, call);
		break;
	case REQUEST_TAKEOVER:
	case REQUEST_APPLY:
	case REQUEST_DELETE:
	case REQUEST_GIVE_BACK:
		if (ok(call))
			write_done(r, s, call);
		else
			write_failed(r, s, call);
		break;
	case REQUEST_NONE:
		break;
	}
}
