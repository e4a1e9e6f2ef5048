/* Steps 1 and 2 of build.h: what the revisions declare, paired by object. */
#include "plan/diff/hooks.h"
#include "plan/diff/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "plan/state.h"
#include "plan/wave.h"

void build_note(struct build *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	GROW(b->notes, b->n_notes, b->cap_notes);
	b->notes[b->n_notes++] = arena_strdup(&b->arena, text);
}

void subject_unknown(struct build *b, struct subject *s, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	s->state = SUBJECT_UNKNOWN;
	s->reason = arena_strdup(&b->arena, text);
}

const char *plan_parent_namespace(const struct application *app, const char *default_namespace)
{
	return app->namespace ? app->namespace : default_namespace;
}

/* The tree id of a folder, "" where it is not there. */
static int folder(struct build *b, const struct revision *rev, const char *path,
		  char out[GIT_ID_TEXT], struct err *err)
{
	AUTO(err_done) struct err missing = { 0 };
	if (repository_subtree(b->o->repository, rev->tree, path, out, &missing) == 0)
		return 0;
	if (missing.code != ERR_NOT_FOUND)
		return err_move(err, &missing);
	*out = '\0';
	return 0;
}

static int read_application(struct build *b, size_t i, struct err *err)
{
	struct build_application *app = &b->apps[i];
	struct repository *r = b->o->repository;
	app->config = b->o->applications[i];
	app->parent_namespace = plan_parent_namespace(app->config, b->o->default_namespace);
	app->applyset = applyset_id(&b->arena, app->config->name, app->parent_namespace);
	const char *path = app->config->path;
	/* Most often all applications have one base, and resolving it is not free. */
	if (i && strcmp(b->o->bases[i], b->o->bases[i - 1]) == 0)
		app->base = b->apps[i - 1].base;
	else if (repository_resolve(r, b->o->bases[i], &app->base, err) < 0)
		return err_wrap(err, "base %s", b->o->bases[i]);
	if (folder(b, &app->base, path, app->base_tree, err) < 0 ||
	    folder(b, &b->head, path, app->head_tree, err) < 0)
		return err_wrap(err, "application %s", app->config->name);
	if (!*app->base_tree && !*app->head_tree)
		return err_set(err, ERR_NOT_FOUND,
			       "application %s: folder %s exists neither at base nor at head",
			       app->config->name, *path ? path : ".");
	/* Not by the trees' ids alone: links may lead out of them. */
	if (repository_same(r, app->base.tree, b->head.tree, path, &app->same_tree, err) < 0)
		return err_wrap(err, "application %s", app->config->name);
	/* Without a cluster, equal trees are no change: nothing has to be read. */
	if (app->same_tree && !b->o->cluster) {
		b->n_same_trees++;
		return 0;
	}
	if (source_read(r, b->head.tree, app->config, true, &b->head_set, err) < 0)
		return -1;
	if (!app->same_tree &&
	    source_read(r, app->base.tree, app->config, true, &b->base_set, err) < 0)
		return err_wrap(err, "at base %.12s (--base none compares from nothing)",
				app->base.commit);
	return 0;
}

static void add_schemas(struct build *b, const struct declared_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->items[i].ref.kind, "CustomResourceDefinition") == 0)
			schema_add_crd(&b->schemas, &set->items[i].object);
}

int build_gather(struct build *b, struct err *err)
{
	const struct plan_options *o = b->o;
	if (repository_resolve(o->repository, o->head, &b->head, err) < 0)
		return err_wrap(err, "head %s", o->head);
	b->apps = arena_calloc(&b->arena, o->n_applications, sizeof(*b->apps));
	for (size_t i = 0; i < o->n_applications; i++)
		if (read_application(b, i, err) < 0)
			return -1;
	if (o->cluster) {
		if (o->cluster->ops->kinds(o->cluster, &b->kinds, err) < 0)
			return err_wrap(err, "read the kinds that the cluster serves");
	} else {
		kinds_add_builtin(&b->kinds);
	}
	if (b->n_same_trees)
		build_note(b, "%zu application%s the same files at base and head, and %s not read",
			   b->n_same_trees, b->n_same_trees == 1 ? " has" : "s have",
			   b->n_same_trees == 1 ? "was" : "were");
	for (size_t i = 0; i < b->kinds.n_stale; i++)
		build_note(b, "API group %s does not answer: its kinds are not known",
			   b->kinds.stale[i]);
	if (source_resolve(&b->head_set, o->default_namespace, &b->kinds, err) < 0)
		return -1;
	/* The kinds of CRDs that only base declares are known to the cluster or gone. */
	if (source_resolve(&b->base_set, o->default_namespace, &b->kinds, err) < 0)
		return err_wrap(err, "at base (--base none compares from nothing)");
	for (size_t i = 0; i < b->head_set.n_notes; i++)
		build_note(b, "%s", b->head_set.notes[i]);
	add_schemas(b, &b->base_set);
	add_schemas(b, &b->head_set);
	return 0;
}

