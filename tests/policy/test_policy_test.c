/* PolicyTests: what passes, what fails and how that is told, what cannot be a test. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"
#include "policy/test/policy_test.h"

#define POLICY                                                                                     \
	"apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"           \
	"metadata: {name: p}\nspec:\n  matchConstraints: {resourceRules: [{apiGroups: ['*'], "     \
	"apiVersions: ['*'], operations: ['*'], resources: ['*']}]}\n"                             \
	"  validations:\n"
#define RULE "  - {expression: 'object == null || object.data.a == \"b\"', message: not so}\n"
#define WARN                                                                                       \
	"---\napiVersion: admissionregistration.k8s.io/v1\n"                                       \
	"kind: ValidatingAdmissionPolicyBinding\nmetadata: {name: b}\n"                            \
	"spec: {policyName: p, validationActions: [Warn]}\n"
#define HEAD                                                                                       \
	"apiVersion: rhumb.dev/v1\nkind: PolicyTest\nmetadata: {name: t}\npolicies: [../p.yaml]\n"
#define CM(value) "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: " value "}}"

struct row {
	const char *name;
	const char *policy, *test; /* p.yaml, tests/t.yaml */
	const char *want; /* one line for each case that failed, then counts; or the error */
};

static const struct row rows[] = {
	{ "held", POLICY RULE, HEAD "cases: [{name: c, object: " CM("b") ", expect: {}}]\n",
	  "1 passed, 0 failed, 1 gaps" },
	{ "denied as expected, and the message is a part", POLICY RULE,
	  HEAD "cases:\n- {name: c, object: " CM(
		  "c") ", expect: {p: {result: deny, message: so}}}\n"
		       "- {name: d, object: " CM("b") ", expect: {p: allow}}\n",
	  "2 passed, 0 failed, 0 gaps" },
	{ "denied where nothing was expected", POLICY RULE,
	  HEAD "cases:\n- {name: c, object: " CM("c") ", expect: {}}\n",
	  "t.yaml:6:3 p: expected allow, got deny: not so (p.yaml:7:19)\n"
	  "0 passed, 1 failed, 1 gaps" },
	{ "allowed where deny was expected", POLICY RULE,
	  HEAD "cases:\n- {name: c, object: " CM("b") ", expect: {p: deny}}\n",
	  "t.yaml:6:3 p: expected deny, got allow\n0 passed, 1 failed, 1 gaps" },
	{ "a binding that warns", POLICY RULE WARN,
	  HEAD "cases:\n- {name: c, object: " CM("c") ", expect: {p: warn}}\n",
	  "1 passed, 0 failed, 1 gaps" },
	{ "another message", POLICY RULE,
	  HEAD
	  "cases:\n- {name: c, object: " CM("c") ", expect: {p: {result: deny, message: x}}}\n",
	  "t.yaml:6:3 p: expected the message \"x\", got \"not so\"\n0 passed, 1 failed, 1 gaps" },
	{ "the path", POLICY RULE,
	  HEAD "cases:\n- {name: c, object: " CM(
		  "c") ", expect: {p: {result: deny, path: /data/a}}}\n"
		       "- {name: d, object: " CM(
			       "c") ", expect: {p: {result: deny, path: /data}}}\n",
	  "t.yaml:7:3 p: expected the path \"/data\", got \"/data/a\"\n"
	  "1 passed, 1 failed, 1 gaps" },
	{ "an old object alone is deleted",
	  POLICY "  - {expression: 'request.operation == \"DELETE\"'}\n",
	  HEAD "cases:\n- {name: c, oldObject: " CM("c") ", expect: {}}\n",
	  "1 passed, 0 failed, 1 gaps" },
	{ "both are an update", POLICY "  - {expression: 'request.operation == \"UPDATE\"'}\n",
	  HEAD "cases:\n- {name: c, object: " CM("c") ", oldObject: " CM(
		  "c") ", expect: {}}\n"
		       "- {name: d, operation: CREATE, object: " CM("c") ", expect: {p: deny}}\n",
	  "2 passed, 0 failed, 0 gaps" },
	{ "who asks is not known unless it is said",
	  POLICY "  - {expression: 'request.userInfo.username == \"me\"'}\n",
	  HEAD "cases:\n- {name: c, object: " CM(
		  "c") ", expect: {p: undecided}}\n"
		       "- {name: d, object: " CM("c") ", userInfo: {username: me}, expect: {}}\n",
	  "2 passed, 0 failed, 1 gaps" },
	{ "the namespace has its label",
	  POLICY
	  "  - {expression: 'namespaceObject.metadata.labels[\"kubernetes.io/metadata.name\"] == "
	  "\"default\"'}\n",
	  HEAD "cases:\n- {name: c, object: " CM("c") ", expect: {}}\n",
	  "1 passed, 0 failed, 1 gaps" },
	/* what is no test */
	{ "no PolicyTest", POLICY RULE, "{}\n",
	  "DIR has no document of kind PolicyTest (rhumb.dev/v1), so nothing was tested" },
	{ "no case", POLICY RULE, HEAD "cases: []\n", "t.yaml:1:1: there is no case" },
	{ "a case without an expectation", POLICY RULE, HEAD "cases:\n- {name: c, object: {}}\n",
	  "t.yaml:6:3: a case needs \"expect\"" },
	{ "a key that is not known", POLICY RULE,
	  HEAD "cases:\n- {name: c, objekt: {}, expect: {}}\n",
	  "t.yaml:6:13: unknown key \"objekt\" in a case (did you mean \"object\"?)" },
	{ "a policy that is not there", POLICY RULE,
	  HEAD "cases:\n- {name: c, object: " CM("c") ", expect: {q: deny}}\n",
	  "t.yaml:6:100: no file of \"policies\" has a policy \"q\"" },
	{ "a result that is none", POLICY RULE,
	  HEAD "cases:\n- {name: c, object: " CM("c") ", expect: {p: denied}}\n",
	  "t.yaml:6:103: a result is one of allow, audit, warn, undecided, deny" },
	{ "nothing to ask of", POLICY RULE, HEAD "cases:\n- {name: c, expect: {}}\n",
	  "t.yaml:6:3: a case needs \"object\", \"oldObject\" or \"plan\"" },
	{ "an operation that is none", POLICY RULE,
	  HEAD "cases:\n- {name: c, operation: create, object: " CM("c") ", expect: {}}\n",
	  "t.yaml:6:24: operation has to be CREATE, UPDATE, DELETE or CONNECT" },
	{ "a policy that does not compile", POLICY "  - {expression: 'objekt'}\n",
	  HEAD "cases:\n- {name: c, object: " CM("c") ", expect: {}}\n",
	  "p.yaml:7:19: ValidatingAdmissionPolicy p: validations[0].expression: undeclared "
	  "reference to 'objekt' (in container '')\n | objekt\n | ^" },
	{ "no policy in the file", "{}\n", HEAD "cases:\n- {name: c, object: {}, expect: {}}\n",
	  "t.yaml:4:11: there is no policy in these files" },
	{ "another version", POLICY RULE, "apiVersion: rhumb.dev/v2\nkind: PolicyTest\n",
	  "t.yaml:1:1: a PolicyTest has the apiVersion rhumb.dev/v1" },
	{ "half written", POLICY RULE, HEAD "cases:\n- {name: c, object: {apiVersion: v1\n",
	  "t.yaml:7:1: " },
};

