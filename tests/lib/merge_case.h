/* Cases of merging, as files in testdata/merge: what managers do to one object, step by step.
 *
 *   {"apiVersion": "v1", "kind": "ConfigMap",
 *    "crd": {...},                                   only for a kind of its own
 *    "steps": [{"manager": "rhumb", "apply": {...}, "force": true, "want": {...}},
 *              {"manager": "edit", "patch": {...}, "want": {...}},     merge patch, as an update
 *              {"manager": "edit", "create": {...}, "want": {...}}]}
 *
 * "want" is what merging here answers: {"error": "..."}, {"conflicts": "..."} or {"object": ...,
 * "managed": [...]} ("unchanged": true where nothing happened).  test_merge.c compares it;
 * test_merge_server.c compares the same steps with a real API server. */
#ifndef TESTS_LIB_MERGE_CASE_H
#define TESTS_LIB_MERGE_CASE_H

#include "plan/merge/apply.h"

struct merge_case {
	struct arena arena;
	const char *name;
	struct json file;
	struct schema_set schemas;
	struct json live; /* null before it exists */
};

enum { MERGE_CASES_MAX = 200 };

/* The names in testdata/merge, sorted, without ".json"; the caller frees with dir_names_free(). */
void merge_case_names(char ***names, size_t *n);

void merge_case_open(struct merge_case *c, const char *name);
void merge_case_done(struct merge_case *c);

/* Takes a step on c->live and says what came of it, in the form of "want". */
struct json merge_case_step(struct merge_case *c, const struct json *step);

/* The whole object of a step: its apiVersion, kind, name and namespace filled in. */
struct json merge_case_object(struct merge_case *c, const struct json *stated);

/* metadata.managedFields without times: [{manager, operation, subresource, fields}]. */
struct json merge_case_managed(struct arena *a, const struct json *object);

/* RFC 7386 */
struct json merge_patch(struct arena *a, const struct json *target, const struct json *patch);

#endif
