/* A cluster in memory, for one purpose: faults.  It fails the nth request in a chosen way, and
 * lets a test change the world before any request.  What it answers otherwise is a sketch of an
 * API server; how the real ones behave is tested with the real ones. */
#ifndef TESTS_LIB_FAKE_CLUSTER_H
#define TESTS_LIB_FAKE_CLUSTER_H

#include "base/buf.h"
#include "plan/cluster/cluster.h"

#define FAKE_UID    "fake-uid"
#define FAKE_BEFORE "2026-01-01T08:00:00Z" /* while the plan is made */
#define FAKE_NOW    "2026-01-02T10:42:00Z" /* after fake_plan_finish() */

enum fake_fault {
	FAKE_REFUSE,    /* 403 */
	FAKE_BREAK,     /* 500, nothing done */
	FAKE_LOSE,      /* no answer, nothing done */
	FAKE_LOSE_DONE, /* no answer, but done */
	FAKE_SCHEMA,    /* 500: a field that the schema does not have */
	FAKE_CONFLICT,  /* 409: another has written something that does not matter */
};

struct fake_object {
	struct object_ref ref;
	struct json object; /* in the arena */
	bool gone;
};

struct fake_cluster {
	struct cluster base;
	struct arena arena;
	struct fake_object *objects;
	size_t n, cap;
	int64_t version; /* the last resourceVersion */
	unsigned uids;
	const char *now; /* of managedFields */
	/* faults: of writes, or of every request; -1: none.  fail_all: all from fail_at on */
	int fail_at;
	bool fail_reads, fail_all;
	enum fake_fault fault;
	const char *says;              /* with FAKE_REFUSE; NULL: something */
	unsigned writes, reads, lists; /* requests so far; dry-runs are reads */
	struct buf log;                /* a line a write */
	unsigned crd_polls;            /* reads of a CRD until it is established */
	bool slow_deletes;             /* a deleted object is there for two more reads */
	const char *mutate;            /* "key": every write sets data.key, as a webhook would */
	/* Before the nth write (from 0) is carried out, in a batch too. */
	void (*before_write)(void *ctx, struct fake_cluster *f, unsigned nth);
	/* Likewise, of a read or dry-run. */
	void (*before_read)(void *ctx, struct fake_cluster *f, const struct api_call *call);
	void *ctx;
};

void fake_init(struct fake_cluster *f);
void fake_done(struct fake_cluster *f);

/* writer_fn */
int fake_write(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done, void *ctx,
	       struct err *err);

/* What somebody else does.  `object` is JSON text; manager, operation as in managedFields. */
void fake_put(struct fake_cluster *f, const char *object, const char *manager,
	      const char *operation);
void fake_delete(struct fake_cluster *f, const char *kind, const char *namespace, const char *name);

/* NULL: not there. */
const struct json *fake_get(struct fake_cluster *f, const char *kind, const char *namespace,
			    const char *name);

/* All objects without what differs from run to run (uid, resourceVersion); the caller frees. */
char *fake_state(struct fake_cluster *f);

#endif
