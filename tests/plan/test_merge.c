/* plan/merge: every case of testdata/merge, step by step.
 *
 * RHUMB_UPDATE=1 writes what comes out into the cases, to be looked at with git diff. */
#include "tests/lib/fixture.h"
#include "tests/lib/merge_case.h"

#include <string.h>

#include "base/file.h"
#include "base/json_write.h"

static void update(struct merge_case *c)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(auto_free) char *path = xfmt("testdata/merge/%s.json", c->name);
	json_write_indented(&text, &c->file);
	buf_putc(&text, '\n');
	assert_int_equal(file_write(path, buf_text(&text), text.len, 0644, &err), 0);
}

static void case_run(void **state)
{
	AUTO(merge_case_done) struct merge_case c;
	merge_case_open(&c, *state);
	struct json *steps = json_set(&c.arena, &c.file, "steps", *json_get(&c.file, "steps"));
	bool rewrite = getenv("RHUMB_UPDATE") != NULL;
	for (uint32_t i = 0; i < steps->n; i++) {
		struct json got = merge_case_step(&c, &steps->items[i]);
		if (rewrite) {
			json_set(&c.arena, &steps->items[i], "want", got);
			continue;
		}
		AUTO(buf_done) struct buf g = { 0 }, w = { 0 };
		json_write_indented(&g, &got);
		const struct json *want = json_get(&steps->items[i], "want");
		assert_non_null(want);
		json_write_indented(&w, want);
		if (strcmp(buf_text(&g), buf_text(&w)) != 0)
			fail_msg("step %u:\n%s\nwanted:\n%s", i + 1, buf_text(&g), buf_text(&w));
	}
	if (rewrite)
		update(&c);
}

int main(void)
{
	char **names;
	size_t n;
	merge_case_names(&names, &n);
	struct CMUnitTest tests[MERGE_CASES_MAX];
	if (n > MERGE_CASES_MAX)
		return 1;
	for (size_t i = 0; i < n; i++)
		tests[i] = fixture_row(names[i], case_run, names[i]);
	int failed = _cmocka_run_group_tests("merge", tests, n, NULL, NULL);
	dir_names_free(names, n);
	return failed;
}
