/* Reading a pattern.  See re2.h.
 *
 * What is written has the shape of what is read: a group for a group, a repeat for a repeat.  So
 * the only state is a stack of open groups and where the last atom starts in the output. */
#include "policy/cel/re2_internal.h"

#include <string.h>

static bool is_letter(uint32_t c)
{
	return re2_is_alnum(c) && c > '9';
}

static struct re2_level *level(struct re2_parser *r)
{
	return &r->levels[r->n - 1];
}

static void begin_atom(struct re2_parser *r)
{
	bool fold = r->flags & RE2_FOLD;
	if (fold != r->fold)
		buf_puts(r->out, fold ? "(?i)" : "(?-i)");
	r->fold = fold;
	r->atom = r->out->len;
	r->atom_code = r->code ? r->code->n : 0;
	r->wrap = false;
	r->repeats = 1;
	level(r)->atom = true;
}

static void put(struct re2_parser *r, const char *text, enum re2_op op)
{
	begin_atom(r);
	buf_puts(r->out, text);
	r->wrap = op >= RE2_BEGIN;
	if (r->code)
		re2_code_add(r->code, op, 0, 0);
}

/* `text` is a class for PCRE2. */
static void put_class_text(struct re2_parser *r, const char *text)
{
	AUTO(auto_free) char *whole = NULL;
	begin_atom(r);
	buf_puts(r->out, text);
	if (!r->code)
		return;
	whole = xfmt("%s%s", r->fold ? "(?i)" : "", text);
	re2_code_class(r->code, whole);
}

static void put_literal(struct re2_parser *r, uint32_t code)
{
	bool surrogate = code >= 0xD800 && code <= 0xDFFF;
	begin_atom(r);
	if (surrogate)
		buf_puts(r->out, "[^\\x{0}-\\x{10ffff}]"); /* in no valid text */
	else
		re2_put_code(r->out, code);
	if (!r->code)
		return;
	if (!r->fold || surrogate || (code < 0x80 && !is_letter(code))) {
		re2_code_add(r->code, RE2_CHAR, (int32_t)code, 0);
		return;
	}
	AUTO(buf_done) struct buf class = { 0 };
	buf_puts(&class, "(?i)");
	re2_put_code(&class, code);
	re2_code_class(r->code, class.data);
}

static void insert(struct buf *out, size_t at, const char *text)
{
	size_t n = strlen(text);
	buf_puts(out, text);
	memmove(out->data + at + n, out->data + at, out->len - n - at);
	memcpy(out->data + at, text, n);
}

/* ---- groups */

/* ---- alternatives in the program */

static void begin_code(struct re2_parser *r)
{
	struct re2_level *l = level(r);
	l->code = l->branch = r->code ? r->code->n : 0;
	l->jumps = -1;
}

/* One alternative ends and another begins: a split in front, a jump to the end behind. */
static void next_branch(struct re2_parser *r)
{
	struct re2_level *l = level(r);
	struct re2_code *c = r->code;
	if (!c || c->failed)
		return;
	int32_t length = (int32_t)(c->n - l->branch);
	re2_code_insert(c, l->branch, (struct re2_inst){ RE2_SPLIT, 1, length + 2 });
	re2_code_add(c, RE2_JUMP, l->jumps, 0);
	l->jumps = (int32_t)c->n - 1;
	l->branch = c->n;
}

static void end_code(struct re2_parser *r)
{
	struct re2_code *c = r->code;
	if (!c || c->failed)
		return;
	for (int32_t i = level(r)->jumps, before; i >= 0; i = before) {
		before = c->inst[i].x;
		c->inst[i].x = (int32_t)c->n - i;
	}
}

static int open_group(struct re2_parser *r, unsigned flags)
{
	if (r->n > RE2_DEPTH_MAX)
		return re2_fail(r, "expression nests too deeply", r->text,
				(size_t)(r->end - r->text));
	GROW(r->levels, r->n, r->cap);
	r->levels[r->n++] = (struct re2_level){
		.open = r->out->len,
		.flags = r->flags,
		.fold = r->fold,
	};
	begin_code(r);
	r->flags = flags;
	buf_puts(r->out, "(?:");
	return 0;
}

/* What is complete counts for the group that it is in. */
static void note_repeats(struct re2_parser *r)
{
	struct re2_level *l = level(r);
	if (l->atom && r->repeats > l->repeats)
		l->repeats = r->repeats;
}

static int close_group(struct re2_parser *r)
{
	if (r->n == 1)
		return re2_fail(r, "unexpected )", r->text, (size_t)(r->end - r->text));
	note_repeats(r);
	end_code(r);
	struct re2_level closed = *level(r);
	r->n--;
	buf_putc(r->out, ')');
	r->flags = closed.flags;
	r->fold = closed.fold;
	r->atom = closed.open;
	r->atom_code = closed.code;
	r->wrap = false;
	r->repeats = closed.repeats ? closed.repeats : 1;
	level(r)->atom = true;
	if (r->repeats > level(r)->repeats)
		level(r)->repeats = r->repeats;
	return 0;
}

