/* See rules.h. */
#include "policy/rule/rules.h"

#include <ctype.h>
#include <string.h>

#include "policy/rule/name.h"

void rules_problem(const struct rules_reader *r, const struct json *node, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *message = xvfmt(fmt, ap);
	va_end(ap);
	r->problem(r->ctx, node, message);
}

static bool is_white(const char *text)
{
	return text[strspn(text, " \t\n\v\f\r")] == '\0';
}

void rules_read_expression(const struct rules_reader *r, const struct json *v, const char *key,
			   const char *where, bool required, struct expression *out)
{
	const struct json *node = json_get(v, key);
	const char *text = json_str(node);
	if (!text && !required)
		return;
	if (!text || is_white(text)) {
		rules_problem(r, field_or(v, key), "%s.%s %s", where, key,
			      text ? "is empty" : "is missing");
		if (!text)
			return;
	}
	*out = (struct expression){
		.text = text,
		.n = node->n,
		.node = node,
		.at = json_pos(node, r->source->name),
	};
	/* The place of the first character, not of a block scalar's header. */
	out->at = expression_position(r->source, out, 1, 1);
}

const char *rules_read_name(const struct rules_reader *r, const struct json *v, const char *key,
			    const char *where, bool (*valid)(const char *), const char *form)
{
	const char *name = json_get_str(v, key);
	if (!name || !*name)
		rules_problem(r, field_or(v, key), "%s.%s is missing", where, key);
	else if (!valid(name))
		rules_problem(r, field_or(v, key), "%s.%s \"%s\" has to be %s", where, key, name,
			      form);
	return name ? name : "";
}

void rules_read_variables(const struct rules_reader *r, const struct json *spec, struct rules *p)
{
	const struct json *list = list_of(spec, "variables");
	p->variables = arena_calloc(r->arena, list->n, sizeof(*p->variables));
	for (uint32_t i = 0; i < list->n; i++) {
		AUTO(auto_free) char *where = xfmt("variables[%u]", i);
		struct variable *v = &p->variables[p->n_variables++];
		v->name = rules_read_name(r, &list->items[i], "name", where, is_cel_identifier,
					  "an identifier of CEL");
		v->length = (uint32_t)strlen(v->name);
		rules_read_expression(r, &list->items[i], "expression", where, true, &v->value);
	}
}

bool rules_read_conditions(const struct rules_reader *r, const struct json *spec, struct rules *p)
{
	const struct json *list = list_of(spec, "matchConditions");
	if (list->n > RULES_MAX_CONDITIONS)
		rules_problem(r, list, "matchConditions has %u items: at most %d are allowed",
			      list->n, RULES_MAX_CONDITIONS);
	uint32_t n = list->n < RULES_MAX_CONDITIONS ? list->n : RULES_MAX_CONDITIONS;
	p->conditions = arena_calloc(r->arena, n, sizeof(*p->conditions));
	for (uint32_t i = 0; i < n; i++) {
		AUTO(auto_free) char *where = xfmt("matchConditions[%u]", i);
		struct condition *c = &p->conditions[p->n_conditions++];
		c->name = rules_read_name(r, &list->items[i], "name", where, is_qualified_name,
					  "a name, such as \"not-kube-system\"");
		rules_read_expression(r, &list->items[i], "expression", where, true, &c->rule);
		for (uint32_t k = 0; k < i; k++)
			if (*c->name && strcmp(p->conditions[k].name, c->name) == 0)
				rules_problem(r, field_or(&list->items[i], "name"),
					      "%s.name \"%s\" is there twice", where, c->name);
	}
	return list->n == n;
}

static const char *const reasons[] = { "Unauthorized", "Forbidden", "Invalid",
				       "RequestEntityTooLarge" };

static const char *read_reason(const struct rules_reader *r, const struct json *v,
			       const char *where)
{
	const char *reason = json_get_str(v, "reason");
	for (size_t i = 0; reason && i < ARRAY_LEN(reasons); i++)
		if (strcmp(reasons[i], reason) == 0)
			return reasons[i];
	if (reason)
		rules_problem(r, field_or(v, "reason"),
			      "%s.reason has to be Unauthorized, Forbidden, Invalid or "
			      "RequestEntityTooLarge",
			      where);
	return "Invalid";
}

static void read_message(const struct rules_reader *r, const struct json *v, const char *where,
			 struct validation *out)
{
	out->message = json_get_str(v, "message");
	const char *line = out->message ? out->message + strspn(out->message, " \t\n\v\f\r") : "";
	size_t n = strlen(line);
	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	if (out->message && *out->message && !n)
		rules_problem(r, json_get(v, "message"), "%s.message is empty", where);
	else if (memchr(line, '\n', n) || memchr(line, '\r', n))
		rules_problem(r, json_get(v, "message"), "%s.message has to be on one line", where);
}

void rules_read_validations(const struct rules_reader *r, const struct json *spec, struct rules *p)
{
	const struct json *list = list_of(spec, "validations");
	p->validations = arena_calloc(r->arena, list->n, sizeof(*p->validations));
	for (uint32_t i = 0; i < list->n; i++) {
		const struct json *item = &list->items[i];
		AUTO(auto_free) char *where = xfmt("validations[%u]", i);
		struct validation *v = &p->validations[p->n_validations++];
		rules_read_expression(r, item, "expression", where, true, &v->rule);
		rules_read_expression(r, item, "messageExpression", where, false,
				      &v->message_expression);
		p->n_messages += v->message_expression.text != NULL;
		read_message(r, item, where, v);
		v->reason = read_reason(r, item, where);
	}
}

uint32_t rules_count(const struct rules *rules)
{
	return rules->n_variables + rules->n_conditions + rules->n_validations + rules->n_messages;
}

void rules_free_programs(struct rules *rules)
{
	for (uint32_t i = 0; i < rules->n_variables; i++)
		cel_program_free(rules->variables[i].value.program);
	for (uint32_t i = 0; i < rules->n_conditions; i++)
		cel_program_free(rules->conditions[i].rule.program);
	for (uint32_t i = 0; i < rules->n_validations; i++) {
		cel_program_free(rules->validations[i].rule.program);
		cel_program_free(rules->validations[i].message_expression.program);
	}
}
