/* The HTTP client against a server that misbehaves. */
#include "tests/lib/fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/http.h"
#include "base/json_parse.h"
#include "base/time.h"
#include "tests/lib/fault_server.h"

static struct fault_server server;

/* ---- one request and what became of it */

struct outcome {
	unsigned left; /* requests to send */
	struct http_request request;
	int status;
	char *content_type, *warning, *body, *message;
	enum err_code code;
	unsigned done, attempts, restarts;
	size_t streamed;
	double waited;
};

static void outcome_done(struct outcome *o)
{
	free(o->content_type);
	free(o->warning);
	free(o->body);
	free(o->message);
}

static void replace(char **text, const char *with)
{
	free(*text);
	*text = xstrdup(with ? with : "");
}

static bool next(void *ctx, struct http_request *r)
{
	struct outcome *o = ctx;
	if (!o->left)
		return false;
	o->left--;
	*r = o->request;
	r->path = xstrdup(o->request.path);
	r->body = (struct buf){ 0 };
	if (o->request.body.len)
		buf_put(&r->body, o->request.body.data, o->request.body.len);
	r->user = o;
	return true;
}

static int done(void *ctx, struct http_request *r, struct http_answer *a, struct err *err)
{
	(void)r;
	(void)err;
	struct outcome *o = ctx;
	o->done++;
	o->status = a->status;
	o->code = a->err.code;
	replace(&o->message, a->err.msg);
	replace(&o->content_type, a->content_type);
	replace(&o->body, buf_text(&a->body));
	replace(&o->warning, a->n_warnings ? a->warnings[0] : NULL);
	assert_int_equal(a->status == 0, a->err.code != 0);
	return 0;
}

static int take_piece(struct http_request *r, const void *p, size_t n, struct err *err)
{
	(void)err;
	struct outcome *o = r->user;
	if (!p)
		o->restarts++;
	o->streamed = p ? o->streamed + n : 0;
	return 0;
}

static int refuse_piece(struct http_request *r, const void *p, size_t n, struct err *err)
{
	(void)r, (void)p, (void)n;
	return err_set(err, ERR_INPUT, "not to my taste");
}

static void attempted(void *ctx, const struct http_attempt *a)
{
	struct outcome *o = ctx;
	o->attempts++;
	if (a->again_in > 0)
		o->waited += a->again_in;
}

