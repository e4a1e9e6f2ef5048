/* What the policies of a repository say of a plan: a row a test, base against head. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "policy/gate.h"

#define GROUP "apiVersion: admissionregistration.k8s.io/v1\n"
#define POLICY(operations, expression, more)                                                       \
	GROUP "kind: ValidatingAdmissionPolicy\n"                                                  \
	      "metadata: {name: p}\n"                                                              \
	      "spec:\n"                                                                            \
	      "  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], "       \
	      "operations: [" operations "], resources: ['*']}]" more "}\n"                        \
	      "  validations: [{expression: '" expression "', message: not so}]\n"
#define BINDING(actions)                                                                           \
	"---\n" GROUP "kind: ValidatingAdmissionPolicyBinding\n"                                   \
	"metadata: {name: b}\n"                                                                    \
	"spec: {policyName: p, validationActions: [" actions "]}\n"
#define RULE(expression) POLICY("'*'", expression, "") BINDING("Deny")

#define CM(name, data)                                                                             \
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\ndata: {" data "}\n"
#define POD(image)                                                                                 \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n"                   \
	"  - name: c\n    image: " image "\n"
#define SECRET(value)                                                                              \
	"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: " value "}\n"
#define NAMESPACE(labels)                                                                          \
	"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {" labels "}}\n"

#define LABELS "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {a: c}}\n"
#define HOOK                                                                                       \
	"apiVersion: batch/v1\nkind: Job\n"                                                        \
	"metadata: {name: h, annotations: {rhumb.dev/hook: PreSync}}\n"                            \
	"spec: {template: {spec: {containers: [{name: c, image: x}]}}}\n---\n"

struct gate_case {
	const char *name;
	const char *policy;     /* policies/p.yaml at base */
	const char *base, *now; /* app/a.yaml; NULL: none */
	const char *want;       /* the verdicts, or the error */
	const char *now_policy; /* at head; NULL: the same; "": removed */
	bool on_cluster;        /* an empty one; else without a cluster */
};

