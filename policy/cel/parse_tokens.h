/* What the parts of the parser share: the token here, and lists of nodes. */
#ifndef POLICY_CEL_PARSE_TOKENS_H
#define POLICY_CEL_PARSE_TOKENS_H

#include "policy/cel/parse.h"

static inline const struct cel_token *cel_ahead(const struct cel_parser *p, uint32_t n)
{
	uint32_t last = p->tokens.n - 1;
	return &p->tokens.token[p->next + n < last ? p->next + n : last];
}

static inline bool cel_see(const struct cel_parser *p, uint16_t type)
{
	return cel_ahead(p, 0)->type == type;
}

static inline uint32_t cel_here(const struct cel_parser *p)
{
	return cel_ahead(p, 0)->at + 1;
}

static inline bool cel_take(struct cel_parser *p, uint16_t type)
{
	if (!cel_see(p, type))
		return false;
	p->next++;
	return true;
}

/* Says that the token here is not what was expected (NULL: the end); NULL. */
struct cel_ast *cel_parse_unexpected(struct cel_parser *p, const char *expected);

/* Takes the token, or says that it is missing. */
bool cel_parse_expect(struct cel_parser *p, uint16_t type, const char *name);

struct cel_ast *cel_parse_expression(struct cel_parser *p);

/* From their bracket or brace on; the name of a message is read before it. */
struct cel_ast *cel_parse_list(struct cel_parser *p);
struct cel_ast *cel_parse_map(struct cel_parser *p);
struct cel_ast *cel_parse_message(struct cel_parser *p, struct cel_name name);

/* Gives the node its kids; NULL where it lies too deep then. */
struct cel_ast *cel_ast_with_kids(struct cel_parser *p, struct cel_ast *a,
				  struct cel_ast *const *kids, uint32_t n);

/* A list of nodes that grows; some may be marked as optional. */
struct cel_nodes {
	struct cel_ast **node;
	bool *optional;
	uint32_t n, cap;
};

void cel_nodes_done(struct cel_nodes *l);

/* false for NULL. */
bool cel_nodes_add(struct cel_nodes *l, struct cel_ast *a, bool optional);

/* The marks, for as long as the tree lives; NULL where there is none. */
const bool *cel_nodes_marks(struct cel_parser *p, const struct cel_nodes *l);

#endif
