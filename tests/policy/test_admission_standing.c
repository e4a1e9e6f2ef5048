/* Whether what is wrong now was wrong at base already: a row a test. */
#include "tests/lib/admission_case.h"
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/yaml.h"

#define GROUP "apiVersion: admissionregistration.k8s.io/v1\n"
#define POLICY(more, validation)                                                                   \
	GROUP "kind: ValidatingAdmissionPolicy\n"                                                  \
	      "metadata: {name: p}\n"                                                              \
	      "spec:\n"                                                                            \
	      "  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], "       \
	      "operations: ['*'], resources: ['*']}]}\n"                                           \
	      "  variables:\n"                                                                     \
	      "  - name: all\n"                                                                    \
	      "    expression: object.spec.containers + object.spec.?initContainers.orValue([])\n" \
	      "  - name: bad\n"                                                                    \
	      "    expression: variables.all.filter(c, c.image.endsWith(':latest'))\n"             \
	      "  - name: first\n"                                                                  \
	      "    expression: object.spec.containers[0].image\n" more "  validations:\n"          \
	      "  - expression: \"true\"\n"                                                         \
	      "  - expression: >-\n"                                                               \
	      "      " validation "\n"                                                             \
	      "---\n" GROUP "kind: ValidatingAdmissionPolicyBinding\n"                             \
	      "metadata: {name: b}\n"                                                              \
	      "spec: {policyName: p, validationActions: [Deny]}\n"
#define RULE(validation) POLICY("", validation)
#define IF(condition, validation)                                                                  \
	POLICY("  matchConditions: [{name: c, expression: " condition "}]\n", validation)

#define POD(more) "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: default}\nspec:\n" more
#define ONE(more) POD("  containers:\n  - {name: a, " more "}\n")
#define TWO(a, b) POD("  containers:\n  - {name: a, " a "}\n  - {name: b, " b "}\n")
#define LABELS(labels)                                                                             \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: default, labels: {" labels      \
	"}}\nspec: {containers: []}\n"

#define NO_LATEST  "object.spec.containers.all(c, !c.image.endsWith(':latest'))"
#define ALL_LATEST "variables.all.all(c, !c.image.endsWith(':latest'))"
#define NO_ADD     "object.spec.containers.all(c, !has(c.add) || c.add.all(x, x == 'CHOWN'))"
#define NO_PORT    "object.spec.containers.all(c, c.ports.all(p, !has(p.hostPort)))"

struct standing_case {
	const char *name, *policy, *base, *now;
	bool stands;
};

