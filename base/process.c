/* See process.h.
 *
 * The child leads a process group of its own, so that a timeout can end it together with all
 * that it has started.  Its stdin is a file in memory: nothing has to be fed to it while it
 * runs, and a child that does not read cannot kill us with SIGPIPE. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"

enum { READ_AT_ONCE = 16 << 10, TICK_MS = 20, LAST_TICK_MS = 1 };

enum { OUT, MESSAGES, STREAMS };

struct child {
	const struct process *p;
	pid_t pid;
	int fd[STREAMS]; /* the ends that we read; -1 after their end */
	int64_t deadline;
	struct process_result result;
	struct err *err;
};

static void auto_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int fail(struct err *err, const char *program, int error)
{
	return err_set(err, error == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, "run %s: %s", program,
		       strerror(error));
}

/* ---- the environment: ours, where the additions do not replace it, and the additions */

static bool replaced(const char *ours, const char *const *added)
{
	size_t name = strcspn(ours, "=");
	for (; added && *added; added++)
		if (strncmp(*added, ours, name) == 0 && (*added)[name] == '=')
			return true;
	return false;
}

static char **environment(const char *const *added)
{
	char **list = NULL;
	size_t n = 0, cap = 0;
	for (char **e = environ; e && *e; e++) {
		if (replaced(*e, added))
			continue;
		GROW(list, n, cap);
		list[n++] = *e;
	}
	for (; added && *added; added++) {
		GROW(list, n, cap);
		list[n++] = (char *)*added;
	}
	GROW(list, n, cap);
	list[n] = NULL;
	return list;
}

/* ---- start */

static int open_input(const struct process *p)
{
	if (!p->input_len)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	AUTO(auto_close) int fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	for (size_t done = 0; done < p->input_len;) {
		ssize_t n = write(fd, p->input + done, p->input_len - done);
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	int ready = fd;
	fd = -1;
	return ready;
}

static int spawn(struct child *child, int in, int out, int messages)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&how);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, messages, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	if (child->p->folder)
		posix_spawn_file_actions_addchdir_np(&files, child->p->folder);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
					       POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setsigdefault(&how, &all);
	posix_spawnattr_setsigmask(&how, &none);
	AUTO(auto_free) char **env = environment(child->p->env);
	int error = posix_spawnp(&child->pid, child->p->argv[0], &files, &how,
				 (char *const *)child->p->argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	return error;
}

static int start(struct child *child)
{
	const char *program = child->p->argv[0];
	int out[2] = { -1, -1 }, messages[2] = { -1, -1 };
	AUTO(auto_close) int in = open_input(child->p);
	if (in < 0 || pipe2(out, O_CLOEXEC) < 0)
		return fail(child->err, program, errno);
	child->fd[OUT] = out[0];
	AUTO(auto_close) int out_end = out[1];
	if (pipe2(messages, O_CLOEXEC) < 0)
		return fail(child->err, program, errno);
	child->fd[MESSAGES] = messages[0];
	AUTO(auto_close) int messages_end = messages[1];
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(messages[0], F_SETFL, O_NONBLOCK);
	int error = spawn(child, in, out_end, messages_end);
	return error ? fail(child->err, program, error) : 0;
}

/* ---- until its end */

static int keep(struct child *child, int stream, const char *p, size_t n)
{
	if (stream == OUT) {
		struct buf *output = &child->result.output;
		return buf_add(output, p, n, child->err) < 0
			       ? err_wrap(child->err, "output of %s", child->p->argv[0])
			       : 0;
	}
	struct buf *text = &child->result.messages;
	size_t room = PROCESS_MAX_MESSAGES - text->len;
	buf_put(text, p, n < room ? n : room);
	return 0;
}

/* Reads what is there. */
static int drain(struct child *child, int stream)
{
	char piece[READ_AT_ONCE];
	while (child->fd[stream] >= 0) {
		ssize_t n = read(child->fd[stream], piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return fail(child->err, child->p->argv[0], errno);
		if (n == 0)
			auto_close(&child->fd[stream]);
		else if (keep(child, stream, piece, (size_t)n) < 0)
			return -1;
		if (time_monotonic_ms() > child->deadline)
			return 0;
	}
	return 0;
}

/* WNOWAIT: the child stays a zombie, so that its number cannot name another group yet. */
static bool has_ended(const struct child *child)
{
	siginfo_t info = { 0 };
	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == child->pid;
}

/* The streams' end tells at once that the child has ended; the ticks are for a child that closes
 * them and works on, and for one that leaves them open in a process of its own. */
static int follow(struct child *child)
{
	for (;;) {
		bool ended = has_ended(child);
		if (drain(child, OUT) < 0 || drain(child, MESSAGES) < 0)
			return -1;
		if (ended)
			return 0;
		if (time_monotonic_ms() > child->deadline)
			return err_set(child->err, ERR_TIMEOUT, "run %s: no end within %u ms",
				       child->p->argv[0], child->p->timeout_ms);
		struct pollfd streams[STREAMS] = {
			{ .fd = child->fd[OUT], .events = POLLIN },
			{ .fd = child->fd[MESSAGES], .events = POLLIN },
		};
		bool closed = child->fd[OUT] < 0 && child->fd[MESSAGES] < 0;
		poll(streams, STREAMS, closed ? LAST_TICK_MS : TICK_MS);
	}
}

static void reap(struct child *child)
{
	int status = 0;
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	child->result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void child_done(struct child *child)
{
	auto_close(&child->fd[OUT]);
	auto_close(&child->fd[MESSAGES]);
	process_result_done(&child->result);
}

int process_run(const struct process *p, struct process_result *result, struct err *err)
{
	struct process with_defaults = *p;
	if (!p->timeout_ms)
		with_defaults.timeout_ms = PROCESS_TIMEOUT_MS;
	AUTO(child_done)
	struct child child = {
		.p = &with_defaults,
		.fd = { -1, -1 },
		.deadline = time_monotonic_ms() + with_defaults.timeout_ms,
		.result.output.max = p->max_output ? p->max_output : PROCESS_MAX_OUTPUT,
		.err = err,
	};
	if (start(&child) < 0)
		return -1;
	int rc = follow(&child);
	if (rc < 0)
		kill(-child.pid, SIGKILL);
	reap(&child);
	if (rc < 0)
		return -1;
	*result = child.result;
	child.result = (struct process_result){ 0 };
	return 0;
}

void process_result_done(struct process_result *result)
{
	buf_done(&result->output);
	buf_done(&result->messages);
	*result = (struct process_result){ 0 };
}
