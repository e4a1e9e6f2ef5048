/* Expressions to programs, and what is told of those that do not compile. */
#include "policy/admission/internal.h"

#include <string.h>

struct compiler {
	struct admission *a;
	const struct policy *policy;
	const char *where; /* "validations[0].expression" */
};

static void compile(const struct compiler *c, struct expression *e, const struct scope *scope,
		    enum expression_result want)
{
	const struct origin *o = &c->policy->origin;
	struct expression_issue issue;
	if (expression_compile(&c->a->arena, o->source, e, scope->env, want, &issue))
		return;
	problem_add_at(c->a, o, issue.at, issue.excerpt,
		       arena_fmt(&c->a->arena, "%s: %s", c->where, issue.message));
}

static void compile_variables(struct compiler *c, struct policy *p)
{
	for (uint32_t i = 0; i < p->rules.n_variables; i++) {
		struct variable *v = &p->rules.variables[i];
		AUTO(auto_free) char *where = xfmt("variables[%u].expression", i);
		c->where = where;
		compile(c, &v->value, &p->rules_scope, RESULT_ANY);
		const struct cel_type *type =
			v->value.program ? cel_program_type(v->value.program) : &cel_dyn_type;
		cel_object_add(p->rules_scope.env, p->variables_type, v->name, type);
	}
}

static void compile_validations(struct compiler *c, struct policy *p)
{
	for (uint32_t i = 0; i < p->rules.n_validations; i++) {
		struct validation *v = &p->rules.validations[i];
		AUTO(auto_free) char *rule = xfmt("validations[%u].expression", i);
		AUTO(auto_free) char *message = xfmt("validations[%u].messageExpression", i);
		c->where = rule;
		compile(c, &v->rule, &p->rules_scope, RESULT_BOOL);
		c->where = message;
		compile(c, &v->message_expression, &p->messages_scope, RESULT_STRING);
	}
}

void policy_compile(struct admission *a, struct policy *p)
{
	struct compiler c = { .a = a, .policy = p };
	environment_of_policy(a, p);
	compile_variables(&c, p);
	for (uint32_t i = 0; i < p->rules.n_conditions; i++) {
		AUTO(auto_free) char *where = xfmt("matchConditions[%u].expression", i);
		c.where = where;
		compile(&c, &p->rules.conditions[i].rule, &p->conditions_scope, RESULT_BOOL);
	}
	compile_validations(&c, p);
	for (uint32_t i = 0; i < p->n_annotations; i++) {
		AUTO(auto_free) char *where = xfmt("auditAnnotations[%u].valueExpression", i);
		c.where = where;
		compile(&c, &p->annotations[i].value, &p->rules_scope, RESULT_STRING_OR_NULL);
	}
}

static void free_scope(struct scope *s)
{
	if (s->own)
		cel_env_free(s->env);
}

/* Programs first: they live no longer than their environments. */
void policy_free_programs(struct policy *p)
{
	rules_free_programs(&p->rules);
	for (uint32_t i = 0; i < p->n_annotations; i++)
		cel_program_free(p->annotations[i].value.program);
	free_scope(&p->messages_scope);
	free_scope(&p->conditions_scope);
	free_scope(&p->rules_scope);
}

/* ---- for tests and listings */

static const struct expression *indexed(const struct policy *p, const char *field)
{
	char *end;
	const char *bracket = strchr(field, '[');
	if (!bracket)
		return NULL;
	unsigned long i = strtoul(bracket + 1, &end, 10);
	if (strncmp(field, "matchConditions[", 16) == 0 && i < p->rules.n_conditions)
		return &p->rules.conditions[i].rule;
	if (strncmp(field, "auditAnnotations[", 17) == 0 && i < p->n_annotations)
		return &p->annotations[i].value;
	if (strncmp(field, "validations[", 12) != 0 || i >= p->rules.n_validations)
		return NULL;
	return strcmp(end, "].messageExpression") == 0 ? &p->rules.validations[i].message_expression
						       : &p->rules.validations[i].rule;
}

static const struct expression *find_expression(const struct policy *p, const char *field)
{
	static const char prefix[] = "variables.";
	if (strncmp(field, prefix, sizeof(prefix) - 1) != 0)
		return indexed(p, field);
	for (uint32_t i = 0; i < p->rules.n_variables; i++)
		if (strcmp(p->rules.variables[i].name, field + sizeof(prefix) - 1) == 0)
			return &p->rules.variables[i].value;
	return NULL;
}

char *admission_type_of(const struct admission *a, const char *policy, const char *field)
{
	for (size_t i = 0; i < a->n_policies; i++) {
		if (strcmp(a->policies[i].name, policy) != 0)
			continue;
		const struct expression *e = find_expression(&a->policies[i], field);
		struct buf text = { 0 };
		if (!e || !e->program)
			return NULL;
		cel_type_text(cel_program_type(e->program), &text);
		return buf_take(&text);
	}
	return NULL;
}
