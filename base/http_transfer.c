/* One attempt at one request: options in, answer out.  See http.h. */
#include "base/http_private.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"

enum { TIMEOUT_SECONDS = 60, RECEIVE_BUFFER = 128 << 10 };

void http_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void free_lines(struct curl_slist *lines)
{
	for (struct curl_slist *l = lines; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(lines);
}

static bool is_success(int status)
{
	return status >= 200 && status < 300;
}

/* ---- what libcurl tells us while an answer comes in */

/* The value of a header line if it has this name, else NULL. */
static const char *value_of(const char *line, size_t n, const char *name, size_t *len)
{
	size_t name_len = strlen(name);
	if (n <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return NULL;
	const char *from = line + name_len + 1, *to = line + n;
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	*len = (size_t)(to - from);
	return from;
}

/* The quoted text of `299 - "text" "date"`; the value itself where it does not look so. */
static char *warning_text(const char *value, size_t n)
{
	const char *end = value + n, *p = memchr(value, '"', n);
	if (!p)
		return xstrndup(value, n);
	struct buf text = { 0 };
	for (p++; p < end && *p != '"'; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		buf_putc(&text, (unsigned char)*p < ' ' ? ' ' : *p);
	}
	return buf_take(&text);
}

static void keep_header(struct transfer *t, const char *line, size_t n)
{
	size_t len;
	const char *value = value_of(line, n, "content-type", &len);
	if (value) {
		free(t->content_type);
		t->content_type = xstrndup(value, len);
		for (char *p = t->content_type; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		return;
	}
	struct http_answer *a = &t->answer;
	value = value_of(line, n, "warning", &len);
	if (value && a->n_warnings < HTTP_MAX_WARNINGS) {
		a->warnings = xreallocarray(a->warnings, a->n_warnings + 1, sizeof(*a->warnings));
		a->warnings[a->n_warnings++] = warning_text(value, len);
	}
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	n *= size;
	t->header_bytes += n;
	if (t->header_bytes > HTTP_MAX_HEADER_BYTES) {
		err_set(&t->answer.err, ERR_LIMIT, "%s answers with more than %d bytes of headers",
			t->client->host, HTTP_MAX_HEADER_BYTES);
		return 0;
	}
	if (n > 6 && memcmp(line, "HTTP/2", 6) == 0)
		t->client->http2 = true;
	keep_header(t, line, n);
	return n;
}

/* Part of the body of a refusal is enough for a message, and more is not worth an error. */
static size_t keep_failure(struct transfer *t, const char *p, size_t n)
{
	struct buf *body = &t->answer.body;
	size_t room = HTTP_MAX_ERROR_BODY - body->len;
	if (!room)
		return 0;
	buf_put(body, p, n < room ? n : room);
	return n;
}

/* Answers without on_body wait whole in memory, as many as there are requests at once. */
static size_t collect(struct transfer *t, const char *p, size_t n)
{
	struct http_client *c = t->client;
	size_t all = n;
	for (size_t i = 0; i < c->n_slots; i++)
		all += c->slots[i].answer.body.len;
	if (all > HTTP_MAX_COLLECTED) {
		err_set(&t->answer.err, ERR_LIMIT,
			"%s answers several requests with more than %d bytes together", c->host,
			HTTP_MAX_COLLECTED);
		return 0;
	}
	buf_put(&t->answer.body, p, n);
	return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct http_request *r = &t->request;
	n *= size;
	t->body_bytes += n;
	long status = 0;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!is_success((int)status))
		return keep_failure(t, p, n);
	if (r->max_bytes && t->body_bytes > r->max_bytes) {
		err_set(&t->answer.err, ERR_LIMIT, "%s answers with more than %zu bytes",
			t->client->host, r->max_bytes);
		return 0;
	}
	if (!r->on_body)
		return collect(t, p, n);
	t->streamed = t->client->came = true;
	return r->on_body(r, p, n, &t->answer.err) < 0 ? 0 : n;
}

/* ---- setting up */

static struct curl_slist *line_add(struct curl_slist *lines, const char *line)
{
	struct curl_slist *more = curl_slist_append(lines, line);
	if (!more)
		abort(); /* memory: see mem.h */
	return more;
}

static struct curl_slist *line_fmt(struct curl_slist *lines, const char *name, const char *value)
{
	AUTO(auto_free) char *line = xfmt("%s: %s", name, value);
	return line_add(lines, line);
}

static void set_lines(struct transfer *t)
{
	const struct http_client *c = t->client;
	const struct http_request *r = &t->request;
	struct curl_slist *lines = NULL;
	for (size_t i = 0; i < c->n_headers; i++)
		lines = line_add(lines, c->headers[i]);
	if (r->accept)
		lines = line_fmt(lines, "Accept", r->accept);
	if (r->content_type)
		lines = line_fmt(lines, "Content-Type", r->content_type);
	if (c->host_line)
		lines = line_add(lines, c->host_line);
	lines = line_add(lines, "Expect:");
	free_lines(t->lines);
	t->lines = lines;
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, lines);
}

static CURLcode set_blob(CURL *e, CURLoption option, const char *pem)
{
	/* The client's copy outlives every transfer that uses it. */
	struct curl_blob blob = { (void *)pem, strlen(pem), CURL_BLOB_NOCOPY };
	return curl_easy_setopt(e, option, &blob);
}

static CURLcode set_tls(CURL *e, const struct http_tls *tls)
{
	CURLcode rc = CURLE_OK;
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, tls->insecure ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, tls->insecure ? 0L : 2L);
	if (tls->ca && !tls->insecure) {
		/* The folder of the system's authorities would be trusted beside the blob. */
		curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
		rc = set_blob(e, CURLOPT_CAINFO_BLOB, tls->ca);
	}
	if (!rc && tls->certificate)
		rc = set_blob(e, CURLOPT_SSLCERT_BLOB, tls->certificate);
	if (!rc && tls->key)
		rc = set_blob(e, CURLOPT_SSLKEY_BLOB, tls->key);
	return rc;
}

