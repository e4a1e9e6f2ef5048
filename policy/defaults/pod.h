/* The rows of pods, for tables.c. */
#ifndef POLICY_DEFAULTS_POD_H
#define POLICY_DEFAULTS_POD_H

#include "policy/defaults/rules.h"

extern const struct rule pod_rules[], pod_spec_rules[], pod_template_rules[];

/* pod_whole.c: parts of pod_rules. */
void pod_requests(struct arena *a, struct json *spec);
void pod_app_armor(struct arena *a, struct json *pod);

#endif
