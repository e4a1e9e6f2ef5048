/* See file.h. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_AT_ONCE = 64 << 10,
	TEMPORARY_TRIES = 16, /* names that exist already, before giving up */
};

static void auto_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void auto_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int fail(struct err *err, const char *doing, const char *path)
{
	enum err_code code = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_SYSTEM;
	return err_set(err, code, "%s %s: %s", doing, path, strerror(errno));
}

/* ---- reading */

static int read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	AUTO(auto_free) char *piece = xmalloc(READ_AT_ONCE);
	for (;;) {
		ssize_t n = read(fd, piece, READ_AT_ONCE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, "read", path);
		if (n == 0)
			return 0;
		if (buf_add(out, piece, (size_t)n, err) < 0)
			return err_wrap(err, "read %s", path);
	}
}

int file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	/* O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. */
	AUTO(auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, "read", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "read %s: not a regular file", path);
	AUTO(buf_done) struct buf b = { .max = max };
	if (max && st.st_size > 0 && (size_t)st.st_size > max)
		return err_set(err, ERR_LIMIT, "read %s: more than %zu bytes", path, max);
	if (read_all(fd, path, &b, err) < 0)
		return -1;
	size_t n = b.len, limit = out->max;
	char *data = buf_take(&b);
	buf_done(out);
	*out = (struct buf){ .data = data, .len = n, .cap = n + 1, .max = limit };
	return 0;
}

/* ---- writing */

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* The folder of a path: "a/b" gives "a", "b" gives ".", "/b" gives "/". */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* A new file beside `path`.  Its name cannot be guessed, so that nobody who may write in the
 * folder can keep us from writing by taking it. */
static int open_temporary(const char *path, mode_t mode, char **name, struct err *err)
{
	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		unsigned long long random;
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return fail(err, "write", path);
		AUTO(auto_free) char *candidate = xfmt("%s.%016llx.tmp", path, random);
		int fd =
			open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd >= 0) {
			*name = TAKE(candidate);
			return fd;
		}
		if (errno != EEXIST)
			break;
	}
	return fail(err, "write", path);
}

static int sync_folder(const char *path)
{
	AUTO(auto_free) char *folder = folder_of(path);
	AUTO(auto_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	/* Some file systems cannot sync a folder and say EINVAL. */
	return fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
}

/* A device or a FIFO cannot be replaced by renaming (over /dev/null that would even succeed). */
static int write_in_place(const char *path, const void *p, size_t n, struct err *err)
{
	AUTO(auto_close) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 || write_all(fd, p, n) < 0 ? fail(err, "write", path) : 0;
}

static int fill_and_close(int fd, const void *p, size_t n)
{
	bool ok = write_all(fd, p, n) == 0 && fsync(fd) == 0;
	int saved = errno;
	if (close(fd) < 0 && ok)
		return -1;
	errno = saved;
	return ok ? 0 : -1;
}

int file_write(const char *path, const void *p, size_t n, mode_t mode, struct err *err)
{
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_in_place(path, p, n, err);
	AUTO(auto_free) char *temporary = NULL;
	int fd = open_temporary(path, mode, &temporary, err);
	if (fd < 0)
		return -1;
	if (fill_and_close(fd, p, n) < 0 || rename(temporary, path) < 0) {
		int saved = errno;
		unlink(temporary);
		errno = saved;
		return fail(err, "write", path);
	}
	return sync_folder(path) < 0 ? fail(err, "write", path) : 0;
}

/* ---- folders */

int file_mkdirs(const char *path, mode_t mode, struct err *err)
{
	AUTO(auto_free) char *part = xstrdup(path);
	for (char *p = part + (*part == '/');; p++) {
		if (*p && *p != '/')
			continue;
		char separator = *p;
		*p = '\0';
		if (*part && mkdir(part, mode) < 0 && errno != EEXIST)
			return fail(err, "make folder", part);
		if (!separator)
			break;
		*p = separator;
	}
	struct stat st;
	if (stat(path, &st) < 0)
		return fail(err, "make folder", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_SYSTEM, "make folder %s: a file is in its place", path);
	return 0;
}

bool file_exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

char *path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);
	if (*name == '/' || n == 0)
		return xstrdup(name);
	return xfmt("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int dir_names(const char *path, char ***names, size_t *n, struct err *err)
{
	AUTO(auto_closedir) DIR *dir = opendir(path);
	if (!dir)
		return fail(err, "read folder", path);
	char **list = NULL;
	size_t count = 0, cap = 0;
	struct dirent *entry;
	while (errno = 0, (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		GROW(list, count, cap);
		list[count++] = xstrdup(entry->d_name);
	}
	if (errno) {
		int rc = fail(err, "read folder", path);
		dir_names_free(list, count);
		return rc;
	}
	if (count)
		qsort(list, count, sizeof(*list), by_name);
	*names = list;
	*n = count;
	return 0;
}

void dir_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}
