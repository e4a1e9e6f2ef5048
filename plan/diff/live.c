/* Step 3 of build.h: what the cluster has of the subjects.
 *
 * One LIST per kind and namespace, all at once; where only a few objects are wanted, GETs, which
 * also need fewer rights.  Where a kind spreads over many namespaces one LIST over all of them is
 * tried first.  Objects that carry the ApplySet label of one of our applications and that nobody
 * declares are members left behind: they become subjects of their own.
 *
 * Every default here fails towards "unknown": an object that could not be read must never be
 * taken for one that is not there. */
#include "plan/diff/reading.h"

#include <stdio.h>
#include <string.h>

#include "plan/diff/hooks.h"
#include "plan/diff/rules.h"
#include "plan/diff/unchanged.h"
#include "plan/state.h"

enum {
	GET_AT_MOST = 4,         /* objects of one kind and namespace that are read one by one */
	NAMESPACES_AT_MOST = 16, /* lists of one kind before one over all namespaces is tried */
};

static void reading_done(struct reading *r)
{
	for (size_t i = 0; i < r->n_lists; i++)
		err_done(&r->lists[i].err);
	for (size_t i = 0; i < r->n_gets; i++)
		err_done(&r->gets[i].err);
	free(r->groups);
	free(r->lists);
	free(r->list_group);
	free(r->gets);
}

/* ---- what arrives */

static size_t application_of_label(const struct build *b, const char *applyset)
{
	for (size_t i = 0; i < b->o->n_applications; i++)
		if (strcmp(b->apps[i].applyset, applyset) == 0)
			return i;
	return SIZE_MAX;
}

/* Every write to an object is conditional on its uid. */
static bool has_uid(struct build *b, struct subject *s, const struct json *live)
{
	const char *uid = json_str(json_at(live, "metadata", "uid", NULL));
	if (uid && *uid)
		return true;
	subject_unknown(b, s, "cannot be read: the server's object has no metadata.uid");
	return false;
}

static void add_member(struct build *b, const struct object_ref *ref, const struct kind *kind,
		       const struct json *live)
{
	const char *label = json_str(json_at(live, "metadata", "labels", APPLYSET_LABEL, NULL));
	size_t app = label ? application_of_label(b, label) : SIZE_MAX;
	if (app == SIZE_MAX || strcmp(ref->name, "") == 0 || hooks_declare(b, ref))
		return;
	for (size_t i = b->n_paired; i < b->n_subjects; i++)
		if (object_ref_compare(&b->subjects[i].ref, ref) == 0)
			return;
	GROW(b->subjects, b->n_subjects, b->cap_subjects);
	struct subject *s = &b->subjects[b->n_subjects++];
	*s = (struct subject){
		.ref = object_ref_copy(&b->arena, ref),
		.application = app,
		.kind = kind,
	};
	if (has_uid(b, s, live))
		subject_set_live(b, s, live);
}

static void take(struct build *b, const struct kind *kind, const struct json *live)
{
	const struct json *metadata = json_get(live, "metadata");
	const char *namespace = json_get_str(metadata, "namespace");
	const char *name = json_get_str(metadata, "name");
	struct object_ref ref = {
		.group = kind->group,
		.version = kind->version,
		.kind = kind->kind,
		.namespace = namespace ? namespace : "",
		.name = name ? name : "",
	};
	struct subject *s = build_find(b, &ref);
	if (!s) {
		add_member(b, &ref, kind, live);
		return;
	}
	if (s->read)
		return; /* a page that came twice */
	if (!has_uid(b, s, live))
		return;
	if (s->head && rules_ignore_any(b, s)) {
		struct owners owners;
		owners_of(&b->arena, live, &owners);
		s->desired = rules_desired(b, s, live, &owners);
	}
	const char *applyset = b->apps[s->application].applyset;
	if (s->head && !json_get(metadata, "deletionTimestamp") &&
	    unchanged_by_apply(s->desired, APPLYSET_LABEL, applyset, live)) {
		s->read = true;
		s->state = SUBJECT_UNCHANGED;
		return;
	}
	subject_set_live(b, s, live);
}