static const struct standing_case cases[] = {
	{ "nothing has changed", RULE(NO_LATEST), ONE("image: 'x:latest'"),
	  ONE("image: 'x:latest'"), true },
	{ "base is fine", RULE(NO_LATEST), ONE("image: 'x:1'"), ONE("image: 'x:latest'"), false },
	{ "something else has changed", RULE(NO_LATEST), ONE("image: 'x:latest'"),
	  ONE("image: 'x:latest', tty: true"), true },
	{ "another container changes", RULE(NO_LATEST), TWO("image: 'x:latest'", "image: 'y:1'"),
	  TWO("image: 'x:latest'", "image: 'y:2'"), true },
	{ "and one before it", RULE(NO_LATEST), TWO("image: 'x:1'", "image: 'y:latest'"),
	  TWO("image: 'x:2'", "image: 'y:latest'"), true },
	{ "a second one is wrong now", RULE(NO_LATEST), ONE("image: 'x:latest'"),
	  TWO("image: 'x:latest'", "image: 'y:latest'"), false },
	{ "another one is wrong now", RULE(NO_LATEST), TWO("image: 'x:latest'", "image: 'y:1'"),
	  TWO("image: 'x:1'", "image: 'y:latest'"), false },
	{ "it is wrong in another way", RULE(NO_LATEST), ONE("image: 'x:latest'"),
	  ONE("image: 'y:latest'"), false },
	{ "one of two is mended", RULE(NO_LATEST), TWO("image: 'x:latest'", "image: 'y:latest'"),
	  TWO("image: 'x:1'", "image: 'y:latest'"), true },
	{ "one of two is gone", RULE(NO_LATEST), TWO("image: 'x:latest'", "image: 'y:latest'"),
	  ONE("image: 'x:latest'"), true },
	{ "a good one is new", RULE(NO_LATEST), ONE("image: 'x:latest'"),
	  TWO("image: 'x:latest'", "image: 'y:1'"), true },
	{ "in another order", RULE(NO_LATEST), TWO("image: 'x:latest'", "image: 'y:latest'"),
	  POD("  containers:\n  - {name: b, image: 'y:latest'}\n  - {name: a, image: "
	      "'x:latest'}\n"),
	  true },
	{ "under another name", RULE(NO_LATEST), ONE("image: 'x:latest'"),
	  POD("  containers:\n  - {name: z, image: 'x:latest'}\n"), false },

	{ "two lists in one", RULE(ALL_LATEST),
	  POD("  containers: [{name: a, image: 'x:1'}]\n"
	      "  initContainers: [{name: i, image: 'i:latest'}]\n"),
	  POD("  containers: [{name: a, image: 'x:2'}]\n"
	      "  initContainers: [{name: i, image: 'i:latest'}]\n"),
	  true },
	{ "a new one in the other list", RULE(ALL_LATEST),
	  POD("  containers: [{name: a, image: 'x:latest'}]\n"),
	  POD("  containers: [{name: a, image: 'x:latest'}]\n"
	      "  initContainers: [{name: i, image: 'i:latest'}]\n"),
	  false },
	{ "a loop to the end, on what has not changed", RULE("variables.bad.size() == 0"),
	  ONE("image: 'x:latest'"), ONE("image: 'x:latest', tty: true"), true },
	{ "a loop to the end, on what has changed", RULE("variables.bad.size() == 0"),
	  TWO("image: 'x:latest'", "image: 'y:1'"), TWO("image: 'x:latest'", "image: 'y:2'"),
	  false },
	{ "a loop to the end, on more", RULE("variables.bad.size() == 0"), ONE("image: 'x:latest'"),
	  TWO("image: 'x:latest'", "image: 'y:1'"), false },
	{ "a sum that grows",
	  RULE("object.spec.containers.map(c, c.cpu).sum() <= object.spec.most"),
	  POD("  most: 10\n  containers: [{name: a, cpu: 12}]\n"),
	  POD("  most: 10\n  containers: [{name: a, cpu: 12}, {name: b, cpu: 1}]\n"), false },

	{ "what is behind && may be worse",
	  RULE("object.spec.containers.all(c, !c.tty && !c.image.endsWith(':latest'))"),
	  ONE("tty: true, image: 'x:1'"), ONE("tty: true, image: 'x:latest'"), false },
	{ "a field of the element that nobody asks for",
	  RULE("object.spec.containers.all(c, !has(c.tty) || !c.tty)"),
	  ONE("tty: true, image: 'x:1'"), ONE("tty: true, image: 'x:2'"), true },
	{ "what is behind || counts too", RULE("object.spec.a == 1 || object.spec.b == 1"),
	  POD("  a: 2\n  b: 2\n"), POD("  a: 2\n  b: 3\n"), false },
	{ "the other branch", RULE("object.spec.a == 1 ? object.spec.b == 1 : false"),
	  POD("  a: 2\n  b: 2\n"), POD("  a: 2\n  b: 3\n"), false },
	{ "what is not there", RULE("has(object.spec.a) && object.spec.a == 1"), POD("  b: 1\n"),
	  POD("  b: 2\n"), true },
	{ "what is there now, and wrong", RULE("has(object.spec.a) && object.spec.a == 1"),
	  POD("  b: 1\n"), POD("  a: 2\n  b: 1\n"), false },
	{ "only whether it is there", RULE("!has(object.spec.a)"), POD("  a: {b: 1}\n"),
	  POD("  a: {b: 2}\n"), true },
	{ "an optional that is not there", RULE("object.spec.?a.orValue(2) == 1"), POD("  b: 1\n"),
	  POD("  b: 2\n"), true },
	{ "the default of an optional", RULE("object.spec.?a.orValue(object.spec.b) == 1"),
	  POD("  a: 2\n  b: 1\n"), POD("  a: 2\n  b: 2\n"), false },
	{ "a number that grows", RULE("object.spec.a <= 10"), POD("  a: 11\n"), POD("  a: 12\n"),
	  false },
	{ "an error", RULE("object.spec.a == 1"), POD("  b: 1\n"), POD("  b: 2\n"), true },
	{ "an error now, a violation at base", RULE("object.spec.a == 1"), POD("  a: 2\n"),
	  POD("  b: 2\n"), false },

	{ "a label that is not there", RULE("'team' in object.metadata.labels"), LABELS("a: b"),
	  LABELS("a: c, d: e"), true },
	{ "a label by a name that is computed", RULE("object.metadata.labels['te' + 'am'] == 'x'"),
	  LABELS("team: y, a: b"), LABELS("team: y, a: c"), true },
	{ "and has another value", RULE("object.metadata.labels['te' + 'am'] == 'x'"),
	  LABELS("team: y"), LABELS("team: z"), false },
	{ "all labels", RULE("object.metadata.labels.all(k, k != 'a')"), LABELS("a: b"),
	  LABELS("a: b, c: d"), false },
	{ "all labels with their values",
	  RULE("object.metadata.labels.all(k, v, v != 'b') && "
	       "'a' in object.metadata.labels"),
	  LABELS("a: b"), LABELS("a: b, c: b"), false },
	{ "a whole that is compared", RULE("object.metadata.labels == {'a': 'b'}"), LABELS("a: c"),
	  LABELS("a: d"), false },
	{ "an element by its number", RULE("!variables.first.endsWith(':latest')"),
	  TWO("image: 'x:latest'", "image: 'y:1'"), TWO("image: 'x:latest'", "image: 'y:2'"),
	  true },

	{ "elements without names", RULE(NO_ADD), ONE("add: [SYS_ADMIN]"),
	  ONE("add: [CHOWN, SYS_ADMIN]"), true },
	{ "one more without a name", RULE(NO_ADD), ONE("add: [SYS_ADMIN]"),
	  ONE("add: [SYS_ADMIN, NET_ADMIN]"), false },
	{ "an element within an element", RULE(NO_PORT), ONE("ports: [{name: http, hostPort: 80}]"),
	  ONE("ports: [{name: http, hostPort: 80}, {name: https, hostPort: 443}]"), false },
	{ "a fine one within an element", RULE(NO_PORT), ONE("ports: [{name: http, hostPort: 80}]"),
	  ONE("ports: [{name: http, hostPort: 80}, {name: https}]"), true },
	{ "two of one port", RULE(NO_PORT),
	  ONE("ports: [{containerPort: 53, protocol: UDP, hostPort: 53}]"),
	  ONE("ports: [{containerPort: 53, protocol: UDP, hostPort: 53}, "
	      "{containerPort: 53, protocol: TCP, hostPort: 53}]"),
	  false },

	{ "it did not apply at base", IF("object.spec.use == true", "object.spec.a == 1"),
	  POD("  use: false\n  a: 2\n"), POD("  use: true\n  a: 2\n"), false },
	{ "it applied at base too", IF("object.spec.use == true", "object.spec.a == 1"),
	  POD("  use: true\n  a: 2\n  b: 1\n"), POD("  use: true\n  a: 2\n  b: 2\n"), true },
	{ "who asks is not known", RULE("request.userInfo.username == 'me'"), POD("  a: 1\n"),
	  POD("  a: 2\n"), true },
	{ "who asks is not known, for what differs",
	  RULE("object.spec.containers.all(c, c.user == request.userInfo.username)"),
	  ONE("user: x"), ONE("user: y"), false },
	{ "nothing of the object", RULE("1 > 2"), POD("  a: 1\n"), POD("  a: 2\n"), true },
};

