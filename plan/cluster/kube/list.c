/* Many lists at once, in pages.  See kube.h.
 *
 * A page is cut into objects while it comes in (list_split.c), each object is parsed, handed out
 * and forgotten: of a list of 10,000 objects one is in memory.
 *
 * Every list is a consistent read (no resourceVersion is asked for), and all its pages are of that
 * moment.  A list starts again from its first page, as it is then, where the server has forgotten
 * the moment (410 Gone, after some five minutes) or a page breaks off and is asked for again.
 * What was handed out by then stands, and the names of what was handed out are kept, so that
 * nothing is reported twice. */
#include <stdint.h>
#include <string.h>

#include "base/json_parse.h"
#include "plan/cluster/kube/kube.h"

/* Namespaces and names that were handed out: open addressing, keys in the arena. */
struct seen {
	struct arena arena;
	const char **slots; /* "namespace/name", NULL: free */
	size_t n, cap;      /* cap: a power of two, or 0 */
};

static size_t slot_of(const struct seen *s, const char *key)
{
	uint64_t h = 14695981039346656037u;
	for (const char *p = key; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	size_t i = (h ^ h >> 32) & (s->cap - 1);
	while (s->slots[i] && strcmp(s->slots[i], key) != 0)
		i = (i + 1) & (s->cap - 1);
	return i;
}

static void seen_grow(struct seen *s)
{
	struct seen larger = *s;
	larger.cap = s->cap ? 2 * s->cap : 64;
	larger.slots = xcalloc(larger.cap, sizeof(*larger.slots));
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i])
			larger.slots[slot_of(&larger, s->slots[i])] = s->slots[i];
	free(s->slots);
	*s = larger;
}

/* false where it is there already. */
static bool seen_add(struct seen *s, const char *namespace, const char *name)
{
	if (s->n * 2 >= s->cap)
		seen_grow(s);
	const char *key = arena_fmt(&s->arena, "%s/%s", namespace ? namespace : "", name);
	size_t i = slot_of(s, key);
	if (s->slots[i])
		return false;
	s->slots[i] = key;
	s->n++;
	return true;
}

static void seen_done(struct seen *s)
{
	arena_done(&s->arena);
	free(s->slots);
}

/* ---- one list */

struct listing {
	struct lists *all;
	struct list_request *request;
	const char *api_version;
	char *path;      /* without limit and continue */
	char *next_page; /* continue token; NULL: the first page */
	struct kube_split split;
	struct seen seen;
	size_t on_page; /* objects, seen before or not */
	unsigned small_pages, restarts;
};

struct lists {
	struct kube *kube;
	struct listing *items;
	size_t n;
	size_t *ready; /* indexes of lists that want a page; a queue of n places */
	size_t from, count;
	list_object_fn *each;
	void *ctx;
	struct arena names, scratch;
	bool stopped; /* by each() */
};

static void make_ready(struct lists *all, struct listing *l)
{
	all->ready[(all->from + all->count++) % all->n] = (size_t)(l - all->items);
}

static int parse_object(struct listing *l, const char *text, size_t n, struct json *out,
			struct err *err)
{
	static const struct json_limits limits = { .max_bytes = KUBE_MAX_OBJECT,
						   .max_values = KUBE_MAX_VALUES };
	struct arena *a = &l->all->scratch;
	if (json_parse(a, text, n, "list", &limits, out, err) < 0)
		return -1;
	/* Items of built-in kinds come without their type. */
	json_set_str(a, out, "apiVersion", l->api_version);
	json_set_str(a, out, "kind", l->request->kind->kind);
	return 0;
}

static int on_item(void *ctx, const char *text, size_t n, struct err *err)
{
	struct listing *l = ctx;
	struct lists *all = l->all;
	struct list_request *r = l->request;
	struct json object;
	if (parse_object(l, text, n, &object, err) < 0)
		return -1;
	const struct json *metadata = json_get(&object, "metadata");
	const char *name = json_get_str(metadata, "name");
	if (!name)
		return err_set(err, ERR_INPUT, "an object without a name in the list");
	int rc = 0;
	if (++l->on_page > KUBE_MAX_OBJECTS)
		return err_set(err, ERR_LIMIT, "more than %d objects", KUBE_MAX_OBJECTS);
	if (seen_add(&l->seen, json_get_str(metadata, "namespace"), name)) {
		if (++r->objects > KUBE_MAX_OBJECTS)
			return err_set(err, ERR_LIMIT, "more than %d objects", KUBE_MAX_OBJECTS);
		rc = all->each(all->ctx, r, &object, err);
		all->stopped = rc < 0;
	}
	arena_reset(&all->scratch);
	return rc;
}

static int on_body(struct http_request *request, const void *p, size_t n, struct err *err)
{
	struct listing *l = request->user;
	if (p)
		return kube_split_feed(&l->split, p, n, err);
	kube_split_restart(&l->split);
	return 0;
}

static char *page_path(const struct listing *l)
{
	struct buf b = { 0 };
	buf_printf(&b, "%s%climit=%d", l->path, strchr(l->path, '?') ? '&' : '?',
		   KUBE_PAGE_OBJECTS);
	if (l->next_page) {
		buf_puts(&b, "&continue=");
		http_encode(&b, l->next_page);
	}
	return buf_take(&b);
}

static bool lists_next(void *ctx, struct http_request *r)
{
	struct lists *all = ctx;
	if (!all->count)
		return false;
	struct listing *l = &all->items[all->ready[all->from]];
	all->from = (all->from + 1) % all->n;
	all->count--;
	kube_split_restart(&l->split);
	l->on_page = 0;
	*r = (struct http_request){
		.method = "GET",
		.path = page_path(l),
		.accept = "application/json",
		.repeatable = true,
		.max_bytes = KUBE_MAX_PAGE,
		.on_body = on_body,
		.user = l,
	};
	return true;
}

