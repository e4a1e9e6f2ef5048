/* Step 5 of build.h: from what is known of a subject to a change of the plan. */
#include "plan/diff/subject.h"

#include <stdio.h>
#include <string.h>

#include "plan/diff/autoscaler.h"
#include "plan/diff/compare.h"
#include "plan/diff/held.h"
#include "plan/diff/hooks.h"
#include "plan/diff/moved.h"
#include "plan/diff/prune.h"
#include "plan/diff/unchanged.h"
#include "plan/order.h"
#include "plan/secret.h"
#include "plan/state.h"
#include "plan/wave.h"

/* ---- small parts */

static const char *live_text(const struct subject *s, const char *key)
{
	return json_str(json_at(s->live, "metadata", key, NULL));
}

static bool has_our_label(const struct build *b, const struct subject *s)
{
	const char *label = json_str(json_at(s->live, "metadata", "labels", APPLYSET_LABEL, NULL));
	return label && strcmp(label, b->apps[s->application].applyset) == 0;
}

static struct change start(struct build *b, const struct subject *s, enum action action)
{
	struct arena *a = &b->arena;
	const struct declared *d = s->head ? s->head : s->base;
	bool other_file = s->head && s->base && strcmp(s->head->file, s->base->file) != 0;
	const char *from = moved_from(b, s), *reason = s->reason;
	if (from && !reason)
		reason = *from ? arena_fmt(a, "moves here from application %s", from)
			       : "moves here from another ApplySet, which rhumb.yaml does not know";
	return (struct change){
		.id = object_ref_id(a, &s->ref),
		.action = action,
		.application = b->apps[s->application].config->name,
		.wave = s->wave,
		.ref = s->ref,
		.file = s->head ? s->head->file : NULL,
		.line = s->head ? s->head->line : 0,
		.col = s->head ? s->head->col : 0,
		.verified = d && s->verified ? s->verified : VERIFIED_SERVER,
		.precondition.uid = "",
		.was_file = other_file ? s->base->file : NULL,
		.moved_from = from,
		.reason = reason,
		.warnings = s->warnings,
		.n_warnings = s->n_warnings,
	};
}

/* Hooks are not paired. */
static const struct json *base_object(struct build *b, const struct subject *s)
{
	const struct declared *base = s->base;
	if (!base && s->hook)
		base = b->apps[s->application].same_tree ? s->head
							 : declared_find(&b->base_set, &s->ref);
	return base ? &base->object : NULL;
}

/* Once the subject is all that it will be. */
static void set_sides(struct build *b, const struct subject *s, struct change *c)
{
	struct change_sides *sides = arena_alloc(&b->arena, sizeof(*sides));
	*sides = (struct change_sides){
		.before = s->live,
		.after = c->action == ACTION_DELETE ? NULL : s->after,
		.declared = s->head ? &s->head->object : NULL,
		.base = base_object(b, s),
	};
	c->sides = sides;
}

static struct json *keep_copy(struct arena *a, const struct json *v)
{
	struct json *copy = arena_alloc(a, sizeof(*copy));
	*copy = json_copy(a, v);
	return copy;
}

/* A Secret's values are not in the plan: apply reads them again from the Git object. */
static void set_desired(struct build *b, const struct subject *s, struct change *c)
{
	struct json *desired = keep_copy(&b->arena, s->desired);
	c->desired = desired;
	if (!object_is_secret(&s->ref))
		return;
	struct json *data = (struct json *)json_get(desired, "data");
	for (uint32_t i = 0; json_is(data, JSON_OBJECT) && i < data->n; i++)
		data->members[i].value = json_of_null();
	c->source_blob = s->head->blob;
	c->source_document = s->head->document;
	c->source_item = s->head->item;
}

static const char *digest_of(struct build *b, const struct change *c, const struct json *object,
			     enum state_side side)
{
	char digest[DIGEST_TEXT];
	state_digest(c, object, side, b->o->key, digest);
	return arena_strdup(&b->arena, digest);
}

