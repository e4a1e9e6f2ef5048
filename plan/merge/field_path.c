/* See field_path.h.  Reading texts is in field_path_parse.c. */
#include "plan/merge/field_path.h"

#include <inttypes.h>
#include <string.h>

#include "base/json_write.h"

/* ---- order */

static int compare_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_double(double a, double b)
{
	return (a > b) - (a < b);
}

static bool is_number(const struct json *v)
{
	return v->type == JSON_INT || v->type == JSON_FLOAT;
}

static int value_rank(const struct json *v)
{
	static const int rank[] = {
		[JSON_INT] = 0,   [JSON_FLOAT] = 0,  [JSON_STRING] = 1, [JSON_BOOL] = 2,
		[JSON_ARRAY] = 3, [JSON_OBJECT] = 4, [JSON_NULL] = 5,
	};
	return rank[v->type];
}

/* Numbers are one type here: a set that was stored and read back may hold 80 where the object
 * holds 80.0. */
static int compare_value(const struct json *a, const struct json *b)
{
	if (is_number(a) && is_number(b) && a->type != b->type)
		return compare_double(strtod(a->text, NULL), strtod(b->text, NULL));
	int d = compare_int(value_rank(a), value_rank(b));
	return d ? d : json_compare(a, b);
}

/* By the first key or value that differs, then by how many there are. */
static int compare_keys(const struct json *a, const struct json *b)
{
	for (uint32_t i = 0; i < a->n && i < b->n; i++) {
		int d = strcmp(a->members[i].key, b->members[i].key);
		if (!d)
			d = compare_value(&a->members[i].value, &b->members[i].value);
		if (d)
			return d;
	}
	return compare_int(a->n, b->n);
}

int path_element_compare(const struct path_element *a, const struct path_element *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	switch (a->type) {
	case PATH_FIELD:
		return strcmp(a->name, b->name);
	case PATH_KEY:
		return compare_keys(&a->value, &b->value);
	case PATH_VALUE:
		return compare_value(&a->value, &b->value);
	case PATH_INDEX:
		return compare_int(a->index, b->index);
	}
	return 0;
}

int field_path_compare(const struct field_path *a, const struct field_path *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		int d = path_element_compare(&a->elements[i], &b->elements[i]);
		if (d)
			return d;
	}
	return (a->n > b->n) - (a->n < b->n);
}

/* ---- our text */

static void write_escaped(struct buf *b, const char *name)
{
	for (const char *p = name; *p; p++) {
		const char *escaped = *p == '~' ? "~0" : *p == '/' ? "~1" : *p == '[' ? "~2" : NULL;
		if (escaped)
			buf_puts(b, escaped);
		else
			buf_putc(b, *p);
	}
}

static bool plain_key(const char *key)
{
	return *key && !key[strcspn(key, "\"=,[]")];
}

static void write_keys(struct buf *b, const struct json *keys)
{
	for (uint32_t i = 0; i < keys->n; i++) {
		const struct json_member *m = &keys->members[i];
		if (i)
			buf_putc(b, ',');
		if (plain_key(m->key)) {
			buf_puts(b, m->key);
		} else {
			struct json key = { .type = JSON_STRING, .text = m->key };
			key.n = (uint32_t)strlen(m->key);
			json_write_canonical(b, &key);
		}
		buf_putc(b, '=');
		json_write_canonical(b, &m->value);
	}
}

void path_element_write(struct buf *b, const struct path_element *element)
{
	if (element->type == PATH_FIELD) {
		buf_putc(b, '/');
		write_escaped(b, element->name);
		return;
	}
	buf_putc(b, '[');
	if (element->type == PATH_KEY) {
		write_keys(b, &element->value);
	} else if (element->type == PATH_VALUE) {
		buf_putc(b, '=');
		json_write_canonical(b, &element->value);
	} else {
		buf_printf(b, "%" PRIu32, element->index);
	}
	buf_putc(b, ']');
}

const char *field_path_text(struct arena *a, const struct field_path *path)
{
	AUTO(buf_done) struct buf b = { 0 };
	for (size_t i = 0; i < path->n; i++)
		path_element_write(&b, &path->elements[i]);
	return arena_strndup(a, buf_text(&b), b.len);
}

/* ---- the API server's text */

static void write_api_value(struct buf *b, const struct json *v)
{
	if (is_number(v))
		buf_puts(b, v->text);
	else
		json_write_canonical(b, v);
}

const char *field_path_to_api(struct arena *a, const struct field_path *path)
{
	AUTO(buf_done) struct buf b = { 0 };
	for (size_t i = 0; i < path->n; i++) {
		const struct path_element *e = &path->elements[i];
		if (e->type == PATH_FIELD) {
			buf_printf(&b, ".%s", e->name);
			continue;
		}
		if (e->type == PATH_INDEX) {
			buf_printf(&b, "[%" PRIu32 "]", e->index);
			continue;
		}
		buf_putc(&b, '[');
		if (e->type == PATH_VALUE) {
			buf_putc(&b, '=');
			write_api_value(&b, &e->value);
		} else {
			for (uint32_t k = 0; k < e->value.n; k++) {
				const struct json_member *m = &e->value.members[k];
				buf_printf(&b, "%s%s=", k ? "," : "", m->key);
				write_api_value(&b, &m->value);
			}
		}
		buf_putc(&b, ']');
	}
	return arena_strndup(a, buf_text(&b), b.len);
}

/* ---- looking up */

/* Whether an item has these keys; `lenient`: those that it states at all. */
static bool item_matches(const struct json *item, const struct json *keys, bool lenient)
{
	uint32_t stated = 0;
	for (uint32_t i = 0; i < keys->n; i++) {
		const struct json *v = json_get(item, keys->members[i].key);
		if (!v && lenient)
			continue;
		if (!v || compare_value(v, &keys->members[i].value))
			return false;
		stated++;
	}
	return stated > 0;
}

const struct json *path_element_find(const struct json *list, const struct path_element *element)
{
	if (!json_is(list, JSON_ARRAY))
		return NULL;
	if (element->type == PATH_INDEX)
		return element->index < list->n ? &list->items[element->index] : NULL;
	for (int lenient = 0; lenient < 2; lenient++) {
		for (uint32_t i = 0; i < list->n; i++) {
			const struct json *item = &list->items[i];
			bool found = element->type == PATH_VALUE
					     ? compare_value(item, &element->value) == 0
					     : item_matches(item, &element->value, lenient);
			if (found)
				return item;
		}
	}
	return NULL;
}

const struct json *field_path_get(const struct json *object, const struct field_path *path)
{
	for (size_t i = 0; i < path->n && object; i++) {
		const struct path_element *e = &path->elements[i];
		object = e->type == PATH_FIELD ? json_get(object, e->name)
					       : path_element_find(object, e);
	}
	return object;
}

const struct json *field_path_find(const struct json *object, const char *text)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	struct field_path path;
	if (field_path_parse(&a, text, &path, &ignored) < 0)
		return NULL;
	return field_path_get(object, &path);
}
