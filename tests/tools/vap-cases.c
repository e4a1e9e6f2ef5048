/* vap-cases [--costs] FILE.jsonl...: cases of ValidatingAdmissionPolicy against policy/admission/.
 *
 * A line is a policy with bindings, params, an object, a request, and what the API server answers
 * (`oracle`: the decision, and of each validation the result and the message); or a policy with
 * the types of its expressions (`checks`).  Prints a line for each case that differs, and at the
 * end `N passed, N failed, N skipped`.  --costs prints costs that differ, too; they fail nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_parse.h"
#include "base/visible.h"
#include "tests/lib/vap_row.h"

enum { STEPS_MAX = 1024 };

struct counts {
	unsigned passed, failed, skipped;
};

struct tool {
	struct kind_table kinds;
	struct counts counts;
	bool costs;
};

/* One case and what came of it. */
struct trial {
	struct arena arena;
	const char *id;
	const struct json *row;
	struct buf differences;
	struct admission_step validations[STEPS_MAX], conditions[STEPS_MAX];
	unsigned n_validations, n_conditions;
};

static void PRINTF_LIKE(2, 3) differ(struct trial *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	buf_printf(&t->differences, "%s%s", t->differences.len ? "; " : "", text);
}

static const char *or_none(const char *text)
{
	return text ? text : "(none)";
}

/* ---- loading a case */

static int add_all(struct admission *a, const struct json *v, struct err *err)
{
	if (json_is(v, JSON_OBJECT))
		return admission_add_object(a, v, NULL, err);
	for (uint32_t i = 0; json_is(v, JSON_ARRAY) && i < v->n; i++)
		if (admission_add_object(a, &v->items[i], NULL, err) < 0)
			return -1;
	return 0;
}

/* A case without bindings has one that selects everything and denies. */
static const struct json *any_binding(struct trial *t)
{
	struct arena *a = &t->arena;
	const struct json *policy = json_get(t->row, "policy"),
			  *params = json_get(t->row, "params");
	struct json *b = arena_alloc(a, sizeof(*b));
	*b = json_of_object();
	json_set_str(a, b, "apiVersion", "admissionregistration.k8s.io/v1");
	json_set_str(a, b, "kind", "ValidatingAdmissionPolicyBinding");
	json_set_str(a, json_edit(a, b, "metadata"), "name", "any");
	struct json *spec = json_edit(a, b, "spec");
	json_set_str(a, spec, "policyName", json_str(json_at(policy, "metadata", "name", NULL)));
	struct json *actions = json_set(a, spec, "validationActions", json_of_array());
	json_append(a, actions, json_of_string(a, "Deny"));
	if (params && params->type != JSON_NULL) {
		struct json *ref = json_edit(a, json_edit(a, b, "spec"), "paramRef");
		json_set_str(a, ref, "parameterNotFoundAction", "Deny");
		json_edit(a, ref, "selector");
	}
	return b;
}

static const struct json *first(const struct json *v)
{
	return json_is(v, JSON_ARRAY) && v->n ? &v->items[0] : v;
}

/* Params of a namespaced kind that state no namespace are in that of the paramRef, else in that of
 * the request. */
static const struct json *placed_param(struct tool *tool, struct trial *t, const struct json *param)
{
	struct object_ref ref = object_ref_of(&t->arena, param);
	const struct kind *kind = kinds_find_any(&tool->kinds, ref.group, ref.kind);
	const struct json *binding = first(json_get(t->row, "bindings"));
	const char *where = json_str(json_at(binding, "spec", "paramRef", "namespace", NULL));
	if (!where && kind && kind->namespaced)
		where = json_str(json_at(t->row, "request", "namespace", NULL));
	if (*ref.namespace || !where)
		return param;
	struct json *copy = arena_alloc(&t->arena, sizeof(*copy));
	*copy = json_copy(&t->arena, param);
	json_set_str(&t->arena, json_edit(&t->arena, copy, "metadata"), "namespace", where);
	return copy;
}

static int load(struct tool *tool, struct trial *t, struct admission *a, struct err *err)
{
	const struct json *bindings = json_get(t->row, "bindings");
	const struct json *params = json_get(t->row, "params");
	if (add_all(a, json_get(t->row, "policy"), err) < 0)
		return -1;
	if (!bindings || bindings->type == JSON_NULL)
		bindings = any_binding(t);
	if (add_all(a, bindings, err) < 0)
		return -1;
	for (uint32_t i = 0; json_is(params, JSON_ARRAY) && i < params->n; i++)
		if (admission_add_object(a, placed_param(tool, t, &params->items[i]), NULL, err) <
		    0)
			return -1;
	if (json_is(params, JSON_OBJECT) &&
	    admission_add_object(a, placed_param(tool, t, params), NULL, err) < 0)
		return -1;
	admission_prepare(a, &(struct admission_world){ &tool->kinds, false, true });
	return 0;
}

/* ---- comparing */

