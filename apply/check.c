/* Is the object still what the plan saw?  Step 3 of apply.h, and the same question again after a
 * write that did not go through. */
#include "apply/hook.h"

#include <string.h>

#include "base/digest.h"
#include "plan/diff/held.h"
#include "plan/keep.h"

static const char *metadata(const struct json *live, const char *key)
{
	return json_str(json_at(live, "metadata", key, NULL));
}

static const char *keep(struct run *r, const char *s)
{
	return s ? arena_strdup(&r->arena, s) : NULL;
}

static void remember(struct run *r, struct step *s, const struct json *live)
{
	s->uid = keep(r, metadata(live, "uid"));
	s->resource_version = keep(r, metadata(live, "resourceVersion"));
	s->takeover_pending = takeover_is_pending(s->change, live);
	const struct json *managed = json_at(live, "metadata", "managedFields", NULL);
	if (s->takeover_pending) {
		struct json *copy = arena_calloc(&r->arena, 1, sizeof(*copy));
		*copy = json_copy(&r->arena, managed);
		s->managed_fields = copy;
	} else if (takeover_was_done(s, live)) {
		s->own_version = s->resource_version;
	}
	const struct json *data = json_get(live, "data");
	if (data && object_is_secret(&s->change->ref)) {
		struct json *secret = arena_calloc(&r->arena, 1, sizeof(*secret));
		*secret = json_of_object();
		json_set(&r->arena, secret, "data", json_copy(&r->arena, data));
		s->live_secret = secret;
	}
}

/* ---- as planned already? */

static bool has_our_label(const struct step *s, const struct json *live)
{
	const char *label = json_str(json_at(live, "metadata", "labels", APPLYSET_LABEL, NULL));
	return label && strcmp(label, s->parent->application->applyset) == 0;
}

/* A rollback sends the label of before, or none. */
static bool has_planned_label(const struct run *r, const struct step *s, const struct json *live)
{
	const struct json *labels = json_at(live, "metadata", "labels", NULL);
	const char *label = json_get_str(labels, APPLYSET_LABEL);
	const struct json *declared = json_at(s->declared, "metadata", "labels", NULL);
	const char *wanted = json_get_str(declared, APPLYSET_LABEL);
	if (!r->plan->rollback_of)
		return has_our_label(s, live);
	return label && wanted ? strcmp(label, wanted) == 0 : label == wanted;
}

/* It has moved to another application since it was planned. */
static bool has_another_label(const struct step *s, const struct json *live)
{
	return json_at(live, "metadata", "labels", APPLYSET_LABEL, NULL) && !has_our_label(s, live);
}

static bool same_bytes(const struct json *a, const struct json *b)
{
	AUTO(buf_done) struct buf x = { 0 }, y = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	if (json_equal(a, b))
		return true;
	if (!json_str(a) || !json_str(b) || base64_decode(&x, a->text, a->n, &ignored) < 0 ||
	    base64_decode(&y, b->text, b->n, &ignored) < 0)
		return false;
	return x.len == y.len && memcmp(buf_text(&x), buf_text(&y), x.len) == 0;
}

/* The digests leave values of Secrets out, so these are compared here. */
static bool has_secret_values(const struct step *s, const struct json *live)
{
	if (!object_is_secret(&s->change->ref))
		return true;
	const struct json *want = json_get(s->declared, "data"), *have = json_get(live, "data");
	for (uint32_t i = 0; json_is(want, JSON_OBJECT) && i < want->n; i++)
		if (!same_bytes(&want->members[i].value, json_get(have, want->members[i].key)))
			return false;
	return true;
}

static bool owns_as_planned(const struct step *s, const struct json *live)
{
	const struct change *c = s->change;
	const struct json *own = takeover_own_fields(live);
	if (c->keeps && !give_back_is_pending(c, live))
		return true;
	return own && (!c->owned || json_equal(own, c->owned));
}

static bool is_done(struct run *r, const struct step *s, const struct json *live)
{
	const char *expect = s->change->expect;
	return expect && step_state_is(r, s, live, STATE_AFTER, expect) &&
	       has_planned_label(r, s, live) && owns_as_planned(s, live) && !s->takeover_pending &&
	       has_secret_values(s, live);
}

