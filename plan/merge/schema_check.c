/* What is wrong with an object under its schema; see schema.h. */
#include "plan/merge/schema.h"

#include <string.h>

#include "base/json_write.h"
#include "plan/merge/items.h"

struct checker {
	struct arena *a;
	struct schema_problems *out;
	struct path_element path[FIELD_PATH_MAX];
	size_t depth;
	bool missing;                   /* look for missing fields only */
	struct schema_problem past_end; /* where one goes that is too many */
};

static void check_value(struct checker *c, const struct schema_node *schema, const struct json *v);

static struct schema_problem *report(struct checker *c, enum schema_problem_type type,
				     const struct json *v, const char *message)
{
	struct schema_problems *out = c->out;
	if (out->n == SCHEMA_MAX_PROBLEMS)
		return &c->past_end;
	if (out->n == out->cap) {
		out->cap = out->cap ? 2 * out->cap : 8;
		struct schema_problem *moved = arena_calloc(c->a, out->cap, sizeof(*moved));
		if (out->n)
			memcpy(moved, out->items, out->n * sizeof(*moved));
		out->items = moved;
	}
	struct field_path path = { arena_alloc(c->a, (c->depth + 1) * sizeof(*path.elements)),
				   c->depth };
	memcpy(path.elements, c->path, c->depth * sizeof(*path.elements));
	struct schema_problem *p = &out->items[out->n++];
	*p =
		(struct schema_problem){ type,          path, message, NULL, v, v ? v->line : 0,
					 v ? v->col : 0 };
	return p;
}

static bool push(struct checker *c, struct path_element element)
{
	if (c->depth == FIELD_PATH_MAX)
		return false;
	c->path[c->depth++] = element;
	return true;
}

/* ---- names that were perhaps meant */

