/* Problems of policies, each with its place; see admission.h. */
#include "policy/admission/internal.h"

void problem_add_at(struct admission *a, const struct origin *o, struct srcpos at,
		    const char *excerpt, const char *message)
{
	if (a->n_problems == ADMISSION_MAX_PROBLEMS)
		return;
	if (!at.line) /* of a part that is not there */
		at = json_pos(o->document, o->source->name);
	GROW(a->problems, a->n_problems, a->cap_problems);
	a->problems[a->n_problems++] = (struct admission_problem){
		.at = at,
		.message = arena_fmt(&a->arena, "%s: %s", o->label, message),
		.excerpt = excerpt,
	};
}

void problem_add(struct admission *a, const struct origin *o, const struct json *node,
		 const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *message = xvfmt(fmt, ap);
	va_end(ap);
	problem_add_at(a, o, json_pos(node, o->source->name), NULL, message);
}

const struct admission_problem *admission_problems(const struct admission *a, size_t *n)
{
	*n = a->n_problems;
	return a->problems;
}
