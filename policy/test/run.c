/* Cases, one after the other; see internal.h. */
#include "policy/test/internal.h"

#include <string.h>

#include "base/shape.h"
#include "policy/defaults/defaults.h"

static const struct shape_key document_keys[] = {
	{ "apiVersion", SHAPE_TEXT, true }, { "kind", SHAPE_TEXT, true },
	{ "metadata", SHAPE_OBJECT, true }, { "policies", SHAPE_LIST, true },
	{ "cases", SHAPE_LIST, true },      { 0 },
};
static const struct shape_key metadata_keys[] = { { "name", SHAPE_TEXT, true }, { 0 } };
static const struct shape_key case_keys[] = {
	{ "name", SHAPE_TEXT, true },
	{ "operation", SHAPE_TEXT, false },
	{ "object", SHAPE_OBJECT, false },
	{ "oldObject", SHAPE_OBJECT, false },
	{ "namespaceObject", SHAPE_OBJECT, false },
	{ "userInfo", SHAPE_OBJECT, false },
	{ "params", SHAPE_LIST, false },
	{ "defaults", SHAPE_BOOL, false },
	{ "plan", SHAPE_OBJECT, false },
	{ "policySettings", SHAPE_OBJECT, false },
	{ "expect", SHAPE_OBJECT, true },
	{ 0 },
};

struct running {
	struct subject *subject;
	struct outcome *outcomes; /* one for each policy */
	struct admission *shared; /* for cases without params */
};

/* ---- what is asked */

static const struct json *with_defaults(struct running *r, const struct json *v, bool wanted)
{
	struct arena *a = &r->subject->test->arena;
	if (!v)
		return NULL;
	struct json *object = arena_alloc(a, sizeof(*object));
	*object = json_copy(a, v);
	struct object_ref ref = object_ref_of(a, v);
	const struct json *crd = NULL;
	for (size_t i = 0; i < r->subject->n_crds && !crd; i++) {
		const struct json *spec = json_get(r->subject->crds[i], "spec");
		const char *group = json_get_str(spec, "group");
		const char *kind = json_str(json_at(spec, "names", "kind", NULL));
		if (group && kind && strcmp(group, ref.group) == 0 && strcmp(kind, ref.kind) == 0)
			crd = r->subject->crds[i];
	}
	if (wanted)
		defaults_apply(a, crd, object);
	return object;
}

static const struct json *namespace_named(struct arena *a, const char *name)
{
	struct json *v = arena_alloc(a, sizeof(*v));
	*v = json_of_object();
	json_set_str(a, v, "apiVersion", "v1");
	json_set_str(a, v, "kind", "Namespace");
	struct json *metadata = json_edit(a, v, "metadata");
	json_set_str(a, metadata, "name", name);
	json_set_str(a, json_edit(a, metadata, "labels"), "kubernetes.io/metadata.name", name);
	return v;
}

static int operation_of(const struct running *r, const struct json *c, const char **out,
			struct err *err)
{
	static const char *const known[] = { "CREATE", "UPDATE", "DELETE", "CONNECT" };
	const struct json *object = json_get(c, "object"), *old = json_get(c, "oldObject");
	const char *given = json_get_str(c, "operation");
	if (!object && !old)
		return err_at(err, ERR_INPUT, json_pos(c, r->subject->file),
			      "a case needs \"object\", \"oldObject\" or \"plan\"");
	if (!given) {
		*out = !old ? "CREATE" : object ? "UPDATE" : "DELETE";
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], given) == 0) {
			*out = known[i];
			return 0;
		}
	return err_at(err, ERR_INPUT, json_pos(json_get(c, "operation"), r->subject->file),
		      "operation has to be CREATE, UPDATE, DELETE or CONNECT");
}

