/* metadata.managedFields: who wrote which fields of an object, when. */
#ifndef PLAN_MERGE_MANAGED_H
#define PLAN_MERGE_MANAGED_H

#include "plan/merge/fieldset.h"

#define OPERATION_APPLY  "Apply"
#define OPERATION_UPDATE "Update"

/* An entry is known by manager, operation and subresource, and one of an Update by its
 * apiVersion too. */
struct managed_entry {
	const char *manager;
	const char *operation; /* "Apply", "Update" */
	const char *api_version;
	const char *subresource; /* "" for none */
	const char *time;        /* RFC 3339, NULL: none */
	struct field_set fields;
};

struct managed {
	struct managed_entry *entries;
	size_t n, cap; /* in the arena */
};

/* The entries of an object, in their order; none where it has none (NULL too).  ERR_INPUT. */
int managed_of(struct arena *a, const struct json *object, struct managed *out, struct err *err);

/* As the API server writes them: sorted, entries that own nothing left out. */
struct json managed_json(struct arena *a, const struct managed *m);

/* NULL where there is none; the first that fits where api_version is NULL. */
struct managed_entry *managed_find(const struct managed *m, const char *manager,
				   const char *operation, const char *api_version,
				   const char *subresource);

/* The entry for an Apply of a manager to the object itself, NULL where there is none. */
struct managed_entry *managed_applied(const struct managed *m, const char *manager);

/* Finds or adds. */
struct managed_entry *managed_edit(struct arena *a, struct managed *m,
				   const struct managed_entry *key);

/* Puts the entries into metadata.managedFields of an object; none removes it. */
void managed_set(struct arena *a, struct json *object, const struct managed *m);

#endif
