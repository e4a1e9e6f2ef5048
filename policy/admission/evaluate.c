/* All policies on one change: which apply, through which bindings, with which params; see
 * admission.h. */
#include <string.h>

#include "policy/admission/judge.h"

struct admission_run {
	struct admission *a;
	struct arena arena; /* of the last verdict */
	struct judge judge;
	struct admission_verdict verdict;
	struct admission_result *results;
	size_t n, cap;
	struct admission_annotation *annotations;
	size_t n_annotations, cap_annotations;
	bool denied, undecided, violated;
	unsigned judgements;
};

/* A policy under judgement; what one binding made of a param holds for the next one. */
struct seen {
	const struct param *param;
	struct judgement judgement;
	struct seen *next;
};
enum { SEEN_MAX = 64 };

struct subject {
	const struct policy *policy;
	struct matched matched;
	struct seen *seen;
	unsigned n_seen;
};

struct admission_run *admission_run_new(struct admission *a)
{
	struct admission_run *run = xcalloc(1, sizeof(*run));
	run->a = a;
	run->judge = (struct judge){ .a = a, .cel = cel_run_new(NULL), .arena = &run->arena };
	return run;
}

void admission_run_free(struct admission_run *run)
{
	if (!run)
		return;
	cel_run_free(run->judge.cel);
	activation_done(&run->judge.activation);
	arena_done(&run->arena);
	free(run->results);
	free(run->annotations);
	free(run);
}

void admission_run_trace(struct admission_run *run, admission_step_fn *each, void *ctx)
{
	run->judge.each = each;
	run->judge.each_ctx = ctx;
}

struct judge *run_judge(struct admission_run *run)
{
	return &run->judge;
}

uint64_t admission_run_evaluations(const struct admission_run *run)
{
	return run->judge.evaluations + run->judge.activation.variables.evaluations;
}

/* ---- results */

static int code_of(const char *reason)
{
	static const struct {
		const char *reason;
		int code;
	} codes[] = { { "Unauthorized", 401 },
		      { "Forbidden", 403 },
		      { "RequestEntityTooLarge", 413 },
		      { "Invalid", 422 } };
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(codes[i].reason, reason) == 0)
			return codes[i].code;
	return 422;
}

static void add_result(struct admission_run *run, struct admission_result r)
{
	if (!r.reason)
		r.reason = "Invalid";
	r.code = code_of(r.reason);
	if (r.outcome == ADMISSION_UNDECIDED)
		run->undecided |= !r.binding || (r.actions & ADMISSION_DENY);
	else
		run->denied |= (r.actions & ADMISSION_DENY) != 0;
	run->violated = true;
	if (run->n == ADMISSION_MAX_RESULTS) {
		run->verdict.truncated = true;
		return;
	}
	GROW(run->results, run->n, run->cap);
	run->results[run->n++] = r;
}

static struct srcpos position_of(const struct origin *o, const struct json *node)
{
	return json_pos(node, o->source->name);
}

/* Something about the policy or a binding as a whole. */
static struct admission_result whole(const struct subject *s, const struct binding *b,
				     enum admission_outcome outcome, const char *message)
{
	const struct policy *p = s->policy;
	return (struct admission_result){
		.policy = p->name,
		.binding = b ? b->name : NULL,
		.outcome = outcome,
		.actions = b ? b->actions : 0,
		.validation = ADMISSION_WHOLE,
		.message = message,
		.at = b ? position_of(&b->origin, b->node) : position_of(&p->origin, p->node),
	};
}

/* Denied whatever the actions are, unless failurePolicy says Ignore. */
static void configuration_error(struct admission_run *run, const struct subject *s,
				const struct binding *b, const char *error)
{
	if (s->policy->ignore_failures)
		return;
	struct admission_result r = whole(s, b, ADMISSION_VIOLATION,
					  arena_fmt(&run->arena, "failed to configure %s: %s",
						    b ? "binding" : "policy", error));
	r.actions = ADMISSION_DENY;
	r.error = r.of_any = true;
	if (s->matched.match == MATCH_MAYBE) {
		r.outcome = ADMISSION_UNDECIDED;
		r.message = s->matched.reason;
	}
	add_result(run, r);
}

static void undecided(struct admission_run *run, const struct subject *s, const struct binding *b,
		      const char *reason)
{
	struct admission_result r = whole(s, b, ADMISSION_UNDECIDED, reason);
	r.of_any = true;
	add_result(run, r);
}

static void add_decision(struct admission_run *run, const struct subject *s,
			 const struct binding *b, const struct param *param,
			 const struct decision *d, const char *unsure)
{
	struct admission_result r = whole(s, b, ADMISSION_VIOLATION, d->message);
	bool undecided = d->verdict == VERDICT_UNDECIDED || unsure;
	r.param = param ? param->label : NULL;
	r.outcome = undecided ? ADMISSION_UNDECIDED : ADMISSION_VIOLATION;
	r.error = d->error;
	r.validation = d->validation;
	r.reason = d->reason;
	if (d->always_denies)
		r.actions = ADMISSION_DENY;
	if (d->expression)
		r.at = d->expression->at;
	r.path = d->place.path;
	r.node = d->place.at;
	if (unsure)
		r.message =
			arena_fmt(&run->arena, "it is not known whether it applies: %s; if so: %s",
				  unsure, d->message);
	add_result(run, r);
}

