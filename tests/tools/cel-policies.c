/* cel-policies FILE.jsonl: the expressions of whole ValidatingAdmissionPolicies, and the types that
 * the checker of Kubernetes gives them.  A line for each that differs, and `N passed, N failed,
 * N skipped`. */
#include <stdio.h>

#include "tests/lib/cel_judge.h"
#include "tests/lib/cel_policy.h"

struct suite {
	struct cel_case_counts counts;
	struct cel_env *kubernetes;
};

static const char *expression(const struct json *spec, const char *field, struct buf *name)
{
	char list[64], part[64] = "expression";
	unsigned index = 0;
	if (sscanf(field, "variables.%63s", list) == 1) {
		const struct json *v = json_get(spec, "variables");
		for (uint32_t i = 0; v && i < v->n; i++)
			if (strcmp(json_get_str(&v->items[i], "name"), list) == 0) {
				buf_puts(name, list);
				return json_get_str(&v->items[i], "expression");
			}
		return NULL;
	}
	if (sscanf(field, "%63[a-zA-Z][%u].%63s", list, &index, part) < 2)
		return NULL;
	const struct json *v = json_get(spec, list);
	if (!v || index >= v->n)
		return NULL;
	if (strcmp(list, "auditAnnotations") == 0)
		return json_get_str(&v->items[index], "valueExpression");
	return json_get_str(&v->items[index], part);
}

static void judge(struct suite *s, const struct json *row, const struct json *check,
		  struct cel_env *env, struct cel_type *variables)
{
	const struct json *spec = json_at(row, "policy", "spec", NULL);
	const char *field = json_get_str(check, "field");
	AUTO(buf_done) struct buf name = { 0 };
	AUTO(buf_done) struct buf why = { 0 };
	AUTO(cel_outcome_done) struct cel_outcome o = { 0 };
	const char *text = expression(spec, field, &name);
	struct cel_program *p = NULL;
	struct cel_trial t = { .env = env, .text = text, .n = text ? strlen(text) : 0 };
	t.options.check_only = true;
	if (text)
		cel_judge_run(&t, &p, &o);
	struct json expect = *check;
	if (text && cel_judge(&o, &expect, false, &why)) {
		s->counts.passed++;
	} else {
		s->counts.failed++;
		printf("%s %s: %s\n", json_get_str(row, "source"), field,
		       text ? buf_text(&why) : "there is no such expression");
	}
	if (name.len && o.compiled)
		cel_object_add(env, variables, buf_text(&name), cel_env_type(env, o.type));
	cel_program_free(p);
}

static void row(void *ctx, struct arena *a, const struct json *row)
{
	struct suite *s = ctx;
	struct cel_env *env = cel_env_extend(s->kubernetes);
	const struct json *checks = json_get(row, "checks");
	const struct json *spec = json_at(row, "policy", "spec", NULL);
	struct cel_type *variables = NULL;
	(void)a;
	if (json_get(spec, "paramKind"))
		cel_env_variable(env, "params", &cel_dyn_type);
	if (json_get(spec, "variables")) {
		variables = cel_env_object(env, "kubernetes.variables", NULL, 0);
		cel_env_variable(env, "variables", variables);
	}
	for (uint32_t i = 0; checks && i < checks->n; i++)
		judge(s, row, &checks->items[i], env, variables);
	cel_env_free(env);
}

int main(int argc, char **argv)
{
	struct suite s = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (argc != 2) {
		fprintf(stderr, "usage: cel-policies FILE.jsonl\n");
		return 64;
	}
	s.kubernetes = cel_policy_env();
	int status = cel_case_file(argv[1], row, &s, &err);
	if (status < 0)
		fprintf(stderr, "%s\n", err.msg);
	printf("%u passed, %u failed, %u skipped\n", s.counts.passed, s.counts.failed,
	       s.counts.skipped);
	cel_env_free(s.kubernetes);
	return status < 0 || s.counts.failed > 0;
}
