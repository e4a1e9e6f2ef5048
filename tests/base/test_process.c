/* process_run(): with /bin/sh as the child. */
#include "tests/lib/fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "base/time.h"

enum { SOON_MS = 20000 }; /* long before what sleeps would end */

struct run_case {
	const char *name, *script, *input;
	const char *output, *messages;
	int status;
};

static const struct run_case runs[] = {
	{ "output", "echo a; echo b >&2", NULL, "a\n", "b\n", 0 },
	{ "status", "exit 7", NULL, "", "", 7 },
	{ "a signal", "kill -TERM $$", NULL, "", "", 128 + SIGTERM },
	{ "input", "tr a-z A-Z", "some text", "SOME TEXT", "", 0 },
	{ "input that nobody reads", "exit 0", "some text", "", "", 0 },
	{ "no input", "cat; echo end", NULL, "end\n", "", 0 },
	{ "environment added", "echo $ADDED", NULL, "yes\n", "", 0 },
	{ "environment replaced", "env | grep -c ^REPLACED; echo $REPLACED", NULL, "1\nnew\n", "",
	  0 },
	{ "environment kept", "echo $KEPT", NULL, "kept\n", "", 0 },
	{ "folder", "pwd", NULL, "/usr\n", "", 0 },
	{ "no other files are open", "ls /proc/self/fd | wc -l", NULL, "4\n", "", 0 },
	{ "streams closed before the end", "exec >&- 2>&-; sleep 0.1; exit 3", NULL, "", "", 3 },
	{ "a daemon keeps the streams", "sleep 40 & echo started", NULL, "started\n", "", 0 },
};

static const struct process sh = {
	.env = (const char *const[]){ "ADDED=yes", "REPLACED=new", NULL },
	.folder = "/usr",
	.timeout_ms = 20000,
};

static int run(const char *script, struct process p, struct process_result *result, struct err *err)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	p.argv = argv;
	return process_run(&p, result, err);
}

static void run_run(void **state)
{
	const struct run_case *c = *state;
	AUTO(process_result_done) struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct process p = sh;
	p.input = c->input;
	p.input_len = c->input ? strlen(c->input) : 0;
	int64_t start = time_monotonic_ms();
	if (run(c->script, p, &result, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_text(&result.output), c->output);
	assert_string_equal(buf_text(&result.messages), c->messages);
	assert_int_equal(result.status, c->status);
	assert_true(time_monotonic_ms() - start < SOON_MS);
}

static void arguments_are_not_shell(void **state)
{
	(void)state;
	const char *const argv[] = { "printf", "%s|", "a b", "$HOME", "'\"", NULL };
	AUTO(process_result_done) struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(process_run(&(struct process){ .argv = argv }, &result, &err), 0);
	assert_string_equal(buf_text(&result.output), "a b|$HOME|'\"|");
}

static void no_such_program(void **state)
{
	(void)state;
	const char *const argv[] = { "no-such-program-here", NULL };
	AUTO(process_result_done) struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(process_run(&(struct process){ .argv = argv }, &result, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "run no-such-program-here: No such file or directory");
}

/* The child and what it started end with the timeout. */
static void timeout(void **state)
{
	(void)state;
	AUTO(process_result_done) struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	char *dir = fixture_dir();
	struct process p = sh;
	p.folder = dir;
	p.timeout_ms = 500;
	int64_t start = time_monotonic_ms();
	assert_int_equal(run("sleep 60 & echo $! > pid; wait", p, &result, &err), -1);
	assert_int_equal(err.code, ERR_TIMEOUT);
	assert_string_equal(err.msg, "run sh: no end within 500 ms");
	assert_true(time_monotonic_ms() - start < SOON_MS);
	AUTO(process_result_done) struct process_result seen = { 0 };
	err_done(&err);
	p.timeout_ms = 10000;
	/* Gone, or a zombie that nobody has reaped yet. */
	assert_int_equal(
		run("i=0; while kill -0 $(cat pid) 2>/dev/null; do"
		    " case $(cat /proc/$(cat pid)/stat) in *') Z '*) break;; esac; done; echo gone",
		    p, &seen, &err),
		0);
	assert_string_equal(buf_text(&seen.output), "gone\n");
	fixture_remove(&dir);
}

static void endless_output(void **state)
{
	(void)state;
	AUTO(process_result_done) struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct process p = sh;
	p.max_output = 100000;
	assert_int_equal(run("yes", p, &result, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "output of sh: more than 100000 bytes");
	assert_null(result.output.data);
}

static void many_messages(void **state)
{
	(void)state;
	AUTO(process_result_done) struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(run("yes | head -c 1000000 >&2; echo done", sh, &result, &err), 0);
	assert_int_equal(result.messages.len, PROCESS_MAX_MESSAGES);
	assert_string_equal(buf_text(&result.output), "done\n");
}

static void large_input(void **state)
{
	(void)state;
	enum { LARGE = 1 << 20 };
	AUTO(auto_free) char *input = xmalloc(LARGE);
	memset(input, 'x', LARGE);
	AUTO(process_result_done) struct process_result result = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct process p = sh;
	p.input = input;
	p.input_len = LARGE;
	assert_int_equal(run("cat", p, &result, &err), 0);
	assert_int_equal(result.output.len, LARGE);
	assert_memory_equal(result.output.data, input, LARGE);
}

int main(void)
{
	setenv("REPLACED", "old", 1);
	setenv("KEPT", "kept", 1);
	signal(SIGPIPE, SIG_IGN);
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(arguments_are_not_shell),
		cmocka_unit_test(no_such_program),
		cmocka_unit_test(timeout),
		cmocka_unit_test(endless_output),
		cmocka_unit_test(many_messages),
		cmocka_unit_test(large_input),
	};
	size_t n = 6;
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		tests[n++] = fixture_row(runs[i].name, run_run, &runs[i]);
	return _cmocka_run_group_tests("process", tests, n, NULL, NULL);
}
