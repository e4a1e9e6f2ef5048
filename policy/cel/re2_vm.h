/* A pattern as a program that is followed all ways at once; see re2.h.
 *
 * Jumps are relative, so that a piece of a program can be moved and copied. */
#ifndef POLICY_CEL_RE2_VM_H
#define POLICY_CEL_RE2_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/regex.h"

enum re2_op {
	RE2_CHAR,        /* x: the character */
	RE2_CLASS,       /* x: number of the class */
	RE2_ANY,         /* . with (?s) */
	RE2_NOT_NEWLINE, /* . */
	RE2_BEGIN,       /* of the text */
	RE2_END,
	RE2_LINE_BEGIN,
	RE2_LINE_END,
	RE2_WORD, /* \b */
	RE2_NOT_WORD,
	RE2_SPLIT, /* to x, and with less right to y */
	RE2_JUMP,  /* to x */
	RE2_MATCH,
};

struct re2_inst {
	enum re2_op op;
	int32_t x, y;
};

/* Characters; PCRE2 knows which, and what it said is kept where that is cheap. */
struct re2_char_class {
	char *text;
	struct regex *re;
	uint64_t ascii[2];
	uint32_t last; /* the last character beyond ASCII that was asked for, 0: none */
	bool last_in;
};

struct re2_code {
	struct re2_inst *inst;
	size_t n, cap;
	struct re2_char_class *classes;
	size_t n_classes, cap_classes;
	bool failed; /* too large, or a class that does not compile */
	/* Of a search; made by the first. */
	struct re2_thread *now, *next, *stack;
	uint32_t *place;
	size_t steps;
};

void re2_code_add(struct re2_code *code, enum re2_op op, int32_t x, int32_t y);
void re2_code_class(struct re2_code *code, const char *text); /* in PCRE2's syntax */
void re2_code_insert(struct re2_code *code, size_t at, struct re2_inst inst);

/* Repeats what stands from `at` to the end.  most -1: without end. */
void re2_code_repeat(struct re2_code *code, size_t at, int least, int most, bool lazy);

/* RE2_MATCH ends the code.  *start and *end may be NULL: only whether it matches. */
enum regex_result re2_code_run(struct re2_code *code, const char *text, size_t n, size_t from,
			       size_t *start, size_t *end);

void re2_code_done(struct re2_code *code);

#endif
