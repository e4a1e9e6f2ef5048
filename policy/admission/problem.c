/* Problems of policies, and where in a file an expression has its characters.
 *
 * A tree knows where a scalar starts, not how it is written: plain, quoted, folded or literal.
 * The text of the expression is walked beside the text of the file, blanks apart, from there: all
 * styles of YAML and JSON keep the other characters in order. */
#include "policy/admission/internal.h"

#include <ctype.h>
#include <string.h>

void problem_add_at(struct admission *a, const struct origin *o, struct srcpos at,
		    const char *excerpt, const char *message)
{
	if (a->n_problems == ADMISSION_MAX_PROBLEMS)
		return;
	if (!at.line) /* of a part that is not there */
		at = json_pos(o->document, o->source->name);
	GROW(a->problems, a->n_problems, a->cap_problems);
	a->problems[a->n_problems++] = (struct admission_problem){
		.at = at,
		.message = arena_fmt(&a->arena, "%s: %s", o->label, message),
		.excerpt = excerpt,
	};
}

void problem_add(struct admission *a, const struct origin *o, const struct json *node,
		 const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *message = xvfmt(fmt, ap);
	va_end(ap);
	problem_add_at(a, o, json_pos(node, o->source->name), NULL, message);
}

const struct admission_problem *admission_problems(const struct admission *a, size_t *n)
{
	*n = a->n_problems;
	return a->problems;
}

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
