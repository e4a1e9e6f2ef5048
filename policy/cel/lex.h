/* An expression as tokens. */
#ifndef POLICY_CEL_LEX_H
#define POLICY_CEL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cel_token_type {
	CEL_T_END = 0,
	/* Single characters stand for themselves: ( ) [ ] { } . , - ! ? : + * / % < > */
	CEL_T_IDENT = 256,
	CEL_T_QUOTED, /* `name` */
	CEL_T_INT,
	CEL_T_UINT,
	CEL_T_FLOAT,
	CEL_T_STRING,
	CEL_T_BYTES,
	CEL_T_EQ,
	CEL_T_NE,
	CEL_T_LE,
	CEL_T_GE,
	CEL_T_AND,
	CEL_T_OR,
	CEL_T_IN,
	CEL_T_TRUE,
	CEL_T_FALSE,
	CEL_T_NULL,
	CEL_T_BAD, /* not a token; as long as what was read of it */
};

struct cel_token {
	uint16_t type;
	uint32_t at, n; /* byte offset and length */
};

struct cel_tokens {
	struct cel_token *token; /* the last one is CEL_T_END */
	uint32_t n, cap;
};

/* Never fails: what is no token is a CEL_T_BAD, and the rest follows. */
void cel_lex(const char *text, size_t n, struct cel_tokens *out);
void cel_tokens_done(struct cel_tokens *tokens);

#endif
