/* policy/admission against a real API server: it refuses the policies that have problems and takes
 * the others, and denies and warns of the same objects with the same words.
 *
 * RHUMB_TEST_KUBECONFIG names its kubeconfig, RHUMB_TEST_KUBECTL a kubectl; without them the tests
 * are skipped. */
#include "tests/lib/admission_load_cases.h"
#include "tests/lib/fixture.h"
#include "tests/lib/kube_case.h"

#include <string.h>

#include "base/yaml.h"
#include "policy/admission/admission.h"

/* ---- what is refused */

/* Not files that are more or less than one policy or binding; nor what only an apply refuses. */
static bool is_for_server(const struct load_case *c)
{
	static const char *const others[] = { "other documents", "JSON", "two of a name",
					      "a variable twice" };
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(others[i], c->name) == 0)
			return false;
	return true;
}

static void load_case_run(void **state)
{
	const struct load_case *c = *state;
	if (!kube_case_has_server())
		skip();
	struct process_result result =
		KUBECTL(c->text, "create", "--dry-run=server", "--validate=strict", "-f", "-");
	bool refused = result.status != 0;
	if (refused != (c->problem != NULL))
		fail_msg("the server %s: %s%s", refused ? "refuses it" : "takes it",
			 buf_text(&result.messages), c->problem ? c->problem : "");
	process_result_done(&result);
}

/* ---- what is decided */

/* Each row has a policy and bindings of its own, which select the objects with its label. */
struct decision_case {
	const char *name;
	const char *spec;    /* of the policy, after matchConstraints */
	const char *actions; /* of the binding */
	const char *binding; /* more of its spec, or NULL */
	const char *object;  /* "{...}", after metadata */
};

#define CONFIG "data: {a: b}"

