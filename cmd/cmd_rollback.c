/* rhumb rollback: the plan that undoes what an apply did. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apply/rollback.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/time.h"
#include "cmd/target.h"
#include "plan/report/text.h"

struct options {
	struct target_options target;
	const char *output, *format;
	struct text_list allow_delete;
	bool quiet;
};

/* The journal decides; a result that was written has to be of the same plan. */
static int read_journal(const char *result, struct journal_log *log, char **path,
			char **cluster_name, struct err *err)
{
	AUTO(auto_free) char *beside = journal_path(result);
	AUTO(result_done) struct apply_result r = { 0 };
	if (!file_exists(beside))
		return err_set(err, ERR_NOT_FOUND,
			       "there is no journal %s: rhumb rollback takes the result file of an "
			       "apply, beside which its journal lies",
			       beside);
	if (journal_read_idle(log, beside, err) < 0)
		return -1;
	if (!log->records)
		return err_set(err, ERR_INPUT, "%s is empty", beside);
	if (file_exists(result)) {
		if (result_read(&r, result, err) < 0)
			return -1;
		if (strcmp(r.plan, log->plan) != 0)
			return err_set(err, ERR_INPUT,
				       "%s is the result of plan %s, its journal is of plan %s",
				       result, r.plan, log->plan);
		*cluster_name = xstrdup(r.cluster_name);
	}
	char *whole = realpath(beside, NULL);
	*path = whole ? whole : xstrdup(beside);
	return 0;
}

static void say_state(const struct journal_log *log)
{
	if (log->rollback)
		say_note("this apply was undone before, or is being undone, by plan %s",
			 log->rollback);
	else if (!log->finished)
		say_note("this apply was ended before its end: what it has done is undone, and it "
			 "cannot be resumed after that");
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	const struct options *o = options;
	AUTO(target_done) struct target t = { 0 };
	AUTO(journal_log_done) struct journal_log log = { 0 };
	AUTO(plan_done) struct plan plan = { 0 };
	AUTO(auto_free) char *journal = NULL, *cluster_name = NULL;
	if (argc != 1)
		return err_set(err, ERR_USAGE, "usage: rhumb rollback [OPTION...] RESULT");
	if (read_journal(argv[0], &log, &journal, &cluster_name, err) < 0)
		return -1;
	const char *base = log.base && *log.base ? log.base : log.head ? log.head : "HEAD";
	if (target_open_planned(&t, &o->target, cluster_name, base, err) < 0)
		return -1;
	say_state(&log);
	const char *key = getenv("RHUMB_KEY");
	char created[TIME_TEXT];
	time_format(time(NULL), created);
	int64_t start = time_monotonic_ms();
	struct rollback_options ro = { .cluster = t.cluster,
				       .log = &log,
				       .journal = journal,
				       .cluster_name = cluster_name,
				       .key = key && *key ? key : NULL,
				       .allow_delete = o->allow_delete.items,
				       .created = created };
	if (rollback_build(&ro, &plan, err) < 0)
		return -1;
	plan.duration = (double)(time_monotonic_ms() - start) / 1000;
	if (o->output && plan_write(&plan, o->output, err) < 0)
		return err_wrap(err, "write the plan");
	if (!o->quiet)
		print_plan(&plan, o->format, o->output, false);
	if (plan.summary.by_action[ACTION_REFUSED])
		return EXIT_REFUSED;
	if (plan.summary.by_action[ACTION_UNKNOWN] || plan.summary.by_action[ACTION_CONFLICT])
		return EXIT_INCOMPLETE;
	return EXIT_DONE;
}

static const struct option_row rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct options, output), "FILE",
	  "write the plan file" },
	{ "allow-delete", 0, OPTION_LIST, offsetof(struct options, allow_delete), "KIND",
	  "objects of this kind that hold data may be deleted (again for more)" },
	{ "format", 0, OPTION_CHOICE, offsetof(struct options, format), "text|json",
	  "of what is printed" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "print nothing" },
	CONNECTION_OPTIONS,
	{ 0 },
};

const struct command cmd_rollback = {
	.name = "rollback",
	.args = "RESULT",
	.summary = "make the plan that undoes an apply",
	.details =
		"Reads RESULT.journal, which has every object as it was before the apply, and the "
		"cluster, and writes nothing\nbut the plan file: to be shown, approved and applied "
		"like any plan.  Only what the apply did is undone; what\nothers have changed "
		"since "
		"stays.  Values of Secrets are restored under the RHUMB_KEY of the apply.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
