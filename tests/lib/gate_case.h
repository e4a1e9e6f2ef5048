/* A plan of a small repository, base against head, as the gate judges it. */
#ifndef TESTS_LIB_GATE_CASE_H
#define TESTS_LIB_GATE_CASE_H

#include "tests/lib/fixture.h"

#include "plan/plan.h"

enum { GATE_CASE_FILES = 6 };

/* rhumb.yaml where none of the files is one: the application "app" at app/, the policies in
 * policies/ if there are any. */
struct gate_case {
	const char *name;
	struct gate_case_file {
		const char *path;
		const char *base; /* NULL: not there */
		const char *head; /* NULL: the same; "": removed */
	} files[GATE_CASE_FILES];
	const char *want; /* what gate_case_text() gives, or what an error begins with */
};

/* The verdicts, one a line: "deny[ existing][ pass] POLICY OBJECT FILE:LINE:COL[ PATH] message",
 * then "waiver STATE POLICY OBJECT", "note ..."; or the error.  The caller frees. */
char *gate_case_text(const struct gate_case *c);

/* The same as a test: *state is the case. */
void gate_case_run(void **state);

#define GATE_CASE_TIME "2026-06-15T12:00:00Z"

#endif
