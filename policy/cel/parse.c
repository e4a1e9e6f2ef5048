/* A parser by recursive descent; the grammar is cel-go's CEL.g4.  See parse.h. */
#include "policy/cel/parse.h"

#include "base/utf8.h"

enum { DEEPEST_NODE = 256 };

static struct cel_ast *expression(struct cel_parser *p);
static struct cel_ast *unary(struct cel_parser *p);

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

static const struct cel_token *ahead(const struct cel_parser *p, uint32_t n)
{
	uint32_t last = p->tokens.n - 1;
	return &p->tokens.token[p->next + n < last ? p->next + n : last];
}

static bool see(const struct cel_parser *p, uint16_t type)
{
	return ahead(p, 0)->type == type;
}

static uint32_t here(const struct cel_parser *p)
{
	return ahead(p, 0)->at + 1;
}

static bool take(struct cel_parser *p, uint16_t type)
{
	if (!see(p, type))
		return false;
	p->next++;
	return true;
}

/* The token here is not what was expected. */
static struct cel_ast *unexpected(struct cel_parser *p, const char *expected)
{
	const struct cel_token *t = ahead(p, 0);
	int n = t->n < 40 ? (int)t->n : 40;
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
	return cel_parse_fail(p, t->at + 1, "Syntax error: mismatched input '%.*s' expecting %s", n,
			      p->text + t->at, expected);
}

