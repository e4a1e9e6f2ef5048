/* See unchanged.h.
 *
 * The declared object and the FieldsV1 of our entry are walked together.  Both are sorted, and a
 * FieldsV1 key is "f:" and the name, so members are matched in one pass. */
#include "plan/diff/unchanged.h"

#include <string.h>

#include "base/json_parse.h"
#include "plan/cluster/cluster.h"

const struct json *own_entry(const struct json *live)
{
	const struct json *entries = json_at(live, "metadata", "managedFields", NULL);
	for (uint32_t i = 0; json_is(entries, JSON_ARRAY) && i < entries->n; i++) {
		const struct json *e = &entries->items[i];
		const char *manager = json_get_str(e, "manager");
		const char *operation = json_get_str(e, "operation");
		if (manager && operation && strcmp(manager, FIELD_MANAGER) == 0 &&
		    strcmp(operation, "Apply") == 0 && !json_get(e, "subresource"))
			return e;
	}
	return NULL;
}

/* Members that an apply never owns. */
static const char *const unowned_root[] = { "apiVersion", "kind", NULL };
static const char *const unowned_metadata[] = { "name", "namespace", NULL };
static const char *const unowned_nothing[] = { NULL };

struct label {
	const char *key, *value; /* key NULL: none to think of */
};

struct walk {
	struct arena arena; /* parsed keys of list items */
	struct label label;
};

enum level { ROOT, METADATA, LABELS, BELOW };

static bool is_one_of(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool covers(struct walk *w, const struct json *want, const struct json *live,
		   const struct json *fields, enum level level);

static enum level level_below(enum level level, const char *key)
{
	if (level == ROOT && strcmp(key, "metadata") == 0)
		return METADATA;
	return level == METADATA && strcmp(key, "labels") == 0 ? LABELS : BELOW;
}

static bool covers_label(struct walk *w, const struct json *live, const struct json *fields)
{
	const char *value = json_get_str(live, w->label.key);
	const char *name = arena_fmt(&w->arena, "f:%s", w->label.key);
	return value && strcmp(value, w->label.value) == 0 && json_get(fields, name);
}

/* Metadata that states nothing but who the object is leaves no trace in an entry. */
static bool owns_nothing(enum level level, const struct json_member *m)
{
	if (level != ROOT || strcmp(m->key, "metadata") != 0 || m->value.type != JSON_OBJECT)
		return false;
	for (uint32_t i = 0; i < m->value.n; i++)
		if (!is_one_of(unowned_metadata, m->value.members[i].key))
			return false;
	return true;
}

static bool covers_members(struct walk *w, const struct json *want, const struct json *live,
			   const struct json *fields, enum level level)
{
	const char *const *unowned = level == ROOT       ? unowned_root
				     : level == METADATA ? unowned_metadata
							 : unowned_nothing;
	uint32_t f = 0, extra = 0;
	if (!json_is(live, JSON_OBJECT))
		return false;
	if (level == LABELS && w->label.key) {
		if (!covers_label(w, live, fields))
			return false;
		extra = json_get(want, w->label.key) ? 0 : 1;
	}
	if (fields->n && strcmp(fields->members[0].key, ".") == 0)
		f++;
	uint32_t matched = f;
	for (uint32_t i = 0; i < want->n; i++) {
		const struct json_member *m = &want->members[i];
		if (is_one_of(unowned, m->key) || owns_nothing(level, m))
			continue;
		while (f < fields->n && (strncmp(fields->members[f].key, "f:", 2) != 0 ||
					 strcmp(fields->members[f].key + 2, m->key) < 0))
			f++;
		if (f == fields->n || strcmp(fields->members[f].key + 2, m->key) != 0 ||
		    !covers(w, &m->value, json_get(live, m->key), &fields->members[f].value,
			    level_below(level, m->key)))
			return false;
		matched++;
	}
	return matched + extra == fields->n;
}

/* The live item that a key of our entry ("k:{...}" or "v:...") points at and that is the declared
 * item: where it starts looking is `from`, so that a change of order is noticed. */
static bool key_fits(const struct json *keys, const struct json *item, bool stated)
{
	for (uint32_t i = 0; i < keys->n; i++) {
		const struct json *v = json_get(item, keys->members[i].key);
		if (v ? !json_equal(v, &keys->members[i].value) : stated)
			return false;
	}
	return true;
}

static const struct json *live_item(const struct json *live, uint32_t *from, const struct json *key,
				    bool is_value)
{
	for (uint32_t i = *from; i < live->n; i++) {
		const struct json *item = &live->items[i];
		if (is_value ? json_equal(item, key) : key_fits(key, item, true)) {
			*from = i + 1;
			return item;
		}
	}
	return NULL;
}

static bool covers_item(struct walk *w, const struct json *want, const struct json *live,
			const struct json *fields, uint32_t *from)
{
	for (uint32_t f = 0; f < fields->n; f++) {
		const struct json_member *entry = &fields->members[f];
		bool is_value = strncmp(entry->key, "v:", 2) == 0;
		if (!is_value && strncmp(entry->key, "k:", 2) != 0)
			continue;
		struct json key;
		AUTO(err_done) struct err ignored = { 0 };
		if (json_parse(&w->arena, entry->key + 2, strlen(entry->key + 2), "managedFields",
			       NULL, &key, &ignored) < 0)
			return false;
		bool fits = is_value ? json_equal(&key, want)
				     : key.type == JSON_OBJECT && key_fits(&key, want, false);
		if (!fits)
			continue;
		const struct json *found = live_item(live, from, &key, is_value);
		return found && (is_value || covers(w, want, found, &entry->value, BELOW));
	}
	return false;
}

static bool covers_items(struct walk *w, const struct json *want, const struct json *live,
			 const struct json *fields)
{
	uint32_t from = 0, dot = 0;
	if (!json_is(live, JSON_ARRAY))
		return false;
	if (fields->n && strcmp(fields->members[0].key, ".") == 0)
		dot = 1;
	if (want->n != fields->n - dot)
		return false;
	for (uint32_t i = 0; i < want->n; i++)
		if (!covers_item(w, &want->items[i], live, fields, &from))
			return false;
	return true;
}

static bool covers(struct walk *w, const struct json *want, const struct json *live,
		   const struct json *fields, enum level level)
{
	bool leaf = !json_is(fields, JSON_OBJECT) || fields->n == 0 ||
		    (fields->n == 1 && strcmp(fields->members[0].key, ".") == 0);
	if (leaf && level == BELOW)
		return live && json_equal(want, live);
	if (json_is(want, JSON_OBJECT))
		return covers_members(w, want, live, fields, level);
	return json_is(want, JSON_ARRAY) && covers_items(w, want, live, fields);
}

bool unchanged_by_apply(const struct json *desired, const char *label_key, const char *label_value,
			const struct json *live)
{
	const struct json *fields = json_get(own_entry(live), "fieldsV1");
	if (!json_is(fields, JSON_OBJECT))
		return false;
	struct walk w = { .label = { label_key, label_value } };
	const struct json *metadata = json_get(desired, "metadata");
	/* Without labels in the manifest there is no level to think our label into. */
	AUTO(arena_done) struct arena copy = { 0 };
	struct json with_labels;
	if (label_key && !json_is(json_get(metadata, "labels"), JSON_OBJECT)) {
		with_labels = json_copy(&copy, desired);
		json_edit(&copy, json_edit(&copy, &with_labels, "metadata"), "labels");
		desired = &with_labels;
	}
	bool same = covers(&w, desired, live, fields, ROOT);
	arena_done(&w.arena);
	return same;
}