/* ---- as the plan saw it? */

/* People have set what a deletion would take away. */
static bool has_new_fields(const struct json *held, const struct json *live)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct field_set since = held_since(&a, held, live);
	return !field_set_empty(&since);
}

static bool holds(struct run *r, const struct step *s, const struct json *live)
{
	const struct precondition *p = &s->change->precondition;
	if (step_creates(s) || !s->uid || !s->resource_version || strcmp(s->uid, p->uid) != 0)
		return false;
	if (p->resource_version && strcmp(s->resource_version, p->resource_version) != 0 &&
	    (!s->own_version || strcmp(s->resource_version, s->own_version) != 0))
		return false;
	if (p->digest && !step_state_is(r, s, live, STATE_BEFORE, p->digest))
		return false;
	return !p->held || !has_new_fields(p->held, live);
}

/* What the answer to a dry-run is compared by: everything but what a write that changes nothing
 * may change, and our ownership. */
static void asked_digest(const struct json *object, char out[DIGEST_TEXT])
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = json_copy(&a, object);
	struct json *meta = json_edit(&a, &v, "metadata");
	const struct json *own = takeover_own_fields(object);
	json_remove(&v, "status");
	json_remove(meta, "managedFields");
	json_remove(meta, "resourceVersion");
	json_remove(meta, "generation");
	json_set(&a, meta, "managedFields", own ? json_copy(&a, own) : json_of_null());
	digest_json(&v, out);
}

bool check_same_as_asked(const struct step *s, const struct json *answer)
{
	char digest[DIGEST_TEXT];
	asked_digest(answer, digest);
	return strcmp(digest, s->asked) == 0;
}

/* What is being deleted goes as it is: no request of ours has to stop for it. */
static enum verdict check_deletion(struct run *r, struct step *s, const struct json *live,
				   char **why)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *uid = metadata(live, "uid"), *keep = keep_annotation(&a, live);
	bool same = uid && strcmp(uid, s->change->precondition.uid) == 0;
	bool moved = has_another_label(s, live);
	if (same && !moved && metadata(live, "deletionTimestamp"))
		return VERDICT_DONE;
	if (!moved && !keep && holds(r, s, live))
		return VERDICT_READY;
	*why = same && keep ? xfmt("is to stay by now: it has the annotation %s", keep)
			    : stale_reason(s, live);
	return VERDICT_STALE;
}

static enum verdict check_absent(const struct step *s, char **why)
{
	if (step_creates(s) && !s->give_back_pending)
		return VERDICT_READY;
	if (s->change->action == ACTION_DELETE)
		return VERDICT_DONE;
	*why = stale_reason(s, NULL);
	return VERDICT_STALE;
}

enum verdict check_object(struct run *r, struct step *s, const struct json *live, char **why)
{
	if (change_is_hook(s->change))
		return hook_judge(r, s, live, why);
	if (resume_is_done(s, live)) {
		if (live)
			remember(r, s, live);
		return VERDICT_DONE;
	}
	if (!live)
		return check_absent(s, why);
	const char *uid = metadata(live, "uid");
	bool has_values = (s->give_back_pending && uid && strcmp(uid, s->uid) == 0) ||
			  (!s->writing && resume_has_values(s, live));
	remember(r, s, live);
	bool deleting = metadata(live, "deletionTimestamp") != NULL;
	if (s->change->action == ACTION_DELETE)
		return check_deletion(r, s, live, why);
	if (!deleting && (has_values || is_done(r, s, live)))
		return VERDICT_DONE;
	if (!deleting && holds(r, s, live))
		return VERDICT_READY;
	if (s->going)
		return VERDICT_READY;
	*why = stale_reason(s, live);
	if (deleting || !has_planned_label(r, s, live) || !takeover_own_fields(live) ||
	    s->takeover_pending)
		return VERDICT_STALE;
	/* We have written it before, perhaps exactly this: a deferred object has no digest to
	 * compare with, and servers default and convert. */
	asked_digest(live, s->asked);
	return VERDICT_ASK;
}
