/* PlanPolicies on a plan; see plan_policy.h.
 *
 * Conditions, then validations, then the messages of those that do not hold, on each subject: the
 * whole plan, or one change.  An error is what failurePolicy makes of it. */
#include <string.h>

#include "policy/admission/place.h"
#include "policy/finding.h"
#include "policy/plan_policy/internal.h"
#include "policy/rule/message.h"

struct evaluation {
	struct plan_policies *p;
	struct plan_value *value;
	const struct plan_policy_each *each;
	struct cel_run *run;
	struct arena arena; /* of one subject */
	struct plan_record plan;
	struct variables_record variables;
	size_t results;
	/* the subject */
	const struct plan_policy *policy;
	int64_t index;
	const struct json *change; /* NULL: the whole plan */
	struct err *err;
};

static void bind(struct evaluation *e)
{
	struct cel_run *run = e->run;
	cel_run_reset(run);
	arena_reset(&e->arena);
	variables_begin(&e->variables, &e->policy->rules);
	plan_record_begin(&e->plan, e->value);
	cel_run_set(run, e->p->slot_plan, cel_record(&e->plan.record));
	cel_run_set(run, e->policy->slot_params,
		    e->policy->params ? cel_of_json(e->policy->params) : cel_null());
	cel_run_set(run, e->policy->slot_variables, cel_record(&e->variables.record));
	if (e->change)
		cel_run_set(run, e->p->slot_change, cel_of_json(e->change));
}

static const struct json *present(const struct json *v)
{
	return v && v->type != JSON_NULL ? v : NULL;
}

/* In the object of the change, and in the manifest where the plan has it. */
static struct place place_of(struct evaluation *e)
{
	struct admission_change c = {
		.object = present(json_get(e->change, "object")),
		.old_object = present(json_get(e->change, "oldObject")),
	};
	if (!e->change)
		return (struct place){ NULL, { NULL, 0, 0 } };
	if (e->value->of && c.object) {
		const struct change *of = &e->value->of->changes[e->index];
		c.declared = of->sides->declared;
		c.file = of->file;
	}
	return place_read(&e->arena, e->run, &c);
}

static int tell(struct evaluation *e, uint32_t validation, enum policy_result result,
		const char *message, struct place place)
{
	const struct validation *v = &e->policy->rules.validations[validation];
	struct plan_policy_result r = {
		.policy = e->policy->name,
		.change = e->index,
		.result = result,
		.validation = validation,
		.message = message,
		.rule = v->rule.at,
		.path = place.path,
		.at = place.at,
	};
	if (e->results++ == PLAN_POLICY_MAX_RESULTS)
		return err_set(e->err, ERR_LIMIT,
			       "PlanPolicies have more than %d results (PLAN_POLICY_MAX_RESULTS)",
			       PLAN_POLICY_MAX_RESULTS);
	return e->each->result(e->each->ctx, &r, e->err);
}

static int tell_error(struct evaluation *e, uint32_t validation, const struct expression *of,
		      struct cel_value v)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (e->policy->ignore_failures)
		return 0;
	cel_error_text(v.error, &text);
	return tell(e, validation, e->policy->action,
		    arena_fmt(&e->arena, "expression '%s' resulted in error: %s", of->text,
			      buf_text(&text)),
		    place_of(e));
}

/* What is not known denies where the policy does. */
static int tell_unknown(struct evaluation *e, uint32_t validation, struct cel_value v)
{
	const char *reason = v.reason ? v.reason : "it is not known why";
	if (e->policy->action == POLICY_DENY)
		return tell(e, validation, POLICY_UNDECIDED, arena_strdup(&e->arena, reason),
			    place_of(e));
	return tell(e, validation, e->policy->action, arena_fmt(&e->arena, "undecided: %s", reason),
		    place_of(e));
}

/* 1: they hold, 0: they do not or were told of, -1. */
static int conditions(struct evaluation *e)
{
	const struct rules *rules = &e->policy->rules;
	struct cel_value unknown = cel_null(), error = cel_null();
	const struct expression *failed = NULL;
	for (uint32_t i = 0; i < rules->n_conditions; i++) {
		struct cel_value v = cel_eval(rules->conditions[i].rule.program, e->run);
		if (v.kind == CEL_BOOL && !cel_is_true(v))
			return 0;
		if (v.kind == CEL_UNKNOWN)
			unknown = v;
		if (v.kind == CEL_ERROR && !failed) {
			error = v;
			failed = &rules->conditions[i].rule;
		}
	}
	if (failed)
		return tell_error(e, 0, failed, error);
	return unknown.kind == CEL_UNKNOWN ? tell_unknown(e, 0, unknown) : 1;
}

static int violation(struct evaluation *e, uint32_t i)
{
	const struct validation *v = &e->policy->rules.validations[i];
	struct place place = place_of(e);
	const char *message = NULL;
	if (v->message_expression.program)
		message = message_evaluated(&e->arena,
					    cel_eval(v->message_expression.program, e->run));
	return tell(e, i, e->policy->action, message ? message : message_fixed(&e->arena, v),
		    place);
}

static int validate(struct evaluation *e, uint32_t i)
{
	const struct expression *rule = &e->policy->rules.validations[i].rule;
	struct cel_value v = cel_eval(rule->program, e->run);
	if (v.kind == CEL_ERROR)
		return tell_error(e, i, rule, v);
	if (v.kind == CEL_UNKNOWN)
		return tell_unknown(e, i, v);
	if (e->each->step)
		e->each->step(e->each->ctx, e->policy->name, i, cel_is_true(v));
	return cel_is_true(v) ? 0 : violation(e, i);
}

static int subject(struct evaluation *e)
{
	bind(e);
	int hold = conditions(e);
	for (uint32_t i = 0; hold > 0 && i < e->policy->rules.n_validations; i++)
		if (validate(e, i) < 0)
			return -1;
	return hold < 0 ? -1 : 0;
}

static int policy(struct evaluation *e)
{
	e->index = FINDING_WHOLE_PLAN;
	e->change = NULL;
	if (!e->policy->of_changes)
		return subject(e);
	for (uint32_t i = 0; i < e->value->changes->n; i++) {
		e->index = i;
		e->change = &e->value->changes->items[i];
		if (subject(e) < 0)
			return -1;
	}
	return 0;
}

int plan_policies_evaluate(struct plan_policies *p, struct plan_value *v,
			   const struct plan_policy_each *each, struct err *err)
{
	struct cel_limits limits = { PLAN_POLICY_COST, PLAN_POLICY_MEMORY };
	struct evaluation e = { .p = p, .value = v, .each = each, .err = err };
	int rc = 0;
	if (!p->n)
		return 0;
	e.run = cel_run_new(&limits);
	for (size_t i = 0; i < p->n && rc == 0; i++) {
		e.policy = &p->items[i];
		rc = policy(&e);
	}
	cel_run_free(e.run);
	variables_done(&e.variables);
	arena_done(&e.arena);
	return rc;
}
