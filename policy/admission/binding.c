/* Bindings as they are written, with what the API server would refuse. */
#include "policy/admission/read.h"

#include <string.h>

static void read_actions(const struct reader *r, const struct json *spec, struct binding *b)
{
	static const struct {
		const char *name;
		unsigned bit;
	} actions[] = {
		{ "Deny", ADMISSION_DENY },
		{ "Warn", ADMISSION_WARN },
		{ "Audit", ADMISSION_AUDIT },
	};
	const struct json *list = list_of(spec, "validationActions");
	if (!list->n)
		problem_add(r->a, r->o, field_or(spec, "validationActions"),
			    "validationActions is missing: it needs at least one item");
	for (uint32_t i = 0; i < list->n; i++) {
		const char *name = json_str(&list->items[i]);
		unsigned bit = 0;
		for (size_t k = 0; name && k < ARRAY_LEN(actions); k++)
			if (strcmp(actions[k].name, name) == 0)
				bit = actions[k].bit;
		if (!bit)
			problem_add(r->a, r->o, &list->items[i],
				    "validationActions has to be of Deny, Warn and Audit");
		else if (b->actions & bit)
			problem_add(r->a, r->o, &list->items[i], "validationActions has %s twice",
				    name);
		b->actions |= bit;
	}
	if ((b->actions & ADMISSION_DENY) && (b->actions & ADMISSION_WARN))
		problem_add(r->a, r->o, list, "validationActions must not have both Deny and Warn");
	/* What it says is not known: nothing may be taken for allowed. */
	b->broken |= !b->actions;
}

static void read_param_ref(const struct reader *r, const struct json *spec, struct binding *b)
{
	const struct json *v = json_get(spec, "paramRef"), *selector = json_get(v, "selector");
	const char *action = json_get_str(v, "parameterNotFoundAction");
	if (!json_is(v, JSON_OBJECT))
		return;
	b->has_param_ref = true;
	b->param_name = json_get_str(v, "name");
	b->param_namespace = json_get_str(v, "namespace");
	b->by_selector = json_is(selector, JSON_OBJECT);
	if (b->param_name && !*b->param_name)
		b->param_name = NULL;
	if (b->param_namespace && !*b->param_namespace)
		b->param_namespace = NULL;
	if (b->param_name && b->by_selector)
		problem_add(r->a, r->o, v, "paramRef has both name and selector: it needs one");
	else if (!b->param_name && !b->by_selector)
		problem_add(r->a, r->o, v, "paramRef has neither name nor selector: it needs one");
	const struct json *at;
	const char *wrong;
	if (!selector_read(&r->a->arena, selector, &b->param_selector, &at, &wrong)) {
		problem_add(r->a, r->o, at, "paramRef.selector: %s", wrong);
		b->broken = true;
	}
	b->deny_without_params = action && strcmp(action, "Deny") == 0;
	if (!action || (!b->deny_without_params && strcmp(action, "Allow") != 0))
		problem_add(r->a, r->o, field_or(v, "parameterNotFoundAction"),
			    "paramRef.parameterNotFoundAction has to be Allow or Deny");
}

int read_binding(struct admission *a, const struct origin *o, const struct json *object,
		 struct err *err)
{
	struct reader r;
	const struct json *spec = json_get(object, "spec");
	if (a->n_bindings == ADMISSION_MAX_POLICIES)
		return err_at(err, ERR_LIMIT, json_pos(object, o->source->name),
			      "more than %d bindings", ADMISSION_MAX_POLICIES);
	reader_begin(&r, a, o);
	struct binding b = { .origin = *o, .node = object, .order = a->n_bindings };
	read_check_fields(&r, object);
	b.name = read_object_name(&r, object);
	b.policy_name = json_get_str(spec, "policyName");
	if (!b.policy_name || !*b.policy_name)
		problem_add(a, o, field_or(object, "spec"), "policyName is missing");
	b.policy_name = b.policy_name ? b.policy_name : "";
	b.broken = !read_constraints(a, o, json_get(spec, "matchResources"), "matchResources",
				     &b.match);
	read_actions(&r, spec, &b);
	read_param_ref(&r, spec, &b);
	GROW(a->bindings, a->n_bindings, a->cap_bindings);
	a->bindings[a->n_bindings++] = b;
	return 0;
}
