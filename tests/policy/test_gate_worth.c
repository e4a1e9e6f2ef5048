/* What findings are worth: `existing`, `enforce`, waivers, `undecided`; all as base says. */
#include "tests/lib/gate_case.h"

#define CONFIG(more)                                                                               \
	"apiVersion: rhumb.dev/v1\nkind: Config\napplications: [{name: app, path: app}]\n"         \
	"policies: [policies]\n" more
#define NAMED(name, annotations, expression, action)                                               \
	"apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"           \
	"metadata: {name: " name ", annotations: {" annotations "}}\nspec:\n"                      \
	"  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], "             \
	"operations: ['*'], resources: ['*']}]}\n"                                                 \
	"  validations: [{expression: '" expression "', message: not so}]\n---\n"                  \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicyBinding\nmetadata: {name: " name "}\n"                     \
	"spec: {policyName: " name ", validationActions: [" action "]}\n"
#define POLICY NAMED("p", "", "object.data.a == \"b\"", "Deny")
#define WHO    "request.userInfo.username == \"me\""
#define CM(name, a, more)                                                                          \
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\ndata: {a: " a more "}\n"
#define WAIVER(policy, object, expires)                                                            \
	"- {policy: '" policy "', object: '" object                                                \
	"', reason: a move, owner: me, expires: '" expires "'}\n"
#define WAIVERS "apiVersion: rhumb.dev/v1\nkind: Waivers\nwaivers:\n"
#define APP(base, head)                                                                            \
	{                                                                                          \
		"app/a.yaml", base, head                                                           \
	}
#define DENIED "p ConfigMap/default/x app/a.yaml:4:11 not so"

