/* See json_parse.h.
 *
 * cJSON 1.7.15 alone loses integers beyond 2^53, fails on numbers of more than 63 characters,
 * cuts strings at \u0000, takes invalid UTF-8 and keeps duplicate keys.  So the text is scanned
 * first (json_scan.c), which refuses what is not strict JSON and notes the text of each number;
 * cJSON then parses the compact copy that the scan made, in which every number is 0; and a walk
 * over its tree, in the order of the text, hands each number its text back.
 *
 * This is a hot path (LIST answers of many megabytes), hence: cJSON allocates from an arena that
 * is dropped at once, strings are packed into one allocation, and a key that was seen before in
 * the same text is stored once. */
#include "base/json_parse.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "base/json_scan.h"

enum {
	KEY_SLOTS = 4096,     /* of the cache of keys, a power of two */
	KEY_SLOTS_SMALL = 64, /* for a short text */
	KEY_TRIES = 8,        /* then a key is stored again, so that bad luck stays cheap */
	SHORT_TEXT = 4096,
};

struct key_slot {
	const char *key;
	uint32_t hash;
};

struct reader {
	struct arena *a;
	const struct json_scan *scan;
	size_t number, place, container; /* next of the scan's */
	char *text;                      /* where the next string goes */
	struct key_slot *keys;
	uint32_t key_slots;
	const char *name;
	struct err *err;
};

/* ---- cJSON's memory: its hooks are global, so they find the arena through the thread */

static _Thread_local struct arena *cjson_arena;

static void *cjson_malloc(size_t n)
{
	return arena_alloc(cjson_arena, n);
}

static void cjson_free(void *p)
{
	(void)p; /* goes with the arena */
}

static void cjson_hooks(void)
{
	cJSON_Hooks hooks = { .malloc_fn = cjson_malloc, .free_fn = cjson_free };
	cJSON_InitHooks(&hooks);
}

static cJSON *cjson_parse(struct arena *a, const struct json_scan *scan)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, cjson_hooks);
	cjson_arena = a;
	cJSON *root = cJSON_ParseWithLengthOpts(scan->compact, scan->compact_len, NULL, 0);
	cjson_arena = NULL;
	return root;
}

/* ---- from cJSON's tree to ours */

static const char *store_text(struct reader *r, const char *s, size_t n)
{
	char *text = r->text;
	memcpy(text, s, n);
	text[n] = '\0';
	r->text += n + 1;
	return text;
}

static const char *store_key(struct reader *r, const char *key)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	const char *p = key;
	for (; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	size_t n = (size_t)(p - key);
	for (uint32_t i = 0; i < KEY_TRIES; i++) {
		struct key_slot *slot = &r->keys[(hash + i) & (r->key_slots - 1)];
		if (!slot->key) {
			*slot = (struct key_slot){ arena_strndup(r->a, key, n), hash };
			return slot->key;
		}
		if (slot->hash == hash && strcmp(slot->key, key) == 0)
			return slot->key;
	}
	return arena_strndup(r->a, key, n);
}

static struct json_place next_place(struct reader *r)
{
	return r->scan->places ? r->scan->places[r->place++] : (struct json_place){ 0 };
}

static int convert_number(struct reader *r, struct json *out)
{
	const struct json_number *number = &r->scan->numbers[r->number++];
	bool minus_zero = !number->is_float && number->n == 2 && memcmp(number->p, "-0", 2) == 0;
	out->type = number->is_float ? JSON_FLOAT : JSON_INT;
	out->n = minus_zero ? 1 : number->n;
	out->text = store_text(r, minus_zero ? "0" : number->p, out->n);
	if (number->is_float && isinf(strtod(out->text, NULL)))
		return err_at(r->err, ERR_INPUT, json_pos(out, r->name),
			      "a number is too large for a double");
	return 0;
}

static int convert(struct reader *r, const cJSON *node, struct json *out);