static struct http_client *client_for(const char *url, struct outcome *o)
{
	struct http_options options = { .url = url,
					.proxy = "",
					.user_agent = "test",
					.backoff_ms = 20,
					.compress = true,
					.attempt = attempted,
					.ctx = o };
	AUTO(err_done) struct err err = { 0 };
	struct http_client *c = NULL;
	if (http_client_new(&c, &options, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static void run(struct outcome *o, unsigned times, unsigned at_once)
{
	AUTO(auto_free) char *url = xfmt("http://127.0.0.1:%u", server.port);
	AUTO(http_client_free_p) struct http_client *c = client_for(url, o);
	AUTO(err_done) struct err err = { 0 };
	o->left = times;
	assert_int_equal(http_run(c, at_once, next, done, o, &err), 0);
	assert_int_equal(o->done, times);
}

/* ---- a row a behaviour */

struct http_case {
	const char *name, *method, *path;
	bool repeatable;
	http_body_fn *on_body;
	size_t max_bytes;
	unsigned timeout;
	int status;          /* expected */
	enum err_code code;  /* expected */
	unsigned attempts;   /* expected */
	const char *message; /* part of it */
};

static const struct http_case http_cases[] = {
	{ "an answer", "GET", "/ok?a", true, NULL, 0, 0, 200, 0, 1, NULL },
	{ "503 twice", "GET", "/fail/503/2?a", true, NULL, 0, 0, 200, 0, 3, NULL },
	{ "503 for ever", "GET", "/fail/503/99?a", true, NULL, 0, 0, 503, 0, 5, NULL },
	{ "502 to a write", "PATCH", "/fail/502/2?b", false, NULL, 0, 0, 502, 0, 1, NULL },
	{ "500 to a get", "GET", "/fail/500/1?c", true, NULL, 0, 0, 200, 0, 2, NULL },
	{ "500 to a dry-run", "PATCH", "/fail/500/1?d", true, NULL, 0, 0, 500, 0, 1, NULL },
	{ "404", "GET", "/fail/404/9?e", true, NULL, 0, 0, 404, 0, 1, NULL },
	{ "429 to a write", "PATCH", "/fail/429/1?f", false, NULL, 0, 0, 200, 0, 2, NULL },
	{ "Retry-After in seconds", "GET", "/after/1?a", true, NULL, 0, 0, 200, 0, 2, NULL },
	{ "Retry-After as a date", "GET", "/after-date?a", true, NULL, 0, 0, 200, 0, 2, NULL },
	{ "Retry-After of an hour", "GET", "/after/3600?a", true, NULL, 0, 0, 429, 0, 1, NULL },
	{ "reset twice", "GET", "/reset/2?a", true, NULL, 0, 0, 200, 0, 3, NULL },
	{ "reset of a write", "PATCH", "/reset/2?b", false, NULL, 0, 0, 0, ERR_UNREACHABLE, 1,
	  "127.0.0.1" },
	{ "half an answer, once", "GET", "/half/1?a", true, NULL, 0, 0, 200, 0, 2, NULL },
	{ "half an answer, always", "GET", "/half/99?a", true, NULL, 0, 0, 0, ERR_UNREACHABLE, 5,
	  "after 5 attempts" },
	{ "half an answer to a write", "PATCH", "/half/99?b", false, NULL, 0, 0, 0, ERR_UNREACHABLE,
	  1, NULL },
	{ "half an answer to a stream", "GET", "/half/1?c", true, take_piece, 0, 0, 200, 0, 2,
	  NULL },
	{ "no answer", "GET", "/hang", true, NULL, 0, 1, 0, ERR_TIMEOUT, 1, "within" },
	{ "a byte now and then", "GET", "/trickle", true, NULL, 0, 1, 0, ERR_TIMEOUT, 1,
	  "bytes came" },
	{ "endless body", "GET", "/endless", true, NULL, 4 << 20, 0, 0, ERR_LIMIT, 1,
	  "more than 4194304 bytes" },
	{ "endless body without a ceiling of its own", "GET", "/endless", true, NULL, 0, 0, 0,
	  ERR_LIMIT, 1, "more than 41943040 bytes together" },
	{ "endless stream", "GET", "/endless", true, take_piece, 32 << 20, 0, 0, ERR_LIMIT, 1,
	  "more than 33554432 bytes" },
	{ "endless refusal", "GET", "/endless-error", true, NULL, 0, 0, 403, 0, 1, NULL },
	{ "endless headers", "GET", "/endless-headers", true, NULL, 0, 0, 0, ERR_LIMIT, 1,
	  "headers" },
	{ "small answer that grows large", "GET", "/bomb", true, NULL, 1 << 20, 0, 0, ERR_LIMIT, 1,
	  "more than 1048576 bytes" },
	{ "stream that is refused", "GET", "/ok?b", true, refuse_piece, 0, 0, 0, ERR_INPUT, 1,
	  "not to my taste" },
	{ "not HTTP", "GET", "/garbage", false, NULL, 0, 0, 0, ERR_SERVER, 1, NULL },
	{ "redirect is not followed", "GET", "/redirect", true, NULL, 0, 0, 302, 0, 1, NULL },
	{ "empty body", "GET", "/empty", true, NULL, 0, 0, 200, 0, 1, NULL },
};

enum { CPU_SECONDS_A_CASE = 5, MEMORY_KB = 200 << 10 };

static void http_case_run(void **state)
{
	const struct http_case *c = *state;
	AUTO(outcome_done) struct outcome o = { 0 };
	o.request = (struct http_request){ .method = c->method,
					   .path = (char *)c->path,
					   .repeatable = c->repeatable,
					   .on_body = c->on_body,
					   .max_bytes = c->max_bytes,
					   .timeout = c->timeout };
	clock_t start = clock();
	run(&o, 1, 4);
	if (o.code != c->code || o.status != c->status)
		fail_msg("status %d, error %d %s", o.status, o.code, o.message);
	assert_int_equal(o.attempts, c->attempts);
	if (c->message && !strstr(o.message, c->message))
		fail_msg("%s", o.message);
	assert_in_range(clock() - start, 0, CPU_SECONDS_A_CASE * CLOCKS_PER_SEC);
	assert_int_equal(o.restarts, c->on_body == take_piece && c->attempts > 1);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(usage.ru_maxrss, 1, MEMORY_KB);
#endif
}

/* ---- details */

static void retry_after_is_waited_for(void **state)
{
	(void)state;
	AUTO(outcome_done) struct outcome o = { 0 };
	o.request = (struct http_request){ .method = "GET", .path = (char *)"/after/1?w" };
	run(&o, 1, 1);
	assert_int_equal(o.status, 200);
	assert_int_equal(o.waited >= 1.0 && o.waited < 1.5, 1);
}

static void many_at_once(void **state)
{
	(void)state;
	AUTO(outcome_done) struct outcome o = { 0 };
	o.request = (struct http_request){ .method = "GET", .path = (char *)"/ok?many" };
	run(&o, 500, 32);
	assert_int_equal(o.attempts, 500);
}

static void what_is_sent(void **state)
{
	(void)state;
	AUTO(outcome_done) struct outcome o = { 0 };
	AUTO(auto_free) char *url = xfmt("http://127.0.0.1:%u/echo/", server.port);
	AUTO(http_client_free_p) struct http_client *c = client_for(url, &o);
	AUTO(err_done) struct err err = { 0 };
	static const char *const lines[] = { "Authorization: Bearer x", "X-Group: a",
					     "X-Group: b" };
	assert_int_equal(http_client_headers(c, lines, ARRAY_LEN(lines), &err), 0);
	o.request = (struct http_request){ .method = "PATCH",
					   .path = (char *)"/a%2Fb/../c?x=%20y",
					   .accept = "application/json",
					   .content_type = "application/apply-patch+yaml" };
	AUTO(buf_done) struct buf body = { 0 };
	buf_puts(&body, "{\"a\":1}");
	o.request.body = body;
	o.left = 1;
	assert_int_equal(http_run(c, 1, next, done, &o, &err), 0);
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, o.body);
	const struct json *headers = json_get(&v, "headers");
	assert_string_equal(json_get_str(&v, "method"), "PATCH");
	assert_string_equal(json_get_str(&v, "path"), "/echo/a%2Fb/../c?x=%20y");
	assert_string_equal(json_get_str(&v, "body"), "{\"a\":1}");
	assert_string_equal(json_get_str(headers, "authorization"), "Bearer x");
	assert_string_equal(json_get_str(headers, "accept"), "application/json");
	assert_string_equal(json_get_str(headers, "content-type"), "application/apply-patch+yaml");
	assert_string_equal(json_get_str(headers, "user-agent"), "test");
	assert_null(json_get(headers, "expect"));
}

static void headers_of_answers(void **state)
{
	(void)state;
	AUTO(outcome_done) struct outcome o = { 0 };
	o.request = (struct http_request){ .method = "GET", .path = (char *)"/warning" };
	run(&o, 1, 1);
	assert_string_equal(o.warning, "say \"hi\"");
	AUTO(outcome_done) struct outcome html = { 0 };
	html.request = (struct http_request){ .method = "GET", .path = (char *)"/html" };
	run(&html, 1, 1);
	assert_string_equal(html.content_type, "text/html; charset=utf-8");
}

static void line_breaks_in_headers(void **state)
{
	(void)state;
	AUTO(outcome_done) struct outcome o = { 0 };
	AUTO(http_client_free_p) struct http_client *c = client_for("http://127.0.0.1:1", &o);
	AUTO(err_done) struct err err = { 0 };
	static const char *const lines[] = { "Authorization: Bearer sesame\r\nX: y" };
	assert_int_equal(http_client_headers(c, lines, 1, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_null(strstr(err.msg, "sesame"));
}

/* A port where surely nobody listens: bound, and never listened on. */
static void nobody_listens(void **state)
{
	(void)state;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	AUTO(auto_free) char *url = xfmt("http://user:sesame@127.0.0.1:%u", ntohs(at.sin_port));
	AUTO(outcome_done) struct outcome o = { 0 };
	AUTO(http_client_free_p) struct http_client *c = client_for(url, &o);
	AUTO(err_done) struct err err = { 0 };
	o.request = (struct http_request){ .method = "PATCH", .path = (char *)"/" };
	o.left = 1;
	assert_int_equal(http_run(c, 1, next, done, &o, &err), 0);
	close(fd);
	assert_int_equal(o.code, ERR_UNREACHABLE);
	assert_int_equal(o.attempts, HTTP_CONNECT_ATTEMPTS);
	assert_null(strstr(o.message, "sesame"));
}

static int stop(void *ctx, struct http_request *r, struct http_answer *a, struct err *err)
{
	(void)r, (void)a;
	((struct outcome *)ctx)->done++;
	return err_set(err, ERR_INTERRUPTED, "enough");
}

static void stopped_by_done(void **state)
{
	(void)state;
	AUTO(outcome_done) struct outcome o = { 0 };
	AUTO(auto_free) char *url = xfmt("http://127.0.0.1:%u", server.port);
	AUTO(http_client_free_p) struct http_client *c = client_for(url, &o);
	AUTO(err_done) struct err err = { 0 };
	o.request = (struct http_request){ .method = "GET", .path = (char *)"/ok?stop" };
	o.left = 20;
	assert_int_equal(http_run(c, 8, next, stop, &o, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_int_equal(o.done, 1);
	err_done(&err);
	o.left = 20; /* the client is as good as new */
	o.done = 0;
	assert_int_equal(http_run(c, 8, next, done, &o, &err), 0);
	assert_int_equal(o.done, 20);
}

/* ---- URLs */

struct url_case {
	const char *name, *url, *server_name;
	const char *message; /* NULL: fine */
};

static const struct url_case url_cases[] = {
	{ "with a path", "https://example.com/k8s/clusters/c-1", NULL, NULL },
	{ "IPv6", "https://[::1]:6443", "kubernetes", NULL },
	{ "ftp", "ftp://example.com/", NULL, "http or https" },
	{ "file", "file:///etc/passwd", NULL, "" },
	{ "no URL", "::sesame::", NULL, "cannot be understood" },
	{ "a server name that is none", "https://example.com", "a/b", "server name" },
};

static void url_case_run(void **state)
{
	const struct url_case *u = *state;
	struct http_options o = { .url = u->url, .tls = { .server_name = u->server_name } };
	AUTO(http_client_free_p) struct http_client *c = NULL;
	AUTO(err_done) struct err err = { 0 };
	int rc = http_client_new(&c, &o, &err);
	assert_int_equal(rc, u->message ? -1 : 0);
	if (u->message) {
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, u->message));
		assert_null(strstr(err.msg, "sesame"));
	}
}

struct proxy_case {
	const char *name, *url, *https_proxy, *http_proxy, *no_proxy;
	const char *proxy; /* expected; NULL: none */
};

#define P "http://proxy:3128"

static const struct proxy_case proxy_cases[] = {
	{ "none", "https://k.example:6443", NULL, NULL, NULL, NULL },
	{ "https", "https://k.example:6443", P, NULL, NULL, P },
	{ "without a scheme", "https://k.example:6443", "proxy:3128", NULL, NULL, P },
	{ "socks", "https://k.example", "socks5://p:1", NULL, NULL, "socks5://p:1" },
	{ "of the other scheme", "https://k.example:6443", NULL, P, NULL, NULL },
	{ "http", "http://k.example", NULL, P, NULL, P },
	{ "loopback", "https://127.0.0.1:6443", P, NULL, NULL, NULL },
	{ "loopback IPv6", "https://[::1]:6443", P, NULL, NULL, NULL },
	{ "localhost", "https://localhost:6443", P, NULL, NULL, NULL },
	{ "everything excluded", "https://k.example", P, NULL, "*", NULL },
	{ "domain", "https://a.k.example", P, NULL, "x, k.example", NULL },
	{ "domain itself", "https://k.example", P, NULL, "k.example", NULL },
	{ "domain with a dot, below", "https://a.k.example", P, NULL, ".k.example", NULL },
	{ "domain with a dot, itself", "https://k.example", P, NULL, ".k.example", P },
	{ "domain with a star", "https://a.k.example", P, NULL, "*.k.example", NULL },
	{ "end of a label", "https://ak.example", P, NULL, "k.example", P },
	{ "case", "https://K.Example", P, NULL, "k.eXample", NULL },
	{ "port that fits", "https://k.example:6443", P, NULL, "k.example:6443", NULL },
	{ "port that does not", "https://k.example:6443", P, NULL, "k.example:443", P },
	{ "address", "https://10.1.2.3:6443", P, NULL, "10.1.2.3", NULL },
	{ "block", "https://10.1.2.3:6443", P, NULL, "10.1.0.0/16", NULL },
	{ "odd block", "https://10.1.129.3", P, NULL, "10.1.128.0/17", NULL },
	{ "another block", "https://10.2.2.3", P, NULL, "10.1.0.0/16", P },
	{ "IPv6 block", "https://[fd00::1]:6443", P, NULL, "fd00::/8", NULL },
	{ "nonsense", "https://10.2.2.3", P, NULL, "10.2.2.3/99,/,:,[,10.2.2.3/x", P },
};

static const char *proxy_env(void *ctx, const char *name)
{
	const struct proxy_case *c = ctx;
	if (strcmp(name, "HTTPS_PROXY") == 0)
		return c->https_proxy;
	if (strcmp(name, "http_proxy") == 0)
		return c->http_proxy;
	return strcmp(name, "no_proxy") == 0 ? c->no_proxy : NULL;
}

static void proxy_case_run(void **state)
{
	const struct proxy_case *c = *state;
	AUTO(auto_free) char *proxy = http_proxy_for(c->url, proxy_env, (void *)c);
	if (!c->proxy)
		assert_null(proxy);
	else
		assert_string_equal(proxy ? proxy : "(none)", c->proxy);
}

static void near(void **state)
{
	(void)state;
	assert_true(http_host_is_near("https://127.0.0.1:6443"));
	assert_true(http_host_is_near("https://localhost"));
	assert_true(http_host_is_near("https://192.168.1.1:6443"));
	assert_true(http_host_is_near("https://[fd00::2]"));
	assert_false(http_host_is_near("https://8.8.8.8"));
	assert_false(http_host_is_near("https://k.example"));
}

static void encoding(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf b = { 0 };
	http_encode(&b, "a/b c%?&=+#\xc3\xa9~-_.Z9");
	assert_string_equal(buf_text(&b), "a%2Fb%20c%25%3F%26%3D%2B%23%C3%A9~-_.Z9");
}

/* ---- proxies: the fault server plays one for plain HTTP */

static void through_a_proxy(void **state)
{
	(void)state;
	AUTO(auto_free) char *proxy = xfmt("http://127.0.0.1:%u", server.port);
	struct http_options options = { .url = "http://not.a.name.example", .proxy = proxy };
	AUTO(err_done) struct err err = { 0 };
	AUTO(http_client_free_p) struct http_client *c = NULL;
	assert_int_equal(http_client_new(&c, &options, &err), 0);
	AUTO(outcome_done) struct outcome o = { 0 };
	o.request = (struct http_request){ .method = "GET", .path = (char *)"/echo" };
	o.left = 1;
	assert_int_equal(http_run(c, 1, next, done, &o, &err), 0);
	assert_int_equal(o.status, 200);
	assert_non_null(strstr(o.body, "not.a.name.example"));
}

static int set_up(void **state)
{
	(void)state;
	return fault_server_start(&server);
}

static int tear_down(void **state)
{
	(void)state;
	fault_server_stop(&server);
	return 0;
}

int main(void)
{
	static struct CMUnitTest tests[128];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(http_cases); i++)
		tests[n++] = fixture_row(http_cases[i].name, http_case_run, &http_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(url_cases); i++)
		tests[n++] = fixture_row(url_cases[i].name, url_case_run, &url_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(proxy_cases); i++)
		tests[n++] = fixture_row(proxy_cases[i].name, proxy_case_run, &proxy_cases[i]);
	const struct CMUnitTest more[] = {
		cmocka_unit_test(retry_after_is_waited_for),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(headers_of_answers),
		cmocka_unit_test(line_breaks_in_headers),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(stopped_by_done),
		cmocka_unit_test(near),
		cmocka_unit_test(encoding),
		cmocka_unit_test(through_a_proxy),
	};
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		tests[n++] = more[i];
	return _cmocka_run_group_tests("http", tests, n, set_up, tear_down);
}