static void add_annotations(struct admission_run *run, const struct judgement *v)
{
	for (uint32_t i = 0; i < v->n_annotations; i++) {
		GROW(run->annotations, run->n_annotations, run->cap_annotations);
		run->annotations[run->n_annotations++] = v->annotations[i];
	}
}

/* ---- policies and bindings */

static const struct judgement *judged(struct admission_run *run, struct subject *s,
				      const struct param *param)
{
	for (struct seen *x = s->seen; x; x = x->next)
		if (x->param == param)
			return &x->judgement;
	struct seen *x = arena_alloc(&run->arena, sizeof(*x));
	run->judgements++;
	*x = (struct seen){ param, judge(&run->judge, s->policy, param), NULL };
	if (s->n_seen++ < SEEN_MAX) {
		x->next = s->seen;
		s->seen = x;
	}
	return &x->judgement;
}

static void evaluate_params(struct admission_run *run, struct subject *s, const struct binding *b,
			    const struct found_params *params, const char *unsure)
{
	size_t before = run->n;
	for (size_t i = 0; i < params->n; i++) {
		if (run->judgements == ADMISSION_MAX_JUDGEMENTS) {
			undecided(run, s, b, "too many policies and params select the object");
			return;
		}
		const struct judgement *v = judged(run, s, params->items[i]);
		const char *why = unsure ? unsure : v->unsure;
		for (uint32_t k = 0; k < v->n; k++)
			add_decision(run, s, b, params->items[i], &v->decisions[k], why);
		if (!why)
			add_annotations(run, v);
	}
	/* Those that are at hand are fine; what others would say is not known. */
	if (params->unknown && run->n == before)
		undecided(run, s, b, params->unknown);
}

static void evaluate_binding(struct admission_run *run, struct subject *s, const struct binding *b)
{
	const struct admission_change *change = run->judge.change;
	struct matched m = { MATCH_YES, NULL, false };
	if (b->match.given && !b->broken)
		m = constraints_match(run->a, &b->match, change);
	if (m.match == MATCH_NO)
		return;
	run->verdict.bindings++;
	run->verdict.actions |= b->actions;
	if (b->broken || s->policy->broken) {
		undecided(run, s, b,
			  b->broken ? "the binding cannot be used: see the problems of its file"
				    : "the policy cannot be used: see the problems of its file");
		return;
	}
	if (s->matched.converted) {
		undecided(run, s, b, s->matched.reason);
		return;
	}
	const char *namespace = change->namespace ? change->namespace : "";
	struct found_params params = params_find(run->a, &run->arena, s->policy, b, namespace);
	const char *unsure = s->matched.match == MATCH_MAYBE ? s->matched.reason
			     : m.match == MATCH_MAYBE        ? m.reason
							     : NULL;
	if (params.error && !unsure)
		configuration_error(run, s, b, params.error);
	else if (params.error)
		undecided(run, s, b, unsure);
	else
		evaluate_params(run, s, b, &params, unsure);
}

static void evaluate_policy(struct admission_run *run, const struct policy *p)
{
	struct subject s = { .policy = p, .matched = { MATCH_YES, NULL, false } };
	if (!p->n_bindings)
		return;
	if (!p->broken)
		s.matched = constraints_match(run->a, &p->match, run->judge.change);
	if (s.matched.match == MATCH_NO)
		return;
	run->verdict.policies++;
	if (p->configuration_error) {
		configuration_error(run, &s, NULL, p->configuration_error);
		return;
	}
	for (uint32_t i = 0; i < p->n_bindings; i++)
		evaluate_binding(run, &s, p->bindings[i]);
}

const struct admission_verdict *admission_evaluate(struct admission_run *run,
						   const struct admission_change *change)
{
	arena_reset(&run->arena);
	run->verdict = (struct admission_verdict){ 0 };
	run->n = run->n_annotations = 0;
	run->judgements = 0;
	run->denied = run->undecided = run->violated = false;
	judge_begin(&run->judge, change);
	if (!never_matched(change))
		for (size_t i = 0; i < run->a->n_policies; i++)
			evaluate_policy(run, &run->a->policies[i]);
	struct admission_verdict *v = &run->verdict;
	v->results = run->results;
	v->n = run->n;
	v->annotations = run->annotations;
	v->n_annotations = run->n_annotations;
	v->decision = run->denied      ? ADMISSION_DENIED
		      : run->undecided ? ADMISSION_MAYBE
		      : run->violated  ? ADMISSION_WARNED
				       : ADMISSION_ALLOWED;
	return v;
}

/* ---- texts */

const char *admission_denial(struct arena *a, const struct admission_result *r)
{
	if (!r->binding)
		return arena_fmt(a, "ValidatingAdmissionPolicy '%s' denied request: %s", r->policy,
				 r->message);
	return arena_fmt(a, "ValidatingAdmissionPolicy '%s' with binding '%s' denied request: %s",
			 r->policy, r->binding, r->message);
}

const char *admission_warning(struct arena *a, const struct admission_result *r)
{
	return arena_fmt(a,
			 "Validation failed for ValidatingAdmissionPolicy '%s' with binding '%s': "
			 "%s",
			 r->policy, r->binding ? r->binding : "", r->message);
}

const char *admission_decision_name(enum admission_decision d)
{
	static const char *const names[] = {
		[ADMISSION_ALLOWED] = "allow",
		[ADMISSION_WARNED] = "warn",
		[ADMISSION_MAYBE] = "undecided",
		[ADMISSION_DENIED] = "deny",
	};
	return names[d];
}
