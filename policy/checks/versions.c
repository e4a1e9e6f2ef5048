/* API versions that are deprecated, or gone, in the version of Kubernetes that manifests are for.
 *
 * From the deprecation guide of Kubernetes and the API lifecycle of its types; the minor versions
 * of 1.N in which they were deprecated and in which they are no longer served. */
#include <string.h>

#include "policy/checks/check.h"
#include "policy/checks/subjects.h"

enum { THIS_MINOR = 36 }; /* where neither cluster nor rhumb.yaml names a version */

struct api_row {
	const char *group, *version, *kind; /* kind NULL: all of the version */
	unsigned deprecated, removed;       /* 0: not planned */
	const char *instead;                /* apiVersion; NULL: none */
};

static const struct api_row rows[] = {
	{ "extensions", "v1beta1", "Deployment", 8, 16, "apps/v1" },
	{ "extensions", "v1beta1", "DaemonSet", 8, 16, "apps/v1" },
	{ "extensions", "v1beta1", "ReplicaSet", 8, 16, "apps/v1" },
	{ "extensions", "v1beta1", "NetworkPolicy", 9, 16, "networking.k8s.io/v1" },
	{ "extensions", "v1beta1", "PodSecurityPolicy", 10, 16, NULL },
	{ "extensions", "v1beta1", "Ingress", 14, 22, "networking.k8s.io/v1" },
	{ "apps", "v1beta1", NULL, 9, 16, "apps/v1" },
	{ "apps", "v1beta2", NULL, 9, 16, "apps/v1" },
	{ "admissionregistration.k8s.io", "v1beta1", "MutatingWebhookConfiguration", 16, 22,
	  "admissionregistration.k8s.io/v1" },
	{ "admissionregistration.k8s.io", "v1beta1", "ValidatingWebhookConfiguration", 16, 22,
	  "admissionregistration.k8s.io/v1" },
	{ "admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicy", 30, 34,
	  "admissionregistration.k8s.io/v1" },
	{ "admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicyBinding", 30, 34,
	  "admissionregistration.k8s.io/v1" },
	{ "apiextensions.k8s.io", "v1beta1", NULL, 16, 22, "apiextensions.k8s.io/v1" },
	{ "apiregistration.k8s.io", "v1beta1", NULL, 16, 22, "apiregistration.k8s.io/v1" },
	{ "authentication.k8s.io", "v1beta1", "TokenReview", 16, 22, "authentication.k8s.io/v1" },
	{ "authorization.k8s.io", "v1beta1", NULL, 16, 22, "authorization.k8s.io/v1" },
	{ "autoscaling", "v2beta1", NULL, 22, 25, "autoscaling/v2" },
	{ "autoscaling", "v2beta2", NULL, 23, 26, "autoscaling/v2" },
	{ "batch", "v1beta1", "CronJob", 21, 25, "batch/v1" },
	{ "certificates.k8s.io", "v1beta1", "CertificateSigningRequest", 19, 22,
	  "certificates.k8s.io/v1" },
	{ "coordination.k8s.io", "v1beta1", "Lease", 19, 22, "coordination.k8s.io/v1" },
	{ "discovery.k8s.io", "v1beta1", NULL, 21, 25, "discovery.k8s.io/v1" },
	{ "events.k8s.io", "v1beta1", NULL, 19, 25, "events.k8s.io/v1" },
	{ "flowcontrol.apiserver.k8s.io", "v1beta1", NULL, 23, 26,
	  "flowcontrol.apiserver.k8s.io/v1" },
	{ "flowcontrol.apiserver.k8s.io", "v1beta2", NULL, 26, 29,
	  "flowcontrol.apiserver.k8s.io/v1" },
	{ "flowcontrol.apiserver.k8s.io", "v1beta3", NULL, 29, 32,
	  "flowcontrol.apiserver.k8s.io/v1" },
	{ "networking.k8s.io", "v1beta1", "Ingress", 19, 22, "networking.k8s.io/v1" },
	{ "networking.k8s.io", "v1beta1", "IngressClass", 19, 22, "networking.k8s.io/v1" },
	{ "node.k8s.io", "v1beta1", "RuntimeClass", 22, 25, "node.k8s.io/v1" },
	{ "policy", "v1beta1", "PodDisruptionBudget", 21, 25, "policy/v1" },
	{ "policy", "v1beta1", "PodSecurityPolicy", 21, 25, NULL },
	{ "rbac.authorization.k8s.io", "v1alpha1", NULL, 17, 23, "rbac.authorization.k8s.io/v1" },
	{ "rbac.authorization.k8s.io", "v1beta1", NULL, 17, 22, "rbac.authorization.k8s.io/v1" },
	{ "scheduling.k8s.io", "v1beta1", "PriorityClass", 14, 22, "scheduling.k8s.io/v1" },
	{ "storage.k8s.io", "v1beta1", "CSIDriver", 19, 22, "storage.k8s.io/v1" },
	{ "storage.k8s.io", "v1beta1", "CSINode", 17, 22, "storage.k8s.io/v1" },
	{ "storage.k8s.io", "v1beta1", "CSIStorageCapacity", 24, 27, "storage.k8s.io/v1" },
	{ "storage.k8s.io", "v1beta1", "StorageClass", 19, 22, "storage.k8s.io/v1" },
	{ "storage.k8s.io", "v1beta1", "VolumeAttachment", 19, 22, "storage.k8s.io/v1" },
	{ "", "v1", "Endpoints", 33, 0, "discovery.k8s.io/v1 EndpointSlice" },
	{ "", "v1", "ComponentStatus", 19, 0, NULL },
};

