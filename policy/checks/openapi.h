/* An object against an OpenAPI v3 schema as Kubernetes has them: a structural schema of a
 * CustomResourceDefinition, or a document of /openapi/v3 with its components. */
#ifndef POLICY_CHECKS_OPENAPI_H
#define POLICY_CHECKS_OPENAPI_H

#include "base/json.h"

enum {
	OPENAPI_MAX_DEPTH = 200,
	OPENAPI_MAX_STEPS = 1000000, /* nodes of one object, each with its schemas */
};

enum openapi_problem { OPENAPI_UNKNOWN, OPENAPI_TYPE, OPENAPI_VALUE, OPENAPI_MISSING };

/* node: the member that is wrong, or the object that misses one. */
typedef void openapi_fn(void *ctx, enum openapi_problem what, const struct json *node,
			const char *message);

/* document: resolves "#/components/schemas/NAME"; NULL: there are no references.  The root is an
 * object of Kubernetes: apiVersion, kind and metadata are always known. */
void openapi_check(const struct json *schema, const struct json *document,
		   const struct json *object, openapi_fn *each, void *ctx);

/* The schema of a kind in a document of /openapi/v3; NULL where it has none. */
const struct json *openapi_schema_of(const struct json *document, const char *group,
				     const char *version, const char *kind);

#endif
