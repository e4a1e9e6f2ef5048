/* The objects that the journal has, whole, and how their lists merge: see rollback.h. */
#include "apply/rollback_private.h"

#include <ctype.h>
#include <string.h>

/* ---- what the journal has */

/* "[group/]Kind/[namespace/]name": a kind begins with a capital letter, a group never does. */
static struct object_ref ref_of_id(struct arena *a, const char *id)
{
	struct object_ref ref = { "", "", "", "", "" };
	char *text = arena_strdup(a, id), *slash;
	if (!isupper((unsigned char)*text) && (slash = strchr(text, '/')) != NULL) {
		ref.group = text;
		*slash = '\0';
		text = slash + 1;
	}
	ref.kind = text;
	slash = strchr(text, '/');
	if (!slash)
		return ref;
	*slash = '\0';
	ref.name = text = slash + 1;
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		ref.namespace = text;
		ref.name = slash + 1;
	}
	return ref;
}

static void find_kind(struct rollback *rb, struct item *it)
{
	const struct journal_object *o = it->o;
	const struct json *object = o->before ? o->before : o->after;
	const char *api_version = json_get_str(object, "apiVersion"), *group;
	it->ref = ref_of_id(&rb->arena, o->id);
	if (api_version)
		object_split_api_version(&rb->arena, api_version, &group, &it->ref.version);
	it->kind = kinds_find(&rb->kinds, it->ref.group, it->ref.version, it->ref.kind);
	if (!it->kind)
		it->kind = kinds_find_any(&rb->kinds, it->ref.group, it->ref.kind);
	if (!*it->ref.version && it->kind)
		it->ref.version = it->kind->version;
}

static const struct json *whole(struct rollback *rb, struct item *it, bool after)
{
	const struct journal_object *o = it->o;
	struct json *v = arena_calloc(&rb->arena, 1, sizeof(*v));
	AUTO(err_done) struct err err = { 0 };
	if (!(after ? o->after : o->before))
		return NULL;
	int rc = (after ? journal_after : journal_before)(rb->o->log, o, rb->o->key, &rb->arena, v,
							  &err);
	if (rc == 0)
		return v;
	const char *why = after ? o->after_note : o->note;
	it->unkept =
		arena_fmt(&rb->arena, "its values cannot be restored: %s", why ? why : err.msg);
	return NULL;
}

static int add_item(struct rollback *rb, const struct journal_object *o, struct err *err)
{
	struct item it = { .o = o, .next = ITEM_READ };
	const struct plan *p = &rb->plan;
	for (it.application = 0; it.application < p->n_applications; it.application++)
		if (o->application &&
		    strcmp(p->applications[it.application].name, o->application) == 0)
			break;
	if (it.application == p->n_applications)
		return err_set(err, ERR_INPUT,
			       "%s does not say to which application %s belongs: it was written by "
			       "an older rhumb, which kept too little for a rollback",
			       rb->o->journal, o->id);
	find_kind(rb, &it);
	it.before = whole(rb, &it, false);
	it.after = whole(rb, &it, true);
	rb->items[rb->n++] = it;
	return 0;
}

int rollback_add_items(struct rollback *rb, struct err *err)
{
	const struct journal_log *log = rb->o->log;
	rb->items = xcalloc(log->n_objects + 1, sizeof(*rb->items));
	for (size_t i = 0; i < log->n_objects; i++)
		if (rollback_covers(log->objects[i].id) && add_item(rb, &log->objects[i], err) < 0)
			return -1;
	return 0;
}

/* ---- schemas: how lists merge */

static int on_crd(void *ctx, struct list_request *request, const struct json *object,
		  struct err *err)
{
	struct rollback *rb = ctx;
	(void)request;
	(void)err;
	schema_add_crd(&rb->schemas, object);
	return 0;
}

int rollback_read_schemas(struct rollback *rb, struct err *err)
{
	static const char *const group = "apiextensions.k8s.io";
	static const char *const crds = "CustomResourceDefinition";
	struct list_request request = { .kind = kinds_find(&rb->kinds, group, "v1", crds) };
	bool custom = false;
	for (size_t i = 0; i < rb->n; i++) {
		const struct item *it = &rb->items[i];
		custom = custom ||
			 !schema_root(&rb->schemas, it->ref.group, it->ref.version, it->ref.kind);
		if (it->before && strcmp(it->ref.kind, crds) == 0)
			schema_add_crd(&rb->schemas, it->before);
	}
	struct cluster *c = rb->o->cluster;
	int rc = custom && request.kind ? c->ops->list(c, &request, 1, on_crd, rb, err) : 0;
	err_done(&request.err); /* without it lists count as one value */
	for (size_t i = 0; i < rb->n; i++) {
		struct item *it = &rb->items[i];
		it->schema =
			schema_root(&rb->schemas, it->ref.group, it->ref.version, it->ref.kind);
	}
	return rc;
}
