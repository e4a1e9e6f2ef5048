/* Reading everything that a plan changes before the first write: step 4 of apply.h. */
#include "apply/hook.h"

#include <string.h>

static void end_unread(struct run *r, struct step *s)
{
	const struct change *c = s->change;
	if (c->action == ACTION_DELETE) {
		step_end(r, s, resume_may_be_done(s) ? OUTCOME_APPLIED : OUTCOME_UNCHANGED,
			 "its kind is no longer served: it is gone");
		return;
	}
	if (run_crd_of(r, c) && step_creates(s)) {
		s->state = STEP_READY;
		return;
	}
	AUTO(auto_free)
	char *why = xfmt("the cluster does not serve kind %s of %s", c->ref.kind,
			 object_ref_api_version(&r->arena, &c->ref));
	step_end(r, s, OUTCOME_STALE, why);
}

/* ---- one LIST instead of many GETs */

struct listing {
	const struct kind *kind;
	const char *namespace; /* "" for cluster-scoped */
	struct step **steps;   /* sorted by name */
	size_t n;
	bool *seen;
};

struct listings {
	struct run *run;
	struct listing *items;
	size_t n;
	struct list_request *requests;
};

static int compare_place(const struct step *a, const struct step *b)
{
	int d = object_ref_compare(
		&(struct object_ref){ a->change->ref.group, "", a->change->ref.kind,
				      a->change->ref.namespace, "" },
		&(struct object_ref){ b->change->ref.group, "", b->change->ref.kind,
				      b->change->ref.namespace, "" });
	return d ? d : strcmp(a->change->ref.version, b->change->ref.version);
}

static int compare_steps(const void *x, const void *y)
{
	const struct step *a = *(struct step *const *)x, *b = *(struct step *const *)y;
	int d = compare_place(a, b);
	return d ? d : strcmp(a->change->ref.name, b->change->ref.name);
}

static int compare_step_name(const void *name, const void *step)
{
	return strcmp(name, (*(struct step *const *)step)->change->ref.name);
}

static int listed(void *ctx, struct list_request *request, const struct json *object,
		  struct err *err)
{
	(void)err;
	struct listings *all = ctx;
	struct listing *l = &all->items[request - all->requests];
	const char *name = json_str(json_at(object, "metadata", "name", NULL));
	struct step **found =
		name ? bsearch(name, l->steps, l->n, sizeof(*l->steps), compare_step_name) : NULL;
	if (found) {
		l->seen[found - l->steps] = true;
		exchange_judge(all->run, *found, object);
	}
	return 0;
}

static int read_lists(struct run *r, struct listings *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++) {
		struct listing *l = &all->items[i];
		all->requests[i] =
			(struct list_request){ .kind = l->kind,
					       .namespace = *l->namespace ? l->namespace : NULL };
		l->seen = arena_calloc(&r->arena, l->n, sizeof(*l->seen));
	}
	int rc = r->cluster->ops->list(r->cluster, all->requests, all->n, listed, all, err);
	for (size_t i = 0; i < all->n; i++) {
		struct listing *l = &all->items[i];
		bool whole = rc == 0 && !all->requests[i].err.code;
		/* A list that may not be read is read object by object. */
		for (size_t k = 0; k < l->n; k++) {
			if (l->seen[k])
				continue;
			if (whole)
				exchange_judge(r, l->steps[k], NULL);
			else
				l->steps[k]->next = REQUEST_READ;
		}
		err_done(&all->requests[i].err);
	}
	return rc;
}

/* Sorts the steps into listings; what is not worth one gets a read of its own. */
static int read_all(struct run *r, struct step **steps, size_t n, struct err *err)
{
	struct listings all = { .run = r };
	size_t max = n / APPLY_LIST_FROM + 1;
	all.items = arena_calloc(&r->arena, max, sizeof(*all.items));
	all.requests = arena_calloc(&r->arena, max, sizeof(*all.requests));
	qsort(steps, n, sizeof(*steps), compare_steps);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && compare_place(steps[i], steps[end]) == 0; end++)
			;
		if (end - i >= APPLY_LIST_FROM)
			all.items[all.n++] = (struct listing){
				.kind = run_kind(r, steps[i]->change),
				.namespace = steps[i]->change->ref.namespace,
				.steps = steps + i,
				.n = end - i,
			};
		else
			for (size_t k = i; k < end; k++)
				steps[k]->next = REQUEST_READ;
	}
	if (all.n && read_lists(r, &all, err) < 0)
		return -1;
	exchange(r, steps, n);
	return r->read_err.code ? err_move(err, &r->read_err) : 0;
}

static int refuse_stale(struct run *r, struct err *err)
{
	const struct step *first = NULL;
	size_t n = 0;
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		if (r->steps[i].result->outcome != OUTCOME_STALE)
			continue;
		if (!first)
			first = &r->steps[i];
		n++;
	}
	if (!n || r->options->allow_partial)
		return 0;
	if (n == 1)
		return err_set(err, ERR_STALE, "the plan is stale: %s %s", step_label(r, first),
			       first->result->message);
	return err_set(err, ERR_STALE, "the plan is stale: %s %s; and %zu more",
		       step_label(r, first), first->result->message, n - 1);
}

int check_all(struct run *r, struct err *err)
{
	struct step **steps = arena_calloc(&r->arena, r->plan->n_changes, sizeof(*steps));
	size_t n = 0;
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		struct step *s = &r->steps[i];
		if (s->state == STEP_ENDED) /* by an earlier run */
			continue;
		if (change_is_hook(s->change) && action_writes(s->change->action))
			continue;
		if (!action_writes(s->change->action))
			step_end(r, s, OUTCOME_NOT_TRIED, s->change->reason);
		else if (!run_kind(r, s->change))
			end_unread(r, s);
		else
			steps[n++] = s;
	}
	if (read_all(r, steps, n, err) < 0 || hooks_check(r, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO(auto_free) char *why = NULL;
		if (steps[i]->state != STEP_READY)
			continue;
		if (along_check(r, steps[i], &why, err) < 0)
			return -1;
		if (why)
			step_end(r, steps[i], OUTCOME_STALE, why);
	}
	return refuse_stale(r, err);
}
