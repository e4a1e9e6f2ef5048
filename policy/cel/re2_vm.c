/* Following a program all ways at once; see re2_vm.h.
 *
 * A thread is a place in the program and where its match began.  All threads read the same
 * character; those that come to the same place are one, and the first in the list has the right of
 * way.  So a step is at most one visit of each instruction. */
#include "policy/cel/re2_vm.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "policy/cel/re2.h"

struct re2_thread {
	uint32_t at;
	size_t start;
};

struct search {
	struct re2_code *code;
	const char *text;
	size_t n;
};

static bool is_word(const struct search *s, size_t at)
{
	if (at >= s->n) /* before the text, too: at is a size_t */
		return false;
	char c = s->text[at], letter = (char)(c | 0x20);
	return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool holds(const struct search *s, enum re2_op op, size_t at)
{
	switch (op) {
	case RE2_BEGIN:
		return at == 0;
	case RE2_END:
		return at == s->n;
	case RE2_LINE_BEGIN:
		return at == 0 || s->text[at - 1] == '\n';
	case RE2_LINE_END:
		return at == s->n || s->text[at] == '\n';
	case RE2_WORD:
		return is_word(s, at - 1) != is_word(s, at);
	case RE2_NOT_WORD:
		return is_word(s, at - 1) == is_word(s, at);
	default:
		return true;
	}
}

static bool in_class(struct re2_char_class *c, uint32_t code, const char *p, size_t n)
{
	if (code < 128)
		return c->ascii[code / 64] >> code % 64 & 1;
	if (c->last != code) {
		c->last = code;
		c->last_in = regex_test(c->re, p, n) == REGEX_MATCH;
	}
	return c->last_in;
}

static bool takes(const struct search *s, const struct re2_inst *inst, uint32_t code, const char *p,
		  size_t n)
{
	switch (inst->op) {
	case RE2_CHAR:
		return code == (uint32_t)inst->x;
	case RE2_CLASS:
		return in_class(&s->code->classes[inst->x], code, p, n);
	case RE2_ANY:
		return true;
	case RE2_NOT_NEWLINE:
		return code != '\n';
	default:
		return false;
	}
}

/* Adds a thread and all that it leads to without reading a character, in the order of their
 * right.  list: n threads; place[i]: where instruction i is in it, if it is. */
static size_t add(const struct search *s, struct re2_thread *list, size_t n, struct re2_thread t,
		  size_t at)
{
	struct re2_code *code = s->code;
	size_t depth = 0;
	code->stack[depth++] = t;
	while (depth) {
		t = code->stack[--depth];
		uint32_t i = t.at;
		if (code->place[i] < n && list[code->place[i]].at == i)
			continue;
		code->steps++;
		code->place[i] = (uint32_t)n;
		list[n++] = t;
		const struct re2_inst *inst = &code->inst[i];
		if (inst->op == RE2_SPLIT) {
			t.at = i + (uint32_t)inst->y;
			code->stack[depth++] = t;
		}
		if (inst->op == RE2_SPLIT || inst->op == RE2_JUMP)
			t.at = i + (uint32_t)inst->x;
		else if (inst->op >= RE2_BEGIN && inst->op <= RE2_NOT_WORD &&
			 holds(s, inst->op, at))
			t.at = i + 1;
		else
			continue;
		code->stack[depth++] = t;
	}
	return n;
}

static void make_room(struct re2_code *code)
{
	if (code->now)
		return;
	code->now = xreallocarray(NULL, code->n, sizeof(*code->now));
	code->next = xreallocarray(NULL, code->n, sizeof(*code->next));
	code->stack = xreallocarray(NULL, 2 * code->n + 1, sizeof(*code->stack));
	code->place = xcalloc(code->n, sizeof(*code->place));
}

enum regex_result re2_code_run(struct re2_code *code, const char *text, size_t n, size_t from,
			       size_t *start, size_t *end)
{
	struct search s = { code, text, n };
	struct re2_thread *now, *next;
	size_t n_now = 0;
	bool found = false;
	make_room(code);
	now = code->now;
	next = code->next;
	for (size_t at = from, length; at <= n; at += length) {
		uint32_t c = 0;
		length = at < n ? utf8_decode(text + at, n - at, &c) : 1;
		length += length == 0;
		if (!found)
			n_now = add(&s, now, n_now, (struct re2_thread){ 0, at }, at);
		if (n_now == 0)
			break;
		size_t n_next = 0;
		for (size_t i = 0; i < n_now; i++) {
			const struct re2_inst *inst = &code->inst[now[i].at];
			if (inst->op == RE2_MATCH) {
				found = true;
				if (!start)
					return REGEX_MATCH;
				*start = now[i].start;
				*end = at;
				break; /* those behind it have less right */
			}
			if (at < n && takes(&s, inst, c, text + at, length))
				n_next = add(&s, next, n_next,
					     (struct re2_thread){ now[i].at + 1, now[i].start },
					     at + length);
		}
		code->steps += n_now;
		if (code->steps > RE2_STEPS_MAX)
			return REGEX_LIMIT;
		struct re2_thread *swap = now;
		now = next;
		next = swap;
		n_now = n_next;
	}
	return found ? REGEX_MATCH : REGEX_NO_MATCH;
}
