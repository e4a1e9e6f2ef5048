/* Ownership that the plan moves to us: the JSON patch of the design's table.
 *
 * Fields that Git has dropped stay in the object as long as another manager owns them.  Where
 * people have left that manager, the plan lists its fields, and the patch moves them from its
 * managedFields entry to ours: then the apply that follows removes what Git dropped. */
#include "apply/run.h"

#include <string.h>

#include "apply/takeover.h"
#include "base/json_write.h"
#include "plan/merge/fieldset.h"

static bool text_is(const struct json *v, const char *key, const char *want)
{
	const char *s = json_get_str(v, key);
	return strcmp(s ? s : "", want) == 0;
}

static bool entry_is(const struct json *entry, const char *manager, const char *operation,
		     const char *subresource)
{
	return text_is(entry, "manager", manager) && text_is(entry, "operation", operation) &&
	       text_is(entry, "subresource", subresource);
}

static bool entry_is_ours(const struct json *entry)
{
	return entry_is(entry, FIELD_MANAGER, "Apply", "");
}

/* Fields that cannot be read are nobody's: the server skips them too. */
static struct field_set fields_of(struct arena *a, const struct json *fields)
{
	struct field_set set = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	if (field_set_parse(a, fields, &set, &ignored) < 0)
		return (struct field_set){ 0 };
	return set;
}

/* What the takeovers of the change take from this entry. */
static struct field_set taken_from(struct arena *a, const struct change *c,
				   const struct json *entry)
{
	struct field_set taken = { 0 };
	struct field_set has = fields_of(a, json_get(entry, "fieldsV1"));
	for (size_t i = 0; i < c->n_takeovers; i++) {
		const struct takeover *t = &c->takeovers[i];
		if (!entry_is(entry, t->manager, t->operation, t->subresource))
			continue;
		struct field_set wanted = fields_of(a, t->fields);
		struct field_set both = field_set_intersection(a, &has, &wanted);
		taken = field_set_union(a, &taken, &both);
	}
	return taken;
}

bool takeover_is_pending(const struct change *c, const struct json *live)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct json *entries = json_at(live, "metadata", "managedFields", NULL);
	for (uint32_t i = 0; c->n_takeovers && json_is(entries, JSON_ARRAY) && i < entries->n;
	     i++) {
		struct field_set taken = taken_from(&a, c, &entries->items[i]);
		if (!field_set_empty(&taken))
			return true;
	}
	return false;
}

const struct json *takeover_own_fields(const struct json *live)
{
	const struct json *entries = json_at(live, "metadata", "managedFields", NULL);
	for (uint32_t i = 0; json_is(entries, JSON_ARRAY) && i < entries->n; i++)
		if (entry_is_ours(&entries->items[i]))
			return json_get(&entries->items[i], "fieldsV1");
	return NULL;
}

static struct json our_entry(struct arena *a, const struct change *c)
{
	struct json entry = json_of_object();
	json_set_str(a, &entry, "manager", FIELD_MANAGER);
	json_set_str(a, &entry, "operation", "Apply");
	json_set_str(a, &entry, "apiVersion", object_ref_api_version(a, &c->ref));
	json_set_str(a, &entry, "fieldsType", "FieldsV1");
	return entry;
}

static struct json moved(struct arena *a, const struct change *c, const struct json *entries)
{
	struct json out = json_of_array(), ours = our_entry(a, c);
	struct field_set all = { 0 };
	for (uint32_t i = 0; json_is(entries, JSON_ARRAY) && i < entries->n; i++) {
		const struct json *entry = &entries->items[i];
		struct field_set has = fields_of(a, json_get(entry, "fieldsV1"));
		if (entry_is_ours(entry)) {
			ours = json_copy(a, entry);
			all = field_set_union(a, &all, &has);
			continue;
		}
		struct field_set taken = taken_from(a, c, entry);
		if (field_set_empty(&taken)) {
			json_append(a, &out, json_copy(a, entry));
			continue;
		}
		all = field_set_union(a, &all, &taken);
		struct field_set left = field_set_difference(a, &has, &taken);
		if (field_set_empty(&left))
			continue;
		struct json kept = json_copy(a, entry);
		json_set(a, &kept, "fieldsV1", field_set_json(a, &left));
		json_append(a, &out, kept);
	}
	json_set(a, &ours, "fieldsV1", field_set_json(a, &all));
	json_append(a, &out, ours);
	return out;
}

/* An entry as it is compared: the server sets the time of ours. */
static const char *entry_text(struct arena *a, const struct json *entry)
{
	struct json v = json_copy(a, entry);
	AUTO(buf_done) struct buf text = { 0 };
	if (entry_is_ours(entry))
		json_remove(&v, "time");
	json_write_canonical(&text, &v);
	return arena_strdup(a, buf_text(&text));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the entries in any order: the server has its own. */
void takeover_digest(const struct json *entries, char out[DIGEST_TEXT])
{
	AUTO(arena_done) struct arena a = { 0 };
	const char **texts = arena_calloc(&a, entries->n + 1, sizeof(*texts));
	struct json list = json_of_array();
	for (uint32_t i = 0; i < entries->n; i++)
		texts[i] = entry_text(&a, &entries->items[i]);
	qsort(texts, entries->n, sizeof(*texts), by_text);
	for (uint32_t i = 0; i < entries->n; i++)
		json_append(&a, &list, json_of_string(&a, texts[i]));
	digest_json(&list, out);
}

bool takeover_was_done(const struct step *s, const struct json *live)
{
	const struct json *now = json_at(live, "metadata", "managedFields", NULL);
	char digest[DIGEST_TEXT];
	if (!*s->makes || !json_is(now, JSON_ARRAY))
		return false;
	takeover_digest(now, digest);
	return strcmp(digest, s->makes) == 0;
}

void takeover_operation(struct arena *a, struct json *patch, const char *op, const char *path,
			struct json value)
{
	struct json operation = json_of_object();
	json_set_str(a, &operation, "op", op);
	json_set_str(a, &operation, "path", path);
	json_set(a, &operation, "value", value);
	json_append(a, patch, operation);
}

struct json takeover_patch(struct arena *a, struct step *s)
{
	struct json patch = json_of_array(), made = moved(a, s->change, s->managed_fields);
	takeover_digest(&made, s->makes);
	takeover_operation(a, &patch, "test", "/metadata/resourceVersion",
			   json_of_string(a, s->resource_version));
	takeover_operation(a, &patch, "replace", "/metadata/managedFields", made);
	return patch;
}
