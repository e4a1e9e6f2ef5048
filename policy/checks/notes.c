/* What a reviewer has to know: what a change loses, stops, allows and opens. */
#include <string.h>

#include "policy/checks/check.h"
#include "policy/checks/subjects.h"

static bool is_kind(const struct change *c, const char *group, const char *kind)
{
	return strcmp(c->ref.group, group) == 0 && strcmp(c->ref.kind, kind) == 0;
}

static const struct json *spec_of(const struct json *v)
{
	return json_get(v, "spec");
}

struct sides {
	const struct json *before, *after; /* NULL: none */
};

static struct sides sides_of(struct check_run *r, const struct change *c)
{
	return (struct sides){ scene_old_object(r->scene, c), scene_object(r->scene, c) };
}

/* ---- data */

void note_data_loss(struct check_run *r, const struct change *c)
{
	bool goes = c->action == ACTION_DELETE || c->action == ACTION_REPLACE;
	struct sides s = sides_of(r, c);
	if (goes && is_kind(c, "", "PersistentVolumeClaim"))
		complain(r, NULL,
			 "the claim goes, and with it its volume, unless that is retained");
	else if (goes && is_kind(c, "", "PersistentVolume"))
		complain(r, NULL, "the volume goes");
	else if (goes && is_kind(c, "", "Namespace"))
		complain(r, NULL, "everything in the namespace goes with it");
	else if (goes && is_kind(c, "apiextensions.k8s.io", "CustomResourceDefinition"))
		complain(r, NULL, "all objects of its kind go with it");
	else if (goes && is_kind(c, "apps", "StatefulSet") &&
		 text_is(json_at(s.before, "spec", "persistentVolumeClaimRetentionPolicy",
				 "whenDeleted", NULL),
			 "Delete"))
		complain(r, NULL, "its claims go with it (whenDeleted: Delete)");
	if (c->action == ACTION_UPDATE && is_kind(c, "", "PersistentVolume") &&
	    text_is(json_at(s.after, "spec", "persistentVolumeReclaimPolicy", NULL), "Delete") &&
	    !text_is(json_at(s.before, "spec", "persistentVolumeReclaimPolicy", NULL), "Delete"))
		complain(r,
			 json_at(c->sides->declared, "spec", "persistentVolumeReclaimPolicy", NULL),
			 "the volume is deleted with its claim from now on");
}

/* ---- downtime */

static void note_replicas(struct check_run *r, const struct change *c, struct sides s)
{
	int64_t before, after;
	if (json_int64(json_at(s.before, "spec", "replicas", NULL), &before) &&
	    json_int64(json_at(s.after, "spec", "replicas", NULL), &after) && before > 0 &&
	    after == 0)
		complain(r, json_at(c->sides->declared, "spec", "replicas", NULL),
			 "scaled to nothing, from %lld", (long long)before);
}

static void note_rollout(struct check_run *r, const struct change *c, struct sides s)
{
	const struct json *old = json_at(s.before, "spec", "template", "spec", NULL);
	const struct json *new = json_at(s.after, "spec", "template", "spec", NULL);
	const struct json *strategy = json_at(s.after, "spec", "strategy", NULL);
	if (!old || !new || json_equal(old, new) || !is_kind(c, "apps", "Deployment"))
		return;
	if (text_is(json_get(strategy, "type"), "Recreate"))
		complain(r, json_at(c->sides->declared, "spec", "strategy", NULL),
			 "all pods stop before new ones start (strategy Recreate)");
}

void note_downtime(struct check_run *r, const struct change *c)
{
	struct sides s = sides_of(r, c);
	if (c->action == ACTION_REPLACE)
		complain(r, NULL, "deleted and created again: it is not there in between");
	else if (c->action == ACTION_DELETE &&
		 (is_kind(c, "", "Service") || is_kind(c, "networking.k8s.io", "Ingress")))
		complain(r, NULL, "nothing reaches what it led to any more");
	if (!s.before || !s.after || c->action == ACTION_REPLACE)
		return;
	note_replicas(r, c, s);
	note_rollout(r, c, s);
	if (is_kind(c, "", "Service") &&
	    !json_equal(json_at(s.before, "spec", "selector", NULL)
				? json_at(s.before, "spec", "selector", NULL)
				: &(struct json){ 0 },
			json_at(s.after, "spec", "selector", NULL)
				? json_at(s.after, "spec", "selector", NULL)
				: &(struct json){ 0 }))
		complain(r, json_at(c->sides->declared, "spec", "selector", NULL),
			 "it leads to other pods at once, ready or not");
}

