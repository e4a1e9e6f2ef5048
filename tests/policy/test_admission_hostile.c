/* Policies and objects that mean harm end in a decision, within the ceilings. */
#include "tests/lib/admission_case.h"
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"
#include "base/yaml.h"
#include "policy/rule/rules.h"

#define HEAD                                                                                       \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicy\n"                                                        \
	"metadata: {name: p}\n"                                                                    \
	"spec:\n"                                                                                  \
	"  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: " \
	"['*'], resources: ['*']}]}\n"
#define BINDING                                                                                    \
	"---\n"                                                                                    \
	"apiVersion: admissionregistration.k8s.io/v1\n"                                            \
	"kind: ValidatingAdmissionPolicyBinding\n"                                                 \
	"metadata: {name: b}\n"                                                                    \
	"spec:\n"                                                                                  \
	"  policyName: p\n"                                                                        \
	"  validationActions: [Deny]\n"
#define OBJECT                                                                                     \
	"{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {a: b}}"

static const char *judge_text(struct admission_trial *t, const char *documents, const char *object)
{
	struct admission_case c = { .documents = documents, .object = object };
	admission_trial_begin(t, &c);
	return admission_trial_text(t);
}

/* A text that doubles with each variable. */
static void texts_that_grow(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct admission_trial t;
	buf_puts(&text, HEAD "  variables:\n  - {name: v0, expression: '\"0123456789\"'}\n");
	for (unsigned i = 1; i < 40; i++)
		buf_printf(&text, "  - {name: v%u, expression: variables.v%u + variables.v%u}\n", i,
			   i - 1, i - 1);
	buf_puts(&text, "  validations: [{expression: size(variables.v39) > 0, messageExpression: "
			"variables.v39}]\n" BINDING);
	const char *said = judge_text(&t, buf_text(&text), OBJECT);
	assert_true(strncmp(said, "deny\np/b[0] deny Invalid 422: expression", 40) == 0);
	assert_non_null(strstr(said, "limit"));
	assert_true(strlen(said) < 64 << 10);
	admission_trial_done(&t);
}

/* Loops within loops, again and again: the budget of the policy ends it. */
static void loops_within_loops(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct admission_trial t;
	buf_puts(&text, HEAD "  variables: [{name: l, expression: '[1,2,3,4,5,6,7,8,9,10]'}]\n"
			     "  validations:\n");
	for (unsigned i = 0; i < 20; i++)
		buf_printf(&text,
			   "  - {expression: 'variables.l.all(a, variables.l.all(b, "
			   "variables.l.all(c, "
			   "variables.l.all(d, variables.l.all(e, a + b + c + d + e > %u)))))'}\n",
			   i % 2);
	buf_puts(&text, BINDING);
	assert_string_equal(judge_text(&t, buf_text(&text), OBJECT),
			    "deny\np/b deny Invalid 422: validation failed due to running out of "
			    "cost budget, no further validation rules will be run");
	admission_trial_done(&t);
}

static void a_budget_of_conditions(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct admission_trial t;
	buf_puts(&text, HEAD "  validations: [{expression: 'true'}]\n  matchConditions:\n");
	for (unsigned i = 0; i < 60; i++)
		buf_printf(&text,
			   "  - {name: c%u, expression: '[1,2,3,4,5,6,7,8,9,10].all(a, "
			   "[1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, "
			   "[1,2,3,4,5,6,7,8,9,10].all(d, a + b + c + d > 0))))'}\n",
			   i);
	buf_puts(&text, BINDING);
	assert_string_equal(judge_text(&t, buf_text(&text), OBJECT),
			    "deny\np/b deny Invalid 422: validation failed due to running out of "
			    "cost budget, no further validation rules will be run");
	admission_trial_done(&t);
}

static void a_long_message(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct admission_trial t;
	buf_puts(&text, HEAD "  validations: [{expression: '1 > 2', message: short, "
			     "messageExpression: '\"");
	for (unsigned i = 0; i <= RULES_MAX_MESSAGE; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, "\"'}]\n" BINDING);
	assert_string_equal(judge_text(&t, buf_text(&text), OBJECT),
			    "deny\np/b[0] deny Invalid 422: short");
	admission_trial_done(&t);
}

/* Cut at its ceiling, and not within a character. */
static void a_long_annotation(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct admission_trial t;
	buf_puts(&text, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, "
			"data: {a: \"x");
	for (unsigned i = 0; i < ADMISSION_MAX_ANNOTATION; i++)
		buf_puts(&text, "é");
	buf_puts(&text, "\"}}");
	judge_text(&t,
		   HEAD "  auditAnnotations: [{key: k, valueExpression: "
			"'string(object.data.a)'}]\n" BINDING,
		   buf_text(&text));
	assert_int_equal(t.verdict->n_annotations, 1);
	const char *value = t.verdict->annotations[0].value;
	assert_int_equal(strlen(value), ADMISSION_MAX_ANNOTATION - 1);
	assert_string_equal(value + strlen(value) - 2, "é");
	admission_trial_done(&t);
}

