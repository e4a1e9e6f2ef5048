/* What policies decide: params, conditions, variables, messages, failures, actions, annotations. */
#include "tests/lib/admission_case.h"
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"

#define HEAD(spec)                                                                                 \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicy\n"                                                        \
	"metadata: {name: p}\n"                                                                    \
	"spec:\n"                                                                                  \
	"  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: " \
	"['*'], resources: ['*']}]}\n" spec "---\n"
#define BINDING(name, actions, more)                                                               \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicyBinding\n"                                                 \
	"metadata: {name: " name "}\n"                                                             \
	"spec:\n"                                                                                  \
	"  policyName: p\n"                                                                        \
	"  validationActions: [" actions "]\n" more "---\n"
#define DENY BINDING("b", "Deny", "")

#define IGNORE     "  failurePolicy: Ignore\n"
#define RULE(text) "  validations: [{expression: '" text "'}]\n"
#define SAYS(m)    "  validations: [{expression: '1 > 2', " m "}]\n"
#define WITH(m)                                                                                    \
	"  validations: [{expression: 'true'}, {expression: '1 > 2', messageExpression: '" m "'}]" \
	"\n"
#define PARAM_KIND "  paramKind: {apiVersion: v1, kind: ConfigMap}\n"
#define CONFIG(name, more)                                                                         \
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name ", namespace: shop, labels: "    \
	"{limits: 'on'}}\ndata: " more "\n---\n"

#define OBJECT                                                                                     \
	"apiVersion: apps/v1\n"                                                                    \
	"kind: Deployment\n"                                                                       \
	"metadata: {name: web, namespace: shop}\n"                                                 \
	"spec:\n"                                                                                  \
	"  replicas: 3\n"
#define NODE "{apiVersion: v1, kind: Node, metadata: {name: n1}}"

struct evaluate_case {
	const char *name;
	struct admission_case what;
	const char *expected;
};

#define CASE(name, text, expected)                                                                 \
	{                                                                                          \
		name, { .documents = text, .object = OBJECT }, expected                            \
	}

