/* Defaults of pods and of what is in them. */
#include "policy/defaults/pod.h"

#include <string.h>

#define TOKEN_PATH "/var/run/secrets/kubernetes.io/serviceaccount"

/* ---- containers */

/* "Always" for :latest and for an image without tag and digest. */
static void pull_policy(struct arena *a, struct json *container)
{
	const char *image = json_get_str(container, "image");
	if (json_get(container, "imagePullPolicy"))
		return;
	const char *name = image ? strrchr(image, '/') : NULL;
	name = name ? name + 1 : image ? image : "";
	const char *tag = strchr(name, ':');
	bool pinned = strchr(name, '@') || (tag && strcmp(tag + 1, "latest") != 0);
	json_set_str(a, container, "imagePullPolicy", pinned ? "IfNotPresent" : "Always");
}

static const struct rule http_rules[] = {
	RULE_STRING("httpGet.path", "/"),
	RULE_STRING("httpGet.scheme", "HTTP"),
	RULES_END,
};

static const struct rule probe_rules[] = {
	RULE_INT("timeoutSeconds", "1"),
	RULE_INT("periodSeconds", "10"),
	RULE_INT("successThreshold", "1"),
	RULE_INT("failureThreshold", "3"),
	RULE_STRING("grpc.service", ""),
	RULE_RULES("", http_rules),
	RULES_END,
};

static const struct rule container_rules[] = {
	RULE_CALL("", pull_policy),
	RULE_STRING("terminationMessagePath", "/dev/termination-log"),
	RULE_STRING("terminationMessagePolicy", "File"),
	RULE_OBJECT("resources"),
	RULE_STRING("ports[].protocol", "TCP"),
	RULE_STRING("env[].valueFrom.fieldRef.apiVersion", "v1"),
	RULE_RULES("livenessProbe", probe_rules),
	RULE_RULES("readinessProbe", probe_rules),
	RULE_RULES("startupProbe", probe_rules),
	RULE_RULES("lifecycle.postStart", http_rules),
	RULE_RULES("lifecycle.preStop", http_rules),
	RULES_END,
};

/* ---- volumes */

static void volume_source(struct arena *a, struct json *volume)
{
	/* Only a name: an emptyDir. */
	if (volume->n == 1 && json_get(volume, "name"))
		json_set(a, volume, "emptyDir", json_of_object());
}

static const struct rule volume_rules[] = {
	RULE_CALL("", volume_source),
	RULE_INT("secret.defaultMode", "420"),
	RULE_INT("configMap.defaultMode", "420"),
	RULE_INT("downwardAPI.defaultMode", "420"),
	RULE_STRING("downwardAPI.items[].fieldRef.apiVersion", "v1"),
	RULE_INT("projected.defaultMode", "420"),
	RULE_INT("projected.sources[].serviceAccountToken.expirationSeconds", "3600"),
	RULE_STRING("projected.sources[].downwardAPI.items[].fieldRef.apiVersion", "v1"),
	RULE_STRING("hostPath.type", ""),
	RULE_STRING("iscsi.iscsiInterface", "default"),
	RULE_STRING("rbd.pool", "rbd"),
	RULE_STRING("rbd.user", "admin"),
	RULE_STRING("rbd.keyring", "/etc/ceph/keyring"),
	RULE_STRING("azureDisk.cachingMode", "ReadWrite"),
	RULE_STRING("azureDisk.fsType", "ext4"),
	RULE_STRING("azureDisk.kind", "Shared"),
	RULE_BOOL("azureDisk.readOnly", "false"),
	RULE_STRING("scaleIO.storageMode", "ThinProvisioned"),
	RULE_STRING("scaleIO.fsType", "xfs"),
	RULE_OBJECT("ephemeral.volumeClaimTemplate.metadata"),
	RULE_STRING("ephemeral.volumeClaimTemplate.spec.volumeMode", "Filesystem"),
	RULES_END,
};

/* ---- the spec of pods and templates */

