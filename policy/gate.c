/* Judging the changes of a plan; see gate.h. */
#include "policy/gate_internal.h"

#include <string.h>

#include "policy/defaults/defaults.h"

struct judging {
	const struct plan_view *view;
	struct plan *p;
	struct admission_run *run;
	struct arena arena; /* objects with defaults, namespaces */
	const struct json **crds;
	size_t n_crds, cap_crds;
	struct known_namespace {
		const char *name;
		const struct json *object; /* NULL: not known */
	} * namespaces;                    /* sorted by name */
	size_t n_namespaces;
	size_t cap_verdicts;
};

static void judging_done(struct judging *j)
{
	admission_run_free(j->run);
	free(j->crds);
	free(j->namespaces);
	arena_done(&j->arena);
}

/* ---- objects as admission sees them */

static const struct json *crd_of(const struct judging *j, const struct object_ref *ref)
{
	for (size_t i = 0; i < j->n_crds; i++) {
		const struct json *spec = json_get(j->crds[i], "spec");
		const char *group = json_get_str(spec, "group");
		const char *kind = json_str(json_at(spec, "names", "kind", NULL));
		if (group && kind && strcmp(group, ref->group) == 0 && strcmp(kind, ref->kind) == 0)
			return j->crds[i];
	}
	return NULL;
}

static void find_crds(struct judging *j)
{
	const struct declared_set *head = j->view->head;
	for (size_t i = 0; i < head->n; i++) {
		if (strcmp(head->items[i].ref.kind, "CustomResourceDefinition") != 0)
			continue;
		GROW(j->crds, j->n_crds, j->cap_crds);
		j->crds[j->n_crds++] = &head->items[i].object;
	}
}

static const struct json *with_defaults(struct judging *j, const struct object_ref *ref,
					const struct json *v)
{
	if (!v)
		return NULL;
	struct json *object = arena_alloc(&j->arena, sizeof(*object));
	*object = json_copy(&j->arena, v);
	if (*ref->namespace)
		json_set_str(&j->arena, json_edit(&j->arena, object, "metadata"), "namespace",
			     ref->namespace);
	defaults_apply(&j->arena, crd_of(j, ref), object);
	return object;
}

/* The embedded cluster answers as a server does, but knows no defaults. */
static bool is_from_server(const struct judging *j, const struct change *c)
{
	const struct cluster *cluster = j->view->cluster;
	return cluster && !cluster->ops->no_controllers && c->verified != VERIFIED_STATIC;
}

static const struct json *object_of(struct judging *j, const struct change *c)
{
	const struct change_sides *s = c->sides;
	if (c->action == ACTION_DELETE)
		return NULL;
	if (s->after && c->verified == VERIFIED_SERVER && is_from_server(j, c))
		return s->after;
	/* A replacement is a new object: nothing of the old one is in it. */
	bool predicted = s->after && c->action != ACTION_REPLACE;
	return with_defaults(j, &c->ref, predicted ? s->after : s->declared);
}

static const struct json *old_object_of(struct judging *j, const struct change *c)
{
	return is_from_server(j, c) ? c->sides->before
				    : with_defaults(j, &c->ref, c->sides->before);
}

/* ---- namespaces, as the plan leaves them */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct known_namespace *)a)->name,
		      ((const struct known_namespace *)b)->name);
}

static struct known_namespace *find_namespace(const struct judging *j, const char *name)
{
	struct known_namespace key = { name, NULL };
	return j->n_namespaces ? bsearch(&key, j->namespaces, j->n_namespaces,
					 sizeof(*j->namespaces), by_name)
			       : NULL;
}

static void name_namespaces(struct judging *j)
{
	const struct plan *p = j->p;
	size_t n = 0;
	j->namespaces = xcalloc(p->n_changes, sizeof(*j->namespaces));
	for (size_t i = 0; i < p->n_changes; i++)
		if (*p->changes[i].ref.namespace)
			j->namespaces[n++].name = p->changes[i].ref.namespace;
	if (n)
		qsort(j->namespaces, n, sizeof(*j->namespaces), by_name);
	for (size_t i = 0; i < n; i++)
		if (!j->n_namespaces ||
		    by_name(&j->namespaces[j->n_namespaces - 1], &j->namespaces[i]) != 0)
			j->namespaces[j->n_namespaces++] = j->namespaces[i];
}

