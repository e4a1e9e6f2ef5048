/* Evaluation of operators: arithmetic, order, equality, `in`; see node.h. */
#include <math.h>

#include "policy/cel/calendar.h"
#include "policy/cel/node.h"

typedef struct cel_value apply_fn(const struct cel_operation *o, struct cel_run *run,
				  struct cel_value a, struct cel_value b);

static struct cel_value mismatch(const struct cel_operation *o)
{
	return cel_error_value(&o->mismatch);
}

static struct cel_value overflow(const struct cel_operation *o, struct cel_run *run,
				 struct cel_value a)
{
	return cel_run_fail(run, o->node.at,
			    a.kind == CEL_UINT ? "unsigned integer overflow" : "integer overflow");
}

/* ---- times */

static struct cel_value moved(const struct cel_operation *o, struct cel_run *run,
			      struct cel_value time, int64_t by, bool back)
{
	int64_t seconds = by / 1000000000, nano = by % 1000000000;
	time.i += back ? -seconds : seconds;
	nano = (int64_t)time.n + (back ? -nano : nano);
	if (nano < 0) {
		nano += 1000000000;
		time.i--;
	} else if (nano >= 1000000000) {
		nano -= 1000000000;
		time.i++;
	}
	if (time.i < CEL_TIME_FIRST || time.i > CEL_TIME_LAST)
		return cel_run_fail(run, o->node.at, "timestamp overflow");
	time.n = (uint32_t)nano;
	return time;
}

static struct cel_value between(const struct cel_operation *o, struct cel_run *run,
				struct cel_value a, struct cel_value b)
{
	int64_t d;
	if (__builtin_mul_overflow(a.i - b.i, INT64_C(1000000000), &d) ||
	    __builtin_add_overflow(d, (int64_t)a.n - (int64_t)b.n, &d))
		return cel_run_fail(run, o->node.at, "integer overflow");
	return cel_duration(d);
}

/* ---- joining */

static struct cel_value join_text(struct cel_run *run, struct cel_value a, struct cel_value b)
{
	uint64_t n = (uint64_t)a.n + b.n;
	char *p = n < UINT32_MAX ? cel_run_alloc(run, n + 1) : NULL;
	if (!p)
		return cel_run_stop(run, "operation cancelled: memory limit exceeded");
	cel_work(n / 4);
	memcpy(p, a.text, a.n);
	memcpy(p + a.n, b.text, b.n);
	p[n] = '\0';
	a.text = p;
	a.n = (uint32_t)n;
	return a;
}

static struct cel_value join_lists(struct cel_run *run, struct cel_value a, struct cel_value b)
{
	uint64_t n = (uint64_t)a.n + b.n;
	if (!a.n || !b.n)
		return a.n ? a : b;
	struct cel_value *items =
		n < UINT32_MAX ? cel_run_alloc(run, n * sizeof(struct cel_value)) : NULL;
	if (!items)
		return cel_run_stop(run, "operation cancelled: memory limit exceeded");
	cel_work(4 * n);
	for (uint32_t i = 0; i < a.n; i++)
		items[i] = cel_item(a, i);
	for (uint32_t i = 0; i < b.n; i++)
		items[a.n + i] = cel_item(b, i);
	return cel_list(items, n);
}

/* ---- arithmetic */

static struct cel_value add_same(const struct cel_operation *o, struct cel_run *run,
				 struct cel_value a, struct cel_value b)
{
	int64_t i;
	uint64_t u;
	switch (a.kind) {
	case CEL_INT:
		return __builtin_add_overflow(a.i, b.i, &i) ? overflow(o, run, a) : cel_int(i);
	case CEL_UINT:
		return __builtin_add_overflow(a.u, b.u, &u) ? overflow(o, run, a) : cel_uint(u);
	case CEL_DOUBLE:
		return cel_double(a.d + b.d);
	case CEL_STRING:
	case CEL_BYTES:
		return join_text(run, a, b);
	case CEL_LIST:
		return join_lists(run, a, b);
	case CEL_DURATION:
		return __builtin_add_overflow(a.i, b.i, &i) ? overflow(o, run, a) : cel_duration(i);
	default:
		return mismatch(o);
	}
}

static struct cel_value add(const struct cel_operation *o, struct cel_run *run, struct cel_value a,
			    struct cel_value b)
{
	if (a.kind == b.kind)
		return add_same(o, run, a, b);
	if (a.kind == CEL_TIMESTAMP && b.kind == CEL_DURATION)
		return moved(o, run, a, b.i, false);
	if (a.kind == CEL_DURATION && b.kind == CEL_TIMESTAMP)
		return moved(o, run, b, a.i, false);
	return mismatch(o);
}

