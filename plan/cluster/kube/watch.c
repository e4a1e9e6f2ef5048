/* Watches: a list, and then what changes from its moment on, for as long as anybody wants to know.
 * See cluster.h and kube.h.
 *
 * The answer to a watch is a line of JSON an event, and does not end for minutes.  The answers of
 * all watches come over connections of their own, so that other requests can be made in between.
 * Bookmarks keep the moment fresh from which a watch goes on after its end.  Where the server has
 * forgotten that moment (410) it begins again with a list. */
#include <string.h>

#include "base/json_parse.h"
#include "base/time.h"
#include "plan/cluster/kube/kube.h"

enum stream_state {
	STREAM_LIST, /* wants a list */
	STREAM_NEXT, /* wants to be opened */
	STREAM_OPEN,
	STREAM_LOST,
};

struct stream {
	struct watch *all;
	struct kind kind;
	const char *namespace, *name; /* NULL: all */
	const char *api_version;
	void *user;
	char *path; /* without the moment */
	char *selector;
	enum stream_state state;
	char version[VERSION_TEXT];
	int64_t wake; /* time_monotonic_ms(); not before */
	unsigned failures;
	bool heard;   /* something has come since it was opened */
	bool renewed; /* after a 401, once */
	struct buf line;
};

struct watch {
	struct kube *kube;
	struct kube_auth auth;
	struct http_client *http;
	struct http_flow *flow;
	watch_fn *tell;
	void *ctx;
	struct stream **streams;
	size_t n, cap;
	size_t open;
	struct arena arena, scratch;
};

/* ---- states */

static void lose(struct stream *s, const struct err *why)
{
	s->state = STREAM_LOST;
	s->all->tell(s->all->ctx, s->user, WATCH_LOST, NULL, why);
}

/* Nobody hammers a server that is in trouble. */
static void later(struct stream *s, enum stream_state state)
{
	unsigned ms = KUBE_WATCH_BACKOFF_MS;
	for (unsigned i = 0; i < s->failures && ms < KUBE_WATCH_BACKOFF_MAX_MS; i++)
		ms *= 2;
	if (ms > KUBE_WATCH_BACKOFF_MAX_MS)
		ms = KUBE_WATCH_BACKOFF_MAX_MS;
	s->failures++;
	s->state = state;
	s->wake = time_monotonic_ms() + ms;
}

/* What another attempt would not change. */
static bool is_hopeless(const struct err *err)
{
	return err->code == ERR_FORBIDDEN || err->code == ERR_NOT_FOUND || err->code == ERR_INVALID;
}

static void set_version(struct stream *s, const struct json *object)
{
	const char *version = json_str(json_at(object, "metadata", "resourceVersion", NULL));
	if (version && *version && strlen(version) < VERSION_TEXT)
		memcpy(s->version, version, strlen(version) + 1);
}

/* ---- the list */

static int listed(void *ctx, struct list_request *request, const struct json *object,
		  struct err *err)
{
	struct stream *s = *(struct stream **)ctx;
	(void)request, (void)err;
	s->all->tell(s->all->ctx, s->user, WATCH_OBJECT, object, NULL);
	return 0;
}

static int list_one(struct stream *s, struct err *err)
{
	struct list_request r = { .kind = &s->kind,
				  .namespace = s->namespace,
				  .field_selector = s->selector };
	s->all->tell(s->all->ctx, s->user, WATCH_LISTING, NULL, NULL);
	int rc = kube_list(s->all->kube, &r, 1, listed, &s, err);
	if (rc == 0 && r.err.code && is_hopeless(&r.err)) {
		lose(s, &r.err);
	} else if (rc == 0 && r.err.code) {
		later(s, STREAM_LIST);
	} else if (rc == 0 && !*r.resource_version) {
		AUTO(err_done) struct err why = { 0 };
		err_set(&why, ERR_SERVER, "the list does not say of which moment it is");
		lose(s, &why);
	} else if (rc == 0) {
		memcpy(s->version, r.resource_version, sizeof(s->version));
		s->state = STREAM_NEXT;
		s->all->tell(s->all->ctx, s->user, WATCH_LISTED, NULL, NULL);
	}
	err_done(&r.err);
	return rc;
}

/* ---- events */

/* The moment is forgotten, or the server says so of something else: from a list on. */
static int failed_event(struct stream *s, const struct json *status, struct err *err)
{
	const char *message = json_get_str(status, "message");
	s->state = STREAM_LIST;
	return err_set(err, ERR_SERVER, "the watch ends: %s",
		       message ? message : "no reason given");
}

