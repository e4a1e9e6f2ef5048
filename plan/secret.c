/* See secret.h.
 *
 * All occurrences of all values are marked first and replaced afterwards: replacing one by one
 * would let a value that contains another, or that overlaps with it, leave its rest behind. */
#include "plan/secret.h"

#include <string.h>

#include "base/digest.h"
#include "base/json_write.h"

#define HIDDEN "(hidden)"

struct marks {
	const char *text;
	size_t n;
	char *hidden; /* a flag a byte of text */
};

static void mark(struct marks *m, const char *p, size_t n)
{
	if (!n)
		return;
	for (const char *at = m->text;; at++) {
		at = memmem(at, m->n - (size_t)(at - m->text), p, n);
		if (!at)
			return;
		memset(m->hidden + (at - m->text), 1, n);
	}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* A value as JSON and Go's %q would quote it, without the quotes. */
static void mark_quoted(struct marks *m, const char *p, size_t n)
{
	if (memchr(p, '\0', n))
		return;
	AUTO(auto_free) char *text = xstrndup(p, n);
	AUTO(buf_done) struct buf quoted = { 0 };
	struct json string = { .type = JSON_STRING, .n = (uint32_t)n, .text = text };
	json_write_canonical(&quoted, &string);
	mark(m, quoted.data + 1, quoted.len - 2);
}

static void mark_base64(struct marks *m, const char *p, size_t n)
{
	AUTO(buf_done) struct buf b = { 0 };
	base64_encode(&b, p, n);
	mark(m, buf_text(&b), b.len);
	while (b.len && b.data[b.len - 1] == '=')
		b.len--;
	mark(m, buf_text(&b), b.len);
}

static void mark_plain(struct marks *m, const char *p, size_t n)
{
	mark(m, p, n);
	mark_quoted(m, p, n);
	mark_base64(m, p, n);
	/* A final newline is usual in files and never quoted by people. */
	while (n && is_space(p[n - 1]))
		n--;
	for (; n && is_space(*p); p++)
		n--;
	mark(m, p, n);
}

static void mark_value(struct marks *m, const struct json *v, bool encoded)
{
	if (v->type == JSON_INT || v->type == JSON_FLOAT || v->type == JSON_STRING) {
		mark_plain(m, v->text, v->n);
		AUTO(buf_done) struct buf b = { 0 };
		AUTO(err_done) struct err err = { 0 };
		if (encoded && base64_decode(&b, v->text, v->n, &err) == 0)
			mark_plain(m, buf_text(&b), b.len);
	}
	/* No valid Secret nests, but it is the invalid ones that messages are about. */
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		mark_value(m, &v->items[i], encoded);
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		mark_value(m, &v->members[i].value, encoded);
}

/* A value of arbitrary bytes may end inside a character: hide all of it. */
static void widen_to_characters(struct marks *m)
{
	for (size_t i = 0; i < m->n;) {
		size_t end = i + 1;
		while (end < m->n && ((unsigned char)m->text[end] & 0xc0) == 0x80)
			end++;
		if (memchr(m->hidden + i, 1, end - i))
			memset(m->hidden + i, 1, end - i);
		i = end;
	}
}

char *secret_scrub(const struct json *secret, const char *text)
{
	if (!text)
		return NULL;
	size_t n = strlen(text);
	AUTO(auto_free) char *hidden = xcalloc(n + 1, 1);
	struct marks m = { .text = text, .n = n, .hidden = hidden };
	const struct json *data = json_get(secret, "data");
	const struct json *strings = json_get(secret, "stringData");
	if (data)
		mark_value(&m, data, true);
	if (strings)
		mark_value(&m, strings, false);
	if (memchr(hidden, 1, n))
		mark(&m, HIDDEN, strlen(HIDDEN)); /* scrubbed before: stays one word */
	widen_to_characters(&m);

	AUTO(buf_done) struct buf out = { 0 };
	for (size_t i = 0; i < n; i++) {
		if (!hidden[i])
			buf_putc(&out, text[i]);
		else if (i == 0 || !hidden[i - 1])
			buf_puts(&out, HIDDEN);
	}
	return buf_take(&out);
}

void secret_hide(struct arena *a, struct json *secret, const char *value)
{
	static const char *const keys[] = { "data", "stringData" };
	for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
		struct json *data = (struct json *)json_get(secret, keys[k]);
		for (uint32_t i = 0; json_is(data, JSON_OBJECT) && i < data->n; i++)
			data->members[i].value = json_of_string(a, value);
	}
	struct json *annotations = (struct json *)json_at(secret, "metadata", "annotations", NULL);
	if (json_is(annotations, JSON_OBJECT))
		json_remove(annotations, "kubectl.kubernetes.io/last-applied-configuration");
}
