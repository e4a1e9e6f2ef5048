/* The compiler: a checked tree to a program; see node.h. */
#include "policy/cel/node.h"

static void *new_node(struct cel_builder *b, size_t size, cel_eval_fn *eval, uint32_t at)
{
	struct cel_node *n = arena_calloc(&b->program->arena, 1, size);
	n->eval = eval;
	n->at = at;
	return n;
}

#define NEW(b, type, eval, at) ((struct type *)new_node(b, sizeof(struct type), eval, at))

static const struct cel_node *constant(struct cel_builder *b, uint32_t at, struct cel_value v)
{
	struct cel_constant *c = NEW(b, cel_constant, cel_eval_constant, at);
	c->value = v;
	return &c->node;
}

static bool is_constant(const struct cel_node *n)
{
	return n->eval == cel_eval_constant;
}

static struct cel_value value_of(const struct cel_node *n)
{
	return ((const struct cel_constant *)n)->value;
}

static bool all_constant(const struct cel_node *const *nodes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!is_constant(nodes[i]))
			return false;
	return true;
}

/* All kids as nodes; NULL where one cannot be built. */
static const struct cel_node **kids_of(struct cel_builder *b, const struct cel_ast *a)
{
	const struct cel_node **kids = arena_alloc(&b->program->arena, (a->n + 1) * sizeof(*kids));
	for (uint32_t i = 0; i < a->n; i++)
		if (!(kids[i] = cel_build(b, a->kids[i])))
			return NULL;
	return kids;
}

static const struct cel_node *fail(struct cel_builder *b, uint32_t at, struct cel_value error)
{
	AUTO(buf_done) struct buf text = { 0 };
	cel_value_text(error, &text);
	cel_problem_set(b->problem, at, "%s", buf_text(&text));
	return NULL;
}

/* What the constants of a node come to; an error is one of the program. */
static const struct cel_node *folded(struct cel_builder *b, const struct cel_node *n)
{
	b->program->folded->cost = 0;
	struct cel_value v = cel_node_eval(n, b->program->folded);
	return cel_is_bad(v) ? fail(b, n->at, v) : constant(b, n->at, v);
}

/* ---- names and steps */

static bool is_attribute(const struct cel_node *n)
{
	return n->eval == cel_eval_attribute || n->eval == cel_eval_variable;
}

/* In a branch of ?: and as an index, a name costs nothing, only the steps into it. */
static void spare(const struct cel_node *n)
{
	if (n && is_attribute(n) && !((const struct cel_attribute *)n)->base)
		((struct cel_attribute *)n)->cost = 0;
}

static const struct cel_node *variable(struct cel_builder *b, const struct cel_ast *a)
{
	struct cel_attribute *v = NEW(b, cel_attribute, cel_eval_variable, a->at);
	v->cost = 1;
	if (a->local) {
		v->local = true;
		v->slot = a->local->frame + a->local_var;
		return &v->node;
	}
	v->slot = a->variable ? a->variable->slot : UINT32_MAX;
	v->unset = (struct cel_error){ .message = "no such attribute(s): ",
				       .about = cel_string(a->name.text, a->name.n),
				       .at = a->at };
	if (a->variable && v->slot < b->program->n_slots)
		b->program->uses[v->slot] = true;
	return &v->node;
}

static const struct cel_node *bound(struct cel_builder *b, const struct cel_ast *a)
{
	struct cel_bound *v = NEW(b, cel_bound, cel_eval_bound, a->at);
	v->place = a->local->frame;
	v->init = a->local->bound;
	return &v->node;
}

static const struct cel_node *name(struct cel_builder *b, const struct cel_ast *a)
{
	if (a->type_named)
		return constant(b, a->at, cel_type_value(a->type_named));
	if (a->local && a->local->fold == CEL_FOLD_BIND)
		return bound(b, a);
	if (a->local && a->local->kids)
		a->local->var_used = true;
	return variable(b, a);
}

