/* Shared by http.c and http_transfer.c only. */
#ifndef BASE_HTTP_PRIVATE_H
#define BASE_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "base/http.h"

struct http_client {
	CURLM *multi;
	char *base;       /* "https://host:port/prefix"; host is the name to verify */
	char *connect_to; /* "name:port:host:port" where that is not the host to connect to */
	char *host_line;  /* "Host: host:port" likewise */
	char *host;       /* "host:port" for messages */
	bool https;
	char *proxy; /* "": none */
	char *user_agent;
	bool compress;
	struct http_tls tls; /* owned copies */
	char **headers;
	size_t n_headers;
	void (*attempt)(void *ctx, const struct http_attempt *a);
	void *ctx;
	struct transfer *slots;
	size_t n_slots;
	unsigned backoff_ms;
	unsigned seed; /* of the jitter */
	bool came;     /* a piece of a body */
	bool http2;    /* the server has answered so */
};

enum transfer_state { TRANSFER_IDLE, TRANSFER_RUNNING, TRANSFER_WAITING };

/* One request on its way; the easy handle is kept for the next. */
struct transfer {
	struct http_client *client;
	CURL *easy;
	enum transfer_state state;
	struct http_request request;
	struct http_answer answer;
	char *content_type;
	struct curl_slist *lines, *connect_to;
	size_t header_bytes, body_bytes;
	bool streamed;         /* on_body has seen something */
	int64_t started, wake; /* milliseconds */
	unsigned attempts;
	double waited; /* seconds between attempts, so far */
	char problem[CURL_ERROR_SIZE];
};

/* Sets up the easy handle for one attempt.  Fails only where libcurl refuses an option. */
int transfer_prepare(struct transfer *t, struct err *err);

/* How an attempt ended. */
enum transfer_end {
	END_ANSWER,        /* a status is there */
	END_NOT_CONNECTED, /* no byte of the request has left */
	END_BROKEN,        /* the connection or the answer broke off */
	END_FINAL,         /* trying again makes no sense: answer.err says why */
};

/* Reads the result of an attempt into the answer. */
enum transfer_end transfer_finish(struct transfer *t, CURLcode result);

/* Forgets the answer of an attempt that will be repeated. */
void transfer_forget(struct transfer *t);

/* Frees the request and the answer; the slot is idle then. */
void transfer_clear(struct transfer *t);

/* Zeroes and frees a text that may be a credential; NULL is fine. */
void http_wipe(char *text);

#endif
