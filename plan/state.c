/* See state.h. */
#include "plan/state.h"

#include <string.h>

#include "base/json_parse.h"
#include "base/json_write.h"
#include "plan/merge/field_path.h"

/* ---- projection onto a FieldsV1 */

/* An item that has all the members of `keys`. */
static const struct json *item_with_keys(const struct json *list, const struct json *keys)
{
	for (uint32_t i = 0; i < list->n; i++) {
		bool all = true;
		for (uint32_t k = 0; k < keys->n && all; k++)
			all = json_equal(json_get(&list->items[i], keys->members[k].key),
					 &keys->members[k].value);
		if (all)
			return &list->items[i];
	}
	return NULL;
}

static const struct json *item_equal(const struct json *list, const struct json *value)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (json_equal(&list->items[i], value))
			return &list->items[i];
	return NULL;
}

/* What a step of a FieldsV1 ("f:spec", "k:{...}", "v:...", "i:0") leads to. */
static const struct json *step(struct arena *a, const struct json *value, const char *key)
{
	if (strncmp(key, "f:", 2) == 0)
		return json_get(value, key + 2);
	if (!json_is(value, JSON_ARRAY))
		return NULL;
	struct json parsed;
	AUTO(err_done) struct err ignored = { 0 };
	if (json_parse(a, key + 2, strlen(key + 2), "managedFields", NULL, &parsed, &ignored) < 0)
		return NULL;
	int64_t index;
	if (*key == 'k' && parsed.type == JSON_OBJECT)
		return item_with_keys(value, &parsed);
	if (*key == 'v')
		return item_equal(value, &parsed);
	if (*key == 'i' && json_int64(&parsed, &index) && index >= 0 && index < value->n)
		return &value->items[index];
	return NULL;
}

static struct json project(struct arena *a, const struct json *value, const struct json *fields)
{
	struct json out = json_of_object();
	for (uint32_t i = 0; i < fields->n; i++) {
		const char *key = fields->members[i].key;
		const struct json *below = &fields->members[i].value;
		if (strcmp(key, ".") == 0) {
			json_set(a, &out, key, json_of_bool(value != NULL));
			continue;
		}
		if (strlen(key) < 2)
			continue;
		const struct json *child = step(a, value, key);
		if (json_is(below, JSON_OBJECT) && below->n)
			json_set(a, &out, key, project(a, child, below));
		else
			json_set(a, &out, key, child ? *child : json_of_null());
	}
	return out;
}

struct json state_project(struct arena *a, const struct json *object, const struct json *fields)
{
	return json_is(fields, JSON_OBJECT) ? project(a, object, fields) : json_of_object();
}

/* ---- the paths of the plan's fields */

static bool is_service_port(const struct change *c, const struct json *v)
{
	return strcmp(c->ref.kind, "Service") == 0 && !*c->ref.group && json_get(v, "nodePort");
}

static struct json touched(struct arena *a, const struct change *c, const struct json *object)
{
	struct json out = json_of_object();
	for (size_t i = 0; i < c->n_fields; i++) {
		const struct json *v = field_path_find(object, c->fields[i].path);
		struct json value = v ? *v : json_of_null();
		/* A whole port; one that is declared is among the owned fields. */
		if (is_service_port(c, v)) {
			value = json_copy(a, v);
			json_remove(&value, "nodePort");
		}
		json_set(a, &out, c->fields[i].path, value);
	}
	return out;
}

/* ---- the whole object, for a create */

/* What a server decides by itself at each create, at random or from the object's uid. */
static const struct {
	const char *kind;
	const char *path[3];
	const char *item_key; /* the path is a list; this member of each item is left out */
} state_volatile[] = {
	{ "Service", { "spec", "clusterIP" }, NULL },
	{ "Service", { "spec", "clusterIPs" }, NULL },
	{ "Service", { "spec", "healthCheckNodePort" }, NULL },
	{ "Service", { "spec", "ports" }, "nodePort" },
	{ "Job", { "spec", "selector" }, NULL },
	{ "Job", { "spec", "template", "metadata" }, NULL },
	{ "PersistentVolumeClaim", { "spec", "volumeName" }, NULL },
	{ "ServiceAccount", { "secrets" }, NULL },
};

