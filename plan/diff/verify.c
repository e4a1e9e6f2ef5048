/* Step 4 of build.h: what the objects will be.
 *
 * Rounds of dry-runs, each one batch.  An object is in a later round where the first answer was
 * not the last word: fields of managers that may be taken over (again, with force), fields that
 * Git dropped but others still hold (a patch that removes them), or the object moved between the
 * read and the dry-run (read again). */
#include "plan/diff/subject.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "plan/diff/rules.h"
#include "plan/diff/unchanged.h"
#include "plan/secret.h"
#include "plan/state.h"

enum {
	ROUNDS_AT_MOST = 6,
	/* A controller that follows a change writes some statuses in a row: it is given time. */
	MOVES_AT_MOST = 10,
	PAUSE_MS = 20, /* twice that after every move, at most: */
	PAUSE_MAX_MS = 500,
};

struct verifying {
	struct build *b;
	struct arena arena; /* bodies of one round */
	struct api_call *calls;
	size_t n, cap;
	bool *again; /* by subject: goes into the next round */
};

static void verifying_done(struct verifying *v)
{
	for (size_t i = 0; i < v->n; i++)
		err_done(&v->calls[i].err);
	free(v->calls);
	free(v->again);
	arena_done(&v->arena);
}

/* ---- answers */

static const struct json *keep(struct build *b, const struct subject *s, const struct json *v)
{
	struct json *copy = arena_alloc(&b->arena, sizeof(*copy));
	*copy = json_copy(&b->arena, v);
	if (s->live)
		state_drop_chosen(&s->ref, copy, &s->head->object, s->live);
	return copy;
}

/* The server's message about a Secret may quote what it was sent. */
static const char *message_of(struct verifying *v, const struct subject *s, const char *text)
{
	bool secret = object_is_secret(&s->ref) && s->head;
	AUTO(auto_free) char *clean = secret_scrub(secret ? &s->head->object : NULL, text);
	return arena_strdup(&v->b->arena, clean ? clean : "no reason given");
}

static void keep_warnings(struct verifying *v, struct subject *s, const struct api_call *call)
{
	s->warnings = arena_calloc(&v->b->arena, call->n_warnings, sizeof(*s->warnings));
	s->n_warnings = call->n_warnings;
	for (size_t i = 0; i < call->n_warnings; i++)
		s->warnings[i] = message_of(v, s, call->warnings[i]);
}

static bool moved_since_read(const struct subject *s, const struct json *answer)
{
	const char *then = json_str(json_at(s->live, "metadata", "resourceVersion", NULL));
	const char *now = json_str(json_at(answer, "metadata", "resourceVersion", NULL));
	const char *uid = json_str(json_at(s->live, "metadata", "uid", NULL));
	const char *uid_now = json_str(json_at(answer, "metadata", "uid", NULL));
	if (!s->live)
		return false;
	return (then && now && strcmp(then, now) != 0) ||
	       (uid && uid_now && strcmp(uid, uid_now) != 0);
}

static void on_success(struct verifying *v, struct subject *s, const struct api_call *call)
{
	struct build *b = v->b;
	bool *again = &v->again[s - b->subjects];
	if (moved_since_read(s, call->object)) {
		s->read = false;
		s->moves++;
		s->rounds--;
		*again = true;
		return;
	}
	s->after = keep(b, s, call->object);
	if (!s->removing)
		s->owned = json_get(own_entry(s->after), "fieldsV1");
	keep_warnings(v, s, call);
	s->verified = VERIFIED_SERVER;
	s->state = SUBJECT_CHANGED;
	if (s->removing || !s->live)
		return;
	s->dropped = owners_dropped(&b->arena, &s->owners, build_schema(b, s),
				    s->base ? &s->base->object : NULL, &s->head->object, s->after);
	s->dropped = rules_dropped(b, s, &s->dropped);
	if (!field_set_empty(&s->dropped)) {
		s->removing = true;
		*again = true;
	}
}