/* ---- the end of a page */

/* Reads what stood around the items: is there another page? */
static int read_envelope(struct listing *l, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json v;
	if (kube_split_end(&l->split, err) < 0 ||
	    json_parse(&a, l->split.envelope.data, l->split.envelope.len, "list", NULL, &v, err) <
		    0)
		return -1;
	const struct json *items = json_get(&v, "items");
	const char *kind = json_get_str(&v, "kind");
	size_t n = kind ? strlen(kind) : 0;
	bool is_list = n > 4 && strcmp(kind + n - 4, "List") == 0;
	bool is_cut =
		!items || items->type == JSON_NULL || (json_is(items, JSON_ARRAY) && !items->n);
	if (!is_list || !is_cut)
		return err_set(err, ERR_INPUT, "the answer is not a list");
	const char *version = json_get_str(json_get(&v, "metadata"), "resourceVersion");
	if (version && strlen(version) < VERSION_TEXT)
		memcpy(l->request->resource_version, version, strlen(version) + 1);
	const char *token = json_get_str(json_get(&v, "metadata"), "continue");
	free(l->next_page);
	l->next_page = token && *token ? xstrdup(token) : NULL;
	return 0;
}

/* The moment that the list showed is forgotten: from the start, as it is now. */
static bool start_again(struct listing *l, int status)
{
	if (status != 410 || !l->next_page || l->restarts == KUBE_MAX_RESTARTS)
		return false;
	l->restarts++;
	free(l->next_page);
	l->next_page = NULL;
	make_ready(l->all, l);
	return true;
}

static void page_done(struct listing *l, const struct http_answer *a, struct err *err)
{
	if (a->status < 200 || a->status > 299) {
		AUTO(arena_done) struct arena arena = { 0 };
		if (!start_again(l, a->status))
			kube_refusal(&arena, a->status, a->content_type, &a->body, NULL, err);
		return;
	}
	if (!kube_is_json(a->content_type)) {
		err_set(err, ERR_SERVER, "the server answers \"%.80s\" where JSON was expected",
			a->content_type);
		return;
	}
	if (read_envelope(l, err) < 0 || !l->next_page)
		return;
	if (l->on_page < KUBE_SMALL_PAGE && ++l->small_pages > KUBE_MAX_SMALL_PAGES)
		err_set(err, ERR_LIMIT, "more than %d pages of less than %d objects",
			KUBE_MAX_SMALL_PAGES, KUBE_SMALL_PAGE);
	else
		make_ready(l->all, l);
}

/* "list deployments.apps in namespace shop" */
static void wrap_list(struct list_request *r)
{
	const struct kind *k = r->kind;
	err_wrap(&r->err, "list %s%s%s%s%s", k->plural, *k->group ? "." : "", k->group,
		 r->namespace ? " in namespace " : "", r->namespace ? r->namespace : "");
}

static int lists_done(void *ctx, struct http_request *request, struct http_answer *a,
		      struct err *err)
{
	struct lists *all = ctx;
	struct listing *l = request->user;
	struct list_request *r = l->request;
	if (all->stopped)
		return err_move(err, &a->err);
	if (a->err.code)
		err_move(&r->err, &a->err);
	else
		page_done(l, a, &r->err);
	if (r->err.code && r->err.code == ERR_INPUT && !kube_is_json(a->content_type))
		err_wrap(&r->err, "the server answers \"%.80s\" where JSON was expected",
			 a->content_type);
	if (r->err.code)
		wrap_list(r);
	return 0;
}

/* ---- all */

static void begin(struct lists *all, struct listing *l, struct list_request *r)
{
	l->all = all;
	l->request = r;
	l->split.item = on_item;
	l->split.ctx = l;
	r->objects = 0;
	r->resource_version[0] = '\0';
	struct object_ref ref = { .group = r->kind->group, .version = r->kind->version };
	l->api_version = object_ref_api_version(&all->names, &ref);
	AUTO(buf_done) struct buf path = { 0 };
	if (kube_path(&path, r->kind, r->namespace, NULL, &r->err) < 0) {
		wrap_list(r);
		return;
	}
	if (r->label_selector) {
		buf_puts(&path, "?labelSelector=");
		http_encode(&path, r->label_selector);
	}
	if (r->field_selector) {
		buf_printf(&path, "%cfieldSelector=", r->label_selector ? '&' : '?');
		http_encode(&path, r->field_selector);
	}
	l->path = buf_take(&path);
	make_ready(all, l);
}

static void lists_free(struct lists *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct listing *l = &all->items[i];
		free(l->path);
		free(l->next_page);
		kube_split_done(&l->split);
		seen_done(&l->seen);
	}
	free(all->items);
	free(all->ready);
	arena_done(&all->names);
	arena_done(&all->scratch);
}

int kube_list(struct kube *k, struct list_request *requests, size_t n, list_object_fn *each,
	      void *ctx, struct err *err)
{
	AUTO(lists_free)
	struct lists all = {
		.kube = k,
		.items = xcalloc(n + 1, sizeof(*all.items)),
		.n = n,
		.ready = xcalloc(n + 1, sizeof(*all.ready)),
		.each = each,
		.ctx = ctx,
	};
	for (size_t i = 0; i < n; i++)
		begin(&all, &all.items[i], &requests[i]);
	return kube_run(k, false, KUBE_LISTS_IN_FLIGHT, lists_next, lists_done, &all, err);
}
