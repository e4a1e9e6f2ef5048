/* Evaluation of macros that bind variables; see node.h.
 *
 * The costs are those of the loops that cel-go expands the macros to: for each element what its
 * condition and step read, and one for the result. */
#include "policy/cel/node.h"

enum {
	COST_ALL = 3,     /* @not_strictly_false(accu), and accu in accu && p */
	COST_EXISTS = 4,  /* @not_strictly_false(!accu), and accu in accu || p */
	COST_ALL_END = 2, /* the condition, when it ends the loop */
	COST_EXISTS_END = 3,
	COST_COUNT = 2,   /* accu + 1 */
	COST_APPEND = 12, /* accu + [x] without x */
	COST_INSERT = 2,  /* @mapInsert(accu, x) without x */
	COST_RESULT = 1,
};

/* What a loop walks over. */
struct walk {
	struct cel_value range;
	uint32_t i;
};

const char *cel_go_name(struct cel_value v)
{
	static const char *const names[] = {
		[CEL_NULL] = "types.Null",
		[CEL_BOOL] = "types.Bool",
		[CEL_INT] = "types.Int",
		[CEL_UINT] = "types.Uint",
		[CEL_DOUBLE] = "types.Double",
		[CEL_STRING] = "types.String",
		[CEL_BYTES] = "types.Bytes",
		[CEL_TYPE] = "*types.Type",
		[CEL_TIMESTAMP] = "types.Timestamp",
		[CEL_DURATION] = "types.Duration",
		[CEL_OPTIONAL] = "*types.Optional",
		[CEL_LIST] = "*types.baseList",
		[CEL_MAP] = "*types.baseMap",
	};
	return v.kind == CEL_OPAQUE                         ? v.opaque->ops->type->name
	       : v.kind < ARRAY_LEN(names) && names[v.kind] ? names[v.kind]
							    : "types.Unknown";
}

/* What is not iterable is an error, in *v. */
static bool begin(const struct cel_fold_node *f, struct cel_run *run, struct walk *w,
		  struct cel_value *v)
{
	*v = cel_node_eval(f->range, run);
	*w = (struct walk){ .range = *v };
	if (cel_is_bad(*v))
		return false;
	if (v->kind == CEL_LIST || (v->kind == CEL_MAP && v->store != CEL_STORE_RECORD))
		return true;
	struct cel_call c = { .run = run, .at = f->range->at };
	*v = cel_fail(&c, "got '%s', expected iterable type", cel_go_name(*v));
	return false;
}

/* Binds the variables to the next element; false at the end. */
static inline bool next(const struct cel_fold_node *f, struct cel_run *run, struct walk *w)
{
	struct cel_value *vars = &run->frame[f->place];
	if (w->i == w->range.n || cel_over(run)) {
		cel_run_note_value(run, w->range);
		return false;
	}
	if (w->range.kind == CEL_LIST) {
		struct cel_value item = cel_item(w->range, w->i);
		vars[f->n_vars - 1] = item;
		if (w->range.store == CEL_STORE_JSON)
			cel_run_note(run, &w->range.json->items[w->i]);
		else
			cel_run_note_value(run, item);
		if (f->n_vars == 2)
			vars[0] = cel_int(w->i);
	} else if (f->n_vars == 1 && w->range.store == CEL_STORE_JSON) {
		vars[0] = cel_text(w->range.json->members[w->i].key);
		cel_run_note(run, &w->range.json->members[w->i].value);
	} else {
		struct cel_entry e = cel_entry(w->range, w->i);
		vars[0] = e.key;
		if (run->watch && w->range.store == CEL_STORE_JSON)
			cel_run_note(run, &w->range.json->members[w->i].value);
		if (f->n_vars == 2)
			vars[1] = e.value;
	}
	w->i++;
	return true;
}

static inline struct cel_value truth(const struct cel_node *n, struct cel_run *run)
{
	struct cel_value v = cel_node_eval(n, run);
	if (v.kind == CEL_BOOL || cel_is_bad(v))
		return v;
	return cel_run_fail(run, n->at, "no such overload");
}

static struct cel_value stopped(struct cel_run *run)
{
	return cel_error_value(&run->stop);
}

