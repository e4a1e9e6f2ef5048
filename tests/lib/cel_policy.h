/* The environment of a ValidatingAdmissionPolicy for tests of the language: its variables typed as
 * Kubernetes types them, and the variables of the policy itself, computed when they are used. */
#ifndef TESTS_LIB_CEL_POLICY_H
#define TESTS_LIB_CEL_POLICY_H

#include "policy/cel/cel.h"

enum cel_policy_slot {
	CEL_POLICY_OBJECT,
	CEL_POLICY_OLD_OBJECT,
	CEL_POLICY_REQUEST,
	CEL_POLICY_NAMESPACE,
	CEL_POLICY_PARAMS,
	CEL_POLICY_VARIABLES,
};

/* All libraries, object, oldObject, request and namespaceObject. */
struct cel_env *cel_policy_env(void);

struct cel_policy_variable {
	const char *name;
	struct cel_program *program;
	struct cel_value value;
	bool known;
};

struct cel_policy {
	struct cel_record record; /* `variables` */
	struct cel_env *env;      /* with params and variables */
	struct cel_type *type;    /* of variables */
	struct cel_policy_variable *variables;
	uint32_t n_variables;
	struct cel_program **validations; /* NULL where one does not compile */
	uint32_t n_validations;
};

/* Compiles a policy; what does not compile is left out. */
void cel_policy_compile(struct cel_policy *p, const struct cel_env *base,
			const struct json *policy);
void cel_policy_done(struct cel_policy *p);

/* The documents of a case ("object", "oldObject", "request", "namespaceObject", "params"), by slot.
 */
void cel_policy_documents(const struct json *row, struct cel_value out[CEL_POLICY_VARIABLES]);

void cel_policy_bind(struct cel_policy *p, struct cel_run *run,
		     const struct cel_value documents[CEL_POLICY_VARIABLES]);

#endif
