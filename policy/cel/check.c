/* The checker follows cel-go's checker/checker.go node by node; see check.h. */
#include "policy/cel/check.h"

#include <stdio.h>

#include "base/mem.h"

enum { LONGEST_NAME = 512 /* of a qualified name that can be declared */ };

void cel_check_fail(struct cel_checker *c, uint32_t at, const char *fmt, ...)
{
	if (c->lenient)
		return;
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	cel_problem_set(c->problem, at, "%s", text);
}

void cel_check_mismatch(struct cel_checker *c, uint32_t at, const struct cel_type *expected,
			const struct cel_type *found)
{
	AUTO(buf_done) struct buf a = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	cel_type_say(cel_substitute(&c->unifier, expected, true), &a);
	cel_type_say(cel_substitute(&c->unifier, found, true), &b);
	cel_check_fail(c, at, "expected type '%s' but found '%s'", buf_text(&a), buf_text(&b));
}

static void undeclared(struct cel_checker *c, uint32_t at, struct cel_name name)
{
	cel_check_fail(c, at, "undeclared reference to '%.*s' (in container '%s')", (int)name.n,
		       name.text, c->container);
}

const struct cel_type *cel_list_of(struct cel_checker *c, const struct cel_type *item)
{
	return cel_type_with(c->arena, CEL_LIST, "list", &item, 1);
}

const struct cel_type *cel_map_types(struct cel_checker *c, const struct cel_type *key,
				     const struct cel_type *value)
{
	const struct cel_type *params[] = { key, value };
	return cel_type_with(c->arena, CEL_MAP, "map", params, 2);
}

const struct cel_type *cel_optional_of(struct cel_checker *c, const struct cel_type *t)
{
	return cel_type_with(c->arena, CEL_OPTIONAL, "optional_type", &t, 1);
}

/* ---- names */

bool cel_ast_qualified(const struct cel_ast *a, char *out, size_t size)
{
	if (a->kind == CEL_AST_IDENT) {
		if (a->name.n >= size)
			return false;
		memcpy(out, a->name.text, a->name.n);
		out[a->name.n] = '\0';
		return true;
	}
	if (a->kind != CEL_AST_SELECT || a->test || a->maybe ||
	    !cel_ast_qualified(a->kids[0], out, size))
		return false;
	size_t n = strlen(out);
	if (n + a->name.n + 1 >= size)
		return false;
	out[n] = '.';
	memcpy(out + n + 1, a->name.text, a->name.n);
	out[n + 1 + a->name.n] = '\0';
	return true;
}

static const struct cel_ast *root_of(const struct cel_ast *a)
{
	while (a->kind == CEL_AST_SELECT)
		a = a->kids[0];
	return a;
}

/* The fold that binds a name, the innermost first; *which is the number of its variable. */
static struct cel_scope *local(struct cel_checker *c, struct cel_name name, uint32_t *which)
{
	for (struct cel_scope *s = c->scope; s; s = s->up)
		for (uint32_t i = 0; i < s->fold->n_vars; i++)
			if (s->fold->vars[i].n == name.n &&
			    memcmp(s->fold->vars[i].text, name.text, name.n) == 0) {
				*which = i;
				return s;
			}
	return NULL;
}

/* A variable or a type of that full name. */
static bool declared(struct cel_checker *c, struct cel_ast *a, const char *name, size_t n)
{
	a->variable = cel_env_find(c->env, name, n);
	if (a->variable) {
		a->type = a->variable->type;
		return true;
	}
	a->type_named = cel_env_type_value(c->env, name, n);
	if (!a->type_named)
		return false;
	a->type = cel_type_with(c->arena, CEL_TYPE, "type", &a->type_named, 1);
	return true;
}

/* The same within the container: x.y.name, x.name, name. */
static bool resolve(struct cel_checker *c, struct cel_ast *a, const char *name, bool rooted)
{
	char full[LONGEST_NAME];
	size_t prefix = rooted ? 0 : strlen(c->container);
	while (prefix) {
		int n = snprintf(full, sizeof(full), "%.*s.%s", (int)prefix, c->container, name);
		if (n < (int)sizeof(full) && declared(c, a, full, (size_t)n))
			return true;
		while (prefix && c->container[prefix - 1] != '.')
			prefix--;
		prefix -= prefix > 0;
	}
	return declared(c, a, name, strlen(name));
}

static void check_ident(struct cel_checker *c, struct cel_ast *a)
{
	uint32_t which;
	struct cel_scope *s = a->rooted ? NULL : local(c, a->name, &which);
	char name[LONGEST_NAME];
	if (s) {
		a->local = s->fold;
		a->local_var = which;
		a->type = s->types[which];
		return;
	}
	if (cel_ast_qualified(a, name, sizeof(name)) && resolve(c, a, name, a->rooted))
		return;
	undeclared(c, a->at, a->name);
	a->type = &cel_error_type;
}

