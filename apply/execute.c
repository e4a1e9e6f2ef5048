/* The order of writing: step 5 of apply.h.
 *
 * The changes are gone through in the plan's order, again and again: what has to wait for
 * something before it in the plan is left for the next time.  Between two times one wait or more
 * has ended. */
#include <string.h>

#include "apply/hook.h"
#include "apply/wait.h"
#include "plan/order.h"

struct chunk {
	struct step *steps[APPLY_BATCH];
	size_t n;
};

static bool is_done(const struct step *s)
{
	return s->state == STEP_ENDED &&
	       (s->result->outcome == OUTCOME_APPLIED || s->result->outcome == OUTCOME_UNCHANGED);
}

/* Changes that do not depend on each other stand together in the plan. */
static bool same_group(const struct change *a, const struct change *b)
{
	return order_stage(a) == order_stage(b) && a->wave == b->wave &&
	       order_rank(&a->ref) == order_rank(&b->ref);
}

/* Why a change has to wait for one that failed; NULL: it does not.  In the arena. */
static const char *blocked(struct run *r, const struct step *s)
{
	const struct parent *p = s->parent;
	if (p->failed)
		return "the record of its application (ApplySet) could not be written";
	const char *hook = hook_blocks(r, s);
	if (hook)
		return hook;
	if (p->any_failed && s->change->action == ACTION_DELETE)
		return "nothing of an application is deleted while a change of it has failed";
	if (p->any_failed && s->change->wave > p->failed_wave && !change_is_hook(s->change))
		return "an earlier wave of its application failed";
	const char *name = s->change->ref.namespace;
	const struct step *ns =
		*name && s->change->action != ACTION_DELETE ? run_namespace(r, name) : NULL;
	if (ns && ns->state == STEP_ENDED && ns->change->action != ACTION_UPDATE &&
	    ns->change->action != ACTION_ADOPT && ns->change->action != ACTION_DELETE &&
	    !is_done(ns))
		return arena_fmt(&r->arena, "%s was not applied", step_label(r, ns));
	if (run_kind(r, s->change))
		return NULL;
	const struct step *crd = run_crd_of(r, s->change);
	if (crd && crd->state == STEP_ENDED && !is_done(crd))
		return arena_fmt(&r->arena, "%s was not applied", step_label(r, crd));
	return NULL;
}

/* ---- what has to wait */

/* The changes of each application, one after the other. */
static void link_steps(struct run *r)
{
	for (size_t i = r->plan->n_changes; i-- > 0;) {
		struct step *s = &r->steps[i];
		s->next_of_parent = s->parent->open;
		s->parent->open = s;
	}
}

/* Of the same application, in an earlier wave, or another stage (written where this one is
 * deleted, a hook). */
static bool waits_for_wave(const struct step *s)
{
	struct parent *p = s->parent;
	while (p->open && p->open->state == STEP_ENDED)
		p->open = p->open->next_of_parent;
	const struct change *first = p->open->change;
	return order_stage(first) != order_stage(s->change) || first->wave != s->change->wave;
}

/* Everything that is waited for stands before it in the plan, so that nothing waits for itself. */
static bool has_to_wait(const struct run *r, const struct step *s)
{
	if (waits_for_wave(s))
		return true;
	const char *name = s->change->ref.namespace;
	if (s->change->action == ACTION_DELETE)
		return false;
	const struct step *needs[] = { *name ? run_namespace(r, name) : NULL,
				       run_kind(r, s->change) ? NULL : run_crd_of(r, s->change) };
	for (size_t i = 0; i < ARRAY_LEN(needs); i++)
		if (needs[i] && needs[i] < s && needs[i]->state != STEP_ENDED &&
		    needs[i]->change->action != ACTION_DELETE)
			return true;
	return false;
}

/* ---- writing */

/* Ends the steps of the chunk that cannot be written now, and keeps the others. */
static void drop_blocked(struct run *r, struct chunk *c)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->n; i++) {
		const char *why = blocked(r, c->steps[i]);
		if (why)
			step_end(r, c->steps[i], OUTCOME_NOT_TRIED, why);
		else
			c->steps[kept++] = c->steps[i];
	}
	c->n = kept;
}

static void run_chunk(struct run *r, struct chunk *c)
{
	drop_blocked(r, c);
	parents_prepare(r, c->steps, c->n);
	drop_blocked(r, c);
	for (size_t i = 0; i < c->n; i++)
		exchange_start(r, c->steps[i]);
	exchange(r, c->steps, c->n);
	/* What comes next may be of its kinds. */
	for (size_t i = 0; i < c->n; i++)
		if (run_is_crd(c->steps[i]->change))
			wait_for(r, &c->steps[i], 1);
}