static bool expect(struct cel_parser *p, uint16_t type, const char *name)
{
	if (take(p, type))
		return true;
	unexpected(p, name);
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

/* Gives the node its kids; NULL where it lies too deep then. */
static struct cel_ast *with_kids(struct cel_parser *p, struct cel_ast *a,
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
	return with_kids(p, a, args, n);
}

/* A list of nodes that grows. */
struct nodes {
	struct cel_ast **node;
	bool *optional;
	uint32_t n, cap;
};

static void nodes_done(struct nodes *l)
{
	free(l->node);
	free(l->optional);
}

static bool nodes_add(struct nodes *l, struct cel_ast *a, bool optional)
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

/* The marks of optional elements; NULL where there is none. */
static const bool *marks(struct cel_parser *p, const struct nodes *l)
{
	if (!l->n || !memchr(l->optional, 1, l->n * sizeof(bool)))
		return NULL;
	bool *copy = arena_alloc(p->arena, l->n * sizeof(bool));
	memcpy(copy, l->optional, l->n * sizeof(bool));
	return copy;
}

/* Arguments up to the bracket that closes them. */
static bool arguments(struct cel_parser *p, struct nodes *out)
{
	if (take(p, ')'))
		return true;
	do {
		if (!nodes_add(out, expression(p), false))
			return false;
	} while (take(p, ','));
	return expect(p, ')', "')'");
}

static struct cel_ast *list(struct cel_parser *p)
{
	AUTO(nodes_done) struct nodes l = { 0 };
	struct cel_ast *a = cel_ast_new(p, CEL_AST_LIST, here(p));
	p->next++;
	while (!see(p, ']') && !see(p, ',')) {
		bool optional = take(p, '?');
		if (!nodes_add(&l, expression(p), optional))
			return NULL;
		if (!see(p, ',') || ahead(p, 1)->type == ']')
			break;
		p->next++;
	}
	take(p, ',');
	if (!expect(p, ']', "']'"))
		return NULL;
	a->optional = marks(p, &l);
	return with_kids(p, a, l.node, l.n);
}

static struct cel_ast *map(struct cel_parser *p)
{
	AUTO(nodes_done) struct nodes l = { 0 };
	struct cel_ast *a = cel_ast_new(p, CEL_AST_MAP, here(p));
	p->next++;
	while (!see(p, '}') && !see(p, ',')) {
		bool optional = take(p, '?');
		if (!nodes_add(&l, expression(p), optional) || !expect(p, ':', "':'") ||
		    !nodes_add(&l, expression(p), optional))
			return NULL;
		if (!see(p, ',') || ahead(p, 1)->type == '}')
			break;
		p->next++;
	}
	take(p, ',');
	if (!expect(p, '}', "'}'"))
		return NULL;
	a->optional = marks(p, &l);
	return with_kids(p, a, l.node, l.n);
}

/* The fields of a message; the name is read. */
static struct cel_ast *message(struct cel_parser *p, struct cel_name name)
{
	AUTO(nodes_done) struct nodes l = { 0 };
	struct cel_ast *a = cel_ast_new(p, CEL_AST_MESSAGE, here(p));
	struct cel_name fields[64];
	a->name = name;
	p->next++;
	while (!see(p, '}') && !see(p, ',')) {
		bool optional = take(p, '?');
		const struct cel_token *t = ahead(p, 0);
		if (l.n == ARRAY_LEN(fields))
			return cel_parse_fail(p, here(p), "too many fields");
		fields[l.n] = (struct cel_name){ p->text + t->at, t->n };
		if (!expect(p, CEL_T_IDENT, "IDENTIFIER") || !expect(p, ':', "':'") ||
		    !nodes_add(&l, expression(p), optional))
			return NULL;
		if (!see(p, ',') || ahead(p, 1)->type == '}')
			break;
		p->next++;
	}
	take(p, ',');
	if (!expect(p, '}', "'}'"))
		return NULL;
	a->optional = marks(p, &l);
	a->fields = arena_alloc(p->arena, l.n * sizeof(*fields));
	memcpy(a->fields, fields, l.n * sizeof(*fields));
	return with_kids(p, a, l.node, l.n);
}

/* How many tokens, from the one `skip` further on, are the name of a message before its brace; 0.
 */
static uint32_t message_name(const struct cel_parser *p, uint32_t skip)
{
	uint32_t n = skip;
	if (ahead(p, n)->type != CEL_T_IDENT)
		return 0;
	for (n++; ahead(p, n)->type == '.' && ahead(p, n + 1)->type == CEL_T_IDENT; n += 2)
		;
	return ahead(p, n)->type == '{' ? n - skip : 0;
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
	AUTO(nodes_done) struct nodes args = { 0 };
	if ((receiver && !nodes_add(&args, receiver, false)) || !arguments(p, &args))
		return NULL;
	struct cel_ast *a = cel_ast_call(p, copy_name(p, name), at, args.node, args.n);
	if (!a)
		return NULL;
	a->member = receiver != NULL;
	return cel_macro_expand(p, a);
}

/* A name, a global call or a message. */
static struct cel_ast *named(struct cel_parser *p)
{
	uint32_t at = here(p);
	bool rooted = take(p, '.');
	uint32_t tokens = message_name(p, 0);
	const struct cel_token *t = ahead(p, 0);
	struct cel_name name = { p->text + t->at, t->n };
	if (tokens) {
		const struct cel_token *last = ahead(p, tokens - 1);
		name.n = last->at + last->n - t->at;
		p->next += tokens;
		return message(p, name);
	}
	if (!expect(p, CEL_T_IDENT, "IDENTIFIER"))
		return NULL;
	if (is_reserved(name))
		return cel_parse_fail(p, at, "reserved identifier: %.*s", (int)name.n, name.text);
	uint32_t bracket = here(p);
	if (take(p, '('))
		return call(p, NULL, name, bracket);
	struct cel_ast *a = cel_ast_new(p, CEL_AST_IDENT, at);
	a->name = name;
	a->rooted = rooted;
	return a;
}

static struct cel_ast *bracketed(struct cel_parser *p)
{
	p->next++;
	struct cel_ast *a = expression(p);
	if (!a)
		return NULL;
	if (see(p, CEL_T_END))
		return cel_parse_fail(p, here(p), "Syntax error: missing ')' at '<EOF>'");
	return expect(p, ')', "')'") ? a : NULL;
}

static bool is_number(const struct cel_token *t)
{
	return t->type == CEL_T_INT || t->type == CEL_T_FLOAT;
}

static struct cel_ast *primary(struct cel_parser *p)
{
	const struct cel_token *t = ahead(p, 0);
	uint32_t at = here(p);
	switch (t->type) {
	case '(':
		return bracketed(p);
	case '[':
		return list(p);
	case '{':
		return map(p);
	case '.':
	case CEL_T_IDENT:
		return named(p);
	case '-':
		if (!is_number(ahead(p, 1)))
			break;
		p->next += 2;
		return cel_literal(p, ahead(p, 0) - 1, true, at);
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
	return unexpected(p, "an expression");
}

/* Behind a dot. */
static struct cel_ast *select_field(struct cel_parser *p, struct cel_ast *of)
{
	uint32_t at = here(p);
	p->next++;
	bool maybe = take(p, '?');
	const struct cel_token *t = ahead(p, 0);
	struct cel_name name = { p->text + t->at, t->n };
	if (t->type == CEL_T_QUOTED)
		return cel_parse_fail(p, t->at + 1, "unsupported syntax: '`'");
	if (!expect(p, CEL_T_IDENT, "IDENTIFIER"))
		return NULL;
	uint32_t bracket = here(p);
	if (!maybe && take(p, '('))
		return call(p, of, name, bracket);
	struct cel_ast *a = cel_ast_new(p, CEL_AST_SELECT, at);
	a->name = name;
	a->maybe = maybe;
	return with_kids(p, a, &of, 1);
}

static struct cel_ast *index_of(struct cel_parser *p, struct cel_ast *of)
{
	struct cel_ast *a = cel_ast_new(p, CEL_AST_INDEX, here(p));
	p->next++;
	a->maybe = take(p, '?');
	struct cel_ast *kids[] = { of, expression(p) };
	if (!kids[1] || !expect(p, ']', "']'"))
		return NULL;
	return with_kids(p, a, kids, 2);
}

static struct cel_ast *member(struct cel_parser *p)
{
	struct cel_ast *a = primary(p);
	while (a && (see(p, '.') || see(p, '[')))
		a = see(p, '.') ? select_field(p, a) : index_of(p, a);
	return a;
}

/* `!` or `-`, any number of them: pairs cancel.  One minus before a number belongs to the number.
 */
static struct cel_ast *unary(struct cel_parser *p)
{
	uint16_t sign = ahead(p, 0)->type;
	uint32_t at = here(p), n = 0;
	if ((sign != '!' && sign != '-') || (sign == '-' && is_number(ahead(p, 1))))
		return member(p);
	while (take(p, sign))
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
		if (operators[i].level == level && see(p, operators[i].token))
			return &operators[i];
	return NULL;
}

/* Left-associative operators of a level and of those that bind tighter. */
static struct cel_ast *binary(struct cel_parser *p, unsigned level)
{
	struct cel_ast *a = level == PRODUCT ? unary(p) : binary(p, level + 1);
	const struct operator* o;
	while (a && (o = operator_here(p, level))) {
		uint32_t at = here(p);
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
	if (!first || !see(p, sign))
		return first;
	AUTO(nodes_done) struct nodes terms = { 0 };
	struct cel_ast *a = cel_ast_new(p, is_or ? CEL_AST_OR : CEL_AST_AND, here(p));
	nodes_add(&terms, first, false);
	while (take(p, sign))
		if (!nodes_add(&terms, is_or ? chain(p, false) : binary(p, RELATION), false))
			return NULL;
	return with_kids(p, a, terms.node, terms.n);
}

static struct cel_ast *conditional(struct cel_parser *p)
{
	struct cel_ast *kids[3] = { chain(p, true) };
	if (!kids[0] || !see(p, '?'))
		return kids[0];
	struct cel_ast *a = cel_ast_new(p, CEL_AST_IF, here(p));
	p->next++;
	if (!(kids[1] = chain(p, true)) || !expect(p, ':', "':'") || !(kids[2] = expression(p)))
		return NULL;
	return with_kids(p, a, kids, 3);
}

static struct cel_ast *expression(struct cel_parser *p)
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
	struct cel_ast *a = expression(p);
	if (!a || see(p, CEL_T_END))
		return a;
	const struct cel_token *t = ahead(p, 0);
	if (t->type == CEL_T_BAD || t->type == CEL_T_QUOTED)
		return unexpected(p, "<EOF>");
	return cel_parse_fail(p, here(p), "Syntax error: extraneous input '%.*s' expecting <EOF>",
			      t->n < 40 ? (int)t->n : 40, p->text + t->at);
}

struct cel_ast *cel_parse(struct arena *arena, const char *text, size_t n,
			  struct cel_problem *problem)
{
	struct cel_parser p = { .arena = arena, .text = text, .n = n, .problem = problem };
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
