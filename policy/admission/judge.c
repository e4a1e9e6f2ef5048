/* See judge.h.  The order of evaluations, budgets and texts is that of k8s.io/apiserver. */
#include "policy/admission/judge.h"

#include <inttypes.h>
#include <string.h>

#include "policy/rule/message.h"

#define OUT_OF_BUDGET                                                                              \
	"validation failed due to running out of cost budget, no further validation rules will "   \
	"be run"

/* The result of one expression. */
struct answer {
	enum admission_answer answer;
	struct cel_value value;
	uint64_t cost;
	bool over_budget;
	struct place place; /* of a validation that does not hold */
};

/* ---- single expressions */

static struct answer evaluate(struct judge *j, const struct expression *e, uint64_t *budget)
{
	struct answer a = { .answer = ADMISSION_ERROR };
	if (!e->program)
		return a;
	uint64_t inside = cel_run_cost_inside(j->cel);
	j->evaluations++;
	a.value = cel_eval(e->program, j->cel);
	a.cost = cel_run_cost(j->cel);
	/* With what the variables cost that it asked for first. */
	uint64_t spent = a.cost + (cel_run_cost_inside(j->cel) - inside);
	a.over_budget = spent > *budget;
	*budget -= a.over_budget ? *budget : spent;
	if (a.value.kind == CEL_UNKNOWN)
		a.answer = ADMISSION_UNKNOWN;
	else if (a.value.kind != CEL_ERROR)
		a.answer = cel_is_true(a.value) ? ADMISSION_TRUE : ADMISSION_FALSE;
	return a;
}

static const char *reason_of(struct judge *j, const struct answer *a)
{
	return arena_strdup(j->arena, a->value.reason ? a->value.reason : "it is not known why");
}

static const char *compile_error(struct judge *j, const struct expression *e)
{
	return arena_fmt(j->arena, "compilation error: %s",
			 e->failure ? e->failure : "expression is not specified");
}

/* shown: for a plan, where a value of a Secret must not be in it. */
static const char *error_text(struct judge *j, const struct expression *e, const struct answer *a,
			      bool shown)
{
	if (!e->program)
		return compile_error(j, e);
	if (shown && j->secret)
		return arena_fmt(j->arena, "expression '%s' resulted in an error", e->text);
	AUTO(buf_done) struct buf text = { 0 };
	cel_error_text(a->value.error, &text);
	return arena_fmt(j->arena, "expression '%s' resulted in error: %s", e->text,
			 buf_text(&text));
}

static void trace(struct judge *j, struct admission_step step, const struct policy *p,
		  const struct param *param)
{
	step.policy = p->name;
	step.param = param ? param->label : NULL;
	if (j->each)
		j->each(j->each_ctx, &step);
}

/* ---- decisions */

static void decide(struct judgement *out, struct decision d)
{
	out->decisions[out->n++] = d;
}

/* What failurePolicy makes of an error. */
static void fail(struct judgement *out, const struct policy *p, struct decision d)
{
	d.verdict = VERDICT_VIOLATION;
	d.error = true;
	d.reason = "Invalid";
	if (!p->ignore_failures)
		decide(out, d);
}

static void whole_error(struct judgement *out, const struct policy *p, const char *message)
{
	out->n = 0;
	fail(out, p, (struct decision){ .validation = ADMISSION_WHOLE, .message = message });
}

/* ---- matchConditions */

struct errors {
	const char *text[RULES_MAX_CONDITIONS];
	uint32_t n;
};

static void add_error(struct errors *e, const char *text)
{
	for (uint32_t i = 0; i < e->n; i++)
		if (strcmp(e->text[i], text) == 0)
			return;
	e->text[e->n++] = text;
}

static const char *all_errors(struct judge *j, const struct errors *e)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (e->n == 1)
		return e->text[0];
	for (uint32_t i = 0; i < e->n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "[", e->text[i]);
	buf_putc(&text, ']');
	return arena_strdup(j->arena, buf_text(&text));
}