/* Namespaces that were just made get the locks of their applications. */
static bool keep_locks(struct run *r)
{
	for (size_t i = 0; i < r->plan->n_applications; i++) {
		if (!locks_is_away(r->locks, i))
			continue;
		const struct step *ns = run_namespace(r, r->plan->applications[i].namespace);
		if (ns && is_done(ns))
			locks_go_home(r->locks, i);
	}
	return locks_hold(r->locks);
}

/* Why nothing more may be written, NULL where it may. */
static const char *halted(struct run *r)
{
	if (run_interrupted(r))
		return "interrupted";
	return keep_locks(r) ? NULL : locks_lost(r->locks);
}

/* What stops the rest, NULL where nothing does. */
static const char *stopped(struct run *r, const struct chunk *c)
{
	const char *why = halted(r);
	if (why)
		return why;
	if (r->options->keep_going)
		return NULL;
	for (size_t i = 0; i < c->n; i++)
		if (step_failed(c->steps[i]))
			return arena_fmt(&r->arena, "%s failed", step_label(r, c->steps[i]));
	for (size_t i = 0; i < r->plan->n_applications; i++)
		if (r->parents[i].failed)
			return arena_fmt(&r->arena, "the record of application %s failed",
					 r->parents[i].application->name);
	return NULL;
}

/* All that can be written now.  NULL, or what stops the rest. */
static const char *pass(struct run *r, bool *left)
{
	const struct plan *p = r->plan;
	*left = false;
	hooks_clean(r);
	for (size_t i = 0; i < p->n_changes;) {
		struct chunk c = { .n = 0 };
		size_t first = i;
		for (; i < p->n_changes && c.n < APPLY_BATCH &&
		       same_group(&p->changes[first], &p->changes[i]);
		     i++) {
			struct step *s = &r->steps[i];
			if (s->change->hook.phase == HOOK_SYNC_FAIL)
				continue; /* see clear_up() */
			bool asleep = wait_is_asleep(s);
			bool waits = (asleep || s->state == STEP_READY) && has_to_wait(r, s);
			*left = *left || waits;
			if (asleep && !waits)
				wait_wake(s, r);
			if (s->state == STEP_READY && !waits)
				c.steps[c.n++] = s;
		}
		if (!c.n)
			continue;
		struct chunk all = c;
		run_chunk(r, &c);
		const char *why = stopped(r, &all);
		if (why)
			return why;
	}
	return NULL;
}

/* After a wait: NULL, or what stops the rest. */
static const char *stopped_waiting(struct run *r)
{
	const char *why = halted(r);
	struct step *failed = wait_failed(r);
	if (why || r->options->keep_going || !failed)
		return why;
	return arena_fmt(&r->arena, "%s failed", step_label(r, failed));
}

/* The SyncFail hooks of applications that failed, when nothing else is under way. */
static void clear_up(struct run *r)
{
	const struct plan *p = r->plan;
	for (size_t i = 0; i < p->n_changes;) {
		struct chunk c = { .n = 0 };
		size_t first = i;
		for (; i < p->n_changes && c.n < APPLY_BATCH &&
		       same_group(&p->changes[first], &p->changes[i]);
		     i++) {
			struct step *s = &r->steps[i];
			if (s->change->hook.phase == HOOK_SYNC_FAIL && s->state == STEP_READY &&
			    hook_is_due(r, s))
				c.steps[c.n++] = s;
		}
		if (!c.n || halted(r))
			continue;
		run_chunk(r, &c);
		wait_for(r, c.steps, c.n);
	}
	hooks_clean(r);
}

void execute(struct run *r)
{
	const struct plan *p = r->plan;
	link_steps(r);
	const char *why = halted(r);
	for (bool left = true; left && !why;) {
		why = pass(r, &left);
		if (left && !why) {
			wait_turn(r);
			why = stopped_waiting(r);
		}
	}
	while (wait_turn(r))
		continue;
	if (!why)
		why = halted(r);
	wait_drop(r, why);
	hooks_clean(r);
	clear_up(r);
	r->stopped = why;
	for (size_t i = 0; i < p->n_changes; i++) {
		struct step *s = &r->steps[i];
		if (s->state != STEP_ENDED && s->change->hook.phase == HOOK_SYNC_FAIL)
			hook_not_due(r, s, why);
		else if (s->state != STEP_ENDED)
			step_end(r, s, OUTCOME_NOT_TRIED, why);
	}
	wait_close(r);
}
