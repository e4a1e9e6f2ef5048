/* Whether a folder is the same at two revisions.
 *
 * Equal ids are equal content, but for links that lead out of the folder: so its trees are searched
 * for links.  This is done for every application that did not change, so the bytes of a tree are
 * looked through as they are, and their hash is not computed once more: they came by their id, and
 * who could forge them could as well have changed what the other revision holds. */
#include "plan/git/internal.h"

#include <string.h>

struct search {
	struct repository *r;
	size_t seen;
	bool found;
};

static int search_link(struct search *s, const git_oid *blob, struct err *err)
{
	AUTO(buf_done) struct buf target = { 0 };
	bool usable;
	if (link_target(s->r, blob, &target, &usable, err) < 0)
		return -1;
	s->found = usable && strstr(buf_text(&target), "..");
	return 0;
}

/* The entry at p of a tree's bytes ("40000 name", NUL, id); NULL where it is malformed. */
static const char *next_entry(const char *p, const char *end, bool *folder, bool *link, git_oid *id)
{
	const char *space = memchr(p, ' ', (size_t)(end - p));
	const char *nul = space ? memchr(space, '\0', (size_t)(end - space)) : NULL;
	if (!nul || end - nul <= GIT_OID_RAWSZ)
		return NULL;
	*folder = *p == '4' || *p == '0';
	*link = strncmp(p, "12", 2) == 0;
	git_oid_fromraw(id, (const unsigned char *)nul + 1);
	return nul + 1 + GIT_OID_RAWSZ;
}

static int search_tree(struct search *s, const git_oid *id, unsigned depth, struct err *err)
{
	AUTO(git_odb_object_free_p) git_odb_object *tree = NULL;
	if (depth > GIT_MAX_TREE_DEPTH || ++s->seen > GIT_MAX_FILES) {
		s->found = true; /* the walk will say what is wrong */
		return 0;
	}
	int rc = git_odb_read(&tree, s->r->odb, id);
	if (rc < 0)
		return git_fail_object(s->r, rc, "folder", id, err);
	const char *p = git_odb_object_data(tree), *end = p + git_odb_object_size(tree);
	while (p < end && !s->found) {
		bool folder, link;
		git_oid child;
		p = next_entry(p, end, &folder, &link, &child);
		if (!p)
			s->found = true; /* likewise */
		else if (link && search_link(s, &child, err) < 0)
			return -1;
		else if (folder && search_tree(s, &child, depth + 1, err) < 0)
			return -1;
		if (!p)
			break;
	}
	return 0;
}

/* Whether a link below the folder has ".." in it, or may have. */
static int may_lead_out(struct repository *r, const char *folder, bool *out, struct err *err)
{
	struct search s = { .r = r };
	git_oid id;
	if (git_parse_id(folder, &id, err) < 0)
		return -1;
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	int rc = search_tree(&s, &id, 0, err);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	*out = s.found;
	return rc;
}

/* A missing folder is not an error here; "" stands for it. */
static int subtree_or_none(struct repository *r, const char *tree, const char *path,
			   char out[GIT_ID_TEXT], struct err *err)
{
	AUTO(err_done) struct err e = { 0 };
	out[0] = '\0';
	if (repository_subtree(r, tree, path, out, &e) == 0 || e.code == ERR_NOT_FOUND)
		return 0;
	return err_move(err, &e);
}

int repository_same(struct repository *r, const char *tree_a, const char *tree_b, const char *path,
		    bool *same, struct err *err)
{
	char a[GIT_ID_TEXT], b[GIT_ID_TEXT];
	bool out = false;
	if (subtree_or_none(r, tree_a, path, a, err) < 0 ||
	    subtree_or_none(r, tree_b, path, b, err) < 0)
		return -1;
	bool equal = strcmp(a, b) == 0;
	if (equal && *a && strcmp(tree_a, tree_b) != 0 && may_lead_out(r, a, &out, err) < 0)
		return -1;
	*same = equal && !out;
	return 0;
}