static int convert_array(struct reader *r, const cJSON *node, struct json *out)
{
	uint32_t n = r->scan->children[r->container++], i = 0;
	struct json *items = n ? arena_alloc(r->a, n * sizeof(*items)) : NULL;
	for (const cJSON *c = node->child; c && i < n; c = c->next)
		if (convert(r, c, &items[i++]) < 0)
			return -1;
	out->type = JSON_ARRAY;
	out->n = n;
	out->items = items;
	return 0;
}

static int convert_object(struct reader *r, const cJSON *node, struct json *out)
{
	uint32_t n = r->scan->children[r->container++], i = 0;
	struct json_member *members = n ? arena_alloc(r->a, n * sizeof(*members)) : NULL;
	for (const cJSON *c = node->child; c && i < n; c = c->next) {
		struct json_member *m = &members[i++];
		struct json_place place = next_place(r);
		m->key = store_key(r, c->string);
		m->line = place.line;
		m->col = place.col;
		if (convert(r, c, &m->value) < 0)
			return -1;
	}
	out->type = JSON_OBJECT;
	out->n = n;
	out->members = members;
	const struct json_member *twice;
	if (!json_sort_members(out, &twice))
		return err_at(r->err, ERR_INPUT,
			      (struct srcpos){ r->name, twice->line, twice->col },
			      "the key \"%s\" stands twice in an object", twice->key);
	return 0;
}

static int convert(struct reader *r, const cJSON *node, struct json *out)
{
	struct json_place place = next_place(r);
	*out = (struct json){ .type = JSON_NULL, .line = place.line, .col = place.col };
	switch (node->type & 0xFF) {
	case cJSON_True:
	case cJSON_False:
		out->type = JSON_BOOL;
		out->truth = (node->type & 0xFF) == cJSON_True;
		return 0;
	case cJSON_Number:
		return convert_number(r, out);
	case cJSON_String:
		out->type = JSON_STRING;
		out->n = (uint32_t)strlen(node->valuestring);
		out->text = store_text(r, node->valuestring, out->n);
		return 0;
	case cJSON_Array:
		return convert_array(r, node, out);
	case cJSON_Object:
		return convert_object(r, node, out);
	default:
		return 0; /* cJSON_NULL */
	}
}

static int parse(struct arena *a, const char *text, size_t n, const char *name,
		 const struct json_limits *limits, struct json *out, struct err *err)
{
	AUTO(json_scan_done) struct json_scan scan = { 0 };
	AUTO(arena_done) struct arena cjson_memory = { 0 };
	if (json_scan(&scan, text, n, name, limits, err) < 0)
		return -1;
	const cJSON *root = cjson_parse(&cjson_memory, &scan);
	if (!root)
		return err_at(err, ERR_INPUT, (struct srcpos){ .file = name },
			      "cJSON cannot parse this text");
	free(TAKE(scan.compact)); /* early: with cJSON's tree, this is the peak of memory */
	uint32_t key_slots = n < SHORT_TEXT ? KEY_SLOTS_SMALL : KEY_SLOTS;
	AUTO(auto_free) struct key_slot *keys = xcalloc(key_slots, sizeof(*keys));
	struct reader r = {
		.a = a,
		.scan = &scan,
		.text = arena_alloc(a, scan.text_room),
		.keys = keys,
		.key_slots = key_slots,
		.name = name,
		.err = err,
	};
	struct json result;
	if (convert(&r, root, &result) < 0)
		return -1;
	*out = result;
	return 0;
}

int json_parse(struct arena *a, const char *text, size_t n, const char *name,
	       const struct json_limits *limits, struct json *out, struct err *err)
{
	if (parse(a, text, n, name, limits, out, err) == 0)
		return 0;
	if (err->at.line || err->code != ERR_INPUT)
		return -1;
	/* A fault that only the walk sees, in a text whose positions were not wanted: read it
	 * once more with positions, so that the message can say where. */
	struct json_limits with_positions = limits ? *limits : (struct json_limits){ 0 };
	with_positions.positions = true;
	err_done(err);
	return parse(a, text, n, name, &with_positions, out, err);
}