static const struct evaluate_case cases[] = {
	/* decisions and actions */
	CASE("true", HEAD(RULE("object.spec.replicas == 3")) DENY, "allow"),
	CASE("false", HEAD(RULE("object.spec.replicas < 3")) DENY,
	     "deny\np/b[0] deny Invalid 422: failed expression: object.spec.replicas < 3"),
	CASE("Warn", HEAD(RULE("1 > 2")) BINDING("b", "Warn", ""),
	     "warn\np/b[0] warn Invalid 422: failed expression: 1 > 2"),
	CASE("Audit", HEAD(RULE("1 > 2")) BINDING("b", "Audit", ""),
	     "warn\np/b[0] audit Invalid 422: failed expression: 1 > 2"),
	CASE("two actions", HEAD(RULE("1 > 2")) BINDING("b", "Deny, Audit", ""),
	     "deny\np/b[0] deny audit Invalid 422: failed expression: 1 > 2"),
	CASE("two bindings", HEAD(RULE("1 > 2")) BINDING("c", "Warn", "") BINDING("a", "Audit", ""),
	     "warn\np/a[0] audit Invalid 422: failed expression: 1 > 2\n"
	     "p/c[0] warn Invalid 422: failed expression: 1 > 2"),
	CASE("no binding", HEAD(RULE("1 > 2")), "not selected"),
	CASE("a binding of another policy",
	     HEAD(RULE("1 > 2")) "apiVersion: admissionregistration.k8s.io/v1\nkind: "
				 "ValidatingAdmissionPolicyBinding\nmetadata: {name: b}\nspec: "
				 "{policyName: q, validationActions: [Deny]}\n",
	     "not selected"),
	CASE("all are told",
	     HEAD("  validations: [{expression: '1 > 2'}, {expression: 'true'}, {expression: '2 > "
		  "3', reason: Forbidden}]\n") DENY,
	     "deny\np/b[0] deny Invalid 422: failed expression: 1 > 2\n"
	     "p/b[2] deny Forbidden 403: failed expression: 2 > 3"),
	CASE("reasons",
	     HEAD("  validations: [{expression: '1 > 2', reason: Unauthorized}, {expression: '1 > "
		  "2', reason: RequestEntityTooLarge}]\n") DENY,
	     "deny\np/b[0] deny Unauthorized 401: failed expression: 1 > 2\n"
	     "p/b[1] deny RequestEntityTooLarge 413: failed expression: 1 > 2"),

	/* errors */
	CASE("an error", HEAD(RULE("object.spec.nothing == 1")) DENY,
	     "deny\np/b[0] deny Invalid 422: expression 'object.spec.nothing == 1' resulted in "
	     "error: no such key: nothing"),
	CASE("an error is ignored", HEAD(IGNORE RULE("object.spec.nothing == 1")) DENY, "allow"),
	CASE("a false is not", HEAD(IGNORE RULE("1 > 2")) DENY,
	     "deny\np/b[0] deny Invalid 422: failed expression: 1 > 2"),
	CASE("an error is warned of", HEAD(RULE("object.x == 1")) BINDING("b", "Warn", ""),
	     "warn\np/b[0] warn Invalid 422: expression 'object.x == 1' resulted in error: no such "
	     "key: x"),

	/* messages */
	CASE("a message", HEAD(SAYS("message: ' too many '")) DENY,
	     "deny\np/b[0] deny Invalid 422: too many"),
	CASE("an expression of several lines",
	     HEAD("  validations:\n  - expression: |\n\n      1 >\n        2\n\n") DENY,
	     "deny\np/b[0] deny Invalid 422: failed expression: 1 >\n  2"),
	CASE("a messageExpression",
	     HEAD(WITH("\" \" + object.metadata.name + \": \" + string(object.spec.replicas)"))
		     DENY,
	     "deny\np/b[1] deny Invalid 422: web: 3"),
	CASE("it wins over the message", HEAD(SAYS("message: a, messageExpression: '\"b\"'")) DENY,
	     "deny\np/b[0] deny Invalid 422: b"),
	CASE("one that fails", HEAD(SAYS("message: a, messageExpression: 'string(object.x)'")) DENY,
	     "deny\np/b[0] deny Invalid 422: a"),
	CASE("one that is blank", HEAD(SAYS("message: a, messageExpression: '\"  \"'")) DENY,
	     "deny\np/b[0] deny Invalid 422: a"),
	CASE("one of two lines", HEAD(SAYS("message: a, messageExpression: '\"b\\nc\"'")) DENY,
	     "deny\np/b[0] deny Invalid 422: a"),
	CASE("one that is not known",
	     HEAD(SAYS("messageExpression: 'request.userInfo.username'")) DENY,
	     "deny\np/b[0] deny Invalid 422: failed expression: 1 > 2"),

	/* variables */
	CASE("variables",
	     HEAD("  variables: [{name: v, expression: object.spec.replicas}, {name: m, "
		  "expression: variables.v * 2}]\n" RULE("variables.m == 6")) DENY,
	     "allow"),
	CASE("a variable that fails",
	     HEAD("  variables: [{name: v, expression: object.spec.x}]\n" RULE("variables.v == 1"))
		     DENY,
	     "deny\np/b[0] deny Invalid 422: expression 'variables.v == 1' resulted in error: "
	     "composited variable \"v\" fails to evaluate: no such key: x"),
	CASE("a failing variable is absorbed",
	     HEAD("  variables: [{name: v, expression: object.spec.x}]\n" RULE(
		     "variables.v == 1 || true")) DENY,
	     "allow"),
	CASE("a variable that nobody asks for",
	     HEAD("  variables: [{name: v, expression: object.spec.x}]\n" RULE("true")) DENY,
	     "allow"),
	CASE("a variable in a message",
	     HEAD("  variables: [{name: v, expression: 'object.metadata.name'}]\n" SAYS(
		     "messageExpression: 'variables.v + \"!\"'")) DENY,
	     "deny\np/b[0] deny Invalid 422: web!"),

	/* conditions */
	CASE("conditions hold",
	     HEAD("  matchConditions: [{name: a, expression: 'true'}, {name: b, expression: "
		  "'object.metadata.name == \"web\"'}]\n" RULE("1 > 2")) DENY,
	     "deny\np/b[0] deny Invalid 422: failed expression: 1 > 2"),
	CASE("a condition does not",
	     HEAD("  matchConditions: [{name: a, expression: 'true'}, {name: b, expression: "
		  "'object.metadata.name == \"api\"'}]\n" RULE("1 > 2")) DENY,
	     "allow"),
	CASE("false wins over an error",
	     HEAD("  matchConditions: [{name: a, expression: 'object.x == 1'}, {name: b, "
		  "expression: '1 > 2'}]\n" RULE("1 > 2")) DENY,
	     "allow"),
	CASE("a condition that fails",
	     HEAD("  matchConditions: [{name: a, expression: 'object.x == 1'}]\n" RULE("true"))
		     DENY,
	     "deny\np/b deny Invalid 422: expression 'object.x == 1' resulted in error: no such "
	     "key: x"),
	CASE("two that fail",
	     HEAD("  matchConditions: [{name: a, expression: 'object.x == 1'}, {name: b, "
		  "expression: 'object.y == 1'}]\n" RULE("true")) DENY,
	     "deny\np/b deny Invalid 422: [expression 'object.x == 1' resulted in error: no such "
	     "key: x, expression 'object.y == 1' resulted in error: no such key: y]"),
	CASE("a condition that fails is ignored",
	     HEAD(IGNORE "  matchConditions: [{name: a, expression: 'object.x == 1'}]\n" RULE(
		     "1 > 2")) DENY,
	     "allow"),
	CASE("conditions see no namespace",
	     HEAD("  matchConditions: [{name: a, expression: 'namespaceObject == null'}]\n" RULE(
		     "1 > 2")) DENY,
	     "deny\np/b[0] deny Invalid 422: failed expression: 1 > 2"),

	/* what is not known */
	CASE("who asks", HEAD(RULE("request.userInfo.username == \"me\"")) DENY,
	     "undecided\np/b[0] undecided: who will send the request is not known"),
	CASE("who asks does not matter",
	     HEAD(RULE("request.userInfo.username == \"me\" || object.spec.replicas == 3")) DENY,
	     "allow"),
	CASE("unknown is not ignored",
	     HEAD(IGNORE RULE("request.userInfo.username == \"me\"")) DENY,
	     "undecided\np/b[0] undecided: who will send the request is not known"),
	CASE("unknown, only warned of",
	     HEAD(RULE("request.userInfo.username == \"me\"")) BINDING("b", "Warn", ""),
	     "warn\np/b[0] undecided: who will send the request is not known"),
	CASE("a denial beside it",
	     HEAD("  validations: [{expression: 'request.userInfo.username == \"me\"'}, "
		  "{expression: '1 > 2'}]\n") DENY,
	     "deny\np/b[0] undecided: who will send the request is not known\n"
	     "p/b[1] deny Invalid 422: failed expression: 1 > 2"),
	CASE("a condition that is not known, nothing to say",
	     HEAD("  matchConditions: [{name: a, expression: 'request.userInfo.username == "
		  "\"me\"'}]\n" RULE("true")) DENY,
	     "allow"),
	CASE("a condition that is not known",
	     HEAD("  matchConditions: [{name: a, expression: 'request.userInfo.username == "
		  "\"me\"'}]\n" RULE("1 > 2")) DENY,
	     "undecided\np/b[0] undecided: it is not known whether it applies: who will send the "
	     "request is not known; if so: failed expression: 1 > 2"),
	CASE("the authorizer",
	     HEAD(RULE("authorizer.group(\"\").resource(\"pods\").check(\"get\").allowed()")) DENY,
	     "undecided\np/b[0] undecided: what the authorizer allows is not known here"),
	CASE("the namespace", HEAD(RULE("namespaceObject.metadata.labels[\"a\"] == \"b\"")) DENY,
	     "undecided\np/b[0] undecided: the namespace of the object is not known"),

	/* params */
	CASE("a param",
	     HEAD(PARAM_KIND RULE("object.spec.replicas <= int(params.data.most)")) BINDING(
		     "b", "Deny", "  paramRef: {name: limit, parameterNotFoundAction: Deny}\n")
		     CONFIG("limit", "{most: '2'}"),
	     "deny\np/b(shop/limit)[0] deny Invalid 422: failed expression: object.spec.replicas "
	     "<= "
	     "int(params.data.most)"),
	CASE("its kind is known",
	     HEAD(PARAM_KIND RULE("params.kind == \"ConfigMap\""))
		     BINDING("b", "Deny",
			     "  paramRef: {name: limit, parameterNotFoundAction: "
			     "Deny}\n") CONFIG("limit", "{most: '2'}"),
	     "allow"),
	CASE("no paramRef", HEAD(PARAM_KIND RULE("params == null")) DENY, "allow"),
	CASE("a paramRef without paramKind",
	     HEAD(RULE("true"))
		     BINDING("b", "Deny", "  paramRef: {name: x, parameterNotFoundAction: Deny}\n"),
	     "allow"),
	CASE("a param that is not there",
	     HEAD(PARAM_KIND RULE("true"))
		     BINDING("b", "Warn", "  paramRef: {name: x, parameterNotFoundAction: Deny}\n"),
	     "deny\np/b deny Invalid 422: failed to configure binding: no params found for policy "
	     "binding with `Deny` parameterNotFoundAction"),
	CASE("a param that is not there is ignored",
	     HEAD(IGNORE PARAM_KIND RULE("true"))
		     BINDING("b", "Deny", "  paramRef: {name: x, parameterNotFoundAction: Deny}\n"),
	     "allow"),
	CASE("a param that need not be there",
	     HEAD(PARAM_KIND RULE("1 > 2")) BINDING(
		     "b", "Deny", "  paramRef: {name: x, parameterNotFoundAction: Allow}\n"),
	     "allow"),
	CASE("a param in another namespace",
	     HEAD(PARAM_KIND RULE("1 > 2"))
		     BINDING("b", "Deny",
			     "  paramRef: {name: limit, namespace: other, parameterNotFoundAction: "
			     "Allow}\n") CONFIG("limit", "{most: '2'}"),
	     "allow"),
	CASE("params by label",
	     HEAD(PARAM_KIND RULE("params.data.most == \"3\""))
		     BINDING("b", "Deny",
			     "  paramRef: {selector: {matchLabels: {limits: 'on'}}, "
			     "parameterNotFoundAction: Deny}\n") CONFIG("z", "{most: '2'}")
			     CONFIG("a", "{most: '3'}") CONFIG("m", "{most: '4'}"),
	     "deny\n"
	     "p/b(shop/m)[0] deny Invalid 422: failed expression: params.data.most == \"3\"\n"
	     "p/b(shop/z)[0] deny Invalid 422: failed expression: params.data.most == \"3\""),
	{ "params of what is in no namespace",
	  { .documents = HEAD(PARAM_KIND RULE("true")) BINDING(
		    "b", "Deny", "  paramRef: {name: limit, parameterNotFoundAction: Allow}\n"),
	    .object = NODE },
	  "deny\np/b deny Invalid 422: failed to configure binding: cannot use namespaced paramRef "
	  "in policy binding that matches cluster-scoped resources" },
	CASE("a namespace for a cluster-wide param",
	     HEAD("  paramKind: {apiVersion: v1, kind: Node}\n" RULE("true")) BINDING(
		     "b", "Deny",
		     "  paramRef: {name: x, namespace: z, parameterNotFoundAction: Allow}\n"),
	     "deny\np/b deny Invalid 422: failed to configure binding: paramRef.namespace must not "
	     "be provided for a cluster-scoped `paramKind`"),
	CASE("an unknown paramKind",
	     HEAD("  paramKind: {apiVersion: example.com/v1, kind: Limit}\n" RULE("true")) BINDING(
		     "b", "Deny", "  paramRef: {name: x, parameterNotFoundAction: Allow}\n"),
	     "undecided\np/b undecided: its paramKind is not known here, and no such object is at "
	     "hand"),
	{ "a paramKind that does not exist",
	  { .documents = HEAD(
		    "  paramKind: {apiVersion: example.com/v1, kind: Limit}\n" RULE("true"))
		    BINDING("b", "Warn", "  paramRef: {name: x, parameterNotFoundAction: Allow}\n"),
	    .object = OBJECT,
	    .kinds_complete = true },
	  "deny\np deny Invalid 422: failed to configure policy: failed to find resource "
	  "referenced "
	  "by paramKind: 'example.com/v1, Kind=Limit'" },
	{ "a param that may be in the cluster",
	  { .documents = HEAD(PARAM_KIND RULE("true"))
		    BINDING("b", "Deny", "  paramRef: {name: x, parameterNotFoundAction: Allow}\n"),
	    .object = OBJECT,
	    .params_open = true },
	  "undecided\np/b undecided: no param of its binding is at hand; one may be in the "
	  "cluster" },

	/* annotations */
	CASE("an annotation",
	     HEAD("  auditAnnotations: [{key: k, valueExpression: '\" a\" + string("
		  "object.spec.replicas)'}, {key: m, valueExpression: 'null'}, {key: e, "
		  "valueExpression: '\" \"'}]\n") DENY,
	     "allow\np/k = a3"),
	CASE("an annotation that fails",
	     HEAD("  auditAnnotations: [{key: k, valueExpression: 'string(object.x)'}]\n")
		     BINDING("b", "Warn", ""),
	     "deny\np/b deny Invalid 422: expression 'string(object.x)' resulted in error: no "
	     "such key: x"),
	CASE("an annotation that fails is ignored",
	     HEAD(IGNORE "  auditAnnotations: [{key: k, valueExpression: 'string(object.x)'}]\n")
		     DENY,
	     "allow"),

	/* the request */
	CASE("request",
	     HEAD(RULE("request.operation == \"CREATE\" && request.name == \"web\" && "
		       "request.namespace == \"shop\" && request.kind.group == \"apps\" && "
		       "request.kind.kind == \"Deployment\" && request.resource.resource == "
		       "\"deployments\" && request.requestKind.version == \"v1\" && "
		       "request.requestResource.group == \"apps\" && !request.dryRun && "
		       "!has(request.subResource) && !has(request.requestSubResource)")) DENY,
	     "allow"),
	{ "request of a known user",
	  { .documents = HEAD(RULE("request.userInfo.username == \"me\" && \"a\" in "
				   "request.userInfo.groups && !has(request.userInfo.uid)")) DENY,
	    .object = OBJECT,
	    .user = "{username: me, groups: [a, b]}" },
	  "allow" },
	{ "a deletion",
	  { .documents = HEAD(RULE("object == null && oldObject.spec.replicas == 3 && "
				   "request.operation == \"DELETE\"")) DENY,
	    .object = OBJECT,
	    .operation = "DELETE" },
	  "allow" },
	{ "an update",
	  { .documents = HEAD(RULE("object.spec.replicas - oldObject.spec.replicas == 1")) DENY,
	    .object = OBJECT,
	    .old_object = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, "
			  "namespace: shop}, spec: {replicas: 2}}",
	    .operation = "UPDATE" },
	  "allow" },

	/* the namespace */
	{ "its labels",
	  { .documents = HEAD(RULE("namespaceObject.metadata.labels[\"env\"] == \"prod\" && "
				   "namespaceObject.metadata.name == \"shop\" && "
				   "!has(namespaceObject.metadata.annotations) && "
				   "!has(namespaceObject.spec.finalizers)")) DENY,
	    .object = OBJECT,
	    .namespace_object = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: "
				"{env: prod}, annotations: {}}}" },
	  "allow" },
	{ "null for what is in none",
	  { .documents = HEAD(RULE("namespaceObject == null")) DENY, .object = NODE },
	  "allow" },
	{ "null for a Namespace",
	  { .documents = HEAD(RULE("namespaceObject == null")) DENY,
	    .object = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}" },
	  "allow" },

	/* secrets */
	{ "a message does not show a Secret",
	  { .documents = HEAD(SAYS(
		    "message: refused, messageExpression: 'string(object.data.password)'")) DENY,
	    .object = "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, data: "
		      "{password: aHVudGVyMg==}}" },
	  "deny\np/b[0] deny Invalid 422: refused" },
	{ "nor does an error",
	  { .documents = HEAD(RULE("object.data[object.data.password] == \"\"")) DENY,
	    .object = "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, data: "
		      "{password: aHVudGVyMg==}}" },
	  "deny\np/b[0] deny Invalid 422: expression 'object.data[object.data.password] == \"\"' "
	  "resulted in an error" },
	{ "nor an annotation",
	  { .documents = HEAD("  auditAnnotations: [{key: k, valueExpression: "
			      "'string(object.data.password)'}]\n") DENY,
	    .object = "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, data: "
		      "{password: aHVudGVyMg==}}" },
	  "allow\np/k = (not shown)" },
	CASE("nor of a Secret that is a param",
	     HEAD("  paramKind: {apiVersion: v1, kind: Secret}\n" SAYS(
		     "message: refused, messageExpression: 'string(params.data.key)'"))
		     BINDING("b", "Deny",
			     "  paramRef: {name: s, parameterNotFoundAction: Deny}\n") "apiVersion:"
										       " v1\nkind: "
										       "Secret\nmet"
										       "adata: "
										       "{name: s, "
										       "namespace: "
										       "shop}"
										       "\ndata: "
										       "{key: "
										       "aHVudGVyMg="
										       "=}\n",
	     "deny\np/b(shop/s)[0] deny Invalid 422: refused"),
};

static void evaluate_case_run(void **state)
{
	const struct evaluate_case *c = *state;
	struct admission_trial t;
	admission_trial_begin(&t, &c->what);
	assert_string_equal(admission_trial_text(&t), c->expected);
	admission_trial_done(&t);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, evaluate_case_run, &cases[i]);
	return _cmocka_run_group_tests("admission_evaluate", tests, ARRAY_LEN(tests), NULL, NULL);
}
