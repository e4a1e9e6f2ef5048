/* What goes with a Namespace or a CustomResourceDefinition, and what comes to it later. */
#include "tests/lib/fake_world.h"

#include <string.h>

#include "base/json_write.h"
#include "plan/report/text.h"
#include "plan/state.h"
#include "plan/takes.h"

#define OBJECT(kind, ns, name, more)                                                               \
	"{\"apiVersion\":\"v1\",\"kind\":\"" kind "\",\"metadata\":{\"namespace\":\"" ns           \
	"\",\"name\":\"" name "\"" more "}}"
#define OWNED(kind, version)                                                                       \
	",\"ownerReferences\":[{\"apiVersion\":\"" version "\",\"kind\":\"" kind                   \
	"\",\"name\":\"o\",\"uid\":\"u\",\"controller\":true}]"

static const struct counted_case {
	const char *name, *object;
	const char *shown; /* "kind name", "!" in front where it is not ours; NULL: nothing */
} counted[] = {
	{ "a ConfigMap", OBJECT("ConfigMap", "old", "a", ""), "!ConfigMap a" },
	{ "another namespace", OBJECT("ConfigMap", "new", "a", ""), NULL },
	{ "being deleted",
	  OBJECT("ConfigMap", "old", "a", ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""),
	  NULL },
	{ "what every namespace has", OBJECT("ConfigMap", "old", "kube-root-ca.crt", ""), NULL },
	{ "its account", OBJECT("ServiceAccount", "old", "default", ""), NULL },
	{ "another account", OBJECT("ServiceAccount", "old", "builder", ""),
	  "!ServiceAccount builder" },
	{ "endpoints", OBJECT("Endpoints", "old", "a", ""), NULL },
	{ "a Pod of a ReplicaSet", OBJECT("Pod", "old", "a", OWNED("ReplicaSet", "apps/v1")),
	  NULL },
	{ "owned by what stays", OBJECT("ConfigMap", "old", "a", OWNED("Node", "v1")),
	  "!ConfigMap a" },
	{ "owned by nobody knows what", OBJECT("ConfigMap", "old", "a", OWNED("Ghost", "x.io/v1")),
	  "!ConfigMap a" },
	{ "a record of the plan's", OBJECT("ConfigMap", "old", "rhumb-shop", ""), NULL },
	{ "a record of others", OBJECT("ConfigMap", "old", "rhumb-other", ""),
	  "!ConfigMap rhumb-other" },
	{ "deleted by the plan", OBJECT("ConfigMap", "old", "gone", ""), NULL },
	{ "a Namespace is not in one",
	  "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"old2\"}}", NULL },
};

struct setting {
	struct world w;
	struct kind_table kinds;
	struct arena arena;
	struct change *change;
};

static void setting_init(struct setting *s, const char *object)
{
	struct err err = { 0 };
	*s = (struct setting){ 0 };
	world_init(&s->w);
	plan_done(&s->w.p);
	fake_plan_init(&s->w.p, FAKE_UID, "shop", "old");
	fake_put(&s->w.f, NAMESPACE("old"), "rhumb", "Apply");
	fake_put(&s->w.f, CONFIG("old", "gone", "1"), "rhumb", "Apply");
	fake_put(&s->w.f, CRD, "rhumb", "Apply");
	world_plan(&s->w, ACTION_DELETE, CONFIG("old", "gone", "1"));
	s->change = world_plan(&s->w, ACTION_DELETE, object);
	if (s->w.f.base.ops->kinds(&s->w.f.base, &s->kinds, &err) < 0)
		fail_msg("%s", err.msg);
	kinds_add_crd(&s->kinds, fake_get(&s->w.f, "CustomResourceDefinition", "", "boats.sea.io"),
		      false);
}

static void setting_done(struct setting *s)
{
	kind_table_done(&s->kinds);
	arena_done(&s->arena);
	world_done(&s->w);
}

static struct takes look(struct setting *s)
{
	struct takes takes;
	struct err err = { 0 };
	if (takes_read(&s->w.f.base, &s->kinds, &s->w.p, s->change, &s->arena, &takes, &err) < 0)
		fail_msg("%s", err.msg);
	return takes;
}

