/* Objects and namespaces as policies see them; see scene.h. */
#include "policy/scene.h"

#include <string.h>

#include "plan/state.h"
#include "policy/defaults/defaults.h"

/* ---- objects as admission sees them */

static const struct json *crd_of(const struct scene *s, const struct object_ref *ref)
{
	for (size_t i = 0; i < s->n_crds; i++) {
		const struct json *spec = json_get(s->crds[i], "spec");
		const char *group = json_get_str(spec, "group");
		const char *kind = json_str(json_at(spec, "names", "kind", NULL));
		if (group && kind && strcmp(group, ref->group) == 0 && strcmp(kind, ref->kind) == 0)
			return s->crds[i];
	}
	return NULL;
}

static void find_crds(struct scene *s)
{
	const struct declared_set *head = s->view->head;
	for (size_t i = 0; i < head->n; i++) {
		if (strcmp(head->items[i].ref.kind, "CustomResourceDefinition") != 0)
			continue;
		GROW(s->crds, s->n_crds, s->cap_crds);
		s->crds[s->n_crds++] = &head->items[i].object;
	}
}

const struct json *scene_with_defaults(struct scene *s, const struct object_ref *ref,
				       const struct json *v)
{
	if (!v)
		return NULL;
	struct json *object = arena_alloc(&s->arena, sizeof(*object));
	*object = json_copy(&s->arena, v);
	if (*ref->namespace)
		json_set_str(&s->arena, json_edit(&s->arena, object, "metadata"), "namespace",
			     ref->namespace);
	defaults_apply(&s->arena, crd_of(s, ref), object);
	return object;
}

/* The embedded cluster answers as a server does, but knows no defaults. */
static bool is_from_server(const struct scene *s, const struct change *c)
{
	const struct cluster *cluster = s->view->cluster;
	return cluster && !cluster->ops->no_controllers && c->verified != VERIFIED_STATIC;
}

/* Each is made once, however many judges ask for it. */
struct seen_change {
	bool object_made, old_made, base_made;
	const struct json *object, *old, *base;
};

static struct seen_change *seen(struct scene *s, const struct change *c)
{
	return &s->seen[c - s->plan->changes];
}

static const struct json *make_object(struct scene *s, const struct change *c)
{
	const struct change_sides *sides = c->sides;
	if (c->action == ACTION_DELETE)
		return NULL;
	if (sides->after && c->verified == VERIFIED_SERVER && is_from_server(s, c))
		return sides->after;
	/* A replacement is a new object: nothing of the old one is in it. */
	bool predicted = sides->after && c->action != ACTION_REPLACE;
	return scene_with_defaults(s, &c->ref, predicted ? sides->after : sides->declared);
}

const struct json *scene_object(struct scene *s, const struct change *c)
{
	struct seen_change *of = seen(s, c);
	if (!of->object_made)
		of->object = make_object(s, c);
	of->object_made = true;
	return of->object;
}

static const struct json *make_old_object(struct scene *s, const struct change *c)
{
	return is_from_server(s, c) ? c->sides->before
				    : scene_with_defaults(s, &c->ref, c->sides->before);
}

const struct json *scene_old_object(struct scene *s, const struct change *c)
{
	struct seen_change *of = seen(s, c);
	if (!of->old_made)
		of->old = make_old_object(s, c);
	of->old_made = true;
	return of->old;
}

/* The label of its ApplySet is ours, whatever manifests say. */
static void copy_label(struct scene *s, struct json *to, const struct json *from)
{
	const char *set = json_str(json_at(from, "metadata", "labels", APPLYSET_LABEL, NULL));
	if (!set)
		return;
	struct json *metadata = json_edit(&s->arena, to, "metadata");
	json_set_str(&s->arena, json_edit(&s->arena, metadata, "labels"), APPLYSET_LABEL, set);
}

static const struct json *make_base_object(struct scene *s, const struct change *c)
{
	const struct json *declared = c->sides->base, *object = scene_object(s, c);
	struct json *base = (struct json *)scene_with_defaults(s, &c->ref, declared);
	if (base && object)
		copy_label(s, base, object);
	return base;
}

const struct json *scene_base_object(struct scene *s, const struct change *c)
{
	struct seen_change *of = seen(s, c);
	if (!of->base_made)
		of->base = make_base_object(s, c);
	of->base_made = true;
	return of->base;
}

