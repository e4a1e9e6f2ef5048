/* See cel_policy.h. */
#include "tests/lib/cel_policy.h"

/* request and namespaceObject: what the checker knows of them. */
static const char *const object_types[][3] = {
	{ "kubernetes.UserInfo", "username", "string" },
	{ "kubernetes.UserInfo", "uid", "string" },
	{ "kubernetes.UserInfo", "groups", "list(string)" },
	{ "kubernetes.UserInfo", "extra", "map(string,list(string))" },
	{ "kubernetes.GroupVersionKind", "group", "string" },
	{ "kubernetes.GroupVersionKind", "version", "string" },
	{ "kubernetes.GroupVersionKind", "kind", "string" },
	{ "kubernetes.GroupVersionResource", "group", "string" },
	{ "kubernetes.GroupVersionResource", "version", "string" },
	{ "kubernetes.GroupVersionResource", "resource", "string" },
	{ "kubernetes.AdmissionRequest", "kind", "kubernetes.GroupVersionKind" },
	{ "kubernetes.AdmissionRequest", "resource", "kubernetes.GroupVersionResource" },
	{ "kubernetes.AdmissionRequest", "subResource", "string" },
	{ "kubernetes.AdmissionRequest", "requestKind", "kubernetes.GroupVersionKind" },
	{ "kubernetes.AdmissionRequest", "requestResource", "kubernetes.GroupVersionResource" },
	{ "kubernetes.AdmissionRequest", "requestSubResource", "string" },
	{ "kubernetes.AdmissionRequest", "name", "string" },
	{ "kubernetes.AdmissionRequest", "namespace", "string" },
	{ "kubernetes.AdmissionRequest", "operation", "string" },
	{ "kubernetes.AdmissionRequest", "userInfo", "kubernetes.UserInfo" },
	{ "kubernetes.AdmissionRequest", "dryRun", "bool" },
	{ "kubernetes.AdmissionRequest", "options", "dyn" },
	{ "kubernetes.NamespaceMetadata", "name", "string" },
	{ "kubernetes.NamespaceMetadata", "generateName", "string" },
	{ "kubernetes.NamespaceMetadata", "namespace", "string" },
	{ "kubernetes.NamespaceMetadata", "labels", "map(string,string)" },
	{ "kubernetes.NamespaceMetadata", "annotations", "map(string,string)" },
	{ "kubernetes.NamespaceMetadata", "UID", "string" },
	{ "kubernetes.NamespaceMetadata", "creationTimestamp", "timestamp" },
	{ "kubernetes.Namespace", "metadata", "kubernetes.NamespaceMetadata" },
};

struct cel_env *cel_policy_env(void)
{
	struct cel_env *env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	struct cel_type *object = NULL;
	for (size_t i = 0; i < ARRAY_LEN(object_types); i++) {
		if (!object || strcmp(object->name, object_types[i][0]) != 0)
			object = cel_env_object(env, object_types[i][0], NULL, 0);
		cel_object_add(env, object, object_types[i][1],
			       cel_env_type(env, object_types[i][2]));
	}
	cel_env_variable(env, "object", &cel_dyn_type);
	cel_env_variable(env, "oldObject", &cel_dyn_type);
	cel_env_variable(env, "request", cel_env_type(env, "kubernetes.AdmissionRequest"));
	cel_env_variable(env, "namespaceObject", cel_env_type(env, "kubernetes.Namespace"));
	return env;
}

/* A field of `variables`: computed once in an evaluation. */
static bool get(const struct cel_record *r, struct cel_call *c, const char *name, uint32_t n,
		struct cel_value *out)
{
	struct cel_policy *p = (struct cel_policy *)(uintptr_t)r;
	for (uint32_t i = 0; i < p->n_variables; i++) {
		struct cel_policy_variable *v = &p->variables[i];
		if (strncmp(v->name, name, n) != 0 || v->name[n])
			continue;
		if (out && !v->known) {
			v->value = cel_eval_inside(v->program, c);
			v->known = true;
		}
		if (out)
			*out = v->value;
		return true;
	}
	return false;
}

static struct cel_program *compile(const struct cel_env *env, const char *text)
{
	struct cel_program *p = NULL;
	struct cel_issue issue = { 0 };
	if (!text || cel_compile(env, text, strlen(text), NULL, &p, &issue) < 0)
		p = NULL;
	cel_issue_done(&issue);
	return p;
}

static void add_variables(struct cel_policy *p, const struct json *list)
{
	p->variables = xcalloc(list->n + 1, sizeof(*p->variables));
	for (uint32_t i = 0; i < list->n; i++) {
		const char *name = json_get_str(&list->items[i], "name");
		struct cel_program *program =
			compile(p->env, json_get_str(&list->items[i], "expression"));
		if (!program)
			continue;
		p->variables[p->n_variables++] =
			(struct cel_policy_variable){ .name = name, .program = program };
		cel_object_add(p->env, p->type, name, cel_program_type(program));
	}
}

void cel_policy_compile(struct cel_policy *p, const struct cel_env *base, const struct json *policy)
{
	const struct json *spec = json_get(policy, "spec");
	const struct json *variables = json_get(spec, "variables");
	const struct json *validations = json_get(spec, "validations");
	*p = (struct cel_policy){ .record = { get }, .env = cel_env_extend(base) };
	cel_env_variable(p->env, json_get(spec, "paramKind") ? "params" : "", &cel_dyn_type);
	p->type = cel_env_object(p->env, "kubernetes.variables", NULL, 0);
	cel_env_variable(p->env, variables ? "variables" : "", p->type);
	if (variables)
		add_variables(p, variables);
	p->n_validations = validations ? validations->n : 0;
	p->validations = xcalloc(p->n_validations + 1, sizeof(struct cel_program *));
	for (uint32_t i = 0; i < p->n_validations; i++)
		p->validations[i] =
			compile(p->env, json_get_str(&validations->items[i], "expression"));
}

void cel_policy_done(struct cel_policy *p)
{
	for (uint32_t i = 0; i < p->n_variables; i++)
		cel_program_free(p->variables[i].program);
	for (uint32_t i = 0; i < p->n_validations; i++)
		cel_program_free(p->validations[i]);
	free(p->variables);
	free(p->validations);
	cel_env_free(p->env);
}

void cel_policy_documents(const struct json *row, struct cel_value out[CEL_POLICY_VARIABLES])
{
	static const char *const names[] = {
		[CEL_POLICY_OBJECT] = "object",   [CEL_POLICY_OLD_OBJECT] = "oldObject",
		[CEL_POLICY_REQUEST] = "request", [CEL_POLICY_NAMESPACE] = "namespaceObject",
		[CEL_POLICY_PARAMS] = "params",
	};
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		out[i] = cel_of_json(json_get(row, names[i]));
}

void cel_policy_bind(struct cel_policy *p, struct cel_run *run,
		     const struct cel_value documents[CEL_POLICY_VARIABLES])
{
	for (unsigned i = 0; i < CEL_POLICY_VARIABLES; i++)
		cel_run_set(run, i, documents[i]);
	for (uint32_t i = 0; i < p->n_variables; i++)
		p->variables[i].known = false;
	cel_run_set(run, CEL_POLICY_VARIABLES, cel_record(&p->record));
}
