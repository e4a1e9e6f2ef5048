/* Which files, and what they name.  See kubeconfig.h; the files themselves are understood in
 * kubeconfig_resolve.c. */
#include "plan/cluster/kube/kubeconfig.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

const char *kube_getenv(void *surroundings, const char *name)
{
	const struct kube_surroundings *s = surroundings;
	return s && s->getenv_fn ? s->getenv_fn(s->ctx, name) : getenv(name);
}

void kube_config_done(struct kube_config *c)
{
	arena_wipe(&c->arena);
	*c = (struct kube_config){ 0 };
}

/* ---- reading what a configuration names */

static int read_text(struct arena *a, const char *path, const char *what, const char **out,
		     struct err *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	if (file_read(path, KUBECONFIG_MAX_PEM, &text, err) < 0)
		return err_wrap(err, "%s", what);
	*out = arena_strndup(a, buf_text(&text), text.len);
	return 0;
}

static int read_pem(struct arena *a, const char *path, const char *what, const char **out,
		    struct err *err)
{
	if (!path || *out)
		return 0;
	const char *text;
	if (read_text(a, path, what, &text, err) < 0)
		return -1;
	if (!strstr(text, "-----BEGIN "))
		return err_at(err, ERR_INPUT, (struct srcpos){ path, 0, 0 },
			      "%s: no PEM block in it", what);
	*out = text;
	return 0;
}

static int read_named_files(struct kube_config *c, struct err *err)
{
	if (read_pem(&c->arena, c->ca_file, "certificate-authority", &c->ca, err) < 0 ||
	    read_pem(&c->arena, c->certificate_file, "client-certificate", &c->certificate, err) <
		    0 ||
	    read_pem(&c->arena, c->key_file, "client-key", &c->key, err) < 0)
		return -1;
	return 0;
}

/* ---- the service account of a pod */

/* A token that stands in a file is read again and again: auth.c. */
int kube_config_in_cluster(struct kube_config *out, const struct kube_surroundings *s,
			   struct err *err)
{
	const char *host = kube_getenv((void *)s, "KUBERNETES_SERVICE_HOST");
	const char *port = kube_getenv((void *)s, "KUBERNETES_SERVICE_PORT");
	if (!host || !*host || !port || !*port)
		return err_set(err, ERR_NOT_FOUND,
			       "not in a cluster: KUBERNETES_SERVICE_HOST and "
			       "KUBERNETES_SERVICE_PORT are not set");
	AUTO(kube_config_done) struct kube_config c = { 0 };
	struct arena *a = &c.arena;
	const char *folder = s && s->service_account ? s->service_account : SERVICE_ACCOUNT;
	c.context = "in-cluster";
	c.user = "the service account of this pod";
	c.server =
		arena_fmt(a, strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
	c.token_file = arena_fmt(a, "%s/token", folder);
	c.ca_file = arena_fmt(a, "%s/ca.crt", folder);
	if (read_named_files(&c, err) < 0)
		return -1;
	const char *namespace_file = arena_fmt(a, "%s/namespace", folder);
	c.namespace = "default";
	if (file_exists(namespace_file)) {
		const char *text;
		if (read_text(a, namespace_file, "namespace", &text, err) < 0)
			return -1;
		size_t n = strlen(text);
		while (n && isspace((unsigned char)text[n - 1]))
			n--;
		if (n)
			c.namespace = arena_strndup(a, text, n);
	}
	*out = c;
	c = (struct kube_config){ 0 };
	return 0;
}

/* ---- which files */

struct files {
	struct kube_file items[KUBECONFIG_MAX_FILES];
	struct buf texts[KUBECONFIG_MAX_FILES];
	size_t n;
};

static void files_done(struct files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free((char *)f->items[i].path);
		buf_wipe(&f->texts[i]);
	}
}

static bool have(const struct files *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].path, path) == 0)
			return true;
	return false;
}

/* A file that does not exist is skipped. */
static int add_file(struct files *f, const char *path, struct err *err)
{
	if (!*path || have(f, path))
		return 0;
	if (f->n == KUBECONFIG_MAX_FILES)
		return err_set(err, ERR_LIMIT, "more than %d kubeconfig files",
			       KUBECONFIG_MAX_FILES);
	struct buf *text = &f->texts[f->n];
	if (file_read(path, KUBECONFIG_MAX_BYTES, text, err) < 0) {
		if (err->code != ERR_NOT_FOUND)
			return -1;
		err_done(err);
		return 0;
	}
	f->items[f->n++] = (struct kube_file){ xstrdup(path), buf_text(text), text->len };
	return 0;
}

static int add_list(struct files *f, const char *list, struct err *err)
{
	AUTO(auto_free) char *copy = xstrdup(list);
	char *rest = copy, *path;
	while ((path = strsep(&rest, ":")))
		if (add_file(f, path, err) < 0)
			return -1;
	return 0;
}

static bool in_a_pod(const struct kube_surroundings *s)
{
	const char *host = kube_getenv((void *)s, "KUBERNETES_SERVICE_HOST");
	return host && *host;
}

static const char *list_of_paths(const char *kubeconfig, const struct kube_surroundings *s,
				 struct buf *home_config)
{
	const char *list = kubeconfig ? kubeconfig : kube_getenv((void *)s, "KUBECONFIG");
	if (list && *list)
		return list;
	const char *home = kube_getenv((void *)s, "HOME");
	if (home && *home)
		buf_printf(home_config, "%s/.kube/config", home);
	return buf_text(home_config);
}

int kube_config_load(struct kube_config *out, const char *kubeconfig, const char *context,
		     const struct kube_surroundings *s, struct err *err)
{
	AUTO(buf_done) struct buf home_config = { 0 };
	AUTO(files_done) struct files files = { 0 };
	const char *list = list_of_paths(kubeconfig, s, &home_config);
	if (add_list(&files, list, err) < 0)
		return -1;
	if (!files.n && !kubeconfig && !context && in_a_pod(s))
		return kube_config_in_cluster(out, s, err);
	if (!files.n)
		return err_set(err, ERR_NOT_FOUND,
			       "no kubeconfig: %s does not exist (set KUBECONFIG, or plan with "
			       "--cluster file:DIR or none)",
			       *list ? list : "~/.kube/config");
	AUTO(kube_config_done) struct kube_config c = { 0 };
	if (kube_config_resolve(&c, files.items, files.n, context, err) < 0 ||
	    read_named_files(&c, err) < 0)
		return -1;
	*out = c;
	c = (struct kube_config){ 0 };
	return 0;
}