/* Of several evaluations of one expression (for several params), the first that is not true. */
static void keep(struct trial *t, struct admission_step *steps, unsigned *n,
		 const struct admission_step *step)
{
	if (step->index >= STEPS_MAX)
		return;
	struct admission_step *kept = &steps[step->index];
	if (step->index < *n && kept->answer != ADMISSION_TRUE)
		return;
	*kept = *step;
	if (step->message)
		kept->message = arena_strdup(&t->arena, step->message);
	if (step->index >= *n)
		*n = step->index + 1;
}

static void on_step(void *ctx, const struct admission_step *step)
{
	struct trial *t = ctx;
	if (step->what == ADMISSION_VALIDATION)
		keep(t, t->validations, &t->n_validations, step);
	else if (step->what == ADMISSION_CONDITION)
		keep(t, t->conditions, &t->n_conditions, step);
}

static const char *answer_name(enum admission_answer a)
{
	static const char *const names[] = {
		[ADMISSION_TRUE] = "true",
		[ADMISSION_FALSE] = "false",
		[ADMISSION_ERROR] = "error",
		[ADMISSION_UNKNOWN] = "undecided",
	};
	return names[a];
}

static void compare_costs(struct tool *tool, struct trial *t, const struct json *want,
			  const struct admission_step *got, const char *what)
{
	int64_t cost;
	if (tool->costs && json_int64(json_get(want, "cost"), &cost) && (uint64_t)cost != got->cost)
		printf("%s: %s[%u]: cost %llu, not %lld\n", t->id, what, got->index,
		       (unsigned long long)got->cost, (long long)cost);
}

static void compare_steps(struct tool *tool, struct trial *t, const char *what,
			  const struct json *wanted, const struct admission_step *got, unsigned n)
{
	if (!json_is(wanted, JSON_ARRAY) || !wanted->n)
		return;
	if (wanted->n != n) {
		differ(t, "%u %s were evaluated, not %u", n, what, wanted->n);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct json *want = &wanted->items[i];
		const char *result = json_get_str(want, "result");
		const char *message = json_get_str(want, "message");
		if (result && strcmp(result, answer_name(got[i].answer)) != 0)
			differ(t, "%s[%u] is %s (%s), not %s (%s)", what, i,
			       answer_name(got[i].answer), or_none(got[i].message), result,
			       or_none(message));
		else if (message && strcmp(message, or_none(got[i].message)) != 0)
			differ(t, "%s[%u] says \"%s\", not \"%s\"", what, i,
			       or_none(got[i].message), message);
		compare_costs(tool, t, want, &got[i], what);
	}
}

static bool says_action(const struct admission_verdict *v, enum admission_action action)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->results[i].outcome == ADMISSION_VIOLATION &&
		    (v->results[i].actions & action))
			return true;
	return false;
}

static const char *decision_of(const struct admission_verdict *v)
{
	if (v->decision == ADMISSION_WARNED)
		return says_action(v, ADMISSION_WARN) ? "warn" : "audit";
	return admission_decision_name(v->decision);
}

static void compare_decision(struct trial *t, const struct admission_verdict *v)
{
	const char *want = json_str(json_at(t->row, "oracle", "decision", NULL));
	const char *got = decision_of(v);
	bool selected = v->bindings > 0;
	if (!want || strcmp(want, got) == 0 || (!selected && strcmp(want, "nomatch") == 0) ||
	    (strcmp(got, "audit") == 0 && strcmp(want, "allow") == 0))
		return;
	differ(t, "the decision is %s (%s), not %s", got,
	       v->n       ? v->results[0].message
	       : selected ? "nothing to say"
			  : "not selected",
	       want);
}

static void compare_selection(struct trial *t, const struct admission_verdict *v)
{
	static const struct {
		const char *name;
		unsigned bit;
	} names[] = { { "Deny", ADMISSION_DENY },
		      { "Warn", ADMISSION_WARN },
		      { "Audit", ADMISSION_AUDIT } };
	const struct json *matches = json_get(t->row, "matches");
	const struct json *actions = json_get(matches, "actions");
	unsigned want = 0;
	if (json_get(matches, "policy") &&
	    json_true(json_get(matches, "policy")) != (v->policies > 0))
		differ(t, "the policy %s the object", v->policies ? "selects" : "does not select");
	if (!json_is(actions, JSON_ARRAY))
		return;
	for (uint32_t i = 0; i < actions->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(names); k++)
			if (json_str(&actions->items[i]) &&
			    strcmp(actions->items[i].text, names[k].name) == 0)
				want |= names[k].bit;
	if (want != v->actions)
		differ(t, "the actions of its bindings are %#x, not %#x", v->actions, want);
}

