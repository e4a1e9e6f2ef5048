/* Keeping the values of Secrets out of what people and files see. */
#ifndef PLAN_SECRET_H
#define PLAN_SECRET_H

#include "base/json.h"

/* `text` with every value of the Secret replaced by "(hidden)": values of data and stringData,
 * as they are, in base64, and as they look inside a quoted string.  For messages of servers and
 * admission webhooks, which may quote what they were sent.  NULL secret: a plain copy.  NULL
 * text: NULL.  The caller frees. */
char *secret_scrub(const struct json *secret, const char *text);

/* The annotation of a Secret whose values were left out (rhumb snapshot). */
#define SECRET_HIDDEN_ANNOTATION "rhumb.dev/values"

/* Puts `value` in the place of every value of data and stringData, and removes kubectl's copy of
 * the last applied object, which holds them too. */
void secret_hide(struct arena *a, struct json *secret, const char *value);

#endif