static const struct decision_case decisions[] = {
	{ "true", "  validations: [{expression: 'object.data.a == \"b\"'}]\n", "Deny", NULL,
	  CONFIG },
	{ "false", "  validations: [{expression: 'object.data.a == \"c\"'}]\n", "Deny", NULL,
	  CONFIG },
	{ "a reason and a message",
	  "  validations: [{expression: 'object.data.a == \"c\"', reason: Forbidden, message: "
	  "' not c '}]\n",
	  "Deny", NULL, CONFIG },
	{ "a messageExpression",
	  "  validations: [{expression: 'true'}, {expression: '1 > 2', messageExpression: "
	  "'\"a is \" + string(object.data.a)'}]\n",
	  "Deny", NULL, CONFIG },
	{ "a messageExpression that fails",
	  "  validations: [{expression: '1 > 2', messageExpression: 'string(object.x)', message: "
	  "fixed}]\n",
	  "Deny", NULL, CONFIG },
	{ "an expression of several lines",
	  "  validations:\n  - expression: |\n\n      1 >\n        2\n\n    messageExpression: "
	  "'\"\"'\n",
	  "Deny", NULL, CONFIG },
	{ "an error", "  validations: [{expression: 'object.data.x == \"\"'}]\n", "Deny", NULL,
	  CONFIG },
	{ "an ignored error",
	  "  failurePolicy: Ignore\n  validations: [{expression: 'object.data.x == \"\"'}]\n",
	  "Deny", NULL, CONFIG },
	{ "a type at run time", "  validations: [{expression: 'object.data.a > 1'}]\n", "Deny",
	  NULL, CONFIG },
	{ "a variable that fails",
	  "  variables: [{name: v, expression: object.data.x}]\n  validations: [{expression: "
	  "'variables.v == \"\"'}]\n",
	  "Deny", NULL, CONFIG },
	{ "a warning", "  validations: [{expression: '1 > 2', message: careful}]\n", "Warn", NULL,
	  CONFIG },
	{ "only audited", "  validations: [{expression: '1 > 2'}]\n", "Audit", NULL, CONFIG },
	{ "a condition that does not hold",
	  "  matchConditions: [{name: c, expression: 'object.x == 1'}, {name: d, expression: "
	  "'request.operation == \"UPDATE\"'}]\n  validations: [{expression: '1 > 2'}]\n",
	  "Deny", NULL, CONFIG },
	{ "a condition that fails",
	  "  matchConditions: [{name: c, expression: 'object.x == 1'}]\n  validations: "
	  "[{expression: 'true'}]\n",
	  "Deny", NULL, CONFIG },
	{ "conditions that fail",
	  "  matchConditions: [{name: c, expression: 'object.x == 1'}, {name: d, expression: "
	  "'object.y == 1'}, {name: e, expression: 'true'}]\n  validations: [{expression: "
	  "'true'}]\n",
	  "Deny", NULL, CONFIG },
	{ "an annotation that fails",
	  "  auditAnnotations: [{key: k, valueExpression: 'string(object.x)'}]\n", "Warn", NULL,
	  CONFIG },
	{ "params",
	  "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations: [{expression: "
	  "'object.data.a == params.data.a', messageExpression: '\"not \" + "
	  "string(params.data.a)'}]\n",
	  "Deny", "  paramRef: {name: limits, parameterNotFoundAction: Deny}\n", CONFIG },
	{ "params by label",
	  "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations: [{expression: "
	  "'params.data.a != \"2\"', messageExpression: 'string(params.metadata.name)'}]\n",
	  "Deny",
	  "  paramRef: {selector: {matchLabels: {limits: 'on'}}, parameterNotFoundAction: Deny}\n",
	  CONFIG },
	{ "no params",
	  "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations: [{expression: 'true'}]\n",
	  "Deny", "  paramRef: {name: nobody, parameterNotFoundAction: Deny}\n", CONFIG },
	{ "no params, allowed",
	  "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations: [{expression: "
	  "'false'}]\n",
	  "Deny", "  paramRef: {name: nobody, parameterNotFoundAction: Allow}\n", CONFIG },
	{ "an unknown paramKind",
	  "  paramKind: {apiVersion: example.com/v1, kind: Limit}\n  validations: [{expression: "
	  "'true'}]\n",
	  "Warn", "  paramRef: {name: nobody, parameterNotFoundAction: Allow}\n", CONFIG },
	{ "the request",
	  "  validations: [{expression: 'request.operation == \"CREATE\" && request.name == "
	  "object.metadata.name && request.namespace == \"vap\" && request.kind.kind == "
	  "\"ConfigMap\" && request.resource.resource == \"configmaps\" && "
	  "!has(request.subResource) && oldObject == null'}]\n",
	  "Deny", NULL, CONFIG },
	{ "the namespace",
	  "  validations: [{expression: 'namespaceObject.metadata.labels[\"env\"] == \"prod\" && "
	  "namespaceObject.metadata.name == \"vap\" && "
	  "!has(namespaceObject.metadata.finalizers)'}]"
	  "\n",
	  "Deny", NULL, CONFIG },
	{ "another namespace", "  validations: [{expression: '1 > 2'}]\n", "Deny",
	  "  matchResources: {namespaceSelector: {matchLabels: {env: test}}}\n", CONFIG },
	{ "out of budget",
	  "  variables: [{name: l, expression: '[1,2,3,4,5,6,7,8,9,10]'}]\n  validations: "
	  "[{expression: 'variables.l.all(a, variables.l.all(b, variables.l.all(c, "
	  "variables.l.all(d, variables.l.all(e, variables.l.all(f, a + b + c + d + e + f > "
	  "0))))))'}]\n",
	  "Deny", NULL, CONFIG },
};

