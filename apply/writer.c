/* See writer.h. */
#include "apply/writer.h"

#include <string.h>

#include "apply/file_store.h"
#include "apply/writer_kube.h"

static const struct {
	const char *name; /* of the back end */
	writer_fn *write;
} writers[] = {
	{ "file", file_store_write },
	{ "kube", writer_kube },
};

int writer_call(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done, void *ctx,
		struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(writers); i++)
		if (strcmp(writers[i].name, c->ops->name) == 0)
			return writers[i].write(c, calls, n, done, ctx, err);
	return err_set(err, ERR_USAGE, "a cluster of kind `%s` cannot be written to", c->ops->name);
}
