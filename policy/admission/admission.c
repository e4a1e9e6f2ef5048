/* A set of policies: from documents to what can be evaluated; see admission.h. */
#include "policy/admission/internal.h"

#include <string.h>

#include "base/yaml.h"

struct admission *admission_new(void)
{
	struct admission *a = xcalloc(1, sizeof(*a));
	environment_make(a);
	return a;
}

void admission_free(struct admission *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n_policies; i++)
		policy_free_programs(&a->policies[i]);
	environment_free(a);
	free(a->policies);
	free(a->bindings);
	free(a->params);
	free(a->problems);
	arena_done(&a->arena);
	free(a);
}

/* ---- documents */

static int add_param(struct admission *a, const struct source *source, const struct json *object,
		     struct err *err)
{
	struct object_ref ref = object_ref_of(&a->arena, object);
	if (!*ref.kind || !*ref.name)
		return 0; /* nothing that a policy could name */
	if (a->n_params == ADMISSION_MAX_PARAMS)
		return err_at(err, ERR_LIMIT, json_pos(object, source->name),
			      "more than %d objects beside policies", ADMISSION_MAX_PARAMS);
	GROW(a->params, a->n_params, a->cap_params);
	a->params[a->n_params] = (struct param){
		ref.group,
		ref.version,
		ref.kind,
		ref.namespace,
		ref.name,
		object,
		*ref.namespace ? arena_fmt(&a->arena, "%s/%s", ref.namespace, ref.name) : ref.name,
		a->n_params,
	};
	a->n_params++;
	return 0;
}

static bool is_list(const struct json *v)
{
	const char *kind = json_get_str(v, "kind");
	size_t n = kind ? strlen(kind) : 0;
	return n >= 4 && strcmp(kind + n - 4, "List") == 0 &&
	       json_is(json_get(v, "items"), JSON_ARRAY);
}

static int add_one(struct admission *a, const struct source *source, const struct json *v,
		   struct err *err)
{
	static const struct {
		const char *kind;
		int (*read)(struct admission *a, const struct origin *o, const struct json *object,
			    struct err *err);
	} readers[] = {
		{ "ValidatingAdmissionPolicy", read_policy },
		{ "ValidatingAdmissionPolicyBinding", read_binding },
	};
	const char *kind = json_get_str(v, "kind"), *version = json_get_str(v, "apiVersion");
	const char *name = json_str(json_at(v, "metadata", "name", NULL));
	size_t n = strlen(ADMISSION_GROUP);
	for (size_t i = 0; kind && i < ARRAY_LEN(readers); i++) {
		if (strcmp(kind, readers[i].kind) != 0 || !version ||
		    strncmp(version, ADMISSION_GROUP "/", n + 1) != 0)
			continue;
		struct origin o = { source,
				    arena_fmt(&a->arena, "%s %s", kind,
					      name && *name ? name : "without a name"),
				    v };
		if (strcmp(version + n + 1, "v1") != 0)
			problem_add(a, &o, json_get(v, "apiVersion"),
				    "apiVersion has to be " ADMISSION_GROUP "/v1");
		return readers[i].read(a, &o, v, err);
	}
	return add_param(a, source, v, err);
}

static int add(struct admission *a, const struct source *source, const struct json *v,
	       struct err *err)
{
	if (!is_list(v))
		return add_one(a, source, v, err);
	const struct json *items = json_get(v, "items");
	for (uint32_t i = 0; i < items->n; i++)
		if (add_one(a, source, &items->items[i], err) < 0)
			return -1;
	return 0;
}

struct loading {
	struct admission *a;
	const struct source *source;
};

static int on_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	struct loading *l = ctx;
	(void)index;
	struct json *kept = arena_alloc(&l->a->arena, sizeof(*kept));
	*kept = *document;
	return add(l->a, l->source, kept, err);
}

static struct source *source_new(struct admission *a, const char *name, const char *text, size_t n)
{
	struct source *s = arena_calloc(&a->arena, 1, sizeof(*s));
	s->name = name ? arena_strdup(&a->arena, name) : NULL;
	s->text = text ? arena_strndup(&a->arena, text, n) : NULL;
	s->n = n;
	return s;
}

int admission_add_file(struct admission *a, const char *text, size_t n, const char *name,
		       struct err *err)
{
	if (n > YAML_MAX_BYTES)
		return err_at(err, ERR_LIMIT, (struct srcpos){ .file = name }, "more than %d bytes",
			      YAML_MAX_BYTES);
	struct loading l = { a, source_new(a, name, text, n) };
	return yaml_parse(&a->arena, l.source->text, n, name, NULL, on_document, &l, err);
}

int admission_add_object(struct admission *a, const struct json *object, const char *file,
			 struct err *err)
{
	return add(a, source_new(a, file, NULL, 0), object, err);
}

/* ---- joining */

static int by_policy(const void *x, const void *y)
{
	const struct policy *p = x, *q = y;
	int d = strcmp(p->name, q->name);
	return d ? d : (p->order > q->order) - (p->order < q->order);
}