static void leave_out(struct json *object, const char *const path[3], const char *item_key)
{
	struct json *parent = object;
	int last = 0;
	while (last < 2 && path[last + 1])
		last++;
	for (int i = 0; i < last && parent; i++)
		parent = (struct json *)json_get(parent, path[i]);
	if (!json_is(parent, JSON_OBJECT))
		return;
	struct json *list = (struct json *)json_get(parent, path[last]);
	if (!item_key)
		json_remove(parent, path[last]);
	else if (json_is(list, JSON_ARRAY))
		for (uint32_t i = 0; i < list->n; i++)
			if (list->items[i].type == JSON_OBJECT)
				json_remove(&list->items[i], item_key);
}

static const struct json *same_port(const struct json *object, const struct json *port)
{
	const struct json *ports = json_at(object, "spec", "ports", NULL);
	const char *protocol = json_get_str(port, "protocol");
	for (uint32_t i = 0; json_is(ports, JSON_ARRAY) && i < ports->n; i++) {
		const char *other = json_get_str(&ports->items[i], "protocol");
		if (json_equal(json_get(&ports->items[i], "port"), json_get(port, "port")) &&
		    strcmp(protocol ? protocol : "TCP", other ? other : "TCP") == 0)
			return &ports->items[i];
	}
	return NULL;
}

void state_drop_chosen(const struct object_ref *ref, struct json *after,
		       const struct json *declared, const struct json *live)
{
	static const char *const chosen[] = { "clusterIP", "clusterIPs", "healthCheckNodePort" };
	if (*ref->group || strcmp(ref->kind, "Service") != 0)
		return;
	struct json *spec = (struct json *)json_get(after, "spec");
	const struct json *ports = json_get(spec, "ports");
	for (size_t i = 0; i < ARRAY_LEN(chosen); i++)
		if (!json_at(declared, "spec", chosen[i], NULL) &&
		    !json_at(live, "spec", chosen[i], NULL))
			json_remove(spec, chosen[i]);
	for (uint32_t i = 0; json_is(ports, JSON_ARRAY) && i < ports->n; i++) {
		struct json *port = (struct json *)&ports->items[i];
		if (port->type == JSON_OBJECT && !json_get(same_port(declared, port), "nodePort") &&
		    !json_get(same_port(live, port), "nodePort"))
			json_remove(port, "nodePort");
	}
}

/* Other controllers write labels, annotations and finalizers right after a create, so of the
 * metadata only what we own counts. */
static struct json whole(struct arena *a, const struct change *c, const struct json *object)
{
	if (!json_is(object, JSON_OBJECT))
		return json_of_null();
	struct json out = json_copy(a, object);
	json_remove(&out, "metadata");
	json_remove(&out, "status");
	for (size_t i = 0; i < ARRAY_LEN(state_volatile); i++)
		if (strcmp(c->ref.kind, state_volatile[i].kind) == 0)
			leave_out(&out, state_volatile[i].path, state_volatile[i].item_key);
	return out;
}

/* ---- Secrets */

static void hide_values(struct arena *a, struct json *data, const char *key)
{
	for (uint32_t i = 0; json_is(data, JSON_OBJECT) && i < data->n; i++) {
		struct json *v = &data->members[i].value;
		if (v->type == JSON_NULL)
			continue;
		if (v->type == JSON_OBJECT) {
			hide_values(a, v, key);
			continue;
		}
		if (!key) {
			*v = json_of_bool(true);
			continue;
		}
		AUTO(buf_done) struct buf text = { 0 };
		json_write_canonical(&text, v);
		AUTO(auto_free) char *mark = digest_keyed(key, strlen(key), text.data, text.len);
		explicit_bzero(text.data, text.len);
		*v = json_of_string(a, mark);
	}
}

static void hide_secrets(struct arena *a, struct json *state, const char *key)
{
	static const char *const keys[] = { "data", "stringData", "f:data", "f:stringData" };
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		hide_values(a, (struct json *)json_get(state, keys[i]), key);
}

static void hide_touched(struct arena *a, struct json *fields, const char *key)
{
	for (uint32_t i = 0; i < fields->n; i++) {
		struct json_member *m = &fields->members[i];
		if (strncmp(m->key, "/data", 5) != 0 && strncmp(m->key, "/stringData", 11) != 0)
			continue;
		struct json one = json_of_object();
		json_set(a, &one, "v", json_copy(a, &m->value));
		hide_values(a, &one, key);
		m->value = *json_get(&one, "v");
	}
}

