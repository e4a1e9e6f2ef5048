/* Kubernetes' quantities in CEL. */
#include "policy/cel/cel.h"
#include "policy/cel/lib.h"
#include "policy/cel/quantity.h"

struct quantity_value {
	struct cel_opaque base;
	struct quantity q;
};

static const struct quantity *quantity_in(struct cel_value v)
{
	return &((const struct quantity_value *)v.opaque)->q;
}

static bool equal(const struct cel_opaque *a, const struct cel_opaque *b)
{
	return quantity_compare(quantity_in(cel_opaque(a)), quantity_in(cel_opaque(b))) == 0;
}

static void text(const struct cel_opaque *v, struct buf *out)
{
	quantity_text(quantity_in(cel_opaque(v)), out);
}

static const struct cel_type type = { .kind = CEL_OBJECT, .name = "kubernetes.Quantity" };
static const struct cel_opaque_ops ops = { &type, equal, text };

static struct cel_value make(struct cel_call *c, const struct quantity *q)
{
	struct quantity_value *v = cel_alloc(c, sizeof(*v));
	if (!v)
		return cel_stop(c);
	*v = (struct quantity_value){ { &ops }, *q };
	return cel_opaque(&v->base);
}

static struct cel_value parse(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	struct quantity q;
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	if (quantity_parse(cel_run_arena(c->run), c->args[0].text, c->args[0].n, &q, &err) < 0)
		return cel_fail_of(c, &err);
	return make(c, &q);
}

static struct cel_value is_quantity(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	struct quantity q;
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	if (quantity_parse(cel_run_arena(c->run), c->args[0].text, c->args[0].n, &q, &err) == 0)
		return cel_bool(true);
	return err.code == ERR_LIMIT ? cel_fail_of(c, &err) : cel_bool(false);
}

/* ---- reading */

static struct cel_value sign(struct cel_call *c)
{
	return cel_int(quantity_sign(quantity_in(c->args[0])));
}

static struct cel_value as_integer(struct cel_call *c)
{
	int64_t i;
	return quantity_integer(quantity_in(c->args[0]), &i)
		       ? cel_int(i)
		       : cel_fail(c, "cannot convert value to integer");
}

static struct cel_value is_integer(struct cel_call *c)
{
	int64_t i;
	return cel_bool(quantity_integer(quantity_in(c->args[0]), &i));
}

static struct cel_value as_float(struct cel_call *c)
{
	return cel_double(quantity_float(quantity_in(c->args[0])));
}

/* ---- two of them */

static int compare(struct cel_call *c)
{
	return quantity_compare(quantity_in(c->args[0]), quantity_in(c->args[1]));
}

static struct cel_value compare_to(struct cel_call *c)
{
	return cel_int(compare(c));
}

static struct cel_value is_greater(struct cel_call *c)
{
	return cel_bool(compare(c) > 0);
}

static struct cel_value is_less(struct cel_call *c)
{
	return cel_bool(compare(c) < 0);
}

static struct cel_value combine(struct cel_call *c, const struct quantity *other, bool subtract)
{
	AUTO(err_done) struct err err = { 0 };
	struct quantity sum;
	if (quantity_add(cel_run_arena(c->run), quantity_in(c->args[0]), other, subtract, &sum,
			 &err) < 0)
		return cel_fail_of(c, &err);
	return make(c, &sum);
}

static struct cel_value add(struct cel_call *c)
{
	return combine(c, quantity_in(c->args[1]), false);
}

static struct cel_value sub(struct cel_call *c)
{
	return combine(c, quantity_in(c->args[1]), true);
}

static struct cel_value add_int(struct cel_call *c)
{
	struct quantity other = quantity_of(c->args[1].i);
	return combine(c, &other, false);
}

static struct cel_value sub_int(struct cel_call *c)
{
	struct quantity other = quantity_of(c->args[1].i);
	return combine(c, &other, true);
}

#define Q "kubernetes.Quantity"
static const struct cel_overload overloads[] = {
	{ "quantity", "string_to_quantity", "(string) -> " Q, .call = parse,
	  .cost = cel_cost_text },
	{ "isQuantity", "is_quantity_string", "(string) -> bool", .call = is_quantity,
	  .cost = cel_cost_text },
	{ "sign", "quantity_sign", "(" Q ") -> int", .call = sign },
	{ "isGreaterThan", "quantity_is_greater_than", Q ".(" Q ") -> bool", .call = is_greater },
	{ "isLessThan", "quantity_is_less_than", Q ".(" Q ") -> bool", .call = is_less },
	{ "compareTo", "quantity_compare_to", Q ".(" Q ") -> int", .call = compare_to },
	{ "asApproximateFloat", "quantity_get_float", Q ".() -> double", .call = as_float },
	{ "asInteger", "quantity_get_int", Q ".() -> int", .call = as_integer },
	{ "isInteger", "quantity_is_integer", Q ".() -> bool", .call = is_integer },
	{ "add", "quantity_add", Q ".(" Q ") -> " Q, .call = add },
	{ "add", "quantity_add_int", Q ".(int) -> " Q, .call = add_int },
	{ "sub", "quantity_sub", Q ".(" Q ") -> " Q, .call = sub },
	{ "sub", "quantity_sub_int", Q ".(int) -> " Q, .call = sub_int },
};
static const struct cel_type *const types[] = { &type };
const struct cel_library cel_quantity = { "quantity", overloads, ARRAY_LEN(overloads), types, 1 };
