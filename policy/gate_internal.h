/* What the gate's files share.
 *
 *   gate.c            every judge in turn, then what their findings are worth
 *   gate_load.c       the files of policies
 *   gate_admission.c  ValidatingAdmissionPolicies */
#ifndef POLICY_GATE_INTERNAL_H
#define POLICY_GATE_INTERNAL_H

#include "policy/admission/admission.h"
#include "policy/finding.h"
#include "policy/gate.h"
#include "policy/scene.h"

struct gate {
	struct admission *admission;
	struct arena arena;
};

int gate_admission(struct gate *g, struct scene *scene, struct findings *findings, struct err *err);

#endif
