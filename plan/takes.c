/* See takes.h. */
#include "plan/takes.h"

#include <string.h>

#include "plan/keep.h"
#include "plan/state.h"

static bool is_kind(const struct object_ref *ref, const char *group, const char *kind)
{
	return strcmp(ref->kind, kind) == 0 && strcmp(ref->group, group) == 0;
}

static bool is_namespace(const struct change *c)
{
	return is_kind(&c->ref, "", "Namespace");
}

static bool is_definition(const struct change *c)
{
	return is_kind(&c->ref, "apiextensions.k8s.io", "CustomResourceDefinition");
}

bool takes_others(const struct change *c)
{
	bool deletes = c->action == ACTION_DELETE || c->action == ACTION_REPLACE ||
		       c->action == ACTION_REFUSED;
	return deletes && *c->precondition.uid && (is_namespace(c) || is_definition(c));
}

/* ---- which kinds */

/* Traces of what runs, which nobody declares and which come and go. */
static bool is_trace(const struct kind *k)
{
	static const char *const traces[] = { "Endpoints", "Event", "Lease" };
	for (size_t i = 0; i < ARRAY_LEN(traces); i++)
		if (strcmp(k->kind, traces[i]) == 0)
			return true;
	return false;
}

/* "boats.sea.io" */
static bool defines(const struct change *c, const struct kind *k)
{
	size_t n = strlen(k->plural);
	return strncmp(c->ref.name, k->plural, n) == 0 && c->ref.name[n] == '.' &&
	       strcmp(c->ref.name + n + 1, k->group) == 0;
}

bool takes_one(const struct change *c, const struct kind *kind, const char *namespace)
{
	return is_definition(c) ? defines(c, kind)
				: kind->namespaced && strcmp(namespace, c->ref.name) == 0;
}

/* Once a kind, in one of its versions.  What cannot be patched is computed, not stored. */
static bool is_asked(const struct kind_table *kinds, const struct change *c, const struct kind *k)
{
	if (!k->listable || k->deferred || kinds_find_any(kinds, k->group, k->kind) != k)
		return false;
	if (is_definition(c))
		return defines(c, k);
	return k->namespaced && k->appliable && !is_trace(k);
}

/* ---- which objects */

struct found {
	struct taken_object *items;
	size_t n, cap;
	int64_t all;
};

struct looking {
	const struct kind_table *kinds;
	const struct plan *plan;
	const struct change *change;
	struct arena *arena;
	struct list_request *requests;
	struct found *found; /* as requests */
	const char *kept;
};

static bool is_of_every_namespace(const struct object_ref *ref)
{
	return (is_kind(ref, "", "ConfigMap") && strcmp(ref->name, "kube-root-ca.crt") == 0) ||
	       (is_kind(ref, "", "ServiceAccount") && strcmp(ref->name, "default") == 0);
}

static bool is_record(const struct looking *l, const struct object_ref *ref)
{
	for (size_t i = 0; is_kind(ref, "", "ConfigMap") && i < l->plan->n_applications; i++) {
		const struct planned_application *app = &l->plan->applications[i];
		if (strcmp(ref->namespace, app->namespace) == 0 &&
		    strcmp(ref->name, applyset_parent_name(l->arena, app->name)) == 0)
			return true;
	}
	return false;
}

static bool is_deleted_anyway(const struct looking *l, const struct object_ref *ref)
{
	for (size_t i = 0; i < l->plan->n_changes; i++) {
		const struct change *c = &l->plan->changes[i];
		if (c->action == ACTION_DELETE && is_kind(ref, c->ref.group, c->ref.kind) &&
		    strcmp(ref->name, c->ref.name) == 0 &&
		    strcmp(ref->namespace, c->ref.namespace) == 0)
			return true;
	}
	return false;
}

