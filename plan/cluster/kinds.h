/* The kinds that a cluster serves: scope, plural and versions of each. */
#ifndef PLAN_CLUSTER_KINDS_H
#define PLAN_CLUSTER_KINDS_H

#include "plan/object.h"

struct kind {
	const char *group, *version, *kind;
	const char *plural; /* "deployments" */
	bool namespaced;
	bool listable;  /* get and list are served */
	bool appliable; /* patch is served */
	bool preferred; /* of its group */
	bool deferred;  /* comes with a CRD of the same plan, not served yet */
};

struct kind_table {
	struct arena arena;
	struct kind *items; /* sorted by group, kind, and version, the newest first */
	size_t n, cap;
	const char **stale; /* groups whose kinds could not be read ("metrics.k8s.io/v1beta1");
			       strings in the arena */
	size_t n_stale, cap_stale;
};

/* Copies the strings.  An entry for the same group, version and kind stays as it was.  A pointer
 * to a kind is valid until the next addition. */
void kinds_add(struct kind_table *t, const struct kind *kind);

/* The exact version, else NULL. */
const struct kind *kinds_find(const struct kind_table *t, const char *group, const char *version,
			      const char *kind);

/* Any version: the preferred one of the group, else the newest. */
const struct kind *kinds_find_any(const struct kind_table *t, const char *group, const char *kind);

/* The served versions of a CustomResourceDefinition object (apiextensions.k8s.io/v1).  One that is
 * malformed adds nothing: the server will say what is wrong with it. */
void kinds_add_crd(struct kind_table *t, const struct json *crd, bool deferred);

/* The kinds that every cluster of the version we know serves: scope for planning without a
 * cluster, and what the embedded cluster serves. */
void kinds_add_builtin(struct kind_table *t);

void kind_table_done(struct kind_table *t);

#endif