static void standing_run(void **state)
{
	const struct standing_case *row = *state;
	struct admission_case c = { .documents = row->policy, .object = row->now };
	struct admission_trial t;
	AUTO(err_done) struct err err = { 0 };
	struct json base;
	admission_trial_begin(&t, &c);
	assert_int_equal(t.verdict->n, 1);
	assert_int_equal(t.verdict->results[0].validation, 1);
	assert_int_equal(yaml_parse_one(&t.arena, row->base, strlen(row->base), "base.yaml", NULL,
					&base, &err),
			 0);
	struct admission_change at_base = t.change;
	at_base.object = &base;
	struct admission_run *run = admission_run_new(t.a);
	assert_int_equal(admission_stands(run, &t.verdict->results[0], &t.change, &at_base),
			 row->stands);
	admission_run_free(run);
	admission_trial_done(&t);
}

/* What an update may do is not a matter of base. */
static void a_transition(void **state)
{
	(void)state;
	struct admission_case c = {
		.documents = RULE("object.spec.a >= oldObject.spec.a"),
		.object = POD("  a: 1\n"),
		.old_object = POD("  a: 2\n"),
		.operation = "UPDATE",
	};
	struct admission_trial t;
	admission_trial_begin(&t, &c);
	assert_int_equal(t.verdict->n, 1);
	struct admission_change base = t.change;
	base.object = base.old_object;
	struct admission_run *run = admission_run_new(t.a);
	assert_false(admission_stands(run, &t.verdict->results[0], &t.change, &base));
	base.object = NULL;
	assert_false(admission_stands(run, &t.verdict->results[0], &t.change, &base));
	admission_run_free(run);
	admission_trial_done(&t);
}