/* A controller's owner in the same namespace: it would be made anew, or goes, with that. */
static bool has_owner_beside(const struct looking *l, const struct json *object)
{
	const struct json *owners = json_at(object, "metadata", "ownerReferences", NULL);
	for (uint32_t i = 0; json_is(owners, JSON_ARRAY) && i < owners->n; i++) {
		const struct json *o = &owners->items[i];
		const char *version = json_get_str(o, "apiVersion"),
			   *kind = json_get_str(o, "kind");
		const char *group, *ignored;
		if (!json_true(json_get(o, "controller")) || !version || !kind)
			continue;
		object_split_api_version(l->arena, version, &group, &ignored);
		const struct kind *k = kinds_find_any(l->kinds, group, kind);
		if (k && k->namespaced)
			return true;
	}
	return false;
}

static bool counts(const struct looking *l, const struct object_ref *ref, const struct json *object)
{
	if (json_at(object, "metadata", "deletionTimestamp", NULL) || is_deleted_anyway(l, ref))
		return false;
	return is_definition(l->change) ||
	       (!is_of_every_namespace(ref) && !is_record(l, ref) && !has_owner_beside(l, object));
}

static bool is_ours(const struct looking *l, const struct json *object)
{
	const char *label = json_str(json_at(object, "metadata", "labels", APPLYSET_LABEL, NULL));
	for (size_t i = 0; label && i < l->plan->n_applications; i++)
		if (strcmp(l->plan->applications[i].applyset, label) == 0)
			return true;
	return false;
}

static int compare_objects(const void *a, const void *b)
{
	const struct taken_object *x = a, *y = b;
	return x->foreign != y->foreign ? (x->foreign ? -1 : 1) : strcmp(x->name, y->name);
}

static void add(struct found *f, struct taken_object object)
{
	f->all++;
	GROW(f->items, f->n, f->cap);
	f->items[f->n++] = object;
	/* The first ones are enough; which, is not by the order of the list. */
	if (f->n < 2 * TAKES_MAX_NAMED)
		return;
	qsort(f->items, f->n, sizeof(*f->items), compare_objects);
	f->n = TAKES_MAX_NAMED;
}

static int on_object(void *ctx, struct list_request *request, const struct json *object,
		     struct err *err)
{
	(void)err;
	struct looking *l = ctx;
	const struct json *meta = json_get(object, "metadata");
	const char *namespace = json_get_str(meta, "namespace"), *name = json_get_str(meta, "name");
	const char *uid = json_get_str(meta, "uid");
	struct object_ref ref = { request->kind->group, request->kind->version, request->kind->kind,
				  namespace ? namespace : "", name ? name : "" };
	if (!counts(l, &ref, object))
		return 0;
	const char *keep = keep_annotation(l->arena, object);
	if (keep) {
		const char *text =
			arena_fmt(l->arena, "%s (%s)", object_ref_label(l->arena, &ref), keep);
		if (!l->kept || strcmp(text, l->kept) < 0)
			l->kept = text;
	}
	const char *said = is_definition(l->change) && *ref.namespace
				   ? arena_fmt(l->arena, "%s/%s", ref.namespace, ref.name)
				   : arena_strdup(l->arena, ref.name);
	add(&l->found[request - l->requests],
	    (struct taken_object){ said, arena_strdup(l->arena, uid ? uid : ""),
				   !is_ours(l, object) });
	return 0;
}

/* ---- all of it */

static struct taken_kind entry(struct looking *l, size_t i)
{
	const struct kind *k = l->requests[i].kind;
	struct found *f = &l->found[i];
	struct taken_kind out = { .kind = *k->group
						  ? arena_fmt(l->arena, "%s.%s", k->kind, k->group)
						  : arena_strdup(l->arena, k->kind) };
	if (l->requests[i].err.code) {
		out.unread = arena_strdup(l->arena, l->requests[i].err.msg);
		return out;
	}
	if (f->n)
		qsort(f->items, f->n, sizeof(*f->items), compare_objects);
	out.n = f->all;
	out.n_objects = f->n < TAKES_MAX_NAMED ? f->n : TAKES_MAX_NAMED;
	out.objects = arena_calloc(l->arena, out.n_objects, sizeof(*out.objects));
	if (out.n_objects)
		memcpy(out.objects, f->items, out.n_objects * sizeof(*out.objects));
	return out;
}

