/* rhumb policy check: what policies and checks say of a plan, or of a revision. */
#include <stddef.h>

#include "base/file.h"
#include "cmd/make_plan.h"

struct options {
	struct target_options target;
	struct make_plan_options make;
	const char *format;
};

static int check_plan(const struct options *o, const char *file, struct err *err)
{
	AUTO(plan_done) struct plan plan = { 0 };
	if (plan_read(&plan, file, err) < 0)
		return -1;
	print_policy(&plan, o->format);
	return plan.summary.denied ? EXIT_REFUSED : EXIT_DONE;
}

/* As `plan` does it; what it writes elsewhere is not of interest. */
static int check_revision(struct options *o, const char *revision, struct err *err)
{
	AUTO(target_done) struct target t = { 0 };
	AUTO(plan_done) struct plan plan = { 0 };
	if (revision)
		o->target.head = revision;
	if (target_open(&t, &o->target, 0, NULL, err) < 0 ||
	    make_plan(&o->make, &t, &plan, err) < 0)
		return -1;
	print_policy(&plan, o->format);
	if (plan.summary.denied)
		return EXIT_REFUSED;
	return plan.summary.by_action[ACTION_UNKNOWN] ? EXIT_INCOMPLETE : EXIT_DONE;
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	if (argc > 1)
		return err_set(err, ERR_USAGE,
			       "usage: rhumb policy check [PLAN|REVISION] [OPTION...]");
	if (argc == 1 && file_exists(argv[0]))
		return check_plan(options, argv[0], err);
	return check_revision(options, argc ? argv[0] : NULL, err);
}

static const struct option_row rows[] = {
	{ "base", 0, OPTION_TEXT, offsetof(struct options, target.base), "REV",
	  "compare from REV (none: the empty tree); else the commit that was applied" },
	{ "config-from", 0, OPTION_CHOICE, offsetof(struct options, target.config_from),
	  "base|head", "the revision that rhumb.yaml and policies are read from" },
	MAKE_PLAN_OPTIONS(struct options),
	{ "format", 0, OPTION_CHOICE, offsetof(struct options, format), "text|json|sarif|junit",
	  "of what is printed" },
	SOURCE_OPTIONS,
	CONNECTION_OPTIONS,
	{ 0 },
};

const struct command cmd_policy_check = {
	.name = "policy check",
	.args = "[PLAN|REVISION]",
	.summary = "what policies and checks say of a plan, or of what a revision would change",
	.details = "An operand that is a file is a plan; else it is a revision (HEAD), which is "
		   "planned as `rhumb plan`\ndoes it.  Exit status 3 where something is denied, 4 "
		   "where something is not known.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
