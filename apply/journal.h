/* The journal of an apply: what is about to be written, and what came of it, on disk before and
 * after each write.  It lies beside the result file (RESULT.journal) and is kept for a rollback
 * (rollback.h).
 *
 *   journal_open()      locks the file; finds out whether it is a new run, or one to be resumed
 *   journal_earlier()   what the earlier runs did, to be resumed; NULL in a new run
 *   journal_intent()    before a write; journal_sync() before the first of them is sent
 *   journal_answer()    after it
 *   journal_end()       the outcome of a change that was announced
 *   journal_finish()    after the result file is written: the run is over
 *   journal_close()     unlocks
 *
 * Lines of JSON that are only ever appended, each with a "record":
 *
 *   run      plan, cluster, tool, time: a process begins (the first line) or resumes; git and
 *            applications of the plan, as far as a rollback needs them
 *   intent   id (of a change, or what stands for an ApplySet or a hook's delete policy: these have
 *            a blank), step, application and wave, uid and resourceVersion that the write asks for,
 *            `sent` (digest of what is sent), of a takeover `makes` (digest of the managedFields
 *            after it), and the object before the first write: `before`, nothing for one that is
 *            not there.  Of a Secret no value: `sealed` has the whole (base/seal.h, under
 *            RHUMB_KEY), or `note` says that its values cannot be restored.
 *            `before` of an ApplySet parent is what it recorded (applyset.h)
 *   answer   id, step, status (0: none), uid and resourceVersion after it, and the object after
 *            it in `after`, as in `before`; also where a read has shown that the write is done
 *   end      id and outcome, as in the result file.  What is waited for until it is ready has
 *            none before: a run that resumes goes on waiting for it
 *   rollback plan: what was done is being undone, or was.  `file`: by this very apply
 *            (--on-failure), with the plan in that file beside the result
 *   finish   outcome: the result file is written
 *
 * An intent is on disk (fdatasync) before its write is sent.  Answers are in the file at once, so
 * that they survive the process, and on disk before the next intent: one that is lost with the
 * machine is found out by reading the cluster, as after an intent without an answer.
 *
 * A last line without its end is what a crash leaves: it is cut off.  Anything else that is not
 * understood is refused with its line. */
#ifndef APPLY_JOURNAL_H
#define APPLY_JOURNAL_H

#include <signal.h>

#include "apply/result.h"
#include "plan/cluster/cluster.h"

enum {
	JOURNAL_MAX_BYTES = 1 << 30,
	JOURNAL_MAX_LINE = 32 << 20, /* an object, or one sealed */
	JOURNAL_MAX_RECORDS = 40 * PLAN_MAX_CHANGES,
	JOURNAL_MAX_KEPT = 1000, /* earlier results beside each other: RESULT.1, RESULT.2 ... */
};

enum journal_step {
	JOURNAL_APPLY,
	JOURNAL_DELETE,
	JOURNAL_TAKEOVER,
	JOURNAL_PARENT,    /* the ApplySet of an application: its id is no change of the plan */
	JOURNAL_GIVE_BACK, /* of a rollback: ownership, after its JOURNAL_APPLY */
	JOURNAL_STEP_COUNT,
};

/* ---- what a journal says */

/* All that is known of one id. */
struct journal_object {
	const char *id;
	const char *application; /* NULL: not said, by an older rhumb */
	int64_t wave;
	const struct json *before; /* NULL: was not there, or no write was announced */
	const char *sealed, *note; /* of a Secret; else NULL */
	const struct json *after;  /* the last write that is known to be done; NULL: not kept */
	const char *after_sealed, *after_note; /* likewise */
	/* the last write that was announced */
	enum journal_step step;
	const char *uid, *resource_version; /* that it asked for; NULL: none */
	const char *sent;
	bool answered;
	int status;
	const char *new_uid, *new_version; /* of the answer; NULL: none */
	/* of all writes */
	bool written;           /* one was done for sure */
	bool deleted;           /* a deletion was */
	const char *taken_over; /* resourceVersion that a takeover made; NULL: none */
	const char *makes;      /* digest of the managedFields that a takeover was to make, done or
				   not; NULL: none */
	bool ended;             /* the last write's outcome is known: */
	struct object_result result;
};

struct journal_application {
	const char *name, *path, *namespace, *applyset; /* as in the plan */
};

struct journal_log {
	struct arena arena;
	char plan[DIGEST_TEXT];
	const char *cluster, *tool, *started;
	unsigned runs;
	const char *repository, *base, *head; /* of the plan; NULL: not said, by an older rhumb */
	struct journal_application *applications;
	size_t n_applications;
	const char *rollback;           /* digest of the plan that undoes it; NULL: nothing does */
	const char *rollback_file;      /* its file, where this apply itself undoes; else NULL */
	struct journal_object *objects; /* in the order in which they were first written */
	size_t n_objects, cap_objects;
	const struct journal_object **sorted; /* by id */
	bool finished;                        /* the last run was, with this outcome: */
	enum apply_outcome outcome;
	size_t records;
	size_t whole; /* bytes of whole lines; the rest is torn */
};

