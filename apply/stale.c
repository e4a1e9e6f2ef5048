/* What happened to an object since the plan was made, in words, as far as it can be known: the
 * fields whose values are not those that the plan saw, and managedFields for who and when. */
#include "apply/run.h"

#include <string.h>

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

/* The newest writer of one of the paths; not of a status, and somebody else rather than us. */
static struct writer_entry newest(const struct json *live, enum match match,
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
	return (struct writer_entry){ json_get_str(best, "manager"), json_get_str(best, "time") };
}

static bool has_changed(const struct field *f, const struct json *live)
{
	const struct json *now = field_path_find(live, f->path);
	return f->before && now ? !json_equal(f->before, now)
				: (f->before != NULL) != (now != NULL);
}

static char *changed(const struct change *c, const struct json *live)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = { 0 }, fields = { 0 };
	struct field_path *paths = arena_calloc(&a, c->n_fields + 1, sizeof(*paths));
	size_t n = 0;
	for (size_t i = 0; i < c->n_fields; i++) {
		const struct field *f = &c->fields[i];
		AUTO(err_done) struct err ignored = { 0 };
		if (f->secret != SECRET_NOT || !has_changed(f, live) ||
		    field_path_parse(&a, f->path, &paths[n], &ignored) < 0)
			continue;
		if (n < MAX_FIELDS_NAMED)
			buf_printf(&fields, "%s%s", n ? ", " : "", field_said(&a, f->path));
		n++;
	}
	struct writer_entry who = newest(live, MATCH_OWNS, paths, n);
	if (!who.manager)
		who = newest(live, MATCH_TOUCHES, paths, n);
	if (!who.manager)
		who = newest(live, MATCH_ANY, NULL, 0);
	buf_puts(&b, "was changed");
	if (who.manager)
		buf_printf(&b, " by %s", who.manager);
	add_time(&b, who.time);
	if (n)
		buf_printf(&b, " (%s%s)", buf_text(&fields), n > MAX_FIELDS_NAMED ? ", ..." : "");
	else if (c->precondition.resource_version)
		buf_puts(&b, " (without a RHUMB_KEY any change of a Secret counts)");
	else
		buf_puts(&b, " in fields that this change would write");
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
	return changed(c, live);
}