static unsigned minimum(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

enum { NAME_MAX_COMPARED = 64 };

/* Edit distance, upper and lower case alike. */
static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	if (n > NAME_MAX_COMPARED || m > NAME_MAX_COMPARED)
		return NAME_MAX_COMPARED;
	unsigned row[NAME_MAX_COMPARED + 1];
	for (unsigned j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned above = row[j];
			bool same = (a[i - 1] | 0x20) == (b[j - 1] | 0x20);
			row[j] = minimum(minimum(above, row[j - 1]) + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[m];
}

static const char *similar_field(const struct schema_node *schema, const char *name)
{
	const char *best = NULL;
	unsigned least = (unsigned)strlen(name) / 3 + 1;
	for (unsigned i = 0; i < schema->n_fields; i++) {
		unsigned d = distance(name, schema->fields[i].name);
		if (d < least || (d == least && !best)) {
			least = d;
			best = schema->fields[i].name;
		}
	}
	return best;
}

/* ---- types, worded as the API server words them */

static const char *go_type(const struct json *v)
{
	static const char *const names[] = {
		[JSON_NULL] = "<nil>",
		[JSON_BOOL] = "bool",
		[JSON_INT] = "int64",
		[JSON_FLOAT] = "float64",
		[JSON_STRING] = "string",
		[JSON_ARRAY] = "[]interface {}",
		[JSON_OBJECT] = "map[string]interface {}",
	};
	return names[v->type];
}

/* As Go's %v prints a value; maps with sorted keys. */
static void write_go_value(struct buf *b, const struct json *v, bool quoted)
{
	switch ((enum json_type)v->type) {
	case JSON_NULL:
		buf_puts(b, "<nil>");
		break;
	case JSON_BOOL:
		buf_puts(b, v->truth ? "true" : "false");
		break;
	case JSON_STRING:
		if (quoted)
			json_write_canonical(b, v);
		else
			buf_puts(b, v->text);
		break;
	case JSON_INT:
	case JSON_FLOAT:
		buf_puts(b, v->text);
		break;
	case JSON_ARRAY:
		buf_putc(b, '[');
		for (uint32_t i = 0; i < v->n; i++) {
			buf_puts(b, i ? " " : "");
			write_go_value(b, &v->items[i], quoted);
		}
		buf_putc(b, ']');
		break;
	case JSON_OBJECT:
		buf_puts(b, "map[");
		for (uint32_t i = 0; i < v->n; i++) {
			buf_printf(b, "%s%s:", i ? " " : "", v->members[i].key);
			write_go_value(b, &v->members[i].value, quoted);
		}
		buf_putc(b, ']');
		break;
	}
}

static const char *expected_got(struct checker *c, const char *expected, const struct json *v)
{
	AUTO(buf_done) struct buf b = { 0 };
	buf_printf(&b, "expected %s, got &{", expected);
	write_go_value(&b, v, false);
	buf_putc(&b, '}');
	return arena_strndup(c->a, buf_text(&b), b.len);
}

static void check_scalar(struct checker *c, const struct schema_node *schema, const struct json *v)
{
	const char *message = NULL;
	switch ((enum schema_scalar)schema->scalar) {
	case SCALAR_INTEGER:
	case SCALAR_NUMBER:
		if (v->type != JSON_INT && v->type != JSON_FLOAT)
			message = arena_fmt(c->a, "expected numeric (int or float), got %s",
					    go_type(v));
		break;
	case SCALAR_STRING:
	case SCALAR_BYTES:
		if (v->type != JSON_STRING) {
			AUTO(buf_done) struct buf b = { 0 };
			write_go_value(&b, v, true);
			message = arena_fmt(c->a,
					    "expected string, got &value.valueUnstructured{"
					    "Value:%s}",
					    buf_text(&b));
		}
		break;
	case SCALAR_BOOLEAN:
		if (v->type != JSON_BOOL)
			message = expected_got(c, "boolean", v);
		break;
	default:
		if (v->type == JSON_ARRAY || v->type == JSON_OBJECT)
			message = expected_got(c, "any scalar", v);
		break;
	}
	if (message)
		report(c, PROBLEM_TYPE, v, message);
}

/* ---- lists and maps */

static const char *duplicate_message(struct checker *c, struct path_element *element)
{
	struct field_path one = { element, 1 };
	return arena_fmt(c->a, "duplicate entries for key %s", field_path_to_api(c->a, &one));
}

static void check_item(struct checker *c, const struct schema_node *schema,
		       struct path_element element, const struct json *v)
{
	if (!push(c, element))
		return;
	check_value(c, schema->items, v);
	c->depth--;
}

static void check_keyed_list(struct checker *c, const struct schema_node *schema,
			     const struct json *v)
{
	struct items items;
	uint32_t bad;
	const char *why = items_of(c->a, schema, v, &items, &bad);
	if (why && !c->missing)
		report(c, PROBLEM_ITEM, &v->items[bad],
		       arena_fmt(c->a, "element %u: %s", (unsigned)bad, why));
	for (uint32_t i = 0; i < items.n; i++) {
		struct item *item = &items.list[i];
		if (!item->first && !c->missing)
			report(c, PROBLEM_ITEM, item->value, duplicate_message(c, &item->element));
		check_item(c, schema, item->element, item->value);
	}
}

static void check_list(struct checker *c, const struct schema_node *schema, const struct json *v)
{
	if (schema_list_kind(schema) != LIST_ATOMIC) {
		check_keyed_list(c, schema, v);
		return;
	}
	for (uint32_t i = 0; i < v->n; i++) {
		struct path_element element = { .type = PATH_INDEX, .index = i };
		check_item(c, schema, element, &v->items[i]);
	}
}

static void check_member(struct checker *c, const struct schema_node *schema,
			 const struct json_member *m)
{
	if (!push(c, (struct path_element){ .type = PATH_FIELD, .name = m->key }))
		return;
	if (schema_field(schema, m->key) || schema->open) {
		check_value(c, schema_member(schema, m->key), &m->value);
	} else if (!c->missing) {
		struct schema_problem *p =
			report(c, PROBLEM_UNKNOWN_FIELD, &m->value, "field not declared in schema");
		p->similar = similar_field(schema, m->key);
		if (m->line) {
			p->line = m->line;
			p->col = m->col;
		}
	}
	c->depth--;
}

static void check_required(struct checker *c, const struct schema_node *schema,
			   const struct json *v)
{
	for (unsigned i = 0; i < schema->n_fields; i++) {
		const struct schema_field *f = &schema->fields[i];
		if (!f->required || f->fallback || json_get(v, f->name) ||
		    !push(c, (struct path_element){ .type = PATH_FIELD, .name = f->name }))
			continue;
		report(c, PROBLEM_REQUIRED, v, "Required value");
		c->depth--;
	}
}

static void check_map(struct checker *c, const struct schema_node *schema, const struct json *v)
{
	if (c->missing)
		check_required(c, schema, v);
	for (uint32_t i = 0; i < v->n; i++)
		check_member(c, schema, &v->members[i]);
}

static void check_value(struct checker *c, const struct schema_node *schema, const struct json *v)
{
	if (!schema || v->type == JSON_NULL)
		return;
	enum schema_accepts part = schema_part(schema, v);
	if (part == SCHEMA_SCALAR) {
		if (!c->missing)
			check_scalar(c, schema, v);
		return;
	}
	enum json_type type = part == SCHEMA_LIST ? JSON_ARRAY : JSON_OBJECT;
	if (v->type == type)
		(part == SCHEMA_LIST ? check_list : check_map)(c, schema, v);
	else if (!c->missing)
		report(c, PROBLEM_TYPE, v,
		       expected_got(c, part == SCHEMA_LIST ? "list" : "map", v));
}

static int by_position(const void *x, const void *y)
{
	const struct schema_problem *a = x, *b = y;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->col != b->col)
		return a->col < b->col ? -1 : 1;
	return field_path_compare(&a->path, &b->path);
}

static void check(struct arena *a, const struct schema_node *schema, const struct json *object,
		  bool missing, struct schema_problems *out)
{
	struct checker c = { .a = a, .out = out, .missing = missing };
	check_value(&c, schema, object);
	if (out->n > 1)
		qsort(out->items, out->n, sizeof(*out->items), by_position);
}

void schema_check(struct arena *a, const struct schema_node *schema, const struct json *object,
		  struct schema_problems *out)
{
	check(a, schema, object, false, out);
}

void schema_missing(struct arena *a, const struct schema_node *schema, const struct json *object,
		    struct schema_problems *out)
{
	check(a, schema, object, true, out);
}
