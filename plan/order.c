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

int order_stage(const struct change *c)
{
	static const int of_hook[] = {
		[HOOK_PRE_SYNC] = 0,
		[HOOK_POST_SYNC] = 3,
		[HOOK_SYNC_FAIL] = 4,
	};
	if (change_is_hook(c))
		return of_hook[c->hook.phase];
	return c->action == ACTION_DELETE ? 2 : 1;
}

int order_compare(const struct change *a, const struct change *b)
{
	bool a_delete = a->action == ACTION_DELETE;
	int d = compare_numbers(order_stage(a), order_stage(b));
	if (d)
		return d;
	d = compare_numbers(a->wave, b->wave);
	if (!d)
		d = compare_numbers(order_rank(&a->ref), order_rank(&b->ref));
	if (!d)
		d = object_ref_compare(&a->ref, &b->ref);
	return a_delete ? -d : d;
}

/* ---- what PreSync hooks need */

static bool is_crd_of(const struct change *c, const struct object_ref *ref)
{
	const struct json *spec = json_get(c->desired, "spec");
	const char *group = json_get_str(spec, "group");
	const char *kind = json_get_str(json_get(spec, "names"), "kind");
	return strcmp(c->ref.kind, "CustomResourceDefinition") == 0 &&
	       strcmp(c->ref.group, "apiextensions.k8s.io") == 0 && group && kind &&
	       strcmp(group, ref->group) == 0 && strcmp(kind, ref->kind) == 0;
}

static bool is_namespace_of(const struct change *c, const struct object_ref *ref)
{
	return !*c->ref.group && strcmp(c->ref.kind, "Namespace") == 0 &&
	       strcmp(c->ref.name, ref->namespace) == 0;
}

static bool is_needed(const struct change *c, const struct change *hooks, size_t n)
{
	if (change_is_hook(c) || !action_writes(c->action) || c->action == ACTION_DELETE)
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_namespace_of(c, &hooks[i].ref) || is_crd_of(c, &hooks[i].ref))
			return true;
	return false;
}

static int by_order(const void *a, const void *b)
{
	return order_compare(a, b);
}

void order_changes(struct change *changes, size_t n)
{
	size_t hooks = 0, first = 0;
	if (n)
		qsort(changes, n, sizeof(*changes), by_order);
	while (hooks < n && order_stage(&changes[hooks]) == 0)
		hooks++;
	for (size_t i = hooks; hooks && i < n; i++) {
		if (!is_needed(&changes[i], changes + first, hooks))
			continue;
		struct change needed = changes[i];
		memmove(changes + first + 1, changes + first, (i - first) * sizeof(*changes));
		changes[first++] = needed;
	}
}
