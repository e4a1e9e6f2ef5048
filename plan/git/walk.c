/* Walking a folder of a tree.
 *
 * Git stores a folder sorted as if the names of folders ended in "/", so that visiting in this
 * order gives whole paths in byte order.  A link to a folder is stored as a file and has to be put
 * in its place first. */
#include "plan/git/internal.h"

#include <string.h>

#include "base/utf8.h"

struct item {
	const char *name; /* the tree's */
	enum place_type type;
	enum lost lost; /* of a link that leads nowhere */
	bool link;
	git_oid id;     /* of what it leads to */
	git_oid target; /* of a link: the blob with its target */
	char *real;     /* of a link to a folder: its path without links */
};

struct listing {
	git_tree *tree;
	struct item *items;
	size_t n;
};

struct walk {
	struct repository *r;
	git_oid root;
	tree_filter_fn *filter;
	tree_entry_fn *each;
	void *ctx;
	struct buf path;                      /* as reported */
	const char *open[GIT_MAX_TREE_DEPTH]; /* real paths of the folders we are in */
	size_t depth;
	size_t seen;
	const struct item *via; /* the link that was followed last */
	const char *via_path;
};

static void listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].real);
	free(l->items);
	git_tree_free(l->tree);
}

/* "symbolic link to "../x", which leaves the repository", at the link. */
static int fail_link(struct walk *w, const struct item *item, enum lost lost, const char *path,
		     struct err *err)
{
	AUTO(buf_done) struct buf target = { 0 };
	bool usable;
	if (link_target(w->r, &item->target, &target, &usable, err) < 0)
		return -1;
	return err_at(err, ERR_INPUT, (struct srcpos){ .file = path },
		      "symbolic link to \"%s\", which %s", usable ? buf_text(&target) : "?",
		      lost_clause(lost));
}

static int resolve_link(struct walk *w, struct item *item, const char *folder, struct err *err)
{
	AUTO(place_done) struct place place = { 0 };
	item->link = true;
	item->target = item->id;
	if (place_find(w->r, &w->root, folder, item->name, &place, err) < 0)
		return -1;
	item->lost = place.lost;
	if (place.lost != LOST_NOT)
		return 0;
	item->type = place.type;
	item->id = place.id;
	if (place.type == PLACE_FOLDER)
		item->real = xstrdup(buf_text(&place.path));
	return 0;
}

static bool sorts_as_folder(const struct item *item)
{
	return item->type == PLACE_FOLDER && item->lost == LOST_NOT;
}

static int by_path(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	size_t n = strlen(x->name), m = strlen(y->name), least = n < m ? n : m;
	int d = memcmp(x->name, y->name, least);
	if (d)
		return d;
	unsigned char p = (unsigned char)x->name[least], q = (unsigned char)y->name[least];
	p = p || !sorts_as_folder(x) ? p : '/';
	q = q || !sorts_as_folder(y) ? q : '/';
	return (p > q) - (p < q);
}

/* Names that git itself refuses could make a path mean another. */
static bool is_proper_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int list_folder(struct walk *w, const git_oid *id, const char *real, struct listing *out,
		       struct err *err)
{
	bool links_to_folders = false;
	if (tree_load(w->r, id, &out->tree, err) < 0)
		return -1;
	size_t n = git_tree_entrycount(out->tree);
	if (n > GIT_MAX_FILES)
		return err_set(err, ERR_LIMIT, "%s has more than %d files (GIT_MAX_FILES)", real,
			       GIT_MAX_FILES);
	out->items = xcalloc(n, sizeof(*out->items));
	for (; out->n < n; out->n++) {
		const git_tree_entry *entry = git_tree_entry_byindex(out->tree, out->n);
		git_filemode_t mode = git_tree_entry_filemode(entry);
		struct item *item = &out->items[out->n];
		item->name = git_tree_entry_name(entry);
		item->id = *git_tree_entry_id(entry);
		item->type = mode == GIT_FILEMODE_TREE     ? PLACE_FOLDER
			     : mode == GIT_FILEMODE_COMMIT ? PLACE_SUBMODULE
							   : PLACE_FILE;
		if (!is_proper_name(item->name))
			return err_set(err, ERR_INPUT,
				       "folder \"%s\" holds the impossible name "
				       "\"%s\"; see git fsck",
				       real, item->name);
		if (mode != GIT_FILEMODE_LINK)
			continue;
		if (resolve_link(w, item, real, err) < 0)
			return -1;
		links_to_folders |= sorts_as_folder(item);
	}
	if (links_to_folders)
		qsort(out->items, out->n, sizeof(*out->items), by_path);
	return 0;
}

