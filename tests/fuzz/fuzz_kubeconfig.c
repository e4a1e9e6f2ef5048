/* Any text as a kubeconfig: an error that has a message, or a configuration with a server, a
 * context and a namespace.  The text twice, as two files, means the same as once: the first file
 * counts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plan/cluster/kube/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int resolve(const struct kube_file *files, size_t n, struct kube_config *c)
{
	AUTO(err_done) struct err err = { 0 };
	int rc = kube_config_resolve(c, files, n, NULL, &err);
	if ((rc < 0) != (err.code != ERR_NONE) || (rc < 0 && !err.msg))
		abort();
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(kube_config_done) struct kube_config one = { 0 }, two = { 0 };
	struct kube_file files[] = { { "/a/config", (const char *)data, len },
				     { "/b/config", (const char *)data, len } };
	int rc = resolve(files, 1, &one);
	if (resolve(files, 2, &two) != rc)
		abort();
	if (rc < 0)
		return 0;
	if (!one.server || !one.context || !one.namespace || !one.user)
		abort();
	if (strcmp(one.server, two.server) != 0 || strcmp(one.context, two.context) != 0)
		abort();
	return 0;
}
