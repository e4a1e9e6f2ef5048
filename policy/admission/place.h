/* What in an object a result is about: the part that the expression read last. */
#ifndef POLICY_ADMISSION_PLACE_H
#define POLICY_ADMISSION_PLACE_H

#include "policy/admission/admission.h"
#include "policy/cel/cel.h"

struct place {
	const char *path; /* a JSON pointer, in the arena; NULL: not known */
	struct srcpos at; /* in the manifest; line 0: not known */
};

/* After a cel_eval() with the object of the change. */
struct place place_read(struct arena *a, const struct cel_run *run,
			const struct admission_change *change);

#endif
