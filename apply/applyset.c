/* The ApplySet of each application (KEP-3659): a ConfigMap "rhumb-<application>" that lists the
 * kinds and namespaces of its members and records the commit that was applied.
 *
 * Whoever looks for members reads the list, so it has to hold at least what there may be: before
 * the first write it gets the old and the new kinds and namespaces, and only after all of the
 * application was applied the final ones, with the commit. */
#include "apply/applyset_names.h"
#include "apply/names.h"
#include "apply/run.h"

#include <string.h>

enum { MAX_ATTEMPTS = 4 }; /* to write one that is changed at the same time */

/* ---- reading */

static const char *annotation(struct run *r, const struct json *object, const char *name)
{
	const char *s = json_str(json_at(object, "metadata", "annotations", name, NULL));
	return s ? arena_strdup(&r->arena, s) : NULL;
}

/* Somebody else's ConfigMap or ApplySet is not ours to write. */
static int check_ours(struct parent *p, const struct json *object, struct err *err)
{
	const char *id = json_str(json_at(object, "metadata", "labels", APPLYSET_ID, NULL));
	const char *tool =
		json_str(json_at(object, "metadata", "annotations", APPLYSET_TOOLING, NULL));
	const struct planned_application *app = p->application;
	if (!id || !tool)
		return err_set(err, ERR_REFUSED,
			       "ConfigMap %s/%s exists and is not the ApplySet of application %s: "
			       "rename one of them",
			       app->namespace, p->name, app->name);
	if (strcmp(id, app->applyset) != 0 || strcmp(tool, APPLYSET_RHUMB) != 0)
		return err_set(err, ERR_REFUSED,
			       "ConfigMap %s/%s is an ApplySet of another tool or version (%s, id "
			       "%s)",
			       app->namespace, p->name, tool, id);
	return 0;
}

static int parent_set(struct run *r, struct parent *p, const struct json *object, struct err *err)
{
	p->exists = object != NULL;
	p->kinds = p->namespaces = "";
	if (!object)
		return 0;
	if (check_ours(p, object, err) < 0)
		return -1;
	const char *kinds = annotation(r, object, APPLYSET_KINDS);
	const char *namespaces = annotation(r, object, APPLYSET_NAMESPACES);
	const char *uid = json_str(json_at(object, "metadata", "uid", NULL));
	const char *version = json_str(json_at(object, "metadata", "resourceVersion", NULL));
	p->kinds = kinds ? kinds : "";
	p->namespaces = namespaces ? namespaces : "";
	p->commit = annotation(r, object, APPLYSET_COMMIT);
	p->repository = annotation(r, object, APPLYSET_REPOSITORY);
	p->digest = annotation(r, object, APPLYSET_DIGEST);
	p->unfinished = annotation(r, object, APPLYSET_UNFINISHED);
	p->uid = arena_strdup(&r->arena, uid ? uid : "");
	p->resource_version = arena_strdup(&r->arena, version ? version : "");
	return 0;
}

static struct api_call call_of(struct run *r, struct parent *p, enum api_verb verb)
{
	return (struct api_call){ .verb = verb,
				  .kind = kinds_find(&r->kinds, "", "v1", "ConfigMap"),
				  .namespace = p->application->namespace,
				  .name = p->name,
				  .user = p };
}

static int was_read(void *ctx, struct api_call *call, struct err *err)
{
	struct run *r = ctx;
	struct parent *p = call->user;
	if (call->status == 404 || (call->status >= 200 && call->status < 300 && call->object))
		return parent_set(r, p, call->object, err);
	return err_set(err, call->err.code ? call->err.code : ERR_SERVER,
		       "read ConfigMap %s/%s, the record of application %s: %s",
		       p->application->namespace, p->name, p->application->name,
		       call->err.msg ? call->err.msg : "no answer");
}

static int read_batch(struct run *r, struct parent **parents, size_t n, struct err *err)
{
	AUTO(auto_free) struct api_call *calls = xcalloc(n, sizeof(*calls));
	for (size_t i = 0; i < n; i++)
		calls[i] = call_of(r, parents[i], API_GET);
	int rc = r->cluster->ops->call(r->cluster, calls, n, was_read, r, err);
	for (size_t i = 0; i < n; i++)
		err_done(&calls[i].err);
	return rc;
}

/* "Deployment.apps" */
static const char *group_kind(struct arena *a, const struct object_ref *ref)
{
	return *ref->group ? arena_fmt(a, "%s.%s", ref->kind, ref->group) : ref->kind;
}

/* What head declares and what the changes touch. */
static void collect(struct run *r, struct parent *p)
{
	const struct planned_application *app = p->application;
	struct names kinds = { 0 }, namespaces = { 0 };
	for (size_t i = 0; i < app->n_kinds; i++)
		names_add(&kinds, app->kinds[i]);
	for (size_t i = 0; i < app->n_namespaces; i++)
		names_add(&namespaces, app->namespaces[i]);
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		const struct change *c = &r->plan->changes[i];
		if (r->steps[i].parent != p || !action_writes(c->action) || change_is_hook(c))
			continue;
		names_add(&kinds, group_kind(&r->arena, &c->ref));
		if (*c->ref.namespace && strcmp(c->ref.namespace, app->namespace) != 0)
			names_add(&namespaces, c->ref.namespace);
	}
	p->all_kinds = names_join(&r->arena, &kinds);
	p->all_namespaces = names_join(&r->arena, &namespaces);
}

