/* libyaml's parser: lines in as kubectl sees them, events out, problems in our words. */
#include "base/yaml_events.h"

#include <string.h>

#include "base/yaml_internal.h"

/* ---- text in: the lines as kubectl's line reader gives them, ended by \n alone */

static int feed(void *ctx, unsigned char *out, size_t size, size_t *size_read)
{
	struct yaml_events *e = ctx;
	size_t k = 0;
	while (k < size && e->fed < e->n) {
		size_t room = size - k, left = e->n - e->fed;
		const char *from = e->text + e->fed;
		size_t step = room < left ? room : left;
		const char *cr = memchr(from, '\r', step);
		if (cr)
			step = (size_t)(cr - from);
		memcpy(out + k, from, step);
		k += step;
		e->fed += step;
		if (!cr || k == size)
			continue;
		bool crlf = e->fed + 1 < e->n && cr[1] == '\n';
		if (!crlf)
			out[k++] = '\r';
		e->fed++;
	}
	bool unterminated = e->n && e->text[e->n - 1] != '\n';
	if (k < size && e->fed == e->n && unterminated) {
		out[k++] = '\n';
		e->fed++;
	}
	*size_read = k;
	return 1;
}

/* ---- errors */

struct srcpos yaml_position(const struct yaml_events *e, yaml_mark_t mark)
{
	return (struct srcpos){ e->name, e->line + (unsigned)mark.line + 1,
				(unsigned)mark.column + 1 };
}

/* What libyaml says, and what we say instead; at: the character found there, 0: any. */
static const struct {
	const char *problem;
	char at;
	const char *say;
} explanations[] = {
	{ "found character that cannot start any token", '\t',
	  "found a tab where indentation is expected; use spaces" },
	{ "found character that cannot start any token", '%',
	  "a value cannot start with %; put it in quotes" },
	{ "found character that cannot start any token", '@',
	  "a value cannot start with @; put it in quotes" },
	{ "found character that cannot start any token", '`',
	  "a value cannot start with a backquote; put it in quotes" },
	{ "found a tab character that violates indentation", 0,
	  "found a tab where indentation is expected; use spaces" },
	{ "found a tab character where an indentation space is expected", 0,
	  "found a tab where indentation is expected; use spaces" },
	{ "mapping values are not allowed in this context", 0,
	  "found a second ': ' in one value, or a key indented too deep; put the value in quotes "
	  "or "
	  "correct the indentation" },
	{ "could not find expected ':'", 0,
	  "found no ':' after this key; write `key: value`, or indent text that goes on" },
	{ "did not find expected key", 0,
	  "expected a key as deeply indented as those above; correct the indentation" },
	{ "did not find expected '-' indicator", 0,
	  "expected a '-' as deeply indented as those above; correct the indentation" },
	{ "did not find expected <document start>", 0,
	  "expected a line with --- or the end; only one value can stand at the top" },
	{ "found unexpected ':'", 0,
	  "found ':' at the end of a word within [] or {}; put the word in quotes" },
	{ "found unknown escape character", 0,
	  "found a backslash before a character that needs none; write \\\\ for a backslash" },
	{ "did not find expected whitespace or line break", 0, "put a space after the tag" },
	{ "did not find expected ',' or ']'", 0, "expected ',' or ']'" },
	{ "did not find expected ',' or '}'", 0, "expected ',' or '}'" },
	{ "found unexpected end of stream", 0, "the text ends within quotes; close them" },
	{ "block sequence entries are not allowed in this context", 0,
	  "a list cannot start here; put its first '-' on a line of its own" },
	{ "control characters are not allowed", 0,
	  "control characters are not allowed; write them as \\x.. in double quotes" },
};

