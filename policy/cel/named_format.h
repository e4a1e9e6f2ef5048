/* The formats that Kubernetes knows by name in CEL: format.dns1123Label() and so on. */
#ifndef POLICY_CEL_NAMED_FORMAT_H
#define POLICY_CEL_NAMED_FORMAT_H

#include "base/arena.h"

enum { NAMED_FORMAT_MESSAGES = 4 }; /* at most */

struct named_format {
	const char *name;
	unsigned pattern_size; /* of the regular expression that the cost is reckoned with */
	/* What is wrong with a text, in the words of Kubernetes; gives how many messages. */
	size_t (*validate)(struct arena *a, const char *text, size_t n,
			   const char *messages[NAMED_FORMAT_MESSAGES]);
};

extern const struct named_format named_formats[];
extern const size_t named_formats_n;

/* NULL: there is none of that name. */
const struct named_format *named_format_find(const char *name, size_t n);

#endif
