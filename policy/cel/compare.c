/* Equality and order of values; see value.h. */
#include <math.h>

#include "policy/cel/value.h"

/* JSON has at most 256 levels; expressions add a few. */
enum { MAX_DEPTH = 2000 };

static int three_way(bool less, bool greater)
{
	return greater - less;
}

/* With a double: first the range, then as doubles, as cel-go does. */
static int double_to_int(double d, int64_t i)
{
	if (d < -0x1p63)
		return -1;
	if (d > 0x1p63)
		return 1;
	return three_way(d<(double)i, d>(double) i);
}

static int double_to_uint(double d, uint64_t u)
{
	if (d < 0)
		return -1;
	if (d > 0x1p64)
		return 1;
	return three_way(d<(double)u, d>(double) u);
}

static int int_to_uint(int64_t i, uint64_t u)
{
	return i < 0 ? -1 : three_way((uint64_t)i<u, (uint64_t)i> u);
}

static bool is_number(struct cel_value v)
{
	return v.kind >= CEL_INT && v.kind <= CEL_DOUBLE;
}

static int compare_numbers(struct cel_value a, struct cel_value b)
{
	if ((a.kind == CEL_DOUBLE && isnan(a.d)) || (b.kind == CEL_DOUBLE && isnan(b.d)))
		return CEL_NAN;
	switch (a.kind << 4 | b.kind) {
	case CEL_INT << 4 | CEL_INT:
		return three_way(a.i<b.i, a.i> b.i);
	case CEL_INT << 4 | CEL_UINT:
		return int_to_uint(a.i, b.u);
	case CEL_INT << 4 | CEL_DOUBLE:
		return -double_to_int(b.d, a.i);
	case CEL_UINT << 4 | CEL_UINT:
		return three_way(a.u<b.u, a.u> b.u);
	case CEL_UINT << 4 | CEL_INT:
		return -int_to_uint(b.i, a.u);
	case CEL_UINT << 4 | CEL_DOUBLE:
		return -double_to_uint(b.d, a.u);
	case CEL_DOUBLE << 4 | CEL_INT:
		return double_to_int(a.d, b.i);
	case CEL_DOUBLE << 4 | CEL_UINT:
		return double_to_uint(a.d, b.u);
	default:
		return three_way(a.d<b.d, a.d> b.d);
	}
}

static int compare_bytes(struct cel_value a, struct cel_value b)
{
	uint32_t n = a.n < b.n ? a.n : b.n;
	cel_work(n / 16);
	int d = memcmp(a.text, b.text, n);
	return d ? three_way(d<0, d> 0) : three_way(a.n<b.n, a.n> b.n);
}

int cel_compare(struct cel_value a, struct cel_value b)
{
	if (is_number(a) && is_number(b))
		return compare_numbers(a, b);
	if (a.kind != b.kind)
		return CEL_NO_ORDER;
	switch (a.kind) {
	case CEL_BOOL:
		return three_way(a.truth<b.truth, a.truth> b.truth);
	case CEL_STRING:
	case CEL_BYTES:
		return compare_bytes(a, b);
	case CEL_TIMESTAMP:
		if (a.i != b.i)
			return three_way(a.i<b.i, a.i> b.i);
		return three_way(a.n<b.n, a.n> b.n);
	case CEL_DURATION:
		return three_way(a.i<b.i, a.i> b.i);
	default:
		return CEL_NO_ORDER;
	}
}

static enum cel_equality equal_at(struct cel_value a, struct cel_value b, unsigned depth);

static enum cel_equality equal_lists(struct cel_value a, struct cel_value b, unsigned depth)
{
	if (a.n != b.n)
		return CEL_UNEQUAL;
	for (uint32_t i = 0; i < a.n; i++) {
		enum cel_equality e = equal_at(cel_item(a, i), cel_item(b, i), depth);
		if (e != CEL_EQUAL)
			return e == CEL_TOO_DEEP ? e : CEL_UNEQUAL;
	}
	return CEL_EQUAL;
}

static enum cel_equality equal_maps(struct cel_value a, struct cel_value b, unsigned depth)
{
	if (a.store == CEL_STORE_RECORD || b.store == CEL_STORE_RECORD)
		return a.store == b.store && a.record == b.record ? CEL_EQUAL : CEL_UNEQUAL;
	if (a.n != b.n)
		return CEL_UNEQUAL;
	for (uint32_t i = 0; i < a.n; i++) {
		struct cel_entry e = cel_entry(a, i);
		struct cel_value other;
		if (!cel_find(b, e.key, &other))
			return CEL_UNEQUAL;
		enum cel_equality same = equal_at(e.value, other, depth);
		if (same != CEL_EQUAL)
			return same == CEL_TOO_DEEP ? same : CEL_UNEQUAL;
	}
	return CEL_EQUAL;
}

static enum cel_equality equal_opaque(struct cel_value a, struct cel_value b)
{
	if (b.kind != CEL_OPAQUE || a.opaque->ops != b.opaque->ops)
		return CEL_UNEQUAL_KINDS;
	return a.opaque == b.opaque || a.opaque->ops->equal(a.opaque, b.opaque) ? CEL_EQUAL
										: CEL_UNEQUAL;
}

static enum cel_equality equal_same_kind(struct cel_value a, struct cel_value b, unsigned depth)
{
	switch ((enum cel_kind)a.kind) {
	case CEL_NULL:
		return CEL_EQUAL;
	case CEL_LIST:
		return equal_lists(a, b, depth);
	case CEL_MAP:
		return equal_maps(a, b, depth);
	case CEL_TYPE:
		return strcmp(a.type->name, b.type->name) == 0 ? CEL_EQUAL : CEL_UNEQUAL;
	case CEL_OPTIONAL:
		if (!a.items || !b.items)
			return a.items == b.items ? CEL_EQUAL : CEL_UNEQUAL;
		return equal_at(*a.items, *b.items, depth);
	case CEL_STRING:
	case CEL_BYTES:
		return a.n == b.n && compare_bytes(a, b) == 0 ? CEL_EQUAL : CEL_UNEQUAL;
	default:
		return cel_compare(a, b) == 0 ? CEL_EQUAL : CEL_UNEQUAL;
	}
}

static enum cel_equality equal_at(struct cel_value a, struct cel_value b, unsigned depth)
{
	cel_work(8);
	if (depth > MAX_DEPTH || cel_work_left < 0)
		return CEL_TOO_DEEP;
	if (a.kind == CEL_NULL || b.kind == CEL_NULL)
		return a.kind == b.kind ? CEL_EQUAL : CEL_UNEQUAL;
	if (a.kind == CEL_OPAQUE)
		return equal_opaque(a, b);
	if (is_number(a) && is_number(b))
		return compare_numbers(a, b) == 0 ? CEL_EQUAL : CEL_UNEQUAL;
	return a.kind == b.kind ? equal_same_kind(a, b, depth + 1) : CEL_UNEQUAL;
}

enum cel_equality cel_equality(struct cel_value a, struct cel_value b)
{
	return equal_at(a, b, 0);
}
