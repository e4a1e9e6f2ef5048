/* A row of the case files of ValidatingAdmissionPolicy. */
#ifndef TESTS_LIB_VAP_ROW_H
#define TESTS_LIB_VAP_ROW_H

#include "policy/admission/admission.h"

/* Its object, request and namespace; *resource is filled, and both point into the row. */
struct admission_change vap_change(const struct json *row, struct kind *resource);

#endif
