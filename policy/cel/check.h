/* The type checker. */
#ifndef POLICY_CEL_CHECK_H
#define POLICY_CEL_CHECK_H

#include "policy/cel/parse.h"
#include "policy/cel/unify.h"

struct cel_scope {
	struct cel_ast *fold;
	const struct cel_type *types[2]; /* of its variables */
	struct cel_scope *up;
};

struct cel_checker {
	const struct cel_env *env;
	struct arena *arena;
	const char *container;
	bool lenient; /* what is wrong is dyn, and shows when it is evaluated */
	struct cel_problem *problem;
	struct cel_unifier unifier;
	struct cel_scope *scope;
};

/* Deduces the types and resolves the names of a tree; false where there is a problem. */
bool cel_check(struct cel_checker *c, struct cel_ast *a);

/* After a check without problem: literals that mix types, arguments that are wrong at sight. */
struct cel_call;
void cel_validate(struct cel_checker *c, struct cel_call *call, struct cel_ast *a);

/* ---- for the parts of the checker */

void cel_check_node(struct cel_checker *c, struct cel_ast *a);
void cel_check_fold(struct cel_checker *c, struct cel_ast *a);
void cel_check_list(struct cel_checker *c, struct cel_ast *a);
void cel_check_map(struct cel_checker *c, struct cel_ast *a);
void cel_check_message(struct cel_checker *c, struct cel_ast *a);

void cel_check_fail(struct cel_checker *c, uint32_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
void cel_check_mismatch(struct cel_checker *c, uint32_t at, const struct cel_type *expected,
			const struct cel_type *found);

struct cel_use {
	const char *name;
	uint32_t at;
	const struct cel_type *args[CEL_MAX_ARGS];
	unsigned n;
	bool member;
	struct cel_ast *into; /* gets the overloads; NULL: nobody */
};

/* The type of the result of a call; `error` where no overload fits, and a problem. */
const struct cel_type *cel_check_use(struct cel_checker *c, const struct cel_use *use);

const struct cel_type *cel_list_of(struct cel_checker *c, const struct cel_type *item);
const struct cel_type *cel_map_types(struct cel_checker *c, const struct cel_type *key,
				     const struct cel_type *value);
const struct cel_type *cel_optional_of(struct cel_checker *c, const struct cel_type *t);

#endif