size_t yaml_line_break(const char *p, const char *end)
{
	size_t left = (size_t)(end - p);
	switch (*p) {
	case '\n':
		return 1;
	case '\r':
		return left > 1 && p[1] == '\n' ? 2 : 1;
	case '\xC2': /* U+0085 */
		return left > 1 && p[1] == '\x85' ? 2 : 0;
	case '\xE2': /* U+2028, U+2029 */
		return left > 2 && p[1] == '\x80' && (p[2] == '\xA8' || p[2] == '\xA9') ? 3 : 0;
	default:
		return 0;
	}
}

/* Goes on from the mark before, so that asking for every mark is linear. */
const char *yaml_text_at(struct yaml_events *e, yaml_mark_t mark)
{
	const char *end = e->text + e->n;
	if (!e->at || mark.index < e->at_index) {
		e->at = e->text;
		e->at_index = 0;
	}
	for (; e->at < end && e->at_index < mark.index; e->at_index++) {
		if (e->at + 1 < end && e->at[0] == '\r' && e->at[1] == '\n')
			e->at++; /* libyaml was given the \n alone */
		for (e->at++; e->at < end && ((unsigned char)*e->at & 0xC0) == 0x80; e->at++)
			;
	}
	return e->at;
}

/* The mark of a byte that libyaml was given, for errors of its reader, which have no mark. */
static yaml_mark_t mark_of(const struct yaml_events *e, size_t offset)
{
	yaml_mark_t mark = { 0 };
	for (size_t i = 0; i < e->n && offset > 0; i++) {
		if (e->text[i] == '\r' && i + 1 < e->n && e->text[i + 1] == '\n')
			continue;
		offset--;
		if (e->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
			mark.index++;
		} else if (((unsigned char)e->text[i] & 0xC0) != 0x80) {
			mark.column++;
			mark.index++;
		}
	}
	return mark;
}

static int fail(struct yaml_events *e)
{
	const yaml_parser_t *p = &e->parser;
	if (p->error == YAML_MEMORY_ERROR)
		return err_set(e->err, ERR_SYSTEM, "libyaml has no memory left");
	const char *say = p->problem ? p->problem : "libyaml gave no reason";
	yaml_mark_t mark =
		p->error == YAML_READER_ERROR ? mark_of(e, p->problem_offset) : p->problem_mark;
	/* Where a construct is never closed, its start says more than the end of the file. */
	if (p->problem && p->context_mark.line + p->context_mark.column &&
	    (strcmp(say, "could not find expected ':'") == 0 ||
	     strcmp(say, "found unexpected end of stream") == 0))
		mark = p->context_mark;
	const char *text = yaml_text_at(e, mark);
	char at = text < e->text + e->n ? *text : '\0';
	for (size_t i = 0; i < ARRAY_LEN(explanations); i++) {
		if (strcmp(explanations[i].problem, say) == 0 &&
		    (!explanations[i].at || explanations[i].at == at)) {
			say = explanations[i].say;
			break;
		}
	}
	return err_at(e->err, ERR_INPUT, yaml_position(e, mark), "%s", say);
}

int yaml_next(struct yaml_events *e, yaml_event_t *event)
{
	return yaml_parser_parse(&e->parser, event) ? 0 : fail(e);
}

bool yaml_tag_is_apart(struct yaml_events *e, yaml_mark_t mark)
{
	const char *p = yaml_text_at(e, mark), *end = e->text + e->n;
	if (p < end && *p == '&') {
		while (p < end && *p != '!')
			p++;
	}
	if (end - p > 2 && p[1] == '<') { /* a whole tag: !<...> */
		while (p < end && *p != '>')
			p++;
	}
	while (p < end && *p != ' ' && *p != '\t' && !yaml_line_break(p, end))
		if (strchr(",[]{}", *p++))
			return false;
	return true;
}

int yaml_events_open(struct yaml_events *e)
{
	if (!yaml_parser_initialize(&e->parser))
		return err_set(e->err, ERR_SYSTEM, "libyaml has no memory left");
	yaml_parser_set_encoding(&e->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input(&e->parser, feed, e);
	return 0;
}

void yaml_events_done(struct yaml_events *e)
{
	yaml_parser_delete(&e->parser);
}
