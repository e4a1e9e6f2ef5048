/* What the variables of an expression hold while one change is judged.
 *
 * Nothing of the objects is copied.  `request`, `namespaceObject` and `variables` are records:
 * their fields are made when an expression asks for them. */
#ifndef POLICY_ADMISSION_ACTIVATION_H
#define POLICY_ADMISSION_ACTIVATION_H

#include "policy/admission/internal.h"

struct request_record {
	struct cel_record record;
	const struct admission_change *change;
	struct arena *arena;                /* of the change */
	const struct json *kind, *resource; /* made when first asked for */
};

struct namespace_record {
	struct cel_record record;
	const struct json *object;
};

struct activation {
	struct request_record request;
	struct namespace_record namespace;
	struct variables_record variables;
	struct cel_value object, old_object, authorizer;
};

/* For one change; what is made of it lives in `arena`. */
void activation_begin(struct activation *v, const struct admission_change *change,
		      struct arena *arena);
void activation_done(struct activation *v);

enum phase { PHASE_CONDITIONS, PHASE_RULES, PHASE_MESSAGES };

/* Binds everything that the expressions of a phase may name.  The run has been reset before the
 * first one; PHASE_CONDITIONS forgets the variables. */
void activation_bind(struct activation *v, struct cel_run *run, const struct admission *a,
		     const struct policy *p, const struct param *param, enum phase phase);

/* Forgets what variables were: for another param, or after the run was reset. */
void activation_forget(struct activation *v, const struct policy *p);

#endif
