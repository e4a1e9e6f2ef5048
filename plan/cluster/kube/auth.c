/* See auth.h. */
#include "plan/cluster/kube/auth.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/time.h"

/* A credential is renewed this long before it expires: clocks differ. */
enum { LEEWAY_SECONDS = 10 };

/* ---- obtaining */

static int read_token_file(const struct kube_config *c, struct kube_credential *out,
			   struct err *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	if (file_read(c->token_file, KUBECONFIG_MAX_PEM, &text, err) < 0)
		return err_wrap(err, "user %s: tokenFile", c->user);
	const char *from = buf_text(&text), *to = from + text.len;
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	if (from == to)
		return err_at(err, ERR_INPUT, (struct srcpos){ c->token_file, 0, 0 },
			      "user %s: the token file is empty", c->user);
	out->token = xstrndup(from, (size_t)(to - from));
	return 0;
}

static int obtain(const struct kube_config *c, struct kube_credential *out, struct err *err)
{
	if (c->exec)
		return kube_exec_run(c, out, err);
	if (read_token_file(c, out, err) == 0)
		return 0;
	if (!c->token)
		return -1;
	err_done(err); /* as client-go: the token of the kubeconfig stands in for its file */
	out->token = xstrdup(c->token);
	return 0;
}

static bool is_dynamic(const struct kube_config *c)
{
	return c->exec || c->token_file;
}

static bool is_fresh(const struct kube_auth *a)
{
	if (!a->have)
		return false;
	if (a->config->exec)
		return !a->credential.expires ||
		       time(NULL) + LEEWAY_SECONDS < a->credential.expires;
	return time_monotonic_ms() - a->obtained < KUBE_TOKEN_FILE_SECONDS * 1000;
}

/* ---- headers */

struct lines {
	char **items;
	size_t n, cap;
};

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		explicit_bzero(l->items[i], strlen(l->items[i]));
		free(l->items[i]);
	}
	free(l->items);
}

static void line(struct lines *l, char *text)
{
	GROW(l->items, l->n, l->cap);
	l->items[l->n++] = text;
}

static char *basic(const struct kube_config *c)
{
	AUTO(buf_wipe) struct buf plain = { 0 }, encoded = { 0 };
	buf_printf(&plain, "%s:%s", c->username, c->password ? c->password : "");
	base64_encode(&encoded, buf_text(&plain), plain.len);
	return xfmt("Authorization: Basic %s", buf_text(&encoded));
}

/* The key of an extra becomes part of a header's name. */
static char *extra_line(const struct kube_extra *e)
{
	AUTO(buf_done) struct buf key = { 0 };
	http_encode(&key, e->key);
	return xfmt("Impersonate-Extra-%s: %s", buf_text(&key), e->value);
}

static void impersonation(struct lines *l, const struct kube_config *c)
{
	if (c->as)
		line(l, xfmt("Impersonate-User: %s", c->as));
	if (c->as_uid)
		line(l, xfmt("Impersonate-Uid: %s", c->as_uid));
	for (size_t i = 0; i < c->n_as_groups; i++)
		line(l, xfmt("Impersonate-Group: %s", c->as_groups[i]));
	for (size_t i = 0; i < c->n_as_extra; i++)
		line(l, extra_line(&c->as_extra[i]));
}

static int install(const struct kube_auth *a, struct http_client *client, struct err *err)
{
	const struct kube_config *c = a->config;
	const struct kube_credential *k = &a->credential;
	AUTO(lines_done) struct lines l = { 0 };
	const char *token = k->token ? k->token : c->exec ? NULL : c->token;
	if (token)
		line(&l, xfmt("Authorization: Bearer %s", token));
	else if (c->username)
		line(&l, basic(c));
	impersonation(&l, c);
	if (http_client_headers(client, (const char *const *)l.items, l.n, err) < 0)
		return err_wrap(err, "user %s", c->user);
	if (k->certificate) {
		struct http_tls tls = { .ca = c->ca,
					.certificate = k->certificate,
					.key = k->key,
					.server_name = c->server_name,
					.insecure = c->insecure };
		http_client_tls(client, &tls);
	}
	return 0;
}

static int obtain_and_install(struct kube_auth *a, struct http_client *client, struct err *err)
{
	struct kube_credential fresh = { 0 };
	if (obtain(a->config, &fresh, err) < 0)
		return -1;
	kube_credential_done(&a->credential);
	a->credential = fresh;
	a->obtained = time_monotonic_ms();
	a->have = true;
	return install(a, client, err);
}

int kube_auth_apply(struct kube_auth *a, struct http_client *client, struct err *err)
{
	if (is_dynamic(a->config))
		return is_fresh(a) ? 0 : obtain_and_install(a, client, err);
	if (a->have)
		return 0;
	a->have = true;
	return install(a, client, err);
}

int kube_auth_renew(struct kube_auth *a, struct http_client *client, bool *renewed, struct err *err)
{
	if (!is_dynamic(a->config)) {
		*renewed = false;
		return 0;
	}
	if (obtain_and_install(a, client, err) < 0)
		return -1;
	*renewed = true;
	return 0;
}

void kube_auth_done(struct kube_auth *a)
{
	kube_credential_done(&a->credential);
	*a = (struct kube_auth){ 0 };
}
