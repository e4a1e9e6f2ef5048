/* The races of stale_cases.h on a real API server: RHUMB_TEST_KUBE is the folder of
 * `tests/kube/up`; without it every test is skipped.  What others do is done with kubectl. */
#include "tests/lib/stale_cases.h"

#include <string.h>

#include "apply/writer_kube.h"
#include "base/process.h"

static const char *folder;

static int kubectl_status(const char *input, const char *const *args, struct buf *out)
{
	AUTO(auto_free) char *program = xfmt("%s/bin/kubectl", folder);
	AUTO(auto_free) char *config = xfmt("--kubeconfig=%s/kubeconfig", folder);
	const char *argv[24] = { program, config };
	for (size_t n = 2; *args && n < ARRAY_LEN(argv) - 1; n++)
		argv[n] = *args++;
	struct process p = { .argv = argv, .input = input, .input_len = input ? strlen(input) : 0 };
	AUTO(process_result_done) struct process_result result = { 0 };
	struct err err = { 0 };
	if (process_run(&p, &result, &err) < 0)
		fail_msg("%s", err.msg);
	if (out)
		buf_puts(out, buf_text(&result.output));
	return result.status;
}

#define KUBECTL(input, ...) kubectl_status(input, (const char *const[]){ __VA_ARGS__, NULL }, NULL)

static void create(const char *object, const char *manager)
{
	AUTO(auto_free) char *by = xfmt("--field-manager=%s", manager);
	assert_int_equal(KUBECTL(object, "create", "-f", "-", by), 0);
}

static void clean(void)
{
	KUBECTL(NULL, "create", "namespace", "shop");
	assert_int_equal(KUBECTL(NULL, "-n", "shop", "delete", "configmap", "a", "rhumb-shop",
				 "--ignore-not-found"),
			 0);
}

/* ---- the world of one case */

struct race {
	const struct stale_case *row;
	struct cluster *cluster;
	struct plan plan;
	struct apply_options options;
	struct apply_result result;
	struct err err;
	unsigned writes;
	char *before; /* the object when only the event had happened */
};

static char *object_now(void)
{
	struct buf out = { 0 };
	kubectl_status(NULL,
		       (const char *const[]){ "-n", "shop", "get", "configmap", "a", "-o", "json",
					      "--show-managed-fields", "--ignore-not-found", NULL },
		       &out);
	return buf_take(&out);
}

static void apply(struct race *r)
{
	int rc = apply_run(&r->plan, r->cluster, NULL, &r->options, &r->result, &r->err);
	assert_int_equal(rc < 0, r->err.code != ERR_NONE);
}

static void happen(struct race *r)
{
	switch (r->row->event) {
	case NOTHING:
		break;
	case TOUCHED:
		assert_int_equal(KUBECTL(NULL, "-n", "shop", "patch", "configmap", "a", "--type",
					 "merge", "-p", "{\"data\":{\"k\":\"edited\"}}",
					 "--field-manager=kubectl-edit"),
				 0);
		break;
	case UNRELATED:
		assert_int_equal(KUBECTL(NULL, "-n", "shop", "annotate", "configmap", "a", "x=y"),
				 0);
		break;
	case REMADE:
	case DELETED:
		assert_int_equal(KUBECTL(NULL, "-n", "shop", "delete", "configmap", "a"), 0);
		if (r->row->event == DELETED)
			break;
		__attribute__((fallthrough));
	case APPEARED:
		create(CONFIG("shop", "a", "theirs"), "kubectl-create");
		break;
	case DONE: {
		struct race other = { .cluster = r->cluster, .plan = r->plan };
		apply(&other);
		assert_int_equal(other.result.outcome, APPLY_APPLIED);
		result_done(&other.result);
		break;
	}
	}
	r->before = object_now();
}

static struct race *racing; /* a writer has no context of its own */

/* The parent is written first, the object second. */
static int write_late(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
		      void *ctx, struct err *err)
{
	if (racing->row->late && racing->writes++ == 1)
		happen(racing);
	return writer_kube(c, calls, n, done, ctx, err);
}

static void race_open(struct race *r, const struct stale_case *row)
{
	AUTO(auto_free) char *config = xfmt("%s/kubeconfig", folder);
	struct cluster_identity id = { 0 };
	*r = (struct race){ .row = row };
	if (cluster_open_kube(&r->cluster, &(struct kube_options){ .kubeconfig = config },
			      &r->err) < 0 ||
	    r->cluster->ops->identify(r->cluster, &id, &r->err) < 0)
		fail_msg("%s", r->err.msg);
	fake_plan_init(&r->plan, "", "shop", "shop");
	r->plan.cluster_uid = arena_strdup(&r->plan.arena, id.uid);
	cluster_identity_done(&id);
	r->options = (struct apply_options){ .allow_replace = true, .write = write_late };
}

static void race_close(struct race *r)
{
	result_done(&r->result);
	plan_done(&r->plan);
	err_done(&r->err);
	cluster_close(r->cluster);
	free(r->before);
}

static void stale_case_run(void **state)
{
	const struct stale_case *c = *state;
	struct race r;
	if (!folder)
		skip();
	clean();
	race_open(&r, c);
	if (c->action != ACTION_CREATE)
		create(CONFIG("shop", "a", "1"), "helm");
	struct change *change =
		fake_plan_add(&r.plan, r.cluster, c->action, stale_declared(c->action));
	if (c->action == ACTION_UPDATE) { /* the plan of a manager that may be taken over */
		struct json *fields = arena_calloc(&r.plan.arena, 1, sizeof(*fields));
		*fields = fixture_json(&r.plan.arena, "{\"f:data\":{\"f:k\":{}}}");
		change->takeovers = arena_calloc(&r.plan.arena, 1, sizeof(*change->takeovers));
		*change->takeovers = (struct takeover){ "helm", "Update", "", fields };
		change->n_takeovers = 1;
	}
	fake_plan_finish(&r.plan);
	racing = &r;
	if (!c->late)
		happen(&r);
	apply(&r);
	const struct object_result *o = &r.result.objects[0];
	if (o->outcome != c->outcome ||
	    (c->message && !strstr(o->message ? o->message : "", c->message)))
		fail_msg("%s (%s), not %s (%s)", outcome_name(o->outcome),
			 o->message ? o->message : "no message", outcome_name(c->outcome),
			 c->message ? c->message : "any message");
	if (c->outcome == OUTCOME_STALE) {
		AUTO(auto_free) char *after = object_now();
		assert_string_equal(after, r.before);
		assert_int_equal(r.err.code, c->late ? ERR_PARTIAL : ERR_STALE);
	} else {
		assert_int_equal(r.err.code, ERR_NONE);
	}
	race_close(&r);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(stale_cases)];
	folder = getenv("RHUMB_TEST_KUBE");
	for (size_t i = 0; i < ARRAY_LEN(stale_cases); i++)
		tests[i] = fixture_row(stale_cases[i].name, stale_case_run, &stale_cases[i]);
	return _cmocka_run_group_tests("races", tests, ARRAY_LEN(tests), NULL, NULL);
}
