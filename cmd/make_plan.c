/* See make_plan.h. */
#include "cmd/make_plan.h"

#include <string.h>
#include <time.h>

#include "base/time.h"
#include "plan/diff/build.h"
#include "policy/gate.h"

static enum verify_mode verify_mode(const char *text)
{
	if (text && strcmp(text, "server") == 0)
		return VERIFY_SERVER;
	return text && strcmp(text, "predict") == 0 ? VERIFY_PREDICT : VERIFY_AUTO;
}

int make_plan_time(const char *text, time_t *out, struct err *err)
{
	struct timespec t = { .tv_sec = time(NULL) };
	if (text && !time_parse(text, &t))
		return err_set(err, ERR_USAGE,
			       "--time takes a time of RFC 3339 such as 2026-12-24T18:00:00Z, not "
			       "\"%s\"",
			       text);
	*out = t.tv_sec;
	return 0;
}

int make_plan(const struct make_plan_options *o, const struct target *t, struct plan *plan,
	      struct err *err)
{
	struct delete_budget budget = { 0 };
	if (o->max_deletes && !delete_budget_parse(o->max_deletes, &budget))
		return err_set(err, ERR_USAGE,
			       "--max-deletes takes a number or a percentage such as 10%%, not "
			       "\"%s\"",
			       o->max_deletes);
	char created[TIME_TEXT];
	time_format(time(NULL), created);
	struct plan_options po = {
		.repository = t->repository,
		.config = &t->config,
		.applications = t->applications,
		.n_applications = t->n,
		.head = t->head,
		.bases = t->bases,
		.cluster_name = t->cluster_name,
		.cluster = t->cluster,
		.default_namespace = t->default_namespace,
		.verify = verify_mode(o->verify),
		.key = getenv("RHUMB_KEY"),
		.exclude_kinds = o->exclude_kinds.items,
		.allow_delete = o->allow_delete.items,
		.max_deletes = o->max_deletes ? &budget : NULL,
		.created = created,
	};
	AUTO(gate_free_p) struct gate *gate = NULL;
	time_t now;
	if (make_plan_time(o->time, &now, err) < 0)
		return -1;
	struct gate_options go = { t->repository, t->config_at.tree, &t->config, now,
				   o->cluster_policies };
	if (gate_load(&gate, &go, err) < 0)
		return *t->config_at.commit ? err_wrap(err, "at %.7s", t->config_at.commit) : -1;
	po.judge = gate_judge;
	po.judge_ctx = gate;
	AUTO(problems_done) struct problems problems = { 0 };
	int64_t start = time_monotonic_ms();
	int rc = plan_build(&po, plan, &problems, err);
	for (size_t i = 0; i < problems.n; i++)
		say_error(&problems.items[i]);
	if (rc == 0)
		plan->duration = (double)(time_monotonic_ms() - start) / 1000;
	return rc;
}

int plan_exit_status(const struct plan *plan)
{
	if (plan->summary.denied || plan->summary.by_action[ACTION_REFUSED])
		return EXIT_REFUSED;
	if (plan->summary.by_action[ACTION_UNKNOWN] || plan->summary.by_action[ACTION_CONFLICT])
		return EXIT_INCOMPLETE;
	return EXIT_DONE;
}
