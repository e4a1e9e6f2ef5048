/* See cel_case.h. */
#include "tests/lib/cel_case.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/json_parse.h"
#include "base/json_write.h"
#include "policy/cel/calendar.h"

/* A NUL cannot stand in a tree of JSON: this private character stands for it. */
#define NUL_STAND_IN "\xee\x80\x80"

static void replace_nul(char *line, size_t n)
{
	for (size_t i = 0; i + 6 <= n; i++) {
		if (line[i] != '\\')
			continue;
		if (strncmp(line + i, "\\u0000", 6) == 0)
			memcpy(line + i, "\\ue000", 6);
		i++;
	}
}

int cel_case_file(const char *path, void (*row)(void *ctx, struct arena *a, const struct json *row),
		  void *ctx, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (file_read(path, 0, &text, err) < 0)
		return -1;
	char *p = text.data, *end = p + text.len;
	while (p < end) {
		AUTO(arena_done) struct arena a = { 0 };
		char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((stop ? stop : end) - p);
		struct json v;
		replace_nul(p, n);
		if (json_parse(&a, p, n, path, NULL, &v, err) < 0)
			return -1;
		row(ctx, &a, &v);
		p += n + 1;
	}
	return 0;
}

struct cel_value cel_case_text(struct arena *a, const struct json *string)
{
	const char *s = json_str(string), *stand_in;
	s = s ? s : "";
	size_t n = strlen(s);
	if (!strstr(s, NUL_STAND_IN))
		return cel_string(s, n);
	char *copy = arena_strndup(a, s, n);
	while ((stand_in = memmem(copy, n, NUL_STAND_IN, 3))) {
		char *at = copy + (stand_in - copy);
		*at = '\0';
		memmove(at + 1, at + 3, n - (size_t)(at - copy) - 3);
		n -= 2;
	}
	return cel_string(copy, n);
}

static int base64_digit(char c)
{
	const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;
	return p ? (int)(p - digits) : -1;
}

static struct cel_value bytes_of(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, strlen(text) + 1);
	size_t n = 0;
	unsigned bits = 0, have = 0;
	for (; base64_digit(*text) >= 0; text++) {
		bits = bits << 6 | (unsigned)base64_digit(*text);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have);
		}
	}
	return cel_bytes(out, n);
}

static struct cel_value duration_of(const char *text)
{
	int64_t nano = 0;
	cel_duration_parse(text, strlen(text), &nano);
	return cel_duration(nano);
}

static const struct cel_type *type_named(struct arena *a, const char *name)
{
	static const struct cel_type *const types[] = {
		&cel_null_type,     &cel_bool_type,   &cel_int_type,       &cel_uint_type,
		&cel_double_type,   &cel_string_type, &cel_bytes_type,     &cel_list_type,
		&cel_map_type,      &cel_type_type,   &cel_timestamp_type, &cel_duration_type,
		&cel_optional_type,
	};
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	struct cel_type *t = arena_calloc(a, 1, sizeof(*t));
	t->kind = CEL_OPAQUE;
	t->name = name;
	return t;
}

static bool list_of(struct arena *a, const struct json *v, struct cel_value *out)
{
	struct cel_value *items = arena_calloc(a, v->n + 1, sizeof(*items));
	for (uint32_t i = 0; i < v->n; i++)
		if (!cel_case_value(a, &v->items[i], &items[i]))
			return false;
	*out = cel_list(items, v->n);
	return true;
}

static bool map_of(struct arena *a, const struct json *v, struct cel_value *out)
{
	struct cel_entries *e = arena_calloc(a, 1, sizeof(*e));
	uint32_t n_slots = cel_entries_slots(v->n);
	e->entry = arena_calloc(a, v->n + 1, sizeof(*e->entry));
	e->n = v->n;
	for (uint32_t i = 0; i < v->n; i++)
		if (!cel_case_value(a, &v->items[i].items[0], &e->entry[i].key) ||
		    !cel_case_value(a, &v->items[i].items[1], &e->entry[i].value))
			return false;
	cel_entries_index(e, n_slots ? arena_calloc(a, n_slots, sizeof(uint32_t)) : NULL);
	*out = cel_map(e);
	return true;
}

