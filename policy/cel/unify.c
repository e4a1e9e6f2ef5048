/* Unification as cel-go's checker does it (checker/types.go); see unify.h. */
#include "policy/cel/unify.h"

#include <string.h>

static bool assignable(struct cel_unifier *u, const struct cel_type *a, const struct cel_type *b);

void cel_unifier_done(struct cel_unifier *u)
{
	free(u->bound);
	free(u->trail);
	*u = (struct cel_unifier){ 0 };
}

const struct cel_type *cel_fresh(struct cel_unifier *u)
{
	GROW(u->bound, u->n, u->cap);
	u->bound[u->n++] = NULL;
	struct cel_type *t = arena_calloc(u->arena, 1, sizeof(*t));
	t->kind = CEL_PARAM;
	t->name = "dyn";
	t->variable = u->n;
	return t;
}

static const struct cel_type *find(const struct cel_unifier *u, const struct cel_type *t)
{
	return t->kind == CEL_PARAM && t->variable ? u->bound[t->variable - 1] : NULL;
}

static void bind(struct cel_unifier *u, const struct cel_type *variable, const struct cel_type *to)
{
	GROW(u->trail, u->n_trail, u->cap_trail);
	u->trail[u->n_trail].variable = variable->variable;
	u->trail[u->n_trail++].before = u->bound[variable->variable - 1];
	u->bound[variable->variable - 1] = to;
}

static void undo(struct cel_unifier *u, uint32_t mark)
{
	while (u->n_trail > mark) {
		u->n_trail--;
		u->bound[u->trail[u->n_trail].variable - 1] = u->trail[u->n_trail].before;
	}
}

static bool is_exhausted(struct cel_unifier *u)
{
	return ++u->steps > CEL_MAX_STEPS;
}

static bool same(const struct cel_type *a, const struct cel_type *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == CEL_PARAM)
		return a->variable == b->variable && (a->variable || strcmp(a->name, b->name) == 0);
	if (strcmp(a->name, b->name) != 0)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!same(a->params[i], b->params[i]))
			return false;
	return true;
}

static bool is_less_specific(const struct cel_type *a, const struct cel_type *b)
{
	if (a->kind == CEL_DYN || a->kind == CEL_PARAM)
		return true;
	if (b->kind == CEL_DYN || b->kind == CEL_PARAM || a->kind != b->kind)
		return false;
	if (a->kind == CEL_TYPE)
		return true;
	if (strcmp(a->name, b->name) != 0 || a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!is_less_specific(a->params[i], b->params[i]))
			return false;
	return true;
}

const struct cel_type *cel_most_general(const struct cel_type *a, const struct cel_type *b)
{
	return is_less_specific(a, b) ? a : b;
}

/* The occurs check: a variable must not stand for a type that it is part of. */
static bool is_free_of(struct cel_unifier *u, const struct cel_type *variable,
		       const struct cel_type *within)
{
	if (is_exhausted(u) || same(variable, within))
		return false;
	const struct cel_type *bound = find(u, within);
	if (bound)
		return is_free_of(u, variable, bound);
	for (unsigned i = 0; i < within->n; i++)
		if (!is_free_of(u, variable, within->params[i]))
			return false;
	return true;
}

/* Whether the variable can stand for the type; *known: it stands for something already. */
static bool can_stand_for(struct cel_unifier *u, const struct cel_type *t,
			  const struct cel_type *variable, bool *known)
{
	*known = true;
	if (same(t, variable))
		return true;
	const struct cel_type *bound = find(u, variable);
	if (!bound) {
		*known = false;
		if (!is_free_of(u, variable, t))
			return false;
		bind(u, variable, t);
		return true;
	}
	if (same(t, bound))
		return true;
	if (!assignable(u, t, bound))
		return false;
	const struct cel_type *general = cel_most_general(t, bound);
	if (is_free_of(u, variable, general))
		bind(u, variable, general);
	return true;
}

static bool takes_null(const struct cel_type *t)
{
	return t->kind == CEL_NULL || t->kind == CEL_OPAQUE || t->kind == CEL_OPTIONAL ||
	       t->kind == CEL_OBJECT || t->kind == CEL_TIMESTAMP || t->kind == CEL_DURATION;
}

static bool assignable(struct cel_unifier *u, const struct cel_type *a, const struct cel_type *b)
{
	bool known;
	if (is_exhausted(u))
		return false;
	if (b->kind == CEL_PARAM && b->variable) {
		if (can_stand_for(u, a, b, &known))
			return true;
		if (known)
			return false;
	}
	if (a->kind == CEL_PARAM && a->variable)
		return can_stand_for(u, b, a, &known);
	if (cel_is_dyn(a) || cel_is_dyn(b))
		return true;
	if (a->kind == CEL_NULL)
		return takes_null(b);
	if (b->kind == CEL_NULL)
		return takes_null(a);
	if (a->kind != b->kind)
		return false;
	if (a->kind == CEL_TYPE)
		return true;
	if (strcmp(a->name, b->name) != 0 || a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!assignable(u, a->params[i], b->params[i]))
			return false;
	return true;
}

bool cel_assignable(struct cel_unifier *u, const struct cel_type *const *a,
		    const struct cel_type *const *b, unsigned n)
{
	uint32_t mark = u->n_trail;
	for (unsigned i = 0; i < n; i++)
		if (!assignable(u, a[i], b[i])) {
			undo(u, mark);
			return false;
		}
	u->n_trail = 0;
	return true;
}

const struct cel_type *cel_substitute(struct cel_unifier *u, const struct cel_type *t, bool to_dyn)
{
	const struct cel_type *bound = find(u, t);
	if (is_exhausted(u))
		return &cel_dyn_type;
	if (bound)
		return cel_substitute(u, bound, to_dyn);
	if (t->kind == CEL_PARAM)
		return to_dyn ? &cel_dyn_type : t;
	const struct cel_type *params[CEL_MAX_ARGS];
	bool changed = false;
	for (unsigned i = 0; i < t->n; i++) {
		params[i] = cel_substitute(u, t->params[i], to_dyn);
		changed |= params[i] != t->params[i];
	}
	return changed ? cel_type_with(u->arena, t->kind, t->name, params, t->n) : t;
}

struct renames {
	const char *name[CEL_MAX_ARGS];
	const struct cel_type *to[CEL_MAX_ARGS];
	unsigned n;
};

static const struct cel_type *rename_params(struct cel_unifier *u, struct renames *r,
					    const struct cel_type *t)
{
	if (t->kind == CEL_PARAM) {
		for (unsigned i = 0; i < r->n; i++)
			if (strcmp(r->name[i], t->name) == 0)
				return r->to[i];
		if (r->n == CEL_MAX_ARGS)
			return &cel_dyn_type;
		r->name[r->n] = t->name;
		return r->to[r->n++] = cel_fresh(u);
	}
	const struct cel_type *params[CEL_MAX_ARGS];
	bool changed = false;
	for (unsigned i = 0; i < t->n; i++) {
		params[i] = rename_params(u, r, t->params[i]);
		changed |= params[i] != t->params[i];
	}
	return changed ? cel_type_with(u->arena, t->kind, t->name, params, t->n) : t;
}

struct cel_signature cel_instantiate(struct cel_unifier *u, const struct cel_signature *s)
{
	struct cel_signature out = *s;
	struct renames r = { .n = 0 };
	if (!s->generic)
		return out;
	for (unsigned i = 0; i < s->n; i++)
		out.args[i] = rename_params(u, &r, s->args[i]);
	out.result = rename_params(u, &r, s->result);
	return out;
}
