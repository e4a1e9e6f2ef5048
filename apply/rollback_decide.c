/* What the apply did to an object, and whether that can be undone as it is now: see rollback.h. */
#include "apply/rollback_private.h"

#include <string.h>

#include "apply/takeover.h"
#include "plan/diff/held.h"
#include "plan/diff/prune.h"
#include "plan/diff/unchanged.h"
#include "plan/keep.h"
#include "plan/merge/fieldset.h"
#include "plan/state.h"

static bool text_is(const char *x, const char *y)
{
	return x && y && strcmp(x, y) == 0;
}

static bool is_lost(const struct journal_object *o)
{
	return !o->answered || o->status == 0 || o->status >= 500;
}

/* ---- a write without an answer */

/* What we own in the object, as it would have been sent. */
static bool holds_what_was_sent(struct rollback *rb, const struct item *it)
{
	struct arena *a = &rb->arena;
	const struct journal_object *o = it->o;
	AUTO(err_done) struct err ignored = { 0 };
	struct field_set ours = { 0 };
	const struct json *own = json_get(own_entry(it->live), "fieldsV1");
	if (!own || o->step != JOURNAL_APPLY || field_set_parse(a, own, &ours, &ignored) < 0)
		return false;
	struct json part = field_set_extract(a, it->schema, it->live, &ours);
	struct json body = part.type == JSON_OBJECT ? json_copy(a, &part) : json_of_object();
	json_set_str(a, &body, "apiVersion", json_get_str(it->live, "apiVersion"));
	json_set_str(a, &body, "kind", it->ref.kind);
	struct json *meta = json_edit(a, &body, "metadata");
	json_set_str(a, meta, "name", it->ref.name);
	if (*it->ref.namespace)
		json_set_str(a, meta, "namespace", it->ref.namespace);
	if (o->uid)
		json_set_str(a, meta, "uid", o->uid);
	json_set_str(a, meta, "resourceVersion", o->uid ? o->resource_version : "1");
	AUTO(auto_free)
	char *sent = journal_sent(rb->o->key, &body, object_is_secret(&it->ref));
	return strcmp(sent, o->sent) == 0;
}

static bool was_taken_over(const struct item *it)
{
	const struct json *now = json_at(it->live, "metadata", "managedFields", NULL);
	char digest[DIGEST_TEXT];
	if (it->o->step != JOURNAL_TAKEOVER || !it->o->makes || !json_is(now, JSON_ARRAY))
		return false;
	takeover_digest(now, digest);
	return strcmp(digest, it->o->makes) == 0;
}

enum found { FOUND_DONE, FOUND_NOT_DONE, FOUND_NEITHER };

static enum found look_up(struct rollback *rb, const struct item *it)
{
	const struct journal_object *o = it->o;
	const char *uid = item_meta(it->live, "uid");
	bool same_object = text_is(uid, o->uid);
	if (o->step == JOURNAL_DELETE) {
		if (!same_object)
			return FOUND_DONE;
		return item_meta(it->live, "deletionTimestamp") ? FOUND_NEITHER : FOUND_NOT_DONE;
	}
	if (!it->live || (o->uid && !same_object))
		return FOUND_NOT_DONE; /* what was before it decides */
	if (o->uid && text_is(item_meta(it->live, "resourceVersion"), o->resource_version))
		return FOUND_NOT_DONE;
	if (!o->uid && !own_entry(it->live))
		return FOUND_NOT_DONE; /* somebody else's */
	/* The values are known by the write before it. */
	if (o->step == JOURNAL_GIVE_BACK && it->after)
		return rollback_has_values(rb, it) ? FOUND_DONE : FOUND_NOT_DONE;
	return holds_what_was_sent(rb, it) || was_taken_over(it) ? FOUND_DONE : FOUND_NEITHER;
}

/* The uid of the object that the apply left. */
static const char *uid_after(const struct item *it)
{
	const char *uid = item_meta(it->after, "uid");
	return uid ? uid : item_meta(it->o->after, "uid");
}

