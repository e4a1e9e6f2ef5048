/* rhumb policy eval: help for people who write policies. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/yaml.h"
#include "cmd/command.h"
#include "policy/eval.h"

enum { LINE_MAX_BYTES = 400000 }; /* of what CEL_MAX_SOURCE characters may be */

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

static int read_objects(struct arena *a, const struct options *o, struct eval_objects *out,
			struct err *err)
{
	if (read_object(a, o->file, &out->object, err) < 0 ||
	    read_object(a, o->old_file, &out->old_object, err) < 0)
		return -1;
	return read_object(a, o->params_file, &out->params, err);
}

static int one(const char *expression, const struct eval_objects *objects, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (eval_expression(expression, objects, &text, err) < 0)
		return -1;
	print_visible(stdout, "%s\n", buf_text(&text));
	return EXIT_DONE;
}

/* An error is told, and the next line read. */
static bool line(struct eval_session *s, const char *text)
{
	AUTO(buf_done) struct buf out = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (eval_session_line(s, text, &out, &err) < 0) {
		fflush(stdout);
		say_error(&err);
		return false;
	}
	if (out.len)
		print_visible(stdout, "%s\n", buf_text(&out));
	return true;
}

static int lines(const struct eval_objects *objects, struct err *err)
{
	AUTO(eval_session_free_p) struct eval_session *s = eval_session_new(objects);
	AUTO(auto_free) char *text = NULL;
	bool prompts = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO), good = true;
	size_t cap = 0;
	ssize_t n;
	if (prompts)
		say_note("an expression a line; NAME := EXPRESSION keeps a value; end with Ctrl-D");
	for (;;) {
		if (prompts)
			fputs("> ", stdout), fflush(stdout);
		n = getline(&text, &cap, stdin);
		if (n < 0)
			break;
		if (n > LINE_MAX_BYTES)
			return err_set(err, ERR_LIMIT, "a line of more than %d bytes",
				       LINE_MAX_BYTES);
		if (strlen(text) != (size_t)n)
			return err_set(err, ERR_INPUT, "a line has a NUL in it");
		text[strcspn(text, "\r\n")] = '\0';
		good &= line(s, text);
	}
	if (prompts)
		putchar('\n');
	return good || prompts ? EXIT_DONE : EXIT_ERROR;
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct eval_objects objects = { 0 };
	if (argc > 1)
		return err_set(err, ERR_USAGE, "usage: rhumb policy eval [EXPRESSION] [OPTION...]");
	if (read_objects(&a, options, &objects, err) < 0)
		return -1;
	return argc ? one(argv[0], &objects, err) : lines(&objects, err);
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
	.args = "[EXPRESSION]",
	.summary = "evaluate a CEL expression on an object",
	.details =
		"Prints the type and the value, or the error with its place in the expression.\n"
		"The functions are those of a ValidatingAdmissionPolicy.  Without an expression, "
		"lines are read:\nan expression each, or NAME := EXPRESSION, whose value the "
		"lines after it may name.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
