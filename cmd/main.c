/* rhumb: see README.md.  The table of commands, and the one place that turns errors into exit
 * statuses. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/suggest.h"
#include "base/visible.h"
#include "cmd/command.h"

static const struct command *const commands[] = {
	&cmd_plan,   &cmd_show,     &cmd_apply,  &cmd_rollback,
	&cmd_render, &cmd_snapshot, &cmd_policy, NULL,
};

int exit_status_of(const struct err *err)
{
	switch (err->code) {
	case ERR_NONE:
		return EXIT_DONE;
	case ERR_USAGE:
		return EXIT_USAGE;
	case ERR_REFUSED:
		return EXIT_REFUSED;
	case ERR_STALE:
		return EXIT_STALE;
	case ERR_PARTIAL:
	case ERR_INTERRUPTED:
		return EXIT_PARTIAL;
	case ERR_INPUT:
	case ERR_LIMIT:
	case ERR_SYSTEM:
	case ERR_NOT_FOUND:
	case ERR_UNREACHABLE:
	case ERR_TIMEOUT:
	case ERR_FORBIDDEN:
	case ERR_CONFLICT:
	case ERR_INVALID:
	case ERR_SERVER:
		break;
	}
	return EXIT_ERROR;
}

bool color_on(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

unsigned width_of(int fd)
{
	struct winsize size;
	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 100;
}

enum { MESSAGE_MAX = 8000 }; /* bytes of one message; a server may say a megabyte */

void print_visible(FILE *out, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	size_t n = strlen(text), shown = n;
	if (n > MESSAGE_MAX)
		for (shown = MESSAGE_MAX; (text[shown] & 0xC0) == 0x80;)
			shown--;
	AUTO(buf_done) struct buf b = { 0 };
	visible_put(&b, text, shown, "\n\t");
	if (shown < n)
		buf_printf(&b, "... (%zu bytes more)\n", n - shown);
	fwrite(buf_text(&b), 1, b.len, out);
}

void say_error(const struct err *err)
{
	AUTO(auto_free) char *text = err_text(err);
	fputs(color_on(STDERR_FILENO) ? "\033[31mrhumb:\033[0m " : "rhumb: ", stderr);
	print_visible(stderr, "%s\n", text);
}

void say_note(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	print_visible(stderr, "rhumb: %s\n", text);
}

static void help(void)
{
	printf("rhumb shows what a Git change will do to a Kubernetes cluster, and then does "
	       "exactly "
	       "that.\n\nusage: rhumb COMMAND [OPTION...] [ARGUMENT...]\n\n");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("  %-10s %s\n", "help", "this text, or that of a command");
	printf("  %-10s %s\n", "version", "the version");
	printf("\nexit status: 0 done, 1 error, 2 plan has changes (--detailed-exitcode), 3 "
	       "refused, "
	       "4 plan incomplete,\n5 stale, 6 apply failed part way, 64 wrong usage\n");
}

static void help_of(const struct command *c)
{
	if (!c->parts) {
		command_help(c);
		return;
	}
	printf("rhumb %s: %s\n\n", c->name, c->summary);
	for (size_t i = 0; c->parts[i]; i++)
		printf("  rhumb %s %s\n      %s\n", c->parts[i]->name, c->parts[i]->args,
		       c->parts[i]->summary);
	printf("\nrhumb %s PART --help says more.\n", c->name);
}

/* How the command line says it: "eval" for "policy eval". */
static const char *word_of(const struct command *c)
{
	const char *space = strrchr(c->name, ' ');
	return space ? space + 1 : c->name;
}

static const struct command *find(const struct command *const *table, const char *word)
{
	for (size_t i = 0; table[i]; i++)
		if (strcmp(word_of(table[i]), word) == 0)
			return table[i];
	return NULL;
}

/* of: the command whose part it should be; NULL: none. */
static int unknown_command(const struct command *of, const char *word, struct err *err)
{
	const struct command *const *table = of ? of->parts : commands;
	const char *names[32] = { 0 };
	size_t n = 0;
	for (; table[n] && n < ARRAY_LEN(names); n++)
		names[n] = word_of(table[n]);
	AUTO(auto_free) char *close = suggest_text(word, names, n);
	return err_set(err, ERR_USAGE, "unknown command \"%s%s%s\"%s; see rhumb %s%s--help",
		       of ? of->name : "", of ? " " : "", word, close, of ? of->name : "",
		       of ? " " : "");
}

static int run(const struct command *c, int argc, const char **argv, struct err *err)
{
	AUTO(auto_free) void *options = xcalloc(1, c->options_size);
	bool wants_help = false;
	int rc = options_parse(c, options, &argc, argv, &wants_help, err);
	if (rc == 0 && wants_help)
		command_help(c);
	else if (rc == 0)
		rc = c->run(options, argc, argv, err);
	options_done(c, options);
	return rc;
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* argv: what stands behind the command's name. */
static int run_part(const struct command *c, int argc, const char **argv, struct err *err)
{
	if (argc == 0 || asks_for_help(argv[0])) {
		help_of(c);
		return argc ? EXIT_DONE : EXIT_USAGE;
	}
	const struct command *part = find(c->parts, argv[0]);
	return part ? run(part, argc - 1, argv + 1, err) : unknown_command(c, argv[0], err);
}

static int dispatch(int argc, const char **argv, struct err *err)
{
	const char *name = argc > 1 ? argv[1] : "help";
	bool wants_help = asks_for_help(name);
	const struct command *c = wants_help && argc > 2 ? find(commands, argv[2]) : NULL;
	if (c) {
		const struct command *part = c->parts && argc > 3 ? find(c->parts, argv[3]) : NULL;
		help_of(part ? part : c);
		return 0;
	}
	if (wants_help) {
		help();
		return argc > 1 ? EXIT_DONE : EXIT_USAGE;
	}
	if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
		printf("rhumb %s\n", RHUMB_VERSION);
		return 0;
	}
	c = find(commands, name);
	if (!c)
		return unknown_command(NULL, name, err);
	return c->parts ? run_part(c, argc - 2, argv + 2, err) : run(c, argc - 2, argv + 2, err);
}

/* Secrets pass through this process's memory: no core file, no ptrace by others. */
static void keep_memory_private(void)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* glibc raises its threshold with each large block that is freed, so that later ones come from the
 * heap, where a growing buffer leaves holes.  Fixed, what is large goes back when it is freed. */
static void keep_memory_small(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

int main(int argc, char **argv)
{
	AUTO(err_done) struct err err = { 0 };
	if (!getenv("RHUMB_ALLOW_CORE"))
		keep_memory_private();
	keep_memory_small();
	signal(SIGPIPE, SIG_IGN);
	int status = dispatch(argc, (const char **)argv, &err);
	if (status < 0) {
		say_error(&err);
		status = exit_status_of(&err);
	}
	/* What people approve is on stdout: it is whole or the command failed. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		say_note("write to stdout: %s", strerror(errno));
		return status ? status : EXIT_ERROR;
	}
	return status;
}
