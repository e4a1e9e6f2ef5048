/* The client and its loop.  See http.h. */
#include "base/http_private.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

/* libcurl 7.88 now and then leaves a piece of one HTTP/2 stream in its buffers when another stream
 * ends, and no socket will ever say so; the next curl_multi_perform() finds it.  So waits begin
 * short and grow while nothing happens. */
enum { POLL_FIRST_MS = 2, POLL_LARGEST_MS = 128 };

enum { BACKOFF_LARGEST_MS = 10000 };

static void init_once(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void init_library(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_once);
}

/* ---- where to */

static void auto_url(CURLU **u)
{
	curl_url_cleanup(*u);
}

static void auto_curl(char **p)
{
	curl_free(*p);
}

/* Splits the URL into what a client needs of it.  The user of a URL is dropped: credentials
 * come as headers. */
static int set_url(struct http_client *c, const struct http_options *o, struct err *err)
{
	AUTO(auto_url) CURLU *u = curl_url();
	AUTO(auto_curl) char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL;
	if (!u || curl_url_set(u, CURLUPART_URL, o->url, 0) ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ||
	    curl_url_get(u, CURLUPART_PATH, &path, 0))
		return err_set(err, ERR_INPUT, "the server's URL cannot be understood");
	c->https = strcmp(scheme, "https") == 0;
	if (!c->https && strcmp(scheme, "http") != 0)
		return err_set(err, ERR_INPUT, "a server's URL is http or https, not %s", scheme);
	for (size_t n = strlen(path); n && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	c->host = xfmt("%s:%s", host, port);
	const char *name = c->https ? o->tls.server_name : NULL;
	if (!name || !*name || strcmp(name, host) == 0) {
		c->base = xfmt("%s://%s:%s%s", scheme, host, port, path);
		return 0;
	}
	if (strpbrk(name, "/:@?# \t\r\n"))
		return err_set(err, ERR_INPUT, "the server name to verify is not a host name");
	c->base = xfmt("%s://%s:%s%s", scheme, name, port, path);
	c->connect_to = xfmt("%s:%s:%s", name, port, c->host);
	c->host_line = xfmt("Host: %s", c->host);
	return 0;
}

static const char *process_env(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

static char *copy_or_null(const char *text)
{
	return text && *text ? xstrdup(text) : NULL;
}

static void tls_wipe(struct http_tls *tls)
{
	free((char *)tls->ca);
	http_wipe((char *)tls->certificate);
	http_wipe((char *)tls->key);
	free((char *)tls->server_name);
	*tls = (struct http_tls){ 0 };
}

void http_client_tls(struct http_client *c, const struct http_tls *tls)
{
	struct http_tls copy = {
		.ca = copy_or_null(tls->ca),
		.certificate = copy_or_null(tls->certificate),
		.key = copy_or_null(tls->key),
		.server_name = copy_or_null(tls->server_name),
		.insecure = tls->insecure,
	};
	tls_wipe(&c->tls);
	c->tls = copy;
}

static void wipe_headers(struct http_client *c)
{
	for (size_t i = 0; i < c->n_headers; i++)
		http_wipe(c->headers[i]);
	free(c->headers);
	c->headers = NULL;
	c->n_headers = 0;
}

int http_client_headers(struct http_client *c, const char *const *lines, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		for (const char *p = lines[i]; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 127)
				return err_set(err, ERR_INPUT,
					       "a credential holds a control character");
	char **copies = n ? xcalloc(n, sizeof(*copies)) : NULL;
	for (size_t i = 0; i < n; i++)
		copies[i] = xstrdup(lines[i]);
	wipe_headers(c);
	c->headers = copies;
	c->n_headers = n;
	return 0;
}

int http_client_new(struct http_client **out, const struct http_options *o, struct err *err)
{
	init_library();
	AUTO(http_client_free_p) struct http_client *c = xcalloc(1, sizeof(*c));
	if (set_url(c, o, err) < 0)
		return -1;
	c->multi = curl_multi_init();
	if (!c->multi)
		return err_set(err, ERR_SYSTEM, "libcurl gives no multi handle");
	curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HTTP_MAX_CONNECTIONS);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_MAX_CONNECTIONS);
	c->proxy = o->proxy ? xstrdup(o->proxy) : http_proxy_for(o->url, process_env, NULL);
	if (!c->proxy)
		c->proxy = xstrdup("");
	c->user_agent = copy_or_null(o->user_agent);
	c->compress = o->compress;
	c->backoff_ms = o->backoff_ms ? o->backoff_ms : HTTP_BACKOFF_MS;
	c->attempt = o->attempt;
	c->ctx = o->ctx;
	c->seed = (unsigned)time_monotonic_ms() ^ (unsigned)(uintptr_t)c;
	http_client_tls(c, &o->tls);
	*out = TAKE(c);
	return 0;
}

bool http_client_is_http2(const struct http_client *c)
{
	return c->http2;
}

