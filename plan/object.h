/* Which object: the identity that everything is keyed by.
 *
 * Two versions of one kind (apps/v1beta1 and apps/v1) are the same object, so the version is
 * carried but never compared.  The text form ("id") is
 *
 *     [group/]Kind/[namespace/]name        apps/Deployment/shop/web, Namespace/shop
 *
 * and is unambiguous: a kind starts with a capital letter, a group never does. */
#ifndef PLAN_OBJECT_H
#define PLAN_OBJECT_H

#include "base/json.h"

struct object_ref {
	const char *group;     /* "" for the core group */
	const char *version;   /* "v1" */
	const char *kind;      /* "Deployment" */
	const char *namespace; /* "" for a cluster-scoped object */
	const char *name;
};

/* Total order: group, kind, namespace, name. */
int object_ref_compare(const struct object_ref *a, const struct object_ref *b);

/* "apps/Deployment/shop/web" */
const char *object_ref_id(struct arena *a, const struct object_ref *ref);

/* "Deployment shop/web", "Namespace shop": as people say it. */
const char *object_ref_label(struct arena *a, const struct object_ref *ref);

/* "apps/v1", "v1" */
const char *object_ref_api_version(struct arena *a, const struct object_ref *ref);

/* Splits "apps/v1" or "v1" into group and version, in the arena. */
void object_split_api_version(struct arena *a, const char *api_version, const char **group,
			      const char **version);

/* The identity that an object from an API server states; pointers into the object and the
 * arena.  Missing parts are "". */
struct object_ref object_ref_of(struct arena *a, const struct json *object);

/* A copy whose strings live in the arena. */
struct object_ref object_ref_copy(struct arena *a, const struct object_ref *ref);

/* Kubernetes Secrets (core group): values of these must never be shown or stored. */
bool object_is_secret(const struct object_ref *ref);

#endif
