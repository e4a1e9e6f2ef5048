/* PlanPolicies as they are written, and their programs; see plan_policy.h. */
#include <string.h>

#include "base/shape.h"
#include "base/yaml.h"
#include "policy/plan_policy/internal.h"
#include "policy/rule/name.h"

static const struct shape_key document_keys[] = {
	{ "apiVersion", SHAPE_TEXT, true },
	{ "kind", SHAPE_TEXT, true },
	{ "metadata", SHAPE_OBJECT, true },
	{ "spec", SHAPE_OBJECT, true },
	{ 0 },
};
static const struct shape_key metadata_keys[] = {
	{ "name", SHAPE_TEXT, true },
	{ "labels", SHAPE_OBJECT, false },
	{ "annotations", SHAPE_OBJECT, false },
	{ 0 },
};
static const struct shape_key spec_keys[] = {
	{ "match", SHAPE_TEXT, false },           { "params", SHAPE_OBJECT, false },
	{ "matchConditions", SHAPE_LIST, false }, { "variables", SHAPE_LIST, false },
	{ "validations", SHAPE_LIST, true },      { "action", SHAPE_TEXT, false },
	{ "failurePolicy", SHAPE_TEXT, false },   { 0 },
};
static const struct shape_key condition_keys[] = {
	{ "name", SHAPE_TEXT, true },
	{ "expression", SHAPE_TEXT, true },
	{ 0 },
};
static const struct shape_key validation_keys[] = {
	{ "expression", SHAPE_TEXT, true },
	{ "message", SHAPE_TEXT, false },
	{ "messageExpression", SHAPE_TEXT, false },
	{ 0 },
};

void plan_problem(struct plan_policies *p, const struct plan_policy *policy, struct srcpos at,
		  const char *excerpt, const char *message)
{
	if (p->n_problems == PLAN_POLICY_MAX_PROBLEMS)
		return;
	GROW(p->problems, p->n_problems, p->cap_problems);
	p->problems[p->n_problems++] = (struct plan_policy_problem){
		.at = at,
		.message = arena_fmt(&p->arena, "%s: %s", policy->label, message),
		.excerpt = excerpt,
	};
}

struct reading {
	struct plan_policies *p;
	struct plan_policy *policy;
};

static void on_problem(void *ctx, const struct json *node, const char *message)
{
	struct reading *r = ctx;
	plan_problem(r->p, r->policy,
		     json_pos(node ? node : r->policy->document, r->policy->source->name), NULL,
		     message);
}

static int choose(const struct json *v, const char *key, const char *const *words, int fallback,
		  const char *file, struct err *err)
{
	const struct json *given = json_get(v, key);
	AUTO(buf_done) struct buf all = { 0 };
	for (int i = 0; words[i]; i++) {
		if (given && strcmp(words[i], given->text) == 0)
			return i;
		buf_printf(&all, "%s%s", i ? ", " : "", words[i]);
	}
	if (!given)
		return fallback;
	return err_at(err, ERR_INPUT, json_pos(given, file), "spec.%s has to be one of %s", key,
		      buf_text(&all));
}

static int read_words(struct plan_policy *policy, const struct json *spec, struct err *err)
{
	static const char *const matches[] = { "plan", "change", NULL };
	static const char *const actions[] = { "deny", "warn", "audit", NULL };
	static const enum policy_result results[] = { POLICY_DENY, POLICY_WARN, POLICY_AUDIT };
	static const char *const failures[] = { "Fail", "Ignore", NULL };
	const char *file = policy->source->name;
	int match = choose(spec, "match", matches, 0, file, err);
	int action = match < 0 ? -1 : choose(spec, "action", actions, 0, file, err);
	int failure = action < 0 ? -1 : choose(spec, "failurePolicy", failures, 0, file, err);
	if (failure < 0)
		return -1;
	policy->of_changes = match == 1;
	policy->action = results[action];
	policy->ignore_failures = failure == 1;
	return 0;
}