static enum deed find_out(struct rollback *rb, struct item *it)
{
	const struct journal_object *o = it->o;
	bool changed = o->after != NULL, deleted = o->deleted;
	if (is_lost(o)) {
		enum found found = look_up(rb, it);
		if (found == FOUND_NEITHER)
			return DEED_UNKNOWN;
		if (found == FOUND_DONE && o->step == JOURNAL_DELETE)
			deleted = true;
		else if (found == FOUND_DONE)
			it->after = it->live;
		changed = changed || it->after;
	}
	/* A deletion without an answer, after which the new object was written. */
	const char *uid = uid_after(it);
	if (o->before && uid && !text_is(uid, item_meta(o->before, "uid")))
		deleted = true;
	if (!o->before)
		return changed ? DEED_CREATED : DEED_NOTHING;
	if (deleted)
		return changed ? DEED_REPLACED : DEED_DELETED;
	return changed ? DEED_CHANGED : DEED_NOTHING;
}

/* ---- each deed */

static bool is_allowed(const struct rollback *rb, const struct item *it)
{
	for (const char *const *k = rb->o->allow_delete; k && *k; k++)
		if (strcmp(*k, it->ref.kind) == 0)
			return true;
	return !prune_holds_data(&it->ref);
}

static bool moved_away(const struct item *it)
{
	const struct json *labels = json_at(it->live, "metadata", "labels", NULL);
	const char *label = json_get_str(labels, APPLYSET_LABEL);
	const char *was =
		json_str(json_at(it->o->after, "metadata", "labels", APPLYSET_LABEL, NULL));
	return label && was && strcmp(label, was) != 0;
}

/* A Secret of which nobody can tell whether its values were changed since. */
static bool is_sealed_off(const struct item *it)
{
	return object_is_secret(&it->ref) && it->unkept;
}

/* Fields that people have set since, beside those that the apply wrote. */
static const char *set_since(struct rollback *rb, const struct item *it, const struct json *after)
{
	struct field_set then = held_fields(&rb->arena, it->schema, NULL, after);
	struct json held = field_set_json(&rb->arena, &then);
	struct field_set since = held_since(&rb->arena, &held, it->live);
	return field_set_empty(&since) ? NULL : "fields were set that the apply did not write";
}

static const char *touched(struct rollback *rb, const struct item *it)
{
	AUTO(err_done) struct err ignored = { 0 };
	struct field_set ours = { 0 };
	const struct json *after = it->after ? it->after : it->o->after;
	const struct json *own = json_get(own_entry(after), "fieldsV1");
	if (is_sealed_off(it))
		return text_is(item_meta(it->live, "resourceVersion"), it->o->new_version)
			       ? NULL
			       : "what, cannot be told without RHUMB_KEY";
	if (!own || field_set_parse(&rb->arena, own, &ours, &ignored) < 0)
		return NULL;
	const char *changed = rollback_touched(rb, it, &ours);
	return changed ? changed : set_since(rb, it, after);
}

static void undo_creation(struct rollback *rb, struct item *it)
{
	if (!it->live || item_meta(it->live, "deletionTimestamp"))
		return; /* gone, or going */
	const char *keeping = keep_annotation(&rb->arena, it->live);
	const char *by_people = NULL;
	if (!text_is(item_meta(it->live, "uid"), uid_after(it)))
		item_stop(rb, it, ACTION_CONFLICT,
			  "was deleted since the apply created it, and made anew: it stays");
	else if (moved_away(it))
		item_stop(rb, it, ACTION_CONFLICT, "belongs to another application by now");
	else if (keeping)
		item_stop(rb, it, ACTION_REFUSED,
			  "the apply created it, but it has the annotation %s: it stays", keeping);
	else if ((by_people = touched(rb, it)) != NULL)
		item_stop(rb, it, ACTION_CONFLICT,
			  "was changed since the apply created it (%s): it is not deleted",
			  by_people);
	else if (!is_allowed(rb, it))
		item_stop(rb, it, ACTION_REFUSED,
			  "the apply created it, but deleting it could take data along that came "
			  "since: allow it with --allow-delete %s",
			  it->ref.kind);
	else {
		item_begin(rb, it, ACTION_DELETE);
		it->change.reason = "the apply created it";
		item_set_precondition(rb, it);
	}
}

