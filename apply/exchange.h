/* Between exchange.c, which sends, and answer.c, which decides. */
#ifndef APPLY_EXCHANGE_H
#define APPLY_EXCHANGE_H

#include "apply/run.h"

/* The answer to s->next is there: sets the next request, or ends the step. */
void answer(struct run *r, struct step *s, const struct api_call *call);

/* old_schema.c: whether the write was refused because the server does not serve yet what this run
 * has made of its CRD; false once that has taken too long. */
bool old_schema_answered(struct run *r, struct step *s, const struct api_call *call);

#endif
