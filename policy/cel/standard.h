/* The parts of the standard library; std_*.c. */
#ifndef POLICY_CEL_STANDARD_H
#define POLICY_CEL_STANDARD_H

#include "policy/cel/library.h"

extern const struct cel_library cel_std_operators, cel_std_conversions, cel_std_times, cel_std_text;

/* Seconds east of UTC of a zone by its name at a time.  false: *out is the error, or unknown. */
bool cel_zone_offset(struct cel_call *c, struct cel_value zone, int64_t at, int64_t *seconds,
		     struct cel_value *out);

#endif
