/* A command is a row: name, options, summary and a function.  Dispatch, parsing and --help all
 * come from the row; main.c has the table. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_ERROR = 1,
	EXIT_CHANGES = 2, /* plan --detailed-exitcode: there are changes */
	EXIT_REFUSED = 3,
	EXIT_INCOMPLETE = 4, /* plan written, but something is unknown or in conflict */
	EXIT_STALE = 5,
	EXIT_PARTIAL = 6,
	EXIT_USAGE = 64,
};

enum option_type {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_NUMBER, /* unsigned */
	OPTION_LIST,   /* struct text_list: may be given more than once */
	OPTION_CHOICE, /* const char *, one of `choices` ("auto|server|predict") */
};

struct text_list {
	const char **items; /* NULL-terminated once there is one */
	size_t n, cap;
};

struct option_row {
	const char *name; /* "output" for --output */
	char letter;      /* 'o' for -o, 0: none */
	enum option_type type;
	size_t offset;   /* in the command's options struct */
	const char *arg; /* "FILE"; NULL for flags; the choices of a choice */
	const char *help;
};

struct command {
	const char *name, *args, *summary; /* "plan"; of a part "policy eval" */
	const char *details;               /* paragraphs for --help; NULL: none */
	const struct option_row *options;  /* ends with a NULL name */
	size_t options_size;
	/* Exit status, or -1 with err set.  argv holds the operands. */
	int (*run)(void *options, int argc, const char **argv, struct err *err);
	/* A command of several parts has these, NULL last, and of the rest only name and summary.
	 */
	const struct command *const *parts;
};

/* Fills the zeroed options struct; *argc and argv become the operands.  ERR_USAGE. */
int options_parse(const struct command *c, void *options, int *argc, const char **argv, bool *help,
		  struct err *err);
void options_done(const struct command *c, void *options);

/* What --help prints, to stdout. */
void command_help(const struct command *c);

/* Exit status for an error. */
int exit_status_of(const struct err *err);

/* What cannot be seen in text from outside, escape sequences above all, is shown as an escape; a
 * long message is cut.  For all that is printed but reports, which do the same. */
void print_visible(FILE *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "rhumb: ..." on stderr, in red on a terminal. */
void say_error(const struct err *err);
void say_note(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Whether to colour what goes to this file descriptor: a terminal, NO_COLOR not set, and TERM is
 * not dumb. */
bool color_on(int fd);
unsigned width_of(int fd);

/* A plan on stdout, for --format (NULL: text); `file` is where it was written, NULL: nowhere. */
struct plan;
void print_plan(struct plan *plan, const char *format, const char *file, bool whole_values);
/* The same, of policies only. */
void print_policy(struct plan *plan, const char *format);

extern const struct command cmd_plan, cmd_show, cmd_apply, cmd_render, cmd_snapshot, cmd_rollback,
	cmd_policy;

/* The parts of `policy`, a file each. */
extern const struct command cmd_policy_check, cmd_policy_eval, cmd_policy_list, cmd_policy_test;

#endif