int parents_read(struct run *r, struct err *err)
{
	size_t n = r->plan->n_applications;
	struct parent **all = arena_calloc(&r->arena, n, sizeof(struct parent *));
	for (size_t i = 0; i < n; i++) {
		all[i] = &r->parents[i];
		collect(r, all[i]);
	}
	return n ? read_batch(r, all, n, err) : 0;
}

/* ---- writing */

struct wanted {
	const char *kinds, *namespaces;
	const char *commit, *repository, *digest; /* NULL: not recorded */
	const char *unfinished;                   /* NULL: no hooks are to run */
};

static bool has_hooks(const struct run *r, const struct parent *p)
{
	for (size_t i = 0; i < r->plan->n_changes; i++)
		if (r->steps[i].parent == p && change_is_hook(r->steps[i].change) &&
		    action_writes(r->steps[i].change->action))
			return true;
	return false;
}

static struct wanted superset(struct run *r, const struct parent *p)
{
	return (struct wanted){
		.kinds = names_join_lists(&r->arena, p->kinds, p->all_kinds),
		.namespaces = names_join_lists(&r->arena, p->namespaces, p->all_namespaces),
		.commit = p->commit,
		.repository = p->repository,
		.digest = p->digest,
		.unfinished = has_hooks(r, p) ? r->plan->digest : p->unfinished,
	};
}

static struct wanted final_set(struct run *r, const struct parent *p)
{
	const struct planned_application *app = p->application;
	const char *kinds = names_join_all(&r->arena, app->kinds, app->n_kinds);
	const char *namespaces = names_join_all(&r->arena, app->namespaces, app->n_namespaces);
	if (r->plan->rollback_of)
		return (struct wanted){ .kinds = kinds,
					.namespaces = namespaces,
					.commit = app->record.commit,
					.repository = app->record.repository,
					.digest = app->record.digest };
	return (struct wanted){
		.kinds = kinds,
		.namespaces = namespaces,
		.commit = r->plan->head,
		.repository = r->plan->repository,
		.digest = r->plan->digest,
	};
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The digest of the plan alone is no reason to write: planning again may give another one
 * where there is nothing to do. */
static bool is_written(const struct parent *p, const struct wanted *w)
{
	return p->exists && same_text(p->kinds, w->kinds) &&
	       same_text(p->namespaces, w->namespaces) && same_text(p->commit, w->commit) &&
	       same_text(p->repository, w->repository) && same_text(p->unfinished, w->unfinished);
}

static void set_text(struct arena *a, struct json *object, const char *key, const char *value)
{
	if (value && *value)
		json_set_str(a, object, key, value);
}

static struct json parent_body(struct arena *a, const struct parent *p, const struct wanted *w)
{
	struct json body = json_of_object(), meta = json_of_object(), labels = json_of_object();
	struct json annotations = json_of_object();
	json_set_str(a, &labels, APPLYSET_ID, p->application->applyset);
	json_set_str(a, &annotations, APPLYSET_TOOLING, APPLYSET_RHUMB);
	json_set_str(a, &annotations, APPLYSET_KINDS, w->kinds);
	json_set_str(a, &annotations, APPLYSET_NAMESPACES, w->namespaces);
	set_text(a, &annotations, APPLYSET_COMMIT, w->commit);
	set_text(a, &annotations, APPLYSET_REPOSITORY, w->repository);
	set_text(a, &annotations, APPLYSET_DIGEST, w->digest);
	set_text(a, &annotations, APPLYSET_UNFINISHED, w->unfinished);
	json_set_str(a, &meta, "name", p->name);
	json_set_str(a, &meta, "namespace", p->application->namespace);
	if (p->exists)
		json_set_str(a, &meta, "uid", p->uid);
	json_set_str(a, &meta, "resourceVersion", p->exists ? p->resource_version : "1");
	json_set(a, &meta, "labels", labels);
	json_set(a, &meta, "annotations", annotations);
	json_set_str(a, &body, "apiVersion", "v1");
	json_set_str(a, &body, "kind", "ConfigMap");
	json_set(a, &body, "metadata", meta);
	return body;
}

static void parent_fail(struct run *r, struct parent *p, const char *why)
{
	p->failed = true;
	result_problem(r->result,
		       "the record of application %s (ConfigMap %s/%s) was not written: %s",
		       p->application->name, p->application->namespace, p->name, why);
}

static int was_written(void *ctx, struct api_call *call, struct err *err)
{
	struct run *r = ctx;
	struct parent *p = call->user;
	(void)err;
	p->again = false;
	announce_parent_answer(r, p, call);
	r->wrote = r->wrote || call->status == 0 || call->status >= 500;
	if (call->status >= 200 && call->status < 300 && call->object) {
		AUTO(err_done) struct err wrong = { 0 };
		r->wrote = true;
		p->ready = true;
		if (parent_set(r, p, call->object, &wrong) < 0)
			parent_fail(r, p, wrong.msg);
	} else if ((call->status == 409 || call->status == 0) && p->attempts < MAX_ATTEMPTS) {
		p->again = true;
	} else {
		parent_fail(r, p, call->err.msg ? call->err.msg : "no answer");
	}
	return 0;
}

typedef struct wanted wanted_fn(struct run *r, const struct parent *p);

static void write_batch(struct run *r, struct parent **parents, size_t n, wanted_fn *want)
{
	AUTO(auto_free) struct api_call *calls = xcalloc(n, sizeof(*calls));
	struct json *bodies = arena_calloc(&r->arena, n, sizeof(*bodies));
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		struct parent *p = parents[i];
		struct wanted w = want(r, p);
		p->again = false;
		if (is_written(p, &w)) {
			p->ready = true;
			continue;
		}
		bodies[k] = parent_body(&r->arena, p, &w);
		calls[k] = call_of(r, p, API_APPLY);
		calls[k].body = &bodies[k];
		/* All of the object is ours, whoever has put a value in by hand. */
		calls[k].force = true;
		p->again = true; /* until there is an answer */
		p->attempts++;
		AUTO(err_done) struct err err = { 0 };
		if (announce_parent(r, p, &calls[k], &err))
			k++;
		else
			parent_fail(r, p, err.msg);
	}
	AUTO(err_done) struct err whole = { 0 };
	if (k && !announce_sync(r, &whole)) {
		for (size_t i = 0; i < k; i++)
			parent_fail(r, calls[i].user, whole.msg);
		return;
	}
	if (k)
		r->write(r->cluster, calls, k, was_written, r, &whole);
	for (size_t i = 0; i < k; i++) {
		struct parent *p = calls[i].user;
		if (p->again && !p->failed && p->attempts >= MAX_ATTEMPTS)
			parent_fail(r, p, whole.msg ? whole.msg : "no answer");
		err_done(&calls[i].err);
	}
}

