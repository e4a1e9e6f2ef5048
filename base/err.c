/* See err.h. */
#include "base/err.h"

#include <assert.h>

static int PRINTF_LIKE(4, 0)
	set(struct err *err, enum err_code code, struct srcpos at, const char *fmt, va_list ap)
{
	assert(err->code == ERR_NONE && "an error was set twice");
	err->code = code;
	err->at = at;
	if (at.file)
		err->at.file = xstrdup(at.file);
	err->msg = xvfmt(fmt, ap);
	return -1;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int rc = set(err, code, (struct srcpos){ 0 }, fmt, ap);
	va_end(ap);
	return rc;
}

int err_at(struct err *err, enum err_code code, struct srcpos at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int rc = set(err, code, at, fmt, ap);
	va_end(ap);
	return rc;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	assert(err->code != ERR_NONE && "no error to wrap");
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *context = xvfmt(fmt, ap);
	va_end(ap);
	char *joined = xfmt("%s: %s", context, err->msg);
	free(err->msg);
	err->msg = joined;
	return -1;
}

int err_locate(struct err *err, struct srcpos at)
{
	if (!err->at.file && at.file) {
		err->at = at;
		err->at.file = xstrdup(at.file);
	}
	return -1;
}

int err_move(struct err *dst, struct err *src)
{
	assert(dst->code == ERR_NONE && "an error was set twice");
	*dst = *src;
	*src = (struct err){ 0 };
	return -1;
}

char *err_text(const struct err *err)
{
	const char *msg = err->msg ? err->msg : "no error";
	if (!err->at.file)
		return xstrdup(msg);
	if (!err->at.line)
		return xfmt("%s: %s", err->at.file, msg);
	if (!err->at.col)
		return xfmt("%s:%u: %s", err->at.file, err->at.line, msg);
	return xfmt("%s:%u:%u: %s", err->at.file, err->at.line, err->at.col, msg);
}

void err_done(struct err *err)
{
	free((char *)err->at.file);
	free(err->msg);
	*err = (struct err){ 0 };
}
