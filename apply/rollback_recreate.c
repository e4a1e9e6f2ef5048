/* An object that the apply deleted or replaced: created again, with the content of before.
 *
 * All of the object is declared, defaults included, and ownership is given back afterwards.  Left
 * out is what belongs to the old object's life and not to its content (table below): with it the
 * server would refuse the new one, or a controller would take it for the old one. */
#include "apply/rollback_private.h"

#include <string.h>

#include "plan/diff/compare.h"
#include "plan/diff/prune.h"
#include "plan/diff/unchanged.h"
#include "plan/state.h"

static const struct {
	const char *group, *kind; /* NULL: any */
	const char *path[4];
	bool prefix; /* the last part is the beginning of a key */
} of_its_life[] = {
	{ NULL, NULL, { "status" }, false },
	{ NULL, NULL, { "metadata", "uid" }, false },
	{ NULL, NULL, { "metadata", "resourceVersion" }, false },
	{ NULL, NULL, { "metadata", "generation" }, false },
	{ NULL, NULL, { "metadata", "creationTimestamp" }, false },
	{ NULL, NULL, { "metadata", "deletionTimestamp" }, false },
	{ NULL, NULL, { "metadata", "deletionGracePeriodSeconds" }, false },
	{ NULL, NULL, { "metadata", "managedFields" }, false },
	{ NULL, NULL, { "metadata", "selfLink" }, false },
	{ NULL, NULL, { "metadata", "ownerReferences" }, false },
	{ "", "PersistentVolume", { "spec", "claimRef", "uid" }, false },
	{ "", "PersistentVolume", { "spec", "claimRef", "resourceVersion" }, false },
	{ "", "PersistentVolumeClaim", { "spec", "volumeName" }, false },
	{ "", "PersistentVolumeClaim", { "metadata", "annotations", "pv.kubernetes.io/" }, true },
	{ "",
	  "PersistentVolumeClaim",
	  { "metadata", "annotations", "volume.kubernetes.io/selected-node" },
	  false },
	{ "", "Pod", { "spec", "nodeName" }, false },
	{ "", "ServiceAccount", { "secrets" }, false },
	{ "apps",
	  "Deployment",
	  { "metadata", "annotations", "deployment.kubernetes.io/revision" },
	  false },
};

static void leave_out(struct json *object, const char *const path[4], bool prefix)
{
	struct json *parent = object;
	int last = 0;
	while (last < 3 && path[last + 1])
		last++;
	for (int i = 0; i < last && parent; i++)
		parent = (struct json *)json_get(parent, path[i]);
	if (!json_is(parent, JSON_OBJECT))
		return;
	if (!prefix) {
		json_remove(parent, path[last]);
		return;
	}
	for (uint32_t i = parent->n; i-- > 0;)
		if (strncmp(parent->members[i].key, path[last], strlen(path[last])) == 0)
			json_remove(parent, parent->members[i].key);
}

/* The server makes selector and labels of a Job from its uid, unless told not to. */
static void leave_out_of_job(struct json *object)
{
	static const char *const labels[] = { "batch.kubernetes.io/controller-uid",
					      "batch.kubernetes.io/job-name", "controller-uid",
					      "job-name" };
	struct json *spec = (struct json *)json_get(object, "spec");
	if (!spec || json_true(json_get(spec, "manualSelector")))
		return;
	json_remove(spec, "selector");
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		leave_out(object, (const char *const[4]){ "metadata", "labels", labels[i] }, false);
		struct json *of_pods =
			(struct json *)json_at(spec, "template", "metadata", "labels", NULL);
		if (json_is(of_pods, JSON_OBJECT))
			json_remove(of_pods, labels[i]);
	}
}

/* Finalizers of the deletion itself. */
static void leave_out_deletion(struct json *object)
{
	struct json *list = (struct json *)json_at(object, "metadata", "finalizers", NULL);
	for (uint32_t i = json_is(list, JSON_ARRAY) ? list->n : 0; i-- > 0;) {
		const char *name = json_str(&list->items[i]);
		if (name &&
		    (strcmp(name, "foregroundDeletion") == 0 || strcmp(name, "orphan") == 0))
			json_remove_item(list, i);
	}
	if (json_is(list, JSON_ARRAY) && !list->n)
		json_remove((struct json *)json_get(object, "metadata"), "finalizers");
}

/* Its addresses, where others have them by now. */
static void leave_out_chosen(struct json *object)
{
	static const char *const chosen[] = { "clusterIP", "clusterIPs", "healthCheckNodePort" };
	struct json *spec = (struct json *)json_get(object, "spec");
	const struct json *ports = json_get(spec, "ports");
	const char *ip = json_get_str(spec, "clusterIP");
	bool headless = ip && strcmp(ip, "None") == 0;
	for (size_t i = 0; spec && i < ARRAY_LEN(chosen); i++)
		if (!headless || i == 2)
			json_remove(spec, chosen[i]);
	for (uint32_t i = 0; json_is(ports, JSON_ARRAY) && i < ports->n; i++)
		if (ports->items[i].type == JSON_OBJECT)
			json_remove(&ports->items[i], "nodePort");
}