static void set_method(CURL *e, const struct http_request *r)
{
	if (r->body.len) {
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body.data);
	} else {
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_callbacks(struct transfer *t)
{
	CURL *e = t->easy;
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
}

static void set_limits(CURL *e, const struct http_request *r)
{
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)HTTP_CONNECT_SECONDS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)(r->timeout ? r->timeout : TIMEOUT_SECONDS));
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME,
			 (long)(r->stall ? r->stall : HTTP_STALL_SECONDS));
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
}

int transfer_prepare(struct transfer *t, struct err *err)
{
	struct http_client *c = t->client;
	if (!t->easy && !(t->easy = curl_easy_init()))
		return err_set(err, ERR_SYSTEM, "libcurl gives no handle");
	CURL *e = t->easy;
	curl_easy_reset(e);
	AUTO(auto_free) char *url = xfmt("%s%s", c->base, t->request.path);
	CURLcode rc = curl_easy_setopt(e, CURLOPT_URL, url);
	if (!rc)
		rc = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	if (!rc)
		rc = curl_easy_setopt(e, CURLOPT_PROXY, c->proxy);
	if (!rc)
		rc = set_tls(e, &c->tls);
	if (rc)
		return err_set(err, ERR_SYSTEM, "%s: %s", c->host, curl_easy_strerror(rc));
	/* Which proxy was decided for the real host, not for the name to verify. */
	curl_easy_setopt(e, CURLOPT_NOPROXY, "");
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(e, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	if (c->user_agent)
		curl_easy_setopt(e, CURLOPT_USERAGENT, c->user_agent);
	if (c->compress)
		curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (c->connect_to) {
		struct curl_slist *to = line_add(NULL, c->connect_to);
		free_lines(t->connect_to);
		t->connect_to = to;
		curl_easy_setopt(e, CURLOPT_CONNECT_TO, to);
	}
	set_lines(t);
	set_method(e, &t->request);
	set_callbacks(t);
	set_limits(e, &t->request);
	t->problem[0] = '\0';
	t->started = time_monotonic_ms();
	return 0;
}

/* ---- the end */

struct ending {
	CURLcode code;
	enum transfer_end end;
	enum err_code err;
	const char *hint;
};

/* Everything that is not here broke the connection. */
static const struct ending endings[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, END_NOT_CONNECTED, ERR_UNREACHABLE, NULL },
	{ CURLE_COULDNT_RESOLVE_PROXY, END_NOT_CONNECTED, ERR_UNREACHABLE, NULL },
	{ CURLE_COULDNT_CONNECT, END_NOT_CONNECTED, ERR_UNREACHABLE, NULL },
	{ CURLE_PROXY, END_FINAL, ERR_UNREACHABLE, NULL },
	{ CURLE_SSL_CONNECT_ERROR, END_NOT_CONNECTED, ERR_UNREACHABLE, NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, END_FINAL, ERR_UNREACHABLE,
	  "the server's certificate is not trusted" },
	{ CURLE_SSL_CERTPROBLEM, END_FINAL, ERR_INPUT,
	  "the client certificate or its key cannot be used" },
	{ CURLE_SSL_CACERT_BADFILE, END_FINAL, ERR_INPUT,
	  "the certificate authority cannot be read" },
	{ CURLE_UNSUPPORTED_PROTOCOL, END_FINAL, ERR_SERVER, NULL },
	{ CURLE_URL_MALFORMAT, END_FINAL, ERR_INPUT, NULL },
	{ CURLE_BAD_CONTENT_ENCODING, END_FINAL, ERR_SERVER, NULL },
	{ CURLE_OUT_OF_MEMORY, END_FINAL, ERR_SYSTEM, NULL },
	{ CURLE_WRITE_ERROR, END_FINAL, ERR_SYSTEM, NULL },
};

