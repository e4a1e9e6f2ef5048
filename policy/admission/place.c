/* See place.h.  The run remembers parts of any document; the latest that is in the object counts.
 * Its path leads to the same part of the manifest, which may be another tree: there, items of a
 * list are found by their names. */
#include "policy/admission/place.h"

#include <string.h>

enum { DEPTH_MAX = 256 };

struct search {
	const struct json *node;
	uint32_t step[DEPTH_MAX]; /* which child, from the top */
	unsigned depth;
};

/* Fills the steps to the node where it is in v. */
static bool find(struct search *s, const struct json *v)
{
	unsigned depth = s->depth;
	bool object = v->type == JSON_OBJECT;
	if (v == s->node)
		return true;
	if (depth == DEPTH_MAX || (!object && v->type != JSON_ARRAY))
		return false;
	s->depth++;
	for (uint32_t i = 0; i < v->n; i++) {
		s->step[depth] = i;
		if (find(s, object ? &v->members[i].value : &v->items[i]))
			return true;
	}
	s->depth--;
	return false;
}

static void add_key(struct buf *path, const char *key)
{
	buf_putc(path, '/');
	for (;;) {
		size_t n = strcspn(key, "~/");
		buf_put(path, key, n);
		if (!key[n])
			return;
		buf_puts(path, key[n] == '~' ? "~0" : "~1");
		key += n + 1;
	}
}

/* The item of the same name, else the one in the same place. */
static const struct json *twin_item(const struct json *item, uint32_t i, const struct json *twin)
{
	const char *name = json_get_str(item, "name");
	if (!json_is(twin, JSON_ARRAY))
		return NULL;
	for (uint32_t k = 0; name && k < twin->n; k++) {
		const char *its = json_get_str(&twin->items[k], "name");
		if (its && strcmp(its, name) == 0)
			return &twin->items[k];
	}
	return !name && i < twin->n ? &twin->items[i] : NULL;
}

/* Walks the steps, and beside them the manifest as far as it goes. */
static struct place follow(struct arena *a, const struct search *s, const struct json *v,
			   const struct json *twin, const char *file)
{
	AUTO(buf_done) struct buf path = { 0 };
	const struct json *nearest = twin;
	for (unsigned i = 0; i < s->depth; i++) {
		uint32_t step = s->step[i];
		if (v->type == JSON_OBJECT) {
			add_key(&path, v->members[step].key);
			twin = json_get(twin, v->members[step].key);
			v = &v->members[step].value;
		} else {
			buf_printf(&path, "/%u", step);
			v = &v->items[step];
			twin = twin_item(v, step, twin);
		}
		nearest = twin ? twin : nearest;
	}
	return (struct place){ arena_strdup(a, buf_text(&path)), json_pos(nearest, file) };
}

struct place place_read(struct arena *a, const struct cel_run *run,
			const struct admission_change *change)
{
	const struct json *object = change->object ? change->object : change->old_object;
	struct search s;
	for (unsigned i = 0; object && (s.node = cel_run_read(run, i)); i++) {
		s.depth = 0;
		if (find(&s, object))
			return follow(a, &s, object, change->declared ? change->declared : object,
				      change->file);
	}
	return (struct place){ NULL, { NULL, 0, 0 } };
}
