/* rhumb show: a plan file, readable. */
#include <stddef.h>

#include "cmd/command.h"
#include "plan/plan.h"

struct options {
	const char *format;
	bool whole_values;
};

static int run(void *options, int argc, const char **argv, struct err *err)
{
	const struct options *o = options;
	AUTO(plan_done) struct plan plan = { 0 };
	if (argc != 1)
		return err_set(err, ERR_USAGE, "usage: rhumb show [OPTION...] PLAN");
	if (plan_read(&plan, argv[0], err) < 0)
		return -1;
	print_plan(&plan, o->format, argv[0], o->whole_values);
	return EXIT_DONE;
}

static const struct option_row rows[] = {
	{ "format", 0, OPTION_CHOICE, offsetof(struct options, format), "text|json|sarif|junit",
	  "text or JSON" },
	{ "whole-values", 0, OPTION_FLAG, offsetof(struct options, whole_values), NULL,
	  "do not shorten long paths and values" },
	{ 0 },
};

const struct command cmd_show = {
	.name = "show",
	.args = "PLAN",
	.summary = "show a plan file to people",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
