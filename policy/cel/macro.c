/* Macros: has(), and the folds over lists, maps and optionals. */
#include "policy/cel/parse.h"

/* cel-go's accumulator: no variable may take its name. */
#define RESULT "__result__"

static const char simple_name[] = "argument must be a simple name";
static const char identifier[] = "argument is not an identifier";
static const char optional_name[] = "optMap() variable name must be a simple identifier";
static const char flat_name[] = "optFlatMap() variable name must be a simple identifier";

struct macro {
	const char *name;
	uint8_t n_args; /* without the receiver */
	uint8_t fold, n_vars;
	const char *no_name; /* what is said where a variable is no name */
};

static const struct macro macros[] = {
	{ "all", 2, CEL_FOLD_ALL, 1, simple_name },
	{ "all", 3, CEL_FOLD_ALL, 2, simple_name },
	{ "exists", 2, CEL_FOLD_EXISTS, 1, simple_name },
	{ "exists", 3, CEL_FOLD_EXISTS, 2, simple_name },
	{ "exists_one", 2, CEL_FOLD_ONE, 1, simple_name },
	{ "exists_one", 3, CEL_FOLD_ONE, 2, simple_name },
	{ "existsOne", 3, CEL_FOLD_ONE, 2, simple_name },
	{ "filter", 2, CEL_FOLD_FILTER, 1, identifier },
	{ "map", 2, CEL_FOLD_LIST, 1, identifier },
	{ "map", 3, CEL_FOLD_LIST, 1, identifier },
	{ "transformList", 3, CEL_FOLD_LIST, 2, simple_name },
	{ "transformList", 4, CEL_FOLD_LIST, 2, simple_name },
	{ "transformMap", 3, CEL_FOLD_MAP, 2, simple_name },
	{ "transformMap", 4, CEL_FOLD_MAP, 2, simple_name },
	{ "transformMapEntry", 3, CEL_FOLD_ENTRY, 2, simple_name },
	{ "transformMapEntry", 4, CEL_FOLD_ENTRY, 2, simple_name },
	{ "optMap", 2, CEL_FOLD_OPTIONAL, 1, optional_name },
	{ "optFlatMap", 2, CEL_FOLD_FLAT, 1, flat_name },
};

static bool same_name(struct cel_name a, struct cel_name b)
{
	return a.n == b.n && memcmp(a.text, b.text, a.n) == 0;
}

static struct cel_name name_of(const char *text)
{
	return (struct cel_name){ text, (uint32_t)strlen(text) };
}

/* What keeps the arguments from being the variables of a macro, said; true where nothing does. */
static bool names_fit(struct cel_parser *p, const struct macro *m, struct cel_ast *const *args)
{
	bool accumulates = m->fold != CEL_FOLD_OPTIONAL && m->fold != CEL_FOLD_FLAT;
	for (uint32_t i = 0; i < m->n_vars; i++)
		if (args[i]->kind != CEL_AST_IDENT || args[i]->rooted)
			return cel_parse_fail(p, args[i]->at, "%s", m->no_name);
	if (m->n_vars == 2 && same_name(args[0]->name, args[1]->name))
		return cel_parse_fail(p, args[1]->at, "duplicate variable name: %.*s",
				      (int)args[1]->name.n, args[1]->name.text);
	for (uint32_t i = 0; i < m->n_vars; i++)
		if (accumulates && same_name(args[i]->name, name_of(RESULT)))
			return cel_parse_fail(p, args[i]->at,
					      "iteration variable overwrites accumulator variable");
	return true;
}

static struct cel_ast *fold(struct cel_parser *p, const struct macro *m, struct cel_ast *call)
{
	if (!names_fit(p, m, call->kids + 1))
		return NULL;
	struct cel_ast *a = cel_ast_new(p, CEL_AST_FOLD, call->at);
	a->fold = m->fold;
	a->n_vars = m->n_vars;
	for (uint32_t i = 0; i < m->n_vars; i++)
		a->vars[i] = call->kids[1 + i]->name;
	/* The names go; the range and what follows them stay. */
	a->n = call->n - m->n_vars;
	a->kids = call->kids + m->n_vars;
	a->kids[0] = call->kids[0];
	a->depth = call->depth;
	return a;
}

static struct cel_ast *has(struct cel_parser *p, struct cel_ast *call)
{
	struct cel_ast *field = call->kids[0];
	if (field->kind != CEL_AST_SELECT || field->test || field->maybe)
		return cel_parse_fail(p, field->at, "invalid argument to has() macro");
	field->test = true;
	field->at = call->at;
	return field;
}

/* target.sortBy(x, key): a list and the keys of its elements; the target is evaluated once. */
static struct cel_ast *sort_by(struct cel_parser *p, struct cel_ast *call)
{
	static const struct macro map = { "map", 2, CEL_FOLD_LIST, 1, identifier };
	struct cel_ast *target = call->kids[0], *names[2], *kids[3];
	if (target->kind == CEL_AST_CONST || target->kind == CEL_AST_MAP ||
	    target->kind == CEL_AST_MESSAGE)
		return cel_parse_fail(p, target->at,
				      "sortBy can only be applied to a list, identifier, "
				      "comprehension, call or select expression");
	for (int i = 0; i < 2; i++) {
		names[i] = cel_ast_new(p, CEL_AST_IDENT, call->at);
		names[i]->name = name_of("@__sortBy_input__");
	}
	call->kids[0] = names[0];
	struct cel_ast *keys = fold(p, &map, call);
	if (!keys)
		return NULL;
	kids[0] = names[1];
	kids[1] = keys;
	struct cel_ast *body = cel_ast_call(p, "@sortByAssociatedKeys", call->at, kids, 2);
	if (!body)
		return NULL;
	body->member = true;
	kids[0] = target;
	kids[1] = body;
	struct cel_ast *bind = cel_ast_call(p, "", call->at, kids, 2);
	if (!bind)
		return NULL;
	bind->kind = CEL_AST_FOLD;
	bind->fold = CEL_FOLD_BIND;
	bind->n_vars = 1;
	bind->vars[0] = names[0]->name;
	return bind;
}

static struct cel_ast *expand(struct cel_parser *p, struct cel_ast *call)
{
	if (!call->member)
		return call->n == 1 && cel_ast_calls(call, "has") ? has(p, call) : call;
	if (call->n == 3 && cel_ast_calls(call, "sortBy"))
		return sort_by(p, call);
	for (size_t i = 0; i < ARRAY_LEN(macros); i++)
		if (call->n == 1u + macros[i].n_args && cel_ast_calls(call, macros[i].name))
			return fold(p, &macros[i], call);
	return call;
}

/* A macro that is used wrongly does not end the parsing: what stands before it may be wrong too,
 * and is what is said then. */
struct cel_ast *cel_macro_expand(struct cel_parser *p, struct cel_ast *call)
{
	struct cel_ast *a = expand(p, call);
	return a ? a : call;
}
