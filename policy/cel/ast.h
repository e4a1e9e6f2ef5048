/* The syntax tree of an expression, and what the checker writes into it. */
#ifndef POLICY_CEL_AST_H
#define POLICY_CEL_AST_H

#include "policy/cel/env.h"

enum cel_ast_kind {
	CEL_AST_CONST,
	CEL_AST_IDENT,
	CEL_AST_SELECT, /* kid 0 . name */
	CEL_AST_INDEX,  /* kid 0 [ kid 1 ] */
	CEL_AST_CALL,   /* name(kids); the receiver is kid 0 */
	CEL_AST_AND,    /* two kids or more */
	CEL_AST_OR,
	CEL_AST_IF, /* kid 0 ? kid 1 : kid 2 */
	CEL_AST_LIST,
	CEL_AST_MAP,     /* key, value, key, value, ... */
	CEL_AST_MESSAGE, /* name{key: kid, ...} */
	CEL_AST_FOLD,    /* a macro that binds variables */
};

/* Kids of a fold: the range, then what follows. */
enum cel_fold {
	CEL_FOLD_ALL,      /* condition */
	CEL_FOLD_EXISTS,   /* condition */
	CEL_FOLD_ONE,      /* condition */
	CEL_FOLD_FILTER,   /* condition */
	CEL_FOLD_LIST,     /* map, transformList: transformation, or condition and transformation */
	CEL_FOLD_MAP,      /* transformMap: the same */
	CEL_FOLD_ENTRY,    /* transformMapEntry: the same */
	CEL_FOLD_OPTIONAL, /* optMap: transformation; the range is an optional */
	CEL_FOLD_FLAT,     /* optFlatMap: the same */
	CEL_FOLD_BIND,     /* body; the range is the value of the variable */
};

struct cel_node;

struct cel_name {
	const char *text;
	uint32_t n;
};

struct cel_ast {
	uint8_t kind; /* enum cel_ast_kind */
	uint8_t fold; /* enum cel_fold */
	bool member;  /* CALL: a method; kid 0 is the receiver */
	bool test;    /* SELECT: has() */
	bool maybe;   /* SELECT, INDEX: .? and [?] */
	bool rooted;  /* IDENT: .name */
	uint32_t at;  /* 1 + byte offset */
	uint32_t n;   /* kids */
	uint32_t depth;
	struct cel_name name;
	struct cel_ast **kids;
	const bool *optional;    /* LIST, MAP: per element or entry; NULL: none is */
	struct cel_name *fields; /* MESSAGE */
	struct cel_name vars[2]; /* FOLD */
	uint32_t n_vars;         /* FOLD */
	struct cel_value value;  /* CONST */

	/* From the checker. */
	const struct cel_type *type;
	const struct cel_variable *variable; /* IDENT, SELECT: a declared variable */
	struct cel_ast *local;               /* IDENT: the fold whose variable it is */
	uint32_t local_var;                  /* and which */
	const struct cel_type *type_named;   /* IDENT, SELECT: the name of a type */
	struct cel_resolved **overloads;     /* CALL and operators: those that may be meant */
	uint32_t n_overloads;

	/* From the compiler, of a FOLD. */
	uint32_t frame;               /* where its variables are */
	const struct cel_node *bound; /* its range */
	bool var_used;
};

/* The operands of a call and its name as in cel-go ("_+_", "@in", "size"). */
static inline bool cel_ast_calls(const struct cel_ast *a, const char *name)
{
	return a->kind == CEL_AST_CALL && strlen(name) == a->name.n &&
	       memcmp(a->name.text, name, a->name.n) == 0;
}

/* "a.b.c" where the node is a chain of names; false where it is none, or longer than `size`. */
bool cel_ast_qualified(const struct cel_ast *a, char *out, size_t size);

#endif
