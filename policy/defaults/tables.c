/* Defaults of the built-in kinds.  The rows are in the order in which they are applied: a later
 * one may ask for what an earlier one has set. */
#include <string.h>

#include "policy/defaults/pod.h"

/* ---- workloads */

static const struct rule deployment_rules[] = {
	RULE_RULES("spec.template", pod_template_rules),
	RULE_INT("spec.replicas", "1"),
	RULE_STRING("spec.strategy+.type", "RollingUpdate"),
	RULE_IF("spec.strategy.rollingUpdate", VALUE_OBJECT, NULL, "type", "RollingUpdate"),
	RULE_STRING("spec.strategy.rollingUpdate.maxUnavailable", "25%"),
	RULE_STRING("spec.strategy.rollingUpdate.maxSurge", "25%"),
	RULE_INT("spec.revisionHistoryLimit", "10"),
	RULE_INT("spec.progressDeadlineSeconds", "600"),
	RULE_OBJECT("status"),
	RULES_END,
};

static const struct rule claim_spec_rules[] = {
	RULE_STRING("volumeMode", "Filesystem"),
	RULES_END,
};

static const struct rule stateful_set_rules[] = {
	RULE_RULES("spec.template", pod_template_rules),
	RULE_INT("spec.replicas", "1"),
	RULE_STRING("spec.podManagementPolicy", "OrderedReady"),
	RULE_STRING("spec.updateStrategy+.type", "RollingUpdate"),
	RULE_IF("spec.updateStrategy.rollingUpdate", VALUE_OBJECT, NULL, "type", "RollingUpdate"),
	RULE_INT("spec.updateStrategy.rollingUpdate.partition", "0"),
	RULE_INT("spec.revisionHistoryLimit", "10"),
	RULE_STRING("spec.persistentVolumeClaimRetentionPolicy+.whenDeleted", "Retain"),
	RULE_STRING("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain"),
	RULE_STRING("spec.volumeClaimTemplates[].apiVersion", "v1"),
	RULE_STRING("spec.volumeClaimTemplates[].kind", "PersistentVolumeClaim"),
	RULE_RULES("spec.volumeClaimTemplates[].spec", claim_spec_rules),
	RULE_STRING("spec.volumeClaimTemplates[].status+.phase", "Pending"),
	RULE_INT("status+.replicas", "0"),
	RULE_INT("status.availableReplicas", "0"),
	RULES_END,
};

static const struct rule daemon_set_rules[] = {
	RULE_RULES("spec.template", pod_template_rules),
	RULE_STRING("spec.updateStrategy+.type", "RollingUpdate"),
	RULE_IF("spec.updateStrategy.rollingUpdate", VALUE_OBJECT, NULL, "type", "RollingUpdate"),
	RULE_INT("spec.updateStrategy.rollingUpdate.maxUnavailable", "1"),
	RULE_INT("spec.updateStrategy.rollingUpdate.maxSurge", "0"),
	RULE_INT("spec.revisionHistoryLimit", "10"),
	RULE_INT("status+.currentNumberScheduled", "0"),
	RULE_INT("status.numberMisscheduled", "0"),
	RULE_INT("status.desiredNumberScheduled", "0"),
	RULE_INT("status.numberReady", "0"),
	RULES_END,
};

static const struct rule replica_set_rules[] = {
	RULE_RULES("spec.template", pod_template_rules),
	RULE_INT("spec.replicas", "1"),
	RULE_INT("status+.replicas", "0"),
	RULES_END,
};

static void controller_selector(struct arena *a, struct json *object)
{
	const struct json *labels = json_at(object, "spec", "template", "metadata", "labels", NULL);
	struct json *spec = edit_member(object, "spec");
	if (!json_is(labels, JSON_OBJECT) || !json_is(spec, JSON_OBJECT))
		return;
	struct json copy = json_copy(a, labels);
	if (!json_get(spec, "selector"))
		json_set(a, spec, "selector", copy);
	struct json *metadata = json_edit(a, object, "metadata");
	if (!json_get(metadata, "labels"))
		json_set(a, metadata, "labels", json_copy(a, &copy));
}

static const struct rule replication_controller_rules[] = {
	RULE_CALL("", controller_selector),
	RULE_RULES("spec.template", pod_template_rules),
	RULE_INT("spec.replicas", "1"),
	RULE_INT("status+.replicas", "0"),
	RULES_END,
};

/* One completion, one at a time, where neither is given. */
static void job_counts(struct arena *a, struct json *spec)
{
	if (!json_get(spec, "completions") && !json_get(spec, "parallelism"))
		json_set_int(a, spec, "completions", 1);
	if (!json_get(spec, "parallelism"))
		json_set_int(a, spec, "parallelism", 1);
}

static void label_job(struct arena *a, struct json *metadata, const char *name)
{
	struct json *labels = json_edit(a, metadata, "labels");
	if (!json_get(labels, "batch.kubernetes.io/job-name"))
		json_set_str(a, labels, "batch.kubernetes.io/job-name", name);
	if (!json_get(labels, "job-name"))
		json_set_str(a, labels, "job-name", name);
}