/* Without the folder, which is another one each time. */
static void puts_without(struct buf *out, const char *text, const char *dir)
{
	size_t n = strlen(dir);
	while (*text) {
		const char *at = strstr(text, dir);
		buf_put(out, text, at ? (size_t)(at - text) : strlen(text));
		if (!at)
			return;
		text = at + n;
		if (strncmp(text, "/tests/", 7) == 0)
			text += 7;
		else if (*text == '/')
			text++;
		else
			buf_puts(out, "DIR");
	}
}

static char *outcome(const char *dir)
{
	AUTO(policy_test_done) struct policy_test t = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct buf b = { 0 };
	if (policy_test_run(&t, dir, &err) < 0) {
		AUTO(auto_free) char *text = err_text(&err);
		buf_puts(&b, text);
		return buf_take(&b);
	}
	for (size_t i = 0; i < t.n_cases; i++)
		if (t.cases[i].failure)
			buf_printf(&b, "%s:%u:%u %s\n", t.cases[i].at.file, t.cases[i].at.line,
				   t.cases[i].at.col, t.cases[i].failure);
	buf_printf(&b, "%zu passed, %zu failed, %zu gaps", t.n_cases - t.failed, t.failed,
		   policy_test_gaps(&t));
	return buf_take(&b);
}

static void row_run(void **state)
{
	const struct row *row = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	fixture_write(dir, "p.yaml", row->policy);
	fixture_write(dir, "tests/t.yaml", row->test);
	AUTO(auto_free) char *got = outcome(dir);
	AUTO(buf_done) struct buf text = { 0 };
	puts_without(&text, got, dir);
	if (row->want[strlen(row->want) - 1] == ' ') /* the rest is the parser's */
		assert_memory_equal(buf_text(&text), row->want, strlen(row->want));
	else
		assert_string_equal(buf_text(&text), row->want);
}

static void folders_run(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	fixture_write(dir, "p.yaml", POLICY RULE);
	fixture_write(dir, "tests/t.yaml",
		      HEAD "cases: [{name: c, object: " CM("b") ", expect: {}}]\n");
	fixture_link(dir, "tests/again", "..");
	AUTO(auto_free) char *got = outcome(dir);
	assert_string_equal(got, "1 passed, 0 failed, 1 gaps");
	AUTO(auto_free) char *missing = xfmt("%s/none", dir);
	AUTO(auto_free) char *none = outcome(missing);
	AUTO(auto_free) char *want = xfmt("there is no file or folder %s", missing);
	assert_string_equal(none, want);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = fixture_row(rows[i].name, row_run, &rows[i]);
	tests[ARRAY_LEN(rows)] = fixture_row("folders and links", folders_run, NULL);
	return _cmocka_run_group_tests("policy_test", tests, ARRAY_LEN(tests), NULL, NULL);
}
