/* JSON patches (RFC 6902): add, remove, replace, test; move and copy are refused. */
#include <string.h>

#include "plan/cluster/file/file.h"

struct target {
	struct json *parent;
	const char *key; /* the last part, unescaped */
};

static int refuse(struct err *err, uint32_t index, const char *why)
{
	return err_set(err, ERR_INVALID, "operation %u: %s", (unsigned)index + 1, why);
}

static const char *unescaped(struct arena *a, const char *part, size_t n)
{
	char *text = arena_strndup(a, part, n), *w = text;
	for (const char *p = text; *p; p++) {
		if (p[0] == '~' && (p[1] == '0' || p[1] == '1'))
			*w++ = *++p == '0' ? '~' : '/';
		else
			*w++ = *p;
	}
	*w = '\0';
	return text;
}

/* The position in an array; n for "-" where it may be behind the end.  false: none. */
static bool position(const char *key, uint32_t n, bool behind, uint32_t *out)
{
	if (strcmp(key, "-") == 0) {
		*out = n;
		return behind;
	}
	char *end;
	size_t digits = strspn(key, "0123456789");
	if (!digits || key[digits] || digits > 9)
		return false;
	*out = (uint32_t)strtoul(key, &end, 10);
	return *out < n || (behind && *out == n);
}

static struct json *child(struct json *v, const char *key)
{
	uint32_t i;
	if (v->type == JSON_OBJECT)
		return (struct json *)(uintptr_t)json_get(v, key);
	if (v->type == JSON_ARRAY && position(key, v->n, false, &i))
		return &v->items[i];
	return NULL;
}

/* `object` is a copy of its own, so that its parts may be edited. */
static bool find(struct arena *a, struct json *object, const char *path, struct target *out)
{
	if (*path != '/')
		return false;
	struct json *at = object;
	for (const char *p = path + 1;;) {
		size_t n = strcspn(p, "/");
		const char *key = unescaped(a, p, n);
		if (!p[n]) {
			*out = (struct target){ at, key };
			return at->type == JSON_OBJECT || at->type == JSON_ARRAY;
		}
		at = child(at, key);
		if (!at)
			return false;
		p += n + 1;
	}
}

static bool add(struct arena *a, struct target t, const struct json *value)
{
	struct json copy = json_copy(a, value);
	uint32_t i;
	if (t.parent->type == JSON_OBJECT) {
		json_set(a, t.parent, t.key, copy);
		return true;
	}
	if (!position(t.key, t.parent->n, true, &i))
		return false;
	json_append(a, t.parent, copy);
	for (uint32_t k = t.parent->n - 1; k > i; k--)
		t.parent->items[k] = t.parent->items[k - 1];
	t.parent->items[i] = copy;
	return true;
}

static bool drop(struct target t)
{
	uint32_t i;
	if (t.parent->type == JSON_OBJECT)
		return json_remove(t.parent, t.key);
	if (!position(t.key, t.parent->n, false, &i))
		return false;
	json_remove_item(t.parent, i);
	return true;
}

static int apply_one(struct arena *a, struct json *object, const struct json *operation,
		     uint32_t index, struct err *err)
{
	const char *op = json_get_str(operation, "op"), *path = json_get_str(operation, "path");
	const struct json *value = json_get(operation, "value");
	struct target t;
	if (!op || !path)
		return refuse(err, index, "no op or no path");
	bool needs_value = strcmp(op, "remove") != 0;
	if (needs_value && !value)
		return refuse(err, index, "no value");
	if (!find(a, object, path, &t))
		return refuse(err, index, "the path is not there");
	if (strcmp(op, "add") == 0)
		return add(a, t, value) ? 0 : refuse(err, index, "the path is not there");
	struct json *is = child(t.parent, t.key);
	if (strcmp(op, "test") == 0) {
		bool equal = is ? json_equal(is, value) : value->type == JSON_NULL;
		return equal ? 0 : refuse(err, index, "test failed");
	}
	if (!is)
		return refuse(err, index, "the path is not there");
	if (strcmp(op, "remove") == 0)
		return drop(t) ? 0 : refuse(err, index, "the path is not there");
	if (strcmp(op, "replace") != 0)
		return refuse(err, index, "this op is not known here");
	*is = json_copy(a, value);
	return 0;
}

int json_patch_apply(struct arena *a, const struct json *object, const struct json *patch,
		     struct json *out, struct err *err)
{
	struct json copy = json_copy(a, object);
	for (uint32_t i = 0; i < patch->n; i++)
		if (apply_one(a, &copy, &patch->items[i], i, err) < 0)
			return -1;
	*out = copy;
	return 0;
}
