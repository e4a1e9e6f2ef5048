/* Recognising an object that a server-side apply would not change, without asking the server. */
#ifndef PLAN_DIFF_UNCHANGED_H
#define PLAN_DIFF_UNCHANGED_H

#include "base/json.h"

/* true only where applying `body` as our manager would be a no-op: every declared leaf equals the
 * live one, list items stand in the declared order, and our own managedFields entry (operation
 * Apply) covers exactly the declared leaves, so that nothing would be removed either.
 *
 * The keys of the entry say how lists merge, so no schema is needed.  Where the entry cannot
 * tell (defaulted keys, normalised quantities), the answer is false and the server is asked.
 *
 * body: the declared object with our ApplySet label; may be given as desired with `label_key` and
 * `label_value` that are to be thought into metadata.labels, so that it need not be copied. */
bool unchanged_by_apply(const struct json *desired, const char *label_key, const char *label_value,
			const struct json *live);

/* Our managedFields entry of an object (operation Apply, no subresource), NULL where there is
 * none. */
const struct json *own_entry(const struct json *live);

#endif
