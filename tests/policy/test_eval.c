/* policy/eval: what people see of an expression; a row a test. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"
#include "policy/eval.h"

struct eval_case {
	const char *name, *expression, *want; /* "! " in front: the error */
};

static const struct eval_case cases[] = {
	{ "a number", "1 + 2", "int 3" },
	{ "a string", "'a' + 'b'", "string ab" },
	{ "the object", "object.spec.replicas > 2", "bool true" },
	{ "a part of it", "object.spec", "map {\"replicas\": 3}" },
	{ "the old object", "object.spec.replicas - oldObject.spec.replicas", "int 2" },
	{ "params, which are not given", "params == null", "bool true" },
	{ "a library of Kubernetes", "quantity('1Ki').asInteger()", "int 1024" },
	{ "a type", "type(1)", "type int" },
	{ "no expression", "1 +",
	  "! expression:1:4: Syntax error: mismatched input '<EOF>' expecting an expression\n"
	  " | 1 +\n | ...^" },
	{ "a name that is none", "true &&\n objekt",
	  "! expression:2:2: undeclared reference to 'objekt' (in container '')\n |  objekt\n | "
	  ".^" },
	{ "what only a request has", "request.name",
	  "! expression:1:1: undeclared reference to 'request' (in container '')\n | request.name\n"
	  " | ^" },
	{ "an error", "object.spec.nothing == 1",
	  "! expression:1:12: no such key: nothing\n | object.spec.nothing == 1\n | ...........^" },
};

static void run_case(void **state)
{
	const struct eval_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	struct json object = fixture_json(&a, "{\"spec\":{\"replicas\":3}}");
	struct json old = fixture_json(&a, "{\"spec\":{\"replicas\":1}}");
	struct eval_objects objects = { .object = &object, .old_object = &old };
	if (eval_expression(c->expression, &objects, &out, &err) == 0) {
		assert_string_equal(buf_text(&out), c->want);
		return;
	}
	AUTO(auto_free) char *text = err_text(&err);
	AUTO(auto_free) char *marked = xfmt("! %s", text);
	assert_string_equal(marked, c->want);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(out.len, 0);
}

/* Lines one after the other: what each gives, "! " and the error, or nothing. */
static void session_run(void **state)
{
	static const struct {
		const char *line, *want;
	} lines[] = {
		{ "n := object.spec.replicas", "int 3" },
		{ "n + 1", "int 4" },
		{ "  double :=  n * 2", "int 6" },
		{ "double + n", "int 9" },
		{ "n := 'text'", "string text" },
		{ "n", "string text" },
		{ "':=' + 'x'", "string :=x" },
		{ "", "" },
		{ "// a remark", "" },
		{ "bad := object.nothing", "!" },
		{ "bad", "!" },
		{ "n := ", "!" },
		{ "n", "string text" },
	};
	AUTO(arena_done) struct arena a = { 0 };
	struct json object = fixture_json(&a, "{\"spec\":{\"replicas\":3}}");
	struct eval_objects objects = { .object = &object };
	AUTO(eval_session_free_p) struct eval_session *s = eval_session_new(&objects);
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		AUTO(err_done) struct err err = { 0 };
		AUTO(buf_done) struct buf out = { 0 };
		int rc = eval_session_line(s, lines[i].line, &out, &err);
		assert_string_equal(rc < 0 ? "!" : buf_text(&out), lines[i].want);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, run_case, &cases[i]);
	tests[ARRAY_LEN(cases)] = (struct CMUnitTest)cmocka_unit_test(session_run);
	return cmocka_run_group_tests_name("eval", tests, NULL, NULL);
}
