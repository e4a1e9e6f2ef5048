/* Rollback: the plan that undoes what an apply did, from what its journal kept.
 *
 *   rollback_build()   makes it; `rhumb rollback` writes it to a file
 *   rollback_apply()   (rollback_apply.h) makes and applies it at once: --on-failure=rollback
 *
 * It is an ordinary plan: shown, approved and applied like any other, each change under its
 * precondition, in the usual order.  What the journal says of an object is undone as a whole, over
 * all runs of a resumed apply:
 *
 *   created    deleted, by its uid; kinds that hold data only where that is allowed
 *   changed    every field that the apply changed has its value of before again: what was dropped
 *              comes back, what was added goes
 *   deleted    created again with the content of before.  The new object has another uid.  What
 *              went with the old one does not come back: what was in a Namespace, the objects of
 *              a CRD, data of a volume; nor its status, and its owner references are left out,
 *              since an owner that is gone would take the object along.  Finalizers come back
 *   replaced   replaced back; apply asks for --allow-replace
 *
 * Ownership is as before too, by a second write (give_back.c): fields that were taken over from
 * another manager are that manager's again, an object that was adopted is no member any more.  Not
 * restored are the times of entries that have written since.
 *
 * Only what the apply did is undone.  A field that a controller has written since (another manager
 * than those that people use: plan/diff/owners.h) stays as it is, with a warning.  One that people
 * have changed since, an object that is gone, was made anew or applied again is a conflict, and
 * not undone.  Between this plan and its apply the usual preconditions hold.
 *
 * A write without an answer (the process was killed, the connection broke) is looked up: the
 * object still has the version of before, or what we own in it is exactly what was sent; else it
 * is unknown.
 *
 * Secrets: the plan has no value.  It names the sealed object in the journal by its digest, and
 * apply unseals it with RHUMB_KEY.  Without the key, or where none was set for the apply, a
 * Secret that was changed or deleted is unknown, and says why.
 *
 * Hooks are not undone, nor run: what they did is not known here.
 *
 * The record of each application (its applied commit, which is the base of the next plan; kinds,
 * namespaces) is put back once all of its changes are undone, unless it was applied again since. */
#ifndef APPLY_ROLLBACK_H
#define APPLY_ROLLBACK_H

#include <string.h>

#include "apply/journal.h"

struct rollback_options {
	struct cluster *cluster;
	const struct journal_log *log;
	const char *journal;             /* where it is; the plan says so */
	const char *cluster_name;        /* what people call it; NULL: what it calls itself */
	const char *key;                 /* RHUMB_KEY, NULL: none */
	const char *const *allow_delete; /* NULL-terminated: kinds that hold data and may be
					    deleted; NULL: none */
	const char *created;             /* for meta: RFC 3339 */
};

/* Whether what was written under an id of the journal or the result can be undone: hooks (what they
 * did is done) and ApplySet parents have ids with a blank, no object has. */
static inline bool rollback_covers(const char *id)
{
	return !strchr(id, ' ');
}

/* ERR_REFUSED for the journal of another cluster, ERR_INPUT for one that an older rhumb wrote. */
int rollback_build(const struct rollback_options *o, struct plan *out, struct err *err);

#endif
