/* Environments; see cel.h and env.h. */
#include "policy/cel/env.h"

#include <string.h>

enum { FIRST_BUCKETS = 256 };

static const struct cel_type *find_named_type(const void *ctx, const char *name, size_t n)
{
	for (const struct cel_env *e = ctx; e; e = e->base)
		for (uint32_t i = 0; i < e->n_types; i++)
			if (strlen(e->types[i]->name) == n &&
			    memcmp(e->types[i]->name, name, n) == 0)
				return e->types[i];
	return NULL;
}

static uint32_t hash_name(const char *name, size_t n)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h;
}

/* The place of a name in the table: its function, or the empty one where it would be. */
static struct cel_function *place(const struct cel_env *env, const char *name, size_t n)
{
	uint32_t mask = env->n_buckets - 1, i = hash_name(name, n) & mask;
	for (;; i = (i + 1) & mask) {
		struct cel_function *f = &env->functions[i];
		if (!f->name || (strlen(f->name) == n && memcmp(f->name, name, n) == 0))
			return f;
	}
}

static void grow_table(struct cel_env *env)
{
	struct cel_function *old = env->functions;
	uint32_t n = env->n_buckets;
	env->n_buckets = n ? 2 * n : FIRST_BUCKETS;
	env->functions = xcalloc(env->n_buckets, sizeof(*env->functions));
	for (uint32_t i = 0; i < n; i++)
		if (old[i].name)
			*place(env, old[i].name, strlen(old[i].name)) = old[i];
	free(old);
}

const struct cel_function *cel_env_function(const struct cel_env *env, const char *name, size_t n)
{
	for (; env; env = env->base) {
		if (!env->n_buckets)
			continue;
		const struct cel_function *f = place(env, name, n);
		if (f->name)
			return f;
	}
	return NULL;
}

/* The function in this environment itself, with the overloads of the base where it hides one. */
static struct cel_function *own_function(struct cel_env *env, const char *name)
{
	if (2 * env->n_functions >= env->n_buckets)
		grow_table(env);
	struct cel_function *f = place(env, name, strlen(name));
	if (f->name)
		return f;
	const struct cel_function *below =
		env->base ? cel_env_function(env->base, name, strlen(name)) : NULL;
	f->name = name;
	env->n_functions++;
	for (uint32_t i = 0; below && i < below->n; i++) {
		GROW(f->overloads, f->n, f->cap);
		f->overloads[f->n++] = below->overloads[i];
	}
	return f;
}

int cel_env_overload(struct cel_env *env, const struct cel_overload *overload, struct err *err)
{
	struct cel_type_names names = { find_named_type, env };
	struct cel_resolved *r = arena_calloc(&env->arena, 1, sizeof(*r));
	r->row = overload;
	if (!cel_signature_parse(&env->arena, &names, overload->signature, &r->signature))
		return err_set(err, ERR_INPUT, "function %s: \"%s\" is no signature",
			       overload->function, overload->signature);
	struct cel_function *f = own_function(env, overload->function);
	GROW(f->overloads, f->n, f->cap);
	f->overloads[f->n++] = r;
	return 0;
}

static void add_type(struct cel_env *env, const struct cel_type *type)
{
	GROW(env->types, env->n_types, env->cap_types);
	env->types[env->n_types++] = type;
}

static void add_library(struct cel_env *env, const struct cel_library *library)
{
	for (uint32_t i = 0; i < library->n_overloads; i++) {
		AUTO(err_done) struct err err = { 0 };
		if (cel_env_overload(env, &library->overloads[i], &err) < 0)
			abort(); /* a row that is wrong in the source */
	}
}

struct cel_env *cel_env_new(const struct cel_library *const *libraries, unsigned n)
{
	struct cel_env *env = xcalloc(1, sizeof(*env));
	for (unsigned i = 0; i < n; i++)
		for (uint32_t t = 0; t < libraries[i]->n_types; t++)
			add_type(env, libraries[i]->types[t]);
	for (unsigned i = 0; i < n; i++)
		add_library(env, libraries[i]);
	return env;
}

struct cel_env *cel_env_extend(const struct cel_env *base)
{
	struct cel_env *env = xcalloc(1, sizeof(*env));
	env->base = base;
	env->n_slots = base->n_slots;
	return env;
}

void cel_env_free(struct cel_env *env)
{
	if (!env)
		return;
	for (uint32_t i = 0; i < env->n_buckets; i++)
		free(env->functions[i].overloads);
	free(env->functions);
	free(env->variables);
	free(env->types);
	arena_done(&env->arena);
	free(env);
}

unsigned cel_env_variable(struct cel_env *env, const char *name, const struct cel_type *type)
{
	GROW(env->variables, env->n_variables, env->cap_variables);
	env->variables[env->n_variables++] =
		(struct cel_variable){ arena_strdup(&env->arena, name), type, env->n_slots };
	return env->n_slots++;
}

const struct cel_variable *cel_env_find(const struct cel_env *env, const char *name, size_t n)
{
	for (; env; env = env->base)
		for (uint32_t i = env->n_variables; i-- > 0;) {
			const struct cel_variable *v = &env->variables[i];
			if (strncmp(v->name, name, n) == 0 && v->name[n] == '\0')
				return v;
		}
	return NULL;
}

const struct cel_type *cel_env_type(struct cel_env *env, const char *text)
{
	struct cel_type_names names = { find_named_type, env };
	return cel_type_parse(&env->arena, &names, text);
}

const struct cel_type *cel_env_list(struct cel_env *env, const struct cel_type *item)
{
	return cel_type_with(&env->arena, CEL_LIST, "list", &item, 1);
}

struct cel_type *cel_env_object(struct cel_env *env, const char *name,
				const struct cel_field *fields, unsigned n)
{
	struct cel_type *t = arena_calloc(&env->arena, 1, sizeof(*t));
	t->kind = CEL_OBJECT;
	t->name = arena_strdup(&env->arena, name);
	for (unsigned i = 0; i < n; i++)
		cel_object_add(env, t, fields[i].name, fields[i].type);
	add_type(env, t);
	return t;
}

void cel_object_add(struct cel_env *env, struct cel_type *object, const char *name,
		    const struct cel_type *type)
{
	uint32_t n = object->n_fields;
	struct cel_field *fields = (struct cel_field *)object->fields;
	if ((n & (n - 1)) == 0) {
		struct cel_field *more = arena_alloc(&env->arena, (n ? 2 * n : 1) * sizeof(*more));
		if (n)
			memcpy(more, fields, n * sizeof(*more));
		object->fields = fields = more;
	}
	fields[n] = (struct cel_field){ arena_strdup(&env->arena, name), type };
	object->n_fields++;
}

const struct cel_type *cel_env_type_value(const struct cel_env *env, const char *name, size_t n)
{
	static const struct cel_type optional = { .kind = CEL_OPTIONAL, .name = "optional_type" };
	static const struct cel_type *const named[] = {
		&cel_bool_type,   &cel_int_type,   &cel_uint_type,      &cel_double_type,
		&cel_string_type, &cel_bytes_type, &cel_null_type,      &cel_list_type,
		&cel_map_type,    &cel_type_type,  &cel_timestamp_type, &cel_duration_type,
		&optional,
	};
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (strlen(named[i]->name) == n && memcmp(named[i]->name, name, n) == 0)
			return named[i];
	const struct cel_type *t = find_named_type(env, name, n);
	return t && t->kind == CEL_OPAQUE ? t : NULL;
}
