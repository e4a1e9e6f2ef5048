/* Files: whole in, whole out. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* Reads all of a regular file into the empty buf.  ERR_NOT_FOUND, ERR_LIMIT past max bytes (0:
 * no ceiling), ERR_INPUT for a FIFO, a device or a folder, ERR_SYSTEM. */
int file_read(const char *path, size_t max, struct buf *out, struct err *err);

/* Writes the whole file or nothing: a temporary file beside it, fsync, rename, fsync of the
 * folder.  A crash leaves the old file or the new one.  What exists and is no regular file
 * (/dev/stdout, a FIFO) is written in place. */
int file_write(const char *path, const void *p, size_t n, mode_t mode, struct err *err);

/* mkdir -p. */
int file_mkdirs(const char *path, mode_t mode, struct err *err);

bool file_exists(const char *path);

/* "dir/name"; an absolute name is returned as it is.  The caller frees. */
char *path_join(const char *dir, const char *name);

/* Names in a folder, sorted, without "." and "..".  ERR_NOT_FOUND where there is no folder.
 * The caller frees with dir_names_free(). */
int dir_names(const char *path, char ***names, size_t *n, struct err *err);
void dir_names_free(char **names, size_t n);

#endif
