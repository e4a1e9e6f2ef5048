/* Expressions to programs, and what is told of those that do not compile. */
#include "policy/admission/internal.h"

#include <string.h>

static bool is_bool(const struct cel_type *t)
{
	return t->kind == CEL_BOOL;
}

static bool is_string(const struct cel_type *t)
{
	return t->kind == CEL_STRING;
}

static bool is_string_or_null(const struct cel_type *t)
{
	return t->kind == CEL_STRING || t->kind == CEL_NULL;
}

static bool is_any(const struct cel_type *t)
{
	(void)t;
	return true;
}

static const struct {
	bool (*fits)(const struct cel_type *t);
	const char *expected;
} results[] = {
	[RESULT_BOOL] = { is_bool, "bool" },
	[RESULT_STRING] = { is_string, "string" },
	[RESULT_STRING_OR_NULL] = { is_string_or_null, NULL },
	[RESULT_ANY] = { is_any, NULL },
};

struct compiler {
	struct admission *a;
	const struct policy *policy;
	const char *where; /* "validations[0].expression" */
};

/* As Kubernetes words it, with the line and a caret. */
static const char *failure_text(struct arena *a, const struct expression *e,
				const struct cel_issue *issue)
{
	AUTO(buf_done) struct buf caret = { 0 };
	if (issue->phase == CEL_PROGRAM)
		return arena_fmt(a, "program instantiation failed: %s", issue->message);
	unsigned line = issue->line ? issue->line : 1, col = issue->line ? issue->col : 1;
	cel_caret(e->text, e->n, line, col, &caret);
	return arena_fmt(a, "compilation failed: ERROR: <input>:%u:%u: %s\n%s", line, col,
			 issue->message, buf_text(&caret));
}

static void tell(const struct compiler *c, const struct expression *e,
		 const struct cel_issue *issue)
{
	const struct origin *o = &c->policy->origin;
	AUTO(buf_done) struct buf caret = { 0 };
	AUTO(auto_free) char *text = xfmt("%s: %s", c->where, issue->message);
	if (issue->line)
		cel_caret(e->text, e->n, issue->line, issue->col, &caret);
	problem_add_at(c->a, o, expression_position(o->source, e, issue->line, issue->col),
		       caret.len ? arena_strdup(&c->a->arena, buf_text(&caret)) : NULL, text);
}

static void wrong_result(const struct compiler *c, struct expression *e,
			 enum expression_result want, const struct cel_type *got)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (results[want].expected) {
		buf_printf(&text, "must evaluate to %s but got ", results[want].expected);
		cel_type_say(got, &text);
	} else {
		buf_puts(&text, "must evaluate to one of [string null_type]");
	}
	e->failure = arena_strdup(&c->a->arena, buf_text(&text));
	tell(c, e, &(struct cel_issue){ .message = (char *)(uintptr_t)buf_text(&text) });
}

static void compile(const struct compiler *c, struct expression *e, const struct scope *scope,
		    enum expression_result want)
{
	AUTO(cel_issue_done) struct cel_issue issue = { 0 };
	if (!e->text)
		return;
	if (cel_compile(scope->env, e->text, e->n, NULL, &e->program, &issue) < 0) {
		e->failure = failure_text(&c->a->arena, e, &issue);
		tell(c, e, &issue);
		return;
	}
	const struct cel_type *got = cel_program_type(e->program);
	if (results[want].fits(got))
		return;
	wrong_result(c, e, want, got);
	cel_program_free(e->program);
	e->program = NULL;
}

static void compile_variables(struct compiler *c, struct policy *p)
{
	for (uint32_t i = 0; i < p->n_variables; i++) {
		struct variable *v = &p->variables[i];
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
	for (uint32_t i = 0; i < p->n_validations; i++) {
		struct validation *v = &p->validations[i];
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
	for (uint32_t i = 0; i < p->n_conditions; i++) {
		AUTO(auto_free) char *where = xfmt("matchConditions[%u].expression", i);
		c.where = where;
		compile(&c, &p->conditions[i].rule, &p->conditions_scope, RESULT_BOOL);
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
	for (uint32_t i = 0; i < p->n_variables; i++)
		cel_program_free(p->variables[i].value.program);
	for (uint32_t i = 0; i < p->n_conditions; i++)
		cel_program_free(p->conditions[i].rule.program);
	for (uint32_t i = 0; i < p->n_validations; i++) {
		cel_program_free(p->validations[i].rule.program);
		cel_program_free(p->validations[i].message_expression.program);
	}
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
	if (strncmp(field, "matchConditions[", 16) == 0 && i < p->n_conditions)
		return &p->conditions[i].rule;
	if (strncmp(field, "auditAnnotations[", 17) == 0 && i < p->n_annotations)
		return &p->annotations[i].value;
	if (strncmp(field, "validations[", 12) != 0 || i >= p->n_validations)
		return NULL;
	return strcmp(end, "].messageExpression") == 0 ? &p->validations[i].message_expression
						       : &p->validations[i].rule;
}

static const struct expression *find_expression(const struct policy *p, const char *field)
{
	static const char prefix[] = "variables.";
	if (strncmp(field, prefix, sizeof(prefix) - 1) != 0)
		return indexed(p, field);
	for (uint32_t i = 0; i < p->n_variables; i++)
		if (strcmp(p->variables[i].name, field + sizeof(prefix) - 1) == 0)
			return &p->variables[i].value;
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
