/* Server-side apply, as the API server does it (KEP-555), on trees: for the embedded cluster and
 * to predict what a cluster would answer.  No input, no output, no clock.
 *
 *   merge_apply()   a manager applies a configuration
 *   merge_update()  a manager puts or patches the whole object: `kubectl edit`, a controller
 *
 * What only a server knows (defaults, admission, what its validation says) is not here.  Field
 * sets of managers that wrote in another version of the kind are taken as they are. */
#ifndef PLAN_MERGE_APPLY_H
#define PLAN_MERGE_APPLY_H

#include "plan/merge/managed.h"
#include "plan/merge/schema.h"

struct merge_conflict {
	const char *manager, *operation, *api_version, *subresource;
	const char *time; /* NULL: none */
	struct field_path path;
};

struct merge_request {
	const struct schema_node *schema; /* of the kind; NULL: nothing is known of it */
	const struct json *live;          /* NULL: does not exist */
	const struct json *object;        /* what is applied, or the new object of an update */
	const char *manager;
	const char *subresource; /* "" or NULL: none; of an update */
	const char *now;         /* RFC 3339, for managedFields */
	bool force;
	bool built_in;     /* goes through the server's types: see tree_tidy() */
	bool keeps_status; /* status belongs to the subresource */
};

struct merge_result {
	struct json object; /* with managedFields */
	bool changed;       /* false: the object is the live one */
	/* Not forced, and others own what would change; object is not set then.  Sorted. */
	struct merge_conflict *conflicts;
	size_t n_conflicts;
};

/* ERR_INVALID with the API server's words for an object that its schema does not allow,
 * ERR_INPUT for managedFields that are none. */
int merge_apply(struct arena *a, const struct merge_request *request, struct merge_result *out,
		struct err *err);
int merge_update(struct arena *a, const struct merge_request *request, struct merge_result *out,
		 struct err *err);

/* "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1: .spec.replicas" */
const char *merge_conflict_message(struct arena *a, const struct merge_conflict *conflicts,
				   size_t n);
/* `conflict with "kubectl-edit" using apps/v1`, as in details.causes */
const char *merge_conflict_cause(struct arena *a, const struct merge_conflict *conflict);

/* All problems in one text, as the API server puts it. */
const char *merge_problem_message(struct arena *a, const struct schema_problems *problems);

#endif
