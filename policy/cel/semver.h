/* Semantic versions as Kubernetes reads them in CEL. */
#ifndef POLICY_CEL_SEMVER_H
#define POLICY_CEL_SEMVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/* pre and build are without the - and +; they point into the text that was parsed. */
struct semver {
	uint64_t major, minor, patch;
	const char *pre, *build; /* NULL: none */
	size_t n_pre, n_build;
};

/* ERR_INPUT in the words of Kubernetes. */
int semver_parse(const char *text, size_t n, struct semver *out, struct err *err);

/* "v1.02" is 1.2.0.  The result points into a copy in the arena. */
int semver_parse_tolerant(struct arena *a, const char *text, size_t n, struct semver *out,
			  struct err *err);

int semver_compare(const struct semver *a, const struct semver *b); /* build does not count */

void semver_text(const struct semver *v, struct buf *out);

#endif