/* The chain of selections and indexes that ends here, from what it starts with. */
static bool is_step(const struct cel_ast *a)
{
	return !a->variable && !a->type_named &&
	       (a->kind == CEL_AST_SELECT || a->kind == CEL_AST_INDEX);
}

static bool step(struct cel_builder *b, const struct cel_ast *a, struct cel_step *s)
{
	s->maybe = a->maybe;
	s->missing = (struct cel_error){ .message = "no such key: ", .at = a->at };
	if (a->kind == CEL_AST_SELECT) {
		s->key = cel_string(arena_strndup(&b->program->arena, a->name.text, a->name.n),
				    a->name.n);
	} else {
		s->index = cel_build(b, a->kids[1]);
		if (!s->index)
			return false;
		spare(s->index);
		if (is_constant(s->index)) {
			s->key = value_of(s->index);
			s->index = NULL;
			if (s->key.kind < CEL_BOOL || s->key.kind > CEL_STRING) {
				cel_problem_set(b->problem, a->kids[1]->at,
						"invalid qualifier type: %s", cel_go_name(s->key));
				return false;
			}
		}
		if (s->key.kind == CEL_STRING && !s->index)
			s->key.text = arena_strndup(&b->program->arena, s->key.text, s->key.n);
	}
	s->constant =
		!s->index && s->key.kind == CEL_STRING && !memchr(s->key.text, '\0', s->key.n);
	s->plain = s->constant && !s->maybe;
	if (!s->index)
		s->missing.about = s->key;
	return true;
}

static const struct cel_node *chain(struct cel_builder *b, struct cel_ast *a)
{
	struct cel_ast *root = a;
	uint32_t n = 0;
	for (; is_step(root); root = root->kids[0])
		n++;
	struct cel_attribute *out = NEW(b, cel_attribute, cel_eval_attribute, a->at);
	const struct cel_node *base = cel_build(b, root);
	if (!base)
		return NULL;
	if (base->eval == cel_eval_variable)
		*out = *(const struct cel_attribute *)base;
	else
		out->base = base;
	out->node = (struct cel_node){ a->test ? cel_eval_test : cel_eval_attribute, a->at };
	out->cost = !a->test;
	out->test = a->test;
	out->n = n;
	out->steps = arena_calloc(&b->program->arena, n, sizeof(*out->steps));
	for (const struct cel_ast *at = a; n-- > 0; at = at->kids[0])
		if (!step(b, at, &out->steps[n]))
			return NULL;
	return &out->node;
}

/* ---- calls */

static bool has_row(const struct cel_ast *a, const char *id)
{
	return a->n_overloads == 1 && strcmp(a->overloads[0]->row->id, id) == 0;
}

/* The items of a constant list as the keys of a map, if they are many. */
static bool set_of(struct cel_builder *b, struct cel_value list, struct cel_value *set)
{
	for (uint32_t i = 0; i < list.n; i++) {
		uint8_t kind = cel_item(list, i).kind;
		if (kind < CEL_BOOL || kind > CEL_STRING)
			return false;
	}
	*set = list;
	if (list.n <= 8)
		return true;
	struct cel_call c = { .run = b->program->folded };
	struct cel_entry *entries = arena_calloc(&b->program->arena, list.n, sizeof(*entries));
	for (uint32_t i = 0; i < list.n; i++)
		entries[i].key = cel_item(list, i);
	*set = cel_map_of(&c, entries, list.n);
	return set->kind == CEL_MAP;
}

static const struct cel_node *member_of(struct cel_builder *b, const struct cel_ast *a,
					const struct cel_node **kids)
{
	struct cel_value set;
	if (!has_row(a, "in_list") || !is_constant(kids[1]) || !set_of(b, value_of(kids[1]), &set))
		return NULL;
	if (set.n == 0)
		return constant(b, a->at, cel_bool(false));
	struct cel_member_of *m = NEW(b, cel_member_of, cel_eval_member_of, a->at);
	m->left = kids[0];
	m->set = set;
	return &m->node;
}

