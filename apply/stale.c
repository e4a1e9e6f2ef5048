/* What happened to an object since the plan was made, in words, as far as it can be known: the
 * fields whose values are not those that the plan saw, and managedFields for who and when. */
#include "apply/run.h"

#include <string.h>

#include "plan/diff/held.h"
#include "plan/merge/field_path.h"
#include "plan/merge/fieldset.h"

enum { MAX_FIELDS_NAMED = 4 };

struct writer_entry {
	const char *manager, *time; /* NULL: not known */
};

/* "2026-01-02T03:04:05Z" as people read it. */
static void add_time(struct buf *b, const char *time)
{
	if (time && strlen(time) >= 16 && time[10] == 'T')
		buf_printf(b, " at %.10s %.5s UTC", time, time + 11);
}

static bool is_us(const struct json *entry)
{
	const char *manager = json_get_str(entry, "manager");
	return manager && strcmp(manager, FIELD_MANAGER) == 0;
}

enum match { MATCH_ANY, MATCH_TOUCHES, MATCH_OWNS };

static bool matches(const struct json *entry, enum match match, const struct field_path *paths,
		    size_t n)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	struct field_set set = { 0 };
	if (match == MATCH_ANY)
		return true;
	if (field_set_parse(&a, json_get(entry, "fieldsV1"), &set, &ignored) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (match == MATCH_OWNS ? field_set_has(&set, &paths[i])
					: field_set_touches(&set, &paths[i]))
			return true;
	return false;
}

/* Of the newest writer of one of the paths; not of a status, and somebody else rather than us. */
static const struct json *newest_entry(const struct json *live, enum match match,
				       const struct field_path *paths, size_t n)
{
	const struct json *entries = json_at(live, "metadata", "managedFields", NULL);
	const struct json *best = NULL;
	for (uint32_t i = 0; json_is(entries, JSON_ARRAY) && i < entries->n; i++) {
		const struct json *entry = &entries->items[i];
		const char *subresource = json_get_str(entry, "subresource");
		const char *time = json_get_str(entry, "time");
		if (!time || (subresource && strcmp(subresource, "status") == 0) ||
		    !matches(entry, match, paths, n))
			continue;
		/* RFC 3339 in UTC without fractions: the order of texts is that of times. */
		if (!best || is_us(best) > is_us(entry) ||
		    (is_us(best) == is_us(entry) && strcmp(json_get_str(best, "time"), time) < 0))
			best = entry;
	}
	return best;
}

static struct writer_entry newest(const struct json *live, enum match match,
				  const struct field_path *paths, size_t n)
{
	const struct json *best = newest_entry(live, match, paths, n);
	return (struct writer_entry){ json_get_str(best, "manager"), json_get_str(best, "time") };
}

static bool has_changed(const struct field *f, const struct json *live)
{
	const struct json *now = field_path_find(live, f->path);
	return f->before && now ? !json_equal(f->before, now)
				: (f->before != NULL) != (now != NULL);
}

struct paths {
	struct arena *arena;
	struct field_path *items;
	size_t n, cap;
};

static void add_path(struct paths *p, const struct field_path *path)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 8;
		struct field_path *items = arena_calloc(p->arena, p->cap, sizeof(*items));
		if (p->n)
			memcpy(items, p->items, p->n * sizeof(*items));
		p->items = items;
	}
	/* The elements of a walk are those of a moment. */
	size_t size = path->n * sizeof(*path->elements);
	struct path_element *elements = arena_alloc(p->arena, size);
	memcpy(elements, path->elements, size);
	p->items[p->n++] = (struct field_path){ elements, path->n };
}

static int add_walked(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	add_path(ctx, path);
	return 0;
}

/* Of the fields that the plan shows. */
static void changed_fields(const struct change *c, const struct json *live, struct paths *out)
{
	for (size_t i = 0; i < c->n_fields; i++) {
		const struct field *f = &c->fields[i];
		AUTO(err_done) struct err ignored = { 0 };
		struct field_path path;
		if (f->secret == SECRET_NOT && has_changed(f, live) &&
		    field_path_parse(out->arena, f->path, &path, &ignored) == 0)
			add_path(out, &path);
	}
}

/* Of what goes with a deletion the plan knows the digest alone: fields that are new or gone, else
 * those of whoever has written last, which its entry tells. */
static void changed_held(const struct change *c, const struct json *live, struct paths *out)
{
	struct arena *a = out->arena;
	AUTO(err_done) struct err ignored = { 0 };
	struct field_set held = { 0 };
	struct field_set since = held_since(a, c->precondition.held, live);
	struct paths all = { .arena = a };
	field_set_walk(&since, add_walked, out, &ignored);
	if (field_set_parse(a, c->precondition.held, &held, &ignored) < 0)
		return;
	held = field_set_leaves(a, &held);
	field_set_walk(&held, add_walked, &all, &ignored);
	for (size_t i = 0; i < all.n; i++)
		if (!field_path_get(live, &all.items[i]))
			add_path(out, &all.items[i]);
	if (out->n)
		return;
	const struct json *entry = newest_entry(live, MATCH_OWNS, all.items, all.n);
	for (size_t i = 0; entry && i < all.n; i++)
		if (matches(entry, MATCH_OWNS, &all.items[i], 1))
			add_path(out, &all.items[i]);
}

struct owned_walk {
	const struct change *change;
	const struct json *live;
	struct paths *out;
};

