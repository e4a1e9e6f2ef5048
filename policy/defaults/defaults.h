/* A declared object as admission would see it: what the API server makes of it before it asks
 * anybody, for the usual kinds.  For planning without a server; with one, its dry-run answers.
 *
 *   struct json object = json_copy(&arena, declared);
 *   defaults_apply(&arena, NULL, &object);
 *
 * Of a built-in kind, as decoding into the server's own types does it: fields that the kind does
 * not have are dropped, so are nulls, empty lists and maps and the zeros that are not written;
 * quantities get their canonical text ("0.5" is "500m").  Then the defaults: pods and their
 * templates in all workloads, Deployment, StatefulSet, DaemonSet, ReplicaSet,
 * ReplicationController, Job, CronJob, Service, Ingress, PersistentVolumeClaim and others
 * (tables.c); and for a Pod what the server's own admission adds: the service account and its
 * token's volume, the usual tolerations, the priority 0.
 *
 * Of a kind of a CRD: the defaults of its schema.
 *
 * What only a server knows stays out: uid, times, allocated addresses, what a LimitRange, a
 * default StorageClass or a webhook would add. */
#ifndef POLICY_DEFAULTS_DEFAULTS_H
#define POLICY_DEFAULTS_DEFAULTS_H

#include "base/json.h"

/* crd: the CustomResourceDefinition (apiextensions.k8s.io/v1) of the object's kind, NULL where it
 * is a built-in one.  false where nothing is known of the kind: the object is as it was. */
bool defaults_apply(struct arena *a, const struct json *crd, struct json *object);

#endif
