/* Opening a repository and resolving revisions. */
#include "plan/git/internal.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"

enum {
	MAX_CACHED_TREE = 4 << 20, /* a folder of 100,000 files; by itself libgit2 keeps 4 KiB */
	MAX_CACHE = 48 << 20,
};

/* libgit2 knows it without finding it in the repository. */
static const char empty_tree[] = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/* Extensions of the repository format that libgit2 may not know and that change nothing for a
 * reader of objects and references.  Sparse checkouts and partial clones, common in CI, set the
 * first two; an object that a partial clone lacks is told when it is needed. */
static const char *harmless_extensions[] = { "worktreeconfig", "partialclone", "preciousobjects",
					     "relativeworktrees" };

const char *git_reason(void)
{
	const git_error *e = git_error_last();
	return e && e->message && *e->message ? e->message : "libgit2 gave no reason";
}

int git_parse_id(const char *text, git_oid *out, struct err *err)
{
	if (strlen(text) != GIT_OID_HEXSZ || git_oid_fromstr(out, text) < 0)
		return err_set(err, ERR_INPUT, "\"%s\" is not the id of a Git object", text);
	return 0;
}

void git_format_id(const git_oid *id, char out[GIT_ID_TEXT])
{
	git_oid_tostr(out, GIT_ID_TEXT, id);
}

int git_fail_object(struct repository *r, int rc, const char *what, const git_oid *id,
		    struct err *err)
{
	char text[GIT_ID_TEXT];
	git_format_id(id, text);
	if (rc != GIT_ENOTFOUND)
		return err_set(err, ERR_SYSTEM, "Git object %s (%s): %s", text, what, git_reason());
	bool shallow = git_repository_is_shallow(r->git) == 1;
	return err_set(err, ERR_SYSTEM, "Git object %s (%s) is missing from this clone; %s", text,
		       what,
		       shallow ? "it is shallow: git fetch --unshallow"
			       : "if it is a partial clone, clone it again without --filter, "
				 "else see git fsck");
}

/* ---- opening */

void repository_free(struct repository *r)
{
	if (!r)
		return;
	git_odb_free(r->odb);
	git_repository_free(r->git);
	free(r->name);
	free(r->workdir);
	free(r);
	git_libgit2_shutdown();
}

static bool has(const char *dir, const char *name)
{
	AUTO(auto_free) char *path = xfmt("%s/%s", dir, name);
	return file_exists(path);
}

/* The folder that git would name: the one that holds .git, or the bare repository. */
static char *top_folder(const char *path)
{
	char *real = realpath(path, NULL);
	if (!real)
		return xstrdup(path);
	for (size_t n = strlen(real); n > 0; n--) {
		if (real[n] != '\0' && real[n] != '/')
			continue;
		AUTO(auto_free) char *dir = xstrndup(real, n);
		bool bare = has(dir, "HEAD") && has(dir, "objects") && has(dir, "refs");
		if (bare || has(dir, ".git")) {
			free(real);
			return TAKE(dir);
		}
	}
	return real;
}

static bool safe_entry_matches(const char *entry, const char *dir)
{
	size_t n = strlen(entry);
	if (strcmp(entry, "*") == 0 || strcmp(entry, dir) == 0)
		return true;
	if (n > 1 && strcmp(entry + n - 2, "/*") == 0)
		return strncmp(entry, dir, n - 1) == 0;
	return n > 1 && entry[n - 1] == '/' && strlen(dir) == n - 1 &&
	       strncmp(entry, dir, n - 1) == 0;
}

struct safe_search {
	const char *dir;
	bool safe;
};

static int safe_entry(const git_config_entry *entry, void *ctx)
{
	struct safe_search *s = ctx;
	if (!entry->value || !*entry->value)
		s->safe = false; /* an empty value forgets those before it */
	else if (safe_entry_matches(entry->value, s->dir))
		s->safe = true;
	return 0;
}

/* What git says of a repository of another user: older releases of libgit2 know neither "*" nor
 * a pattern.  Only the system's and the user's configuration count, never the repository's. */
static bool is_declared_safe(const char *dir)
{
	git_config *config;
	struct safe_search s = { .dir = dir };
	if (git_config_open_default(&config) < 0)
		return false;
	git_config_get_multivar_foreach(config, "safe.directory", NULL, safe_entry, &s);
	git_config_free(config);
	return s.safe;
}

