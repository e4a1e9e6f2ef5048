/* An object that the apply changed: which of its fields go back, and to what.
 *
 * Three states are known of it: before the apply, after it, and now.  A field that the apply
 * changed and that is still as it left it goes back.  What it did not change is declared again
 * only where we held it before or hold it now, and it is still the same; so an apply of what comes
 * out writes nothing else. */
#include "apply/rollback_private.h"

#include <string.h>

#include "plan/diff/compare.h"
#include "plan/diff/unchanged.h"
#include "plan/merge/managed.h"
#include "plan/state.h"

enum { MAX_NAMED = 4 }; /* fields in a message */

struct walk {
	struct rollback *rb;
	struct item *it;
	struct owners owners, after; /* now, and as the apply left it */
	struct field_set ours;       /* before or now */
	struct field_set wanted;     /* to be declared */
	struct field_set undone;     /* goes back, with what was added only to hold it */
	struct field_set added;      /* of the object by the apply, or since before it */
	struct field_list conflicts; /* changed by people since */
	struct buf left;             /* changed by controllers since */
	struct buf missing;          /* the dry-run does not bring them back */
	const struct json *answer;
};

static struct field_set own_fields(struct arena *a, const struct json *object)
{
	struct field_set set = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	const struct json *own = json_get(own_entry(object), "fieldsV1");
	if (own && field_set_parse(a, own, &set, &ignored) < 0)
		return (struct field_set){ 0 };
	return set;
}

static struct json without_status(struct arena *a, const struct json *object)
{
	struct json copy = json_copy(a, object);
	json_remove(&copy, "status");
	return copy;
}

static struct field_set leaves_of(struct rollback *rb, const struct item *it,
				  const struct json *object)
{
	struct arena *a = &rb->arena;
	struct json v = without_status(a, object);
	struct field_set all = field_set_of(a, it->schema, &v);
	all = field_set_strip(a, &all);
	return field_set_leaves(a, &all);
}

static bool same(const struct json *x, const struct json *y)
{
	return x && y ? json_equal(x, y) : x == y;
}

static void name_field(struct arena *a, struct buf *b, const struct field_path *path)
{
	const char *text = field_path_to_api(a, path);
	buf_printf(b, "%s%s", b->len ? ", " : "", *text == '.' ? text + 1 : text);
}

/* An item of a list is found again by its keys: they are declared with it. */
static void want(struct walk *w, const struct field_path *path)
{
	struct arena *a = &w->rb->arena;
	field_set_insert(a, &w->wanted, path);
	for (size_t i = 0; i < path->n; i++) {
		const struct path_element *e = &path->elements[i];
		if (e->type != PATH_KEY)
			continue;
		for (uint32_t k = 0; k < e->value.n; k++) {
			struct path_element *elements = arena_calloc(a, i + 2, sizeof(*elements));
			memcpy(elements, path->elements, (i + 1) * sizeof(*elements));
			elements[i + 1] = (struct path_element){ .type = PATH_FIELD,
								 .name = e->value.members[k].key };
			field_set_insert(a, &w->wanted, &(struct field_path){ elements, i + 2 });
		}
	}
}

static void add_conflict(struct walk *w, const struct field_path *path, const struct json *now,
			 const struct json *before, const struct owner *owner)
{
	struct arena *a = &w->rb->arena;
	struct field_list *l = &w->conflicts;
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		struct field *moved = arena_calloc(a, l->cap, sizeof(*moved));
		if (l->n)
			memcpy(moved, l->items, l->n * sizeof(*moved));
		l->items = moved;
	}
	l->items[l->n++] = (struct field){
		.path = field_path_text(a, path),
		.before = now,
		.after = before,
		.why = WHY_ROLLBACK,
		.owner = owner ? owner->manager : NULL,
		.since = owner && *owner->time ? owner->time : NULL,
	};
}

/* What we change is ours afterwards, unless it is given back.  Somebody else's was changed by them,
 * between two runs of the apply. */
static bool is_foreign(const struct walk *w, const struct field_path *path)
{
	bool theirs = false;
	for (size_t i = 0; i < w->after.n; i++) {
		const struct owner *o = &w->after.items[i];
		if (!field_set_touches(&o->fields, path))
			continue;
		if (strcmp(o->manager, FIELD_MANAGER) == 0)
			return false;
		theirs = true;
	}
	return theirs && w->it->o->step != JOURNAL_GIVE_BACK;
}

static bool is_changed(const struct walk *w, const struct field_path *path,
		       const struct json *before, const struct json *after)
{
	return !same(before, after) && !is_foreign(w, path);
}