/* A binding whose param is not there denies whatever the object is. */
static void of_any_object(void **state)
{
	(void)state;
	struct admission_case c = {
		.documents = GROUP
		"kind: ValidatingAdmissionPolicy\n"
		"metadata: {name: p}\n"
		"spec:\n"
		"  paramKind: {apiVersion: v1, kind: ConfigMap}\n"
		"  matchConstraints: {objectSelector: {matchLabels: {a: b}}, resourceRules: "
		"[{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']}]}\n"
		"  validations: [{expression: 'true'}]\n"
		"---\n" GROUP "kind: ValidatingAdmissionPolicyBinding\n"
		"metadata: {name: b}\n"
		"spec: {policyName: p, validationActions: [Deny], paramRef: {name: none, "
		"namespace: default, parameterNotFoundAction: Deny}}\n",
		.object = LABELS("a: b"),
		.kinds_complete = true,
	};
	struct admission_trial t;
	admission_trial_begin(&t, &c);
	assert_int_equal(t.verdict->n, 1);
	assert_true(t.verdict->results[0].of_any);
	struct admission_run *run = admission_run_new(t.a);
	assert_true(admission_stands(run, &t.verdict->results[0], &t.change, &t.change));
	/* It was not selected at base. */
	AUTO(err_done) struct err err = { 0 };
	struct json other;
	const char *text = LABELS("a: c");
	assert_int_equal(yaml_parse_one(&t.arena, text, strlen(text), "b", NULL, &other, &err), 0);
	struct admission_change base = t.change;
	base.object = &other;
	assert_false(admission_stands(run, &t.verdict->results[0], &t.change, &base));
	admission_run_free(run);
	admission_trial_done(&t);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 2];
	size_t n = 0;
	for (; n < ARRAY_LEN(cases); n++)
		tests[n] = fixture_row(cases[n].name, standing_run, &cases[n]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_transition);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(of_any_object);
	return cmocka_run_group_tests_name("admission_standing", tests, NULL, NULL);
}
