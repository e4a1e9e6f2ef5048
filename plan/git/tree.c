/* Paths in a tree, symbolic links included.
 *
 * A path is followed one component at a time, as a file system does it: a link's target is put in
 * front of what is left of the path, and ".." goes to the parent of the real folder. */
#include "plan/git/internal.h"

#include <string.h>

#include "base/mem.h"

enum { MAX_TARGET = 4096 }; /* bytes of a link's target: PATH_MAX of the systems that write them */

static const char *const lost_clauses[] = {
	[LOST_NOT] = "exists",
	[LOST_MISSING] = "does not exist at this revision",
	[LOST_NOT_A_FOLDER] = "goes through a file",
	[LOST_OUTSIDE] = "leaves the repository",
	[LOST_ABSOLUTE] = "is absolute and so leaves the repository",
	[LOST_CIRCLE] = "leads in a circle",
	[LOST_SUBMODULE] = "leads into a submodule; submodules are not read",
	[LOST_UNREADABLE] = "is no path",
};
_Static_assert(ARRAY_LEN(lost_clauses) == LOST_COUNT, "every reason needs a clause");

const char *lost_clause(enum lost lost)
{
	return lost_clauses[lost];
}

void place_done(struct place *p)
{
	buf_done(&p->path);
}

int tree_load(struct repository *r, const git_oid *id, git_tree **out, struct err *err)
{
	int rc = git_tree_lookup(out, r->git, id);
	return rc < 0 ? git_fail_object(r, rc, "folder", id, err) : 0;
}

int link_target(struct repository *r, const git_oid *blob, struct buf *out, bool *usable,
		struct err *err)
{
	AUTO(git_odb_object_free_p) git_odb_object *object = NULL;
	size_t size;
	git_object_t type;
	*usable = false;
	int rc = git_odb_read_header(&size, &type, r->odb, blob);
	if (rc == 0 && (size == 0 || size > MAX_TARGET))
		return 0;
	if (rc == 0)
		rc = git_odb_read(&object, r->odb, blob);
	if (rc < 0)
		return git_fail_object(r, rc, "symbolic link", blob, err);
	const char *data = git_odb_object_data(object);
	size = git_odb_object_size(object);
	*usable = !memchr(data, '\0', size);
	if (*usable)
		buf_put(out, data, size);
	return 0;
}

/* The way so far: the real folder that the next component is looked up in. */
struct way {
	struct repository *r;
	git_oid *folders; /* from the root; the last one is where we are */
	size_t n, cap;
	struct buf path;
	struct buf rest; /* components still to go */
	size_t at;       /* in rest */
	size_t given;    /* bytes at the end of rest that come from the path, not from links */
	struct place *out;
};

static void way_done(struct way *w)
{
	free(w->folders);
	buf_done(&w->path);
	buf_done(&w->rest);
}

static void enter(struct way *w, const git_oid *id, const char *name)
{
	GROW(w->folders, w->n, w->cap);
	w->folders[w->n++] = *id;
	if (w->path.len)
		buf_putc(&w->path, '/');
	buf_puts(&w->path, name);
}

static void leave(struct way *w)
{
	char *cut = strrchr(w->path.data, '/');
	w->path.len = cut ? (size_t)(cut - w->path.data) : 0;
	w->path.data[w->path.len] = '\0';
	w->n--;
}

/* The next component of the rest, "" at its end; it is cut out in place. */
static const char *next_component(struct way *w)
{
	char *p = w->rest.data + w->at;
	p += strspn(p, "/");
	char *end = p + strcspn(p, "/");
	w->at = (size_t)(end - w->rest.data) + (*end != '\0');
	w->out->broken = (size_t)(end - w->rest.data) < w->rest.len - w->given;
	*end = '\0';
	return p;
}

/* What is left is only "/" and ".": the component just taken is the last. */
static bool at_end(const struct way *w)
{
	for (const char *p = w->rest.data + w->at; *p; p++)
		if (*p != '/' && (*p != '.' || (p[1] && p[1] != '/')))
			return false;
	return true;
}

static int follow_link(struct way *w, const git_oid *blob, struct err *err)
{
	AUTO(buf_done) struct buf rest = { 0 };
	bool usable;
	if (++w->out->links > GIT_MAX_LINKS) {
		w->out->lost = LOST_CIRCLE;
		return 0;
	}
	if (link_target(w->r, blob, &rest, &usable, err) < 0)
		return -1;
	if (!usable || rest.data[0] == '/') {
		w->out->lost = usable ? LOST_ABSOLUTE : LOST_UNREADABLE;
		return 0;
	}
	size_t left = w->rest.len - w->at;
	w->given = w->given < left ? w->given : left;
	buf_putc(&rest, '/');
	buf_put(&rest, w->rest.data + w->at, left);
	struct buf old = w->rest;
	w->rest = rest;
	w->at = 0;
	rest = old;
	return 0;
}

static void arrive(struct way *w, enum place_type type)
{
	w->out->type = type;
	w->out->id = w->folders[w->n - 1];
	w->out->path = w->path;
	w->path = (struct buf){ 0 };
}

