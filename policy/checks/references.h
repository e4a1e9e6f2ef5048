/* Which other objects an object refers to. */
#ifndef POLICY_CHECKS_REFERENCES_H
#define POLICY_CHECKS_REFERENCES_H

#include "policy/checks/check.h"

struct reference {
	const char *group, *kind, *namespace, *name;
	const char *key;         /* in a ConfigMap or Secret; NULL: the object as such */
	const struct json *port; /* of a Service: number or name; NULL: none */
	bool optional;
	bool is_said; /* the object as such was told before, this is about its key */
	const struct json *node, *key_node; /* where it is written */
};

typedef void reference_fn(void *ctx, const struct reference *ref);

/* Each reference of an object that is in `namespace`, in the order of the object. */
void references_of(const struct json *object, const char *namespace, reference_fn *each, void *ctx);

#endif