static int change_of(struct running *r, const struct json *c, struct admission_change *out,
		     struct err *err)
{
	const struct subject *s = r->subject;
	struct arena *a = &s->test->arena;
	const struct json *defaults = json_get(c, "defaults");
	bool wanted = !defaults || json_true(defaults);
	*out = (struct admission_change){ .file = s->file };
	if (operation_of(r, c, &out->operation, err) < 0)
		return -1;
	out->object = with_defaults(r, json_get(c, "object"), wanted);
	out->old_object = with_defaults(r, json_get(c, "oldObject"), wanted);
	struct object_ref ref = object_ref_of(a, out->object ? out->object : out->old_object);
	if (!*ref.kind || !*ref.version)
		return err_at(err, ERR_INPUT, json_pos(c, s->file),
			      "the object of a case needs apiVersion and kind");
	out->group = ref.group, out->version = ref.version, out->kind = ref.kind;
	out->resource = kinds_find(&s->kinds, ref.group, ref.version, ref.kind);
	out->name = ref.name;
	bool is_namespace = !*ref.group && strcmp(ref.kind, "Namespace") == 0;
	out->namespace = is_namespace ? ref.name : *ref.namespace ? ref.namespace : "default";
	if (out->resource && !out->resource->namespaced && !is_namespace)
		out->namespace = "";
	out->namespace_object = json_get(c, "namespaceObject");
	if (!out->namespace_object && *out->namespace)
		out->namespace_object = namespace_named(a, out->namespace);
	out->user_info = json_get(c, "userInfo");
	out->declared = json_get(c, "object");
	return 0;
}

/* ---- what came */

static int rank(const char *result)
{
	static const char *const order[] = { "allow", "audit", "warn", "undecided", "deny" };
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (strcmp(order[i], result) == 0)
			return (int)i;
	return -1;
}

static const char *result_name(const struct admission_result *r)
{
	unsigned actions = r->actions ? r->actions : ADMISSION_DENY;
	if (r->outcome == ADMISSION_UNDECIDED && actions & ADMISSION_DENY)
		return "undecided";
	return actions & ADMISSION_DENY ? "deny" : actions & ADMISSION_WARN ? "warn" : "audit";
}

/* The strictest counts, and all messages of that kind. */
static void note(struct running *r, const char *policy, struct outcome came)
{
	struct arena *a = &r->subject->test->arena;
	const struct tested_policy *p = subject_policy(r->subject, policy);
	if (!p)
		return;
	struct outcome *o = &r->outcomes[p - r->subject->policies];
	bool same = strcmp(came.result, o->result) == 0;
	if (!same && rank(came.result) < rank(o->result))
		return;
	came.message = same && o->message ? arena_fmt(a, "%s\n%s", o->message, came.message)
					  : arena_strdup(a, came.message);
	if (same && o->path)
		came.path = o->path;
	else if (came.path)
		came.path = arena_strdup(a, came.path);
	*o = came;
}

static void saw(struct running *r, const char *policy, uint32_t validation, bool held)
{
	const struct tested_policy *p = subject_policy(r->subject, policy);
	if (!p)
		return;
	struct policy_test_rule *rule = policy_test_rule(r->subject->test, p, validation);
	rule->held |= held;
	rule->failed |= !held;
}

static void on_step(void *ctx, const struct admission_step *step)
{
	bool decided = step->answer == ADMISSION_TRUE || step->answer == ADMISSION_FALSE;
	if (step->what == ADMISSION_VALIDATION && decided)
		saw(ctx, step->policy, step->index, step->answer == ADMISSION_TRUE);
}

static int on_plan_result(void *ctx, const struct plan_policy_result *result, struct err *err)
{
	(void)err;
	note(ctx, result->policy,
	     (struct outcome){ policy_result_name(result->result), result->message, result->path,
			       result->rule });
	return 0;
}

static void on_plan_step(void *ctx, const char *policy, uint32_t validation, bool held)
{
	saw(ctx, policy, validation, held);
}

static int evaluate_plan(struct running *r, const struct json *c, const struct json *plan,
			 struct err *err)
{
	AUTO(plan_value_done) struct plan_value value = { 0 };
	struct plan_policy_each each = { on_plan_result, on_plan_step, r };
	struct policy_config *config = arena_calloc(&r->subject->test->arena, 1, sizeof(*config));
	if (config_read_policy(&r->subject->test->arena, c, r->subject->file, config, err) < 0)
		return -1;
	plan_policies_configure(r->subject->plan_policies, config);
	if (subject_refuse_problems(r->subject, err) < 0 ||
	    plan_value_of_json(&value, plan, r->subject->file, err) < 0)
		return -1;
	return plan_policies_evaluate(r->subject->plan_policies, &value, &each, err);
}

