/* What the server itself puts into an object; see file.h. */
#include <ctype.h>
#include <string.h>

#include "base/digest.h"
#include "plan/cluster/file/file.h"

/* Built-in kinds that count their generations (those of CRDs do). */
static const struct {
	const char *group, *kind;
} counted[] = {
	{ "", "Pod" },
	{ "", "ReplicationController" },
	{ "admissionregistration.k8s.io", "MutatingAdmissionPolicy" },
	{ "admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding" },
	{ "admissionregistration.k8s.io", "MutatingWebhookConfiguration" },
	{ "admissionregistration.k8s.io", "ValidatingAdmissionPolicy" },
	{ "admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding" },
	{ "admissionregistration.k8s.io", "ValidatingWebhookConfiguration" },
	{ "apiextensions.k8s.io", "CustomResourceDefinition" },
	{ "apps", "DaemonSet" },
	{ "apps", "Deployment" },
	{ "apps", "ReplicaSet" },
	{ "apps", "StatefulSet" },
	{ "batch", "CronJob" },
	{ "batch", "Job" },
	{ "discovery.k8s.io", "EndpointSlice" },
	{ "flowcontrol.apiserver.k8s.io", "FlowSchema" },
	{ "flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration" },
	{ "networking.k8s.io", "Ingress" },
	{ "networking.k8s.io", "IngressClass" },
	{ "networking.k8s.io", "NetworkPolicy" },
	{ "policy", "PodDisruptionBudget" },
	{ "resource.k8s.io", "DeviceClass" },
	{ "resource.k8s.io", "ResourceSlice" },
};

static bool is(const struct kind *kind, const char *group, const char *name)
{
	return strcmp(kind->group, group) == 0 && strcmp(kind->kind, name) == 0;
}

static bool counts_generations(const struct file_folder *folder, const struct kind *kind)
{
	if (file_crd_of(folder, kind))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(counted); i++)
		if (is(kind, counted[i].group, counted[i].kind))
			return true;
	return false;
}

static const struct json *version_of(const struct json *crd, const char *version)
{
	const struct json *versions = json_at(crd, "spec", "versions", NULL);
	for (uint32_t i = 0; json_is(versions, JSON_ARRAY) && i < versions->n; i++) {
		const char *name = json_get_str(&versions->items[i], "name");
		if (name && strcmp(name, version) == 0)
			return &versions->items[i];
	}
	return NULL;
}

bool file_keeps_status(const struct file_folder *folder, const struct kind *kind)
{
	const struct json *crd = file_crd_of(folder, kind);
	if (crd)
		return json_at(version_of(crd, kind->version), "subresources", "status", NULL);
	return schema_field(schema_root(NULL, kind->group, kind->version, kind->kind), "status");
}

/* ---- kinds that are more than what was stated */

static void set_missing(struct arena *a, struct json *object, const char *key, const char *text)
{
	if (!json_get(object, key))
		json_set_str(a, object, key, text);
}

static void prepare_namespace(struct arena *a, const char *name, struct json *object)
{
	struct json *labels = json_edit(a, json_edit(a, object, "metadata"), "labels");
	json_set_str(a, labels, "kubernetes.io/metadata.name", name);
	struct json *spec = json_edit(a, object, "spec");
	if (!json_get(spec, "finalizers")) {
		struct json finalizers = json_of_array();
		json_append(a, &finalizers, json_of_string(a, "kubernetes"));
		json_set(a, spec, "finalizers", finalizers);
	}
	set_missing(a, json_edit(a, object, "status"), "phase", "Active");
}

static struct json condition(struct arena *a, const char *type, const char *reason,
			     const char *message, const char *now)
{
	struct json c = json_of_object();
	json_set_str(a, &c, "type", type);
	json_set_str(a, &c, "status", "True");
	json_set_str(a, &c, "lastTransitionTime", now);
	json_set_str(a, &c, "reason", reason);
	json_set_str(a, &c, "message", message);
	return c;
}

