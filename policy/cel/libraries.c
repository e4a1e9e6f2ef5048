/* The libraries that Kubernetes 1.36 enables for a ValidatingAdmissionPolicy, in the order in which
 * their overloads are tried. */
#include "policy/cel/lib.h"
#include "policy/cel/standard.h"

#include "base/mem.h"

const struct cel_library *const cel_kubernetes_libraries[] = {
	&cel_std_operators,
	&cel_std_text,
	&cel_std_conversions,
	&cel_std_times,
	&cel_optionals,
	&cel_strings,
	&cel_lists,
	&cel_sets,
	&cel_regex,
	&cel_kubernetes_lists,
	&cel_url,
	&cel_quantity,
	&cel_ip,
	&cel_cidr,
	&cel_named_formats,
	&cel_semver,
	&cel_authorizer,
};
const unsigned cel_kubernetes_n_libraries = ARRAY_LEN(cel_kubernetes_libraries);