static int by_binding(const void *x, const void *y)
{
	const struct binding *p = x, *q = y;
	int d = strcmp(p->name, q->name);
	return d ? d : (p->order > q->order) - (p->order < q->order);
}

static int by_param(const void *x, const void *y)
{
	const struct param *p = x, *q = y;
	int d = param_compare(p, q);
	return d ? d : (p->order > q->order) - (p->order < q->order);
}

static void twice(struct admission *a, const struct origin *second, const struct json *node,
		  const struct origin *first)
{
	problem_add(a, second, node, "there are two of this name%s%s",
		    first->source->name ? "; the other one is in " : "",
		    first->source->name ? first->source->name : "");
}

/* The later one of two that were added is ignored; after a problem, where it is no param. */
static void drop_doubles(struct admission *a)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n_policies; i++) {
		struct policy *p = &a->policies[i];
		if (n && *p->name && strcmp(a->policies[n - 1].name, p->name) == 0)
			twice(a, &p->origin, p->node, &a->policies[n - 1].origin);
		else
			a->policies[n++] = *p;
	}
	a->n_policies = n;
	n = 0;
	for (size_t i = 0; i < a->n_bindings; i++) {
		struct binding *b = &a->bindings[i];
		if (n && *b->name && strcmp(a->bindings[n - 1].name, b->name) == 0)
			twice(a, &b->origin, b->node, &a->bindings[n - 1].origin);
		else
			a->bindings[n++] = *b;
	}
	a->n_bindings = n;
	n = 0;
	for (size_t i = 0; i < a->n_params; i++)
		if (!n || param_compare(&a->params[n - 1], &a->params[i]) != 0)
			a->params[n++] = a->params[i];
	a->n_params = n;
}

struct policy *policy_find(const struct admission *a, const char *name)
{
	size_t lo = 0, hi = a->n_policies;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = strcmp(a->policies[mid].name, name);
		if (d == 0)
			return &a->policies[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* Bindings of a policy that is not there do nothing, as in Kubernetes. */
static void join(struct admission *a)
{
	for (size_t i = 0; i < a->n_bindings; i++) {
		struct policy *p = policy_find(a, a->bindings[i].policy_name);
		if (p)
			p->n_bindings++;
	}
	for (size_t i = 0; i < a->n_policies; i++) {
		struct policy *p = &a->policies[i];
		p->bindings = arena_calloc(&a->arena, p->n_bindings, sizeof(struct binding *));
		p->n_bindings = 0;
	}
	for (size_t i = 0; i < a->n_bindings; i++) {
		struct policy *p = policy_find(a, a->bindings[i].policy_name);
		if (p)
			p->bindings[p->n_bindings++] = &a->bindings[i];
	}
}

static void sort(void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	if (n > 1)
		qsort(items, n, size, compare);
}

void admission_prepare(struct admission *a, const struct admission_world *world)
{
	if (a->prepared)
		return;
	a->prepared = true;
	a->world = *world;
	sort(a->policies, a->n_policies, sizeof(*a->policies), by_policy);
	sort(a->bindings, a->n_bindings, sizeof(*a->bindings), by_binding);
	sort(a->params, a->n_params, sizeof(*a->params), by_param);
	drop_doubles(a);
	join(a);
	for (size_t i = 0; i < a->n_policies; i++) {
		policy_find_param_kind(a, &a->policies[i]);
		policy_compile(a, &a->policies[i]);
	}
}

/* ---- listing */

size_t admission_count_policies(const struct admission *a)
{
	return a->n_policies;
}

size_t admission_count_bindings(const struct admission *a)
{
	return a->n_bindings;
}

size_t admission_count_expressions(const struct admission *a)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n_policies; i++) {
		const struct policy *p = &a->policies[i];
		n += (size_t)p->rules.n_variables + p->rules.n_conditions + p->rules.n_validations +
		     p->rules.n_messages + p->n_annotations;
	}
	return n;
}

bool admission_param_kind(const struct admission *a, size_t i, const char **group,
			  const char **version, const char **kind)
{
	for (size_t k = 0; k < a->n_policies; k++) {
		const struct policy *p = &a->policies[k];
		if (!p->has_params || p->broken || i-- > 0)
			continue;
		*group = p->param_group;
		*version = p->param_version;
		*kind = p->param_kind;
		return true;
	}
	return false;
}

struct admission_listed admission_listed(const struct admission *a, size_t i)
{
	const struct policy *p = &a->policies[i];
	struct admission_listed out = {
		.name = p->name,
		.at = json_pos(p->origin.document, p->origin.source->name),
		.validations = p->rules.n_validations,
	};
	for (size_t k = 0; k < a->n_bindings; k++) {
		if (strcmp(a->bindings[k].policy_name, p->name) != 0)
			continue;
		out.bindings++;
		out.actions |= a->bindings[k].actions;
	}
	return out;
}
