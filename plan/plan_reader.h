/* What the parts of the plan file's reader share; nobody else needs it.
 *
 *   plan_read.c          the file as a whole
 *   plan_read_change.c   its changes
 *   plan_read_verdict.c  what policies said
 *
 * Each function here sets reader.err and returns -1 for a member that is missing or of another
 * type. */
#ifndef PLAN_PLAN_READER_H
#define PLAN_PLAN_READER_H

#include "plan/plan.h"

struct reader {
	struct plan *p;
	const char *file;
	struct err *err;
};

/* "not a plan that this version can read: WHAT `KEY`", at v. */
int read_wrong(struct reader *r, const struct json *v, const char *what, const char *key);

/* Refuses members whose key is not in the NULL-terminated list. */
int read_only_keys(struct reader *r, const struct json *v, const char *const *keys);
#define ONLY_KEYS(r, v, ...) read_only_keys(r, v, (const char *const[]){ __VA_ARGS__, NULL })

int read_text(struct reader *r, const struct json *v, const char *key, const char **out);
int read_optional_text(struct reader *r, const struct json *v, const char *key, const char **out);
int read_number(struct reader *r, const struct json *v, const char *key, int64_t *out);
int read_list(struct reader *r, const struct json *v, const char *key, const struct json **out);
int read_strings(struct reader *r, const struct json *v, const char *key, const char ***out,
		 size_t *n);

/* 0 where it is absent; of 32 bits at most. */
int read_small_number(struct reader *r, const struct json *v, const char *key, unsigned *out);

/* false where it is absent. */
int read_flag(struct reader *r, const struct json *v, const char *key, bool *out);

/* The index of the name; names(i) may be NULL or "", which no text is. */
typedef const char *name_fn(int i);
int read_name(struct reader *r, const struct json *v, const char *key, name_fn *names, int count,
	      int *out);

/* Of the plan `root`; verdicts after changes. */
int read_changes(struct reader *r, const struct json *root);
int read_verdicts(struct reader *r, const struct json *root);
/* Before these. */
int read_waivers(struct reader *r, const struct json *root);

#endif