static const struct api_row *row_of(const struct json *object)
{
	const char *version = json_get_str(object, "apiVersion");
	const char *kind = json_get_str(object, "kind");
	for (size_t i = 0; version && kind && i < ARRAY_LEN(rows); i++) {
		const struct api_row *row = &rows[i];
		AUTO(auto_free)
		char *its = xfmt("%s%s%s", row->group, *row->group ? "/" : "", row->version);
		if (strcmp(its, version) == 0 && (!row->kind || strcmp(row->kind, kind) == 0))
			return row;
	}
	return NULL;
}

/* rhumb.yaml's, else the cluster's. */
static unsigned target_minor(const struct check_run *r)
{
	const char *text = r->config->kubernetes_version;
	if (!text)
		text = r->scene->plan->cluster_version;
	if (text && *text == 'v')
		text++;
	if (!text || strncmp(text, "1.", 2) != 0)
		return THIS_MINOR;
	unsigned minor = (unsigned)strtoul(text + 2, NULL, 10);
	return minor ? minor : THIS_MINOR;
}

/* Whether the cluster says itself that it serves it, whatever the table says. */
static bool is_served(const struct check_run *r, const struct json *object)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct plan_view *view = r->scene->view;
	const char *group, *version;
	if (r->config->kubernetes_version || !view->cluster || !view->kinds_complete)
		return false;
	object_split_api_version(&a, json_get_str(object, "apiVersion"), &group, &version);
	const struct kind *kind =
		kinds_find(view->kinds, group, version, json_get_str(object, "kind"));
	return kind && !kind->deferred; /* a CRD of the same plan does not count */
}

void check_removed_api(struct check_run *r, const struct checked *o)
{
	const struct api_row *row = row_of(o->object);
	unsigned minor = target_minor(r);
	if (!row || !row->removed || minor < row->removed || is_served(r, o->object))
		return;
	complain(r, json_get(o->object, "apiVersion"),
		 "%s %s is not served since Kubernetes 1.%u (this is for 1.%u)%s%s",
		 json_get_str(o->object, "apiVersion"), json_get_str(o->object, "kind"),
		 row->removed, minor, row->instead ? ": write " : "",
		 row->instead ? row->instead : "");
}

void check_deprecated_api(struct check_run *r, const struct checked *o)
{
	const struct api_row *row = row_of(o->object);
	unsigned minor = target_minor(r);
	if (!row || minor < row->deprecated || (row->removed && minor >= row->removed))
		return;
	AUTO(auto_free)
	char *end = row->removed ? xfmt(" and gone in 1.%u", row->removed) : xstrdup("");
	complain(r, json_get(o->object, "apiVersion"),
		 "%s %s is deprecated since Kubernetes 1.%u%s%s%s",
		 json_get_str(o->object, "apiVersion"), json_get_str(o->object, "kind"),
		 row->deprecated, end, row->instead ? ": write " : "",
		 row->instead ? row->instead : "");
}