static struct cel_value subtract(const struct cel_operation *o, struct cel_run *run,
				 struct cel_value a, struct cel_value b)
{
	int64_t i;
	uint64_t u;
	if (a.kind == CEL_TIMESTAMP && b.kind == CEL_DURATION)
		return moved(o, run, a, b.i, true);
	if (a.kind != b.kind)
		return mismatch(o);
	switch (a.kind) {
	case CEL_INT:
		return __builtin_sub_overflow(a.i, b.i, &i) ? overflow(o, run, a) : cel_int(i);
	case CEL_UINT:
		return __builtin_sub_overflow(a.u, b.u, &u) ? overflow(o, run, a) : cel_uint(u);
	case CEL_DOUBLE:
		return cel_double(a.d - b.d);
	case CEL_TIMESTAMP:
		return between(o, run, a, b);
	case CEL_DURATION:
		return __builtin_sub_overflow(a.i, b.i, &i) ? overflow(o, run, a) : cel_duration(i);
	default:
		return mismatch(o);
	}
}

static struct cel_value multiply(const struct cel_operation *o, struct cel_run *run,
				 struct cel_value a, struct cel_value b)
{
	int64_t i;
	uint64_t u;
	if (a.kind != b.kind)
		return mismatch(o);
	switch (a.kind) {
	case CEL_INT:
		return __builtin_mul_overflow(a.i, b.i, &i) ? overflow(o, run, a) : cel_int(i);
	case CEL_UINT:
		return __builtin_mul_overflow(a.u, b.u, &u) ? overflow(o, run, a) : cel_uint(u);
	case CEL_DOUBLE:
		return cel_double(a.d * b.d);
	default:
		return mismatch(o);
	}
}

/* Division and remainder trap on these. */
static bool divides(struct cel_value a, struct cel_value b)
{
	return a.kind != CEL_INT || a.i != INT64_MIN || b.i != -1;
}

static struct cel_value divide(const struct cel_operation *o, struct cel_run *run,
			       struct cel_value a, struct cel_value b)
{
	if (a.kind == CEL_DOUBLE && b.kind == CEL_DOUBLE)
		return cel_double(a.d / b.d);
	if (a.kind != b.kind || (a.kind != CEL_INT && a.kind != CEL_UINT))
		return mismatch(o);
	if (b.u == 0)
		return cel_run_fail(run, o->node.at, "division by zero");
	if (!divides(a, b))
		return overflow(o, run, a);
	return a.kind == CEL_INT ? cel_int(a.i / b.i) : cel_uint(a.u / b.u);
}

static struct cel_value modulo(const struct cel_operation *o, struct cel_run *run,
			       struct cel_value a, struct cel_value b)
{
	if (a.kind != b.kind || (a.kind != CEL_INT && a.kind != CEL_UINT))
		return mismatch(o);
	if (b.u == 0)
		return cel_run_fail(run, o->node.at, "modulus by zero");
	if (!divides(a, b))
		return overflow(o, run, a);
	return a.kind == CEL_INT ? cel_int(a.i % b.i) : cel_uint(a.u % b.u);
}

static struct cel_value negate(const struct cel_operation *o, struct cel_run *run,
			       struct cel_value a, struct cel_value b)
{
	(void)b;
	if (a.kind == CEL_DOUBLE)
		return cel_double(-a.d);
	if (a.kind != CEL_INT)
		return mismatch(o);
	return a.i == INT64_MIN ? overflow(o, run, a) : cel_int(-a.i);
}

static struct cel_value not(const struct cel_operation *o, struct cel_run *run, struct cel_value a,
			    struct cel_value b)
{
	(void)run;
	(void)b;
	return a.kind == CEL_BOOL ? cel_bool(!a.truth) : mismatch(o);
}

/* ---- order and membership */

enum { LESS = 1, SAME = 2, MORE = 4 };

static bool has_order(struct cel_value v)
{
	return (v.kind >= CEL_BOOL && v.kind <= CEL_BYTES) || v.kind == CEL_TIMESTAMP ||
	       v.kind == CEL_DURATION;
}

static struct cel_value order(const struct cel_operation *o, struct cel_run *run,
			      struct cel_value a, struct cel_value b)
{
	int d = cel_compare(a, b);
	if (d == CEL_NAN)
		return cel_run_fail(run, o->node.at, "NaN values cannot be ordered");
	if (d == CEL_NO_ORDER && !has_order(a))
		return cel_run_fail_about(run, o->node.at, "no such overload: ",
					  cel_text(o->accept == LESS            ? "_<_"
						   : o->accept == MORE          ? "_>_"
						   : o->accept == (LESS | SAME) ? "_<=_"
										: "_>=_"));
	if (d == CEL_NO_ORDER)
		return mismatch(o);
	return cel_bool(o->accept & (d < 0 ? LESS : d > 0 ? MORE : SAME));
}

static struct cel_value too_deep(struct cel_run *run, uint32_t at)
{
	return cel_run_fail(run, at, "values are nested too deeply to be compared");
}

