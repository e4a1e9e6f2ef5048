/* Sets of fields from and to FieldsV1:
 *
 *   {"f:spec": {"f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:port": {}}}}}
 *
 * "f:" a field, "k:" an item by its keys, "v:" an item of a set, "i:" an index; "." says that the
 * element itself is a member where it has members below. */
#include "plan/merge/fieldset.h"

#include <inttypes.h>
#include <string.h>

#include "base/json_parse.h"
#include "base/json_write.h"

/* ---- reading */

/* The commonest key by far, {"name":"main"}, without the parser. */
static bool parse_simple_key(struct arena *a, const char *text, struct json *out)
{
	if (strncmp(text, "{\"", 2) != 0)
		return false;
	const char *key = text + 2, *key_end = key + strcspn(key, "\"\\");
	if (strncmp(key_end, "\":\"", 3) != 0)
		return false;
	const char *value = key_end + 3, *value_end = value + strcspn(value, "\"\\");
	if (strcmp(value_end, "\"}") != 0)
		return false;
	*out = json_of_object();
	struct json string = { .type = JSON_STRING, .n = (uint32_t)(value_end - value) };
	string.text = arena_strndup(a, value, string.n);
	json_set(a, out, arena_strndup(a, key, (size_t)(key_end - key)), string);
	return true;
}

static bool scalars_only(const struct json *object)
{
	for (uint32_t i = 0; i < object->n; i++)
		if (object->members[i].value.type >= JSON_ARRAY)
			return false;
	return true;
}

/* 1: read, 0: of a type that is not known. */
static int parse_element(struct arena *a, const char *text, struct path_element *out,
			 struct err *err)
{
	if (strlen(text) < 2 || text[1] != ':')
		return err_set(err, ERR_INPUT, "managed fields: \"%s\" is no path element", text);
	const char *rest = text + 2;
	struct path_element e = { 0 };
	bool valid = true;
	switch (text[0]) {
	case 'f':
		e = (struct path_element){ .type = PATH_FIELD, .name = arena_strdup(a, rest) };
		break;
	case 'k':
		e.type = PATH_KEY;
		if (parse_simple_key(a, rest, &e.value))
			break;
		valid = json_parse(a, rest, strlen(rest), "managed fields", NULL, &e.value, err) ==
			0;
		if (!valid)
			return -1;
		valid = e.value.type == JSON_OBJECT && scalars_only(&e.value);
		break;
	case 'v':
		e.type = PATH_VALUE;
		if (json_parse(a, rest, strlen(rest), "managed fields", NULL, &e.value, err) < 0)
			return -1;
		valid = e.value.type < JSON_ARRAY;
		break;
	case 'i': {
		char *end;
		unsigned long index = strtoul(rest, &end, 10);
		valid = *rest >= '0' && *rest <= '9' && !*end && index <= UINT32_MAX;
		e = (struct path_element){ .type = PATH_INDEX, .index = (uint32_t)index };
		break;
	}
	default:
		return 0;
	}
	if (!valid)
		return err_set(err, ERR_INPUT, "managed fields: \"%s\" is no path element", text);
	*out = e;
	return 1;
}

/* self: the node that the fields are those of, NULL for the root. */
static int parse(struct arena *a, const struct json *fields, struct field_set *out, bool *member,
		 unsigned depth, struct err *err)
{
	if (depth > FIELD_PATH_MAX)
		return err_set(err, ERR_LIMIT, "managed fields deeper than %d", FIELD_PATH_MAX);
	if (fields->type != JSON_OBJECT)
		return err_set(err, ERR_INPUT, "managed fields: %s where an object should be",
			       json_type_name(fields->type));
	for (uint32_t i = 0; i < fields->n; i++) {
		const struct json_member *m = &fields->members[i];
		if (strcmp(m->key, ".") == 0) {
			*member = true;
			continue;
		}
		struct path_element element;
		int known = parse_element(a, m->key, &element, err);
		if (known < 0)
			return -1;
		if (!known)
			continue;
		struct field_node *node = field_set_edit(a, out, &element);
		bool below = false;
		if (parse(a, &m->value, &node->children, &below, depth + 1, err) < 0)
			return -1;
		node->member = node->member || below || !node->children.n;
	}
	return 0;
}

int field_set_parse(struct arena *a, const struct json *fields, struct field_set *out,
		    struct err *err)
{
	struct field_set s = { 0 };
	bool root = false;
	if (fields && fields->type != JSON_NULL && parse(a, fields, &s, &root, 0, err) < 0)
		return -1;
	*out = s;
	return 0;
}

/* ---- writing */

/* Go's encoder escapes what could end a script in HTML. */
static void write_go_json(struct buf *b, const struct json *v)
{
	AUTO(buf_done) struct buf text = { 0 };
	json_write_canonical(&text, v);
	for (const char *p = buf_text(&text); *p; p++) {
		if (*p == '<' || *p == '>' || *p == '&')
			buf_printf(b, "\\u%04x", (unsigned)*p);
		else
			buf_putc(b, *p);
	}
}

static void write_key(struct buf *b, const struct path_element *e)
{
	switch (e->type) {
	case PATH_FIELD:
		buf_printf(b, "f:%s", e->name);
		break;
	case PATH_INDEX:
		buf_printf(b, "i:%" PRIu32, e->index);
		break;
	case PATH_KEY:
	case PATH_VALUE:
		buf_puts(b, e->type == PATH_KEY ? "k:" : "v:");
		write_go_json(b, &e->value);
		break;
	}
}

struct json field_set_json(struct arena *a, const struct field_set *s)
{
	struct json out = json_of_object();
	AUTO(buf_done) struct buf key = { 0 };
	for (uint32_t i = 0; i < s->n; i++) {
		const struct field_node *node = &s->nodes[i];
		struct json below = field_set_json(a, &node->children);
		if (!node->member && !below.n)
			continue;
		if (node->member && below.n)
			json_set(a, &below, ".", json_of_object());
		buf_reset(&key);
		write_key(&key, &node->element);
		json_set(a, &out, buf_text(&key), below);
	}
	return out;
}
