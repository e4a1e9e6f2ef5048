/* A growing run of bytes, always followed by a NUL that len does not count.
 *
 * struct buf b = { 0 } is an empty buffer.  Give `max` where the bytes come from outside:
 * buf_add() then refuses to pass it.  buf_put(), buf_puts() and buf_printf() are for text of
 * our own making and know no ceiling. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"

struct buf {
	char *data; /* NULL while nothing was ever added; see buf_text() */
	size_t len, cap;
	size_t max; /* ceiling in bytes for buf_add(); 0: none */
};

/* Appends n bytes from outside.  ERR_LIMIT past max; the buffer is unchanged then. */
int buf_add(struct buf *b, const void *p, size_t n, struct err *err);

void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The text so far, never NULL; borrowed until the next addition. */
const char *buf_text(const struct buf *b);

/* Gives the bytes away (NUL-terminated, the caller frees); the buffer is empty then. */
char *buf_take(struct buf *b);

void buf_reset(struct buf *b); /* empties, keeps the memory */
void buf_done(struct buf *b);  /* empties, frees */
void buf_wipe(struct buf *b);  /* buf_done() for credentials: zeroes first */

#endif
