/* Apply and update; see apply.h.
 *
 * An apply is: merge the configuration into the live object, take away what the manager owned
 * before, does not state any more and nobody else owns, and see what that changes of the fields
 * of others.  An update only records what has changed. */
#include "plan/merge/apply.h"

#include <string.h>

#include "plan/merge/tree.h"

struct work {
	struct arena *a;
	const struct merge_request *request;
	struct json live;   /* without managedFields; an empty object where there is none */
	struct json object; /* what is applied or put, likewise */
	const char *api_version;
	struct managed managed;
};

static struct json without_managed_fields(struct arena *a, const struct json *object)
{
	if (!json_at(object, "metadata", "managedFields", NULL))
		return *object;
	struct json out = json_of_object();
	for (uint32_t i = 0; i < object->n; i++) {
		const struct json_member *m = &object->members[i];
		struct json *v = json_set(a, &out, m->key, m->value);
		if (strcmp(m->key, "metadata") != 0)
			continue;
		*v = json_of_object();
		for (uint32_t k = 0; k < m->value.n; k++)
			if (strcmp(m->value.members[k].key, "managedFields") != 0)
				json_set(a, v, m->value.members[k].key, m->value.members[k].value);
	}
	return out;
}

static struct json without(struct arena *a, const struct json *object, const char *key)
{
	struct json out = json_of_object();
	for (uint32_t i = 0; i < object->n; i++)
		if (strcmp(object->members[i].key, key) != 0)
			json_set(a, &out, object->members[i].key, object->members[i].value);
	return out;
}

/* Status belongs to its subresource: whatever is stated is left out, the live one stays. */
static struct json with_status_of(struct arena *a, const struct json *object,
				  const struct json *live)
{
	struct json out = without(a, object, "status");
	const struct json *status = json_get(live, "status");
	if (status)
		json_set(a, &out, "status", *status);
	return out;
}

static struct field_set status_set(struct arena *a)
{
	struct path_element status = { .type = PATH_FIELD, .name = "status" };
	struct field_path path = { &status, 1 };
	struct field_set s = { 0 };
	field_set_insert(a, &s, &path);
	return s;
}

/* The subresource writes status; everybody else owns nothing in it. */
static bool resets_status(const struct work *w)
{
	const char *subresource = w->request->subresource;
	return w->request->keeps_status && (!subresource || strcmp(subresource, "status") != 0);
}

static struct field_set without_status(struct work *w, const struct field_set *s)
{
	struct field_set status = status_set(w->a);
	return resets_status(w) ? field_set_subtract(w->a, s, &status) : *s;
}

static void compare(struct work *w, const struct json *from, const struct json *to,
		    struct comparison *out)
{
	tree_compare(w->a, w->request->schema, from, to, out);
	out->added = without_status(w, &out->added);
	out->modified = without_status(w, &out->modified);
	out->removed = without_status(w, &out->removed);
}

static int start(struct arena *a, const struct merge_request *request, struct work *w,
		 struct err *err)
{
	*w = (struct work){ .a = a, .request = request };
	w->live = request->live ? without_managed_fields(a, request->live) : json_of_object();
	w->object = without_managed_fields(a, request->object);
	w->api_version = json_get_str(request->object, "apiVersion");
	if (!w->api_version || !*w->api_version)
		return err_set(err, ERR_INVALID, "apiVersion must be set");
	return managed_of(a, request->live, &w->managed, err);
}

/* ---- what others lose */

/* Takes what has changed from every entry but `self`. */
static void take_from_others(struct work *w, const struct comparison *c,
			     const struct managed_entry *self)
{
	struct field_set gone = field_set_union(w->a, &c->modified, &c->added);
	gone = field_set_union(w->a, &gone, &c->removed);
	for (size_t i = 0; i < w->managed.n; i++) {
		struct managed_entry *e = &w->managed.entries[i];
		if (e != self)
			e->fields = field_set_difference(w->a, &e->fields, &gone);
	}
}

struct conflict_list {
	struct arena *a;
	const struct managed_entry *entry;
	struct merge_conflict *items;
	size_t n, cap;
};