/* ---- privilege: only what the change adds */

static bool has_item(const struct json *list, const struct json *item)
{
	for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->n; i++)
		if (json_equal(&list->items[i], item))
			return true;
	return false;
}

static bool names(const struct json *list, const char *text)
{
	for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->n; i++)
		if (text_is(&list->items[i], text))
			return true;
	return false;
}

static void note_rules(struct check_run *r, const struct change *c, struct sides s)
{
	static const char *const verbs[] = { "*", "escalate", "bind", "impersonate" };
	const struct json *rules = list_in(c->sides->declared, "rules");
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct json *rule = &rules->items[i];
		if (has_item(json_get(s.before, "rules"), rule))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(verbs); k++)
			if (names(json_get(rule, "verbs"), verbs[k]))
				complain(r, json_get(rule, "verbs"),
					 *verbs[k] == '*' ? "a rule gives every verb"
							  : "a rule gives the verb %s",
					 verbs[k]);
		if (names(json_get(rule, "resources"), "*"))
			complain(r, json_get(rule, "resources"), "a rule is for every resource");
		else if (names(json_get(rule, "resources"), "secrets"))
			complain(r, json_get(rule, "resources"), "a rule is for Secrets");
	}
}

static void note_binding(struct check_run *r, const struct change *c, struct sides s)
{
	const struct json *subjects = list_in(c->sides->declared, "subjects");
	const char *role = json_str(json_at(c->sides->declared, "roleRef", "name", NULL));
	for (uint32_t i = 0; i < subjects->n && role; i++) {
		const struct json *subject = &subjects->items[i];
		const char *name = json_get_str(subject, "name");
		if (!has_item(json_get(s.before, "subjects"), subject) &&
		    (strcmp(role, "cluster-admin") == 0 || strcmp(role, "admin") == 0))
			complain(r, subject, "%s becomes %s", name ? name : "somebody", role);
	}
}

static bool is_privileged(const struct json *container)
{
	return json_true(json_at(container, "securityContext", "privileged", NULL));
}

struct containers {
	struct check_run *r;
	const struct json *old; /* the pod's spec before */
};

static void on_container(void *ctx, const struct json *container, const char *list)
{
	struct containers *of = ctx;
	const struct json *before = list_in(of->old, list);
	const char *name = json_get_str(container, "name");
	const struct json *old = NULL;
	for (uint32_t i = 0; name && i < before->n; i++)
		if (text_is(json_get(&before->items[i], "name"), name))
			old = &before->items[i];
	if (is_privileged(container) && !is_privileged(old))
		complain(of->r, json_at(container, "securityContext", "privileged", NULL),
			 "container %s becomes privileged", name ? name : "");
	const struct json *added =
		list_in(json_at(container, "securityContext", "capabilities", NULL), "add");
	for (uint32_t i = 0; i < added->n; i++)
		if (added->items[i].type == JSON_STRING &&
		    !has_item(json_at(old, "securityContext", "capabilities", "add", NULL),
			      &added->items[i]))
			complain(of->r, &added->items[i], "container %s gets the capability %s",
				 name ? name : "", added->items[i].text);
}

