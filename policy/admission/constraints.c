/* matchConstraints and matchResources as they are written. */
#include "policy/admission/read.h"

#include <string.h>

enum { OP_CREATE = 1, OP_UPDATE = 2, OP_DELETE = 4, OP_CONNECT = 8, OP_ALL = 15 };

static const struct {
	const char *name;
	unsigned bits;
} operations[] = {
	{ "CREATE", OP_CREATE },   { "UPDATE", OP_UPDATE }, { "DELETE", OP_DELETE },
	{ "CONNECT", OP_CONNECT }, { "*", OP_ALL },
};

unsigned operation_bit(const char *operation)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		if (strcmp(operations[i].name, operation) == 0)
			return operations[i].bits;
	return 0;
}

struct reading {
	struct admission *a;
	const struct origin *o;
	const char *what; /* "matchConstraints.resourceRules[0]" */
};

static void complain(const struct reading *r, const struct json *at, const char *key,
		     const char *text)
{
	problem_add(r->a, r->o, at, "%s.%s %s", r->what, key, text);
}

static struct texts read_texts(const struct reading *r, const struct json *rule, const char *key)
{
	const struct json *v = json_get(rule, key);
	struct texts t = { 0 };
	if (!json_is(v, JSON_ARRAY))
		return t;
	t.items = arena_calloc(&r->a->arena, v->n, sizeof(*t.items));
	for (uint32_t i = 0; i < v->n; i++)
		if (json_str(&v->items[i]))
			t.items[t.n++] = v->items[i].text;
	return t;
}

static bool has(const struct texts *t, const char *text)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (strcmp(t->items[i], text) == 0)
			return true;
	return false;
}

/* A list that must not be empty, in which "*" stands alone. */
static struct texts read_required(const struct reading *r, const struct json *rule, const char *key,
				  bool may_be_empty)
{
	struct texts t = read_texts(r, rule, key);
	const struct json *at = field_or(rule, key);
	if (!t.n)
		complain(r, at, key, "is missing: it needs at least one item");
	else if (t.n > 1 && has(&t, "*"))
		complain(r, at, key, "has \"*\" and others: \"*\" has to be alone");
	else if (!may_be_empty && has(&t, ""))
		complain(r, at, key, "has an empty item");
	return t;
}

static void read_operations(const struct reading *r, const struct json *rule,
			    struct resource_rule *out)
{
	struct texts t = read_required(r, rule, "operations", false);
	const struct json *at = field_or(rule, "operations");
	for (uint32_t i = 0; i < t.n; i++) {
		unsigned bits = operation_bit(t.items[i]);
		if (!bits)
			complain(r, at, "operations",
				 "has to be of CREATE, UPDATE, DELETE, CONNECT and \"*\"");
		out->operations |= bits;
	}
}

static const char *resource_problem(const struct texts *t)
{
	bool all = has(t, "*"), everything = has(t, "*/*");
	if (everything && t->n > 1)
		return "has \"*/*\" and others: \"*/*\" has to be alone";
	for (uint32_t i = 0; i < t->n; i++) {
		const char *slash = strchr(t->items[i], '/');
		bool of_all = slash && slash - t->items[i] == 1 && t->items[i][0] == '*';
		if (!slash && all && t->n > 1 && strcmp(t->items[i], "*") != 0)
			return "has \"*\" and a resource that it covers";
		if (slash == t->items[i] || (slash && !slash[1]))
			return "has to be of the form \"pods\" or \"pods/status\"";
		for (uint32_t k = 0; slash && !of_all && k < t->n; k++)
			if (k != i && t->items[k][0] == '*' && strcmp(t->items[k] + 1, slash) == 0)
				return "has a subresource twice, once with \"*\"";
	}
	return NULL;
}

static void check_names(const struct reading *r, const struct json *rule, const struct texts *names)
{
	for (uint32_t i = 1; i < names->n; i++) {
		struct texts before = { names->items, i };
		if (!has(&before, names->items[i]))
			continue;
		problem_add(r->a, r->o, json_get(rule, "resourceNames"),
			    "%s.resourceNames has \"%s\" twice", r->what, names->items[i]);
		return;
	}
}

static bool read_rule(const struct reading *r, const struct json *v, struct resource_rule *out)
{
	size_t before = r->a->n_problems;
	read_operations(r, v, out);
	out->groups = read_required(r, v, "apiGroups", true);
	out->versions = read_required(r, v, "apiVersions", false);
	out->resources = read_texts(r, v, "resources");
	out->names = read_texts(r, v, "resourceNames");
	check_names(r, v, &out->names);
	const char *wrong = out->resources.n ? resource_problem(&out->resources)
					     : "is missing: it needs at least one item";
	if (wrong)
		complain(r, field_or(v, "resources"), "resources", wrong);
	const char *scope = json_get_str(v, "scope");
	out->scope = !scope || strcmp(scope, "*") == 0  ? SCOPE_ANY
		     : strcmp(scope, "Namespaced") == 0 ? SCOPE_NAMESPACED
							: SCOPE_CLUSTER;
	if (out->scope == SCOPE_CLUSTER && strcmp(scope, "Cluster") != 0)
		complain(r, field_or(v, "scope"), "scope",
			 "has to be Namespaced, Cluster or \"*\"");
	return r->a->n_problems == before;
}

static bool read_rules(struct admission *a, const struct origin *o, const struct json *v,
		       const char *what, const char *key, struct resource_rule **rules, uint32_t *n)
{
	const struct json *list = json_get(v, key);
	bool good = true;
	if (!json_is(list, JSON_ARRAY))
		return true;
	*rules = arena_calloc(&a->arena, list->n, sizeof(**rules));
	for (uint32_t i = 0; i < list->n; i++) {
		AUTO(auto_free) char *where = xfmt("%s.%s[%u]", what, key, i);
		struct reading r = { a, o, where };
		good &= read_rule(&r, &list->items[i], &(*rules)[(*n)++]);
	}
	return good;
}

static bool read_selector(struct admission *a, const struct origin *o, const struct json *v,
			  const char *what, const char *key, struct selector *out)
{
	const struct json *at;
	const char *wrong;
	if (selector_read(&a->arena, json_get(v, key), out, &at, &wrong))
		return true;
	problem_add(a, o, at, "%s.%s: %s", what, key, wrong);
	return false;
}

/* false: it cannot be told what is selected. */
bool read_constraints(struct admission *a, const struct origin *o, const struct json *v,
		      const char *what, struct constraints *out)
{
	const char *policy = json_get_str(v, "matchPolicy");
	bool good = true;
	out->given = json_is(v, JSON_OBJECT);
	out->exact = policy && strcmp(policy, "Exact") == 0;
	if (policy && !out->exact && strcmp(policy, "Equivalent") != 0) {
		problem_add(a, o, json_get(v, "matchPolicy"),
			    "%s.matchPolicy has to be Exact or Equivalent", what);
		good = false;
	}
	good &= read_selector(a, o, v, what, "namespaceSelector", &out->namespaces);
	good &= read_selector(a, o, v, what, "objectSelector", &out->objects);
	good &= read_rules(a, o, v, what, "resourceRules", &out->rules, &out->n_rules);
	good &= read_rules(a, o, v, what, "excludeResourceRules", &out->excluded, &out->n_excluded);
	return good;
}
