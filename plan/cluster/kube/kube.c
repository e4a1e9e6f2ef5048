/* Opening, the way of every request, identity.  See kube.h. */
#include "plan/cluster/kube/kube.h"

#include <string.h>

#include "base/json_parse.h"

#define JSON_TYPE "application/json"

/* ---- the way of every request */

enum { MARK_AGAIN = 1 }; /* sent a second time after a 401 */

struct passage {
	struct kube *kube;
	bool may_write, renewed;
	http_next_fn *next;
	http_done_fn *done;
	void *ctx;
	struct http_request *again; /* got a 401, will be sent once more */
	size_t n_again, cap_again;
};

static void passage_done(struct passage *p)
{
	for (size_t i = 0; i < p->n_again; i++) {
		free(p->again[i].path);
		buf_wipe(&p->again[i].body);
	}
	free(p->again);
}

/* The promise that reading cannot write, at its last possible place. */
static void check_reads_only(const struct http_request *r)
{
	bool get = strcmp(r->method, "GET") == 0;
	bool dry_run = strcmp(r->method, "PATCH") == 0 && strstr(r->path, "?dryRun=All&");
	if (!get && !dry_run)
		abort();
}

static bool pass_next(void *ctx, struct http_request *r)
{
	struct passage *p = ctx;
	if (p->n_again)
		*r = p->again[--p->n_again];
	else if (!p->next(p->ctx, r))
		return false;
	if (!p->may_write)
		check_reads_only(r);
	r->timeout = p->kube->timeout;
	p->kube->base.requests++;
	return true;
}

/* Several requests may have been in flight with the old credential: it is renewed once for all. */
static int renew(struct passage *p, struct err *err)
{
	struct kube *k = p->kube;
	if (p->renewed)
		return 0;
	bool renewed;
	if (kube_auth_renew(&k->auth, k->http, &renewed, err) < 0)
		return -1;
	p->renewed = renewed;
	return 0;
}

static int pass_done(void *ctx, struct http_request *r, struct http_answer *a, struct err *err)
{
	struct passage *p = ctx;
	if (err->code) /* said by next() while this one was on its way */
		return -1;
	if (a->status != 401 || r->mark == MARK_AGAIN)
		return p->done(p->ctx, r, a, err);
	if (renew(p, err) < 0)
		return -1;
	if (!p->renewed)
		return p->done(p->ctx, r, a, err);
	GROW(p->again, p->n_again, p->cap_again);
	r->mark = MARK_AGAIN;
	p->again[p->n_again++] = *r;
	r->path = NULL;
	r->body = (struct buf){ 0 };
	return 0;
}

int kube_run(struct kube *k, bool may_write, unsigned max_in_flight, http_next_fn *next,
	     http_done_fn *done, void *ctx, struct err *err)
{
	if (kube_auth_apply(&k->auth, k->http, err) < 0)
		return -1;
	AUTO(passage_done)
	struct passage p = {
		.kube = k, .may_write = may_write, .next = next, .done = done, .ctx = ctx
	};
	return http_run(k->http, max_in_flight, pass_next, pass_done, &p, err);
}

/* A line a request; of the query only what fits one, and no continue token. */
static void trace_attempt(void *ctx, const struct http_attempt *a)
{
	struct kube *k = ctx;
	if (!k->base.trace)
		return;
	const char *token = strstr(a->path, "&continue=");
	AUTO(buf_done) struct buf b = { 0 };
	buf_printf(&b, "%s %.*s%s ", a->method,
		   token ? (int)(token - a->path) : (int)strlen(a->path), a->path,
		   token ? "&continue=..." : "");
	if (a->status)
		buf_printf(&b, "%d", a->status);
	else
		buf_puts(&b, a->problem ? a->problem : "no answer");
	buf_printf(&b, " %.0f ms %zu bytes", a->seconds * 1000, a->bytes);
	if (a->again_in >= 0)
		buf_printf(&b, ", again in %.1f s", a->again_in);
	k->base.trace(k->base.trace_ctx, buf_text(&b));
}

/* ---- a few GETs */

struct gets {
	struct kube_get *items;
	size_t n, next;
};

static bool gets_next(void *ctx, struct http_request *r)
{
	struct gets *g = ctx;
	if (g->next == g->n)
		return false;
	struct kube_get *one = &g->items[g->next++];
	*r = (struct http_request){
		.method = "GET",
		.path = xstrdup(one->path),
		.accept = one->accept ? one->accept : JSON_TYPE,
		.repeatable = true,
		.max_bytes = KUBE_MAX_DISCOVERY,
		.user = one,
	};
	return true;
}

static int gets_done(void *ctx, struct http_request *r, struct http_answer *a, struct err *err)
{
	(void)ctx;
	(void)err;
	struct kube_get *one = r->user;
	one->status = a->status;
	if (a->err.code) {
		err_move(&one->err, &a->err);
		return 0;
	}
	AUTO(arena_done) struct arena arena = { 0 };
	if (a->status < 200 || a->status > 299)
		kube_refusal(&arena, a->status, a->content_type, &a->body, NULL, &one->err);
	else if (!kube_is_json(a->content_type))
		err_set(&one->err, ERR_SERVER, "%s answers \"%.80s\" where JSON was expected",
			one->path, a->content_type);
	one->content_type = xstrdup(a->content_type);
	one->body = a->body;
	a->body = (struct buf){ 0 };
	return 0;
}

int kube_get(struct kube *k, struct kube_get *gets, size_t n, struct err *err)
{
	struct gets g = { .items = gets, .n = n };
	return kube_run(k, false, KUBE_CALLS_IN_FLIGHT, gets_next, gets_done, &g, err);
}