static int evaluate(struct running *r, const struct json *c, struct err *err)
{
	const struct json *params = json_get(c, "params"), *plan = json_get(c, "plan");
	if (plan && evaluate_plan(r, c, plan, err) < 0)
		return -1;
	if (plan && !json_get(c, "object") && !json_get(c, "oldObject"))
		return 0;
	AUTO(admission_free_p) struct admission *own = NULL;
	if (params ? subject_admission(r->subject, params, &own, err) < 0
		   : !r->shared && subject_admission(r->subject, NULL, &r->shared, err) < 0)
		return -1;
	struct admission_change change;
	if (change_of(r, c, &change, err) < 0)
		return -1;
	AUTO(admission_run_free_p)
	struct admission_run *run = admission_run_new(own ? own : r->shared);
	admission_run_trace(run, on_step, r);
	const struct admission_verdict *v = admission_evaluate(run, &change);
	for (size_t i = 0; i < v->n; i++)
		note(r, v->results[i].policy,
		     (struct outcome){ result_name(&v->results[i]), v->results[i].message,
				       v->results[i].path, v->results[i].at });
	return 0;
}

/* ---- a case, a document */

static int run_case(struct running *r, const struct json *c, struct err *err)
{
	struct policy_test *t = r->subject->test;
	const struct json *expect = json_get(c, "expect");
	if (t->n_cases == POLICY_TEST_MAX_CASES)
		return err_at(err, ERR_LIMIT, json_pos(c, r->subject->file),
			      "more than %d cases (POLICY_TEST_MAX_CASES)", POLICY_TEST_MAX_CASES);
	if (expect_check(r->subject, expect, err) < 0)
		return -1;
	for (size_t i = 0; i < r->subject->n_policies; i++)
		r->outcomes[i] = (struct outcome){ .result = "allow" };
	if (evaluate(r, c, err) < 0)
		return -1;
	GROW(t->cases, t->n_cases, t->cap_cases);
	struct policy_test_case *out = &t->cases[t->n_cases++];
	*out = (struct policy_test_case){
		.test = r->subject->name,
		.name = json_get_str(c, "name"),
		.at = json_pos(c, r->subject->file),
		.failure = expect_compare(&t->arena, r->subject, expect, r->outcomes),
	};
	t->failed += out->failure != NULL;
	return 0;
}

static int run_cases(struct running *r, const struct json *cases, struct err *err)
{
	struct subject *s = r->subject;
	for (size_t i = 0; i < s->n_policies; i++)
		for (uint32_t k = 0; k < s->policies[i].n_rules; k++)
			policy_test_rule(s->test, &s->policies[i], k);
	r->outcomes = arena_calloc(&s->test->arena, s->n_policies, sizeof(*r->outcomes));
	for (uint32_t i = 0; i < cases->n; i++)
		if (run_case(r, &cases->items[i], err) < 0)
			return -1;
	return 0;
}

static int check_document(const struct json *document, const char *file, struct err *err)
{
	static const struct shape shape = { "a PolicyTest", document_keys };
	static const struct shape metadata = { "metadata", metadata_keys };
	static const struct shape cases = { "a case", case_keys };
	const char *version = json_get_str(document, "apiVersion");
	if (!version || strcmp(version, "rhumb.dev/v1") != 0)
		return err_at(err, ERR_INPUT, json_pos(document, file),
			      "a PolicyTest has the apiVersion rhumb.dev/v1");
	if (shape_check(document, &shape, file, err) < 0 ||
	    shape_check(json_get(document, "metadata"), &metadata, file, err) < 0 ||
	    shape_check_items(json_get(document, "cases"), &cases, file, err) < 0)
		return -1;
	if (!json_get(document, "cases")->n)
		return err_at(err, ERR_INPUT, json_pos(document, file), "there is no case");
	return 0;
}

int policy_test_document(struct policy_test *t, const struct json *document, const char *file,
			 struct err *err)
{
	if (check_document(document, file, err) < 0)
		return -1;
	AUTO(subject_done)
	struct subject s = {
		.test = t,
		.file = file,
		.name = json_str(json_at(document, "metadata", "name", NULL)),
	};
	if (subject_read(&s, document, err) < 0)
		return -1;
	struct running r = { .subject = &s };
	int rc = run_cases(&r, json_get(document, "cases"), err);
	admission_free(r.shared);
	t->documents++;
	return rc;
}