/* Fields of other managers: taken over where they may be, else a conflict. */
static bool on_field_conflict(struct verifying *v, struct subject *s, const struct json *causes)
{
	struct arena *a = &v->b->arena;
	bool takeable = true, any = false;
	for (uint32_t i = 0; json_is(causes, JSON_ARRAY) && i < causes->n; i++) {
		const char *reason = json_get_str(&causes->items[i], "reason");
		const char *field = json_get_str(&causes->items[i], "field");
		if (!reason || !field || strcmp(reason, "FieldManagerConflict") != 0)
			continue;
		AUTO(err_done) struct err ignored = { 0 };
		struct field_path path;
		const char *text = field_path_from_api(a, field, &s->head->object);
		if (!text || field_path_parse(a, text, &path, &ignored) < 0)
			continue;
		any = true;
		field_set_insert(a, &s->conflicts, &path);
		takeable = takeable && owners_all_takeable(&s->owners, &path) &&
			   owners_find(&s->owners, &path);
	}
	if (!any)
		return false;
	s->forced = takeable;
	if (takeable)
		v->again[s - v->b->subjects] = true;
	else
		s->state = SUBJECT_CONFLICT;
	return true;
}

/* What validation says where the field may never change. */
bool build_says_immutable(const char *message)
{
	static const char *const words[] = {
		"field is immutable",
		"immutable when",
		"is immutable",
		"updates to statefulset spec for fields other than",
		"pod updates may not change fields other than",
		"cannot change roleRef",
		"updates to parameters are forbidden",
		"updates to provisioner are forbidden",
		"may not change once set",
		"spec is immutable after creation",
	};
	for (size_t i = 0; message && i < ARRAY_LEN(words); i++)
		if (strstr(message, words[i]))
			return true;
	return false;
}

/* Only where every cause is an immutable field: a replacement would not mend another error. */
static bool is_immutable(const struct api_call *call)
{
	const struct json *causes = json_at(call->failure, "details", "causes", NULL);
	if (call->status != 422 || !json_is(causes, JSON_ARRAY) || !causes->n)
		return call->status == 422 && build_says_immutable(call->err.msg);
	for (uint32_t i = 0; i < causes->n; i++)
		if (!build_says_immutable(json_get_str(&causes->items[i], "message")))
			return false;
	return true;
}

/* ---- an error in the manifest itself, with its line */

static bool on_strict_error(struct verifying *v, struct subject *s, const struct api_call *call)
{
	static const char *const words[] = { "strict decoding error", "not declared in schema",
					     "unknown field",
					     "failed to create typed patch object" };
	bool strict = false;
	for (size_t i = 0; call->err.msg && i < ARRAY_LEN(words); i++)
		strict = strict || strstr(call->err.msg, words[i]);
	if (!strict)
		return false;
	bool found = build_check_manifest(v->b, s);
	if (!found && build_defer_to_crd(v->b, s))
		return true;
	if (!found)
		build_problem(v->b, (struct srcpos){ s->head->file, s->head->line, s->head->col },
			      "%s: %s", object_ref_label(&v->b->arena, &s->ref),
			      message_of(v, s, call->err.msg));
	s->state = SUBJECT_UNKNOWN;
	s->reason = "the manifest is wrong";
	return true;
}

static void on_forbidden(struct verifying *v, struct subject *s, const struct api_call *call)
{
	/* Admission refuses with 403 too; only a missing right is a reason to compute. */
	bool rights = call->err.msg && strstr(call->err.msg, " cannot patch resource ");
	if (rights && v->b->o->verify == VERIFY_AUTO)
		build_predict(v->b, s);
	else
		subject_unknown(v->b, s, "the server refused the dry-run: %s",
				message_of(v, s, call->err.msg));
}

