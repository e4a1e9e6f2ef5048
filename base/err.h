/* Errors: a small value with a code, a position in a source text, and a message chain.
 *
 *   AUTO(err_done) struct err err = { 0 };      zero: no error
 *   if (work(&err) < 0)
 *           err_wrap(&err, "plan %s", name);     "plan shop: <what work said>"
 *
 * The caller owns the struct; functions that fail set it exactly once and return -1, so that
 * `return err_set(err, ...)` reads well.  On failure outputs are untouched, on success err is.
 * Setting an error that is set already is a bug and aborts. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/mem.h"

/* What kind of failure it is.  cmd/main.c turns codes into exit statuses, in one switch. */
enum err_code {
	ERR_NONE,
	ERR_USAGE,       /* wrong command line */
	ERR_INPUT,       /* a file, plan, configuration or answer that cannot be understood */
	ERR_LIMIT,       /* a ceiling was passed; the message names it */
	ERR_SYSTEM,      /* the operating system or a library refused */
	ERR_NOT_FOUND,   /* the thing asked for does not exist (404 too) */
	ERR_UNREACHABLE, /* no connection, or it broke before the answer was whole */
	ERR_TIMEOUT,     /* no answer within the time allowed */
	ERR_FORBIDDEN,   /* 401, 403 */
	ERR_CONFLICT,    /* 409 */
	ERR_INVALID,     /* 400, 422: the server understood and says the object is wrong */
	ERR_SERVER,      /* 429, 5xx after all retries, or an answer that makes no sense */
	ERR_STALE,       /* the world is no longer as planned */
	ERR_REFUSED,     /* a policy, a guard or a missing approval says no */
	ERR_PARTIAL,     /* an apply failed part way */
	ERR_INTERRUPTED, /* a signal asked to stop */
};

/* line 0: the whole file.  col 0: the whole line.  file NULL: not about any text. */
struct srcpos {
	const char *file;
	unsigned line, col;
};

struct err {
	enum err_code code;
	struct srcpos at; /* at.file is owned by the error */
	char *msg;        /* outermost context first, joined by ": " */
};

int err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
int err_at(struct err *err, enum err_code code, struct srcpos at, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Puts context in front of the message.  Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Gives the error a position if it has none yet.  Returns -1. */
int err_locate(struct err *err, struct srcpos at);

/* Moves src into the empty dst; src is empty afterwards.  Returns -1. */
int err_move(struct err *dst, struct err *src);

/* "file:line:col: message"; the caller frees. */
char *err_text(const struct err *err);

/* Empties the error; fine on an empty one. */
void err_done(struct err *err);

#endif
