/* A reader for `list(string).(int) -> bool`; see signature.h. */
#include "policy/cel/signature.h"

#include <string.h>

enum { MAX_DEPTH = 16, MAX_SIZE = 1000 };

struct reader {
	struct arena *arena;
	const struct cel_type_names *names;
	const char *p;
	unsigned depth;
	bool generic;
};

static const struct {
	const char *name;
	const struct cel_type *type;
	enum cel_kind kind;
	unsigned n; /* parameters that have to follow */
} known[] = {
	{ "bool", &cel_bool_type, CEL_BOOL, 0 },
	{ "int", &cel_int_type, CEL_INT, 0 },
	{ "uint", &cel_uint_type, CEL_UINT, 0 },
	{ "double", &cel_double_type, CEL_DOUBLE, 0 },
	{ "string", &cel_string_type, CEL_STRING, 0 },
	{ "bytes", &cel_bytes_type, CEL_BYTES, 0 },
	{ "null_type", &cel_null_type, CEL_NULL, 0 },
	{ "null", &cel_null_type, CEL_NULL, 0 },
	{ "dyn", &cel_dyn_type, CEL_DYN, 0 },
	{ "any", &cel_dyn_type, CEL_DYN, 0 },
	{ "error", &cel_error_type, CEL_ERROR, 0 },
	{ "timestamp", &cel_timestamp_type, CEL_TIMESTAMP, 0 },
	{ "duration", &cel_duration_type, CEL_DURATION, 0 },
	{ "list", &cel_list_type, CEL_LIST, 1 },
	{ "map", &cel_map_type, CEL_MAP, 2 },
	{ "optional_type", &cel_optional_type, CEL_OPTIONAL, 1 },
	{ "type", &cel_type_type, CEL_TYPE, 1 },
};

static void skip(struct reader *r)
{
	while (*r->p == ' ')
		r->p++;
}

static bool take(struct reader *r, const char *text)
{
	skip(r);
	size_t n = strlen(text);
	if (strncmp(r->p, text, n) != 0)
		return false;
	r->p += n;
	return true;
}

const struct cel_type *cel_type_with(struct arena *a, enum cel_kind kind, const char *name,
				     const struct cel_type *const *params, unsigned n)
{
	unsigned size = 1;
	for (unsigned i = 0; i < n; i++)
		size += params[i]->size ? params[i]->size : 1;
	if (size > MAX_SIZE)
		return &cel_dyn_type;
	struct cel_type *t = arena_calloc(a, 1, sizeof(*t));
	const struct cel_type **copy = arena_alloc(a, n * sizeof(*copy));
	memcpy(copy, params, n * sizeof(*copy));
	*t = (struct cel_type){ .kind = kind, .name = name, .n = (uint8_t)n, .params = copy };
	t->size = (uint16_t)size;
	return t;
}

static const struct cel_type *read_type(struct reader *r);

/* What stands in the brackets behind a name; the number, or -1. */
static int read_params(struct reader *r, const struct cel_type **params)
{
	int n = 0;
	if (!take(r, "("))
		return 0;
	do {
		if (n == CEL_MAX_ARGS || !(params[n] = read_type(r)))
			return -1;
		n++;
	} while (take(r, ","));
	return take(r, ")") ? n : -1;
}

static bool is_param(const char *name, size_t n)
{
	return n == 1 && name[0] >= 'A' && name[0] <= 'Z';
}

static const struct cel_type *named(struct reader *r, const char *name, size_t n)
{
	const struct cel_type *params[CEL_MAX_ARGS];
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != n || memcmp(known[i].name, name, n) != 0)
			continue;
		int got = known[i].n ? read_params(r, params) : 0;
		if (got == 0)
			return known[i].type;
		if (got != (int)known[i].n)
			return NULL;
		return cel_type_with(r->arena, known[i].kind, known[i].type->name, params,
				     (unsigned)got);
	}
	const struct cel_type *t = r->names ? r->names->find(r->names->ctx, name, n) : NULL;
	int got = read_params(r, params);
	if (got < 0 || (got == 0 && t))
		return got < 0 ? NULL : t;
	return cel_type_with(r->arena, CEL_OPAQUE, arena_strndup(r->arena, name, n), params,
			     (unsigned)got);
}

static const struct cel_type *read_type(struct reader *r)
{
	if (r->depth == MAX_DEPTH)
		return NULL;
	skip(r);
	bool marked = take(r, "~");
	size_t n = strcspn(r->p, " ,()~>");
	/* A dot before a bracket is the one of a method. */
	if (n && r->p[n - 1] == '.' && r->p[n] == '(')
		n--;
	if (!n)
		return NULL;
	const char *name = r->p;
	r->p += n;
	if (marked || is_param(name, n)) {
		struct cel_type *t = arena_calloc(r->arena, 1, sizeof(*t));
		t->kind = CEL_PARAM;
		t->name = arena_strndup(r->arena, name, n);
		r->generic = true;
		return t;
	}
	r->depth++;
	const struct cel_type *t = named(r, name, n);
	r->depth--;
	return t;
}

const struct cel_type *cel_type_parse(struct arena *a, const struct cel_type_names *names,
				      const char *text)
{
	struct reader r = { .arena = a, .names = names, .p = text };
	const struct cel_type *t = read_type(&r);
	skip(&r);
	return *r.p ? NULL : t;
}

bool cel_signature_parse(struct arena *a, const struct cel_type_names *names, const char *text,
			 struct cel_signature *out)
{
	struct reader r = { .arena = a, .names = names, .p = text };
	struct cel_signature s = { 0 };
	if (!take(&r, "(")) {
		s.member = true;
		s.args[s.n++] = read_type(&r);
		if (!s.args[0] || !take(&r, ".("))
			return false;
	}
	while (!take(&r, ")")) {
		if (s.n > s.member && !take(&r, ","))
			return false;
		if (s.n == CEL_MAX_ARGS || !(s.args[s.n] = read_type(&r)))
			return false;
		s.n++;
	}
	if (!take(&r, "->") || !(s.result = read_type(&r)))
		return false;
	skip(&r);
	if (*r.p)
		return false;
	s.generic = r.generic;
	*out = s;
	return true;
}
