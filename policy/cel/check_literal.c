/* The types of lists, maps and messages; see check.h. */
#include "policy/cel/check.h"

/* The type of the elements up to here.  Which literals may mix types is for cel_validate() to say:
 * those that do are of dyn. */
static const struct cel_type *join(struct cel_checker *c, const struct cel_type *before,
				   const struct cel_type *now)
{
	if (!before)
		return now;
	if (cel_assignable(&c->unifier, &before, &now, 1))
		return cel_most_general(before, now);
	return &cel_dyn_type;
}

static const struct cel_type *element(struct cel_checker *c, struct cel_ast *a, bool optional)
{
	cel_check_node(c, a);
	if (!optional)
		return a->type;
	const struct cel_type *t = cel_substitute(&c->unifier, a->type, false);
	if (t->kind == CEL_OPTIONAL)
		return t->params[0];
	if (!cel_is_dyn(t))
		cel_check_mismatch(c, a->at, cel_optional_of(c, t), t);
	return t;
}

void cel_check_list(struct cel_checker *c, struct cel_ast *a)
{
	const struct cel_type *item = NULL;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct cel_type *t = element(c, a->kids[i], a->optional && a->optional[i]);
		item = join(c, item, t);
	}
	a->type = cel_list_of(c, item ? item : cel_fresh(&c->unifier));
}

void cel_check_map(struct cel_checker *c, struct cel_ast *a)
{
	const struct cel_type *key = NULL, *value = NULL;
	for (uint32_t i = 0; i < a->n; i += 2) {
		const struct cel_type *k = element(c, a->kids[i], false);
		key = join(c, key, k);
		const struct cel_type *v =
			element(c, a->kids[i + 1], a->optional && a->optional[i + 1]);
		value = join(c, value, v);
	}
	if (!key) {
		key = cel_fresh(&c->unifier);
		value = cel_fresh(&c->unifier);
	}
	a->type = cel_map_types(c, key, value);
}

/* Of all messages only the wrappers of protobuf are known: google.protobuf.Int32Value{value: 1}. */
void cel_check_message(struct cel_checker *c, struct cel_ast *a)
{
	static const struct {
		const char *name;
		const struct cel_type *type;
	} wrappers[] = {
		{ "google.protobuf.BoolValue", &cel_bool_type },
		{ "google.protobuf.BytesValue", &cel_bytes_type },
		{ "google.protobuf.DoubleValue", &cel_double_type },
		{ "google.protobuf.FloatValue", &cel_double_type },
		{ "google.protobuf.Int32Value", &cel_int_type },
		{ "google.protobuf.Int64Value", &cel_int_type },
		{ "google.protobuf.StringValue", &cel_string_type },
		{ "google.protobuf.UInt32Value", &cel_uint_type },
		{ "google.protobuf.UInt64Value", &cel_uint_type },
	};
	a->type = &cel_error_type;
	for (size_t i = 0; i < ARRAY_LEN(wrappers); i++)
		if (strlen(wrappers[i].name) == a->name.n &&
		    memcmp(wrappers[i].name, a->name.text, a->name.n) == 0)
			a->type = wrappers[i].type;
	if (a->type == &cel_error_type)
		cel_problem_set(c->problem, a->at,
				"undeclared reference to '%.*s' (in container '%s')",
				(int)a->name.n, a->name.text, c->container);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct cel_type *t = element(c, a->kids[i], a->optional && a->optional[i]);
		if (a->fields[i].n != 5 || memcmp(a->fields[i].text, "value", 5) != 0)
			cel_check_fail(c, a->kids[i]->at, "undefined field '%.*s'",
				       (int)a->fields[i].n, a->fields[i].text);
		else if (!cel_assignable(&c->unifier, &t, &a->type, 1))
			cel_check_mismatch(c, a->kids[i]->at, a->type, t);
	}
}
