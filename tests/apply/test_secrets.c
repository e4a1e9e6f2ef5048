/* Secrets: values come from the Git object that the plan pins, and go nowhere but the cluster. */
#include "tests/lib/fake_world.h"

#include <string.h>

#include "base/file.h"
#include "base/json_write.h"
#include "plan/state.h"

#define VALUE  "hunter2-is-the-value"
#define BASE64 "aHVudGVyMi1pcy10aGUtdmFsdWU="
#define SECRET(value)                                                                              \
	"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"db\","                \
	"\"namespace\":\"shop\"},\"data\":{\"password\":\"" value "\"}}"

struct vault {
	struct world w;
	char *dir, *blob;
	struct repository *repo;
	struct change *change;
};

static void forget_values(struct plan *p, struct change *c)
{
	struct json *desired = arena_calloc(&p->arena, 1, sizeof(*desired));
	*desired = json_copy(&p->arena, c->desired);
	struct json *data = json_edit(&p->arena, desired, "data");
	for (uint32_t i = 0; i < data->n; i++)
		data->members[i].value = json_of_null();
	c->desired = desired;
	for (size_t i = 0; i < c->n_fields; i++) {
		c->fields[i].before = c->fields[i].after = NULL;
		c->fields[i].secret = SECRET_CHANGED;
	}
}

static void plan_secret(struct vault *v, enum action action)
{
	struct world *w = &v->w;
	struct change *c = world_plan(w, action, SECRET(BASE64));
	forget_values(&w->p, c);
	c->source_blob = v->blob;
	c->source_document = 0;
	c->source_item = -1;
	const struct json *live = fake_get(&w->f, "Secret", "shop", "db");
	if (live)
		c->precondition.resource_version = arena_strdup(
			&w->p.arena, json_str(json_at(live, "metadata", "resourceVersion", NULL)));
	world_planned(w);
	v->change = &w->p.changes[0];
}

static void vault_init(struct vault *v)
{
	struct err err = { 0 };
	memset(v, 0, sizeof(*v));
	world_init(&v->w);
	v->dir = fixture_dir();
	fixture_write(v->dir, "db.yaml",
		      "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\n"
		      "stringData:\n  password: " VALUE "\n");
	free(fixture_commit(v->dir, "secret"));
	v->blob = fixture_git(v->dir, "rev-parse", "HEAD:db.yaml", NULL);
	if (repository_open(&v->repo, v->dir, &err) < 0)
		fail_msg("%s", err.msg);
	v->w.repo = v->repo;
}

static void vault_done(struct vault *v)
{
	repository_free(v->repo);
	fixture_remove(&v->dir);
	free(v->blob);
	world_done(&v->w);
}

static const char *live_value(struct vault *v)
{
	return json_str(
		json_at(fake_get(&v->w.f, "Secret", "shop", "db"), "data", "password", NULL));
}

static void check_nothing_leaks(struct vault *v)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json root = result_to_json(&v->w.result, &a);
	json_write_canonical(&text, &root);
	buf_puts(&text, v->w.err.msg ? v->w.err.msg : "");
	assert_null(strstr(text.data, VALUE));
	assert_null(strstr(text.data, BASE64));
}

static void created(void **state)
{
	(void)state;
	struct vault v;
	vault_init(&v);
	plan_secret(&v, ACTION_CREATE);
	world_apply_ok(&v.w);
	assert_string_equal(live_value(&v), BASE64);
	assert_int_equal(v.w.result.objects[0].as_expected, EXPECTED_YES);
	check_nothing_leaks(&v);
	world_apply_ok(&v.w);
	assert_int_equal(v.w.f.writes, 0);
	/* With a key that the plan was made without, too. */
	v.w.options.key = "key";
	world_apply_ok(&v.w);
	assert_int_equal(v.w.f.writes, 0);
	v.w.options.key = NULL;
	/* The digest of the plan does not cover the value; apply looks at it all the same. */
	fake_put(&v.w.f, SECRET("ZWRpdGVk"), "kubectl-edit", "Update");
	world_apply_fails(&v.w, ERR_STALE, "Secret shop/db was created since");
	check_nothing_leaks(&v);
	vault_done(&v);
}

static void updated(void **state)
{
	(void)state;
	struct vault v;
	vault_init(&v);
	fake_put(&v.w.f, SECRET("b2xk"), FIELD_MANAGER, "Apply");
	plan_secret(&v, ACTION_UPDATE);
	world_apply_ok(&v.w);
	assert_string_equal(live_value(&v), BASE64);
	world_apply_ok(&v.w);
	assert_int_equal(v.w.f.writes, 0);
	vault_done(&v);
}