static bool is_namespace(const struct object_ref *ref)
{
	return !*ref->group && strcmp(ref->kind, "Namespace") == 0;
}

static void take_changed(struct judging *j)
{
	for (size_t i = 0; i < j->p->n_changes; i++) {
		const struct change *c = &j->p->changes[i];
		struct known_namespace *known =
			is_namespace(&c->ref) ? find_namespace(j, c->ref.name) : NULL;
		if (!known || !action_writes(c->action))
			continue;
		const struct json *object = object_of(j, c);
		known->object = object ? object : c->sides->before;
	}
}

static int on_namespace(void *ctx, struct api_call *call, struct err *err)
{
	struct judging *j = ctx;
	struct known_namespace *known = call->user;
	(void)err;
	if (!call->object)
		return 0;
	struct json *copy = arena_alloc(&j->arena, sizeof(*copy));
	*copy = json_copy(&j->arena, call->object);
	known->object = copy;
	return 0;
}

/* Those that do not change.  One that cannot be read stays unknown: what depends on it is
 * undecided. */
static int ask_cluster(struct judging *j, struct err *err)
{
	struct cluster *c = j->view->cluster;
	const struct kind *kind = kinds_find(j->view->kinds, "", "v1", "Namespace");
	if (!kind || !j->n_namespaces)
		return 0;
	AUTO(auto_free) struct api_call *calls = xcalloc(j->n_namespaces, sizeof(*calls));
	size_t n = 0;
	for (size_t i = 0; i < j->n_namespaces; i++)
		if (!j->namespaces[i].object)
			calls[n++] = (struct api_call){
				.verb = API_GET,
				.kind = kind,
				.namespace = "",
				.name = j->namespaces[i].name,
				.user = &j->namespaces[i],
			};
	int rc = n ? c->ops->call(c, calls, n, on_namespace, j, err) : 0;
	for (size_t i = 0; i < n; i++)
		err_done(&calls[i].err);
	return rc;
}

static void take_declared(struct judging *j)
{
	for (size_t i = 0; i < j->n_namespaces; i++) {
		struct known_namespace *known = &j->namespaces[i];
		struct object_ref ref = { "", "v1", "Namespace", "", known->name };
		const struct declared *d =
			known->object ? NULL : declared_find(j->view->head, &ref);
		if (d)
			known->object = with_defaults(j, &ref, &d->object);
	}
}

static int find_namespaces(struct judging *j, struct err *err)
{
	name_namespaces(j);
	take_changed(j);
	if (j->view->cluster)
		return ask_cluster(j, err);
	take_declared(j);
	return 0;
}

/* ---- verdicts */

static enum policy_result result_of(const struct admission_result *r)
{
	/* Without a binding nobody has said what it may be worth at most. */
	unsigned actions = r->actions ? r->actions : ADMISSION_DENY;
	if (actions & ADMISSION_DENY)
		return r->outcome == ADMISSION_UNDECIDED ? POLICY_UNDECIDED : POLICY_DENY;
	return actions & ADMISSION_WARN ? POLICY_WARN : POLICY_AUDIT;
}

static const char *keep(struct plan *p, const char *text)
{
	return text ? arena_strdup(&p->arena, text) : NULL;
}

static int add_verdict(struct judging *j, const struct change *c, const struct admission_result *r,
		       struct err *err)
{
	struct plan *p = j->p;
	if (p->n_verdicts == PLAN_MAX_VERDICTS)
		return err_set(err, ERR_LIMIT,
			       "policies have more than %d verdicts on the changes "
			       "(PLAN_MAX_VERDICTS)",
			       PLAN_MAX_VERDICTS);
	if (p->n_verdicts == j->cap_verdicts) {
		struct policy_verdict *old = p->verdicts;
		j->cap_verdicts = j->cap_verdicts ? 2 * j->cap_verdicts : 16;
		p->verdicts = arena_calloc(&p->arena, j->cap_verdicts, sizeof(*old));
		if (old)
			memcpy(p->verdicts, old, p->n_verdicts * sizeof(*old));
	}
	bool undecided = r->outcome == ADMISSION_UNDECIDED, placed = r->node.line && c->file;
	enum policy_result result = result_of(r);
	p->verdicts[p->n_verdicts++] = (struct policy_verdict){
		.policy = keep(p, r->policy),
		.binding = keep(p, r->binding),
		.param = keep(p, r->param),
		.change = c->id,
		.result = result,
		.message = arena_fmt(&p->arena, "%s%s",
				     undecided && result != POLICY_UNDECIDED ? "undecided: " : "",
				     r->message),
		.path = keep(p, r->path),
		.file = c->file,
		.line = placed ? r->node.line : c->line,
		.col = placed ? r->node.col : c->col,
	};
	return 0;
}