static const struct gate_case cases[] = {
	{ "nothing to say", RULE("true"), NULL, CM("x", "a: b"), "", NULL, false },
	{ "a test among policies is none",
	  RULE("true") "---\napiVersion: rhumb.dev/v1\nkind: PolicyTest\n", NULL, CM("x", "a: b"),
	  "", NULL, false },
	{ "a creation is denied", RULE("object.data.a == \"b\""), NULL, CM("x", "a: c"),
	  "deny p/b ConfigMap/default/x app/a.yaml:4:11 not so", NULL, false },
	{ "the image that is wrong", RULE("object.spec.containers.all(c, c.image != \"x:1\")"),
	  NULL, POD("x:1"), "deny p/b Pod/default/x app/a.yaml:7:12 not so", NULL, false },
	{ "defaults are there", RULE("object.spec.restartPolicy == \"Never\""), NULL, POD("x:1"),
	  "deny p/b Pod/default/x app/a.yaml:5:3 not so", NULL, false },
	{ "both sides of an update",
	  POLICY("UPDATE", "object.data.a == oldObject.data.a", "") BINDING("Deny"),
	  CM("x", "a: b"), CM("x", "a: c"), "deny p/b ConfigMap/default/x app/a.yaml:4:11 not so",
	  NULL, false },
	{ "an update is no creation", POLICY("CREATE", "false", "") BINDING("Deny"),
	  CM("x", "a: b"), CM("x", "a: c"), "", NULL, false },
	{ "a deletion", RULE("request.operation != \"DELETE\" || oldObject.data.a != \"b\""),
	  CM("x", "a: b"), CM("w", "a: b"), "deny p/b ConfigMap/default/x - not so", NULL, false },
	{ "what does not change is not judged", RULE("object.metadata.name != \"x\""),
	  CM("x", "a: b"), CM("x", "a: b") "---\n" CM("w", "a: b"), "", NULL, false },
	{ "a warning", POLICY("'*'", "false", "") BINDING("Warn, Audit"), NULL, CM("x", "a: b"),
	  "warn p/b ConfigMap/default/x app/a.yaml:1:1 not so", NULL, false },
	{ "an audit", POLICY("'*'", "false", "") BINDING("Audit"), NULL, CM("x", "a: b"),
	  "audit p/b ConfigMap/default/x app/a.yaml:1:1 not so", NULL, false },
	{ "without a binding", POLICY("'*'", "false", ""), NULL, CM("x", "a: b"), "", NULL, false },
	{ "who asks is not known", RULE("request.userInfo.username == \"me\""), NULL,
	  CM("x", "a: b"),
	  "undecided p/b ConfigMap/default/x app/a.yaml:1:1 who will send the request is not known",
	  NULL, false },
	{ "what is not known may only warn",
	  POLICY("'*'", "request.userInfo.username == \"me\"", "") BINDING("Warn"), NULL,
	  CM("x", "a: b"),
	  "warn p/b ConfigMap/default/x app/a.yaml:1:1 undecided: who will send the request is not "
	  "known",
	  NULL, false },
	{ "the namespace as it will be", RULE("namespaceObject.metadata.labels.tier != \"gold\""),
	  NULL, CM("x", "a: b") NAMESPACE("tier: gold"),
	  "deny p/b Namespace/default app/a.yaml:6:1 expression "
	  "'namespaceObject.metadata.labels.tier"
	  " != \"gold\"' resulted in error: no such key: metadata\n"
	  "deny p/b ConfigMap/default/x app/a.yaml:1:1 not so",
	  NULL, false },
	{ "the namespace is selected by its labels",
	  POLICY("'*'", "false", ", namespaceSelector: {matchLabels: {tier: gold}}")
		  BINDING("Deny"),
	  NULL, CM("x", "a: b") NAMESPACE("tier: tin"), "", NULL, false },
	{ "a namespace that nobody declares",
	  POLICY("'*'", "false", ", namespaceSelector: {matchLabels: {tier: gold}}")
		  BINDING("Deny"),
	  NULL, CM("x", "a: b"),
	  "undecided p/b ConfigMap/default/x app/a.yaml:1:1 it is not known whether it applies: "
	  "the "
	  "labels of the namespace are not known; if so: not so",
	  NULL, false },
	{ "a namespace that the cluster has",
	  POLICY("'*'", "false", ", namespaceSelector: {matchLabels: {tier: gold}}")
		  BINDING("Deny"),
	  NULL, CM("x", "a: b"), "", NULL, true },
	{ "what the dry-run answers", RULE("!has(object.metadata.uid)"), NULL, CM("x", "a: b"),
	  "deny p/b ConfigMap/default/x app/a.yaml:3:11 not so", NULL, true },
	{ "values of a Secret are not told",
	  GROUP "kind: ValidatingAdmissionPolicy\n"
		"metadata: {name: p}\n"
		"spec:\n"
		"  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], "
		"operations: ['*'], resources: [secrets]}]}\n"
		"  validations: [{expression: 'false', messageExpression: "
		"'\"x\" + string(object.data.password)'}]\n" BINDING("Deny"),
	  NULL, SECRET("hunter2"),
	  "deny p/b Secret/default/s app/a.yaml:1:1 failed expression: false", NULL, false },

	{ "what stands at base", RULE("object.spec.containers.all(c, c.image != \"x:1\")"),
	  POD("x:1"), POD("x:1") "    tty: true\n",
	  "deny existing p/b Pod/default/x app/a.yaml:7:12 not so", NULL, false },
	{ "what base declares and the cluster does not have",
	  RULE("object.spec.containers.all(c, c.image != \"x:1\")"), POD("x:1"), POD("x:1"),
	  "deny existing p/b Pod/default/x app/a.yaml:7:12 not so", NULL, true },
	{ "labels that say nothing else", RULE("object.metadata.labels == {\"a\": \"b\"}"), LABELS,
	  LABELS "data: {c: d}\n", "deny existing p/b ConfigMap/default/x app/a.yaml:3:29 not so",
	  NULL, true },
	{ "what only head does wrong", RULE("object.spec.containers.all(c, c.image != \"x:2\")"),
	  POD("x:1"), POD("x:2"), "deny p/b Pod/default/x app/a.yaml:7:12 not so", NULL, false },
	{ "a transition does not stand at base",
	  POLICY("UPDATE", "object.data == oldObject.data", "") BINDING("Deny"), CM("x", "a: b"),
	  CM("x", "a: c"), "deny p/b ConfigMap/default/x app/a.yaml:4:7 not so", NULL, false },
	{ "what stands at base and only warns", POLICY("'*'", "false", "") BINDING("Warn"),
	  CM("x", "a: b"), CM("x", "a: c"),
	  "warn existing p/b ConfigMap/default/x app/a.yaml:1:1 not so", NULL, false },
	{ "a hook that base has too", RULE("false"), HOOK CM("w", "a: b"), HOOK CM("w", "a: c"),
	  "deny existing p/b batch/Job/default/h (PreSync) app/a.yaml:1:1 not so\n"
	  "deny existing p/b ConfigMap/default/w app/a.yaml:6:1 not so",
	  NULL, true },

	{ "a policy at head does not count", RULE("true"), NULL, CM("x", "a: b"), "", RULE("false"),
	  false },
	{ "one that the change weakens still judges", RULE("false"), NULL, CM("x", "a: b"),
	  "deny p/b ConfigMap/default/x app/a.yaml:1:1 not so", RULE("true"), false },
	{ "one that the change removes still judges", RULE("false"), NULL, CM("x", "a: b"),
	  "deny p/b ConfigMap/default/x app/a.yaml:1:1 not so", "", false },

	{ "an expression that does not compile", RULE("objekt.a"), NULL, CM("x", "a: b"),
	  "policies/p.yaml:6:31: ValidatingAdmissionPolicy p: validations[0].expression: "
	  "undeclared "
	  "reference to 'objekt' (in container '')\n | objekt.a\n | ^",
	  NULL, false },
	{ "a policy of another kind", "apiVersion: rhumb.dev/v1\nkind: Policy\n", NULL,
	  CM("x", "a: b"),
	  "policies/p.yaml:1:1: policies of kind Policy are not evaluated: only "
	  "ValidatingAdmissionPolicy, its bindings and params, and PlanPolicy of rhumb.dev/v1 can "
	  "be here",
	  NULL, false },
	{ "no YAML", "a: [\n", NULL, CM("x", "a: b"), "policies/p.yaml:2:1: ", NULL, false },
};

