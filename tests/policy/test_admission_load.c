/* Loading policies and bindings: what the API server would refuse, and where it stands. */
#include "tests/lib/admission_load_cases.h"
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"
#include "policy/admission/admission.h"
#include "policy/rule/rules.h"

static struct admission *load(const char *text, struct kind_table *kinds)
{
	AUTO(err_done) struct err err = { 0 };
	struct admission *a = admission_new();
	if (admission_add_file(a, text, strlen(text), "p.yaml", &err) < 0)
		fail_msg("%s", err.msg);
	admission_prepare(a, &(struct admission_world){ kinds, false, true });
	return a;
}

static void load_case_run(void **state)
{
	const struct load_case *c = *state;
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	kinds_add_builtin(&kinds);
	AUTO(admission_free_p) struct admission *a = load(c->text, &kinds);
	size_t n;
	const struct admission_problem *problems = admission_problems(a, &n);
	AUTO(buf_done) struct buf all = { 0 };
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(problems[i].at.file, "p.yaml");
		buf_printf(&all, "%u:%u: %s\n", problems[i].at.line, problems[i].at.col,
			   problems[i].message);
	}
	if (!c->problem) {
		assert_string_equal(buf_text(&all), "");
		return;
	}
	/* The name of the object stands between the position and the rest. */
	const char *rest = strstr(c->problem, ": ");
	bool placed = c->problem[0] >= '0' && c->problem[0] <= '9' && rest;
	AUTO(auto_free)
	char *where = placed ? xstrndup(c->problem, (size_t)(rest - c->problem)) : xstrdup("");
	const char *text = placed ? rest + 2 : c->problem;
	bool found = false;
	for (size_t i = 0; i < n && !found; i++) {
		AUTO(auto_free) char *at = xfmt("%u:%u", problems[i].at.line, problems[i].at.col);
		found = strstr(problems[i].message, text) && (!placed || strcmp(at, where) == 0);
	}
	if (!found)
		fail_msg("expected\n%s\nin\n%s", c->problem, buf_text(&all));
}

/* ---- ceilings */

/* `n` items: the text in front of a number, and behind it. */
static void many(struct buf *b, const char *before, const char *after, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%s%u%s", before, i, after);
}

static void conditions_have_a_ceiling(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	buf_puts(&text, GOOD "  matchConditions:\n");
	many(&text, "  - {name: c", ", expression: 'true'}\n", RULES_MAX_CONDITIONS + 1);
	AUTO(admission_free_p) struct admission *a = load(buf_text(&text), NULL);
	size_t n;
	const struct admission_problem *problems = admission_problems(a, &n);
	assert_int_equal(n, 1);
	assert_non_null(strstr(problems[0].message, "matchConditions has 65 items: at most 64"));
}

static void expressions_have_a_ceiling(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	buf_puts(&text, HEAD RULES "  validations:\n");
	many(&text, "  - {expression: '", " > 1'}\n", RULES_MAX_EXPRESSIONS + 1);
	AUTO(admission_free_p) struct admission *a = admission_new();
	assert_int_equal(admission_add_file(a, buf_text(&text), text.len, "p.yaml", &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.msg, "more than 1000 expressions"));
}

static void problems_have_a_ceiling(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	buf_puts(&text, HEAD RULES "  validations:\n");
	many(&text, "  - {expression: 'a", "'}\n", ADMISSION_MAX_PROBLEMS + 50);
	AUTO(admission_free_p) struct admission *a = load(buf_text(&text), NULL);
	size_t n;
	admission_problems(a, &n);
	assert_int_equal(n, ADMISSION_MAX_PROBLEMS);
}

static void text_that_is_no_yaml(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(admission_free_p) struct admission *a = admission_new();
	assert_int_equal(admission_add_file(a, "a: [", 4, "p.yaml", &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_string_equal(err.at.file, "p.yaml");
}

static void an_excerpt_with_a_caret(void **state)
{
	(void)state;
	AUTO(admission_free_p)
	struct admission *a =
		load(HEAD RULES "  validations: [{expression: 'true && objekt'}]\n", NULL);
	size_t n;
	const struct admission_problem *problems = admission_problems(a, &n);
	assert_int_equal(n, 1);
	assert_string_equal(problems[0].excerpt, " | true && objekt\n | ........^");
}

static void types_of_expressions(void **state)
{
	(void)state;
	AUTO(admission_free_p)
	struct admission *a = load(GOOD "  variables: [{name: a, expression: '[1]'}]\n"
					"  matchConditions: [{name: c, expression: 'true'}]\n"
					"  auditAnnotations: [{key: k, valueExpression: '\"\"'}]\n",
				   NULL);
	static const struct {
		const char *field, *type;
	} rows[] = {
		{ "variables.a", "list(int)" },
		{ "matchConditions[0]", "bool" },
		{ "validations[0].expression", "bool" },
		{ "auditAnnotations[0]", "string" },
		{ "validations[0].messageExpression", NULL },
		{ "validations[1].expression", NULL },
		{ "variables.b", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(auto_free) char *type = admission_type_of(a, "p", rows[i].field);
		if (rows[i].type)
			assert_string_equal(type, rows[i].type);
		else
			assert_null(type);
	}
	assert_int_equal(admission_count_expressions(a), 4);
}

static void the_kinds_of_params(void **state)
{
	(void)state;
	AUTO(admission_free_p)
	struct admission *a =
		load(GOOD "  paramKind: {apiVersion: example.com/v2, kind: Limit}\n", NULL);
	const char *group, *version, *kind;
	assert_true(admission_param_kind(a, 0, &group, &version, &kind));
	assert_string_equal(group, "example.com");
	assert_string_equal(version, "v2");
	assert_string_equal(kind, "Limit");
	assert_false(admission_param_kind(a, 1, &group, &version, &kind));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(load_cases) + 7] = {
		cmocka_unit_test(conditions_have_a_ceiling),
		cmocka_unit_test(expressions_have_a_ceiling),
		cmocka_unit_test(problems_have_a_ceiling),
		cmocka_unit_test(text_that_is_no_yaml),
		cmocka_unit_test(an_excerpt_with_a_caret),
		cmocka_unit_test(types_of_expressions),
		cmocka_unit_test(the_kinds_of_params),
	};
	for (size_t i = 0; i < ARRAY_LEN(load_cases); i++)
		tests[7 + i] = fixture_row(load_cases[i].name, load_case_run, &load_cases[i]);
	return _cmocka_run_group_tests("admission_load", tests, ARRAY_LEN(tests), NULL, NULL);
}
