/* Optional values: what may be absent.  .? and [?], or() and orValue() have nodes of their own. */
#include "policy/cel/standard.h"

static struct cel_value none(struct cel_call *c)
{
	(void)c;
	return cel_none();
}

static struct cel_value of(struct cel_call *c)
{
	return cel_some(c, c->args[0]);
}

static bool is_zero(struct cel_value v)
{
	switch ((enum cel_kind)v.kind) {
	case CEL_NULL:
		return true;
	case CEL_BOOL:
		return !v.truth;
	case CEL_INT:
	case CEL_UINT:
	case CEL_DURATION:
		return v.i == 0;
	case CEL_DOUBLE:
		return v.d == 0;
	case CEL_STRING:
	case CEL_BYTES:
	case CEL_LIST:
		return v.n == 0;
	case CEL_MAP:
		return v.n == 0 && v.store != CEL_STORE_RECORD;
	case CEL_OPTIONAL:
		return !v.items;
	default:
		return false;
	}
}

static struct cel_value of_non_zero(struct cel_call *c)
{
	return is_zero(c->args[0]) ? cel_none() : cel_some(c, c->args[0]);
}

static struct cel_value has_value(struct cel_call *c)
{
	return cel_bool(c->args[0].items != NULL);
}

static struct cel_value value(struct cel_call *c)
{
	return c->args[0].items ? *c->args[0].items : cel_fail(c, "optional.none() dereference");
}

static struct cel_value unwrap(struct cel_call *c)
{
	struct cel_value list = c->args[0];
	struct cel_value *items = cel_alloc_values(c, list.n);
	uint32_t n = 0;
	if (!items)
		return cel_stop(c);
	for (uint32_t i = 0; i < list.n; i++) {
		struct cel_value v = cel_item(list, i);
		if (v.kind != CEL_OPTIONAL)
			return cel_fail(c, "value %s is not optional", cel_type_of(v)->name);
		if (v.items)
			items[n++] = *v.items;
	}
	return cel_list(items, n);
}

static struct cel_value first(struct cel_call *c)
{
	return c->args[0].n ? cel_some(c, cel_item(c->args[0], 0)) : cel_none();
}

static struct cel_value last(struct cel_call *c)
{
	uint32_t n = c->args[0].n;
	return n ? cel_some(c, cel_item(c->args[0], n - 1)) : cel_none();
}

static const struct cel_overload overloads[] = {
	{ "optional.none", "optional_none", "() -> optional_type(V)", .call = none },
	{ "optional.of", "optional_of", "(V) -> optional_type(V)", .call = of },
	{ "optional.ofNonZeroValue", "optional_ofNonZeroValue", "(V) -> optional_type(V)",
	  .call = of_non_zero },
	{ "optional.unwrap", "optional_unwrap", "(list(optional_type(V))) -> list(V)",
	  .call = unwrap },
	{ "unwrapOpt", "optional_unwrapOpt", "list(optional_type(V)).() -> list(V)",
	  .call = unwrap },
	{ "hasValue", "optional_hasValue", "optional_type(V).() -> bool", .call = has_value },
	{ "value", "optional_value", "optional_type(V).() -> V", .call = value },
	{ "or", "optional_or_optional", "optional_type(V).(optional_type(V)) -> optional_type(V)",
	  .call = NULL },
	{ "orValue", "optional_orValue_value", "optional_type(V).(V) -> V", .call = NULL },
	{ "first", "list_first", "list(V).() -> optional_type(V)", .call = first },
	{ "last", "list_last", "list(V).() -> optional_type(V)", .call = last },
	{ "_[_]", "optional_list_index_int", "(optional_type(list(V)), int) -> optional_type(V)",
	  .call = NULL },
	{ "_[_]", "optional_map_index_value", "(optional_type(map(K,V)), K) -> optional_type(V)",
	  .call = NULL },
	{ "_[?_]", "list_optindex_optional_int", "(list(V), int) -> optional_type(V)",
	  .call = NULL },
	{ "_[?_]", "optional_list_optindex_optional_int",
	  "(optional_type(list(V)), int) -> optional_type(V)", .call = NULL },
	{ "_[?_]", "map_optindex_optional_value", "(map(K,V), K) -> optional_type(V)",
	  .call = NULL },
	{ "_[?_]", "optional_map_optindex_optional_value",
	  "(optional_type(map(K,V)), K) -> optional_type(V)", .call = NULL },
};
const struct cel_library cel_optionals = { .name = "optionals",
					   .overloads = overloads,
					   .n_overloads = ARRAY_LEN(overloads) };
