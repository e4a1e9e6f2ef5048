/* Writing to an API server: the way that reading takes, with leave to write.  See writer.h. */
#include "apply/writer_kube.h"

#include "plan/cluster/kube/kube.h"

int writer_kube(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done, void *ctx,
		struct err *err)
{
	return kube_exchange(c, true, calls, n, done, ctx, err);
}
