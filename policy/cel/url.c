/* See url.h.
 *
 * Go parses twice: as the target of a request, which decides whether a text is a URL, and then with
 * the part behind a # apart, from which the fields come. */
#include "policy/cel/url.h"

#include <string.h>

#include "policy/cel/go_quote.h"
#include "policy/cel/netip.h"

typedef struct url_text span;

/* Where a text stands decides which characters are escaped in it. */
enum place {
	IN_PATH = 1,
	IN_USER = 2,
	IN_HOST = 4,
	IN_ZONE = 8, /* of an IPv6 address */
	IN_QUERY = 16,
	IN_FRAGMENT = 32,
};

struct parser {
	struct arena *a;
	struct err *why; /* without the `parse "…":` in front */
	bool request;
};

/* The parts, unescaped but for the query. */
struct parts {
	span scheme, opaque, host, path, raw_path, query, fragment, raw_fragment, name, password;
	bool has_user, has_password, omit_host, force_query;
};

static int fail(struct parser *p, const char *what)
{
	return err_set(p->why, ERR_INPUT, "%s", what);
}

static int fail_about(struct parser *p, const char *before, span about, const char *after)
{
	AUTO(auto_free) char *quoted = go_quoted(about.p, about.n);
	return err_set(p->why, ERR_INPUT, "%s %s%s", before, quoted, after);
}

static const char *find(span s, char c)
{
	return s.n ? memchr(s.p, c, s.n) : NULL;
}

static const char *find_last(span s, char c)
{
	return s.n ? memrchr(s.p, c, s.n) : NULL;
}

static span from(span s, const char *p)
{
	return (span){ p, (size_t)(s.p + s.n - p) };
}

static span before(span s, const char *p)
{
	return (span){ s.p, (size_t)(p - s.p) };
}

static bool starts(span s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

static bool same(span a, span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Everything before c, and *rest behind it; without c all, and *rest is empty. */
static span cut(span s, char c, span *rest)
{
	const char *at = find(s, c);
	*rest = at ? from(s, at + 1) : (span){ s.p + s.n, 0 };
	return at ? before(s, at) : s;
}

/* ---- escapes */

static bool is_one_of(unsigned char c, const char *set)
{
	return c && strchr(set, c) != NULL;
}

/* Whether a character has to be escaped. */
static bool escaped(unsigned char c, enum place place)
{
	unsigned char letter = c | 0x20;
	if ((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || is_one_of(c, "-_.~"))
		return false;
	switch (place) {
	case IN_HOST:
	case IN_ZONE:
		return !is_one_of(c, "!$&'()*+,;=:[]<>\"");
	case IN_PATH:
		return !is_one_of(c, "$&+,/:;=@");
	case IN_USER:
		return !is_one_of(c, "$&+,;=");
	case IN_FRAGMENT:
		return !is_one_of(c, "$&+,/:;=?@!()*");
	case IN_QUERY:
		break;
	}
	return true;
}

static span escape(struct arena *a, span s, enum place place)
{
	AUTO(buf_done) struct buf out = { 0 };
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (escaped(c, place))
			buf_printf(&out, "%%%02X", c);
		else
			buf_putc(&out, (char)c);
	}
	return (span){ arena_strndup(a, buf_text(&out), out.len), out.len };
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The value of the escape at s.p[i], or -1. */
static int escape_at(span s, size_t i)
{
	if (s.n - i < 3 || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0)
		return -1;
	return hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2]);
}

static bool may_be_escaped(int value, enum place place)
{
	if (value < 0)
		return false;
	if (place == IN_HOST)
		return value >= 0x80 || value == '%';
	if (place == IN_ZONE)
		return value == '%' || value == ' ' || !escaped((unsigned char)value, IN_HOST);
	return true;
}

static int check_escapes(struct parser *p, span s, enum place place)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '%') {
			if (!may_be_escaped(escape_at(s, i), place))
				return fail_about(p, "invalid URL escape",
						  (span){ s.p + i, s.n - i < 3 ? s.n - i : 3 }, "");
			i += 2;
		} else if ((place & (IN_HOST | IN_ZONE)) && c < 0x80 && escaped(c, place)) {
			return fail_about(p, "invalid character", (span){ s.p + i, 1 },
					  " in host name");
		}
	}
	return 0;
}

