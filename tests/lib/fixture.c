/* See fixture.h. */
#include "tests/lib/fixture.h"

#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_parse.h"

enum { MAX_ARGS = 128 };

struct json fixture_json(struct arena *a, const char *text)
{
	struct json v;
	struct err err = { 0 };
	if (json_parse(a, text, strlen(text), "fixture", &(struct json_limits){ .positions = true },
		       &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

char *fixture_dir(void)
{
	const char *base = getenv("TMPDIR");
	char *dir = xfmt("%s/rhumb-test-XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(dir))
		fail_msg("cannot make %s", dir);
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void fixture_remove(char **dir)
{
	if (*dir)
		nftw(*dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*dir);
	*dir = NULL;
}

static char *place(const char *dir, const char *path)
{
	char *full = xfmt("%s/%s", dir, path);
	for (char *p = full + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	unlink(full);
	return full;
}

void fixture_write(const char *dir, const char *path, const char *text)
{
	AUTO(auto_free) char *full = place(dir, path);
	FILE *f = fopen(full, "w");
	if (!f || fputs(text, f) == EOF || fclose(f) == EOF)
		fail_msg("cannot write %s", full);
}

void fixture_link(const char *dir, const char *path, const char *target)
{
	AUTO(auto_free) char *full = place(dir, path);
	if (symlink(target, full) < 0)
		fail_msg("cannot link %s", full);
}

/* Everything that git does here depends on the test alone. */
static const char *const environment[] = {
	"PATH=/usr/local/bin:/usr/bin:/bin",
	"HOME=/nonexistent",
	"LC_ALL=C",
	"GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null",
	"GIT_AUTHOR_NAME=Test",
	"GIT_AUTHOR_EMAIL=test@example.com",
	"GIT_AUTHOR_DATE=1700000000 +0000",
	"GIT_COMMITTER_NAME=Test",
	"GIT_COMMITTER_EMAIL=test@example.com",
	"GIT_COMMITTER_DATE=1700000000 +0000",
	"GIT_ALLOW_PROTOCOL=file",
	NULL,
};

struct command {
	const char *argv[MAX_ARGS];
	size_t n;
};

static void add_arg(struct command *c, const char *arg)
{
	if (c->n + 1 == MAX_ARGS)
		fail_msg("more than %d arguments of git", MAX_ARGS);
	c->argv[c->n++] = arg;
}

static struct command command_in(const char *dir)
{
	return (struct command){ { "git", "-c", "advice.nestedTag=false", "-c",
				   "advice.addEmbeddedRepo=false", "-C", dir },
				 7 };
}

static struct command command_of(const char *dir, va_list ap)
{
	struct command c = command_in(dir);
	for (const char *arg; (arg = va_arg(ap, const char *));)
		add_arg(&c, arg);
	return c;
}

static int run(const struct command *c, struct buf *out)
{
	int fds[2];
	if (pipe(fds) < 0)
		fail_msg("no pipe");
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	pid_t pid;
	int rc = posix_spawnp(&pid, "git", &actions, NULL, (char *const *)(uintptr_t)c->argv,
			      (char *const *)(uintptr_t)environment);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (rc != 0)
		fail_msg("cannot run git: %s", strerror(rc));
	char chunk[4096];
	for (ssize_t got; (got = read(fds[0], chunk, sizeof(chunk))) > 0;)
		buf_put(out, chunk, (size_t)got);
	close(fds[0]);
	int status;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *run_well(const struct command *c, const char *dir)
{
	struct buf out = { 0 };
	int status = run(c, &out);
	if (status != 0)
		fail_msg("git in %s: exit status %d", dir, status);
	if (out.len && out.data[out.len - 1] == '\n')
		out.data[--out.len] = '\0';
	return buf_take(&out);
}

char *fixture_git(const char *dir, ...)
{
	va_list ap;
	va_start(ap, dir);
	struct command c = command_of(dir, ap);
	va_end(ap);
	return run_well(&c, dir);
}

char *fixture_git_list(const char *dir, const char *const *args, const char *const *more, size_t n)
{
	struct command c = command_in(dir);
	for (; *args; args++)
		add_arg(&c, *args);
	for (size_t i = 0; i < n; i++)
		add_arg(&c, more[i]);
	return run_well(&c, dir);
}

int fixture_git_status(const char *dir, ...)
{
	AUTO(buf_done) struct buf out = { 0 };
	va_list ap;
	va_start(ap, dir);
	struct command c = command_of(dir, ap);
	va_end(ap);
	return run(&c, &out);
}

char *fixture_commit(const char *dir, const char *message)
{
	AUTO(auto_free) char *git = xfmt("%s/.git", dir);
	if (access(git, F_OK) < 0)
		free(fixture_git(dir, "init", "-q", "-b", "main", NULL));
	free(fixture_git(dir, "add", "-A", NULL));
	free(fixture_git(dir, "commit", "-q", "--allow-empty", "-m", message, NULL));
	return fixture_git(dir, "rev-parse", "HEAD", NULL);
}
