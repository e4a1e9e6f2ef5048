/* What a journal keeps for a rollback: objects before and after, to which application they belong,
 * what the applications recorded; and how one says that it is undone. */
#include "tests/lib/fixture.h"

#include <string.h>
#include <unistd.h>

#include "apply/applyset.h"
#include "apply/journal.h"
#include "base/file.h"

#define PLAN_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PLAN_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define RUN(more)                                                                                  \
	"{\"record\":\"run\",\"apiVersion\":\"rhumb.dev/"                                          \
	"v1\",\"kind\":\"Journal\",\"plan\":\"" PLAN_A                                             \
	"\",\"cluster\":\"u\",\"tool\":\"rhumb\",\"time\":\"2026-01-01T00:00:00Z\"" more "}\n"
#define GIT ",\"git\":{\"repository\":\"r\",\"base\":\"b\",\"head\":\"h\"}"
#define APPS                                                                                       \
	",\"applications\":[{\"name\":\"shop\",\"path\":\"p\",\"namespace\":\"n\",\"applyset\":"   \
	"\"s\"}]"
#define INTENT(more)                                                                               \
	"{\"record\":\"intent\",\"id\":\"a\",\"step\":\"apply\",\"sent\":\"sha256:0\"" more "}\n"
#define ANSWER(more)                                                                               \
	"{\"record\":\"answer\",\"id\":\"a\",\"step\":\"apply\",\"status\":200" more "}\n"
#define FINISH  "{\"record\":\"finish\",\"outcome\":\"failed\",\"time\":\"2026-01-01T00:00:00Z\"}\n"
#define UNDONE  "{\"record\":\"rollback\",\"plan\":\"" PLAN_B "\"}\n"
#define UNDOING "{\"record\":\"rollback\",\"plan\":\"" PLAN_B "\",\"file\":\"f\"}\n"

static const struct text_case {
	const char *name, *text;
	const char *error; /* NULL: it is read */
} texts[] = {
	{ "git and applications", RUN(GIT APPS), NULL },
	{ "neither, of an older rhumb", RUN(""), NULL },
	{ "git without applications", RUN(GIT), "git, applications" },
	{ "applications without git", RUN(APPS), "git, applications" },
	{ "git without a head", RUN(",\"git\":{\"repository\":\"r\",\"base\":\"b\"}" APPS),
	  "expected a text in `head`" },
	{ "an application that is none", RUN(GIT ",\"applications\":[1]"),
	  "expected an object in `applications`" },
	{ "an application without a name", RUN(GIT ",\"applications\":[{\"path\":\"p\"}]"),
	  "expected a text in `name`" },
	{ "an application with more", RUN(GIT ",\"applications\":[{\"name\":\"n\",\"x\":\"y\"}]"),
	  "unknown key `x`" },
	{ "application and wave", RUN("") INTENT(",\"application\":\"shop\",\"wave\":-3"), NULL },
	{ "a wave that is none", RUN("") INTENT(",\"wave\":\"x\""), "expected a number in `wave`" },
	{ "an object after", RUN("") INTENT("") ANSWER(",\"after\":{\"k\":1}"), NULL },
	{ "no object after", RUN("") INTENT("") ANSWER(",\"after\":1"),
	  "expected an object in `after`" },
	{ "a step back",
	  RUN("") "{\"record\":\"intent\",\"id\":\"a\",\"step\":\"give-back\","
		  "\"sent\":\"s\"}\n",
	  NULL },
	{ "undone", RUN("") INTENT("") FINISH UNDONE, NULL },
	{ "undoes itself", RUN("") INTENT("") UNDOING FINISH, NULL },
	{ "undone by nothing", RUN("") "{\"record\":\"rollback\"}\n", "expected a text in `plan`" },
	{ "undone with more", RUN("") "{\"record\":\"rollback\",\"plan\":\"p\",\"x\":1}\n",
	  "unknown key `x`" },
};

static void text_case_run(void **state)
{
	const struct text_case *c = *state;
	AUTO(journal_log_done) struct journal_log log = { 0 };
	AUTO(err_done) struct err err = { 0 };
	int rc = journal_parse(&log, c->text, strlen(c->text), "j", &err);
	if (c->error && (rc == 0 || !strstr(err.msg, c->error)))
		fail_msg("wanted \"%s\", got %s", c->error, rc ? err.msg : "no error");
	if (!c->error && rc < 0)
		fail_msg("%s", err.msg);
}

/* ---- keeping */

struct keeping {
	char *dir, *result, *path;
	struct plan p;
	struct planned_application app;
	struct err err;
};

