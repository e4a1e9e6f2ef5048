/* The sets library: lists as sets, by the equality of run time. */
#include "policy/cel/lib.h"

static bool has(struct cel_value list, struct cel_value item)
{
	for (uint32_t i = 0; i < list.n; i++)
		if (cel_equal(cel_item(list, i), item))
			return true;
	return false;
}

static bool has_all(struct cel_value list, struct cel_value items)
{
	for (uint32_t i = 0; i < items.n; i++)
		if (!has(list, cel_item(items, i)))
			return false;
	return true;
}

/* Every comparison that may be needed is paid for before the first. */
static bool pay(struct cel_call *c, uint64_t times)
{
	return cel_spend(c, 1 + times * c->args[0].n * c->args[1].n);
}

static struct cel_value contains(struct cel_call *c)
{
	return pay(c, 1) ? cel_bool(has_all(c->args[0], c->args[1])) : cel_stop(c);
}

static struct cel_value equivalent(struct cel_call *c)
{
	struct cel_value a = c->args[0], b = c->args[1];
	return pay(c, 2) ? cel_bool(has_all(a, b) && has_all(b, a)) : cel_stop(c);
}

static struct cel_value intersects(struct cel_call *c)
{
	struct cel_value a = c->args[0], b = c->args[1];
	if (!pay(c, 1))
		return cel_stop(c);
	for (uint32_t i = 0; i < b.n; i++)
		if (has(a, cel_item(b, i)))
			return cel_bool(true);
	return cel_bool(false);
}

#define SET(name, id, fn)                                                                          \
	{                                                                                          \
		"sets." name, id, "(list(T), list(T)) -> bool", .call = fn, .cost = cel_cost_paid  \
	}

static const struct cel_overload overloads[] = {
	SET("contains", "list_sets_contains_list", contains),
	SET("equivalent", "list_sets_equivalent_list", equivalent),
	SET("intersects", "list_sets_intersects_list", intersects),
};
const struct cel_library cel_sets = { .name = "sets",
				      .overloads = overloads,
				      .n_overloads = ARRAY_LEN(overloads) };
