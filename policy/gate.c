/* Judging the changes of a plan; see gate.h. */
#include "policy/gate_internal.h"

static int judge(struct gate *g, struct scene *scene, struct findings *findings, struct err *err)
{
	return gate_admission(g, scene, findings, err);
}

int gate_judge(void *ctx, const struct plan_view *view, struct plan *p, struct err *err)
{
	struct gate *g = ctx;
	AUTO(findings_done) struct findings findings = { .arena = &p->arena };
	AUTO(scene_done) struct scene scene = { 0 };
	if (scene_open(&scene, view, p, err) < 0 || judge(g, &scene, &findings, err) < 0)
		return -1;
	gate_worth(g, &findings, p);
	findings_settle(&findings, p);
	return 0;
}
