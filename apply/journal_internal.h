/* Between the files of a journal: journal.c, journal_read.c, journal_record.c. */
#ifndef APPLY_JOURNAL_INTERNAL_H
#define APPLY_JOURNAL_INTERNAL_H

#include "apply/journal.h"

const char *journal_step_name(enum journal_step s);

/* What a sealed object is about; the caller frees. */
char *journal_place(const char *plan, const char *id, bool after);

/* The last write that was announced is done for sure. */
static inline bool journal_is_done(const struct journal_object *o)
{
	return o->answered && o->status >= 200 && o->status < 300;
}

struct journal {
	int fd;
	char *result, *path; /* of the result file and of the journal */
	char *key;           /* NULL: none */
	char plan[DIGEST_TEXT];
	struct journal_log log; /* of earlier runs */
	bool resumed;           /* log is what journal_earlier() gives */
	char *kept;             /* where an earlier result was moved to */
	size_t bytes, records;
	bool dirty; /* appended, not yet synced */
	char *broken;
	void (*hook)(void *ctx, bool before);
	void *hook_ctx;
};

/* journal.c: appends "<record>\n" and syncs nothing. */
int journal_append(struct journal *j, const struct buf *record, struct err *err);

#endif