static void slots_free(struct http_client *c)
{
	for (size_t i = 0; i < c->n_slots; i++) {
		transfer_clear(&c->slots[i]);
		curl_easy_cleanup(c->slots[i].easy);
	}
	free(c->slots);
	c->slots = NULL;
	c->n_slots = 0;
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	slots_free(c);
	curl_multi_cleanup(c->multi);
	wipe_headers(c);
	tls_wipe(&c->tls);
	http_wipe(c->proxy); /* its URL may hold a password */
	free(c->base);
	free(c->connect_to);
	free(c->host_line);
	free(c->host);
	free(c->user_agent);
	free(c);
}

/* ---- trying again */

/* A 500 to a GET is a server in trouble; to anything else it may well be about what was sent. */
static bool is_passing(const struct transfer *t)
{
	int status = t->answer.status;
	return status == 429 || status == 502 || status == 503 || status == 504 ||
	       (status == 500 && strcmp(t->request.method, "GET") == 0);
}

/* The table of http.h. */
static bool worth_repeating(const struct transfer *t, enum transfer_end end)
{
	bool repeatable = t->request.repeatable;
	switch (end) {
	case END_ANSWER:
		if (t->answer.status == 429)
			return t->attempts < HTTP_ATTEMPTS;
		return repeatable && is_passing(t) && t->attempts < HTTP_ATTEMPTS;
	case END_NOT_CONNECTED:
		return t->attempts < HTTP_CONNECT_ATTEMPTS;
	case END_BROKEN:
		return repeatable && t->attempts < HTTP_ATTEMPTS;
	case END_FINAL:
		return false;
	}
	return false;
}

/* Seconds to wait before the next attempt.  A server that asks for longer than we are willing to
 * wait is given up on: coming back early would be worse than saying so. */
static double wait_before_next(struct transfer *t)
{
	double backoff = t->client->backoff_ms << (t->attempts - 1);
	if (backoff > BACKOFF_LARGEST_MS)
		backoff = BACKOFF_LARGEST_MS;
	double jitter = (double)rand_r(&t->client->seed) / RAND_MAX;
	double wait = backoff * (0.5 + jitter) / 1000;
	curl_off_t after = 0;
	if (is_passing(t))
		curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after);
	if (after > HTTP_MAX_RETRY_AFTER)
		return -1;
	if (after > 0)
		wait = (double)after + 0.1 * jitter;
	return t->waited + wait > HTTP_MAX_WAIT ? -1 : wait;
}

static void report_attempt(struct transfer *t, double again_in)
{
	struct http_client *c = t->client;
	if (!c->attempt)
		return;
	struct http_attempt a = {
		.method = t->request.method,
		.path = t->request.path,
		.status = t->answer.status,
		.seconds = (double)(time_monotonic_ms() - t->started) / 1000,
		.bytes = t->body_bytes,
		.problem = t->answer.err.msg,
		.again_in = again_in,
	};
	c->attempt(c->ctx, &a);
}

/* ---- the loop */

struct http_flow {
	struct http_client *client;
	http_next_fn *next;
	http_done_fn *done;
	void *ctx;
	size_t n_slots; /* of the client's, that this run may use */
	size_t running, waiting;
	size_t ended; /* handed over so far */
	struct err *err;
};

static int hand_over(struct http_flow *run, struct transfer *t)
{
	if (t->answer.err.code && t->attempts > 1)
		err_wrap(&t->answer.err, "after %u attempts", t->attempts);
	run->ended++;
	int rc = run->done(run->ctx, &t->request, &t->answer, run->err);
	transfer_clear(t);
	return rc;
}

/* Starts an attempt.  What libcurl refuses is an answer too. */
static int start(struct http_flow *run, struct transfer *t)
{
	t->attempts++;
	if (transfer_prepare(t, &t->answer.err) < 0)
		return hand_over(run, t);
	CURLMcode rc = curl_multi_add_handle(run->client->multi, t->easy);
	if (rc) {
		err_set(&t->answer.err, ERR_SYSTEM, "%s: %s", run->client->host,
			curl_multi_strerror(rc));
		return hand_over(run, t);
	}
	t->state = TRANSFER_RUNNING;
	run->running++;
	return 0;
}

/* Fills idle slots with new requests and wakes those whose time has come. */
static int fill(struct http_flow *run)
{
	struct http_client *c = run->client;
	int64_t now = time_monotonic_ms();
	bool more = true;
	for (size_t i = 0; i < run->n_slots; i++) {
		struct transfer *t = &c->slots[i];
		while (more && t->state == TRANSFER_IDLE) {
			more = run->next(run->ctx, &t->request);
			if (more && start(run, t) < 0)
				return -1;
		}
		if (t->state == TRANSFER_WAITING && t->wake <= now) {
			run->waiting--;
			t->state = TRANSFER_IDLE;
			if (start(run, t) < 0)
				return -1;
		}
	}
	return 0;
}

