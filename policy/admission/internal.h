/* What the files of this folder share: policies and bindings as they are read and compiled. */
#ifndef POLICY_ADMISSION_INTERNAL_H
#define POLICY_ADMISSION_INTERNAL_H

#include "policy/admission/admission.h"
#include "policy/admission/selector.h"
#include "policy/rule/variables.h"

#define ADMISSION_GROUP "admissionregistration.k8s.io"

/* A document and where it is from. */
struct origin {
	const struct source *source;
	const char *label; /* "ValidatingAdmissionPolicy images" */
	const struct json *document;
};

struct annotation {
	const char *key;
	struct expression value;
};

struct texts {
	const char **items;
	uint32_t n;
};

struct resource_rule {
	struct texts groups, versions, resources, names;
	unsigned operations; /* bits, by operation_bit() */
	enum { SCOPE_ANY, SCOPE_NAMESPACED, SCOPE_CLUSTER } scope;
};

/* matchConstraints of a policy, matchResources of a binding. */
struct constraints {
	bool given, exact;
	struct selector namespaces, objects;
	struct resource_rule *rules, *excluded;
	uint32_t n_rules, n_excluded;
};

/* An environment and where in it the variables are that differ between environments. */
struct scope {
	struct cel_env *env;
	bool own; /* to be freed with the policy */
	int params, variables, authorizer, request_resource;
};
enum { NO_SLOT = -1 };

struct binding;

struct policy {
	const char *name;
	struct origin origin;
	const struct json *node;
	size_t order;         /* of addition */
	bool ignore_failures; /* failurePolicy: Ignore */
	bool broken;          /* cannot be used at all: what it decides is not known */
	struct constraints match;
	bool has_params;
	const char *param_group, *param_version, *param_kind, *param_api_version;
	/* prepared */
	const struct kind *param_resource; /* NULL: not known */
	bool param_known, param_namespaced;
	const char *configuration_error; /* NULL: none */
	struct scope conditions_scope, rules_scope, messages_scope;
	struct cel_type *variables_type;
	struct binding **bindings;
	uint32_t n_bindings;

	struct rules rules;
	struct annotation *annotations;
	uint32_t n_annotations;
};

struct binding {
	const char *name, *policy_name;
	struct origin origin;
	const struct json *node;
	size_t order; /* of addition */
	bool broken;
	unsigned actions;
	struct constraints match;
	bool has_param_ref, deny_without_params, by_selector;
	const char *param_name, *param_namespace; /* NULL: none */
	struct selector param_selector;
};

struct param {
	const char *group, *version, *kind, *namespace, *name;
	const struct json *object;
	const char *label; /* "namespace/name" */
	size_t order;      /* of addition: the first of two counts */
};

struct admission {
	struct arena arena;
	struct policy *policies; /* sorted by name once prepared */
	size_t n_policies, cap_policies;
	struct binding *bindings;
	size_t n_bindings, cap_bindings;
	struct param *params; /* sorted once prepared */
	size_t n_params, cap_params;
	struct admission_problem *problems;
	size_t n_problems, cap_problems;
	struct admission_world world;
	struct cel_env *env; /* object, oldObject, request, namespaceObject */
	unsigned slot_object, slot_old, slot_request, slot_namespace;
	struct scope plain, authorized; /* of policies without params and variables */
	bool prepared;
};

/* ---- admission.c */

struct policy *policy_find(const struct admission *a, const char *name);

/* ---- problem.c */

/* Adds a problem at a node of a document; node NULL: the document. */
void problem_add(struct admission *a, const struct origin *o, const struct json *node,
		 const char *fmt, ...) PRINTF_LIKE(4, 5);
void problem_add_at(struct admission *a, const struct origin *o, struct srcpos at,
		    const char *excerpt, const char *message);

/* ---- read.c, binding.c, constraints.c */

int read_policy(struct admission *a, const struct origin *o, const struct json *object,
		struct err *err);
int read_binding(struct admission *a, const struct origin *o, const struct json *object,
		 struct err *err);
bool read_constraints(struct admission *a, const struct origin *o, const struct json *v,
		      const char *what, struct constraints *out);
unsigned operation_bit(const char *operation); /* 0: none; "*" has all */

/* ---- compile.c, environment.c */

void environment_make(struct admission *a);
void environment_of_policy(struct admission *a, struct policy *p);
void environment_free(struct admission *a);
void policy_compile(struct admission *a, struct policy *p);
void policy_free_programs(struct policy *p);

/* ---- match.c */

enum match { MATCH_NO, MATCH_YES, MATCH_MAYBE };

/* Whether constraints select a change; MATCH_MAYBE says why in *reason, and whether the object
 * itself would be another one (converted to another version). */
struct matched {
	enum match match;
	const char *reason;
	bool converted;
};
struct matched constraints_match(const struct admission *a, const struct constraints *c,
				 const struct admission_change *change);

/* Resources that no policy ever sees. */
bool never_matched(const struct admission_change *change);

/* ---- params.c */

int param_compare(const struct param *x, const struct param *y);
void policy_find_param_kind(struct admission *a, struct policy *p);

/* The params of a binding for a change, pointers in `arena`. *error: a configuration error;
 * *unknown: it cannot be told; at most one of them.  A single NULL item: evaluated once, with
 * params null. */
struct found_params {
	const struct param **items;
	size_t n;
	const char *error, *unknown;
};
struct found_params params_find(const struct admission *a, struct arena *arena,
				const struct policy *p, const struct binding *b,
				const char *namespace);

#endif
