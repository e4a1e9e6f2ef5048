/* ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1), evaluated as the API server of
 * Kubernetes 1.36 does at admission, on what a change would do.
 *
 *   struct admission *a = admission_new();
 *   admission_add_file(a, text, n, "policies/images.yaml", &err);   policies, bindings, params
 *   admission_add_object(a, object, NULL, &err);                    the same from a cluster
 *   admission_prepare(a, &world);        checks, compiles, joins; once, after the last addition
 *   for each of admission_problems(a, &n) ...      what the API server would refuse, file:line:col
 *
 *   struct admission_run *run = admission_run_new(a);
 *   const struct admission_verdict *v = admission_evaluate(run, &change);    for each change
 *   admission_run_free(run);
 *   admission_free(a);
 *
 * A file may hold any documents: what is neither a policy nor a binding may be a param. A policy
 * without a binding does nothing.
 *
 * Problems.  Everything is read, and each thing that the API server would refuse is a problem: an
 * unknown or missing field, a rule without operations, an expression that does not compile.  A
 * caller that gates on policies refuses to go on where there is one.  Going on is possible:
 * what cannot be used decides as Kubernetes would (failurePolicy) or is undecided.
 *
 * Undecided is a third outcome beside a violation and none: never to be taken for none.  It comes
 * from what cannot be known here: the authorizer, who asks, labels of a namespace that was not
 * given, an object that the API server would convert to another version.
 *
 * A run belongs to one thread; several runs may share the policies one after the other, not at
 * once (programs keep things between evaluations). */
#ifndef POLICY_ADMISSION_ADMISSION_H
#define POLICY_ADMISSION_ADMISSION_H

#include "plan/cluster/kinds.h"

enum {
	ADMISSION_MAX_POLICIES = 5000, /* and as many bindings */
	ADMISSION_MAX_PARAMS = 100000,
	ADMISSION_MAX_ANNOTATIONS = 20,
	ADMISSION_MAX_VALUE_EXPRESSION = 5 << 10, /* bytes of a valueExpression */
	ADMISSION_MAX_ANNOTATION = 10 << 10,      /* bytes of an annotation's value */
	ADMISSION_MAX_PROBLEMS = 200,
	ADMISSION_MAX_RESULTS = 10000, /* of one change */
	/* Pairs of a policy and a param that one change is judged by; what is more is undecided. */
	ADMISSION_MAX_JUDGEMENTS = 20000,

	/* Costs, as in Kubernetes: of the conditions, and of all variables, validations and
	 * messages of one policy with one binding and param. */
	ADMISSION_CONDITIONS_BUDGET = 2500000,
	ADMISSION_BUDGET = 10000000,
};

/* ---- loading */

struct admission;

struct admission *admission_new(void);
void admission_free(struct admission *a);
static inline void admission_free_p(struct admission **a)
{
	admission_free(*a);
}

/* All documents of a YAML or JSON file, which are copied.  -1 only where the text is no YAML or a
 * ceiling is passed. */
int admission_add_file(struct admission *a, const char *text, size_t n, const char *name,
		       struct err *err);

/* One object; a List stands for its items.  It is not copied: it has to outlive `a`.  file names
 * it in positions, NULL: none (from a cluster).  -1 only past a ceiling. */
int admission_add_object(struct admission *a, const struct json *object, const char *file,
			 struct err *err);

struct admission_world {
	const struct kind_table *kinds; /* has to outlive `a` */
	/* `kinds` is all that the cluster serves (its discovery): a kind that is not there does not
	 * exist. Else such a kind may exist, and what depends on it is undecided. */
	bool kinds_complete;
	/* The same for params: one that was not added does not exist. */
	bool params_complete;
};

void admission_prepare(struct admission *a, const struct admission_world *world);

struct admission_problem {
	struct srcpos at;    /* file NULL: no file, the message names the object */
	const char *message; /* "ValidatingAdmissionPolicy images: ..." */
	const char *excerpt; /* the line of the expression and a caret below it; NULL: none */
};
const struct admission_problem *admission_problems(const struct admission *a, size_t *n);

/* For listings and tests. */
size_t admission_count_policies(const struct admission *a);
size_t admission_count_bindings(const struct admission *a);
size_t admission_count_expressions(const struct admission *a);

/* i < admission_count_policies(); once prepared sorted by name.  Actions are those of all bindings,
 * 0 where there is none. */
struct admission_listed {
	const char *name;
	struct srcpos at;
	unsigned actions, bindings;
	uint32_t validations;
};
struct admission_listed admission_listed(const struct admission *a, size_t i);

/* Which kinds are params: what a caller with a cluster has to list and add.  Valid only after all
 * policies were added; NULL past the last. */
bool admission_param_kind(const struct admission *a, size_t i, const char **group,
			  const char **version, const char **kind);

/* The type of an expression, "bool", "list(string)"; NULL where it does not compile or is not
 * there.  field: "variables.NAME", "matchConditions[0]", "validations[0].expression",
 * "validations[0].messageExpression", "auditAnnotations[0]".  The caller frees. */
char *admission_type_of(const struct admission *a, const char *policy, const char *field);

/* ---- evaluating */

