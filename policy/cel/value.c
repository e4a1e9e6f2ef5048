/* Values: reading lists and maps, whichever way they are stored; see value.h. */
#include "policy/cel/value.h"

#include <errno.h>
#include <math.h>

_Thread_local int64_t cel_work_left = INT64_MAX;

/* Decimal text that fits an int64; canonical, so a sign and digits only. */
static bool small_int(const char *text, uint32_t n, int64_t *out)
{
	bool negative = *text == '-';
	if (n - negative > 18) {
		errno = 0;
		*out = strtoll(text, NULL, 10);
		return errno == 0;
	}
	int64_t v = 0;
	for (const char *p = text + negative; *p; p++)
		v = v * 10 + (*p - '0');
	*out = negative ? -v : v;
	return true;
}

struct cel_value cel_of_json(const struct json *v)
{
	struct cel_value out = { .kind = CEL_NULL };
	if (!v)
		return out;
	switch ((enum json_type)v->type) {
	case JSON_NULL:
		return out;
	case JSON_BOOL:
		return cel_bool(v->truth);
	case JSON_INT:
		out.kind = CEL_INT;
		if (small_int(v->text, v->n, &out.i))
			return out;
		return cel_double(strtod(v->text, NULL));
	case JSON_FLOAT:
		return cel_double(strtod(v->text, NULL));
	case JSON_STRING:
		return cel_string(v->text, v->n);
	case JSON_ARRAY:
	case JSON_OBJECT:
		out.kind = v->type == JSON_ARRAY ? CEL_LIST : CEL_MAP;
		out.store = CEL_STORE_JSON;
		out.n = v->n;
		out.json = v;
		return out;
	}
	return out;
}

struct cel_value cel_item(struct cel_value list, uint32_t i)
{
	return list.store == CEL_STORE_JSON ? cel_of_json(&list.json->items[i]) : list.items[i];
}

struct cel_entry cel_entry(struct cel_value map, uint32_t i)
{
	if (map.store != CEL_STORE_JSON)
		return map.entries->entry[i];
	const struct json_member *m = &map.json->members[i];
	return (struct cel_entry){ cel_text(m->key), cel_of_json(&m->value) };
}

