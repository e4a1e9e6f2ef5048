/* Type variables and what they stand for, while an expression is checked. */
#ifndef POLICY_CEL_UNIFY_H
#define POLICY_CEL_UNIFY_H

#include "base/arena.h"
#include "policy/cel/signature.h"

struct cel_unifier {
	struct arena *arena;
	const struct cel_type **bound; /* by variable - 1; NULL: free */
	uint32_t n, cap;
	/* What was bound before, to go back to where an assignment fails half-way. */
	struct {
		uint32_t variable;
		const struct cel_type *before;
	} * trail;
	uint32_t n_trail, cap_trail;
	/* Types that were looked at.  Past a ceiling nothing is assignable any more: variables that
	 * stand for types with variables can make a small expression into an endless comparison. */
	uint32_t steps;
};

enum { CEL_MAX_STEPS = 2000000 };

void cel_unifier_done(struct cel_unifier *u);

const struct cel_type *cel_fresh(struct cel_unifier *u);

/* The signature with a fresh variable for each of its parameters. */
struct cel_signature cel_instantiate(struct cel_unifier *u, const struct cel_signature *s);

/* Whether values of the types b[i] can be given for a[i]; binds variables only where all can. */
bool cel_assignable(struct cel_unifier *u, const struct cel_type *const *a,
		    const struct cel_type *const *b, unsigned n);

/* The type with the variables replaced by what they stand for; a free one by dyn if to_dyn. */
const struct cel_type *cel_substitute(struct cel_unifier *u, const struct cel_type *t, bool to_dyn);

const struct cel_type *cel_most_general(const struct cel_type *a, const struct cel_type *b);

static inline bool cel_is_dyn(const struct cel_type *t)
{
	return t->kind == CEL_DYN || t->kind == CEL_ERROR;
}

#endif
