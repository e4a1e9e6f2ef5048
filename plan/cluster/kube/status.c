/* Refusals of the API server as errors.  See kube.h. */
#include <string.h>

#include "base/json_parse.h"
#include "plan/cluster/kube/kube.h"

enum {
	EXCERPT = 200,
	MESSAGE_MAX = 4096, /* bytes of a server's message: it goes into plans and reports */
};

bool kube_is_json(const char *content_type)
{
	size_t n = strcspn(content_type, "; ");
	return n == strlen("application/json") && strncmp(content_type, "application/json", n) == 0;
}

static const struct {
	int status;
	enum err_code code;
	const char *what;
} refusals[] = {
	{ 400, ERR_INVALID, "bad request" },
	{ 401, ERR_FORBIDDEN, "the credentials are not accepted" },
	{ 403, ERR_FORBIDDEN, "forbidden" },
	{ 404, ERR_NOT_FOUND, "not found" },
	{ 409, ERR_CONFLICT, "conflict" },
	{ 413, ERR_INVALID, "too large" },
	{ 415, ERR_INVALID, "the server does not take this content type" },
	{ 422, ERR_INVALID, "invalid" },
	{ 429, ERR_SERVER, "too many requests" },
	{ 500, ERR_SERVER, "internal error" },
	{ 502, ERR_SERVER, "bad gateway" },
	{ 503, ERR_SERVER, "the service is not available" },
	{ 504, ERR_SERVER, "the server gave up waiting" },
};

static enum err_code code_of(int status, const char **what)
{
	*what = status >= 300 && status < 400 ? "a redirect, which is not followed" : NULL;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (refusals[i].status == status) {
			*what = refusals[i].what;
			return refusals[i].code;
		}
	}
	return ERR_SERVER;
}

/* The start of a text that may be anything: one line, printable. */
static char *excerpt(const struct buf *body)
{
	struct buf b = { 0 };
	for (size_t i = 0; i < body->len && b.len < EXCERPT; i++) {
		unsigned char c = (unsigned char)body->data[i];
		if (c > ' ' && c < 127)
			buf_putc(&b, (char)c);
		else if (b.len && b.data[b.len - 1] != ' ')
			buf_putc(&b, c > 127 ? '?' : ' ');
	}
	return buf_take(&b);
}

/* Server-side apply answers 500 to objects that do not fit their schema. */
static bool is_about_the_object(const char *message)
{
	static const char *const starts[] = {
		"failed to create typed patch object",
		"failed to convert new object",
		"failed to convert new typed object",
	};
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (strncmp(message, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static const struct json *status_of(struct arena *a, const char *content_type,
				    const struct buf *body)
{
	if (!kube_is_json(content_type))
		return NULL;
	AUTO(err_done) struct err ignored = { 0 };
	struct json *v = arena_alloc(a, sizeof(*v));
	if (json_parse(a, buf_text(body), body->len, "answer", NULL, v, &ignored) < 0)
		return NULL;
	const char *kind = json_get_str(v, "kind");
	return kind && strcmp(kind, "Status") == 0 ? v : NULL;
}

static void set_message(struct err *err, enum err_code code, const char *message)
{
	size_t n = strlen(message), shown = n;
	if (n > MESSAGE_MAX)
		for (shown = MESSAGE_MAX; ((unsigned char)message[shown] & 0xC0) == 0x80;)
			shown--;
	err_set(err, code, "%.*s%s", (int)shown, message, shown < n ? "..." : "");
}

void kube_refusal(struct arena *a, int status, const char *content_type, const struct buf *body,
		  const struct json **status_object, struct err *err)
{
	const char *what;
	enum err_code code = code_of(status, &what);
	const struct json *v = status_of(a, content_type, body);
	const char *message = json_get_str(v, "message");
	if (status_object)
		*status_object = v;
	if (status == 500 && message && is_about_the_object(message))
		code = ERR_INVALID;
	if (status == 401) /* its message is "Unauthorized" and no more */
		err_set(err, code, "%s (401)", what);
	else if (message && *message)
		set_message(err, code, message);
	else if (v || !body->len)
		err_set(err, code, "%s (%d)", what ? what : "the server refuses", status);
	else {
		AUTO(auto_free) char *text = excerpt(body);
		err_set(err, code, "%s (%d): %s", what ? what : "the server refuses", status, text);
	}
}
