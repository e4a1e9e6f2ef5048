/* See fake_world.h. */
#include "tests/lib/fake_world.h"

#include <string.h>

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fake_init(&w->f);
	fake_put(&w->f, NAMESPACE("shop"), "kubectl-create", "Update");
	fake_plan_init(&w->p, FAKE_UID, "shop", "shop");
	w->options = (struct apply_options){ .write = fake_write, .timeout_seconds = 1 };
}

void world_done(struct world *w)
{
	result_done(&w->result);
	err_done(&w->err);
	plan_done(&w->p);
	fake_done(&w->f);
}

void world_replan(struct world *w)
{
	plan_done(&w->p);
	fake_plan_init(&w->p, FAKE_UID, "shop", "shop");
}

struct change *world_plan(struct world *w, enum action action, const char *object)
{
	return fake_plan_add(&w->p, &w->f.base, action, object);
}

void world_planned(struct world *w)
{
	fake_plan_finish(&w->p);
	w->f.now = FAKE_NOW;
	w->f.reads = w->f.writes = w->f.lists = 0;
	buf_reset(&w->f.log);
}

int world_apply(struct world *w)
{
	result_done(&w->result);
	err_done(&w->err);
	w->f.reads = w->f.writes = w->f.lists = 0;
	buf_reset(&w->f.log);
	return apply_run(&w->p, &w->f.base, w->repo, &w->options, &w->result, &w->err);
}

void world_apply_ok(struct world *w)
{
	if (world_apply(w) < 0)
		fail_msg("%s", w->err.msg);
	assert_int_equal(w->result.outcome, APPLY_APPLIED);
}

void world_apply_fails(struct world *w, enum err_code code, const char *part)
{
	assert_int_equal(world_apply(w), -1);
	if ((code && w->err.code != code) || !strstr(w->err.msg, part))
		fail_msg("code %d, not %d; \"%s\" should have \"%s\"", w->err.code, code,
			 w->err.msg, part);
	assert_int_equal(w->result.n_objects, w->p.n_changes);
}

const struct object_result *world_result(const struct world *w, const char *id)
{
	for (size_t i = 0; i < w->result.n_objects; i++)
		if (strcmp(w->result.objects[i].id, id) == 0)
			return &w->result.objects[i];
	fail_msg("no result for %s", id);
	return NULL;
}

void world_expect(const struct world *w, const char *id, enum outcome want)
{
	const struct object_result *o = world_result(w, id);
	if (o->outcome != want)
		fail_msg("%s: %s, not %s (%s)", id, outcome_name(o->outcome), outcome_name(want),
			 o->message ? o->message : "no message");
}