static void set_precondition(struct build *b, const struct subject *s, struct change *c)
{
	const char *uid = live_text(s, "uid");
	c->precondition.uid = uid ? uid : "";
	/* Of a snapshot without values there is nothing to be told from the values. */
	bool hidden = json_at(s->live, "metadata", "annotations", SECRET_HIDDEN_ANNOTATION, NULL);
	if (!hidden)
		c->precondition.digest = digest_of(b, c, s->live, STATE_BEFORE);
	if (object_is_secret(&s->ref) && (hidden || !b->o->key))
		c->precondition.resource_version = live_text(s, "resourceVersion");
}

/* What is deleted goes whole: the precondition covers all that somebody means of it. */
static void set_held(struct build *b, const struct subject *s, struct change *c)
{
	struct arena *a = &b->arena;
	struct json *held = arena_alloc(a, sizeof(*held));
	const struct json *base = s->base ? &s->base->object : NULL;
	struct field_set set = held_fields(a, build_schema(b, s), base, s->live);
	*held = field_set_json(a, &set);
	c->precondition.held = held;
}

/* What the plan promises to find, and what it expects to have made. */
static void set_promises(struct build *b, const struct subject *s, const struct json *owned,
			 struct change *c)
{
	c->owned = owned;
	if (s->live)
		set_precondition(b, s, c);
	/* A deferred object's lists may be reordered or defaulted by a server that nobody could
	 * ask, so no expectation is written for it, nor for a replacement. */
	if (s->state == SUBJECT_CHANGED && s->verified != VERIFIED_DEFERRED)
		c->expect = digest_of(b, c, s->after, STATE_AFTER);
}

static void set_fields(struct build *b, const struct subject *s, struct change *c,
		       const struct json *after)
{
	struct field_list fields = { 0 };
	compare_objects(&b->arena, build_schema(b, s), s->live, after, &fields);
	compare_attribute(&fields, s->base ? &s->base->object : NULL, &s->head->object, s->live);
	if (object_is_secret(&s->ref))
		compare_hide_secrets(&fields);
	owners_attribute(&b->arena, &s->owners, fields.items, fields.n);
	compare_defaults(&fields, s->base ? &s->base->object : NULL);
	c->fields = fields.items;
	c->n_fields = fields.n;
}

/* ---- one action each */

static bool owns_the_same(const struct subject *s)
{
	const struct json *now = json_get(own_entry(s->live), "fieldsV1");
	return now && s->owned && json_equal(now, s->owned);
}

static bool make_update(struct build *b, const struct subject *s, struct change *c)
{
	*c = start(b, s, ACTION_UPDATE);
	set_fields(b, s, c, s->after);
	struct field_set wanted = field_set_union(&b->arena, &s->conflicts, &s->dropped);
	owners_takeovers(&b->arena, &s->owners, &wanted, &c->takeovers, &c->n_takeovers);
	if (!c->n_fields && !c->n_takeovers && owns_the_same(s) && has_our_label(b, s))
		return false;
	if (!c->n_fields)
		c->action = ACTION_ADOPT;
	set_desired(b, s, c);
	set_promises(b, s, s->owned, c);
	return true;
}

static bool make_create(struct build *b, const struct subject *s, struct change *c)
{
	*c = start(b, s, ACTION_CREATE);
	set_desired(b, s, c);
	set_promises(b, s, s->owned, c);
	return true;
}

static bool make_replace(struct build *b, const struct subject *s, struct change *c)
{
	*c = start(b, s, ACTION_REPLACE);
	c->verified = VERIFIED_PREDICTED;
	const char *refused = prune_refuses_replacement(b, s);
	if (refused) {
		c->action = ACTION_REFUSED;
		c->reason = refused;
	}
	/* The server answers no object for a change that it refuses, so what is shown is what
	 * the manifest says against what is there, default values left aside. */
	struct subject shown = *s;
	shown.desired = &s->head->object; /* of a new object nobody holds anything yet */
	build_predict(b, &shown);
	set_fields(b, s, c, shown.after);
	set_desired(b, &shown, c);
	set_held(b, s, c);
	set_promises(b, s, shown.owned, c);
	return true;
}