static const struct gate_case cases[] = {
	{ "what stands at base is denied",
	  { { "rhumb.yaml", CONFIG(""), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(CM("x", "c", ""), CM("x", "c", ", d: e")) },
	  "deny existing " DENIED "\n" },
	{ "enforce: new lets it pass",
	  { { "rhumb.yaml", CONFIG("enforce: new\n"), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(CM("x", "c", ""), CM("x", "c", ", d: e")) },
	  "deny existing passes:existing " DENIED "\n" },
	{ "and denies what is new",
	  { { "rhumb.yaml", CONFIG("enforce: new\n"), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(CM("x", "b", ""), CM("x", "c", "")) },
	  "deny " DENIED "\n" },
	{ "for one policy, by its settings",
	  { { "rhumb.yaml", CONFIG("policySettings: {p: {enforce: new}}\n"), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(CM("x", "c", ""), CM("x", "c", ", d: e")) },
	  "deny existing passes:existing " DENIED "\n" },
	{ "for one policy, by its annotation",
	  { { "rhumb.yaml", CONFIG(""), NULL },
	    { "policies/p.yaml",
	      NAMED("p", "rhumb.dev/enforce: new", "object.data.a == \"b\"", "Deny"), NULL },
	    APP(CM("x", "c", ""), CM("x", "c", ", d: e")) },
	  "deny existing passes:existing " DENIED "\n" },
	{ "settings are stronger than annotations, which are stronger than the rule for all",
	  { { "rhumb.yaml", CONFIG("enforce: new\npolicySettings: {p: {enforce: all}}\n"), NULL },
	    { "policies/p.yaml",
	      NAMED("p", "rhumb.dev/enforce: new", "object.data.a == \"b\"", "Deny") "---\n" NAMED(
		      "q", "rhumb.dev/enforce: all", "object.data.a == \"b\"", "Deny"),
	      NULL },
	    APP(CM("x", "c", ""), CM("x", "c", ", d: e")) },
	  "deny existing " DENIED
	  "\ndeny existing q ConfigMap/default/x app/a.yaml:4:11 not so\n" },
	{ "at head they do not count",
	  { { "rhumb.yaml", CONFIG(""), CONFIG("enforce: new\n") },
	    { "policies/p.yaml", POLICY,
	      NAMED("p", "rhumb.dev/enforce: new", "object.data.a == \"b\"", "Deny") },
	    APP(CM("x", "c", ""), CM("x", "c", ", d: e")) },
	  "deny existing " DENIED "\n" },

	{ "a waiver",
	  { { "rhumb.yaml", CONFIG("waivers: [waivers.yaml]\n"), NULL },
	    { "waivers.yaml", WAIVERS WAIVER("p", "ConfigMap/default/x", "2026-06-15"), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "deny passes:waived " DENIED "\nwaiver used p ConfigMap/default/x\n" },
	{ "one that has expired denies and says so",
	  { { "rhumb.yaml", CONFIG("waivers: [waivers.yaml]\n"), NULL },
	    { "waivers.yaml", WAIVERS WAIVER("p", "ConfigMap/default/x", "2026-06-14"), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "deny " DENIED " (the waiver of me expired on 2026-06-14)\n"
	  "waiver expired p ConfigMap/default/x\n" },
	{ "to the second",
	  { { "rhumb.yaml", CONFIG("waivers: [w]\n"), NULL },
	    { "w/a.yaml", WAIVERS WAIVER("p", "*/*/x", "2026-06-15T12:00:00Z"), NULL },
	    { "w/b.yaml", WAIVERS WAIVER("p", "*/*/yy", "2026-06-15T13:59:59+02:00"), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(NULL, CM("x", "c", "") "---\n" CM("yy", "c", "")) },
	  "deny passes:waived " DENIED "\n"
	  "deny p ConfigMap/default/yy app/a.yaml:9:11 not so (the waiver of me expired on "
	  "2026-06-15T13:59:59+02:00)\n"
	  "waiver used p */*/x\nwaiver expired p */*/yy\n" },
	{ "of another policy, of another object: unused",
	  { { "rhumb.yaml", CONFIG("waivers: [waivers.yaml]\n"), NULL },
	    { "waivers.yaml",
	      WAIVERS WAIVER("q*", "*/*/x", "2027-01-01") WAIVER("*", "*/x", "2027-01-01"), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "deny " DENIED "\nwaiver unused q* */*/x\nwaiver unused * */x\n" },
	{ "one that the change adds does not count",
	  { { "rhumb.yaml", CONFIG("waivers: [w.yaml]\n"), NULL },
	    { "w.yaml", WAIVERS, WAIVERS WAIVER("*", "*/*/*", "2027-01-01") },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "w.yaml:3:9: waivers has to be a list" },
	{ "one that the change adds does not count, either",
	  { { "rhumb.yaml", CONFIG("waivers: [w.yaml]\n"), NULL },
	    { "w.yaml", WAIVERS WAIVER("q", "x", "2027-01-01"),
	      WAIVERS WAIVER("*", "*/*/*", "2027-01-01") },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "deny " DENIED "\nwaiver unused q x\n" },
	{ "a warning is waived, too",
	  { { "rhumb.yaml", CONFIG("waivers: [waivers.yaml]\n"), NULL },
	    { "waivers.yaml", WAIVERS WAIVER("p", "*/*/*", "2027-01-01"), NULL },
	    { "policies/p.yaml", NAMED("p", "", "object.data.a == \"b\"", "Warn"), NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "warn passes:waived " DENIED "\nwaiver used p */*/*\n" },
	{ "a waiver without an owner",
	  { { "rhumb.yaml", CONFIG("waivers: [waivers.yaml]\n"), NULL },
	    { "waivers.yaml", WAIVERS "- {policy: p, object: x, reason: r, expires: 2027-01-01}\n",
	      NULL },
	    APP(NULL, CM("x", "c", "")),
	    { "policies/p.yaml", POLICY, NULL } },
	  "waivers.yaml:4:3: a waiver needs \"owner\"" },
	{ "a day that is none",
	  { { "rhumb.yaml", CONFIG("waivers: [waivers.yaml]\n"), NULL },
	    { "waivers.yaml", WAIVERS WAIVER("p", "x", "2027-02-30"), NULL },
	    APP(NULL, CM("x", "c", "")),
	    { "policies/p.yaml", POLICY, NULL } },
	  "waivers.yaml:4:66: expires has to be a day such as 2026-12-31, or a time of RFC 3339" },
	{ "no waivers",
	  { { "rhumb.yaml", CONFIG("waivers: [waivers.yaml]\n"), NULL },
	    { "waivers.yaml", POLICY, NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "waivers.yaml:1:1: a file of waivers has apiVersion rhumb.dev/v1 and kind Waivers" },
	{ "waivers that are not there",
	  { { "rhumb.yaml", CONFIG("waivers: [none.yaml]\n"), NULL },
	    { "policies/p.yaml", POLICY, NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "rhumb.yaml: waivers: there is no file or folder \"none.yaml\"" },

	{ "what cannot be known denies",
	  { { "policies/p.yaml", NAMED("p", "", WHO, "Deny"), NULL }, APP(NULL, CM("x", "c", "")) },
	  "undecided p ConfigMap/default/x app/a.yaml:1:1 who will send the request is not "
	  "known\n" },
	{ "unless the settings let it pass",
	  { { "rhumb.yaml", CONFIG("policySettings: {p: {undecided: allow}}\n"), NULL },
	    { "policies/p.yaml", NAMED("p", "", WHO, "Deny"), NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "undecided passes:undecided p ConfigMap/default/x app/a.yaml:1:1 who will send the "
	  "request is not known\n" },
	{ "or have it warn; so may the policy itself",
	  { { "rhumb.yaml", CONFIG("policySettings: {p: {undecided: warn}}\n"), NULL },
	    { "policies/p.yaml",
	      NAMED("p", "", WHO, "Deny") "---\n" NAMED("q", "rhumb.dev/undecided: warn", WHO,
							"Deny"),
	      NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "warn p ConfigMap/default/x app/a.yaml:1:1 undecided: who will send the request is not "
	  "known\n"
	  "warn q ConfigMap/default/x app/a.yaml:1:1 undecided: who will send the request is not "
	  "known\n" },
	{ "an annotation that says nothing",
	  { { "policies/p.yaml", NAMED("p", "rhumb.dev/undecided: no", "true", "Deny"), NULL },
	    APP(NULL, CM("x", "c", "")) },
	  "policies/p.yaml:3:56: rhumb.dev/undecided has to be deny, warn or allow" },
	{ "settings that say nothing",
	  { { "rhumb.yaml", CONFIG("policySettings: {p: {undecided: maybe}}\n"), NULL },
	    APP(NULL, CM("x", "c", "")),
	    { "policies/p.yaml", POLICY, NULL } },
	  "rhumb.yaml:5:33: undecided has to be deny, warn or allow" },
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, gate_case_run, &cases[i]);
	return cmocka_run_group_tests_name("gate_worth", tests, NULL, NULL);
}