static int check_shape(const struct json *document, const char *file, struct err *err)
{
	static const struct shape whole = { "a PlanPolicy", document_keys };
	static const struct shape metadata = { "metadata", metadata_keys };
	static const struct shape spec_shape = { "spec of a PlanPolicy", spec_keys };
	static const struct shape condition = { "a condition", condition_keys };
	static const struct shape variable = { "a variable", condition_keys };
	static const struct shape validation = { "a validation", validation_keys };
	const struct json *spec = json_get(document, "spec");
	if (shape_check(document, &whole, file, err) < 0 ||
	    shape_check(json_get(document, "metadata"), &metadata, file, err) < 0 ||
	    shape_check(spec, &spec_shape, file, err) < 0 ||
	    shape_check_items(json_get(spec, "matchConditions"), &condition, file, err) < 0 ||
	    shape_check_items(json_get(spec, "variables"), &variable, file, err) < 0 ||
	    shape_check_items(json_get(spec, "validations"), &validation, file, err) < 0)
		return -1;
	const char *version = json_get_str(document, "apiVersion");
	if (strcmp(version, "rhumb.dev/v1") != 0)
		return err_at(err, ERR_INPUT, json_pos(json_get(document, "apiVersion"), file),
			      "a PlanPolicy of version %s; this rhumb reads rhumb.dev/v1", version);
	const char *name = json_str(json_at(document, "metadata", "name", NULL));
	if (!is_dns_subdomain(name))
		return err_at(err, ERR_INPUT, json_pos(json_get(document, "metadata"), file),
			      "metadata.name \"%s\" has to be a name such as few-deletions", name);
	if (!json_get(spec, "validations")->n)
		return err_at(err, ERR_INPUT, json_pos(json_get(spec, "validations"), file),
			      "there is no validation");
	return 0;
}

static int same_name(const struct plan_policies *p, const struct plan_policy *policy,
		     struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->items[i].name, policy->name) == 0)
			return err_at(err, ERR_INPUT,
				      json_pos(policy->document, policy->source->name),
				      "there is a %s already, at %s:%u", policy->label,
				      p->items[i].source->name, p->items[i].document->line);
	return 0;
}

static int add(struct plan_policies *p, const struct source *source, const struct json *document,
	       struct err *err)
{
	if (check_shape(document, source->name, err) < 0)
		return -1;
	const struct json *spec = json_get(document, "spec");
	struct plan_policy policy = {
		.name = json_str(json_at(document, "metadata", "name", NULL)),
		.source = source,
		.document = document,
		.own_params = json_get(spec, "params"),
	};
	policy.params = policy.own_params;
	policy.label = arena_fmt(&p->arena, "PlanPolicy %s", policy.name);
	struct reading r = { p, &policy };
	struct rules_reader rules = { &p->arena, source, on_problem, &r };
	if (read_words(&policy, spec, err) < 0 || same_name(p, &policy, err) < 0)
		return -1;
	if (p->n == PLAN_POLICY_MAX)
		return err_at(err, ERR_LIMIT, json_pos(document, source->name),
			      "more than %d PlanPolicies (PLAN_POLICY_MAX)", PLAN_POLICY_MAX);
	rules_read_variables(&rules, spec, &policy.rules);
	rules_read_conditions(&rules, spec, &policy.rules);
	rules_read_validations(&rules, spec, &policy.rules);
	if (rules_count(&policy.rules) > RULES_MAX_EXPRESSIONS)
		return err_at(err, ERR_LIMIT, json_pos(document, source->name),
			      "%s has more than %d expressions", policy.label,
			      RULES_MAX_EXPRESSIONS);
	GROW(p->items, p->n, p->cap);
	p->items[p->n++] = policy;
	return 0;
}

struct adding {
	struct plan_policies *p;
	const struct source *source;
};

static int on_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	struct adding *adding = ctx;
	const char *kind = json_get_str(document, "kind");
	const char *version = json_get_str(document, "apiVersion");
	(void)index;
	if (!kind || !version || strcmp(kind, "PlanPolicy") != 0 ||
	    strncmp(version, "rhumb.dev/", 10) != 0)
		return 0;
	struct json *copy = arena_alloc(&adding->p->arena, sizeof(*copy));
	*copy = json_copy(&adding->p->arena, document);
	return add(adding->p, adding->source, copy, err);
}

struct plan_policies *plan_policies_new(void)
{
	struct plan_policies *p = xcalloc(1, sizeof(*p));
	plan_environment_make(p);
	return p;
}

