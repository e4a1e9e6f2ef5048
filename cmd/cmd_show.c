/* rhumb show: a plan file, readable. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "cmd/command.h"
#include "plan/report/text.h"

struct options {
	const char *format;
	bool whole_values;
};

static int run(void *options, int argc, const char **argv, struct err *err)
{
	const struct options *o = options;
	AUTO(plan_done) struct plan plan = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	if (argc != 1)
		return err_set(err, ERR_USAGE, "usage: rhumb show [OPTION...] PLAN");
	if (plan_read(&plan, argv[0], err) < 0)
		return -1;
	struct report_options ro = {
		.color = color_on(STDOUT_FILENO),
		.width = width_of(STDOUT_FILENO),
		.plan_file = argv[0],
		.whole_values = o->whole_values,
	};
	if (o->format && strcmp(o->format, "json") == 0) {
		AUTO(arena_done) struct arena a = { 0 };
		struct json v = plan_to_json(&plan, &a);
		json_write_indented(&text, &v);
		buf_putc(&text, '\n');
	} else {
		report_plan_text(&text, &plan, &ro);
	}
	fwrite(text.data, 1, text.len, stdout);
	return EXIT_DONE;
}

static const struct option_row rows[] = {
	{ "format", 0, OPTION_CHOICE, offsetof(struct options, format), "text|json",
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
