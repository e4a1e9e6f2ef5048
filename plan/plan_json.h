/* What the writer and the reader of plan files share; nobody else needs it. */
#ifndef PLAN_PLAN_JSON_H
#define PLAN_PLAN_JSON_H

#include "plan/plan.h"

/* The digest of a plan's tree: see plan.h for what it leaves out. */
void plan_json_digest(const struct json *plan, char out[DIGEST_TEXT]);

/* "added", "changed", "removed"; NULL for SECRET_NOT. */
const char *secret_change_name(enum secret_change s);

#endif
