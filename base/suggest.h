/* "did you mean ...?" */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

/* The name that is nearest to a mistyped word, the first of equally near ones; NULL where none is
 * near enough to be meant.  Case differs for little. */
const char *suggest(const char *word, const char *const *names, size_t n);

/* ` (did you mean "name"?)`, or "" where there is none: to end a message.  The caller frees. */
char *suggest_text(const char *word, const char *const *names, size_t n);

#endif
