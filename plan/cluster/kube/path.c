/* Paths of the API.  See kube.h. */
#include <string.h>

#include "plan/cluster/kube/kube.h"

static int segment(struct buf *out, const char *what, const char *text, struct err *err)
{
	if (!*text || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 || strpbrk(text, "/%"))
		return err_set(err, ERR_INVALID, "\"%s\" cannot be a %s", text, what);
	buf_putc(out, '/');
	http_encode(out, text);
	return 0;
}

int kube_path(struct buf *out, const struct kind *kind, const char *namespace, const char *name,
	      struct err *err)
{
	if (*kind->group) {
		buf_puts(out, "/apis");
		if (segment(out, "group", kind->group, err) < 0)
			return -1;
	} else {
		buf_puts(out, "/api");
	}
	if (segment(out, "version", kind->version, err) < 0)
		return -1;
	if (namespace && *namespace) {
		buf_puts(out, "/namespaces");
		if (segment(out, "namespace", namespace, err) < 0)
			return -1;
	}
	if (segment(out, "resource", kind->plural, err) < 0)
		return -1;
	return name ? segment(out, "name", name, err) : 0;
}