/* kubectl's copy of the last applied object holds the values too. */
static void forget_last_applied(struct json *owned)
{
	struct json *annotations =
		(struct json *)json_at(owned, "f:metadata", "f:annotations", NULL);
	if (annotations)
		json_remove(annotations, "f:kubectl.kubernetes.io/last-applied-configuration");
}

/* ---- the digest */

static struct json held(struct arena *a, const struct change *c, const struct json *object,
			const char *key)
{
	struct json held = state_project(a, object, c->precondition.held);
	if (!object_is_secret(&c->ref))
		return held;
	held = json_copy(a, &held);
	hide_secrets(a, &held, key);
	forget_last_applied(&held);
	return held;
}

static bool covers_whole(const struct change *c, enum state_side side)
{
	/* A Pod gets a token volume with a random name at each create. */
	return side == STATE_AFTER && c->action == ACTION_CREATE &&
	       c->verified == VERIFIED_SERVER && strcmp(c->ref.kind, "Pod") != 0;
}

void state_digest(const struct change *c, const struct json *object, enum state_side side,
		  const char *key, char out[DIGEST_TEXT])
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json state = json_of_object();
	struct json owned = state_project(&a, object, c->owned);
	struct json fields = touched(&a, c, object);
	struct json all = covers_whole(c, side) ? whole(&a, c, object) : json_of_null();
	if (object_is_secret(&c->ref)) {
		owned = json_copy(&a, &owned);
		hide_secrets(&a, &owned, key);
		hide_secrets(&a, &all, key);
		hide_touched(&a, &fields, key);
		forget_last_applied(&owned);
	}
	if (side == STATE_BEFORE && c->precondition.held)
		json_set(&a, &state, "held", held(&a, c, object, key));
	json_set(&a, &state, "owned", owned);
	json_set(&a, &state, "fields", fields);
	json_set(&a, &state, "object", all);
	digest_json(&state, out);
}

bool state_holds(const struct json *declared, const struct json *live)
{
	if (!declared || !live || declared->type != live->type)
		return false;
	if (declared->type == JSON_OBJECT) {
		for (uint32_t i = 0; i < declared->n; i++)
			if (!state_holds(&declared->members[i].value,
					 json_get(live, declared->members[i].key)))
				return false;
		return true;
	}
	if (declared->type == JSON_ARRAY) {
		for (uint32_t i = 0; i < declared->n; i++)
			if (i >= live->n || !state_holds(&declared->items[i], &live->items[i]))
				return false;
		return declared->n == live->n;
	}
	return json_equal(declared, live);
}

/* ---- what is sent */

static struct json labelled(struct arena *a, const struct json *desired, const char *label,
			    const char *applyset)
{
	struct json body = json_copy(a, desired);
	if (!applyset)
		return body;
	struct json *labels = json_edit(a, json_edit(a, &body, "metadata"), "labels");
	json_set_str(a, labels, label, applyset);
	return body;
}

struct json state_body(struct arena *a, const struct json *desired, const char *applyset)
{
	return labelled(a, desired, APPLYSET_LABEL, applyset);
}

struct json state_hook_body(struct arena *a, const struct json *desired, const char *applyset)
{
	return labelled(a, desired, HOOK_LABEL, applyset);
}

const char *applyset_parent_name(struct arena *a, const char *application)
{
	return arena_fmt(a, "rhumb-%s", application);
}

/* KEP-3659: applyset-<base64(sha256(<name>.<namespace>.<kind>.<group>))>-v1, base64 in the URL
 * alphabet without padding, of the raw hash. */
const char *applyset_id(struct arena *a, const char *application, const char *namespace)
{
	const char *text =
		arena_fmt(a, "%s.%s.ConfigMap.", applyset_parent_name(a, application), namespace);
	char digest[DIGEST_TEXT];
	digest_bytes(text, strlen(text), digest);
	unsigned char raw[32];
	for (size_t i = 0; i < sizeof(raw); i++) {
		const char pair[3] = { digest[7 + 2 * i], digest[8 + 2 * i], '\0' };
		raw[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	AUTO(buf_done) struct buf b = { 0 };
	base64_encode(&b, raw, sizeof(raw));
	for (size_t i = 0; i < b.len; i++)
		b.data[i] = b.data[i] == '+' ? '-' : b.data[i] == '/' ? '_' : b.data[i];
	while (b.len && b.data[b.len - 1] == '=')
		b.data[--b.len] = '\0';
	return arena_fmt(a, "applyset-%s-v1", buf_text(&b));
}