static void set_file(const char *dir, const char *path, const char *text)
{
	AUTO(auto_free) char *full = path_join(dir, path);
	if (text && *text)
		fixture_write(dir, path, text);
	else
		remove(full);
}

/* At base, then at head. */
static void make_repository(const char *dir, const struct gate_case *c)
{
	fixture_write(dir, "README.md", "a repository");
	fixture_write(dir, "policies/README.md", "no: [policy");
	set_file(dir, "policies/p.yaml", c->policy);
	set_file(dir, "app/a.yaml", c->base);
	free(fixture_commit(dir, "base"));
	if (c->now_policy)
		set_file(dir, "policies/p.yaml", c->now_policy);
	set_file(dir, "app/a.yaml", c->now);
	free(fixture_commit(dir, "head"));
}

static void dump(struct buf *out, const struct plan *p)
{
	for (size_t i = 0; i < p->n_verdicts; i++) {
		const struct policy_verdict *v = &p->verdicts[i];
		if (v->source == POLICY_FROM_CHECK)
			continue;
		buf_printf(out, "%s%s%s %s/%s %s ", out->len ? "\n" : "",
			   policy_result_name(v->result), v->existing ? " existing" : "", v->policy,
			   v->binding ? v->binding : "-", v->change);
		if (v->file)
			buf_printf(out, "%s:%u:%u %s", v->file, v->line, v->col, v->message);
		else
			buf_printf(out, "- %s", v->message);
	}
}

struct planned {
	struct repository *r;
	struct gate *gate;
	struct config config;
	struct cluster *cluster;
	struct problems problems;
	struct plan plan;
};

static void planned_done(struct planned *w)
{
	repository_free(w->r);
	gate_free(w->gate);
	config_done(&w->config);
	cluster_close(w->cluster);
	problems_done(&w->problems);
	plan_done(&w->plan);
}

