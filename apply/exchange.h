/* Between exchange.c, which sends, and answer.c, which decides. */
#ifndef APPLY_EXCHANGE_H
#define APPLY_EXCHANGE_H

#include "apply/run.h"

/* The answer to s->next is there: sets the next request, or ends the step. */
void answer(struct run *r, struct step *s, const struct api_call *call);

#endif
