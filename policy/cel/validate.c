/* What Kubernetes looks at after the check: literals that mix types, and literal arguments. */
#include "policy/cel/check.h"

static const struct cel_type *element_type(const struct cel_ast *a, uint32_t i)
{
	const struct cel_type *t = a->kids[i]->type;
	return a->optional && a->optional[i] && t->kind == CEL_OPTIONAL ? t->params[0] : t;
}

/* Elements `step` apart, from `first` on, are of the type of the first. */
static void same_types(struct cel_checker *c, const struct cel_ast *a, uint32_t first,
		       uint32_t step)
{
	for (uint32_t i = first + step; i < a->n; i += step) {
		const struct cel_type *t = element_type(a, first), *other = element_type(a, i);
		if (!cel_type_equal(t, other)) {
			cel_check_mismatch(c, a->kids[i]->at, t, other);
			return;
		}
	}
}

static struct cel_literal literal_of(struct cel_checker *c, const struct cel_ast *a)
{
	struct cel_literal l = { .type = a->type, .at = a->at };
	if (a->kind == CEL_AST_CONST)
		l.value = &a->value;
	if (a->kind != CEL_AST_LIST || a->optional)
		return l;
	struct cel_literal *items = arena_alloc(c->arena, (a->n + 1) * sizeof(*items));
	for (uint32_t i = 0; i < a->n; i++)
		items[i] = literal_of(c, a->kids[i]);
	l.items = items;
	l.n = a->n;
	return l;
}

static void check_arguments(struct cel_checker *c, struct cel_call *call, const struct cel_ast *a,
			    const struct cel_overload *row)
{
	struct cel_literal args[CEL_MAX_ARGS];
	struct cel_complaint where = { 0 };
	struct cel_value why = cel_null();
	for (uint32_t i = 0; i < a->n; i++)
		args[i] = literal_of(c, a->kids[i]);
	call->at = a->at;
	if (row->check(call, args, &where, &why))
		return;
	AUTO(buf_done) struct buf text = { 0 };
	if (cel_is_bad(why))
		cel_value_text(why, &text);
	uint32_t at = where.at                ? where.at
		      : where.argument < a->n ? a->kids[where.argument]->at
					      : a->at;
	cel_check_fail(c, at, "%s", buf_text(&text));
}

static bool mixes(const struct cel_ast *a)
{
	for (uint32_t i = 0; i < a->n_overloads; i++)
		if (a->overloads[i]->row->mixed)
			return true;
	return false;
}

static void types(struct cel_checker *c, struct cel_ast *a)
{
	a->type = cel_substitute(&c->unifier, a->type, true);
	for (uint32_t i = 0; i < a->n; i++)
		types(c, a->kids[i]);
}

static void validate(struct cel_checker *c, struct cel_call *call, struct cel_ast *a, bool mixed)
{
	mixed |= mixes(a);
	for (uint32_t i = 0; i < a->n; i++)
		validate(c, call, a->kids[i], mixed);
	if (a->kind == CEL_AST_LIST && !mixed) {
		same_types(c, a, 0, 1);
	} else if (a->kind == CEL_AST_MAP && !mixed) {
		same_types(c, a, 0, 2);
		same_types(c, a, 1, 2);
	}
	for (uint32_t i = 0; a->kind == CEL_AST_CALL && i < a->n_overloads; i++)
		if (a->overloads[i]->row->check) {
			check_arguments(c, call, a, a->overloads[i]->row);
			return;
		}
}

void cel_validate(struct cel_checker *c, struct cel_call *call, struct cel_ast *a)
{
	types(c, a);
	if (!c->lenient)
		validate(c, call, a, false);
}