static int event(struct stream *s, const char *text, size_t n, struct err *err)
{
	static const struct json_limits limits = { .max_bytes = KUBE_MAX_OBJECT,
						   .max_values = KUBE_MAX_VALUES };
	struct watch *w = s->all;
	struct arena *a = &w->scratch;
	struct json line;
	if (json_parse(a, text, n, "watch", &limits, &line, err) < 0)
		return -1;
	const char *type = json_get_str(&line, "type");
	struct json *object = (struct json *)json_get(&line, "object");
	if (!type || !json_is(object, JSON_OBJECT))
		return err_set(err, ERR_SERVER, "a line of the watch is no event");
	if (strcmp(type, "ERROR") == 0)
		return failed_event(s, object, err);
	s->heard = true;
	s->failures = 0;
	set_version(s, object);
	bool there = strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0;
	bool gone = strcmp(type, "DELETED") == 0;
	if (!there && !gone)
		return 0; /* a bookmark, or something that is to come */
	json_set_str(a, object, "apiVersion", s->api_version);
	json_set_str(a, object, "kind", s->kind.kind);
	if (json_str(json_at(object, "metadata", "name", NULL)))
		w->tell(w->ctx, s->user, there ? WATCH_OBJECT : WATCH_GONE, object, NULL);
	return 0;
}

