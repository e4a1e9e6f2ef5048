/* Journals: what is written is read again; what a crash leaves is cut off; anything else is
 * refused with its line; whose turn it is. */
#include "tests/lib/fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/journal.h"
#include "base/file.h"

#define PLAN_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PLAN_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define RUN                                                                                        \
	"{\"record\":\"run\",\"apiVersion\":\"rhumb.dev/"                                          \
	"v1\",\"kind\":\"Journal\",\"plan\":\"" PLAN_A                                             \
	"\",\"cluster\":\"u\",\"tool\":\"rhumb\",\"time\":\"2026-01-01T00:00:00Z\"}\n"
#define INTENT "{\"record\":\"intent\",\"id\":\"a\",\"step\":\"apply\",\"sent\":\"sha256:0\"}\n"
#define ANSWER "{\"record\":\"answer\",\"id\":\"a\",\"step\":\"apply\",\"status\":201}\n"
#define END    "{\"record\":\"end\",\"id\":\"a\",\"outcome\":\"applied\",\"seconds\":0.1}\n"
#define FINISH "{\"record\":\"finish\",\"outcome\":\"applied\",\"time\":\"2026-01-01T00:00:00Z\"}\n"

/* ---- reading */

static const struct text_case {
	const char *name, *text;
	const char *error; /* NULL: it is read, with ... */
	size_t records;
} texts[] = {
	{ "empty", "", NULL, 0 },
	{ "torn in its first line", "{\"record\":\"ru", NULL, 0 },
	{ "just begun", RUN, NULL, 1 },
	{ "whole", RUN INTENT ANSWER END FINISH, NULL, 5 },
	{ "torn", RUN INTENT "{\"record\":\"answ", NULL, 2 },
	{ "torn with rubbish", RUN INTENT "\x01\xff\x02", NULL, 2 },
	{ "all but the line's end", RUN "{\"record\":\"intent\"}", NULL, 1 },
	{ "two runs", RUN INTENT RUN INTENT ANSWER END FINISH, NULL, 7 },
	{ "after a finish", RUN FINISH RUN, NULL, 3 },
	{ "no journal", "hello\n", "j:1:", 0 },
	{ "a blank line", RUN "\n" INTENT, "j:2:", 0 },
	{ "a torn line in the middle", RUN "{\"record\":\"ans\n" INTENT, "j:2:", 0 },
	{ "does not begin", INTENT,
	  "j:1: not a journal that this version of rhumb can read: does "
	  "not begin with `run`",
	  0 },
	{ "no object", RUN "[]\n", "j:2: ", 0 },
	{ "unknown record", RUN "{\"record\":\"x\"}\n", "unknown record `x`", 0 },
	{ "unknown key", RUN "{\"record\":\"finish\",\"x\":1}\n", "unknown key `x`", 0 },
	{ "another version",
	  "{\"record\":\"run\",\"apiVersion\":\"rhumb.dev/v9\",\"kind\":"
	  "\"Journal\"}\n",
	  "another version, `rhumb.dev/v9`", 0 },
	{ "another kind",
	  "{\"record\":\"run\",\"apiVersion\":\"rhumb.dev/v1\",\"kind\":\"Plan\"}"
	  "\n",
	  "another kind, `Plan`", 0 },
	{ "answer to nothing", RUN ANSWER, "never announced: `a`", 0 },
	{ "end of nothing", RUN END, "never announced: `a`", 0 },
	{ "goes on after its end", RUN FINISH INTENT, "after the end of its run: `intent`", 0 },
	{ "answer to another step",
	  RUN INTENT "{\"record\":\"answer\",\"id\":\"a\",\"step\":\"delete\",\"status\":200}\n",
	  "another step was announced of `a`", 0 },
	{ "no status", RUN INTENT "{\"record\":\"answer\",\"id\":\"a\",\"step\":\"apply\"}\n",
	  "expected a status", 0 },
	{ "no step", RUN "{\"record\":\"intent\",\"id\":\"a\",\"step\":\"x\",\"sent\":\"s\"}\n",
	  "unknown value in `step`", 0 },
	{ "a takeover",
	  RUN "{\"record\":\"intent\",\"id\":\"a\",\"step\":\"takeover\",\"sent\":\"s\","
	      "\"makes\":\"" PLAN_A "\"}\n",
	  NULL, 2 },
	{ "a takeover that makes nonsense",
	  RUN "{\"record\":\"intent\",\"id\":\"a\",\"step\":\"takeover\",\"sent\":\"s\","
	      "\"makes\":\"x\"}\n",
	  "expected a digest in `makes`", 0 },
	{ "sealed nothing",
	  RUN "{\"record\":\"intent\",\"id\":\"a\",\"step\":\"apply\",\"sent\":"
	      "\"s\",\"sealed\":\"x\"}\n",
	  "expected an object in `before`", 0 },
	{ "no time", RUN INTENT "{\"record\":\"end\",\"id\":\"a\",\"outcome\":\"applied\"}\n",
	  "expected a time in `seconds`", 0 },
};