static void keeping_init(struct keeping *k)
{
	*k = (struct keeping){ .dir = fixture_dir() };
	k->result = path_join(k->dir, "result.json");
	k->path = journal_path(k->result);
	k->app = (struct planned_application){
		.name = "shop", .path = "apps/shop", .namespace = "ns", .applyset = "set"
	};
	k->p = (struct plan){ .digest = PLAN_A,
			      .cluster_uid = "u",
			      .repository = "repo",
			      .base = "1",
			      .head = "2",
			      .applications = &k->app,
			      .n_applications = 1 };
}

static void keeping_done(struct keeping *k)
{
	err_done(&k->err);
	free(k->result);
	free(k->path);
	fixture_remove(&k->dir);
}

static struct journal *opened(struct keeping *k, const char *key)
{
	struct journal *j = NULL;
	if (journal_open(&j, k->result, &k->p, key, &k->err) < 0)
		fail_msg("%s", k->err.msg);
	return j;
}

static void ok(struct keeping *k, int rc)
{
	if (rc < 0)
		fail_msg("%s", k->err.msg);
}

#define SECRET(value)                                                                              \
	"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"uid\":\"u1\","  \
	"\"managedFields\":[]},\"data\":{\"p\":\"" value "\"},\"status\":{}}"

/* What is there before and after, of which nobody sees the values without the key. */
static void after_run(void **state)
{
	const char *key = *state;
	struct keeping k;
	AUTO(arena_done) struct arena a = { 0 };
	keeping_init(&k);
	struct journal *j = opened(&k, key);
	struct json after = fixture_json(&a, SECRET("aHVudGVyMg==")), back;
	struct journal_intent i = { .id = "Secret/ns/s",
				    .step = JOURNAL_APPLY,
				    .application = "shop",
				    .wave = 7,
				    .body = &after,
				    .secret = true };
	struct api_call call = { .status = 200, .object = &after };
	ok(&k, journal_intent(j, &i, &k.err));
	ok(&k, journal_answer(j, i.id, i.step, &call, true, &k.err));
	journal_close(j);
	AUTO(buf_done) struct buf text = { 0 };
	ok(&k, file_read(k.path, 0, &text, &k.err));
	assert_null(strstr(text.data, "aHVudGVyMg"));
	AUTO(journal_log_done) struct journal_log log = { 0 };
	ok(&k, journal_read(&log, k.path, &k.err));
	const struct journal_object *o = journal_find(&log, i.id);
	assert_string_equal(o->application, "shop");
	assert_int_equal(o->wave, 7);
	assert_string_equal(json_str(json_at(o->after, "metadata", "uid", NULL)), "u1");
	assert_int_equal(journal_after(&log, o, NULL, &a, &back, &k.err), -1);
	assert_int_equal(k.err.code, ERR_REFUSED);
	err_done(&k.err);
	assert_int_equal(journal_after(&log, o, "key", &a, &back, &k.err), key ? 0 : -1);
	if (key)
		assert_string_equal(json_str(json_at(&back, "data", "p", NULL)), "aHVudGVyMg==");
	err_done(&k.err);
	assert_int_equal(journal_before(&log, o, "key", &a, &back, &k.err), -1);
	assert_int_equal(k.err.code, ERR_NOT_FOUND);
	keeping_done(&k);
}

/* The seal of an object before a write does not open in the place of the one after it. */
static void not_swapped(void **state)
{
	(void)state;
	struct keeping k;
	AUTO(arena_done) struct arena a = { 0 };
	keeping_init(&k);
	struct journal *j = opened(&k, "key");
	struct json live = fixture_json(&a, SECRET("b2xk")), back;
	AUTO(auto_free) char *sealed = NULL;
	AUTO(auto_free) char *before = journal_before_text(j, "s", &live, true, &sealed);
	AUTO(auto_free)
	char *swapped =
		xfmt("{\"record\":\"answer\",\"id\":\"s\",\"step\":\"apply\",\"status\":200,"
		     "\"sealed\":\"%s\",\"after\":%s}\n",
		     sealed, before);
	struct journal_intent i = { .id = "s", .step = JOURNAL_APPLY, .secret = true };
	ok(&k, journal_intent(j, &i, &k.err));
	journal_close(j);
	AUTO(buf_done) struct buf text = { 0 };
	ok(&k, file_read(k.path, 0, &text, &k.err));
	buf_puts(&text, swapped);
	AUTO(journal_log_done) struct journal_log log = { 0 };
	ok(&k, journal_parse(&log, text.data, text.len, "j", &k.err));
	assert_int_equal(journal_after(&log, journal_find(&log, "s"), "key", &a, &back, &k.err),
			 -1);
	assert_non_null(strstr(k.err.msg, "cannot be unsealed"));
	keeping_done(&k);
}

