/* Writing to an embedded cluster (plan/cluster/file/file.h): crash-safe, one writer at a time.
 *
 * Objects are written whole or not at all (temporary file, fsync, rename), and each write has a
 * resourceVersion that was never used before: the counter is moved on disk before the objects. */
#ifndef APPLY_FILE_STORE_H
#define APPLY_FILE_STORE_H

#include "apply/writer.h"

enum {
	FILE_LOCK_SECONDS = 30, /* to wait for another writer */
};

/* API_APPLY, API_JSON_PATCH and API_DELETE, and the verbs that read. */
writer_fn file_store_write;

/* Who an object that is put belongs to. */
struct file_owner {
	const char *manager;     /* NULL: the object's own managedFields stand */
	const char *operation;   /* "Apply", "Update" */
	const char *subresource; /* "" or NULL for none; of an Update */
	const char *time;        /* RFC 3339; NULL: now */
};

/* Places objects in the folder as they are, without asking (`rhumb snapshot`, tests): kinds that
 * are not served, namespaces that are not there are fine.  uid, resourceVersion and
 * creationTimestamp that an object states stay; those that it does not are made.
 *
 * With an owner it is as if that manager had written the whole object (an Update) or applied it,
 * forced: the fields of others that it changes become its own.  status too. */
int file_store_put(const char *dir, const struct json *objects, size_t n,
		   const struct file_owner *owner, struct err *err);

/* The folder as a new cluster of a version (NULL: FILE_CLUSTER_VERSION), without objects but for
 * the first namespaces.  ERR_CONFLICT where there is a cluster in it. */
int file_store_create(const char *dir, const char *version, struct err *err);

#endif