/* libgit2 1.5 answers GIT_ENOTFOUND instead of GIT_EOWNER where there is no safe.directory at all,
 * so both are asked again without its check, and ours decides. */
static int open_git(git_repository **out, const char *path, const char *top)
{
	int rc = git_repository_open_ext(out, path, 0, NULL);
	if (rc != GIT_EOWNER && rc != GIT_ENOTFOUND)
		return rc;
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	rc = git_repository_open_ext(out, path, 0, NULL);
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	if (rc == 0 && !is_declared_safe(top)) {
		git_repository_free(*out);
		*out = NULL;
		rc = GIT_EOWNER;
	}
	return rc;
}

static int fail_open(const char *path, const char *top, int rc, struct err *err)
{
	if (rc == GIT_ENOTFOUND)
		return err_set(err, ERR_NOT_FOUND, "%s is not in a Git repository", path);
	if (rc == GIT_EOWNER)
		return err_set(err, ERR_SYSTEM,
			       "the repository %s belongs to another user; if you trust it: "
			       "git config --global --add safe.directory %s",
			       top, top);
	return err_set(err, ERR_SYSTEM, "cannot open the Git repository %s: %s", top, git_reason());
}

/* Text from outside that is shown and stored: one line of UTF-8. */
static char *printable(const char *s, size_t n)
{
	AUTO(buf_done) struct buf b = { 0 };
	for (size_t i = 0, step; i < n; i += step) {
		uint32_t code;
		step = utf8_decode(s + i, n - i, &code);
		if (step && code >= ' ' && (code < 0x7f || code > 0x9f))
			buf_put(&b, s + i, step);
		else
			buf_putc(&b, '?');
		step = step ? step : 1;
	}
	return buf_take(&b);
}

/* Where a URL leads, whatever way it takes: without user, password and query, which may hold a
 * secret, and without scheme and ".git", in which clones of one repository differ.
 * https://token@git.example/a/b.git and git@git.example:a/b are both git.example/a/b. */
static char *public_url(const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	size_t host_len = strcspn(host, scheme ? "/?#" : ":/");
	const char *at = memrchr(host, '@', host_len);
	bool scp = !scheme && host[host_len] == ':';
	/* A file's name may have an @ too. */
	at = at && (scheme || scp) ? at + 1 : host;
	AUTO(auto_free) char *place = xstrndup(at, scheme ? strcspn(at, "?#") : strlen(at));
	if (scp)
		place[(size_t)(host + host_len - at)] = '/';
	size_t n = strlen(place);
	while (n > 1 && place[n - 1] == '/')
		n--;
	if (n > 4 && strncmp(place + n - 4, ".git", 4) == 0)
		n -= 4;
	return printable(place, n);
}

/* "shop" for /srv/shop/.git and /srv/shop.git */
static char *folder_name(const char *git_dir)
{
	AUTO(auto_free) char *dir = xstrdup(git_dir);
	static const char *const endings[] = { "/", "/.git", ".git" };
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t n = strlen(dir), e = strlen(endings[i]);
		if (n > e && strcmp(dir + n - e, endings[i]) == 0)
			dir[n - e] = '\0';
	}
	const char *slash = strrchr(dir, '/');
	const char *name = slash ? slash + 1 : dir;
	return printable(name, strlen(name));
}

static char *name_of(git_repository *git)
{
	git_config *config = NULL;
	const char *url = NULL;
	char *name = NULL;
	if (git_repository_config_snapshot(&config, git) == 0 &&
	    git_config_get_string(&url, config, "remote.origin.url") == 0 && *url)
		name = public_url(url);
	git_config_free(config);
	return name ? name : folder_name(git_repository_commondir(git));
}

int repository_open(struct repository **out, const char *path, struct err *err)
{
	git_libgit2_init();
	AUTO(repository_free_p) struct repository *r = xcalloc(1, sizeof(*r));
	AUTO(auto_free) char *top = top_folder(path);
	git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE, (size_t)MAX_CACHED_TREE);
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)MAX_CACHE);
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, harmless_extensions,
			 ARRAY_LEN(harmless_extensions));
	int rc = open_git(&r->git, path, top);
	if (rc == 0)
		rc = git_repository_odb(&r->odb, r->git);
	if (rc < 0)
		return fail_open(path, top, rc, err);
	r->name = name_of(r->git);
	const char *workdir = git_repository_workdir(r->git);
	if (workdir)
		r->workdir = xstrndup(workdir, strlen(workdir) - (strlen(workdir) > 1));
	*out = TAKE(r);
	return 0;
}