static void text_case_run(void **state)
{
	const struct text_case *c = *state;
	AUTO(journal_log_done) struct journal_log log = { 0 };
	AUTO(err_done) struct err err = { 0 };
	int rc = journal_parse(&log, c->text, strlen(c->text), "j", &err);
	assert_int_equal(rc, c->error ? -1 : 0);
	assert_int_equal(log.records, c->records);
	if (!c->error)
		return;
	AUTO(auto_free) char *text = err_text(&err);
	assert_int_equal(err.code, ERR_INPUT);
	if (!strstr(text, c->error))
		fail_msg("\"%s\" should have \"%s\"", text, c->error);
}

/* ---- keeping */

struct keeping {
	char *dir, *result;
	struct plan a, b;
	struct err err;
};

static void keeping_init(struct keeping *k)
{
	*k = (struct keeping){ .dir = fixture_dir() };
	k->result = path_join(k->dir, "result.json");
	k->a = (struct plan){ .digest = PLAN_A, .cluster_uid = "u" };
	k->b = (struct plan){ .digest = PLAN_B, .cluster_uid = "u" };
}

static void keeping_done(struct keeping *k)
{
	err_done(&k->err);
	free(k->result);
	fixture_remove(&k->dir);
}

static struct journal *opened(struct keeping *k, const struct plan *p, const char *key)
{
	struct journal *j = NULL;
	if (journal_open(&j, k->result, p, key, &k->err) < 0)
		fail_msg("%s", k->err.msg);
	return j;
}

static void refused(struct keeping *k, const struct plan *p, enum err_code code, const char *part)
{
	struct journal *j = NULL;
	assert_int_equal(journal_open(&j, k->result, p, NULL, &k->err), -1);
	if (k->err.code != code || !strstr(k->err.msg, part))
		fail_msg("code %d: %s", k->err.code, k->err.msg);
	err_done(&k->err);
}

static void write_one(struct keeping *k, struct journal *j)
{
	struct json body = json_of_object();
	struct journal_intent i = { .id = "a", .step = JOURNAL_APPLY, .body = &body };
	assert_int_equal(journal_intent(j, &i, &k->err), 0);
	assert_int_equal(journal_sync(j, &k->err), 0);
}

static void finish(struct keeping *k, struct journal *j, enum apply_outcome outcome)
{
	struct apply_result r = { .outcome = outcome };
	assert_int_equal(journal_finish(j, &r, &k->err), 0);
	journal_close(j);
}

static bool there(struct keeping *k, const char *name)
{
	AUTO(auto_free) char *path = path_join(k->dir, name);
	return file_exists(path);
}

static void resumes(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	struct journal *j = opened(&k, &k.a, NULL);
	assert_null(journal_earlier(j));
	struct stat st;
	AUTO(auto_free) char *path = journal_path(k.result);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	write_one(&k, j);
	journal_close(j); /* as after a SIGKILL */
	int fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "{\"reco", 6), 6);
	close(fd);
	refused(&k, &k.b, ERR_REFUSED, PLAN_A);
	j = opened(&k, &k.a, NULL);
	assert_non_null(journal_earlier(j));
	assert_int_equal(journal_earlier(j)->n_objects, 1);
	assert_false(journal_earlier(j)->finished);
	finish(&k, j, APPLY_FAILED);
	j = opened(&k, &k.a, NULL);
	assert_non_null(journal_earlier(j));
	assert_int_equal(journal_earlier(j)->runs, 2);
	journal_close(j);
	keeping_done(&k);
}

