/* CEL expressions on given objects, for people who write rules.
 *
 *   eval_expression()      one
 *   struct eval_session    one after the other, with names for values:
 *     eval_session_new(&objects)
 *     eval_session_line(s, "images := object.spec.containers.map(c, c.image)", &out, err)
 *     eval_session_line(s, "images.size()", &out, err)
 *     eval_session_free(s)
 *
 * The functions and limits are those of a ValidatingAdmissionPolicy in Kubernetes 1.36; `request`,
 * `namespaceObject`, `variables` and `authorizer` are not there. */
#ifndef POLICY_EVAL_H
#define POLICY_EVAL_H

#include "base/buf.h"
#include "base/json.h"

enum {
	EVAL_MAX_NAMES = 1000,
	EVAL_MAX_MEMORY = 32 << 20, /* bytes of all values of a session */
};

/* What the expression may name; NULL is null. */
struct eval_objects {
	const struct json *object, *old_object, *params;
};

/* Appends the type and the value, "bool true".  ERR_INPUT with "expression:LINE:COL:", the line and
 * a caret where the expression does not compile or ends in an error, and where it depends on what
 * is not known here. */
int eval_expression(const char *text, const struct eval_objects *objects, struct buf *out,
		    struct err *err);

struct eval_session;

/* The objects have to outlive it. */
struct eval_session *eval_session_new(const struct eval_objects *objects);

/* The same; "NAME := EXPRESSION" gives the value a name, for the lines after it.  A blank line and
 * one that begins with "//" give nothing. */
int eval_session_line(struct eval_session *s, const char *line, struct buf *out, struct err *err);

void eval_session_free(struct eval_session *s);
static inline void eval_session_free_p(struct eval_session **s)
{
	eval_session_free(*s);
}

#endif