void kube_get_done(struct kube_get *g)
{
	free(g->content_type);
	buf_done(&g->body);
	err_done(&g->err);
	*g = (struct kube_get){ 0 };
}

/* ---- identity */

/* A member of a member of a JSON answer, copied; "" where it is not there. */
static char *text_at(const struct kube_get *g, const char *outer, const char *key)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	struct json v;
	if (g->err.code ||
	    json_parse(&a, buf_text(&g->body), g->body.len, g->path, NULL, &v, &ignored) < 0)
		return xstrdup("");
	const char *text = json_get_str(outer ? json_get(&v, outer) : &v, key);
	return xstrdup(text ? text : "");
}

static bool is_fatal(const struct kube_get *g)
{
	return g->err.code && g->status != 403 && g->status != 404;
}

static void gets_free(struct kube_get (*g)[2])
{
	kube_get_done(&(*g)[0]);
	kube_get_done(&(*g)[1]);
}

/* Whoever may not read namespace kube-system can still plan: the uid stays unknown, and says
 * why.  A server that does not answer or does not know us is an error. */
static int kube_identify(struct cluster *c, struct cluster_identity *out, struct err *err)
{
	struct kube *k = (struct kube *)c;
	AUTO(gets_free)
	struct kube_get g[2] = {
		{ .path = "/version" },
		{ .path = "/api/v1/namespaces/kube-system" },
	};
	if (kube_get(k, g, ARRAY_LEN(g), err) < 0)
		return err_wrap(err, "cluster %s", k->config.context);
	for (size_t i = 0; i < ARRAY_LEN(g); i++)
		if (is_fatal(&g[i])) {
			err_move(err, &g[i].err);
			return err_wrap(err, "cluster %s", k->config.context);
		}
	AUTO(auto_free) char *uid = text_at(&g[1], "metadata", "uid");
	*out = (struct cluster_identity){
		.name = xstrdup(k->config.context),
		.server = xstrdup(k->config.server),
		.version = text_at(&g[0], NULL, "gitVersion"),
	};
	if (!*uid)
		out->uid_unknown = xstrdup(g[1].err.code ? g[1].err.msg
							 : "the answer of the server has no uid");
	out->uid = TAKE(uid);
	return 0;
}

/* ---- opening */

static int kube_kinds(struct cluster *c, struct kind_table *out, struct err *err)
{
	return kube_discover((struct kube *)c, out, err);
}

static int kube_lists(struct cluster *c, struct list_request *requests, size_t n,
		      list_object_fn *each, void *ctx, struct err *err)
{
	return kube_list((struct kube *)c, requests, n, each, ctx, err);
}

static int kube_call(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
		     void *ctx, struct err *err)
{
	return kube_exchange(c, false, calls, n, done, ctx, err);
}

static void kube_close(struct cluster *c)
{
	struct kube *k = (struct kube *)c;
	http_client_free(k->http);
	kube_auth_done(&k->auth);
	kube_config_done(&k->config);
	if (k->proxy)
		explicit_bzero(k->proxy, strlen(k->proxy)); /* may hold a password */
	free(k->proxy);
	free(k);
}

static void kube_close_p(struct kube **k)
{
	if (*k)
		kube_close(&(*k)->base);
}

static const struct cluster_ops kube_ops = {
	.name = "kube",
	.identify = kube_identify,
	.kinds = kube_kinds,
	.list = kube_lists,
	.call = kube_call,
	.close = kube_close,
	.watch_open = kube_watch_open,
	.watch_add = kube_watch_add,
	.watch_pump = kube_watch_pump,
	.watch_close = kube_watch_close,
};

const char *kube_default_namespace(struct cluster *c)
{
	return c->ops == &kube_ops ? ((struct kube *)c)->config.namespace : NULL;
}

int kube_new_client(struct kube *k, struct http_client **out, struct err *err)
{
	const struct kube_config *c = &k->config;
	struct http_options o = {
		.url = c->server,
		.tls = { .ca = c->ca,
			 .certificate = c->certificate,
			 .key = c->key,
			 .server_name = c->server_name,
			 .insecure = c->insecure },
		.proxy = k->proxy,
		.user_agent = "rhumb/" RHUMB_VERSION,
		.compress = !c->disable_compression && !http_host_is_near(c->server),
		.attempt = trace_attempt,
		.ctx = k,
	};
	return http_client_new(out, &o, err);
}

/* kubeconfig's proxy-url counts for everything, the environment's variables by their rules. */
static char *choose_proxy(const struct kube_config *c, const struct kube_surroundings *s)
{
	char *proxy =
		c->proxy ? xstrdup(c->proxy) : http_proxy_for(c->server, kube_getenv, (void *)s);
	return proxy ? proxy : xstrdup("");
}

int cluster_open_kube(struct cluster **out, const struct kube_options *options, struct err *err)
{
	AUTO(kube_close_p) struct kube *k = xcalloc(1, sizeof(*k));
	const struct kube_surroundings *s = options->surroundings;
	k->base.ops = &kube_ops;
	k->timeout = options->timeout_seconds ? options->timeout_seconds : KUBE_TIMEOUT;
	int rc = options->in_cluster ? kube_config_in_cluster(&k->config, s, err)
				     : kube_config_load(&k->config, options->kubeconfig,
							options->context, s, err);
	if (rc < 0)
		return -1;
	k->auth.config = &k->config;
	k->proxy = choose_proxy(&k->config, s);
	if (kube_new_client(k, &k->http, err) < 0)
		return err_wrap(err, "cluster %s", k->config.context);
	struct kube *opened = TAKE(k);
	*out = &opened->base;
	return 0;
}