static void on_failure(struct verifying *v, struct subject *s, const struct api_call *call)
{
	const struct json *causes = json_at(call->failure, "details", "causes", NULL);
	if (call->status == 409 && on_field_conflict(v, s, causes))
		return;
	if (on_strict_error(v, s, call))
		return;
	if (s->live && is_immutable(call)) {
		s->state = SUBJECT_REPLACE;
		s->reason = message_of(v, s, call->err.msg);
		return;
	}
	if (call->err.code == ERR_FORBIDDEN)
		on_forbidden(v, s, call);
	else if (call->status == 422 && build_defer_to_crd(v->b, s))
		return;
	else if (call->err.code == ERR_INVALID)
		subject_unknown(v->b, s, "the server refuses it: %s",
				message_of(v, s, call->err.msg));
	else
		subject_unknown(v->b, s, "could not be verified: %s",
				message_of(v, s, call->err.msg));
}

static int on_answer(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct verifying *v = ctx;
	struct subject *s = call->user;
	if (call->verb == API_GET) {
		if (call->object || call->err.code == ERR_NOT_FOUND) {
			subject_set_live(v->b, s, call->object);
			v->again[s - v->b->subjects] = true;
		} else {
			subject_unknown(v->b, s, "cannot be read: %s", call->err.msg);
		}
	} else if (call->object) {
		on_success(v, s, call);
	} else {
		on_failure(v, s, call);
	}
	return 0;
}

/* ---- questions */

struct json build_body(const struct build *b, struct arena *a, const struct subject *s)
{
	const char *applyset = b->apps[s->application].applyset;
	return s->hook ? state_hook_body(a, s->desired, applyset)
		       : state_body(a, s->desired, applyset);
}

/* The patch that shows `dropped` gone: the parts of the object that hold the fields, replaced. */
static struct json removal_patch(struct verifying *v, const struct subject *s)
{
	struct arena *a = &v->arena;
	struct json without = field_set_remove(a, build_schema(v->b, s), s->after, &s->dropped);
	struct json patch = json_of_array();
	for (uint32_t i = 0; i < without.n; i++) {
		const char *key = without.members[i].key;
		if (strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0 ||
		    strcmp(key, "status") == 0 || strcmp(key, "metadata") == 0)
			continue;
		struct json op = json_of_object();
		json_set_str(a, &op, "op", "add");
		json_set(a, &op, "path", json_of_fmt(a, "/%s", key));
		json_set(a, &op, "value", without.members[i].value);
		json_append(a, &patch, op);
	}
	static const char *const metadata[] = { "labels", "annotations" };
	for (size_t i = 0; i < ARRAY_LEN(metadata); i++) {
		const struct json *now = json_at(&without, "metadata", metadata[i], NULL);
		struct json op = json_of_object();
		json_set_str(a, &op, "op", "add");
		json_set(a, &op, "path", json_of_fmt(a, "/metadata/%s", metadata[i]));
		json_set(a, &op, "value", now ? *now : json_of_object());
		json_append(a, &patch, op);
	}
	return patch;
}

static void ask(struct verifying *v, struct subject *s)
{
	struct build *b = v->b;
	struct json *body = arena_alloc(&v->arena, sizeof(*body));
	struct api_call call = {
		.verb = API_DRY_RUN_APPLY,
		.kind = s->kind,
		.namespace = s->ref.namespace,
		.name = s->ref.name,
		.user = s,
	};
	if (!s->read) {
		call.verb = API_GET;
	} else if (s->removing) {
		*body = removal_patch(v, s);
		call.verb = API_DRY_RUN_JSON_PATCH;
		call.body = body;
	} else {
		*body = build_body(b, &v->arena, s);
		call.body = body;
		call.force = s->forced;
	}
	s->rounds += s->read;
	GROW(v->calls, v->n, v->cap);
	v->calls[v->n++] = call;
}

