/* See variables.h. */
#include "policy/rule/variables.h"

#include <string.h>

#include "policy/cel/run.h"

/* An error is told again at every use. */
static struct cel_value named_error(struct cel_call *c, const char *name, const char *what,
				    struct cel_value error)
{
	AUTO(buf_done) struct buf text = { 0 };
	cel_error_text(error.error, &text);
	return cel_fail(c, "composited variable \"%s\" fails to %s: %s", name, what,
			buf_text(&text));
}

static struct cel_value evaluate_variable(struct variables_record *r, const struct variable *v,
					  struct cel_call *c)
{
	if (!v->value.program)
		return cel_fail(c, "composited variable \"%s\" fails to compile: %s", v->name,
				v->value.failure ? v->value.failure : "no expression");
	r->evaluations++;
	struct cel_value value = cel_eval_inside(v->value.program, c);
	return value.kind == CEL_ERROR ? named_error(c, v->name, "evaluate", value) : value;
}

static bool variables_get(const struct cel_record *record, struct cel_call *c, const char *name,
			  uint32_t n, struct cel_value *out)
{
	struct variables_record *r = (struct variables_record *)record;
	/* Of two with one name the later one counts. */
	for (uint32_t i = r->n; i-- > 0;) {
		const struct variable *v = &r->variables[i];
		if (v->length != n || memcmp(v->name, name, n) != 0)
			continue;
		struct memo *memo = &r->memo[i];
		if (out && !memo->known) {
			memo->value = evaluate_variable(r, v, c);
			memo->known = true;
			memo->read = cel_run_read(c->run, 0);
		} else if (out && memo->read) {
			cel_run_note_last(c->run, memo->read);
		}
		if (out)
			*out = memo->value;
		return true;
	}
	return false;
}

void variables_begin(struct variables_record *r, const struct rules *rules)
{
	if (rules->n_variables > r->cap) {
		r->memo = xreallocarray(r->memo, rules->n_variables, sizeof(*r->memo));
		r->cap = rules->n_variables;
	}
	r->record.get = variables_get;
	r->variables = rules->variables;
	r->n = rules->n_variables;
	for (uint32_t i = 0; i < r->n; i++)
		r->memo[i].known = false;
}

void variables_done(struct variables_record *r)
{
	free(r->memo);
}