static int unescape(struct parser *p, span s, enum place place, span *out)
{
	if (check_escapes(p, s, place) < 0)
		return -1;
	char *text = arena_alloc(p->a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '%') {
			c = (char)escape_at(s, i);
			i += 2;
		} else if (c == '+' && place == IN_QUERY) {
			c = ' ';
		}
		text[n++] = c;
	}
	text[n] = '\0';
	*out = (span){ text, n };
	return 0;
}

/* A part that keeps its own way of escaping where that is not the usual one. */
static int read_part(struct parser *p, span s, enum place place, span *out, span *raw)
{
	if (unescape(p, s, place, out) < 0)
		return -1;
	*raw = same(s, escape(p->a, *out, place)) ? (span){ "", 0 } : s;
	return 0;
}

static span write_part(struct parser *p, span part, span raw, enum place place)
{
	bool valid = raw.n > 0;
	for (size_t i = 0; i < raw.n && valid; i++)
		valid = is_one_of((unsigned char)raw.p[i], "!$&'()*+,;=:@[]%") ||
			!escaped((unsigned char)raw.p[i], place);
	return valid ? raw : escape(p->a, part, place);
}

/* ---- the parts */

/* The scheme, if there is one; *rest is what comes after it. */
static int read_scheme(struct parser *p, span s, span *scheme, span *rest)
{
	*scheme = (span){ "", 0 };
	*rest = s;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i], letter = c | 0x20;
		if (letter >= 'a' && letter <= 'z')
			continue;
		if (c == ':' && i == 0)
			return fail(p, "missing protocol scheme");
		if (c == ':') {
			char *lower = arena_strndup(p->a, s.p, i);
			for (size_t j = 0; j < i; j++)
				if (lower[j] >= 'A' && lower[j] <= 'Z')
					lower[j] |= 0x20;
			*scheme = (span){ lower, i };
			*rest = from(s, s.p + i + 1);
			return 0;
		}
		if (i == 0 || !((c >= '0' && c <= '9') || is_one_of(c, "+-.")))
			return 0;
	}
	return 0;
}

/* Empty, or a colon and digits. */
static bool is_port(span s)
{
	if (s.n && *s.p != ':')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* What is in brackets, and unescaped, has to be an IPv6 address; a zone is fine. */
static int check_literal(struct parser *p, span s)
{
	AUTO(err_done) struct err why = { 0 };
	enum netip_family family = netip_family(s.p, s.n, &why);
	if (family == NETIP_NONE)
		return err_set(p->why, ERR_INPUT, "invalid host: %s", why.msg);
	return family == NETIP_V4 ? fail(p, "invalid IP-literal") : 0;
}

static int read_literal(struct parser *p, span host, span *out)
{
	const char *close = find_last(host, ']');
	if (!close)
		return fail(p, "missing ']' in host");
	span port = from(host, close + 1), name = { host.p + 1, (size_t)(close - host.p) - 1 };
	if (!is_port(port))
		return fail_about(p, "invalid port", port, " after host");
	span zone = { name.p + name.n, 0 };
	const char *percent = name.n ? memmem(name.p, name.n, "%25", 3) : NULL;
	if (percent) {
		zone = from(name, percent);
		name = before(name, percent);
	}
	if (unescape(p, name, IN_HOST, &name) < 0 || unescape(p, zone, IN_ZONE, &zone) < 0)
		return -1;
	char *whole = arena_fmt(p->a, "[%.*s%.*s]%.*s", (int)name.n, name.p, (int)zone.n, zone.p,
				(int)port.n, port.p);
	*out = (span){ whole, name.n + zone.n + port.n + 2 };
	return check_literal(p, (span){ whole + 1, name.n + zone.n });
}

static int read_host(struct parser *p, span scheme, span host, span *out)
{
	const char *open = find_last(host, '['), *colon = find(host, ':');
	if (open && open > host.p)
		return fail(p, "invalid IP-literal");
	if (open)
		return read_literal(p, host, out);
	if (colon) {
		/* Other schemes may have a list of hosts. */
		bool strict =
			same(scheme, (span){ "http", 4 }) || same(scheme, (span){ "https", 5 });
		span port = from(host, strict ? colon : find_last(host, ':'));
		if (!is_port(port))
			return fail_about(p, "invalid port", port, " after host");
	}
	return unescape(p, host, IN_HOST, out);
}

static bool is_user(span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i], letter = c | 0x20;
		if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') &&
		    !is_one_of(c, "-._:~!$&'()*+,;=%@"))
			return false;
	}
	return true;
}

