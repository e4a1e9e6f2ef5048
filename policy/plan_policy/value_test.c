/* A plan as a test writes it: what is absent is as in a plan of nothing.  See plan_policy.h. */
#include <string.h>

#include "base/shape.h"
#include "base/time.h"
#include "policy/plan_policy/internal.h"

static const struct shape_key plan_keys[] = {
	{ "summary", SHAPE_OBJECT, false },
	{ "clusters", SHAPE_LIST, false },
	{ "applications", SHAPE_LIST, false },
	{ "changes", SHAPE_LIST, false },
	{ "git", SHAPE_OBJECT, false },
	{ "time", SHAPE_TEXT, false },
	{ 0 },
};
static const struct shape_key cluster_keys[] = {
	{ "name", SHAPE_TEXT, true },
	{ "uid", SHAPE_TEXT, false },
	{ "version", SHAPE_TEXT, false },
	{ 0 },
};
static const struct shape_key application_keys[] = {
	{ "name", SHAPE_TEXT, true },       { "path", SHAPE_TEXT, false },
	{ "namespace", SHAPE_TEXT, false }, { "base", SHAPE_TEXT, false },
	{ "changes", SHAPE_COUNT, false },  { 0 },
};
static const struct shape_key git_keys[] = {
	{ "repository", SHAPE_TEXT, false },
	{ "base", SHAPE_TEXT, false },
	{ "head", SHAPE_TEXT, false },
	{ "subject", SHAPE_TEXT, false },
	{ 0 },
};
static const struct shape_key field_keys[] = {
	{ "path", SHAPE_TEXT, true }, { "before", SHAPE_ANY, false }, { "after", SHAPE_ANY, false },
	{ "why", SHAPE_TEXT, false }, { "owner", SHAPE_TEXT, false }, { 0 },
};
static const struct shape_key change_keys[] = {
	{ "id", SHAPE_TEXT, false },
	{ "action", SHAPE_TEXT, false },
	{ "application", SHAPE_TEXT, false },
	{ "hook", SHAPE_TEXT, false },
	{ "file", SHAPE_TEXT, false },
	{ "object", SHAPE_OBJECT, false },
	{ "oldObject", SHAPE_OBJECT, false },
	{ "base", SHAPE_OBJECT, false },
	{ "drift", SHAPE_BOOL, false },
	{ "fields", SHAPE_LIST, false },
	{ 0 },
};

static void default_text(struct arena *a, struct json *v, const char *key, const char *text)
{
	if (!json_get(v, key))
		json_set_str(a, v, key, text);
}

static void default_value(struct arena *a, struct json *v, const char *key, struct json value)
{
	if (!json_get(v, key))
		json_set(a, v, key, value);
}

static int check(const struct json *plan, const char *file, struct err *err)
{
	static const struct shape shapes[] = {
		{ "a plan", plan_keys },
		{ "a cluster", cluster_keys },
		{ "an application", application_keys },
		{ "git", git_keys },
		{ "a change", change_keys },
		{ "a field", field_keys },
	};
	const struct json *changes = json_get(plan, "changes"), *git = json_get(plan, "git");
	if (shape_check(plan, &shapes[0], file, err) < 0 ||
	    shape_check_items(json_get(plan, "clusters"), &shapes[1], file, err) < 0 ||
	    shape_check_items(json_get(plan, "applications"), &shapes[2], file, err) < 0 ||
	    (git && shape_check(git, &shapes[3], file, err) < 0) ||
	    shape_check_items(changes, &shapes[4], file, err) < 0)
		return -1;
	for (uint32_t i = 0; changes && i < changes->n; i++)
		if (shape_check_items(json_get(&changes->items[i], "fields"), &shapes[5], file,
				      err) < 0)
			return -1;
	return 0;
}

static int action_of(const struct json *change, const char *file, int64_t *counts, struct err *err)
{
	const struct json *given = json_get(change, "action");
	const struct json *object = json_get(change, "object"),
			  *old = json_get(change, "oldObject");
	int action = !old ? ACTION_CREATE : object ? ACTION_UPDATE : ACTION_DELETE;
	if (given) {
		for (action = 0; action < ACTION_COUNT; action++)
			if (strcmp(action_name((enum action)action), given->text) == 0)
				break;
		if (action == ACTION_COUNT)
			return err_at(err, ERR_INPUT, json_pos(given, file),
				      "\"%s\" is no action of a change", given->text);
	} else if (!object && !old) {
		return err_at(err, ERR_INPUT, json_pos(change, file),
			      "a change needs \"object\", \"oldObject\" or \"action\"");
	}
	counts[action]++;
	return action;
}