const char *repository_name(const struct repository *r)
{
	return r->name;
}

const char *repository_workdir(const struct repository *r)
{
	return r->workdir;
}

/* ---- revisions */

static void describe_commit(git_commit *commit, struct revision *out)
{
	git_format_id(git_commit_id(commit), out->commit);
	git_format_id(git_commit_tree_id(commit), out->tree);
	out->time = git_commit_time(commit);
	const char *summary = git_commit_summary(commit);
	AUTO(auto_free) char *text = summary ? printable(summary, strlen(summary)) : xstrdup("");
	size_t n = strlen(text);
	if (n >= sizeof(out->subject)) {
		n = sizeof(out->subject) - 1;
		while (((unsigned char)text[n] & 0xc0) == 0x80)
			n--; /* not within a character */
	}
	memcpy(out->subject, text, n);
	out->subject[n] = '\0';
}

static bool is_range(const char *revision)
{
	/* ":/text" and "^{/text}" search in messages, which may hold dots. */
	return strstr(revision, "..") && !strstr(revision, ":/") && !strstr(revision, "^{/");
}

static int fail_revision(struct repository *r, const char *revision, int rc, struct err *err)
{
	if (rc == GIT_EAMBIGUOUS)
		return err_set(err, ERR_NOT_FOUND, "revision \"%s\" is ambiguous", revision);
	if (rc == GIT_EINVALIDSPEC)
		return err_set(err, ERR_NOT_FOUND, "\"%s\" is not a revision", revision);
	if (rc != GIT_ENOTFOUND)
		return err_set(err, ERR_NOT_FOUND, "revision \"%s\": %s", revision, git_reason());
	if (git_repository_is_empty(r->git) == 1)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no revision \"%s\": the repository has no commit yet",
			       revision);
	bool shallow = git_repository_is_shallow(r->git) == 1;
	return err_set(err, ERR_NOT_FOUND, "there is no revision \"%s\"%s", revision,
		       shallow ? " in this shallow clone; git fetch --unshallow gets the history"
			       : "");
}

/* libgit2 reads "@" alone and "@{...}", but not "@~1". */
static char *expand_at(const char *revision)
{
	bool head = revision[0] == '@' && strchr("~^:", revision[1]);
	return xfmt("%s%s", head ? "HEAD" : "", head ? revision + 1 : revision);
}

int repository_resolve(struct repository *r, const char *revision, struct revision *out,
		       struct err *err)
{
	AUTO(git_object_free_p) git_object *named = NULL, *object = NULL;
	struct revision found = { 0 };
	if (strcmp(revision, "none") == 0) {
		memcpy(found.tree, empty_tree, sizeof(empty_tree));
		*out = found;
		return 0;
	}
	if (!*revision)
		return err_set(err, ERR_NOT_FOUND, "the revision is empty");
	if (is_range(revision))
		return err_set(err, ERR_NOT_FOUND, "\"%s\" is a range; one revision is wanted",
			       revision);
	AUTO(auto_free) char *spec = expand_at(revision);
	int rc = git_revparse_single(&named, r->git, spec);
	if (rc == 0 && git_object_type(named) == GIT_OBJECT_TAG)
		rc = git_object_peel(&object, named, GIT_OBJECT_ANY); /* to what is no tag */
	else if (rc == 0)
		object = TAKE(named);
	if (rc < 0)
		return fail_revision(r, revision, rc, err);
	switch (git_object_type(object)) {
	case GIT_OBJECT_COMMIT:
		describe_commit((git_commit *)object, &found);
		break;
	case GIT_OBJECT_TREE:
		git_format_id(git_object_id(object), found.tree);
		break;
	default:
		return err_set(err, ERR_NOT_FOUND, "\"%s\" is a file, not a commit or a folder",
			       revision);
	}
	*out = found;
	return 0;
}
