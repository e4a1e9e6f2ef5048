/* Splitting URLs; see http.h. */
#include "base/http_private.h"

#include <ctype.h>
#include <string.h>

#include "base/digest.h"

struct pieces {
	CURLU *url;
	char *scheme, *host, *port, *path, *query, *user, *password;
};

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	curl_free(text);
}

static void pieces_done(struct pieces *p)
{
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
	wipe(p->path);
	wipe(p->query);
	wipe(p->user);
	wipe(p->password);
	curl_url_cleanup(p->url);
}

static bool split(struct pieces *p, const char *url)
{
	p->url = curl_url();
	if (!p->url || curl_url_set(p->url, CURLUPART_URL, url, 0) ||
	    curl_url_get(p->url, CURLUPART_SCHEME, &p->scheme, 0) ||
	    curl_url_get(p->url, CURLUPART_HOST, &p->host, 0) ||
	    curl_url_get(p->url, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT) ||
	    curl_url_get(p->url, CURLUPART_PATH, &p->path, 0))
		return false;
	/* Absent is an error for curl_url_get(), and not for us. */
	curl_url_get(p->url, CURLUPART_QUERY, &p->query, 0);
	curl_url_get(p->url, CURLUPART_USER, &p->user, CURLU_URLDECODE);
	curl_url_get(p->url, CURLUPART_PASSWORD, &p->password, CURLU_URLDECODE);
	return strcmp(p->scheme, "http") == 0 || strcmp(p->scheme, "https") == 0;
}

static char *basic(const struct pieces *p)
{
	AUTO(buf_wipe) struct buf plain = { 0 };
	AUTO(buf_wipe) struct buf line = { 0 };
	buf_printf(&plain, "%s:%s", p->user ? p->user : "", p->password ? p->password : "");
	buf_puts(&line, "Authorization: Basic ");
	base64_encode(&line, plain.data, plain.len);
	return xstrdup(buf_text(&line));
}

int http_url_parse(struct http_url *out, const char *url, struct err *err)
{
	AUTO(pieces_done) struct pieces p = { 0 };
	if (!split(&p, url))
		return err_set(err, ERR_INPUT, "not an http or https URL");
	*out = (struct http_url){
		.origin = xfmt("%s://%s:%s", p.scheme, p.host, p.port),
		.host = xstrdup(p.host),
		.target = xfmt("%s%s%s", p.path, p.query ? "?" : "", p.query ? p.query : ""),
		.authorization = p.user || p.password ? basic(&p) : NULL,
	};
	for (char *c = out->host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

void http_url_done(struct http_url *u)
{
	free(u->origin);
	free(u->host);
	http_wipe(u->target);
	http_wipe(u->authorization);
	*u = (struct http_url){ 0 };
}
