/* The embedded cluster: a folder that answers as an API server does (see cluster.h).
 *
 *   DIR/cluster.json       {"apiVersion": "rhumb.dev/v1", "kind": "FileCluster",
 *                           "version": "v1.36.3-file", "resourceVersion": "41"}
 *   DIR/objects/GROUP/KIND/NAMESPACE/NAME.json
 *                          an object each, with its managedFields.  GROUP is "core" for the core
 *                          group, NAMESPACE "_" for a cluster-scoped object; names are
 *                          percent-encoded, and long ones cut and followed by a digest
 *   DIR/refusals.json      what the cluster refuses whatever is asked; see refusals.c
 *   DIR/.lock              held by whoever writes (apply/file_store.h)
 *
 * It serves the built-in kinds and those of the CRDs in it, which are established at once.  A
 * folder that is missing or empty is a new cluster: it has the namespaces that every cluster has,
 * with uids made from the folder's path, so that a plan against it and the first write agree on
 * which cluster it is.  The uid of namespace kube-system is the cluster's identity.
 *
 * What it does as an API server does: server-side apply, field ownership and conflicts
 * (plan/merge/), uids, resourceVersions and preconditions, generations, namespaces that have to
 * exist, finalizers, unknown fields, immutable fields, validation of custom resources, and the
 * Status objects that say so.  What it does not: defaults (but those of CRDs), the rest of
 * validation, controllers, garbage collection by owner.
 *
 *   file.c      the functions of struct cluster_ops
 *   folder.c    paths; reading objects and the state of the folder
 *   decide*.c   what a request would do: for dry-runs here, for real in apply/file_store.c
 *   prepare.c   what the server itself puts into an object
 *   validate.c, validate_custom.c  what it refuses as invalid
 *   refusals.c, selector.c, json_patch.c, status.c */
#ifndef PLAN_CLUSTER_FILE_FILE_H
#define PLAN_CLUSTER_FILE_FILE_H

#include "base/time.h"
#include "plan/cluster/cluster.h"
#include "plan/merge/schema.h"

#define FILE_CLUSTER_VERSION "v1.36.3-file"

enum {
	FILE_MAX_OBJECT = 16 << 20, /* bytes of an object's file */
	FILE_MAX_OBJECTS = 1000000, /* files of one list */
	FILE_UID_TEXT = 37,         /* a UUID and a NUL */
};

/* The folder of a cluster that cluster_open_file() opened.  Borrowed. */
const char *file_cluster_path(const struct cluster *c);

/* ---- folder.c */

struct file_folder {
	char *path; /* absolute */
	struct arena arena;
	bool exists; /* cluster.json is there: written to before */
	int64_t resource_version;
	const char *version;
	struct json refusals; /* its rules, an array */
	struct json crds;     /* the CustomResourceDefinitions, an array */
	struct schema_set schemas;
};

/* Absolute and without "." and ".."; the caller frees. */
char *file_absolute(const char *dir);

/* The state of a folder as it is now; folder->path is the caller's and stays. */
int file_folder_load(struct file_folder *folder, struct err *err);
void file_folder_unload(struct file_folder *folder);

/* DIR/objects/...; the caller frees. */
char *file_object_path(const char *path, const struct object_ref *ref);

/* *out NULL where there is no such object.  ERR_INPUT naming the file for one that is not whole,
 * or is another object than its name says. */
int file_object_read(struct arena *a, const struct file_folder *folder,
		     const struct object_ref *ref, const struct json **out, struct err *err);

/* Every object of a kind, in any version, in the order of namespaces and names.  The object lives
 * in the arena, which is reset for each. */
typedef int file_object_fn(void *ctx, const struct json *object, struct err *err);
int file_objects_walk(const struct file_folder *folder, const char *group, const char *kind,
		      const char *namespace, file_object_fn *each, void *ctx, struct err *err);

/* Groups and kinds that there are objects of: folders below DIR/objects. */
typedef int file_kind_fn(void *ctx, const char *group, const char *kind, struct err *err);
int file_kinds_walk(const struct file_folder *folder, file_kind_fn *each, void *ctx,
		    struct err *err);

/* The namespaces of a new cluster, and one of them as an object. */
extern const char *const file_first_namespaces[];
extern const size_t n_file_first_namespaces;
struct json file_first_namespace(struct arena *a, const struct file_folder *folder,
				 const char *name);

