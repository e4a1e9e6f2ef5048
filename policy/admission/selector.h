/* Label selectors: matchLabels and matchExpressions, as metav1.LabelSelector. */
#ifndef POLICY_ADMISSION_SELECTOR_H
#define POLICY_ADMISSION_SELECTOR_H

#include "base/json.h"

enum selector_operator { SELECT_IN, SELECT_NOT_IN, SELECT_EXISTS, SELECT_ABSENT };

struct requirement {
	const char *key;
	enum selector_operator op;
	const char **values;
	uint32_t n_values;
};

/* No requirements: matches everything. */
struct selector {
	struct requirement *requirements;
	uint32_t n;
};

/* The requirements are in the arena. false: *wrong is what is wrong, *at where. NULL and null are
 * the empty selector. */
bool selector_read(struct arena *a, const struct json *v, struct selector *out,
		   const struct json **at, const char **wrong);

bool selector_matches(const struct selector *s, const struct json *labels);

/* One requirement, for labels of which only some are known: value NULL is an absent label. */
bool requirement_matches(const struct requirement *r, const char *value);

#endif
