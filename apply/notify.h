/* Telling a webhook how an apply ended.
 *
 *   notify_target_parse()   where to, and in which format; connects to nothing
 *   notify_send()           posts one notice, tries again what may pass (base/http.h)
 *   notify_body()           what it posts: a pure function of the notice
 *
 * The URL of a webhook is a secret (whoever knows it can post), and so is everything in it behind
 * the host: no message has more than the host.  Redirects are not followed.
 *
 * Under a key, X-Rhumb-Signature is "sha256=" and the hexadecimal HMAC-SHA256 of the value of
 * X-Rhumb-Timestamp (seconds since 1970), a full stop and the body. */
#ifndef APPLY_NOTIFY_H
#define APPLY_NOTIFY_H

#include "apply/result.h"
#include "base/http.h"

enum {
	NOTIFY_MAX_NAMED = 12,     /* objects that a message for people names; others are counted */
	NOTIFY_MAX_TEXT = 300,     /* bytes of one text in such a message */
	NOTIFY_MAX_OBJECTS = 1000, /* objects in the generic JSON; others are counted */
	NOTIFY_MAX_TARGETS = 16,   /* of one apply */
	NOTIFY_TIMEOUT = 10,       /* seconds of one attempt */
};

enum notify_format { NOTIFY_JSON, NOTIFY_SLACK, NOTIFY_TEAMS, NOTIFY_FORMAT_COUNT };

struct notice {
	const struct apply_result *result;
	const char *commit;  /* head of the plan; NULL or "": none */
	const char *subject; /* its first line; NULL: none */
};

/* "prod: apply failed: 3 applied, 1 failed, 2 not tried"; in the arena */
const char *notify_text(struct arena *a, const struct notice *n);
struct json notify_body(struct arena *a, enum notify_format format, const struct notice *n);

/* "sha256=<hex>"; the caller frees. */
char *notify_signature(const char *key, const char *timestamp, const void *body, size_t n);

struct notify_target {
	struct http_url url;
	enum notify_format format;
};

/* format NULL: slack and teams by the host, else json. */
int notify_target_parse(struct notify_target *t, const char *url, const char *format,
			struct err *err);
void notify_target_done(struct notify_target *t);

struct notify_options {
	const char *key; /* RHUMB_NOTIFY_KEY; NULL or "": no signature */
	time_t now;
	unsigned timeout;    /* seconds; 0: NOTIFY_TIMEOUT */
	unsigned backoff_ms; /* as in http_options */
};

int notify_send(const struct notify_target *t, const struct notice *n,
		const struct notify_options *o, struct err *err);

#endif