static bool is_shown(const struct change *c, const char *path)
{
	for (size_t i = 0; i < c->n_fields; i++)
		if (strcmp(c->fields[i].path, path) == 0)
			return true;
	return false;
}

static int add_owned(void *ctx, const struct field_path *path, struct err *err)
{
	struct owned_walk *w = ctx;
	const struct json *want = field_path_get(w->change->desired, path);
	const struct json *now = field_path_get(w->live, path);
	(void)err;
	if (is_shown(w->change, field_path_text(w->out->arena, path)))
		return 0;
	if (!now && want)
		add_path(w->out, path);
	/* A server may write a value otherwise than Git does; what another holds is no such. */
	if (!now || !want || want->type == JSON_NULL || state_holds(want, now))
		return 0;
	const struct json *entry = newest_entry(w->live, MATCH_OWNS, path, 1);
	if (entry && !is_us(entry))
		add_path(w->out, path);
	return 0;
}

/* Fields that the plan does not show, because they were as declared. */
static void changed_owned(const struct change *c, const struct json *live, struct paths *out)
{
	AUTO(err_done) struct err ignored = { 0 };
	struct owned_walk w = { c, live, out };
	struct field_set owned = { 0 };
	if (!c->desired || field_set_parse(out->arena, c->owned, &owned, &ignored) < 0)
		return;
	owned = field_set_leaves(out->arena, &owned);
	field_set_walk(&owned, add_owned, &w, &ignored);
}

static char *changed(const struct change *c, const struct json *live)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	struct paths paths = { .arena = &a };
	changed_fields(c, live, &paths);
	if (!paths.n && c->precondition.held)
		changed_held(c, live, &paths);
	if (!paths.n)
		changed_owned(c, live, &paths);
	struct writer_entry who = newest(live, MATCH_OWNS, paths.items, paths.n);
	if (!who.manager)
		who = newest(live, MATCH_TOUCHES, paths.items, paths.n);
	if (!who.manager)
		who = newest(live, MATCH_ANY, NULL, 0);
	buf_puts(&b, "was changed");
	if (who.manager)
		buf_printf(&b, " by %s", who.manager);
	add_time(&b, who.time);
	for (size_t i = 0; i < paths.n && i < MAX_FIELDS_NAMED; i++)
		buf_printf(&b, "%s%s", i ? ", " : " (",
			   field_said(&a, field_path_text(&a, &paths.items[i])));
	if (paths.n)
		buf_puts(&b, paths.n > MAX_FIELDS_NAMED ? ", ...)" : ")");
	else if (c->precondition.resource_version)
		buf_puts(&b, " (without a RHUMB_KEY any change of a Secret counts)");
	else
		buf_printf(&b, " in fields that this change would %s",
			   c->action == ACTION_DELETE ? "delete" : "write");
	return buf_take(&b);
}

static char *made(const char *what, const struct json *live)
{
	AUTO(buf_done) struct buf b = { 0 };
	const struct json *entries = json_at(live, "metadata", "managedFields", NULL);
	const struct json *first =
		json_is(entries, JSON_ARRAY) && entries->n ? &entries->items[0] : NULL;
	const char *time = json_str(json_at(live, "metadata", "creationTimestamp", NULL));
	const char *manager = json_get_str(first, "manager");
	for (uint32_t i = 1; first && i < entries->n; i++) {
		const char *t = json_get_str(&entries->items[i], "time");
		const char *best = json_get_str(first, "time");
		if (t && best && strcmp(t, best) < 0)
			manager = json_get_str(first = &entries->items[i], "manager");
	}
	buf_puts(&b, what);
	if (manager)
		buf_printf(&b, " by %s", manager);
	add_time(&b, time);
	return buf_take(&b);
}

/* NULL: it has not, or its change is such a move. */
static char *moved_away(const struct step *s, const struct json *live)
{
	struct path_element elements[] = { { .type = PATH_FIELD, .name = "metadata" },
					   { .type = PATH_FIELD, .name = "labels" },
					   { .type = PATH_FIELD, .name = APPLYSET_LABEL } };
	struct field_path path = { elements, ARRAY_LEN(elements) };
	const char *label = json_str(field_path_get(live, &path));
	if (!label || s->change->moved_from || strcmp(label, s->parent->application->applyset) == 0)
		return NULL;
	AUTO(buf_done) struct buf b = { 0 };
	struct writer_entry who = newest(live, MATCH_OWNS, &path, 1);
	buf_puts(&b, "was moved to another application");
	if (who.manager)
		buf_printf(&b, " by %s", who.manager);
	add_time(&b, who.time);
	return buf_take(&b);
}

char *stale_reason(const struct step *s, const struct json *live)
{
	const struct change *c = s->change;
	if (!live)
		return xstrdup("was deleted since the plan was made");
	const char *deleted = json_str(json_at(live, "metadata", "deletionTimestamp", NULL));
	if (deleted) {
		AUTO(buf_done) struct buf b = { 0 };
		buf_puts(&b, "is being deleted, asked for");
		add_time(&b, deleted);
		return buf_take(&b);
	}
	if (step_creates(s))
		return made("was created since the plan was made,", live);
	const char *uid = json_str(json_at(live, "metadata", "uid", NULL));
	if (!uid || strcmp(uid, c->precondition.uid) != 0)
		return made("was deleted and made anew,", live);
	char *moved = moved_away(s, live);
	return moved ? moved : changed(c, live);
}
