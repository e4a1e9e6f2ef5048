/* HTTP (libcurl): many requests at once to one server, in the caller's thread.
 *
 *   http_client_new()      a server: URL, TLS, proxy; connects to nothing yet
 *   http_client_headers()  headers of every request from now on (credentials)
 *   http_client_tls()      another client certificate from now on
 *   http_run()             pulls requests from `next` and hands answers to `done`
 *   http_flow_new()        the same, bit by bit: for answers that take minutes to come (watches)
 *   http_client_free()     closes the connections; our copies of keys and headers are zeroed
 *
 * HTTP/2 over TLS where the server speaks it: one connection carries all requests at once.
 * With HTTP/1.1 up to HTTP_MAX_CONNECTIONS are opened, and kept for the next http_run().
 * Redirects are answers like any other, never followed.
 *
 * What is tried again, with exponential backoff and jitter, honouring Retry-After up to
 * HTTP_MAX_RETRY_AFTER seconds each and HTTP_MAX_WAIT seconds a request in total:
 *
 *                                     repeatable   not repeatable (a real write)
 *     no connection could be made     yes          yes: no byte has left
 *     429                             yes          yes: the server says it did nothing
 *     502, 503, 504                   yes          no: a proxy may have passed it on
 *     500                             GET only     no
 *     broken off, half an answer      yes          no: it may have been done
 *     timed out, a ceiling passed     no           no
 *     wrong certificate               no           no
 *
 * One case is out of our hands: libcurl itself sends a request again on a new connection when
 * the kept one turns out to be closed before a byte of answer came.  A write must therefore
 * carry a precondition that makes its second coming harmless. */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>

#include "base/buf.h"

enum {
	HTTP_MAX_CONNECTIONS = 8,
	HTTP_MAX_HEADER_BYTES = 256 << 10, /* of one answer */
	HTTP_MAX_WARNINGS = 64,            /* Warning headers kept of one answer */
	HTTP_MAX_ERROR_BODY = 1 << 20,     /* of an answer that is not 2xx; cut there */
	HTTP_MAX_COLLECTED = 40 << 20,     /* of all answers that are coming in and collected */
	HTTP_CONNECT_SECONDS = 10,
	HTTP_STALL_SECONDS = 30, /* without a byte */
	HTTP_ATTEMPTS = 5,
	HTTP_BACKOFF_MS = 200,
	HTTP_CONNECT_ATTEMPTS = 3, /* where no connection can be made */
	HTTP_MAX_RETRY_AFTER = 30, /* seconds */
	HTTP_MAX_WAIT = 60,        /* seconds between attempts, in total */
};

/* PEM texts; copied.  Zero: the system's authorities and no client certificate. */
struct http_tls {
	const char *ca; /* the only authorities that are trusted; NULL: the system's */
	const char *certificate, *key;
	const char *server_name; /* for SNI and verification; NULL: the URL's host */
	bool insecure;           /* verify nothing */
};

/* After each attempt, for a trace. */
struct http_attempt {
	const char *method, *path;
	int status; /* 0: no answer */
	double seconds;
	size_t bytes;        /* of the body */
	const char *problem; /* why there was no answer, else NULL */
	double again_in;     /* seconds until the next attempt; negative: this was the last */
};

struct http_options {
	const char *url; /* http or https; a path is put in front of each request's */
	struct http_tls tls;
	const char *proxy; /* http, https or socks5 URL; "": none; NULL: http_proxy_for() */
	const char *user_agent;
	bool compress;       /* ask for gzip; ceilings count what comes out of it */
	unsigned backoff_ms; /* before the second attempt, then doubled; 0: HTTP_BACKOFF_MS */
	void (*attempt)(void *ctx, const struct http_attempt *a); /* may be NULL */
	void *ctx;
};

struct http_request;

/* A piece of a 2xx body as it comes.  p NULL: forget what came, the answer starts again.
 * -1 with err set ends this request with that error. */
typedef int http_body_fn(struct http_request *r, const void *p, size_t n, struct err *err);