static bool is_kind(const struct object_ref *ref, const char *group, const char *kind)
{
	return strcmp(ref->group, group) == 0 && strcmp(ref->kind, kind) == 0;
}

static struct json content(struct rollback *rb, const struct item *it)
{
	struct json v = json_copy(&rb->arena, it->before);
	for (size_t i = 0; i < ARRAY_LEN(of_its_life); i++)
		if (!of_its_life[i].kind ||
		    is_kind(&it->ref, of_its_life[i].group, of_its_life[i].kind))
			leave_out(&v, of_its_life[i].path, of_its_life[i].prefix);
	leave_out_deletion(&v);
	if (is_kind(&it->ref, "batch", "Job"))
		leave_out_of_job(&v);
	if (is_kind(&it->ref, "", "Service") && it->without_chosen)
		leave_out_chosen(&v);
	return v;
}

struct back {
	const struct json *content, *live;
	bool all;
};

static int look(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct back *b = ctx;
	const struct json *want = field_path_get(b->content, path);
	const struct json *have = field_path_get(b->live, path);
	b->all = b->all && want && have && json_equal(want, have);
	return 0;
}

bool rollback_is_back(struct rollback *rb, struct item *it)
{
	struct arena *a = &rb->arena;
	AUTO(err_done) struct err ignored = { 0 };
	if (!it->before || !it->live)
		return false;
	it->without_chosen = true;
	struct json v = content(rb, it);
	it->without_chosen = false;
	struct field_set all = field_set_of(a, it->schema, &v);
	all = field_set_strip(a, &all);
	all = field_set_leaves(a, &all);
	struct back b = { &v, it->live, true };
	field_set_walk(&all, look, &b, &ignored);
	return b.all;
}

static void add_warnings(struct rollback *rb, struct item *it)
{
	const struct object_ref *ref = &it->ref;
	if (json_at(it->before, "metadata", "ownerReferences", NULL))
		item_warn(rb, it, "its owner references do not come back");
	if (is_kind(ref, "", "Namespace"))
		item_warn(rb, it,
			  "what was in it was deleted with it, and comes back only where "
			  "this plan creates it");
	else if (is_kind(ref, "apiextensions.k8s.io", "CustomResourceDefinition"))
		item_warn(rb, it,
			  "the objects of its kind were deleted with it, and come back "
			  "only where this plan creates them");
	else if (prune_holds_data(ref))
		item_warn(rb, it, "the data that it held does not come back with it");
	if (it->without_chosen)
		item_warn(rb, it, "its addresses are taken by now: it gets others");
}

/* Where no server can be asked, or will not say. */
static void predict(struct rollback *rb, struct item *it)
{
	struct arena *a = &rb->arena;
	struct field_set all = field_set_of(a, it->schema, it->body);
	all = field_set_strip(a, &all);
	struct json *owned = arena_calloc(a, 1, sizeof(*owned));
	*owned = field_set_json(a, &all);
	rollback_give_back(rb, it, owned);
	item_set_desired(rb, it);
}

static void show_replacement(struct rollback *rb, struct item *it)
{
	struct field_list fields = { 0 };
	compare_objects(&rb->arena, it->schema, it->live, it->body, &fields);
	for (size_t i = 0; i < fields.n; i++)
		fields.items[i].why = WHY_ROLLBACK;
	if (object_is_secret(&it->ref))
		compare_hide_secrets(&fields);
	it->change.fields = fields.items;
	it->change.n_fields = fields.n;
}

void rollback_recreate(struct rollback *rb, struct item *it, enum action action)
{
	struct json *body = arena_calloc(&rb->arena, 1, sizeof(*body));
	*body = content(rb, it);
	it->body = body;
	item_begin(rb, it, action);
	add_warnings(rb, it);
	if (action == ACTION_REPLACE) {
		it->change.verified = VERIFIED_PREDICTED;
		it->change.reason = "the apply replaced it";
		show_replacement(rb, it);
		predict(rb, it);
		item_set_precondition(rb, it);
		it->next = ITEM_DONE;
		return;
	}
	it->change.reason = "the apply deleted it";
	it->next = ITEM_ASK;
	if (item_is_deferred(rb, it)) {
		it->change.verified = VERIFIED_DEFERRED;
		predict(rb, it);
		it->next = ITEM_DONE;
	}
}

void rollback_recreated(struct rollback *rb, struct item *it, const struct json *answer)
{
	const struct json *own = json_get(own_entry(answer), "fieldsV1");
	if (own)
		rollback_give_back(rb, it, own);
	item_set_desired(rb, it);
	it->change.expect = item_digest(rb, it, answer, true);
}
