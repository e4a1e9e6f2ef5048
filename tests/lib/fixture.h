/* What unit tests share: rows as tests, trees from text, temporary folders, Git repositories.
 *
 * Everything here fails the running test where it cannot do its work. */
#ifndef TESTS_LIB_FIXTURE_H
#define TESTS_LIB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json.h"

/* A row of a table as a test of its own: `row` arrives as *state. */
static inline struct CMUnitTest fixture_row(const char *name, CMUnitTestFunction run,
					    const void *row)
{
	return (struct CMUnitTest){ .name = name,
				    .test_func = run,
				    .initial_state = (void *)(uintptr_t)row };
}

struct json fixture_json(struct arena *a, const char *text);

/* A new empty folder; fixture_remove() deletes it with all that is in it. */
char *fixture_dir(void);
void fixture_remove(char **dir);

/* Writes a file below dir, making folders as needed. */
void fixture_write(const char *dir, const char *path, const char *text);
void fixture_link(const char *dir, const char *path, const char *target);

/* Runs git in dir, without anybody's configuration and with a fixed identity and time.  Gives its
 * output without the last newline; the caller frees. */
char *fixture_git(const char *dir, ...) __attribute__((sentinel));
int fixture_git_status(const char *dir, ...) __attribute__((sentinel));
/* The same with a NULL-ended list of arguments and n more. */
char *fixture_git_list(const char *dir, const char *const *args, const char *const *more, size_t n);

/* Commits all that lies in the working tree (git init first where there is no repository);
 * gives the commit's id. */
char *fixture_commit(const char *dir, const char *message);

#endif
