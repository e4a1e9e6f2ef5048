/* Who owns which field of a live object, and taking ownership over.
 *
 * Managers fall in two groups.  The tools that people use by hand or have left behind (kubectl
 * edit, a former `kubectl apply`, Helm, Argo CD, Flux: owners.c has the table) hold fields that
 * Git is meant to decide: the plan takes such a field over, shows it and says from whom.
 * Everybody else is a controller that means it: a field of theirs that Git wants otherwise is a
 * conflict, decided by people and never forced. */
#ifndef PLAN_DIFF_OWNERS_H
#define PLAN_DIFF_OWNERS_H

#include "plan/merge/fieldset.h"
#include "plan/merge/schema.h"
#include "plan/plan.h"

struct owner {
	const char *manager, *operation, *subresource, *time; /* "" where not stated */
	struct field_set fields;
	bool ours;               /* manager rhumb, operation Apply */
	bool takeable;           /* see above */
	struct field_set forced; /* where not takeable: fields that may be taken all the same */
};

struct owners {
	struct owner *items; /* in the order of managedFields */
	size_t n;
};

/* An entry that cannot be parsed is left out: it then owns nothing that we know of, and the
 * server decides. */
void owners_of(struct arena *a, const struct json *live, struct owners *out);

/* The last one that is not us to write the field; NULL where nobody but us holds it. */
const struct owner *owners_find(const struct owners *owners, const struct field_path *path);

/* Whether everybody else who holds the field can be taken over from.  true where nobody does. */
bool owners_all_takeable(const struct owners *owners, const struct field_path *path);

/* What each takeable owner holds at or below the members of `wanted`: appended to *out. */
void owners_takeovers(struct arena *a, const struct owners *owners, const struct field_set *wanted,
		      struct takeover **out, size_t *n);

/* Fields that base declared, head does not, and takeable owners other than us still hold in the
 * live object: what a server-side apply would silently leave behind. */
struct field_set owners_dropped(struct arena *a, const struct owners *owners,
				const struct schema_node *schema, const struct json *base,
				const struct json *head, const struct json *live);

/* Fills owner and since of each field. */
void owners_attribute(struct arena *a, const struct owners *owners, struct field *fields, size_t n);

#endif