/* ---- selections */

static const struct cel_type *field_type(struct cel_checker *c, struct cel_ast *a,
					 const struct cel_type *object)
{
	for (uint32_t i = 0; i < object->n_fields; i++)
		if (strncmp(object->fields[i].name, a->name.text, a->name.n) == 0 &&
		    !object->fields[i].name[a->name.n])
			return object->fields[i].type;
	cel_check_fail(c, a->at, "undefined field '%.*s'", (int)a->name.n, a->name.text);
	return &cel_error_type;
}

static const struct cel_type *selected(struct cel_checker *c, struct cel_ast *a,
				       const struct cel_type *from)
{
	const struct cel_type *dyn = &cel_dyn_type;
	AUTO(buf_done) struct buf text = { 0 };
	switch (from->kind) {
	case CEL_MAP:
		return from->params[1];
	case CEL_OBJECT:
		return field_type(c, a, from);
	case CEL_PARAM:
		cel_assignable(&c->unifier, &dyn, &from, 1);
		return dyn;
	case CEL_DYN:
	case CEL_ERROR:
		return dyn;
	default:
		cel_type_say(from, &text);
		cel_check_fail(c, a->at, "type '%s' does not support field selection",
			       buf_text(&text));
		return dyn;
	}
}

/* A chain of names that is itself declared: a.b.c */
static bool is_declared(struct cel_checker *c, struct cel_ast *a)
{
	const struct cel_ast *root = root_of(a);
	char name[LONGEST_NAME];
	uint32_t which;
	if (root->kind != CEL_AST_IDENT || (!root->rooted && local(c, root->name, &which)))
		return false;
	return cel_ast_qualified(a, name, sizeof(name)) && resolve(c, a, name, root->rooted);
}

static void check_select(struct cel_checker *c, struct cel_ast *a)
{
	if (is_declared(c, a)) {
		a->n = 0;
		return;
	}
	cel_check_node(c, a->kids[0]);
	const struct cel_type *from = cel_substitute(&c->unifier, a->kids[0]->type, false);
	bool optional = from->kind == CEL_OPTIONAL;
	const struct cel_type *t = selected(c, a, optional ? from->params[0] : from);
	if (optional || a->maybe)
		t = cel_optional_of(c, t);
	a->type = a->test ? &cel_bool_type : cel_substitute(&c->unifier, t, false);
}

/* ---- calls */

static void no_overload(struct cel_checker *c, const struct cel_use *use)
{
	AUTO(buf_done) struct buf text = { 0 };
	for (unsigned i = 0; i < use->n; i++) {
		if (i == 0 && use->member) {
			cel_type_say(cel_substitute(&c->unifier, use->args[0], true), &text);
			buf_puts(&text, ".(");
			continue;
		}
		buf_puts(&text, i == 0 ? "(" : i == 1 && use->member ? "" : ", ");
		cel_type_say(cel_substitute(&c->unifier, use->args[i], true), &text);
	}
	buf_puts(&text, use->n ? ")" : "()");
	cel_check_fail(c, use->at, "found no matching overload for '%s' applied to '%s'", use->name,
		       buf_text(&text));
}

/* Without types, every overload of the right style may be meant. */
static const struct cel_type *any_overload(struct cel_checker *c, const struct cel_use *use,
					   const struct cel_function *f)
{
	if (!use->into)
		return &cel_dyn_type;
	use->into->overloads = arena_alloc(c->arena, f->n * sizeof(*f->overloads));
	for (uint32_t i = 0; i < f->n; i++)
		if (f->overloads[i]->signature.member == use->member &&
		    f->overloads[i]->signature.n == use->n)
			use->into->overloads[use->into->n_overloads++] = f->overloads[i];
	return &cel_dyn_type;
}

const struct cel_type *cel_check_use(struct cel_checker *c, const struct cel_use *use)
{
	const struct cel_function *f = cel_env_function(c->env, use->name, strlen(use->name));
	const struct cel_type *result = NULL;
	struct cel_resolved **found = NULL;
	uint32_t n = 0;
	for (uint32_t i = 0; f && i < f->n; i++) {
		struct cel_resolved *o = f->overloads[i];
		if (o->signature.member != use->member || o->signature.n != use->n)
			continue;
		struct cel_signature s = cel_instantiate(&c->unifier, &o->signature);
		if (!cel_assignable(&c->unifier, use->args, s.args, use->n))
			continue;
		if (!found)
			found = arena_alloc(c->arena, f->n * sizeof(*found));
		found[n++] = o;
		const struct cel_type *t = cel_substitute(&c->unifier, s.result, false);
		if (!result)
			result = t;
		else if (result->kind != CEL_DYN && !cel_type_equal(result, t))
			result = &cel_dyn_type;
	}
	if (!result && f && c->lenient)
		return any_overload(c, use, f);
	if (!result) {
		no_overload(c, use);
		return &cel_error_type;
	}
	if (use->into) {
		use->into->overloads = found;
		use->into->n_overloads = n;
	}
	return result;
}