static void complete_change(struct arena *a, struct json *v, int action)
{
	const struct json *of =
		json_get(v, "object") ? json_get(v, "object") : json_get(v, "oldObject");
	static const struct json none = { .type = JSON_OBJECT };
	struct object_ref ref = object_ref_of(a, of ? of : &none);
	default_text(a, v, "id", object_ref_id(a, &ref));
	default_text(a, v, "action", action_name((enum action)action));
	default_text(a, v, "application", "application");
	json_set_str(a, v, "group", ref.group);
	json_set_str(a, v, "version", ref.version);
	json_set_str(a, v, "kind", ref.kind);
	json_set_str(a, v, "namespace", ref.namespace);
	json_set_str(a, v, "name", ref.name);
	default_text(a, v, "hook", "");
	default_text(a, v, "file", "");
	default_value(a, v, "object", json_of_null());
	default_value(a, v, "oldObject", json_of_null());
	default_value(a, v, "base", json_of_null());
	default_value(a, v, "drift", json_of_bool(false));
	struct json *fields = json_set(
		a, v, "fields", json_get(v, "fields") ? *json_get(v, "fields") : json_of_array());
	for (uint32_t i = 0; i < fields->n; i++) {
		default_value(a, &fields->items[i], "before", json_of_null());
		default_value(a, &fields->items[i], "after", json_of_null());
		default_text(a, &fields->items[i], "why", "git");
		default_text(a, &fields->items[i], "owner", "");
	}
}

static void complete_summary(struct arena *a, struct json *plan, const int64_t *counts)
{
	struct json *summary = json_edit(a, plan, "summary");
	for (int i = 0; i < ACTION_COUNT; i++)
		default_value(a, summary, action_name((enum action)i), json_of_int(a, counts[i]));
	default_value(a, summary, "hooks", json_of_int(a, 0));
	default_value(a, summary, "unchanged", json_of_int(a, 0));
	default_value(a, summary, "drifted", json_of_int(a, 0));
}

static void complete_lists(struct arena *a, struct json *plan)
{
	static const char *const texts[] = { "repository", "base", "head", "subject" };
	struct json *git = json_edit(a, plan, "git");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		default_text(a, git, texts[i], "");
	default_value(a, plan, "clusters", json_of_array());
	default_value(a, plan, "applications", json_of_array());
	struct json *clusters = (struct json *)json_get(plan, "clusters");
	for (uint32_t i = 0; i < clusters->n; i++) {
		default_text(a, &clusters->items[i], "uid", "");
		default_text(a, &clusters->items[i], "version", "");
	}
	struct json *applications = (struct json *)json_get(plan, "applications");
	for (uint32_t i = 0; i < applications->n; i++) {
		struct json *v = &applications->items[i];
		default_text(a, v, "path", "");
		default_text(a, v, "namespace", "");
		default_text(a, v, "base", "");
		default_value(a, v, "changes", json_of_int(a, 0));
	}
}

int plan_value_of_json(struct plan_value *v, const struct json *given, const char *file,
		       struct err *err)
{
	struct arena *a = &v->arena;
	int64_t counts[ACTION_COUNT] = { 0 };
	if (check(given, file, err) < 0)
		return -1;
	const struct json *time = json_get(given, "time");
	if (time && !time_parse(time->text, &v->time))
		return err_at(err, ERR_INPUT, json_pos(time, file),
			      "time has to be a time of RFC 3339, such as 2026-12-24T18:00:00Z");
	v->has_time = time != NULL;
	struct json *plan = arena_alloc(a, sizeof(*plan));
	*plan = json_copy(a, given);
	json_remove(plan, "time");
	default_value(a, plan, "changes", json_of_array());
	struct json *changes = (struct json *)json_get(plan, "changes");
	for (uint32_t i = 0; i < changes->n; i++) {
		int action = action_of(&changes->items[i], file, counts, err);
		if (action < 0)
			return -1;
		complete_change(a, &changes->items[i], action);
	}
	complete_summary(a, plan, counts);
	complete_lists(a, plan);
	v->plan = plan;
	v->changes = json_get(plan, "changes");
	return 0;
}
