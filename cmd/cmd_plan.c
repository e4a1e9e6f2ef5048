/* rhumb plan: compare two revisions with a cluster and write the plan file. */
#include <stddef.h>

#include "cmd/make_plan.h"

struct options {
	struct target_options target;
	struct make_plan_options make;
	const char *output, *format;
	bool detailed_exitcode, quiet;
};

static int run(void *options, int argc, const char **argv, struct err *err)
{
	struct options *o = options;
	AUTO(target_done) struct target t = { 0 };
	AUTO(plan_done) struct plan plan = { 0 };
	if (target_open(&t, &o->target, argc, argv, err) < 0 ||
	    make_plan(&o->make, &t, &plan, err) < 0)
		return -1;
	if (o->output && plan_write(&plan, o->output, err) < 0)
		return err_wrap(err, "write the plan");
	if (!o->quiet)
		print_plan(&plan, o->format, o->output, false);
	int status = plan_exit_status(&plan);
	if (status != EXIT_DONE)
		return status;
	return o->detailed_exitcode && plan.n_changes ? EXIT_CHANGES : EXIT_DONE;
}

static const struct option_row rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct options, output), "FILE",
	  "write the plan file" },
	{ "base", 0, OPTION_TEXT, offsetof(struct options, target.base), "REV",
	  "compare from REV (none: the empty tree); else the commit that was applied" },
	{ "head", 0, OPTION_TEXT, offsetof(struct options, target.head), "REV",
	  "compare to REV; else HEAD" },
	MAKE_PLAN_OPTIONS(struct options),
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
