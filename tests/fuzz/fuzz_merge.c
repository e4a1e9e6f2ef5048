/* {"live": OBJECT, "applied": OBJECT, "crd": CRD}: whatever stands there, merging ends, what it
 * makes is a valid tree, its managedFields read back as the same sets, and every path in them has
 * a text that reads back as the same path. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/json_parse.h"
#include "base/json_write.h"
#include "plan/merge/apply.h"
#include "plan/merge/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int check_path(void *ctx, const struct field_path *path, struct err *err)
{
	(void)ctx;
	AUTO(arena_done) struct arena a = { 0 };
	struct field_path again;
	const char *text = field_path_text(&a, path);
	if (field_path_parse(&a, text, &again, err) < 0 || field_path_compare(path, &again) != 0 ||
	    strcmp(field_path_text(&a, &again), text) != 0)
		abort();
	field_path_from_api(&a, field_path_to_api(&a, path), NULL);
	return 0;
}

static void check_object(const struct json *object)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json again;
	json_write_canonical(&text, object);
	if (json_parse(&a, text.data, text.len, "again", NULL, &again, &err) < 0 ||
	    !json_equal(object, &again))
		abort();
	struct managed m, n;
	if (managed_of(&a, object, &m, &err) < 0)
		abort();
	for (size_t i = 0; i < m.n; i++)
		if (field_set_walk(&m.entries[i].fields, check_path, NULL, &err) < 0)
			abort();
	managed_set(&a, &again, &m);
	if (managed_of(&a, &again, &n, &err) < 0)
		abort();
	for (size_t i = 0; i < m.n; i++) {
		const struct managed_entry *e = &m.entries[i];
		const struct managed_entry *f =
			managed_find(&n, e->manager, e->operation, e->api_version, e->subresource);
		if (!field_set_empty(&e->fields) && !(f && field_set_equal(&e->fields, &f->fields)))
			abort();
	}
}

static void check_merge(struct arena *a, const struct json *input, bool built_in)
{
	AUTO(schema_set_done) struct schema_set set = { 0 };
	const struct json *crd = json_get(input, "crd"), *live = json_get(input, "live");
	const struct json *applied = json_get(input, "applied");
	if (crd)
		schema_add_crd(&set, crd);
	if (!json_is(applied, JSON_OBJECT) || (live && live->type != JSON_OBJECT))
		return;
	struct merge_request request = { .schema = schema_of(&set, applied),
					 .live = live,
					 .object = applied,
					 .manager = "rhumb",
					 .now = "2026-01-02T03:04:05Z",
					 .built_in = built_in,
					 .keeps_status = built_in };
	for (int force = 0; force < 2; force++) {
		AUTO(err_done) struct err err = { 0 }, err_update = { 0 };
		struct merge_result result;
		request.force = force;
		if (merge_apply(a, &request, &result, &err) == 0 && !result.n_conflicts)
			check_object(&result.object);
		if (merge_update(a, &request, &result, &err_update) == 0)
			check_object(&result.object);
	}
	struct schema_problems problems = { 0 };
	schema_missing(a, request.schema, applied, &problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json input;
	if (json_parse(&a, (const char *)data, len, "fuzz", NULL, &input, &err) < 0)
		return 0;
	check_merge(&a, &input, false);
	check_merge(&a, &input, true);
	return 0;
}
