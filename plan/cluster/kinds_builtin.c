/* What a kube-apiserver 1.36 serves with its default flags: every stable version (beta and alpha
 * ones are off unless asked for), without subresources.  Facts from its published discovery
 * documents, in the table's own order. */
#include "plan/cluster/kinds.h"

enum {
	NAMESPACED = 1 << 0,
	OBJECTS = 1 << 1,   /* get, list, create, patch, delete */
	READ_ONLY = 1 << 2, /* get, list */
	OLD = 1 << 3,       /* the group prefers another version */
};

/* With neither OBJECTS nor READ_ONLY: a question that is answered when it is created. */
static const struct builtin {
	const char *group, *version, *kind, *plural;
	unsigned flags;
} builtins[] = {
	{ "", "v1", "Binding", "bindings", NAMESPACED },
	{ "", "v1", "ComponentStatus", "componentstatuses", READ_ONLY },
	{ "", "v1", "ConfigMap", "configmaps", NAMESPACED | OBJECTS },
	{ "", "v1", "Endpoints", "endpoints", NAMESPACED | OBJECTS },
	{ "", "v1", "Event", "events", NAMESPACED | OBJECTS },
	{ "", "v1", "LimitRange", "limitranges", NAMESPACED | OBJECTS },
	{ "", "v1", "Namespace", "namespaces", OBJECTS },
	{ "", "v1", "Node", "nodes", OBJECTS },
	{ "", "v1", "PersistentVolume", "persistentvolumes", OBJECTS },
	{ "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", NAMESPACED | OBJECTS },
	{ "", "v1", "Pod", "pods", NAMESPACED | OBJECTS },
	{ "", "v1", "PodTemplate", "podtemplates", NAMESPACED | OBJECTS },
	{ "", "v1", "ReplicationController", "replicationcontrollers", NAMESPACED | OBJECTS },
	{ "", "v1", "ResourceQuota", "resourcequotas", NAMESPACED | OBJECTS },
	{ "", "v1", "Secret", "secrets", NAMESPACED | OBJECTS },
	{ "", "v1", "Service", "services", NAMESPACED | OBJECTS },
	{ "", "v1", "ServiceAccount", "serviceaccounts", NAMESPACED | OBJECTS },
	{ "admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy",
	  "mutatingadmissionpolicies", OBJECTS },
	{ "admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding",
	  "mutatingadmissionpolicybindings", OBJECTS },
	{ "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration",
	  "mutatingwebhookconfigurations", OBJECTS },
	{ "admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy",
	  "validatingadmissionpolicies", OBJECTS },
	{ "admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding",
	  "validatingadmissionpolicybindings", OBJECTS },
	{ "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration",
	  "validatingwebhookconfigurations", OBJECTS },
	{ "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
	  OBJECTS },
	{ "apiregistration.k8s.io", "v1", "APIService", "apiservices", OBJECTS },
	{ "apps", "v1", "ControllerRevision", "controllerrevisions", NAMESPACED | OBJECTS },
	{ "apps", "v1", "DaemonSet", "daemonsets", NAMESPACED | OBJECTS },
	{ "apps", "v1", "Deployment", "deployments", NAMESPACED | OBJECTS },
	{ "apps", "v1", "ReplicaSet", "replicasets", NAMESPACED | OBJECTS },
	{ "apps", "v1", "StatefulSet", "statefulsets", NAMESPACED | OBJECTS },
	{ "authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", 0 },
	{ "authentication.k8s.io", "v1", "TokenReview", "tokenreviews", 0 },
	{ "authorization.k8s.io", "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews",
	  NAMESPACED },
	{ "authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", 0 },
	{ "authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", 0 },
	{ "authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", 0 },
	{ "autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers",
	  NAMESPACED | OBJECTS | OLD },
	{ "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers",
	  NAMESPACED | OBJECTS },
	{ "batch", "v1", "CronJob", "cronjobs", NAMESPACED | OBJECTS },
	{ "batch", "v1", "Job", "jobs", NAMESPACED | OBJECTS },
	{ "certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests",
	  OBJECTS },
	{ "coordination.k8s.io", "v1", "Lease", "leases", NAMESPACED | OBJECTS },
	{ "discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", NAMESPACED | OBJECTS },
	{ "events.k8s.io", "v1", "Event", "events", NAMESPACED | OBJECTS },
	{ "flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", "flowschemas", OBJECTS },
	{ "flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfiguration",
	  "prioritylevelconfigurations", OBJECTS },
	{ "networking.k8s.io", "v1", "IPAddress", "ipaddresses", OBJECTS },
	{ "networking.k8s.io", "v1", "Ingress", "ingresses", NAMESPACED | OBJECTS },
	{ "networking.k8s.io", "v1", "IngressClass", "ingressclasses", OBJECTS },
	{ "networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", NAMESPACED | OBJECTS },
	{ "networking.k8s.io", "v1", "ServiceCIDR", "servicecidrs", OBJECTS },
	{ "node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", OBJECTS },
	{ "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", NAMESPACED | OBJECTS },
	{ "rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", OBJECTS },
	{ "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", OBJECTS },
	{ "rbac.authorization.k8s.io", "v1", "Role", "roles", NAMESPACED | OBJECTS },
	{ "rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", NAMESPACED | OBJECTS },
	{ "resource.k8s.io", "v1", "DeviceClass", "deviceclasses", OBJECTS },
	{ "resource.k8s.io", "v1", "ResourceClaim", "resourceclaims", NAMESPACED | OBJECTS },
	{ "resource.k8s.io", "v1", "ResourceClaimTemplate", "resourceclaimtemplates",
	  NAMESPACED | OBJECTS },
	{ "resource.k8s.io", "v1", "ResourceSlice", "resourceslices", OBJECTS },
	{ "scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", OBJECTS },
	{ "storage.k8s.io", "v1", "CSIDriver", "csidrivers", OBJECTS },
	{ "storage.k8s.io", "v1", "CSINode", "csinodes", OBJECTS },
	{ "storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities",
	  NAMESPACED | OBJECTS },
	{ "storage.k8s.io", "v1", "StorageClass", "storageclasses", OBJECTS },
	{ "storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", OBJECTS },
	{ "storage.k8s.io", "v1", "VolumeAttributesClass", "volumeattributesclasses", OBJECTS },
};

void kinds_add_builtin(struct kind_table *t)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
		const struct builtin *b = &builtins[i];
		kinds_add(t, &(struct kind){
				     .group = b->group,
				     .version = b->version,
				     .kind = b->kind,
				     .plural = b->plural,
				     .namespaced = b->flags & NAMESPACED,
				     .listable = b->flags & (OBJECTS | READ_ONLY),
				     .appliable = b->flags & OBJECTS,
				     .preferred = !(b->flags & OLD),
			     });
	}
}