/* The old name of the field is kept beside the new one. */
static void service_account(struct arena *a, struct json *spec)
{
	const char *name = json_get_str(spec, "serviceAccountName");
	const char *old = json_get_str(spec, "serviceAccount");
	if (name || old) {
		json_set_str(a, spec, "serviceAccountName", name ? name : old);
		json_set_str(a, spec, "serviceAccount", name ? name : old);
	}
}

const struct rule pod_spec_rules[] = {
	RULE_STRING("dnsPolicy", "ClusterFirst"),
	RULE_STRING("restartPolicy", "Always"),
	RULE_STRING("schedulerName", "default-scheduler"),
	RULE_OBJECT("securityContext"),
	RULE_INT("terminationGracePeriodSeconds", "30"),
	RULE_CALL("", service_account),
	RULE_RULES("containers[]", container_rules),
	RULE_RULES("initContainers[]", container_rules),
	RULE_RULES("ephemeralContainers[]", container_rules),
	RULE_RULES("volumes[]", volume_rules),
	RULES_END,
};

const struct rule pod_template_rules[] = {
	RULE_OBJECT("metadata"),
	RULE_RULES("spec", pod_spec_rules),
	RULES_END,
};

/* ---- a pod of its own */

static void requests_from_limits(struct arena *a, struct json *container)
{
	struct json *resources = edit_member(container, "resources");
	const struct json *limits = json_get(resources, "limits");
	if (!json_is(limits, JSON_OBJECT) || !limits->n)
		return;
	struct json all = json_copy(a, limits);
	struct json *requests = json_edit(a, resources, "requests");
	for (uint32_t i = 0; i < all.n; i++)
		if (!json_get(requests, all.members[i].key))
			json_set(a, requests, all.members[i].key, all.members[i].value);
}

static void host_port(struct arena *a, struct json *port)
{
	const struct json *number = json_get(port, "containerPort");
	if (number && !json_get(port, "hostPort"))
		json_set(a, port, "hostPort", *number);
}

static const struct rule host_port_rules[] = {
	RULE_CALL("containers[].ports[]", host_port),
	RULE_CALL("initContainers[].ports[]", host_port),
	RULES_END,
};

static void host_network(struct arena *a, struct json *spec)
{
	if (json_true(json_get(spec, "hostNetwork")))
		rules_apply(a, host_port_rules, spec);
}

static bool tolerates(const struct json *tolerations, const char *key)
{
	for (uint32_t i = 0; json_is(tolerations, JSON_ARRAY) && i < tolerations->n; i++) {
		const struct json *t = &tolerations->items[i];
		const char *its = json_get_str(t, "key"), *effect = json_get_str(t, "effect");
		if ((!its || !*its || strcmp(its, key) == 0) &&
		    (!effect || !*effect || strcmp(effect, "NoExecute") == 0))
			return true;
	}
	return false;
}

static void tolerate(struct arena *a, struct json *spec, const char *key)
{
	struct json *list = edit_member(spec, "tolerations");
	if (tolerates(list, key))
		return;
	if (!json_is(list, JSON_ARRAY))
		list = json_set(a, spec, "tolerations", json_of_array());
	struct json *t = json_append(a, list, json_of_object());
	json_set_str(a, t, "effect", "NoExecute");
	json_set_str(a, t, "key", key);
	json_set_str(a, t, "operator", "Exists");
	json_set_int(a, t, "tolerationSeconds", 300);
}

static void tolerations(struct arena *a, struct json *spec)
{
	tolerate(a, spec, "node.kubernetes.io/not-ready");
	tolerate(a, spec, "node.kubernetes.io/unreachable");
}

/* Each pod has one of its own name; the server ends it with five random characters. */
#define TOKEN_VOLUME "kube-api-access-xxxxx"

static bool mounts_token(const struct json *container)
{
	const struct json *mounts = json_get(container, "volumeMounts");
	for (uint32_t i = 0; json_is(mounts, JSON_ARRAY) && i < mounts->n; i++) {
		const char *path = json_get_str(&mounts->items[i], "mountPath");
		if (path && strcmp(path, TOKEN_PATH) == 0)
			return true;
	}
	return false;
}

