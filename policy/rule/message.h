/* What is told of a validation that does not hold, as the API server words it. */
#ifndef POLICY_RULE_MESSAGE_H
#define POLICY_RULE_MESSAGE_H

#include "policy/rule/rules.h"

/* A string without the white space of Unicode around it. */
struct cel_value message_trimmed(struct cel_value v);

/* What a messageExpression gave; NULL where that cannot be used as a message. */
const char *message_evaluated(struct arena *a, struct cel_value v);

/* `message` of the validation, else its expression. */
const char *message_fixed(struct arena *a, const struct validation *v);

#endif
