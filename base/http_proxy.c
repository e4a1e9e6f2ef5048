/* URLs: which proxy the environment names for one, encoding, what is near.  See http.h.
 *
 * libcurl reads the same variables, but by rules that differ from Go's in CIDR blocks, ports,
 * loopback and upper case, and people's variables are written for kubectl. */
#include "base/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

struct target {
	CURLU *url;
	char *scheme, *host, *port;
	bool v4, v6;
	unsigned char address[16];
};

static void target_done(struct target *t)
{
	curl_free(t->scheme);
	curl_free(t->host);
	curl_free(t->port);
	curl_url_cleanup(t->url);
}

/* false where the URL cannot be understood. */
static bool target_parse(struct target *t, const char *url)
{
	t->url = curl_url();
	if (!t->url || curl_url_set(t->url, CURLUPART_URL, url, 0) ||
	    curl_url_get(t->url, CURLUPART_SCHEME, &t->scheme, 0) ||
	    curl_url_get(t->url, CURLUPART_HOST, &t->host, 0) ||
	    curl_url_get(t->url, CURLUPART_PORT, &t->port, CURLU_DEFAULT_PORT))
		return false;
	size_t n = strlen(t->host);
	if (n > 2 && t->host[0] == '[') { /* "[::1]" */
		memmove(t->host, t->host + 1, n - 2);
		t->host[n - 2] = '\0';
	}
	t->v4 = inet_pton(AF_INET, t->host, t->address) == 1;
	t->v6 = !t->v4 && inet_pton(AF_INET6, t->host, t->address) == 1;
	return true;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	if (memcmp(a, b, whole) != 0)
		return false;
	return !rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

/* "10.0.0.0/8", "fd00::/8", or an address alone. */
static bool in_block(const struct target *t, const char *block)
{
	AUTO(auto_free) char *text = xstrdup(block);
	char *slash = strchr(text, '/');
	unsigned largest = t->v4 ? 32 : 128, bits = largest;
	if (slash) {
		*slash = '\0';
		char *end;
		unsigned long n = strtoul(slash + 1, &end, 10);
		if (end == slash + 1 || *end || n > largest)
			return false;
		bits = (unsigned)n;
	}
	unsigned char address[16];
	if (inet_pton(t->v4 ? AF_INET : AF_INET6, text, address) != 1)
		return false;
	return same_bits(t->address, address, bits);
}

static const char *const loopback[] = { "127.0.0.0/8", "::1" };
static const char *const private_blocks[] = { "10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16",
					      "169.254.0.0/16", "fc00::/7",      "fe80::/10" };

static bool in_any(const struct target *t, const char *const *blocks, size_t n)
{
	for (size_t i = 0; (t->v4 || t->v6) && i < n; i++)
		if (in_block(t, blocks[i]))
			return true;
	return false;
}

static bool is_loopback(const struct target *t)
{
	return strcasecmp(t->host, "localhost") == 0 || in_any(t, loopback, ARRAY_LEN(loopback));
}

/* "example.com" covers itself and everything below, ".example.com" only what is below. */
static bool in_domain(const char *host, const char *domain)
{
	if (strncmp(domain, "*.", 2) == 0)
		domain++;
	size_t h = strlen(host), d = strlen(domain);
	if (d == 0 || h < d || strcasecmp(host + h - d, domain) != 0)
		return false;
	return *domain == '.' ? h > d : h == d || host[h - d - 1] == '.';
}

/* One entry of NO_PROXY, which may end in ":port". */
static bool excluded_by(const struct target *t, char *entry)
{
	if (strcmp(entry, "*") == 0)
		return true;
	char *colon = strrchr(entry, ':');
	bool bare_v6 = colon && strchr(entry, ':') != colon && entry[0] != '[';
	if (colon && !bare_v6) {
		if (strcmp(colon + 1, t->port) != 0 && colon[1])
			return false;
		*colon = '\0';
	}
	if (entry[0] == '[') {
		entry++;
		entry[strcspn(entry, "]")] = '\0';
	}
	return t->v4 || t->v6 ? in_block(t, entry) : in_domain(t->host, entry);
}

static bool excluded(const struct target *t, const char *no_proxy)
{
	AUTO(auto_free) char *list = xstrdup(no_proxy ? no_proxy : "");
	char *rest = list, *entry;
	while ((entry = strsep(&rest, ","))) {
		entry += strspn(entry, " \t");
		entry[strcspn(entry, " \t")] = '\0';
		if (*entry && excluded_by(t, entry))
			return true;
	}
	return false;
}

static const char *either(http_getenv_fn *get, void *ctx, const char *upper, const char *lower)
{
	const char *value = get(ctx, upper);
	return value && *value ? value : get(ctx, lower);
}

char *http_proxy_for(const char *url, http_getenv_fn *get, void *ctx)
{
	AUTO(target_done) struct target t = { 0 };
	if (!target_parse(&t, url))
		return NULL;
	bool https = strcmp(t.scheme, "https") == 0;
	const char *proxy = https ? either(get, ctx, "HTTPS_PROXY", "https_proxy")
				  : either(get, ctx, "HTTP_PROXY", "http_proxy");
	if (!proxy || !*proxy || is_loopback(&t) ||
	    excluded(&t, either(get, ctx, "NO_PROXY", "no_proxy")))
		return NULL;
	return strstr(proxy, "://") ? xstrdup(proxy) : xfmt("http://%s", proxy);
}

bool http_host_is_near(const char *url)
{
	AUTO(target_done) struct target t = { 0 };
	return target_parse(&t, url) &&
	       (is_loopback(&t) || in_any(&t, private_blocks, ARRAY_LEN(private_blocks)));
}

void http_encode(struct buf *b, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-._~";
	for (; *text; text++) {
		if (strchr(plain, *text))
			buf_putc(b, *text);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}
