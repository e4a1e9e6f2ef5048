/* See merge_case.h. */
#include "tests/lib/fixture.h"
#include "tests/lib/merge_case.h"

#include <string.h>

#include "base/file.h"

#define FOLDER "testdata/merge"

void merge_case_names(char ***names, size_t *n)
{
	AUTO(err_done) struct err err = { 0 };
	if (dir_names(FOLDER, names, n, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < *n; i++) {
		char *dot = strrchr((*names)[i], '.');
		if (dot)
			*dot = '\0';
	}
}

void merge_case_open(struct merge_case *c, const char *name)
{
	*c = (struct merge_case){ .live = json_of_null() };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	c->name = arena_strdup(&c->arena, name);
	AUTO(auto_free) char *path = xfmt(FOLDER "/%s.json", name);
	if (file_read(path, 1 << 20, &text, &err) < 0)
		fail_msg("%s", err.msg);
	c->file = fixture_json(&c->arena, buf_text(&text));
	if (json_get(&c->file, "crd"))
		schema_add_crd(&c->schemas, json_get(&c->file, "crd"));
}

void merge_case_done(struct merge_case *c)
{
	schema_set_done(&c->schemas);
	arena_done(&c->arena);
}

struct json merge_patch(struct arena *a, const struct json *target, const struct json *patch)
{
	if (!json_is(patch, JSON_OBJECT))
		return *patch;
	struct json out = json_is(target, JSON_OBJECT) ? json_copy(a, target) : json_of_object();
	for (uint32_t i = 0; i < patch->n; i++) {
		const struct json_member *m = &patch->members[i];
		if (m->value.type == JSON_NULL)
			json_remove(&out, m->key);
		else
			json_set(a, &out, m->key,
				 merge_patch(a, json_get(&out, m->key), &m->value));
	}
	return out;
}

struct json merge_case_object(struct merge_case *c, const struct json *stated)
{
	struct arena *a = &c->arena;
	struct json object = json_copy(a, stated);
	json_set(a, &object, "apiVersion", *json_get(&c->file, "apiVersion"));
	json_set(a, &object, "kind", *json_get(&c->file, "kind"));
	struct json *metadata = json_edit(a, &object, "metadata");
	json_set_str(a, metadata, "name", c->name);
	json_set_str(a, metadata, "namespace", "merge");
	return object;
}

struct json merge_case_managed(struct arena *a, const struct json *object)
{
	struct managed m;
	AUTO(err_done) struct err err = { 0 };
	if (managed_of(a, object, &m, &err) < 0)
		fail_msg("%s", err.msg);
	struct json out = json_of_array();
	for (size_t i = 0; i < m.n; i++)
		m.entries[i].time = NULL; /* it decides the order */
	struct json list = managed_json(a, &m);
	for (uint32_t i = 0; i < list.n; i++) {
		struct json e = json_of_object();
		json_set(a, &e, "manager", *json_get(&list.items[i], "manager"));
		json_set(a, &e, "operation", *json_get(&list.items[i], "operation"));
		json_set(a, &e, "fields", *json_get(&list.items[i], "fieldsV1"));
		json_append(a, &out, e);
	}
	return out;
}

static struct json describe(struct merge_case *c, const struct merge_result *result)
{
	struct arena *a = &c->arena;
	struct json out = json_of_object();
	if (result->n_conflicts) {
		json_set_str(a, &out, "conflicts",
			     merge_conflict_message(a, result->conflicts, result->n_conflicts));
		return out;
	}
	c->live = json_copy(a, &result->object);
	if (!result->changed)
		json_set(a, &out, "unchanged", json_of_bool(true));
	json_set(a, &out, "managed", merge_case_managed(a, &c->live));
	struct json object = json_copy(a, &c->live);
	json_remove(&object, "apiVersion");
	json_remove(&object, "kind");
	struct json *metadata = json_edit(a, &object, "metadata");
	json_remove(metadata, "managedFields");
	json_remove(metadata, "name");
	json_remove(metadata, "namespace");
	if (!metadata->n)
		json_remove(&object, "metadata");
	json_set(a, &out, "object", object);
	return out;
}

struct json merge_case_step(struct merge_case *c, const struct json *step)
{
	struct arena *a = &c->arena;
	const struct json *apply = json_get(step, "apply"), *create = json_get(step, "create");
	struct json object;
	if (apply)
		object = merge_case_object(c, apply);
	else if (create)
		object = merge_case_object(c, create);
	else
		object = merge_patch(a, &c->live, json_get(step, "patch"));
	struct merge_request request = {
		.schema = schema_of(&c->schemas, &object),
		.live = c->live.type == JSON_NULL ? NULL : &c->live,
		.object = &object,
		.manager = json_get_str(step, "manager"),
		.now = "2026-01-02T03:04:05Z",
		.force = json_true(json_get(step, "force")),
		.built_in = !json_get(&c->file, "crd"),
		.keeps_status = !json_get(&c->file, "crd"),
	};
	struct merge_result result;
	AUTO(err_done) struct err err = { 0 };
	int rc = (apply ? merge_apply : merge_update)(a, &request, &result, &err);
	if (rc == 0)
		return describe(c, &result);
	struct json out = json_of_object();
	json_set_str(a, &out, "error", err.msg);
	return out;
}
