/* Hooks in an apply (plan/hook.h): run in their phase, waited for, deleted as their policy says.
 *
 * A hook is a step like any other, with these differences:
 *
 *   check     hooks_check(), after everything else: an application that has nothing to write, and
 *             whose last apply came to its end, runs no hooks
 *   order     hook_waits_for(), hook_blocks(): PreSync before all of the application, PostSync
 *             when all of it is applied and ready; SyncFail is not among the changes that
 *             execute.c goes through, but comes after them, where something failed
 *   write     hook_judge(): what is there is read again just before.  What an earlier run has
 *             left, or an earlier phase of this one, is deleted (by its uid), and the object
 *             created; anything else is not ours, and the hook is stale
 *   wait      always, until it is complete: hook_ready()
 *   then      hooks_clean(): deleted, where the policy says so.  Its outcome is in the journal
 *             before, so that it is never run for it again
 *
 * Of a run that was ended early: a hook whose creation was announced and that is there is waited
 * for; one that is gone before its end was seen is stale, since nobody knows whether it was done;
 * one that failed runs again, unless it has succeeded since, or still runs. */
#ifndef APPLY_HOOK_H
#define APPLY_HOOK_H

#include "apply/ready.h"
#include "apply/run.h"

/* Which hooks are to run; reads what is there of them.  Those that would be stale are. */
int hooks_check(struct run *r, struct err *err);

/* check_object() of a hook; live NULL: absent. */
enum verdict hook_judge(struct run *r, struct step *s, const struct json *live, char **why);

/* It was created: the answer. */
void hook_made(struct run *r, struct step *s, const struct json *object);

/* Complete, which of a Pod or Job is more than ready. */
enum readiness hook_ready(struct arena *a, const struct json *object,
			  const struct ready_rule *rules, size_t n_rules, const char **why);

/* Why a change has to wait for a hook that failed, or a hook for a change that did; NULL: it does
 * not.  In the arena. */
const char *hook_blocks(struct run *r, const struct step *s);

/* SyncFail: something of its application failed after something of it was written. */
bool hook_is_due(const struct run *r, const struct step *s);

/* Ends a SyncFail hook that is not due. */
void hook_not_due(struct run *r, struct step *s, const char *stopped);

/* Deletes those that have ended and are not to stay. */
void hooks_clean(struct run *r);

#endif
