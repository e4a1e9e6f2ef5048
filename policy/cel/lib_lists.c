/* The lists library, version 3. */
#include "policy/cel/lib.h"

#include <inttypes.h>

enum { LIST_COST = 11 /* of every call that makes a list */ };

/* Kinds that have an order. */
static bool is_comparable(struct cel_value v)
{
	switch (v.kind) {
	case CEL_BOOL:
	case CEL_INT:
	case CEL_UINT:
	case CEL_DOUBLE:
	case CEL_STRING:
	case CEL_BYTES:
	case CEL_TIMESTAMP:
	case CEL_DURATION:
		return true;
	default:
		return false;
	}
}

/* ---- parts */

static struct cel_value slice(struct cel_call *c)
{
	struct cel_value list = c->args[0];
	int64_t start = c->args[1].i, end = c->args[2].i;
	const char *why = start < 0 || end < 0 ? "negative indexes not supported"
			  : start > end ? "start index must be less than or equal to end index"
					: NULL;
	if (why)
		return cel_fail(c, "cannot slice(%" PRId64 ", %" PRId64 "), %s", start, end, why);
	if (end > list.n)
		return cel_fail(c,
				"cannot slice(%" PRId64 ", %" PRId64 "), list is length %" PRIu32,
				start, end, list.n);
	struct cel_value *items = cel_alloc_values(c, (size_t)(end - start));
	if (!items)
		return cel_stop(c);
	for (int64_t i = start; i < end; i++)
		items[i - start] = cel_item(list, (uint32_t)i);
	return cel_list(items, (size_t)(end - start));
}

static struct cel_value reverse(struct cel_call *c)
{
	struct cel_value list = c->args[0];
	struct cel_value *items = cel_alloc_values(c, list.n);
	if (!items)
		return cel_stop(c);
	for (uint32_t i = 0; i < list.n; i++)
		items[list.n - 1 - i] = cel_item(list, i);
	return cel_list(items, list.n);
}

static struct cel_value range(struct cel_call *c)
{
	int64_t n = c->args[0].i < 0 ? 0 : c->args[0].i;
	if (!cel_spend(c, (uint64_t)n + LIST_COST) || n > UINT32_MAX)
		return cel_stop(c);
	struct cel_value *items = cel_alloc_values(c, (size_t)n);
	if (!items)
		return cel_stop(c);
	for (int64_t i = 0; i < n; i++)
		items[i] = cel_int(i);
	return cel_list(items, (size_t)n);
}

/* ---- flatten */

static bool flatten_into(struct cel_call *c, struct cel_value list, int64_t depth,
			 struct cel_vector *out)
{
	for (uint32_t i = 0; i < list.n; i++) {
		struct cel_value item = cel_item(list, i);
		if (item.kind == CEL_LIST && depth > 0) {
			if (!flatten_into(c, item, depth - 1, out))
				return false;
		} else if (!cel_push(c, out, item)) {
			return false;
		}
	}
	return true;
}

static struct cel_value flatten_by(struct cel_call *c, int64_t depth)
{
	struct cel_vector flat = { 0 };
	if (depth < 0)
		return cel_fail(c, "level must be non-negative");
	return flatten_into(c, c->args[0], depth, &flat) ? cel_list(flat.items, flat.n)
							 : cel_stop(c);
}

static struct cel_value flatten(struct cel_call *c)
{
	if (c->args[0].kind != CEL_LIST)
		return cel_fail(c, "no such overload: %s.flatten()", cel_type_of(c->args[0])->name);
	return flatten_by(c, 1);
}

static struct cel_value flatten_depth(struct cel_call *c)
{
	if (c->args[0].kind != CEL_LIST || c->args[1].kind != CEL_INT)
		return cel_fail(c, "no such overload: %s.flatten(%s)",
				cel_type_of(c->args[0])->name, cel_type_of(c->args[1])->name);
	return flatten_by(c, c->args[1].i);
}

/* ---- order */

struct sorting {
	struct cel_value keys; /* a list */
	uint32_t *order, *room;
};

/* Merges the sorted runs [from, middle) and [middle, to); equal keys stay in their order. */
static void merge(struct sorting *s, uint32_t from, uint32_t middle, uint32_t to)
{
	uint32_t i = from, j = middle, n = from;
	while (i < middle || j < to) {
		bool right = i == middle ||
			     (j < to && cel_compare(cel_item(s->keys, s->order[j]),
						    cel_item(s->keys, s->order[i])) == -1);
		s->room[n++] = s->order[right ? j++ : i++];
	}
	memcpy(s->order + from, s->room + from, (to - from) * sizeof(*s->order));
}

static void sort_run(struct sorting *s, uint32_t from, uint32_t to)
{
	if (to - from < 2)
		return;
	uint32_t middle = from + (to - from) / 2;
	sort_run(s, from, middle);
	sort_run(s, middle, to);
	merge(s, from, middle, to);
}

static struct cel_value take_in_order(struct cel_call *c, struct cel_value list,
				      struct cel_value keys)
{
	struct sorting s = { .keys = keys };
	size_t size = keys.n * sizeof(*s.order);
	struct cel_value *items = cel_alloc_values(c, list.n);
	s.order = cel_alloc(c, size);
	s.room = cel_alloc(c, size);
	if (!items || !s.order || !s.room)
		return cel_stop(c);
	for (uint32_t i = 0; i < keys.n; i++)
		s.order[i] = i;
	sort_run(&s, 0, keys.n);
	for (uint32_t i = 0; i < list.n; i++)
		items[i] = cel_item(list, s.order[i]);
	return cel_list(items, list.n);
}