/* The server adds its uid too, which nobody knows before. */
static void job_labels(struct arena *a, struct json *object)
{
	const char *name = json_str(json_at(object, "metadata", "name", NULL));
	struct json *template = edit_member(edit_member(object, "spec"), "template");
	if (!name || !json_is(template, JSON_OBJECT))
		return;
	label_job(a, json_edit(a, template, "metadata"), name);
	label_job(a, json_edit(a, object, "metadata"), name);
}

static const struct rule job_rules[] = {
	RULE_CALL("", job_labels),
	RULE_RULES("spec.template", pod_template_rules),
	RULE_CALL("spec", job_counts),
	RULE_INT("spec.backoffLimit", "6"),
	RULE_STRING("spec.completionMode", "NonIndexed"),
	RULE_BOOL("spec.suspend", "false"),
	RULE_BOOL("spec.manualSelector", "false"),
	RULE_IF("spec.podReplacementPolicy", VALUE_STRING, "TerminatingOrFailed",
		"podFailurePolicy", NULL),
	RULE_STRING("spec.podReplacementPolicy", "Failed"),
	RULE_OBJECT("status"),
	RULES_END,
};

static const struct rule cron_job_rules[] = {
	RULE_RULES("spec.jobTemplate.spec.template", pod_template_rules),
	RULE_OBJECT("spec.jobTemplate.metadata"),
	RULE_STRING("spec.concurrencyPolicy", "Allow"),
	RULE_BOOL("spec.suspend", "false"),
	RULE_INT("spec.successfulJobsHistoryLimit", "3"),
	RULE_INT("spec.failedJobsHistoryLimit", "1"),
	RULE_OBJECT("status"),
	RULES_END,
};

static void scale_on_cpu(struct arena *a, struct json *spec)
{
	if (json_get(spec, "metrics"))
		return;
	struct json *metrics = json_set(a, spec, "metrics", json_of_array());
	struct json *metric = json_append(a, metrics, json_of_object());
	json_set_str(a, metric, "type", "Resource");
	struct json *resource = json_edit(a, metric, "resource");
	json_set_str(a, resource, "name", "cpu");
	struct json *target = json_edit(a, resource, "target");
	json_set_str(a, target, "type", "Utilization");
	json_set_int(a, target, "averageUtilization", 80);
}

static void no_metrics(struct arena *a, struct json *status)
{
	json_set(a, status, "currentMetrics", json_of_null());
	json_set_int(a, status, "desiredReplicas", 0);
}

static const struct rule autoscaler_rules[] = {
	RULE_INT("spec.minReplicas", "1"),
	RULE_CALL("spec", scale_on_cpu),
	RULE_CALL("status+", no_metrics),
	RULES_END,
};

/* ---- network */

static bool is_type(const struct json *spec, const char *type)
{
	const char *its = json_get_str(spec, "type");
	return its && strcmp(its, type) == 0;
}

static void service_policies(struct arena *a, struct json *spec)
{
	bool balancer = is_type(spec, "LoadBalancer"), node = balancer || is_type(spec, "NodePort");
	if (node && !json_get(spec, "externalTrafficPolicy"))
		json_set_str(a, spec, "externalTrafficPolicy", "Cluster");
	if ((node || is_type(spec, "ClusterIP")) && !json_get(spec, "internalTrafficPolicy"))
		json_set_str(a, spec, "internalTrafficPolicy", "Cluster");
	if (balancer && !json_get(spec, "allocateLoadBalancerNodePorts"))
		json_set(a, spec, "allocateLoadBalancerNodePorts", json_of_bool(true));
}

static void service_families(struct arena *a, struct json *spec)
{
	const char *address = json_get_str(spec, "clusterIP");
	if (is_type(spec, "ExternalName"))
		return;
	if (!json_get(spec, "ipFamilyPolicy"))
		json_set_str(a, spec, "ipFamilyPolicy", "SingleStack");
	if (!json_get(spec, "ipFamilies")) {
		struct json *families = json_set(a, spec, "ipFamilies", json_of_array());
		bool six = address && strchr(address, ':');
		json_append(a, families, json_of_string(a, six ? "IPv6" : "IPv4"));
	}
	if (address && *address && !json_get(spec, "clusterIPs")) {
		struct json *addresses = json_set(a, spec, "clusterIPs", json_of_array());
		json_append(a, addresses, json_of_string(a, address));
	}
}

static const struct rule service_rules[] = {
	RULE_STRING("spec.sessionAffinity", "None"),
	RULE_IF("spec.sessionAffinityConfig", VALUE_OBJECT, NULL, "sessionAffinity", "ClientIP"),
	RULE_INT("spec.sessionAffinityConfig.clientIP+.timeoutSeconds", "10800"),
	RULE_STRING("spec.type", "ClusterIP"),
	RULE_STRING("spec.ports[].protocol", "TCP"),
	RULE_COPY("spec.ports[].targetPort", "port"),
	RULE_CALL("spec", service_policies),
	RULE_CALL("spec", service_families),
	RULE_OBJECT("status+.loadBalancer"),
	RULES_END,
};

