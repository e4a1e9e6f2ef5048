/* JSON values that follow each other in a file, as Go's json.Decoder takes them apart: {...}{...}.
 *
 * json_parse() reads one value, so its end is found here first.  Numbers are then made the same
 * as those of YAML: kubectl sends 1.0 as 1 from either. */
#include "base/yaml_internal.h"

#include <math.h>
#include <string.h>

#include "base/json_parse.h"

static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

static const char *digits_end(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* A number or a word ends where it is whole, whatever follows: 01 is two numbers. */
static const char *word_end(const char *p, const char *end)
{
	static const char *const words[] = { "true", "false", "null" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);
		if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0)
			return p + n;
	}
	p += *p == '-';
	p = p < end && *p == '0' ? p + 1 : digits_end(p, end);
	if (p < end && *p == '.')
		p = digits_end(p + 1, end);
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = digits_end(p, end);
	}
	return p;
}

/* The end of the value at p, as far as brackets and quotes tell; json_parse() judges it. */
static const char *value_end(const char *p, const char *end)
{
	size_t open = 0;
	do {
		if (*p == '"') {
			p = string_end(p, end);
		} else if (*p == '{' || *p == '[') {
			open++;
			p++;
		} else if (*p == '}' || *p == ']') {
			open -= open > 0;
			p++;
		} else if (open) {
			p++;
		} else {
			return word_end(p, end);
		}
	} while (open && p < end);
	return p;
}

struct adjust {
	struct yaml_run *run;
	unsigned line, col; /* to add: lines before the text, characters before it on its line */
	struct srcpos bad;  /* a number that is none to Go */
};

static void shift(const struct adjust *by, uint32_t *line, uint32_t *col)
{
	if (*line == 1)
		*col += by->col;
	*line += by->line;
}

/* 1.0 becomes 1, and an integer beyond 64 bits a double: what kubectl sends from either. */
static void adjust_number(struct adjust *by, struct json *v)
{
	enum { ALWAYS_64_BITS = 18 };
	struct yaml_scalar s = { .kind = YAML_FLOAT };
	struct json number;
	if (v->type == JSON_INT && v->n <= ALWAYS_64_BITS)
		return;
	if (v->type == JSON_FLOAT)
		s.f = strtod(v->text, NULL);
	else
		yaml_number(v->text, v->n, &s);
	if (yaml_to_value(by->run->a, &s, &number)) {
		by->bad = json_pos(v, by->run->name);
		return;
	}
	number.line = v->line;
	number.col = v->col;
	*v = number;
}

static void adjust(struct adjust *by, struct json *v)
{
	shift(by, &v->line, &v->col);
	by->run->nodes++;
	if (v->type == JSON_ARRAY) {
		for (uint32_t i = 0; i < v->n; i++)
			adjust(by, &v->items[i]);
	} else if (v->type == JSON_OBJECT) {
		for (uint32_t i = 0; i < v->n; i++) {
			shift(by, &v->members[i].line, &v->members[i].col);
			adjust(by, &v->members[i].value);
		}
	} else if (v->type == JSON_FLOAT || v->type == JSON_INT) {
		adjust_number(by, v);
	}
}

/* The text at a position of json_parse(). */
static const char *text_at(const char *p, const char *end, const struct srcpos *at)
{
	for (unsigned line = 1; line < at->line; line++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline)
			return end;
		p = newline + 1;
	}
	for (unsigned col = 1; col < at->col && p < end; col++)
		for (p++; p < end && ((unsigned char)*p & 0xC0) == 0x80; p++)
			;
	return p;
}

/* Whether json_parse() refused a number that is one, only too large: no reason to try YAML. */
static bool is_too_large(const char *text, const char *end, const struct srcpos *at)
{
	const char *p = text_at(text, end, at);
	if (p == end || !(*p == '-' || (*p >= '0' && *p <= '9')))
		return false;
	AUTO(auto_free) char *number = xstrndup(p, (size_t)(end - p));
	return isinf(strtod(number, NULL));
}

int yaml_read_json(struct yaml_run *run, const char *text, size_t n, unsigned line, unsigned col,
		   struct json *out, size_t *used, struct err *syntax)
{
	struct json_limits limits = { .max_bytes = n + 1,
				      .max_depth = run->max_depth,
				      .max_values = run->max_nodes - run->nodes + 1,
				      .positions = true };
	struct json document;
	size_t length = (size_t)(value_end(text, text + n) - text);
	if (json_parse(run->a, text, length, run->name, &limits, &document, syntax) < 0) {
		bool final = is_too_large(text, text + length, &syntax->at);
		if (syntax->at.line == 1 && syntax->at.col)
			syntax->at.col += col;
		if (syntax->at.line)
			syntax->at.line += line;
		return final ? err_move(run->err, syntax) : -1;
	}
	struct adjust by = { .run = run, .line = line, .col = col };
	adjust(&by, &document);
	if (by.bad.line)
		return err_at(run->err, ERR_INPUT, by.bad, "the number is too large for a double");
	if (run->nodes > run->max_nodes)
		return err_at(run->err, ERR_LIMIT, json_pos(&document, run->name),
			      "more than %zu values in one file (YAML_MAX_NODES)", run->max_nodes);
	*out = document;
	*used = length;
	return 0;
}