static void compare_annotations(struct trial *t, const struct admission_verdict *v)
{
	const struct json *wanted = json_at(t->row, "oracle", "auditAnnotations", NULL);
	for (uint32_t i = 0; json_is(wanted, JSON_ARRAY) && i < wanted->n; i++) {
		const char *key = json_get_str(&wanted->items[i], "key");
		const char *value = json_get_str(&wanted->items[i], "value");
		const char *got = NULL;
		for (size_t k = 0; k < v->n_annotations && key; k++)
			if (strcmp(v->annotations[k].key, key) == 0)
				got = v->annotations[k].value;
		if (value && *value && strcmp(value, or_none(got)) != 0)
			differ(t, "the annotation %s is \"%s\", not \"%s\"", key, or_none(got),
			       value);
	}
}

/* ---- cases */

static void run_case(struct tool *tool, struct trial *t, struct admission *a)
{
	AUTO(admission_run_free_p) struct admission_run *run = admission_run_new(a);
	struct kind resource;
	struct admission_change change = vap_change(t->row, &resource);
	const struct json *oracle = json_get(t->row, "oracle");
	size_t problems;
	admission_problems(a, &problems);
	if (json_is(json_get(oracle, "compile_errors"), JSON_ARRAY) && !problems)
		differ(t, "all expressions compile");
	admission_run_trace(run, on_step, t);
	const struct admission_verdict *v = admission_evaluate(run, &change);
	compare_selection(t, v);
	compare_decision(t, v);
	if (v->bindings) {
		compare_steps(tool, t, "validations", json_get(oracle, "validations"),
			      t->validations, t->n_validations);
		compare_steps(tool, t, "matchConditions", json_get(oracle, "matchConditions"),
			      t->conditions, t->n_conditions);
		compare_annotations(t, v);
	}
}

static void run_checks(struct trial *t, struct admission *a)
{
	const struct json *checks = json_get(t->row, "checks");
	const char *policy =
		json_str(json_at(json_get(t->row, "policy"), "metadata", "name", NULL));
	for (uint32_t i = 0; i < checks->n; i++) {
		const char *field = json_get_str(&checks->items[i], "field");
		const char *want = json_get_str(&checks->items[i], "type");
		AUTO(auto_free) char *got = field ? admission_type_of(a, policy, field) : NULL;
		if (want ? strcmp(or_none(got), want) != 0 : got != NULL)
			differ(t, "%s is of type %s, not %s", field, or_none(got), or_none(want));
	}
}

/* One line, whatever is in the texts. */
static void show(struct tool *tool, struct trial *t, const struct admission *a)
{
	size_t n;
	const struct admission_problem *problems = admission_problems(a, &n);
	if (!t->differences.len) {
		tool->counts.passed++;
		return;
	}
	tool->counts.failed++;
	printf("%s: %s", t->id, visible_line(&t->arena, buf_text(&t->differences)));
	if (n)
		printf(" (%s)", visible_line(&t->arena, problems[0].message));
	putchar('\n');
}

static void run_row(struct tool *tool, const char *line, size_t n, const char *name)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) struct trial *t = xcalloc(1, sizeof(*t));
	AUTO(admission_free_p) struct admission *a = admission_new();
	struct json row;
	t->id = name;
	if (json_parse(&t->arena, line, n, name, NULL, &row, &err) < 0) {
		differ(t, "%s", err.msg);
	} else {
		const char *id = json_get_str(&row, "id"), *source = json_get_str(&row, "source");
		t->row = &row;
		t->id = id ? id : source ? source : name;
		if (load(tool, t, a, &err) < 0)
			differ(t, "%s", err.msg);
		else if (json_is(json_get(&row, "checks"), JSON_ARRAY))
			run_checks(t, a);
		else
			run_case(tool, t, a);
	}
	show(tool, t, a);
	admission_free(TAKE(a));
	buf_done(&t->differences);
	arena_done(&t->arena);
}

static int run_file(struct tool *tool, const char *path, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (file_read(path, 0, &text, err) < 0)
		return -1;
	unsigned number = 0;
	for (const char *p = buf_text(&text), *end = p + text.len; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = newline ? (size_t)(newline - p) : (size_t)(end - p);
		AUTO(auto_free) char *name = xfmt("%s:%u", path, ++number);
		if (n)
			run_row(tool, p, n, name);
		p += n + 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct tool tool = { 0 };
	AUTO(err_done) struct err err = { 0 };
	int files = 0;
	kinds_add_builtin(&tool.kinds);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--costs") == 0) {
			tool.costs = true;
			continue;
		}
		files++;
		if (run_file(&tool, argv[i], &err) < 0) {
			AUTO(auto_free) char *text = err_text(&err);
			fprintf(stderr, "vap-cases: %s\n", text);
			return 1;
		}
	}
	kind_table_done(&tool.kinds);
	if (!files) {
		fprintf(stderr, "usage: vap-cases [--costs] FILE.jsonl...\n");
		return 64;
	}
	printf("%u passed, %u failed, %u skipped\n", tool.counts.passed, tool.counts.failed,
	       tool.counts.skipped);
	return tool.counts.failed > 0;
}
