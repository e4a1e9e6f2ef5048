/* Text to a syntax tree. */
#ifndef POLICY_CEL_PARSE_H
#define POLICY_CEL_PARSE_H

#include "policy/cel/ast.h"
#include "policy/cel/lex.h"

/* The first thing that is wrong, in the order of the source; at 0: with the whole. */
struct cel_problem {
	bool set;
	uint32_t at;
	struct buf message;
};

/* Sets the problem unless one is set that stands before it. */
void cel_problem_set(struct cel_problem *p, uint32_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

struct cel_parser {
	struct arena *arena;
	const char *text;
	size_t n;
	struct cel_tokens tokens;
	uint32_t next;  /* token */
	unsigned depth; /* of the expression that is being read */
	bool no_macros;
	struct cel_problem *problem;
};

/* NULL where there is a problem.  The text has to outlive the tree. */
struct cel_ast *cel_parse(struct arena *arena, const char *text, size_t n, bool no_macros,
			  struct cel_problem *problem);

/* ---- for the parts of the parser */

struct cel_ast *cel_ast_new(struct cel_parser *p, enum cel_ast_kind kind, uint32_t at);
struct cel_ast *cel_ast_call(struct cel_parser *p, const char *name, uint32_t at,
			     struct cel_ast *const *args, uint32_t n);
/* Sets the problem; NULL. */
struct cel_ast *cel_parse_fail(struct cel_parser *p, uint32_t at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* A call whose name and number of arguments are those of a macro becomes what the macro stands for;
 * any other stays as it is, also where there is a problem. */
struct cel_ast *cel_macro_expand(struct cel_parser *p, struct cel_ast *call);

/* The value of a literal token; `negative` for numbers behind a minus. */
struct cel_ast *cel_literal(struct cel_parser *p, const struct cel_token *t, bool negative,
			    uint32_t at);

#endif
