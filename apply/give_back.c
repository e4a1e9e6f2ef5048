/* Of a rollback: ownership as it was before the apply that is undone.
 *
 * The apply of a rollback declares everything that is to come back, so all of it is ours for a
 * moment.  A JSON patch of managedFields, as a takeover's, then leaves us what we had before and
 * gives the rest back to whom it was taken from. */
#include "apply/run.h"

#include <string.h>

#include "apply/takeover.h"
#include "plan/merge/managed.h"

/* Entries that nobody can read are nobody's. */
static struct managed entries_of(struct arena *a, const struct json *managed_fields)
{
	struct json object = json_of_object();
	struct managed out = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	if (managed_fields)
		json_set(a, json_edit(a, &object, "metadata"), "managedFields", *managed_fields);
	if (managed_of(a, &object, &out, &ignored) < 0)
		return (struct managed){ 0 };
	return out;
}

static struct field_set set_of(struct arena *a, const struct json *fields)
{
	struct field_set set = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	if (field_set_parse(a, fields, &set, &ignored) < 0)
		return (struct field_set){ 0 };
	return set;
}

static struct managed_entry key_of(const struct give_back *g)
{
	return (struct managed_entry){
		.manager = g->manager,
		.operation = g->operation,
		.api_version = g->api_version,
		.subresource = g->subresource,
		.time = g->time,
	};
}

/* Only what is ours now can be given. */
static struct field_set given(struct arena *a, const struct give_back *g,
			      const struct managed_entry *ours)
{
	struct field_set wanted = set_of(a, g->fields);
	return ours ? field_set_intersection(a, &ours->fields, &wanted) : (struct field_set){ 0 };
}

static bool is_pending(const struct change *c, const struct json *managed_fields)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct managed all = entries_of(&a, managed_fields);
	const struct managed_entry *ours = managed_applied(&all, FIELD_MANAGER);
	if (!c->keeps || !ours)
		return false;
	struct field_set keeps = set_of(&a, c->keeps);
	struct field_set rest = field_set_difference(&a, &ours->fields, &keeps);
	for (size_t i = 0; i < c->n_give_backs && field_set_empty(&rest); i++) {
		const struct give_back *g = &c->give_backs[i];
		const struct managed_entry *theirs = managed_find(&all, g->manager, g->operation,
								  g->api_version, g->subresource);
		struct field_set has = theirs ? theirs->fields : (struct field_set){ 0 };
		struct field_set fields = given(&a, g, ours);
		rest = field_set_difference(&a, &fields, &has);
	}
	return !field_set_empty(&rest);
}

bool give_back_is_pending(const struct change *c, const struct json *live)
{
	return is_pending(c, json_at(live, "metadata", "managedFields", NULL));
}

bool give_back_prepare(struct run *r, struct step *s, const struct json *live)
{
	const struct json *meta = json_get(live, "metadata");
	const struct json *managed = json_get(meta, "managedFields");
	const char *uid = json_get_str(meta, "uid");
	const char *version = json_get_str(meta, "resourceVersion");
	s->give_back_pending = uid && version && is_pending(s->change, managed);
	if (!s->give_back_pending)
		return false;
	struct json *copy = arena_calloc(&r->arena, 1, sizeof(*copy));
	*copy = json_copy(&r->arena, managed);
	s->managed_fields = copy;
	s->uid = arena_strdup(&r->arena, uid);
	s->resource_version = arena_strdup(&r->arena, version);
	return true;
}

static struct json given_back(struct arena *a, const struct change *c,
			      const struct json *managed_fields)
{
	struct managed all = entries_of(a, managed_fields);
	const struct managed_entry *found = managed_applied(&all, FIELD_MANAGER);
	struct managed_entry ours = found ? *found : (struct managed_entry){ 0 };
	for (size_t i = 0; i < c->n_give_backs; i++) {
		struct managed_entry key = key_of(&c->give_backs[i]);
		struct field_set fields = given(a, &c->give_backs[i], &ours);
		if (field_set_empty(&fields))
			continue;
		struct managed_entry *theirs = managed_edit(a, &all, &key);
		theirs->fields = field_set_union(a, &theirs->fields, &fields);
	}
	struct managed_entry *left = managed_applied(&all, FIELD_MANAGER);
	struct field_set keeps = set_of(a, c->keeps);
	if (left)
		left->fields = field_set_intersection(a, &ours.fields, &keeps);
	struct json list = managed_json(a, &all);
	/* No entries at all mean to the server that they stay; one without content, that they go.
	 */
	if (!list.n)
		json_append(a, &list, json_of_object());
	return list;
}

struct json give_back_patch(struct arena *a, const struct step *s)
{
	struct json patch = json_of_array();
	takeover_operation(a, &patch, "test", "/metadata/resourceVersion",
			   json_of_string(a, s->resource_version));
	takeover_operation(a, &patch, "test", "/metadata/uid", json_of_string(a, s->uid));
	takeover_operation(a, &patch, "replace", "/metadata/managedFields",
			   given_back(a, s->change, s->managed_fields));
	return patch;
}
