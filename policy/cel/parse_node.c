/* Problems, and the nodes of a tree; see parse.h and parse_tokens.h. */
#include "policy/cel/parse_tokens.h"

enum { DEEPEST_NODE = 256, MOST_SHOWN = 40 };

void cel_problem_set(struct cel_problem *p, uint32_t at, const char *fmt, ...)
{
	if (p->set && p->at <= at)
		return;
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	buf_reset(&p->message);
	buf_puts(&p->message, text);
	p->set = true;
	p->at = at;
}

struct cel_ast *cel_parse_fail(struct cel_parser *p, uint32_t at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	cel_problem_set(p->problem, at, "%s", text);
	return NULL;
}

/* How much of a token a message shows: whole characters. */
static int shown(const struct cel_parser *p, const struct cel_token *t)
{
	uint32_t n = t->n < MOST_SHOWN ? t->n : MOST_SHOWN;
	while (n < t->n && n && ((unsigned char)p->text[t->at + n] & 0xC0) == 0x80)
		n--;
	return (int)n;
}

struct cel_ast *cel_parse_unexpected(struct cel_parser *p, const char *expected)
{
	const struct cel_token *t = cel_ahead(p, 0);
	int n = shown(p, t);
	if (t->type == CEL_T_BAD)
		return cel_parse_fail(p, t->at + 1,
				      "Syntax error: token recognition error at: '%.*s'", n,
				      p->text + t->at);
	if (t->type == CEL_T_QUOTED)
		return cel_parse_fail(p, t->at + 1, "unsupported syntax: '`'");
	if (t->type == CEL_T_END)
		return cel_parse_fail(p, t->at + 1,
				      "Syntax error: mismatched input '<EOF>' expecting %s",
				      expected);
	if (!expected)
		return cel_parse_fail(p, t->at + 1,
				      "Syntax error: extraneous input '%.*s' expecting <EOF>", n,
				      p->text + t->at);
	return cel_parse_fail(p, t->at + 1, "Syntax error: mismatched input '%.*s' expecting %s", n,
			      p->text + t->at, expected);
}

bool cel_parse_expect(struct cel_parser *p, uint16_t type, const char *name)
{
	if (cel_take(p, type))
		return true;
	cel_parse_unexpected(p, name);
	return false;
}

struct cel_ast *cel_ast_new(struct cel_parser *p, enum cel_ast_kind kind, uint32_t at)
{
	struct cel_ast *a = arena_calloc(p->arena, 1, sizeof(*a));
	a->kind = (uint8_t)kind;
	a->at = at;
	a->depth = 1;
	return a;
}

struct cel_ast *cel_ast_with_kids(struct cel_parser *p, struct cel_ast *a,
				  struct cel_ast *const *kids, uint32_t n)
{
	a->kids = arena_alloc(p->arena, n * sizeof(*kids));
	a->n = n;
	for (uint32_t i = 0; i < n; i++) {
		if (!kids[i])
			return NULL;
		a->kids[i] = kids[i];
		if (a->depth <= kids[i]->depth)
			a->depth = kids[i]->depth + 1;
	}
	if (a->depth > DEEPEST_NODE)
		return cel_parse_fail(p, 0, "max recursion depth exceeded");
	return a;
}

struct cel_ast *cel_ast_call(struct cel_parser *p, const char *name, uint32_t at,
			     struct cel_ast *const *args, uint32_t n)
{
	struct cel_ast *a = cel_ast_new(p, CEL_AST_CALL, at);
	a->name = (struct cel_name){ name, (uint32_t)strlen(name) };
	return cel_ast_with_kids(p, a, args, n);
}

void cel_nodes_done(struct cel_nodes *l)
{
	free(l->node);
	free(l->optional);
}

bool cel_nodes_add(struct cel_nodes *l, struct cel_ast *a, bool optional)
{
	if (!a)
		return false;
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->node = xreallocarray(l->node, l->cap, sizeof(*l->node));
		l->optional = xreallocarray(l->optional, l->cap, sizeof(*l->optional));
	}
	l->node[l->n] = a;
	l->optional[l->n++] = optional;
	return true;
}

const bool *cel_nodes_marks(struct cel_parser *p, const struct cel_nodes *l)
{
	if (!l->n || !memchr(l->optional, 1, l->n * sizeof(bool)))
		return NULL;
	bool *copy = arena_alloc(p->arena, l->n * sizeof(bool));
	memcpy(copy, l->optional, l->n * sizeof(bool));
	return copy;
}