static bool is_name(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != '_' && !re2_is_alnum((unsigned char)p[i]))
			return false;
	return n > 0;
}

/* r->p is at "(?P<" or "(?<"; name: how long that is. */
static int named_group(struct re2_parser *r, size_t name)
{
	const char *start = r->p, *close = memchr(r->p, '>', (size_t)(r->end - r->p));
	if (!close)
		return re2_fail(r, "invalid named capture", start, (size_t)(r->end - start));
	r->p = close + 1;
	if (!is_name(start + name, (size_t)(close - start) - name))
		return re2_fail_here(r, "invalid named capture", start);
	return open_group(r, r->flags);
}

static unsigned flag_of(uint32_t c)
{
	return c == 'i'   ? RE2_FOLD
	       : c == 'm' ? RE2_LINES
	       : c == 's' ? RE2_NEWLINE
	       : c == 'U' ? RE2_UNGREEDY
			  : 0;
}

/* r->p is at "(?": a group with a name, one with flags, or flags alone. */
static int special_group(struct re2_parser *r)
{
	const char *start = r->p;
	if (re2_peek(r, 2) == 'P' && re2_peek(r, 3) == '<' && re2_peek(r, 4) >= 0)
		return named_group(r, 4);
	if (re2_peek(r, 2) == '<' && re2_peek(r, 3) >= 0)
		return named_group(r, 3);
	r->p += 2;
	unsigned flags = r->flags;
	bool negative = false, seen = false;
	while (r->p < r->end) {
		uint32_t c = re2_next(r);
		if (flag_of(c)) {
			flags = negative ? flags & ~flag_of(c) : flags | flag_of(c);
			seen = true;
		} else if (c == '-' && !negative) {
			negative = true;
			seen = false;
		} else if ((c == ':' || c == ')') && (!negative || seen)) {
			if (c == ':')
				return open_group(r, flags);
			r->flags = flags;
			return 0;
		} else {
			break;
		}
	}
	return re2_fail_here(r, "invalid or unsupported Perl syntax", start);
}

/* ---- repeats */

/* A number without leading zeros; too large a one is -1. */
static bool read_count(struct re2_parser *r, int *count)
{
	if (re2_peek(r, 0) < '0' || re2_peek(r, 0) > '9')
		return false;
	if (*r->p == '0' && re2_peek(r, 1) >= '0' && re2_peek(r, 1) <= '9')
		return false;
	int n = 0;
	while (re2_peek(r, 0) >= '0' && re2_peek(r, 0) <= '9') {
		int digit = *r->p++ - '0';
		if (n >= 0)
			n = n >= 100000000 ? -1 : n * 10 + digit;
	}
	*count = n;
	return true;
}

/* {n}, {n,} (most: -1) or {n,m}.  Anything else is no repeat, and r->p stays. */
static bool read_counts(struct re2_parser *r, int *least, int *most)
{
	const char *start = r->p++;
	if (!read_count(r, least))
		goto none;
	*most = *least;
	if (re2_peek(r, 0) == ',') {
		r->p++;
		if (re2_peek(r, 0) == '}')
			*most = -1;
		else if (!read_count(r, most))
			goto none;
		else if (*most < 0)
			*least = -1;
	}
	if (re2_peek(r, 0) != '}')
		goto none;
	r->p++;
	return true;
none:
	r->p = start;
	return false;
}

/* Whether the counts are fine for the last atom, and what they come to with those inside it. */
static bool multiply(struct re2_parser *r, int least, int most)
{
	if (most == 0) {
		r->repeats = 1;
		return true;
	}
	unsigned times = (unsigned)(most < 0 ? least : most);
	unsigned all = (times ? times : 1) * r->repeats;
	if ((least >= 2 || most >= 2) && all > RE2_REPEAT_MAX)
		return false;
	r->repeats = all;
	return true;
}

/* The operator from `start` to r->p is read, but for a ? behind it. */
static int repeat(struct re2_parser *r, const char *start, int least, int most)
{
	size_t n = (size_t)(r->p - start);
	bool lazy = r->flags & RE2_UNGREEDY;
	if (re2_peek(r, 0) == '?') {
		r->p++;
		lazy = !lazy;
	}
	if (r->repeated)
		return re2_fail_here(r, "invalid nested repetition operator", r->repeated);
	if (!level(r)->atom)
		return re2_fail_here(r, "missing argument to repetition operator", start);
	if (*start == '{' && !multiply(r, least, most))
		return re2_fail_here(r, "invalid repeat count", start);
	if (r->wrap) {
		insert(r->out, r->atom, "(?:");
		buf_putc(r->out, ')');
	}
	if (most != 1 && start > r->text && start[-1] == ')')
		r->loops = true;
	if (r->code)
		re2_code_repeat(r->code, r->atom_code, least, most, lazy);
	buf_put(r->out, start, n);
	if (lazy)
		buf_putc(r->out, '?');
	r->wrap = true;
	r->repeated = start;
	return 0;
}