static int note_conflict(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct conflict_list *list = ctx;
	if (list->n == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 8;
		struct merge_conflict *moved = arena_alloc(list->a, list->cap * sizeof(*moved));
		if (list->n)
			memcpy(moved, list->items, list->n * sizeof(*moved));
		list->items = moved;
	}
	const struct managed_entry *e = list->entry;
	struct merge_conflict *c = &list->items[list->n++];
	*c = (struct merge_conflict){ e->manager,     e->operation, e->api_version,
				      e->subresource, e->time,      { NULL, path->n } };
	c->path.elements = arena_alloc(list->a, path->n * sizeof(*path->elements));
	memcpy(c->path.elements, path->elements, path->n * sizeof(*path->elements));
	return 0;
}

static int compare_conflicts(const void *x, const void *y)
{
	const struct merge_conflict *a = x, *b = y;
	int d = strcmp(a->manager, b->manager);
	if (!d)
		d = strcmp(a->operation, b->operation);
	if (!d)
		d = strcmp(a->api_version, b->api_version);
	if (!d)
		d = strcmp(a->subresource, b->subresource);
	return d ? d : field_path_compare(&a->path, &b->path);
}

static int find_conflicts(struct work *w, const struct comparison *c,
			  const struct managed_entry *self, struct merge_result *out,
			  struct err *err)
{
	struct field_set changed = field_set_union(w->a, &c->modified, &c->added);
	struct conflict_list list = { .a = w->a };
	for (size_t i = 0; i < w->managed.n; i++) {
		struct managed_entry *e = &w->managed.entries[i];
		if (e == self)
			continue;
		struct field_set theirs = field_set_intersection(w->a, &e->fields, &changed);
		list.entry = e;
		if (field_set_walk(&theirs, note_conflict, &list, err) < 0)
			return -1;
	}
	if (list.n > 1)
		qsort(list.items, list.n, sizeof(*list.items), compare_conflicts);
	out->conflicts = list.items;
	out->n_conflicts = list.n;
	return 0;
}

/* ---- update */

/* Enters what `manager` has changed from one object to another. */
static void record_update(struct work *w, const struct json *from, const struct json *to,
			  const char *manager)
{
	struct comparison c;
	compare(w, from, to, &c);
	take_from_others(w, &c, NULL);
	struct field_set mine = field_set_union(w->a, &c.modified, &c.added);
	mine = field_set_strip(w->a, &mine);
	if (field_set_empty(&mine))
		return;
	struct managed_entry key = {
		manager,        OPERATION_UPDATE,
		w->api_version, w->request->subresource ? w->request->subresource : "",
		NULL,           { 0 }
	};
	struct managed_entry *e = managed_edit(w->a, &w->managed, &key);
	e->fields = field_set_union(w->a, &mine, &e->fields);
	e->time = w->request->now;
}

static struct json before_creation(struct work *w)
{
	return w->request->built_in ? tree_empty(w->a, w->request->schema) : json_of_object();
}

static bool same_but_times(struct arena *a, const struct json *x, const struct json *y)
{
	struct json p = without_managed_fields(a, x), q = without_managed_fields(a, y);
	const struct json *l = json_at(x, "metadata", "managedFields", NULL);
	const struct json *r = json_at(y, "metadata", "managedFields", NULL);
	if (!json_equal(&p, &q) || (l ? l->n : 0) != (r ? r->n : 0))
		return false;
	for (uint32_t i = 0; l && i < l->n; i++) {
		struct json e = without(a, &l->items[i], "time");
		struct json f = without(a, &r->items[i], "time");
		if (!json_equal(&e, &f))
			return false;
	}
	return true;
}

static void finish(struct work *w, struct json object, struct merge_result *out)
{
	struct json whole = object.type == JSON_OBJECT ? object : json_of_object();
	if (w->request->built_in)
		whole = tree_tidy(w->a, w->request->schema, &whole, true);
	whole = json_copy(w->a, &whole);
	managed_set(w->a, &whole, &w->managed);
	const struct json *live = w->request->live;
	out->changed = !live || !same_but_times(w->a, live, &whole);
	out->object = out->changed ? whole : *live;
}

/* managedFields in the object are the new ones; none or nonsense leaves the live ones, one empty
 * entry (or an empty list) forgets them all. */