static const char *why_conflict(struct build *b, const struct subject *s, const struct change *c)
{
	const char *scaler = NULL;
	for (size_t i = 0; i < c->n_fields && !scaler; i++)
		if (strcmp(c->fields[i].path, "/spec/replicas") == 0)
			scaler = autoscaler_of(b, s);
	if (scaler)
		return arena_fmt(&b->arena,
				 "%s sets spec.replicas, and Git wants it otherwise: leave the "
				 "field out of Git, or ignore it (rhumb.dev/ignore: "
				 "/spec/replicas, or `ignore` of the application)%s",
				 scaler,
				 c->n_fields > 1 ? "; the other fields belong to other managers"
						 : "");
	return "another field manager owns what Git wants otherwise: leave the field out of Git, "
	       "`ignore` it, or take it with `forceConflicts`";
}

static bool make_conflict(struct build *b, const struct subject *s, struct change *c)
{
	*c = start(b, s, ACTION_CONFLICT);
	struct field_list all = { 0 }, kept = { 0 };
	struct subject shown = *s;
	build_predict(b, &shown);
	compare_objects(&b->arena, build_schema(b, s), s->live, shown.after, &all);
	kept.items = arena_calloc(&b->arena, all.n, sizeof(*kept.items));
	for (size_t i = 0; i < all.n; i++) {
		AUTO(err_done) struct err ignored = { 0 };
		struct field_path path;
		if (field_path_parse(&b->arena, all.items[i].path, &path, &ignored) == 0 &&
		    !owners_all_takeable(&s->owners, &path))
			kept.items[kept.n++] = all.items[i];
	}
	compare_attribute(&kept, s->base ? &s->base->object : NULL, &s->head->object, s->live);
	if (object_is_secret(&s->ref))
		compare_hide_secrets(&kept);
	owners_attribute(&b->arena, &s->owners, kept.items, kept.n);
	c->fields = kept.items;
	c->n_fields = kept.n;
	c->reason = why_conflict(b, s, c);
	set_desired(b, s, c);
	const char *uid = live_text(s, "uid");
	c->precondition.uid = uid ? uid : "";
	return true;
}

static bool make_unknown(struct build *b, const struct subject *s, struct change *c)
{
	*c = start(b, s, ACTION_UNKNOWN);
	c->verified = b->o->cluster ? VERIFIED_SERVER : VERIFIED_STATIC;
	if (s->head)
		set_desired(b, s, c);
	return true;
}

static bool make_delete(struct build *b, const struct subject *s, struct change *c)
{
	if (!s->live)
		return false;
	const char *reason;
	enum prune what = prune_decide(b, s, &reason);
	if (what == PRUNE_STAYS) {
		build_note(b, "%s is not declared any more and stays: %s",
			   object_ref_label(&b->arena, &s->ref), reason);
		return false;
	}
	*c = start(b, s, what == PRUNE_DELETE ? ACTION_DELETE : ACTION_REFUSED);
	c->verified = b->o->cluster ? VERIFIED_SERVER : VERIFIED_STATIC;
	c->reason = reason;
	AUTO(err_done) struct err ignored = { 0 };
	if (!s->base && b->o->cluster)
		wave_of(s->live, "", &c->wave, &ignored);
	if (b->o->cluster) {
		set_held(b, s, c);
		set_precondition(b, s, c);
	}
	return true;
}

/* ---- hooks */

static void make_hook(struct build *b, const struct subject *s, struct change *c)
{
	const char *refused = prune_refuses_hook(b, s);
	make_create(b, s, c);
	if (s->earlier)
		c->precondition.uid = s->earlier;
	if (refused) {
		c->action = ACTION_REFUSED;
		c->reason = refused;
	}
}

