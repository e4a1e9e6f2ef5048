/* Custom resources against the openAPIV3Schema of their CRD: types, null, required, enum, bounds;
 * and its defaults.  Not here: pattern, format, the combinations (allOf, ...), CEL rules. */
#include <string.h>

#include "base/json_write.h"
#include "plan/cluster/file/file.h"

struct checker {
	struct arena *a;
	struct file_problems *out;
};

static const struct json *schema_for(const struct json *crd, const struct kind *kind)
{
	const struct json *versions = json_at(crd, "spec", "versions", NULL);
	for (uint32_t i = 0; json_is(versions, JSON_ARRAY) && i < versions->n; i++) {
		const char *name = json_get_str(&versions->items[i], "name");
		if (name && strcmp(name, kind->version) == 0)
			return json_at(&versions->items[i], "schema", "openAPIV3Schema", NULL);
	}
	return NULL;
}

static const struct json *member_schema(const struct json *schema, const char *key)
{
	const struct json *s = json_at(schema, "properties", key, NULL);
	if (s)
		return s;
	s = json_get(schema, "additionalProperties");
	return json_is(s, JSON_OBJECT) ? s : NULL;
}

static const char *join(struct checker *c, const char *path, const char *key)
{
	return *path ? arena_fmt(c->a, "%s.%s", path, key) : key;
}

static const char *text_of(struct checker *c, const struct json *v)
{
	AUTO(buf_done) struct buf b = { 0 };
	json_write_canonical(&b, v);
	return arena_strndup(c->a, buf_text(&b), b.len);
}

/* ---- types */

static bool is_of_type(const struct json *v, const char *type)
{
	if (strcmp(type, "object") == 0)
		return v->type == JSON_OBJECT;
	if (strcmp(type, "array") == 0)
		return v->type == JSON_ARRAY;
	if (strcmp(type, "string") == 0)
		return v->type == JSON_STRING;
	if (strcmp(type, "boolean") == 0)
		return v->type == JSON_BOOL;
	if (v->type == JSON_INT)
		return true;
	if (v->type != JSON_FLOAT)
		return false;
	double d = strtod(v->text, NULL);
	return strcmp(type, "integer") != 0 || d == (double)(int64_t)d;
}

static void wrong_type(struct checker *c, const char *path, const char *type, const struct json *v)
{
	const char *is = json_type_name(v->type);
	file_problem_add(c->out, "FieldValueTypeInvalid", path,
			 arena_fmt(c->a,
				   "Invalid value: \"%s\": %s in body must be of type %s: \"%s\"",
				   is, path, type, is));
}

/* ---- bounds */

static bool number_of(const struct json *v, double *out)
{
	if (!v || (v->type != JSON_INT && v->type != JSON_FLOAT))
		return false;
	*out = strtod(v->text, NULL);
	return true;
}

/* In characters, as the API server counts. */
static double length_of(const struct json *v)
{
	double n = 0;
	if (v->type != JSON_STRING)
		return v->n;
	for (uint32_t i = 0; i < v->n; i++)
		n += ((unsigned char)v->text[i] & 0xC0) != 0x80;
	return n;
}

static void check_bounds(struct checker *c, const struct json *schema, const struct json *v,
			 const char *path)
{
	static const struct {
		const char *key;
		enum json_type type; /* JSON_INT: of the value itself; else of the length */
		bool least;
		const char *text;
	} bounds[] = {
		{ "minimum", JSON_INT, true, "should be greater than or equal to" },
		{ "maximum", JSON_INT, false, "should be less than or equal to" },
		{ "minLength", JSON_STRING, true, "should be at least this long:" },
		{ "maxLength", JSON_STRING, false, "may not be longer than" },
		{ "minItems", JSON_ARRAY, true, "should have at least this many items:" },
		{ "maxItems", JSON_ARRAY, false, "may not have more items than" },
		{ "minProperties", JSON_OBJECT, true, "should have at least this many members:" },
		{ "maxProperties", JSON_OBJECT, false, "may not have more members than" },
	};
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		double bound, is;
		if (!number_of(json_get(schema, bounds[i].key), &bound))
			continue;
		if (bounds[i].type == JSON_INT) {
			if (!number_of(v, &is))
				continue;
		} else if (v->type == bounds[i].type) {
			is = length_of(v);
		} else {
			continue;
		}
		if (bounds[i].least ? is < bound : is > bound)
			file_problem_add(c->out, "FieldValueInvalid", path,
					 arena_fmt(c->a, "Invalid value: %s: %s in body %s %s",
						   text_of(c, v), path, bounds[i].text,
						   json_get(schema, bounds[i].key)->text));
	}
}

