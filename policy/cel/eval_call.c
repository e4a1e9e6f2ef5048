/* Evaluation of calls of functions; see node.h. */
#include "policy/cel/node.h"

static bool is_any(const struct cel_type *t)
{
	return t->kind == CEL_PARAM || t->kind == CEL_DYN;
}

/* A type of an environment with fields, whose values are maps; the types of libraries have none,
 * and a function of theirs that is given a map would take it for its own. */
static bool is_of_maps(const struct cel_type *t)
{
	return t->kind == CEL_OBJECT && t->n_fields;
}

/* As cel-go: of a list or map, the first element decides. */
bool cel_fits(const struct cel_type *t, struct cel_value v)
{
	if (is_any(t))
		return true;
	if (t->kind == CEL_OBJECT || t->kind == CEL_OPAQUE)
		return v.kind == CEL_OPAQUE ? strcmp(v.opaque->ops->type->name, t->name) == 0
					    : v.kind == CEL_MAP && is_of_maps(t);
	if (v.kind != t->kind)
		return false;
	if (v.kind == CEL_LIST && t->n == 1 && v.n && !is_any(t->params[0]))
		return cel_fits(t->params[0], cel_item(v, 0));
	if (v.kind == CEL_MAP && t->n == 2 && v.n &&
	    !(is_any(t->params[0]) && is_any(t->params[1]))) {
		struct cel_entry e = cel_entry(v, 0);
		return cel_fits(t->params[0], e.key) && cel_fits(t->params[1], e.value);
	}
	return true;
}

static bool all_fit(const struct cel_signature *s, const struct cel_value *args)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!cel_fits(s->args[i], args[i]))
			return false;
	return true;
}

static const char *words_of(struct cel_run *run, const struct cel_invocation *n,
			    const struct cel_value *args)
{
	AUTO(buf_done) struct buf text = { 0 };
	buf_printf(&text, "no such overload: %s(", n->name);
	for (uint32_t i = 0; i < n->n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", cel_type_of(args[i])->name);
	buf_putc(&text, ')');
	char *p = cel_run_alloc(run, text.len + 1);
	return p ? memcpy(p, buf_text(&text), text.len + 1) : "no such overload";
}

static struct cel_value no_overload(struct cel_run *run, const struct cel_invocation *n,
				    const struct cel_value *args)
{
	uint8_t say = n->n_overloads ? n->overloads[0]->row->mismatch : CEL_SAY_TYPES;
	if (say == CEL_SAY_ONLY)
		return cel_run_fail(run, n->node.at, "no such overload");
	if (say == CEL_SAY_NAME)
		return cel_run_fail_about(run, n->node.at, "no such overload: ", cel_text(n->name));
	return cel_run_fail(run, n->node.at, words_of(run, n, args));
}

static struct cel_value apply(struct cel_run *run, const struct cel_invocation *n,
			      const struct cel_value *args)
{
	struct cel_call c = { .run = run, .args = args, .site = n->site, .at = n->node.at };
	for (uint32_t i = 0; i < n->n_overloads; i++) {
		const struct cel_resolved *o = n->overloads[i];
		if (o->row->call && (o->row->own || all_fit(&o->signature, args)))
			return o->row->call(&c);
	}
	return no_overload(run, n, args);
}

struct cel_value cel_eval_call(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_invocation *n = (const struct cel_invocation *)node;
	struct cel_value args[CEL_MAX_ARGS], v = cel_null();
	for (uint32_t i = 0; i < n->n; i++) {
		args[i] = cel_node_eval(n->args[i], run);
		if (cel_is_bad(args[i]))
			v = cel_worse(v, args[i]);
	}
	if (cel_over(run))
		return cel_error_value(&run->stop);
	if (!cel_is_bad(v))
		v = apply(run, n, args);
	uint64_t cost = n->cost ? n->cost(args, v) : 1;
	if (__builtin_add_overflow(run->cost, cost, &run->cost))
		run->cost = UINT64_MAX;
	return cel_over(run) ? cel_error_value(&run->stop) : v;
}

/* optional.orValue(x) and optional.or(y) evaluate their argument only if it is needed. */
static struct cel_value either(const struct cel_node *node, struct cel_run *run, bool value)
{
	const struct cel_branches *b = (const struct cel_branches *)node;
	struct cel_value v = cel_node_eval(b->kids[0], run);
	if (cel_is_bad(v))
		return v;
	if (v.kind != CEL_OPTIONAL)
		return v;
	if (v.items && run->watch)
		cel_node_eval(b->kids[1], run);
	if (v.items)
		return value ? *v.items : v;
	return cel_node_eval(b->kids[1], run);
}

struct cel_value cel_eval_or_value(const struct cel_node *node, struct cel_run *run)
{
	return either(node, run, true);
}

struct cel_value cel_eval_or_optional(const struct cel_node *node, struct cel_run *run)
{
	return either(node, run, false);
}