static void undo(struct walk *w, const struct field_path *path)
{
	field_set_insert(&w->rb->arena, &w->undone, path);
	for (size_t n = 1; n < path->n; n++) {
		struct field_path holder = { path->elements, n };
		if (field_set_has(&w->added, &holder))
			field_set_insert(&w->rb->arena, &w->undone, &holder);
	}
}

static int look(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct walk *w = ctx;
	const struct json *before = field_path_get(w->it->before, path);
	const struct json *after = field_path_get(w->it->after, path);
	const struct json *now = field_path_get(w->it->live, path);
	bool changed = is_changed(w, path, before, after);
	if (changed && !same(now, after) && !same(now, before)) {
		const struct owner *owner = owners_find(&w->owners, path);
		if (owner && !owner->takeable)
			name_field(&w->rb->arena, &w->left, path);
		else
			add_conflict(w, path, now, before, owner);
		return 0;
	}
	if (changed && same(now, after))
		undo(w, path);
	if (before && (same(now, before) ? field_set_touches(&w->ours, path) : changed)) {
		want(w, path);
	}
	return 0;
}

/* Only the identity and what is wanted. */
static struct json body_of(struct walk *w)
{
	struct arena *a = &w->rb->arena;
	const struct json *before = w->it->before;
	struct json v = without_status(a, before);
	struct json part = field_set_extract(a, w->it->schema, &v, &w->wanted);
	struct json body = part.type == JSON_OBJECT ? json_copy(a, &part) : json_of_object();
	json_set_str(a, &body, "apiVersion", json_get_str(before, "apiVersion"));
	json_set_str(a, &body, "kind", w->it->ref.kind);
	struct json *meta = json_edit(a, &body, "metadata");
	json_set_str(a, meta, "name", w->it->ref.name);
	if (*w->it->ref.namespace)
		json_set_str(a, meta, "namespace", w->it->ref.namespace);
	return body;
}

static void walk_done(struct walk *w)
{
	buf_done(&w->left);
	buf_done(&w->missing);
}

static void begin_walk(struct rollback *rb, struct item *it, struct walk *w)
{
	struct arena *a = &rb->arena;
	*w = (struct walk){ .rb = rb, .it = it };
	owners_of(a, it->live, &w->owners);
	owners_of(a, it->after, &w->after);
	struct field_set was = own_fields(a, it->before), is = own_fields(a, it->live);
	w->ours = field_set_union(a, &was, &is);
	struct json then = without_status(a, it->before), later = without_status(a, it->after);
	was = field_set_of(a, it->schema, &then);
	is = field_set_of(a, it->schema, &later);
	w->added = field_set_difference(a, &is, &was);
}

static struct field_set all_leaves(struct rollback *rb, const struct item *it)
{
	struct field_set before = leaves_of(rb, it, it->before);
	struct field_set after = leaves_of(rb, it, it->after);
	return field_set_union(&rb->arena, &before, &after);
}

static void conflict(struct rollback *rb, struct item *it, struct walk *w)
{
	if (object_is_secret(&it->ref))
		compare_hide_secrets(&w->conflicts);
	item_stop(rb, it, ACTION_CONFLICT,
		  "was changed since the apply: what the apply wrote there is not there any more, "
		  "and what is there is not undone");
	it->change.fields = w->conflicts.items;
	it->change.n_fields = w->conflicts.n;
}

void rollback_change(struct rollback *rb, struct item *it)
{
	AUTO(err_done) struct err ignored = { 0 };
	AUTO(walk_done) struct walk w;
	begin_walk(rb, it, &w);
	struct field_set all = all_leaves(rb, it);
	field_set_walk(&all, look, &w, &ignored);
	if (w.conflicts.n) {
		conflict(rb, it, &w);
		return;
	}
	item_begin(rb, it, ACTION_UPDATE);
	it->undone = w.undone;
	rollback_take_over(rb, it);
	if (w.left.len)
		item_warn(rb, it, "stays as it is, since a controller has written it: %s",
			  buf_text(&w.left));
	struct json *body = arena_calloc(&rb->arena, 1, sizeof(*body));
	*body = body_of(&w);
	it->body = body;
	it->next = ITEM_ASK;
}

/* ---- after the dry-run */

static int look_for_missing(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct walk *w = ctx;
	const struct json *before = field_path_get(w->it->before, path);
	const struct json *after = field_path_get(w->it->after, path);
	const struct json *now = field_path_get(w->it->live, path);
	if (is_changed(w, path, before, after) && same(now, after) &&
	    !same(field_path_get(w->answer, path), before))
		name_field(&w->rb->arena, &w->missing, path);
	return 0;
}

