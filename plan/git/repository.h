/* A Git repository, read straight from its object database (libgit2): no checkout, no index.
 *
 *   repository_open()     finds the repository that a folder is in (working tree, linked
 *                         worktree or bare)
 *   repository_resolve()  a revision in any syntax to commit and tree
 *   repository_subtree()  the id of a folder at a revision
 *   repository_same()     whether a folder is the same at two revisions, without reading files
 *   repository_walk()     the files below a folder, sorted by path
 *   repository_read()     the bytes of a file
 *
 * Nothing here writes to the repository. */
#ifndef PLAN_GIT_REPOSITORY_H
#define PLAN_GIT_REPOSITORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	GIT_ID_TEXT = 65,         /* hex digits of an object id (SHA-256 too) and a NUL */
	GIT_MAX_FILE = 16 << 20,  /* bytes of one file that is read */
	GIT_MAX_FILES = 200000,   /* files below one folder */
	GIT_MAX_LINKS = 16,       /* symbolic links followed for one file */
	GIT_MAX_TREE_DEPTH = 256, /* folders in folders */
};

struct repository;

struct revision {
	char commit[GIT_ID_TEXT]; /* "" for "none" and for a revision that names a tree */
	char tree[GIT_ID_TEXT];
	char subject[256]; /* first line of the commit message, cut */
	int64_t time;      /* of the commit, seconds since 1970 */
};

int repository_open(struct repository **out, const char *path, struct err *err);
void repository_free(struct repository *r);
static inline void repository_free_p(struct repository **r)
{
	repository_free(*r);
}

/* What names the repository in a plan: where remote "origin" leads, as "git.example/a/b" for a
 * clone by any scheme; else the name of its folder.  Borrowed. */
const char *repository_name(const struct repository *r);

/* Absolute path of the working tree, NULL for a bare repository.  Borrowed. */
const char *repository_workdir(const struct repository *r);

/* `revision`: branch, tag, abbreviated id, HEAD~2, branch@{upstream}, a..b is refused; "none"
 * is the empty tree.  ERR_NOT_FOUND with what is wrong. */
int repository_resolve(struct repository *r, const char *revision, struct revision *out,
		       struct err *err);

/* The id of the folder `path` ("" or "." is the root) in a tree.  ERR_NOT_FOUND where it does
 * not exist or is a file. */
int repository_subtree(struct repository *r, const char *tree, const char *path,
		       char out[GIT_ID_TEXT], struct err *err);

/* ERR_NOT_FOUND where there is no such file; links inside the tree are followed. */
int repository_find_file(struct repository *r, const char *tree, const char *path,
			 char blob[GIT_ID_TEXT], struct err *err);

/* Whether repository_walk() of `path` would report the same at both root trees.  true is sure;
 * false may also mean that links lead out of the folder, so that its id does not tell.  A folder
 * that exists at neither is the same. */
int repository_same(struct repository *r, const char *tree_a, const char *tree_b, const char *path,
		    bool *same, struct err *err);

enum tree_entry_type { TREE_FILE, TREE_SUBMODULE };

struct tree_entry {
	const char *path; /* from the root of the repository */
	enum tree_entry_type type;
	char id[GIT_ID_TEXT];
};

/* Decides before a folder is opened or a file reported: false leaves it out.  A broken link is
 * asked about as a folder, a submodule too. */
typedef bool tree_filter_fn(void *ctx, const char *path, bool is_folder);
typedef int tree_entry_fn(void *ctx, const struct tree_entry *entry, struct err *err);

/* Every file below the folder `path` of the root tree `tree`, in the byte order of paths.
 * Symbolic links to files and folders inside the tree are followed and reported under the
 * link's path; one that leaves the tree, dangles or turns in a circle is ERR_INPUT that names
 * it.  So is a path with control characters or in another encoding than UTF-8, which could
 * not be shown.  filter may be NULL. */
int repository_walk(struct repository *r, const char *tree, const char *path,
		    tree_filter_fn *filter, tree_entry_fn *each, void *ctx, struct err *err);

/* Appends a blob's bytes.  ERR_LIMIT past max. */
int repository_read(struct repository *r, const char *blob, size_t max, struct buf *out,
		    struct err *err);

#endif