static struct cel_value sort_by_keys(struct cel_call *c, struct cel_value list,
				     struct cel_value keys)
{
	if (list.kind != CEL_LIST || keys.kind != CEL_LIST)
		return cel_no_overload(c);
	if (list.n != keys.n)
		return cel_fail(c,
				"@sortByAssociatedKeys() expected a list of the same size as the "
				"associated keys list, but got %" PRIu32 " and %" PRIu32
				" elements respectively",
				list.n, keys.n);
	if (list.n == 0)
		return list;
	struct cel_value first = cel_item(keys, 0);
	if (!is_comparable(first))
		return cel_fail(c, "list elements must be comparable");
	for (uint32_t i = 1; i < keys.n; i++)
		if (cel_item(keys, i).kind != first.kind)
			return cel_fail(c, "list elements must have the same type");
	return take_in_order(c, list, keys);
}

static struct cel_value sort(struct cel_call *c)
{
	if (c->args[0].kind != CEL_LIST)
		return cel_fail(c, "no such overload: sort");
	return sort_by_keys(c, c->args[0], c->args[0]);
}

static struct cel_value sort_by(struct cel_call *c)
{
	return sort_by_keys(c, c->args[0], c->args[1]);
}

/* Twice the square of the length, as if each were compared with each; a tenth more for text. */
static uint64_t square(struct cel_value list, bool text)
{
	uint64_t n = list.kind == CEL_LIST ? list.n : 1;
	return 2 * n * n + LIST_COST + (text ? n * n / 10 : 0);
}

static struct cel_value distinct(struct cel_call *c)
{
	struct cel_value list = c->args[0];
	uint8_t kind = list.n ? cel_item(list, 0).kind : CEL_NULL;
	uint32_t n = 0;
	if (!cel_spend(c, square(list, kind == CEL_STRING || kind == CEL_BYTES)))
		return cel_stop(c);
	struct cel_value *items = cel_alloc_values(c, list.n);
	if (!items)
		return cel_stop(c);
	for (uint32_t i = 0; i < list.n; i++) {
		struct cel_value item = cel_item(list, i);
		uint32_t j = 0;
		while (j < n && !cel_equal(item, items[j]))
			j++;
		if (j == n)
			items[n++] = item;
	}
	return cel_list(items, n);
}

/* ---- cost */

static uint64_t cost_made(const struct cel_value *args, struct cel_value result)
{
	(void)args;
	return cel_size(result) + LIST_COST;
}

static uint64_t cost_flatten(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_size(args[0]) + LIST_COST;
}

/* A negative depth takes off, as it does in Kubernetes. */
static uint64_t cost_flatten_depth(const struct cel_value *args, struct cel_value result)
{
	int64_t cost;
	(void)result;
	if (args[1].kind != CEL_INT ||
	    __builtin_mul_overflow((int64_t)cel_size(args[0]), args[1].i, &cost) ||
	    cost < -LIST_COST || cost > INT64_MAX - LIST_COST)
		return UINT64_MAX;
	return (uint64_t)(cost + LIST_COST);
}

static uint64_t cost_sort(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return square(args[0], false);
}

static uint64_t cost_sort_text(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return square(args[0], true);
}

/* What is sorted by keys has as many elements as they are. */
#define SORT(type, price)                                                                          \
	{                                                                                          \
		"sort", "list_" type "_sort", "list(" type ").() -> list(" type ")",               \
			.call = sort, .cost = price, .own = true                                   \
	}
#define SORT_BY(type, price)                                                                       \
	{                                                                                          \
		"@sortByAssociatedKeys", "list_" type "_sortByAssociatedKeys",                     \
			"list(T).(list(" type ")) -> list(T)", .call = sort_by, .cost = price,     \
							       .own = true                         \
	}

static const struct cel_overload overloads[] = {
	{ "slice", "list_slice", "list(T).(int, int) -> list(T)", .call = slice,
	  .cost = cost_made },
	{ "flatten", "list_flatten", "list(list(T)).() -> list(T)", .call = flatten,
	  .cost = cost_flatten, .own = true },
	{ "flatten", "list_flatten_int", "list(dyn).(int) -> list(dyn)", .call = flatten_depth,
	  .cost = cost_flatten_depth, .own = true },
	SORT("int", cost_sort),
	SORT("uint", cost_sort),
	SORT("double", cost_sort),
	SORT("bool", cost_sort),
	SORT("duration", cost_sort),
	SORT("timestamp", cost_sort),
	SORT("string", cost_sort_text),
	SORT("bytes", cost_sort_text),
	SORT_BY("int", cost_sort),
	SORT_BY("uint", cost_sort),
	SORT_BY("double", cost_sort),
	SORT_BY("bool", cost_sort),
	SORT_BY("duration", cost_sort),
	SORT_BY("timestamp", cost_sort),
	SORT_BY("string", cost_sort_text),
	SORT_BY("bytes", cost_sort_text),
	{ "lists.range", "lists_range", "(int) -> list(int)", .call = range,
	  .cost = cel_cost_paid },
	{ "reverse", "list_reverse", "list(T).() -> list(T)", .call = reverse, .cost = cost_made },
	{ "distinct", "list_distinct", "list(T).() -> list(T)", .call = distinct,
	  .cost = cel_cost_paid },
};
const struct cel_library cel_lists = { .name = "lists",
				       .overloads = overloads,
				       .n_overloads = ARRAY_LEN(overloads) };