static void check_enum(struct checker *c, const struct json *schema, const struct json *v,
		       const char *path)
{
	const struct json *values = json_get(schema, "enum");
	if (!json_is(values, JSON_ARRAY))
		return;
	AUTO(buf_done) struct buf list = { 0 };
	for (uint32_t i = 0; i < values->n; i++) {
		if (json_equal(&values->items[i], v))
			return;
		buf_puts(&list, i ? ", " : "");
		json_write_canonical(&list, &values->items[i]);
	}
	file_problem_add(c->out, "FieldValueNotSupported", path,
			 arena_fmt(c->a, "Unsupported value: %s: supported values: %s",
				   text_of(c, v), buf_text(&list)));
}

/* ---- values */

static void check(struct checker *c, const struct json *schema, const struct json *v,
		  const char *path);

static void check_members(struct checker *c, const struct json *schema, const struct json *v,
			  const char *path)
{
	const struct json *required = json_get(schema, "required");
	for (uint32_t i = 0; json_is(required, JSON_ARRAY) && i < required->n; i++) {
		const char *key = json_str(&required->items[i]);
		if (key && !json_get(v, key))
			file_problem_add(c->out, "FieldValueRequired", join(c, path, key),
					 "Required value");
	}
	for (uint32_t i = 0; i < v->n; i++)
		check(c, member_schema(schema, v->members[i].key), &v->members[i].value,
		      join(c, path, v->members[i].key));
}

static void check(struct checker *c, const struct json *schema, const struct json *v,
		  const char *path)
{
	const char *type = json_get_str(schema, "type");
	if (!schema || (v->type == JSON_NULL && json_true(json_get(schema, "nullable"))))
		return;
	if (type && !is_of_type(v, type)) {
		wrong_type(c, path, type, v);
		return;
	}
	check_enum(c, schema, v, path);
	check_bounds(c, schema, v, path);
	if (v->type == JSON_OBJECT)
		check_members(c, schema, v, path);
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		check(c, json_get(schema, "items"), &v->items[i],
		      arena_fmt(c->a, "%s[%u]", path, (unsigned)i));
}

void file_validate_custom(struct arena *a, const struct json *crd, const struct kind *kind,
			  const struct json *object, struct file_problems *out)
{
	struct checker c = { a, out };
	check(&c, schema_for(crd, kind), object, "");
}

/* ---- defaults */

static void fill(struct arena *a, const struct json *schema, struct json *v)
{
	const struct json *properties = json_get(schema, "properties");
	for (uint32_t i = 0;
	     v->type == JSON_OBJECT && json_is(properties, JSON_OBJECT) && i < properties->n; i++) {
		const char *key = properties->members[i].key;
		const struct json *of_key = &properties->members[i].value;
		const struct json *fallback = json_get(of_key, "default"), *is = json_get(v, key);
		bool null = is && is->type == JSON_NULL && !json_true(json_get(of_key, "nullable"));
		if (fallback && (!is || null))
			json_set(a, v, key, json_copy(a, fallback));
	}
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		fill(a, member_schema(schema, v->members[i].key), &v->members[i].value);
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		fill(a, json_get(schema, "items"), &v->items[i]);
}

void file_default_custom(struct arena *a, const struct json *crd, const struct kind *kind,
			 struct json *object)
{
	const struct json *schema = schema_for(crd, kind);
	if (schema)
		fill(a, schema, object);
}