static void finished_is_kept(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	for (int i = 0; i < 3; i++) {
		struct journal *j = opened(&k, i == 1 ? &k.b : &k.a, NULL);
		assert_null(journal_earlier(j));
		if (i)
			assert_non_null(strstr(journal_kept(j), i == 1 ? "json.1" : "json.2"));
		write_one(&k, j);
		fixture_write(k.dir, "result.json", "the result");
		finish(&k, j, APPLY_APPLIED);
	}
	assert_true(there(&k, "result.json.1") && there(&k, "result.json.1.journal"));
	assert_true(there(&k, "result.json.2") && there(&k, "result.json.2.journal"));
	assert_false(there(&k, "result.json.3"));
	keeping_done(&k);
}

/* Killed between the two renames: the journal follows its result. */
static void half_moved(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	struct journal *j = opened(&k, &k.a, NULL);
	write_one(&k, j);
	finish(&k, j, APPLY_APPLIED);
	fixture_write(k.dir, "result.json.1", "its result");
	j = opened(&k, &k.a, NULL);
	assert_true(there(&k, "result.json.1.journal"));
	journal_close(j);
	keeping_done(&k);
}

/* A run that wrote nothing leaves nothing to keep. */
static void nothing_written(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	finish(&k, opened(&k, &k.a, NULL), APPLY_STALE);
	struct journal *j = opened(&k, &k.b, NULL);
	assert_null(journal_earlier(j));
	assert_null(journal_kept(j));
	journal_close(j);
	keeping_done(&k);
}

static void one_at_a_time(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	struct journal *j = opened(&k, &k.a, NULL);
	refused(&k, &k.a, ERR_CONFLICT, "another rhumb apply is at work");
	journal_close(j);
	journal_close(opened(&k, &k.a, NULL));
	keeping_done(&k);
}

/* ---- waiting */

struct waiting {
	struct journal *held;
	volatile sig_atomic_t interrupted;
	bool interrupt;
	int said;
};

static void let_go(void *ctx, const char *what)
{
	struct waiting *w = ctx;
	assert_non_null(strstr(what, "another rhumb apply"));
	w->said++;
	if (w->interrupt)
		w->interrupted = 1;
	else
		journal_close(TAKE(w->held));
}

static void waits(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	struct waiting w = { .held = opened(&k, &k.a, NULL) };
	struct journal_wait wait = {
		.timeout_seconds = 3600, .interrupted = &w.interrupted, .waiting = let_go, .ctx = &w
	};
	struct journal *j = NULL;
	if (journal_open_waiting(&j, k.result, &k.a, NULL, &wait, &k.err) < 0)
		fail_msg("%s", k.err.msg);
	assert_int_equal(w.said, 1);
	assert_in_range(wait.timeout_seconds, 1, 3600);
	/* Its end may also be that of another plan. */
	write_one(&k, j);
	w = (struct waiting){ .held = j, .interrupt = true };
	j = NULL;
	assert_int_equal(journal_open_waiting(&j, k.result, &k.b, NULL, &wait, &k.err), -1);
	assert_int_equal(k.err.code, ERR_INTERRUPTED);
	err_done(&k.err);
	w.interrupted = 0;
	w.interrupt = false;
	assert_int_equal(journal_open_waiting(&j, k.result, &k.b, NULL, &wait, &k.err), -1);
	assert_int_equal(k.err.code, ERR_REFUSED);
	keeping_done(&k);
}

static void waits_in_vain(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	struct journal *held = opened(&k, &k.a, NULL), *j = NULL;
	struct journal_wait wait = { .timeout_seconds = 0 };
	assert_int_equal(journal_open_waiting(&j, k.result, &k.a, NULL, &wait, &k.err), -1);
	assert_int_equal(k.err.code, ERR_CONFLICT);
	err_done(&k.err);
	wait.timeout_seconds = 1;
	assert_int_equal(journal_open_waiting(&j, k.result, &k.a, NULL, &wait, &k.err), -1);
	assert_int_equal(k.err.code, ERR_CONFLICT);
	assert_non_null(strstr(k.err.msg, "still so after --lock-timeout"));
	journal_close(held);
	keeping_done(&k);
}

