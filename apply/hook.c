/* See hook.h. */
#include "apply/hook.h"

#include <string.h>

#include "plan/order.h"

static bool is_done(const struct step *s)
{
	return s->state == STEP_ENDED &&
	       (s->result->outcome == OUTCOME_APPLIED || s->result->outcome == OUTCOME_UNCHANGED);
}

/* ---- which of them are to run */

static bool has_something_to_do(const struct run *r, const struct parent *p)
{
	if (p->unfinished)
		return true;
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		const struct step *s = &r->steps[i];
		if (s->parent == p && !change_is_hook(s->change) && s->state == STEP_READY)
			return true;
	}
	return false;
}

int hooks_check(struct run *r, struct err *err)
{
	struct step **steps = arena_calloc(&r->arena, r->plan->n_changes, sizeof(*steps));
	size_t n = 0;
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		struct step *s = &r->steps[i];
		if (!change_is_hook(s->change) || s->state != STEP_NEW)
			continue;
		if (!has_something_to_do(r, s->parent))
			step_end(r, s, OUTCOME_UNCHANGED,
				 "not run: its application is as planned already");
		else if (!run_kind(r, s->change))
			s->state = STEP_READY; /* its CRD comes with the plan, or it fails then */
		else {
			s->next = REQUEST_READ;
			steps[n++] = s;
		}
	}
	exchange(r, steps, n);
	return r->read_err.code ? err_move(err, &r->read_err) : 0;
}

/* ---- what is there */

static const char *keep(struct run *r, const struct json *live, const char *key)
{
	const char *text = json_str(json_at(live, "metadata", key, NULL));
	return text ? arena_strdup(&r->arena, text) : NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b && *a && strcmp(a, b) == 0;
}

/* The uid of the object that this plan's run of the hook has made, now or before. */
static const char *made_by(const struct step *s)
{
	const struct journal_object *o = s->past;
	if (s->made)
		return s->made;
	return o && o->step == JOURNAL_APPLY ? o->new_uid : NULL;
}

/* A creation was announced by an earlier run, and was not refused. */
static bool may_be_made(const struct journal_object *o)
{
	bool refused = o && o->answered && o->status >= 400 && o->status < 500;
	return o && o->step == JOURNAL_APPLY && !refused;
}

static bool made_it(const struct step *s, const char *uid)
{
	const char *made = made_by(s);
	return made ? strcmp(uid, made) == 0 : may_be_made(s->past);
}

/* It may be deleted to run the hook: the plan says so, or another phase of it has made it. */
static bool is_earlier(const struct run *r, const struct step *s, const char *uid)
{
	if (same(uid, s->change->precondition.uid))
		return true;
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		const struct step *other = &r->steps[i];
		if (other != s && change_is_hook(other->change) &&
		    object_ref_compare(&other->change->ref, &s->change->ref) == 0 &&
		    made_it(other, uid))
			return true;
	}
	return false;
}

static bool has_failed(struct run *r, const struct step *s, const struct json *live)
{
	const struct planned_application *app = s->parent->application;
	const char *why;
	return hook_ready(&r->arena, live, app->ready, app->n_ready, &why) == READY_FAILED;
}

/* The object that is there was made by this plan's run of the hook: it counts, unless its failure
 * is known and it is to run again. */
static bool is_ours_now(struct run *r, const struct step *s, const struct json *live)
{
	const struct journal_object *o = s->past;
	if (s->announced || s->maybe_done)
		return s->maybe_done && (s->replaced || !s->removing);
	if (!may_be_made(o) || (o->new_uid && !same(o->new_uid, s->uid)))
		return false;
	return !o->ended || !has_failed(r, s, live);
}

/* Past the check. */
static bool is_its_turn(const struct step *s)
{
	return s->looking || s->writing;
}

static enum verdict judge_absent(struct step *s, char **why)
{
	const struct journal_object *o = s->past;
	bool first = !s->announced && !s->maybe_done;
	if (is_its_turn(s) && first && may_be_made(o) && o->answered && !o->ended) {
		*why = xstrdup("was created by the run that was ended early and is gone: nobody "
			       "knows whether it had come to its end; apply the plan again to run "
			       "it once more");
		return VERDICT_STALE;
	}
	s->removing = false;
	return VERDICT_READY;
}

