/* Hooks (plan/hook.h) in a plan.
 *
 * They are set aside while the objects are paired, so that nobody compares, counts or prunes them.
 * When the changes of an application are known, and there are any, its hooks are looked at: what an
 * earlier run has left has to be ours, what is new is verified as any object, and each phase
 * becomes a change. */
#ifndef PLAN_DIFF_HOOKS_H
#define PLAN_DIFF_HOOKS_H

#include "plan/diff/subject.h"

/* While pairing: true where the object (head's, else base's) is no subject: a hook, or left out. */
bool hooks_set_aside(struct build *b, size_t application, const struct declared *head,
		     const struct declared *base);

/* Whether head declares it, but not as an object that is kept. */
bool hooks_declare(const struct build *b, const struct object_ref *ref);

/* Appends the hooks of applications that have changes, or whose last apply was not finished, to
 * the plan's changes: HOOK_PHASE_COUNT for each of b->hooks at most. */
int hooks_add(struct build *b, struct plan *p, struct err *err);

/* Notes about what is left out, and what hooks that are gone have left. */
void hooks_note(struct build *b);

/* change.c: the change of a hook in one phase. */
struct change hooks_change(struct build *b, const struct subject *s, enum hook_phase phase);

/* live.c: reads the subjects from `first` on, by GET; kinds that are not served make them unknown.
 */
int hooks_read(struct build *b, size_t first, struct err *err);

#endif
