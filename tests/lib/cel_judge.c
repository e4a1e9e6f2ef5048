/* See cel_judge.h. */
#include "tests/lib/cel_judge.h"

#include <inttypes.h>

#include "base/json_write.h"

void cel_outcome_done(struct cel_outcome *o)
{
	cel_issue_done(&o->issue);
	free(o->type);
	*o = (struct cel_outcome){ 0 };
}

void cel_judge_run(const struct cel_trial *t, struct cel_program **program, struct cel_outcome *out)
{
	AUTO(buf_done) struct buf type = { 0 };
	*program = NULL;
	if (cel_compile(t->env, t->text, t->n, &t->options, program, &out->issue) < 0)
		return;
	out->compiled = true;
	cel_type_text(cel_program_type(*program), &type);
	out->type = xstrdup(buf_text(&type));
	if (t->options.check_only)
		return;
	out->value = cel_eval(*program, t->run);
	out->cost = cel_run_cost(t->run);
	out->evaluated = true;
}

static void show(const struct cel_outcome *o, struct buf *out)
{
	static const char *const phases[] = { "parse", "check", "program" };
	if (!o->compiled)
		buf_printf(out, "%s error at %u:%u: %s", phases[o->issue.phase], o->issue.line,
			   o->issue.col, o->issue.message);
	else if (!o->evaluated)
		buf_printf(out, "type %s", o->type);
	else
		cel_case_show(o->value, out);
	if (o->evaluated)
		buf_printf(out, " of type %s", o->type);
}

static bool differ(const struct cel_outcome *o, const struct json *expect, struct buf *why)
{
	buf_puts(why, "expected ");
	json_write_canonical(why, expect);
	buf_puts(why, ", got ");
	show(o, why);
	return false;
}

/* at: [line, column]; -1 for the whole. */
static bool same_place(const struct cel_issue *issue, const struct json *at)
{
	int64_t line, col;
	if (!json_is(at, JSON_ARRAY) || !json_int64(&at->items[0], &line) ||
	    !json_int64(&at->items[1], &col))
		return true;
	return line < 0 ? issue->line == 0 : issue->line == line && issue->col == col;
}

static bool same_issue(const struct cel_outcome *o, const struct json *expect, bool texts)
{
	const char *parse = json_get_str(expect, "parse_error");
	const char *text = parse ? parse : json_get_str(expect, "check_error");
	bool program = json_get(expect, "phase") != NULL;
	enum cel_phase phase = parse ? CEL_PARSE : program ? CEL_PROGRAM : CEL_CHECK;
	return !o->compiled && o->issue.phase == phase &&
	       same_place(&o->issue, json_get(expect, "at")) &&
	       (!texts || strcmp(o->issue.message, text) == 0);
}

static bool same_error(const struct cel_outcome *o, const struct json *error, bool texts)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (!o->evaluated || o->value.kind != CEL_ERROR)
		return false;
	cel_error_text(o->value.error, &text);
	return !texts || !json_str(error) || strcmp(buf_text(&text), json_str(error)) == 0;
}

bool cel_judge(const struct cel_outcome *o, const struct json *expect, bool texts, struct buf *why)
{
	const struct json *value = json_get(expect, "value"), *error = json_get(expect, "error");
	const char *type = json_get_str(expect, "type");
	if (json_get(expect, "check_error") || json_get(expect, "parse_error"))
		return same_issue(o, expect, texts) ? true : differ(o, expect, why);
	if (!o->compiled || (type && strcmp(type, o->type) != 0))
		return differ(o, expect, why);
	if (error && !same_error(o, error, texts))
		return differ(o, expect, why);
	if (value && !(o->evaluated && cel_case_equal(o->value, value)))
		return differ(o, expect, why);
	return true;
}

static const struct cel_deviation deviations[] = {
	{ "quantity('70k') == quantity('50k').add(quantity('20k'))", "bool true",
	  "there an error, as one side is a pointer and the other is not" },
	{ "quantity('70k') != quantity('50k').add(quantity('20k'))", "bool false",
	  "there true, for the same reason" },
	{ "[quantity(\"9999999999999999999999999999999999999\")].all(x, x.add(quantity(\"1\"))"
	  ".compareTo(x.add(quantity(\"2\"))) == -1)",
	  "bool true", "there add() changes its receiver where that is large" },
};

const struct cel_deviation *cel_judge_deviation(const char *expression)
{
	for (size_t i = 0; i < ARRAY_LEN(deviations); i++)
		if (strcmp(deviations[i].expression, expression) == 0)
			return &deviations[i];
	return NULL;
}

bool cel_judge_deviates(const struct cel_outcome *o, const struct cel_deviation *d)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (!o->evaluated)
		return false;
	cel_case_show(o->value, &text);
	return strcmp(buf_text(&text), d->ours) == 0;
}