static int counted_repeat(struct re2_parser *r)
{
	const char *start = r->p;
	int least, most;
	if (!read_counts(r, &least, &most)) {
		r->p++;
		put_literal(r, '{');
		return 0;
	}
	if (least < 0 || least > RE2_REPEAT_MAX || most > RE2_REPEAT_MAX ||
	    (most >= 0 && least > most))
		return re2_fail_here(r, "invalid repeat count", start);
	return repeat(r, start, least, most);
}

/* ---- one item */

/* \Q: everything up to \E or the end is literal. */
static void quoted(struct re2_parser *r)
{
	r->p += 2;
	while (r->p < r->end) {
		if (*r->p == '\\' && re2_peek(r, 1) == 'E') {
			r->p += 2;
			return;
		}
		note_repeats(r);
		put_literal(r, re2_next(r));
	}
}

static enum re2_op assertion_of(char letter)
{
	return letter == 'A'   ? RE2_BEGIN
	       : letter == 'z' ? RE2_END
	       : letter == 'b' ? RE2_WORD
			       : RE2_NOT_WORD;
}

static int backslash(struct re2_parser *r)
{
	uint32_t code;
	switch (re2_peek(r, 1)) {
	case 'A':
	case 'b':
	case 'B':
	case 'z':
		put(r, (char[]){ '\\', r->p[1], '\0' }, assertion_of(r->p[1]));
		r->p += 2;
		return 0;
	case 'C':
		return re2_fail(r, "invalid escape sequence", r->p, 2);
	case 'Q':
		quoted(r);
		return 0;
	}
	AUTO(buf_done) struct buf class = { 0 };
	int rc = re2_class_escape(r, &class);
	if (rc > 0)
		put_class_text(r, class.data);
	else if (rc == 0 && (rc = re2_escape(r, &code)) == 0)
		put_literal(r, code);
	return rc < 0 ? -1 : 0;
}

static int bracket(struct re2_parser *r)
{
	AUTO(buf_done) struct buf class = { 0 };
	if (re2_class(r, &class) < 0)
		return -1;
	put_class_text(r, class.data);
	return 0;
}

static int paren(struct re2_parser *r)
{
	if (re2_peek(r, 1) == '?')
		return special_group(r);
	r->p++;
	return open_group(r, r->flags);
}

/* Everything but repeats: those work on the atom before. */
static int item(struct re2_parser *r)
{
	switch (*r->p) {
	case '(':
		return paren(r);
	case '[':
		return bracket(r);
	case '\\':
		return backslash(r);
	case ')':
		r->p++;
		return close_group(r);
	case '|':
		level(r)->atom = false;
		next_branch(r);
		buf_putc(r->out, *r->p++);
		return 0;
	case '^':
		r->p++;
		if (r->flags & RE2_LINES)
			put(r, "^", RE2_LINE_BEGIN);
		else
			put(r, "\\A", RE2_BEGIN);
		return 0;
	case '$':
		r->p++;
		if (r->flags & RE2_LINES)
			put(r, "$", RE2_LINE_END);
		else
			put(r, "\\z", RE2_END);
		return 0;
	case '.':
		r->p++;
		if (r->flags & RE2_NEWLINE)
			put(r, ".", RE2_ANY);
		else
			put(r, "\\N", RE2_NOT_NEWLINE);
		return 0;
	default:
		put_literal(r, re2_next(r));
		return 0;
	}
}

static int step(struct re2_parser *r)
{
	const char *start = r->p, *repeated = r->repeated;
	int rc;
	if (*start == '*' || *start == '+' || *start == '?') {
		r->p++;
		rc = repeat(r, start, *start == '+', *start == '?' ? 1 : -1);
	} else if (*start == '{') {
		rc = counted_repeat(r);
	} else {
		note_repeats(r);
		rc = item(r);
	}
	if (r->repeated == repeated)
		r->repeated = NULL;
	return rc;
}

int re2_read(const char *pattern, size_t n, struct buf *out, struct re2_code *code, bool *loops,
	     struct err *err)
{
	if (n > REGEX_PATTERN_MAX)
		return err_set(err, ERR_LIMIT, "a regular expression of more than %d bytes",
			       REGEX_PATTERN_MAX);
	struct re2_parser r = { .text = pattern,
				.p = pattern,
				.end = pattern + n,
				.out = out,
				.code = code,
				.err = err };
	GROW(r.levels, r.n, r.cap);
	r.levels[r.n++] = (struct re2_level){ .jumps = -1 };
	int rc = 0;
	while (rc == 0 && r.p < r.end)
		rc = step(&r);
	if (rc == 0 && r.n > 1)
		rc = re2_fail(&r, "missing closing )", pattern, n);
	if (rc == 0 && code) {
		end_code(&r);
		re2_code_add(code, RE2_MATCH, 0, 0);
	}
	free(r.levels);
	if (loops)
		*loops = r.loops;
	return rc;
}
