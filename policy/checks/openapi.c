/* See openapi.h. */
#include "policy/checks/openapi.h"

#include <string.h>

#include "base/buf.h"
#include "base/regex.h"
#include "base/suggest.h"
#include "base/utf8.h"

struct checker {
	const struct json *document;
	openapi_fn *each;
	void *ctx;
	unsigned depth;
	uint32_t steps;
};

static void say(struct checker *c, enum openapi_problem what, const struct json *node,
		const char *fmt, ...) PRINTF_LIKE(4, 5);
static void say(struct checker *c, enum openapi_problem what, const struct json *node,
		const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *message = xvfmt(fmt, ap);
	va_end(ap);
	c->each(c->ctx, what, node, message);
}

static bool has(const struct json *v, const char *key)
{
	return json_true(json_get(v, key));
}

/* Follows $ref, and allOf of one, which is how defaults are given to a $ref. */
static const struct json *resolve(const struct checker *c, const struct json *schema)
{
	static const char prefix[] = "#/components/schemas/";
	for (unsigned i = 0; i < OPENAPI_MAX_DEPTH; i++) {
		const struct json *all = json_get(schema, "allOf");
		const char *ref = json_get_str(schema, "$ref");
		if (!ref && json_is(all, JSON_ARRAY) && all->n == 1 &&
		    !json_get(schema, "properties"))
			ref = json_get_str(&all->items[0], "$ref");
		if (!ref)
			return schema;
		if (strncmp(ref, prefix, sizeof(prefix) - 1) != 0)
			return NULL;
		schema = json_get(json_at(c->document, "components", "schemas", NULL),
				  ref + sizeof(prefix) - 1);
	}
	return NULL;
}

static void check(struct checker *c, const struct json *schema, const struct json *v, bool root);

/* ---- values */

static void check_enum(struct checker *c, const struct json *schema, const struct json *v)
{
	const struct json *values = json_get(schema, "enum");
	AUTO(buf_done) struct buf all = { 0 };
	if (!json_is(values, JSON_ARRAY) || !values->n)
		return;
	for (uint32_t i = 0; i < values->n; i++) {
		if (json_equal(&values->items[i], v))
			return;
		const char *text =
			values->items[i].type >= JSON_INT && values->items[i].type <= JSON_STRING
				? values->items[i].text
				: "...";
		buf_printf(&all, "%s%s", i ? ", " : "", text);
	}
	if (v->type == JSON_STRING)
		say(c, OPENAPI_VALUE, v, "\"%.100s\" is none of %s", v->text, buf_text(&all));
	else
		say(c, OPENAPI_VALUE, v, "the value is none of %s", buf_text(&all));
}

static bool number_of(const struct json *v, double *out)
{
	if (!v || (v->type != JSON_INT && v->type != JSON_FLOAT))
		return false;
	*out = strtod(v->text, NULL);
	return true;
}

static void check_number(struct checker *c, const struct json *schema, const struct json *v)
{
	double n, limit;
	if (!number_of(v, &n))
		return;
	if (number_of(json_get(schema, "minimum"), &limit) &&
	    (has(schema, "exclusiveMinimum") ? n <= limit : n < limit))
		say(c, OPENAPI_VALUE, v, "%s is less than the least that is allowed, %s", v->text,
		    json_get(schema, "minimum")->text);
	if (number_of(json_get(schema, "maximum"), &limit) &&
	    (has(schema, "exclusiveMaximum") ? n >= limit : n > limit))
		say(c, OPENAPI_VALUE, v, "%s is more than the most that is allowed, %s", v->text,
		    json_get(schema, "maximum")->text);
}

static size_t characters(const struct json *v)
{
	size_t n = 0;
	for (uint32_t i = 0; i < v->n; i++)
		n += ((unsigned char)v->text[i] & 0xc0) != 0x80;
	return n;
}

static void check_text(struct checker *c, const struct json *schema, const struct json *v)
{
	int64_t limit;
	const char *pattern = json_get_str(schema, "pattern");
	if (v->type != JSON_STRING)
		return;
	if (json_int64(json_get(schema, "minLength"), &limit) && (int64_t)characters(v) < limit)
		say(c, OPENAPI_VALUE, v, "the text is shorter than %lld characters",
		    (long long)limit);
	if (json_int64(json_get(schema, "maxLength"), &limit) && (int64_t)characters(v) > limit)
		say(c, OPENAPI_VALUE, v, "the text is longer than %lld characters",
		    (long long)limit);
	if (!pattern)
		return;
	AUTO(err_done) struct err err = { 0 };
	AUTO(regex_free_p) struct regex *re = NULL;
	/* What cannot be decided here is for the server. */
	if (regex_compile(pattern, strlen(pattern), 0, &re, &err) == 0 &&
	    regex_test(re, v->text, v->n) == REGEX_NO_MATCH)
		say(c, OPENAPI_VALUE, v, "the text does not match %s", pattern);
}

/* ---- lists and maps */

static void check_count(struct checker *c, const struct json *schema, const struct json *v,
			const char *least, const char *most, const char *what)
{
	int64_t limit;
	if (json_int64(json_get(schema, least), &limit) && v->n < limit)
		say(c, OPENAPI_VALUE, v, "fewer than %lld %s", (long long)limit, what);
	if (json_int64(json_get(schema, most), &limit) && v->n > limit)
		say(c, OPENAPI_VALUE, v, "more than %lld %s", (long long)limit, what);
}

