/* Patterns that leave files out: rows, and a comparison with git's own reading. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "plan/source/ignore.h"

struct match_case {
	const char *pattern, *path;
	bool match;
};

static const struct match_case match_cases[] = {
	{ "a", "a", true },
	{ "a", "b", false },
	{ "a", "a/b", false },
	{ "*", "a/b", false },
	{ "*.yaml", "x.yaml", true },
	{ "*.yaml", "x.yaml.tmpl", false },
	{ "a*b*c", "aXbYbZc", true },
	{ "a*b*c", "aXbYbZ", false },
	{ "?", "\xc3", true },
	{ "a?c", "a/c", false },
	{ "[a-c]x", "bx", true },
	{ "[!a-c]x", "bx", false },
	{ "[^a-c]x", "dx", true },
	{ "[]-]", "]", true },
	{ "[]-]", "-", true },
	{ "[a-]", "-", true },
	{ "[[:digit:]z]", "7", true },
	{ "[[:digit:]z]", "z", true },
	{ "[[:nothing:]]", "n", false },
	{ "[a", "a", false },
	{ "[", "[", false },
	{ "[\\]]", "]", true },
	{ "\\*", "*", true },
	{ "\\*", "a", false },
	{ "a\\", "a", false },
	{ "**", "a/b/c", true },
	{ "**/c", "c", true },
	{ "**/c", "a/b/c", true },
	{ "**/c", "a/b/d", false },
	{ "a/**", "a", false },
	{ "a/**", "a/b/c", true },
	{ "a/**/c", "a/c", true },
	{ "a/**/c", "a/b/b/c", true },
	{ "a/**/c", "a/b/b/d", false },
	{ "a/**/b/**/c", "a/b/b/c", true },
	{ "a/**/b/**/c", "a/x/c/x/c", false },
	{ "a**b", "axxb", true },
	{ "a**b", "ax/xb", false },
	{ "**a", "x/a", false },
	{ "", "", true },
};

static void match_case_run(void **state)
{
	const struct match_case *c = *state;
	assert_int_equal(wildmatch(c->pattern, c->path), c->match);
}

/* A pattern that takes others the age of the universe. */
static void many_stars(void **state)
{
	(void)state;
	char pattern[4096], path[4096];
	for (size_t i = 0; i + 1 < sizeof(path); i++) {
		path[i] = i % 2 ? '/' : 'a';
		pattern[i] = "*a**/"[i % 5];
	}
	pattern[sizeof(pattern) - 2] = 'b';
	pattern[sizeof(pattern) - 1] = path[sizeof(path) - 1] = '\0';
	assert_false(wildmatch(pattern, path));
}

struct ignore_case {
	const char *name;
	const char *root, *nested, *last; /* .rhumbignore, x/.rhumbignore, the configuration */
	const char *path;                 /* a folder where it ends in "/" */
	bool ignored;
};

static const struct ignore_case ignore_cases[] = {
	{ "nothing", "", "", NULL, "a", false },
	{ "comment", "#a\n", "", NULL, "#a", false },
	{ "escaped hash", "\\#a\n", "", NULL, "#a", true },
	{ "escaped bang", "\\!a\n", "", NULL, "!a", true },
	{ "no newline at the end", "a", "", NULL, "a", true },
	{ "DOS line ends", "a\r\nb\r\n", "", NULL, "a", true },
	{ "byte order mark",
	  "\xEF\xBB\xBF"
	  "a\n",
	  "", NULL, "a", true },
	{ "spaces at the end", "a  \n", "", NULL, "a", true },
	{ "escaped space at the end", "a\\ \n", "", NULL, "a ", true },
	{ "name at any depth", "a\n", "", NULL, "x/y/a", true },
	{ "anchored by a slash in front", "/a\n", "", NULL, "x/a", false },
	{ "anchored by a slash within", "x/a\n", "", NULL, "y/x/a", false },
	{ "folders only, a file", "a/\n", "", NULL, "a", false },
	{ "folders only, a folder", "a/\n", "", NULL, "x/a/", true },
	{ "the last one wins", "*.yaml\n!a.yaml\n", "", NULL, "a.yaml", false },
	{ "and again", "*.yaml\n!a.yaml\na*\n", "", NULL, "a.yaml", true },
	{ "nested file", "", "/a\n", NULL, "x/a", true },
	{ "nested file does not reach out", "", "a\n", NULL, "a", false },
	{ "nested file takes back in", "a\n", "!a\n", NULL, "x/a", false },
	{ "configuration over all", "", "!a\n", "a", "x/a", true },
	{ "configuration takes back in", "a\n", "a\n", "!a", "x/a", false },
	{ "slash alone", "/\n!\n!/\n", "", NULL, "a", false },
};

static bool is_ignored(struct ignore *ig, const char *path)
{
	AUTO(auto_free) char *part = xstrdup(path);
	for (char *slash = part; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		if (ignore_matches(ig, part, true))
			return true;
	}
	return ignore_matches(ig, part, false);
}

