/* See managed.h. */
#include "plan/merge/managed.h"

#include <string.h>

#include "base/time.h"

static struct managed_entry *append(struct arena *a, struct managed *m, struct managed_entry entry)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 4;
		struct managed_entry *moved = arena_alloc(a, m->cap * sizeof(*moved));
		if (m->n)
			memcpy(moved, m->entries, m->n * sizeof(*moved));
		m->entries = moved;
	}
	m->entries[m->n] = entry;
	return &m->entries[m->n++];
}

static const char *text_or(struct arena *a, const struct json *entry, const char *key,
			   const char *otherwise)
{
	const char *text = json_get_str(entry, key);
	return text ? arena_strdup(a, text) : otherwise;
}

static int parse_entry(struct arena *a, const struct json *v, struct managed_entry *out,
		       struct err *err)
{
	struct managed_entry e = {
		.manager = text_or(a, v, "manager", ""),
		.operation = text_or(a, v, "operation", ""),
		.api_version = text_or(a, v, "apiVersion", ""),
		.subresource = text_or(a, v, "subresource", ""),
		.time = text_or(a, v, "time", NULL),
	};
	const char *type = json_get_str(v, "fieldsType");
	if (strcmp(e.operation, OPERATION_APPLY) != 0 && strcmp(e.operation, OPERATION_UPDATE) != 0)
		return err_set(err, ERR_INPUT,
			       "managed fields: operation must be `Apply` or `Update`");
	if (!*e.api_version)
		return err_set(err, ERR_INPUT, "managed fields: apiVersion must not be empty");
	if (!type || strcmp(type, "FieldsV1") != 0)
		return err_set(err, ERR_INPUT, "managed fields: fieldsType must be FieldsV1");
	if (field_set_parse(a, json_get(v, "fieldsV1"), &e.fields, err) < 0)
		return err_wrap(err, "manager %s", e.manager);
	*out = e;
	return 0;
}

int managed_of(struct arena *a, const struct json *object, struct managed *out, struct err *err)
{
	const struct json *list = json_at(object, "metadata", "managedFields", NULL);
	struct managed m = { 0 };
	for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->n; i++) {
		struct managed_entry e;
		if (parse_entry(a, &list->items[i], &e, err) < 0)
			return -1;
		*managed_edit(a, &m, &e) = e;
	}
	*out = m;
	return 0;
}

/* ---- writing */

static time_t seconds(const char *time)
{
	struct timespec t;
	return time && time_parse(time, &t) ? t.tv_sec : 0;
}

/* The API server's order. */
static int compare_entries(const void *x, const void *y)
{
	const struct managed_entry *a = x, *b = y;
	int d = strcmp(a->operation, b->operation);
	if (!d) {
		time_t s = seconds(a->time), t = seconds(b->time);
		d = (s > t) - (s < t);
	}
	if (!d)
		d = strcmp(a->manager, b->manager);
	if (!d)
		d = strcmp(a->api_version, b->api_version);
	return d ? d : strcmp(a->subresource, b->subresource);
}

static struct json entry_json(struct arena *a, const struct managed_entry *e)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "manager", e->manager);
	json_set_str(a, &v, "operation", e->operation);
	json_set_str(a, &v, "apiVersion", e->api_version);
	if (*e->subresource)
		json_set_str(a, &v, "subresource", e->subresource);
	if (e->time)
		json_set_str(a, &v, "time", e->time);
	json_set_str(a, &v, "fieldsType", "FieldsV1");
	json_set(a, &v, "fieldsV1", field_set_json(a, &e->fields));
	return v;
}

struct json managed_json(struct arena *a, const struct managed *m)
{
	struct json list = json_of_array();
	struct managed_entry *sorted = arena_alloc(a, (m->n + 1) * sizeof(*sorted));
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++)
		if (!field_set_empty(&m->entries[i].fields))
			sorted[n++] = m->entries[i];
	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i < n; i++)
		json_append(a, &list, entry_json(a, &sorted[i]));
	return list;
}

void managed_set(struct arena *a, struct json *object, const struct managed *m)
{
	struct json list = managed_json(a, m);
	struct json *metadata = json_edit(a, object, "metadata");
	if (list.n)
		json_set(a, metadata, "managedFields", list);
	else
		json_remove(metadata, "managedFields");
}

/* ---- entries */

struct managed_entry *managed_find(const struct managed *m, const char *manager,
				   const char *operation, const char *api_version,
				   const char *subresource)
{
	bool applied = strcmp(operation, OPERATION_APPLY) == 0;
	for (size_t i = 0; i < m->n; i++) {
		struct managed_entry *e = &m->entries[i];
		if (strcmp(e->manager, manager) == 0 && strcmp(e->operation, operation) == 0 &&
		    strcmp(e->subresource, subresource) == 0 &&
		    (applied || !api_version || strcmp(e->api_version, api_version) == 0))
			return e;
	}
	return NULL;
}

struct managed_entry *managed_applied(const struct managed *m, const char *manager)
{
	return managed_find(m, manager, OPERATION_APPLY, NULL, "");
}

struct managed_entry *managed_edit(struct arena *a, struct managed *m,
				   const struct managed_entry *key)
{
	struct managed_entry *e =
		managed_find(m, key->manager, key->operation, key->api_version, key->subresource);
	if (e)
		return e;
	struct managed_entry fresh = *key;
	fresh.fields = (struct field_set){ 0 };
	return append(a, m, fresh);
}
