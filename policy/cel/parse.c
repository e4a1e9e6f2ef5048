/* A parser by recursive descent; the grammar is cel-go's CEL.g4.  See parse.h;
 * lists, maps and messages are in parse_literal.c. */
#include "policy/cel/parse_tokens.h"

#include "base/utf8.h"

static struct cel_ast *unary(struct cel_parser *p);

/* Arguments up to the bracket that closes them. */
static bool arguments(struct cel_parser *p, struct cel_nodes *out)
{
	if (cel_take(p, ')'))
		return true;
	do {
		if (!cel_nodes_add(out, cel_parse_expression(p), false))
			return false;
	} while (cel_take(p, ','));
	return cel_parse_expect(p, ')', "')'");
}

/* How many tokens are the name of a message before its brace; 0 where this is none. */
static uint32_t message_name(const struct cel_parser *p)
{
	uint32_t n = 0;
	if (cel_ahead(p, n)->type != CEL_T_IDENT)
		return 0;
	for (n++; cel_ahead(p, n)->type == '.' && cel_ahead(p, n + 1)->type == CEL_T_IDENT; n += 2)
		;
	return cel_ahead(p, n)->type == '{' ? n : 0;
}

static bool is_reserved(struct cel_name name)
{
	static const char *const words[] = {
		"as",       "break",  "const",  "continue", "else",  "for",
		"function", "if",     "import", "let",      "loop",  "namespace",
		"package",  "return", "var",    "void",     "while",
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == name.n && memcmp(words[i], name.text, name.n) == 0)
			return true;
	return false;
}

static char *copy_name(struct cel_parser *p, struct cel_name name)
{
	return arena_strndup(p->arena, name.text, name.n);
}

static struct cel_ast *call(struct cel_parser *p, struct cel_ast *receiver, struct cel_name name,
			    uint32_t at)
{
	AUTO(cel_nodes_done) struct cel_nodes args = { 0 };
	if ((receiver && !cel_nodes_add(&args, receiver, false)) || !arguments(p, &args))
		return NULL;
	struct cel_ast *a = cel_ast_call(p, copy_name(p, name), at, args.node, args.n);
	if (!a)
		return NULL;
	a->member = receiver != NULL;
	return p->no_macros ? a : cel_macro_expand(p, a);
}

/* A name, a global call or a message. */
static struct cel_ast *named(struct cel_parser *p)
{
	uint32_t at = cel_here(p);
	bool rooted = cel_take(p, '.');
	uint32_t tokens = message_name(p);
	const struct cel_token *t = cel_ahead(p, 0);
	struct cel_name name = { p->text + t->at, t->n };
	if (tokens) {
		const struct cel_token *last = cel_ahead(p, tokens - 1);
		name.n = last->at + last->n - t->at;
		p->next += tokens;
		return cel_parse_message(p, name);
	}
	if (!cel_parse_expect(p, CEL_T_IDENT, "IDENTIFIER"))
		return NULL;
	if (is_reserved(name))
		return cel_parse_fail(p, at, "reserved identifier: %.*s", (int)name.n, name.text);
	uint32_t bracket = cel_here(p);
	if (cel_take(p, '('))
		return call(p, NULL, name, bracket);
	struct cel_ast *a = cel_ast_new(p, CEL_AST_IDENT, at);
	a->name = name;
	a->rooted = rooted;
	return a;
}

static struct cel_ast *bracketed(struct cel_parser *p)
{
	p->next++;
	struct cel_ast *a = cel_parse_expression(p);
	if (!a)
		return NULL;
	if (cel_see(p, CEL_T_END))
		return cel_parse_fail(p, cel_here(p), "Syntax error: missing ')' at '<EOF>'");
	return cel_parse_expect(p, ')', "')'") ? a : NULL;
}

static bool is_number(const struct cel_token *t)
{
	return t->type == CEL_T_INT || t->type == CEL_T_FLOAT;
}

