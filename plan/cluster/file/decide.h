/* What the files that decide share; see file.h.  The order of the checks is the API server's, so
 * that of two reasons to refuse the same one is told. */
#ifndef PLAN_CLUSTER_FILE_DECIDE_H
#define PLAN_CLUSTER_FILE_DECIDE_H

#include "plan/cluster/file/file.h"

/* One request on its way. */
struct decision {
	struct arena *a;
	const struct file_request *request;
	const struct file_folder *folder;
	const struct api_call *call;
	const struct kind *kind;
	struct object_ref ref;
	const struct schema_node *schema;
	const struct json *live; /* in the version of the request; NULL: absent */
	struct file_answer *out;
};

/* Each answers the request and returns 0. */
int decide_refuse(struct decision *d, const struct json *failure);
int decide_bad_request(struct decision *d, const char *message);
int decide_conflict(struct decision *d, const char *why);
int decide_unchanged(struct decision *d);
int decide_get(struct decision *d); /* 404 where there is nothing */

/* decide_write.c, decide_delete.c */
int decide_apply(struct decision *d, struct err *err);
int decide_patch(struct decision *d, struct err *err);
int decide_delete(struct decision *d);

/* A text in metadata of the live object, "" where there is none. */
const char *decide_live(const struct decision *d, const char *key);

/* A message that may quote what was sent, without the values of a Secret. */
const char *decide_clean(struct decision *d, const char *message);

#endif
