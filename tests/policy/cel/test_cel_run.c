/* Environments, programs and runs: what their callers rely on. */
#include "tests/lib/fixture.h"

#include <stdio.h>

#include "base/buf.h"
#include "policy/cel/cel.h"

/* A record that counts how often its field is computed. */
struct counter {
	struct cel_record record;
	struct cel_program *program;
	struct cel_value value;
	unsigned computed;
};

static bool get(const struct cel_record *r, struct cel_call *c, const char *name, uint32_t n,
		struct cel_value *out)
{
	struct counter *counter = (struct counter *)(uintptr_t)r;
	if (n != 1 || *name != 'v')
		return false;
	if (out && !counter->computed) {
		counter->computed++;
		counter->value = cel_eval_inside(counter->program, c);
	}
	if (out)
		*out = counter->value;
	return true;
}

struct world {
	struct cel_env *base, *env;
	struct cel_type *type;
	struct cel_run *run;
	struct counter counter;
	struct cel_limits limits;
};

static struct cel_program *program(struct cel_env *env, const char *text)
{
	struct cel_issue issue = { 0 };
	struct cel_program *p = NULL;
	if (cel_compile(env, text, strlen(text), NULL, &p, &issue) < 0)
		fail_msg("%s: %s", text, issue.message);
	return p;
}

static struct world *world_new(const char *variable)
{
	struct world *w = xcalloc(1, sizeof(*w));
	w->base = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	cel_env_variable(w->base, "object", &cel_dyn_type);
	w->env = cel_env_extend(w->base);
	w->type = cel_env_object(w->env, "test.variables", NULL, 0);
	assert_int_equal(cel_env_variable(w->env, "variables", w->type), 1);
	w->counter.record.get = get;
	w->counter.program = program(w->env, variable);
	cel_object_add(w->env, w->type, "v", cel_program_type(w->counter.program));
	w->limits.cost = 250;
	w->run = cel_run_new(&w->limits);
	cel_run_set(w->run, 0, cel_int(4));
	cel_run_set(w->run, 1, cel_record(&w->counter.record));
	return w;
}

static void world_free(struct world *w)
{
	cel_program_free(w->counter.program);
	cel_run_free(w->run);
	cel_env_free(w->env);
	cel_env_free(w->base);
	free(w);
}

static char *eval(struct world *w, const char *text)
{
	struct cel_program *p = program(w->env, text);
	struct buf out = { 0 };
	cel_value_text(cel_eval(p, w->run), &out);
	cel_program_free(p);
	return buf_take(&out);
}

struct record_case {
	const char *name, *variable, *expression, *expected;
	unsigned computed;
};

static const struct record_case records[] = {
	{ "computed once", "object * 2", "variables.v + variables.v", "16", 1 },
	{ "not where it is not needed", "object * 2", "false && variables.v > 1", "false", 0 },
	{ "has() computes nothing", "object * 2", "has(variables.v)", "true", 0 },
	{ "an error is one at the place of use", "object / 0", "variables.v > 1 || true", "true",
	  1 },
	{ "and is remembered", "object / 0", "variables.v > 1 || variables.v > 2",
	  "division by zero", 1 },
	{ "a limit inside can be absorbed",
	  "[1,2,3,4,5,6,7,8,9].all(x, [1,2,3,4,5,6,7,8,9].all(y, true))", "variables.v || true",
	  "true", 1 },
	{ "its cost does not count outside", "[1,2,3,4,5,6,7,8,9].all(x, x > 0)",
	  "variables.v && [1,2,3,4,5].all(x, x > 0)", "true", 1 },
	{ "in", "1", "'v' in dyn(variables) && !('w' in dyn(variables))", "true", 0 },
	{ "not to be walked over", "1", "dyn(variables).all(x, true)",
	  "got '*types.baseMap', expected iterable type", 0 },
};

static void record_run(void **state)
{
	const struct record_case *c = *state;
	struct world *w = world_new(c->variable);
	char *got = eval(w, c->expression);
	assert_string_equal(got, c->expected);
	assert_int_equal(w->counter.computed, c->computed);
	free(got);
	world_free(w);
}

static bool get_again(const struct cel_record *r, struct cel_call *c, const char *name, uint32_t n,
		      struct cel_value *out)
{
	(void)name;
	(void)n;
	*out = cel_eval_inside(((const struct counter *)(const void *)r)->program, c);
	return true;
}

