/* file.h, in a temporary folder. */
#include "tests/lib/fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static int enter(void **state)
{
	*state = fixture_dir();
	return 0;
}

static int leave(void **state)
{
	char *dir = *state;
	fixture_remove(&dir);
	return 0;
}

static void assert_holds(const char *path, const char *want)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(file_read(path, 0, &text, &err), 0);
	assert_string_equal(buf_text(&text), want);
}

static void assert_unreadable(const char *path, size_t max, enum err_code want)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(file_read(path, max, &text, &err), -1);
	assert_int_equal(err.code, want);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(text.len, 0);
}

static void write_and_read(void **state)
{
	AUTO(auto_free) char *path = path_join(*state, "a");
	AUTO(err_done) struct err err = { 0 };
	assert_false(file_exists(path));
	assert_int_equal(file_write(path, "one", 3, 0600, &err), 0);
	assert_holds(path, "one");
	assert_int_equal(file_write(path, "two\0three", 9, 0600, &err), 0);
	AUTO(buf_done) struct buf text = { 0 };
	assert_int_equal(file_read(path, 9, &text, &err), 0);
	assert_int_equal(text.len, 9);
	assert_memory_equal(text.data, "two\0three", 9);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(file_exists(path));
}

static void nothing_is_left_beside(void **state)
{
	const char *dir = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *path = path_join(dir, "a");
	assert_int_equal(file_write(path, "x", 1, 0600, &err), 0);
	char **names = NULL;
	size_t n = 0;
	assert_int_equal(dir_names(dir, &names, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(names[0], "a");
	dir_names_free(names, n);
}

/* A folder in the file's place refuses the write, and the temporary file is gone. */
static void failure_keeps_the_old(void **state)
{
	const char *dir = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *folder = path_join(dir, "folder");
	assert_int_equal(file_mkdirs(folder, 0700, &err), 0);
	assert_int_equal(file_write(folder, "x", 1, 0600, &err), -1);
	assert_int_equal(err.code, ERR_SYSTEM);
	err_done(&err);
	AUTO(auto_free) char *nowhere = path_join(dir, "no/such/file");
	assert_int_equal(file_write(nowhere, "x", 1, 0600, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	char **names = NULL;
	size_t n = 0;
	err_done(&err);
	assert_int_equal(dir_names(dir, &names, &n, &err), 0);
	assert_int_equal(n, 1);
	dir_names_free(names, n);
}

static void devices_are_written_in_place(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(file_write("/dev/null", "x", 1, 0600, &err), 0);
	struct stat st;
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(file_write("/dev/full", "x", 1, 0600, &err), -1);
	assert_int_equal(err.code, ERR_SYSTEM);
}

static void unreadable(void **state)
{
	const char *dir = *state;
	AUTO(auto_free) char *none = path_join(dir, "none");
	AUTO(auto_free) char *fifo = path_join(dir, "fifo");
	AUTO(auto_free) char *below_a_file = path_join(dir, "file/x");
	AUTO(auto_free) char *file = path_join(dir, "file");
	fixture_write(dir, "file", "12345");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_unreadable(none, 0, ERR_NOT_FOUND);
	assert_unreadable(below_a_file, 0, ERR_NOT_FOUND);
	assert_unreadable(fifo, 0, ERR_INPUT);
	assert_unreadable(dir, 0, ERR_INPUT);
	assert_unreadable("/dev/zero", 10, ERR_INPUT);
	assert_unreadable(file, 4, ERR_LIMIT);
	/* Files of /proc say that they have 0 bytes. */
	assert_unreadable("/proc/self/maps", 10, ERR_LIMIT);
}

static void a_link_is_followed(void **state)
{
	const char *dir = *state;
	fixture_write(dir, "file", "text");
	fixture_link(dir, "link", "file");
	AUTO(auto_free) char *link = path_join(dir, "link");
	assert_holds(link, "text");
}

static void mkdirs(void **state)
{
	const char *dir = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *deep = path_join(dir, "a//b/c/");
	assert_int_equal(file_mkdirs(deep, 0755, &err), 0);
	assert_int_equal(file_mkdirs(deep, 0755, &err), 0);
	assert_int_equal(file_mkdirs("/", 0755, &err), 0);
	assert_int_equal(file_mkdirs(".", 0755, &err), 0);
	assert_true(file_exists(deep));
	fixture_write(dir, "file", "");
	AUTO(auto_free) char *below_a_file = path_join(dir, "file/x");
	AUTO(auto_free) char *file = path_join(dir, "file");
	assert_int_equal(file_mkdirs(below_a_file, 0755, &err), -1);
	err_done(&err);
	assert_int_equal(file_mkdirs(file, 0755, &err), -1);
	assert_int_equal(err.code, ERR_SYSTEM);
}

static void names_are_sorted(void **state)
{
	const char *dir = *state;
	fixture_write(dir, "b", "");
	fixture_write(dir, ".hidden", "");
	fixture_write(dir, "B", "");
	fixture_write(dir, "a/x", "");
	char **names = NULL;
	size_t n = 0;
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(dir_names(dir, &names, &n, &err), 0);
	assert_int_equal(n, 4);
	static const char *const want[] = { ".hidden", "B", "a", "b" };
	for (size_t i = 0; i < n; i++)
		assert_string_equal(names[i], want[i]);
	dir_names_free(names, n);
	AUTO(auto_free) char *none = path_join(dir, "none");
	assert_int_equal(dir_names(none, &names, &n, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

struct join_case {
	const char *dir, *name, *want;
};

static const struct join_case joins[] = {
	{ "a", "b", "a/b" }, { "a/", "b", "a/b" },    { "/", "b", "/b" },
	{ "", "b", "b" },    { "a", "/b/c", "/b/c" }, { "a/b", "c/d", "a/b/c/d" },
};

static void join_run(void **state)
{
	const struct join_case *c = *state;
	AUTO(auto_free) char *path = path_join(c->dir, c->name);
	assert_string_equal(path, c->want);
}

int main(void)
{
#define IN_A_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter, leave)
	struct CMUnitTest tests[32] = {
		IN_A_FOLDER(write_and_read),
		IN_A_FOLDER(nothing_is_left_beside),
		IN_A_FOLDER(failure_keeps_the_old),
		IN_A_FOLDER(devices_are_written_in_place),
		IN_A_FOLDER(unreadable),
		IN_A_FOLDER(a_link_is_followed),
		IN_A_FOLDER(mkdirs),
		IN_A_FOLDER(names_are_sorted),
	};
	size_t n = 8;
	for (size_t i = 0; i < ARRAY_LEN(joins); i++)
		tests[n++] = fixture_row(joins[i].want, join_run, &joins[i]);
	return _cmocka_run_group_tests("file", tests, n, NULL, NULL);
}
