/* The regular expressions of CEL: RE2's syntax as Go reads it, with what it matches in Go.
 *
 *   re2_compile()   a pattern
 *   re2_test()      does it match anywhere?
 *   re2_find()      where is the first match?  Of the alternatives the first, as in Perl
 *   re2_free()      releases it; NULL is fine
 *
 * A pattern is read here and written again for PCRE2, so that PCRE2 never sees a user's text: what
 * Go does not know (backreferences, lookaround, possessive repeats) is refused with Go's own
 * message, and what both know but mean differently (`$`, `\s`, `(?U)`) comes out as what Go means.
 *
 * PCRE2 tries one way after the other.  Where that takes more than a few steps for each character,
 * the same pattern is followed all ways at once instead (re2_vm.c), in time that grows with text
 * and pattern and no faster.  So there is an answer even where a pattern is meant to do harm; only
 * what is too large for that is REGEX_LIMIT. */
#ifndef POLICY_CEL_RE2_H
#define POLICY_CEL_RE2_H

#include "base/buf.h"
#include "base/regex.h"

enum {
	RE2_OPTIONS = REGEX_MULTILINE | REGEX_DOTALL | REGEX_HASTY,
	RE2_REPEAT_MAX = 1000,   /* of one atom, nested repeats multiplied */
	RE2_DEPTH_MAX = 1000,    /* nested groups */
	RE2_CODE_MAX = 100000,   /* instructions */
	RE2_STEPS_MAX = 5000000, /* of one search all ways at once */
};

struct re2;

/* ERR_INPUT: no pattern of RE2, in Go's words.
 * ERR_LIMIT: it may be one, but it cannot be run here; what it would answer is unknown. */
int re2_compile(const char *pattern, size_t n, struct re2 **out, struct err *err);

enum regex_result re2_test(struct re2 *re, const char *text, size_t n);
enum regex_result re2_find(struct re2 *re, const char *text, size_t n, size_t from, size_t *start,
			   size_t *end);

/* Bytes of the compiled form: how much work it was. */
size_t re2_size(const struct re2 *re);

/* The steps of the last search beyond PCRE2's, for those who pay for them. */
size_t re2_steps(const struct re2 *re);

void re2_free(struct re2 *re);
void re2_free_p(struct re2 **re); /* for AUTO() */

/* The pattern for PCRE2, to be compiled with RE2_OPTIONS.  It captures nothing. */
int re2_translate(const char *pattern, size_t n, struct buf *out, struct err *err);

#endif
