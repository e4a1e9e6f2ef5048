/* A Kubernetes API server as a cluster (see cluster.h).
 *
 *   kube.c       opening, the way every request takes (credentials, 401, trace), identity
 *   discovery.c  which kinds it serves
 *   list.c       many lists at once, in pages; list_split.c cuts objects out of a page
 *   call.c       get, dry-run, and the writes of apply/
 *   watch.c      watches, over connections of their own
 *   status.c     refusals as errors
 *   auth.c, exec.c, kubeconfig*.c  who we are
 *
 * Reading cannot write: without may_write nothing but GET and PATCH with dryRun=All leaves, and
 * anything else ends the program (kube_run). */
#ifndef PLAN_CLUSTER_KUBE_KUBE_H
#define PLAN_CLUSTER_KUBE_KUBE_H

#include "plan/cluster/cluster.h"
#include "plan/cluster/kube/auth.h"

enum {
	KUBE_TIMEOUT = 60,         /* seconds of one request */
	KUBE_CALLS_IN_FLIGHT = 32, /* gets and dry-runs at once */
	KUBE_WRITES_IN_FLIGHT = 16,
	KUBE_LISTS_IN_FLIGHT = 8,     /* pages at once */
	KUBE_PAGE_OBJECTS = 500,      /* asked for in one page */
	KUBE_MAX_PAGE = 256 << 20,    /* bytes; a page is cut into objects as it comes, not kept */
	KUBE_MAX_OBJECT = 8 << 20,    /* bytes of one object; etcd keeps none over 1.5 MiB */
	KUBE_MAX_VALUES = 1 << 18,    /* in one object */
	KUBE_MAX_OBJECTS = 200000,    /* of one list */
	KUBE_MAX_SMALL_PAGES = 100,   /* of one list, with hardly an object, that promise more */
	KUBE_SMALL_PAGE = 50,         /* objects */
	KUBE_MAX_RESTARTS = 3,        /* of one list, after 410 */
	KUBE_MAX_DISCOVERY = 8 << 20, /* bytes of one answer; 2,000 CRDs have half of it */
	KUBE_MAX_WATCHES = 64,        /* at once; one too many is lost (cluster.h) */
	KUBE_WATCH_SECONDS = 300,     /* then the server ends it, and it is opened again */
	KUBE_WATCH_STALL = 120,       /* seconds without a byte; a bookmark comes every minute */
	KUBE_WATCH_BACKOFF_MS = 500,  /* before a watch is opened again that had told nothing,
					 then doubled */
	KUBE_WATCH_BACKOFF_MAX_MS = 30000,
};

/* The namespace of the context, "default" where it has none.  Only for a cluster that
 * cluster_open_kube() opened; NULL for another.  Borrowed. */
const char *kube_default_namespace(struct cluster *c);

/* cluster_ops.call with the choice of writing: only apply/ passes may_write, and only then are
 * API_APPLY, API_JSON_PATCH and API_DELETE sent.  Do not stop a batch of writes from done():
 * those in flight would be abandoned, done or not. */
int kube_exchange(struct cluster *c, bool may_write, struct api_call *calls, size_t n,
		  api_done_fn *done, void *ctx, struct err *err);

/* ---- between the files of this folder */

struct kube {
	struct cluster base; /* first: see cluster.h */
	struct kube_config config;
	struct kube_auth auth;
	struct http_client *http;
	unsigned timeout;
	char *proxy; /* "": none */
};

/* http_run() with credentials: a 401 renews them once, and sends what got it once more.  Fills in
 * the request's timeout.  A request's `mark` is ours. */
int kube_run(struct kube *k, bool may_write, unsigned max_in_flight, http_next_fn *next,
	     http_done_fn *done, void *ctx, struct err *err);

/* GETs of a few paths at once.  An answer that is not 2xx, or no JSON, has `err` set, too. */
struct kube_get {
	const char *path;
	const char *accept; /* NULL: application/json */
	int status;         /* 0: no answer */
	char *content_type;
	struct buf body;
	struct err err;
};
int kube_get(struct kube *k, struct kube_get *gets, size_t n, struct err *err);
void kube_get_done(struct kube_get *g);

/* "/apis/apps/v1/namespaces/shop/deployments/web".  namespace NULL or "": none.  name NULL: the
 * list.  ERR_INVALID for a name that would be another path ("a/b", "..", "%2F"): the server takes
 * paths apart after decoding. */
int kube_path(struct buf *out, const struct kind *kind, const char *namespace, const char *name,
	      struct err *err);

/* The error that a refusal means; body may be anything.  *status_object: the Status, in the
 * arena, or NULL. */
void kube_refusal(struct arena *a, int status, const char *content_type, const struct buf *body,
		  const struct json **status_object, struct err *err);

bool kube_is_json(const char *content_type);

int kube_discover(struct kube *k, struct kind_table *out, struct err *err);
int kube_list(struct kube *k, struct list_request *requests, size_t n, list_object_fn *each,
	      void *ctx, struct err *err);

/* A client of the same server, with nothing in flight. */
int kube_new_client(struct kube *k, struct http_client **out, struct err *err);

struct watch *kube_watch_open(struct cluster *c, watch_fn *tell, void *ctx, struct err *err);
void kube_watch_add(struct watch *w, const struct watch_target *t, void *user);
int kube_watch_pump(struct watch *w, unsigned ms, struct err *err);
void kube_watch_close(struct watch *w);

/* Cuts a list answer into the texts of its objects while it comes in.  Zero and an `item`
 * function are a splitter at the start of an answer. */
enum split_state { SPLIT_ENVELOPE, SPLIT_FIRST, SPLIT_ITEM, SPLIT_NEXT, SPLIT_COMMA, SPLIT_TAIL };

struct kube_split {
	/* The text of one object of the list. */
	int (*item)(void *ctx, const char *text, size_t n, struct err *err);
	void *ctx;
	enum split_state state;
	struct buf envelope; /* the answer with an empty "items" */
	struct buf text;     /* of the object that is coming in */
	unsigned depth;
	bool in_string, escaped, key_is_items, want_items;
	size_t string_at; /* where the last string of the envelope starts */
};

int kube_split_feed(struct kube_split *s, const char *p, size_t n, struct err *err);

/* At the end of the answer: ERR_INPUT where the list is not whole. */
int kube_split_end(struct kube_split *s, struct err *err);

void kube_split_restart(struct kube_split *s);
void kube_split_done(struct kube_split *s);

#endif
