/* See pack_objects.h. */
#include "tests/lib/pack_objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "tests/lib/fixture.h"

#define FILE_NAME "testdata/packs/mutations.yaml"

enum { PATH_MAX_KEYS = 4, KIND_EVERYWHERE = 8 /* each so many mutations */ };

static const struct {
	const char *api_version, *group, *version, *kind;
	const char *path[PATH_MAX_KEYS]; /* of the template; the object itself where it is empty */
	const char *more;                /* merged into the object */
} kinds[] = {
	{ "v1", "", "v1", "Pod", { 0 }, "{}" },
	{ "v1", "", "v1", "PodTemplate", { "template" }, "{}" },
	{ "v1", "", "v1", "ReplicationController", { "spec", "template" }, "{}" },
	{ "apps/v1",
	  "apps",
	  "v1",
	  "Deployment",
	  { "spec", "template" },
	  "{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}}}}" },
	{ "apps/v1",
	  "apps",
	  "v1",
	  "ReplicaSet",
	  { "spec", "template" },
	  "{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}}}}" },
	{ "apps/v1",
	  "apps",
	  "v1",
	  "StatefulSet",
	  { "spec", "template" },
	  "{\"spec\":{\"serviceName\":\"web\",\"selector\":{\"matchLabels\":{\"app\":\"web\"}}}}" },
	{ "apps/v1",
	  "apps",
	  "v1",
	  "DaemonSet",
	  { "spec", "template" },
	  "{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}}}}" },
	{ "batch/v1",
	  "batch",
	  "v1",
	  "Job",
	  { "spec", "template" },
	  "{\"spec\":{\"template\":{\"spec\":{\"restartPolicy\":\"Never\"}}}}" },
	{ "batch/v1",
	  "batch",
	  "v1",
	  "CronJob",
	  { "spec", "jobTemplate", "spec", "template" },
	  "{\"spec\":{\"schedule\":\"0 0 * * *\",\"jobTemplate\":{\"spec\":{\"template\":{"
	  "\"spec\":{\"restartPolicy\":\"Never\"}}}}}}" },
};

void pack_objects_patch(struct arena *a, struct json *target, const struct json *patch)
{
	if (!json_is(patch, JSON_OBJECT)) {
		*target = json_copy(a, patch);
		return;
	}
	if (!json_is(target, JSON_OBJECT))
		*target = json_of_object();
	for (uint32_t i = 0; i < patch->n; i++) {
		const struct json_member *m = &patch->members[i];
		if (json_is(&m->value, JSON_NULL)) {
			json_remove(target, m->key);
			continue;
		}
		const struct json *there = json_get(target, m->key);
		struct json value = there ? *there : json_of_null();
		pack_objects_patch(a, &value, &m->value);
		json_set(a, target, m->key, value);
	}
}

/* The template as an object of one kind. */
static void add(struct pack_objects *p, size_t kind, const char *name, const struct json *template)
{
	assert_true(p->n < PACK_OBJECTS_MAX);
	struct arena *a = &p->arena;
	struct pack_object *o = &p->items[p->n++];
	*o = (struct pack_object){ .name = name,
				   .group = kinds[kind].group,
				   .version = kinds[kind].version,
				   .kind = kinds[kind].kind,
				   .object = json_of_object() };
	struct json *at = &o->object;
	for (size_t i = 0; i < PATH_MAX_KEYS && kinds[kind].path[i]; i++)
		at = json_edit(a, at, kinds[kind].path[i]);
	*at = json_copy(a, template);
	struct json more = fixture_json(a, kinds[kind].more);
	pack_objects_patch(a, &o->object, &more);
	json_set_str(a, &o->object, "apiVersion", kinds[kind].api_version);
	json_set_str(a, &o->object, "kind", o->kind);
	json_set_str(a, json_edit(a, &o->object, "metadata"), "name", PACK_OBJECT_NAME);
}

/* One mutation: a Pod, and one workload or, now and then, all of them. */
static void add_mutation(struct pack_objects *p, size_t row, const char *where,
			 const struct json *patch, const struct json *template)
{
	AUTO(buf_done) struct buf text = { 0 };
	json_write_canonical(&text, patch);
	const char *name = arena_fmt(&p->arena, "%s %s", where, buf_text(&text));
	add(p, 0, name, template);
	for (size_t kind = 1; kind < ARRAY_LEN(kinds); kind++)
		if (row % KIND_EVERYWHERE == 0 || row % (ARRAY_LEN(kinds) - 1) == kind - 1)
			add(p, kind, name, template);
}

static const struct json *list(const struct json *file, const char *key)
{
	const struct json *v = json_get(file, key);
	assert_true(json_is(v, JSON_ARRAY) && v->n > 0);
	return v;
}

static void add_of_containers(struct pack_objects *p, const struct json *file, const char *key,
			      const char *containers, bool sidecar)
{
	const struct json *patches = list(file, key);
	for (uint32_t i = 0; i < patches->n; i++) {
		struct json template = json_copy(&p->arena, json_get(file, "template"));
		struct json *spec = json_edit(&p->arena, &template, "spec");
		struct json all = *json_get(spec, containers); /* its items are the copy's own */
		struct json *c = &all.items[0];
		if (sidecar)
			json_set_str(&p->arena, c, "restartPolicy", "Always");
		pack_objects_patch(&p->arena, c, &patches->items[i]);
		add_mutation(p, i, containers, &patches->items[i], &template);
	}
}

void pack_objects_read(struct pack_objects *out)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json file;
	*out = (struct pack_objects){ .items = xcalloc(PACK_OBJECTS_MAX, sizeof(*out->items)) };
	if (file_read(FILE_NAME, 0, &text, &err) < 0 ||
	    yaml_parse_one(&out->arena, buf_text(&text), text.len, FILE_NAME, NULL, &file, &err) <
		    0)
		fail_msg("%s", err.msg);
	const struct json *templates = list(&file, "templates");
	for (uint32_t i = 0; i < templates->n; i++) {
		struct json template = json_copy(&out->arena, json_get(&file, "template"));
		pack_objects_patch(&out->arena, &template, &templates->items[i]);
		add_mutation(out, i, "template", &templates->items[i], &template);
	}
	add_of_containers(out, &file, "containers", "containers", false);
	add_of_containers(out, &file, "containers", "initContainers", false);
	add_of_containers(out, &file, "serving", "containers", false);
	add_of_containers(out, &file, "serving", "initContainers", true);
	out->ephemeral = *list(&file, "ephemeral");
}

void pack_objects_done(struct pack_objects *p)
{
	free(p->items);
	arena_done(&p->arena);
	*p = (struct pack_objects){ 0 };
}
