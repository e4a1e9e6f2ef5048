/* rhumb policy eval: help for people who write policies. */
#include <stddef.h>
#include <stdio.h>

#include "base/file.h"
#include "base/yaml.h"
#include "cmd/command.h"
#include "policy/eval.h"

struct options {
	const char *file, *old_file, *params_file;
};

/* *out stays NULL where no file is given. */
static int read_object(struct arena *a, const char *file, const struct json **out, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (!file)
		return 0;
	struct json *v = arena_calloc(a, 1, sizeof(*v));
	if (file_read(file, YAML_MAX_BYTES, &text, err) < 0 ||
	    yaml_parse_one(a, buf_text(&text), text.len, file, NULL, v, err) < 0)
		return -1;
	*out = v;
	return 0;
}

static int eval(const struct options *o, const char *expression, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct eval_objects objects = { 0 };
	if (read_object(&a, o->file, &objects.object, err) < 0 ||
	    read_object(&a, o->old_file, &objects.old_object, err) < 0 ||
	    read_object(&a, o->params_file, &objects.params, err) < 0 ||
	    eval_expression(expression, &objects, &text, err) < 0)
		return -1;
	print_visible(stdout, "%s\n", buf_text(&text));
	return EXIT_DONE;
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	if (argc != 1)
		return err_set(err, ERR_USAGE, "usage: rhumb policy eval EXPRESSION [OPTION...]");
	return eval(options, argv[0], err);
}

static const struct option_row rows[] = {
	{ "file", 'f', OPTION_TEXT, offsetof(struct options, file), "FILE",
	  "`object`, as YAML or JSON; else it is null" },
	{ "old", 0, OPTION_TEXT, offsetof(struct options, old_file), "FILE",
	  "`oldObject`, likewise" },
	{ "params", 0, OPTION_TEXT, offsetof(struct options, params_file), "FILE",
	  "`params`, likewise" },
	{ 0 },
};

const struct command cmd_policy_eval = {
	.name = "policy eval",
	.args = "EXPRESSION",
	.summary = "evaluate a CEL expression on an object",
	.details = "Prints the type and the value, or the error with its place in the expression.\n"
		   "The functions are those of a ValidatingAdmissionPolicy.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