static void take_stated_managers(struct work *w)
{
	const struct json *list = json_at(w->request->object, "metadata", "managedFields", NULL);
	if (!json_is(list, JSON_ARRAY))
		return;
	bool reset = !list->n ||
		     (list->n == 1 && json_is(&list->items[0], JSON_OBJECT) && !list->items[0].n);
	AUTO(err_done) struct err ignored = { 0 };
	struct managed stated = { 0 };
	if (reset)
		w->managed = stated;
	else if (managed_of(w->a, w->request->object, &stated, &ignored) == 0 && stated.n)
		w->managed = stated;
}

int merge_update(struct arena *a, const struct merge_request *request, struct merge_result *out,
		 struct err *err)
{
	struct work w;
	if (start(a, request, &w, err) < 0)
		return -1;
	*out = (struct merge_result){ 0 };
	if (resets_status(&w))
		w.object = with_status_of(a, &w.object, &w.live);
	if (request->built_in)
		w.object = tree_tidy(a, request->schema, &w.object, false);
	take_stated_managers(&w);
	struct json from = request->live ? w.live : before_creation(&w);
	if (w.managed.n || !request->live)
		record_update(&w, &from, &w.object, request->manager);
	finish(&w, w.object, out);
	return 0;
}

/* ---- apply */

static struct field_set with_parents(struct work *w, const struct field_set *s)
{
	return field_set_with_parents(w->a, w->request->schema, s);
}

static struct field_set set_of(struct work *w, const struct json *object)
{
	struct field_set s = field_set_of(w->a, w->request->schema, object);
	return with_parents(w, &s);
}

/* Takes from `merged` what only `last` (the set that the manager had) holds. */
static struct json prune(struct work *w, const struct json *merged, const struct field_set *last)
{
	struct arena *a = w->a;
	const struct schema_node *schema = w->request->schema;
	struct field_set mine = with_parents(w, last), owned = { 0 };
	struct json pruned = field_set_remove(a, schema, merged, &mine);

	/* What somebody owns comes back, the new set of the manager included. */
	for (size_t i = 0; i < w->managed.n; i++)
		owned = field_set_union(a, &owned, &w->managed.entries[i].fields);
	struct field_set all = set_of(w, merged), left = set_of(w, &pruned);
	struct field_set keep = with_parents(w, &owned);
	keep = field_set_union(a, &left, &keep);
	struct field_set drop = field_set_difference(a, &all, &keep);
	pruned = field_set_remove(a, schema, merged, &drop);

	/* So does what went only because something around it went: nobody owned it. */
	left = set_of(w, &pruned);
	drop = field_set_difference(a, &all, &left);
	drop = field_set_intersection(a, &drop, &mine);
	return field_set_remove(a, schema, merged, &drop);
}

static int check(struct work *w, struct err *err)
{
	struct schema_problems problems = { 0 };
	schema_check(w->a, w->request->schema, &w->object, &problems);
	if (!problems.n)
		return 0;
	return err_set(err, ERR_INVALID, "%s", merge_problem_message(w->a, &problems));
}

int merge_apply(struct arena *a, const struct merge_request *request, struct merge_result *out,
		struct err *err)
{
	struct work w;
	if (start(a, request, &w, err) < 0 || check(&w, err) < 0)
		return -1;
	*out = (struct merge_result){ 0 };
	if (request->live && !w.managed.n) {
		/* Nobody is known to own anything: what is there was there before. */
		struct json from = before_creation(&w);
		record_update(&w, &from, &w.live, "before-first-apply");
	}
	struct json applied = resets_status(&w) ? without(a, &w.object, "status") : w.object;
	struct json merged = tree_merge(a, request->schema, &w.live, &applied);
	struct managed_entry key = {
		request->manager, OPERATION_APPLY, w.api_version, "", NULL, { 0 }
	};
	struct managed_entry *self = managed_edit(a, &w.managed, &key);
	struct field_set last = self->fields;
	self->fields = field_set_of(a, request->schema, &applied);
	self->api_version = w.api_version;
	if (!field_set_empty(&last))
		merged = prune(&w, &merged, &last);
	struct comparison c;
	compare(&w, &w.live, &merged, &c);
	if (!request->force) {
		if (find_conflicts(&w, &c, self, out, err) < 0)
			return -1;
		if (out->n_conflicts)
			return 0;
	}
	take_from_others(&w, &c, self);
	self->fields = field_set_strip(a, &self->fields);
	if (!json_equal(&w.live, &merged))
		self->time = request->now;
	finish(&w, merged, out);
	return 0;
}
