/* See fake_cluster.h. */
#include "tests/lib/fake_cluster.h"

#include <string.h>

#include "base/json_write.h"
#include "base/time.h"
#include "plan/merge/fieldset.h"
#include "plan/merge/schema.h"
#include "tests/lib/fixture.h"

static struct fake_object *find(struct fake_cluster *f, const char *kind, const char *namespace,
				const char *name)
{
	for (size_t i = 0; i < f->n; i++) {
		struct fake_object *o = &f->objects[i];
		if (!o->gone && strcmp(o->ref.kind, kind) == 0 &&
		    strcmp(o->ref.namespace, namespace) == 0 && strcmp(o->ref.name, name) == 0)
			return o;
	}
	return NULL;
}

static const char *meta_text(const struct json *object, const char *key)
{
	const char *s = json_str(json_at(object, "metadata", key, NULL));
	return s ? s : "";
}

static struct json fields_of(struct fake_cluster *f, const struct json *object)
{
	static const struct schema_set builtin;
	struct json plain = json_copy(&f->arena, object);
	json_remove(json_edit(&f->arena, &plain, "metadata"), "managedFields");
	struct field_set set = field_set_of(&f->arena, schema_of(&builtin, object), &plain);
	set = field_set_strip(&f->arena, &set);
	return field_set_json(&f->arena, &set);
}

static struct json entry(struct fake_cluster *f, const char *manager, const char *operation,
			 const struct json *object, struct json fields)
{
	struct arena *a = &f->arena;
	struct json e = json_of_object();
	json_set_str(a, &e, "manager", manager);
	json_set_str(a, &e, "operation", operation);
	json_set_str(a, &e, "apiVersion", json_get_str(object, "apiVersion"));
	json_set_str(a, &e, "fieldsType", "FieldsV1");
	json_set_str(a, &e, "time", f->now);
	json_set(a, &e, "fieldsV1", fields);
	return e;
}

/* Maps merge, everything else is replaced. */
static void merge(struct arena *a, struct json *into, const struct json *from)
{
	for (uint32_t i = 0; i < from->n; i++) {
		const struct json_member *m = &from->members[i];
		if (m->value.type == JSON_OBJECT && json_is(json_get(into, m->key), JSON_OBJECT))
			merge(a, json_edit(a, into, m->key), &m->value);
		else
			json_set(a, into, m->key, json_copy(a, &m->value));
	}
}

static struct json own_fields(const struct json *object)
{
	const struct json *all = json_at(object, "metadata", "managedFields", NULL);
	for (uint32_t i = 0; all && i < all->n; i++)
		if (strcmp(json_get_str(&all->items[i], "manager"), FIELD_MANAGER) == 0)
			return *json_get(&all->items[i], "fieldsV1");
	return json_of_object();
}

/* Members of x but not of y go, unless another manager has them. */
static struct json drop(struct fake_cluster *f, const struct json *object,
			const struct json *before, const struct json *after)
{
	struct arena *a = &f->arena;
	struct field_set x, y;
	struct err err = { 0 };
	field_set_parse(a, before, &x, &err);
	field_set_parse(a, after, &y, &err);
	struct field_set left = field_set_difference(a, &x, &y);
	const struct json *all = json_at(object, "metadata", "managedFields", NULL);
	for (uint32_t i = 0; all && i < all->n; i++) {
		struct field_set other;
		if (strcmp(json_get_str(&all->items[i], "manager"), FIELD_MANAGER) == 0)
			continue;
		field_set_parse(a, json_get(&all->items[i], "fieldsV1"), &other, &err);
		left = field_set_difference(a, &left, &other);
	}
	return field_set_remove(a, NULL, object, &left);
}

static struct json applied(struct fake_cluster *f, const struct json *live, const struct json *body)
{
	struct arena *a = &f->arena;
	struct json fields = fields_of(f, body), before = own_fields(live);
	struct json out = live ? drop(f, live, &before, &fields) : json_of_object();
	out = json_copy(a, &out);
	merge(a, &out, body);
	struct json *meta = json_edit(a, &out, "metadata");
	const struct json *old = json_at(live, "metadata", "managedFields", NULL);
	struct json managed = json_of_array();
	for (uint32_t i = 0; old && i < old->n; i++)
		if (strcmp(json_get_str(&old->items[i], "manager"), FIELD_MANAGER) != 0)
			json_append(a, &managed, json_copy(a, &old->items[i]));
	json_append(a, &managed, entry(f, FIELD_MANAGER, "Apply", body, fields));
	json_set(a, meta, "managedFields", managed);
	if (f->mutate)
		json_set_str(a, json_edit(a, &out, "data"), f->mutate, "mutated");
	if (live) {
		json_set_str(a, meta, "uid", meta_text(live, "uid"));
		json_set_str(a, meta, "resourceVersion", meta_text(live, "resourceVersion"));
	} else {
		json_remove(meta, "resourceVersion");
	}
	return out;
}

