/* The libraries that Kubernetes 1.36 enables for a ValidatingAdmissionPolicy, in the order in which
 * their overloads are tried. */
#include "policy/cel/library.h"

#include "base/mem.h"

const struct cel_library *const cel_kubernetes_libraries[] = {
	&cel_standard,
};
const unsigned cel_kubernetes_n_libraries = ARRAY_LEN(cel_kubernetes_libraries);
