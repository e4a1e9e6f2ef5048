/* Whether a violation stands at base already; see admission_stands().
 *
 * All that the validation could look at in the object (cel_run_watch()) is compared with base,
 * where elements of lists are found by what names them.  Where nothing differs, the validation has
 * the same answer for the same reason.
 *
 * A loop that ends early says of one element that it is wrong, and nothing of those behind it.  So
 * the elements that do not differ are set aside: what then does not hold is about those that do. */
#include "policy/admission/judge.h"

#include <string.h>

enum {
	DEPTH_MAX = 256,
	TWINS_MAX = 1000, /* longer lists are compared index by index */
};

struct look {
	struct arena *arena;
	const struct cel_read *reads; /* sorted by node */
	size_t n;
	bool differs; /* anywhere */
	bool outside; /* otherwise than in elements of lists */
};

struct seen {
	bool read, differs;
};

/* ---- twins */

/* What names an element of the lists of Kubernetes. */
static const char *const names[] = {
	"name",        "mountPath", "containerPort", "devicePath", "key",
	"topologyKey", "ip",        "host",          "port",       "type",
};

/* The one element with this member; NULL for none, or more. */
static const struct json *only_with(const struct json *list, const char *key,
				    const struct json *value)
{
	const struct json *found = NULL;
	for (uint32_t i = 0; i < list->n; i++) {
		const struct json *its = json_get(&list->items[i], key);
		if (!its || !json_equal(its, value))
			continue;
		if (found)
			return NULL;
		found = &list->items[i];
	}
	return found;
}

static const struct json *twin_of(const struct json *list, uint32_t i, const struct json *twin)
{
	const struct json *item = &list->items[i];
	if (!json_is(twin, JSON_ARRAY))
		return NULL;
	if (list->n > TWINS_MAX || twin->n > TWINS_MAX)
		return i < twin->n ? &twin->items[i] : NULL;
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		const struct json *value = json_get(item, names[k]);
		if (value && only_with(list, names[k], value))
			return only_with(twin, names[k], value);
	}
	for (uint32_t k = 0; k < twin->n; k++)
		if (json_equal(item, &twin->items[k]))
			return &twin->items[k];
	return NULL;
}

static bool same_elements(const struct json *list, const struct json *twin)
{
	if (!json_is(twin, JSON_ARRAY) || list->n != twin->n)
		return false;
	for (uint32_t i = 0; i < list->n; i++)
		if (!twin_of(list, i, twin))
			return false;
	return true;
}

/* ---- comparing what was read */

static int by_node(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct cel_read *)a)->node;
	uintptr_t y = (uintptr_t)((const struct cel_read *)b)->node;
	return (x > y) - (x < y);
}

