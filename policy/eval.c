/* See eval.h. */
#include "policy/eval.h"

#include <string.h>

#include "policy/cel/cel.h"
#include "policy/rule/name.h"

struct eval_session {
	struct cel_env *env;
	struct cel_run *run;
	struct cel_program **programs; /* values may point into them */
	size_t n, cap, names;
};

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

struct eval_session *eval_session_new(const struct eval_objects *objects)
{
	struct cel_limits limits = { .memory = EVAL_MAX_MEMORY };
	struct eval_session *s = xcalloc(1, sizeof(*s));
	s->env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	s->run = cel_run_new(&limits);
	cel_run_set(s->run, cel_env_variable(s->env, "object", &cel_dyn_type),
		    cel_of_json(objects->object));
	cel_run_set(s->run, cel_env_variable(s->env, "oldObject", &cel_dyn_type),
		    cel_of_json(objects->old_object));
	cel_run_set(s->run, cel_env_variable(s->env, "params", &cel_dyn_type),
		    cel_of_json(objects->params));
	return s;
}

void eval_session_free(struct eval_session *s)
{
	if (!s)
		return;
	cel_run_free(s->run);
	for (size_t i = 0; i < s->n; i++)
		cel_program_free(s->programs[i]);
	free(s->programs);
	cel_env_free(s->env);
	free(s);
}

static int compile(struct eval_session *s, const char *text, struct cel_program **out,
		   struct err *err)
{
	AUTO(cel_issue_done) struct cel_issue issue = { 0 };
	if (cel_compile(s->env, text, strlen(text), NULL, out, &issue) < 0)
		return fail(text, issue.line, issue.col, issue.message, err);
	GROW(s->programs, s->n, s->cap);
	s->programs[s->n++] = *out;
	return 0;
}

/* A name is only given to what has a value. */
static int evaluate(struct eval_session *s, const char *name, const char *text, struct buf *out,
		    struct err *err)
{
	struct cel_program *p;
	if (name && s->names == EVAL_MAX_NAMES)
		return err_set(err, ERR_LIMIT, "more than %d names (EVAL_MAX_NAMES)",
			       EVAL_MAX_NAMES);
	if (compile(s, text, &p, err) < 0)
		return -1;
	struct cel_value v = cel_eval(p, s->run);
	if (show(text, v, out, err) < 0)
		return -1;
	if (!name)
		return 0;
	s->names++;
	cel_run_set(s->run, cel_env_variable(s->env, name, cel_program_type(p)), v);
	return 0;
}

/* The name in front of ":=", the caller frees; NULL: there is none. */
static char *name_of(const char *line, const char **rest)
{
	const char *sign = strstr(line, ":=");
	if (!sign)
		return NULL;
	const char *start = line + strspn(line, " \t");
	const char *end = sign;
	while (end > start && strchr(" \t", end[-1]))
		end--;
	char *name = xstrndup(start, (size_t)(end - start));
	if (!is_cel_identifier(name)) { /* it is in a text, perhaps */
		free(name);
		return NULL;
	}
	*rest = sign + 2;
	return name;
}

int eval_session_line(struct eval_session *s, const char *line, struct buf *out, struct err *err)
{
	const char *text = line + strspn(line, " \t\r\n");
	if (!*text || strncmp(text, "//", 2) == 0)
		return 0;
	AUTO(auto_free) char *name = name_of(line, &text);
	return evaluate(s, name, name ? text : line, out, err);
}

int eval_expression(const char *text, const struct eval_objects *objects, struct buf *out,
		    struct err *err)
{
	AUTO(eval_session_free_p) struct eval_session *s = eval_session_new(objects);
	return evaluate(s, NULL, text, out, err);
}
