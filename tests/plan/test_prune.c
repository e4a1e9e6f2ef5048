/* plan/diff/prune: annotations that keep an object, kinds that hold data; a row a test.  What is
 * ours and what the budget refuses is in tests/e2e/lib/scenarios/deletes.py. */
#include "tests/lib/fixture.h"

#include "plan/diff/prune.h"
#include "plan/keep.h"

struct keep_case {
	const char *name, *annotations; /* NULL: none */
	const char *kept;               /* what keeps it; NULL: nothing */
};

static const struct keep_case keep_cases[] = {
	{ "nothing", NULL, NULL },
	{ "ours", "{\"rhumb.dev/prune\":\"false\"}", "rhumb.dev/prune: false" },
	{ "ours, true", "{\"rhumb.dev/prune\":\"true\"}", NULL },
	{ "ours, capital", "{\"rhumb.dev/prune\":\"False\"}", "rhumb.dev/prune: false" },
	{ "Argo", "{\"argocd.argoproj.io/sync-options\":\"Prune=false\"}",
	  "argocd.argoproj.io/sync-options: Prune=false" },
	{ "Argo, among others",
	  "{\"argocd.argoproj.io/sync-options\":\"Validate=false, Delete=false\"}",
	  "argocd.argoproj.io/sync-options: Delete=false" },
	{ "Argo, another option", "{\"argocd.argoproj.io/sync-options\":\"PruneLast=true\"}",
	  NULL },
	{ "Argo, a longer word", "{\"argocd.argoproj.io/sync-options\":\"Prune=falsey\"}", NULL },
	{ "Argo, asks first", "{\"argocd.argoproj.io/sync-options\":\"Prune=confirm\"}",
	  "argocd.argoproj.io/sync-options: Prune=confirm" },
	{ "kapp", "{\"kapp.k14s.io/delete-strategy\":\"orphan\"}",
	  "kapp.k14s.io/delete-strategy: orphan" },
	{ "kapp, something else", "{\"kapp.k14s.io/delete-strategy\":\"\"}", NULL },
	{ "Helm", "{\"helm.sh/resource-policy\":\"keep\"}", "helm.sh/resource-policy: keep" },
	{ "Flux", "{\"kustomize.toolkit.fluxcd.io/prune\":\"disabled\"}",
	  "kustomize.toolkit.fluxcd.io/prune: disabled" },
	{ "Flux, enabled", "{\"kustomize.toolkit.fluxcd.io/prune\":\"enabled\"}", NULL },
	{ "kluctl", "{\"kluctl.io/skip-delete\":\"true\"}", "kluctl.io/skip-delete: true" },
	{ "a number", "{\"rhumb.dev/prune\":0}", NULL },
};

static void keep_run(void **state)
{
	const struct keep_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json annotations = fixture_json(&a, c->annotations ? c->annotations : "{}");
	struct json object = fixture_json(&a, "{\"metadata\":{}}");
	json_set(&a, json_edit(&a, &object, "metadata"), "annotations", annotations);
	const char *kept = keep_annotation(&a, &object);
	if (c->kept)
		assert_string_equal(kept, c->kept);
	else
		assert_null(kept);
}

struct data_case {
	const char *group, *kind;
	bool holds;
};

static const struct data_case data_cases[] = {
	{ "", "Namespace", true },
	{ "", "PersistentVolume", true },
	{ "", "PersistentVolumeClaim", true },
	{ "apps", "StatefulSet", true },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", true },
	{ "apps", "Deployment", false },
	{ "", "ConfigMap", false },
	{ "example.com", "Namespace", false },
};

static void data_run(void **state)
{
	const struct data_case *c = *state;
	struct object_ref ref = { c->group, "v1", c->kind, "", "a" };
	assert_int_equal(prune_holds_data(&ref), c->holds);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(keep_cases) + ARRAY_LEN(data_cases)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(keep_cases); i++)
		tests[n++] = fixture_row(keep_cases[i].name, keep_run, &keep_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(data_cases); i++)
		tests[n++] = fixture_row(data_cases[i].kind, data_run, &data_cases[i]);
	return _cmocka_run_group_tests("prune", tests, n, NULL, NULL);
}