/* all and exists: the first element that decides wins over errors before it. */
static inline struct cel_value quantify(const struct cel_node *node, struct cel_run *run,
					bool decides)
{
	const struct cel_fold_node *f = (const struct cel_fold_node *)node;
	struct cel_value result, v;
	struct walk w;
	if (!begin(f, run, &w, &result))
		return result;
	result = cel_bool(!decides);
	for (bool decided = false; next(f, run, &w);) {
		run->cost += decides ? COST_EXISTS : COST_ALL;
		v = truth(f->condition, run);
		if (decided)
			continue;
		if (v.kind != CEL_BOOL) {
			result = cel_worse(result, v);
		} else if (v.truth == decides) {
			result = v;
			if (w.i < w.range.n)
				run->cost += decides ? COST_EXISTS_END : COST_ALL_END;
			if (!run->watch)
				break;
			decided = true;
		}
	}
	run->cost += COST_RESULT;
	return run->stopped ? stopped(run) : result;
}

struct cel_value cel_eval_all(const struct cel_node *node, struct cel_run *run)
{
	return quantify(node, run, false);
}

struct cel_value cel_eval_exists(const struct cel_node *node, struct cel_run *run)
{
	return quantify(node, run, true);
}

/* The rest absorbs nothing and walks over all elements; a later error replaces an earlier one. */

struct cel_value cel_eval_one(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_fold_node *f = (const struct cel_fold_node *)node;
	struct cel_value bad = cel_null(), v;
	struct walk w;
	uint32_t count = 0;
	if (!begin(f, run, &w, &v))
		return v;
	while (next(f, run, &w)) {
		v = truth(f->condition, run);
		if (v.kind != CEL_BOOL)
			bad = bad.kind == CEL_UNKNOWN ? bad : v;
		else if (v.truth)
			count++;
		run->cost += cel_is_true(v) ? COST_COUNT : 0;
	}
	run->cost += COST_RESULT + 1;
	return run->stopped ? stopped(run) : cel_is_bad(bad) ? bad : cel_bool(count == 1);
}

struct cel_value cel_eval_filter(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_fold_node *f = (const struct cel_fold_node *)node;
	struct cel_call c = { .run = run, .at = node->at };
	struct cel_vector kept = { 0 };
	struct cel_value bad = cel_null(), v;
	struct walk w;
	if (!begin(f, run, &w, &v))
		return v;
	while (next(f, run, &w)) {
		v = truth(f->condition, run);
		if (v.kind != CEL_BOOL) {
			bad = bad.kind == CEL_UNKNOWN ? bad : v;
		} else if (v.truth) {
			run->cost += COST_APPEND + 1;
			if (!cel_is_bad(bad) &&
			    !cel_push(&c, &kept, run->frame[f->place + f->n_vars - 1]))
				break;
		}
	}
	run->cost += COST_RESULT;
	return run->stopped ? stopped(run) : cel_is_bad(bad) ? bad : cel_list(kept.items, kept.n);
}

/* The condition before a transformation: whether to go on with the element. */
static bool wanted(const struct cel_fold_node *f, struct cel_run *run, struct cel_value *bad)
{
	if (!f->condition)
		return true;
	struct cel_value v = truth(f->condition, run);
	if (v.kind == CEL_BOOL)
		return v.truth;
	*bad = bad->kind == CEL_UNKNOWN ? *bad : v;
	return false;
}

struct cel_value cel_eval_to_list(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_fold_node *f = (const struct cel_fold_node *)node;
	struct cel_call c = { .run = run, .at = node->at };
	struct cel_vector items = { 0 };
	struct cel_value bad = cel_null(), v;
	struct walk w;
	if (!begin(f, run, &w, &v))
		return v;
	while (next(f, run, &w)) {
		if (!wanted(f, run, &bad))
			continue;
		run->cost += COST_APPEND;
		v = cel_node_eval(f->body, run);
		if (cel_is_bad(v))
			bad = cel_worse(bad, v);
		else if (!cel_is_bad(bad) && !cel_push(&c, &items, v))
			break;
	}
	run->cost += COST_RESULT;
	return run->stopped ? stopped(run) : cel_is_bad(bad) ? bad : cel_list(items.items, items.n);
}

/* Entries of a map that grows. */
struct entries {
	struct cel_entry *entry;
	uint32_t n, cap;
};

static bool add_entry(struct cel_run *run, struct entries *l, struct cel_entry e)
{
	if (l->n == l->cap) {
		uint32_t cap = l->cap ? 2 * l->cap : 8;
		struct cel_entry *more =
			cap > l->cap ? cel_run_alloc(run, cap * sizeof(*more)) : NULL;
		if (!more)
			return false;
		if (l->n)
			memcpy(more, l->entry, l->n * sizeof(*more));
		l->entry = more;
		l->cap = cap;
	}
	l->entry[l->n++] = e;
	return true;
}

