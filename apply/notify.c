/* Where to, and sending; see notify.h. */
#include "apply/notify.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/json_write.h"

static const char *const format_names[] = {
	[NOTIFY_JSON] = "json",
	[NOTIFY_SLACK] = "slack",
	[NOTIFY_TEAMS] = "teams",
};
_Static_assert(ARRAY_LEN(format_names) == NOTIFY_FORMAT_COUNT, "every format needs a name");

/* A leading dot: any host below. */
static const struct {
	const char *host;
	enum notify_format format;
} hosts[] = {
	{ "hooks.slack.com", NOTIFY_SLACK },    { "hooks.slack-gov.com", NOTIFY_SLACK },
	{ "outlook.office.com", NOTIFY_TEAMS }, { ".webhook.office.com", NOTIFY_TEAMS },
	{ ".logic.azure.com", NOTIFY_TEAMS },   { ".api.powerplatform.com", NOTIFY_TEAMS },
};

static bool is_host(const char *host, const char *pattern)
{
	size_t n = strlen(host), m = strlen(pattern);
	if (*pattern != '.')
		return strcmp(host, pattern) == 0;
	return n > m && strcmp(host + n - m, pattern) == 0;
}

static enum notify_format format_of(const char *host)
{
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (is_host(host, hosts[i].host))
			return hosts[i].format;
	return NOTIFY_JSON;
}

int notify_target_parse(struct notify_target *t, const char *url, const char *format,
			struct err *err)
{
	int f = 0;
	while (format && f < NOTIFY_FORMAT_COUNT && strcmp(format, format_names[f]) != 0)
		f++;
	if (f == NOTIFY_FORMAT_COUNT)
		return err_set(err, ERR_USAGE, "no format \"%s\" for notifications", format);
	struct http_url parsed;
	if (http_url_parse(&parsed, url, err) < 0)
		return -1;
	t->format = format ? (enum notify_format)f : format_of(parsed.host);
	t->url = parsed;
	return 0;
}

void notify_target_done(struct notify_target *t)
{
	http_url_done(&t->url);
}

char *notify_signature(const char *key, const char *timestamp, const void *body, size_t n)
{
	AUTO(buf_done) struct buf signed_text = { 0 };
	buf_printf(&signed_text, "%s.", timestamp);
	buf_put(&signed_text, body, n);
	AUTO(auto_free)
	char *keyed = digest_keyed(key, strlen(key), signed_text.data, signed_text.len);
	return xfmt("sha256=%s", strchr(keyed, ':') + 1);
}

/* ---- sending */

struct delivery {
	const struct notify_target *target;
	const struct notify_options *options;
	const struct buf *body;
	bool sent;
};

static int ignore_body(struct http_request *r, const void *p, size_t n, struct err *err)
{
	(void)r;
	(void)p;
	(void)n;
	(void)err;
	return 0;
}

static bool next(void *ctx, struct http_request *r)
{
	struct delivery *d = ctx;
	if (d->sent)
		return false;
	d->sent = true;
	*r = (struct http_request){
		.method = "POST",
		.path = xstrdup(d->target->url.target),
		.accept = "*/*",
		.content_type = "application/json",
		.repeatable = true, /* told twice is better than not told */
		.timeout = d->options->timeout ? d->options->timeout : NOTIFY_TIMEOUT,
		.on_body = ignore_body,
	};
	buf_put(&r->body, d->body->data, d->body->len);
	return true;
}

/* Slack and others refuse with one word ("invalid_token").  More than that may repeat the URL. */
static const char *one_word(const struct delivery *d, const struct http_answer *a)
{
	const char *word = buf_text(&a->body);
	size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz_");
	bool fine = n && n == a->body.len && n < 40 && !strstr(d->target->url.target, word);
	return fine ? word : NULL;
}

static int done(void *ctx, struct http_request *r, struct http_answer *a, struct err *err)
{
	(void)r;
	const struct delivery *d = ctx;
	if (a->err.code)
		return err_move(err, &a->err);
	if (a->status >= 200 && a->status < 300)
		return 0;
	if (a->status >= 300 && a->status < 400)
		return err_set(err, ERR_SERVER,
			       "answers %d, a redirect, which is not followed: use the URL that "
			       "it leads to",
			       a->status);
	const char *word = one_word(d, a);
	return err_set(err, ERR_SERVER, "answers %d%s%s", a->status, word ? ": " : "",
		       word ? word : "");
}

static int set_headers(struct http_client *c, const struct delivery *d, struct err *err)
{
	char timestamp[24];
	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)d->options->now);
	const char *lines[3];
	size_t n = 0;
	AUTO(auto_free) char *when = xfmt("X-Rhumb-Timestamp: %s", timestamp);
	AUTO(auto_free) char *signature = NULL;
	AUTO(auto_free) char *line = NULL;
	lines[n++] = when;
	const char *key = d->options->key;
	if (key && *key) {
		signature = notify_signature(key, timestamp, d->body->data, d->body->len);
		line = xfmt("X-Rhumb-Signature: %s", signature);
		lines[n++] = line;
	}
	if (d->target->url.authorization)
		lines[n++] = d->target->url.authorization;
	return http_client_headers(c, lines, n, err);
}

int notify_send(const struct notify_target *t, const struct notice *n,
		const struct notify_options *o, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf body = { 0 };
	AUTO(http_client_free_p) struct http_client *client = NULL;
	struct json tree = notify_body(&a, t->format, n);
	json_write_canonical(&body, &tree);
	struct delivery d = { .target = t, .options = o, .body = &body };
	struct http_options http = {
		.url = t->url.origin,
		.user_agent = "rhumb/" RHUMB_VERSION,
		.backoff_ms = o->backoff_ms,
	};
	if (http_client_new(&client, &http, err) < 0 || set_headers(client, &d, err) < 0 ||
	    http_run(client, 1, next, done, &d, err) < 0)
		return err_wrap(err, "notify %s", t->url.host);
	return 0;
}