static struct fake_object *store(struct fake_cluster *f, struct json object)
{
	struct arena *a = &f->arena;
	struct object_ref ref = object_ref_of(a, &object);
	struct fake_object *o = find(f, ref.kind, ref.namespace, ref.name);
	if (o && json_equal(&o->object, &object))
		return o;
	struct json *meta = json_edit(a, &object, "metadata");
	if (!o) {
		GROW(f->objects, f->n, f->cap);
		o = &f->objects[f->n++];
		*o = (struct fake_object){ .ref = object_ref_copy(a, &ref) };
		json_set(a, meta, "uid", json_of_fmt(a, "uid-%u", ++f->uids));
		((struct json *)json_get(meta, "uid"))->type = JSON_STRING;
		json_set_str(a, meta, "creationTimestamp", f->now);
	}
	json_set_str(a, meta, "resourceVersion", arena_fmt(a, "%lld", (long long)++f->version));
	o->object = object;
	return o;
}

/* ---- requests */

static int refuse(struct fake_cluster *f, struct api_call *call, int status, const char *message)
{
	struct json *failure = arena_calloc(&f->arena, 1, sizeof(*failure));
	*failure = json_of_object();
	json_set_str(&f->arena, failure, "kind", "Status");
	json_set_str(&f->arena, failure, "message", message);
	call->status = status;
	call->failure = status ? failure : NULL;
	return err_set(&call->err,
		       status == 409   ? ERR_CONFLICT
		       : status == 404 ? ERR_NOT_FOUND
		       : status == 403 ? ERR_FORBIDDEN
		       : status == 0   ? ERR_UNREACHABLE
				       : ERR_SERVER,
		       "%s", message);
}

static void give(struct fake_cluster *f, struct api_call *call, struct json object)
{
	struct json *copy = arena_calloc(&f->arena, 1, sizeof(*copy));
	*copy = json_copy(&f->arena, &object);
	call->status = 200;
	call->object = copy;
}

static void establish(struct fake_cluster *f, struct fake_object *o)
{
	if (strcmp(o->ref.kind, "CustomResourceDefinition") != 0)
		return;
	if (f->crd_polls) {
		f->crd_polls--;
		return;
	}
	struct json condition = json_of_object(), all = json_of_array();
	json_set_str(&f->arena, &condition, "type", "Established");
	json_set_str(&f->arena, &condition, "status", "True");
	json_append(&f->arena, &all, condition);
	json_set(&f->arena, json_edit(&f->arena, &o->object, "status"), "conditions", all);
}

static void do_get(struct fake_cluster *f, struct api_call *call)
{
	struct fake_object *o = find(f, call->kind->kind, call->namespace, call->name);
	if (!o) {
		refuse(f, call, 404, "not found");
		return;
	}
	establish(f, o);
	give(f, call, o->object);
	if (f->slow_deletes && *meta_text(&o->object, "deletionTimestamp")) {
		int64_t left;
		json_int64(json_at(&o->object, "metadata", "left", NULL), &left);
		json_set_int(&f->arena, json_edit(&f->arena, &o->object, "metadata"), "left",
			     left - 1);
		o->gone = left <= 1;
	}
}

static bool check_body(struct fake_cluster *f, struct api_call *call, const struct fake_object *o,
		       const char *uid, const char *version)
{
	if (!o && *uid)
		return refuse(f, call, 409, "uid mismatch") == 0;
	if (o && *uid && strcmp(uid, meta_text(&o->object, "uid")) != 0)
		return refuse(f, call, 409, "uid mismatch") == 0;
	if (o && *version && strcmp(version, meta_text(&o->object, "resourceVersion")) != 0)
		return refuse(f, call, 409, "the object has been modified") == 0;
	return true;
}

static void do_apply(struct fake_cluster *f, struct api_call *call, bool dry)
{
	struct fake_object *o = find(f, call->kind->kind, call->namespace, call->name);
	if (!check_body(f, call, o, meta_text(call->body, "uid"),
			meta_text(call->body, "resourceVersion")))
		return;
	if (*call->namespace && strcmp(call->namespace, "default") != 0 &&
	    !find(f, "Namespace", "", call->namespace)) {
		refuse(f, call, 404, "namespaces not found");
		return;
	}
	struct json out = applied(f, o ? &o->object : NULL, call->body);
	give(f, call, dry ? out : store(f, out)->object);
}

