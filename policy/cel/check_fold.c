/* Macros that bind variables: their types are those of what cel-go expands them to. */
#include "policy/cel/check.h"

static struct cel_use call_of(const char *name, uint32_t at, bool member)
{
	return (struct cel_use){ .name = name, .at = at, .member = member };
}

/* The types of the variables; what cannot be walked over is a problem. */
static void range_types(struct cel_checker *c, struct cel_ast *a, struct cel_scope *s)
{
	const struct cel_type *dyn = &cel_dyn_type;
	const struct cel_type *range = cel_substitute(&c->unifier, a->kids[0]->type, false);
	s->types[0] = s->types[1] = dyn;
	if (range->kind == CEL_LIST) {
		s->types[0] = a->n_vars == 2 ? &cel_int_type : range->params[0];
		s->types[1] = range->params[0];
	} else if (range->kind == CEL_MAP) {
		s->types[0] = range->params[0];
		s->types[1] = range->params[1];
	} else if (cel_is_dyn(range) || range->kind == CEL_PARAM) {
		cel_assignable(&c->unifier, &dyn, &range, 1);
	} else {
		AUTO(buf_done) struct buf text = { 0 };
		cel_type_say(range, &text);
		cel_check_fail(c, a->kids[0]->at,
			       "expression of type '%s' cannot be range of a comprehension "
			       "(must be list, map, or dynamic)",
			       buf_text(&text));
	}
}

/* `condition ? with : without`, both of the type of the accumulator. */
static const struct cel_type *choose(struct cel_checker *c, uint32_t at,
				     const struct cel_type *condition, const struct cel_type *with,
				     const struct cel_type *without)
{
	struct cel_use use = call_of("_?_:_", at, false);
	use.args[0] = condition;
	use.args[1] = with;
	use.args[2] = without;
	use.n = 3;
	return cel_check_use(c, &use);
}

static void need_bool(struct cel_checker *c, const struct cel_ast *condition)
{
	const struct cel_type *boolean = &cel_bool_type, *t = condition->type;
	if (!cel_assignable(&c->unifier, &t, &boolean, 1))
		cel_check_mismatch(c, condition->at, boolean, t);
}

/* A map with one more entry, or with those of another map. */
static const struct cel_type *inserted(struct cel_checker *c, struct cel_ast *a,
				       const struct cel_scope *s, const struct cel_type *value)
{
	const struct cel_type *empty =
		cel_map_types(c, cel_fresh(&c->unifier), cel_fresh(&c->unifier));
	struct cel_use use = call_of("cel.@mapInsert", a->at, false);
	use.args[use.n++] = empty;
	if (a->fold == CEL_FOLD_MAP)
		use.args[use.n++] = s->types[0];
	use.args[use.n++] = value;
	return cel_check_use(c, &use);
}

static const struct cel_type *result_of(struct cel_checker *c, struct cel_ast *a,
					const struct cel_scope *s)
{
	const struct cel_ast *last = a->kids[a->n - 1];
	const struct cel_type *t;
	switch ((enum cel_fold)a->fold) {
	case CEL_FOLD_ALL:
	case CEL_FOLD_EXISTS:
		need_bool(c, last);
		return &cel_bool_type;
	case CEL_FOLD_ONE:
		choose(c, a->at, last->type, &cel_int_type, &cel_int_type);
		return &cel_bool_type;
	case CEL_FOLD_FILTER:
		t = cel_list_of(c, s->types[0]);
		choose(c, a->at, last->type, t, t);
		return t;
	case CEL_FOLD_LIST:
		t = cel_list_of(c, last->type);
		break;
	default:
		t = inserted(c, a, s, last->type);
		break;
	}
	if (a->n == 3)
		choose(c, a->at, a->kids[1]->type, t, t);
	return t;
}

static void over_range(struct cel_checker *c, struct cel_ast *a)
{
	cel_check_node(c, a->kids[0]);
	struct cel_scope s = { .fold = a, .up = c->scope };
	range_types(c, a, &s);
	c->scope = &s;
	for (uint32_t i = 1; i < a->n; i++)
		cel_check_node(c, a->kids[i]);
	a->type = cel_substitute(&c->unifier, result_of(c, a, &s), false);
	c->scope = s.up;
}

static const struct cel_type *method(struct cel_checker *c, const char *name, uint32_t at,
				     const struct cel_type *receiver)
{
	struct cel_use use = call_of(name, at, true);
	use.args[use.n++] = receiver;
	return cel_check_use(c, &use);
}

/* target.hasValue() ? optional.of(body with x = target.value()) : optional.none() */
static void over_optional(struct cel_checker *c, struct cel_ast *a)
{
	cel_check_node(c, a->kids[0]);
	struct cel_scope s = { .fold = a, .up = c->scope };
	const struct cel_type *has = method(c, "hasValue", a->at, a->kids[0]->type);
	s.types[0] = method(c, "value", a->at, a->kids[0]->type);
	c->scope = &s;
	cel_check_node(c, a->kids[1]);
	c->scope = s.up;
	const struct cel_type *some = a->kids[1]->type;
	if (a->fold == CEL_FOLD_OPTIONAL)
		some = cel_optional_of(c, some);
	a->type = choose(c, a->at, has, some, cel_optional_of(c, cel_fresh(&c->unifier)));
}

static void over_value(struct cel_checker *c, struct cel_ast *a)
{
	cel_check_node(c, a->kids[0]);
	struct cel_scope s = { .fold = a, .types = { a->kids[0]->type }, .up = c->scope };
	c->scope = &s;
	cel_check_node(c, a->kids[1]);
	c->scope = s.up;
	a->type = a->kids[1]->type;
}

void cel_check_fold(struct cel_checker *c, struct cel_ast *a)
{
	if (a->fold == CEL_FOLD_BIND)
		over_value(c, a);
	else if (a->fold == CEL_FOLD_OPTIONAL || a->fold == CEL_FOLD_FLAT)
		over_optional(c, a);
	else
		over_range(c, a);
}