static int read_authority(struct parser *p, span s, struct parts *out)
{
	const char *at = find_last(s, '@');
	if (read_host(p, out->scheme, at ? from(s, at + 1) : s, &out->host) < 0)
		return -1;
	if (!at)
		return 0;
	span user = before(s, at), password;
	if (!is_user(user))
		return fail(p, "net/url: invalid userinfo");
	out->has_user = true;
	out->has_password = find(user, ':') != NULL;
	user = cut(user, ':', &password);
	if (unescape(p, user, IN_USER, &out->name) < 0)
		return -1;
	return out->has_password ? unescape(p, password, IN_USER, &out->password) : 0;
}

/* Takes the query off. */
static span read_query(span s, struct parts *out)
{
	const char *mark = find(s, '?');
	out->force_query = mark && mark + 1 == s.p + s.n;
	return cut(s, '?', &out->query);
}

static int read_rest(struct parser *p, span rest, struct parts *out)
{
	if (!starts(rest, "/")) {
		if (out->scheme.n) {
			out->opaque = rest;
			return 0;
		}
		span after, segment = cut(rest, '/', &after);
		if (p->request)
			return fail(p, "invalid URI for request");
		if (find(segment, ':'))
			return fail(p, "first path segment in URL cannot contain colon");
	}
	if ((out->scheme.n || (!p->request && !starts(rest, "///"))) && starts(rest, "//")) {
		span authority = from(rest, rest.p + 2);
		const char *slash = find(authority, '/');
		rest = slash ? from(authority, slash) : (span){ "", 0 };
		if (read_authority(p, slash ? before(authority, slash) : authority, out) < 0)
			return -1;
	} else {
		out->omit_host = out->scheme.n && starts(rest, "/");
	}
	return read_part(p, rest, IN_PATH, &out->path, &out->raw_path);
}

static int parse(struct parser *p, span s, struct parts *out)
{
	static const span none = { "", 0 };
	*out = (struct parts){ none, none, none, none,  none,  none,  none,
			       none, none, none, false, false, false, false };
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
			return fail(p, "net/url: invalid control character in URL");
	if (s.n == 0 && p->request)
		return fail(p, "empty url");
	if (s.n == 1 && *s.p == '*') {
		out->path = s;
		return 0;
	}
	span rest;
	if (read_scheme(p, s, &out->scheme, &rest) < 0)
		return -1;
	return read_rest(p, read_query(rest, out), out);
}

/* ---- writing */

static void put(struct buf *out, span s)
{
	buf_put(out, s.p, s.n);
}

static void write_authority(struct parser *p, const struct parts *u, struct buf *out)
{
	if (!u->scheme.n && !u->host.n && !u->has_user)
		return;
	if (u->omit_host && !u->host.n && !u->has_user)
		return;
	if (u->host.n || u->path.n || u->has_user)
		buf_puts(out, "//");
	if (u->has_user)
		put(out, escape(p->a, u->name, IN_USER));
	if (u->has_password) {
		buf_putc(out, ':');
		put(out, escape(p->a, u->password, IN_USER));
	}
	if (u->has_user)
		buf_putc(out, '@');
	put(out, escape(p->a, u->host, IN_HOST));
}