static struct cel_ast *primary(struct cel_parser *p)
{
	const struct cel_token *t = cel_ahead(p, 0);
	uint32_t at = cel_here(p);
	switch (t->type) {
	case '(':
		return bracketed(p);
	case '[':
		return cel_parse_list(p);
	case '{':
		return cel_parse_map(p);
	case '.':
	case CEL_T_IDENT:
		return named(p);
	case '-':
		if (!is_number(cel_ahead(p, 1)))
			break;
		p->next += 2;
		return cel_literal(p, cel_ahead(p, 0) - 1, true, at);
	case CEL_T_INT:
	case CEL_T_UINT:
	case CEL_T_FLOAT:
	case CEL_T_STRING:
	case CEL_T_BYTES:
	case CEL_T_TRUE:
	case CEL_T_FALSE:
	case CEL_T_NULL:
		p->next++;
		return cel_literal(p, t, false, at);
	default:
		break;
	}
	return cel_parse_unexpected(p, "an expression");
}

/* Behind a dot. */
static struct cel_ast *select_field(struct cel_parser *p, struct cel_ast *of)
{
	uint32_t at = cel_here(p);
	p->next++;
	bool maybe = cel_take(p, '?');
	const struct cel_token *t = cel_ahead(p, 0);
	struct cel_name name = { p->text + t->at, t->n };
	if (t->type == CEL_T_QUOTED)
		return cel_parse_fail(p, t->at + 1, "unsupported syntax: '`'");
	if (!cel_parse_expect(p, CEL_T_IDENT, "IDENTIFIER"))
		return NULL;
	uint32_t bracket = cel_here(p);
	if (!maybe && cel_take(p, '('))
		return call(p, of, name, bracket);
	struct cel_ast *a = cel_ast_new(p, CEL_AST_SELECT, at);
	a->name = name;
	a->maybe = maybe;
	return cel_ast_with_kids(p, a, &of, 1);
}

static struct cel_ast *index_of(struct cel_parser *p, struct cel_ast *of)
{
	struct cel_ast *a = cel_ast_new(p, CEL_AST_INDEX, cel_here(p));
	p->next++;
	a->maybe = cel_take(p, '?');
	struct cel_ast *kids[] = { of, cel_parse_expression(p) };
	if (!kids[1] || !cel_parse_expect(p, ']', "']'"))
		return NULL;
	return cel_ast_with_kids(p, a, kids, 2);
}

static struct cel_ast *member(struct cel_parser *p)
{
	struct cel_ast *a = primary(p);
	while (a && (cel_see(p, '.') || cel_see(p, '[')))
		a = cel_see(p, '.') ? select_field(p, a) : index_of(p, a);
	return a;
}

/* `!` or `-`, any number of them: pairs cancel.  One minus before a number belongs to the number.
 */
static struct cel_ast *unary(struct cel_parser *p)
{
	uint16_t sign = cel_ahead(p, 0)->type;
	uint32_t at = cel_here(p), n = 0;
	if ((sign != '!' && sign != '-') || (sign == '-' && is_number(cel_ahead(p, 1))))
		return member(p);
	while (cel_take(p, sign))
		n++;
	struct cel_ast *a = member(p);
	if (!a || n % 2 == 0)
		return a;
	return cel_ast_call(p, sign == '!' ? "!_" : "-_", at, &a, 1);
}

struct operator
{
	uint16_t token;
	uint8_t level; /* binds tighter the higher it is */
	const char *name;
};

enum { RELATION = 1, SUM = 2, PRODUCT = 3 };

static const struct operator operators[] = {
	{ '<', RELATION, "_<_" },
	{ CEL_T_LE, RELATION, "_<=_" },
	{ '>', RELATION, "_>_" },
	{ CEL_T_GE, RELATION, "_>=_" },
	{ CEL_T_EQ, RELATION, "_==_" },
	{ CEL_T_NE, RELATION, "_!=_" },
	{ CEL_T_IN, RELATION, "@in" },
	{ '+', SUM, "_+_" },
	{ '-', SUM, "_-_" },
	{ '*', PRODUCT, "_*_" },
	{ '/', PRODUCT, "_/_" },
	{ '%', PRODUCT, "_%_" },
};