/* The CRD that serves a kind, NULL for a built-in one. */
const struct json *file_crd_of(const struct file_folder *folder, const struct kind *kind);

/* ---- decide.c */

enum file_effect { FILE_NOTHING, FILE_WRITE, FILE_REMOVE };

struct file_answer {
	int status;
	const struct json *object;  /* 2xx: the answer; FILE_WRITE: what to write */
	const struct json *failure; /* a Status */
	enum file_effect effect;    /* of the request, were it for real */
};

struct file_request {
	const struct file_folder *folder;
	const struct api_call *call;
	const char *now; /* RFC 3339 */
	const char *uid; /* of an object that is created */
};

extern const char file_dry_run_uid[];

/* What the API server would answer, reading only.  -1: the folder could not be understood. */
int file_decide(struct arena *a, const struct file_request *request, struct file_answer *out,
		struct err *err);

/* Puts the answer into a call: status, object or failure, err. */
void file_answer_call(struct api_call *call, const struct file_answer *answer);

/* ---- prepare.c */

/* What the server puts into an object that is created, or updated from `live`. */
void file_prepare(struct arena *a, const struct file_request *request, const struct json *live,
		  struct json *object);

/* Whether status belongs to a subresource. */
bool file_keeps_status(const struct file_folder *folder, const struct kind *kind);

/* ---- validate.c */

struct file_problem {
	const char *reason; /* of the cause: "FieldValueInvalid" */
	const char *field;  /* "spec.selector" */
	const char *message;
};
struct file_problems {
	struct file_problem items[SCHEMA_MAX_PROBLEMS];
	size_t n;
};
void file_problem_add(struct file_problems *p, const char *reason, const char *field,
		      const char *message);

/* live NULL: a create. */
void file_validate(struct arena *a, const struct kind *kind, const struct json *live,
		   const struct json *object, struct file_problems *out);
void file_validate_name(struct arena *a, const struct kind *kind, const char *name,
			struct file_problems *out);

/* The message of a 500 for an object that does not fit the server's types, NULL where it does. */
const char *file_conversion_problem(struct arena *a, const struct schema_node *schema,
				    const struct kind *kind, const struct json *object);

/* validate_custom.c: by the openAPIV3Schema, and its defaults */
void file_validate_custom(struct arena *a, const struct json *crd, const struct kind *kind,
			  const struct json *object, struct file_problems *out);
void file_default_custom(struct arena *a, const struct json *crd, const struct kind *kind,
			 struct json *object);

/* ---- refusals.c: NULL where nothing refuses */

/* Before anything is looked at, as RBAC: verb is get, list, patch, delete. */
const struct json *file_forbidden(struct arena *a, const struct file_folder *folder,
				  const struct kind *kind, const char *verb, const char *namespace,
				  const char *name);
/* After everything was found in order, as admission: verb is create, update, delete. */
const struct json *file_denied(struct arena *a, const struct file_folder *folder,
			       const struct kind *kind, const char *verb, const char *namespace,
			       const char *name);

/* ERR_INPUT for rules that are none. */
int file_refusals_check(const struct json *rules, const char *file, struct err *err);

/* ---- status.c: Status objects */

const struct json *status_new(struct arena *a, int code, const char *reason, const char *message);
const struct json *status_not_found(struct arena *a, const struct kind *kind, const char *name);
const struct json *status_conflict(struct arena *a, const char *group, const char *resource,
				   const char *name, const char *why);
const struct json *status_invalid(struct arena *a, const struct kind *kind, const char *name,
				  const struct file_problems *problems);
const struct json *status_success(struct arena *a, const struct kind *kind, const char *name,
				  const char *uid);
/* Adds {name, group, kind} as details. */
struct json status_details(struct arena *a, const char *group, const char *kind, const char *name);

/* ---- selector.c */

/* "a=b,c in (d,e),!f"; ERR_USAGE for one that cannot be read. */
int selector_check(const char *selector, struct err *err);
bool file_selector_matches(const char *selector, const struct json *labels);

/* ---- json_patch.c */

/* RFC 6902.  ERR_INVALID where it cannot be applied. */
int json_patch_apply(struct arena *a, const struct json *object, const struct json *patch,
		     struct json *out, struct err *err);

#endif
