/* Building programs; see re2_vm.h. */
#include "policy/cel/re2_vm.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "policy/cel/re2.h"

enum { CLASSES_MAX = 300 /* different ones */ };

void re2_code_add(struct re2_code *code, enum re2_op op, int32_t x, int32_t y)
{
	code->failed = code->failed || code->n >= RE2_CODE_MAX;
	if (code->failed)
		return;
	GROW(code->inst, code->n, code->cap);
	code->inst[code->n++] = (struct re2_inst){ op, x, y };
}

void re2_code_insert(struct re2_code *code, size_t at, struct re2_inst inst)
{
	re2_code_add(code, inst.op, inst.x, inst.y);
	if (code->failed)
		return;
	memmove(code->inst + at + 1, code->inst + at, (code->n - 1 - at) * sizeof(inst));
	code->inst[at] = inst;
}

static bool make_class(struct re2_code *code, const char *text)
{
	AUTO(err_done) struct err err = { 0 };
	struct re2_char_class c = { 0 };
	if (code->n_classes >= CLASSES_MAX || regex_compile(text, strlen(text), 0, &c.re, &err) < 0)
		return false;
	c.text = xstrdup(text);
	for (unsigned i = 0; i < 128; i++)
		if (regex_test(c.re, (const char[]){ (char)i }, 1) == REGEX_MATCH)
			c.ascii[i / 64] |= UINT64_C(1) << i % 64;
	GROW(code->classes, code->n_classes, code->cap_classes);
	code->classes[code->n_classes++] = c;
	return true;
}

void re2_code_class(struct re2_code *code, const char *text)
{
	size_t i = 0;
	while (i < code->n_classes && strcmp(code->classes[i].text, text) != 0)
		i++;
	code->failed = code->failed || (i == code->n_classes && !make_class(code, text));
	re2_code_add(code, RE2_CLASS, (int32_t)i, 0);
}

static void add_split(struct re2_code *code, int32_t first, int32_t second, bool swap)
{
	re2_code_add(code, RE2_SPLIT, swap ? second : first, swap ? first : second);
}

static void add_all(struct re2_code *code, const struct re2_inst *inst, size_t n)
{
	for (size_t i = 0; i < n && !code->failed; i++)
		re2_code_add(code, inst[i].op, inst[i].x, inst[i].y);
}

/* Whether its end can be reached without a character.  Assertions are taken to hold, as in Go. */
static bool is_nullable(const struct re2_inst *piece, size_t n)
{
	AUTO(auto_free) bool *reached = xcalloc(n + 1, sizeof(*reached));
	AUTO(auto_free) size_t *open = xreallocarray(NULL, n + 1, sizeof(*open));
	size_t n_open = 0;
	open[n_open++] = 0;
	reached[0] = true;
	while (n_open) {
		size_t at = open[--n_open], to[2] = { at, at };
		if (at == n)
			break;
		const struct re2_inst *inst = &piece[at];
		if (inst->op == RE2_SPLIT || inst->op == RE2_JUMP)
			to[0] = at + (size_t)inst->x;
		else if (inst->op >= RE2_BEGIN && inst->op <= RE2_NOT_WORD)
			to[0] = at + 1;
		if (inst->op == RE2_SPLIT)
			to[1] = at + (size_t)inst->y;
		for (int i = 0; i < 2; i++) {
			if (reached[to[i]])
				continue;
			reached[to[i]] = true;
			open[n_open++] = to[i];
		}
	}
	return reached[n];
}

void re2_code_repeat(struct re2_code *code, size_t at, int least, int most, bool lazy)
{
	if (code->failed)
		return;
	size_t n = code->n - at;
	int32_t length = (int32_t)n, optional = most < 0 ? 0 : most - least;
	AUTO(auto_free) struct re2_inst *piece = xreallocarray(NULL, n + 1, sizeof(*piece));
	if (n)
		memcpy(piece, code->inst + at, n * sizeof(*piece));
	code->n = at;
	for (int i = 0; i < least && !code->failed; i++)
		add_all(code, piece, n);
	/* As in Go, which decides who has the right of way: e* is (e+)? where e may match nothing,
	 * which ends the repeats, else a loop. */
	bool star = most < 0 && least == 0, loop = star && !is_nullable(piece, n);
	if (star) {
		add_split(code, 1, length + 2, lazy);
		add_all(code, piece, n);
	}
	if (loop)
		re2_code_add(code, RE2_JUMP, -length - 1, 0);
	else if (most < 0)
		add_split(code, -length, 1, lazy);
	for (; optional > 0 && !code->failed; optional--) {
		add_split(code, 1, optional * (length + 1), lazy);
		add_all(code, piece, n);
	}
}

void re2_code_done(struct re2_code *code)
{
	for (size_t i = 0; i < code->n_classes; i++) {
		regex_free(code->classes[i].re);
		free(code->classes[i].text);
	}
	free(code->classes);
	free(code->inst);
	free(code->now);
	free(code->next);
	free(code->stack);
	free(code->place);
}
