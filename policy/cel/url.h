/* URLs as Go's net/url reads them, which is what Kubernetes uses in CEL. */
#ifndef POLICY_CEL_URL_H
#define POLICY_CEL_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

enum { URL_PARAMETERS_MAX = 10000 }; /* in a query; Go reads none of one that has more */

/* All texts are in the arena, with a NUL behind them. What was escaped may be no UTF-8. */
struct url_text {
	const char *p;
	size_t n;
};

struct url {
	struct url_text scheme; /* in lower case; empty: none */
	struct url_text host;   /* with the port, and the brackets of an IPv6 address; unescaped */
	struct url_text path;   /* escaped */
	struct url_text query;  /* as it was given, without the ? */
	struct url_text text;   /* the whole, canonical: equal URLs have equal texts */
};

/* An absolute URL or an absolute path.  ERR_INPUT in Go's words: `parse "../x": invalid URI …`. */
int url_parse(struct arena *a, const char *text, size_t n, struct url *out, struct err *err);

/* Only whether url_parse() would take it as the target of a request; what comes after a # counts as
 * part of the path or query then. */
int url_check(const char *text, size_t n, struct err *err);

/* The host without port and brackets, and the port. */
struct url_text url_hostname(const struct url *u);
struct url_text url_port(const struct url *u);

/* The next parameter of a query: takes it off *rest.  false: there are no more.  Parameters that
 * are wrong are left out, as Go does. */
bool url_next_parameter(struct arena *a, struct url_text *rest, struct url_text *key,
			struct url_text *value);

#endif
