/* What the ApplySet parent of an application says (KEP-3659): kinds and namespaces of its members,
 * and which commit was applied.  The journal keeps it as it was before the first write, so that a
 * rollback can have it say the same again. */
#ifndef APPLY_APPLYSET_H
#define APPLY_APPLYSET_H

#include "plan/plan.h"

struct applyset {
	const char *kinds, *namespaces; /* between commas, sorted; "" */
	struct applied_record record;
};

/* Of the parent object (NULL: it is not there); copied into the arena. */
void applyset_of(struct arena *a, const struct json *parent, struct applyset *out);

/* As the journal has it. */
struct json applyset_json(struct arena *a, const struct applyset *s);
void applyset_from_json(struct arena *a, const struct json *v, struct applyset *out);

/* The id under which the journal has the parent of an application. */
const char *applyset_journal_id(struct arena *a, const char *application, const char *namespace);

/* "a,b" as a list in the arena. */
const char **applyset_split(struct arena *a, const char *list, size_t *n);

#endif
