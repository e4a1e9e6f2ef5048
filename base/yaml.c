/* A file into documents, cut as kubectl cuts it (k8s.io/apimachinery/pkg/util/yaml): first by
 * lines that begin with ---, whatever YAML makes of them, then each piece is a YAML file of its
 * own.  A file that starts with { is a stream of JSON values until it is not. */
#include "base/yaml.h"

#include <string.h>

#include "base/yaml_internal.h"

struct stream {
	struct yaml_run run;
	const char *p, *end; /* what was not read yet */
	unsigned line;       /* lines before p */
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

/* Spaces, comments, separators. */
static bool is_empty_line(const char *p, const char *end)
{
	if (is_separator(p, end))
		return true;
	while (p < end && *p == ' ')
		p++;
	return p == end || *p == '#' || *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
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

static int read_piece(struct stream *s, const char *p, const char *end, unsigned line)
{
	while (p < end && is_empty_line(p, end)) {
		p = line_end(p, end);
		line++;
	}
	if (p == end)
		return 0;
	if (*p == '%')
		return err_at(s->run.err, ERR_INPUT, (struct srcpos){ s->run.name, line + 1, 1 },
			      "kubectl reads no %% directives; remove the line");
	struct json document;
	if (count_piece(s) < 0 ||
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
		.p = text,
		.end = text + n,
		.max_documents = l.max_documents ? l.max_documents : YAML_MAX_DOCUMENTS,
		.each = each,
		.ctx = ctx,
	};
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		s.p += 3;
	return read_pieces(&s);
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
