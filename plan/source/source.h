/* The objects that a revision declares.
 *
 *   source_read()     every manifest below an application's folder, as stated
 *   source_resolve()  scope and namespace of each, order, duplicates: needs to know the kinds
 *   source_reload()   one object again, from the Git object that a plan pins
 *
 * Read as kubectl reads: YAML or JSON, many documents, `kind: List` unfolded. */
#ifndef PLAN_SOURCE_SOURCE_H
#define PLAN_SOURCE_SOURCE_H

#include "plan/config.h"
#include "plan/git/repository.h"
#include "plan/cluster/kinds.h"
#include "plan/object.h"

enum {
	SOURCE_MAX_OBJECTS = 100000, /* declared by one application */
};

struct declared {
	struct object_ref ref;
	struct json object; /* normalised (see source_normalise); positions are the file's */
	const char *application;
	const char *home;       /* the application's namespace, NULL where it has none */
	const char *file;       /* from the root of the repository */
	unsigned line, col;     /* where the object starts */
	char blob[GIT_ID_TEXT]; /* the file's content in Git ... */
	unsigned document;      /* ... the document in it, from 0 ... */
	int item;               /* ... and the item of a List, -1 where it is none */
};

struct declared_set {
	struct arena arena;
	struct declared *items; /* after source_resolve(): sorted by ref, no two equal */
	size_t n, cap;
	char **notes; /* "apps/shop/vendor: submodule, not read"; for people */
	size_t n_notes, cap_notes;
};

/* Appends what `app` declares in the root tree `tree`.  A folder that does not exist declares
 * nothing where `missing_is_empty`, else ERR_NOT_FOUND.  All that is wrong with a file ends in
 * ERR_INPUT with its position and what to do. */
int source_read(struct repository *r, const char *tree, const struct application *app,
		bool missing_is_empty, struct declared_set *out, struct err *err);

/* Fills in namespaces (the object's own, else the application's, else `default_namespace`),
 * refuses a namespace on a cluster-scoped object, sorts, and refuses the same object declared
 * twice with both positions.  CRDs in the set add their kinds to `kinds` first.  A kind that is
 * not known stays as stated (the plan makes it `unknown`). */
int source_resolve(struct declared_set *set, const char *default_namespace,
		   struct kind_table *kinds, struct err *err);

/* NULL where the set has no such object. */
const struct declared *declared_find(const struct declared_set *set, const struct object_ref *ref);

/* One object again: blob, document and item as in struct declared, normalised, its namespace
 * set to `namespace` ("" for cluster-scoped).  In the arena. */
int source_reload(struct repository *r, struct arena *a, const char *blob, unsigned document,
		  int item, const char *namespace, struct json *out, struct err *err);

/* What a manifest means to server-side apply: `stringData` of a Secret becomes `data` (the
 * server would record ownership of stringData and lose removals); status,
 * metadata.managedFields, resourceVersion, uid, generation and a null creationTimestamp,
 * which come from `kubectl get -o yaml` or generators, are left out. */
int source_normalise(struct arena *a, struct json *object, const char *file, struct err *err);

void declared_set_done(struct declared_set *set);

#endif
