/* See selector.h. */
#include "policy/admission/selector.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *name;
	enum selector_operator op;
	bool values;
} operators[] = {
	{ "In", SELECT_IN, true },
	{ "NotIn", SELECT_NOT_IN, true },
	{ "Exists", SELECT_EXISTS, false },
	{ "DoesNotExist", SELECT_ABSENT, false },
};

enum { LABEL_MAX = 63 };

static bool is_label_value(const char *s)
{
	size_t n = strlen(s);
	if (n > LABEL_MAX ||
	    (n && (!isalnum((unsigned char)s[0]) || !isalnum((unsigned char)s[n - 1]))))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

static bool is_label_key(const char *s)
{
	const char *slash = strchr(s, '/'), *name = slash ? slash + 1 : s;
	return *name && is_label_value(name) && slash != s;
}

static bool wrong_at(const struct json *node, const char *text, const struct json **at,
		     const char **wrong)
{
	*at = node;
	*wrong = text;
	return false;
}

static const char *no_value(struct arena *a, const char *text)
{
	return arena_fmt(a, "\"%s\" is no value of a label", text);
}

static const char *no_key(struct arena *a, const char *text)
{
	return arena_fmt(a, "\"%s\" is no key of a label", text);
}

static bool read_values(struct arena *a, const struct json *v, struct requirement *r,
			const struct json **at, const char **wrong)
{
	r->values = arena_calloc(a, v->n, sizeof(*r->values));
	for (uint32_t i = 0; i < v->n; i++) {
		if (!json_str(&v->items[i]))
			return wrong_at(&v->items[i], "a value has to be a text", at, wrong);
		if (!is_label_value(v->items[i].text))
			return wrong_at(&v->items[i], no_value(a, v->items[i].text), at, wrong);
		r->values[r->n_values++] = v->items[i].text;
	}
	return true;
}

static bool read_expression(struct arena *a, const struct json *v, struct requirement *r,
			    const struct json **at, const char **wrong)
{
	const char *op = json_get_str(v, "operator");
	const struct json *values = json_get(v, "values");
	uint32_t n = json_is(values, JSON_ARRAY) ? values->n : 0;
	r->key = json_get_str(v, "key");
	if (!r->key || !*r->key)
		return wrong_at(v, "key is missing", at, wrong);
	if (!is_label_key(r->key))
		return wrong_at(json_get(v, "key"), no_key(a, r->key), at, wrong);
	for (size_t i = 0; op && i < ARRAY_LEN(operators); i++) {
		if (strcmp(operators[i].name, op) != 0)
			continue;
		r->op = operators[i].op;
		if (operators[i].values && !n)
			return wrong_at(v, "operators In and NotIn need values", at, wrong);
		if (!operators[i].values && n)
			return wrong_at(values, "operators Exists and DoesNotExist have no values",
					at, wrong);
		return !n || read_values(a, values, r, at, wrong);
	}
	const struct json *named = json_get(v, "operator");
	return wrong_at(named ? named : v, "operator has to be In, NotIn, Exists or DoesNotExist",
			at, wrong);
}

bool selector_read(struct arena *a, const struct json *v, struct selector *out,
		   const struct json **at, const char **wrong)
{
	const struct json *labels = json_get(v, "matchLabels");
	const struct json *expressions = json_get(v, "matchExpressions");
	uint32_t n_labels = json_is(labels, JSON_OBJECT) ? labels->n : 0;
	uint32_t n_expressions = json_is(expressions, JSON_ARRAY) ? expressions->n : 0;
	struct selector s = { 0 };
	s.requirements = arena_calloc(a, (size_t)n_labels + n_expressions, sizeof(*s.requirements));
	for (uint32_t i = 0; i < n_labels; i++) {
		struct requirement *r = &s.requirements[s.n++];
		const struct json_member *m = &labels->members[i];
		if (!json_str(&m->value))
			return wrong_at(&m->value, "a label has to be a text", at, wrong);
		if (!is_label_value(m->value.text))
			return wrong_at(&m->value, no_value(a, m->value.text), at, wrong);
		if (!is_label_key(m->key))
			return wrong_at(&m->value, no_key(a, m->key), at, wrong);
		r->key = m->key;
		r->op = SELECT_IN;
		r->values = arena_alloc(a, sizeof(*r->values));
		r->values[0] = m->value.text;
		r->n_values = 1;
	}
	for (uint32_t i = 0; i < n_expressions; i++)
		if (!read_expression(a, &expressions->items[i], &s.requirements[s.n++], at, wrong))
			return false;
	*out = s;
	return true;
}

bool requirement_matches(const struct requirement *r, const char *value)
{
	bool among = false;
	for (uint32_t i = 0; value && i < r->n_values && !among; i++)
		among = strcmp(r->values[i], value) == 0;
	switch (r->op) {
	case SELECT_IN:
		return among;
	case SELECT_NOT_IN:
		return !among; /* an absent label is not among them either */
	case SELECT_EXISTS:
		return value != NULL;
	case SELECT_ABSENT:
		return value == NULL;
	}
	return false;
}

bool selector_matches(const struct selector *s, const struct json *labels)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (!requirement_matches(&s->requirements[i],
					 json_get_str(labels, s->requirements[i].key)))
			return false;
	return true;
}
