/* What re2.c and re2_class.c share: the reader of a pattern. */
#ifndef POLICY_CEL_RE2_INTERNAL_H
#define POLICY_CEL_RE2_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/cel/re2.h"
#include "policy/cel/re2_vm.h"

enum {
	RE2_FOLD = 1,     /* i */
	RE2_LINES = 2,    /* m */
	RE2_NEWLINE = 4,  /* s */
	RE2_UNGREEDY = 8, /* U */
};

struct re2_level {
	size_t open;      /* where its "(?:" stands in the output */
	unsigned flags;   /* to return to after it */
	bool fold;        /* likewise, of the output */
	bool atom;        /* whether an atom is there that can be repeated */
	unsigned repeats; /* the most repeats inside, multiplied */
	size_t code;      /* where its program starts */
	size_t branch;    /* and that of its last alternative */
	int32_t jumps;    /* the last jump to its end, which leads to the one before; -1: none */
};

struct re2_parser {
	const char *text, *p, *end;
	struct buf *out;
	struct re2_code *code; /* NULL: only the output is wanted */
	unsigned flags;
	bool fold; /* what the output says at its end */
	struct re2_level *levels;
	size_t n, cap; /* levels[0] is the pattern itself */
	/* The last atom, if levels[n - 1].atom */
	size_t atom;          /* where it starts in the output */
	bool wrap;            /* it needs a group around it before it is repeated */
	size_t atom_code;     /* and in the program */
	unsigned repeats;     /* its repeats, multiplied */
	const char *repeated; /* the repeat that ends right here, or NULL */
	bool loops;           /* a group is repeated */
	struct err *err;
};

/* Writes the pattern for PCRE2, and as a program where code is not NULL.  *loops, if not NULL: a
 * group is repeated, so that PCRE2 and Go may find another end.  A repeat that matches nothing ends
 * the loop in both, but PCRE2 goes on behind it, and Go with the next way. */
int re2_read(const char *pattern, size_t n, struct buf *out, struct re2_code *code, bool *loops,
	     struct err *err);

/* The pattern as a program, into an empty one.  false: too large, or no pattern. */
bool re2_program(const char *pattern, size_t n, struct re2_code *code);

/* ERR_INPUT with Go's message: what is wrong, and the n bytes at `at` that are. */
int re2_fail(struct re2_parser *r, const char *what, const char *at, size_t n);

int re2_fail_here(struct re2_parser *r, const char *what, const char *at); /* up to r->p */

/* The byte so many ahead, -1 behind the end. */
int re2_peek(const struct re2_parser *r, size_t ahead);

bool re2_is_alnum(uint32_t c); /* of ASCII */

/* The next character; the text is valid UTF-8.  0xFFFD at its end, without moving. */
uint32_t re2_next(struct re2_parser *r);

/* An escape for one character; r->p is at the backslash. */
int re2_escape(struct re2_parser *r, uint32_t *code);

/* Writes a character so that it stands for itself, in a class and outside. */
void re2_put_code(struct buf *out, uint32_t code);

/* \d, \pL and so on, outside of brackets: 1, or 0 if r->p is not at one, or -1. */
int re2_class_escape(struct re2_parser *r, struct buf *out);

/* A class in brackets; r->p is at the first. */
int re2_class(struct re2_parser *r, struct buf *out);

#endif