static void many_params(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct admission_trial t;
	enum { PARAMS = 9000 };
	buf_puts(&text,
		 HEAD "  paramKind: {apiVersion: example.com/v1, kind: Limit}\n"
		      "  validations: [{expression: '1 > 2'}, {expression: '2 > 3'}]\n" BINDING
		      "  paramRef: {selector: {}, parameterNotFoundAction: Deny}\n");
	for (unsigned i = 0; i < PARAMS; i++)
		buf_printf(
			&text,
			"---\n{apiVersion: example.com/v1, kind: Limit, metadata: {name: n%u}}\n",
			i);
	judge_text(&t, buf_text(&text), OBJECT);
	assert_int_equal(t.verdict->decision, ADMISSION_DENIED);
	assert_int_equal(t.verdict->n, ADMISSION_MAX_RESULTS);
	assert_true(t.verdict->truncated);
	admission_trial_done(&t);
}

/* Every binding has 9,000 params of which each is fine: what is not judged any more is undecided.
 */
static void many_bindings_and_params(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct admission_trial t;
	buf_puts(&text, HEAD "  paramKind: {apiVersion: example.com/v1, kind: Limit}\n"
			     "  validations: [{expression: 'true'}]\n");
	for (unsigned i = 0; i < 4; i++)
		buf_printf(&text,
			   "---\napiVersion: admissionregistration.k8s.io/v1\n"
			   "kind: ValidatingAdmissionPolicyBinding\nmetadata: {name: b%u}\n"
			   "spec: {policyName: p, validationActions: [Deny], paramRef: {selector: "
			   "{}, parameterNotFoundAction: Deny}}\n",
			   i);
	for (unsigned i = 0; i < 9000; i++)
		buf_printf(
			&text,
			"---\n{apiVersion: example.com/v1, kind: Limit, metadata: {name: n%u}}\n",
			i);
	judge_text(&t, buf_text(&text), OBJECT);
	assert_int_equal(t.verdict->decision, ADMISSION_MAYBE);
	assert_string_equal(t.verdict->results[0].message,
			    "too many policies and params select the object");
	admission_trial_done(&t);
}

static void a_large_object(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	struct admission_trial t;
	buf_puts(&text,
		 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata:\n");
	for (unsigned i = 0; i < 100000; i++)
		buf_printf(&text, "  k%u: v\n", i);
	const char *said =
		judge_text(&t,
			   HEAD "  validations: [{expression: 'object.data.all(k, "
				"object.data[k] == \"v\" && object.data[k] != \"w\")'}]\n" BINDING,
			   buf_text(&text));
	if (!strstr(said, "resulted in error: operation cancelled: actual cost limit exceeded"))
		fail_msg("%s", said);
	admission_trial_done(&t);
}

/* The place of a result is looked for in all of the object. */
static void a_deep_object(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf object = { 0 }, rule = { 0 };
	struct admission_trial t;
	enum { DEPTH = 100 };
	buf_puts(&object,
		 "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, a: ");
	buf_puts(&rule, HEAD "  validations: [{expression: 'object");
	for (unsigned i = 0; i < DEPTH; i++) {
		buf_puts(&object, "{a: ");
		buf_puts(&rule, ".a");
	}
	buf_puts(&object, "1");
	for (unsigned i = 0; i <= DEPTH; i++)
		buf_puts(&object, "}");
	buf_puts(&rule, ".a == 2'}]\n" BINDING);
	judge_text(&t, buf_text(&rule), buf_text(&object));
	assert_int_equal(t.verdict->n, 1);
	assert_int_equal(strlen(t.verdict->results[0].path), 2 * (DEPTH + 1));
	admission_trial_done(&t);
}

static void many_policies(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(admission_free_p) struct admission *a = admission_new();
	AUTO(buf_done) struct buf text = { 0 };
	for (unsigned i = 0; i <= ADMISSION_MAX_POLICIES; i++)
		buf_printf(&text,
			   "{apiVersion: admissionregistration.k8s.io/v1, kind: "
			   "ValidatingAdmissionPolicyBinding, metadata: {name: b%u}}\n---\n",
			   i);
	assert_int_equal(admission_add_file(a, buf_text(&text), text.len, "p.yaml", &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.msg, "more than 5000 bindings"));
}

static void a_large_file(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(admission_free_p) struct admission *a = admission_new();
	size_t n = (size_t)YAML_MAX_BYTES + 1;
	AUTO(auto_free) char *text = xmalloc(n);
	memset(text, '#', n);
	assert_int_equal(admission_add_file(a, text, n, "p.yaml", &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_grow),
		cmocka_unit_test(loops_within_loops),
		cmocka_unit_test(a_budget_of_conditions),
		cmocka_unit_test(a_long_message),
		cmocka_unit_test(a_long_annotation),
		cmocka_unit_test(many_params),
		cmocka_unit_test(many_bindings_and_params),
		cmocka_unit_test(a_large_object),
		cmocka_unit_test(a_deep_object),
		cmocka_unit_test(many_policies),
		cmocka_unit_test(a_large_file),
	};
	return cmocka_run_group_tests_name("admission_hostile", tests, NULL, NULL);
}
