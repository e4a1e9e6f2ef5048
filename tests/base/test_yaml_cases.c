/* The folders of testdata/yaml: input.yaml and either expected.jsonl, the documents as canonical
 * JSON, a line each, or error.txt. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/file.h"
#include "base/json_write.h"
#include "base/yaml.h"

static const char root[] = "testdata/yaml";

static int write_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)index, (void)err;
	json_write_canonical(ctx, document);
	buf_putc(ctx, '\n');
	return 0;
}

static void read_file(const char *folder, const char *name, struct buf *out)
{
	AUTO(auto_free) char *path = xfmt("%s/%s/%s", root, folder, name);
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(file_read(path, 0, out, &err), 0);
}

static bool has(const char *folder, const char *name)
{
	AUTO(auto_free) char *path = xfmt("%s/%s/%s", root, folder, name);
	return file_exists(path);
}

static void folder_run(void **state)
{
	const char *folder = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf input = { 0 };
	AUTO(buf_done) struct buf expect = { 0 };
	AUTO(buf_done) struct buf got = { 0 };
	bool refused = has(folder, "error.txt");
	read_file(folder, "input.yaml", &input);
	read_file(folder, refused ? "error.txt" : "expected.jsonl", &expect);
	if (yaml_parse(&a, buf_text(&input), input.len, "input.yaml", NULL, write_document, &got,
		       &err) < 0) {
		AUTO(auto_free) char *message = err_text(&err);
		buf_reset(&got);
		buf_printf(&got, "%s\n", message);
	}
	assert_string_equal(buf_text(&got), buf_text(&expect));
	assert_int_equal(err.code != ERR_NONE, refused);
}

int main(void)
{
	AUTO(err_done) struct err err = { 0 };
	char **names;
	size_t n;
	if (dir_names(root, &names, &n, &err) < 0) {
		print_error("%s\n", err.msg);
		return 1;
	}
	struct CMUnitTest *tests = xcalloc(n + 1, sizeof(*tests));
	for (size_t i = 0; i < n; i++)
		tests[i] = fixture_row(names[i], folder_run, names[i]);
	int failed = _cmocka_run_group_tests("yaml_cases", tests, n, NULL, NULL);
	free(tests);
	dir_names_free(names, n);
	return failed;
}