static void of_the_plan(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	journal_close(opened(&k, NULL));
	AUTO(journal_log_done) struct journal_log log = { 0 };
	ok(&k, journal_read(&log, k.path, &k.err));
	assert_string_equal(log.head, "2");
	assert_int_equal(log.n_applications, 1);
	assert_string_equal(log.applications[0].namespace, "ns");
	assert_string_equal(log.applications[0].applyset, "set");
	keeping_done(&k);
}

static void record_of_an_application(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct applyset set = { "ConfigMap,Deployment.apps", "", { "c", NULL, "d" } }, back;
	struct json v = applyset_json(&a, &set);
	applyset_from_json(&a, &v, &back);
	assert_string_equal(back.kinds, set.kinds);
	assert_string_equal(back.namespaces, "");
	assert_string_equal(back.record.commit, "c");
	assert_null(back.record.repository);
	size_t n;
	const char **kinds = applyset_split(&a, back.kinds, &n);
	assert_int_equal(n, 2);
	assert_string_equal(kinds[1], "Deployment.apps");
	applyset_split(&a, "", &n);
	assert_int_equal(n, 0);
}

/* ---- undone */

static void write_one(struct keeping *k, struct journal *j)
{
	struct json body = json_of_object();
	struct journal_intent i = { .id = "a", .step = JOURNAL_APPLY, .body = &body };
	ok(k, journal_intent(j, &i, &k->err));
}

static void not_resumed_once_undone(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	struct journal *j = opened(&k, NULL);
	write_one(&k, j);
	/* While it is at work, nobody undoes it. */
	assert_int_equal(journal_mark_undone(k.path, PLAN_A, PLAN_B, &k.err), -1);
	assert_int_equal(k.err.code, ERR_CONFLICT);
	err_done(&k.err);
	journal_close(j);
	ok(&k, journal_mark_undone(k.path, PLAN_B, PLAN_A, &k.err)); /* that of another plan */
	j = opened(&k, NULL);
	assert_non_null(journal_earlier(j));
	journal_close(j);
	ok(&k, journal_mark_undone(k.path, PLAN_A, PLAN_B, &k.err));
	ok(&k, journal_mark_undone(k.path, PLAN_A, PLAN_B, &k.err)); /* once is enough */
	AUTO(journal_log_done) struct journal_log log = { 0 };
	ok(&k, journal_read(&log, k.path, &k.err));
	assert_string_equal(log.rollback, PLAN_B);
	assert_null(log.rollback_file);
	assert_int_equal(log.records, 4); /* run, intent, run, rollback */
	j = opened(&k, NULL);
	assert_null(journal_earlier(j));
	assert_non_null(journal_kept(j));
	journal_close(j);
	AUTO(auto_free) char *gone = path_join(k.dir, "no-such");
	ok(&k, journal_mark_undone(gone, PLAN_A, PLAN_B, &k.err));
	assert_false(file_exists(gone));
	keeping_done(&k);
}

static void gone_on_with_while_undoing(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	struct journal *j = opened(&k, NULL);
	write_one(&k, j);
	ok(&k, journal_rollback(j, PLAN_B, "file", &k.err));
	journal_close(j);
	j = opened(&k, NULL);
	assert_non_null(journal_earlier(j));
	assert_string_equal(journal_earlier(j)->rollback_file, "file");
	struct apply_result r = { .outcome = APPLY_FAILED };
	ok(&k, journal_finish(j, &r, &k.err));
	journal_close(j);
	j = opened(&k, NULL);
	assert_null(journal_earlier(j));
	journal_close(j);
	keeping_done(&k);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(texts) + 7];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		tests[n++] = fixture_row(texts[i].name, text_case_run, &texts[i]);
	tests[n++] = fixture_row("after, with a key", after_run, "key");
	tests[n++] = fixture_row("after, without", after_run, NULL);
	tests[n++] = fixture_row("not swapped", not_swapped, NULL);
	tests[n++] = fixture_row("of the plan", of_the_plan, NULL);
	tests[n++] = fixture_row("record of an application", record_of_an_application, NULL);
	tests[n++] = fixture_row("not resumed once undone", not_resumed_once_undone, NULL);
	tests[n++] = fixture_row("gone on with", gone_on_with_while_undoing, NULL);
	return _cmocka_run_group_tests("journal for a rollback", tests, n, NULL, NULL);
}