struct change hooks_change(struct build *b, const struct subject *s, enum hook_phase phase)
{
	struct change c;
	if (!b->o->cluster) {
		c = start(b, s, ACTION_CREATE);
		c.verified = VERIFIED_STATIC;
		set_desired(b, s, &c);
	} else if (s->state == SUBJECT_CHANGED) {
		make_hook(b, s, &c);
	} else if (s->state == SUBJECT_CONFLICT) {
		c = start(b, s, ACTION_CONFLICT);
		set_desired(b, s, &c);
		c.precondition.uid = live_text(s, "uid");
	} else {
		make_unknown(b, s, &c);
	}
	c.moved_from = NULL;
	c.hook = (struct hook){ phase, s->hook->says.delete_policy };
	c.id = hook_id(&b->arena, &s->ref, phase);
	set_sides(b, s, &c);
	return c;
}

/* ---- base against head, without a cluster */

static bool make_static(struct build *b, struct subject *s, struct change *c)
{
	s->live = s->base ? &s->base->object : NULL;
	s->after = s->head ? &s->head->object : NULL;
	if (!s->head)
		return make_delete(b, s, c);
	*c = start(b, s, s->base ? ACTION_UPDATE : ACTION_CREATE);
	c->verified = VERIFIED_STATIC;
	if (s->base)
		set_fields(b, s, c, s->after);
	if (s->base && !c->n_fields)
		return false;
	set_desired(b, s, c);
	return true;
}

/* ---- all of them */

