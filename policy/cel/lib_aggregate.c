/* Kubernetes' own functions on lists: isSorted, sum, min, max, indexOf and lastIndexOf.
 *
 * The overloads are chosen by the first element.  What follows may be of another kind: it compares
 * with nothing, and what has no order at all is an error. */
#include "policy/cel/lib.h"

static bool has_order(struct cel_value v)
{
	return v.kind != CEL_NULL && v.kind <= CEL_DURATION && v.kind != CEL_LIST &&
	       v.kind != CEL_MAP && v.kind != CEL_TYPE;
}

static struct cel_value is_sorted(struct cel_call *c)
{
	struct cel_value list = c->args[0];
	for (uint32_t i = 0; i < list.n; i++) {
		struct cel_value item = cel_item(list, i);
		if (!has_order(item))
			return cel_no_overload(c);
		if (i && cel_compare(cel_item(list, i - 1), item) == 1)
			return cel_bool(false);
	}
	return cel_bool(true);
}

/* The first element that no other one is `better` than. */
static struct cel_value best(struct cel_call *c, int better, const char *name)
{
	struct cel_value list = c->args[0], found = cel_null();
	for (uint32_t i = 0; i < list.n; i++) {
		struct cel_value item = cel_item(list, i);
		if (!has_order(item))
			return cel_no_overload(c);
		if (i == 0 || cel_compare(item, found) == better)
			found = item;
	}
	return list.n ? found : cel_fail(c, "%s called on empty list", name);
}

static struct cel_value min(struct cel_call *c)
{
	return best(c, -1, "min");
}

static struct cel_value max(struct cel_call *c)
{
	return best(c, 1, "max");
}

/* ---- sums */

static struct cel_value sum(struct cel_call *c, struct cel_value total)
{
	struct cel_value list = c->args[0];
	for (uint32_t i = 0; i < list.n; i++) {
		struct cel_value item = cel_item(list, i);
		bool overflow = false;
		if (item.kind != total.kind)
			return cel_no_overload(c);
		if (total.kind == CEL_DOUBLE)
			total.d += item.d;
		else if (total.kind == CEL_UINT)
			overflow = __builtin_add_overflow(total.u, item.u, &total.u);
		else
			overflow = __builtin_add_overflow(total.i, item.i, &total.i);
		if (overflow)
			return cel_fail(c, total.kind == CEL_UINT ? "unsigned integer overflow"
								  : "integer overflow");
	}
	return total;
}

static struct cel_value sum_ints(struct cel_call *c)
{
	return sum(c, cel_int(0));
}

static struct cel_value sum_uints(struct cel_call *c)
{
	return sum(c, cel_uint(0));
}

static struct cel_value sum_doubles(struct cel_call *c)
{
	return sum(c, cel_double(0));
}

static struct cel_value sum_durations(struct cel_call *c)
{
	return sum(c, cel_duration(0));
}

/* ---- places */

static struct cel_value index_of(struct cel_call *c)
{
	struct cel_value list = c->args[0];
	for (uint32_t i = 0; i < list.n; i++)
		if (cel_equal(cel_item(list, i), c->args[1]))
			return cel_int(i);
	return cel_int(-1);
}

static struct cel_value last_index_of(struct cel_call *c)
{
	struct cel_value list = c->args[0];
	for (uint32_t i = list.n; i > 0; i--)
		if (cel_equal(cel_item(list, i - 1), c->args[1]))
			return cel_int(i - 1);
	return cel_int(-1);
}

#define ROW(name, id, signature, fn)                                                               \
	{                                                                                          \
		name, id, signature, .call = fn, .cost = cel_cost_traversal                        \
	}
#define SORTED(type)                                                                               \
	ROW("isSorted", "list_" type "_is_sorted_bool", "list(" type ").() -> bool", is_sorted)
#define SUM(type, fn) ROW("sum", "list_" type "_sum_" type, "list(" type ").() -> " type, fn)
#define BEST(name, type, fn)                                                                       \
	ROW(name, "list_" type "_" name "_" type, "list(" type ").() -> " type, fn)
#define EACH(type) SORTED(type), BEST("min", type, min), BEST("max", type, max)

static const struct cel_overload overloads[] = {
	EACH("int"),
	EACH("uint"),
	EACH("double"),
	EACH("bool"),
	EACH("duration"),
	EACH("timestamp"),
	EACH("string"),
	EACH("bytes"),
	SUM("int", sum_ints),
	SUM("uint", sum_uints),
	SUM("double", sum_doubles),
	SUM("duration", sum_durations),
	ROW("indexOf", "list_a_index_of_int", "list(A).(A) -> int", index_of),
	ROW("lastIndexOf", "list_a_last_index_of_int", "list(A).(A) -> int", last_index_of),
};
const struct cel_library cel_kubernetes_lists = { .name = "Kubernetes lists",
						  .overloads = overloads,
						  .n_overloads = ARRAY_LEN(overloads) };
