/* rhumb render: the objects that a revision declares. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "cmd/target.h"
#include "plan/secret.h"
#include "plan/source/source.h"

struct options {
	struct target_options target;
	const char *revision, *format;
	bool show_secrets;
};

static void print_object(const struct options *o, const struct declared *d, bool first)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json object = json_copy(&a, &d->object);
	if (object_is_secret(&d->ref) && !o->show_secrets)
		secret_hide(&a, &object, "(hidden)");
	if (o->format && strcmp(o->format, "json") == 0) {
		json_write_canonical(&text, &object);
		buf_putc(&text, '\n');
	} else {
		buf_puts(&text, first ? "" : "---\n");
		buf_printf(&text, "# %s:%u\n", d->file, d->line);
		yaml_write(&text, &object);
		if (text.data[text.len - 1] != '\n')
			buf_putc(&text, '\n');
	}
	fwrite(text.data, 1, text.len, stdout);
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	const struct options *o = options;
	AUTO(target_done) struct target t = { 0 };
	AUTO(declared_set_done) struct declared_set set = { 0 };
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	struct revision rev;
	const char *revision = o->revision ? o->revision : "HEAD";
	if (target_open_revision(&t, &o->target, revision, argc, argv, err) < 0 ||
	    repository_resolve(t.repository, revision, &rev, err) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++)
		if (source_read(t.repository, rev.tree, t.applications[i], false, &set, err) < 0)
			return -1;
	kinds_add_builtin(&kinds);
	if (source_resolve(&set, t.default_namespace, &kinds, err) < 0)
		return -1;
	for (size_t i = 0; i < set.n; i++)
		print_object(o, &set.items[i], i == 0);
	for (size_t i = 0; i < set.n_notes; i++)
		say_note("%s", set.notes[i]);
	return EXIT_DONE;
}

static const struct option_row rows[] = {
	{ "rev", 0, OPTION_TEXT, offsetof(struct options, revision), "REV", "else HEAD" },
	{ "format", 0, OPTION_CHOICE, offsetof(struct options, format), "yaml|json",
	  "YAML documents, or an object of JSON a line" },
	{ "show-secrets", 0, OPTION_FLAG, offsetof(struct options, show_secrets), NULL,
	  "print values of Secrets" },
	{ "directory", 'C', OPTION_TEXT, offsetof(struct options, target.directory), "DIR",
	  "work on the repository that DIR is in" },
	SOURCE_OPTIONS,
	{ 0 },
};

const struct command cmd_render = {
	.name = "render",
	.args = "[APPLICATION...]",
	.summary = "print the objects that a revision declares",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
