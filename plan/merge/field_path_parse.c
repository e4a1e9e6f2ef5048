/* Paths from text: our own form and the API server's.  See field_path.h. */
#include "plan/merge/field_path.h"

#include <string.h>

#include "base/json_parse.h"

struct reader {
	struct arena *a;
	const char *text, *p;
	bool api; /* the API server's form: values as Go's %q */
	struct path_element elements[FIELD_PATH_MAX];
	size_t n;
};

static int refuse(const struct reader *r, struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "field path %s: %s at byte %zu", r->text, what,
		       (size_t)(r->p - r->text) + 1);
}

static int add(struct reader *r, struct path_element element, struct err *err)
{
	if (r->n == FIELD_PATH_MAX)
		return err_set(err, ERR_LIMIT, "field path with more than %d elements",
			       FIELD_PATH_MAX);
	r->elements[r->n++] = element;
	return 0;
}

static int finish(struct reader *r, struct field_path *out)
{
	out->n = r->n;
	out->elements = arena_alloc(r->a, (r->n ? r->n : 1) * sizeof(*out->elements));
	if (r->n)
		memcpy(out->elements, r->elements, r->n * sizeof(*out->elements));
	return 0;
}

/* The end of a JSON scalar that starts at p: behind the closing quote, or at , or ]. */
static const char *scalar_end(const char *p)
{
	if (*p != '"')
		return p + strcspn(p, ",]");
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* Go's %q and JSON write a string alike, but for \a \v \x.. and \U........ */
static void json_from_go(struct buf *b, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p != '\\' || p + 1 == end) {
			buf_putc(b, *p);
			continue;
		}
		p++;
		if (*p == 'a' || *p == 'v') {
			buf_puts(b, *p == 'a' ? "\\u0007" : "\\u000b");
		} else if (*p == 'x' && end - p > 2) {
			buf_printf(b, "\\u00%.2s", p + 1);
			p += 2;
		} else {
			buf_printf(b, "\\%c", *p);
		}
	}
}

static int read_scalar(struct reader *r, struct json *out, struct err *err)
{
	const char *end = scalar_end(r->p);
	AUTO(buf_done) struct buf text = { 0 };
	if (r->api)
		json_from_go(&text, r->p, end);
	else
		buf_put(&text, r->p, (size_t)(end - r->p));
	AUTO(err_done) struct err why = { 0 };
	if (json_parse(r->a, buf_text(&text), text.len, "", NULL, out, &why) < 0 ||
	    out->type == JSON_ARRAY || out->type == JSON_OBJECT)
		return refuse(r, err, "no scalar value");
	r->p = end;
	return 0;
}

static int read_key_name(struct reader *r, const char **out, struct err *err)
{
	if (*r->p != '"') {
		size_t n = strcspn(r->p, "\"=,[]");
		if (!n)
			return refuse(r, err, "a key is missing");
		*out = arena_strndup(r->a, r->p, n);
		r->p += n;
		return 0;
	}
	struct json key = { 0 };
	if (read_scalar(r, &key, err) < 0)
		return -1;
	*out = key.text;
	return 0;
}

static int read_keys(struct reader *r, struct json *out, struct err *err)
{
	*out = json_of_object();
	do {
		if (*r->p == ',')
			r->p++;
		const char *key = NULL;
		struct json value = { 0 };
		if (read_key_name(r, &key, err) < 0)
			return -1;
		if (*r->p != '=')
			return refuse(r, err, "\"=\" is missing");
		r->p++;
		if (read_scalar(r, &value, err) < 0)
			return -1;
		if (json_get(out, key))
			return refuse(r, err, "a key stands twice");
		json_set(r->a, out, key, value);
	} while (*r->p == ',');
	return 0;
}

static int read_index(struct reader *r, uint32_t *out, struct err *err)
{
	char *end;
	unsigned long index = strtoul(r->p, &end, 10);
	if (index > UINT32_MAX || end - r->p > 10)
		return refuse(r, err, "no index");
	r->p = end;
	*out = (uint32_t)index;
	return 0;
}

/* Behind "[". */
static int read_item(struct reader *r, struct path_element *out, struct err *err)
{
	*out = (struct path_element){ .type = PATH_KEY };
	size_t digits = strspn(r->p, "0123456789");
	int rc;
	if (*r->p == '=') {
		out->type = PATH_VALUE;
		r->p++;
		rc = read_scalar(r, &out->value, err);
	} else if (digits && r->p[digits] == ']') {
		out->type = PATH_INDEX;
		rc = read_index(r, &out->index, err);
	} else {
		rc = read_keys(r, &out->value, err);
	}
	if (rc < 0)
		return -1;
	if (*r->p != ']')
		return refuse(r, err, "\"]\" is missing");
	r->p++;
	return 0;
}

/* Behind "/". */
static int read_field(struct reader *r, struct path_element *out, struct err *err)
{
	size_t n = strcspn(r->p, "/[");
	char *name = arena_alloc(r->a, n + 1), *w = name;
	for (const char *end = r->p + n; r->p < end; r->p++) {
		if (*r->p != '~') {
			*w++ = *r->p;
			continue;
		}
		const char *code = r->p + 1 < end ? strchr("012", r->p[1]) : NULL;
		if (!code || !*code)
			return refuse(r, err, "\"~\" is not followed by 0, 1 or 2");
		*w++ = "~/["[*code - '0'];
		r->p++;
	}
	*w = '\0';
	*out = (struct path_element){ .type = PATH_FIELD, .name = name };
	return 0;
}

int field_path_parse(struct arena *a, const char *text, struct field_path *out, struct err *err)
{
	struct reader r = { .a = a, .text = text, .p = text };
	while (*r.p) {
		struct path_element element;
		char start = *r.p;
		if (start != '/' && start != '[')
			return refuse(&r, err, "neither \"/\" nor \"[\"");
		r.p++;
		if ((start == '/' ? read_field : read_item)(&r, &element, err) < 0 ||
		    add(&r, element, err) < 0)
			return -1;
	}
	return finish(&r, out);
}

/* ---- the API server's form */

/* How many bytes of p are the name of the next field: the longest member of `object` that can
 * stand here, else up to the next "." or "[". */
static size_t field_length(const struct json *object, const char *p)
{
	size_t longest = 0;
	for (uint32_t i = 0; json_is(object, JSON_OBJECT) && i < object->n; i++) {
		size_t n = strlen(object->members[i].key);
		if (n > longest && strncmp(p, object->members[i].key, n) == 0 &&
		    (p[n] == '.' || p[n] == '[' || !p[n]))
			longest = n;
	}
	return longest ? longest : strcspn(p, ".[");
}

const char *field_path_from_api(struct arena *a, const char *field, const struct json *object)
{
	struct reader r = { .a = a, .text = field, .p = field, .api = true };
	AUTO(err_done) struct err err = { 0 };
	while (*r.p) {
		struct path_element element = { .type = PATH_FIELD };
		bool item = *r.p == '[';
		r.p += item || *r.p == '.';
		if (item && read_item(&r, &element, &err) < 0)
			return arena_strdup(a, field);
		if (!item) {
			size_t n = field_length(object, r.p);
			element.name = arena_strndup(a, r.p, n);
			r.p += n;
		}
		if (add(&r, element, &err) < 0)
			return arena_strdup(a, field);
		if (object)
			object = item ? path_element_find(object, &element)
				      : json_get(object, element.name);
	}
	struct field_path path;
	finish(&r, &path);
	return field_path_text(a, &path);
}