static void keep(struct setting *s, const struct takes *takes)
{
	s->change->takes_listed = true;
	s->change->takes = takes->kinds;
	s->change->n_takes = takes->n;
}

static void counted_run(void **state)
{
	const struct counted_case *c = *state;
	struct setting s;
	setting_init(&s, NAMESPACE("old"));
	fake_put(&s.w.f, c->object, "kubectl-create", "Update");
	struct takes takes = look(&s);
	if (!c->shown) {
		assert_int_equal(takes.n, 0);
	} else {
		assert_int_equal(takes.n, 1);
		assert_int_equal(takes.kinds[0].n, 1);
		AUTO(auto_free)
		char *shown = xfmt("%s%s %s", takes.kinds[0].objects[0].foreign ? "!" : "",
				   takes.kinds[0].kind, takes.kinds[0].objects[0].name);
		assert_string_equal(shown, c->shown);
	}
	setting_done(&s);
}

/* Those that are not ours come first; the plan has all of it, and its text. */
static void order(void **state)
{
	(void)state;
	struct setting s;
	setting_init(&s, NAMESPACE("old"));
	AUTO(auto_free)
	char *ours =
		xfmt(OBJECT("ConfigMap", "old", "a", ",\"labels\":{\"" APPLYSET_LABEL "\":\"%s\"}"),
		     s.w.p.applications[0].applyset);
	fake_put(&s.w.f, ours, "rhumb", "Apply");
	fake_put(&s.w.f, CONFIG("old", "c", "1"), "kubectl-create", "Update");
	fake_put(&s.w.f, CONFIG("old", "b", "1"), "kubectl-create", "Update");
	fake_put(&s.w.f, OBJECT("Secret", "old", "s", ""), "kubectl-create", "Update");
	struct takes takes = look(&s);
	keep(&s, &takes);
	fake_plan_finish(&s.w.p);
	AUTO(buf_done) struct buf json = { 0 }, text = { 0 };
	AUTO(plan_done) struct plan again = { 0 };
	struct json v = plan_to_json(&s.w.p, &s.arena);
	struct err err = { 0 };
	json_write_indented(&json, &v);
	if (plan_parse(&again, json.data, json.len, "plan", &err) < 0)
		fail_msg("%s", err.msg);
	report_plan_text(&text, &again, &(struct report_options){ 0 });
	assert_non_null(strstr(buf_text(&text), "      takes along 4 objects:\n"
						"        not ours: ConfigMap: b, c\n"
						"        not ours: Secret: s\n"
						"        ours: ConfigMap: a\n"));
	assert_null(takes_more(&again.changes[1], &takes, &s.arena));
	setting_done(&s);
}

/* What comes later, what goes, what only changes, what is made anew. */
static void later(void **state)
{
	(void)state;
	struct setting s;
	setting_init(&s, NAMESPACE("old"));
	fake_put(&s.w.f, CONFIG("old", "a", "1"), "kubectl-create", "Update");
	fake_put(&s.w.f, CONFIG("old", "b", "1"), "kubectl-create", "Update");
	struct takes takes = look(&s);
	keep(&s, &takes);
	fake_put(&s.w.f, CONFIG("old", "a", "2"), "kubectl-edit", "Update");
	fake_delete(&s.w.f, "ConfigMap", "old", "b");
	takes = look(&s);
	assert_null(takes_more(s.change, &takes, &s.arena));
	fake_put(&s.w.f, CONFIG("old", "b", "1"), "kubectl-create", "Update");
	takes = look(&s);
	assert_string_equal(takes_more(s.change, &takes, &s.arena), "ConfigMap b");
	fake_put(&s.w.f, OBJECT("Secret", "old", "s", ""), "kubectl-create", "Update");
	takes = look(&s);
	assert_string_equal(takes_more(s.change, &takes, &s.arena), "ConfigMap b and 1 more");
	setting_done(&s);
}

