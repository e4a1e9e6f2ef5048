/* Folders, files and documents; see policy_test.h. */
#include "policy/test/internal.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/yaml.h"

struct reading {
	struct policy_test *test;
	const char *file;
};

static bool is_document_name(const char *name)
{
	static const char *const endings[] = { ".yaml", ".yml", ".json" };
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < ARRAY_LEN(endings); i++)
		if (strcmp(dot, endings[i]) == 0)
			return true;
	return false;
}

static int on_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	const struct reading *r = ctx;
	const char *kind = json_get_str(document, "kind");
	(void)index;
	if (!kind || strcmp(kind, "PolicyTest") != 0)
		return 0;
	return policy_test_document(r->test, document, r->file, err);
}

static int read_file(struct policy_test *t, const char *path, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct reading r = { t, arena_strdup(&t->arena, path) };
	if (t->files++ == POLICY_TEST_MAX_FILES)
		return err_at(err, ERR_LIMIT, (struct srcpos){ .file = path },
			      "more than %d files (POLICY_TEST_MAX_FILES)", POLICY_TEST_MAX_FILES);
	if (file_read(path, YAML_MAX_BYTES, &text, err) < 0)
		return err_locate(err, (struct srcpos){ .file = path });
	return yaml_parse(&t->arena, buf_text(&text), text.len, r.file, NULL, on_document, &r, err);
}

static int read_folder(struct policy_test *t, const char *dir, unsigned depth, struct err *err);

/* Links are not followed: a folder may be in itself. */
static int read_entry(struct policy_test *t, const char *path, const char *name, unsigned depth,
		      struct err *err)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return err_set(err, ERR_SYSTEM, "%s cannot be read", path);
	if (S_ISDIR(st.st_mode))
		return read_folder(t, path, depth + 1, err);
	return S_ISREG(st.st_mode) && is_document_name(name) ? read_file(t, path, err) : 0;
}

static int read_folder(struct policy_test *t, const char *dir, unsigned depth, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	if (depth == POLICY_TEST_MAX_DEPTH)
		return err_set(err, ERR_LIMIT, "%s: folders deeper than %d (POLICY_TEST_MAX_DEPTH)",
			       dir, POLICY_TEST_MAX_DEPTH);
	if (dir_names(dir, &names, &n, err) < 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		AUTO(auto_free) char *path = path_join(dir, names[i]);
		if (names[i][0] != '.')
			rc = read_entry(t, path, names[i], depth, err);
	}
	dir_names_free(names, n);
	return rc;
}

int policy_test_run(struct policy_test *t, const char *dir, struct err *err)
{
	size_t before = t->documents;
	struct stat st;
	if (stat(dir, &st) < 0)
		return err_set(err, ERR_NOT_FOUND, "there is no file or folder %s", dir);
	if ((S_ISDIR(st.st_mode) ? read_folder(t, dir, 0, err) : read_file(t, dir, err)) < 0)
		return -1;
	if (t->documents == before)
		return err_set(err, ERR_INPUT,
			       "%s has no document of kind PolicyTest (rhumb.dev/v1), so nothing "
			       "was tested",
			       dir);
	return 0;
}

size_t policy_test_gaps(const struct policy_test *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n_rules; i++)
		n += !t->rules[i].held || !t->rules[i].failed;
	return n;
}

void policy_test_done(struct policy_test *t)
{
	free(t->cases);
	free(t->rules);
	arena_done(&t->arena);
	*t = (struct policy_test){ 0 };
}
