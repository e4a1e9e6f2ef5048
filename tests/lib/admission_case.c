#include "tests/lib/admission_case.h"
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"
#include "base/yaml.h"

static const struct json *parse(struct admission_trial *t, const char *text)
{
	AUTO(err_done) struct err err = { 0 };
	if (!text)
		return NULL;
	struct json *v = arena_alloc(&t->arena, sizeof(*v));
	if (yaml_parse_one(&t->arena, text, strlen(text), "object.yaml", NULL, v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static void load(struct admission_trial *t, const struct admission_case *c)
{
	AUTO(err_done) struct err err = { 0 };
	t->a = admission_new();
	if (admission_add_file(t->a, c->documents, strlen(c->documents), "p.yaml", &err) < 0)
		fail_msg("%s", err.msg);
	admission_prepare(
		t->a, &(struct admission_world){ &t->kinds, c->kinds_complete, !c->params_open });
	size_t n;
	const struct admission_problem *problems = admission_problems(t->a, &n);
	if (n)
		fail_msg("%u:%u: %s", problems[0].at.line, problems[0].at.col, problems[0].message);
}

void admission_trial_begin(struct admission_trial *t, const struct admission_case *c)
{
	*t = (struct admission_trial){ .a = NULL };
	kinds_add_builtin(&t->kinds);
	load(t, c);
	const struct json *object = parse(t, c->object), *old = parse(t, c->old_object);
	const char *operation = c->operation ? c->operation : "CREATE";
	bool deletes = strcmp(operation, "DELETE") == 0;
	struct object_ref ref = object_ref_of(&t->arena, object ? object : old);
	t->change = (struct admission_change){
		.operation = operation,
		.group = ref.group,
		.version = ref.version,
		.kind = ref.kind,
		.resource = kinds_find(&t->kinds, ref.group, ref.version, ref.kind),
		.subresource = c->subresource,
		.namespace = strcmp(ref.kind, "Namespace") == 0 ? ref.name : ref.namespace,
		.name = ref.name,
		.object = deletes ? NULL : object,
		.old_object = deletes ? object : old,
		.namespace_object = parse(t, c->namespace_object),
		.user_info = parse(t, c->user),
		.file = "object.yaml",
	};
	t->run = admission_run_new(t->a);
	t->verdict = admission_evaluate(t->run, &t->change);
}

void admission_trial_done(struct admission_trial *t)
{
	admission_run_free(t->run);
	admission_free(t->a);
	kind_table_done(&t->kinds);
	arena_done(&t->arena);
}

static void write_actions(struct buf *b, unsigned actions)
{
	static const char *const names[] = { "deny", "warn", "audit" };
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (actions & (1u << i))
			buf_printf(b, " %s", names[i]);
}

const char *admission_trial_text(struct admission_trial *t)
{
	const struct admission_verdict *v = t->verdict;
	AUTO(buf_done) struct buf b = { 0 };
	buf_puts(&b, v->bindings || v->n ? admission_decision_name(v->decision) : "not selected");
	for (size_t i = 0; i < v->n; i++) {
		const struct admission_result *r = &v->results[i];
		buf_printf(&b, "\n%s", r->policy);
		if (r->binding)
			buf_printf(&b, "/%s", r->binding);
		if (r->param)
			buf_printf(&b, "(%s)", r->param);
		if (r->validation != ADMISSION_WHOLE)
			buf_printf(&b, "[%d]", r->validation);
		if (r->outcome == ADMISSION_UNDECIDED) {
			buf_puts(&b, " undecided");
		} else {
			write_actions(&b, r->actions);
			buf_printf(&b, " %s %d", r->reason, r->code);
		}
		buf_printf(&b, ": %s", r->message);
	}
	for (size_t i = 0; i < v->n_annotations; i++)
		buf_printf(&b, "\n%s/%s = %s", v->annotations[i].policy, v->annotations[i].key,
			   v->annotations[i].value);
	return arena_strdup(&t->arena, buf_text(&b));
}
