/* The verbs that change a cluster.  Everything that rhumb writes passes through here; what reads
 * goes through struct cluster_ops, which refuses these verbs.
 *
 * A batch of calls as in struct cluster_ops: API_APPLY, API_JSON_PATCH and API_DELETE too, run
 * as concurrently as the back end likes, each answer handed to `done`. */
#ifndef APPLY_WRITER_H
#define APPLY_WRITER_H

#include "plan/cluster/cluster.h"

typedef int writer_fn(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
		      void *ctx, struct err *err);

/* By the name of the back end; ERR_USAGE for one that nobody can write to. */
writer_fn writer_call;

#endif
