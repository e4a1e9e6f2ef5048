/* See build.h for the steps.
 *
 * All that is found on the way lives in one arena; the plan that is handed out is a copy, read
 * back from its own JSON, so that what people see and what apply reads are the same thing. */
#include "plan/diff/subject.h"

#include <string.h>

#include "base/json_write.h"

static void build_done(struct build *b)
{
	declared_set_done(&b->base_set);
	declared_set_done(&b->head_set);
	declared_set_done(&b->others);
	kind_table_done(&b->kinds);
	schema_set_done(&b->schemas);
	free(b->subjects);
	free(b->hooks);
	free(b->notes);
	arena_done(&b->arena);
}

static int refuse_problems(const struct problems *p, struct err *err)
{
	if (!p->n)
		return 0;
	return err_set(err, ERR_INPUT, "%zu error%s in manifests; no plan was made", p->n,
		       p->n == 1 ? "" : "s");
}

static int judge(struct build *b, struct plan *p, struct err *err)
{
	struct plan_view view = {
		.cluster = b->o->cluster,
		.kinds = &b->kinds,
		.kinds_complete = b->o->cluster && !b->kinds.n_stale,
		.head = &b->head_set,
		.problems = b->problems,
	};
	if (b->o->judge(b->o->judge_ctx, &view, p, err) < 0)
		return -1;
	p->requests = b->o->cluster ? b->o->cluster->requests : 0;
	plan_summarise(p);
	return 0;
}

int plan_build(const struct plan_options *o, struct plan *out, struct problems *problems,
	       struct err *err)
{
	AUTO(build_done) struct build b = { .o = o, .problems = problems };
	if (build_gather(&b, err) < 0 || build_pair(&b, err) < 0)
		return -1;
	if (o->cluster && (build_read_live(&b, err) < 0 || build_verify(&b, err) < 0))
		return -1;
	if (refuse_problems(problems, err) < 0)
		return -1;
	AUTO(plan_done) struct plan made = { 0 };
	if (build_changes(&b, &made, err) < 0 || refuse_problems(problems, err) < 0)
		return -1;
	if (o->judge && judge(&b, &made, err) < 0)
		return -1;
	AUTO(arena_done) struct arena scratch = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json v = plan_to_json(&made, &scratch);
	json_write_indented(&text, &v);
	return plan_parse(out, text.data, text.len, "plan", err);
}