enum verdict hook_judge(struct run *r, struct step *s, const struct json *live, char **why)
{
	s->uid = keep(r, live, "uid");
	s->resource_version = keep(r, live, "resourceVersion");
	if (!live)
		return judge_absent(s, why);
	bool ours = hook_is_ours(live, s->parent->application->applyset);
	bool earlier = ours && s->uid && is_earlier(r, s, s->uid);
	if (ours && s->uid && !earlier && is_ours_now(r, s, live)) {
		if (!is_its_turn(s))
			return VERDICT_READY; /* it is looked at when it is its turn */
		s->made = s->uid;
		announce_found(r, s, live);
		return VERDICT_DONE;
	}
	if (earlier || (ours && same(s->uid, made_by(s)))) {
		s->removing = true;
		return VERDICT_READY;
	}
	*why = stale_reason(s, live);
	return VERDICT_STALE;
}

void hook_made(struct run *r, struct step *s, const struct json *object)
{
	s->made = keep(r, object, "uid");
}

/* ---- complete? */

enum readiness hook_ready(struct arena *a, const struct json *object,
			  const struct ready_rule *rules, size_t n_rules, const char **why)
{
	enum readiness found = ready_of(a, object, rules, n_rules, why);
	struct object_ref ref = object_ref_of(a, object);
	const char *phase = json_str(json_at(object, "status", "phase", NULL));
	bool pod = !*ref.group && strcmp(ref.kind, "Pod") == 0;
	bool job = strcmp(ref.group, "batch") == 0 && strcmp(ref.kind, "Job") == 0;
	if (found != READY_CURRENT)
		return found;
	if (pod && (!phase || strcmp(phase, "Succeeded") != 0))
		*why = "it runs";
	else if (job && json_true(json_at(object, "spec", "suspend", NULL)) &&
		 !json_at(object, "status", "completionTime", NULL))
		*why = "it is suspended";
	return *why ? READY_IN_PROGRESS : READY_CURRENT;
}

/* ---- what waits for what */

/* The first change of its application that was to be done before it and is not. */
static const struct step *undone_before(const struct run *r, const struct step *s)
{
	int stage = order_stage(s->change);
	for (const struct step *o = r->steps; o < s; o++)
		if (o->parent == s->parent && order_stage(o->change) <= stage &&
		    o->state == STEP_ENDED && !is_done(o))
			return o;
	return NULL;
}

const char *hook_blocks(struct run *r, const struct step *s)
{
	const struct step *pre = s->parent->pre_sync_failed;
	enum hook_phase phase = s->change->hook.phase;
	if (phase == HOOK_SYNC_FAIL)
		return NULL;
	if (pre && pre != s)
		return arena_fmt(&r->arena, "%s %s", step_label(r, pre),
				 step_failed(pre) ? "failed" : "did not run");
	const struct step *undone = phase == HOOK_POST_SYNC ? undone_before(r, s) : NULL;
	if (!undone)
		return NULL;
	return arena_fmt(&r->arena, "%s %s", step_label(r, undone),
			 step_failed(undone) ? "failed" : "was not applied");
}

/* Of its application. */
static bool was_written(const struct run *r, const struct parent *p)
{
	for (size_t i = 0; i < r->plan->n_changes && !p->wrote; i++)
		if (r->steps[i].parent == p && resume_may_be_done(&r->steps[i]))
			return true;
	return p->wrote;
}

bool hook_is_due(const struct run *r, const struct step *s)
{
	return s->parent->any_failed && was_written(r, s->parent);
}

void hook_not_due(struct run *r, struct step *s, const char *stopped)
{
	bool failed = s->parent->any_failed;
	if (!failed && !(stopped && undone_before(r, s)))
		step_end(r, s, OUTCOME_UNCHANGED, "not needed: nothing of its application failed");
	else if (failed && !was_written(r, s->parent))
		step_end(r, s, OUTCOME_NOT_TRIED, "nothing of its application was written");
	else
		step_end(r, s, OUTCOME_NOT_TRIED, stopped);
}