static struct cel_use use_of(struct cel_ast *a, const char *name, bool member)
{
	struct cel_use use = { .name = name, .at = a->at, .member = member, .into = a };
	for (uint32_t i = 0; i < a->n && i < CEL_MAX_ARGS; i++)
		use.args[i] = a->kids[i]->type;
	use.n = a->n < CEL_MAX_ARGS ? a->n : CEL_MAX_ARGS;
	return use;
}

/* a.b.f(x) may be the function a.b.f.  The receiver goes then, and the name is the long one. */
static bool is_namespaced(struct cel_checker *c, struct cel_ast *a)
{
	char name[LONGEST_NAME];
	if (!cel_ast_qualified(a->kids[0], name, sizeof(name)))
		return false;
	size_t n = strlen(name);
	if (n + a->name.n + 1 >= sizeof(name))
		return false;
	name[n] = '.';
	memcpy(name + n + 1, a->name.text, a->name.n + 1);
	const struct cel_function *f = cel_env_function(c->env, name, n + 1 + a->name.n);
	if (!f)
		return false;
	a->name = (struct cel_name){ f->name, (uint32_t)strlen(f->name) };
	a->member = false;
	a->kids++;
	a->n--;
	return true;
}

static void check_call(struct cel_checker *c, struct cel_ast *a)
{
	if (a->member)
		is_namespaced(c, a);
	for (uint32_t i = a->member; i < a->n; i++)
		cel_check_node(c, a->kids[i]);
	if (a->member)
		cel_check_node(c, a->kids[0]);
	a->type = &cel_error_type;
	bool known = cel_env_function(c->env, a->name.text, a->name.n);
	if (!known)
		undeclared(c, a->at, a->name);
	/* Where undeclared names are let pass too: an evaluation has no room for more. */
	if (a->n > CEL_MAX_ARGS)
		cel_problem_set(c->problem, a->at, "'%s' has too many arguments", a->name.text);
	if (!known || a->n > CEL_MAX_ARGS)
		return;
	struct cel_use use = use_of(a, a->name.text, a->member);
	a->type = cel_check_use(c, &use);
}

static void check_operator(struct cel_checker *c, struct cel_ast *a, const char *name)
{
	for (uint32_t i = 0; i < a->n; i++)
		cel_check_node(c, a->kids[i]);
	struct cel_use use = use_of(a, name, false);
	a->type = cel_check_use(c, &use);
}

static void check_logic(struct cel_checker *c, struct cel_ast *a)
{
	const struct cel_type *boolean = &cel_bool_type;
	for (uint32_t i = 0; i < a->n; i++) {
		cel_check_node(c, a->kids[i]);
		const struct cel_type *t = a->kids[i]->type;
		if (!cel_assignable(&c->unifier, &t, &boolean, 1))
			cel_check_mismatch(c, a->kids[i]->at, boolean, t);
	}
	a->type = boolean;
}

void cel_check_node(struct cel_checker *c, struct cel_ast *a)
{
	switch ((enum cel_ast_kind)a->kind) {
	case CEL_AST_CONST:
		a->type = cel_type_of(a->value);
		return;
	case CEL_AST_IDENT:
		check_ident(c, a);
		return;
	case CEL_AST_SELECT:
		check_select(c, a);
		return;
	case CEL_AST_INDEX:
		check_operator(c, a, a->maybe ? "_[?_]" : "_[_]");
		return;
	case CEL_AST_CALL:
		check_call(c, a);
		return;
	case CEL_AST_AND:
	case CEL_AST_OR:
		check_logic(c, a);
		return;
	case CEL_AST_IF:
		check_operator(c, a, "_?_:_");
		return;
	case CEL_AST_LIST:
		cel_check_list(c, a);
		return;
	case CEL_AST_MAP:
		cel_check_map(c, a);
		return;
	case CEL_AST_MESSAGE:
		cel_check_message(c, a);
		return;
	case CEL_AST_FOLD:
		cel_check_fold(c, a);
		return;
	}
}

bool cel_check(struct cel_checker *c, struct cel_ast *a)
{
	c->unifier.arena = c->arena;
	cel_check_node(c, a);
	if (c->unifier.steps > CEL_MAX_STEPS)
		cel_problem_set(c->problem, 0, "the types of the expression are too large");
	return !c->problem->set;
}