/* The map, where no key stands twice. */
static struct cel_value distinct_map(struct cel_call *c, struct entries *l)
{
	uint32_t n = l->n;
	struct cel_entry *copy = n ? cel_alloc(c, n * sizeof(*copy)) : NULL;
	if (n && !copy)
		return cel_stop(c);
	if (n)
		memcpy(copy, l->entry, n * sizeof(*copy));
	struct cel_value map = cel_map_of(c, copy, n);
	if (cel_is_bad(map) || map.n == n)
		return map;
	/* The first key that differs from where it was put is one that stood before. */
	uint32_t i = 0;
	while (i < map.n && cel_equal(map.entries->entry[i].key, l->entry[i].key))
		i++;
	struct cel_error *e = cel_alloc(c, sizeof(*e));
	if (!e)
		return cel_stop(c);
	*e = (struct cel_error){ .message = "insert failed: key ",
				 .about = l->entry[i].key,
				 .after = " already exists",
				 .at = c->at };
	return cel_error_value(e);
}

static struct cel_value insert_all(struct cel_run *run, const struct cel_fold_node *f,
				   struct entries *l, struct cel_value v)
{
	if (v.kind != CEL_MAP || v.store == CEL_STORE_RECORD)
		return cel_run_fail(run, f->body->at, "no such overload");
	for (uint32_t i = 0; i < v.n; i++)
		if (!add_entry(run, l, cel_entry(v, i)))
			return stopped(run);
	return v;
}

static struct cel_value to_map(const struct cel_node *node, struct cel_run *run, bool entries)
{
	const struct cel_fold_node *f = (const struct cel_fold_node *)node;
	struct cel_call c = { .run = run, .at = node->at };
	struct entries l = { 0 };
	struct cel_value bad = cel_null(), v;
	struct walk w;
	if (!begin(f, run, &w, &v))
		return v;
	while (next(f, run, &w)) {
		if (!wanted(f, run, &bad))
			continue;
		run->cost += entries ? COST_INSERT : COST_INSERT + 1;
		struct cel_value key = run->frame[f->place];
		v = cel_node_eval(f->body, run);
		if (entries && !cel_is_bad(v))
			v = insert_all(run, f, &l, v);
		else if (!cel_is_bad(v) && !add_entry(run, &l, (struct cel_entry){ key, v }))
			break;
		if (cel_is_bad(v))
			bad = cel_worse(bad, v);
	}
	run->cost += COST_RESULT;
	return run->stopped ? stopped(run) : cel_is_bad(bad) ? bad : distinct_map(&c, &l);
}

struct cel_value cel_eval_to_map(const struct cel_node *node, struct cel_run *run)
{
	return to_map(node, run, false);
}

struct cel_value cel_eval_to_entries(const struct cel_node *node, struct cel_run *run)
{
	return to_map(node, run, true);
}

/* optMap and optFlatMap: the target is evaluated once here, twice in Kubernetes, where the second
 * time is when the variable is used. */
static struct cel_value over_optional(const struct cel_node *node, struct cel_run *run, bool *some)
{
	const struct cel_fold_node *f = (const struct cel_fold_node *)node;
	uint64_t before = run->cost;
	struct cel_value v = cel_node_eval(f->range, run);
	uint64_t target = run->cost - before;
	*some = false;
	run->cost++;
	if (cel_is_bad(v) || cel_over(run))
		return run->stopped ? stopped(run) : v;
	if (v.kind != CEL_OPTIONAL)
		return cel_run_fail(run, node->at, "no such overload");
	if (!v.items) {
		run->cost++;
		return v;
	}
	run->cost += f->used ? target + 1 : 0;
	run->frame[f->place] = *v.items;
	*some = true;
	return cel_node_eval(f->body, run);
}

struct cel_value cel_eval_opt_map(const struct cel_node *node, struct cel_run *run)
{
	struct cel_call c = { .run = run, .at = node->at };
	bool some;
	struct cel_value v = over_optional(node, run, &some);
	run->cost += some;
	return some && !cel_is_bad(v) ? cel_some(&c, v) : v;
}

struct cel_value cel_eval_opt_flat(const struct cel_node *node, struct cel_run *run)
{
	bool some;
	return over_optional(node, run, &some);
}

struct cel_value cel_eval_bind(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_fold_node *f = (const struct cel_fold_node *)node;
	run->frame[f->place].kind = CEL_UNSET;
	return cel_node_eval(f->body, run);
}
