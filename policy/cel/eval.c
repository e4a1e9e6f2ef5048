/* Evaluation of names, logic and literals; see node.h. */
#include "policy/cel/node.h"

struct cel_value cel_run_fail_about(struct cel_run *run, uint32_t at, const char *message,
				    struct cel_value about)
{
	struct cel_error *e = cel_run_alloc(run, sizeof(*e));
	if (!e)
		return cel_error_value(&run->stop);
	*e = (struct cel_error){ .message = message, .about = about, .at = at };
	return cel_error_value(e);
}

struct cel_value cel_run_fail(struct cel_run *run, uint32_t at, const char *message)
{
	return cel_run_fail_about(run, at, message, cel_null());
}

struct cel_value cel_eval_constant(const struct cel_node *node, struct cel_run *run)
{
	(void)run;
	return ((const struct cel_constant *)node)->value;
}

struct cel_value cel_eval_bound(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_bound *b = (const struct cel_bound *)node;
	run->cost++;
	if (run->frame[b->place].kind == CEL_UNSET)
		run->frame[b->place] = cel_node_eval(b->init, run);
	return run->frame[b->place];
}

/* The value of a term: true, false, or bad. */
static inline struct cel_value truth(const struct cel_node *n, struct cel_run *run)
{
	struct cel_value v = cel_node_eval(n, run);
	if (v.kind == CEL_BOOL || cel_is_bad(v))
		return v;
	return cel_run_fail(run, n->at, "no such overload");
}

/* && and ||: the first term that decides wins over whatever came before. */
static inline struct cel_value logic(const struct cel_node *node, struct cel_run *run, bool decides)
{
	const struct cel_branches *b = (const struct cel_branches *)node;
	struct cel_value result = cel_bool(!decides);
	for (uint32_t i = 0, decided = false; i < b->n; i++) {
		struct cel_value v = truth(b->kids[i], run);
		if (decided)
			continue;
		if (v.kind != CEL_BOOL) {
			if (run->stopped)
				return v;
			result = cel_worse(result, v);
		} else if (v.truth == decides) {
			if (!run->watch)
				return v;
			result = v;
			decided = true;
		}
	}
	return result;
}

struct cel_value cel_eval_and(const struct cel_node *node, struct cel_run *run)
{
	return logic(node, run, false);
}

struct cel_value cel_eval_or(const struct cel_node *node, struct cel_run *run)
{
	return logic(node, run, true);
}

struct cel_value cel_eval_if(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_branches *b = (const struct cel_branches *)node;
	struct cel_value v = truth(b->kids[0], run);
	if (run->watch)
		cel_node_eval(b->kids[cel_is_true(v) ? 2 : 1], run);
	return v.kind == CEL_BOOL ? cel_node_eval(b->kids[v.truth ? 1 : 2], run) : v;
}

struct cel_value cel_eval_message(const struct cel_node *node, struct cel_run *run)
{
	run->cost += CEL_COST_MESSAGE;
	return cel_node_eval(((const struct cel_branches *)node)->kids[0], run);
}

/* An element that is marked with `?`: *skip where it is none. */
static struct cel_value marked(const struct cel_node *n, struct cel_run *run, struct cel_value v,
			       bool *skip)
{
	if (cel_is_bad(v))
		return v;
	if (v.kind != CEL_OPTIONAL)
		return cel_run_fail_about(run, n->at,
					  "cannot initialize optional list element from "
					  "non-optional value ",
					  v);
	*skip = !v.items;
	return v.items ? *v.items : v;
}

struct cel_value cel_eval_list(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_literal_node *l = (const struct cel_literal_node *)node;
	struct cel_value *items = cel_run_alloc(run, (l->n + 1) * sizeof(*items));
	struct cel_value bad = cel_null();
	uint32_t n = 0;
	run->cost += CEL_COST_LIST;
	if (!items || cel_over(run))
		return cel_error_value(&run->stop);
	for (uint32_t i = 0; i < l->n; i++) {
		bool skip = false;
		struct cel_value v = cel_node_eval(l->kids[i], run);
		if (l->optional && l->optional[i])
			v = marked(l->kids[i], run, v, &skip);
		if (cel_is_bad(v))
			bad = cel_worse(bad, v);
		else if (!skip)
			items[n++] = v;
	}
	return cel_is_bad(bad) ? bad : cel_list(items, n);
}

struct cel_value cel_eval_map(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_literal_node *l = (const struct cel_literal_node *)node;
	struct cel_entry *entries = cel_run_alloc(run, (l->n / 2 + 1) * sizeof(*entries));
	struct cel_call c = { .run = run, .at = node->at };
	struct cel_value bad = cel_null();
	uint32_t n = 0;
	run->cost += CEL_COST_MAP;
	if (!entries || cel_over(run))
		return cel_error_value(&run->stop);
	for (uint32_t i = 0; i < l->n; i += 2) {
		bool skip = false;
		struct cel_value key = cel_node_eval(l->kids[i], run);
		struct cel_value v = cel_node_eval(l->kids[i + 1], run);
		if (l->optional && l->optional[i + 1])
			v = marked(l->kids[i + 1], run, v, &skip);
		if (cel_is_bad(key) || cel_is_bad(v))
			bad = cel_worse(bad, cel_worse(key, v));
		else if (!skip)
			entries[n++] = (struct cel_entry){ key, v };
	}
	return cel_is_bad(bad) ? bad : cel_map_of(&c, entries, n);
}
