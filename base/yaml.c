/* A file into documents, cut as kubectl cuts it (k8s.io/apimachinery/pkg/util/yaml): first by
 * lines that begin with ---, whatever YAML makes of them, then each piece is a YAML file of its
 * own.  A file that starts with { is a stream of JSON values until it is not. */
#include "base/yaml.h"

#include <string.h>

#include "base/yaml_internal.h"

static const char MARK[] = "\xEF\xBB\xBF"; /* the byte order mark in UTF-8 */

struct stream {
	struct yaml_run run;
	const char *p, *end; /* what was not read yet */
	unsigned line, col;  /* lines before p, characters before it on its line */
	unsigned values;     /* JSON values read */
	unsigned pieces, max_documents, index;
	yaml_document_fn *each;
	void *ctx;
};

static struct srcpos line_start(const struct stream *s)
{
	return (struct srcpos){ s->run.name, s->line + 1, 1 };
}

static int deliver(struct stream *s, const struct json *document)
{
	if (document->type == JSON_NULL)
		return 0;
	return s->each(s->ctx, document, s->index++, s->run.err);
}

static int count_piece(struct stream *s)
{
	if (++s->pieces <= s->max_documents)
		return 0;
	return err_at(s->run.err, ERR_LIMIT, line_start(s),
		      "more than %u documents in one file (YAML_MAX_DOCUMENTS)", s->max_documents);
}

/* ---- lines */

static const char *line_end(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	return newline ? newline + 1 : end;
}

static bool is_separator(const char *p, const char *end)
{
	return end - p >= 3 && memcmp(p, "---", 3) == 0;
}

/* The start of the first line that holds more than spaces, a comment or a separator. */
static const char *skip_empty_lines(const char *p, const char *end)
{
	while (p < end) {
		const char *q = p;
		if (is_separator(p, end))
			q += 3;
		while (q < end && *q == ' ')
			q++;
		if (q < end && *q == '#')
			while (q < end && !yaml_line_break(q, end))
				q++;
		size_t n = q < end ? yaml_line_break(q, end) : 0;
		if (q < end && !n)
			return p;
		p = q + n;
	}
	return end;
}

static int check_separator(struct stream *s, const char *p, const char *end)
{
	const char *rest = p + 3;
	while (rest < end && strchr(" \t\r\n\v\f", *rest) && *rest)
		rest++;
	if (rest == end || *rest == '#')
		return 0;
	struct srcpos at = { s->run.name, s->line + 1, (unsigned)(rest - p) + 1 };
	return err_at(s->run.err, ERR_INPUT, at,
		      "only a comment can follow --- on its line, or kubectl refuses the file; put "
		      "the rest on the next line");
}

/* ---- YAML */

static bool starts_line(const char *p, const char *start)
{
	for (ptrdiff_t n = 1; n <= 3 && n <= p - start; n++)
		if (yaml_line_break(p - n, p) == (size_t)n)
			return true;
	return p == start;
}

/* A byte order mark at the start of a line would be skipped by libyaml and taken for a letter by
 * kubectl. */
static int check_mark(struct stream *s, const char *p, const char *end, unsigned line)
{
	for (const char *mark = p; (mark = memmem(mark, (size_t)(end - mark), MARK, 3));
	     mark += 3) {
		if (!starts_line(mark, p))
			continue;
		for (; p < mark; p++)
			line += *p == '\n';
		return err_at(s->run.err, ERR_INPUT, (struct srcpos){ s->run.name, line + 1, 1 },
			      "a byte order mark (U+FEFF) within the file; remove it");
	}
	return 0;
}