static void note_pod(struct check_run *r, const struct change *c, struct sides s)
{
	static const char *const shared[] = { "hostNetwork", "hostPID", "hostIPC" };
	const struct json *pod = pod_spec_of(c->sides->declared, NULL);
	struct containers of = { r, pod_spec_of(s.before, NULL) };
	const struct json *volumes = list_in(pod, "volumes");
	if (!pod)
		return;
	pod_containers(pod, on_container, &of);
	for (size_t i = 0; i < ARRAY_LEN(shared); i++)
		if (json_true(json_get(pod, shared[i])) && !json_true(json_get(of.old, shared[i])))
			complain(r, json_get(pod, shared[i]), "its pods get %s", shared[i]);
	for (uint32_t i = 0; i < volumes->n; i++) {
		const struct json *path = json_at(&volumes->items[i], "hostPath", "path", NULL);
		const struct json *before = list_in(of.old, "volumes");
		bool there = false;
		for (uint32_t k = 0; k < before->n; k++)
			there |= path &&
				 text_is(json_at(&before->items[k], "hostPath", "path", NULL),
					 path->text);
		if (json_is(path, JSON_STRING) && !there)
			complain(r, path, "its pods see %s of their node", path->text);
	}
}

void note_privilege(struct check_run *r, const struct change *c)
{
	struct sides s = sides_of(r, c);
	if (!c->sides->declared || c->action == ACTION_DELETE)
		return;
	if (is_kind(c, "rbac.authorization.k8s.io", "Role") ||
	    is_kind(c, "rbac.authorization.k8s.io", "ClusterRole"))
		note_rules(r, c, s);
	else if (is_kind(c, "rbac.authorization.k8s.io", "RoleBinding") ||
		 is_kind(c, "rbac.authorization.k8s.io", "ClusterRoleBinding"))
		note_binding(r, c, s);
	else
		note_pod(r, c, s);
}

/* ---- the network */

static void note_service(struct check_run *r, const struct change *c, struct sides s)
{
	const struct json *type = json_at(c->sides->declared, "spec", "type", NULL);
	const struct json *external = list_in(spec_of(c->sides->declared), "externalIPs");
	const char *old = json_str(json_at(s.before, "spec", "type", NULL));
	bool open = text_is(type, "LoadBalancer") || text_is(type, "NodePort");
	if (open && (!old || strcmp(old, type->text) != 0))
		complain(r, type, "reachable from outside of the cluster (%s)", type->text);
	for (uint32_t i = 0; i < external->n; i++)
		if (external->items[i].type == JSON_STRING &&
		    !has_item(json_at(s.before, "spec", "externalIPs", NULL), &external->items[i]))
			complain(r, &external->items[i], "takes what is sent to %s",
				 external->items[i].text);
}

static const struct json *rule_of(const struct json *ingress, const char *host)
{
	const struct json *rules = list_in(spec_of(ingress), "rules");
	for (uint32_t i = 0; i < rules->n; i++)
		if (text_is(json_get(&rules->items[i], "host"), host))
			return &rules->items[i];
	return NULL;
}

static bool has_tls(const struct json *ingress, const char *host)
{
	const struct json *tls = list_in(spec_of(ingress), "tls");
	for (uint32_t i = 0; i < tls->n; i++)
		if (names(json_get(&tls->items[i], "hosts"), host) ||
		    !list_in(&tls->items[i], "hosts")->n)
			return true;
	return false;
}

static void note_ingress(struct check_run *r, const struct change *c, struct sides s)
{
	const struct json *rules = list_in(spec_of(c->sides->declared), "rules");
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct json *host = json_get(&rules->items[i], "host");
		if (json_is(host, JSON_STRING) && !rule_of(s.before, host->text))
			complain(r, host, "reachable as %s%s", host->text,
				 has_tls(c->sides->declared, host->text) ? "" : ", without TLS");
	}
}

void note_exposure(struct check_run *r, const struct change *c)
{
	struct sides s = sides_of(r, c);
	if (is_kind(c, "networking.k8s.io", "NetworkPolicy") && c->action == ACTION_DELETE)
		complain(r, NULL, "what it kept apart may talk, unless another policy says no");
	if (!c->sides->declared || c->action == ACTION_DELETE)
		return;
	if (is_kind(c, "", "Service"))
		note_service(r, c, s);
	else if (is_kind(c, "networking.k8s.io", "Ingress"))
		note_ingress(r, c, s);
}
