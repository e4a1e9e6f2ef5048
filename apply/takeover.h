/* Patches of ownership: takeover.c, give_back.c; rollback_decide.c recognises what one has made. */
#ifndef APPLY_TAKEOVER_H
#define APPLY_TAKEOVER_H

#include "base/digest.h"
#include "base/json.h"

/* Appends an operation to a JSON patch. */
void takeover_operation(struct arena *a, struct json *patch, const char *op, const char *path,
			struct json value);

/* Of managedFields, but for what the server sets by itself: `makes` of the journal. */
void takeover_digest(const struct json *entries, char out[DIGEST_TEXT]);

#endif
