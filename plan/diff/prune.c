/* See prune.h. */
#include "plan/diff/prune.h"

#include <stdio.h>
#include <string.h>

#include "plan/diff/moved.h"
#include "plan/diff/unchanged.h"
#include "plan/keep.h"
#include "plan/state.h"
#include "plan/takes.h"

/* ---- is it to stay? */

static const char *why_it_stays(struct build *b, const struct subject *s)
{
	struct arena *a = &b->arena;
	const struct application *app = b->apps[s->application].config;
	if (!app->prune)
		return arena_fmt(a, "application %s has prune: false", app->name);
	const char *keep = keep_annotation(a, s->live);
	if (keep)
		return arena_fmt(a, "it has the annotation %s", keep);
	keep = s->base ? keep_annotation(a, &s->base->object) : NULL;
	if (keep)
		return arena_fmt(a, "its last manifest has the annotation %s", keep);
	const char *other = moved_to(b, s);
	return other ? arena_fmt(a, "application %s declares it now, or cannot be read: plan both",
				 other)
		     : NULL;
}

/* ---- is it ours? */

static const struct json *controller_of(const struct json *live)
{
	const struct json *owners = json_at(live, "metadata", "ownerReferences", NULL);
	for (uint32_t i = 0; json_is(owners, JSON_ARRAY) && i < owners->n; i++)
		if (json_true(json_get(&owners->items[i], "controller")))
			return &owners->items[i];
	return NULL;
}

struct holders {
	const struct owners *owners;
	const struct json *live;
	bool people;       /* hold a field that base declares */
	const char *other; /* the first manager that holds one and is neither */
};

static int look_at_holder(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct holders *h = ctx;
	if (!field_path_get(h->live, path))
		return 0;
	for (size_t i = 0; i < h->owners->n; i++) {
		const struct owner *o = &h->owners->items[i];
		if (!field_set_touches(&o->fields, path))
			continue;
		if (o->takeable)
			h->people = true;
		else if (!o->ours && !h->other)
			h->other = o->manager;
	}
	return 0;
}

/* An object that base declared and that we have never applied. */
static const char *why_not_adoptable(struct build *b, const struct subject *s)
{
	struct arena *a = &b->arena;
	const struct json *controller = controller_of(s->live);
	if (controller) {
		const char *kind = json_get_str(controller, "kind");
		const char *name = json_get_str(controller, "name");
		return arena_fmt(a, "rhumb has never applied it, and it belongs to %s %s",
				 kind ? kind : "a controller", name ? name : "");
	}
	if (!s->owners.n)
		return NULL; /* nobody is recorded: older than field managers */
	struct field_set declared = field_set_of(a, build_schema(b, s), &s->base->object);
	declared = field_set_strip(a, &declared);
	struct holders h = { .owners = &s->owners, .live = s->live };
	AUTO(err_done) struct err ignored = { 0 };
	field_set_walk(&declared, look_at_holder, &h, &ignored);
	if (h.people)
		return NULL;
	return arena_fmt(a, "rhumb has never applied it, and its fields belong to %s",
			 h.other ? h.other : s->owners.items[0].manager);
}

static const char *why_not_ours(struct build *b, const struct subject *s)
{
	struct arena *a = &b->arena;
	const char *label = json_str(json_at(s->live, "metadata", "labels", APPLYSET_LABEL, NULL));
	const char *ours = b->apps[s->application].applyset;
	if (label && strcmp(label, ours) != 0) {
		for (size_t i = 0; i < b->o->n_applications; i++)
			if (strcmp(b->apps[i].applyset, label) == 0)
				return arena_fmt(a, "it belongs to application %s",
						 b->apps[i].config->name);
		return "it belongs to another ApplySet";
	}
	bool applied = own_entry(s->live) != NULL;
	if (s->base && (label || applied))
		return NULL;
	if (s->base)
		return why_not_adoptable(b, s);
	return applied ? NULL
		       : "it carries the label of the ApplySet, but rhumb has not applied it";
}

/* ---- is it allowed? */

static const struct {
	const char *group, *kind, *why;
} data_kinds[] = {
	{ "", "Namespace", "everything in it would be deleted with it" },
	{ "", "PersistentVolume", "it holds data" },
	{ "", "PersistentVolumeClaim", "it holds data" },
	{ "apiextensions.k8s.io", "CustomResourceDefinition",
	  "all objects of its kind would be deleted with it" },
	{ "apps", "StatefulSet", "it holds data" },
};

static const char *data_in(const struct object_ref *ref)
{
	for (size_t i = 0; i < ARRAY_LEN(data_kinds); i++)
		if (strcmp(ref->kind, data_kinds[i].kind) == 0 &&
		    strcmp(ref->group, data_kinds[i].group) == 0)
			return data_kinds[i].why;
	return NULL;
}

bool prune_holds_data(const struct object_ref *ref)
{
	return data_in(ref) != NULL;
}

