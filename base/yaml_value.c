/* Resolved scalars to JSON values and keys, as sigs.k8s.io/yaml and encoding/json make them. */
#include "base/yaml_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

const char *yaml_intern(struct yaml_run *run, const char *s, size_t n)
{
	if (n > 32)
		return arena_strndup(run->a, s, n);
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	const char **slot = &run->interned[(h ^ (h >> 16)) % ARRAY_LEN(run->interned)];
	if (!*slot || strncmp(*slot, s, n) != 0 || (*slot)[n])
		*slot = arena_strndup(run->a, s, n);
	return *slot;
}

static int base64_digit(char c)
{
	return c >= 'A' && c <= 'Z'   ? c - 'A'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 26
	       : c >= '0' && c <= '9' ? c - '0' + 52
	       : c == '+'             ? 62
	       : c == '/'             ? 63
				      : -1;
}

/* !!binary becomes its bytes, as a string: line breaks are skipped, padding is required. */
const char *yaml_decode_base64(struct arena *a, struct yaml_scalar *s)
{
	char *out = arena_alloc(a, s->n + 1);
	size_t n = 0, digits = 0, padding = 0;
	uint32_t bits = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		char c = s->text[i];
		if (c == '\n' || c == '\r')
			continue;
		int digit = c == '=' ? 0 : base64_digit(c);
		padding += c == '=';
		if (digit < 0 || (padding && c != '='))
			return "it is tagged !!binary and is no base64";
		bits = bits << 6 | (uint32_t)digit;
		if (++digits % 4 == 0) {
			out[n++] = (char)(bits >> 16);
			out[n++] = (char)(bits >> 8);
			out[n++] = (char)bits;
		}
	}
	if (digits % 4 || padding > 2)
		return "it is tagged !!binary and is no base64";
	n -= padding;
	out[n] = '\0';
	uint32_t code;
	for (size_t i = 0, step; i < n; i += step)
		if (!(step = utf8_decode(out + i, n - i, &code)) || !code)
			return "a string holds UTF-8 without NUL, this !!binary something else; "
			       "write the base64 text without the tag";
	s->text = out;
	s->n = (uint32_t)n;
	return NULL;
}

static struct json number(struct arena *a, enum json_type type, const char *text, size_t n)
{
	return (struct json){ .type = type, .n = (uint32_t)n, .text = arena_strndup(a, text, n) };
}

const char *yaml_to_value(struct arena *a, const struct yaml_scalar *s, struct json *out)
{
	AUTO(buf_done) struct buf b = { 0 };
	*out = (struct json){ .type = JSON_NULL };
	switch ((enum yaml_kind)s->kind) {
	case YAML_NULL:
		break;
	case YAML_BOOL:
		*out = json_of_bool(s->truth);
		break;
	case YAML_INT:
		*out = json_of_int(a, s->i);
		break;
	case YAML_UINT:
		buf_printf(&b, "%" PRIu64, s->u);
		*out = number(a, JSON_INT, b.data, b.len);
		break;
	case YAML_FLOAT:
		if (!isfinite(s->f))
			return "JSON has no infinity and no NaN; put it in quotes to make it a "
			       "string";
		yaml_double_value(&b, s->f);
		*out = number(a, strpbrk(b.data, ".e") ? JSON_FLOAT : JSON_INT, b.data, b.len);
		break;
	case YAML_TEXT:
		*out = (struct json){ .type = JSON_STRING, .n = s->n, .text = s->text };
		break;
	}
	return NULL;
}

const char *yaml_to_key(struct yaml_run *run, const struct yaml_scalar *s, const char **out)
{
	AUTO(buf_done) struct buf b = { 0 };
	switch ((enum yaml_kind)s->kind) {
	case YAML_NULL:
		return "a key cannot be null; put it in quotes to make it a string";
	case YAML_UINT:
		return "a key cannot be an integer beyond 64 bits; put it in quotes";
	case YAML_TEXT:
		*out = s->text;
		return NULL;
	case YAML_BOOL:
		*out = s->truth ? "true" : "false";
		return NULL;
	case YAML_INT:
		buf_printf(&b, "%" PRId64, s->i);
		break;
	case YAML_FLOAT:
		yaml_double_key(&b, s->f);
		break;
	}
	*out = yaml_intern(run, b.data, b.len);
	return NULL;
}
