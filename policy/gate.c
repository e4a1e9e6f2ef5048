/* Judging the changes of a plan; see gate.h. */
#include "policy/gate_internal.h"

static int judge(struct gate *g, struct scene *scene, struct findings *findings, struct plan *p,
		 struct err *err)
{
	if (gate_admission(g, scene, findings, p, err) < 0)
		return -1;
	if (gate_plan(g, scene, findings, p, err) < 0)
		return -1;
	return gate_checks(g, scene, findings, err);
}

void gate_problem(struct problems *out, struct srcpos at, const char *message, const char *excerpt)
{
	GROW(out->items, out->n, out->cap);
	out->items[out->n] = (struct err){ 0 };
	err_at(&out->items[out->n++], ERR_INPUT, at, "%s%s%s", message, excerpt ? "\n" : "",
	       excerpt ? excerpt : "");
}

int gate_refuse(size_t n, struct err *err)
{
	return err_set(
		err, ERR_INPUT,
		"%zu error%s in the policies that judge this change; no plan was made. Where "
		"the change mends them: --config-from head",
		n, n == 1 ? "" : "s");
}

int gate_judge(void *ctx, const struct plan_view *view, struct plan *p, struct err *err)
{
	struct gate *g = ctx;
	AUTO(findings_done) struct findings findings = { .arena = &p->arena };
	AUTO(scene_done) struct scene scene = { 0 };
	scene_open(&scene, view, p);
	if (judge(g, &scene, &findings, p, err) < 0)
		return -1;
	gate_worth(g, &findings, p);
	findings_settle(&findings, p);
	return 0;
}
