/* rhumb apply: execute exactly a plan, and report every object. */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/apply.h"
#include "apply/report.h"
#include "apply/rollback_apply.h"
#include "base/file.h"
#include "cmd/display.h"
#include "cmd/notify.h"
#include "cmd/target.h"

struct options {
	struct target_options target;
	const char *output;
	bool keep_going, allow_partial, allow_replace;
	const char *lock, *lock_timeout;
	const char *wait, *wait_timeout;
	const char *on_failure;
	struct text_list allow_delete;
	struct notify_settings notify;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* Also of a second one: whoever is impatient must not cut a write in two. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* ---- result and journal */

/* "plan.result.json" for plan.json */
static char *result_beside(const char *plan)
{
	size_t n = strlen(plan), ending = strlen(".json");
	if (n > ending && strcmp(plan + n - ending, ".json") == 0)
		n -= ending;
	return xfmt("%.*s.result.json", (int)n, plan);
}

/* Nothing can lie beside a device or a pipe: the journal is where it is without -o. */
static char *journal_beside(const char *result, const char *plan)
{
	struct stat st;
	bool is_file = stat(result, &st) < 0 || S_ISREG(st.st_mode);
	return is_file ? xstrdup(result) : result_beside(plan);
}

static void say_resumed(const struct journal *j, const struct plan *p)
{
	const struct journal_log *log = journal_earlier(j);
	if (journal_kept(j))
		say_note("the result of the earlier apply is kept as %s", journal_kept(j));
	if (!log)
		return;
	size_t done = 0;
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct journal_object *o = journal_find(log, p->changes[i].id);
		done += o && o->ended &&
			(o->result.outcome == OUTCOME_APPLIED ||
			 o->result.outcome == OUTCOME_UNCHANGED);
	}
	say_note("resuming the apply of %s: %zu of %zu changes were done", log->started, done,
		 p->n_changes);
}

/* The result first: until it is written, the run is not over. */
static int keep_result(struct journal *j, const struct apply_result *r, const char *path,
		       bool unfinished, struct err *err)
{
	if (result_write(r, path, err) < 0)
		return -1;
	return unfinished ? 0 : journal_finish(j, r, err);
}

/* A rollback has changes of its own to be shown. */
struct undoing {
	struct display *apply, *rollback;
	bool live;
};

static struct apply_progress begin_undoing(void *ctx, const struct plan *undo)
{
	struct undoing *u = ctx;
	display_end(u->apply);
	say_note("rolling back: %zu changes", undo->n_changes);
	u->rollback = display_new(undo, u->live);
	return display_progress(u->rollback);
}

static void end_undoing(void *ctx)
{
	struct undoing *u = ctx;
	display_end(u->rollback);
	display_free(TAKE(u->rollback));
}

/* Applies, and undoes what was written where it fails.  *unfinished: undoing is not at its end. */
static int apply_or_undo(const struct options *o, const struct plan *p, struct target *t,
			 struct apply_options *ao, const char *beside, struct display *display,
			 struct apply_result *r, bool *unfinished, struct err *err)
{
	struct locks *held = NULL;
	struct undoing undoing = { .apply = display, .live = !o->target.verbose };
	struct rollback_apply ra = { .plan = p,
				     .cluster = t->cluster,
				     .apply = ao,
				     .result = beside,
				     .allow_delete = o->allow_delete.items,
				     .begin = begin_undoing,
				     .end = end_undoing,
				     .ctx = &undoing };
	const struct journal_log *earlier = journal_earlier(ao->journal);
	if (earlier && earlier->rollback_file)
		return rollback_apply_resume(&ra, r, unfinished, err);
	bool undo = o->on_failure && strcmp(o->on_failure, "rollback") == 0;
	ao->hold = undo ? &held : NULL;
	int rc = apply_run(p, t->cluster, t->repository, ao, r, err);
	if (undo && rc < 0 && rollback_is_due(r, ao, err))
		rc = rollback_apply(&ra, r, unfinished, err);
	locks_release(held);
	return rc;
}

/* ---- telling */

/* The exit status, or -1 with err set where it is still to be told: nothing is told twice on a
 * terminal. */
static int report(const struct apply_result *r, const char *file, int rc, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct result_report_options o = { .color = color_on(STDOUT_FILENO), .file = file };
	if (rc < 0 && !one_terminal())
		o.said = err->msg;
	result_report(&text, r, &o);
	fputs(buf_text(&text), stdout);
	return rc < 0 && one_terminal() ? exit_status_of(err) : rc;
}

/* ---- locks */