/* ---- pairs */

static size_t application_index(const struct build *b, const char *name)
{
	for (size_t i = 0; i < b->o->n_applications; i++)
		if (strcmp(b->apps[i].config->name, name) == 0)
			return i;
	return 0;
}

static const struct kind *kind_of(struct build *b, const struct declared *head,
				  const struct declared *base)
{
	const struct object_ref *ref = head ? &head->ref : &base->ref;
	const struct kind *k = kinds_find(&b->kinds, ref->group, ref->version, ref->kind);
	/* What is only to be deleted may be reached under any version; so may an object whose new
	 * version comes with a CRD of this plan. */
	if ((k && !k->deferred) || (head && !k))
		return k;
	const struct kind *served = kinds_find_any(&b->kinds, ref->group, ref->kind);
	return served && !served->deferred ? served : k;
}

static bool excluded(const struct build *b, const char *kind)
{
	for (const char *const *k = b->o->exclude_kinds; k && *k; k++)
		if (strcmp(*k, kind) == 0)
			return true;
	return false;
}

/* What base said wrongly is not worth an error. */
static int64_t declared_wave(struct build *b, const struct declared *head,
			     const struct declared *base)
{
	const struct declared *d = head ? head : base;
	AUTO(err_done) struct err err = { 0 };
	int64_t wave;
	if (wave_of(&d->object, d->file, &wave, &err) < 0 && head)
		build_problem(b, err.at, "%s", err.msg);
	return wave;
}

static void add_subject(struct build *b, const struct declared *head, const struct declared *base)
{
	const struct declared *any = head ? head : base;
	if (excluded(b, any->ref.kind))
		return;
	size_t app = application_index(b, any->application);
	if (hooks_set_aside(b, app, head, base))
		return;
	/* Equal trees were read once: head is base then. */
	if (head && !base && b->apps[app].same_tree)
		base = head;
	GROW(b->subjects, b->n_subjects, b->cap_subjects);
	b->subjects[b->n_subjects++] = (struct subject){
		.ref = any->ref,
		.application = app,
		.wave = declared_wave(b, head, base),
		.head = head,
		.desired = head ? &head->object : NULL,
		.base = base,
		.kind = kind_of(b, head, base),
	};
}

int build_pair(struct build *b, struct err *err)
{
	(void)err;
	const struct declared_set *hs = &b->head_set, *bs = &b->base_set;
	size_t h = 0, s = 0;
	while (h < hs->n || s < bs->n) {
		int d = h == hs->n   ? 1
			: s == bs->n ? -1
				     : object_ref_compare(&hs->items[h].ref, &bs->items[s].ref);
		add_subject(b, d <= 0 ? &hs->items[h] : NULL, d >= 0 ? &bs->items[s] : NULL);
		h += d <= 0;
		s += d >= 0;
	}
	b->n_paired = b->n_subjects;
	for (size_t i = 0; i < b->n_subjects; i++) {
		struct subject *p = &b->subjects[i];
		const struct kind *k =
			kinds_find(&b->kinds, p->ref.group, p->ref.version, p->ref.kind);
		p->deferred = p->head && k && k->deferred;
	}
	return 0;
}

struct subject *build_find(struct build *b, const struct object_ref *ref)
{
	size_t lo = 0, hi = b->n_paired;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = object_ref_compare(&b->subjects[mid].ref, ref);
		if (!d)
			return &b->subjects[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct schema_node *build_schema(struct build *b, const struct subject *s)
{
	return schema_root(&b->schemas, s->ref.group, s->ref.version, s->ref.kind);
}

void subject_set_live(struct build *b, struct subject *s, const struct json *live)
{
	struct json *copy = NULL;
	s->read = true;
	if (live) {
		copy = arena_alloc(&b->arena, sizeof(*copy));
		*copy = json_copy(&b->arena, live);
	}
	s->live = copy;
	owners_of(&b->arena, copy, &s->owners);
	rules_force(b, s, &s->owners);
	if (s->head)
		s->desired = rules_desired(b, s, copy, &s->owners);
}