/* false: the policy does not apply, or *out says why it cannot be told. */
static bool conditions_hold(struct judge *j, const struct policy *p, const struct param *param,
			    struct judgement *out)
{
	uint64_t budget = ADMISSION_CONDITIONS_BUDGET;
	struct errors errors = { .n = 0 };
	const char *unknown = NULL;
	bool hold = true;
	activation_bind(&j->activation, j->cel, j->a, p, param, PHASE_CONDITIONS);
	for (uint32_t i = 0; i < p->rules.n_conditions; i++) {
		const struct expression *e = &p->rules.conditions[i].rule;
		struct answer a = evaluate(j, e, &budget);
		const char *text = NULL;
		if (a.over_budget) {
			whole_error(out, p, OUT_OF_BUDGET);
			return false;
		}
		if (a.answer == ADMISSION_ERROR)
			add_error(&errors, text = error_text(j, e, &a, true));
		if (a.answer == ADMISSION_UNKNOWN)
			unknown = text = reason_of(j, &a);
		hold &= a.answer != ADMISSION_FALSE;
		trace(j,
		      (struct admission_step){ .what = ADMISSION_CONDITION,
					       .index = i,
					       .answer = a.answer,
					       .message = text,
					       .cost = a.cost },
		      p, param);
	}
	if (!hold || (errors.n && p->ignore_failures))
		return false;
	out->unsure = unknown;
	if (errors.n)
		whole_error(out, p, all_errors(j, &errors));
	return !errors.n;
}

/* ---- messages */

/* The messages of all validations: texts where one is needed and there is one. */
struct messages {
	const char **texts;
	bool over_budget;
};

/* Only what is needed is evaluated, unless all of them together could pass the budget: that is an
 * error of every validation, as Kubernetes evaluates them all. */
static struct messages evaluate_messages(struct judge *j, const struct policy *p,
					 const struct param *param, const struct answer *answers,
					 uint64_t budget)
{
	struct messages m = { NULL, false };
	uint64_t most = ((uint64_t)p->rules.n_messages + p->rules.n_variables) * CEL_MAX_COST;
	bool all = most > budget, needed = all;
	for (uint32_t i = 0; i < p->rules.n_validations && !needed; i++)
		needed = answers[i].answer == ADMISSION_FALSE &&
			 p->rules.validations[i].message_expression.text;
	if (!p->rules.n_messages || !needed)
		return m;
	m.texts = arena_calloc(j->arena, p->rules.n_validations, sizeof(*m.texts));
	activation_bind(&j->activation, j->cel, j->a, p, param, PHASE_MESSAGES);
	for (uint32_t i = 0; i < p->rules.n_validations && !m.over_budget; i++) {
		const struct expression *e = &p->rules.validations[i].message_expression;
		if (!e->program || (!all && answers[i].answer != ADMISSION_FALSE))
			continue;
		struct answer a = evaluate(j, e, &budget);
		m.over_budget = a.over_budget;
		m.texts[i] = message_evaluated(j->arena, a.value);
	}
	return m;
}

/* ---- validations */

static void trace_validation(struct judge *j, const struct policy *p, const struct param *param,
			     uint32_t i, const struct answer *a, const char *exact)
{
	trace(j,
	      (struct admission_step){ .what = ADMISSION_VALIDATION,
				       .index = i,
				       .answer = a->answer,
				       .message = exact,
				       .cost = a->cost },
	      p, param);
}

static void decide_validation(struct judge *j, const struct policy *p, const struct param *param,
			      uint32_t i, const struct answer *a, const struct messages *m,
			      struct judgement *out)
{
	const struct validation *v = &p->rules.validations[i];
	struct decision d = {
		.validation = (int)i, .expression = &v->rule, .reason = v->reason, .place = a->place
	};
	const char *exact = NULL;
	if (a->answer == ADMISSION_ERROR) {
		exact = error_text(j, &v->rule, a, false);
		d.message = error_text(j, &v->rule, a, true);
		fail(out, p, d);
	} else if (m->over_budget) {
		d.message = exact = "failed messageExpression: " OUT_OF_BUDGET;
		fail(out, p, d);
	} else if (a->answer == ADMISSION_UNKNOWN) {
		d.verdict = VERDICT_UNDECIDED;
		d.message = exact = reason_of(j, a);
		decide(out, d);
	} else if (a->answer == ADMISSION_FALSE) {
		const char *evaluated = m->texts ? m->texts[i] : NULL;
		exact = evaluated ? evaluated : message_fixed(j->arena, v);
		d.message = evaluated && j->secret ? message_fixed(j->arena, v) : exact;
		decide(out, d);
	}
	trace_validation(j, p, param, i, a, exact);
}

/* The budget that is left; false: it ran out, and *out says so. */
static bool run_validations(struct judge *j, const struct policy *p, const struct param *param,
			    struct judgement *out)
{
	uint64_t budget = ADMISSION_BUDGET;
	struct answer *answers = arena_alloc(j->arena, p->rules.n_validations * sizeof(*answers));
	activation_bind(&j->activation, j->cel, j->a, p, param, PHASE_RULES);
	for (uint32_t i = 0; i < p->rules.n_validations; i++) {
		answers[i] = evaluate(j, &p->rules.validations[i].rule, &budget);
		if (answers[i].answer != ADMISSION_TRUE && p->rules.validations[i].rule.program)
			answers[i].place = place_read(j->arena, j->cel, j->change);
		if (answers[i].over_budget) {
			whole_error(out, p, OUT_OF_BUDGET);
			return false;
		}
	}
	struct messages m = evaluate_messages(j, p, param, answers, budget);
	for (uint32_t i = 0; i < p->rules.n_validations; i++)
		decide_validation(j, p, param, i, &answers[i], &m, out);
	return true;
}

