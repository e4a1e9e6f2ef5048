/* What the expressions of a policy may name.
 *
 * object, oldObject, request and namespaceObject always; params where the policy has a paramKind;
 * variables where it has some; the authorizer in all but message expressions.  Policies without
 * params and variables share their environments. */
#include <string.h>

#include "policy/admission/internal.h"

/* The fields that the checker knows of `request` and `namespaceObject`.  A field's type is text;
 * a later object may use an earlier one. */
struct object_row {
	const char *name;
	struct {
		const char *name, *type;
	} fields[13];
};

static const struct object_row objects[] = {
	{ "kubernetes.GroupVersionKind",
	  { { "group", "string" }, { "version", "string" }, { "kind", "string" } } },
	{ "kubernetes.GroupVersionResource",
	  { { "group", "string" }, { "version", "string" }, { "resource", "string" } } },
	{ "kubernetes.UserInfo",
	  { { "username", "string" },
	    { "uid", "string" },
	    { "groups", "list(string)" },
	    { "extra", "map(string,list(string))" } } },
	{ "kubernetes.AdmissionRequest",
	  { { "kind", "kubernetes.GroupVersionKind" },
	    { "resource", "kubernetes.GroupVersionResource" },
	    { "subResource", "string" },
	    { "requestKind", "kubernetes.GroupVersionKind" },
	    { "requestResource", "kubernetes.GroupVersionResource" },
	    { "requestSubResource", "string" },
	    { "name", "string" },
	    { "namespace", "string" },
	    { "operation", "string" },
	    { "userInfo", "kubernetes.UserInfo" },
	    { "dryRun", "bool" },
	    { "options", "dyn" } } },
	/* The checker of Kubernetes says UID, the values have uid: nothing can read it. */
	{ "kubernetes.NamespaceMetadata",
	  { { "name", "string" },
	    { "generateName", "string" },
	    { "namespace", "string" },
	    { "labels", "map(string,string)" },
	    { "annotations", "map(string,string)" },
	    { "UID", "string" },
	    { "creationTimestamp", "timestamp" },
	    { "deletionGracePeriodSeconds", "int" },
	    { "deletionTimestamp", "timestamp" },
	    { "generation", "int" },
	    { "resourceVersion", "string" },
	    { "finalizers", "list(string)" } } },
	{ "kubernetes.NamespaceSpec", { { "finalizers", "list(string)" } } },
	{ "kubernetes.NamespaceCondition",
	  { { "status", "string" },
	    { "type", "string" },
	    { "lastTransitionTime", "timestamp" },
	    { "message", "string" },
	    { "reason", "string" } } },
	{ "kubernetes.NamespaceStatus",
	  { { "phase", "string" }, { "conditions", "list(kubernetes.NamespaceCondition)" } } },
	{ "kubernetes.Namespace",
	  { { "metadata", "kubernetes.NamespaceMetadata" },
	    { "spec", "kubernetes.NamespaceSpec" },
	    { "status", "kubernetes.NamespaceStatus" } } },
};

static const struct cel_type *type_of(struct cel_env *env, const char *text)
{
	const struct cel_type *t = cel_env_type(env, text);
	if (!t)
		abort(); /* a row of ours is wrong */
	return t;
}

static unsigned declare(struct cel_env *env, const char *name, const char *type)
{
	return cel_env_variable(env, name, type_of(env, type));
}

static struct scope shared(struct cel_env *env)
{
	return (struct scope){ env, false, NO_SLOT, NO_SLOT, NO_SLOT, NO_SLOT };
}

static void add_authorizer(struct scope *s)
{
	s->authorizer = (int)declare(s->env, "authorizer", "kubernetes.authorization.Authorizer");
	s->request_resource = (int)declare(s->env, "authorizer.requestResource",
					   "kubernetes.authorization.ResourceCheck");
}

static struct cel_env *with_authorizer(void)
{
	unsigned n = cel_kubernetes_n_libraries;
	AUTO(auto_free) const struct cel_library **libraries = xcalloc(n + 1, sizeof(*libraries));
	memcpy(libraries, cel_kubernetes_libraries, n * sizeof(struct cel_library *));
	libraries[n] = &cel_authorizer;
	return cel_env_new(libraries, n + 1);
}

void environment_make(struct admission *a)
{
	struct cel_env *env = with_authorizer();
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		struct cel_type *t = cel_env_object(env, objects[i].name, NULL, 0);
		for (size_t k = 0; k < ARRAY_LEN(objects[i].fields) && objects[i].fields[k].name;
		     k++)
			cel_object_add(env, t, objects[i].fields[k].name,
				       type_of(env, objects[i].fields[k].type));
	}
	a->slot_object = declare(env, "object", "dyn");
	a->slot_old = declare(env, "oldObject", "dyn");
	a->slot_request = declare(env, "request", "kubernetes.AdmissionRequest");
	a->slot_namespace = declare(env, "namespaceObject", "kubernetes.Namespace");
	a->env = env;
	a->plain = shared(env);
	a->authorized = shared(cel_env_extend(env));
	add_authorizer(&a->authorized);
}

void environment_free(struct admission *a)
{
	cel_env_free(a->authorized.env);
	cel_env_free(a->env);
}

static struct scope extend(struct admission *a, const struct policy *p)
{
	struct scope s = shared(cel_env_extend(a->env));
	s.own = true;
	if (p->has_params)
		s.params = (int)declare(s.env, "params", "dyn");
	return s;
}

/* Variables are added to the type one by one, while they are compiled. */
static void add_variables(struct policy *p, struct scope *s)
{
	if (!p->rules.n_variables)
		return;
	if (!p->variables_type)
		p->variables_type = cel_env_object(s->env, "kubernetes.variables", NULL, 0);
	s->variables = (int)cel_env_variable(s->env, "variables", p->variables_type);
}

void environment_of_policy(struct admission *a, struct policy *p)
{
	bool own = p->has_params || p->rules.n_variables;
	p->rules_scope = own ? extend(a, p) : a->authorized;
	if (own) {
		add_variables(p, &p->rules_scope);
		add_authorizer(&p->rules_scope);
	}
	p->messages_scope = own && p->rules.n_messages ? extend(a, p) : a->plain;
	if (own && p->rules.n_messages)
		add_variables(p, &p->messages_scope);
	p->conditions_scope = own && p->rules.n_conditions ? extend(a, p) : a->authorized;
	if (own && p->rules.n_conditions)
		add_authorizer(&p->conditions_scope);
}
