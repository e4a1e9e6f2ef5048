/* One expression in the environment of Kubernetes, and what comes of it as text. */
#ifndef TESTS_LIB_CEL_FIXTURE_H
#define TESTS_LIB_CEL_FIXTURE_H

#include "policy/cel/cel.h"
#include "tests/lib/fixture.h"

/* `object` is the document (JSON text; NULL: null), `secret` an unknown, `failed` an error,
 * `authorizer` as in Kubernetes.  Gives "int 3", "error no such key: x", "unknown ...", or
 * "parse 1:3 message" (check, program) for what does not compile; the caller frees. */
char *cel_fixture(const char *expression, const char *object, const struct cel_limits *limits);

/* The type that the checker gives, or the issue as above. */
char *cel_fixture_type(const char *expression);

struct cel_row {
	const char *expression, *expected;
	const char *object;
};

/* A row as a test. */
void cel_fixture_row(void **state);
int cel_fixture_rows(const char *group, const struct cel_row *rows, size_t n);

#endif
