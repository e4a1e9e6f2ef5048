/* Making of a manifest what server-side apply is to be given; source.h says what changes.
 *
 * Trees from YAML share what aliases repeat, so whatever is edited here is copied first. */
#include <string.h>

#include "base/digest.h"
#include "plan/source/source.h"

/* Of metadata: the server's, whatever a manifest says. */
static const char *const server_fields[] = {
	"creationTimestamp", "deletionGracePeriodSeconds",
	"deletionTimestamp", "generation",
	"managedFields",     "resourceVersion",
	"selfLink",          "uid",
};

/* Gives an object members of its own; their values stay shared. */
static void unshare(struct arena *a, struct json *object)
{
	struct json_member *members = arena_alloc(a, object->n * sizeof(*members));
	if (object->n)
		memcpy(members, object->members, object->n * sizeof(*members));
	object->members = members;
	object->roomy = false;
}

/* ---- "creationTimestamp: null" of pod templates and the like, which generators write */

static bool has_null_timestamp(const struct json *v)
{
	if (v->type == JSON_ARRAY)
		for (uint32_t i = 0; i < v->n; i++)
			if (has_null_timestamp(&v->items[i]))
				return true;
	if (v->type != JSON_OBJECT)
		return false;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		if (m->value.type < JSON_ARRAY)
			continue;
		if (strcmp(m->key, "metadata") == 0 &&
		    json_is(json_get(&m->value, "creationTimestamp"), JSON_NULL))
			return true;
		if (has_null_timestamp(&m->value))
			return true;
	}
	return false;
}

static void drop_null_timestamps(struct json *v)
{
	if (v->type == JSON_ARRAY)
		for (uint32_t i = 0; i < v->n; i++)
			drop_null_timestamps(&v->items[i]);
	if (v->type != JSON_OBJECT)
		return;
	for (uint32_t i = 0; i < v->n; i++) {
		struct json_member *m = &v->members[i];
		if (strcmp(m->key, "metadata") == 0 &&
		    json_is(json_get(&m->value, "creationTimestamp"), JSON_NULL))
			json_remove(&m->value, "creationTimestamp");
		drop_null_timestamps(&m->value);
	}
}

/* ---- Secrets */

enum secret_form { FORM_BASE64, FORM_TEXT };

/* One value as the server would give it back: base64 of one form.  Messages name the key and
 * never show the value. */
static int secret_value(struct arena *a, const struct json_member *m, enum secret_form form,
			const char *file, struct json *out, struct err *err)
{
	AUTO(buf_done) struct buf plain = { 0 }, encoded = { 0 };
	AUTO(err_done) struct err reason = { 0 };
	const struct json *v = &m->value;
	const char *what = form == FORM_TEXT ? "stringData" : "data";
	if (v->type != JSON_STRING && v->type != JSON_NULL)
		return err_at(err, ERR_INPUT, json_pos(v, file),
			      "%s.%s of the Secret has to be a text, not of type %s: put it in "
			      "quotes",
			      what, m->key, json_type_name(v->type));
	if (form == FORM_BASE64 && v->type == JSON_STRING &&
	    base64_decode(&plain, v->text, v->n, &reason) < 0)
		return err_at(
			err, ERR_INPUT, json_pos(v, file),
			"%s.%s of the Secret is not base64; a plain text goes under stringData",
			what, m->key);
	if (form == FORM_TEXT && v->type == JSON_STRING)
		buf_put(&plain, v->text, v->n);
	base64_encode(&encoded, buf_text(&plain), plain.len);
	*out = json_of_string(a, buf_text(&encoded));
	out->line = v->line;
	out->col = v->col;
	return 0;
}

static int merge_values(struct arena *a, const struct json *from, enum secret_form form,
			const char *file, struct json *into, struct err *err)
{
	if (!from || from->type == JSON_NULL)
		return 0;
	if (from->type != JSON_OBJECT)
		return err_at(err, ERR_INPUT, json_pos(from, file),
			      "%s of the Secret has to be keys with values",
			      form == FORM_TEXT ? "stringData" : "data");
	for (uint32_t i = 0; i < from->n; i++) {
		struct json value;
		if (secret_value(a, &from->members[i], form, file, &value, err) < 0)
			return -1;
		json_set(a, into, from->members[i].key, value);
	}
	return 0;
}

static int normalise_secret(struct arena *a, struct json *object, const char *file, struct err *err)
{
	const struct json *data = json_get(object, "data");
	const struct json *text = json_get(object, "stringData");
	struct json merged = json_of_object();
	const struct json *at = json_is(data, JSON_OBJECT) ? data : text;
	if (merge_values(a, data, FORM_BASE64, file, &merged, err) < 0 ||
	    merge_values(a, text, FORM_TEXT, file, &merged, err) < 0)
		return -1;
	bool stated = json_is(data, JSON_OBJECT) || json_is(text, JSON_OBJECT);
	merged.line = at ? at->line : 0;
	merged.col = at ? at->col : 0;
	json_remove(object, "stringData");
	if (stated)
		json_set(a, object, "data", merged);
	else
		json_remove(object, "data");
	return 0;
}

/* ---- */

static void normalise_metadata(struct arena *a, struct json *object)
{
	struct json *metadata = json_edit(a, object, "metadata");
	const struct json *namespace = json_get(metadata, "namespace");
	unshare(a, metadata);
	for (size_t i = 0; i < ARRAY_LEN(server_fields); i++)
		json_remove(metadata, server_fields[i]);
	if (namespace && (namespace->type == JSON_NULL || !namespace->n))
		json_remove(metadata, "namespace");
}

int source_normalise(struct arena *a, struct json *object, const char *file, struct err *err)
{
	struct object_ref ref = object_ref_of(a, object);
	struct json made = *object;
	if (has_null_timestamp(&made)) {
		made = json_copy(a, &made);
		drop_null_timestamps(&made);
	}
	unshare(a, &made);
	json_remove(&made, "status");
	normalise_metadata(a, &made);
	if (object_is_secret(&ref) && normalise_secret(a, &made, file, err) < 0)
		return -1;
	*object = made;
	return 0;
}