static bool is_of_every_object(const char *key)
{
	static const char *const keys[] = { "apiVersion", "kind", "metadata" };
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static void unknown(struct checker *c, const struct json *properties, const struct json_member *m)
{
	AUTO(auto_free) const char **names = xcalloc(properties->n, sizeof(*names));
	for (uint32_t i = 0; i < properties->n; i++)
		names[i] = properties->members[i].key;
	AUTO(auto_free) char *hint = suggest_text(m->key, names, properties->n);
	say(c, OPENAPI_UNKNOWN, &m->value, "unknown field \"%.200s\"%s", m->key, hint);
}

static void check_object(struct checker *c, const struct json *schema, const struct json *v,
			 bool root)
{
	static const struct json none = { .type = JSON_OBJECT };
	const struct json *properties = json_get(schema, "properties");
	const struct json *others = json_get(schema, "additionalProperties");
	const struct json *required = json_get(schema, "required");
	bool open = has(schema, "x-kubernetes-preserve-unknown-fields") ||
		    json_is(others, JSON_OBJECT) || json_true(others) || (!properties && !others);
	bool whole = root || has(schema, "x-kubernetes-embedded-resource");
	properties = json_is(properties, JSON_OBJECT) ? properties : &none;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		const struct json *its = json_get(properties, m->key);
		if (its)
			check(c, its, &m->value, false);
		else if (whole && is_of_every_object(m->key))
			continue;
		else if (json_is(others, JSON_OBJECT))
			check(c, others, &m->value, false);
		else if (!open)
			unknown(c, properties, m);
	}
	for (uint32_t i = 0; json_is(required, JSON_ARRAY) && i < required->n; i++) {
		const char *key = json_str(&required->items[i]);
		bool filled = key && json_get(json_get(properties, key), "default");
		if (key && !json_get(v, key) && !filled && !(whole && is_of_every_object(key)))
			say(c, OPENAPI_MISSING, v, "field \"%s\" is missing", key);
	}
	check_count(c, schema, v, "minProperties", "maxProperties", "members");
}

static void check_list(struct checker *c, const struct json *schema, const struct json *v)
{
	const struct json *items = json_get(schema, "items");
	for (uint32_t i = 0; items && i < v->n; i++)
		check(c, items, &v->items[i], false);
	check_count(c, schema, v, "minItems", "maxItems", "items");
}

/* ---- types */

static bool fits(const struct json *schema, const char *type, const struct json *v)
{
	const char *format = json_get_str(schema, "format");
	if (has(schema, "x-kubernetes-int-or-string") ||
	    (format && strcmp(format, "int-or-string") == 0))
		return v->type == JSON_INT || v->type == JSON_STRING;
	if (strcmp(type, "object") == 0)
		return v->type == JSON_OBJECT;
	if (strcmp(type, "array") == 0)
		return v->type == JSON_ARRAY;
	if (strcmp(type, "string") == 0)
		return v->type == JSON_STRING;
	if (strcmp(type, "boolean") == 0)
		return v->type == JSON_BOOL;
	if (strcmp(type, "integer") == 0)
		return v->type == JSON_INT;
	return strcmp(type, "number") != 0 || v->type == JSON_INT || v->type == JSON_FLOAT;
}

/* Quantities and their like are one of several types. */
static bool is_one_of(const struct json *schema, const struct json *v)
{
	const struct json *types = json_get(schema, "oneOf");
	for (uint32_t i = 0; json_is(types, JSON_ARRAY) && i < types->n; i++) {
		const char *type = json_get_str(&types->items[i], "type");
		if (!type || fits(&types->items[i], type, v))
			return true;
	}
	return !json_is(types, JSON_ARRAY) || !types->n;
}

static void check(struct checker *c, const struct json *schema, const struct json *v, bool root)
{
	schema = resolve(c, schema);
	const char *type = json_get_str(schema, "type");
	if (!schema || v->type == JSON_NULL || c->depth == OPENAPI_MAX_DEPTH ||
	    c->steps++ == OPENAPI_MAX_STEPS)
		return;
	if (type ? !fits(schema, type, v) && !(json_get(schema, "oneOf") && is_one_of(schema, v))
		 : !is_one_of(schema, v)) {
		say(c, OPENAPI_TYPE, v, "expected type %s, got %s",
		    type ? type : "number or string", json_type_name(v->type));
		return;
	}
	c->depth++;
	check_enum(c, schema, v);
	check_number(c, schema, v);
	check_text(c, schema, v);
	if (v->type == JSON_OBJECT)
		check_object(c, schema, v, root);
	else if (v->type == JSON_ARRAY)
		check_list(c, schema, v);
	c->depth--;
}

void openapi_check(const struct json *schema, const struct json *document,
		   const struct json *object, openapi_fn *each, void *ctx)
{
	struct checker c = { .document = document, .each = each, .ctx = ctx };
	check(&c, schema, object, true);
}

const struct json *openapi_schema_of(const struct json *document, const char *group,
				     const char *version, const char *kind)
{
	const struct json *all = json_at(document, "components", "schemas", NULL);
	for (uint32_t i = 0; json_is(all, JSON_OBJECT) && i < all->n; i++) {
		const struct json *schema = &all->members[i].value;
		const struct json *kinds = json_get(schema, "x-kubernetes-group-version-kind");
		for (uint32_t k = 0; json_is(kinds, JSON_ARRAY) && k < kinds->n; k++) {
			const char *g = json_get_str(&kinds->items[k], "group");
			const char *ver = json_get_str(&kinds->items[k], "version");
			const char *its = json_get_str(&kinds->items[k], "kind");
			if (g && ver && its && strcmp(g, group) == 0 && strcmp(ver, version) == 0 &&
			    strcmp(its, kind) == 0)
				return schema;
		}
	}
	return NULL;
}