static void moved(void **state)
{
	(void)state;
	struct vault v;
	vault_init(&v);
	fake_put(&v.w.f, SECRET("b2xk"), FIELD_MANAGER, "Apply");
	plan_secret(&v, ACTION_UPDATE);
	fake_put(&v.w.f, SECRET("bmV3"), "kubectl-edit", "Update");
	world_apply_fails(&v.w, ERR_STALE, "was changed by kubectl-edit");
	assert_string_equal(live_value(&v), "bmV3");
	check_nothing_leaks(&v);
	vault_done(&v);
}

static void quoted_by_the_server(void **state)
{
	(void)state;
	struct vault v;
	vault_init(&v);
	plan_secret(&v, ACTION_CREATE);
	v.w.f.fail_at = 1;
	v.w.f.says = "admission webhook: bad password \"" VALUE "\" (" BASE64 ")";
	world_apply_fails(&v.w, ERR_PARTIAL, "1 failed");
	assert_string_equal(v.w.result.objects[0].message,
			    "admission webhook: bad password \"(hidden)\" ((hidden))");
	check_nothing_leaks(&v);
	vault_done(&v);
}

static void not_in_the_repository(void **state)
{
	(void)state;
	struct vault v;
	vault_init(&v);
	plan_secret(&v, ACTION_CREATE);
	v.change->source_blob = "0123456789012345678901234567890123456789";
	world_apply_fails(&v.w, ERR_NONE, "fetch commit c0ffee");
	assert_int_equal(v.w.f.writes, 0);
	v.w.repo = NULL;
	world_apply_fails(&v.w, ERR_USAGE, "Secret shop/db: its values are in the Git repository");
	vault_done(&v);
}

static void not_what_the_plan_says(void **state)
{
	(void)state;
	struct vault v;
	vault_init(&v);
	plan_secret(&v, ACTION_CREATE);
	struct json *other = arena_calloc(&v.w.p.arena, 1, sizeof(*other));
	*other = json_copy(&v.w.p.arena, v.change->desired);
	json_set(&v.w.p.arena, json_edit(&v.w.p.arena, other, "data"), "more", json_of_null());
	v.change->desired = other;
	world_apply_fails(&v.w, ERR_INPUT, "does not declare what the plan says");
	assert_int_equal(v.w.f.writes, 0);
	vault_done(&v);
}

static void needs_the_key(void **state)
{
	(void)state;
	struct vault v;
	vault_init(&v);
	fake_put(&v.w.f, SECRET("b2xk"), FIELD_MANAGER, "Apply");
	plan_secret(&v, ACTION_UPDATE);
	char digest[DIGEST_TEXT];
	state_digest(v.change, fake_get(&v.w.f, "Secret", "shop", "db"), STATE_BEFORE, "key",
		     digest);
	v.change->precondition.digest = arena_strdup(&v.w.p.arena, digest);
	v.change->precondition.resource_version = NULL;
	world_apply_fails(&v.w, ERR_USAGE, "RHUMB_KEY");
	v.w.options.key = "another key";
	world_apply_fails(&v.w, ERR_STALE, "Secret shop/db");
	/* A change beside the value does not matter with the key. */
	fake_put(&v.w.f,
		 "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"db\","
		 "\"namespace\":\"shop\",\"annotations\":{\"x\":\"y\"}}}",
		 "kubectl-annotate", "Update");
	v.w.options.key = "key";
	world_apply_ok(&v.w);
	assert_string_equal(live_value(&v), BASE64);
	vault_done(&v);
}

/* Its values go with it, so they count; with a key nothing else does. */
static void deleted(void **state)
{
	(void)state;
	struct vault v;
	vault_init(&v);
	fake_put(&v.w.f, SECRET("b2xk"), FIELD_MANAGER, "Apply");
	v.change = world_plan(&v.w, ACTION_DELETE, SECRET("b2xk"));
	char digest[DIGEST_TEXT];
	state_digest(v.change, fake_get(&v.w.f, "Secret", "shop", "db"), STATE_BEFORE, "key",
		     digest);
	v.change->precondition.digest = arena_strdup(&v.w.p.arena, digest);
	world_planned(&v.w);
	world_apply_fails(&v.w, ERR_USAGE, "RHUMB_KEY");
	v.w.options.key = "key";
	fake_put(&v.w.f, SECRET("bmV3"), "kubectl-edit", "Update");
	world_apply_fails(&v.w, ERR_STALE,
			  "was changed by kubectl-edit at 2026-01-02 10:42 UTC "
			  "(data.password)");
	check_nothing_leaks(&v);
	fake_put(&v.w.f, SECRET("b2xk"), "kubectl-edit", "Update");
	world_apply_ok(&v.w);
	assert_null(fake_get(&v.w.f, "Secret", "shop", "db"));
	vault_done(&v);
}

/* ---- a Secret that is taken over by a run that fails: its resourceVersion is another since, and
 * the next run knows from the journal that this was us */