int plan_policies_add_file(struct plan_policies *p, const char *text, size_t n, const char *name,
			   struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	struct source *source = arena_alloc(&p->arena, sizeof(*source));
	*source = (struct source){ arena_strdup(&p->arena, name), arena_strndup(&p->arena, text, n),
				   n };
	struct adding adding = { p, source };
	return yaml_parse(&scratch, text, n, source->name, NULL, on_document, &adding, err);
}

/* ---- programs */

static void compile(struct plan_policies *p, struct plan_policy *policy, struct expression *e,
		    enum expression_result want, const char *list, uint32_t i, const char *key)
{
	struct expression_issue issue;
	if (!expression_compile(&p->arena, policy->source, e, policy->env, want, &issue))
		plan_problem(p, policy, issue.at, issue.excerpt,
			     arena_fmt(&p->arena, "%s[%u].%s: %s", list, i, key, issue.message));
}

static void compile_all(struct plan_policies *p, struct plan_policy *policy)
{
	struct rules *rules = &policy->rules;
	plan_environment_of(p, policy);
	for (uint32_t i = 0; i < rules->n_variables; i++) {
		struct variable *v = &rules->variables[i];
		compile(p, policy, &v->value, RESULT_ANY, "variables", i, "expression");
		cel_object_add(policy->env, policy->variables_type, v->name,
			       v->value.program ? cel_program_type(v->value.program)
						: &cel_dyn_type);
	}
	for (uint32_t i = 0; i < rules->n_conditions; i++)
		compile(p, policy, &rules->conditions[i].rule, RESULT_BOOL, "matchConditions", i,
			"expression");
	for (uint32_t i = 0; i < rules->n_validations; i++) {
		struct validation *v = &rules->validations[i];
		compile(p, policy, &v->rule, RESULT_BOOL, "validations", i, "expression");
		compile(p, policy, &v->message_expression, RESULT_STRING, "validations", i,
			"messageExpression");
	}
}

/* Those of rhumb.yaml, key by key, over those of the policy; another key would do nothing. */
static void override_params(struct plan_policies *p, struct plan_policy *policy,
			    const struct policy_setting *s)
{
	struct json *merged = arena_alloc(&p->arena, sizeof(*merged));
	*merged = policy->own_params ? json_copy(&p->arena, policy->own_params) : json_of_object();
	for (uint32_t i = 0; i < s->params->n; i++) {
		const struct json_member *m = &s->params->members[i];
		if (!json_get(policy->own_params, m->key))
			plan_problem(p, policy, (struct srcpos){ s->at.file, m->line, m->col },
				     NULL, arena_fmt(&p->arena, "it has no param \"%s\"", m->key));
		json_set(&p->arena, merged, m->key, json_copy(&p->arena, &m->value));
	}
	policy->params = merged;
}

void plan_policies_prepare(struct plan_policies *p)
{
	for (size_t i = 0; i < p->n; i++)
		compile_all(p, &p->items[i]);
}

void plan_policies_configure(struct plan_policies *p, const struct policy_config *config)
{
	for (size_t i = 0; i < p->n; i++) {
		struct plan_policy *policy = &p->items[i];
		const struct policy_setting *s = config_policy_setting(config, policy->name);
		policy->params = policy->own_params;
		if (s && s->params)
			override_params(p, policy, s);
	}
}

const struct plan_policy_problem *plan_policies_problems(const struct plan_policies *p, size_t *n)
{
	*n = p->n_problems;
	return p->problems;
}

size_t plan_policies_count(const struct plan_policies *p)
{
	return p->n;
}

const char *plan_policies_name(const struct plan_policies *p, size_t i, struct srcpos *at,
			       uint32_t *validations)
{
	*at = json_pos(p->items[i].document, p->items[i].source->name);
	*validations = p->items[i].rules.n_validations;
	return p->items[i].name;
}

enum policy_result plan_policies_action(const struct plan_policies *p, size_t i)
{
	return p->items[i].action;
}

void plan_policies_free(struct plan_policies *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		rules_free_programs(&p->items[i].rules);
		cel_env_free(p->items[i].env);
	}
	cel_env_free(p->env);
	free(p->items);
	free(p->problems);
	arena_done(&p->arena);
	free(p);
}
