/* CEL as Kubernetes 1.36 runs it in a ValidatingAdmissionPolicy (cel-go v0.27).
 *
 *   struct cel_env *env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
 *   unsigned object = cel_env_variable(env, "object", &cel_dyn_type);
 *
 *   struct cel_program *p;
 *   if (cel_compile(env, text, strlen(text), &p, &issue) < 0) ...   parsed, checked, resolved
 *
 *   struct cel_run *run = cel_run_new(NULL);
 *   cel_run_set(run, object, cel_of_json(document));
 *   struct cel_value v = cel_eval(p, run);          true, false, an error, an unknown, ...
 *   cel_run_reset(run);                             frees every value; again for the next object
 *
 * An environment says what an expression may use.  cel_env_extend() makes one that adds variables
 * and types to another at little cost; the other has to outlive it.  A program lives as long as its
 * environment.  Neither a program nor a run may be used by two threads at once.
 *
 * Everything is bounded: nesting and length of the source, and the cost and memory of a run.  An
 * evaluation past its limits is an error that no operator absorbs; cel_run_stopped() tells. */
#ifndef POLICY_CEL_CEL_H
#define POLICY_CEL_CEL_H

#include "policy/cel/library.h"

enum {
	CEL_MAX_SOURCE = 100000,   /* code points of an expression */
	CEL_MAX_DEPTH = 250,       /* nested parts of an expression */
	CEL_MAX_COST = 1000000,    /* of one expression, as in Kubernetes */
	CEL_MAX_MEMORY = 32 << 20, /* bytes of one run between two resets */
};

/* ---- environments */

struct cel_env;

struct cel_env *cel_env_new(const struct cel_library *const *libraries, unsigned n);
struct cel_env *cel_env_extend(const struct cel_env *base);
void cel_env_free(struct cel_env *env);

/* Declares a variable (its name may be qualified: "a.b") and gives its slot. A second variable of
 * the same name hides the first. */
unsigned cel_env_variable(struct cel_env *env, const char *name, const struct cel_type *type);

/* A type by its text; NULL where it is none.  Lives as long as the environment. */
const struct cel_type *cel_env_type(struct cel_env *env, const char *text);
const struct cel_type *cel_env_list(struct cel_env *env, const struct cel_type *item);

/* An object type: fields that the checker knows.  Copies the array. */
struct cel_type *cel_env_object(struct cel_env *env, const char *name,
				const struct cel_field *fields, unsigned n);

/* Adds a field to an object type that came from cel_env_object(). */
void cel_object_add(struct cel_env *env, struct cel_type *object, const char *name,
		    const struct cel_type *type);

/* A function beside those of the libraries, without an implementation where call is NULL. */
int cel_env_overload(struct cel_env *env, const struct cel_overload *overload, struct err *err);

/* ---- programs */

enum cel_phase { CEL_PARSE, CEL_CHECK, CEL_PROGRAM };

/* Why an expression does not compile. */
struct cel_issue {
	enum cel_phase phase;
	unsigned line, col; /* in the expression, from 1; col counts code points; 0: the whole */
	char *message;
};
void cel_issue_done(struct cel_issue *issue);

/* As Kubernetes prints it: "ERROR: <input>:1:7: undeclared reference to 'x' (in container '')", and
 * the line with its caret. */
void cel_issue_text(const struct cel_issue *issue, const char *text, size_t n, struct buf *out);

struct cel_options {
	const char *container; /* of the names: "a.b"; NULL: none */
	bool check_only;       /* stop after the checker: the program cannot be evaluated */
	bool unchecked;        /* what the checker would refuse is left to the evaluation */
	bool no_macros;        /* has(), all() and their like are ordinary calls */
};

int cel_compile(const struct cel_env *env, const char *text, size_t n,
		const struct cel_options *options, struct cel_program **out,
		struct cel_issue *issue);
void cel_program_free(struct cel_program *p);

/* The type that the checker deduced. */
const struct cel_type *cel_program_type(const struct cel_program *p);

/* Whether the expression names the variable of a slot. */
bool cel_program_uses(const struct cel_program *p, unsigned slot);

/* ---- evaluation */

struct cel_limits {
	uint64_t cost; /* of one cel_eval(); 0: CEL_MAX_COST */
	size_t memory; /* of all values until the reset; 0: CEL_MAX_MEMORY */
};

struct cel_run *cel_run_new(const struct cel_limits *limits);
void cel_run_free(struct cel_run *run);

/* Binds a variable; slots that were never set are an error where they are read.  The value and
 * what it points to have to live until the reset. */
void cel_run_set(struct cel_run *run, unsigned slot, struct cel_value v);

/* Forgets all values and bindings, keeps the memory: between one policy on one object and the
 * next, as its ceiling counts what all evaluations since have made. */
void cel_run_reset(struct cel_run *run);

struct cel_value cel_eval(struct cel_program *p, struct cel_run *run);

/* The same from within an evaluation: a record that computes a field (struct cel_record). */
struct cel_value cel_eval_inside(struct cel_program *p, struct cel_call *c);

/* The cost of the last cel_eval(), and of all cel_eval_inside() since the last reset. */
uint64_t cel_run_cost(const struct cel_run *run);
uint64_t cel_run_cost_inside(const struct cel_run *run);

bool cel_run_stopped(const struct cel_run *run); /* the last one ran into a limit */

/* The parts of bound documents that the last cel_eval() read: i 0 is the latest one. NULL past the
 * last that is remembered.  For telling what in a document a result is about: a loop that came to
 * its end has read the whole list last, one that ended early the element that decided. */
enum { CEL_READ_MAX = 32 };
const struct json *cel_run_read(const struct cel_run *run, unsigned i);

/* All that an evaluation could depend on.  A run that is watched goes everywhere: both sides of &&
 * and
 * ||, both branches of ?:, every element of a loop, whatever has been decided already.  Values and
 * errors are the same, costs are not.  For telling whether a difference between two documents
 * concerns an expression. */
struct cel_read {
	const struct json *node;
	enum {
		CEL_READ_VALUE, /* itself, with all that is in it where no part of it is read too */
		CEL_READ_PRESENT, /* only whether it is there */
		CEL_READ_ABSENT,  /* it has no member `key` */
	} what;
	const char *key;
};
struct cel_reads {
	struct cel_read *items; /* keys live until the reset of the run */
	size_t n, cap;
	bool lost; /* more than CEL_MAX_READS, or the run was stopped: not all of them are here */
};
enum { CEL_MAX_READS = 1 << 16 };
void cel_run_watch(struct cel_run *run, struct cel_reads *into); /* NULL: ends it */
void cel_reads_done(struct cel_reads *r);

struct arena *cel_run_arena(struct cel_run *run); /* for values that are to be bound */

/* ---- messages */

/* Line and column (from 1, code points) of a byte offset: for an error at `e`, e->at - 1. */
void cel_position(const char *text, size_t n, size_t offset, unsigned *line, unsigned *col);

/* The source line and under it a caret, as Kubernetes prints them:
 *    | object.spec.replica
 *    | ............^  */
void cel_caret(const char *text, size_t n, unsigned line, unsigned col, struct buf *out);

#endif
