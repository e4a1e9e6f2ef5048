/* See fault_server.h. */
#include "tests/lib/fault_server.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int spawn(struct fault_server *s, int in, int out)
{
	char *argv[] = { (char *)"tests/tools/fault-server", NULL };
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int rc = posix_spawn(&s->pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return rc ? -1 : 0;
}

int fault_server_start(struct fault_server *s)
{
	int in[2], out[2];
	if (pipe2(in, O_CLOEXEC) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	int rc = spawn(s, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	s->input = in[1];
	FILE *f = fdopen(out[0], "r");
	if (rc == 0 && (!f || fscanf(f, "%u", &s->port) != 1))
		rc = -1;
	if (f)
		fclose(f);
	return rc;
}

void fault_server_stop(struct fault_server *s)
{
	close(s->input);
	waitpid(s->pid, NULL, 0);
}