static int lock_options(const struct options *o, struct lock_options *out, struct err *err)
{
	const char *lease = getenv("RHUMB_LEASE"); /* for tests of how locks end */
	out->holder = getenv("RHUMB_HOLDER");
	if (o->lock_timeout && !duration_parse(o->lock_timeout, &out->timeout_seconds))
		return err_set(err, ERR_USAGE,
			       "--lock-timeout takes a duration such as 90s or 5m, not \"%s\"",
			       o->lock_timeout);
	if (lease && (!duration_parse(lease, &out->lease_seconds) || !out->lease_seconds ||
		      out->lease_seconds > LOCK_MAX_LEASE_SECONDS))
		return err_set(err, ERR_USAGE,
			       "RHUMB_LEASE takes a duration from 1s to %ds, not \"%s\"",
			       LOCK_MAX_LEASE_SECONDS, lease);
	return 0;
}

static int wait_options(const struct options *o, struct apply_options *out, struct err *err)
{
	if (o->wait)
		out->wait = strcmp(o->wait, "true") == 0 ? WAIT_ALWAYS : WAIT_NEVER;
	if (o->wait_timeout &&
	    (!duration_parse(o->wait_timeout, &out->wait_seconds) || !out->wait_seconds))
		return err_set(err, ERR_USAGE,
			       "--wait-timeout takes a duration such as 90s or 5m, not \"%s\"",
			       o->wait_timeout);
	return 0;
}

/* ---- webhooks */

/* After the result is written: whoever waits for the message finds it. */
static void tell_webhooks(const struct options *o, const struct notify_targets *webhooks,
			  const struct plan *p, struct apply_result *r, int rc, const char *file)
{
	size_t before = r->n_problems;
	if (!notify_all(webhooks, &o->notify, p, r, rc == 0))
		return;
	for (size_t i = before; i < r->n_problems && !one_terminal(); i++)
		say_note("%s", r->problems[i]);
	AUTO(err_done) struct err write_error = { 0 };
	if (file && result_write(r, file, &write_error) < 0)
		say_error(&write_error);
}

/* No result is written then: the file may be that of an apply that is to be continued. */
static int not_started(const struct options *o, const struct notify_targets *webhooks,
		       const struct plan *p, const struct err *err)
{
	AUTO(result_done) struct apply_result r = { 0 };
	result_init(&r, p);
	r.outcome = err->code == ERR_REFUSED ? APPLY_REFUSED : APPLY_FAILED;
	r.next = "Nothing was written. Settle the error and apply the same plan again.";
	result_problem(&r, "%s", err->msg);
	if (notify_all(webhooks, &o->notify, p, &r, false))
		for (size_t i = 1; i < r.n_problems; i++)
			say_note("%s", r.problems[i]);
	return -1;
}

static int begin(const struct options *o, struct target *t, const struct plan *p, struct err *err)
{
	if (plan_is_static(p))
		return err_set(
			err, ERR_REFUSED,
			"a plan made with --cluster none compares revisions only: plan against "
			"a cluster to apply");
	return target_open_planned(t, &o->target, p->cluster_name, *p->base ? p->base : p->head,
				   err);
}

/* Before there is a display. */
static void say_waiting(void *ctx, const char *what)
{
	(void)ctx;
	say_note("%s", what);
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	const struct options *o = options;
	AUTO(target_done) struct target t = { 0 };
	AUTO(plan_done) struct plan plan = { 0 };
	AUTO(result_done) struct apply_result result = { 0 };
	AUTO(notify_targets_done) struct notify_targets webhooks = { 0 };
	if (argc != 1)
		return err_set(err, ERR_USAGE, "usage: rhumb apply [OPTION...] PLAN");
	if (notify_prepare(&webhooks, &o->notify, err) < 0 || plan_read(&plan, argv[0], err) < 0)
		return -1;
	if (begin(o, &t, &plan, err) < 0)
		return not_started(o, &webhooks, &plan, err);
	struct lock_options lock = { 0 };
	bool locked = !o->lock || strcmp(o->lock, "true") == 0;
	if (lock_options(o, &lock, err) < 0)
		return -1;
	catch_signals();
	AUTO(auto_free) char *file = o->output ? xstrdup(o->output) : result_beside(argv[0]);
	AUTO(auto_free) char *beside = journal_beside(file, argv[0]);
	AUTO(journal_close_p) struct journal *journal = NULL;
	const char *key = getenv("RHUMB_KEY");
	if (key && !*key)
		key = NULL;
	struct journal_wait wait = { .timeout_seconds = lock.timeout_seconds,
				     .interrupted = &interrupted,
				     .waiting = say_waiting };
	if (journal_open_waiting(&journal, beside, &plan, key, &wait, err) < 0)
		return -1;
	lock.timeout_seconds = wait.timeout_seconds;
	say_resumed(journal, &plan);
	AUTO(display_free_p) struct display *display = display_new(&plan, !o->target.verbose);
	struct apply_options ao = {
		.keep_going = o->keep_going,
		.allow_partial = o->allow_partial,
		.allow_replace = o->allow_replace,
		.timeout_seconds = o->target.timeout,
		.key = key,
		.interrupted = &interrupted,
		.lock = locked ? &lock : NULL,
		.unlocked =
			locked ? NULL : "another apply could run at the same time (--lock=false)",
		.journal = journal,
		.progress = display_progress(display),
	};
	if (wait_options(o, &ao, err) < 0)
		return -1;
	bool unfinished = false;
	int rc = apply_or_undo(o, &plan, &t, &ao, beside, display, &result, &unfinished, err);
	display_end(display);
	AUTO(err_done) struct err write_error = { 0 };
	bool kept = keep_result(journal, &result, file, unfinished, &write_error) == 0;
	if (!kept) {
		say_error(&write_error);
		if (rc == 0)
			rc = err_set(err, ERR_PARTIAL, "the result could not be written");
	}
	tell_webhooks(o, &webhooks, &plan, &result, rc, kept ? file : NULL);
	return report(&result, kept ? file : NULL, rc, err);
}

