/* Types and their text; see type.h. */
#include "policy/cel/type.h"

#include <string.h>

#include "base/mem.h"

#define SIMPLE(var, KIND, NAME) const struct cel_type var = { .kind = KIND, .name = NAME }

SIMPLE(cel_null_type, CEL_NULL, "null_type");
SIMPLE(cel_bool_type, CEL_BOOL, "bool");
SIMPLE(cel_int_type, CEL_INT, "int");
SIMPLE(cel_uint_type, CEL_UINT, "uint");
SIMPLE(cel_double_type, CEL_DOUBLE, "double");
SIMPLE(cel_string_type, CEL_STRING, "string");
SIMPLE(cel_bytes_type, CEL_BYTES, "bytes");
SIMPLE(cel_timestamp_type, CEL_TIMESTAMP, "google.protobuf.Timestamp");
SIMPLE(cel_duration_type, CEL_DURATION, "google.protobuf.Duration");
SIMPLE(cel_dyn_type, CEL_DYN, "dyn");
SIMPLE(cel_error_type, CEL_ERROR, "error");
SIMPLE(cel_type_type, CEL_TYPE, "type");

static const struct cel_type *const two_dyn[] = { &cel_dyn_type, &cel_dyn_type };

const struct cel_type cel_list_type = {
	.kind = CEL_LIST, .n = 1, .name = "list", .params = two_dyn
};
const struct cel_type cel_map_type = { .kind = CEL_MAP, .n = 2, .name = "map", .params = two_dyn };
const struct cel_type cel_optional_type = {
	.kind = CEL_OPTIONAL, .n = 1, .name = "optional_type", .params = two_dyn
};

bool cel_type_equal(const struct cel_type *a, const struct cel_type *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->n != b->n || strcmp(a->name, b->name) != 0)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!cel_type_equal(a->params[i], b->params[i]))
			return false;
	return true;
}

static const char *own_name(const struct cel_type *t, bool to_say)
{
	switch (t->kind) {
	case CEL_TIMESTAMP:
		return "timestamp";
	case CEL_DURATION:
		return "duration";
	case CEL_NULL:
		return to_say ? "null" : t->name;
	default:
		return t->name;
	}
}

static void write_type(const struct cel_type *t, bool to_say, struct buf *out)
{
	if (t->kind == CEL_PARAM && !to_say)
		buf_putc(out, '~');
	buf_puts(out, own_name(t, to_say));
	if (!t->n)
		return;
	for (unsigned i = 0; i < t->n; i++) {
		buf_puts(out, i == 0 ? "(" : to_say ? ", " : ",");
		write_type(t->params[i], to_say, out);
	}
	buf_putc(out, ')');
}

void cel_type_text(const struct cel_type *t, struct buf *out)
{
	write_type(t, false, out);
}

void cel_type_say(const struct cel_type *t, struct buf *out)
{
	write_type(t, true, out);
}
