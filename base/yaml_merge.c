/* Anchors and merge keys. */
#include "base/yaml_internal.h"

#include <string.h>

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u;
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h ^ (h >> 15);
}

/* The slot where the name is, or where it belongs. */
static size_t slot_of(const struct yaml_anchors *t, const char *name)
{
	size_t i = hash(name) & (t->slots - 1);
	while (t->index[i] && strcmp(t->list[t->index[i] - 1].name, name) != 0)
		i = (i + 1) & (t->slots - 1);
	return i;
}

struct yaml_anchor *yaml_anchor_find(const struct yaml_anchors *t, const char *name)
{
	if (!t->slots)
		return NULL;
	uint32_t position = t->index[slot_of(t, name)];
	return position ? &t->list[position - 1] : NULL;
}

static void grow_index(struct yaml_anchors *t)
{
	free(t->index);
	t->slots = t->slots ? 2 * t->slots : 16;
	t->index = xcalloc(t->slots, sizeof(*t->index));
	for (size_t i = 0; i < t->n; i++)
		t->index[slot_of(t, t->list[i].name)] = (uint32_t)i + 1;
}

struct yaml_anchor *yaml_anchor_set(struct yaml_run *run, struct yaml_anchors *t, const char *name)
{
	struct yaml_anchor *anchor = yaml_anchor_find(t, name);
	if (anchor)
		return anchor;
	if (t->n >= YAML_MAX_ANCHORS)
		return NULL;
	GROW(t->list, t->n, t->cap);
	if (2 * (t->n + 1) > t->slots)
		grow_index(t);
	anchor = &t->list[t->n++];
	*anchor = (struct yaml_anchor){ .name = arena_strdup(run->a, name) };
	t->index[slot_of(t, name)] = (uint32_t)t->n;
	return anchor;
}

void yaml_anchors_done(struct yaml_anchors *t)
{
	free(t->list);
	free(t->index);
	*t = (struct yaml_anchors){ 0 };
}

/* ---- merges */

struct entry {
	const struct json_member *member;
	size_t order; /* of insertion: the last of equal keys stays */
};

static int by_key_then_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int d = strcmp(x->member->key, y->member->key);
	return d ? d : (x->order > y->order) - (x->order < y->order);
}

struct json yaml_merged(struct arena *a, const struct json_member *members, uint32_t n,
			const struct yaml_merge *merges, size_t n_merges)
{
	size_t total = n;
	for (size_t i = 0; i < n_merges; i++)
		total += merges[i].n;
	AUTO(auto_free) struct entry *entries = xmalloc((total + 1) * sizeof(*entries));
	size_t k = 0, m = 0;
	for (uint32_t i = 0; i <= n; i++) {
		for (; m < n_merges && merges[m].at == i; m++)
			for (uint32_t j = 0; j < merges[m].n; j++, k++)
				entries[k] = (struct entry){ &merges[m].members[j], k };
		if (i < n) {
			entries[k] = (struct entry){ &members[i], k };
			k++;
		}
	}
	qsort(entries, total, sizeof(*entries), by_key_then_order);
	size_t unique = 0;
	for (size_t i = 0; i < total; i++) {
		bool overridden = i + 1 < total &&
				  strcmp(entries[i].member->key, entries[i + 1].member->key) == 0;
		if (!overridden)
			entries[unique++] = entries[i];
	}
	struct json object = { .type = JSON_OBJECT, .n = (uint32_t)unique };
	object.members = arena_alloc(a, unique * sizeof(*object.members));
	for (size_t i = 0; i < unique; i++)
		object.members[i] = *entries[i].member;
	return object;
}
