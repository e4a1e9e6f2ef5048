/* The rows of pods, for tables.c. */
#ifndef POLICY_DEFAULTS_POD_H
#define POLICY_DEFAULTS_POD_H

#include "policy/defaults/rules.h"

extern const struct rule pod_rules[], pod_spec_rules[], pod_template_rules[];

#endif