static bool is_showable(const char *s, size_t n)
{
	for (size_t i = 0, step; i < n; i += step) {
		uint32_t code;
		step = utf8_decode(s + i, n - i, &code);
		if (!step || code < ' ' || (code >= 0x7f && code <= 0x9f))
			return false;
	}
	return true;
}

static int report(struct walk *w, const struct item *item, struct err *err)
{
	if (!is_showable(w->path.data, w->path.len))
		return err_set(err, ERR_INPUT,
			       "a file in folder \"%s\" has a name with control characters or in "
			       "another encoding than UTF-8: rename it",
			       w->depth ? w->open[w->depth - 1] : "");
	struct tree_entry entry = { .path = w->path.data };
	entry.type = item->type == PLACE_FILE ? TREE_FILE : TREE_SUBMODULE;
	git_format_id(&item->id, entry.id);
	return w->each(w->ctx, &entry, err);
}

static int walk_folder(struct walk *w, const git_oid *id, const char *real, struct err *err);

static int visit_folder(struct walk *w, const struct item *item, const char *real, struct err *err)
{
	AUTO(auto_free) char *child = NULL;
	if (!item->link) {
		child = xfmt("%s%s%s", real, *real ? "/" : "", item->name);
		return walk_folder(w, &item->id, child, err);
	}
	const struct item *outer = w->via;
	const char *outer_path = w->via_path;
	AUTO(auto_free) char *path = xstrdup(w->path.data);
	w->via = item;
	w->via_path = path;
	int rc = walk_folder(w, &item->id, item->real, err);
	w->via = outer;
	w->via_path = outer_path;
	return rc;
}

static int visit(struct walk *w, const struct item *item, const char *real, struct err *err)
{
	bool as_folder = item->lost != LOST_NOT || item->type != PLACE_FILE;
	if (w->filter && !w->filter(w->ctx, w->path.data, as_folder))
		return 0;
	if (++w->seen > GIT_MAX_FILES)
		return err_set(err, ERR_LIMIT, "more than %d files (GIT_MAX_FILES)", GIT_MAX_FILES);
	if (item->lost != LOST_NOT)
		return fail_link(w, item, item->lost, w->path.data, err);
	if (item->type == PLACE_FOLDER)
		return visit_folder(w, item, real, err);
	return report(w, item, err);
}

static int walk_folder(struct walk *w, const git_oid *id, const char *real, struct err *err)
{
	/* Without links the same folder cannot come again below itself. */
	for (size_t i = 0; w->via && i < w->depth; i++)
		if (strcmp(w->open[i], real) == 0)
			return fail_link(w, w->via, LOST_CIRCLE, w->via_path, err);
	if (w->depth == GIT_MAX_TREE_DEPTH)
		return err_set(err, ERR_LIMIT,
			       "more than %d folders in folders (GIT_MAX_TREE_DEPTH)",
			       GIT_MAX_TREE_DEPTH);
	AUTO(listing_done) struct listing l = { 0 };
	if (list_folder(w, id, real, &l, err) < 0)
		return -1;
	w->open[w->depth++] = real;
	size_t len = w->path.len;
	for (size_t i = 0; i < l.n; i++) {
		buf_puts(&w->path, len ? "/" : "");
		buf_puts(&w->path, l.items[i].name);
		if (visit(w, &l.items[i], real, err) < 0)
			return -1;
		w->path.len = len;
		w->path.data[len] = '\0';
	}
	w->depth--;
	return 0;
}

static void walk_done(struct walk *w)
{
	buf_done(&w->path);
}

/* "apps/shop" for "./apps//shop/": how paths are reported. */
static void put_clean_path(struct buf *b, const char *path)
{
	while (*(path += strspn(path, "/"))) {
		size_t n = strcspn(path, "/");
		if (n != 1 || *path != '.') {
			buf_puts(b, b->len ? "/" : "");
			buf_put(b, path, n);
		}
		path += n;
	}
}

int repository_walk(struct repository *r, const char *tree, const char *path,
		    tree_filter_fn *filter, tree_entry_fn *each, void *ctx, struct err *err)
{
	AUTO(place_done) struct place start = { 0 };
	AUTO(walk_done) struct walk w = { .r = r, .filter = filter, .each = each, .ctx = ctx };
	if (git_parse_id(tree, &w.root, err) < 0 || place_folder(r, tree, path, &start, err) < 0)
		return -1;
	put_clean_path(&w.path, path);
	return walk_folder(&w, &start.id, buf_text(&start.path), err);
}
