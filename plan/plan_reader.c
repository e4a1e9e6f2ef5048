/* Typed members of a plan file; see plan_reader.h. */
#include "plan/plan_reader.h"

#include <string.h>

int read_wrong(struct reader *r, const struct json *v, const char *what, const char *key)
{
	return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
		      "not a plan that this version of rhumb can read: %s `%s`", what, key);
}

int read_only_keys(struct reader *r, const struct json *v, const char *const *keys)
{
	if (!json_is(v, JSON_OBJECT))
		return read_wrong(r, v, "expected an object with", keys[0]);
	for (uint32_t i = 0; i < v->n; i++) {
		const char *const *key = keys;
		while (*key && strcmp(*key, v->members[i].key) != 0)
			key++;
		if (!*key)
			return read_wrong(r, &v->members[i].value, "unknown key",
					  v->members[i].key);
	}
	return 0;
}

int read_text(struct reader *r, const struct json *v, const char *key, const char **out)
{
	*out = json_get_str(v, key);
	return *out ? 0 : read_wrong(r, v, "missing or not a string:", key);
}

int read_optional_text(struct reader *r, const struct json *v, const char *key, const char **out)
{
	*out = NULL;
	return json_get(v, key) ? read_text(r, v, key, out) : 0;
}

int read_number(struct reader *r, const struct json *v, const char *key, int64_t *out)
{
	return json_int64(json_get(v, key), out)
		       ? 0
		       : read_wrong(r, v, "missing or not a number:", key);
}

int read_small_number(struct reader *r, const struct json *v, const char *key, unsigned *out)
{
	int64_t n = 0;
	if (json_get(v, key) && read_number(r, v, key, &n) < 0)
		return -1;
	if (n < 0 || n > UINT32_MAX)
		return read_wrong(r, v, "out of range:", key);
	*out = (unsigned)n;
	return 0;
}

int read_name(struct reader *r, const struct json *v, const char *key, name_fn *names, int count,
	      int *out)
{
	const char *s;
	if (read_text(r, v, key, &s) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		const char *name = names(i);
		if (name && strcmp(s, name) == 0) {
			*out = i;
			return 0;
		}
	}
	return read_wrong(r, json_get(v, key), "unknown value of", key);
}

int read_list(struct reader *r, const struct json *v, const char *key, const struct json **out)
{
	*out = json_get(v, key);
	return json_is(*out, JSON_ARRAY) ? 0 : read_wrong(r, v, "missing or not a list:", key);
}

int read_strings(struct reader *r, const struct json *v, const char *key, const char ***out,
		 size_t *n)
{
	const struct json *items;
	if (read_list(r, v, key, &items) < 0)
		return -1;
	*out = arena_calloc(&r->p->arena, items->n, sizeof(**out));
	for (*n = 0; *n < items->n; ++*n) {
		(*out)[*n] = json_str(&items->items[*n]);
		if (!(*out)[*n])
			return read_wrong(r, &items->items[*n], "not a string in", key);
	}
	return 0;
}

int read_flag(struct reader *r, const struct json *v, const char *key, bool *out)
{
	const struct json *flag = json_get(v, key);
	*out = flag && flag->type == JSON_BOOL && flag->truth;
	return !flag || flag->type == JSON_BOOL ? 0 : read_wrong(r, v, "not true or false:", key);
}