static void do_patch(struct fake_cluster *f, struct api_call *call)
{
	struct fake_object *o = find(f, call->kind->kind, call->namespace, call->name);
	const struct json *test = &call->body->items[0], *set = &call->body->items[1];
	if (!o)
		refuse(f, call, 404, "not found");
	else if (strcmp(json_get_str(test, "value"), meta_text(&o->object, "resourceVersion")) != 0)
		refuse(f, call, 422, "the server rejected our request: testing value failed");
	else {
		struct json out = json_copy(&f->arena, &o->object);
		json_set(&f->arena, json_edit(&f->arena, &out, "metadata"), "managedFields",
			 json_copy(&f->arena, json_get(set, "value")));
		give(f, call, store(f, out)->object);
	}
}

static void do_delete(struct fake_cluster *f, struct api_call *call)
{
	struct fake_object *o = find(f, call->kind->kind, call->namespace, call->name);
	const struct json *must = json_get(call->body, "preconditions");
	const char *version = json_get_str(must, "resourceVersion");
	if (!o) {
		refuse(f, call, 404, "not found");
		return;
	}
	if (!check_body(f, call, o, json_get_str(must, "uid"), version ? version : ""))
		return;
	struct json *meta = json_edit(&f->arena, &o->object, "metadata");
	f->version++;
	if (f->slow_deletes) {
		json_set_str(&f->arena, meta, "deletionTimestamp", f->now);
		json_set_int(&f->arena, meta, "left", 2);
	} else {
		o->gone = true;
	}
	give(f, call, o->object);
}

static void carry_out(struct fake_cluster *f, struct api_call *call)
{
	switch (call->verb) {
	case API_GET:
		do_get(f, call);
		break;
	case API_DRY_RUN_APPLY:
		do_apply(f, call, true);
		break;
	case API_DRY_RUN_JSON_PATCH:
		fail_msg("apply has no use for this");
		break;
	case API_APPLY:
		do_apply(f, call, false);
		break;
	case API_JSON_PATCH:
		do_patch(f, call);
		break;
	case API_DELETE:
		do_delete(f, call);
		break;
	}
}

static void nudge(struct fake_cluster *f, const struct api_call *call)
{
	struct fake_object *o = find(f, call->kind->kind, call->namespace, call->name);
	if (o)
		json_set_str(&f->arena, json_edit(&f->arena, &o->object, "metadata"),
			     "resourceVersion",
			     arena_fmt(&f->arena, "%lld", (long long)++f->version));
}

static void carry_out_badly(struct fake_cluster *f, struct api_call *call)
{
	switch (f->fault) {
	case FAKE_REFUSE:
		refuse(f, call, 403, f->says ? f->says : "forbidden by the test");
		break;
	case FAKE_BREAK:
		refuse(f, call, 500, "broken by the test");
		break;
	case FAKE_SCHEMA:
		refuse(f, call, 500,
		       "failed to create typed patch object: .spec.crew: field not declared in "
		       "schema");
		break;
	case FAKE_CONFLICT:
		nudge(f, call);
		carry_out(f, call);
		break;
	case FAKE_LOSE_DONE:
		carry_out(f, call);
		err_done(&call->err);
		call->object = call->failure = NULL;
		__attribute__((fallthrough));
	case FAKE_LOSE:
		refuse(f, call, 0, "connection reset by the test");
		break;
	}
}

static void log_write(struct fake_cluster *f, const struct api_call *call)
{
	static const char *const verbs[] = {
		[API_APPLY] = "apply", [API_JSON_PATCH] = "patch", [API_DELETE] = "delete"
	};
	const struct json *must = json_get(call->body, "preconditions");
	const char *uid = must ? json_get_str(must, "uid") : meta_text(call->body, "uid");
	buf_printf(&f->log, "%s %s %s/%s uid=%s%s%s\n", verbs[call->verb], call->kind->kind,
		   call->namespace, call->name, uid,
		   strcmp(meta_text(call->body, "resourceVersion"), "1") == 0 ? " new" : "",
		   call->force ? " force" : "");
}

static int each_call(struct fake_cluster *f, struct api_call *calls, size_t n, bool writes,
		     api_done_fn *done, void *ctx, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct api_call *call = &calls[i];
		if (call->withdrawn)
			continue;
		call->left = time_monotonic_ms();
		if (!writes && call->verb >= API_APPLY)
			fail_msg("a write through the reading call");
		unsigned *count = writes ? &f->writes : &f->reads;
		if (writes) {
			if (f->before_write)
				f->before_write(f->ctx, f, f->writes);
			log_write(f, call);
		} else if (f->before_read)
			f->before_read(f->ctx, f, call);
		int nth = (int)(*count)++;
		bool fails = f->fail_at >= 0 && f->fail_reads != writes &&
			     (nth == f->fail_at || (f->fail_all && nth > f->fail_at));
		if (fails)
			carry_out_badly(f, call);
		else
			carry_out(f, call);
		if (done(ctx, call, err) < 0)
			return -1;
	}
	return 0;
}

