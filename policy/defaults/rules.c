/* See rules.h. */
#include "policy/defaults/rules.h"

#include <string.h>

struct json *edit_member(struct json *object, const char *key)
{
	/* The object is ours to edit. */
	return (struct json *)json_get(object, key);
}

static bool holds(const struct rule *r, const struct json *object)
{
	if (!r->key)
		return true;
	if (!r->is)
		return !json_get(object, r->key);
	const char *value = json_get_str(object, r->key);
	bool negated = *r->is == '!';
	bool same = value && strcmp(value, r->is + negated) == 0;
	return same != negated;
}

static struct json value_of(struct arena *a, const struct rule *r, const struct json *object)
{
	struct json list = json_of_array();
	const struct json *sibling;
	switch (r->value) {
	case VALUE_STRING:
		return json_of_string(a, r->text);
	case VALUE_INT:
		return json_of_int(a, strtol(r->text, NULL, 10));
	case VALUE_BOOL:
		return json_of_bool(*r->text == 't');
	case VALUE_LIST:
		json_append(a, &list, json_of_string(a, r->text));
		return list;
	case VALUE_COPY:
		sibling = json_get(object, r->text);
		return sibling ? json_copy(a, sibling) : json_of_null();
	case VALUE_OBJECT:
	case VALUE_RULES:
	case VALUE_CALL:
		break;
	}
	return json_of_object();
}

static void apply_here(struct arena *a, const struct rule *r, struct json *object)
{
	if (!json_is(object, JSON_OBJECT) || !holds(r, object))
		return;
	if (r->value == VALUE_RULES)
		rules_apply(a, r->rules, object);
	else
		r->call(a, object);
}

static void set_default(struct arena *a, const struct rule *r, const char *key, struct json *object)
{
	const struct json *there = json_get(object, key);
	if ((there && there->type != JSON_NULL) || !holds(r, object))
		return;
	struct json value = value_of(a, r, object);
	if (value.type != JSON_NULL)
		json_set(a, object, key, value);
}

static void walk(struct arena *a, const struct rule *r, const char *path, struct json *object)
{
	bool inner = r->value == VALUE_RULES || r->value == VALUE_CALL;
	if (!*path) {
		apply_here(a, r, object);
		return;
	}
	if (!json_is(object, JSON_OBJECT))
		return;
	size_t n = strcspn(path, ".[+");
	const char *rest = path + n;
	char key[64];
	if (n >= sizeof(key))
		abort(); /* a row of ours is wrong */
	memcpy(key, path, n);
	key[n] = '\0';
	if (!*rest && !inner) {
		set_default(a, r, key, object);
		return;
	}
	bool each = *rest == '[', make = *rest == '+';
	rest += each ? 2 : make ? 1 : 0;
	rest += *rest == '.';
	if (make && holds(r, object) && !json_get(object, key))
		json_set(a, object, key, json_of_object());
	struct json *v = edit_member(object, key);
	if (!v)
		return;
	if (!each) {
		walk(a, r, rest, v);
		return;
	}
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		walk(a, r, rest, &v->items[i]);
}

void rules_apply(struct arena *a, const struct rule *rules, struct json *object)
{
	for (const struct rule *r = rules; r->path; r++)
		walk(a, r, r->path, object);
}
