/* See shape.h. */
#include "base/shape.h"

#include <string.h>

#include "base/suggest.h"

static const struct shape_key *find(const struct shape *shape, const char *name)
{
	for (const struct shape_key *k = shape->keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static int unknown(const struct json_member *m, const struct shape *shape, const char *file,
		   struct err *err)
{
	const char *names[SHAPE_MAX_KEYS];
	size_t n = 0;
	for (const struct shape_key *k = shape->keys; k->name && n < SHAPE_MAX_KEYS; k++)
		names[n++] = k->name;
	AUTO(auto_free) char *hint = suggest_text(m->key, names, n);
	return err_at(err, ERR_INPUT, (struct srcpos){ file, m->line, m->col },
		      "unknown key \"%s\" in %s%s", m->key, shape->what, hint);
}

static bool fits(const struct json *v, enum shape_type type)
{
	int64_t n;
	switch (type) {
	case SHAPE_ANY:
		return true;
	case SHAPE_TEXT:
		return v->type == JSON_STRING && v->n;
	case SHAPE_BOOL:
		return v->type == JSON_BOOL;
	case SHAPE_COUNT:
		return json_int64(v, &n) && n >= 0;
	case SHAPE_LIST:
		return v->type == JSON_ARRAY;
	case SHAPE_OBJECT:
		return v->type == JSON_OBJECT;
	}
	return false;
}

static const char *const wanted[] = {
	[SHAPE_TEXT] = "a text that is not empty", [SHAPE_BOOL] = "true or false",
	[SHAPE_COUNT] = "a number, 0 or more",     [SHAPE_LIST] = "a list",
	[SHAPE_OBJECT] = "keys with values",
};

int shape_check(const struct json *v, const struct shape *shape, const char *file, struct err *err)
{
	if (!json_is(v, JSON_OBJECT))
		return err_at(err, ERR_INPUT, json_pos(v, file), "%s has to be %s, not %s",
			      shape->what, wanted[SHAPE_OBJECT],
			      v && v->type != JSON_NULL ? json_type_name(v->type) : "empty");
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		const struct shape_key *k = find(shape, m->key);
		if (!k)
			return unknown(m, shape, file, err);
		if (!fits(&m->value, k->type))
			return err_at(err, ERR_INPUT, json_pos(&m->value, file), "%s has to be %s",
				      k->name, wanted[k->type]);
	}
	for (const struct shape_key *k = shape->keys; k->name; k++)
		if (k->required && !json_get(v, k->name))
			return err_at(err, ERR_INPUT, json_pos(v, file), "%s needs \"%s\"",
				      shape->what, k->name);
	return 0;
}

int shape_check_items(const struct json *list, const struct shape *shape, const char *file,
		      struct err *err)
{
	for (uint32_t i = 0; list && i < list->n; i++)
		if (shape_check(&list->items[i], shape, file, err) < 0)
			return -1;
	return 0;
}