static int on_body(struct http_request *r, const void *p, size_t n, struct err *err)
{
	struct stream *s = r->user;
	const char *from = p;
	if (!p) { /* the answer starts again; watches are not repeated by themselves */
		buf_reset(&s->line);
		return 0;
	}
	while (n) {
		const char *end = memchr(from, '\n', n);
		size_t piece = end ? (size_t)(end - from) : n;
		if (s->line.len + piece > KUBE_MAX_OBJECT)
			return err_set(err, ERR_LIMIT, "an event of more than %d bytes",
				       KUBE_MAX_OBJECT);
		buf_put(&s->line, from, piece);
		from += piece + (end != NULL);
		n -= piece + (end != NULL);
		if (!end)
			return 0;
		int rc = s->line.len ? event(s, s->line.data, s->line.len, err) : 0;
		arena_reset(&s->all->scratch);
		buf_reset(&s->line);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* ---- requests */

/* Its end may never be seen. */
static void trace_opened(const struct watch *w, const char *path)
{
	const struct cluster *c = &w->kube->base;
	AUTO(auto_free) char *line = xfmt("GET %s opened", path);
	if (c->trace)
		c->trace(c->trace_ctx, line);
}

static bool next(void *ctx, struct http_request *r)
{
	struct watch *w = ctx;
	int64_t now = time_monotonic_ms();
	for (size_t i = 0; i < w->n; i++) {
		struct stream *s = w->streams[i];
		if (s->state != STREAM_NEXT || s->wake > now)
			continue;
		AUTO(buf_done) struct buf path = { 0 };
		buf_printf(&path, "%s&resourceVersion=", s->path);
		http_encode(&path, s->version);
		*r = (struct http_request){
			.method = "GET",
			.path = buf_take(&path),
			.accept = "application/json",
			.timeout = KUBE_WATCH_SECONDS + KUBE_WATCH_STALL,
			.stall = KUBE_WATCH_STALL,
			.on_body = on_body,
			.user = s,
		};
		s->state = STREAM_OPEN;
		w->open++;
		s->heard = false;
		buf_reset(&s->line);
		trace_opened(w, r->path);
		w->kube->base.requests++;
		return true;
	}
	return false;
}

/* A client certificate that open watches still use must not be freed below them. */
static bool may_renew(const struct watch *w)
{
	return !w->open || !w->auth.credential.certificate;
}

/* A credential that has expired is renewed once; one that is refused anew is hopeless. */
static bool renew(struct stream *s)
{
	AUTO(err_done) struct err ignored = { 0 };
	bool renewed = false;
	if (!s->renewed && may_renew(s->all))
		kube_auth_renew(&s->all->auth, s->all->http, &renewed, &ignored);
	s->renewed = true;
	return renewed;
}

static void refused(struct stream *s, const struct http_answer *a)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(err_done) struct err why = { 0 };
	kube_refusal(&arena, a->status, a->content_type, &a->body, NULL, &why);
	if (a->status == 401 && renew(s))
		s->state = STREAM_NEXT;
	else if (is_hopeless(&why))
		lose(s, &why);
	else
		later(s, STREAM_LIST);
}

static int done(void *ctx, struct http_request *r, struct http_answer *a, struct err *err)
{
	struct stream *s = r->user;
	struct watch *w = ctx;
	(void)err;
	w->open--;
	if (a->status && (a->status < 200 || a->status > 299)) {
		refused(s, a);
		return 0;
	}
	bool from_list =
		s->state == STREAM_LIST ||
		(a->err.code && a->err.code != ERR_UNREACHABLE && a->err.code != ERR_TIMEOUT);
	s->renewed = s->renewed && !s->heard;
	s->wake = 0;
	s->state = from_list ? STREAM_LIST : STREAM_NEXT;
	/* One that ends at once, again and again, is not opened again at once. */
	if (!s->heard || from_list)
		later(s, s->state);
	return 0;
}

/* ---- all */

struct watch *kube_watch_open(struct cluster *c, watch_fn *tell, void *ctx, struct err *err)
{
	struct kube *k = (struct kube *)c;
	struct watch *w = xcalloc(1, sizeof(*w));
	*w = (struct watch){
		.kube = k, .auth = { .config = &k->config }, .tell = tell, .ctx = ctx
	};
	if (kube_new_client(k, &w->http, err) < 0) {
		kube_watch_close(w);
		return NULL;
	}
	w->flow = http_flow_new(w->http, KUBE_MAX_WATCHES, next, done, w);
	return w;
}

static int make_path(struct stream *s, struct err *err)
{
	AUTO(buf_done) struct buf path = { 0 };
	if (kube_path(&path, &s->kind, s->namespace, NULL, err) < 0)
		return -1;
	buf_printf(&path, "?watch=true&allowWatchBookmarks=true&timeoutSeconds=%d",
		   KUBE_WATCH_SECONDS);
	if (s->selector) {
		buf_puts(&path, "&fieldSelector=");
		http_encode(&path, s->selector);
	}
	s->path = buf_take(&path);
	return 0;
}

/* Without HTTP/2 each watch takes a connection.  Other requests have shown by now which it is. */
static size_t most(const struct watch *w)
{
	return http_client_is_http2(w->kube->http) ? KUBE_MAX_WATCHES : HTTP_MAX_CONNECTIONS;
}

void kube_watch_add(struct watch *w, const struct watch_target *t, void *user)
{
	struct arena *a = &w->arena;
	struct stream *s = xcalloc(1, sizeof(*s));
	const struct kind *k = t->kind;
	*s = (struct stream){ .all = w, .user = user, .kind = *k };
	s->kind.group = arena_strdup(a, k->group);
	s->kind.version = arena_strdup(a, k->version);
	s->kind.kind = arena_strdup(a, k->kind);
	s->kind.plural = arena_strdup(a, k->plural);
	s->namespace = t->namespace && *t->namespace ? arena_strdup(a, t->namespace) : NULL;
	s->name = t->name ? arena_strdup(a, t->name) : NULL;
	s->selector = s->name ? xfmt("metadata.name=%s", s->name) : NULL;
	struct object_ref ref = { .group = s->kind.group, .version = s->kind.version };
	s->api_version = object_ref_api_version(a, &ref);
	GROW(w->streams, w->n, w->cap);
	w->streams[w->n++] = s;
	AUTO(err_done) struct err why = { 0 };
	if (w->n > most(w))
		err_set(&why, ERR_LIMIT, "more than %zu watches at once", most(w));
	else
		make_path(s, &why);
	if (why.code)
		lose(s, &why);
}

int kube_watch_pump(struct watch *w, unsigned ms, struct err *err)
{
	int64_t now = time_monotonic_ms();
	bool told = false;
	for (size_t i = 0; i < w->n; i++) {
		struct stream *s = w->streams[i];
		if (s->state != STREAM_LIST || s->wake > now)
			continue;
		told = true;
		if (list_one(s, err) < 0)
			return -1;
	}
	if (may_renew(w) && kube_auth_apply(&w->auth, w->http, err) < 0)
		return -1;
	return http_flow_pump(w->flow, told ? 0 : ms, err);
}

void kube_watch_close(struct watch *w)
{
	if (!w)
		return;
	http_flow_free(w->flow);
	http_client_free(w->http);
	kube_auth_done(&w->auth);
	for (size_t i = 0; i < w->n; i++) {
		struct stream *s = w->streams[i];
		free(s->path);
		free(s->selector);
		buf_wipe(&s->line);
		free(s);
	}
	free(w->streams);
	arena_wipe(&w->scratch);
	arena_done(&w->arena);
	free(w);
}
