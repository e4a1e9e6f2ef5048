/* From a YAML document to the objects in it.  Shared by the files of this folder. */
#ifndef PLAN_SOURCE_MANIFEST_H
#define PLAN_SOURCE_MANIFEST_H

#include "plan/source/source.h"

struct manifest {
	struct arena *arena;
	const char *file;
	const struct application *app; /* for advice in errors; may be NULL */
};

/* `object` is the caller's: its members and those of its metadata are not shared with anything.
 * item: its index in a List, -1 where the document is the object. */
typedef int manifest_object_fn(void *ctx, struct json *object, const struct object_ref *ref,
			       int item, struct err *err);

/* Calls `each` for the object that the document is, or for each item of a List, checked and
 * normalised; a hook's generateName has become a name.  ref.namespace is what is stated, "" for
 * nothing. */
int manifest_unfold(const struct manifest *m, const struct json *document, manifest_object_fn *each,
		    void *ctx, struct err *err);

/* "" removes it. */
void manifest_set_namespace(struct arena *a, struct json *object, const char *namespace);

/* "leave it out with a line "/values.yaml" in apps/shop/.rhumbignore, or ...": how a file or a
 * folder (`path` ends in "/") stays out of the application.  The caller frees. */
char *manifest_advice(const struct application *app, const char *path);

#endif
