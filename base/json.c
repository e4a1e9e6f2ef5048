/* The value model; see json.h.
 *
 * Room: an array built here has capacity for the next power of two of n (`roomy`), so that no
 * capacity field is needed; one that a parser laid out exactly is copied at its first growth. */
#include "base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { INSERTION_SORT = 24 /* members up to which it beats qsort() */ };

static const char *const type_names[] = {
	[JSON_NULL] = "null",     [JSON_BOOL] = "boolean",  [JSON_INT] = "integer",
	[JSON_FLOAT] = "number",  [JSON_STRING] = "string", [JSON_ARRAY] = "array",
	[JSON_OBJECT] = "object",
};

const char *json_type_name(enum json_type type)
{
	return type_names[type];
}

/* The index of the first member whose key is not before `key`. */
static uint32_t lower_bound(const struct json *object, const char *key)
{
	uint32_t lo = 0, hi = object->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (strcmp(object->members[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct json_member *json_member(const struct json *v, const char *key)
{
	if (!json_is(v, JSON_OBJECT))
		return NULL;
	uint32_t i = lower_bound(v, key);
	return i < v->n && strcmp(v->members[i].key, key) == 0 ? &v->members[i] : NULL;
}

const struct json *json_get(const struct json *v, const char *key)
{
	const struct json_member *m = json_member(v, key);
	return m ? &m->value : NULL;
}

const struct json *json_at(const struct json *v, ...)
{
	va_list ap;
	va_start(ap, v);
	for (const char *key; v && (key = va_arg(ap, const char *));)
		v = json_get(v, key);
	va_end(ap);
	return v;
}

const char *json_str(const struct json *v)
{
	return json_is(v, JSON_STRING) ? v->text : NULL;
}

const char *json_get_str(const struct json *v, const char *key)
{
	return json_str(json_get(v, key));
}

bool json_int64(const struct json *v, int64_t *out)
{
	if (!json_is(v, JSON_INT))
		return false;
	errno = 0;
	char *end;
	long long n = strtoll(v->text, &end, 10);
	if (errno || *end)
		return false;
	*out = n;
	return true;
}

bool json_true(const struct json *v)
{
	return json_is(v, JSON_BOOL) && v->truth;
}

static int compare_uint(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_ints(const char *a, const char *b)
{
	bool a_negative = *a == '-', b_negative = *b == '-';
	if (a_negative != b_negative)
		return a_negative ? -1 : 1;
	int d = compare_uint(strlen(a), strlen(b));
	if (!d)
		d = strcmp(a, b);
	return a_negative ? -d : d;
}

static int compare_floats(const char *a, const char *b)
{
	double x = strtod(a, NULL), y = strtod(b, NULL);
	return (x > y) - (x < y);
}

static int compare_members(const struct json *a, const struct json *b)
{
	for (uint32_t i = 0; i < a->n && i < b->n; i++) {
		int d = strcmp(a->members[i].key, b->members[i].key);
		if (!d)
			d = json_compare(&a->members[i].value, &b->members[i].value);
		if (d)
			return d;
	}
	return compare_uint(a->n, b->n);
}

static int compare_items(const struct json *a, const struct json *b)
{
	for (uint32_t i = 0; i < a->n && i < b->n; i++) {
		int d = json_compare(&a->items[i], &b->items[i]);
		if (d)
			return d;
	}
	return compare_uint(a->n, b->n);
}

int json_compare(const struct json *a, const struct json *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	switch ((enum json_type)a->type) {
	case JSON_NULL:
		return 0;
	case JSON_BOOL:
		return compare_uint(a->truth, b->truth);
	case JSON_INT:
		return compare_ints(a->text, b->text);
	case JSON_FLOAT:
		return compare_floats(a->text, b->text);
	case JSON_STRING:
		return strcmp(a->text, b->text);
	case JSON_ARRAY:
		return compare_items(a, b);
	case JSON_OBJECT:
		return compare_members(a, b);
	}
	return 0;
}

bool json_equal(const struct json *a, const struct json *b)
{
	if (a && b && (a->type != b->type || (a->type >= JSON_STRING && a->n != b->n)))
		return false;
	return json_compare(a, b) == 0;
}

struct json json_of_null(void)
{
	return (struct json){ .type = JSON_NULL };
}

struct json json_of_bool(bool truth)
{
	return (struct json){ .type = JSON_BOOL, .truth = truth };
}

static struct json of_text(enum json_type type, const char *text)
{
	return (struct json){ .type = type, .n = (uint32_t)strlen(text), .text = text };
}

struct json json_of_int(struct arena *a, int64_t n)
{
	return of_text(JSON_INT, arena_fmt(a, "%" PRId64, n));
}

struct json json_of_string(struct arena *a, const char *s)
{
	return of_text(JSON_STRING, arena_strdup(a, s));
}

struct json json_of_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	return json_of_string(a, text);
}

struct json json_of_array(void)
{
	return (struct json){ .type = JSON_ARRAY };
}

struct json json_of_object(void)
{
	return (struct json){ .type = JSON_OBJECT };
}

/* Room for one more child of `size` bytes; gives the children's address, moved or not. */
static void *with_room(struct arena *a, struct json *v, void *children, size_t size)
{
	bool power_of_two = (v->n & (v->n - 1)) == 0;
	if (v->n && v->roomy && !power_of_two)
		return children;
	size_t cap = 1;
	while (cap <= v->n)
		cap *= 2;
	void *moved = arena_alloc(a, cap * size);
	if (v->n)
		memcpy(moved, children, v->n * size);
	v->roomy = true;
	return moved;
}

struct json *json_set(struct arena *a, struct json *object, const char *key, struct json value)
{
	uint32_t i = lower_bound(object, key);
	if (i < object->n && strcmp(object->members[i].key, key) == 0) {
		object->members[i].value = value;
		return &object->members[i].value;
	}
	object->members = with_room(a, object, object->members, sizeof(*object->members));
	struct json_member *m = object->members + i;
	memmove(m + 1, m, (object->n - i) * sizeof(*m));
	object->n++;
	*m = (struct json_member){ arena_strdup(a, key), value, value.line, value.col };
	return &m->value;
}

struct json *json_set_str(struct arena *a, struct json *object, const char *key, const char *s)
{
	return json_set(a, object, key, json_of_string(a, s));
}

struct json *json_set_int(struct arena *a, struct json *object, const char *key, int64_t n)
{
	return json_set(a, object, key, json_of_int(a, n));
}

struct json *json_append(struct arena *a, struct json *array, struct json value)
{
	array->items = with_room(a, array, array->items, sizeof(*array->items));
	array->items[array->n] = value;
	return &array->items[array->n++];
}

struct json *json_edit(struct arena *a, struct json *object, const char *key)
{
	uint32_t i = lower_bound(object, key);
	if (i < object->n && strcmp(object->members[i].key, key) == 0 &&
	    object->members[i].value.type == JSON_OBJECT)
		return &object->members[i].value;
	return json_set(a, object, key, json_of_object());
}

bool json_remove(struct json *object, const char *key)
{
	if (!json_member(object, key))
		return false;
	uint32_t i = lower_bound(object, key);
	struct json_member *m = object->members + i;
	memmove(m, m + 1, (object->n - i - 1) * sizeof(*m));
	object->n--;
	object->roomy = false; /* n shrank: the power-of-two rule no longer tells the room */
	return true;
}

void json_remove_item(struct json *array, uint32_t index)
{
	struct json *item = array->items + index;
	memmove(item, item + 1, (array->n - index - 1) * sizeof(*item));
	array->n--;
	array->roomy = false;
}

struct json json_copy(struct arena *a, const struct json *v)
{
	struct json copy = *v;
	copy.roomy = false;
	switch ((enum json_type)v->type) {
	case JSON_NULL:
	case JSON_BOOL:
		break;
	case JSON_INT:
	case JSON_FLOAT:
	case JSON_STRING:
		copy.text = arena_strndup(a, v->text, v->n);
		break;
	case JSON_ARRAY:
		copy.items = arena_alloc(a, v->n * sizeof(*copy.items));
		for (uint32_t i = 0; i < v->n; i++)
			copy.items[i] = json_copy(a, &v->items[i]);
		break;
	case JSON_OBJECT:
		copy.members = arena_alloc(a, v->n * sizeof(*copy.members));
		for (uint32_t i = 0; i < v->n; i++) {
			copy.members[i] = v->members[i];
			copy.members[i].key = arena_strdup(a, v->members[i].key);
			copy.members[i].value = json_copy(a, &v->members[i].value);
		}
		break;
	}
	return copy;
}

static int by_key_then_position(const void *a, const void *b)
{
	const struct json_member *x = a, *y = b;
	int d = strcmp(x->key, y->key);
	if (!d)
		d = compare_uint(x->line, y->line);
	return d ? d : compare_uint(x->col, y->col);
}

/* Most objects have a few members that are nearly in order: qsort() costs more to call. */
static void insertion_sort(struct json_member *m, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		uint32_t at = i;
		while (at > 0 && by_key_then_position(&m[at - 1], &m[i]) > 0)
			at--;
		if (at == i)
			continue;
		struct json_member moved = m[i];
		memmove(m + at + 1, m + at, (i - at) * sizeof(*m));
		m[at] = moved;
	}
}

bool json_sort_members(struct json *object, const struct json_member **duplicate)
{
	struct json_member *m = object->members;
	bool sorted = true;
	for (uint32_t i = 1; i < object->n && sorted; i++)
		sorted = strcmp(m[i - 1].key, m[i].key) < 0;
	if (sorted)
		return true;
	if (object->n <= INSERTION_SORT)
		insertion_sort(m, object->n);
	else
		qsort(m, object->n, sizeof(*m), by_key_then_position);
	for (uint32_t i = 1; i < object->n; i++) {
		if (strcmp(m[i - 1].key, m[i].key) == 0) {
			*duplicate = &m[i];
			return false;
		}
	}
	return true;
}