static const struct ending *ending_of(CURLcode code)
{
	static const struct ending broken = { CURLE_OK, END_BROKEN, ERR_UNREACHABLE, NULL };
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (endings[i].code == code)
			return &endings[i];
	return &broken;
}

static enum transfer_end timed_out(struct transfer *t)
{
	double connected = 0;
	curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME, &connected);
	double seconds = (double)(time_monotonic_ms() - t->started) / 1000;
	if (connected <= 0) {
		err_set(&t->answer.err, ERR_TIMEOUT, "%s: no connection within %.0f s",
			t->client->host, seconds);
		return END_FINAL;
	}
	err_set(&t->answer.err, ERR_TIMEOUT, "%s: no whole answer within %.0f s (%zu bytes came)",
		t->client->host, seconds, t->body_bytes);
	return END_FINAL;
}

enum transfer_end transfer_finish(struct transfer *t, CURLcode result)
{
	struct http_answer *a = &t->answer;
	long status = 0;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	a->content_type = t->content_type ? t->content_type : "";
	if (a->err.code)
		return END_FINAL; /* a ceiling, or on_body */
	bool cut = result == CURLE_WRITE_ERROR && a->body.len == HTTP_MAX_ERROR_BODY;
	if ((result == CURLE_OK || cut) && status >= 200) {
		a->status = (int)status;
		return END_ANSWER;
	}
	if (result == CURLE_OPERATION_TIMEDOUT)
		return timed_out(t);
	const struct ending *e = ending_of(result);
	const char *why = t->problem[0] ? t->problem : curl_easy_strerror(result);
	err_set(&a->err, e->err, "%s: %s%s%s", t->client->host, e->hint ? e->hint : "",
		e->hint ? ": " : "", why);
	return e->end;
}

void transfer_forget(struct transfer *t)
{
	struct http_answer *a = &t->answer;
	for (size_t i = 0; i < a->n_warnings; i++)
		free(a->warnings[i]);
	free(a->warnings);
	buf_done(&a->body);
	err_done(&a->err);
	free(t->content_type);
	*a = (struct http_answer){ 0 };
	t->content_type = NULL;
	t->header_bytes = t->body_bytes = 0;
}

void transfer_clear(struct transfer *t)
{
	transfer_forget(t);
	free_lines(t->lines);
	free_lines(t->connect_to);
	free(t->request.path);
	if (t->request.body.data)
		explicit_bzero(t->request.body.data, t->request.body.len);
	buf_done(&t->request.body);
	*t = (struct transfer){ .client = t->client, .easy = t->easy };
}
