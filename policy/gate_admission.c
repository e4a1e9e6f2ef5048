/* What ValidatingAdmissionPolicies say of each change; see gate.h. */
#include "policy/gate_internal.h"

#include <string.h>

struct judging {
	struct scene *scene;
	struct admission_run *run, *base_run;
	struct findings *findings;
};

/* A request and, where base declares the object, the same for what it declares. */
struct request {
	const struct change *change;
	struct admission_change now, base;
	bool base_made; /* on demand: only what is not allowed is compared */
};

/* ---- verdicts */

static enum policy_result result_of(const struct admission_result *r)
{
	/* Without a binding nobody has said what it may be worth at most. */
	unsigned actions = r->actions ? r->actions : ADMISSION_DENY;
	if (actions & ADMISSION_DENY)
		return r->outcome == ADMISSION_UNDECIDED ? POLICY_UNDECIDED : POLICY_DENY;
	return actions & ADMISSION_WARN ? POLICY_WARN : POLICY_AUDIT;
}

/* What it is about: in the manifest where that is known, else the change's first line. */
static void place(struct policy_verdict *v, const struct change *c,
		  const struct admission_result *r)
{
	bool placed = r->node.line && c->file;
	v->path = r->path;
	v->file = c->file;
	v->line = placed ? r->node.line : c->line;
	v->col = placed ? r->node.col : c->col;
}

/* A transition that is nothing but a repetition: what is wrong then is wrong with the object. */
static void make_base(struct judging *j, struct request *q)
{
	q->base = q->now;
	q->base.object = q->now.object ? scene_base_object(j->scene, q->change) : NULL;
	q->base.old_object = q->now.old_object ? q->base.object : NULL;
	q->base_made = true;
	if (!q->base.object)
		return;
	struct object_ref ref = object_ref_of(&j->scene->arena, q->base.object);
	q->base.version = ref.version;
	q->base.resource = kinds_find(j->scene->view->kinds, ref.group, ref.version, ref.kind);
}

static bool is_existing(struct judging *j, struct request *q, const struct admission_result *r)
{
	if (!q->base_made)
		make_base(j, q);
	return q->base.object && admission_stands(j->base_run, r, &q->now, &q->base);
}

static int add(struct judging *j, struct request *q, const struct admission_result *r,
	       struct err *err)
{
	enum policy_result result = result_of(r);
	struct policy_verdict v = {
		.source = POLICY_FROM_ADMISSION,
		.policy = r->policy,
		.binding = r->binding,
		.param = r->param,
		.result = result,
		.existing = is_existing(j, q, r),
		.message = r->message,
		.rule = r->at,
	};
	if (r->outcome == ADMISSION_UNDECIDED && result != POLICY_UNDECIDED)
		v.message = arena_fmt(&j->scene->arena, "undecided: %s", r->message);
	place(&v, q->change, r);
	return findings_add(j->findings, (size_t)(q->change - j->scene->plan->changes), &v, err);
}

static int judge_request(struct judging *j, const struct change *c, const char *operation,
			 const struct json *object, const struct json *old_object, struct err *err)
{
	const struct object_ref *ref = &c->ref;
	bool is_namespace = !*ref->group && strcmp(ref->kind, "Namespace") == 0;
	struct request q = { .change = c };
	q.now = (struct admission_change){
		.operation = operation,
		.group = ref->group,
		.version = ref->version,
		.kind = ref->kind,
		.resource = kinds_find(j->scene->view->kinds, ref->group, ref->version, ref->kind),
		.namespace = is_namespace ? ref->name : ref->namespace,
		.name = ref->name,
		.object = object,
		.old_object = old_object,
		.declared = object ? c->sides->declared : NULL,
		.namespace_object = scene_namespace(j->scene, ref->namespace),
		.file = c->file,
	};
	const struct admission_verdict *v = admission_evaluate(j->run, &q.now);
	if (v->truncated)
		return err_set(err, ERR_LIMIT, "policies have more than %d results on %s",
			       ADMISSION_MAX_RESULTS, c->id);
	for (size_t i = 0; i < v->n; i++)
		if (add(j, &q, &v->results[i], err) < 0)
			return -1;
	return 0;
}

static int judge_change(struct judging *j, const struct change *c, struct err *err)
{
	const struct json *object = scene_object(j->scene, c);
	const struct json *old = scene_old_object(j->scene, c);
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
	for (size_t i = 0; i < n; i++)
		gate_problem(out, problems[i].at, problems[i].message, problems[i].excerpt);
	return n ? gate_refuse(n, err) : 0;
}

/* Who forgets the binding believes to be protected. */
static void note_unbound(struct gate *g, struct plan *p)
{
	size_t n = admission_count_policies(g->admission), unbound = 0;
	for (size_t i = 0; i < n; i++)
		unbound += !admission_listed(g->admission, i).bindings &&
			   admission_listed(g->admission, i).at.file;
	if (!unbound)
		return;
	const char **notes = arena_calloc(&p->arena, p->n_notes + unbound, sizeof(*notes));
	if (p->n_notes)
		memcpy(notes, p->notes, p->n_notes * sizeof(*notes));
	for (size_t i = 0; i < n; i++) {
		struct admission_listed l = admission_listed(g->admission, i);
		if (!l.bindings && l.at.file)
			notes[p->n_notes++] = arena_fmt(
				&p->arena,
				"ValidatingAdmissionPolicy %s (%s:%u) has no binding: it decides "
				"nothing",
				l.name, l.at.file, l.at.line);
	}
	p->notes = notes;
}

int gate_admission(struct gate *g, struct scene *scene, struct findings *findings, struct plan *p,
		   struct err *err)
{
	const struct plan_view *view = scene->view;
	struct admission_world world = { view->kinds, view->kinds_complete, false };
	if (gate_cluster_policies(g, scene, err) < 0 ||
	    gate_cluster_params(g, scene, &world.params_complete, err) < 0)
		return -1;
	admission_prepare(g->admission, &world);
	if (refuse_problems(g->admission, view->problems, err) < 0)
		return -1;
	if (!admission_count_policies(g->admission))
		return 0;
	if (scene_find_namespaces(scene, err) < 0)
		return -1;
	note_unbound(g, p);
	AUTO(admission_run_free_p) struct admission_run *run = admission_run_new(g->admission);
	AUTO(admission_run_free_p) struct admission_run *base = admission_run_new(g->admission);
	struct judging j = { scene, run, base, findings };
	for (size_t i = 0; i < scene->plan->n_changes; i++)
		if (judge_change(&j, &scene->plan->changes[i], err) < 0)
			return -1;
	return 0;
}
