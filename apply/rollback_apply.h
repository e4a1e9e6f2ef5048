/* apply --on-failure=rollback: what a failed apply did is undone at once.
 *
 *   rollback_is_due()        after apply_run(): has it failed in a way that is to be undone?  An
 *                            interrupt is not: whoever interrupts wants to look, or to go on
 *   rollback_apply()         makes the plan of the rollback and applies it, under the same locks
 *   rollback_apply_resume()  goes on where that was killed or failed: instead of apply_run()
 *
 * The plan is in RESULT.rollback.plan and, before its first write, the journal of the apply says
 * so; its own journal is RESULT.rollback.journal and its own result RESULT.rollback (from which it
 * can be rolled back itself).  The result of the apply has every change once: rolled-back where it
 * was undone, else as it was, with what kept it from being undone. */
#ifndef APPLY_ROLLBACK_APPLY_H
#define APPLY_ROLLBACK_APPLY_H

#include "apply/apply.h"

struct rollback_apply {
	const struct plan *plan; /* that failed */
	struct cluster *cluster;
	const struct apply_options *apply; /* of that apply: journal, locks (hold), key, ... */
	const char *result;                /* the path that the journal lies beside */
	const char *const *allow_delete;   /* as for rollback_build() */
	/* Before its plan is applied, and after; both NULL: nobody is told of its progress. */
	struct apply_progress (*begin)(void *ctx, const struct plan *undo);
	void (*end)(void *ctx);
	void *ctx;
};

bool rollback_is_due(const struct apply_result *r, const struct apply_options *o,
		     const struct err *err);

/* Both change `out`, which rollback_apply() takes as apply_run() left it.  Always -1, with
 * ERR_PARTIAL (or ERR_INTERRUPTED): the apply has failed.  *unfinished: the same again goes on with
 * the rollback, so the journal is not to be finished (journal_finish()). */
int rollback_apply(const struct rollback_apply *ra, struct apply_result *out, bool *unfinished,
		   struct err *err);
/* Without anything to be resumed it must not be called: journal_earlier()->rollback_file says. */
int rollback_apply_resume(const struct rollback_apply *ra, struct apply_result *out,
			  bool *unfinished, struct err *err);

#endif
