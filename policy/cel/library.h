/* What a library of CEL functions is, and everything one needs to write it.
 *
 * A library is a table: its types, and functions as rows of overloads.
 *
 *   static struct cel_value char_at(struct cel_call *c)
 *   {
 *           if (c->args[1].i < 0)
 *                   return cel_fail(c, "index out of range: %" PRId64, c->args[1].i);
 *           ...
 *           return cel_copy(c, text, n);
 *   }
 *
 *   static const struct cel_overload overloads[] = {
 *           { "charAt", "string_char_at_int", "string.(int) -> string", .call = char_at },
 *           { "strings.quote", "strings_quote", "(string) -> string", .call = quote,
 *             .cost = cel_cost_text },
 *   };
 *   const struct cel_library cel_strings = { "strings", overloads, ARRAY_LEN(overloads) };
 *
 * and a line in policy/cel/libraries.c that lists it.  A function may have overloads in several
 * libraries (`string`, `size`, `reverse`); their order is the order in which they are tried.
 *
 * Signature.  `RECEIVER.(ARGUMENTS) -> RESULT` is a method, `(ARGUMENTS) -> RESULT` a global
 * function; types as in type.h, with the library's own types by name and T, K, V as parameters.
 *
 * The function.  c->args has as many values as the signature (the receiver first).  They are of
 * the declared kinds, never an error or unknown: the evaluator checks that, and answers "no such
 * overload: f(types)" itself.  As cel-go, it looks into a list or map only as far as the first
 * element: a list(string) may hold an int further on, so look at the kind of each item.  dyn and
 * type parameters are anything.
 *   - An error is cel_fail() (or cel_no_overload()): a value, returned like a result.  Error texts
 *     are those of Kubernetes where they are known.
 *   - What cannot be decided here is cel_unknown("why"): never a guess.
 *   - The result may point into the arguments: they outlive it.
 *
 * Memory.  Only cel_alloc() and what is built on it: the arena of the run, freed all at once after
 * the evaluation.  NULL means that the evaluation has reached its memory limit: return
 * cel_stop(c).  The helpers below that make values do so by themselves: return what they give.
 * Ask for what is needed BEFORE doing work that grows with the input, so that a hostile call ends
 * there, and use cel_spend() inside anything that is slower than linear.
 *
 * Cost.  After a call its `cost` is added to the run: NULL costs 1; helpers for the usual rules are
 * below.  It is asked also where the function was not called: an argument or the result may be an
 * error there, or of another kind, so it looks at them through cel_size().  Past the limit the
 * evaluation ends with an error that nothing absorbs.
 *
 * Compile time.  `check` looks at literal arguments once when the program is compiled ("invalid
 * matches argument").  `fold` calls with constant arguments are evaluated then, and an error there
 * is an error of the program.
 *
 * Call sites.  c->site keeps something between evaluations at one place in the source (a compiled
 * regex): set site->data and site->free; it is freed with the program.  It is NULL in a call that
 * is made at compile time.  A program runs in one thread at a time. */
#ifndef POLICY_CEL_LIBRARY_H
#define POLICY_CEL_LIBRARY_H

#include "policy/cel/value.h"

struct cel_run;
struct cel_program;

struct cel_site {
	void *data;
	void (*free)(void *data);
	struct cel_site *next; /* for the program */
};

struct cel_call {
	struct cel_run *run;
	const struct cel_value *args;
	struct cel_site *site; /* NULL: none */
	uint32_t at;           /* 1 + byte offset of the call in the source; 0: none */
};

/* An argument as the checker knows it. */
struct cel_literal {
	const struct cel_type *type;
	const struct cel_value *value;   /* NULL: no constant */
	const struct cel_literal *items; /* the elements of a list literal, else NULL */
	uint32_t n;
	uint32_t at; /* its position, as in struct cel_call */
};

/* What is wrong: the message, and where (0: at the argument with the number `argument`). */
struct cel_complaint {
	unsigned argument;
	uint32_t at;
};

enum cel_mismatch {
	CEL_SAY_TYPES, /* "no such overload: f(int, list)" */
	CEL_SAY_NAME,  /* "no such overload: f" */
	CEL_SAY_ONLY,  /* "no such overload" */
};

struct cel_overload {
	const char *function;
	const char *id; /* as in cel-go */
	const char *signature;
	struct cel_value (*call)(struct cel_call *c);
	uint64_t (*cost)(const struct cel_value *args, struct cel_value result); /* NULL: 1 */

	/* false: the literals are wrong.  c is for cel_fail(), whose result goes into *why. */
	bool (*check)(struct cel_call *c, const struct cel_literal *args,
		      struct cel_complaint *where, struct cel_value *why);
	bool own;         /* looks at the kinds of its arguments itself: they may be any */
	bool fold;        /* evaluate with constant arguments when the program is compiled; one
			   * overload of a function says it for all */
	bool mixed;       /* list literals among its arguments may mix types (format) */
	uint8_t mismatch; /* enum cel_mismatch: what is said where the arguments do not fit */
};

struct cel_library {
	const char *name;
	const struct cel_overload *overloads;
	uint32_t n_overloads;

	/* CEL_OPAQUE types can be named in an expression (net.IP); CEL_OBJECT ones cannot. */
	const struct cel_type *const *types;
	uint32_t n_types;
};

/* The libraries of a ValidatingAdmissionPolicy (libraries.c), and the authorizer. */
extern const struct cel_library *const cel_kubernetes_libraries[];
extern const unsigned cel_kubernetes_n_libraries;
extern const struct cel_library cel_optionals, cel_authorizer;

/* ---- errors */

struct cel_value cel_fail(struct cel_call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct cel_value cel_fail_about(struct cel_call *c, const char *message, struct cel_value about);
struct cel_value cel_no_overload(struct cel_call *c); /* "no such overload" */

/* The error of an evaluation that ran into its limit; nothing absorbs it. */
struct cel_value cel_stop(struct cel_call *c);

/* ---- memory and time */

void *cel_alloc(struct cel_call *c, size_t n);
struct cel_value *cel_alloc_values(struct cel_call *c, size_t n);

/* Adds to the cost of the run; false past the limit. */
bool cel_spend(struct cel_call *c, uint64_t cost);

/* ---- values that need memory */

struct cel_value cel_copy(struct cel_call *c, const char *text, size_t n); /* a string */
struct cel_value cel_copy_bytes(struct cel_call *c, const char *text, size_t n);
struct cel_value cel_format(struct cel_call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct cel_value cel_some(struct cel_call *c, struct cel_value v); /* an optional */

/* The entries become a map: the later of two equal keys wins. */
struct cel_value cel_map_of(struct cel_call *c, struct cel_entry *entries, uint32_t n);

/* A list whose length is not known before.  false: stopped.
 *   struct cel_vector v = { 0 };
 *   if (!cel_push(c, &v, item)) return cel_stop(c);
 *   return cel_list(v.items, v.n); */
struct cel_vector {
	struct cel_value *items;
	uint32_t n, cap;
};
bool cel_push(struct cel_call *c, struct cel_vector *v, struct cel_value item);

/* ---- cost */

/* Code points of a string, bytes, items, entries; 1 for anything else. */
uint64_t cel_size(struct cel_value v);

uint64_t cel_tenth(uint64_t n);                                                /* ceil(n / 10) */
uint64_t cel_cost_text(const struct cel_value *args, struct cel_value result); /* 0.1 * args[0] */
uint64_t cel_cost_size(const struct cel_value *args, struct cel_value result); /* size of args[0] */

#endif