static struct cel_value in_list(const struct cel_operation *o, struct cel_run *run,
				struct cel_value a, struct cel_value list)
{
	for (uint32_t i = 0; i < list.n; i++) {
		enum cel_equality e = cel_equality(a, cel_item(list, i));
		if (e == CEL_TOO_DEEP)
			return too_deep(run, o->node.at);
		if (e == CEL_EQUAL)
			return cel_bool(true);
	}
	return cel_bool(false);
}

static struct cel_value in(const struct cel_operation *o, struct cel_run *run, struct cel_value a,
			   struct cel_value b)
{
	struct cel_value found;
	if (b.kind == CEL_LIST)
		return in_list(o, run, a, b);
	if (b.kind != CEL_MAP)
		return mismatch(o);
	if (run->watch && b.store == CEL_STORE_JSON && a.kind == CEL_STRING)
		cel_watch_key(run, b.json, a, true);
	if (b.store != CEL_STORE_RECORD)
		return cel_bool(cel_find(b, a, &found));
	struct cel_call c = { .run = run, .at = o->node.at };
	return cel_bool(a.kind == CEL_STRING && b.record->get(b.record, &c, a.text, a.n, NULL));
}

static struct cel_value equal(const struct cel_operation *o, struct cel_run *run,
			      struct cel_value a, struct cel_value b)
{
	enum cel_equality e = cel_equality(a, b);
	if (e == CEL_TOO_DEEP)
		return too_deep(run, o->node.at);
	return e == CEL_UNEQUAL_KINDS ? mismatch(o) : cel_bool(e == CEL_EQUAL);
}

static struct cel_value not_equal(const struct cel_operation *o, struct cel_run *run,
				  struct cel_value a, struct cel_value b)
{
	enum cel_equality e = cel_equality(a, b);
	return e == CEL_TOO_DEEP ? too_deep(run, o->node.at) : cel_bool(e != CEL_EQUAL);
}

static const struct {
	const char *name;
	apply_fn *apply;
	uint8_t accept;
} operators[] = {
	{ "_==_", equal, 0 },   { "_!=_", not_equal, 0 },
	{ "_<_", order, LESS }, { "_<=_", order, LESS | SAME },
	{ "_>_", order, MORE }, { "_>=_", order, MORE | SAME },
	{ "@in", in, 0 },       { "_+_", add, 0 },
	{ "_-_", subtract, 0 }, { "_*_", multiply, 0 },
	{ "_/_", divide, 0 },   { "_%_", modulo, 0 },
	{ "-_", negate, 0 },    { "!_", not, 0 },
};

bool cel_operation_set(struct cel_operation *o, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (strcmp(operators[i].name, name) == 0) {
			o->apply = operators[i].apply;
			o->accept = operators[i].accept;
			o->mismatch = (struct cel_error){ .message = "no such overload",
							  .at = o->node.at };
			return true;
		}
	return false;
}

/* ---- the nodes */

/* A tenth of the code points of a text; one of up to ten bytes need not be counted. */
static uint64_t price(const struct cel_operation *o, struct cel_value a, struct cel_value b)
{
	uint64_t n = cel_size(a), m = cel_size(b);
	return cel_tenth(o->apply == add ? n + m : n < m ? n : m);
}

static inline uint64_t cost_of(const struct cel_operation *o, struct cel_value a,
			       struct cel_value b)
{
	if (a.kind == CEL_STRING && b.kind == CEL_STRING && a.n <= 10 && b.n <= 10 &&
	    o->apply != add)
		return a.n && b.n;
	return price(o, a, b);
}

struct cel_value cel_eval_unary(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_operation *o = (const struct cel_operation *)node;
	struct cel_value a = cel_node_eval(o->left, run);
	run->cost++;
	return cel_is_bad(a) ? a : o->apply(o, run, a, a);
}

struct cel_value cel_eval_binary(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_operation *o = (const struct cel_operation *)node;
	struct cel_value a = cel_node_eval(o->left, run), b = cel_node_eval(o->right, run);
	uint64_t cost = o->sized                       ? cost_of(o, a, b)
			: o->apply == in && o->in_list ? cel_size(b)
						       : 1;
	if (__builtin_add_overflow(run->cost, cost, &run->cost))
		run->cost = UINT64_MAX;
	if (cel_is_bad(a) || cel_is_bad(b))
		return cel_worse(a, b);
	if (cel_over(run))
		return cel_error_value(&run->stop);
	return o->apply(o, run, a, b);
}

struct cel_value cel_eval_member_of(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_member_of *m = (const struct cel_member_of *)node;
	struct cel_value v = cel_node_eval(m->left, run), found;
	if (cel_is_bad(v))
		return v;
	if (m->set.kind == CEL_MAP)
		return cel_bool(cel_find(m->set, v, &found));
	for (uint32_t i = 0; i < m->set.n; i++)
		if (cel_equal(m->set.items[i], v))
			return cel_bool(true);
	return cel_bool(false);
}