struct http_request {
	const char *method;
	char *path;               /* "/api/v1/pods?limit=500", encoded; http_run() frees it */
	const char *accept;       /* NULL: none */
	const char *content_type; /* of body */
	struct buf body;          /* http_run() frees it; len 0: none */
	bool repeatable;          /* asking twice does no harm */
	unsigned mark;            /* for layers between the caller and this one */
	size_t max_bytes;         /* ceiling of the answer's body; 0: none */
	unsigned timeout;         /* seconds of one attempt; 0: 60 */
	unsigned stall;           /* seconds without a byte; 0: HTTP_STALL_SECONDS */
	http_body_fn *on_body;    /* NULL: the body is collected in the answer */
	void *user;
};

struct http_answer {
	int status;               /* 0: none, see err */
	const char *content_type; /* media type in lower case with its parameters; "" */
	struct buf body;          /* collected; with on_body only of an answer that is not 2xx */
	char **warnings;          /* texts of Warning headers */
	size_t n_warnings;
	/* ERR_UNREACHABLE, ERR_TIMEOUT, ERR_LIMIT, or what on_body said. */
	struct err err;
};

/* Fills *r and returns true where there is something to send now.  Called again after each
 * answer. */
typedef bool http_next_fn(void *ctx, struct http_request *r);

/* The last answer to a request, after all attempts.  The answer and the request are freed when
 * it returns; take (buf_take) what shall live longer.  -1 with err set abandons everything that
 * is in flight. */
typedef int http_done_fn(void *ctx, struct http_request *r, struct http_answer *a, struct err *err);

struct http_client;

int http_client_new(struct http_client **out, const struct http_options *options, struct err *err);
/* Whether the server has answered over HTTP/2, so that one connection carries any number. */
bool http_client_is_http2(const struct http_client *c);

/* The same bit by bit.  Until http_flow_free(), which abandons what is in flight, the client is
 * not used for anything else.  http_flow_pump() returns after `ms`, or earlier when a piece of a
 * body or the end of a request was handed over. */
struct http_flow;
struct http_flow *http_flow_new(struct http_client *c, unsigned max_in_flight, http_next_fn *next,
				http_done_fn *done, void *ctx);
int http_flow_pump(struct http_flow *f, unsigned ms, struct err *err);
void http_flow_free(struct http_flow *f);

void http_client_free(struct http_client *c);
static inline void http_client_free_p(struct http_client **c)
{
	http_client_free(*c);
}

/* "Name: value" lines; copied.  ERR_INPUT where one holds a control character, without saying
 * what it is. */
int http_client_headers(struct http_client *c, const char *const *lines, size_t n, struct err *err);
void http_client_tls(struct http_client *c, const struct http_tls *tls);

/* Runs until `next` has nothing and nothing is in flight; at most max_in_flight at once.  A
 * request that fails says so in its answer; -1 only where done() said so. */
int http_run(struct http_client *c, unsigned max_in_flight, http_next_fn *next, http_done_fn *done,
	     void *ctx, struct err *err);

/* The proxy that the environment names for a URL, by the rules of Go's programs: HTTPS_PROXY or
 * HTTP_PROXY by its scheme (either case), NO_PROXY with hosts, .domains, addresses, CIDR blocks
 * and "*", and never for loopback.  NULL: none; the caller frees. */
typedef const char *http_getenv_fn(void *ctx, const char *name);
char *http_proxy_for(const char *url, http_getenv_fn *getenv_fn, void *ctx);

/* Loopback or a private address, written as a number, or "localhost": compression costs more
 * there than it saves. */
bool http_host_is_near(const char *url);

/* The parts of a URL that may hold secrets anywhere behind its host; zeroed when they are freed. */
struct http_url {
	char *origin;        /* "https://host:port", for http_options */
	char *host;          /* in lower case; alone fit for messages */
	char *target;        /* "/path?query", for http_request */
	char *authorization; /* "Authorization: Basic ..." of user:password@; NULL: none */
};

/* ERR_INPUT without the URL in the message where it is not an http or https URL. */
int http_url_parse(struct http_url *out, const char *url, struct err *err);
void http_url_done(struct http_url *u);

/* Percent-encodes one segment of a path or one value of a query. */
void http_encode(struct buf *b, const char *text);

#endif