static const struct rule ingress_rules[] = {
	RULE_OBJECT("status+.loadBalancer"),
	RULES_END,
};

static void policy_types(struct arena *a, struct json *spec)
{
	if (json_get(spec, "policyTypes"))
		return;
	struct json *types = json_set(a, spec, "policyTypes", json_of_array());
	json_append(a, types, json_of_string(a, "Ingress"));
	if (json_get(spec, "egress"))
		json_append(a, types, json_of_string(a, "Egress"));
}

static const struct rule network_policy_rules[] = {
	RULE_STRING("spec.ingress[].ports[].protocol", "TCP"),
	RULE_STRING("spec.egress[].ports[].protocol", "TCP"),
	RULE_CALL("spec", policy_types),
	RULES_END,
};

/* ---- storage, configuration, rights */

static const struct rule claim_rules[] = {
	RULE_LIST("metadata.finalizers", "kubernetes.io/pvc-protection"),
	RULE_RULES("spec", claim_spec_rules),
	RULE_STRING("status+.phase", "Pending"),
	RULES_END,
};

static const struct rule volume_rules[] = {
	RULE_LIST("metadata.finalizers", "kubernetes.io/pv-protection"),
	RULE_STRING("spec.persistentVolumeReclaimPolicy", "Retain"),
	RULE_STRING("spec.volumeMode", "Filesystem"),
	RULE_STRING("spec.hostPath.type", ""),
	RULE_STRING("status+.phase", "Pending"),
	RULES_END,
};

static const struct rule storage_class_rules[] = {
	RULE_STRING("reclaimPolicy", "Delete"),
	RULE_STRING("volumeBindingMode", "Immediate"),
	RULES_END,
};

static const struct rule secret_rules[] = {
	RULE_STRING("type", "Opaque"),
	RULES_END,
};

static void namespace_label(struct arena *a, struct json *metadata)
{
	const char *name = json_get_str(metadata, "name");
	if (name)
		json_set_str(a, json_edit(a, metadata, "labels"), "kubernetes.io/metadata.name",
			     name);
}

static void finalizers(struct arena *a, struct json *spec)
{
	if (json_get(spec, "finalizers"))
		return;
	struct json *list = json_set(a, spec, "finalizers", json_of_array());
	json_append(a, list, json_of_string(a, "kubernetes"));
}

static const struct rule namespace_rules[] = {
	RULE_CALL("metadata", namespace_label),
	RULE_CALL("spec+", finalizers),
	RULE_STRING("status+.phase", "Active"),
	RULES_END,
};

#define RBAC "rbac.authorization.k8s.io"
static const struct rule role_binding_rules[] = {
	RULE_STRING("roleRef.apiGroup", RBAC),
	RULE_IF("subjects[].apiGroup", VALUE_STRING, RBAC, "kind", "User"),
	RULE_IF("subjects[].apiGroup", VALUE_STRING, RBAC, "kind", "Group"),
	RULES_END,
};

static const struct rule disruption_budget_rules[] = {
	RULE_INT("status+.currentHealthy", "0"),
	RULE_INT("status.desiredHealthy", "0"),
	RULE_INT("status.disruptionsAllowed", "0"),
	RULE_INT("status.expectedPods", "0"),
	RULES_END,
};

static const struct rule pod_template_object_rules[] = {
	RULE_RULES("template", pod_template_rules),
	RULES_END,
};

static const struct {
	const char *group, *kind;
	const struct rule *rules;
} tables[] = {
	{ "", "Namespace", namespace_rules },
	{ "", "PersistentVolume", volume_rules },
	{ "", "PersistentVolumeClaim", claim_rules },
	{ "", "Pod", pod_rules },
	{ "", "PodTemplate", pod_template_object_rules },
	{ "", "ReplicationController", replication_controller_rules },
	{ "", "Secret", secret_rules },
	{ "", "Service", service_rules },
	{ "apps", "DaemonSet", daemon_set_rules },
	{ "apps", "Deployment", deployment_rules },
	{ "apps", "ReplicaSet", replica_set_rules },
	{ "apps", "StatefulSet", stateful_set_rules },
	{ "autoscaling", "HorizontalPodAutoscaler", autoscaler_rules },
	{ "batch", "CronJob", cron_job_rules },
	{ "batch", "Job", job_rules },
	{ "networking.k8s.io", "Ingress", ingress_rules },
	{ "networking.k8s.io", "NetworkPolicy", network_policy_rules },
	{ "policy", "PodDisruptionBudget", disruption_budget_rules },
	{ RBAC, "ClusterRoleBinding", role_binding_rules },
	{ RBAC, "RoleBinding", role_binding_rules },
	{ "storage.k8s.io", "StorageClass", storage_class_rules },
};

const struct rule *rules_of(const char *group, const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (strcmp(tables[i].group, group) == 0 && strcmp(tables[i].kind, kind) == 0)
			return tables[i].rules;
	return NULL;
}