/* Keys are sorted by their bytes and end with NUL; the text that is looked for need not. */
static bool find_member(const struct json *object, const char *text, uint32_t n,
			struct cel_value *out)
{
	uint32_t lo = 0, hi = object->n;
	cel_work(n);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const char *key = object->members[mid].key;
		int d = strncmp(key, text, n);
		if (d == 0 && memchr(text, '\0', n))
			return false;
		if (d == 0 && key[n] == '\0') {
			*out = cel_of_json(&object->members[mid].value);
			return true;
		}
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

enum { HASHED_ITEMS = 8, HASHED_DEPTH = 3, FEW_ENTRIES = 8 };

static uint64_t mix(uint64_t h, uint64_t x)
{
	h = (h ^ x) * UINT64_C(0x9E3779B97F4A7C15);
	return h ^ (h >> 29);
}

static uint64_t hash_bytes(const char *p, uint32_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	cel_work(n);
	for (uint32_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Numbers that are equal have the same hash.  Beyond 2^53 an int equals a double that is not it
 * exactly, so large ones are hashed as doubles. */
static uint64_t hash_number(struct cel_value v)
{
	double d = v.kind == CEL_INT ? (double)v.i : v.kind == CEL_UINT ? (double)v.u : v.d;
	uint64_t bits;
	d = d == 0 ? 0 : d;
	memcpy(&bits, &d, sizeof(bits));
	return mix(1, bits);
}

static uint64_t hash_value(struct cel_value v, unsigned depth)
{
	uint64_t h = v.kind;
	switch ((enum cel_kind)v.kind) {
	case CEL_INT:
	case CEL_UINT:
	case CEL_DOUBLE:
		return hash_number(v);
	case CEL_BOOL:
		return mix(h, v.truth);
	case CEL_STRING:
	case CEL_BYTES:
		return mix(h, hash_bytes(v.text, v.n));
	case CEL_TIMESTAMP:
	case CEL_DURATION:
		return mix(h, v.u);
	case CEL_LIST:
		h = mix(h, v.n);
		for (uint32_t i = 0; i < v.n && i < HASHED_ITEMS && depth; i++)
			h = mix(h, hash_value(cel_item(v, i), depth - 1));
		return h;
	case CEL_MAP:
		return mix(h, v.n);
	default:
		return h;
	}
}

static uint64_t hash_key(struct cel_value key)
{
	return hash_value(key, HASHED_DEPTH);
}

static bool same_key(struct cel_value a, struct cel_value b)
{
	if (a.kind != CEL_STRING || b.kind != CEL_STRING)
		return cel_equal(a, b);
	if (a.n != b.n)
		return false;
	cel_work(a.n / 16);
	return memcmp(a.text, b.text, a.n) == 0;
}

static struct cel_entry *find_entry(const struct cel_entries *e, uint32_t n, struct cel_value key)
{
	if (!e->slots) {
		for (uint32_t i = 0; i < n; i++)
			if (same_key(e->entry[i].key, key))
				return &e->entry[i];
		return NULL;
	}
	uint32_t mask = e->n_slots - 1;
	for (uint32_t s = (uint32_t)hash_key(key) & mask; e->slots[s]; s = (s + 1) & mask)
		if (same_key(e->entry[e->slots[s] - 1].key, key))
			return &e->entry[e->slots[s] - 1];
	return NULL;
}

bool cel_find(struct cel_value map, struct cel_value key, struct cel_value *out)
{
	if (map.store == CEL_STORE_JSON)
		return key.kind == CEL_STRING && find_member(map.json, key.text, key.n, out);
	if (map.store == CEL_STORE_RECORD)
		return false;
	const struct cel_entry *e = find_entry(map.entries, map.entries->n, key);
	if (e)
		*out = e->value;
	return e != NULL;
}

uint32_t cel_entries_slots(uint32_t n)
{
	uint32_t slots = 32;
	if (n <= FEW_ENTRIES)
		return 0;
	while (slots < 2 * n)
		slots *= 2;
	return slots;
}

void cel_entries_index(struct cel_entries *e, uint32_t *slots)
{
	uint32_t kept = 0;
	e->slots = slots;
	e->n_slots = cel_entries_slots(e->n);
	if (slots)
		memset(slots, 0, e->n_slots * sizeof(*slots));
	for (uint32_t i = 0; i < e->n; i++) {
		struct cel_entry *old = find_entry(e, kept, e->entry[i].key);
		if (old) {
			old->value = e->entry[i].value;
			continue;
		}
		e->entry[kept++] = e->entry[i];
		if (!slots)
			continue;
		uint32_t mask = e->n_slots - 1,
			 s = (uint32_t)hash_key(e->entry[kept - 1].key) & mask;
		while (slots[s])
			s = (s + 1) & mask;
		slots[s] = kept;
	}
	e->n = kept;
}

uint32_t cel_length(struct cel_value string)
{
	uint32_t n = 0;
	cel_work(string.n / 2);
	for (uint32_t i = 0; i < string.n; i++)
		n += ((unsigned char)string.text[i] & 0xC0) != 0x80;
	return n;
}

const struct cel_type *cel_type_of(struct cel_value v)
{
	static const struct cel_type *const types[] = {
		[CEL_NULL] = &cel_null_type,
		[CEL_BOOL] = &cel_bool_type,
		[CEL_INT] = &cel_int_type,
		[CEL_UINT] = &cel_uint_type,
		[CEL_DOUBLE] = &cel_double_type,
		[CEL_STRING] = &cel_string_type,
		[CEL_BYTES] = &cel_bytes_type,
		[CEL_LIST] = &cel_list_type,
		[CEL_MAP] = &cel_map_type,
		[CEL_TYPE] = &cel_type_type,
		[CEL_TIMESTAMP] = &cel_timestamp_type,
		[CEL_DURATION] = &cel_duration_type,
		[CEL_OPTIONAL] = &cel_optional_type,
		[CEL_ERROR] = &cel_error_type,
		[CEL_UNKNOWN] = &cel_error_type,
	};
	return v.kind == CEL_OPAQUE ? v.opaque->ops->type : types[v.kind];
}