static int on_list_object(void *ctx, struct list_request *request, const struct json *object,
			  struct err *err)
{
	(void)err;
	struct reading *r = ctx;
	take(r->b, request->kind, object);
	return 0;
}

static int on_get(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct reading *r = ctx;
	struct subject *s = &r->b->subjects[(size_t)(uintptr_t)call->user];
	if (call->object)
		take(r->b, call->kind, call->object);
	else if (call->err.code == ERR_NOT_FOUND)
		s->read = true;
	else
		subject_unknown(r->b, s, "cannot be read: %s", call->err.msg);
	return 0;
}

/* ---- what is asked */

void reading_add_list(struct reading *r, const struct kind *kind, const char *namespace,
		      const char *selector, size_t group)
{
	if (r->n_lists == r->cap_lists) {
		r->cap_lists = r->cap_lists ? 2 * r->cap_lists : 8;
		r->lists = xreallocarray(r->lists, r->cap_lists, sizeof(*r->lists));
		r->list_group = xreallocarray(r->list_group, r->cap_lists, sizeof(*r->list_group));
	}
	r->lists[r->n_lists] = (struct list_request){
		.kind = kind,
		.namespace = namespace && *namespace ? namespace : NULL,
		.label_selector = selector,
	};
	r->list_group[r->n_lists++] = group;
}

static void add_get(struct reading *r, size_t subject)
{
	const struct subject *s = &r->b->subjects[subject];
	GROW(r->gets, r->n_gets, r->cap_gets);
	r->gets[r->n_gets++] = (struct api_call){
		.verb = API_GET,
		.kind = s->kind,
		.namespace = s->ref.namespace,
		.name = s->ref.name,
		.user = (void *)(uintptr_t)subject,
	};
}

static void not_served(struct build *b, struct subject *s)
{
	const char *stated = object_ref_api_version(&b->arena, &s->ref);
	const struct kind *other = kinds_find_any(&b->kinds, s->ref.group, s->ref.kind);
	if (other)
		subject_unknown(b, s, "the cluster serves kind %s in version %s, not in %s",
				s->ref.kind, other->version, stated);
	else
		subject_unknown(b, s, "the cluster does not serve kind %s in %s", s->ref.kind,
				stated);
}

static void make_groups(struct reading *r)
{
	struct build *b = r->b;
	for (size_t i = 0; i < b->n_paired; i++) {
		struct subject *s = &b->subjects[i];
		if (!s->kind) {
			if (s->head)
				not_served(b, s);
			else
				s->state = SUBJECT_IGNORED; /* a kind that is gone has no objects */
			continue;
		}
		if (s->kind->deferred) {
			s->read = true;
			continue;
		}
		struct group *last = r->n_groups ? &r->groups[r->n_groups - 1] : NULL;
		if (last && last->first + last->n == i && last->kind == s->kind &&
		    strcmp(last->namespace, s->ref.namespace) == 0) {
			last->n++;
			continue;
		}
		GROW(r->groups, r->n_groups, r->cap_groups);
		r->groups[r->n_groups++] = (struct group){
			.first = i, .n = 1, .kind = s->kind, .namespace = s->ref.namespace
		};
	}
}

static bool wants_list(const struct group *g)
{
	return g->kind->listable && g->n > GET_AT_MOST;
}

/* How many groups of this one's kind are to be listed; they are neighbours. */
static size_t lists_of_kind(const struct reading *r, size_t first)
{
	size_t n = 0;
	for (size_t i = first; i < r->n_groups && r->groups[i].kind == r->groups[first].kind; i++)
		n += wants_list(&r->groups[i]);
	return n;
}