static int fake_call(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
		     void *ctx, struct err *err)
{
	return each_call((struct fake_cluster *)c, calls, n, false, done, ctx, err);
}

int fake_write(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done, void *ctx,
	       struct err *err)
{
	return each_call((struct fake_cluster *)c, calls, n, true, done, ctx, err);
}

static int fake_list(struct cluster *c, struct list_request *requests, size_t n,
		     list_object_fn *each, void *ctx, struct err *err)
{
	struct fake_cluster *f = (struct fake_cluster *)c;
	for (size_t i = 0; i < n; i++) {
		f->lists++;
		for (size_t k = 0; k < f->n; k++) {
			struct fake_object *o = &f->objects[k];
			if (o->gone || strcmp(o->ref.kind, requests[i].kind->kind) != 0 ||
			    (requests[i].namespace &&
			     strcmp(o->ref.namespace, requests[i].namespace) != 0))
				continue;
			if (each(ctx, &requests[i], &o->object, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int fake_identify(struct cluster *c, struct cluster_identity *out, struct err *err)
{
	(void)c, (void)err;
	*out = (struct cluster_identity){ .name = xstrdup("fake"),
					  .server = xstrdup("fake:"),
					  .uid = xstrdup(FAKE_UID),
					  .version = xstrdup("v1.36.2") };
	return 0;
}

static int fake_kinds(struct cluster *c, struct kind_table *out, struct err *err)
{
	struct fake_cluster *f = (struct fake_cluster *)c;
	(void)err;
	kinds_add_builtin(out);
	for (size_t i = 0; i < f->n; i++)
		if (!f->objects[i].gone &&
		    json_at(&f->objects[i].object, "status", "conditions", NULL))
			kinds_add_crd(out, &f->objects[i].object, false);
	return 0;
}

static const struct cluster_ops fake_ops = {
	.name = "fake",
	.identify = fake_identify,
	.kinds = fake_kinds,
	.list = fake_list,
	.call = fake_call,
};

void fake_init(struct fake_cluster *f)
{
	*f = (struct fake_cluster){
		.base = { .ops = &fake_ops }, .fail_at = -1, .version = 100, .now = FAKE_BEFORE
	};
}

void fake_done(struct fake_cluster *f)
{
	free(f->objects);
	buf_done(&f->log);
	arena_done(&f->arena);
	*f = (struct fake_cluster){ 0 };
}

void fake_put(struct fake_cluster *f, const char *text, const char *manager, const char *operation)
{
	struct arena *a = &f->arena;
	struct json object = fixture_json(a, text);
	struct object_ref ref = object_ref_of(a, &object);
	struct fake_object *o = find(f, ref.kind, ref.namespace, ref.name);
	struct json out = o ? json_copy(a, &o->object) : json_of_object();
	struct json fields = fields_of(f, &object), managed = json_of_array();
	const struct json *old = json_at(&out, "metadata", "managedFields", NULL);
	for (uint32_t i = 0; old && i < old->n; i++)
		if (strcmp(json_get_str(&old->items[i], "manager"), manager) != 0)
			json_append(a, &managed, json_copy(a, &old->items[i]));
	json_append(a, &managed, entry(f, manager, operation, &object, fields));
	merge(a, &out, &object);
	json_set(a, json_edit(a, &out, "metadata"), "managedFields", managed);
	store(f, out);
}

void fake_delete(struct fake_cluster *f, const char *kind, const char *namespace, const char *name)
{
	struct fake_object *o = find(f, kind, namespace, name);
	assert_non_null(o);
	o->gone = true;
}

const struct json *fake_get(struct fake_cluster *f, const char *kind, const char *namespace,
			    const char *name)
{
	struct fake_object *o = find(f, kind, namespace, name);
	return o ? &o->object : NULL;
}

static int compare_objects(const void *a, const void *b)
{
	return object_ref_compare(&((const struct fake_object *)a)->ref,
				  &((const struct fake_object *)b)->ref);
}

char *fake_state(struct fake_cluster *f)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	AUTO(auto_free) struct fake_object *sorted = xcalloc(f->n + 1, sizeof(*sorted));
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++)
		if (!f->objects[i].gone)
			sorted[n++] = f->objects[i];
	qsort(sorted, n, sizeof(*sorted), compare_objects);
	for (size_t i = 0; i < n; i++) {
		struct json v = json_copy(&a, &sorted[i].object);
		struct json *meta = json_edit(&a, &v, "metadata");
		json_remove(meta, "uid");
		json_remove(meta, "resourceVersion");
		json_write_canonical(&out, &v);
		buf_putc(&out, '\n');
	}
	return buf_take(&out);
}
