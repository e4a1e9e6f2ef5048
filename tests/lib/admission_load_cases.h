/* Files of policies and what the API server would refuse in them; for the tests of loading and for
 * the API server itself. */
#ifndef TESTS_LIB_ADMISSION_LOAD_CASES_H
#define TESTS_LIB_ADMISSION_LOAD_CASES_H

#include <stddef.h>

#define HEAD                                                                                       \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicy\n"                                                        \
	"metadata: {name: p}\n"                                                                    \
	"spec:\n"
#define RULES                                                                                      \
	"  matchConstraints:\n"                                                                    \
	"    resourceRules:\n"                                                                     \
	"    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: "           \
	"[deployments]}\n"
#define TRUE_RULE "  validations: [{expression: 'true'}]\n"
#define GOOD      HEAD RULES TRUE_RULE
#define BINDING                                                                                    \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicyBinding\n"                                                 \
	"metadata: {name: b}\n"                                                                    \
	"spec:\n"

/* A file and what is wrong with it. */
struct load_case {
	const char *name, *text;
	const char *problem; /* "line:col: a part of the message"; NULL: none */
};

static const struct load_case load_cases[] = {
	{ "a policy", GOOD, NULL },
	{ "a binding", BINDING "  policyName: p\n  validationActions: [Deny, Audit]\n", NULL },
	{ "other documents", "a: 1\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
	  NULL },
	{ "JSON", "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": []}", NULL },

	/* fields */
	{ "unknown field", GOOD "  failurepolicy: Fail\n",
	  "9:3: unknown field \"failurepolicy\" in spec (did you mean \"failurePolicy\"?)" },
	{ "unknown field in a validation",
	  HEAD RULES "  validations:\n  - expression: 'true'\n    mesage: x\n",
	  "10:5: unknown field \"mesage\" in spec.validations[0] (did you mean \"message\"?)" },
	{ "wrong type", HEAD RULES "  validations: true\n",
	  "8:16: spec.validations: expected list, got boolean" },
	{ "another version",
	  "apiVersion: admissionregistration.k8s.io/v1alpha1\nkind: ValidatingAdmissionPolicy\n"
	  "metadata: {name: p}\nspec:\n" RULES TRUE_RULE,
	  "1:13: apiVersion has to be admissionregistration.k8s.io/v1" },

	/* parts of a policy */
	{ "no name",
	  "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"
	  "metadata: {}\nspec:\n" RULES TRUE_RULE,
	  "3:11: metadata.name is missing" },
	{ "a name that is none",
	  "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"
	  "metadata: {name: No_Name}\nspec:\n" RULES TRUE_RULE,
	  "3:18: metadata.name \"No_Name\" has to be a DNS subdomain" },
	{ "nothing to match", HEAD TRUE_RULE, "5:3: matchConstraints is missing" },
	{ "no rules", HEAD TRUE_RULE "  matchConstraints: {resourceRules: []}\n",
	  "6:21: matchConstraints.resourceRules is missing" },
	{ "nothing to validate", HEAD RULES, "5:3: it has neither validations nor" },
	{ "failurePolicy", GOOD "  failurePolicy: fail\n",
	  "9:18: failurePolicy has to be Fail or Ignore" },
	{ "no operations",
	  HEAD TRUE_RULE "  matchConstraints:\n    resourceRules:\n"
			 "    - {apiGroups: [''], apiVersions: [v1], resources: [pods]}\n",
	  "8:7: matchConstraints.resourceRules[0].operations is missing" },
	{ "an unknown operation",
	  HEAD TRUE_RULE "  matchConstraints:\n    resourceRules:\n"
			 "    - {apiGroups: [''], apiVersions: [v1], operations: [PATCH], "
			 "resources: [pods]}\n",
	  "8:56: matchConstraints.resourceRules[0].operations has to be of CREATE" },
	{ "* and another",
	  HEAD TRUE_RULE "  matchConstraints:\n    resourceRules:\n"
			 "    - {apiGroups: ['*', apps], apiVersions: [v1], operations: ['*'], "
			 "resources: [pods]}\n",
	  "8:19: matchConstraints.resourceRules[0].apiGroups has \"*\" and others" },
	{ "*/* and another",
	  HEAD TRUE_RULE "  matchConstraints:\n    resourceRules:\n"
			 "    - {apiGroups: ['*'], apiVersions: [v1], operations: ['*'], "
			 "resources: ['*/*', pods]}\n",
	  "resources has \"*/*\" and others" },
	{ "scope",
	  HEAD TRUE_RULE "  matchConstraints:\n    resourceRules:\n"
			 "    - {apiGroups: ['*'], apiVersions: [v1], operations: ['*'], "
			 "resources: [pods], scope: namespaced}\n",
	  "scope has to be Namespaced, Cluster or \"*\"" },
	{ "matchPolicy",
	  HEAD TRUE_RULE "  matchConstraints:\n    matchPolicy: exact\n"
			 "    resourceRules: [{apiGroups: [''], apiVersions: [v1], "
			 "operations: ['*'], resources: [pods]}]\n",
	  "7:18: matchConstraints.matchPolicy has to be Exact or Equivalent" },
	{ "a selector's operator",
	  HEAD TRUE_RULE "  matchConstraints:\n    objectSelector: {matchExpressions: [{key: a, "
			 "operator: Is, values: [b]}]}\n"
			 "    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: "
			 "['*'], resources: [pods]}]\n",
	  "7:60: matchConstraints.objectSelector: operator has to be In, NotIn" },

	{ "a rule without groups",
	  HEAD TRUE_RULE
	  "  matchConstraints:\n    resourceRules:\n"
	  "    - {apiGroups: [], apiVersions: [v1], operations: [CREATE], resources: "
	  "[pods]}\n",
	  "8:19: matchConstraints.resourceRules[0].apiGroups is missing" },
	{ "all operations and another",
	  HEAD TRUE_RULE "  matchConstraints:\n    resourceRules:\n"
			 "    - {apiGroups: [''], apiVersions: [v1], operations: ['*', CREATE], "
			 "resources: [pods]}\n",
	  "operations has \"*\" and others" },
	{ "a version that is empty",
	  HEAD TRUE_RULE
	  "  matchConstraints:\n    resourceRules:\n"
	  "    - {apiGroups: [''], apiVersions: [''], operations: [CREATE], resources: "
	  "[pods]}\n",
	  "apiVersions has an empty item" },
	{ "an exclusion without resources",
	  HEAD TRUE_RULE "  matchConstraints:\n    resourceRules: [{apiGroups: [''], apiVersions: "
			 "[v1], operations: [CREATE], resources: [pods]}]\n    "
			 "excludeResourceRules: [{apiGroups: [''], apiVersions: [v1], operations: "
			 "[CREATE]}]\n",
	  "matchConstraints.excludeResourceRules[0].resources is missing" },
	{ "a name twice",
	  HEAD TRUE_RULE "  matchConstraints:\n    resourceRules: [{apiGroups: [''], apiVersions: "
			 "[v1], operations: [CREATE], resources: [pods], resourceNames: [a, a]}]\n",
	  "matchConstraints.resourceRules[0].resourceNames has \"a\" twice" },
	{ "a label that is none",
	  HEAD TRUE_RULE "  matchConstraints:\n    objectSelector: {matchLabels: {a: b c}}\n"
			 "    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: "
			 "[CREATE], resources: [pods]}]\n",
	  "7:39: matchConstraints.objectSelector: \"b c\" is no value of a label" },
	{ "a label's key that is none",
	  HEAD TRUE_RULE "  matchConstraints:\n    namespaceSelector: {matchExpressions: [{key: a "
			 "b, operator: Exists}]}\n"
			 "    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: "
			 "[CREATE], resources: [pods]}]\n",
	  "matchConstraints.namespaceSelector: \"a b\" is no key of a label" },

	/* names */
	{ "a variable twice",
	  GOOD "  variables:\n  - {name: a, expression: '1'}\n  - {name: a, expression: '2'}\n",
	  "11:5: spec.variables: duplicate entries for key [name=\"a\"]" },
	{ "a condition's name", GOOD "  matchConditions: [{name: a b, expression: 'true'}]\n",
	  "9:28: matchConditions[0].name \"a b\" has to be" },
	{ "a condition's name with a prefix",
	  GOOD "  matchConditions: [{name: example.com/a, expression: 'true'}]\n", NULL },
	{ "a key with a prefix",
	  GOOD "  auditAnnotations: [{key: example.com/a, valueExpression: '\"x\"'}]\n",
	  "9:28: auditAnnotations[0].key \"example.com/a\" has to be" },
	{ "a paramKind of no version", GOOD "  paramKind: {apiVersion: a/b/c, kind: ConfigMap}\n",
	  "9:27: paramKind.apiVersion \"a/b/c\" has to be" },
	{ "a message of blanks",
	  HEAD RULES "  validations: [{expression: 'true', message: '  '}]\n",
	  "validations[0].message is empty" },
	{ "a messageExpression of blanks",
	  HEAD RULES "  validations: [{expression: 'true', messageExpression: '  '}]\n",
	  "validations[0].messageExpression is empty" },
	{ "two messages of one expression",
	  HEAD RULES
	  "  validations: [{expression: 'true', message: a, messageExpression: '\"b\"'}]\n",
	  NULL },
	{ "a variable's name", GOOD "  variables: [{name: a-b, expression: '1'}]\n",
	  "9:22: variables[0].name \"a-b\" has to be an identifier of CEL" },
	{ "a reserved word", GOOD "  variables: [{name: namespace, expression: '1'}]\n",
	  "variables[0].name \"namespace\" has to be" },
	{ "a condition without a name", GOOD "  matchConditions: [{expression: 'true'}]\n",
	  "9:21: matchConditions[0].name is missing" },
	{ "a condition twice",
	  GOOD "  matchConditions:\n  - {name: a, expression: 'true'}\n"
	       "  - {name: a, expression: 'true'}\n",
	  "11:12: matchConditions[1].name \"a\" is there twice" },
	{ "a key twice",
	  GOOD "  auditAnnotations:\n  - {key: a, valueExpression: '\"x\"'}\n"
	       "  - {key: a, valueExpression: '\"x\"'}\n",
	  "11:11: auditAnnotations[1].key \"a\" is there twice" },

	/* expressions */
	{ "no expression", HEAD RULES "  validations: [{message: m}]\n",
	  "8:17: validations[0].expression is missing" },
	{ "an empty expression", HEAD RULES "  validations: [{expression: ' '}]\n",
	  "8:30: validations[0].expression is empty" },
	{ "a syntax error", HEAD RULES "  validations: [{expression: '1 +'}]\n",
	  "validations[0].expression: Syntax error" },
	{ "an unknown name", HEAD RULES "  validations: [{expression: 'objekt.a == 1'}]\n",
	  "8:31: validations[0].expression: undeclared reference to 'objekt'" },
	{ "in a literal block",
	  HEAD RULES "  validations:\n  - expression: |-\n      true &&\n        objekt == 1\n",
	  "11:9: validations[0].expression: undeclared reference to 'objekt'" },
	{ "in a folded block",
	  HEAD RULES "  validations:\n  - expression: >\n      true &&\n      objekt == 1\n",
	  "11:7: validations[0].expression: undeclared reference to 'objekt'" },
	{ "in double quotes, escaped",
	  HEAD RULES "  validations: [{expression: \"\\\"a\\\" == '' &&\\n objekt == 1\"}]\n",
	  "8:48: validations[0].expression: undeclared reference to 'objekt'" },
	{ "in single quotes, doubled",
	  HEAD RULES "  validations: [{expression: '''é'' == '''' && objekt == 1'}]\n",
	  "8:48: validations[0].expression: undeclared reference to 'objekt'" },
	{ "plain, on several lines",
	  HEAD RULES "  validations:\n  - expression: true &&\n      objekt == 1\n",
	  "10:7: validations[0].expression: undeclared reference to 'objekt'" },
	{ "not a bool", HEAD RULES "  validations: [{expression: object.spec.flag}]\n",
	  "8:30: validations[0].expression: must evaluate to bool but got dyn" },
	{ "a message that is no text",
	  HEAD RULES "  validations: [{expression: 'true', messageExpression: '1'}]\n",
	  "8:57: validations[0].messageExpression: must evaluate to string but got int" },
	{ "an annotation that is no text",
	  GOOD "  auditAnnotations: [{key: a, valueExpression: '1'}]\n",
	  "must evaluate to one of [string null_type]" },
	{ "an annotation of null", GOOD "  auditAnnotations: [{key: a, valueExpression: 'null'}]\n",
	  NULL },
	{ "a message on two lines",
	  HEAD RULES "  validations: [{expression: 'true', message: \"a\\nb\"}]\n",
	  "validations[0].message has to be on one line" },
	{ "a reason", HEAD RULES "  validations: [{expression: 'true', reason: Teapot}]\n",
	  "8:46: validations[0].reason has to be Unauthorized" },

	/* names in expressions */
	{ "a variable before it is there",
	  GOOD "  variables:\n  - {name: a, expression: variables.b}\n"
	       "  - {name: b, expression: '1'}\n",
	  "10:36: variables[0].expression: undefined field 'b'" },
	{ "a variable after it is there",
	  GOOD "  variables:\n  - {name: a, expression: '1'}\n"
	       "  - {name: b, expression: variables.a + 1}\n",
	  NULL },
	{ "variables without variables", HEAD RULES "  validations: [{expression: variables.a}]\n",
	  "undeclared reference to 'variables'" },
	{ "variables in a condition",
	  GOOD "  variables: [{name: a, expression: 'true'}]\n"
	       "  matchConditions: [{name: c, expression: variables.a}]\n",
	  "10:43: matchConditions[0].expression: undeclared reference to 'variables'" },
	{ "params without paramKind", HEAD RULES "  validations: [{expression: params.a == 1}]\n",
	  "undeclared reference to 'params'" },
	{ "params",
	  HEAD RULES "  paramKind: {apiVersion: v1, kind: ConfigMap}\n"
		     "  validations: [{expression: params.a == 1, messageExpression: "
		     "'string(params.a)'}]\n",
	  NULL },
	{ "paramKind without kind", GOOD "  paramKind: {apiVersion: v1}\n",
	  "9:14: paramKind.kind is missing" },
	{ "the authorizer",
	  HEAD RULES "  validations: [{expression: 'authorizer.group(\"\").resource(\"pods\")."
		     "check(\"get\").allowed()'}]\n",
	  NULL },
	{ "the authorizer in a message",
	  HEAD RULES
	  "  validations: [{expression: 'true', messageExpression: "
	  "'string(authorizer.group(\"\").resource(\"pods\").check(\"get\").allowed())'}]"
	  "\n",
	  "undeclared reference to 'authorizer'" },
	{ "a field of the request",
	  HEAD RULES "  validations: [{expression: request.nome == ''}]\n",
	  "8:37: validations[0].expression: undefined field 'nome'" },
	{ "a field of the namespace",
	  HEAD RULES "  validations: [{expression: namespaceObject.metadata.labels.a == ''}]\n",
	  NULL },

	/* bindings */
	{ "no policy", BINDING "  validationActions: [Deny]\n", "5:3: policyName is missing" },
	{ "no actions", BINDING "  policyName: p\n", "5:3: validationActions is missing" },
	{ "no spec",
	  "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\n"
	  "metadata: {name: b}\n",
	  "1:1: validationActions is missing" },
	{ "an unknown action", BINDING "  policyName: p\n  validationActions: [Block]\n",
	  "6:23: validationActions has to be of Deny, Warn and Audit" },
	{ "an action twice", BINDING "  policyName: p\n  validationActions: [Deny, Deny]\n",
	  "6:29: validationActions has Deny twice" },
	{ "Deny and Warn", BINDING "  policyName: p\n  validationActions: [Warn, Deny]\n",
	  "6:22: validationActions must not have both Deny and Warn" },
	{ "name and selector",
	  BINDING "  policyName: p\n  validationActions: [Deny]\n"
		  "  paramRef: {name: a, selector: {}, parameterNotFoundAction: Deny}\n",
	  "7:13: paramRef has both name and selector" },
	{ "neither name nor selector",
	  BINDING "  policyName: p\n  validationActions: [Deny]\n"
		  "  paramRef: {parameterNotFoundAction: Deny}\n",
	  "7:13: paramRef has neither name nor selector" },
	{ "no parameterNotFoundAction",
	  BINDING "  policyName: p\n  validationActions: [Deny]\n  paramRef: {name: a}\n",
	  "7:13: paramRef.parameterNotFoundAction has to be Allow or Deny" },
	{ "two of a name", GOOD "---\n" GOOD, "10:1: there are two of this name" },
};

#endif