/* Writes, and where another has written at the same time or the answer was lost, looks and
 * writes again. */
static void write_parents(struct run *r, struct parent **parents, size_t n, wanted_fn *want)
{
	while (n) {
		size_t again = 0;
		write_batch(r, parents, n, want);
		for (size_t i = 0; i < n; i++)
			if (parents[i]->again && !parents[i]->failed)
				parents[again++] = parents[i];
		n = again;
		AUTO(err_done) struct err err = { 0 };
		if (n && read_batch(r, parents, n, &err) < 0) {
			for (size_t i = 0; i < n; i++)
				parent_fail(r, parents[i], err.msg);
			return;
		}
	}
}

/* Its namespace is still to be created by this plan. */
static bool has_no_home_yet(struct run *r, const struct parent *p)
{
	const struct step *ns = run_namespace(r, p->application->namespace);
	return !p->exists && ns && ns->change->action == ACTION_CREATE && ns->state != STEP_ENDED;
}

void parents_prepare(struct run *r, struct step **steps, size_t n)
{
	struct parent *parents[APPLY_BATCH];
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		struct parent *p = steps[i]->parent;
		bool known = p->ready || p->failed || has_no_home_yet(r, p);
		for (size_t j = 0; j < k && !known; j++)
			known = parents[j] == p;
		if (!known)
			parents[k++] = p;
	}
	write_parents(r, parents, k, superset);
}

/* Everything of it is as planned. */
static bool *find_complete(struct run *r)
{
	const struct plan *p = r->plan;
	bool *complete = arena_calloc(&r->arena, p->n_applications, sizeof(*complete));
	for (size_t i = 0; i < p->n_applications; i++)
		complete[i] = !r->parents[i].failed;
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct step *s = &r->steps[i];
		const struct object_ref *ref = &s->change->ref;
		bool done = s->result->outcome == OUTCOME_APPLIED ||
			    s->result->outcome == OUTCOME_UNCHANGED;
		if (!done)
			complete[s->parent - r->parents] = false;
		/* Its record goes with its namespace. */
		bool removed = s->change->action == ACTION_DELETE && !*ref->group &&
			       strcmp(ref->kind, "Namespace") == 0;
		for (size_t k = 0; removed && k < p->n_applications; k++)
			if (strcmp(p->applications[k].namespace, ref->name) == 0)
				complete[k] = false;
	}
	return complete;
}

void parents_finish(struct run *r)
{
	const bool *complete = find_complete(r);
	struct parent *batch[APPLY_BATCH];
	size_t n = 0;
	for (size_t i = 0; i < r->plan->n_applications; i++) {
		if (complete[i]) {
			r->parents[i].attempts = 0;
			batch[n++] = &r->parents[i];
		}
		if (n == APPLY_BATCH || (n && i + 1 == r->plan->n_applications)) {
			write_parents(r, batch, n, final_set);
			n = 0;
		}
	}
}
