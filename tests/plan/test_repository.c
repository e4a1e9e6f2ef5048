/* Reading Git repositories that git itself made. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/git/repository.h"

struct entry {
	const char *path, *content; /* content "-> x": a link to x; NULL ends */
};

static void write_entries(const char *dir, const struct entry *entries)
{
	for (; entries->path; entries++) {
		if (strncmp(entries->content, "-> ", 3) == 0)
			fixture_link(dir, entries->path, entries->content + 3);
		else
			fixture_write(dir, entries->path, entries->content);
	}
}

static struct repository *open_at(const char *dir)
{
	struct err err = { 0 };
	struct repository *r = NULL;
	if (repository_open(&r, dir, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

static struct revision resolve(struct repository *r, const char *revision)
{
	struct err err = { 0 };
	struct revision rev = { 0 };
	if (repository_resolve(r, revision, &rev, &err) < 0)
		fail_msg("%s: %s", revision, err.msg);
	return rev;
}

/* ---- walking */

struct walk_case {
	const char *name;
	struct entry files[12];
	const char *path, *want; /* paths with ";", or the error's text */
	enum err_code code;
};

static const struct walk_case walk_cases[] = {
	{ "byte order of whole paths",
	  { { "a/b.yaml", "1" },
	    { "a.yaml", "2" },
	    { "a-b/c", "3" },
	    { "a0", "4" },
	    { "B", "5" },
	    { "a/b/c", "6" } },
	  "",
	  "B;a-b/c;a.yaml;a/b.yaml;a/b/c;a0;",
	  ERR_NONE },
	{ "below a folder",
	  { { "x/y/1", "1" }, { "x/z", "2" }, { "w", "3" } },
	  "x",
	  "x/y/1;x/z;",
	  ERR_NONE },
	{ "path written otherwise", { { "x/y/1", "1" } }, "./x//y/", "x/y/1;", ERR_NONE },
	{ "link to a file", { { "x/a", "-> ../b" }, { "b", "2" } }, "x", "x/a=2;", ERR_NONE },
	{ "link to a folder, in its place by path",
	  { { "x/a", "-> ../y" },
	    { "x/a.b", "1" },
	    { "x/a0", "1" },
	    { "y/1", "2" },
	    { "y/2", "3" } },
	  "x",
	  "x/a.b=1;x/a/1=2;x/a/2=3;x/a0=1;",
	  ERR_NONE },
	{ "link through links",
	  { { "x/a", "-> b/f" },
	    { "x/b", "-> ../c/" },
	    { "c", "-> ./d/./e/../e" },
	    { "d/e/f", "7" } },
	  "x",
	  "x/a=7;x/b/f=7;",
	  ERR_NONE },
	{ "path through a link", { { "x", "-> y/z" }, { "y/z/1", "7" } }, "x", "x/1=7;", ERR_NONE },
	{ "left out by the filter before it is followed",
	  { { "x/skip", "-> /etc/passwd" }, { "x/skip-dir/1", "1" }, { "x/b", "2" } },
	  "x",
	  "x/b=2;",
	  ERR_NONE },
	{ "link out of the tree",
	  { { "x/a", "-> ../../etc" } },
	  "x",
	  "x/a: symbolic link to \"../../etc\", which leaves the repository",
	  ERR_INPUT },
	{ "out and in again",
	  { { "x/a", "-> ../../x/b" }, { "x/b", "1" } },
	  "x",
	  "x/a: symbolic link to \"../../x/b\", which leaves the repository",
	  ERR_INPUT },
	{ "absolute link",
	  { { "x/a", "-> /etc/passwd" } },
	  "x",
	  "x/a: symbolic link to \"/etc/passwd\", which is absolute and so leaves the repository",
	  ERR_INPUT },
	{ "dangling link",
	  { { "x/a", "-> b" } },
	  "x",
	  "x/a: symbolic link to \"b\", which does not exist at this revision",
	  ERR_INPUT },
	{ "link through a file",
	  { { "x/a", "-> b/c" }, { "x/b", "1" } },
	  "x",
	  "x/a: symbolic link to \"b/c\", which goes through a file",
	  ERR_INPUT },
	{ "file and dots",
	  { { "x/a", "-> b/../b" }, { "x/b", "1" } },
	  "x",
	  "x/a: symbolic link to \"b/../b\", which goes through a file",
	  ERR_INPUT },
	{ "link to itself",
	  { { "x/a", "-> a" } },
	  "x",
	  "x/a: symbolic link to \"a\", which leads in a circle",
	  ERR_INPUT },
	{ "two links in a circle",
	  { { "x/a", "-> b" }, { "x/b", "-> a" } },
	  "x",
	  "x/a: symbolic link to \"b\", which leads in a circle",
	  ERR_INPUT },
	{ "link to its own folder",
	  { { "x/a", "-> ." }, { "x/b", "1" } },
	  "x",
	  "x/a: symbolic link to \".\", which leads in a circle",
	  ERR_INPUT },
	{ "link to a folder above",
	  { { "x/y/a", "-> .." }, { "x/b", "1" } },
	  "x",
	  "x/y/a: symbolic link to \"..\", which leads in a circle",
	  ERR_INPUT },
	{ "link to above where the walk began",
	  { { "x/y/a", "-> ../.." }, { "z", "1" } },
	  "x/y",
	  "x/y/a: symbolic link to \"../..\", which leads in a circle",
	  ERR_INPUT },
	{ "two folders that link to each other",
	  { { "x/a", "-> ../y" }, { "y/b", "-> ../x" } },
	  "x",
	  "x/a/b: symbolic link to \"../x\", which leads in a circle",
	  ERR_INPUT },
	{ "no such folder",
	  { { "x", "1" } },
	  "y",
	  "y does not exist at this revision",
	  ERR_NOT_FOUND },
	{ "a file", { { "x", "1" } }, "x", "x is a file, not a folder", ERR_NOT_FOUND },
	{ "path through a broken link",
	  { { "x", "-> y" } },
	  "x",
	  "x goes through a symbolic link that does not exist at this revision",
	  ERR_INPUT },
	{ "control character in a name",
	  { { "x/a\nb", "1" } },
	  "x",
	  "a file in folder \"x\" has a name with control characters or in another encoding than "
	  "UTF-8: rename it",
	  ERR_INPUT },
	{ "another encoding",
	  { { "x/caf\xe9", "1" } },
	  "x",
	  "a file in folder \"x\" has a name with control characters or in another encoding than "
	  "UTF-8: rename it",
	  ERR_INPUT },
	{ "UTF-8 name", { { "x/caf\xc3\xa9", "1" } }, "x", "x/caf\xc3\xa9=1;", ERR_NONE },
};

struct listing {
	struct repository *r;
	bool contents;
	struct buf text;
};

static int list_entry(void *ctx, const struct tree_entry *entry, struct err *err)
{
	struct listing *l = ctx;
	buf_puts(&l->text, entry->path);
	if (entry->type == TREE_SUBMODULE)
		buf_puts(&l->text, "@");
	if (l->contents && entry->type == TREE_FILE) {
		buf_puts(&l->text, "=");
		if (repository_read(l->r, entry->id, 100, &l->text, err) < 0)
			return -1;
	}
	buf_puts(&l->text, ";");
	return 0;
}

static bool not_skip(void *ctx, const char *path, bool is_folder)
{
	(void)ctx, (void)is_folder;
	return !strstr(path, "skip");
}

static void walk_case_run(void **state)
{
	const struct walk_case *c = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	write_entries(dir, c->files);
	free(fixture_commit(dir, "x"));
	AUTO(repository_free_p) struct repository *r = open_at(dir);
	struct revision head = resolve(r, "HEAD");
	struct listing l = { r, strchr(c->want, '=') != NULL, { 0 } };
	AUTO(err_done) struct err err = { 0 };
	repository_walk(r, head.tree, c->path, not_skip, list_entry, &l, &err);
	AUTO(auto_free) char *message = err_text(&err);
	assert_string_equal(c->code ? message : buf_text(&l.text), c->want);
	assert_int_equal(err.code, c->code);
	buf_done(&l.text);
}

static void submodule(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	fixture_write(dir, "lib/a.yaml", "1");
	free(fixture_commit(dir, "x"));
	AUTO(auto_free) char *lib = xfmt("%s/lib", dir);
	free(fixture_git(lib, "init", "-q", NULL));
	free(fixture_commit(lib, "lib"));
	free(fixture_git(dir, "rm", "-rq", "--cached", "lib", NULL));
	fixture_link(dir, "link", "lib");
	free(fixture_commit(dir, "y"));
	AUTO(repository_free_p) struct repository *r = open_at(dir);
	struct revision head = resolve(r, "HEAD");
	struct listing l = { r, false, { 0 } };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(repository_walk(r, head.tree, "", NULL, list_entry, &l, &err), 0);
	assert_string_equal(l.text.data, "lib@;link@;");
	buf_done(&l.text);
	assert_int_equal(repository_walk(r, head.tree, "lib", NULL, list_entry, &l, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_string_equal(err.msg, "lib is a submodule; submodules are not read");
	err_done(&err);
	char blob[GIT_ID_TEXT];
	assert_int_equal(repository_find_file(r, head.tree, "lib/a.yaml", blob, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

/* Folder after folder, each with two links to the next: 2^30 paths. */
static void links_that_multiply(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	for (int i = 0; i < 30; i++) {
		char path[32], target[32];
		snprintf(target, sizeof(target), "../d%d", i + 1);
		snprintf(path, sizeof(path), "d%d/a", i);
		fixture_link(dir, path, target);
		snprintf(path, sizeof(path), "d%d/b", i);
		fixture_link(dir, path, target);
	}
	fixture_write(dir, "d30/x", "1");
	free(fixture_commit(dir, "x"));
	AUTO(repository_free_p) struct repository *r = open_at(dir);
	struct revision head = resolve(r, "HEAD");
	struct listing l = { r, false, { 0 } };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(repository_walk(r, head.tree, "d0", NULL, list_entry, &l, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	buf_done(&l.text);
}

/* ---- revisions */

struct revision_case {
	const char *revision;
	int commit; /* index of the commit that it means, -1: error, -2: a tree */
	const char *error;
};

static const struct revision_case revision_cases[] = {
	{ "HEAD", 2, NULL },
	{ "@", 2, NULL },
	{ "@~1", 1, NULL },
	{ "main", 2, NULL },
	{ "refs/heads/main", 2, NULL },
	{ "HEAD~2", 0, NULL },
	{ "HEAD^", 1, NULL },
	{ "main@{1}", 1, NULL },
	{ "HEAD^{/first}", 0, NULL },
	{ ":/second", 1, NULL },
	{ "light", 0, NULL },
	{ "annotated", 1, NULL },
	{ "annotated^{commit}", 1, NULL },
	{ "of-tag", 1, NULL },
	{ "old@{upstream}", 2, NULL },
	{ "HEAD^{tree}", -2, NULL },
	{ "HEAD:x", -2, NULL },
	{ "HEAD:x/f", -1, "\"HEAD:x/f\" is a file, not a commit or a folder" },
	{ "HEAD~9", -1, "there is no revision \"HEAD~9\"" },
	{ "nothing", -1, "there is no revision \"nothing\"" },
	{ "", -1, "the revision is empty" },
	{ "a..b", -1, "\"a..b\" is a range; one revision is wanted" },
	{ "HEAD~1...HEAD", -1, "\"HEAD~1...HEAD\" is a range; one revision is wanted" },
	{ "0123456789012345678901234567890123456789", -1,
	  "there is no revision \"0123456789012345678901234567890123456789\"" },
};

/* Three commits, made once for all rows. */
static char *history;
static char *commits[3];

static int make_history(void **state)
{
	(void)state;
	static const char *const messages[] = { "first", "second line one\nand two\n\nbody",
						"third \x1b[31m caf\xc3\xa9" };
	history = fixture_dir();
	for (int i = 0; i < 3; i++) {
		fixture_write(history, "x/f", messages[i]);
		commits[i] = fixture_commit(history, messages[i]);
	}
	free(fixture_git(history, "tag", "light", "HEAD~2", NULL));
	free(fixture_git(history, "branch", "-q", "old", "light", NULL));
	free(fixture_git(history, "branch", "-q", "-u", "main", "old", NULL));
	free(fixture_git(history, "tag", "-a", "-m", "x", "annotated", "HEAD~1", NULL));
	free(fixture_git(history, "tag", "-a", "-m", "x", "of-tag", "annotated", NULL));
	return 0;
}

static int drop_history(void **state)
{
	(void)state;
	fixture_remove(&history);
	for (int i = 0; i < 3; i++)
		free(commits[i]);
	return 0;
}

static void revision_case_run(void **state)
{
	const struct revision_case *c = *state;
	AUTO(repository_free_p) struct repository *r = open_at(history);
	AUTO(err_done) struct err err = { 0 };
	struct revision rev = { .time = 42 };
	int rc = repository_resolve(r, c->revision, &rev, &err);
	if (c->commit == -1) {
		assert_int_equal(rc, -1);
		assert_int_equal(err.code, ERR_NOT_FOUND);
		assert_string_equal(err.msg, c->error);
		assert_int_equal(rev.time, 42);
		return;
	}
	if (rc < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(rev.commit, c->commit == -2 ? "" : commits[c->commit]);
	AUTO(auto_free) char *spec = xfmt("%s^{tree}", c->revision);
	if (strchr(c->revision, ':') == NULL && c->commit >= 0) {
		AUTO(auto_free) char *tree = fixture_git(history, "rev-parse", spec, NULL);
		assert_string_equal(rev.tree, tree);
	}
}

static void none(void **state)
{
	(void)state;
	AUTO(repository_free_p) struct repository *r = open_at(history);
	AUTO(err_done) struct err err = { 0 };
	struct revision rev = resolve(r, "none");
	struct listing l = { r, false, { 0 } };
	char id[GIT_ID_TEXT];
	assert_string_equal(rev.commit, "");
	assert_int_equal(repository_walk(r, rev.tree, "", NULL, list_entry, &l, &err), 0);
	assert_int_equal(l.text.len, 0);
	assert_int_equal(repository_subtree(r, rev.tree, "x", id, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void descriptions(void **state)
{
	(void)state;
	AUTO(repository_free_p) struct repository *r = open_at(history);
	struct revision rev = resolve(r, "HEAD~1");
	assert_string_equal(rev.subject, "second line one and two");
	assert_int_equal(rev.time, 1700000000);
	rev = resolve(r, "HEAD");
	assert_string_equal(rev.subject, "third ?[31m caf\xc3\xa9");
}

static void no_commit_yet(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	free(fixture_git(dir, "init", "-q", NULL));
	AUTO(repository_free_p) struct repository *r = open_at(dir);
	AUTO(err_done) struct err err = { 0 };
	struct revision rev;
	assert_int_equal(repository_resolve(r, "HEAD", &rev, &err), -1);
	assert_string_equal(err.msg,
			    "there is no revision \"HEAD\": the repository has no commit yet");
}

/* ---- kinds of repositories */

static void read_f(const char *dir, const char *revision, const char *want)
{
	AUTO(repository_free_p) struct repository *r = open_at(dir);
	struct revision rev = resolve(r, revision);
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	char blob[GIT_ID_TEXT];
	assert_int_equal(repository_find_file(r, rev.tree, "x/f", blob, &err), 0);
	assert_int_equal(repository_read(r, blob, 100, &text, &err), 0);
	assert_string_equal(text.data, want);
}

static void bare_and_worktree(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	free(fixture_git(dir, "clone", "-q", "--bare", history, "shop.git", NULL));
	AUTO(auto_free) char *bare = xfmt("%s/shop.git", dir);
	AUTO(auto_free) char *linked = xfmt("%s/linked", dir);
	AUTO(auto_free) char *below = xfmt("%s/x", linked);
	read_f(bare, "light", "first");
	free(fixture_git(bare, "config", "core.repositoryFormatVersion", "1", NULL));
	free(fixture_git(bare, "config", "extensions.worktreeConfig", "true", NULL));
	free(fixture_git(bare, "config", "extensions.partialClone", "origin", NULL));
	free(fixture_git(bare, "worktree", "add", "-q", "../linked", "light", NULL));
	read_f(linked, "HEAD", "first");
	read_f(below, "HEAD", "first");

	AUTO(repository_free_p) struct repository *r = open_at(bare), *w = open_at(below);
	assert_null(repository_workdir(r));
	assert_string_equal(repository_workdir(w), linked);
	free(fixture_git(bare, "remote", "remove", "origin", NULL));
	repository_free(r);
	repository_free(w);
	r = open_at(bare);
	w = open_at(linked);
	assert_string_equal(repository_name(r), "shop");
	assert_string_equal(repository_name(w), "shop");
}

static void shallow(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *url = xfmt("file://%s", history);
	free(fixture_git(dir, "clone", "-q", "--depth", "1", url, "c", NULL));
	AUTO(auto_free) char *clone = xfmt("%s/c", dir);
	AUTO(repository_free_p) struct repository *r = open_at(clone);
	AUTO(err_done) struct err err = { 0 };
	struct revision rev = resolve(r, "HEAD");
	assert_string_equal(rev.commit, commits[2]);
	assert_int_equal(repository_resolve(r, "HEAD~1", &rev, &err), -1);
	assert_string_equal(err.msg, "there is no revision \"HEAD~1\" in this shallow clone; git "
				     "fetch --unshallow gets the history");
}

/* A clone without files must never look like one whose files were deleted. */
static void partial(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *url = xfmt("file://%s", history);
	free(fixture_git(history, "config", "uploadpack.allowFilter", "true", NULL));
	free(fixture_git(dir, "clone", "-q", "--no-checkout", "--filter=tree:0", url, "c", NULL));
	AUTO(auto_free) char *clone = xfmt("%s/c", dir);
	AUTO(repository_free_p) struct repository *r = open_at(clone);
	AUTO(err_done) struct err err = { 0 };
	struct revision rev = resolve(r, "HEAD");
	char id[GIT_ID_TEXT];
	assert_int_equal(repository_subtree(r, rev.tree, "x", id, &err), -1);
	assert_int_equal(err.code, ERR_SYSTEM);
	assert_non_null(strstr(err.msg, "is missing from this clone; if it is a partial clone"));
}

static void another_owner(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *home = xfmt("%s/home", dir), *repo = xfmt("%s/repo", dir);
	AUTO(auto_free) char *git = xfmt("%s/.git", repo), *config = NULL;
	AUTO(auto_free) char *objects = xfmt("%s/objects", repo);
	char *const old_home = getenv("HOME");
	AUTO(auto_free) char *saved = old_home ? xstrdup(old_home) : NULL;
	fixture_write(dir, "home/.gitconfig", "");
	fixture_write(dir, "repo/x/f", "1");
	fixture_write(dir, "repo/objects/f", "1");
	free(fixture_commit(repo, "x"));
	assert_int_equal(chown(repo, 12345, 12345) | chown(git, 12345, 12345), 0);
	setenv("HOME", home, 1);
	AUTO(err_done) struct err err = { 0 };
	struct repository *r = NULL;
	assert_int_equal(repository_open(&r, repo, &err), -1);
	AUTO(auto_free)
	char *want = xfmt("the repository %s belongs to another user; if you trust "
			  "it: git config --global --add safe.directory %s",
			  repo, repo);
	assert_string_equal(err.msg, want);
	const char *const safe[] = { "*", repo, xfmt("%s/", repo), xfmt("%s/*", dir) };
	for (size_t i = 0; i < ARRAY_LEN(safe); i++) {
		free(config);
		config = xfmt("[safe]\n\tdirectory = %s\n", safe[i]);
		fixture_write(dir, "home/.gitconfig", config);
		read_f(repo, "HEAD", "1");
		read_f(objects, "HEAD", "1");
	}
	free((char *)safe[2]);
	free((char *)safe[3]);
	fixture_write(dir, "home/.gitconfig", "[safe]\n\tdirectory = *\n\tdirectory =\n");
	err_done(&err);
	assert_int_equal(repository_open(&r, repo, &err), -1);
	if (saved)
		setenv("HOME", saved, 1);
}

static void no_repository(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(err_done) struct err err = { 0 };
	struct repository *r = NULL;
	assert_int_equal(repository_open(&r, dir, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_null(r);
}

struct name_case {
	const char *url, *name;
};

static const struct name_case name_cases[] = {
	{ "https://example.com/a/b.git", "example.com/a/b" },
	{ "ssh://git@example.com/a/b", "example.com/a/b" },
	{ "git@example.com:a/b.git", "example.com/a/b" },
	{ "https://user:pa@ss@example.com/a@b?token=x#y", "example.com/a@b" },
	{ "https://token@example.com", "example.com" },
	{ "ssh://git@example.com:22/a", "example.com:22/a" },
	{ "/srv/git/a@b.git", "/srv/git/a@b" },
	{ "a@b/c", "a@b/c" },
};

static void name_case_run(void **state)
{
	const struct name_case *c = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	free(fixture_git(dir, "init", "-q", NULL));
	free(fixture_git(dir, "remote", "add", "origin", c->url, NULL));
	AUTO(repository_free_p) struct repository *r = open_at(dir);
	assert_string_equal(repository_name(r), c->name);
}

/* ---- the same at two revisions */

struct same_case {
	const char *name;
	struct entry before[6], after[6];
	const char *path;
	bool same;
};

static const struct same_case same_cases[] = {
	{ "another folder changed",
	  { { "a/1", "1" }, { "b/1", "1" } },
	  { { "b/1", "2" } },
	  "a",
	  true },
	{ "it changed", { { "a/1", "1" }, { "b/1", "1" } }, { { "b/1", "2" } }, "b", false },
	{ "at neither", { { "a/1", "1" } }, { { "a/1", "2" } }, "b", true },
	{ "new", { { "a/1", "1" } }, { { "b/1", "2" } }, "b", false },
	{ "link within",
	  { { "a/1", "1" }, { "a/b/l", "-> c" }, { "a/b/c", "" } },
	  { { "b", "2" } },
	  "a",
	  true },
	{ "link out of it",
	  { { "a/x/l", "-> ../../b" }, { "b", "1" } },
	  { { "b", "2" } },
	  "a",
	  false },
	{ "nothing changed at all",
	  { { "a/l", "-> ../b" }, { "b", "1" } },
	  { { "b", "1" } },
	  "a",
	  true },
};

static void same_case_run(void **state)
{
	const struct same_case *c = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	write_entries(dir, c->before);
	free(fixture_commit(dir, "before"));
	write_entries(dir, c->after);
	free(fixture_commit(dir, "after"));
	AUTO(repository_free_p) struct repository *r = open_at(dir);
	struct revision before = resolve(r, "HEAD~1"), after = resolve(r, "HEAD");
	AUTO(err_done) struct err err = { 0 };
	bool same;
	assert_int_equal(repository_same(r, before.tree, after.tree, c->path, &same, &err), 0);
	assert_int_equal(same, c->same);
}

static void large_file(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	fixture_write(dir, "f", "0123456789");
	free(fixture_commit(dir, "x"));
	AUTO(repository_free_p) struct repository *r = open_at(dir);
	struct revision head = resolve(r, "HEAD");
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	char blob[GIT_ID_TEXT];
	assert_int_equal(repository_find_file(r, head.tree, "f", blob, &err), 0);
	assert_int_equal(repository_read(r, blob, 9, &b, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(b.len, 0);
	err_done(&err);
	assert_int_equal(repository_read(r, head.tree, 99, &b, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

/* libgit2 1.5 loses memory of PCRE2 whenever it looks for extensions of the repository format. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8";
}

int main(void)
{
	static struct CMUnitTest tests[200];
	size_t n = 0;
#define ROWS(rows, field, run)                                                                     \
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)                                               \
		tests[n++] = fixture_row((rows)[i].field, run, &(rows)[i]);
	ROWS(walk_cases, name, walk_case_run)
	ROWS(revision_cases, revision, revision_case_run)
	ROWS(name_cases, url, name_case_run)
	ROWS(same_cases, name, same_case_run)
	tests[n++] = fixture_row("submodule", submodule, NULL);
	tests[n++] = fixture_row("links that multiply", links_that_multiply, NULL);
	tests[n++] = fixture_row("none", none, NULL);
	tests[n++] = fixture_row("descriptions", descriptions, NULL);
	tests[n++] = fixture_row("no commit yet", no_commit_yet, NULL);
	tests[n++] = fixture_row("bare and worktree", bare_and_worktree, NULL);
	tests[n++] = fixture_row("shallow", shallow, NULL);
	tests[n++] = fixture_row("partial", partial, NULL);
	tests[n++] = fixture_row("another owner", another_owner, NULL);
	tests[n++] = fixture_row("no repository", no_repository, NULL);
	tests[n++] = fixture_row("large file", large_file, NULL);
	return _cmocka_run_group_tests("repository", tests, n, make_history, drop_history);
}