static const char *label_of(const struct json *object)
{
	const char *label = json_str(json_at(object, "metadata", "labels", APPLYSET_LABEL, NULL));
	return label ? label : "";
}

static void set_fields(struct rollback *rb, struct item *it, const struct json *answer)
{
	struct arena *a = &rb->arena;
	struct field_list fields = { 0 };
	struct owners owners;
	owners_of(a, it->live, &owners);
	compare_objects(a, it->schema, it->live, answer, &fields);
	for (size_t i = 0; i < fields.n; i++) {
		const struct json *was = field_path_find(it->before, fields.items[i].path);
		fields.items[i].why = same(was, fields.items[i].after) ? WHY_ROLLBACK : WHY_SERVER;
	}
	if (object_is_secret(&it->ref))
		compare_hide_secrets(&fields);
	owners_attribute(a, &owners, fields.items, fields.n);
	it->change.fields = fields.items;
	it->change.n_fields = fields.n;
}

/* What others hold until it is taken from them, a dry-run does not show gone. */
static const struct json *without_leaving(struct rollback *rb, struct item *it,
					  const struct json *answer)
{
	if (field_set_empty(&it->leaving))
		return answer;
	struct json *v = arena_calloc(&rb->arena, 1, sizeof(*v));
	*v = field_set_remove(&rb->arena, it->schema, answer, &it->leaving);
	it->change.verified = VERIFIED_PREDICTED;
	return v;
}

bool rollback_changed(struct rollback *rb, struct item *it, const struct json *answer)
{
	AUTO(err_done) struct err ignored = { 0 };
	AUTO(walk_done) struct walk w;
	answer = without_leaving(rb, it, answer);
	begin_walk(rb, it, &w);
	w.answer = answer;
	struct field_set all = all_leaves(rb, it);
	field_set_walk(&all, look_for_missing, &w, &ignored);
	if (w.missing.len)
		item_warn(rb, it, "does not come back as it was: %s", buf_text(&w.missing));
	set_fields(rb, it, answer);
	const struct json *own = json_get(own_entry(answer), "fieldsV1");
	struct json *none = arena_calloc(&rb->arena, 1, sizeof(*none));
	*none = json_of_object();
	rollback_give_back(rb, it, own ? own : none);
	item_set_desired(rb, it);
	item_set_precondition(rb, it);
	it->change.expect = item_digest(rb, it, answer, true);
	const struct json *own_now = json_get(own_entry(it->live), "fieldsV1");
	const struct json *last = it->change.keeps ? it->change.keeps : own;
	bool same_owner = own_now && last ? json_equal(own_now, last) : own_now == last;
	return it->change.n_fields || it->change.n_give_backs || it->change.n_takeovers ||
	       !same_owner || strcmp(label_of(it->live), label_of(answer)) != 0;
}

/* ---- one whose ownership may have been given back */

static int look_at_any(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct walk *w = ctx;
	if (!same(field_path_get(w->it->after, path), field_path_get(w->it->live, path)))
		name_field(&w->rb->arena, &w->missing, path);
	return 0;
}

bool rollback_has_values(struct rollback *rb, const struct item *it)
{
	AUTO(err_done) struct err ignored = { 0 };
	AUTO(walk_done) struct walk w = { .rb = rb, .it = (struct item *)it };
	struct field_set leaves = leaves_of(rb, it, it->after);
	field_set_walk(&leaves, look_at_any, &w, &ignored);
	return !w.missing.len;
}

/* ---- one that was created */

struct touched {
	struct rollback *rb;
	const struct item *it;
	struct owners owners;
	struct buf names;
	size_t n;
};

static void touched_done(struct touched *t)
{
	buf_done(&t->names);
}

static int look_at_own(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct touched *t = ctx;
	if (same(field_path_get(t->it->after, path), field_path_get(t->it->live, path)))
		return 0;
	const struct owner *owner = owners_find(&t->owners, path);
	if (owner && !owner->takeable)
		return 0;
	if (t->n++ < MAX_NAMED)
		name_field(&t->rb->arena, &t->names, path);
	return 0;
}

const char *rollback_touched(struct rollback *rb, const struct item *it,
			     const struct field_set *set)
{
	AUTO(err_done) struct err ignored = { 0 };
	AUTO(touched_done) struct touched t = { .rb = rb, .it = it };
	owners_of(&rb->arena, it->live, &t.owners);
	struct field_set leaves = field_set_leaves(&rb->arena, set);
	field_set_walk(&leaves, look_at_own, &t, &ignored);
	if (!t.n)
		return NULL;
	return arena_fmt(&rb->arena, "%s%s", buf_text(&t.names), t.n > MAX_NAMED ? ", ..." : "");
}
