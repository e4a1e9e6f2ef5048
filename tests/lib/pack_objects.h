/* Pods and workloads for the shipped packs: one that every pack lets pass, changed in one respect
 * each, as testdata/packs/mutations.yaml says. */
#ifndef TESTS_LIB_PACK_OBJECTS_H
#define TESTS_LIB_PACK_OBJECTS_H

#include "base/json.h"

enum { PACK_OBJECTS_MAX = 4000 };

struct pack_object {
	const char *name; /* the mutation, for messages */
	const char *group, *version, *kind;
	struct json object; /* namespaced, without a namespace */
};

struct pack_objects {
	struct arena arena;
	struct pack_object *items;
	size_t n;
	struct json ephemeral; /* containers to add to the first Pod, an array */
};

#define PACK_OBJECT_NAME "o"

/* Each mutation as a Pod, and in the template of a workload, of the kinds in turn; the first one
 * and some that are bad in all kinds.  The first object is the Pod without a mutation. */
void pack_objects_read(struct pack_objects *out);
void pack_objects_done(struct pack_objects *p);

/* JSON merge patch (RFC 7386). */
void pack_objects_patch(struct arena *a, struct json *target, const struct json *patch);

#endif