static int make_plan(struct planned *w, const char *dir, bool on_cluster, struct err *err)
{
	static const char *policies[] = { "policies" };
	struct revision base;
	AUTO(auto_free) char *cluster = path_join(dir, ".git/cluster");
	if (repository_open(&w->r, dir, err) < 0 ||
	    repository_resolve(w->r, "HEAD~1", &base, err) < 0 ||
	    config_for_path(&w->config, "app", "app", err) < 0 ||
	    (on_cluster && cluster_open_file(&w->cluster, cluster, err) < 0))
		return -1;
	w->config.policies = policies;
	w->config.n_policies = 1;
	struct gate_options go = { .repository = w->r, .tree = base.tree, .config = &w->config };
	if (gate_load(&w->gate, &go, err) < 0)
		return -1;
	const struct application *app = &w->config.applications[0];
	const char *from = "HEAD~1";
	struct plan_options o = {
		.repository = w->r,
		.config = &w->config,
		.applications = &app,
		.n_applications = 1,
		.head = "HEAD",
		.bases = &from,
		.cluster = w->cluster,
		.default_namespace = "default",
		.created = "2026-01-02T03:04:05Z",
		.judge = gate_judge,
		.judge_ctx = w->gate,
	};
	return plan_build(&o, &w->plan, &w->problems, err);
}

static void case_run(void **state)
{
	const struct gate_case *c = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(planned_done) struct planned w = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	make_repository(dir, c);
	if (make_plan(&w, dir, c->on_cluster, &err) < 0) {
		AUTO(auto_free) char *text = err_text(w.problems.n ? &w.problems.items[0] : &err);
		if (strncmp(text, c->want, strlen(c->want)) != 0 || !*c->want)
			fail_msg("wanted \"%s\", got the error %s", c->want, text);
		return;
	}
	dump(&out, &w.plan);
	assert_string_equal(buf_text(&out), c->want);
	size_t n = 0;
	for (size_t i = 0; i < w.plan.n_verdicts; i++)
		n += w.plan.verdicts[i].source != POLICY_FROM_CHECK;
	assert_int_equal(w.plan.summary.denied, strncmp(c->want, "deny", 4) == 0
							? n
							: strncmp(c->want, "undecided", 9) == 0);
	assert_int_equal(w.plan.summary.warned, strncmp(c->want, "warn", 4) == 0);
}

/* ---- loading */

struct load_case {
	const char *name, *path, *want; /* NULL: no error */
};

static const struct load_case loads[] = {
	{ "a folder", "policies", NULL },
	{ "a file, whatever its name", "policies/p.txt", NULL },
	{ "a folder in it", "policies/more", NULL },
	{ "not there", "policy", "rhumb.yaml: policies: there is no file or folder \"policy\"" },
	{ "a file that is broken", "broken.yaml", "broken.yaml:2:1: " },
};

static void load_run(void **state)
{
	const struct load_case *c = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(repository_free_p) struct repository *r = NULL;
	AUTO(gate_free_p) struct gate *gate = NULL;
	AUTO(err_done) struct err err = { 0 };
	struct revision head;
	fixture_write(dir, "policies/p.txt", RULE("false"));
	fixture_write(dir, "policies/more/q.json", "{}");
	fixture_write(dir, "broken.yaml", "a: [\n");
	free(fixture_commit(dir, "base"));
	assert_int_equal(repository_open(&r, dir, &err), 0);
	assert_int_equal(repository_resolve(r, "HEAD", &head, &err), 0);
	const char *path = c->path;
	struct config config = { .policies = &path, .n_policies = 1 };
	struct gate_options o = { .repository = r, .tree = head.tree, .config = &config };
	int rc = gate_load(&gate, &o, &err);
	assert_int_equal(rc, c->want ? -1 : 0);
	assert_true((gate == NULL) == (c->want != NULL));
	if (!c->want)
		return;
	AUTO(auto_free) char *text = err_text(&err);
	if (strncmp(text, c->want, strlen(c->want)) != 0)
		fail_msg("wanted \"%s\", got %s", c->want, text);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(loads)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, case_run, &cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(loads); i++)
		tests[n++] = fixture_row(loads[i].name, load_run, &loads[i]);
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
