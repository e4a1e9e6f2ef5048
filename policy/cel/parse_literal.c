/* Lists, maps and messages; see parse.h. */
#include "policy/cel/parse_tokens.h"

/* Behind an element: true where a comma and another element follow. */
static bool goes_on(struct cel_parser *p, uint16_t end)
{
	if (!cel_see(p, ',') || cel_ahead(p, 1)->type == end)
		return false;
	p->next++;
	return true;
}

struct cel_ast *cel_parse_list(struct cel_parser *p)
{
	AUTO(cel_nodes_done) struct cel_nodes l = { 0 };
	struct cel_ast *a = cel_ast_new(p, CEL_AST_LIST, cel_here(p));
	p->next++;
	bool more = !cel_see(p, ']') && !cel_see(p, ',');
	while (more) {
		bool optional = cel_take(p, '?');
		if (!cel_nodes_add(&l, cel_parse_expression(p), optional))
			return NULL;
		more = goes_on(p, ']');
	}
	cel_take(p, ',');
	if (!cel_parse_expect(p, ']', "']'"))
		return NULL;
	a->optional = cel_nodes_marks(p, &l);
	return cel_ast_with_kids(p, a, l.node, l.n);
}

struct cel_ast *cel_parse_map(struct cel_parser *p)
{
	AUTO(cel_nodes_done) struct cel_nodes l = { 0 };
	struct cel_ast *a = cel_ast_new(p, CEL_AST_MAP, cel_here(p));
	p->next++;
	bool more = !cel_see(p, '}') && !cel_see(p, ',');
	while (more) {
		bool optional = cel_take(p, '?');
		if (!cel_nodes_add(&l, cel_parse_expression(p), optional) ||
		    !cel_parse_expect(p, ':', "':'") ||
		    !cel_nodes_add(&l, cel_parse_expression(p), optional))
			return NULL;
		more = goes_on(p, '}');
	}
	cel_take(p, ',');
	if (!cel_parse_expect(p, '}', "'}'"))
		return NULL;
	a->optional = cel_nodes_marks(p, &l);
	return cel_ast_with_kids(p, a, l.node, l.n);
}

/* The fields of a message; the name is read. */
struct cel_ast *cel_parse_message(struct cel_parser *p, struct cel_name name)
{
	AUTO(cel_nodes_done) struct cel_nodes l = { 0 };
	struct cel_ast *a = cel_ast_new(p, CEL_AST_MESSAGE, cel_here(p));
	struct cel_name fields[64];
	a->name = name;
	p->next++;
	bool more = !cel_see(p, '}') && !cel_see(p, ',');
	while (more) {
		bool optional = cel_take(p, '?');
		const struct cel_token *t = cel_ahead(p, 0);
		if (l.n == ARRAY_LEN(fields))
			return cel_parse_fail(p, cel_here(p), "too many fields");
		fields[l.n] = (struct cel_name){ p->text + t->at, t->n };
		if (!cel_parse_expect(p, CEL_T_IDENT, "IDENTIFIER") ||
		    !cel_parse_expect(p, ':', "':'") ||
		    !cel_nodes_add(&l, cel_parse_expression(p), optional))
			return NULL;
		more = goes_on(p, '}');
	}
	cel_take(p, ',');
	if (!cel_parse_expect(p, '}', "'}'"))
		return NULL;
	a->optional = cel_nodes_marks(p, &l);
	a->fields = arena_alloc(p->arena, l.n * sizeof(*fields));
	memcpy(a->fields, fields, l.n * sizeof(*fields));
	return cel_ast_with_kids(p, a, l.node, l.n);
}
