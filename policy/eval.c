/* See eval.h. */
#include "policy/eval.h"

#include <string.h>

#include "policy/cel/cel.h"

struct evaluation {
	struct cel_env *env;
	struct cel_program *program;
	struct cel_run *run;
	struct cel_issue issue;
};

static void evaluation_done(struct evaluation *e)
{
	cel_run_free(e->run);
	cel_program_free(e->program);
	cel_issue_done(&e->issue);
	cel_env_free(e->env);
}

static int fail(const char *text, unsigned line, unsigned col, const char *message, struct err *err)
{
	AUTO(buf_done) struct buf caret = { 0 };
	if (line)
		cel_caret(text, strlen(text), line, col, &caret);
	return err_at(err, ERR_INPUT, (struct srcpos){ "expression", line, col }, "%s%s%s", message,
		      caret.len ? "\n" : "", buf_text(&caret));
}

static int show(const char *text, struct cel_value v, struct buf *out, struct err *err)
{
	AUTO(buf_done) struct buf value = { 0 };
	unsigned line = 0, col = 0;
	if (v.kind == CEL_UNKNOWN)
		return fail(text, 0, 0, v.reason, err);
	cel_value_text(v, &value);
	if (v.kind == CEL_ERROR) {
		if (v.error->at)
			cel_position(text, strlen(text), v.error->at - 1, &line, &col);
		return fail(text, line, col, buf_text(&value), err);
	}
	buf_printf(out, "%s %s", cel_type_of(v)->name, buf_text(&value));
	return 0;
}

int eval_expression(const char *text, const struct eval_objects *objects, struct buf *out,
		    struct err *err)
{
	AUTO(evaluation_done) struct evaluation e = { 0 };
	e.env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	unsigned object = cel_env_variable(e.env, "object", &cel_dyn_type);
	unsigned old_object = cel_env_variable(e.env, "oldObject", &cel_dyn_type);
	unsigned params = cel_env_variable(e.env, "params", &cel_dyn_type);
	if (cel_compile(e.env, text, strlen(text), NULL, &e.program, &e.issue) < 0)
		return fail(text, e.issue.line, e.issue.col, e.issue.message, err);
	e.run = cel_run_new(NULL);
	cel_run_set(e.run, object, cel_of_json(objects->object));
	cel_run_set(e.run, old_object, cel_of_json(objects->old_object));
	cel_run_set(e.run, params, cel_of_json(objects->params));
	return show(text, cel_eval(e.program, e.run), out, err);
}
