/* What the files of this folder share: the only place where libgit2 is seen. */
#ifndef PLAN_GIT_INTERNAL_H
#define PLAN_GIT_INTERNAL_H

#include <git2.h>

#include "plan/git/repository.h"

struct repository {
	git_repository *git;
	git_odb *odb;
	char *name;
	char *workdir;
};

static inline void git_tree_free_p(git_tree **t)
{
	git_tree_free(*t);
}
static inline void git_odb_object_free_p(git_odb_object **o)
{
	git_odb_object_free(*o);
}
static inline void git_object_free_p(git_object **o)
{
	git_object_free(*o);
}

/* libgit2's reason for the last failure; it may have none. */
const char *git_reason(void);

/* An object that has to be there could not be read: `what` is "tree", "blob", ...  Never
 * ERR_NOT_FOUND: a missing object is a damaged or partial clone, not an absent file. */
int git_fail_object(struct repository *r, int rc, const char *what, const git_oid *id,
		    struct err *err);

int git_parse_id(const char *text, git_oid *out, struct err *err);
void git_format_id(const git_oid *id, char out[GIT_ID_TEXT]);

/* ---- tree.c: where a path leads */

enum place_type { PLACE_FILE, PLACE_FOLDER, PLACE_SUBMODULE };

/* Why a path leads nowhere. */
enum lost {
	LOST_NOT,
	LOST_MISSING,      /* nothing of that name */
	LOST_NOT_A_FOLDER, /* a file in the middle of the path */
	LOST_OUTSIDE,      /* ".." above the root */
	LOST_ABSOLUTE,     /* a link to "/..." */
	LOST_CIRCLE,       /* more than GIT_MAX_LINKS links */
	LOST_SUBMODULE,    /* into a submodule */
	LOST_UNREADABLE,   /* a link whose target is no path */
	LOST_COUNT,
};

struct place {
	enum lost lost; /* LOST_NOT: the rest is filled in */
	unsigned links; /* that were followed, filled in always */
	bool broken;    /* lost within a link, not within the path given */
	enum place_type type;
	git_oid id;
	struct buf path; /* from the root, without links */
};

void place_done(struct place *p);

/* Follows `path` from the folder `from` (itself without links) in the tree `root` to the zeroed
 * place.  A path that leads nowhere is told by out->lost, not by an error. */
int place_find(struct repository *r, const git_oid *root, const char *from, const char *path,
	       struct place *out, struct err *err);

/* The same for a path that a caller gave.  ERR_NOT_FOUND where there is nothing of that name;
 * a broken link is ERR_INPUT, for what it points to is meant to be there. */
int place_given(struct repository *r, const char *tree, const char *path, struct place *out,
		struct err *err);

/* place_given() of a folder: a file is ERR_NOT_FOUND, a submodule ERR_INPUT. */
int place_folder(struct repository *r, const char *tree, const char *path, struct place *out,
		 struct err *err);

/* What a path does that is lost: "leaves the repository". */
const char *lost_clause(enum lost lost);

/* The target of a symbolic link; false: it is no path (empty, too long, with a NUL in it). */
int link_target(struct repository *r, const git_oid *blob, struct buf *out, bool *usable,
		struct err *err);

int tree_load(struct repository *r, const git_oid *id, git_tree **out, struct err *err);

#endif
