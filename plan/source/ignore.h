/* Which files are left out: patterns as in .gitignore (gitignore(5)).
 *
 *   struct ignore ig = { 0 };
 *   ignore_add(&ig, "apps/shop", text, n, ...)   the patterns of apps/shop/.rhumbignore
 *   ignore_leave(&ig, path)                      forgets those of folders that path is not in
 *   ignore_matches(&ig, path, is_folder)
 *
 * The last pattern that matches decides; patterns of a folder further down come after those
 * further up.  What lies in a folder that is left out cannot be taken in again: the caller does
 * not go there. */
#ifndef PLAN_SOURCE_IGNORE_H
#define PLAN_SOURCE_IGNORE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define IGNORE_FILE ".rhumbignore"

enum {
	IGNORE_MAX_BYTES = 256 << 10, /* of one file of patterns */
	IGNORE_MAX_PATTERNS = 1000,   /* that apply to one folder */
};

struct ignore_rule;

struct ignore {
	struct arena arena;
	struct ignore_rule *rules; /* a later one wins */
	size_t n, cap;
	struct ignore_rule *last; /* these win over all: see ignore_add_last() */
	size_t n_last, cap_last;
};

/* ERR_LIMIT past a ceiling. */
int ignore_add(struct ignore *ig, const char *folder, const char *text, size_t n, struct err *err);

/* One pattern of the command line or the configuration: stronger than those of files. */
int ignore_add_last(struct ignore *ig, const char *folder, const char *pattern, struct err *err);

void ignore_leave(struct ignore *ig, const char *path);
bool ignore_matches(const struct ignore *ig, const char *path, bool is_folder);
void ignore_done(struct ignore *ig);

/* Whether a pattern without "!" and ending "/" matches a path; both are cut at "/", and "**"
 * stands for any number of folders. */
bool wildmatch(const char *pattern, const char *path);

#endif