/* A record that computes a field from itself ends before the stack does. */
static void endless_run(void **state)
{
	(void)state;
	struct world *w = world_new("1");
	cel_program_free(w->counter.program);
	w->counter.program =
		program(w->env, "[[[[[[variables.v]]]]]].map(x, x)[0][0][0][0][0][0] + 1");
	w->counter.record.get = get_again;
	char *got = eval(w, "variables.v");
	assert_string_equal(got, "variables that use each other are nested too deeply");
	free(got);
	world_free(w);
}

/* A field that the type lacks is an error of the checker, at its place. */
static void undefined_run(void **state)
{
	(void)state;
	struct world *w = world_new("1");
	struct cel_issue issue = { 0 };
	struct cel_program *p;
	const char *text = "object == 1 &&\n  variables.w";
	struct buf out = { 0 };
	assert_int_equal(cel_compile(w->env, text, strlen(text), NULL, &p, &issue), -1);
	assert_int_equal(issue.phase, CEL_CHECK);
	cel_issue_text(&issue, text, strlen(text), &out);
	assert_string_equal(buf_text(&out), "ERROR: <input>:2:12: undefined field 'w'\n"
					    " |   variables.w\n"
					    " | ...........^");
	buf_done(&out);
	cel_issue_done(&issue);
	world_free(w);
}

static void uses_run(void **state)
{
	(void)state;
	struct world *w = world_new("1");
	struct cel_program *p = program(w->env, "[1].all(object, object > 0) && variables.v > 0");
	assert_false(cel_program_uses(p, 0));
	assert_true(cel_program_uses(p, 1));
	assert_false(cel_program_uses(p, 7));
	cel_program_free(p);
	world_free(w);
}

/* Where an error arose: its line and column in the expression. */
static void position_run(void **state)
{
	(void)state;
	struct world *w = world_new("1");
	const char *text = "object > 1\n  && '\xc3\xa9' + object.name == 'x'";
	struct cel_program *p = program(w->env, text);
	struct cel_value v = cel_eval(p, w->run);
	unsigned line, col;
	assert_int_equal(v.kind, CEL_ERROR);
	assert_true(v.error->at > 0);
	cel_position(text, strlen(text), v.error->at - 1, &line, &col);
	assert_int_equal(line, 2);
	assert_int_equal(col, 18);
	cel_program_free(p);
	world_free(w);
}

static void reset_run(void **state)
{
	(void)state;
	struct world *w = world_new("1");
	char *before = eval(w, "object");
	cel_run_reset(w->run);
	char *after = eval(w, "object");
	assert_string_equal(before, "4");
	assert_string_equal(after, "no such attribute(s): object");
	free(before);
	free(after);
	world_free(w);
}

/* A map of a document and one of a literal are the same map; large ones are hashed. */
static void large_run(void **state)
{
	(void)state;
	struct world *w = world_new("1");
	struct buf literal = { 0 }, json = { 0 };
	struct arena a = { 0 };
	for (int i = 0; i < 500; i++) {
		buf_printf(&literal, "%s'k%d': %d", i ? ", " : "{", i, i);
		buf_printf(&json, "%s\"k%d\": %d", i ? ", " : "{", i, i);
	}
	buf_puts(&literal, "}");
	buf_puts(&json, "}");
	struct json document = fixture_json(&a, buf_text(&json));
	cel_run_set(w->run, 0, cel_of_json(&document));
	char *text = xfmt("%s == object && object == %s && %s['k499'] == 499 && !('k500' in %s)",
			  buf_text(&literal), buf_text(&literal), buf_text(&literal),
			  buf_text(&literal));
	char *got = eval(w, text);
	assert_string_equal(got, "true");
	free(got);
	free(text);
	buf_done(&literal);
	buf_done(&json);
	arena_done(&a);
	world_free(w);
}

int main(void)
{
	enum { R = ARRAY_LEN(records) };
	struct CMUnitTest tests[R + 6];
	for (size_t i = 0; i < R; i++)
		tests[i] = fixture_row(records[i].name, record_run, &records[i]);
	tests[R] = fixture_row("undefined field", undefined_run, NULL);
	tests[R + 1] = fixture_row("uses", uses_run, NULL);
	tests[R + 2] = fixture_row("position of an error", position_run, NULL);
	tests[R + 3] = fixture_row("reset", reset_run, NULL);
	tests[R + 4] = fixture_row("large maps", large_run, NULL);
	tests[R + 5] = fixture_row("a record that needs itself", endless_run, NULL);
	return _cmocka_run_group_tests("cel run", tests, R + 6, NULL, NULL);
}
