/* What the expressions of a PlanPolicy may name; see internal.h. */
#include <string.h>

#include "policy/plan_policy/internal.h"

/* A field's type is text; a later object may use an earlier one.  docs/plan-policy.md says what
 * they mean. */
struct object_row {
	const char *name;
	struct {
		const char *name, *type;
	} fields[16];
};

static const struct object_row objects[] = {
	{ "rhumb.Summary",
	  { { "create", "int" },
	    { "update", "int" },
	    { "adopt", "int" },
	    { "replace", "int" },
	    { "delete", "int" },
	    { "conflict", "int" },
	    { "refused", "int" },
	    { "unknown", "int" },
	    { "hooks", "int" },
	    { "unchanged", "int" },
	    { "drifted", "int" } } },
	{ "rhumb.Cluster", { { "name", "string" }, { "uid", "string" }, { "version", "string" } } },
	{ "rhumb.Application",
	  { { "name", "string" },
	    { "path", "string" },
	    { "namespace", "string" },
	    { "base", "string" },
	    { "changes", "int" } } },
	{ "rhumb.Git",
	  { { "repository", "string" },
	    { "base", "string" },
	    { "head", "string" },
	    { "subject", "string" } } },
	{ "rhumb.Field",
	  { { "path", "string" },
	    { "before", "dyn" },
	    { "after", "dyn" },
	    { "why", "string" },
	    { "owner", "string" } } },
	{ "rhumb.Change",
	  { { "id", "string" },
	    { "action", "string" },
	    { "application", "string" },
	    { "group", "string" },
	    { "version", "string" },
	    { "kind", "string" },
	    { "namespace", "string" },
	    { "name", "string" },
	    { "hook", "string" },
	    { "file", "string" },
	    { "object", "dyn" },
	    { "oldObject", "dyn" },
	    { "base", "dyn" },
	    { "drift", "bool" },
	    { "fields", "list(rhumb.Field)" } } },
	{ "rhumb.Plan",
	  { { "summary", "rhumb.Summary" },
	    { "clusters", "list(rhumb.Cluster)" },
	    { "applications", "list(rhumb.Application)" },
	    { "changes", "list(rhumb.Change)" },
	    { "git", "rhumb.Git" },
	    { "time", "timestamp" } } },
};

static const struct cel_type *type_of(struct cel_env *env, const char *text)
{
	const struct cel_type *t = cel_env_type(env, text);
	if (!t)
		abort(); /* a row of ours is wrong */
	return t;
}

void plan_environment_make(struct plan_policies *p)
{
	p->env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		struct cel_type *t = cel_env_object(p->env, objects[i].name, NULL, 0);
		for (size_t k = 0; k < ARRAY_LEN(objects[i].fields) && objects[i].fields[k].name;
		     k++)
			cel_object_add(p->env, t, objects[i].fields[k].name,
				       type_of(p->env, objects[i].fields[k].type));
	}
	p->slot_plan = cel_env_variable(p->env, "plan", type_of(p->env, "rhumb.Plan"));
}

void plan_environment_of(struct plan_policies *p, struct plan_policy *policy)
{
	policy->env = cel_env_extend(p->env);
	policy->slot_params = cel_env_variable(policy->env, "params", &cel_dyn_type);
	policy->variables_type = cel_env_object(policy->env, "rhumb.Variables", NULL, 0);
	policy->slot_variables = cel_env_variable(policy->env, "variables", policy->variables_type);
	if (policy->of_changes)
		p->slot_change = cel_env_variable(policy->env, "change",
						  type_of(policy->env, "rhumb.Change"));
}

static bool plan_get(const struct cel_record *record, struct cel_call *c, const char *name,
		     uint32_t n, struct cel_value *out)
{
	struct plan_value *v = ((const struct plan_record *)record)->value;
	(void)c;
	if (n == 4 && memcmp(name, "time", 4) == 0) {
		v->time_read |= out != NULL;
		if (out)
			*out = cel_timestamp(v->time.tv_sec, (uint32_t)v->time.tv_nsec);
		return v->has_time;
	}
	char key[32];
	if (n >= sizeof(key))
		return false;
	memcpy(key, name, n);
	key[n] = '\0';
	const struct json *member = json_get(v->plan, key);
	if (out && member)
		*out = cel_of_json(member);
	return member != NULL;
}

void plan_record_begin(struct plan_record *r, struct plan_value *v)
{
	*r = (struct plan_record){ { plan_get }, v };
}