/* ---- auditAnnotations */

static void publish(struct judge *j, const struct policy *p, const struct annotation *n,
		    struct cel_value value, struct judgement *out)
{
	struct cel_value v = message_trimmed(value);
	if (v.n > ADMISSION_MAX_ANNOTATION) {
		v.n = ADMISSION_MAX_ANNOTATION;
		while (v.n && ((unsigned char)v.text[v.n] & 0xc0) == 0x80)
			v.n--; /* not within a character */
	}
	if (v.n)
		out->annotations[out->n_annotations++] = (struct admission_annotation){
			p->name, n->key,
			j->secret ? "(not shown)" : arena_strndup(j->arena, v.text, v.n)
		};
}

/* A failing one denies under failurePolicy Fail, whatever the actions are. */
static void run_annotations(struct judge *j, const struct policy *p, const struct param *param,
			    struct judgement *out)
{
	uint64_t budget = ADMISSION_BUDGET;
	if (!p->n_annotations)
		return;
	activation_bind(&j->activation, j->cel, j->a, p, param, PHASE_RULES);
	out->annotations = arena_calloc(j->arena, p->n_annotations, sizeof(*out->annotations));
	for (uint32_t i = 0; i < p->n_annotations; i++) {
		const struct annotation *n = &p->annotations[i];
		struct answer a = evaluate(j, &n->value, &budget);
		struct decision d = { .validation = ADMISSION_WHOLE, .expression = &n->value };
		if (a.over_budget) {
			whole_error(out, p, OUT_OF_BUDGET);
			return;
		}
		if (a.answer == ADMISSION_ERROR) {
			d.always_denies = true;
			d.message = error_text(j, &n->value, &a, true);
			fail(out, p, d);
		} else if (a.value.kind == CEL_STRING) {
			publish(j, p, n, a.value, out);
		}
		trace(j,
		      (struct admission_step){ .what = ADMISSION_VALUE,
					       .index = i,
					       .answer = a.answer,
					       .message = d.message,
					       .cost = a.cost },
		      p, param);
	}
}

static bool is_secret(const char *group, const char *kind)
{
	return object_is_secret(&(struct object_ref){ .group = group, .kind = kind });
}

void judge_begin(struct judge *j, const struct admission_change *change)
{
	j->change = change;
	j->secret_object = is_secret(change->group, change->kind);
	activation_begin(&j->activation, change, j->arena);
}

struct judgement judge(struct judge *j, const struct policy *p, const struct param *param)
{
	struct judgement out = { 0 };
	out.decisions = arena_alloc(j->arena, ((size_t)p->rules.n_validations + p->n_annotations +
					       1) * sizeof(*out.decisions));
	j->secret = j->secret_object || (param && is_secret(param->group, param->kind));
	cel_run_reset(j->cel);
	activation_forget(&j->activation, p);
	if (p->rules.n_conditions && !conditions_hold(j, p, param, &out))
		return out;
	if (run_validations(j, p, param, &out))
		run_annotations(j, p, param, &out);
	return out;
}

/* ---- parts of it */

static void begin_part(struct judge *j, const struct policy *p, const struct param *param)
{
	j->secret = j->secret_object || (param && is_secret(param->group, param->kind));
	cel_run_reset(j->cel);
	activation_forget(&j->activation, p);
}

bool judge_conditions(struct judge *j, const struct policy *p, const struct param *param)
{
	struct judgement out = { 0 };
	struct decision error;
	out.decisions = &error;
	begin_part(j, p, param);
	return !p->rules.n_conditions || conditions_hold(j, p, param, &out);
}

enum admission_answer judge_validation(struct judge *j, const struct policy *p,
				       const struct param *param, uint32_t i,
				       struct cel_reads *reads)
{
	uint64_t budget = ADMISSION_BUDGET;
	begin_part(j, p, param);
	activation_bind(&j->activation, j->cel, j->a, p, param, PHASE_RULES);
	cel_run_watch(j->cel, reads);
	struct answer a = evaluate(j, &p->rules.validations[i].rule, &budget);
	cel_run_watch(j->cel, NULL);
	return a.answer;
}
