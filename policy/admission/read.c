/* Policies as they are written, field by field, with what the API server would refuse. */
#include "policy/admission/read.h"

#include <string.h>

/* It comes behind the name of the policy and a slash. */
static bool is_annotation_key(const char *key)
{
	return !strchr(key, '/') && is_qualified_name(key);
}

static void read_annotations(const struct reader *r, const struct json *spec, struct policy *p)
{
	const struct json *list = list_of(spec, "auditAnnotations");
	if (list->n > ADMISSION_MAX_ANNOTATIONS)
		problem_add(r->a, r->o, list,
			    "auditAnnotations has %u items: at most %d are allowed", list->n,
			    ADMISSION_MAX_ANNOTATIONS);
	p->annotations = arena_calloc(&r->a->arena, list->n, sizeof(*p->annotations));
	for (uint32_t i = 0; i < list->n; i++) {
		const struct json *item = &list->items[i];
		AUTO(auto_free) char *where = xfmt("auditAnnotations[%u]", i);
		struct annotation *n = &p->annotations[p->n_annotations++];
		n->key = rules_read_name(&r->rules, item, "key", where, is_annotation_key,
					 "a name, such as \"image\"");
		rules_read_expression(&r->rules, item, "valueExpression", where, true, &n->value);
		if (n->value.n > ADMISSION_MAX_VALUE_EXPRESSION)
			problem_add(r->a, r->o, n->value.node,
				    "%s.valueExpression has %zu bytes: at most %d are allowed",
				    where, n->value.n, ADMISSION_MAX_VALUE_EXPRESSION);
		for (uint32_t k = 0; k < i; k++)
			if (*n->key && strcmp(p->annotations[k].key, n->key) == 0)
				problem_add(r->a, r->o, field_or(item, "key"),
					    "%s.key \"%s\" is there twice", where, n->key);
	}
}

static void read_param_kind(const struct reader *r, const struct json *spec, struct policy *p)
{
	const struct json *v = json_get(spec, "paramKind");
	const char *api_version = json_get_str(v, "apiVersion"), *kind = json_get_str(v, "kind");
	if (!json_is(v, JSON_OBJECT))
		return;
	p->has_params = true;
	if (!api_version || !*api_version)
		problem_add(r->a, r->o, field_or(v, "apiVersion"),
			    "paramKind.apiVersion is missing");
	if (!kind || !*kind)
		problem_add(r->a, r->o, field_or(v, "kind"), "paramKind.kind is missing");
	if (api_version && strchr(api_version, '/') != strrchr(api_version, '/'))
		problem_add(r->a, r->o, field_or(v, "apiVersion"),
			    "paramKind.apiVersion \"%s\" has to be of the form \"v1\" or "
			    "\"group/v1\"",
			    api_version);
	p->broken |= !api_version || !kind;
	p->param_api_version = api_version ? api_version : "";
	p->param_kind = kind ? kind : "";
	object_split_api_version(&r->a->arena, p->param_api_version, &p->param_group,
				 &p->param_version);
}

static void read_failure_policy(const struct reader *r, const struct json *spec, struct policy *p)
{
	const char *text = json_get_str(spec, "failurePolicy");
	p->ignore_failures = text && strcmp(text, "Ignore") == 0;
	if (text && !p->ignore_failures && strcmp(text, "Fail") != 0)
		problem_add(r->a, r->o, json_get(spec, "failurePolicy"),
			    "failurePolicy has to be Fail or Ignore");
}

static void check_whole(const struct reader *r, const struct json *object, const struct policy *p)
{
	const struct json *spec = field_or(object, "spec");
	const struct json *constraints = json_get(spec, "matchConstraints");
	if (!p->match.given)
		problem_add(r->a, r->o, spec, "matchConstraints is missing");
	else if (!p->match.n_rules)
		problem_add(
			r->a, r->o, constraints,
			"matchConstraints.resourceRules is missing: it needs at least one item");
	if (!p->rules.n_validations && !p->n_annotations)
		problem_add(r->a, r->o, spec,
			    "it has neither validations nor auditAnnotations: it needs one");
}

int read_policy(struct admission *a, const struct origin *o, const struct json *object,
		struct err *err)
{
	struct reader r;
	const struct json *spec = json_get(object, "spec");
	if (a->n_policies == ADMISSION_MAX_POLICIES)
		return err_at(err, ERR_LIMIT, json_pos(object, o->source->name),
			      "more than %d policies", ADMISSION_MAX_POLICIES);
	reader_begin(&r, a, o);
	struct policy p = { .origin = *o, .node = object, .order = a->n_policies };
	read_check_fields(&r, object);
	p.name = read_object_name(&r, object);
	read_failure_policy(&r, spec, &p);
	p.broken = !read_constraints(a, o, json_get(spec, "matchConstraints"), "matchConstraints",
				     &p.match);
	read_param_kind(&r, spec, &p);
	rules_read_variables(&r.rules, spec, &p.rules);
	p.broken |= !rules_read_conditions(&r.rules, spec, &p.rules);
	rules_read_validations(&r.rules, spec, &p.rules);
	read_annotations(&r, spec, &p);
	check_whole(&r, object, &p);
	p.broken |= !p.match.n_rules;
	if (rules_count(&p.rules) + p.n_annotations > RULES_MAX_EXPRESSIONS)
		return err_at(err, ERR_LIMIT, json_pos(object, o->source->name),
			      "%s has more than %d expressions", o->label, RULES_MAX_EXPRESSIONS);
	GROW(a->policies, a->n_policies, a->cap_policies);
	a->policies[a->n_policies++] = p;
	return 0;
}
