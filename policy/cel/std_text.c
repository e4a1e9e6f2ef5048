/* The standard functions on strings, bytes and sizes. */
#include "policy/cel/library.h"

#include "policy/cel/standard.h"

static struct cel_value size(struct cel_call *c)
{
	return cel_int((int64_t)cel_size(c->args[0]));
}

static struct cel_value contains(struct cel_call *c)
{
	struct cel_value s = c->args[0], part = c->args[1];
	return cel_bool(memmem(s.text, s.n, part.text, part.n) != NULL);
}

static struct cel_value starts_with(struct cel_call *c)
{
	struct cel_value s = c->args[0], part = c->args[1];
	return cel_bool(part.n <= s.n && memcmp(s.text, part.text, part.n) == 0);
}

static struct cel_value ends_with(struct cel_call *c)
{
	struct cel_value s = c->args[0], part = c->args[1];
	return cel_bool(part.n <= s.n && memcmp(s.text + s.n - part.n, part.text, part.n) == 0);
}

static uint64_t contains_cost(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_tenth(cel_size(args[0])) * cel_tenth(cel_size(args[1]));
}

#define SIZE(id, signature)                                                                        \
	{                                                                                          \
		"size", id, signature, size, .mismatch = CEL_SAY_NAME                              \
	}
#define TEXT(name, id, fn, price)                                                                  \
	{                                                                                          \
		name, id, "string.(string) -> bool", fn, .cost = price, .mismatch = CEL_SAY_ONLY   \
	}

static const struct cel_overload overloads[] = {
	SIZE("size_string", "(string) -> int"),
	SIZE("string_size", "string.() -> int"),
	SIZE("size_bytes", "(bytes) -> int"),
	SIZE("bytes_size", "bytes.() -> int"),
	SIZE("size_list", "(list(T)) -> int"),
	SIZE("list_size", "list(T).() -> int"),
	SIZE("size_map", "(map(K,V)) -> int"),
	SIZE("map_size", "map(K,V).() -> int"),
	TEXT("contains", "contains_string", contains, contains_cost),
	TEXT("startsWith", "starts_with_string", starts_with, cel_cost_text),
	TEXT("endsWith", "ends_with_string", ends_with, cel_cost_text),
};
const struct cel_library cel_std_text = { .name = "text",
					  .overloads = overloads,
					  .n_overloads = ARRAY_LEN(overloads) };
