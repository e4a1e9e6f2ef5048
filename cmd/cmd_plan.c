/* rhumb plan: compare two revisions with a cluster and write the plan file. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/time.h"
#include "cmd/target.h"
#include "plan/diff/build.h"
#include "plan/report/text.h"
#include "policy/gate.h"

struct options {
	struct target_options target;
	const char *output, *verify, *format;
	struct text_list exclude_kinds, allow_delete;
	const char *max_deletes, *time;
	bool detailed_exitcode, quiet;
};

static enum verify_mode verify_mode(const char *text)
{
	if (text && strcmp(text, "server") == 0)
		return VERIFY_SERVER;
	return text && strcmp(text, "predict") == 0 ? VERIFY_PREDICT : VERIFY_AUTO;
}

static int build(const struct options *o, const struct target *t, struct plan *plan,
		 struct err *err)
{
	struct delete_budget budget = { 0 };
	if (o->max_deletes && !delete_budget_parse(o->max_deletes, &budget))
		return err_set(err, ERR_USAGE,
			       "--max-deletes takes a number or a percentage such as 10%%, not "
			       "\"%s\"",
			       o->max_deletes);
	char created[TIME_TEXT];
	time_format(time(NULL), created);
	struct plan_options po = {
		.repository = t->repository,
		.config = &t->config,
		.applications = t->applications,
		.n_applications = t->n,
		.head = t->head,
		.bases = t->bases,
		.cluster_name = t->cluster_name,
		.cluster = t->cluster,
		.default_namespace = t->default_namespace,
		.verify = verify_mode(o->verify),
		.key = getenv("RHUMB_KEY"),
		.exclude_kinds = o->exclude_kinds.items,
		.allow_delete = o->allow_delete.items,
		.max_deletes = o->max_deletes ? &budget : NULL,
		.created = created,
	};
	AUTO(gate_free_p) struct gate *gate = NULL;
	struct timespec now = { .tv_sec = time(NULL) };
	if (o->time && !time_parse(o->time, &now))
		return err_set(err, ERR_USAGE,
			       "--time takes a time of RFC 3339 such as 2026-12-24T18:00:00Z, not "
			       "\"%s\"",
			       o->time);
	struct gate_options go = { t->repository, t->config_at.tree, &t->config, now.tv_sec };
	if (gate_load(&gate, &go, err) < 0)
		return *t->config_at.commit ? err_wrap(err, "at %.7s", t->config_at.commit) : -1;
	po.judge = gate_judge;
	po.judge_ctx = gate;
	AUTO(problems_done) struct problems problems = { 0 };
	int64_t start = time_monotonic_ms();
	int rc = plan_build(&po, plan, &problems, err);
	for (size_t i = 0; i < problems.n; i++)
		say_error(&problems.items[i]);
	if (rc == 0)
		plan->duration = (double)(time_monotonic_ms() - start) / 1000;
	return rc;
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	struct options *o = options;
	AUTO(target_done) struct target t = { 0 };
	AUTO(plan_done) struct plan plan = { 0 };
	if (target_open(&t, &o->target, argc, argv, err) < 0 || build(o, &t, &plan, err) < 0)
		return -1;
	if (o->output && plan_write(&plan, o->output, err) < 0)
		return err_wrap(err, "write the plan");
	if (!o->quiet)
		print_plan(&plan, o->format, o->output, false);
	if (plan.summary.denied || plan.summary.by_action[ACTION_REFUSED])
		return EXIT_REFUSED;
	if (plan.summary.by_action[ACTION_UNKNOWN] || plan.summary.by_action[ACTION_CONFLICT])
		return EXIT_INCOMPLETE;
	return o->detailed_exitcode && plan.n_changes ? EXIT_CHANGES : EXIT_DONE;
}

static const struct option_row rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct options, output), "FILE",
	  "write the plan file" },
	{ "base", 0, OPTION_TEXT, offsetof(struct options, target.base), "REV",
	  "compare from REV (none: the empty tree); else the commit that was applied" },
	{ "head", 0, OPTION_TEXT, offsetof(struct options, target.head), "REV",
	  "compare to REV; else HEAD" },
	{ "verify", 0, OPTION_CHOICE, offsetof(struct options, verify), "auto|server|predict",
	  "who computes the outcome; predict needs get and list only" },
	{ "exclude-kind", 0, OPTION_LIST, offsetof(struct options, exclude_kinds), "KIND",
	  "leave objects of this kind out (again for more)" },
	{ "allow-delete", 0, OPTION_LIST, offsetof(struct options, allow_delete), "KIND",
	  "objects of this kind that hold data may be deleted (again for more)" },
	{ "max-deletes", 0, OPTION_TEXT, offsetof(struct options, max_deletes), "N|N%",
	  "refuse to delete more of an application's objects; instead of maxDeletes" },
	{ "time", 0, OPTION_TEXT, offsetof(struct options, time), "TIME",
	  "what policies and waivers take for now (RFC 3339)" },
	{ "format", 0, OPTION_CHOICE, offsetof(struct options, format), "text|json|sarif|junit",
	  "of what is printed" },
	{ "detailed-exitcode", 0, OPTION_FLAG, offsetof(struct options, detailed_exitcode), NULL,
	  "exit with 2 where there are changes" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "print nothing" },
	{ "config-from", 0, OPTION_CHOICE, offsetof(struct options, target.config_from),
	  "base|head", "the revision that rhumb.yaml is read from" },
	SOURCE_OPTIONS,
	CONNECTION_OPTIONS,
	{ 0 },
};

const struct command cmd_plan = {
	.name = "plan",
	.args = "[APPLICATION...]",
	.summary = "show what a Git change will do to a cluster",
	.details =
		"Compares base and head with the live cluster, three ways, and writes nothing but "
		"the plan file.\nWithout --base, base is the commit that the cluster records as "
		"applied.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
