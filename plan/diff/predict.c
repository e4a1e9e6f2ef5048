/* Predicting an apply without the server: the same merge code that the embedded cluster runs.
 *
 * Defaults, admission and validation are not known here, so what is predicted is marked so. */
#include "plan/diff/subject.h"

#include <string.h>

#include "plan/cluster/cluster.h"
#include "plan/cluster/file/file.h"
#include "plan/diff/rules.h"
#include "plan/diff/unchanged.h"
#include "plan/merge/apply.h"
#include "plan/secret.h"
#include "plan/state.h"

static bool is_built_in(const struct build *b, const struct subject *s)
{
	static const struct schema_set only_built_in = { 0 };
	(void)b;
	return schema_root(&only_built_in, s->ref.group, s->ref.version, s->ref.kind) != NULL;
}

static int merge(struct build *b, const struct subject *s, const struct json *body, bool force,
		 struct merge_result *out, struct err *err)
{
	struct merge_request request = {
		.schema = build_schema(b, s),
		.live = s->live,
		.object = body,
		.manager = FIELD_MANAGER,
		.now = "1970-01-01T00:00:00Z", /* managedFields' times are in no digest */
		.force = force,
		.built_in = is_built_in(b, s),
		.keeps_status = true,
	};
	return merge_apply(&b->arena, &request, out, err);
}

static bool note_conflicts(struct build *b, struct subject *s, const struct merge_result *r)
{
	bool takeable = true;
	for (size_t i = 0; i < r->n_conflicts; i++) {
		field_set_insert(&b->arena, &s->conflicts, &r->conflicts[i].path);
		takeable = takeable && owners_all_takeable(&s->owners, &r->conflicts[i].path);
	}
	return takeable;
}

struct defaults {
	const struct subject *s;
	const struct json *body; /* ours, to be edited */
};

static int keep_defaults(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	const struct defaults *d = ctx;
	const struct json *want = field_path_get(&d->s->head->object, path);
	const struct json *live = field_path_get(d->s->live, path);
	struct json *sent = (struct json *)field_path_get(d->body, path);
	bool whole = json_is(want, JSON_ARRAY) || json_is(want, JSON_OBJECT);
	if (whole && sent && json_equal(want, field_path_get(&d->s->base->object, path)) &&
	    state_holds(want, live) && !owners_find(&d->s->owners, path))
		*sent = *live;
	return 0;
}

/* Servers put defaults into values that are merged as one (the rules of a NetworkPolicy).  They
 * are no difference where Git says what base said and nobody else has written. */
static void assume_defaults(struct build *b, const struct subject *s, struct json *body)
{
	AUTO(err_done) struct err ignored = { 0 };
	struct defaults d = { s, body };
	if (!s->base || !s->live)
		return;
	struct field_set all = field_set_of(&b->arena, build_schema(b, s), body);
	struct field_set leaves = field_set_leaves(&b->arena, &all);
	field_set_walk(&leaves, keep_defaults, &d, &ignored);
}

static void set_after(struct build *b, struct subject *s, const struct json *object)
{
	struct json *after = arena_alloc(&b->arena, sizeof(*after));
	*after = *object;
	s->owned = json_get(own_entry(object), "fieldsV1");
	s->dropped = owners_dropped(&b->arena, &s->owners, build_schema(b, s),
				    s->base ? &s->base->object : NULL, &s->head->object, object);
	s->dropped = rules_dropped(b, s, &s->dropped);
	if (!field_set_empty(&s->dropped))
		*after = field_set_remove(&b->arena, build_schema(b, s), object, &s->dropped);
	s->after = after;
}

/* What the server's validation would say, as far as the embedded cluster knows it: fields that
 * never change above all. */
static void foresee_refusal(struct build *b, struct subject *s)
{
	struct file_problems *problems = arena_calloc(&b->arena, 1, sizeof(*problems));
	file_validate(&b->arena, s->kind, s->live, s->after, problems);
	bool immutable = true;
	AUTO(buf_done) struct buf text = { 0 };
	for (size_t i = 0; i < problems->n; i++) {
		const struct file_problem *p = &problems->items[i];
		immutable = immutable && build_says_immutable(p->message);
		buf_printf(&text, "%s%s: %s", i ? "; " : "", p->field, p->message);
	}
	s->state = SUBJECT_CHANGED;
	if (!problems->n)
		return;
	bool secret = object_is_secret(&s->ref);
	AUTO(auto_free)
	char *clean = secret_scrub(secret ? &s->head->object : NULL, buf_text(&text));
	if (immutable && s->live) {
		s->state = SUBJECT_REPLACE;
		s->reason = arena_strdup(&b->arena, clean);
	} else {
		subject_unknown(b, s, "the server would refuse it: %s", clean);
	}
}

void build_predict(struct build *b, struct subject *s)
{
	AUTO(err_done) struct err err = { 0 };
	struct merge_result result = { 0 };
	bool decided = s->state != SUBJECT_OPEN; /* only to show a conflict or a replacement */
	struct json body = build_body(b, &b->arena, s);
	assume_defaults(b, s, &body);
	if (merge(b, s, &body, decided, &result, &err) < 0) {
		if (decided) {
			s->after = s->desired;
			return;
		}
		if (err.code == ERR_INVALID && build_check_manifest(b, s))
			s->reason = "the manifest is wrong";
		subject_unknown(b, s, "could not be predicted: %s", err.msg);
		return;
	}
	if (result.n_conflicts && !decided) {
		if (!note_conflicts(b, s, &result)) {
			s->state = SUBJECT_CONFLICT;
			return;
		}
		s->forced = true;
		if (merge(b, s, &body, true, &result, &err) < 0) {
			subject_unknown(b, s, "could not be predicted: %s", err.msg);
			return;
		}
	}
	set_after(b, s, &result.object);
	s->verified = VERIFIED_PREDICTED;
	if (!decided)
		foresee_refusal(b, s);
}

static const struct subject *changing_crd(struct build *b, const struct subject *s)
{
	struct object_ref ref = {
		.group = "apiextensions.k8s.io",
		.version = "v1",
		.kind = "CustomResourceDefinition",
		.namespace = "",
		.name = arena_fmt(&b->arena, "%s.%s", s->kind->plural, s->ref.group),
	};
	const struct subject *crd = build_find(b, &ref);
	return crd && crd->head && crd->state != SUBJECT_UNCHANGED ? crd : NULL;
}

bool build_defer_to_crd(struct build *b, struct subject *s)
{
	if (!changing_crd(b, s))
		return false;
	s->state = SUBJECT_OPEN;
	build_predict(b, s);
	if (s->state == SUBJECT_CHANGED)
		s->verified = VERIFIED_DEFERRED;
	return true;
}
