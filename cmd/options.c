/* Parsing and help from the rows of a command; see command.h. */
#include "cmd/command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

static const struct option_row *by_name(const struct command *c, const char *name, size_t n)
{
	for (const struct option_row *o = c->options; o->name; o++)
		if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static const struct option_row *by_letter(const struct command *c, char letter)
{
	for (const struct option_row *o = c->options; o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

static bool is_choice(const char *choices, const char *text)
{
	size_t n = strlen(text);
	for (const char *p = choices; *p;) {
		size_t len = strcspn(p, "|");
		if (len == n && strncmp(p, text, n) == 0)
			return true;
		p += len + (p[len] == '|');
	}
	return false;
}

static void add_text(struct text_list *list, const char *text)
{
	if (list->n + 1 >= list->cap) {
		list->cap = list->cap ? 2 * list->cap : 8;
		list->items = xreallocarray(list->items, list->cap, sizeof(*list->items));
	}
	list->items[list->n++] = text;
	list->items[list->n] = NULL;
}

static int set_number(const struct option_row *o, unsigned *out, const char *text, struct err *err)
{
	char *end;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || n > UINT_MAX)
		return err_set(err, ERR_USAGE, "--%s takes a number, not \"%s\"", o->name, text);
	*out = (unsigned)n;
	return 0;
}

static int set_value(const struct option_row *o, void *options, const char *text, struct err *err)
{
	void *field = (char *)options + o->offset;
	switch (o->type) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)field = text;
		return 0;
	case OPTION_NUMBER:
		return set_number(o, field, text, err);
	case OPTION_LIST:
		add_text(field, text);
		return 0;
	case OPTION_CHOICE:
		if (!is_choice(o->arg, text))
			return err_set(err, ERR_USAGE, "--%s takes one of %s, not \"%s\"", o->name,
				       o->arg, text);
		*(const char **)field = text;
		return 0;
	}
	return 0;
}

static int unknown_option(const struct command *c, const char *text, size_t n, struct err *err)
{
	const char *names[64];
	size_t count = 0;
	for (const struct option_row *o = c->options; o->name && count < ARRAY_LEN(names); o++)
		names[count++] = o->name;
	AUTO(auto_free) char *name = xstrndup(text, n);
	const char *close = suggest(name, names, count);
	return err_set(err, ERR_USAGE, "unknown option --%s%s%s%s; see rhumb %s --help", name,
		       close ? " (did you mean --" : "", close ? close : "", close ? "?)" : "",
		       c->name);
}

/* Takes the option at argv[*i] (and its value behind it). */
static int take_long(const struct command *c, void *options, int argc, const char **argv, int *i,
		     struct err *err)
{
	const char *text = argv[*i] + 2, *value = strchr(text, '=');
	size_t n = value ? (size_t)(value - text) : strlen(text);
	const struct option_row *o = by_name(c, text, n);
	if (!o)
		return unknown_option(c, text, n, err);
	if (o->type == OPTION_FLAG)
		return value ? err_set(err, ERR_USAGE, "--%s takes no value", o->name)
			     : set_value(o, options, NULL, err);
	if (!value && *i + 1 >= argc)
		return err_set(err, ERR_USAGE, "--%s needs a value: %s", o->name, o->arg);
	return set_value(o, options, value ? value + 1 : argv[++*i], err);
}

static int take_short(const struct command *c, void *options, int argc, const char **argv, int *i,
		      struct err *err)
{
	const char *text = argv[*i] + 1;
	for (; *text; text++) {
		const struct option_row *o = by_letter(c, *text);
		if (!o)
			return err_set(err, ERR_USAGE, "unknown option -%c; see rhumb %s --help",
				       *text, c->name);
		if (o->type == OPTION_FLAG) {
			set_value(o, options, NULL, err);
			continue;
		}
		if (!text[1] && *i + 1 >= argc)
			return err_set(err, ERR_USAGE, "-%c needs a value: %s", *text, o->arg);
		return set_value(o, options, text[1] ? text + 1 : argv[++*i], err);
	}
	return 0;
}

int options_parse(const struct command *c, void *options, int *argc, const char **argv, bool *help,
		  struct err *err)
{
	int operands = 0, n = *argc;
	bool only_operands = false;
	*help = false;
	for (int i = 0; i < n; i++) {
		const char *text = argv[i];
		if (only_operands || text[0] != '-' || !text[1]) {
			argv[operands++] = text;
			continue;
		}
		int rc = 0;
		if (strcmp(text, "--") == 0)
			only_operands = true;
		else if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0)
			*help = true;
		else if (text[1] == '-')
			rc = take_long(c, options, n, argv, &i, err);
		else
			rc = take_short(c, options, n, argv, &i, err);
		if (rc < 0)
			return -1;
	}
	*argc = operands;
	return 0;
}

void options_done(const struct command *c, void *options)
{
	for (const struct option_row *o = c->options; o->name; o++)
		if (o->type == OPTION_LIST)
			free(((struct text_list *)((char *)options + o->offset))->items);
}

void command_help(const struct command *c)
{
	printf("rhumb %s: %s\n\nusage: rhumb %s [OPTION...] %s\n\n", c->name, c->summary, c->name,
	       c->args);
	if (c->details)
		printf("%s\n\n", c->details);
	for (const struct option_row *o = c->options; o->name; o++) {
		AUTO(auto_free)
		char *letter = o->letter ? xfmt("-%c, ", o->letter) : xstrdup("    ");
		AUTO(auto_free)
		char *left = xfmt("%s--%s%s%s", letter, o->name, o->arg ? " " : "",
				  o->arg ? o->arg : "");
		printf("  %-38s %s\n", left, o->help);
	}
	printf("  %-38s %s\n", "-h, --help", "this text");
}