/* Which objects need no question: they are decided here. */
static bool is_namespace_missing(struct build *b, const struct subject *s, bool *declared)
{
	struct object_ref ns = { .group = "",
				 .version = "v1",
				 .kind = "Namespace",
				 .namespace = "",
				 .name = s->ref.namespace };
	const struct subject *found = *s->ref.namespace ? build_find(b, &ns) : NULL;
	*declared = found && found->head;
	return found && found->read && !found->live && found->state != SUBJECT_UNCHANGED;
}

static void defer(struct build *b, struct subject *s)
{
	build_check_manifest(b, s); /* without a server, the schema still tells what it knows */
	s->deferred = true;
	if (s->live) {
		build_predict(b, s);
		s->verified = VERIFIED_DEFERRED;
		return;
	}
	s->state = SUBJECT_CHANGED;
	s->verified = VERIFIED_DEFERRED;
	struct json *fields = arena_alloc(&b->arena, sizeof(*fields));
	AUTO(arena_done) struct arena scratch = { 0 };
	struct json body = build_body(b, &scratch, s);
	struct field_set owned = field_set_of(&scratch, build_schema(b, s), &body);
	owned = field_set_strip(&scratch, &owned);
	*fields = field_set_json(&b->arena, &owned);
	s->owned = fields;
	s->after = s->desired;
}

static void first_look(struct verifying *v, struct subject *s)
{
	struct build *b = v->b;
	if (s->state != SUBJECT_OPEN || !s->head)
		return;
	bool declared;
	if (json_at(s->live, "metadata", "deletionTimestamp", NULL))
		subject_unknown(b, s, "is being deleted in the cluster; wait until it is gone");
	else if (json_at(s->live, "metadata", "annotations", SECRET_HIDDEN_ANNOTATION, NULL))
		subject_unknown(b, s,
				"the snapshot holds no values of Secrets: leave them out with "
				"--exclude-kind Secret, or take it with --with-secrets");
	else if (s->deferred || is_namespace_missing(b, s, &declared))
		defer(b, s);
	else if (!s->kind->appliable)
		subject_unknown(b, s, "the cluster does not accept changes to kind %s",
				s->ref.kind);
	else if (b->o->verify == VERIFY_PREDICT)
		build_predict(b, s);
	else
		ask(v, s);
}

static int run_round(struct verifying *v, struct err *err)
{
	struct cluster *c = v->b->o->cluster;
	int rc = v->n ? c->ops->call(c, v->calls, v->n, on_answer, v, err) : 0;
	for (size_t i = 0; i < v->n; i++)
		err_done(&v->calls[i].err);
	v->n = 0;
	arena_reset(&v->arena);
	return rc;
}

/* Those that are to be asked again.  One that is read again, since it has moved, is given time to
 * come to rest, four seconds in all. */
static void next_round(struct verifying *v)
{
	struct build *b = v->b;
	int64_t pause = 0;
	for (size_t i = 0; i < b->n_subjects; i++) {
		struct subject *s = &b->subjects[i];
		if (!v->again[i])
			continue;
		v->again[i] = false;
		if (s->rounds >= ROUNDS_AT_MOST || s->moves > MOVES_AT_MOST) {
			subject_unknown(b, s, "keeps changing while it is read");
			continue;
		}
		if (!s->read && pause < (int64_t)PAUSE_MS << s->moves)
			pause = (int64_t)PAUSE_MS << s->moves;
		ask(v, s);
	}
	if (pause)
		time_pause_ms(pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS);
}

int build_verify(struct build *b, struct err *err)
{
	AUTO(verifying_done) struct verifying v = { .b = b };
	v.again = xcalloc(b->n_subjects, sizeof(*v.again));
	for (size_t i = 0; i < b->n_subjects; i++)
		first_look(&v, &b->subjects[i]);
	while (v.n) {
		if (run_round(&v, err) < 0)
			return -1;
		next_round(&v);
	}
	return 0;
}