static void undo_change(struct rollback *rb, struct item *it)
{
	if (!it->live)
		item_stop(rb, it, ACTION_CONFLICT, "was deleted since the apply: it stays so");
	else if (!text_is(item_meta(it->live, "uid"), item_meta(it->o->before, "uid")))
		item_stop(rb, it, ACTION_CONFLICT,
			  "was deleted since the apply, and made anew: it stays as it is");
	else if (item_meta(it->live, "deletionTimestamp"))
		item_stop(rb, it, ACTION_UNKNOWN, "is being deleted: wait until it is gone");
	else if (it->unkept)
		item_stop(rb, it, ACTION_UNKNOWN, "%s", it->unkept);
	else if (!it->before || !it->after)
		item_stop(rb, it, ACTION_UNKNOWN, "the journal does not say how the apply left it");
	else
		rollback_change(rb, it);
}

static void undo_deletion(struct rollback *rb, struct item *it)
{
	const char *uid = item_meta(it->live, "uid");
	if (it->live && text_is(uid, item_meta(it->o->before, "uid")))
		item_stop(rb, it, ACTION_UNKNOWN,
			  "is still being deleted: wait until it is gone, then roll back again");
	else if (rollback_is_back(rb, it))
		return; /* undone already */
	else if (it->live)
		item_stop(rb, it, ACTION_CONFLICT,
			  "is there again since the apply deleted it: it stays as it is");
	else if (it->unkept)
		item_stop(rb, it, ACTION_UNKNOWN, "%s", it->unkept);
	else if (!it->kind && !item_is_deferred(rb, it))
		item_stop(rb, it, ACTION_UNKNOWN, "the cluster does not serve its kind any more");
	else
		rollback_recreate(rb, it, ACTION_CREATE);
}

static void undo_replacement(struct rollback *rb, struct item *it)
{
	if (!it->live)
		item_stop(rb, it, ACTION_CONFLICT, "was deleted since the apply: it stays so");
	else if (!text_is(item_meta(it->live, "uid"), uid_after(it)) && rollback_is_back(rb, it))
		return; /* undone already */
	else if (!text_is(item_meta(it->live, "uid"), uid_after(it)))
		item_stop(rb, it, ACTION_CONFLICT,
			  "was deleted since the apply, and made anew: it stays as it is");
	else if (it->unkept)
		item_stop(rb, it, ACTION_UNKNOWN, "%s", it->unkept);
	else if (touched(rb, it))
		item_stop(rb, it, ACTION_CONFLICT,
			  "was changed since the apply replaced it (%s): it stays as it is",
			  touched(rb, it));
	else if (!is_allowed(rb, it))
		item_stop(rb, it, ACTION_REFUSED,
			  "the apply replaced it, but replacing it again could take data along: "
			  "allow it with --allow-delete %s",
			  it->ref.kind);
	else
		rollback_recreate(rb, it, ACTION_REPLACE);
}

void rollback_decide(struct rollback *rb, struct item *it)
{
	it->next = ITEM_DONE;
	it->has_change = false;
	it->deed = find_out(rb, it);
	switch (it->deed) {
	case DEED_NOTHING:
		break;
	case DEED_UNKNOWN:
		item_stop(rb, it, ACTION_UNKNOWN,
			  it->o->step == JOURNAL_DELETE
				  ? "is still being deleted: wait until it is gone, then roll back "
				    "again"
				  : "its last write had no answer, and the object does not tell "
				    "whether it was done: apply the same plan again, which finds "
				    "out, "
				    "or look at it");
		break;
	case DEED_CREATED:
		undo_creation(rb, it);
		break;
	case DEED_CHANGED:
		undo_change(rb, it);
		break;
	case DEED_DELETED:
		undo_deletion(rb, it);
		break;
	case DEED_REPLACED:
		undo_replacement(rb, it);
		break;
	}
}
