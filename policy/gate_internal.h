/* What gate.c and gate_load.c share. */
#ifndef POLICY_GATE_INTERNAL_H
#define POLICY_GATE_INTERNAL_H

#include "policy/admission/admission.h"
#include "policy/gate.h"

struct gate {
	struct admission *admission;
	struct arena arena;
};

#endif