static struct cel_value error_of(struct arena *a, const struct json *v)
{
	struct cel_error *e = arena_calloc(a, 1, sizeof(*e));
	e->message = v->type == JSON_ARRAY && v->n && json_str(&v->items[0])
			     ? json_str(&v->items[0])
			     : "an error";
	return (struct cel_value){ .kind = CEL_ERROR, .error = e };
}

static double double_of(const char *s)
{
	return strcmp(s, "nan") == 0 ? NAN : strtod(s, NULL);
}

bool cel_case_value(struct arena *a, const struct json *tagged, struct cel_value *out)
{
	if (!json_is(tagged, JSON_OBJECT) || tagged->n != 1)
		return false;
	const char *tag = tagged->members[0].key;
	const struct json *v = &tagged->members[0].value;
	const char *s = json_str(v) ? json_str(v) : "";
	if (strcmp(tag, "null") == 0)
		*out = cel_null();
	else if (strcmp(tag, "bool") == 0)
		*out = cel_bool(json_true(v));
	else if (strcmp(tag, "int") == 0)
		*out = cel_int(strtoll(s, NULL, 10));
	else if (strcmp(tag, "uint") == 0)
		*out = cel_uint(strtoull(s, NULL, 10));
	else if (strcmp(tag, "double") == 0)
		*out = cel_double(double_of(s));
	else if (strcmp(tag, "string") == 0)
		*out = cel_case_text(a, v);
	else if (strcmp(tag, "bytes") == 0)
		*out = bytes_of(a, s);
	else if (strcmp(tag, "timestamp") == 0)
		return cel_timestamp_parse(s, strlen(s), out);
	else if (strcmp(tag, "duration") == 0)
		*out = duration_of(s);
	else if (strcmp(tag, "type") == 0)
		*out = cel_type_value(type_named(a, s));
	else if (strcmp(tag, "error") == 0)
		*out = error_of(a, v);
	else if (strcmp(tag, "list") == 0)
		return list_of(a, v, out);
	else if (strcmp(tag, "map") == 0)
		return map_of(a, v, out);
	else
		return false;
	return true;
}

/* The same kinds all the way down; cel_equal() alone takes 1 for 1.0. */
static bool same(struct cel_value a, struct cel_value b)
{
	if (a.kind != b.kind)
		return false;
	if (a.kind == CEL_DOUBLE)
		return (isnan(a.d) && isnan(b.d)) || (a.d == b.d && signbit(a.d) == signbit(b.d));
	if (a.kind != CEL_LIST && a.kind != CEL_MAP)
		return cel_equal(a, b);
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++) {
		struct cel_value other;
		if (a.kind == CEL_LIST && !same(cel_item(a, i), cel_item(b, i)))
			return false;
		if (a.kind == CEL_LIST)
			continue;
		struct cel_entry e = cel_entry(a, i);
		if (!cel_find(b, e.key, &other) || !same(e.value, other))
			return false;
	}
	return true;
}

static bool same_opaque(struct cel_value v, const struct json *pair)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (v.kind != CEL_OPAQUE || pair->type != JSON_ARRAY || pair->n != 2)
		return false;
	v.opaque->ops->text(v.opaque, &text);
	return strcmp(v.opaque->ops->type->name, json_str(&pair->items[0])) == 0 &&
	       strcmp(buf_text(&text), json_str(&pair->items[1])) == 0;
}

bool cel_case_equal(struct cel_value v, const struct json *tagged)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct json *optional = json_get(tagged, "optional"),
			  *list = json_get(tagged, "list");
	struct cel_value expected;
	if (json_get(tagged, "opaque"))
		return same_opaque(v, json_get(tagged, "opaque"));
	if (optional && v.kind == CEL_OPTIONAL)
		return optional->type == JSON_NULL ? !v.items
						   : v.items && cel_case_equal(*v.items, optional);
	if (list && v.kind == CEL_LIST && v.n == list->n) {
		for (uint32_t i = 0; i < v.n; i++)
			if (!cel_case_equal(cel_item(v, i), &list->items[i]))
				return false;
		return true;
	}
	return cel_case_value(&a, tagged, &expected) && same(v, expected);
}

void cel_case_show(struct cel_value v, struct buf *out)
{
	if (v.kind != CEL_UNKNOWN)
		buf_printf(out, "%s ", cel_type_of(v)->name);
	cel_value_text(v, out);
}