/* ---- namespaces, as the plan leaves them */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct known_namespace *)a)->name,
		      ((const struct known_namespace *)b)->name);
}

static struct known_namespace *find_namespace(const struct scene *s, const char *name)
{
	struct known_namespace key = { name, NULL };
	return s->n_namespaces ? bsearch(&key, s->namespaces, s->n_namespaces,
					 sizeof(*s->namespaces), by_name)
			       : NULL;
}

static void name_namespaces(struct scene *s)
{
	const struct plan *p = s->plan;
	size_t n = 0;
	s->namespaces = xcalloc(p->n_changes, sizeof(*s->namespaces));
	for (size_t i = 0; i < p->n_changes; i++)
		if (*p->changes[i].ref.namespace)
			s->namespaces[n++].name = p->changes[i].ref.namespace;
	if (n)
		qsort(s->namespaces, n, sizeof(*s->namespaces), by_name);
	for (size_t i = 0; i < n; i++)
		if (!s->n_namespaces ||
		    by_name(&s->namespaces[s->n_namespaces - 1], &s->namespaces[i]) != 0)
			s->namespaces[s->n_namespaces++] = s->namespaces[i];
}

static bool is_namespace(const struct object_ref *ref)
{
	return !*ref->group && strcmp(ref->kind, "Namespace") == 0;
}

static void take_changed(struct scene *s)
{
	for (size_t i = 0; i < s->plan->n_changes; i++) {
		const struct change *c = &s->plan->changes[i];
		struct known_namespace *known =
			is_namespace(&c->ref) ? find_namespace(s, c->ref.name) : NULL;
		if (!known || !action_writes(c->action))
			continue;
		const struct json *object = scene_object(s, c);
		known->object = object ? object : c->sides->before;
	}
}

static int on_namespace(void *ctx, struct api_call *call, struct err *err)
{
	struct scene *s = ctx;
	struct known_namespace *known = call->user;
	(void)err;
	if (!call->object)
		return 0;
	struct json *copy = arena_alloc(&s->arena, sizeof(*copy));
	*copy = json_copy(&s->arena, call->object);
	known->object = copy;
	return 0;
}

/* Those that do not change.  One that cannot be read stays unknown: what depends on it is
 * undecided. */
static int ask_cluster(struct scene *s, struct err *err)
{
	struct cluster *c = s->view->cluster;
	const struct kind *kind = kinds_find(s->view->kinds, "", "v1", "Namespace");
	if (!kind || !s->n_namespaces)
		return 0;
	AUTO(auto_free) struct api_call *calls = xcalloc(s->n_namespaces, sizeof(*calls));
	size_t n = 0;
	for (size_t i = 0; i < s->n_namespaces; i++)
		if (!s->namespaces[i].object)
			calls[n++] = (struct api_call){
				.verb = API_GET,
				.kind = kind,
				.namespace = "",
				.name = s->namespaces[i].name,
				.user = &s->namespaces[i],
			};
	int rc = n ? c->ops->call(c, calls, n, on_namespace, s, err) : 0;
	for (size_t i = 0; i < n; i++)
		err_done(&calls[i].err);
	return rc;
}

static void take_declared(struct scene *s)
{
	for (size_t i = 0; i < s->n_namespaces; i++) {
		struct known_namespace *known = &s->namespaces[i];
		struct object_ref ref = { "", "v1", "Namespace", "", known->name };
		const struct declared *d =
			known->object ? NULL : declared_find(s->view->head, &ref);
		if (d)
			known->object = scene_with_defaults(s, &ref, &d->object);
	}
}

int scene_find_namespaces(struct scene *s, struct err *err)
{
	name_namespaces(s);
	take_changed(s);
	if (s->view->cluster)
		return ask_cluster(s, err);
	take_declared(s);
	return 0;
}

const struct json *scene_namespace(const struct scene *s, const char *name)
{
	const struct known_namespace *known = find_namespace(s, name);
	return known ? known->object : NULL;
}

void scene_open(struct scene *s, const struct plan_view *view, const struct plan *p)
{
	*s = (struct scene){ .view = view, .plan = p };
	s->seen = xcalloc(p->n_changes, sizeof(*s->seen));
	find_crds(s);
}

void scene_done(struct scene *s)
{
	free(s->crds);
	free(s->seen);
	free(s->namespaces);
	arena_done(&s->arena);
	*s = (struct scene){ 0 };
}
