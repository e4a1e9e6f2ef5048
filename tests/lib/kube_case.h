/* What unit tests beside a real API server share: its kubectl, and policies that are in force.
 *
 * RHUMB_TEST_KUBECONFIG names its kubeconfig, RHUMB_TEST_KUBECTL a kubectl (tests/with-kube);
 * without them such tests are skipped. */
#ifndef TESTS_LIB_KUBE_CASE_H
#define TESTS_LIB_KUBE_CASE_H

#include <stdbool.h>

#include "base/process.h"

bool kube_case_has_server(void);

/* args ends with NULL; input may be NULL.  The caller frees the result. */
struct process_result kube_case_run(const char *input, const char *const *args);
#define KUBECTL(input, ...) kube_case_run(input, (const char *const[]){ __VA_ARGS__, NULL })

/* Both free the result; the first fails the test where kubectl did. */
void kube_case_must(struct process_result result);
bool kube_case_succeeds(struct process_result result);

/* Waits until the server has seen all policies and bindings that were applied before: installs one
 * more, of that name, and asks until it denies.  The namespace has to exist. */
void kube_case_policies_in_force(const char *name, const char *namespace);
void kube_case_policies_done(const char *name); /* removes it */

#endif
