/* cel-policies FILE.jsonl: the expressions of whole ValidatingAdmissionPolicies, and the types that
 * the checker of Kubernetes gives them.  A line for each that differs, and `N passed, N failed,
 * N skipped`. */
#include <stdio.h>

#include "tests/lib/cel_judge.h"

struct suite {
	struct cel_case_counts counts;
	struct cel_env *kubernetes;
};

/* request and namespaceObject: what the checker knows of them. */
static const char *const object_types[][3] = {
	{ "kubernetes.UserInfo", "username", "string" },
	{ "kubernetes.UserInfo", "uid", "string" },
	{ "kubernetes.UserInfo", "groups", "list(string)" },
	{ "kubernetes.UserInfo", "extra", "map(string,list(string))" },
	{ "kubernetes.GroupVersionKind", "group", "string" },
	{ "kubernetes.GroupVersionKind", "version", "string" },
	{ "kubernetes.GroupVersionKind", "kind", "string" },
	{ "kubernetes.GroupVersionResource", "group", "string" },
	{ "kubernetes.GroupVersionResource", "version", "string" },
	{ "kubernetes.GroupVersionResource", "resource", "string" },
	{ "kubernetes.AdmissionRequest", "kind", "kubernetes.GroupVersionKind" },
	{ "kubernetes.AdmissionRequest", "resource", "kubernetes.GroupVersionResource" },
	{ "kubernetes.AdmissionRequest", "subResource", "string" },
	{ "kubernetes.AdmissionRequest", "requestKind", "kubernetes.GroupVersionKind" },
	{ "kubernetes.AdmissionRequest", "requestResource", "kubernetes.GroupVersionResource" },
	{ "kubernetes.AdmissionRequest", "requestSubResource", "string" },
	{ "kubernetes.AdmissionRequest", "name", "string" },
	{ "kubernetes.AdmissionRequest", "namespace", "string" },
	{ "kubernetes.AdmissionRequest", "operation", "string" },
	{ "kubernetes.AdmissionRequest", "userInfo", "kubernetes.UserInfo" },
	{ "kubernetes.AdmissionRequest", "dryRun", "bool" },
	{ "kubernetes.AdmissionRequest", "options", "dyn" },
	{ "kubernetes.NamespaceMetadata", "name", "string" },
	{ "kubernetes.NamespaceMetadata", "generateName", "string" },
	{ "kubernetes.NamespaceMetadata", "namespace", "string" },
	{ "kubernetes.NamespaceMetadata", "labels", "map(string,string)" },
	{ "kubernetes.NamespaceMetadata", "annotations", "map(string,string)" },
	{ "kubernetes.NamespaceMetadata", "UID", "string" },
	{ "kubernetes.NamespaceMetadata", "creationTimestamp", "timestamp" },
	{ "kubernetes.Namespace", "metadata", "kubernetes.NamespaceMetadata" },
};

static void declare_objects(struct cel_env *env)
{
	struct cel_type *object = NULL;
	for (size_t i = 0; i < ARRAY_LEN(object_types); i++) {
		if (!object || strcmp(object->name, object_types[i][0]) != 0)
			object = cel_env_object(env, object_types[i][0], NULL, 0);
		cel_object_add(env, object, object_types[i][1],
			       cel_env_type(env, object_types[i][2]));
	}
	cel_env_variable(env, "object", &cel_dyn_type);
	cel_env_variable(env, "oldObject", &cel_dyn_type);
	cel_env_variable(env, "request", cel_env_type(env, "kubernetes.AdmissionRequest"));
	cel_env_variable(env, "namespaceObject", cel_env_type(env, "kubernetes.Namespace"));
}

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
	s.kubernetes = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	declare_objects(s.kubernetes);
	int status = cel_case_file(argv[1], row, &s, &err);
	if (status < 0)
		fprintf(stderr, "%s\n", err.msg);
	printf("%u passed, %u failed, %u skipped\n", s.counts.passed, s.counts.failed,
	       s.counts.skipped);
	cel_env_free(s.kubernetes);
	return status < 0 || s.counts.failed > 0;
}
