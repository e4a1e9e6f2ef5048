/* Whether a deletion would take along what the plan does not say: see plan/takes.h.  No
 * precondition of the API server covers that, so it is looked at twice: before anything is written,
 * and again just before the deletion is sent. */
#include "apply/run.h"

#include <string.h>

#include "plan/takes.h"

/* The plan deletes it by itself, but that did not come about. */
static struct step *not_deleted(struct run *r, const struct change *c)
{
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		struct step *s = &r->steps[i];
		const struct kind *kind = run_kind(r, s->change);
		if (s->change->action == ACTION_DELETE && s->state == STEP_ENDED && kind &&
		    takes_one(c, kind, s->change->ref.namespace) &&
		    s->result->outcome != OUTCOME_APPLIED &&
		    s->result->outcome != OUTCOME_UNCHANGED)
			return s;
	}
	return NULL;
}

int along_check(struct run *r, const struct step *s, char **why, struct err *err)
{
	const struct change *c = s->change;
	AUTO(arena_done) struct arena a = { 0 };
	struct takes now;
	*why = NULL;
	if (!c->takes_listed || step_creates(s))
		return 0;
	if (takes_read(r->cluster, &r->kinds, r->plan, c, &a, &now, err) < 0)
		return err_wrap(err, "list what goes with %s", step_label(r, s));
	const struct taken_kind *unread = takes_unread(c, &now);
	if (unread)
		return err_set(err, ERR_FORBIDDEN, "list what goes with %s: %s: %s",
			       step_label(r, s), unread->kind, unread->unread);
	const char *more = takes_more(c, &now, &a);
	const struct step *left = not_deleted(r, c);
	if (left)
		*why = xfmt("would take along %s, which was not deleted", step_label(r, left));
	else if (now.kept)
		*why = xfmt("would take along what is to stay: %s", now.kept);
	else if (more)
		*why = xfmt("would take along more than the plan says: %s", more);
	return 0;
}

void along_drop(struct run *r, struct step **steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(auto_free) char *why = NULL;
		AUTO(err_done) struct err err = { 0 };
		if (steps[i]->next != REQUEST_DELETE)
			continue;
		if (along_check(r, steps[i], &why, &err) < 0)
			step_end(r, steps[i], OUTCOME_FAILED, err.msg);
		else if (why)
			step_end(r, steps[i], OUTCOME_STALE, why);
	}
}