static void write_url(struct parser *p, const struct parts *u, span path, struct buf *out)
{
	if (u->scheme.n) {
		put(out, u->scheme);
		buf_putc(out, ':');
	}
	if (u->opaque.n) {
		put(out, u->opaque);
	} else {
		write_authority(p, u, out);
		if (path.n && *path.p != '/' && u->host.n)
			buf_putc(out, '/');
		put(out, path);
	}
	if (u->force_query || u->query.n)
		buf_putc(out, '?');
	put(out, u->query);
	if (u->fragment.n) {
		buf_putc(out, '#');
		put(out, write_part(p, u->fragment, u->raw_fragment, IN_FRAGMENT));
	}
}

/* ---- what is called from outside */

static int wrap(struct err *err, struct err *why, span s)
{
	AUTO(auto_free) char *quoted = go_quoted(s.p, s.n);
	err_wrap(why, "parse %s", quoted);
	return err_move(err, why);
}

static int check(struct arena *a, span s, struct err *err)
{
	AUTO(err_done) struct err why = { 0 };
	struct parser request = { a, &why, true };
	struct parts parts;
	return parse(&request, s, &parts) < 0 ? wrap(err, &why, s) : 0;
}

int url_check(const char *text, size_t n, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	return check(&a, (span){ text, n }, err);
}

static span keep(struct arena *a, span s)
{
	return (span){ arena_strndup(a, s.p, s.n), s.n };
}

int url_parse(struct arena *a, const char *text, size_t n, struct url *out, struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	AUTO(err_done) struct err why = { 0 };
	AUTO(buf_done) struct buf whole = { 0 };
	span s = { text, n }, fragment, head = cut(s, '#', &fragment);
	struct parser p = { &scratch, &why, false };
	struct parts u;
	if (check(&scratch, s, err) < 0)
		return -1;
	if (parse(&p, head, &u) < 0)
		return wrap(err, &why, head);
	if (fragment.n && read_part(&p, fragment, IN_FRAGMENT, &u.fragment, &u.raw_fragment) < 0)
		return wrap(err, &why, s);
	span path = u.path.n == 1 && *u.path.p == '*' ? u.path
						      : write_part(&p, u.path, u.raw_path, IN_PATH);
	write_url(&p, &u, path, &whole);
	*out = (struct url){
		.scheme = keep(a, u.scheme),
		.host = keep(a, u.host),
		.path = keep(a, path),
		.query = keep(a, u.query),
		.text = keep(a, (span){ buf_text(&whole), whole.len }),
	};
	return 0;
}

static span split_port(span host, span *port)
{
	const char *colon = find_last(host, ':');
	*port = (span){ "", 0 };
	if (colon && is_port(from(host, colon))) {
		*port = from(host, colon + 1);
		host = before(host, colon);
	}
	if (host.n >= 2 && *host.p == '[' && host.p[host.n - 1] == ']')
		host = (span){ host.p + 1, host.n - 2 };
	return host;
}

struct url_text url_hostname(const struct url *u)
{
	span port;
	return split_port(u->host, &port);
}

struct url_text url_port(const struct url *u)
{
	span port;
	split_port(u->host, &port);
	return port;
}

bool url_next_parameter(struct arena *a, struct url_text *rest, struct url_text *key,
			struct url_text *value)
{
	while (rest->n) {
		AUTO(err_done) struct err why = { 0 };
		struct parser p = { a, &why, false };
		span behind, pair = cut(*rest, '&', rest);
		if (pair.n == 0 || find(pair, ';'))
			continue;
		span name = cut(pair, '=', &behind);
		if (unescape(&p, name, IN_QUERY, key) == 0 &&
		    unescape(&p, behind, IN_QUERY, value) == 0)
			return true;
	}
	return false;
}
