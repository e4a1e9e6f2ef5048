/* See order.h. */
#include "plan/order.h"

#include <string.h>

/* What others refer to comes before what refers to it; what can refuse or intercept requests
 * (webhooks, admission policies, aggregated APIs) comes last, so that it does not stand in the
 * way of the workloads that serve it.  Kinds that are not listed rank at CUSTOM. */
static const struct {
	const char *kind;
	int rank;
} ranks[] = {
	{ "APIService", 90 },
	{ "ClusterRole", 40 },
	{ "ClusterRoleBinding", 41 },
	{ "ConfigMap", 31 },
	{ "CronJob", 67 },
	{ "CustomResourceDefinition", 10 },
	{ "DaemonSet", 60 },
	{ "Deployment", 63 },
	{ "HorizontalPodAutoscaler", 64 },
	{ "Ingress", 69 },
	{ "IngressClass", 68 },
	{ "Job", 66 },
	{ "LimitRange", 22 },
	{ "MutatingAdmissionPolicy", 91 },
	{ "MutatingAdmissionPolicyBinding", 92 },
	{ "MutatingWebhookConfiguration", 93 },
	{ "Namespace", 0 },
	{ "NetworkPolicy", 20 },
	{ "PersistentVolume", 33 },
	{ "PersistentVolumeClaim", 34 },
	{ "Pod", 61 },
	{ "PodDisruptionBudget", 23 },
	{ "PriorityClass", 11 },
	{ "ReplicaSet", 62 },
	{ "ReplicationController", 62 },
	{ "ResourceQuota", 21 },
	{ "Role", 42 },
	{ "RoleBinding", 43 },
	{ "Secret", 30 },
	{ "Service", 50 },
	{ "ServiceAccount", 25 },
	{ "StatefulSet", 65 },
	{ "StorageClass", 32 },
	{ "ValidatingAdmissionPolicy", 91 },
	{ "ValidatingAdmissionPolicyBinding", 92 },
	{ "ValidatingWebhookConfiguration", 93 },
};
enum { CUSTOM = 80 };

int order_rank(const struct object_ref *ref)
{
	size_t lo = 0, hi = ARRAY_LEN(ranks);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = strcmp(ranks[mid].kind, ref->kind);
		if (!d)
			return ranks[mid].rank;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return CUSTOM;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int order_compare(const struct change *a, const struct change *b)
{
	bool a_delete = a->action == ACTION_DELETE, b_delete = b->action == ACTION_DELETE;
	if (a_delete != b_delete)
		return a_delete ? 1 : -1;
	int d = compare_numbers(a->wave, b->wave);
	if (!d)
		d = compare_numbers(order_rank(&a->ref), order_rank(&b->ref));
	if (!d)
		d = object_ref_compare(&a->ref, &b->ref);
	return a_delete ? -d : d;
}