static int judge_request(struct judging *j, const struct change *c, const char *operation,
			 const struct json *object, const struct json *old_object, struct err *err)
{
	const struct object_ref *ref = &c->ref;
	const struct known_namespace *known = find_namespace(j, ref->namespace);
	struct admission_change change = {
		.operation = operation,
		.group = ref->group,
		.version = ref->version,
		.kind = ref->kind,
		.resource = kinds_find(j->view->kinds, ref->group, ref->version, ref->kind),
		.namespace = is_namespace(ref) ? ref->name : ref->namespace,
		.name = ref->name,
		.object = object,
		.old_object = old_object,
		.declared = object ? c->sides->declared : NULL,
		.namespace_object = known ? known->object : NULL,
		.file = c->file,
	};
	const struct admission_verdict *v = admission_evaluate(j->run, &change);
	if (v->truncated)
		return err_set(err, ERR_LIMIT, "policies have more than %d results on %s",
			       ADMISSION_MAX_RESULTS, c->id);
	for (size_t i = 0; i < v->n; i++)
		if (add_verdict(j, c, &v->results[i], err) < 0)
			return -1;
	return 0;
}

static int judge_change(struct judging *j, const struct change *c, struct err *err)
{
	const struct json *object = object_of(j, c), *old = old_object_of(j, c);
	switch (c->action) {
	case ACTION_CREATE:
		return judge_request(j, c, "CREATE", object, NULL, err);
	case ACTION_UPDATE:
	case ACTION_ADOPT:
		return judge_request(j, c, "UPDATE", object, old, err);
	case ACTION_DELETE:
		return judge_request(j, c, "DELETE", NULL, old, err);
	case ACTION_REPLACE:
		return judge_request(j, c, "DELETE", NULL, old, err) < 0
			       ? -1
			       : judge_request(j, c, "CREATE", object, NULL, err);
	case ACTION_CONFLICT:
	case ACTION_UNKNOWN:
	case ACTION_REFUSED:
	case ACTION_COUNT:
		break; /* nothing is written */
	}
	return 0;
}

/* ---- all of them */

static int refuse_problems(const struct admission *a, struct problems *out, struct err *err)
{
	size_t n;
	const struct admission_problem *problems = admission_problems(a, &n);
	for (size_t i = 0; i < n; i++) {
		GROW(out->items, out->n, out->cap);
		out->items[out->n] = (struct err){ 0 };
		err_at(&out->items[out->n++], ERR_INPUT, problems[i].at, "%s%s%s",
		       problems[i].message, problems[i].excerpt ? "\n" : "",
		       problems[i].excerpt ? problems[i].excerpt : "");
	}
	if (!n)
		return 0;
	return err_set(
		err, ERR_INPUT,
		"%zu error%s in the policies that judge this change; no plan was made. Where "
		"the change mends them: --config-from head",
		n, n == 1 ? "" : "s");
}

int gate_judge(void *ctx, const struct plan_view *view, struct plan *p, struct err *err)
{
	struct gate *g = ctx;
	/* Params beside the policies are not all that a cluster has. */
	struct admission_world world = { view->kinds, view->kinds_complete, false };
	admission_prepare(g->admission, &world);
	if (refuse_problems(g->admission, view->problems, err) < 0)
		return -1;
	AUTO(judging_done) struct judging j = { .view = view, .p = p };
	j.run = admission_run_new(g->admission);
	find_crds(&j);
	if (find_namespaces(&j, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n_changes; i++)
		if (judge_change(&j, &p->changes[i], err) < 0)
			return -1;
	return 0;
}