static const struct operator* operator_here(const struct cel_parser *p, unsigned level)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (operators[i].level == level && cel_see(p, operators[i].token))
			return &operators[i];
	return NULL;
}

/* Left-associative operators of a level and of those that bind tighter. */
static struct cel_ast *binary(struct cel_parser *p, unsigned level)
{
	struct cel_ast *a = level == PRODUCT ? unary(p) : binary(p, level + 1);
	const struct operator* o;
	while (a && (o = operator_here(p, level))) {
		uint32_t at = cel_here(p);
		p->next++;
		struct cel_ast *kids[] = { a, level == PRODUCT ? unary(p) : binary(p, level + 1) };
		a = kids[1] ? cel_ast_call(p, o->name, at, kids, 2) : NULL;
	}
	return a;
}

/* A chain of && or ||: one node with all its terms. */
static struct cel_ast *chain(struct cel_parser *p, bool is_or)
{
	uint16_t sign = is_or ? CEL_T_OR : CEL_T_AND;
	struct cel_ast *first = is_or ? chain(p, false) : binary(p, RELATION);
	if (!first || !cel_see(p, sign))
		return first;
	AUTO(cel_nodes_done) struct cel_nodes terms = { 0 };
	struct cel_ast *a = cel_ast_new(p, is_or ? CEL_AST_OR : CEL_AST_AND, cel_here(p));
	cel_nodes_add(&terms, first, false);
	while (cel_take(p, sign))
		if (!cel_nodes_add(&terms, is_or ? chain(p, false) : binary(p, RELATION), false))
			return NULL;
	return cel_ast_with_kids(p, a, terms.node, terms.n);
}

static struct cel_ast *conditional(struct cel_parser *p)
{
	struct cel_ast *kids[3] = { chain(p, true) };
	if (!kids[0] || !cel_see(p, '?'))
		return kids[0];
	struct cel_ast *a = cel_ast_new(p, CEL_AST_IF, cel_here(p));
	p->next++;
	if (!(kids[1] = chain(p, true)) || !cel_parse_expect(p, ':', "':'") ||
	    !(kids[2] = cel_parse_expression(p)))
		return NULL;
	return cel_ast_with_kids(p, a, kids, 3);
}

struct cel_ast *cel_parse_expression(struct cel_parser *p)
{
	if (p->depth >= CEL_MAX_DEPTH)
		return cel_parse_fail(p, 0, "expression recursion limit exceeded: %d",
				      CEL_MAX_DEPTH);
	p->depth++;
	struct cel_ast *a = conditional(p);
	p->depth--;
	return a;
}

/* Code points, or -1 where the text is not UTF-8. */
static int64_t code_points(const char *text, size_t n)
{
	int64_t count = 0;
	uint32_t code;
	for (size_t i = 0, length; i < n; i += length, count++)
		if (!(length = utf8_decode(text + i, n - i, &code)))
			return -1;
	return count;
}

static struct cel_ast *whole(struct cel_parser *p)
{
	struct cel_ast *a = cel_parse_expression(p);
	if (!a || cel_see(p, CEL_T_END))
		return a;
	return cel_parse_unexpected(p, NULL);
}

struct cel_ast *cel_parse(struct arena *arena, const char *text, size_t n, bool no_macros,
			  struct cel_problem *problem)
{
	struct cel_parser p = { .arena = arena, .text = text, .n = n, .problem = problem };
	p.no_macros = no_macros;
	int64_t size = n > 4 * (size_t)CEL_MAX_SOURCE ? CEL_MAX_SOURCE + 1 : code_points(text, n);
	if (size < 0)
		return cel_parse_fail(&p, 0, "the expression is not valid UTF-8");
	if (size > CEL_MAX_SOURCE)
		return cel_parse_fail(
			&p, 0, "expression code point size exceeds limit: size: %lld, limit %d",
			(long long)size, CEL_MAX_SOURCE);
	cel_lex(text, n, &p.tokens);
	struct cel_ast *a = whole(&p);
	cel_tokens_done(&p.tokens);
	return problem->set ? NULL : a;
}