static const struct option_row rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct options, output), "RESULT",
	  "where to write the result file (PLAN.result.json), its journal beside it" },
	{ "keep-going", 'k', OPTION_FLAG, offsetof(struct options, keep_going), NULL,
	  "after a failure go on with what does not depend on it" },
	{ "allow-partial", 0, OPTION_FLAG, offsetof(struct options, allow_partial), NULL,
	  "apply the rest of a plan with conflicts, unknowns or stale objects" },
	{ "allow-replace", 0, OPTION_FLAG, offsetof(struct options, allow_replace), NULL,
	  "delete and create objects whose immutable fields change" },
	{ "wait", 0, OPTION_CHOICE, offsetof(struct options, wait), "true|false",
	  "until what was written is ready, whatever the plan says of it" },
	{ "wait-timeout", 0, OPTION_TEXT, offsetof(struct options, wait_timeout), "DURATION",
	  "for one object to become ready, instead of what the plan says" },
	{ "on-failure", 0, OPTION_CHOICE, offsetof(struct options, on_failure), "stop|rollback",
	  "rollback: undo at once what a failed apply has written" },
	{ "allow-delete", 0, OPTION_LIST, offsetof(struct options, allow_delete), "KIND",
	  "such a rollback may delete objects of this kind that hold data (again for more)" },
	{ "lock-timeout", 0, OPTION_TEXT, offsetof(struct options, lock_timeout), "DURATION",
	  "wait for applies of the same applications, or with the same RESULT, as 90s or 5m" },
	{ "lock", 0, OPTION_CHOICE, offsetof(struct options, lock), "true|false",
	  "false: without locks, where leases may not be written" },
	{ "notify", 0, OPTION_LIST, offsetof(struct options, notify.urls), "URL",
	  "post the result to this webhook; env:NAME takes the URL from a variable" },
	{ "notify-format", 0, OPTION_CHOICE, offsetof(struct options, notify.format),
	  "json|slack|teams", "instead of what the host of the webhook says" },
	{ "notify-on", 0, OPTION_CHOICE, offsetof(struct options, notify.on), "always|failure",
	  "when to post; always without this option" },
	CONNECTION_OPTIONS,
	{ 0 },
};

const struct command cmd_apply = {
	.name = "apply",
	.args = "PLAN",
	.summary = "execute exactly a plan",
	.details =
		"Checks that every object is still as the plan saw it before the first write; "
		"otherwise nothing is written\n(exit status 5).  Each write carries a "
		"precondition that the API server enforces.\n\nAfter each wave of an "
		"application it waits until what it has written is ready, and fails with the\n"
		"reason where that is not so in the application's `timeout` (5m).\n\nA lock for "
		"each application "
		"keeps two applies of it apart: Lease rhumb-APPLICATION in its namespace,\nor a "
		"file lock for file:DIR.  RHUMB_HOLDER names the holder, else user@host/pid.\n\n"
		"RESULT.journal records each write before it is sent and after it.  The same "
		"command with the same\nplan and RESULT goes on where an apply was killed, "
		"interrupted or failed, and does nothing twice.\nSIGINT, SIGTERM and SIGHUP "
		"finish the writes under way and write the result (exit status 6).\n\n"
		"--on-failure=rollback keeps the plan that undoes what was written in "
		"RESULT.rollback.plan and applies it\nunder the same locks; killed in between, the "
		"same command goes on with it.\n\n"
		"What --notify posts is signed where RHUMB_NOTIFY_KEY is set; docs/result.md has "
		"the formats.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
