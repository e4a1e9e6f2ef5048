/* Text to types: signatures of overloads and the type texts of case files. */
#ifndef POLICY_CEL_SIGNATURE_H
#define POLICY_CEL_SIGNATURE_H

#include "base/arena.h"
#include "policy/cel/type.h"

enum { CEL_MAX_ARGS = 8 };

/* The types that are known by name, beside the built-in ones. */
struct cel_type_names {
	const struct cel_type *(*find)(const void *ctx, const char *name, size_t n);
	const void *ctx;
};

struct cel_signature {
	const struct cel_type *args[CEL_MAX_ARGS];
	unsigned n;
	bool member, generic; /* generic: has type parameters */
	const struct cel_type *result;
};

/* NULL where the text is no type.  New types come from the arena. */
const struct cel_type *cel_type_parse(struct arena *a, const struct cel_type_names *names,
				      const char *text);

/* false where the text is no signature. */
bool cel_signature_parse(struct arena *a, const struct cel_type_names *names, const char *text,
			 struct cel_signature *out);

/* A type with parameters.  One that is larger than anybody needs is dyn: expressions can double
 * their type with every step. */
const struct cel_type *cel_type_with(struct arena *a, enum cel_kind kind, const char *name,
				     const struct cel_type *const *params, unsigned n);

#endif