static void of_a_definition(void **state)
{
	(void)state;
	struct setting s;
	setting_init(&s, CRD);
	fake_put(&s.w.f, BOAT, "kubectl-create", "Update");
	fake_put(&s.w.f, CONFIG("old", "a", "1"), "kubectl-create", "Update");
	struct takes takes = look(&s);
	assert_int_equal(takes.n, 1);
	assert_string_equal(takes.kinds[0].kind, "Boat.sea.io");
	assert_string_equal(takes.kinds[0].objects[0].name, "shop/ark");
	setting_done(&s);
}

static void many(void **state)
{
	(void)state;
	struct setting s;
	setting_init(&s, NAMESPACE("old"));
	for (int i = 0; i < TAKES_MAX_NAMED + 2; i++) {
		AUTO(auto_free)
		char *object = xfmt(OBJECT("ConfigMap", "old", "m-%04d", ""), i);
		fake_put(&s.w.f, object, "kubectl-create", "Update");
	}
	struct takes takes = look(&s);
	keep(&s, &takes);
	assert_int_equal(takes.kinds[0].n, TAKES_MAX_NAMED + 2);
	assert_int_equal(takes.kinds[0].n_objects, TAKES_MAX_NAMED);
	assert_string_equal(takes.kinds[0].objects[TAKES_MAX_NAMED - 1].name, "m-0999");
	assert_null(takes_more(s.change, &takes, &s.arena));
	fake_put(&s.w.f, CONFIG("old", "one", "1"), "kubectl-create", "Update");
	takes = look(&s);
	assert_string_equal(takes_more(s.change, &takes, &s.arena), "objects of kind ConfigMap");
	setting_done(&s);
}

/* ---- kinds that may not be listed */

static struct cluster_ops deaf;
static int (*hears)(struct cluster *c, struct list_request *requests, size_t n,
		    list_object_fn *each, void *ctx, struct err *err);

static int no_secrets(struct cluster *c, struct list_request *requests, size_t n,
		      list_object_fn *each, void *ctx, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(requests[i].kind->kind, "Secret") == 0)
			err_set(&requests[i].err, ERR_FORBIDDEN, "secrets is forbidden");
	return hears(c, requests, n, each, ctx, err);
}

static void unread(void **state)
{
	(void)state;
	struct setting s;
	setting_init(&s, NAMESPACE("old"));
	const struct cluster_ops *ops = s.w.f.base.ops;
	deaf = *ops;
	hears = ops->list;
	deaf.list = no_secrets;
	struct takes all = look(&s);
	assert_int_equal(all.n, 0);
	s.w.f.base.ops = &deaf;
	struct takes some = look(&s);
	assert_int_equal(some.n, 1);
	assert_string_equal(some.kinds[0].kind, "Secret");
	assert_string_equal(some.kinds[0].unread, "secrets is forbidden");
	assert_non_null(takes_unread(s.change, &some)); /* the plan could list them */
	keep(&s, &some);
	assert_null(takes_unread(s.change, &some));
	fake_plan_finish(&s.w.p);
	AUTO(buf_done) struct buf text = { 0 };
	report_plan_text(&text, &s.w.p, &(struct report_options){ 0 });
	assert_non_null(strstr(buf_text(&text), "and what there is of Secret, which cannot be "
						"listed: secrets is"));
	/* Nothing is said of what nobody could see. */
	s.w.f.base.ops = ops;
	fake_put(&s.w.f, OBJECT("Secret", "old", "s", ""), "kubectl-create", "Update");
	all = look(&s);
	assert_null(takes_more(s.change, &all, &s.arena));
	setting_done(&s);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(counted) + 5];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(counted); i++)
		tests[n++] = fixture_row(counted[i].name, counted_run, &counted[i]);
	tests[n++] = fixture_row("order", order, NULL);
	tests[n++] = fixture_row("later", later, NULL);
	tests[n++] = fixture_row("of a CustomResourceDefinition", of_a_definition, NULL);
	tests[n++] = fixture_row("many", many, NULL);
	tests[n++] = fixture_row("unread", unread, NULL);
	return _cmocka_run_group_tests("takes", tests, n, NULL, NULL);
}