static size_t first_read(const struct look *l, const struct json *node)
{
	size_t lo = 0, hi = l->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if ((uintptr_t)l->reads[mid].node < (uintptr_t)node)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* What was read of v itself.  parts: some of what is in it was read too. */
static struct seen look_at(struct look *l, const struct json *v, const struct json *twin,
			   bool parts)
{
	struct seen s = { false, false };
	bool whole = false;
	for (size_t i = first_read(l, v); i < l->n && l->reads[i].node == v; i++) {
		const struct cel_read *r = &l->reads[i];
		s.read = true;
		s.differs |= !twin;
		whole |= r->what == CEL_READ_VALUE;
		parts |= r->what == CEL_READ_ABSENT;
		if (r->what == CEL_READ_ABSENT)
			s.differs |= json_get(twin, r->key) != NULL;
	}
	if (whole && !parts)
		s.differs |= !twin || !json_equal(v, twin);
	/* Other elements, or fewer: only a loop that ends early does not mind. */
	if (whole && parts && v->type == JSON_ARRAY && !same_elements(v, twin))
		l->differs = true;
	return s;
}

static struct seen look(struct look *l, const struct json *v, const struct json *twin, bool element,
			unsigned depth, struct json *kept);

/* *kept gets the elements that differ, and those of which nothing was read. */
static struct seen look_into_list(struct look *l, const struct json *list, const struct json *twin,
				  unsigned depth, struct json *kept)
{
	struct seen all = { false, false };
	*kept = json_of_array();
	for (uint32_t i = 0; i < list->n; i++) {
		struct json item;
		struct seen s =
			look(l, &list->items[i], twin_of(list, i, twin), true, depth, &item);
		if (s.differs || !s.read)
			json_append(l->arena, kept, item);
		all.read |= s.read;
		all.differs |= s.differs;
	}
	return all;
}

static struct seen look(struct look *l, const struct json *v, const struct json *twin, bool element,
			unsigned depth, struct json *kept)
{
	struct seen within = { false, false };
	*kept = *v;
	if (depth == DEPTH_MAX) {
		l->differs = l->outside = true;
	} else if (v->type == JSON_ARRAY) {
		within = look_into_list(l, v, twin, depth + 1, kept);
	} else if (v->type == JSON_OBJECT && v->n) {
		kept->members = arena_calloc(l->arena, v->n, sizeof(*kept->members));
		kept->roomy = false;
		for (uint32_t i = 0; i < v->n; i++) {
			const struct json_member *m = &v->members[i];
			kept->members[i] = *m;
			struct seen s = look(l, &m->value, json_get(twin, m->key), element,
					     depth + 1, &kept->members[i].value);
			within.read |= s.read;
			within.differs |= s.differs;
		}
	}
	struct seen own = look_at(l, v, twin, within.read);
	l->differs |= own.differs;
	l->outside |= own.differs && !element;
	return (struct seen){ own.read || within.read, own.differs || within.differs };
}

/* ---- the place of a result */

/* Whether a JSON pointer leads into an element of a list. */
static bool is_in_element(const struct json *v, const char *path)
{
	AUTO(buf_done) struct buf key = { 0 };
	for (; v && path && *path == '/'; path += strcspn(path, "/")) {
		size_t n = strcspn(++path, "/");
		if (v->type == JSON_ARRAY)
			return true;
		key.len = 0;
		for (size_t i = 0; i < n; i++) {
			bool escape = path[i] == '~' && i + 1 < n;
			buf_putc(&key, !escape ? path[i] : path[i + 1] == '1' ? '/' : '~');
			i += escape;
		}
		v = json_get(v, buf_text(&key));
	}
	return false;
}

/* ---- all of it */

/* What r is about. */
struct rule {
	const struct policy *policy;
	const struct binding *binding; /* NULL: the policy as a whole */
	const struct param *param;
	bool found;
};

static struct rule find_rule(struct judge *j, const struct admission_result *r,
			     const struct admission_change *change)
{
	struct rule rule = { .policy = policy_find(j->a, r->policy) };
	for (uint32_t i = 0; rule.policy && r->binding && i < rule.policy->n_bindings; i++)
		if (strcmp(rule.policy->bindings[i]->name, r->binding) == 0)
			rule.binding = rule.policy->bindings[i];
	if (!rule.policy || !r->binding != !rule.binding)
		return rule;
	rule.found = r->validation == ADMISSION_WHOLE;
	if (rule.found || !rule.binding)
		return rule;
	struct found_params params = params_find(j->a, j->arena, rule.policy, rule.binding,
						 change->namespace ? change->namespace : "");
	for (size_t i = 0; i < params.n && !rule.found; i++) {
		const struct param *param = params.items[i];
		rule.found = r->param && param ? strcmp(param->label, r->param) == 0
					       : !r->param && !param;
		rule.param = param;
	}
	return rule;
}

static bool selects_both(const struct admission *a, const struct constraints *c,
			 const struct admission_change *change, const struct admission_change *base)
{
	struct matched m = constraints_match(a, c, change), b = constraints_match(a, c, base);
	return m.match == b.match && m.converted == b.converted && b.match != MATCH_NO;
}

/* What is left of the object without the elements that do not differ. */
static bool holds_for(struct judge *j, const struct rule *rule, uint32_t validation,
		      const struct admission_change *change, const struct json *object)
{
	struct admission_change rest = *change;
	rest.object = object;
	judge_begin(j, &rest);
	return judge_validation(j, rule->policy, rule->param, validation, NULL) == ADMISSION_TRUE;
}

static bool is_same(struct judge *j, const struct rule *rule, const struct admission_result *r,
		    const struct admission_change *change, const struct admission_change *base,
		    const struct cel_reads *reads, bool known)
{
	struct look l = { .arena = j->arena, .reads = reads->items, .n = reads->n };
	struct json rest, ignored;
	look(&l, change->object, base->object, false, 0, &rest);
	bool differs = l.differs;
	/* What was there before is the same in `base`. */
	l.differs = false;
	if (change->old_object)
		look(&l, change->old_object, base->object, false, 0, &ignored);
	if (!differs && !l.differs)
		return true;
	return known && !l.differs && !l.outside && is_in_element(change->object, r->path) &&
	       holds_for(j, rule, (uint32_t)r->validation, change, &rest);
}

static bool stands(struct judge *j, const struct rule *rule, const struct admission_result *r,
		   const struct admission_change *change, const struct admission_change *base,
		   struct cel_reads *reads)
{
	uint32_t i = (uint32_t)r->validation;
	judge_begin(j, change);
	enum admission_answer now = judge_validation(j, rule->policy, rule->param, i, reads);
	if (reads->lost || now == ADMISSION_TRUE)
		return false;
	judge_begin(j, base);
	if (!judge_conditions(j, rule->policy, rule->param) ||
	    judge_validation(j, rule->policy, rule->param, i, NULL) != now)
		return false;
	if (reads->n)
		qsort(reads->items, reads->n, sizeof(*reads->items), by_node);
	return is_same(j, rule, r, change, base, reads, now != ADMISSION_UNKNOWN);
}

bool admission_stands(struct admission_run *run, const struct admission_result *r,
		      const struct admission_change *change, const struct admission_change *base)
{
	struct judge *j = run_judge(run);
	AUTO(cel_reads_done) struct cel_reads reads = { 0 };
	arena_reset(j->arena);
	if (!change->object || !base->object)
		return false;
	struct rule rule = find_rule(j, r, change);
	if (!rule.found || !selects_both(j->a, &rule.policy->match, change, base) ||
	    (rule.binding && rule.binding->match.given &&
	     !selects_both(j->a, &rule.binding->match, change, base)))
		return false;
	if (r->validation == ADMISSION_WHOLE)
		return r->of_any;
	return stands(j, &rule, r, change, base, &reads);
}