/* Nothing that libyaml could refuse in comments. */
static bool is_plain_ascii(const char *p, const char *end)
{
	while (p < end && ((*p >= 0x20 && *p < 0x7F) || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p == end;
}

/* kubectl keeps the first line of a piece even where it is a separator, and then ---# is a word. */
static int check_first_line(struct stream *s, const char *p, const char *end, unsigned line)
{
	if (!is_separator(p, end) || p + 3 == end || p[3] != '#')
		return 0;
	return err_at(s->run.err, ERR_INPUT, (struct srcpos){ s->run.name, line + 1, 4 },
		      "a comment after --- needs a space before it");
}

static int read_piece(struct stream *s, const char *p, const char *end, unsigned line)
{
	if (end - p >= 3 && memcmp(p, MARK, 3) == 0)
		p += 3;
	const char *content = skip_empty_lines(p, end);
	if (check_first_line(s, p, end, line) < 0)
		return -1;
	if (content == end && is_plain_ascii(p, end))
		return 0;
	if (content < end && *content == '%') {
		for (; p < content; p++)
			line += *p == '\n';
		return err_at(s->run.err, ERR_INPUT, (struct srcpos){ s->run.name, line + 1, 1 },
			      "kubectl reads no %% directives; remove the line");
	}
	struct json document;
	if (count_piece(s) < 0 || check_mark(s, p, end, line) < 0 ||
	    yaml_read_document(&s->run, p, (size_t)(end - p), line, &document) < 0)
		return -1;
	return deliver(s, &document);
}

static int read_pieces(struct stream *s)
{
	const char *piece = s->p;
	unsigned piece_line = s->line;
	for (const char *end; s->p < s->end; s->p = end, s->line++) {
		end = line_end(s->p, s->end);
		if (!is_separator(s->p, end))
			continue;
		if (check_separator(s, s->p, end) < 0)
			return -1;
		if (piece == s->p)
			continue; /* the first line of a piece belongs to it */
		if (read_piece(s, piece, s->p, piece_line) < 0)
			return -1;
		piece = end;
		piece_line = s->line + 1;
	}
	return read_piece(s, piece, s->end, piece_line);
}

/* ---- JSON */

/* Moves over text that was read. */
static void advance(struct stream *s, const char *to)
{
	for (; s->p < to; s->p++) {
		s->col += ((unsigned char)*s->p & 0xC0) != 0x80;
		if (*s->p == '\n') {
			s->line++;
			s->col = 0;
		}
	}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_space(const struct stream *s)
{
	const char *p = s->p;
	while (p < s->end && is_space(*p))
		p++;
	return p;
}

/* Reads JSON values until the text ends or is something else, which leaves s->p there. */
static int read_values(struct stream *s, struct err *json_err)
{
	for (; skip_space(s) < s->end; s->values++) {
		struct stream before = *s;
		struct json document;
		size_t used;
		advance(s, skip_space(s));
		if (count_piece(s) < 0)
			return -1;
		if (yaml_read_json(&s->run, s->p, (size_t)(s->end - s->p), s->line, s->col,
				   &document, &used, json_err) < 0) {
			s->p = before.p;
			s->line = before.line;
			return json_err->code ? 0 : -1;
		}
		advance(s, s->p + used);
		if (deliver(s, &document) < 0)
			return -1;
	}
	return 0;
}

static bool is_later(const struct srcpos *a, const struct srcpos *b)
{
	return a->line != b->line ? a->line > b->line : a->col > b->col;
}

/* What starts with { is JSON, or YAML in flow style.  kubectl decides as late as here: when one
 * value at most was read, the rest may still be YAML.  Where both fail, the error of the reader
 * that came further is the better one. */
static int read_stream(struct stream *s)
{
	enum { AHEAD = 4 };
	AUTO(err_done) struct err json_err = { 0 };
	if (read_values(s, &json_err) < 0)
		return -1;
	if (json_err.code == ERR_NONE)
		return 0;
	if (s->values > 1)
		return err_move(s->run.err, &json_err);
	AUTO(err_done) struct err yaml_err = { 0 };
	struct err *outer = s->run.err;
	const char *next = skip_space(s);
	const char *newline = memchr(s->p, '\n', (size_t)(next - s->p));
	if (s->end - (newline ? newline : next) < AHEAD)
		return err_move(s->run.err, &json_err); /* as kubectl, which looks that far ahead */
	advance(s, newline ? newline + 1 : next);
	s->run.err = &yaml_err;
	int rc = read_pieces(s);
	s->run.err = outer;
	if (rc == 0)
		return 0;
	return err_move(outer, is_later(&json_err.at, &yaml_err.at) ? &json_err : &yaml_err);
}

static bool starts_with_brace(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p < end && *p == '{';
}

int yaml_parse(struct arena *a, const char *text, size_t n, const char *name,
	       const struct yaml_limits *limits, yaml_document_fn *each, void *ctx, struct err *err)
{
	struct yaml_limits l = limits ? *limits : (struct yaml_limits){ 0 };
	size_t max_bytes = l.max_bytes ? l.max_bytes : YAML_MAX_BYTES;
	if (n > max_bytes)
		return err_at(err, ERR_LIMIT, (struct srcpos){ name, 0, 0 },
			      "larger than %zu bytes (YAML_MAX_BYTES)", max_bytes);
	struct stream s = {
		.run = { .a = a,
			 .name = name,
			 .err = err,
			 .max_depth = l.max_depth ? l.max_depth : YAML_MAX_DEPTH,
			 .max_nodes = l.max_nodes ? l.max_nodes : YAML_MAX_NODES },
		.max_documents = l.max_documents ? l.max_documents : YAML_MAX_DOCUMENTS,
		.each = each,
		.ctx = ctx,
	};
	if (yaml_is_utf16(text, n) && yaml_from_utf16(&s.run, &text, &n) < 0)
		return -1;
	s.p = text;
	s.end = text + n;
	if (n >= 3 && memcmp(text, MARK, 3) == 0)
		s.p += 3;
	return starts_with_brace(s.p, s.end) ? read_stream(&s) : read_pieces(&s);
}

/* ---- a file of one document */

struct one {
	struct json *out;
	const char *name;
};

static int take_one(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	struct one *one = ctx;
	if (index > 0)
		return err_at(err, ERR_INPUT, json_pos(document, one->name),
			      "a second document; this file holds exactly one");
	*one->out = *document;
	return 0;
}

int yaml_parse_one(struct arena *a, const char *text, size_t n, const char *name,
		   const struct yaml_limits *limits, struct json *out, struct err *err)
{
	struct json document = json_of_null();
	struct one one = { &document, name };
	if (yaml_parse(a, text, n, name, limits, take_one, &one, err) < 0)
		return -1;
	*out = document;
	return 0;
}
