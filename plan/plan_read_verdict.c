/* What policies said, in a plan file; see plan_reader.h. */
#include "plan/plan_reader.h"

#include <string.h>

static const char *policy_result_at(int i)
{
	return policy_result_name((enum policy_result)i);
}

static const char *source_at(int i)
{
	return policy_source_name((enum policy_source)i);
}

static const char *state_at(int i)
{
	return waiver_state_name((enum waiver_state)i);
}

static const char *pass_at(int i)
{
	return policy_pass_name((enum policy_pass)i);
}

static int read_rule(struct reader *r, const struct json *v, struct srcpos *out)
{
	*out = (struct srcpos){ 0 };
	if (!v)
		return 0;
	if (ONLY_KEYS(r, v, "file", "line", "col") < 0 || read_text(r, v, "file", &out->file) < 0 ||
	    read_small_number(r, v, "line", &out->line) < 0)
		return -1;
	return read_small_number(r, v, "col", &out->col);
}

/* Waivers are read before verdicts. */
static int read_waiver_of(struct reader *r, const struct json *v, struct policy_verdict *out)
{
	bool waived = out->pass == POLICY_PASS_WAIVED;
	if (waived != (json_get(v, "waiver") != NULL))
		return read_wrong(r, v, "what is waived, and nothing else, has a", "waiver");
	if (!waived)
		return 0;
	if (read_number(r, v, "waiver", &out->waiver) < 0)
		return -1;
	if (out->waiver < 0 || (uint64_t)out->waiver >= r->p->n_waivers ||
	    r->p->waivers[out->waiver].state != WAIVER_USED)
		return read_wrong(r, v, "no waiver in use has the number", "waiver");
	return 0;
}

static int read_outcome(struct reader *r, const struct json *v, struct policy_verdict *out)
{
	int source = 0, result = 0, pass = 0;
	if (read_name(r, v, "source", source_at, POLICY_FROM_COUNT, &source) < 0 ||
	    read_name(r, v, "result", policy_result_at, POLICY_COUNT, &result) < 0 ||
	    read_flag(r, v, "existing", &out->existing) < 0 ||
	    (json_get(v, "pass") && read_name(r, v, "pass", pass_at, POLICY_PASS_COUNT, &pass) < 0))
		return -1;
	out->source = (enum policy_source)source;
	out->result = (enum policy_result)result;
	out->pass = (enum policy_pass)pass;
	if (out->pass == POLICY_PASS_EXISTING && !out->existing)
		return read_wrong(r, v, "what is not `existing` passes as such:", "pass");
	if (out->pass == POLICY_PASS_UNDECIDED && out->result != POLICY_UNDECIDED)
		return read_wrong(r, v, "what is decided passes as undecided:", "pass");
	return read_waiver_of(r, v, out);
}

static int read_verdict(struct reader *r, const struct json *v, struct policy_verdict *out)
{
	if (ONLY_KEYS(r, v, "source", "policy", "binding", "param", "change", "result", "existing",
		      "pass", "waiver", "message", "path", "file", "line", "col", "rule") < 0 ||
	    read_text(r, v, "policy", &out->policy) < 0 ||
	    read_optional_text(r, v, "binding", &out->binding) < 0 ||
	    read_optional_text(r, v, "param", &out->param) < 0 ||
	    read_optional_text(r, v, "change", &out->change) < 0 || read_outcome(r, v, out) < 0 ||
	    read_text(r, v, "message", &out->message) < 0 ||
	    read_optional_text(r, v, "path", &out->path) < 0 ||
	    read_optional_text(r, v, "file", &out->file) < 0 ||
	    read_small_number(r, v, "line", &out->line) < 0 ||
	    read_small_number(r, v, "col", &out->col) < 0)
		return -1;
	return read_rule(r, json_get(v, "rule"), &out->rule);
}

/* The summary says whether the plan is denied: it has to say what the verdicts do. */
static int check_verdict_counts(struct reader *r, const struct json *items)
{
	struct plan_summary stated = r->p->summary, counted;
	struct plan p = { .verdicts = r->p->verdicts, .n_verdicts = r->p->n_verdicts };
	plan_summarise(&p);
	counted = p.summary;
	if (stated.denied != counted.denied)
		return read_wrong(r, items, "verdicts that are not as many as the summary's",
				  "denied");
	if (stated.warned != counted.warned)
		return read_wrong(r, items, "verdicts that are not as many as the summary's",
				  "warned");
	return 0;
}

/* After the changes: those of the whole plan, then each of a change, in the order of these. */
int read_verdicts(struct reader *r, const struct json *root)
{
	const struct json *items;
	struct plan *p = r->p;
	if (read_list(r, root, "policy", &items) < 0)
		return -1;
	if (items->n > PLAN_MAX_VERDICTS)
		return err_at(r->err, ERR_LIMIT, json_pos(items, r->file),
			      "more than %d verdicts (PLAN_MAX_VERDICTS)", PLAN_MAX_VERDICTS);
	p->verdicts = arena_calloc(&p->arena, items->n, sizeof(*p->verdicts));
	size_t of = 0;
	for (p->n_verdicts = 0; p->n_verdicts < items->n; p->n_verdicts++) {
		const struct json *item = &items->items[p->n_verdicts];
		struct policy_verdict *verdict = &p->verdicts[p->n_verdicts];
		if (read_verdict(r, item, verdict) < 0)
			return -1;
		if (!verdict->change && (!p->n_verdicts || !verdict[-1].change))
			continue;
		if (!verdict->change)
			return read_wrong(r, item, "out of order: no", "change");
		while (of < p->n_changes && strcmp(p->changes[of].id, verdict->change) != 0)
			of++;
		if (of == p->n_changes)
			return read_wrong(r, item, "no change, in the order of changes, has the id",
					  verdict->change);
	}
	return check_verdict_counts(r, items);
}

static int read_waiver(struct reader *r, const struct json *v, struct plan_waiver *out)
{
	int state = 0;
	if (ONLY_KEYS(r, v, "policy", "object", "reason", "owner", "expires", "state", "file",
		      "line", "col") < 0 ||
	    read_text(r, v, "policy", &out->policy) < 0 ||
	    read_text(r, v, "object", &out->object) < 0 ||
	    read_text(r, v, "reason", &out->reason) < 0 ||
	    read_text(r, v, "owner", &out->owner) < 0 ||
	    read_text(r, v, "expires", &out->expires) < 0 ||
	    read_name(r, v, "state", state_at, WAIVER_COUNT, &state) < 0 ||
	    read_optional_text(r, v, "file", &out->at.file) < 0 ||
	    read_small_number(r, v, "line", &out->at.line) < 0)
		return -1;
	out->state = (enum waiver_state)state;
	return read_small_number(r, v, "col", &out->at.col);
}

int read_waivers(struct reader *r, const struct json *root)
{
	const struct json *items;
	struct plan *p = r->p;
	if (!json_get(root, "waivers"))
		return 0;
	if (read_list(r, root, "waivers", &items) < 0)
		return -1;
	if (items->n > PLAN_MAX_WAIVERS)
		return err_at(r->err, ERR_LIMIT, json_pos(items, r->file),
			      "more than %d waivers (PLAN_MAX_WAIVERS)", PLAN_MAX_WAIVERS);
	p->waivers = arena_calloc(&p->arena, items->n, sizeof(*p->waivers));
	for (; p->n_waivers < items->n; p->n_waivers++)
		if (read_waiver(r, &items->items[p->n_waivers], &p->waivers[p->n_waivers]) < 0)
			return -1;
	return 0;
}
