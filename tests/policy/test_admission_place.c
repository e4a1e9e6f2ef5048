/* What in an object a result is about, and where the expression stands. */
#include "tests/lib/admission_case.h"
#include "tests/lib/fixture.h"

#include <string.h>

#define POLICY(expression)                                                                         \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicy\n"                                                        \
	"metadata: {name: p}\n"                                                                    \
	"spec:\n"                                                                                  \
	"  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: " \
	"['*'], resources: ['*']}]}\n"                                                             \
	"  variables:\n"                                                                           \
	"  - {name: containers, expression: object.spec.containers}\n"                             \
	"  - {name: images, expression: 'object.spec.containers.map(c, c.image)'}\n"               \
	"  - {name: host, expression: object.spec.hostNetwork}\n"                                  \
	"  validations:\n"                                                                         \
	"  - expression: variables.host || !variables.host\n"                                      \
	"  - expression: >-\n"                                                                     \
	"      " expression "\n"                                                                   \
	"---\n"                                                                                    \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicyBinding\n"                                                 \
	"metadata: {name: b}\n"                                                                    \
	"spec: {policyName: p, validationActions: [Deny]}\n"

static const char pod[] = "apiVersion: v1\n"
			  "kind: Pod\n"
			  "metadata:\n"
			  "  name: web\n"
			  "  namespace: shop\n"
			  "  labels:\n"
			  "    a/b: c\n"
			  "spec:\n"
			  "  hostNetwork: true\n"
			  "  containers:\n"
			  "  - name: one\n"
			  "    image: one:1\n"
			  "    args: [a, b]\n"
			  "  - name: two\n"
			  "    image: two:latest\n"
			  "    securityContext:\n"
			  "      privileged: true\n";

struct place_case {
	const char *name, *policy, *path;
	unsigned line, col;
};

static const struct place_case cases[] = {
	{ "a field", POLICY("object.metadata.name == 'api'"), "/metadata/name", 4, 9 },
	{ "a field that is not there", POLICY("has(object.spec.nodeName)"), "/spec", 9, 3 },
	{ "an error", POLICY("object.spec.nodeName == ''"), "/spec", 9, 3 },
	{ "a key", POLICY("object.metadata.labels['a/b'] == 'd'"), "/metadata/labels/a~1b", 7, 10 },
	{ "the element that decides",
	  POLICY("object.spec.containers.all(c, !c.image.endsWith(':latest'))"),
	  "/spec/containers/1/image", 15, 12 },
	{ "the first of them", POLICY("object.spec.containers.all(c, c.image == '')"),
	  "/spec/containers/0/image", 12, 12 },
	{ "of a variable",
	  POLICY("variables.containers.all(c, !has(c.securityContext) || "
		 "!c.securityContext.privileged)"),
	  "/spec/containers/1/securityContext/privileged", 17, 19 },
	{ "none of the elements", POLICY("object.spec.containers.exists(c, c.name == 'x')"),
	  "/spec/containers", 11, 3 },
	{ "all of them", POLICY("object.spec.containers.filter(c, c.name != '').size() == 0"),
	  "/spec/containers", 11, 3 },
	{ "an element that is no object",
	  POLICY("object.spec.containers.all(c, !has(c.args) || c.args.all(a, a == 'a'))"),
	  "/spec/containers/0/args/1", 13, 15 },
	{ "a variable that was known already", POLICY("!variables.host"), "/spec/hostNetwork", 9,
	  16 },
	{ "nothing of the object", POLICY("1 > 2"), NULL, 0, 0 },
	{ "only the request", POLICY("request.name == 'api'"), NULL, 0, 0 },
};

static void place_case_run(void **state)
{
	const struct place_case *row = *state;
	struct admission_case c = { .documents = row->policy, .object = pod };
	struct admission_trial t;
	admission_trial_begin(&t, &c);
	assert_int_equal(t.verdict->n, 1);
	const struct admission_result *r = &t.verdict->results[0];
	if (row->path)
		assert_string_equal(r->path, row->path);
	else
		assert_null(r->path);
	assert_int_equal(r->node.line, row->line);
	assert_int_equal(r->node.col, row->col);
	if (row->path)
		assert_string_equal(r->node.file, "object.yaml");
	assert_string_equal(r->at.file, "p.yaml");
	assert_int_equal(r->at.line, 13);
	assert_int_equal(r->at.col, 7);
	admission_trial_done(&t);
}

/* The object is what a server made of the manifest: other items, other order. */
static void through_another_tree(void **state)
{
	(void)state;
	struct admission_case c = {
		.documents = POLICY("variables.containers.all(c, c.image != 'two:latest')"),
		.object = pod,
	};
	struct admission_trial t;
	admission_trial_begin(&t, &c);
	struct json server = fixture_json(
		&t.arena, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\","
			  "\"namespace\":\"shop\"},\"spec\":{\"hostNetwork\":true,\"containers\":["
			  "{\"name\":\"two\",\"image\":\"two:latest\",\"x\":1},"
			  "{\"name\":\"added\",\"image\":\"a\"}]}}");
	t.change.declared = t.change.object;
	t.change.object = &server;
	t.verdict = admission_evaluate(t.run, &t.change);
	assert_int_equal(t.verdict->n, 1);
	assert_string_equal(t.verdict->results[0].path, "/spec/containers/0/image");
	assert_int_equal(t.verdict->results[0].node.line, 15);
	assert_int_equal(t.verdict->results[0].node.col, 12);

	/* What only the server has is told at the nearest place above. */
	struct json added = json_copy(&t.arena, json_get(json_get(&server, "spec"), "containers"));
	json_remove_item(&added, 0);
	json_set_str(&t.arena, &added.items[0], "image", "two:latest");
	json_set(&t.arena, json_edit(&t.arena, &server, "spec"), "containers", added);
	t.verdict = admission_evaluate(t.run, &t.change);
	assert_int_equal(t.verdict->n, 1);
	assert_string_equal(t.verdict->results[0].path, "/spec/containers/0/image");
	assert_int_equal(t.verdict->results[0].node.line, 11);
	admission_trial_done(&t);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1] = {
		cmocka_unit_test(through_another_tree),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[1 + i] = fixture_row(cases[i].name, place_case_run, &cases[i]);
	return _cmocka_run_group_tests("admission_place", tests, ARRAY_LEN(tests), NULL, NULL);
}
