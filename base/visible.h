/* Text from outside, made fit for a terminal and for the eyes of somebody who approves it. */
#ifndef BASE_VISIBLE_H
#define BASE_VISIBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/* Whether a character stands for itself: no control character of ASCII or of Unicode's first
 * block (U+009B begins an escape sequence like ESC does), no line or paragraph separator, and
 * none that reorders the text around it, so that it reads otherwise than it is. */
bool visible_is_plain(uint32_t code);

/* Appends n bytes; what is not plain is shown as an escape (\x1b, \u202e), and so is what is no
 * UTF-8.  `keep`: control characters that pass, as "\n\t". */
void visible_put(struct buf *b, const char *p, size_t n, const char *keep);

/* A copy on one line. */
const char *visible_line(struct arena *a, const char *text);

#endif
