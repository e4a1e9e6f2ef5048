/* The items of a set or keyed list by the elements that point at them. */
#ifndef PLAN_MERGE_ITEMS_H
#define PLAN_MERGE_ITEMS_H

#include "plan/merge/schema.h"

struct item {
	struct path_element element;
	const struct json *value;
	uint32_t rank;  /* in `sorted` */
	uint32_t index; /* in the list */
	uint32_t same;  /* how many items have this element */
	bool first;     /* of those */
};

struct items {
	struct item *list;          /* in the order of the list */
	const struct item **sorted; /* by element, then index */
	uint32_t n;
};

/* NULL, or what is wrong with the item at *bad.  list may be NULL or no array: no items. */
const char *items_of(struct arena *a, const struct schema_node *schema, const struct json *list,
		     struct items *out, uint32_t *bad);

/* The first item that an element points at, NULL where there is none. */
const struct item *items_find(const struct items *items, const struct path_element *element);

#endif