/* What is asked of the API server.  All pointers are borrowed. */
struct admission_change {
	const char *operation; /* "CREATE", "UPDATE", "DELETE", "CONNECT" */
	const char *group, *version, *kind;
	const struct kind *resource; /* NULL: the kind is not known (its CRD is not at hand) */
	const char *subresource;     /* NULL or "": none */
	const char *namespace;       /* NULL or "": none; of a Namespace: its own name */
	const char *name;            /* NULL or "": generated by the server */
	/* As at admission: with defaults, in the version of the request.  NULL is null. */
	const struct json *object, *old_object;
	/* What the manifest says, for positions, where `object` is what a server made of it;
	 * NULL: object has them itself. */
	const struct json *declared;
	/* The namespace of the object, as it will be; NULL where it is not known. */
	const struct json *namespace_object;
	const struct json *user_info; /* NULL: unknown */
	const struct json *options;   /* NULL: unknown; JSON_NULL: null */
	const char *file;             /* of the manifest, for positions; NULL: none */
	bool dry_run;
};

enum admission_outcome {
	ADMISSION_VIOLATION, /* what then happens: `actions` */
	ADMISSION_UNDECIDED,
};

enum admission_action { ADMISSION_DENY = 1, ADMISSION_WARN = 2, ADMISSION_AUDIT = 4 };

enum { ADMISSION_WHOLE = -1 }; /* no single validation: the policy, its binding or conditions */

struct admission_result {
	const char *policy, *binding; /* binding NULL: the configuration of the policy */
	const char *param;            /* "namespace/name", NULL: none */
	enum admission_outcome outcome;
	unsigned actions;    /* of the binding */
	bool error;          /* failurePolicy decided: something could not be evaluated */
	bool of_any;         /* about the policy or its binding: whatever is in the object */
	int validation;      /* its index, or ADMISSION_WHOLE */
	const char *message; /* as Kubernetes words it; of an undecided one: what is not known */
	const char *reason;  /* "Invalid", "Forbidden", ... */
	int code;            /* the HTTP status that goes with the reason */
	struct srcpos at;    /* the expression, in the policy's file */
	/* What in the object it is about (in old_object where there is no other), as far as that
	 * can be told: what the expression read last. */
	const char *path;   /* a JSON pointer; NULL: not known */
	struct srcpos node; /* the same in the manifest, or the nearest there is above it; line 0:
			       not known */
};

struct admission_annotation {     /* what would be in the audit log */
	const char *policy, *key; /* "POLICY/KEY" is the annotation */
	const char *value;
};

enum admission_decision {
	ADMISSION_ALLOWED,
	ADMISSION_WARNED, /* a violation, but only Warn or Audit */
	ADMISSION_MAYBE,  /* something is undecided, nothing denies */
	ADMISSION_DENIED,
};

struct admission_verdict {
	enum admission_decision decision;
	const struct admission_result *results; /* in the order of policies, bindings, params */
	size_t n;
	const struct admission_annotation *annotations;
	size_t n_annotations;
	unsigned policies; /* that select the change */
	unsigned bindings; /* likewise, that have such a policy */
	unsigned actions;  /* of these */
	bool truncated;    /* more than ADMISSION_MAX_RESULTS */
};

struct admission_run;

struct admission_run *admission_run_new(struct admission *a);
void admission_run_free(struct admission_run *run);
static inline void admission_run_free_p(struct admission_run **run)
{
	admission_run_free(*run);
}

/* Cannot fail. The verdict is valid until the next call. */
const struct admission_verdict *admission_evaluate(struct admission_run *run,
						   const struct admission_change *change);

/* Whether a result on `change` stands at base already, so that the change is not to blame: `base`
 * is the change that would leave the object as base has it.  True only where
 *   - the same policy, binding, param and validation do not hold for `base` either, and
 *   - nothing that the validation could look at differs from base; or what differs are elements of
 *     lists (told apart by their names), the validation failed at an element that does not differ,
 *     and it holds for the object with only those elements that do.
 * So it is false where the change may have made it worse.  The run is not the one that has given r,
 * whose verdict has to stay. */
bool admission_stands(struct admission_run *run, const struct admission_result *r,
		      const struct admission_change *change, const struct admission_change *base);

/* The text that the API server answers with for a denial or a warning; in the arena. */
const char *admission_denial(struct arena *a, const struct admission_result *r);
const char *admission_warning(struct arena *a, const struct admission_result *r);

/* Every single evaluation, for tests and for showing how a decision came about. */
enum admission_answer { ADMISSION_TRUE, ADMISSION_FALSE, ADMISSION_ERROR, ADMISSION_UNKNOWN };
struct admission_step {
	enum { ADMISSION_CONDITION, ADMISSION_VALIDATION, ADMISSION_VALUE } what;
	const char *policy, *param;
	unsigned index;
	enum admission_answer answer;
	const char *message; /* of a false or failing one; the value of an annotation */
	uint64_t cost;
};
typedef void admission_step_fn(void *ctx, const struct admission_step *step);
void admission_run_trace(struct admission_run *run, admission_step_fn *each, void *ctx);

/* Of all evaluations so far. */
uint64_t admission_run_evaluations(const struct admission_run *run);

const char *admission_decision_name(enum admission_decision d); /* "allow", "warn", ... */

#endif