static int attempt_ended(struct http_flow *run, struct transfer *t, CURLcode result)
{
	curl_multi_remove_handle(run->client->multi, t->easy);
	run->running--;
	t->state = TRANSFER_IDLE;
	enum transfer_end end = transfer_finish(t, result);
	double wait = worth_repeating(t, end) ? wait_before_next(t) : -1;
	report_attempt(t, wait);
	if (wait < 0)
		return hand_over(run, t);
	transfer_forget(t);
	if (t->streamed && t->request.on_body(&t->request, NULL, 0, &t->answer.err) < 0)
		return hand_over(run, t);
	t->streamed = false;
	t->waited += wait;
	t->wake = time_monotonic_ms() + (int64_t)(wait * 1000);
	t->state = TRANSFER_WAITING;
	run->waiting++;
	return 0;
}

static int collect(struct http_flow *run)
{
	CURLMsg *m;
	int left;
	while ((m = curl_multi_info_read(run->client->multi, &left))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode result = m->data.result;
		struct transfer *t = NULL;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		if (attempt_ended(run, t, result) < 0)
			return -1;
	}
	return 0;
}

static int poll_ms(const struct http_flow *run, int longest)
{
	const struct http_client *c = run->client;
	if (!run->waiting)
		return longest;
	int64_t now = time_monotonic_ms(), soonest = now + longest;
	for (size_t i = 0; i < run->n_slots; i++)
		if (c->slots[i].state == TRANSFER_WAITING && c->slots[i].wake < soonest)
			soonest = c->slots[i].wake;
	return soonest > now ? (int)(soonest - now) : 0;
}

/* What can be done without waiting. */
static int work(struct http_flow *run)
{
	if (fill(run) < 0)
		return -1;
	if (!run->running)
		return 0;
	int running;
	CURLMcode rc = curl_multi_perform(run->client->multi, &running);
	if (rc)
		return err_set(run->err, ERR_SYSTEM, "%s: %s", run->client->host,
			       curl_multi_strerror(rc));
	return collect(run);
}

static void wait_for_sockets(struct http_flow *run, int *wait, int64_t longest)
{
	int ready = 0, ms = longest < *wait ? (int)longest : *wait;
	curl_multi_poll(run->client->multi, NULL, 0, poll_ms(run, ms), &ready);
	if (ready)
		*wait = POLL_FIRST_MS;
	else if (*wait < POLL_LARGEST_MS)
		*wait *= 2;
}

static void flow_init(struct http_flow *f, struct http_client *c, unsigned max_in_flight)
{
	if (c->n_slots < max_in_flight) {
		slots_free(c);
		c->slots = xcalloc(max_in_flight, sizeof(*c->slots));
		c->n_slots = max_in_flight;
		for (size_t i = 0; i < c->n_slots; i++)
			c->slots[i].client = c;
	}
	f->client = c;
	f->n_slots = max_in_flight;
}

static void flow_end(struct http_flow *f)
{
	struct http_client *c = f->client;
	for (size_t i = 0; i < c->n_slots; i++) {
		struct transfer *t = &c->slots[i];
		if (t->state == TRANSFER_RUNNING)
			curl_multi_remove_handle(c->multi, t->easy);
		transfer_clear(t);
	}
}

static int loop(struct http_flow *run)
{
	for (int wait = POLL_FIRST_MS;;) {
		size_t before = run->ended;
		if (work(run) < 0)
			return -1;
		if (!run->running && !run->waiting && run->ended == before)
			return 0;
		if (run->ended == before)
			wait_for_sockets(run, &wait, POLL_LARGEST_MS);
		else
			wait = POLL_FIRST_MS;
	}
}

int http_run(struct http_client *c, unsigned max_in_flight, http_next_fn *next, http_done_fn *done,
	     void *ctx, struct err *err)
{
	struct http_flow run = { .next = next, .done = done, .ctx = ctx, .err = err };
	flow_init(&run, c, max_in_flight);
	int rc = loop(&run);
	flow_end(&run);
	return rc;
}

/* ---- bit by bit */

struct http_flow *http_flow_new(struct http_client *c, unsigned max_in_flight, http_next_fn *next,
				http_done_fn *done, void *ctx)
{
	struct http_flow *f = xcalloc(1, sizeof(*f));
	*f = (struct http_flow){ .next = next, .done = done, .ctx = ctx };
	flow_init(f, c, max_in_flight);
	return f;
}

int http_flow_pump(struct http_flow *f, unsigned ms, struct err *err)
{
	int64_t end = time_monotonic_ms() + ms, left;
	size_t before = f->ended;
	f->err = err;
	f->client->came = false;
	for (int wait = POLL_FIRST_MS;;) {
		if (work(f) < 0)
			return -1;
		left = end - time_monotonic_ms();
		if (left <= 0 || f->client->came || f->ended != before)
			return 0;
		wait_for_sockets(f, &wait, left);
	}
}

void http_flow_free(struct http_flow *f)
{
	if (!f)
		return;
	flow_end(f);
	free(f);
}