static const char params[] =
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: limits, namespace: vap}\ndata: {a: "
	"c}\n---\n"
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: vap, labels: {limits: "
	"'on'}}\ndata: {a: '1'}\n---\n"
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two, namespace: vap, labels: {limits: "
	"'on'}}\ndata: {a: '2'}\n";
static const char namespace[] =
	"apiVersion: v1\nkind: Namespace\nmetadata: {name: vap, labels: {env: prod}}\n";

static char *documents_of(size_t row)
{
	const struct decision_case *c = &decisions[row];
	const char *more = c->binding ? c->binding : "";
	return xfmt("apiVersion: admissionregistration.k8s.io/v1\n"
		    "kind: ValidatingAdmissionPolicy\n"
		    "metadata: {name: row-%zu}\n"
		    "spec:\n"
		    "  matchConstraints:\n"
		    "    objectSelector: {matchLabels: {row: r%zu}}\n"
		    "    resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], "
		    "resources: ['*']}]\n"
		    "%s---\n"
		    "apiVersion: admissionregistration.k8s.io/v1\n"
		    "kind: ValidatingAdmissionPolicyBinding\n"
		    "metadata: {name: row-%zu}\n"
		    "spec:\n"
		    "  policyName: row-%zu\n"
		    "  validationActions: [%s]\n%s",
		    row, row, c->spec, row, row, c->actions, more);
}

static char *object_of(size_t row)
{
	return xfmt("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: o, namespace: vap, labels: "
		    "{row: r%zu}}\n%s\n",
		    row, decisions[row].object);
}

static int set_up(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		return 0;
	AUTO(buf_done) struct buf all = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(decisions); i++) {
		AUTO(auto_free) char *text = documents_of(i);
		buf_printf(&all, "%s---\n", text);
	}
	kube_case_must(KUBECTL(namespace, "apply", "-f", "-"));
	kube_case_must(KUBECTL(params, "apply", "-f", "-"));
	kube_case_must(KUBECTL(buf_text(&all), "apply", "-f", "-"));
	kube_case_policies_in_force("row-z", "vap");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		return 0;
	AUTO(buf_done) struct buf all = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(decisions); i++) {
		AUTO(auto_free) char *text = documents_of(i);
		buf_printf(&all, "%s---\n", text);
	}
	kube_case_must(KUBECTL(buf_text(&all), "delete", "-f", "-"));
	kube_case_policies_done("row-z");
	kube_case_must(KUBECTL(namespace, "delete", "--wait=false", "-f", "-"));
	return 0;
}

/* What rhumb says, as the server would word it: the first denial, or a line a warning. */
static char *ours(size_t row)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(admission_free_p) struct admission *a = admission_new();
	AUTO(auto_free) char *documents = documents_of(row);
	AUTO(auto_free) char *object_text = object_of(row);
	struct json object, space;
	kinds_add_builtin(&kinds);
	if (admission_add_file(a, documents, strlen(documents), "p.yaml", &err) < 0 ||
	    admission_add_file(a, params, sizeof(params) - 1, "params.yaml", &err) < 0 ||
	    yaml_parse_one(&arena, object_text, strlen(object_text), "o.yaml", NULL, &object,
			   &err) < 0 ||
	    yaml_parse_one(&arena, namespace, sizeof(namespace) - 1, "n.yaml", NULL, &space, &err) <
		    0)
		fail_msg("%s", err.msg);
	admission_prepare(a, &(struct admission_world){ &kinds, true, true });
	AUTO(admission_run_free_p) struct admission_run *run = admission_run_new(a);
	const struct admission_verdict *v = admission_evaluate(
		run, &(struct admission_change){
			     .operation = "CREATE",
			     .group = "",
			     .version = "v1",
			     .kind = "ConfigMap",
			     .resource = kinds_find(&kinds, "", "v1", "ConfigMap"),
			     .namespace = "vap",
			     .name = "o",
			     .object = &object,
			     .namespace_object = &space,
			     .dry_run = true,
		     });
	for (size_t i = 0; i < v->n; i++) {
		const struct admission_result *r = &v->results[i];
		assert_int_equal(r->outcome, ADMISSION_VIOLATION);
		if (r->actions & ADMISSION_DENY)
			return xstrdup(admission_denial(&arena, r));
		if (r->actions & ADMISSION_WARN)
			return xstrdup(admission_warning(&arena, r));
	}
	return xstrdup("");
}

static void decision_case_run(void **state)
{
	size_t row = (size_t)((const struct decision_case *)*state - decisions);
	if (!kube_case_has_server())
		skip();
	AUTO(auto_free) char *object = object_of(row);
	AUTO(auto_free) char *said = ours(row);
	struct process_result result = KUBECTL(object, "create", "--dry-run=server", "-f", "-");
	const char *answer = buf_text(&result.messages);
	bool denies = strstr(said, "denied request") != NULL;
	if ((result.status != 0) != denies)
		fail_msg("the server says \"%s\", rhumb \"%s\"", answer, said);
	if (*said ? !strstr(answer, said) : *answer != '\0')
		fail_msg("the server says\n%s\nrhumb\n%s", answer, said);
	process_result_done(&result);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(load_cases) + ARRAY_LEN(decisions)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(load_cases); i++)
		if (is_for_server(&load_cases[i]))
			tests[n++] = fixture_row(load_cases[i].name, load_case_run, &load_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(decisions); i++)
		tests[n++] = fixture_row(decisions[i].name, decision_case_run, &decisions[i]);
	return _cmocka_run_group_tests("admission_server", tests, n, set_up, tear_down);
}
