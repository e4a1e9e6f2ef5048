/* Processes that hold locks: what they are called, and whether one is dead.
 *
 * "host/boot id/pid namespace/pid/start time" is a process that only somebody on the same kernel,
 * in the same pid namespace, can look for. */
#include "apply/lock_private.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { MAX_PROC_FILE = 4096, HOST_TEXT = 256, STAT_START = 22, STAT_STATE = 3 };

static void host_name(char out[HOST_TEXT])
{
	if (gethostname(out, HOST_TEXT) < 0)
		out[0] = '\0';
	out[HOST_TEXT - 1] = '\0';
}

char *lock_default_holder(void)
{
	char host[HOST_TEXT];
	host_name(host);
	const struct passwd *user = getpwuid(geteuid());
	AUTO(auto_free) char *number = xfmt("%ld", (long)geteuid());
	return xfmt("%s@%s/%ld", user && user->pw_name ? user->pw_name : number, *host ? host : "?",
		    (long)getpid());
}

/* /proc files have no size: file_read() would call them empty. */
static bool read_proc(const char *path, char out[MAX_PROC_FILE])
{
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t n = fread(out, 1, MAX_PROC_FILE - 1, f);
	fclose(f);
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return n > 0;
}

/* A field of /proc/PID/stat, from STAT_STATE on; the name before may hold anything. */
static bool stat_field(const char *pid, int field, char out[MAX_PROC_FILE])
{
	AUTO(auto_free) char *path = xfmt("/proc/%s/stat", pid);
	char text[MAX_PROC_FILE];
	if (!read_proc(path, text))
		return false;
	const char *p = strrchr(text, ')');
	for (int i = STAT_STATE - 1; p && i < field; i++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return false;
	size_t n = strcspn(p, " ");
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

static char *surroundings(void)
{
	char host[HOST_TEXT], boot[MAX_PROC_FILE], space[HOST_TEXT];
	host_name(host);
	ssize_t n = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
	if (n <= 0 || !*host || strchr(host, '/') ||
	    !read_proc("/proc/sys/kernel/random/boot_id", boot) || strchr(boot, '/'))
		return NULL;
	space[n] = '\0';
	return xfmt("%s/%s/%s/", host, boot, space);
}

char *lock_process_text(void)
{
	AUTO(auto_free) char *where = surroundings();
	char start[MAX_PROC_FILE];
	if (!where || !stat_field("self", STAT_START, start))
		return NULL;
	return xfmt("%s%ld/%s", where, (long)getpid(), start);
}

bool lock_process_is_dead(const char *text)
{
	AUTO(auto_free) char *where = surroundings();
	if (!text || !where || strncmp(text, where, strlen(where)) != 0)
		return false;
	char *end;
	long pid = strtol(text + strlen(where), &end, 10);
	if (pid <= 0 || *end != '/')
		return false;
	if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		return true;
	AUTO(auto_free) char *number = xfmt("%ld", pid);
	char now[MAX_PROC_FILE], state[MAX_PROC_FILE];
	if (!stat_field(number, STAT_START, now) || !stat_field(number, STAT_STATE, state))
		return false;
	return strcmp(now, end + 1) != 0 || *state == 'Z' || *state == 'X';
}
