/* PlanPolicies on plans of a small repository: what they see, what they say, where. */
#include "tests/lib/gate_case.h"

#include <string.h>

#include "base/buf.h"
#include "policy/plan_policy/plan_policy.h"

#define HEAD(name) "apiVersion: rhumb.dev/v1\nkind: PlanPolicy\nmetadata: {name: " name "}\nspec:\n"
#define RULE(match, expression, message)                                                           \
	HEAD("p")                                                                                  \
	"  match: " match "\n  validations:\n  - expression: \"" expression                        \
	"\"\n    messageExpression: \"" message "\"\n"
#define CM(name, data)                                                                             \
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\ndata: {" data "}\n"
#define SECRET(value)                                                                              \
	"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: " value "}\n"
#define APP(base, head)                                                                            \
	{                                                                                          \
		"app/a.yaml", base, head                                                           \
	}
#define POLICY(text)                                                                               \
	{                                                                                          \
		"policies/p.yaml", text, NULL                                                      \
	}
#define CONFIG(more)                                                                               \
	{                                                                                          \
		"rhumb.yaml",                                                                      \
			"apiVersion: rhumb.dev/v1\nkind: Config\napplications: [{name: app, "      \
			"path: app}]\n"                                                            \
			"policies: [policies]\n" more,                                             \
			NULL                                                                       \
	}