static void prepare_crd(struct arena *a, const char *now, struct json *object)
{
	struct json *spec = json_edit(a, object, "spec");
	struct json *names = json_edit(a, spec, "names");
	const char *kind = json_get_str(names, "kind");
	if (kind) {
		set_missing(a, names, "listKind", arena_fmt(a, "%sList", kind));
		char *lower = arena_strdup(a, kind);
		for (char *p = lower; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		set_missing(a, names, "singular", lower);
	}
	struct json accepted = json_copy(a, names);
	set_missing(a, json_edit(a, spec, "conversion"), "strategy", "None");
	struct json stored = json_of_array(), conditions = json_of_array();
	const struct json *versions = json_get(spec, "versions");
	for (uint32_t i = 0; json_is(versions, JSON_ARRAY) && i < versions->n; i++)
		if (json_true(json_get(&versions->items[i], "storage")) &&
		    json_get(&versions->items[i], "name"))
			json_append(a, &stored, *json_get(&versions->items[i], "name"));
	struct json *status = json_edit(a, object, "status");
	json_set(a, status, "acceptedNames", accepted);
	if (json_get(status, "conditions"))
		return;
	json_append(a, &conditions,
		    condition(a, "NamesAccepted", "NoConflicts", "no conflicts found", now));
	json_append(a, &conditions,
		    condition(a, "Established", "InitialNamesAccepted",
			      "the initial names have been accepted", now));
	json_set(a, status, "conditions", conditions);
	json_set(a, status, "storedVersions", stored);
}

/* stringData is for writing only. */
static void prepare_secret(struct arena *a, struct json *object)
{
	const struct json *plain = json_get(object, "stringData");
	if (json_is(plain, JSON_OBJECT)) {
		struct json values = *plain;
		struct json *data = json_edit(a, object, "data");
		for (uint32_t i = 0; i < values.n; i++) {
			const struct json *v = &values.members[i].value;
			AUTO(buf_done) struct buf b = { 0 };
			if (v->type == JSON_STRING)
				base64_encode(&b, v->text, v->n);
			json_set_str(a, data, values.members[i].key, buf_text(&b));
		}
	}
	json_remove(object, "stringData");
	set_missing(a, object, "type", "Opaque");
}

/* ---- metadata */

static bool differs_beyond_metadata(const struct json *x, const struct json *y, bool keeps_status)
{
	for (uint32_t i = 0; i < x->n; i++) {
		const char *key = x->members[i].key;
		if (strcmp(key, "metadata") == 0 || (keeps_status && strcmp(key, "status") == 0))
			continue;
		const struct json *other = json_get(y, key);
		if (!other || !json_equal(&x->members[i].value, other))
			return true;
	}
	return false;
}

static void set_generation(struct arena *a, const struct file_request *request,
			   const struct json *live, struct json *object)
{
	const struct kind *kind = request->call->kind;
	struct json *metadata = json_edit(a, object, "metadata");
	int64_t generation = 1;
	if (!counts_generations(request->folder, kind))
		return;
	if (live) {
		bool status = file_keeps_status(request->folder, kind);
		if (!json_int64(json_at(live, "metadata", "generation", NULL), &generation))
			generation = 0;
		generation += differs_beyond_metadata(live, object, status) ||
			      differs_beyond_metadata(object, live, status);
		if (!generation)
			return;
	}
	json_set_int(a, metadata, "generation", generation);
}

void file_prepare(struct arena *a, const struct file_request *request, const struct json *live,
		  struct json *object)
{
	const struct kind *kind = request->call->kind;
	struct json *metadata = json_edit(a, object, "metadata");
	if (!live) {
		json_set_str(a, metadata, "uid", request->uid);
		json_set_str(a, metadata, "creationTimestamp", request->now);
		json_remove(metadata, "resourceVersion");
	}
	const struct json *crd = file_crd_of(request->folder, kind);
	if (crd)
		file_default_custom(a, crd, kind, object);
	else if (is(kind, "", "Namespace"))
		prepare_namespace(a, request->call->name, object);
	else if (is(kind, "", "Secret"))
		prepare_secret(a, object);
	else if (is(kind, "apiextensions.k8s.io", "CustomResourceDefinition"))
		prepare_crd(a, request->now, object);
	set_generation(a, request, live, object);
}
