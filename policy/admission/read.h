/* Reading policies and bindings.  Reading goes on after a problem, so that all are told. */
#ifndef POLICY_ADMISSION_READ_H
#define POLICY_ADMISSION_READ_H

#include "policy/admission/internal.h"

struct reader {
	struct admission *a;
	const struct origin *o;
};

/* Fields that the kind does not have, values of a wrong type: as the schema of Kubernetes says. */
void read_check_fields(const struct reader *r, const struct json *object);

/* metadata.name, "" where there is none. */
const char *read_object_name(const struct reader *r, const struct json *object);

bool is_cel_identifier(const char *name); /* and no reserved word */
bool is_qualified_name(const char *name); /* "name" or "example.com/name" */

/* A field, or where it is absent what it should be in: for positions. */
static inline const struct json *field_or(const struct json *v, const char *key)
{
	const struct json *field = json_get(v, key);
	return field ? field : v;
}

/* A list, an empty one where there is none. */
static inline const struct json *list_of(const struct json *v, const char *key)
{
	static const struct json none = { .type = JSON_ARRAY };
	const struct json *list = json_get(v, key);
	return json_is(list, JSON_ARRAY) ? list : &none;
}

#endif
