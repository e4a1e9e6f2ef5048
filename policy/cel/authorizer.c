/* The authorizer: declared, so that policies that ask it compile.  Whom it would allow what is
 * known to the cluster alone, so every answer is unknown. */
#include "policy/cel/library.h"

static const struct cel_type authorizer = { .kind = CEL_OBJECT,
					    .name = "kubernetes.authorization.Authorizer" };
static const struct cel_type path_check = { .kind = CEL_OBJECT,
					    .name = "kubernetes.authorization.PathCheck" };
static const struct cel_type group_check = { .kind = CEL_OBJECT,
					     .name = "kubernetes.authorization.GroupCheck" };
static const struct cel_type resource_check = { .kind = CEL_OBJECT,
						.name = "kubernetes.authorization.ResourceCheck" };
static const struct cel_type decision = { .kind = CEL_OBJECT,
					  .name = "kubernetes.authorization.Decision" };

static const struct cel_type *const types[] = { &authorizer, &path_check, &group_check,
						&resource_check, &decision };

static struct cel_value ask(struct cel_call *c)
{
	(void)c;
	return cel_unknown("what the cluster's authorizer would answer");
}

#define AUTHORIZER "kubernetes.authorization.Authorizer"
#define PATH       "kubernetes.authorization.PathCheck"
#define GROUP      "kubernetes.authorization.GroupCheck"
#define RESOURCE   "kubernetes.authorization.ResourceCheck"
#define DECISION   "kubernetes.authorization.Decision"
#define ASK(function, id, signature)                                                               \
	{                                                                                          \
		function, id, signature, .call = ask                                               \
	}

static const struct cel_overload overloads[] = {
	ASK("path", "authorizer_path", AUTHORIZER ".(string) -> " PATH),
	ASK("group", "authorizer_group", AUTHORIZER ".(string) -> " GROUP),
	ASK("serviceAccount", "authorizer_serviceaccount",
	    AUTHORIZER ".(string, string) -> " AUTHORIZER),
	ASK("resource", "groupcheck_resource", GROUP ".(string) -> " RESOURCE),
	ASK("subresource", "resourcecheck_subresource", RESOURCE ".(string) -> " RESOURCE),
	ASK("namespace", "resourcecheck_namespace", RESOURCE ".(string) -> " RESOURCE),
	ASK("name", "resourcecheck_name", RESOURCE ".(string) -> " RESOURCE),
	ASK("fieldSelector", "authorizer_fieldselector", RESOURCE ".(string) -> " RESOURCE),
	ASK("labelSelector", "authorizer_labelselector", RESOURCE ".(string) -> " RESOURCE),
	ASK("check", "pathcheck_check", PATH ".(string) -> " DECISION),
	ASK("check", "resourcecheck_check", RESOURCE ".(string) -> " DECISION),
	ASK("errored", "decision_errored", DECISION ".() -> bool"),
	ASK("error", "decision_error", DECISION ".() -> string"),
	ASK("allowed", "decision_allowed", DECISION ".() -> bool"),
	ASK("reason", "decision_reason", DECISION ".() -> string"),
};
const struct cel_library cel_authorizer = { .name = "authorizer",
					    .overloads = overloads,
					    .n_overloads = ARRAY_LEN(overloads),
					    .types = types,
					    .n_types = ARRAY_LEN(types) };