static bool mount_token(struct arena *a, struct json *containers)
{
	bool mounted = false;
	for (uint32_t i = 0; json_is(containers, JSON_ARRAY) && i < containers->n; i++) {
		struct json *c = &containers->items[i];
		if (c->type != JSON_OBJECT || mounts_token(c))
			continue;
		struct json *mounts = edit_member(c, "volumeMounts");
		if (!json_is(mounts, JSON_ARRAY))
			mounts = json_set(a, c, "volumeMounts", json_of_array());
		struct json *m = json_append(a, mounts, json_of_object());
		json_set_str(a, m, "mountPath", TOKEN_PATH);
		json_set_str(a, m, "name", TOKEN_VOLUME);
		json_set(a, m, "readOnly", json_of_bool(true));
		mounted = true;
	}
	return mounted;
}

static struct json *add_source(struct arena *a, struct json *sources, const char *key)
{
	return json_edit(a, json_append(a, sources, json_of_object()), key);
}

static struct json *add_item(struct arena *a, struct json *source)
{
	struct json *items = json_set(a, source, "items", json_of_array());
	return json_append(a, items, json_of_object());
}

static void token_volume(struct arena *a, struct json *spec)
{
	struct json *volumes = edit_member(spec, "volumes");
	if (!json_is(volumes, JSON_ARRAY))
		volumes = json_set(a, spec, "volumes", json_of_array());
	struct json *v = json_append(a, volumes, json_of_object());
	json_set_str(a, v, "name", TOKEN_VOLUME);
	struct json *projected = json_edit(a, v, "projected");
	json_set_int(a, projected, "defaultMode", 420);
	struct json *sources = json_set(a, projected, "sources", json_of_array());
	struct json *token = add_source(a, sources, "serviceAccountToken");
	json_set_int(a, token, "expirationSeconds", 3607);
	json_set_str(a, token, "path", "token");
	struct json *ca = add_source(a, sources, "configMap");
	json_set_str(a, ca, "name", "kube-root-ca.crt");
	struct json *item = add_item(a, ca);
	json_set_str(a, item, "key", "ca.crt");
	json_set_str(a, item, "path", "ca.crt");
	item = add_item(a, add_source(a, sources, "downwardAPI"));
	json_set_str(a, item, "path", "namespace");
	struct json *field = json_edit(a, item, "fieldRef");
	json_set_str(a, field, "apiVersion", "v1");
	json_set_str(a, field, "fieldPath", "metadata.namespace");
}

static void service_account_token(struct arena *a, struct json *spec)
{
	const struct json *automount = json_get(spec, "automountServiceAccountToken");
	if (json_is(automount, JSON_BOOL) && !automount->truth)
		return;
	bool mounted = mount_token(a, edit_member(spec, "initContainers"));
	mounted |= mount_token(a, edit_member(spec, "containers"));
	if (mounted)
		token_volume(a, spec);
}

static const struct rule own_container_rules[] = {
	RULE_CALL("", requests_from_limits),
	RULES_END,
};

static const struct rule own_spec_rules[] = {
	RULE_BOOL("enableServiceLinks", "true"),
	RULE_CALL("", host_network),
	RULE_RULES("containers[]", own_container_rules),
	RULE_RULES("initContainers[]", own_container_rules),
	RULE_CALL("", pod_requests), /* after those of the containers */
	RULE_STRING("serviceAccountName", "default"),
	RULE_COPY("serviceAccount", "serviceAccountName"),
	RULE_CALL("", service_account_token),
	RULE_CALL("", tolerations),
	RULE_IF("priority", VALUE_INT, "0", "priorityClassName", NULL),
	RULE_IF("priority", VALUE_INT, "2000000000", "priorityClassName",
		"system-cluster-critical"),
	RULE_IF("priority", VALUE_INT, "2000001000", "priorityClassName", "system-node-critical"),
	RULE_STRING("preemptionPolicy", "PreemptLowerPriority"),
	RULES_END,
};

const struct rule pod_rules[] = {
	RULE_RULES("spec", pod_spec_rules),
	RULE_RULES("spec", own_spec_rules),
	RULE_CALL("", pod_app_armor),
	RULE_STRING("status+.phase", "Pending"),
	RULES_END,
};
