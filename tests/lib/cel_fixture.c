/* See cel_fixture.h. */
#include "tests/lib/cel_fixture.h"

#include "tests/lib/cel_case.h"

static struct cel_env *new_env(void)
{
	struct cel_env *env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	cel_env_variable(env, "object", &cel_dyn_type);
	cel_env_variable(env, "secret", &cel_dyn_type);
	cel_env_variable(env, "failed", &cel_dyn_type);
	cel_env_variable(env, "authorizer",
			 cel_env_type(env, "kubernetes.authorization.Authorizer"));
	cel_env_variable(env, "unset", &cel_int_type);
	return env;
}

static char *issue_text(struct cel_issue *issue)
{
	static const char *const phases[] = { "parse", "check", "program" };
	char *text =
		xfmt("%s %u:%u %s", phases[issue->phase], issue->line, issue->col, issue->message);
	cel_issue_done(issue);
	return text;
}

static char *value_text(struct cel_value v)
{
	struct buf text = { 0 };
	cel_case_show(v, &text);
	return buf_take(&text);
}

char *cel_fixture(const char *expression, const char *object, const struct cel_limits *limits)
{
	static const struct cel_error failure = { .message = "it failed" };
	struct cel_env *env = new_env();
	struct cel_issue issue = { 0 };
	struct cel_program *p;
	struct arena a = { 0 };
	char *text;
	if (cel_compile(env, expression, strlen(expression), NULL, &p, &issue) < 0) {
		text = issue_text(&issue);
	} else {
		struct cel_run *run = cel_run_new(limits);
		struct json document = object ? fixture_json(&a, object) : json_of_null();
		cel_run_set(run, 0, cel_of_json(&document));
		cel_run_set(run, 1, cel_unknown("a secret"));
		cel_run_set(run, 2, (struct cel_value){ .kind = CEL_ERROR, .error = &failure });
		cel_run_set(run, 3, cel_unknown("the authorizer"));
		text = value_text(cel_eval(p, run));
		cel_run_free(run);
		cel_program_free(p);
	}
	arena_done(&a);
	cel_env_free(env);
	return text;
}

char *cel_fixture_type(const char *expression)
{
	struct cel_env *env = new_env();
	struct cel_issue issue = { 0 };
	struct cel_program *p;
	struct buf type = { 0 };
	if (cel_compile(env, expression, strlen(expression), NULL, &p, &issue) < 0) {
		char *text = issue_text(&issue);
		buf_puts(&type, text);
		free(text);
	} else {
		cel_type_text(cel_program_type(p), &type);
		cel_program_free(p);
	}
	cel_env_free(env);
	return buf_take(&type);
}

void cel_fixture_row(void **state)
{
	const struct cel_row *r = *state;
	AUTO(auto_free) char *got = cel_fixture(r->expression, r->object, NULL);
	assert_string_equal(got, r->expected);
}

int cel_fixture_rows(const char *group, const struct cel_row *rows, size_t n)
{
	struct CMUnitTest *tests = xcalloc(n, sizeof(*tests));
	for (size_t i = 0; i < n; i++)
		tests[i] = fixture_row(rows[i].expression, cel_fixture_row, &rows[i]);
	int failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	free(tests);
	return failed;
}
