/* References that lead nowhere, and objects that go while others refer to them. */
#include <string.h>

#include "policy/checks/references.h"
#include "policy/checks/subjects.h"

struct looking {
	struct check_run *r;
	const struct checked *o;
};

static const char *label_of(struct check_run *r, const struct reference *ref)
{
	struct object_ref to = { ref->group, "", ref->kind, ref->namespace, ref->name };
	return object_ref_label(&r->arena, &to);
}

/* Those that every cluster has, and those that come and go by themselves. */
static bool is_given(const struct reference *ref)
{
	static const char *const roles[] = { "cluster-admin", "admin", "edit", "view" };
	if (strcmp(ref->kind, "ClusterRole") == 0 && strncmp(ref->name, "system:", 7) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (strcmp(ref->kind, "ClusterRole") == 0 && strcmp(ref->name, roles[i]) == 0)
			return true;
	if (strcmp(ref->kind, "Role") == 0 &&
	    (strncmp(ref->name, "system:", 7) == 0 ||
	     strcmp(ref->name, "extension-apiserver-authentication-reader") == 0))
		return true;
	return (strcmp(ref->kind, "PriorityClass") == 0 && strncmp(ref->name, "system-", 7) == 0) ||
	       (strcmp(ref->kind, "ConfigMap") == 0 && strcmp(ref->name, "kube-root-ca.crt") == 0);
}

static void check_key(struct check_run *r, const struct reference *ref, const struct json *object)
{
	static const char *const parts[] = { "data", "stringData", "binaryData" };
	bool any = false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct json *part = json_get(object, parts[i]);
		if (json_get(part, ref->key))
			return;
		any |= json_is(part, JSON_OBJECT) && part->n;
	}
	/* Who declares one without anything has it filled by somebody else: a token of a service
	 * account, certificates of an authority. */
	if (!any || text_is(json_get(object, "type"), "kubernetes.io/service-account-token"))
		return;
	complain(r, ref->key_node, "%s has no key \"%s\"", label_of(r, ref), ref->key);
}

static void check_port(struct check_run *r, const struct reference *ref, const struct json *object)
{
	const struct json *ports = list_in(json_get(object, "spec"), "ports");
	if (text_is(json_at(object, "spec", "type", NULL), "ExternalName"))
		return; /* its ports are those of the other name */
	for (uint32_t i = 0; i < ports->n; i++) {
		const struct json *its =
			json_get(&ports->items[i], ref->port->type == JSON_INT ? "port" : "name");
		if (its && json_equal(its, ref->port))
			return;
	}
	if (ref->port->type == JSON_INT || ref->port->type == JSON_STRING)
		complain(r, ref->port, "%s has no port %s", label_of(r, ref), ref->port->text);
}

static void on_reference(void *ctx, const struct reference *ref)
{
	struct looking *l = ctx;
	const struct json *object;
	if (is_given(ref))
		return;
	struct object_ref to = { ref->group, "", ref->kind, ref->namespace, ref->name };
	enum found found =
		world_find(l->r, ref->group, ref->kind, ref->namespace, ref->name, &object);
	if (found == FOUND_NOT && !ref->optional && !world_deletion(l->r, &to) &&
	    makers_of_object(l->r, &to))
		found = FOUND_UNKNOWN;
	if (found == FOUND_NOT && ref->is_said)
		return;
	if (found == FOUND_NOT && !ref->optional && !ref->key_node)
		complain(l->r, ref->node, "%s is not there, neither in Git nor in the cluster",
			 label_of(l->r, ref));
	else if (found == FOUND_NOT && !ref->optional)
		complain(l->r, ref->node,
			 "%s is not there, neither in Git nor in the cluster (its key \"%s\" is "
			 "wanted)",
			 label_of(l->r, ref), ref->key ? ref->key : "");
	else if (found == FOUND && object && ref->key && !ref->optional)
		check_key(l->r, ref, object);
	else if (found == FOUND && object && ref->port)
		check_port(l->r, ref, object);
}

/* A Service that names a port of its pods, where Git has them. */
struct port_name {
	const char *name;
	bool any, there;
};

static void on_container(void *ctx, const struct json *container, const char *list)
{
	struct port_name *p = ctx;
	const struct json *ports = list_in(container, "ports");
	(void)list;
	for (uint32_t i = 0; i < ports->n; i++)
		p->there |= text_is(json_get(&ports->items[i], "name"), p->name);
}

static bool on_pod(void *ctx, const struct object_ref *ref, const struct json *object)
{
	struct port_name *p = ctx;
	(void)ref;
	p->any = true;
	pod_containers(pod_spec_of(object, NULL), on_container, p);
	return !p->there;
}

static void check_target_port(struct check_run *r, const struct checked *o, const struct json *port)
{
	const struct json *target = json_get(port, "targetPort");
	struct port_name p = { json_str(target), false, false };
	if (!p.name)
		return;
	pods_each(r, o->ref->namespace, json_at(o->object, "spec", "selector", NULL), on_pod, &p);
	if (p.any && !p.there)
		complain(r, target, "no container of the selected pods has a port named %s",
			 p.name);
}

void check_dangling_reference(struct check_run *r, const struct checked *o)
{
	struct looking l = { r, o };
	references_of(o->object, o->ref->namespace, on_reference, &l);
	if (*o->ref->group || strcmp(o->ref->kind, "Service") != 0)
		return;
	const struct json *ports = list_in(json_get(o->object, "spec"), "ports");
	for (uint32_t i = 0; i < ports->n; i++)
		check_target_port(r, o, &ports->items[i]);
}
