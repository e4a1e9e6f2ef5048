/* Policies as they are written, field by field, with what the API server would refuse. */
#include "policy/admission/read.h"

#include <ctype.h>
#include <string.h>

static bool is_white(const char *text)
{
	return text[strspn(text, " \t\n\v\f\r")] == '\0';
}

static void read_expression(const struct reader *r, const struct json *v, const char *key,
			    const char *where, bool required, struct expression *out)
{
	const struct json *node = json_get(v, key);
	const char *text = json_str(node);
	if (!text && !required)
		return;
	if (!text || is_white(text)) {
		problem_add(r->a, r->o, field_or(v, key), "%s.%s %s", where, key,
			    text ? "is empty" : "is missing");
		if (!text)
			return;
	}
	*out = (struct expression){
		.text = text,
		.n = node->n,
		.node = node,
		.at = json_pos(node, r->o->source->name),
	};
	/* The place of the first character, not of a block scalar's header. */
	out->at = expression_position(r->o->source, out, 1, 1);
}

static const char *read_name(const struct reader *r, const struct json *v, const char *key,
			     const char *where, bool (*valid)(const char *), const char *form)
{
	const char *name = json_get_str(v, key);
	if (!name || !*name)
		problem_add(r->a, r->o, field_or(v, key), "%s.%s is missing", where, key);
	else if (!valid(name))
		problem_add(r->a, r->o, field_or(v, key), "%s.%s \"%s\" has to be %s", where, key,
			    name, form);
	return name ? name : "";
}

static void read_variables(const struct reader *r, const struct json *spec, struct policy *p)
{
	const struct json *list = list_of(spec, "variables");
	p->variables = arena_calloc(&r->a->arena, list->n, sizeof(*p->variables));
	for (uint32_t i = 0; i < list->n; i++) {
		AUTO(auto_free) char *where = xfmt("variables[%u]", i);
		struct variable *v = &p->variables[p->n_variables++];
		v->name = read_name(r, &list->items[i], "name", where, is_cel_identifier,
				    "an identifier of CEL");
		v->length = (uint32_t)strlen(v->name);
		read_expression(r, &list->items[i], "expression", where, true, &v->value);
	}
}

static void read_conditions(const struct reader *r, const struct json *spec, struct policy *p)
{
	const struct json *list = list_of(spec, "matchConditions");
	if (list->n > ADMISSION_MAX_CONDITIONS)
		problem_add(r->a, r->o, list,
			    "matchConditions has %u items: at most %d are allowed", list->n,
			    ADMISSION_MAX_CONDITIONS);
	uint32_t n = list->n < ADMISSION_MAX_CONDITIONS ? list->n : ADMISSION_MAX_CONDITIONS;
	p->broken |= list->n > n;
	p->conditions = arena_calloc(&r->a->arena, n, sizeof(*p->conditions));
	for (uint32_t i = 0; i < n; i++) {
		AUTO(auto_free) char *where = xfmt("matchConditions[%u]", i);
		struct condition *c = &p->conditions[p->n_conditions++];
		c->name = read_name(r, &list->items[i], "name", where, is_qualified_name,
				    "a name, such as \"not-kube-system\"");
		read_expression(r, &list->items[i], "expression", where, true, &c->rule);
		for (uint32_t k = 0; k < i; k++)
			if (*c->name && strcmp(p->conditions[k].name, c->name) == 0)
				problem_add(r->a, r->o, field_or(&list->items[i], "name"),
					    "%s.name \"%s\" is there twice", where, c->name);
	}
}

static const char *const reasons[] = { "Unauthorized", "Forbidden", "Invalid",
				       "RequestEntityTooLarge" };

static const char *read_reason(const struct reader *r, const struct json *v, const char *where)
{
	const char *reason = json_get_str(v, "reason");
	for (size_t i = 0; reason && i < ARRAY_LEN(reasons); i++)
		if (strcmp(reasons[i], reason) == 0)
			return reasons[i];
	if (reason)
		problem_add(r->a, r->o, field_or(v, "reason"),
			    "%s.reason has to be Unauthorized, Forbidden, Invalid or "
			    "RequestEntityTooLarge",
			    where);
	return "Invalid";
}

static void read_message(const struct reader *r, const struct json *v, const char *where,
			 struct validation *out)
{
	out->message = json_get_str(v, "message");
	const char *line = out->message ? out->message + strspn(out->message, " \t\n\v\f\r") : "";
	size_t n = strlen(line);
	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	if (out->message && *out->message && !n)
		problem_add(r->a, r->o, json_get(v, "message"), "%s.message is empty", where);
	else if (memchr(line, '\n', n) || memchr(line, '\r', n))
		problem_add(r->a, r->o, json_get(v, "message"), "%s.message has to be on one line",
			    where);
}

static void read_validations(const struct reader *r, const struct json *spec, struct policy *p)
{
	const struct json *list = list_of(spec, "validations");
	p->validations = arena_calloc(&r->a->arena, list->n, sizeof(*p->validations));
	for (uint32_t i = 0; i < list->n; i++) {
		const struct json *item = &list->items[i];
		AUTO(auto_free) char *where = xfmt("validations[%u]", i);
		struct validation *v = &p->validations[p->n_validations++];
		read_expression(r, item, "expression", where, true, &v->rule);
		read_expression(r, item, "messageExpression", where, false, &v->message_expression);
		p->n_messages += v->message_expression.text != NULL;
		read_message(r, item, where, v);
		v->reason = read_reason(r, item, where);
	}
}

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
		n->key = read_name(r, item, "key", where, is_annotation_key,
				   "a name, such as \"image\"");
		read_expression(r, item, "valueExpression", where, true, &n->value);
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
	if (!p->n_validations && !p->n_annotations)
		problem_add(r->a, r->o, spec,
			    "it has neither validations nor auditAnnotations: it needs one");
}

static size_t count_expressions(const struct policy *p)
{
	return (size_t)p->n_variables + p->n_conditions + p->n_validations + p->n_messages +
	       p->n_annotations;
}

int read_policy(struct admission *a, const struct origin *o, const struct json *object,
		struct err *err)
{
	struct reader r = { a, o };
	const struct json *spec = json_get(object, "spec");
	if (a->n_policies == ADMISSION_MAX_POLICIES)
		return err_at(err, ERR_LIMIT, json_pos(object, o->source->name),
			      "more than %d policies", ADMISSION_MAX_POLICIES);
	struct policy p = { .origin = *o, .node = object, .order = a->n_policies };
	read_check_fields(&r, object);
	p.name = read_object_name(&r, object);
	read_failure_policy(&r, spec, &p);
	p.broken = !read_constraints(a, o, json_get(spec, "matchConstraints"), "matchConstraints",
				     &p.match);
	read_param_kind(&r, spec, &p);
	read_variables(&r, spec, &p);
	read_conditions(&r, spec, &p);
	read_validations(&r, spec, &p);
	read_annotations(&r, spec, &p);
	check_whole(&r, object, &p);
	p.broken |= !p.match.n_rules;
	if (count_expressions(&p) > ADMISSION_MAX_EXPRESSIONS)
		return err_at(err, ERR_LIMIT, json_pos(object, o->source->name),
			      "%s has more than %d expressions", o->label,
			      ADMISSION_MAX_EXPRESSIONS);
	GROW(a->policies, a->n_policies, a->cap_policies);
	a->policies[a->n_policies++] = p;
	return 0;
}