static void not_a_journal(void **state)
{
	(void)state;
	struct keeping k;
	keeping_init(&k);
	fixture_write(k.dir, "result.json.journal", "my diary\n");
	refused(&k, &k.a, ERR_INPUT, "in the way");
	AUTO(auto_free) char *path = journal_path(k.result);
	assert_int_equal(unlink(path), 0);
	fixture_write(k.dir, "elsewhere", "");
	fixture_link(k.dir, "result.json.journal", "elsewhere");
	refused(&k, &k.a, ERR_SYSTEM, "without a journal nothing is written");
	assert_int_equal(unlink(path), 0);
	free(k.result);
	k.result = xstrdup("/nowhere/at/all/result.json");
	refused(&k, &k.a, ERR_SYSTEM, "another -o");
	keeping_done(&k);
}

/* ---- Secrets */

#define SECRET                                                                                     \
	"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"annotations\":" \
	"{"                                                                                        \
	"\"kubectl.kubernetes.io/last-applied-configuration\":\"aHVudGVyMg==\"},"                  \
	"\"managedFields\":[]},\"data\":{\"p\":\"aHVudGVyMg==\"},\"status\":{}}"

static void secret_run(void **state)
{
	const char *key = *state;
	struct keeping k;
	AUTO(arena_done) struct arena a = { 0 };
	keeping_init(&k);
	struct journal *j = opened(&k, &k.a, key);
	struct json live = fixture_json(&a, SECRET);
	AUTO(auto_free) char *sealed = NULL;
	AUTO(auto_free) char *before = journal_before_text(j, "a", &live, true, &sealed);
	struct journal_intent i = { .id = "a",
				    .step = JOURNAL_APPLY,
				    .body = &live,
				    .secret = true,
				    .before = before,
				    .sealed = sealed };
	assert_int_equal(journal_intent(j, &i, &k.err), 0);
	journal_close(j);

	AUTO(auto_free) char *path = journal_path(k.result);
	AUTO(buf_done) struct buf text = { 0 };
	assert_int_equal(file_read(path, 0, &text, &k.err), 0);
	assert_null(strstr(text.data, "aHVudGVyMg"));
	assert_null(strstr(text.data, "hunter2"));
	assert_non_null(strstr(text.data, "\"p\":\"(hidden)\""));
	AUTO(journal_log_done) struct journal_log log = { 0 };
	assert_int_equal(journal_read(&log, path, &k.err), 0);
	struct json back;
	const struct journal_object *o = journal_find(&log, "a");
	assert_int_equal(journal_before(&log, o, NULL, &a, &back, &k.err), -1);
	assert_int_equal(k.err.code, ERR_REFUSED);
	err_done(&k.err);
	int rc = journal_before(&log, o, "key", &a, &back, &k.err);
	assert_int_equal(rc, key ? 0 : -1);
	if (key) {
		assert_string_equal(json_str(json_at(&back, "data", "p", NULL)), "aHVudGVyMg==");
		assert_null(json_get(&back, "status"));
		assert_non_null(json_at(&back, "metadata", "managedFields", NULL));
	} else {
		assert_non_null(strstr(k.err.msg, "RHUMB_KEY"));
	}
	keeping_done(&k);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(texts) + 10];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		tests[n++] = fixture_row(texts[i].name, text_case_run, &texts[i]);
	tests[n++] = fixture_row("resumes", resumes, NULL);
	tests[n++] = fixture_row("finished is kept", finished_is_kept, NULL);
	tests[n++] = fixture_row("half moved", half_moved, NULL);
	tests[n++] = fixture_row("nothing written", nothing_written, NULL);
	tests[n++] = fixture_row("one at a time", one_at_a_time, NULL);
	tests[n++] = fixture_row("waits", waits, NULL);
	tests[n++] = fixture_row("waits in vain", waits_in_vain, NULL);
	tests[n++] = fixture_row("not a journal", not_a_journal, NULL);
	tests[n++] = fixture_row("a Secret with a key", secret_run, "key");
	tests[n++] = fixture_row("a Secret without", secret_run, NULL);
	return _cmocka_run_group_tests("journal", tests, n, NULL, NULL);
}
