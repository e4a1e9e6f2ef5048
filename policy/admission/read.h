/* Reading policies and bindings.  Reading goes on after a problem, so that all are told. */
#ifndef POLICY_ADMISSION_READ_H
#define POLICY_ADMISSION_READ_H

#include "policy/admission/internal.h"
#include "policy/rule/name.h"

struct reader {
	struct admission *a;
	const struct origin *o;
	struct rules_reader rules; /* its problems are those of the admission */
};

void reader_begin(struct reader *r, struct admission *a, const struct origin *o);

/* Fields that the kind does not have, values of a wrong type: as the schema of Kubernetes says. */
void read_check_fields(const struct reader *r, const struct json *object);

/* metadata.name, "" where there is none. */
const char *read_object_name(const struct reader *r, const struct json *object);

#endif
