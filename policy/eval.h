/* One CEL expression on given objects, for people who write rules. */
#ifndef POLICY_EVAL_H
#define POLICY_EVAL_H

#include "base/buf.h"
#include "base/json.h"

/* What the expression may name; NULL is null. */
struct eval_objects {
	const struct json *object, *old_object, *params;
};

/* With the functions and limits of a ValidatingAdmissionPolicy in Kubernetes 1.36; `request`,
 * `namespaceObject`, `variables` and `authorizer` are not there.  Appends the type and the value,
 * "bool true".  ERR_INPUT with "expression:LINE:COL:", the line and a caret where the expression
 * does not compile or ends in an error, and where it depends on what is not known here. */
int eval_expression(const char *text, const struct eval_objects *objects, struct buf *out,
		    struct err *err);

#endif
