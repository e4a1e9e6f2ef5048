/* What goes with an object that is deleted: the fields that somebody means.
 *
 * A status, or a field that a controller fills in, goes and comes by itself.  What rhumb holds, or
 * people and tools that they have left (owners.h), does not: a deletion is stale where one of those
 * fields has another value than the plan saw, or where people have set one since. */
#ifndef PLAN_DIFF_HELD_H
#define PLAN_DIFF_HELD_H

#include "plan/diff/owners.h"

/* The fields, of a live object: all of ours; of people's those outside metadata and status; where
 * we have never applied it, what base (NULL: not declared) declares and no controller holds. */
struct field_set held_fields(struct arena *a, const struct schema_node *schema,
			     const struct json *base, const struct json *live);

/* What people hold in the live object outside `held` (FieldsV1): set since.  Leaves. */
struct field_set held_since(struct arena *a, const struct json *held, const struct json *live);

#endif
