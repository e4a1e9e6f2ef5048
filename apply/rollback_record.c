/* What the ApplySet parent of each application is to say after a rollback: see rollback.h. */
#include "apply/rollback_private.h"

#include <string.h>

#include "apply/applyset.h"
#include "plan/state.h"

struct asked {
	struct rollback *rb;
	struct applyset *sets; /* by application, as it is now */
	bool *there;
};

static int on_parent(void *ctx, struct api_call *call, struct err *err)
{
	struct asked *q = ctx;
	size_t i = (size_t)(uintptr_t)call->user;
	if (!call->object && call->status != 404)
		return err_set(err, call->err.code ? call->err.code : ERR_SERVER,
			       "read the record of application %s: %s",
			       q->rb->plan.applications[i].name,
			       call->err.msg ? call->err.msg : "no answer");
	q->there[i] = call->object != NULL;
	applyset_of(&q->rb->arena, call->object, &q->sets[i]);
	return 0;
}

static bool same_text(const char *x, const char *y)
{
	return strcmp(x ? x : "", y ? y : "") == 0;
}

static bool same_record(const struct applied_record *x, const struct applied_record *y)
{
	return same_text(x->commit, y->commit) && same_text(x->digest, y->digest);
}

/* An answer that was lost leaves three possibilities, and all of them are of that apply. */
static bool is_of_the_apply(const struct rollback *rb, const struct journal_object *o,
			    const struct applyset *before, const struct applyset *after,
			    const struct applyset *now)
{
	if (same_record(&now->record, &after->record) || same_record(&now->record, &before->record))
		return true;
	bool lost = !o->answered || o->status == 0 || o->status >= 500;
	return lost && same_text(now->record.digest, rb->o->log->plan);
}

static void choose(struct rollback *rb, size_t i, bool there, const struct applyset *now)
{
	struct arena *a = &rb->arena;
	struct planned_application *app = &rb->plan.applications[i];
	const struct journal_object *o =
		journal_find(rb->o->log, applyset_journal_id(a, app->name, app->namespace));
	struct applyset before, after;
	const struct applyset *chosen = now;
	if (o) {
		applyset_from_json(a, o->before, &before);
		applyset_from_json(a, o->after ? o->after : o->before, &after);
		if (!there || is_of_the_apply(rb, o, &before, &after, now)) {
			chosen = &before;
		} else {
			GROW(rb->notes, rb->n_notes, rb->cap_notes);
			rb->notes[rb->n_notes++] =
				arena_fmt(a,
					  "application %s was applied again since (commit %.7s): "
					  "its record stays",
					  app->name, now->record.commit ? now->record.commit : "");
		}
	}
	app->kinds = applyset_split(a, chosen->kinds, &app->n_kinds);
	app->namespaces = applyset_split(a, chosen->namespaces, &app->n_namespaces);
	app->record = chosen->record;
}

int rollback_records(struct rollback *rb, struct err *err)
{
	struct arena *a = &rb->arena;
	struct plan *p = &rb->plan;
	size_t n = p->n_applications;
	struct asked q = { rb, arena_calloc(a, n, sizeof(*q.sets)),
			   arena_calloc(a, n, sizeof(*q.there)) };
	struct api_call *calls = arena_calloc(a, n, sizeof(*calls));
	for (size_t i = 0; i < n; i++)
		calls[i] = (struct api_call){
			.verb = API_GET,
			.kind = kinds_find(&rb->kinds, "", "v1", "ConfigMap"),
			.namespace = p->applications[i].namespace,
			.name = applyset_parent_name(a, p->applications[i].name),
			.user = (void *)(uintptr_t)i,
		};
	struct cluster *c = rb->o->cluster;
	int rc = n ? c->ops->call(c, calls, n, on_parent, &q, err) : 0;
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			choose(rb, i, q.there[i], &q.sets[i]);
		err_done(&calls[i].err);
	}
	p->head = n && p->applications[0].record.commit ? p->applications[0].record.commit : "";
	for (size_t i = 1; i < n; i++)
		if (!same_text(p->head, p->applications[i].record.commit))
			p->head = "";
	return rc;
}