static const struct cel_node *operation(struct cel_builder *b, const struct cel_ast *a,
					const struct cel_node **kids)
{
	struct cel_operation *o = NEW(b, cel_operation, NULL, a->at);
	if (a->n > 2 || !cel_operation_set(o, a->name.text))
		return NULL;
	const struct cel_node *m = a->n == 2 ? member_of(b, a, kids) : NULL;
	if (m)
		return m;
	o->node.eval = a->n == 2 ? cel_eval_binary : cel_eval_unary;
	o->left = kids[0];
	o->right = a->n == 2 ? kids[1] : NULL;
	o->in_list = has_row(a, "in_list");
	o->sized = a->n_overloads == 1 && a->overloads[0]->row->cost;
	return &o->node;
}

/* The cost that all overloads agree on; else that of a call. */
static uint64_t (*cost_of(const struct cel_ast *a))(const struct cel_value *, struct cel_value)
{
	for (uint32_t i = 1; i < a->n_overloads; i++)
		if (a->overloads[i]->row->cost != a->overloads[0]->row->cost)
			return NULL;
	return a->n_overloads ? a->overloads[0]->row->cost : NULL;
}

/* A conversion is one by its name, whichever overloads libraries have added to it. */
static bool folds(const struct cel_ast *a)
{
	for (uint32_t i = 0; i < a->n_overloads; i++)
		if (a->overloads[i]->row->fold)
			return true;
	return false;
}

static const struct cel_node *invocation(struct cel_builder *b, const struct cel_ast *a,
					 const struct cel_node **kids)
{
	struct cel_invocation *n = NEW(b, cel_invocation, cel_eval_call, a->at);
	n->n = a->n;
	n->args = kids;
	n->name = a->name.text;
	n->overloads = a->overloads;
	n->n_overloads = a->n_overloads;
	n->cost = cost_of(a);
	if (folds(a) && all_constant(kids, a->n))
		return folded(b, &n->node);
	n->site = arena_calloc(&b->program->arena, 1, sizeof(*n->site));
	n->site->next = b->program->sites;
	b->program->sites = n->site;
	return &n->node;
}

static const struct cel_node *branches(struct cel_builder *b, const struct cel_ast *a,
				       const struct cel_node **kids, cel_eval_fn *eval)
{
	struct cel_branches *n = NEW(b, cel_branches, eval, a->at);
	n->n = a->n;
	n->kids = kids;
	return &n->node;
}

static const struct cel_node *call(struct cel_builder *b, struct cel_ast *a)
{
	const struct cel_node **kids = kids_of(b, a);
	if (!kids)
		return NULL;
	if (a->member && a->n == 2 && cel_ast_calls(a, "orValue"))
		return branches(b, a, kids, cel_eval_or_value);
	if (a->member && a->n == 2 && cel_ast_calls(a, "or"))
		return branches(b, a, kids, cel_eval_or_optional);
	const struct cel_node *o = operation(b, a, kids);
	return o ? o : invocation(b, a, kids);
}

/* ---- literals and folds */

static const struct cel_node *literal(struct cel_builder *b, const struct cel_ast *a)
{
	const struct cel_node **kids = kids_of(b, a);
	bool list = a->kind == CEL_AST_LIST;
	if (!kids)
		return NULL;
	struct cel_literal_node *n =
		NEW(b, cel_literal_node, list ? cel_eval_list : cel_eval_map, a->at);
	n->n = a->n;
	n->kids = kids;
	n->optional = a->optional;
	return !n->optional && all_constant(kids, a->n) ? folded(b, &n->node) : &n->node;
}

