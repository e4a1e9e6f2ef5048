/* Selectors against the labels of pods, and budgets that allow no eviction. */
#include <string.h>

#include "policy/checks/check.h"
#include "policy/checks/subjects.h"

static bool is_kind(const struct checked *o, const char *group, const char *kind)
{
	return strcmp(o->ref->group, group) == 0 && strcmp(o->ref->kind, kind) == 0;
}

static bool is_workload(const struct checked *o)
{
	return is_kind(o, "apps", "Deployment") || is_kind(o, "apps", "ReplicaSet") ||
	       is_kind(o, "apps", "StatefulSet") || is_kind(o, "apps", "DaemonSet");
}

void check_selector_mismatch(struct check_run *r, const struct checked *o)
{
	const struct json *spec = json_get(o->object, "spec"), *metadata = NULL;
	const struct json *labels = json_at(spec, "selector", "matchLabels", NULL);
	if (!is_workload(o) || !json_is(labels, JSON_OBJECT) || !pod_spec_of(o->object, &metadata))
		return;
	for (uint32_t i = 0; i < labels->n; i++) {
		const struct json_member *m = &labels->members[i];
		const char *wanted = json_str(&m->value);
		const char *its = json_str(json_at(metadata, "labels", m->key, NULL));
		if (wanted && (!its || strcmp(its, wanted) != 0))
			complain(r, &m->value,
				 "the selector wants %s=%s, the template has %s%s: the API server "
				 "refuses it",
				 m->key, wanted, its ? "" : "no such label", its ? its : "");
	}
}

/* Only plain labels: what matchExpressions select is not looked for. */
static void look_for_pods(struct check_run *r, const struct checked *o, const struct json *labels,
			  const char *what)
{
	if (!json_is(labels, JSON_OBJECT) || !labels->n)
		return;
	if (world_pods(r, o->ref->namespace, labels) != FOUND_NOT)
		return;
	bool made = false;
	for (uint32_t i = 0; i < labels->n && !made; i++) {
		const char *value = json_str(&labels->members[i].value);
		made = value && makers_of_pods(r, o->ref->namespace, value);
	}
	if (!made)
		complain(r, labels, "%s selects no pods: none has these labels in namespace %s",
			 what, o->ref->namespace);
}

void check_selector_without_pods(struct check_run *r, const struct checked *o)
{
	const struct json *spec = json_get(o->object, "spec");
	const struct json *match = NULL;
	if (is_kind(o, "", "Service") && !text_is(json_get(spec, "type"), "ExternalName"))
		look_for_pods(r, o, json_get(spec, "selector"), "the Service");
	else if (is_kind(o, "policy", "PodDisruptionBudget"))
		match = json_get(spec, "selector");
	else if (is_kind(o, "networking.k8s.io", "NetworkPolicy"))
		match = json_get(spec, "podSelector");
	if (match && !list_in(match, "matchExpressions")->n)
		look_for_pods(r, o, json_get(match, "matchLabels"),
			      is_kind(o, "policy", "PodDisruptionBudget") ? "the budget"
									  : "the policy");
}

/* ---- budgets */

struct replicas {
	struct check_run *r;
	int64_t sum;
	bool unknown;
};

static bool on_workload(void *ctx, const struct object_ref *ref, const struct json *object)
{
	struct replicas *sum = ctx;
	const struct json *its = json_at(object, "spec", "replicas", NULL);
	int64_t n = 1;
	if (strcmp(ref->group, "apps") != 0 || strcmp(ref->kind, "DaemonSet") == 0)
		return true;
	sum->unknown |= (its && !json_int64(its, &n)) || makers_scale(sum->r, ref);
	sum->sum += n;
	return !sum->unknown;
}

/* The replicas of the workloads that Git declares for it; 0: not known. */
static int64_t declared_replicas(struct check_run *r, const struct checked *o)
{
	const struct json *selector = json_at(o->object, "spec", "selector", NULL);
	struct replicas sum = { r, 0, false };
	if (!list_in(selector, "matchExpressions")->n)
		pods_each(r, o->ref->namespace, json_get(selector, "matchLabels"), on_workload,
			  &sum);
	return sum.unknown ? 0 : sum.sum;
}

/* "50%" of them, rounded up as Kubernetes does. */
static bool part_of(const struct json *v, int64_t of, int64_t *out)
{
	const char *text = json_str(v);
	char *end;
	if (json_int64(v, out))
		return true;
	if (!text || *text < '0' || *text > '9' || strlen(text) > 4)
		return false;
	long percent = strtol(text, &end, 10);
	if (strcmp(end, "%") != 0)
		return false;
	*out = of / 100 * percent + (of % 100 * percent + 99) / 100;
	return true;
}

static bool is_text_or_number(const struct json *v, const char *text, int64_t number)
{
	int64_t n;
	return text_is(v, text) || (json_int64(v, &n) && n == number);
}

void check_disruption_budget(struct check_run *r, const struct checked *o)
{
	const struct json *spec = json_get(o->object, "spec");
	const struct json *most = json_get(spec, "maxUnavailable");
	const struct json *least = json_get(spec, "minAvailable");
	int64_t wanted, replicas;
	if (!is_kind(o, "policy", "PodDisruptionBudget"))
		return;
	if (is_text_or_number(most, "0%", 0))
		complain(r, most, "maxUnavailable %s allows no eviction: nodes cannot be drained",
			 most->text);
	else if (text_is(least, "100%"))
		complain(r, least,
			 "minAvailable 100%% allows no eviction: nodes cannot be drained");
	else if (least && (replicas = declared_replicas(r, o)) > 0 &&
		 part_of(least, replicas, &wanted) && wanted >= replicas)
		complain(r, least,
			 "minAvailable %s of %lld replicas allows no eviction: nodes cannot be "
			 "drained",
			 least->text, (long long)replicas);
}