static void ignore_case_run(void **state)
{
	const struct ignore_case *c = *state;
	AUTO(ignore_done) struct ignore ig = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(ignore_add(&ig, "", c->root, strlen(c->root), &err), 0);
	assert_int_equal(ignore_add(&ig, "x", c->nested, strlen(c->nested), &err), 0);
	if (c->last)
		assert_int_equal(ignore_add_last(&ig, "", c->last, &err), 0);
	assert_int_equal(is_ignored(&ig, c->path), c->ignored);
}

static void leaving_a_folder(void **state)
{
	(void)state;
	AUTO(ignore_done) struct ignore ig = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(ignore_add(&ig, "", "a", 1, &err), 0);
	assert_int_equal(ignore_add(&ig, "x", "b", 1, &err), 0);
	assert_int_equal(ignore_add(&ig, "x/y", "c", 1, &err), 0);
	ignore_leave(&ig, "x/y/z");
	assert_int_equal(ig.n, 3);
	ignore_leave(&ig, "x/yy");
	assert_int_equal(ig.n, 2);
	ignore_leave(&ig, "xx");
	assert_int_equal(ig.n, 1);
}

static void ceilings(void **state)
{
	(void)state;
	AUTO(ignore_done) struct ignore ig = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	for (int i = 0; i <= IGNORE_MAX_PATTERNS; i++)
		buf_puts(&b, "a\n");
	assert_int_equal(ignore_add(&ig, "", b.data, b.len, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

/* ---- git's reading of the same */

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

#define PICK(list) (list)[next_random(seed) % ARRAY_LEN(list)]

/* "**" only between slashes: what git makes of it elsewhere is not what it documents. */
static void random_pattern(struct buf *b, unsigned *seed)
{
	static const char *const starts[] = { "", "", "", "/", "!", "!/", "#", "**/", "/**/" };
	static const char *const parts[] = { "a",  "b",    "*",    "?",   "**",   "***", "a*",
					     "*b", "[a-]", "[!b]", "\\a", "?*b*", "a ",  "" };
	static const char *const ends[] = { "", "", "", "/", "/**", " ", "\\", "/*" };
	buf_puts(b, PICK(starts));
	for (unsigned left = next_random(seed) % 4; left--;) {
		buf_puts(b, PICK(parts));
		buf_puts(b, left ? "/" : "");
	}
	buf_puts(b, PICK(ends));
	buf_putc(b, '\n');
}

static void random_path(struct buf *b, unsigned *seed)
{
	static const char *const parts[] = { "a", "b", "ab", "-", "abb", "c" };
	for (unsigned left = 1 + next_random(seed) % 4; left--;) {
		buf_puts(b, PICK(parts));
		buf_puts(b, left ? "/" : "");
	}
}

static void compare_with_git(void **state)
{
	(void)state;
	enum { PATHS = 60, ROUNDS = 150 };
	AUTO(fixture_remove) char *dir = fixture_dir();
	free(fixture_git(dir, "init", "-q", NULL));
	unsigned seed = 7;
	for (int round = 0; round < ROUNDS; round++) {
		AUTO(buf_done) struct buf patterns = { 0 }, ours = { 0 };
		AUTO(ignore_done) struct ignore ig = { 0 };
		AUTO(err_done) struct err err = { 0 };
		for (int i = 0; i < 4; i++)
			random_pattern(&patterns, &seed);
		buf_puts(&patterns, "/always\n");
		fixture_write(dir, ".gitignore", patterns.data);
		assert_int_equal(ignore_add(&ig, "", patterns.data, patterns.len, &err), 0);
		char *paths[PATHS + 1] = { [PATHS] = xstrdup("always") };
		for (int i = 0; i < PATHS; i++) {
			struct buf b = { 0 };
			random_path(&b, &seed);
			paths[i] = buf_take(&b);
		}
		for (int i = 0; i <= PATHS; i++)
			if (is_ignored(&ig, paths[i]))
				buf_printf(&ours, "%s%s", ours.len ? "\n" : "", paths[i]);
		AUTO(auto_free)
		char *theirs = fixture_git_list(
			dir, (const char *const[]){ "check-ignore", "--no-index", "--", NULL },
			(const char *const *)paths, PATHS + 1);
		for (int i = 0; i <= PATHS; i++)
			free(paths[i]);
		if (strcmp(buf_text(&ours), theirs) != 0)
			fail_msg("patterns:\n%s\nours:\n%s\ngit's:\n%s", patterns.data,
				 buf_text(&ours), theirs);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(match_cases) + ARRAY_LEN(ignore_cases) + 4];
	size_t n = 0;
	char names[ARRAY_LEN(match_cases)][64];
	for (size_t i = 0; i < ARRAY_LEN(match_cases); i++) {
		snprintf(names[i], sizeof(names[i]), "%s against %s", match_cases[i].pattern,
			 match_cases[i].path);
		tests[n++] = fixture_row(names[i], match_case_run, &match_cases[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(ignore_cases); i++)
		tests[n++] = fixture_row(ignore_cases[i].name, ignore_case_run, &ignore_cases[i]);
	tests[n++] = fixture_row("many stars", many_stars, NULL);
	tests[n++] = fixture_row("leaving a folder", leaving_a_folder, NULL);
	tests[n++] = fixture_row("ceilings", ceilings, NULL);
	tests[n++] = fixture_row("as git reads it", compare_with_git, NULL);
	return _cmocka_run_group_tests("ignore", tests, n, NULL, NULL);
}
