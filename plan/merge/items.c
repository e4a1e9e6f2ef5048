/* See items.h. */
#include "plan/merge/items.h"

static int by_element(const void *x, const void *y)
{
	const struct item *a = *(const struct item *const *)x, *b = *(const struct item *const *)y;
	int d = path_element_compare(&a->element, &b->element);
	return d ? d : (a->index > b->index) - (a->index < b->index);
}

static void count_same(struct items *items)
{
	for (uint32_t i = 0, end; i < items->n; i = end) {
		for (end = i + 1; end < items->n; end++)
			if (path_element_compare(&items->sorted[i]->element,
						 &items->sorted[end]->element))
				break;
		for (uint32_t k = i; k < end; k++) {
			struct item *item = &items->list[items->sorted[k]->index];
			item->same = end - i;
			item->first = k == i;
			item->rank = k;
		}
	}
}

const char *items_of(struct arena *a, const struct schema_node *schema, const struct json *list,
		     struct items *out, uint32_t *bad)
{
	*out = (struct items){ 0 };
	if (!json_is(list, JSON_ARRAY) || !list->n)
		return NULL;
	struct items items = { .n = list->n };
	items.list = arena_calloc(a, list->n, sizeof(*items.list));
	items.sorted = arena_calloc(a, list->n, sizeof(*items.sorted));
	for (uint32_t i = 0; i < list->n; i++) {
		struct item *item = &items.list[i];
		item->value = &list->items[i];
		item->index = i;
		const char *why = schema_item_element(a, schema, item->value, &item->element);
		if (why) {
			*bad = i;
			return why;
		}
		items.sorted[i] = item;
	}
	qsort(items.sorted, items.n, sizeof(*items.sorted), by_element);
	count_same(&items);
	*out = items;
	return NULL;
}

const struct item *items_find(const struct items *items, const struct path_element *element)
{
	uint32_t lo = 0, hi = items->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (path_element_compare(&items->sorted[mid]->element, element) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == items->n || path_element_compare(&items->sorted[lo]->element, element))
		return NULL;
	return items->sorted[lo];
}