static int run_with_journal(struct vault *v, const char *file)
{
	AUTO(journal_close_p) struct journal *j = NULL;
	struct err err = { 0 };
	if (journal_open(&j, file, &v->w.p, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	v->w.options.journal = j;
	int rc = world_apply(&v->w);
	if (journal_finish(j, &v->w.result, &err) < 0)
		fail_msg("%s", err.msg);
	v->w.options.journal = NULL;
	return rc;
}

static void plan_of_helms(struct vault *v)
{
	struct json *fields;
	vault_init(v);
	fake_put(&v->w.f, SECRET("b2xk"), "helm", "Update");
	plan_secret(v, ACTION_UPDATE);
	struct arena *a = &v->w.p.arena;
	fields = arena_calloc(a, 1, sizeof(*fields));
	*fields = fixture_json(a, "{\"f:data\":{\"f:password\":{}}}");
	v->change->takeovers = arena_calloc(a, 1, sizeof(*v->change->takeovers));
	*v->change->takeovers = (struct takeover){ "helm", "Update", "", fields };
	v->change->n_takeovers = 1;
	fake_plan_finish(&v->w.p);
}

static const struct resumed {
	const char *name;
	enum fake_fault fault; /* of a write */
	bool all;              /* that follow, too */
	bool blind;            /* and then no read is answered */
} resumed[] = {
	{ "resumed: refused", FAKE_REFUSE, true, false },
	{ "resumed: broken", FAKE_BREAK, true, false },
	{ "resumed: lost", FAKE_LOSE, true, false },
	{ "resumed: lost and done", FAKE_LOSE_DONE, false, false },
	{ "resumed: all lost and done", FAKE_LOSE_DONE, true, false },
	{ "resumed: lost, and blind", FAKE_LOSE, false, true },
	{ "resumed: lost and done, and blind", FAKE_LOSE_DONE, false, true },
};

static void go_blind(void *ctx, struct fake_cluster *f, const struct api_call *call)
{
	(void)ctx, (void)call;
	if (f->fail_reads || f->writes <= (unsigned)f->fail_at)
		return;
	f->fail_reads = f->fail_all = true;
	f->fault = FAKE_LOSE;
	f->fail_at = 0;
}

/* Each write is the first to fail, once. */
static void resumed_run(void **state)
{
	const struct resumed *row = *state;
	bool more = true;
	for (int at = 0; more; at++) {
		struct vault v;
		plan_of_helms(&v);
		struct fake_cluster *f = &v.w.f;
		AUTO(auto_free) char *file = path_join(v.dir, "result.json");
		f->fault = row->fault;
		f->fail_at = at;
		f->fail_all = row->all;
		f->before_read = row->blind ? go_blind : NULL;
		run_with_journal(&v, file);
		more = f->writes > (unsigned)at;
		f->before_read = NULL;
		f->fail_reads = f->fail_all = false;
		f->fail_at = -1;
		if (run_with_journal(&v, file) < 0)
			fail_msg("write %d: %s: %s", at, v.w.err.msg,
				 v.w.result.objects[0].message);
		assert_string_equal(live_value(&v), BASE64);
		check_nothing_leaks(&v);
		vault_done(&v);
		assert_in_range(at, 0, 20);
	}
}

static void another_wrote_meanwhile(void **state)
{
	(void)state;
	struct vault v;
	plan_of_helms(&v);
	AUTO(auto_free) char *file = path_join(v.dir, "result.json");
	v.w.f.fault = FAKE_REFUSE;
	v.w.f.fail_at = 2; /* after the parent and the takeover */
	assert_int_equal(run_with_journal(&v, file), -1);
	v.w.f.fail_at = -1;
	fake_put(&v.w.f, SECRET("bmV3"), "helm", "Update");
	assert_int_equal(run_with_journal(&v, file), -1);
	world_expect(&v.w, v.change->id, OUTCOME_STALE);
	assert_string_equal(live_value(&v), "bmV3");
	vault_done(&v);
}

int main(void)
{
	struct CMUnitTest all[16];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(created),
		cmocka_unit_test(updated),
		cmocka_unit_test(moved),
		cmocka_unit_test(quoted_by_the_server),
		cmocka_unit_test(not_in_the_repository),
		cmocka_unit_test(not_what_the_plan_says),
		cmocka_unit_test(needs_the_key),
		cmocka_unit_test(another_wrote_meanwhile),
		cmocka_unit_test(deleted),
	};
	size_t n = ARRAY_LEN(tests);
	_Static_assert(ARRAY_LEN(tests) + ARRAY_LEN(resumed) <= ARRAY_LEN(all), "room for all");
	memcpy(all, tests, sizeof(tests));
	for (size_t i = 0; i < ARRAY_LEN(resumed); i++)
		all[n++] = fixture_row(resumed[i].name, resumed_run, &resumed[i]);
	return _cmocka_run_group_tests("secrets", all, n, NULL, NULL);
}
