/* See expression.h.
 *
 * A tree knows where a scalar starts, not how it is written: plain, quoted, folded or literal.
 * The text of the expression is walked beside the text of the file, blanks apart, from there: all
 * styles of YAML and JSON keep the other characters in order. */
#include "policy/rule/expression.h"

#include <string.h>

/* ---- positions */

struct cursor {
	const char *p, *end;
	unsigned line, col; /* col counts characters */
};

static void step(struct cursor *c)
{
	if (*c->p == '\n') {
		c->line++;
		c->col = 0;
	}
	c->p++;
	/* Continuation bytes of UTF-8 are no columns of their own. */
	if (c->p == c->end || ((unsigned char)*c->p & 0xc0) != 0x80)
		c->col++;
}

static bool move_to(struct cursor *c, unsigned line, unsigned col)
{
	while (c->p < c->end && (c->line < line || (c->line == line && c->col < col)))
		step(c);
	return c->p < c->end && c->line == line && c->col == col;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The header of a block scalar (|, >-, |2) and comments behind it. */
static void skip_header(struct cursor *c)
{
	if (c->p == c->end || (*c->p != '|' && *c->p != '>'))
		return;
	while (c->p < c->end && *c->p != '\n')
		step(c);
}

/* Blanks, in double quotes also those that are escaped. */
static void skip_blanks(struct cursor *c, char quote)
{
	while (c->p < c->end) {
		bool escaped = quote == '"' && c->end - c->p >= 2 && *c->p == '\\' &&
			       (strchr("ntr", c->p[1]) || is_blank(c->p[1]));
		if (!escaped && !is_blank(*c->p))
			return;
		if (escaped)
			step(c);
		step(c);
	}
}

/* Passes what the file has for one character of the expression that is no blank; false where it
 * has something else. */
static bool pass(struct cursor *c, char want, char quote)
{
	skip_blanks(c, quote);
	if (quote && c->end - c->p >= 2 && *c->p == (quote == '"' ? '\\' : '\'') && c->p[1] == want)
		step(c);
	if (c->p == c->end || *c->p != want)
		return false;
	step(c);
	return true;
}

/* The byte of the expression at a line and column. */
static size_t offset_of(const struct expression *e, unsigned line, unsigned col)
{
	struct cursor c = { e->text, e->text + e->n, 1, 1 };
	move_to(&c, line, col);
	return (size_t)(c.p - e->text);
}

struct srcpos expression_position(const struct source *source, const struct expression *e,
				  unsigned line, unsigned col)
{
	struct srcpos start = json_pos(e->node, source->name);
	struct cursor c = { source->text, source->text ? source->text + source->n : NULL, 1, 1 };
	if (!source->text || !line || !e->node || !e->node->line ||
	    !move_to(&c, e->node->line, e->node->col))
		return start;
	size_t target = offset_of(e, line, col);
	char quote = *c.p == '"' || *c.p == '\'' ? *c.p : '\0';
	if (quote)
		step(&c);
	else
		skip_header(&c);
	for (size_t i = 0; i < target; i++)
		if (!is_blank(e->text[i]) && !pass(&c, e->text[i], quote))
			return start;
	skip_blanks(&c, quote);
	return (struct srcpos){ source->name, c.line, c.col };
}

/* ---- programs */

static bool is_bool(const struct cel_type *t)
{
	return t->kind == CEL_BOOL;
}

static bool is_string(const struct cel_type *t)
{
	return t->kind == CEL_STRING;
}

static bool is_string_or_null(const struct cel_type *t)
{
	return t->kind == CEL_STRING || t->kind == CEL_NULL;
}

static bool is_any(const struct cel_type *t)
{
	(void)t;
	return true;
}

static const struct {
	bool (*fits)(const struct cel_type *t);
	const char *expected;
} results[] = {
	[RESULT_BOOL] = { is_bool, "bool" },
	[RESULT_STRING] = { is_string, "string" },
	[RESULT_STRING_OR_NULL] = { is_string_or_null, NULL },
	[RESULT_ANY] = { is_any, NULL },
};
/* As Kubernetes words it, with the line and a caret. */
static const char *failure_text(struct arena *a, const struct expression *e,
				const struct cel_issue *issue)
{
	AUTO(buf_done) struct buf caret = { 0 };
	if (issue->phase == CEL_PROGRAM)
		return arena_fmt(a, "program instantiation failed: %s", issue->message);
	unsigned line = issue->line ? issue->line : 1, col = issue->line ? issue->col : 1;
	cel_caret(e->text, e->n, line, col, &caret);
	return arena_fmt(a, "compilation failed: ERROR: <input>:%u:%u: %s\n%s", line, col,
			 issue->message, buf_text(&caret));
}

static void tell(struct arena *a, const struct source *source, const struct expression *e,
		 const struct cel_issue *issue, struct expression_issue *out)
{
	AUTO(buf_done) struct buf caret = { 0 };
	if (issue->line)
		cel_caret(e->text, e->n, issue->line, issue->col, &caret);
	*out = (struct expression_issue){
		.at = expression_position(source, e, issue->line, issue->col),
		.message = arena_strdup(a, issue->message),
		.excerpt = caret.len ? arena_strdup(a, buf_text(&caret)) : NULL,
	};
}

static void wrong_result(struct arena *a, struct expression *e, enum expression_result want,
			 const struct cel_type *got)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (results[want].expected) {
		buf_printf(&text, "must evaluate to %s but got ", results[want].expected);
		cel_type_say(got, &text);
	} else {
		buf_puts(&text, "must evaluate to one of [string null_type]");
	}
	e->failure = arena_strdup(a, buf_text(&text));
}

bool expression_compile(struct arena *a, const struct source *source, struct expression *e,
			const struct cel_env *env, enum expression_result want,
			struct expression_issue *out)
{
	AUTO(cel_issue_done) struct cel_issue issue = { 0 };
	if (!e->text)
		return true;
	if (cel_compile(env, e->text, e->n, NULL, &e->program, &issue) < 0) {
		e->failure = failure_text(a, e, &issue);
		tell(a, source, e, &issue, out);
		return false;
	}
	const struct cel_type *got = cel_program_type(e->program);
	if (results[want].fits(got))
		return true;
	wrong_result(a, e, want, got);
	cel_program_free(e->program);
	e->program = NULL;
	*out = (struct expression_issue){ expression_position(source, e, 0, 0), e->failure, NULL };
	return false;
}