static int compare_kinds(const void *a, const void *b)
{
	return strcmp(((const struct taken_kind *)a)->kind, ((const struct taken_kind *)b)->kind);
}

static size_t choose(struct looking *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->kinds->n; i++)
		if (is_asked(l->kinds, l->change, &l->kinds->items[i]))
			l->requests[n++] = (struct list_request){
				.kind = &l->kinds->items[i],
				.namespace = is_namespace(l->change) ? l->change->ref.name : NULL,
			};
	return n;
}

int takes_read(struct cluster *cluster, const struct kind_table *kinds, const struct plan *p,
	       const struct change *c, struct arena *a, struct takes *out, struct err *err)
{
	AUTO(auto_free) struct list_request *requests = xcalloc(kinds->n + 1, sizeof(*requests));
	AUTO(auto_free) struct found *found = xcalloc(kinds->n + 1, sizeof(*found));
	struct looking l = { kinds, p, c, a, requests, found, NULL };
	size_t n = choose(&l);
	*out = (struct takes){ .kinds = arena_calloc(a, n, sizeof(*out->kinds)) };
	int rc = n ? cluster->ops->list(cluster, requests, n, on_object, &l, err) : 0;
	for (size_t i = 0; i < n; i++) {
		/* A kind whose CRD has just gone has no objects. */
		if (requests[i].err.code == ERR_NOT_FOUND)
			err_done(&requests[i].err);
		if (rc == 0 && (found[i].n || requests[i].err.code))
			out->kinds[out->n++] = entry(&l, i);
		free(found[i].items);
		err_done(&requests[i].err);
	}
	if (out->n)
		qsort(out->kinds, out->n, sizeof(*out->kinds), compare_kinds);
	out->kept = l.kept;
	return rc;
}

/* ---- then and now */

static const struct taken_kind *planned(const struct change *c, const char *kind)
{
	for (size_t i = 0; i < c->n_takes; i++)
		if (strcmp(c->takes[i].kind, kind) == 0)
			return &c->takes[i];
	return NULL;
}

static bool names(const struct taken_kind *k, const struct taken_object *object)
{
	for (size_t i = 0; k && i < k->n_objects; i++)
		if (strcmp(k->objects[i].name, object->name) == 0 &&
		    strcmp(k->objects[i].uid, object->uid) == 0)
			return true;
	return false;
}

const char *takes_more(const struct change *c, const struct takes *now, struct arena *a)
{
	const char *first = NULL;
	int64_t more = 0;
	for (size_t i = 0; i < now->n; i++) {
		const struct taken_kind *k = &now->kinds[i], *then = planned(c, k->kind);
		if (then && (then->unread || then->n > TAKES_MAX_NAMED)) {
			bool fewer = then->unread || k->n <= then->n;
			first = first || fewer ? first
					       : arena_fmt(a, "objects of kind %s", k->kind);
			more += fewer ? 0 : k->n - then->n;
			continue;
		}
		for (size_t o = 0; o < k->n_objects; o++) {
			if (names(then, &k->objects[o]))
				continue;
			more += 1;
			if (!first)
				first = arena_fmt(a, "%s %s", k->kind, k->objects[o].name);
		}
		more += k->n - (int64_t)k->n_objects;
	}
	return more > 1 ? arena_fmt(a, "%s and %lld more", first, (long long)more - 1) : first;
}

const struct taken_kind *takes_unread(const struct change *c, const struct takes *now)
{
	for (size_t i = 0; i < now->n; i++) {
		const struct taken_kind *then = planned(c, now->kinds[i].kind);
		if (now->kinds[i].unread && !(then && then->unread))
			return &now->kinds[i];
	}
	return NULL;
}
