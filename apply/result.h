/* The result of an apply: every change of its plan exactly once, whatever happened.
 *
 *   result_init()     from a plan: nothing was tried yet
 *   result_write()    the file (mode 0600, whole or not at all); result_read() gives back an
 *                     equal one and refuses anything else
 *   result_done()     releases it
 *
 * Strings live in the result's arena: it outlives the plan.  No value of a Secret is in it. */
#ifndef APPLY_RESULT_H
#define APPLY_RESULT_H

#include "base/time.h"
#include "plan/plan.h"

enum {
	RESULT_MAX_BYTES = 128 << 20,
	RESULT_MAX_OBJECTS = PLAN_MAX_CHANGES,
};

/* Of one change. */
enum outcome {
	OUTCOME_NOT_TRIED,
	OUTCOME_APPLIED,
	OUTCOME_UNCHANGED, /* was as planned already */
	OUTCOME_FAILED,
	OUTCOME_STALE, /* no longer what the plan saw; not written */
	OUTCOME_ROLLED_BACK,
	OUTCOME_COUNT,
};

/* Of all of it. */
enum apply_outcome {
	APPLY_APPLIED, /* the cluster is as planned */
	APPLY_FAILED,  /* the objects say what was done and what was not */
	APPLY_STALE,   /* nothing was written */
	APPLY_REFUSED, /* nothing was written */
	APPLY_INTERRUPTED,
	APPLY_OUTCOME_COUNT,
};

/* Whether the object after the write is the one that the plan expected. */
enum as_expected {
	EXPECTED_NOT_KNOWN, /* not written, or the plan could not know (deferred, replace) */
	EXPECTED_YES,
	EXPECTED_NO,
};

/* Whether the object was waited for until it was ready. */
enum became { BECAME_NOT_KNOWN, BECAME_READY, BECAME_NOT };

struct object_result {
	const char *id;
	enum action action;
	enum outcome outcome;
	const char *message; /* NULL: nothing to say */
	const char *file;    /* display; NULL: none */
	unsigned line;
	double seconds;
	enum as_expected as_expected;
	enum became became;
};

struct apply_result {
	struct arena arena;
	char plan[DIGEST_TEXT];
	const char
		*rollback_of; /* digest of the plan that this one undoes; NULL: it is no rollback */
	const char *cluster_name, *cluster_uid;
	char started[TIME_TEXT];
	double seconds;
	enum apply_outcome outcome;
	struct object_result *objects; /* in the plan's order */
	size_t n_objects;
	const char **problems; /* what went wrong beside the objects: bookkeeping, the whole */
	size_t n_problems, cap_problems;
	const char *next; /* what to do now, in a sentence */
};

void result_init(struct apply_result *r, const struct plan *p);
void result_problem(struct apply_result *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
size_t result_count(const struct apply_result *r, enum outcome outcome);
size_t result_unexpected(const struct apply_result *r); /* objects that are EXPECTED_NO */

struct json result_to_json(const struct apply_result *r, struct arena *a);
int result_write(const struct apply_result *r, const char *path, struct err *err);
/* ERR_INPUT for anything but a whole result of this version; ERR_LIMIT past RESULT_MAX_*. */
int result_read(struct apply_result *out, const char *path, struct err *err);
int result_parse(struct apply_result *out, const char *text, size_t n, const char *name,
		 struct err *err);
void result_done(struct apply_result *r);

const char *outcome_name(enum outcome o);             /* "not-tried" */
const char *apply_outcome_name(enum apply_outcome o); /* "applied" */

#endif
