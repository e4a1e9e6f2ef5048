/* What an environment holds; for the checker and the compiler. */
#ifndef POLICY_CEL_ENV_H
#define POLICY_CEL_ENV_H

#include "policy/cel/cel.h"
#include "policy/cel/signature.h"

struct cel_resolved {
	const struct cel_overload *row;
	struct cel_signature signature;
};

/* All overloads of a name, in the order in which they are tried. */
struct cel_function {
	const char *name;
	struct cel_resolved **overloads;
	uint32_t n, cap;
};

struct cel_variable {
	const char *name;
	const struct cel_type *type;
	unsigned slot;
};

struct cel_env {
	const struct cel_env *base;
	struct arena arena;
	struct cel_variable *variables;
	uint32_t n_variables, cap_variables;
	unsigned n_slots; /* with those of the base */
	const struct cel_type **types;
	uint32_t n_types, cap_types;
	struct cel_function *functions; /* hash table by name; only in an environment of its own */
	uint32_t n_functions, n_buckets;
};

/* The variable of a name, the newest first; NULL where there is none. */
const struct cel_variable *cel_env_find(const struct cel_env *env, const char *name, size_t n);

const struct cel_function *cel_env_function(const struct cel_env *env, const char *name, size_t n);

/* A type that an expression can name ("int", "net.IP"); NULL where there is none. */
const struct cel_type *cel_env_type_value(const struct cel_env *env, const char *name, size_t n);

#endif