static bool is_allowed(const struct build *b, const struct subject *s)
{
	const struct application *app = b->apps[s->application].config;
	for (size_t i = 0; i < app->n_allow_delete; i++)
		if (strcmp(app->allow_delete[i], s->ref.kind) == 0)
			return true;
	for (const char *const *k = b->o->allow_delete; k && *k; k++)
		if (strcmp(*k, s->ref.kind) == 0)
			return true;
	return false;
}

static int count(void *ctx, struct list_request *request, const struct json *object,
		 struct err *err)
{
	(void)request, (void)object, (void)err;
	++*(size_t *)ctx;
	return 0;
}

/* A CRD without objects takes nothing along; apply makes sure that it still does not.  What cannot
 * be listed may have some. */
static bool has_no_objects(struct build *b, const struct subject *s)
{
	const struct change c = { .ref = s->ref };
	size_t n = 0, listed = 0;
	if (!b->o->cluster || strcmp(s->ref.kind, "CustomResourceDefinition") != 0)
		return false;
	for (size_t i = 0; i < b->kinds.n && !n; i++) {
		AUTO(err_done) struct err ignored = { 0 };
		struct list_request all = { .kind = &b->kinds.items[i] };
		if (all.kind->deferred || !takes_one(&c, all.kind, ""))
			continue;
		bool ok =
			b->o->cluster->ops->list(b->o->cluster, &all, 1, count, &n, &ignored) == 0;
		listed += ok && !all.err.code;
		err_done(&all.err);
	}
	return listed && !n;
}

static const char *why_refused(struct build *b, const struct subject *s, const char *why)
{
	const char *data = data_in(&s->ref);
	if (!data || is_allowed(b, s) || has_no_objects(b, s))
		return NULL;
	return arena_fmt(&b->arena,
			 "%s, but %s: allow it with --allow-delete %s, or allowDelete: [%s]", why,
			 data, s->ref.kind, s->ref.kind);
}

enum prune prune_decide(struct build *b, const struct subject *s, const char **reason)
{
	*reason = b->o->cluster ? why_not_ours(b, s) : NULL;
	if (!*reason)
		*reason = why_it_stays(b, s);
	if (*reason)
		return PRUNE_STAYS;
	const char *why =
		s->base ? "not declared any more" : "a member of the ApplySet that is not declared";
	const char *refused = why_refused(b, s, why);
	*reason = refused ? refused : why;
	return refused ? PRUNE_REFUSED : PRUNE_DELETE;
}

const char *prune_refuses_replacement(struct build *b, const struct subject *s)
{
	return why_refused(b, s, s->reason ? s->reason : "an immutable field changes");
}

const char *prune_refuses_hook(struct build *b, const struct subject *s)
{
	bool deletes = s->earlier || s->hook->says.delete_policy != HOOK_BEFORE_CREATION;
	return deletes ? why_refused(b, s, "as a hook it would be deleted") : NULL;
}

/* ---- the budget */

static bool is_there(const struct build *b, const struct subject *s)
{
	return b->o->cluster ? s->live || s->state == SUBJECT_UNCHANGED : s->base != NULL;
}

static void refuse_deletions(struct build *b, struct plan *p, const char *application,
			     const char *budget, int64_t deletions, int64_t objects)
{
	for (size_t i = 0; i < p->n_changes; i++) {
		struct change *c = &p->changes[i];
		if (c->action != ACTION_DELETE || strcmp(c->application, application) != 0)
			continue;
		c->action = ACTION_REFUSED;
		c->reason = arena_fmt(
			&b->arena,
			"%s, but %lld of the %lld objects of application %s would be "
			"deleted and its budget is %s: allow more with --max-deletes, "
			"or maxDeletes",
			c->reason, (long long)deletions, (long long)objects, application, budget);
	}
}

void prune_check_budgets(struct build *b, struct plan *p)
{
	for (size_t i = 0; i < b->o->n_applications; i++) {
		const struct application *app = b->apps[i].config;
		const struct delete_budget *budget =
			b->o->max_deletes ? b->o->max_deletes : &app->max_deletes;
		int64_t deletions = 0, objects = 0;
		if (!budget->limited)
			continue;
		/* What is refused for another reason is a surprise as well. */
		for (size_t k = 0; k < p->n_changes; k++)
			deletions += strcmp(p->changes[k].application, app->name) == 0 &&
				     (p->changes[k].action == ACTION_DELETE ||
				      (p->changes[k].action == ACTION_REFUSED &&
				       !p->changes[k].desired));
		for (size_t k = 0; k < b->n_subjects; k++)
			objects += b->subjects[k].application == i && is_there(b, &b->subjects[k]);
		if (budget->percent ? deletions * 100 > budget->n * objects : deletions > budget->n)
			refuse_deletions(b, p, app->name,
					 arena_fmt(&b->arena, "%lld%s", (long long)budget->n,
						   budget->percent ? "%" : ""),
					 deletions, objects);
	}
}