/* ERR_INPUT with the line for anything but a journal; ERR_LIMIT past JOURNAL_MAX_*.  An empty
 * text, or a torn first line, has records == 0. */
int journal_parse(struct journal_log *out, const char *text, size_t n, const char *name,
		  struct err *err);
int journal_read(struct journal_log *out, const char *path, struct err *err);
/* Likewise of RESULT, by who does not keep it: ERR_CONFLICT while an apply is at work with it. */
int journal_read_idle(struct journal_log *out, const char *path, struct err *err);
void journal_log_done(struct journal_log *log);

const struct journal_object *journal_find(const struct journal_log *log, const char *id);

/* The object before the first write, whole: of a Secret unsealed with the key.  ERR_NOT_FOUND
 * where it was not there, ERR_REFUSED where its values were not kept or there is no key. */
int journal_before(const struct journal_log *log, const struct journal_object *o, const char *key,
		   struct arena *a, struct json *out, struct err *err);
/* Likewise after the last write that is known to be done; ERR_NOT_FOUND where it was not kept. */
int journal_after(const struct journal_log *log, const struct journal_object *o, const char *key,
		  struct arena *a, struct json *out, struct err *err);

/* `sent` of a write with that body.  A digest of values could be guessed at: of a Secret it is
 * keyed, or without them where key is NULL.  The caller frees. */
char *journal_sent(const char *key, const struct json *body, bool secret);

/* RESULT.journal; the caller frees. */
char *journal_path(const char *result);

/* ---- keeping one */

struct journal;

struct journal_intent {
	const char *id;
	enum journal_step step;
	const char *application;
	int64_t wave;
	const char *uid, *resource_version; /* NULL: none */
	const struct json *body;            /* what is sent */
	const char *makes;  /* of a takeover: digest of the managedFields after it */
	bool secret;        /* whose values must not be told */
	const char *before; /* journal_before_text(); NULL: not there, or said */
	const char *sealed;
};

/* The journal of an apply of `p` whose result goes to `result`.  `key` is RHUMB_KEY, NULL: none.
 *
 * A journal of the same plan is continued unless its last run was finished with all applied, or
 * it was undone.  An undoing by the apply itself that was cut short is continued, by
 * rollback_apply_resume() (rollback.h).
 * Where a finished one has written something, its result and journal are kept as RESULT.1 and
 * RESULT.1.journal (journal_kept()).  ERR_CONFLICT where another process has it, ERR_REFUSED
 * where an unfinished run of another plan is in it. */
int journal_open(struct journal **out, const char *result, const struct plan *p, const char *key,
		 struct err *err);

struct journal_wait {
	unsigned timeout_seconds;                 /* 0: not at all; what is left of it afterwards */
	const volatile sig_atomic_t *interrupted; /* may be NULL */
	void (*waiting)(void *ctx, const char *what); /* may be NULL; once */
	void *ctx;
};

/* The same, but waits for the process that has it. */
int journal_open_waiting(struct journal **out, const char *result, const struct plan *p,
			 const char *key, struct journal_wait *w, struct err *err);

void journal_close(struct journal *j);
static inline void journal_close_p(struct journal **j)
{
	journal_close(*j);
}

const struct journal_log *journal_earlier(const struct journal *j);
const char *journal_kept(const struct journal *j); /* NULL: nothing was in the way */

/* After a failure every later call fails too: nothing is written that is not announced. */
int journal_intent(struct journal *j, const struct journal_intent *i, struct err *err);
int journal_sync(struct journal *j, struct err *err);
int journal_answer(struct journal *j, const char *id, enum journal_step step,
		   const struct api_call *call, bool secret, struct err *err);
int journal_end(struct journal *j, const struct object_result *r, struct err *err);
int journal_finish(struct journal *j, const struct apply_result *r, struct err *err);
/* The apply undoes itself by the plan of that digest, which is in `file`: on disk before that
 * plan's first write. */
int journal_rollback(struct journal *j, const char *digest, const char *file, struct err *err);

/* Says in the journal at `path` that plan `by` undoes it, so that nobody resumes it.  Where there
 * is none any more, or that of another plan than `of`, nothing is to be said.  ERR_CONFLICT where
 * an apply is at work with it. */
int journal_mark_undone(const char *path, const char *of, const char *by, struct err *err);

/* An object as it is before a write, as JSON text: without status, of a Secret without values.
 * *sealed: the whole, NULL for anything but a Secret and without a key.  The caller frees both. */
char *journal_before_text(const struct journal *j, const char *id, const struct json *live,
			  bool secret, char **sealed);

/* For tests: called before each record is appended (before: true) and after. */
void journal_set_hook(struct journal *j, void (*hook)(void *ctx, bool before), void *ctx);

#endif
