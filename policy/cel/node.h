/* A program: a tree of nodes, each with the function that evaluates it.
 *
 * Names are resolved: a variable is a slot of the run, an iteration variable a place in the frame
 * of the program, a call the overloads that its argument types leave.  A chain of selections is one
 * node (struct cel_attribute), as most of what policies do is walking into a document.
 *
 * Costs are those of cel-go's tracker for the expanded macros: a constant 0, a name and each step
 * into it 1, a call 1 or what its overload says, a list 10, a map 30. */
#ifndef POLICY_CEL_NODE_H
#define POLICY_CEL_NODE_H

#include "policy/cel/check.h"
#include "policy/cel/run.h"

enum { CEL_COST_LIST = 10, CEL_COST_MAP = 30, CEL_COST_MESSAGE = 40 };

struct cel_node {
	struct cel_value (*eval)(const struct cel_node *node, struct cel_run *run);
	uint32_t at;
};

static inline struct cel_value cel_node_eval(const struct cel_node *n, struct cel_run *run)
{
	return n->eval(n, run);
}

struct cel_constant {
	struct cel_node node;
	struct cel_value value;
};

/* A step of a chain. */
struct cel_step {
	struct cel_value key;         /* a constant one, if index is NULL */
	const struct cel_node *index; /* computed */
	uint32_t hint;                /* where the key was in the last object */
	bool constant;                /* the key is a constant text without NUL */
	bool plain;                   /* that, and it has to be there */
	bool maybe;                   /* .? and [?] */
	struct cel_error missing;     /* "no such key: key" */
};

/* A name, or any value, and the steps into it. */
struct cel_attribute {
	struct cel_node node;
	const struct cel_node *base; /* NULL: a variable */
	uint32_t slot;               /* of the variable, or its place in the frame */
	bool local;                  /* the latter */
	bool test;                   /* has(): whether the last step is there */
	bool has_maybe;
	uint8_t cost; /* without the steps */
	uint32_t n;
	struct cel_step *steps;
	struct cel_error unset; /* for a variable that nobody has set */
};

/* A variable of CEL_FOLD_BIND, computed at its first use. */
struct cel_bound {
	struct cel_node node;
	const struct cel_node *init;
	uint32_t place;
};

enum { CEL_UNSET = 255 /* kind of a variable that is not computed yet */ };

struct cel_branches { /* &&, ||, ?: */
	struct cel_node node;
	uint32_t n;
	const struct cel_node **kids;
};

struct cel_operation { /* one or two operands */
	struct cel_node node;
	const struct cel_node *left, *right;
	struct cel_value (*apply)(const struct cel_operation *o, struct cel_run *run,
				  struct cel_value a, struct cel_value b);
	bool sized;     /* costs a tenth of the texts; else 1 */
	bool in_list;   /* costs as much as the list has items */
	uint8_t accept; /* of an order: which results of a comparison are true */
	struct cel_error mismatch;
};

struct cel_member_of { /* x in [constants] */
	struct cel_node node;
	const struct cel_node *left;
	struct cel_value set; /* the list, or a map with its items as keys */
};

struct cel_invocation {
	struct cel_node node;
	uint32_t n, n_overloads;
	const struct cel_node **args;
	struct cel_resolved **overloads;
	uint64_t (*cost)(const struct cel_value *args, struct cel_value result);
	const char *name;
	struct cel_site *site;
};

struct cel_literal_node { /* a list or map with elements that are computed */
	struct cel_node node;
	uint32_t n;
	const struct cel_node **kids;
	const bool *optional;
};

struct cel_fold_node {
	struct cel_node node;
	const struct cel_node *range, *condition, *body;
	uint32_t place; /* of its first variable in the frame */
	uint8_t n_vars;
	bool used; /* the variable, in the body of an optional */
};

struct cel_program {
	struct arena arena;
	const struct cel_node *root;
	const struct cel_type *type;
	uint32_t n_frame, depth;
	struct cel_site *sites;
	bool *uses; /* by slot */
	uint32_t n_slots;
	struct cel_run *folded; /* holds the constants that were computed */
};

/* ---- errors */

static inline struct cel_value cel_error_value(const struct cel_error *e)
{
	return (struct cel_value){ .kind = CEL_ERROR, .error = e };
}

struct cel_value cel_run_fail(struct cel_run *run, uint32_t at, const char *message);
struct cel_value cel_run_fail_about(struct cel_run *run, uint32_t at, const char *message,
				    struct cel_value about);

/* Past the limit of the cost: stops the run. */
static inline bool cel_over(struct cel_run *run)
{
	if (run->cost <= run->limit && cel_work_left >= 0)
		return run->stopped;
	cel_run_stop(run, "operation cancelled: actual cost limit exceeded");
	return true;
}

/* Of two bad values the one that counts: an unknown before an error, else the first. */
static inline struct cel_value cel_worse(struct cel_value a, struct cel_value b)
{
	return a.kind != CEL_UNKNOWN && (b.kind == CEL_UNKNOWN || !cel_is_bad(a)) ? b : a;
}

/* ---- how nodes are evaluated */

typedef struct cel_value cel_eval_fn(const struct cel_node *node, struct cel_run *run);

cel_eval_fn cel_eval_constant, cel_eval_variable, cel_eval_attribute, cel_eval_test, cel_eval_bound,
	cel_eval_and, cel_eval_or, cel_eval_if, cel_eval_message, cel_eval_unary, cel_eval_binary,
	cel_eval_member_of, cel_eval_call, cel_eval_list, cel_eval_map, cel_eval_all,
	cel_eval_exists, cel_eval_one, cel_eval_filter, cel_eval_to_list, cel_eval_to_map,
	cel_eval_to_entries, cel_eval_opt_map, cel_eval_opt_flat, cel_eval_bind, cel_eval_or_value,
	cel_eval_or_optional;

/* Sets what an operator does; false where the name is none. */
bool cel_operation_set(struct cel_operation *o, const char *name);

/* The name of the Go type of a value, which messages show ("types.Null"). */
const char *cel_go_name(struct cel_value v);

/* Whether a value can be given where a signature says the type. */
bool cel_fits(const struct cel_type *t, struct cel_value v);

/* ---- the compiler */

struct cel_builder {
	struct cel_program *program;
	const struct cel_env *env;
	struct cel_problem *problem;
};

/* NULL where there is a problem (the constants could not be folded). */
const struct cel_node *cel_build(struct cel_builder *b, struct cel_ast *a);

#endif
