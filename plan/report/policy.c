/* What policies said, as text; see writer.h. */
#include <string.h>

#include "plan/report/writer.h"

static const struct {
	const char *mark;
	enum style style;
} results[] = {
	[POLICY_DENY] = { "x", RED },
	[POLICY_UNDECIDED] = { "?", RED },
	[POLICY_WARN] = { "!", YELLOW },
	[POLICY_AUDIT] = { "i", DIM },
};
_Static_assert(ARRAY_LEN(results) == POLICY_COUNT, "every result needs a look");

static void verdict_text(struct writer *w, const struct policy_verdict *v, const struct change *c)
{
	struct arena *a = &w->arena;
	buf_puts(w->out, "  ");
	report_cell(w, results[v->result].style,
		    arena_fmt(a, "%s %s", results[v->result].mark, policy_result_name(v->result)),
		    7);
	report_cell(w, BOLD, v->policy, w->policy_width);
	report_cell(w, PLAIN, c ? change_label(a, c) : "the whole plan", w->width >= 90 ? 34 : 24);
	if (v->file)
		report_styled(w, DIM, arena_fmt(a, "%s:%u:%u", v->file, v->line, v->col));
	report_newline(w);
	const char *message =
		v->param ? arena_fmt(a, "%s (param %s)", v->message, v->param) : v->message;
	if (v->pass == POLICY_PASS_WAIVED)
		message =
			arena_fmt(a, "waived until %s by %s: %s", w->p->waivers[v->waiver].expires,
				  w->p->waivers[v->waiver].owner, message);
	else if (v->pass)
		message = arena_fmt(a, "%s: %s", policy_pass_name(v->pass), message);
	else if (v->existing)
		message = arena_fmt(a, "existing: %s", message);
	report_indented(w, v->pass ? DIM : results[v->result].style, message);
}

/* Of the longest name, within reason. */
static size_t policy_width(const struct writer *w)
{
	enum { LEAST = 24, MOST = 34, NARROW = 16 };
	size_t width = LEAST;
	for (size_t i = 0; i < w->p->n_verdicts; i++) {
		size_t n = strlen(w->p->verdicts[i].policy);
		width = n > width ? n : width;
	}
	return w->width < 90 ? NARROW : width < MOST ? width : MOST;
}

void report_verdicts(struct writer *w)
{
	const struct plan *p = w->p;
	if (!p->n_verdicts)
		return;
	w->policy_width = policy_width(w);
	report_newline(w);
	report_styled(w, BOLD, "policy");
	report_newline(w);
	for (int result = 0; result < POLICY_COUNT; result++) {
		size_t of = 0;
		for (size_t i = 0; i < p->n_verdicts; i++) {
			const struct policy_verdict *v = &p->verdicts[i];
			while (v->change && of < p->n_changes &&
			       strcmp(p->changes[of].id, v->change) != 0)
				of++;
			if ((int)v->result == result && (!v->change || of < p->n_changes))
				verdict_text(w, v, v->change ? &p->changes[of] : NULL);
		}
	}
}

/* Used ones stand with their verdicts; those that are of no use any more are to be removed. */
void report_waivers(struct writer *w)
{
	const struct plan *p = w->p;
	bool any = false;
	for (size_t i = 0; i < p->n_waivers; i++) {
		const struct plan_waiver *v = &p->waivers[i];
		if (v->state == WAIVER_USED)
			continue;
		if (!any)
			report_newline(w);
		any = true;
		report_styled(w, v->state == WAIVER_EXPIRED ? YELLOW : DIM,
			      arena_fmt(&w->arena, "waiver %s: %s on %s, until %s, of %s",
					waiver_state_name(v->state), v->policy, v->object,
					v->expires, v->owner));
		if (v->at.file)
			report_styled(w, DIM,
				      arena_fmt(&w->arena, "  %s:%u", v->at.file, v->at.line));
		report_newline(w);
	}
}

void report_policy_text(struct buf *out, const struct plan *p, const struct report_options *o)
{
	struct writer w = { .out = out, .p = p, .o = o, .width = o->width ? o->width : 100 };
	size_t audited = 0, passed = 0;
	report_verdicts(&w);
	report_waivers(&w);
	if (p->n_verdicts || p->n_waivers)
		report_newline(&w);
	for (size_t i = 0; i < p->n_verdicts; i++) {
		passed += p->verdicts[i].pass != POLICY_PASS_NOT;
		audited += p->verdicts[i].result == POLICY_AUDIT && !p->verdicts[i].pass;
	}
	buf_printf(out, "%zu change%s: %lld denied, %lld warned of, %zu noted, %zu let pass\n",
		   p->n_changes, p->n_changes == 1 ? "" : "s", (long long)p->summary.denied,
		   (long long)p->summary.warned, audited, passed);
	arena_done(&w.arena);
}
