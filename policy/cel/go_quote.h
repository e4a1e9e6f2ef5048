/* Text in double quotes as Go's %q writes it. */
#ifndef POLICY_CEL_GO_QUOTE_H
#define POLICY_CEL_GO_QUOTE_H

#include "base/buf.h"

/* Appends the n bytes at `text` in quotes: what is not printable as an escape, what is no UTF-8 as
 * the bytes that it is. */
void go_quote(struct buf *out, const char *text, size_t n);

/* The same as a string of its own; the caller frees. */
char *go_quoted(const char *text, size_t n);

#endif
