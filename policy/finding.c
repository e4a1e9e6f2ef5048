/* Findings of judges; see finding.h. */
#include "policy/finding.h"

static const char *keep(struct findings *f, const char *text)
{
	return text ? arena_strdup(f->arena, text) : NULL;
}

int findings_add(struct findings *f, int64_t change, const struct policy_verdict *v,
		 struct err *err)
{
	if (f->n == PLAN_MAX_VERDICTS)
		return err_set(err, ERR_LIMIT,
			       "policies have more than %d verdicts on the changes "
			       "(PLAN_MAX_VERDICTS)",
			       PLAN_MAX_VERDICTS);
	GROW(f->items, f->n, f->cap);
	struct finding *finding = &f->items[f->n++];
	*finding = (struct finding){ change, *v };
	struct policy_verdict *kept = &finding->verdict;
	kept->policy = keep(f, v->policy);
	kept->binding = keep(f, v->binding);
	kept->param = keep(f, v->param);
	kept->message = keep(f, v->message);
	kept->path = keep(f, v->path);
	kept->file = keep(f, v->file);
	kept->rule.file = keep(f, v->rule.file);
	kept->change = NULL;
	return 0;
}

void findings_settle(struct findings *f, struct plan *p)
{
	/* One bucket for the whole plan and one for each change: stable, and linear. */
	size_t *starts = xcalloc(p->n_changes + 1, sizeof(*starts));
	for (size_t i = 0; i < f->n; i++)
		starts[f->items[i].change + 1]++;
	size_t before = 0;
	for (size_t i = 0; i <= p->n_changes; i++) {
		size_t n = starts[i];
		starts[i] = before;
		before += n;
	}
	p->verdicts = arena_calloc(&p->arena, f->n, sizeof(*p->verdicts));
	p->n_verdicts = f->n;
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *finding = &f->items[i];
		struct policy_verdict *v = &p->verdicts[starts[finding->change + 1]++];
		*v = finding->verdict;
		if (finding->change >= 0)
			v->change = p->changes[finding->change].id;
	}
	free(starts);
}

void findings_done(struct findings *f)
{
	free(f->items);
	*f = (struct findings){ 0 };
}
