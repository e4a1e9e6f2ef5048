/* See cluster.h. */
#include "plan/cluster/cluster.h"

void cluster_close(struct cluster *c)
{
	if (c)
		c->ops->close(c);
}

void cluster_identity_done(struct cluster_identity *id)
{
	free(id->name);
	free(id->server);
	free(id->uid);
	free(id->uid_unknown);
	free(id->version);
	*id = (struct cluster_identity){ 0 };
}