static const struct gate_case cases[] = {
	{ "nothing to say",
	  { POLICY(RULE("plan", "true", "''")), APP(NULL, CM("x", "a: b")) },
	  "" },
	{ "of the whole plan",
	  { POLICY(RULE("plan", "plan.summary.create < 2",
			"'creates ' + string(plan.summary.create)")),
	    APP(NULL, CM("x", "a: b") "---\n" CM("xx", "a: b")) },
	  "deny p plan creates 2\n" },
	{ "of a change, at the node that it read last",
	  { POLICY(RULE("change", "change.object.data.a != 'c'", "change.id")),
	    APP(NULL, CM("x", "a: b") "---\n" CM("xx", "a: c")) },
	  "deny p ConfigMap/default/xx app/a.yaml:9:11 ConfigMap/default/xx\n" },
	{ "all that a plan says",
	  { POLICY(RULE(
		    "plan", "false",
		    "plan.applications[0].name + ' ' + plan.applications[0].path + ' ' + "
		    "string(plan.applications[0].changes) + ' ' + string(plan.clusters.size()) + "
		    "' ' + plan.git.subject + ' ' + string(plan.git.head.size()) + ' ' + "
		    "string(plan.time) + ' ' + plan.changes.map(c, c.action).join()")),
	    APP(CM("x", "a: b") "---\n" CM("xx", "a: b"),
		CM("x", "a: c") "---\n" CM("z", "a: b")) },
	  "deny p plan app app 3 0 head 40 2026-06-15T12:00:00Z updatecreatedelete\n" },
	{ "all that a change says",
	  { POLICY(RULE("change", "false",
			"[change.action, change.application, change.group, change.version, "
			"change.kind, change.namespace, change.name, change.hook, change.file, "
			"string(change.drift), string(change.base.data.a), "
			"string(change.oldObject.data.a), "
			"string(change.object.data.a)].join(' ') + change.fields.map(f, f.path + "
			"string(f.before) + "
			"string(f.after) + f.why + f.owner).join()")),
	    APP(CM("x", "a: b"), CM("x", "a: c")) },
	  "deny p ConfigMap/default/x app/a.yaml:1:1 update app  v1 ConfigMap default x  "
	  "app/a.yaml false b b c/data/abcgit\n" },
	{ "a value of a Secret is not seen",
	  { POLICY(RULE("change", "false",
			"change.object.data.password + change.oldObject.data.password + "
			"string(change.fields.size())")),
	    APP(SECRET("YQ"), SECRET("Yg")) },
	  "deny p Secret/default/s app/a.yaml:1:1 (hidden)(hidden)1\n"
	  "audit secret-in-git Secret/default/s app/a.yaml:4:13 /data the values of this Secret "
	  "are in Git for everybody who can read it: encrypt them, or keep them elsewhere\n" },
	{ "a warning, and an audit",
	  { POLICY(HEAD("p") "  action: warn\n  validations: [{expression: 'false', message: m}]\n"
			     "---\n" HEAD("q") "  action: audit\n  validations: [{expression: "
					       "'false', message: o}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "warn p plan m\naudit q plan o\n" },
	{ "conditions and variables",
	  { POLICY(HEAD("p") "  match: change\n"
			     "  matchConditions: [{name: a, expression: change.name == 'xx'}]\n"
			     "  variables: [{name: v, expression: change.object.data.size()}]\n"
			     "  validations: [{expression: variables.v == 0, message: m}]\n"),
	    APP(NULL, CM("x", "a: b") "---\n" CM("xx", "a: c")) },
	  "deny p ConfigMap/default/xx app/a.yaml:9:7 m\n" },
	{ "params, which rhumb.yaml may set",
	  { CONFIG("policySettings: {q: {params: {n: 0}}}\n"),
	    POLICY(HEAD(
		    "p") "  params: {'n': 1}\n  validations: [{expression: 'plan.summary.create "
			 "<= params.n', message: m}]\n---\n" HEAD(
				 "q") "  params: {'n': 1}\n  validations: [{expression: "
				      "'plan.summary.create "
				      "<= params.n', message: m}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "rhumb.yaml:5:31: PlanPolicy q: it has no param \"false\"" },
	{ "params of rhumb.yaml",
	  { CONFIG("policySettings: {q: {params: {most: 0}}}\n"),
	    POLICY(HEAD(
		    "p") "  params: {most: 1}\n  validations: [{expression: 'plan.summary.create "
			 "<= params.most', message: m}]\n---\n" HEAD(
				 "q") "  params: {most: 1}\n  validations: [{expression: "
				      "'plan.summary.create "
				      "<= params.most', message: m}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "deny q plan m\n" },
	{ "an error denies",
	  { POLICY(HEAD("p") "  validations: [{expression: \"plan.changes[5].name == ''\"}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "deny p plan expression 'plan.changes[5].name == ''' resulted in error: index out of "
	  "bounds: 5\n" },
	{ "unless it is ignored",
	  { POLICY(HEAD("p") "  failurePolicy: Ignore\n"
			     "  validations: [{expression: \"plan.changes[5].name == ''\"}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "" },
	{ "a waiver of the whole plan",
	  { CONFIG("waivers: [w.yaml]\n"),
	    POLICY(HEAD("p") "  validations: [{expression: 'false', message: m}]\n"),
	    { "w.yaml",
	      "apiVersion: rhumb.dev/v1\nkind: Waivers\nwaivers:\n- {policy: p, object: plan, "
	      "reason: "
	      "r, owner: o, expires: '2027-01-01'}\n",
	      NULL },
	    APP(NULL, CM("x", "a: b")) },
	  "deny passes:waived p plan m\nwaiver used p plan\n" },
	{ "one that the change weakens still judges",
	  { { "policies/p.yaml", HEAD("p") "  validations: [{expression: 'false', message: m}]\n",
	      HEAD("p") "  validations: [{expression: 'true', message: m}]\n" },
	    APP(NULL, CM("x", "a: b")) },
	  "deny p plan m\n" },
	/* what is wrong with them */
	{ "a field that is not there",
	  { POLICY(HEAD("p") "  validations: [{expression: plan.sumary.create == 1}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "policies/p.yaml:5:34: PlanPolicy p: validations[0].expression: undefined field "
	  "'sumary'\n | plan.sumary.create == 1\n | ....^" },
	{ "a change where there is none",
	  { POLICY(HEAD("p") "  validations: [{expression: change.name == ''}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "policies/p.yaml:5:30: PlanPolicy p: validations[0].expression: undeclared reference to "
	  "'change' (in container '')\n | change.name == ''\n | ^" },
	{ "no bool",
	  { POLICY(HEAD("p") "  validations: [{expression: '1'}]\n"), APP(NULL, CM("x", "a: b")) },
	  "policies/p.yaml:5:30: PlanPolicy p: validations[0].expression: must evaluate to bool "
	  "but got int" },
	{ "a key that is not known",
	  { POLICY(HEAD("p") "  matches: plan\n  validations: [{expression: 'true'}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "policies/p.yaml:5:3: unknown key \"matches\" in spec of a PlanPolicy (did you mean "
	  "\"match\"?)" },
	{ "a word that is not known",
	  { POLICY(HEAD("p") "  action: refuse\n  validations: [{expression: 'true'}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "policies/p.yaml:5:11: spec.action has to be one of deny, warn, audit" },
	{ "no validation",
	  { POLICY(HEAD("p") "  validations: []\n"), APP(NULL, CM("x", "a: b")) },
	  "policies/p.yaml:5:16: there is no validation" },
	{ "two of a name",
	  { POLICY(HEAD("p") "  validations: [{expression: 'true'}]\n---\n" HEAD(
		    "p") "  validations: [{expression: 'true'}]\n"),
	    APP(NULL, CM("x", "a: b")) },
	  "policies/p.yaml:7:1: there is a PlanPolicy p already, at policies/p.yaml:1" },
	{ "another version",
	  { POLICY("apiVersion: rhumb.dev/v2\nkind: PlanPolicy\n"), APP(NULL, CM("x", "a: b")) },
	  "policies/p.yaml:1:1: policies of kind PlanPolicy are not evaluated: only " },
};

/* ---- limits */

struct count {
	size_t results;
	char message[200];
};

static int count_result(void *ctx, const struct plan_policy_result *r, struct err *err)
{
	struct count *c = ctx;
	(void)err;
	c->results++;
	strncpy(c->message, r->message, sizeof(c->message) - 1);
	return 0;
}

static struct count evaluate(const char *expression, const char *match, unsigned n_changes)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(plan_value_done) struct plan_value value = { 0 };
	AUTO(buf_done) struct buf text = { 0 }, plan = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct plan_policies *p = plan_policies_new();
	struct count c = { 0 };
	struct plan_policy_each each = { count_result, NULL, &c };
	size_t n;
	buf_printf(&text, HEAD("p") "  match: %s\n  validations: [{expression: \"%s\"}]\n", match,
		   expression);
	assert_int_equal(plan_policies_add_file(p, buf_text(&text), text.len, "p.yaml", &err), 0);
	plan_policies_prepare(p);
	plan_policies_problems(p, &n);
	assert_int_equal(n, 0);
	buf_puts(&plan, "{\"changes\":[");
	for (unsigned i = 0; i < n_changes; i++)
		buf_printf(&plan,
			   "%s{\"object\":{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
			   "\"metadata\":{\"name\":\"x%u\"}}}",
			   i ? "," : "", i);
	buf_puts(&plan, "]}");
	struct json v = fixture_json(&a, buf_text(&plan));
	assert_int_equal(plan_value_of_json(&value, &v, "t", &err), 0);
	assert_int_equal(plan_policies_evaluate(p, &value, &each, &err), 0);
	plan_policies_free(p);
	return c;
}

static void many_run(void **state)
{
	(void)state;
	struct count c = evaluate("plan.changes.filter(c, c.kind == 'ConfigMap').size() < 10000",
				  "plan", 10000);
	assert_int_equal(c.results, 1);
	c = evaluate("change.name != 'x7'", "change", 10000);
	assert_int_equal(c.results, 1);
}

static void limits_run(void **state)
{
	(void)state;
	struct count c = evaluate("plan.changes.all(a, plan.changes.all(b, plan.changes.all(c, "
				  "true)))",
				  "plan", 2000);
	assert_int_equal(c.results, 1);
	assert_non_null(strstr(c.message, "cost limit exceeded"));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 2];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, gate_case_run, &cases[i]);
	tests[ARRAY_LEN(cases)] = fixture_row("many changes", many_run, NULL);
	tests[ARRAY_LEN(cases) + 1] = fixture_row("cost", limits_run, NULL);
	return _cmocka_run_group_tests("plan_policy", tests, ARRAY_LEN(tests), NULL, NULL);
}
