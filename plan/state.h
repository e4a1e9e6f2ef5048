/* The state of an object as far as a change is concerned, as a digest.
 *
 * Plan and apply both call this, on the live object before the write (precondition) and on the
 * object after it (expect).  It covers the fields that the change owns or touches, and the
 * absence of each: `owned` (FieldsV1) and the paths in `fields`, and of what is to be deleted
 * those that go with it (`held`).  So a status, a resourceVersion, an unrelated annotation or
 * another manager's field does not change it.
 *
 * The digest of a create that the server has verified covers the whole object, without status
 * and without what servers assign by themselves (state_volatile in state.c). */
#ifndef PLAN_STATE_H
#define PLAN_STATE_H

#include "plan/plan.h"

enum state_side { STATE_BEFORE, STATE_AFTER };

/* Values of Secrets are covered by their keyed fingerprint only where `key` is given (RHUMB_KEY),
 * else not at all. */
void state_digest(const struct change *c, const struct json *object, enum state_side side,
		  const char *key, char out[DIGEST_TEXT]);

/* The values at a FieldsV1, as a tree with the same keys; absent ones are null. */
struct json state_project(struct arena *a, const struct json *object, const struct json *fields);

/* What the ApplySet label says: the label that every applied object carries. */
#define APPLYSET_LABEL "applyset.kubernetes.io/part-of"

/* Of the parent, while hooks of its application are still to run: the digest of the plan. */
#define APPLYSET_UNFINISHED "rhumb.dev/unfinished"

/* desired plus our ApplySet label: what is sent. */
/* desired plus our ApplySet label: what is sent.  applyset NULL: desired as it is. */
struct json state_body(struct arena *a, const struct json *desired, const char *applyset);
/* Of a hook: plus HOOK_LABEL. */
struct json state_hook_body(struct arena *a, const struct json *desired, const char *applyset);

/* What a server assigned in a dry-run by chance (the node port of a Service) and will assign anew:
 * taken out of `after` where neither the manifest nor the live object has it. */
void state_drop_chosen(const struct object_ref *ref, struct json *after,
		       const struct json *declared, const struct json *live);

/* Whether `live` has everything that `declared` states: defaults may have been added. */
bool state_holds(const struct json *declared, const struct json *live);

/* The id of an application's ApplySet (KEP-3659): of its parent ConfigMap
 * "rhumb-<application>" in `namespace`. */
const char *applyset_id(struct arena *a, const char *application, const char *namespace);
const char *applyset_parent_name(struct arena *a, const char *application);

#endif
