/* Two objects under one schema: merged, compared.  What apply.h is made of; the semantics are
 * those of the API server. */
#ifndef PLAN_MERGE_TREE_H
#define PLAN_MERGE_TREE_H

#include "plan/merge/fieldset.h"
#include "plan/merge/schema.h"

struct comparison {
	struct field_set added, modified, removed; /* seen from left to right */
};

void tree_compare(struct arena *a, const struct schema_node *schema, const struct json *left,
		  const struct json *right, struct comparison *out);

/* `right` merged into `left`: members and items are joined, leaves are those of `right` where
 * it has them.  Items keep the order of `right`, those of `left` alone stay where they were
 * between them. */
struct json tree_merge(struct arena *a, const struct schema_node *schema, const struct json *left,
		       const struct json *right);

/* What the API server starts from when a built-in kind is created: the structs that are always
 * there, null for what has to be stated. */
struct json tree_empty(struct arena *a, const struct schema_node *schema);

/* What is left of an object of a built-in kind when it goes through the server's types: no
 * null, no map or list that is empty and not always written.  `stored`: and through its store,
 * from which empty lists that are always written come back as null. */
struct json tree_tidy(struct arena *a, const struct schema_node *schema, const struct json *v,
		      bool stored);

#endif