static bool make_change(struct build *b, struct subject *s, struct change *c)
{
	if (!b->o->cluster)
		return make_static(b, s, c);
	switch (s->state) {
	case SUBJECT_UNCHANGED:
	case SUBJECT_IGNORED:
		return false;
	case SUBJECT_UNKNOWN:
		return make_unknown(b, s, c);
	case SUBJECT_CONFLICT:
		return make_conflict(b, s, c);
	case SUBJECT_REPLACE:
		return make_replace(b, s, c);
	case SUBJECT_CHANGED:
		return s->live ? make_update(b, s, c) : make_create(b, s, c);
	case SUBJECT_OPEN:
		break;
	}
	if (!s->head)
		return make_delete(b, s, c);
	subject_unknown(b, s, "was not decided");
	return make_unknown(b, s, c);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_unique(struct arena *a, const char ***list, size_t *n, const char *text)
{
	for (size_t i = *n; i-- > 0;)
		if (strcmp((*list)[i], text) == 0)
			return;
	if ((*n & (*n - 1)) == 0) {
		const char **larger = arena_calloc(a, *n ? 2 * *n : 1, sizeof(*larger));
		if (*n)
			memcpy(larger, *list, *n * sizeof(*larger));
		*list = larger;
	}
	(*list)[(*n)++] = text;
}

/* What the ApplySet parent of each application has to say (KEP-3659). */
static void make_applications(struct build *b, struct plan *p)
{
	struct arena *a = &b->arena;
	p->n_applications = b->o->n_applications;
	p->applications = arena_calloc(a, p->n_applications, sizeof(*p->applications));
	for (size_t i = 0; i < p->n_applications; i++) {
		const struct build_application *app = &b->apps[i];
		p->applications[i] = (struct planned_application){
			.name = app->config->name,
			.path = app->config->path,
			.tree = app->head_tree,
			.base = app->base.commit,
			.namespace = app->parent_namespace,
			.applyset = app->applyset,
			.wait = app->config->wait,
			.wait_seconds = app->config->wait_seconds,
			.ready = app->config->ready,
			.n_ready = app->config->n_ready,
		};
	}
	for (size_t i = 0; i < b->n_paired; i++) {
		const struct subject *s = &b->subjects[i];
		if (!s->head)
			continue;
		struct planned_application *app = &p->applications[s->application];
		const char *kind = *s->ref.group ? arena_fmt(a, "%s.%s", s->ref.kind, s->ref.group)
						 : s->ref.kind;
		add_unique(a, &app->kinds, &app->n_kinds, kind);
		if (*s->ref.namespace && strcmp(s->ref.namespace, app->namespace) != 0)
			add_unique(a, &app->namespaces, &app->n_namespaces, s->ref.namespace);
	}
	for (size_t i = 0; i < p->n_applications; i++) {
		struct planned_application *app = &p->applications[i];
		if (app->n_kinds)
			qsort(app->kinds, app->n_kinds, sizeof(*app->kinds), by_text);
		if (app->n_namespaces)
			qsort(app->namespaces, app->n_namespaces, sizeof(*app->namespaces),
			      by_text);
	}
}

static const char *common_base(const struct build *b)
{
	const char *base = b->o->n_applications ? b->apps[0].base.commit : "";
	for (size_t i = 1; i < b->o->n_applications; i++)
		if (strcmp(base, b->apps[i].base.commit) != 0)
			return "";
	return base;
}

static int fill_cluster(struct build *b, struct plan *p, struct err *err)
{
	struct cluster *c = b->o->cluster;
	struct cluster_identity id = { 0 };
	p->cluster_name = "none";
	p->cluster_uid = p->cluster_version = "";
	if (!c)
		return 0;
	if (c->ops->identify(c, &id, err) < 0)
		return err_wrap(err, "identify the cluster");
	const char *name = b->o->cluster_name ? b->o->cluster_name : id.name;
	p->cluster_name = arena_strdup(&b->arena, name ? name : "");
	p->server = arena_strdup(&b->arena, id.server ? id.server : "");
	p->cluster_uid = arena_strdup(&b->arena, id.uid ? id.uid : "");
	p->cluster_version = arena_strdup(&b->arena, id.version ? id.version : "");
	if (!*p->cluster_uid)
		build_note(b,
			   "the plan cannot be applied, because nobody could tell its cluster: %s",
			   id.uid_unknown ? id.uid_unknown : "it has no uid");
	cluster_identity_done(&id);
	return 0;
}

int build_changes(struct build *b, struct plan *p, struct err *err)
{
	if (fill_cluster(b, p, err) < 0)
		return -1;
	p->repository = repository_name(b->o->repository);
	p->base = common_base(b);
	p->head = b->head.commit;
	p->head_subject = b->head.subject;
	p->created = b->o->created;
	p->tool = "rhumb " RHUMB_VERSION;
	make_applications(b, p);
	p->changes = arena_calloc(&b->arena, b->n_subjects + HOOK_PHASE_COUNT * b->n_hooks,
				  sizeof(*p->changes));
	const struct subject **made_of = arena_calloc(&b->arena, b->n_subjects, sizeof(*made_of));
	for (size_t i = 0; i < b->n_subjects; i++) {
		struct subject *s = &b->subjects[i];
		made_of[p->n_changes] = s;
		if (make_change(b, s, &p->changes[p->n_changes]))
			set_sides(b, s, &p->changes[p->n_changes++]);
		else if (s->head) {
			s->state = SUBJECT_UNCHANGED;
			p->summary.unchanged++;
		}
	}
	prune_check_budgets(b, p);
	if (build_takes(b, p, err) < 0)
		return -1;
	p->requests = b->o->cluster ? b->o->cluster->requests : 0;
	moved_pairs(b, p, made_of);
	moved_note_files(b);
	moved_note_sets(b);
	if (hooks_add(b, p, err) < 0)
		return -1;
	hooks_note(b);
	order_changes(p->changes, p->n_changes);
	p->requests = b->o->cluster ? b->o->cluster->requests : 0;
	p->notes = b->notes;
	p->n_notes = b->n_notes;
	plan_summarise(p);
	return 0;
}