static void ask_for_groups(struct reading *r)
{
	for (size_t i = 0; i < r->n_groups;) {
		const struct kind *kind = r->groups[i].kind;
		bool wide = kind->namespaced && lists_of_kind(r, i) > NAMESPACES_AT_MOST;
		if (wide)
			reading_add_list(r, kind, NULL, NULL, SIZE_MAX);
		for (; i < r->n_groups && r->groups[i].kind == kind; i++) {
			struct group *g = &r->groups[i];
			if (wide)
				g->listed = true;
			else if (wants_list(g))
				reading_add_list(r, kind, g->namespace, NULL, i);
			else
				for (size_t k = 0; k < g->n; k++)
					add_get(r, g->first + k);
		}
	}
}

/* ---- after the answers */

static void mark_group(struct reading *r, struct group *g, const struct err *failure)
{
	for (size_t k = 0; k < g->n; k++) {
		struct subject *s = &r->b->subjects[g->first + k];
		if (s->read)
			continue;
		if (failure)
			subject_unknown(r->b, s, "cannot be read: %s", failure->msg);
		else
			s->read = true;
	}
	g->listed = !failure;
}

int reading_run_lists(struct reading *r, size_t first, struct err *err)
{
	struct cluster *c = r->b->o->cluster;
	size_t n = r->n_lists - first;
	if (n && c->ops->list(c, r->lists + first, n, on_list_object, r, err) < 0)
		return -1;
	return 0;
}

/* The groups of a LIST over all namespaces, and what to do where it was refused. */
static void settle_wide(struct reading *r, size_t list)
{
	const struct list_request *q = &r->lists[list];
	for (size_t i = 0; i < r->n_groups; i++) {
		struct group *g = &r->groups[i];
		if (g->kind != q->kind)
			continue;
		if (q->err.code == ERR_FORBIDDEN) {
			reading_add_list(r, g->kind, g->namespace, NULL, i);
			q = &r->lists[list]; /* the array may have moved */
			g->listed = false;
		} else {
			mark_group(r, g, q->err.code ? &q->err : NULL);
		}
	}
}

static int read_groups(struct reading *r, struct err *err)
{
	make_groups(r);
	ask_for_groups(r);
	if (reading_run_lists(r, 0, err) < 0)
		return -1;
	size_t first_round = r->n_lists;
	for (size_t i = 0; i < first_round; i++)
		if (r->list_group[i] == SIZE_MAX)
			settle_wide(r, i);
	if (reading_run_lists(r, first_round, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_lists; i++)
		if (r->list_group[i] != SIZE_MAX)
			mark_group(r, &r->groups[r->list_group[i]],
				   r->lists[i].err.code ? &r->lists[i].err : NULL);
	struct cluster *c = r->b->o->cluster;
	if (r->n_gets && c->ops->call(c, r->gets, r->n_gets, on_get, r, err) < 0)
		return -1;
	return 0;
}

int build_read_live(struct build *b, struct err *err)
{
	AUTO(reading_done) struct reading r = { .b = b };
	if (read_groups(&r, err) < 0)
		return -1;
	return reading_members(&r, err);
}

/* ---- hooks */

static int on_hook(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct reading *r = ctx;
	struct subject *s = &r->b->subjects[(size_t)(uintptr_t)call->user];
	if (!call->object && call->err.code != ERR_NOT_FOUND)
		subject_unknown(r->b, s, "cannot be read: %s", call->err.msg);
	else if (!call->object || has_uid(r->b, s, call->object))
		subject_set_live(r->b, s, call->object);
	return 0;
}

int hooks_read(struct build *b, size_t first, struct err *err)
{
	AUTO(reading_done) struct reading r = { .b = b };
	for (size_t i = first; i < b->n_subjects; i++) {
		struct subject *s = &b->subjects[i];
		if (!s->kind)
			not_served(b, s);
		else if (s->deferred)
			s->read = true;
		else
			add_get(&r, i);
	}
	struct cluster *c = b->o->cluster;
	return r.n_gets ? c->ops->call(c, r.gets, r.n_gets, on_hook, &r, err) : 0;
}