/* Goes one component on; *done at a file or submodule that ends the path. */
static int step(struct way *w, const char *name, bool *done, struct err *err)
{
	AUTO(git_tree_free_p) git_tree *tree = NULL;
	if (tree_load(w->r, &w->folders[w->n - 1], &tree, err) < 0)
		return -1;
	const git_tree_entry *entry = git_tree_entry_byname(tree, name);
	if (!entry) {
		w->out->lost = LOST_MISSING;
		return 0;
	}
	git_filemode_t mode = git_tree_entry_filemode(entry);
	if (mode == GIT_FILEMODE_LINK)
		return follow_link(w, git_tree_entry_id(entry), err);
	enter(w, git_tree_entry_id(entry), name);
	if (mode == GIT_FILEMODE_TREE && w->n > GIT_MAX_TREE_DEPTH)
		return err_set(err, ERR_LIMIT, "%s: more than %d folders in folders (%s)",
			       w->path.data, GIT_MAX_TREE_DEPTH, "GIT_MAX_TREE_DEPTH");
	if (mode == GIT_FILEMODE_TREE)
		return 0;
	bool submodule = mode == GIT_FILEMODE_COMMIT;
	*done = at_end(w);
	if (*done)
		arrive(w, submodule ? PLACE_SUBMODULE : PLACE_FILE);
	else
		w->out->lost = submodule ? LOST_SUBMODULE : LOST_NOT_A_FOLDER;
	return 0;
}

static int go(struct way *w, struct err *err)
{
	for (bool done = false; !done && w->out->lost == LOST_NOT;) {
		const char *name = next_component(w);
		if (!*name) {
			arrive(w, PLACE_FOLDER);
			return 0;
		}
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") != 0) {
			if (step(w, name, &done, err) < 0)
				return -1;
		} else if (w->n > 1) {
			leave(w);
		} else {
			w->out->lost = LOST_OUTSIDE;
		}
	}
	return 0;
}

int place_find(struct repository *r, const git_oid *root, const char *from, const char *path,
	       struct place *out, struct err *err)
{
	AUTO(way_done) struct way w = { .r = r, .out = out };
	enter(&w, root, "");
	buf_printf(&w.rest, "%s/%s", from, path);
	w.given = w.rest.len;
	return go(&w, err);
}

int place_given(struct repository *r, const char *tree, const char *path, struct place *out,
		struct err *err)
{
	git_oid root;
	if (git_parse_id(tree, &root, err) < 0 || place_find(r, &root, "", path, out, err) < 0)
		return -1;
	if (out->lost == LOST_NOT)
		return 0;
	bool absent = out->lost == LOST_MISSING || out->lost == LOST_NOT_A_FOLDER;
	if (absent && !out->broken)
		return err_set(err, ERR_NOT_FOUND, "%s %s", path, lost_clause(out->lost));
	return err_set(err, ERR_INPUT, "%s%s %s", path,
		       out->links ? " goes through a symbolic link that" : "",
		       lost_clause(out->lost));
}

int place_folder(struct repository *r, const char *tree, const char *path, struct place *out,
		 struct err *err)
{
	if (place_given(r, tree, path, out, err) < 0)
		return -1;
	if (out->type == PLACE_FILE)
		return err_set(err, ERR_NOT_FOUND, "%s is a file, not a folder", path);
	if (out->type == PLACE_SUBMODULE)
		return err_set(err, ERR_INPUT, "%s is a submodule; submodules are not read", path);
	return 0;
}

int repository_subtree(struct repository *r, const char *tree, const char *path,
		       char out[GIT_ID_TEXT], struct err *err)
{
	AUTO(place_done) struct place place = { 0 };
	if (place_folder(r, tree, path, &place, err) < 0)
		return -1;
	git_format_id(&place.id, out);
	return 0;
}

int repository_find_file(struct repository *r, const char *tree, const char *path,
			 char blob[GIT_ID_TEXT], struct err *err)
{
	AUTO(place_done) struct place place = { 0 };
	if (place_given(r, tree, path, &place, err) < 0)
		return -1;
	if (place.type != PLACE_FILE)
		return err_set(err, ERR_NOT_FOUND, "%s is a folder, not a file", path);
	git_format_id(&place.id, blob);
	return 0;
}

int repository_read(struct repository *r, const char *blob, size_t max, struct buf *out,
		    struct err *err)
{
	AUTO(git_odb_object_free_p) git_odb_object *object = NULL;
	git_oid id;
	size_t size;
	git_object_t type;
	if (git_parse_id(blob, &id, err) < 0)
		return -1;
	/* Its size is known without unpacking it. */
	int rc = git_odb_read_header(&size, &type, r->odb, &id);
	if (rc == 0 && type != GIT_OBJECT_BLOB)
		return err_set(err, ERR_INPUT, "Git object %s is not a file", blob);
	if (rc == 0 && size > max)
		return err_set(err, ERR_LIMIT, "the file has %zu bytes, more than %zu (%s)", size,
			       max, max == GIT_MAX_FILE ? "GIT_MAX_FILE" : "the ceiling here");
	if (rc == 0)
		rc = git_odb_read(&object, r->odb, &id);
	if (rc < 0)
		return git_fail_object(r, rc, "file", &id, err);
	buf_put(out, git_odb_object_data(object), git_odb_object_size(object));
	return 0;
}
