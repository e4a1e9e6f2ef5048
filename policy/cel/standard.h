/* The tables of the standard library; std_*.c. */
#ifndef POLICY_CEL_STANDARD_H
#define POLICY_CEL_STANDARD_H

#include "policy/cel/library.h"

extern const struct cel_overload cel_std_text[];

#endif
