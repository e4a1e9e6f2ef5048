/* See moved.h. */
#include "plan/diff/moved.h"

#include <string.h>

#include "base/buf.h"
#include "plan/diff/prune.h"
#include "plan/state.h"

enum { MAX_NAMED = 3 }; /* files that a note names */

/* ---- another application */

static const char *name_of_applyset(struct build *b, const char *id)
{
	const struct config *config = b->o->config;
	for (size_t i = 0; i < b->o->n_applications; i++)
		if (strcmp(b->apps[i].applyset, id) == 0)
			return b->apps[i].config->name;
	for (size_t i = 0; config && i < config->n_applications; i++) {
		const struct application *app = &config->applications[i];
		const char *namespace = plan_parent_namespace(app, b->o->default_namespace);
		if (strcmp(applyset_id(&b->arena, app->name, namespace), id) == 0)
			return app->name;
	}
	return "";
}

const char *moved_from(struct build *b, const struct subject *s)
{
	const char *label = json_str(json_at(s->live, "metadata", "labels", APPLYSET_LABEL, NULL));
	if (!s->head || !label || strcmp(label, b->apps[s->application].applyset) == 0)
		return NULL;
	return name_of_applyset(b, label);
}

static bool is_planned(const struct build *b, const struct application *app)
{
	for (size_t i = 0; i < b->o->n_applications; i++)
		if (strcmp(b->apps[i].config->name, app->name) == 0)
			return true;
	return false;
}

static bool may_meet(const struct application *a, const struct application *b)
{
	return !a->cluster || !b->cluster || strcmp(a->cluster, b->cluster) == 0;
}

/* Only where something is to be deleted and applications were left out of the plan. */
static void read_others(struct build *b)
{
	const struct config *config = b->o->config;
	b->others_read = true;
	for (size_t i = 0; config && i < config->n_applications; i++) {
		const struct application *app = &config->applications[i];
		AUTO(err_done) struct err err = { 0 };
		if (is_planned(b, app) || !may_meet(app, b->apps[0].config))
			continue;
		if (source_read(b->o->repository, b->head.tree, app, true, &b->others, &err) < 0)
			b->others_unread = app->name;
	}
	AUTO(err_done) struct err err = { 0 };
	if (b->others.n && source_resolve(&b->others, b->o->default_namespace, &b->kinds, &err) < 0)
		b->others_unread = b->others.items[0].application;
}

const char *moved_to(struct build *b, const struct subject *s)
{
	if (!b->others_read)
		read_others(b);
	if (b->others_unread)
		return b->others_unread;
	const struct declared *d = b->others.n ? declared_find(&b->others, &s->ref) : NULL;
	return d ? d->application : NULL;
}

/* ---- another name */

struct candidate {
	struct change *change;
	const struct declared *declared;
	char digest[DIGEST_TEXT]; /* of the content without its name */
};

struct candidates {
	struct candidate *gone, *made;
	size_t n_gone, n_made;
};

static void add(struct candidate *list, size_t *n, struct change *c, const struct declared *d)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	struct json v = json_copy(&scratch, &d->object);
	struct json *metadata = json_edit(&scratch, &v, "metadata");
	json_remove(metadata, "name");
	json_remove(metadata, "namespace");
	list[*n] = (struct candidate){ .change = c, .declared = d };
	digest_json(&v, list[(*n)++].digest);
}

static bool same_kind(const struct candidate *x, const struct candidate *y)
{
	return strcmp(x->change->ref.kind, y->change->ref.kind) == 0 &&
	       strcmp(x->change->ref.group, y->change->ref.group) == 0;
}

static bool same_content(const struct candidate *x, const struct candidate *y)
{
	return strcmp(x->digest, y->digest) == 0;
}

static bool same_place(const struct candidate *x, const struct candidate *y)
{
	const struct declared *d = x->declared, *e = y->declared;
	return strcmp(d->file, e->file) == 0 && d->document == e->document && d->item == e->item;
}

static void join(struct build *b, struct change *gone, struct change *made)
{
	struct arena *a = &b->arena;
	gone->pair = made->id;
	made->pair = gone->id;
	const char *data = prune_holds_data(&gone->ref)
				   ? "; what it holds does not come along: copy it first"
				   : "";
	gone->reason = arena_fmt(a, "gets the name %s%s: %s", object_ref_label(a, &made->ref), data,
				 gone->reason);
	made->reason = arena_fmt(a, "the new name of %s%s", object_ref_label(a, &gone->ref), data);
}

static void match(struct build *b, const struct candidates *all,
		  bool (*same)(const struct candidate *x, const struct candidate *y))
{
	for (size_t i = 0; i < all->n_gone; i++) {
		struct candidate *x = &all->gone[i];
		for (size_t k = 0; k < all->n_made && !x->change->pair; k++) {
			struct candidate *y = &all->made[k];
			if (!y->change->pair && same_kind(x, y) && same(x, y))
				join(b, x->change, y->change);
		}
	}
}

void moved_pairs(struct build *b, struct plan *p, const struct subject *const *subjects)
{
	struct candidates all = {
		.gone = arena_calloc(&b->arena, p->n_changes, sizeof(*all.gone)),
		.made = arena_calloc(&b->arena, p->n_changes, sizeof(*all.made)),
	};
	for (size_t i = 0; i < p->n_changes; i++) {
		struct change *c = &p->changes[i];
		if (c->action == ACTION_CREATE)
			add(all.made, &all.n_made, c, subjects[i]->head);
		else if (!subjects[i]->head && subjects[i]->base &&
			 (c->action == ACTION_DELETE || c->action == ACTION_REFUSED))
			add(all.gone, &all.n_gone, c, subjects[i]->base);
	}
	match(b, &all, same_content);
	match(b, &all, same_place);
}

/* ---- another file */

void moved_note_files(struct build *b)
{
	AUTO(buf_done) struct buf list = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < b->n_paired; i++) {
		const struct subject *s = &b->subjects[i];
		if (s->state != SUBJECT_UNCHANGED || !s->base || !s->head ||
		    strcmp(s->base->file, s->head->file) == 0)
			continue;
		if (n++ < MAX_NAMED)
			buf_printf(&list, "%s%s: %s → %s", n > 1 ? ", " : "",
				   object_ref_label(&b->arena, &s->ref), s->base->file,
				   s->head->file);
	}
	if (n)
		build_note(b, "%zu object%s in another file and otherwise unchanged (%s%s)", n,
			   n == 1 ? " is" : "s are", buf_text(&list), n > MAX_NAMED ? ", ..." : "");
}

/* ---- another ApplySet, which is not planned */

/* Two that declare the same object would take it from each other with every apply, and each
 * could prune it. */
void moved_note_sets(struct build *b)
{
	const struct subject *first = NULL;
	size_t n = 0;
	for (size_t i = 0; i < b->n_subjects; i++) {
		const struct subject *s = &b->subjects[i];
		bool planned = false;
		const char *label =
			json_str(json_at(s->live, "metadata", "labels", APPLYSET_LABEL, NULL));
		for (size_t k = 0; label && k < b->o->n_applications; k++)
			planned |= strcmp(label, b->apps[k].applyset) == 0;
		if (!s->head || !label || planned)
			continue;
		first = first ? first : s;
		n++;
	}
	if (n)
		build_note(b,
			   "%zu declared object%s (%s%s to another ApplySet until this is applied: "
			   "make sure that no other application or repository declares the same",
			   n, n == 1 ? "" : "s", object_ref_label(&b->arena, &first->ref),
			   n == 1 ? ") belongs" : ", ...) belong");
}
