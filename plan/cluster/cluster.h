/* A cluster, as far as it can be read: a table of functions with two back ends.
 *
 *   cluster_open_kube()  plan/cluster/kube/   a Kubernetes API server
 *   cluster_open_file()  plan/cluster/file/   a folder that answers the same questions
 *
 * Nothing here changes a cluster: the only verbs are get, list, watch and server-side apply with
 * dryRun=All.  The verbs that write are in apply/writer.h.
 *
 * Calls come in batches, and a back end runs a batch as concurrently as it likes.  Answers are
 * handed to a callback one by one, in any order, in the caller's thread; what the callback is
 * given is valid until it returns, so that a batch of 10,000 needs the memory of a few. */
#ifndef PLAN_CLUSTER_CLUSTER_H
#define PLAN_CLUSTER_CLUSTER_H

#include "plan/cluster/kinds.h"

#define FIELD_MANAGER "rhumb"

struct cluster_identity {
	char *name;        /* context, or the folder's name; free() */
	char *server;      /* URL, or "file:DIR"; without credentials; free() */
	char *uid;         /* of namespace kube-system; "" where it cannot be read; free() */
	char *uid_unknown; /* why uid is "" (no right to read it), else NULL; free() */
	char *version;     /* "v1.36.2"; free() */
};

enum { VERSION_TEXT = 64 };

struct list_request {
	const struct kind *kind;
	const char *namespace;      /* NULL: all, or a cluster-scoped kind */
	const char *label_selector; /* NULL: all */
	const char *field_selector; /* NULL: all; only an API server knows these */
	/* answer */
	struct err err; /* this list failed; what was reported before still stands */
	size_t objects;
	char resource_version[VERSION_TEXT]; /* of the moment that it shows; "": not known */
};

/* One object of an answer, with apiVersion and kind.  -1 with err set stops everything. */
typedef int list_object_fn(void *ctx, struct list_request *request, const struct json *object,
			   struct err *err);

enum api_verb {
	API_GET,
	API_DRY_RUN_APPLY,      /* server-side apply, dryRun=All, fieldValidation=Strict */
	API_DRY_RUN_JSON_PATCH, /* RFC 6902 patch (body: array of operations), dryRun=All,
				   fieldManager=rhumb: a read, like the dry-run apply */
	/* only for apply/, refused here: */
	API_APPLY,      /* server-side apply, fieldValidation=Strict */
	API_JSON_PATCH, /* RFC 6902 */
	API_DELETE,     /* body: DeleteOptions with preconditions */
};

struct api_call {
	enum api_verb verb;
	const struct kind *kind;
	const char *namespace, *name; /* namespace "" for cluster-scoped */
	const struct json *body;      /* what is sent; NULL for get */
	bool force;                   /* server-side apply with force */
	void *user;                   /* the caller's */
	/* Set by done() of another call of the batch: if it has not left yet it stays, and nobody
	 * is told. */
	bool withdrawn;
	int64_t left; /* when it left, time_monotonic_ms(); 0: it has not */
	/* answer */
	int status;                  /* HTTP status; 0 where there was no answer */
	const struct json *object;   /* 2xx: the object (a Status for some deletes), else NULL */
	const struct json *failure;  /* not 2xx: the Status object, NULL where there was none */
	const char *const *warnings; /* texts of Warning headers */
	size_t n_warnings;
	struct err err; /* not 2xx: code by status, the server's message */
};

/* An answer is there (call->status, object, failure, err).  -1 with err set stops the batch. */
typedef int api_done_fn(void *ctx, struct api_call *call, struct err *err);

/* ---- watching */

enum watch_event {
	WATCH_LISTING, /* all that there are will be told: at the beginning, and whenever it is
			  not known what has happened */
	WATCH_LISTED,  /* they have been; an object that was not told is gone */
	WATCH_OBJECT,  /* it is there, or has changed */
	WATCH_GONE,    /* it was deleted; `object` as it last was */
	WATCH_LOST,    /* err: it cannot be watched (no right, no such kind); nothing more comes */
};

/* `object` is valid until the function returns; it is NULL where none is meant.  The function must
 * not use the watch. */
typedef void watch_fn(void *ctx, void *user, enum watch_event event, const struct json *object,
		      const struct err *err);

/* What is followed: all objects of a kind in a namespace, or one of them. */
struct watch_target {
	const struct kind *kind;
	const char *namespace; /* NULL or "": a cluster-scoped kind, or all */
	const char *name;      /* NULL: all */
};

struct watch;

struct cluster;

struct cluster_ops {
	const char *name;    /* "kube", "file" */
	bool no_controllers; /* nothing happens in it by itself */
	int (*identify)(struct cluster *c, struct cluster_identity *out, struct err *err);
	/* Fills an empty table. */
	int (*kinds)(struct cluster *c, struct kind_table *out, struct err *err);
	/* A failing list leaves its error in its request; -1 only where nothing could go on. */
	int (*list)(struct cluster *c, struct list_request *requests, size_t n,
		    list_object_fn *each, void *ctx, struct err *err);
	/* Likewise: a call that fails says so in the call. */
	int (*call)(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
		    void *ctx, struct err *err);
	void (*close)(struct cluster *c);
	/* Optional, all or none: a cluster that cannot be watched.  A watch goes on between calls
	 * of watch_pump(), which lasts for `ms` at most, and until something was told.  What
	 * passes by itself (a connection that breaks, a history that the server has forgotten) is
	 * mended inside, and told with all objects once more.  Other calls of the cluster may be
	 * made in between. */
	struct watch *(*watch_open)(struct cluster *c, watch_fn *tell, void *ctx, struct err *err);
	void (*watch_add)(struct watch *w, const struct watch_target *t, void *user); /* copied */
	int (*watch_pump)(struct watch *w, unsigned ms, struct err *err);
	void (*watch_close)(struct watch *w); /* before the cluster is closed; NULL is fine */
};

/* Back ends embed this as their first member. */
struct cluster {
	const struct cluster_ops *ops;
	unsigned requests;                          /* sent so far, for meta and reports */
	void (*trace)(void *ctx, const char *line); /* --verbose; never a secret, NULL: off */
	void *trace_ctx;
};

/* Closes and frees; NULL is fine. */
void cluster_close(struct cluster *c);
static inline void cluster_close_p(struct cluster **c)
{
	cluster_close(*c);
}
void cluster_identity_done(struct cluster_identity *id);

struct kube_options {
	const char *kubeconfig; /* path list as in KUBECONFIG; NULL: environment, then
				   ~/.kube/config, then in-cluster */
	const char *context;    /* NULL: current-context */
	bool in_cluster;
	unsigned timeout_seconds; /* of one request; 0: KUBE_TIMEOUT */
	/* sources of environment, for tests; NULL: the process's (kube/kubeconfig.h) */
	const struct kube_surroundings *surroundings;
};

int cluster_open_kube(struct cluster **out, const struct kube_options *options, struct err *err);

/* A missing folder is a new, empty cluster; nothing is created by reading. */
int cluster_open_file(struct cluster **out, const char *dir, struct err *err);

#endif
