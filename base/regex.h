/* Regular expressions: the one adapter of PCRE2.
 *
 *   regex_compile()   a pattern in PCRE2's syntax; text from users goes through a translator of
 *                     its own first (policy/cel/re2.h)
 *   regex_test()      does it match anywhere?
 *   regex_find()      where is the first match?
 *   regex_free()      releases it; NULL is fine
 *
 * PCRE2 tries one way after the other, so a short pattern can take time without end.  Every call
 * therefore has a budget of steps that the text decides alone, not the clock: the same text gets
 * the same answer everywhere.  Where the budget is spent the answer is REGEX_LIMIT, which is
 * neither a match nor none.
 *
 * Pattern and text are UTF-8, and the text has to be valid.  \d, \w, \s and \b mean ASCII. */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include <stdbool.h>

#include "base/err.h"

enum regex_result { REGEX_NO_MATCH, REGEX_MATCH, REGEX_LIMIT };

enum regex_options {
	REGEX_CASELESS = 1,
	REGEX_MULTILINE = 2, /* ^ and $ are at lines too; after a newline at the end as well */
	REGEX_DOTALL = 4,    /* . matches a newline */
	REGEX_HASTY = 8,     /* few steps for each character: the caller has another way */
};

enum {
	REGEX_PATTERN_MAX = 64 << 10, /* bytes of a pattern */
	REGEX_TEXT_MAX = 16 << 20,    /* bytes of a text; a longer one is REGEX_LIMIT */
};

struct regex;

/* ERR_INPUT: no pattern.  ERR_LIMIT: too long, too large when compiled, or too deep. */
int regex_compile(const char *pattern, size_t n, unsigned options, struct regex **out,
		  struct err *err);

enum regex_result regex_test(struct regex *re, const char *text, size_t n);

/* The first match that starts at `from` or later; *start and *end are offsets in bytes. */
enum regex_result regex_find(struct regex *re, const char *text, size_t n, size_t from,
			     size_t *start, size_t *end);

/* Bytes of the compiled form: how much work it was. */
size_t regex_size(const struct regex *re);

void regex_free(struct regex *re);
void regex_free_p(struct regex **re); /* for AUTO() */

#endif