/* A wrapper of protobuf is the value that it wraps. */
static const struct cel_node *message(struct cel_builder *b, const struct cel_ast *a)
{
	struct cel_value zero = { .kind = (uint8_t)a->type->kind, .text = NULL };
	if (zero.kind == CEL_STRING || zero.kind == CEL_BYTES)
		zero.text = "";
	const struct cel_node **kids = arena_alloc(&b->program->arena, sizeof(*kids));
	kids[0] = a->n ? cel_build(b, a->kids[a->n - 1]) : constant(b, a->at, zero);
	if (!kids[0])
		return NULL;
	struct cel_branches *n = NEW(b, cel_branches, cel_eval_message, a->at);
	n->kids = kids;
	n->n = 1;
	return &n->node;
}

static cel_eval_fn *fold_fn(enum cel_fold fold)
{
	static cel_eval_fn *const fns[] = {
		[CEL_FOLD_ALL] = cel_eval_all,          [CEL_FOLD_EXISTS] = cel_eval_exists,
		[CEL_FOLD_ONE] = cel_eval_one,          [CEL_FOLD_FILTER] = cel_eval_filter,
		[CEL_FOLD_LIST] = cel_eval_to_list,     [CEL_FOLD_MAP] = cel_eval_to_map,
		[CEL_FOLD_ENTRY] = cel_eval_to_entries, [CEL_FOLD_OPTIONAL] = cel_eval_opt_map,
		[CEL_FOLD_FLAT] = cel_eval_opt_flat,    [CEL_FOLD_BIND] = cel_eval_bind,
	};
	return fns[fold];
}

static bool transforms(enum cel_fold fold)
{
	return fold >= CEL_FOLD_LIST;
}

static const struct cel_node *fold(struct cel_builder *b, struct cel_ast *a)
{
	struct cel_fold_node *n = NEW(b, cel_fold_node, fold_fn(a->fold), a->at);
	const struct cel_node *last, *before = NULL;
	if (!(n->range = cel_build(b, a->kids[0])))
		return NULL;
	a->frame = n->place = b->program->n_frame;
	a->bound = n->range;
	n->n_vars = (uint8_t)a->n_vars;
	b->program->n_frame += a->n_vars;
	if (a->n == 3 && !(before = cel_build(b, a->kids[1])))
		return NULL;
	if (!(last = cel_build(b, a->kids[a->n - 1])))
		return NULL;
	n->condition = transforms(a->fold) ? before : last;
	n->body = transforms(a->fold) ? last : NULL;
	n->used = a->var_used;
	return &n->node;
}

static const struct cel_node *conditional(struct cel_builder *b, const struct cel_ast *a)
{
	const struct cel_node **kids = kids_of(b, a);
	if (!kids)
		return NULL;
	spare(kids[1]);
	spare(kids[2]);
	return branches(b, a, kids, cel_eval_if);
}

static const struct cel_node *logic(struct cel_builder *b, const struct cel_ast *a)
{
	const struct cel_node **kids = kids_of(b, a);
	return kids ? branches(b, a, kids, a->kind == CEL_AST_AND ? cel_eval_and : cel_eval_or)
		    : NULL;
}

const struct cel_node *cel_build(struct cel_builder *b, struct cel_ast *a)
{
	switch ((enum cel_ast_kind)a->kind) {
	case CEL_AST_CONST:
		return constant(b, a->at, a->value);
	case CEL_AST_IDENT:
		return name(b, a);
	case CEL_AST_SELECT:
	case CEL_AST_INDEX:
		return is_step(a) ? chain(b, a) : name(b, a);
	case CEL_AST_CALL:
		return call(b, a);
	case CEL_AST_AND:
	case CEL_AST_OR:
		return logic(b, a);
	case CEL_AST_IF:
		return conditional(b, a);
	case CEL_AST_LIST:
	case CEL_AST_MAP:
		return literal(b, a);
	case CEL_AST_MESSAGE:
		return message(b, a);
	case CEL_AST_FOLD:
		return fold(b, a);
	}
	return NULL;
}
