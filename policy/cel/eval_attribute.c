/* Evaluation of names and of the steps into them; see node.h. */
#include <math.h>

#include "policy/cel/node.h"

/* strcmp(), which is seldom called: most keys differ in their first byte. */
static inline int compare(const char *a, const char *b)
{
	int d = (unsigned char)*a - (unsigned char)*b;
	return d ? d : strcmp(a, b);
}

/* The member of a constant key.  Objects are much alike: it is looked for where it was, or would
 * have been, in the last one. */
static inline const struct json *member(const struct json *object, struct cel_step *s)
{
	const char *key = s->key.text;
	uint32_t lo = 0, hi = object->n, at = s->hint;
	if (at <= hi) {
		int d = at < hi ? compare(object->members[at].key, key) : 1;
		if (d == 0)
			return &object->members[at].value;
		if (d > 0 && (at == 0 || compare(object->members[at - 1].key, key) < 0))
			return NULL;
	}
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (compare(object->members[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	s->hint = lo;
	return lo < object->n && compare(object->members[lo].key, key) == 0
		       ? &object->members[lo].value
		       : NULL;
}

static struct cel_value fail(struct cel_run *run, const struct cel_step *s, const char *message,
			     struct cel_value about, const char *after)
{
	struct cel_error *e = cel_run_alloc(run, sizeof(*e));
	if (!e)
		return cel_error_value(&run->stop);
	*e = (struct cel_error){
		.message = message, .after = after, .about = about, .at = s->missing.at
	};
	return cel_error_value(e);
}

/* An element by number: an int, a uint, or a double without a fraction. */
static struct cel_value element(struct cel_run *run, const struct cel_step *s,
				struct cel_value list, struct cel_value key, bool *missing)
{
	int64_t i = -1;
	if (key.kind == CEL_INT)
		i = key.i;
	else if (key.kind == CEL_UINT)
		i = key.u <= INT64_MAX ? key.i : -1;
	else if (key.kind == CEL_DOUBLE && floor(key.d) == key.d && fabs(key.d) < 0x1p62)
		i = (int64_t)key.d;
	else if (key.kind == CEL_DOUBLE)
		return fail(run, s, "unsupported index value ", key, " in list");
	else
		return fail(run, s, "unsupported index type '", cel_type_value(cel_type_of(key)),
			    "' in list");
	if (i >= 0 && i < list.n)
		return cel_item(list, (uint32_t)i);
	*missing = true;
	return fail(run, s, "index out of bounds: ", key, NULL);
}

static bool is_key(struct cel_value v)
{
	return v.kind >= CEL_BOOL && v.kind <= CEL_STRING;
}

/* Which part of a container a watched run asks for; of what is no document, nothing. */
static void watch_step(struct cel_run *run, struct cel_value from, struct cel_value key,
		       bool presence)
{
	if ((from.kind != CEL_LIST && from.kind != CEL_MAP) || from.store != CEL_STORE_JSON)
		return;
	if (from.kind == CEL_MAP && key.kind == CEL_STRING)
		cel_watch_key(run, from.json, key, presence);
	else if (from.kind == CEL_LIST && key.kind == CEL_INT && key.i >= 0 && key.i < from.n)
		cel_run_note(run, &from.json->items[key.i]);
	else
		cel_run_note(run, from.json);
}

static inline void note_container(struct cel_run *run, struct cel_value from, struct cel_value key)
{
	if (run->watch)
		watch_step(run, from, key, false);
	else
		cel_run_note_value(run, from);
}

static inline bool is_document(struct cel_value v)
{
	return v.kind == CEL_MAP && v.store == CEL_STORE_JSON;
}

/* The value at a key.  *missing: there is none, and the result is the error. */
static struct cel_value step_into(struct cel_run *run, struct cel_step *s, struct cel_value from,
				  struct cel_value key, bool *missing)
{
	struct cel_value v;
	bool found = false;
	note_container(run, from, key);
	if (!is_key(key))
		return fail(run, s, "invalid qualifier type: ", cel_type_value(cel_type_of(key)),
			    NULL);
	if (from.kind == CEL_LIST)
		return element(run, s, from, key, missing);
	if (from.kind == CEL_MAP && from.store == CEL_STORE_RECORD) {
		struct cel_call c = { .run = run, .at = s->missing.at };
		found = key.kind == CEL_STRING &&
			from.record->get(from.record, &c, key.text, key.n, &v);
	} else if (is_document(from) && s->constant) {
		const struct json *there = member(from.json, s);
		found = there != NULL;
		if (there) {
			cel_run_note_last(run, there);
			v = cel_of_json(there);
		}
	} else if (from.kind == CEL_MAP) {
		found = cel_find(from, key, &v);
	}
	if (found)
		return v;
	*missing = true;
	return s->index ? fail(run, s, s->missing.message, key, NULL)
			: cel_error_value(&s->missing);
}

/* Whether there is something at a key, for has(). */
static struct cel_value is_there(struct cel_run *run, const struct cel_step *s,
				 struct cel_value from)
{
	struct cel_value v;
	bool missing;
	if (from.kind == CEL_OPTIONAL && from.items)
		from = *from.items;
	if (cel_is_bad(from))
		return from;
	if (run->watch)
		watch_step(run, from, s->key, true);
	if (from.kind == CEL_LIST)
		return element(run, s, from, s->key, &missing);
	if (from.kind != CEL_MAP)
		return cel_bool(false);
	if (from.store != CEL_STORE_RECORD)
		return cel_bool(cel_find(from, s->key, &v));
	struct cel_call c = { .run = run, .at = s->missing.at };
	return cel_bool(from.record->get(from.record, &c, s->key.text, s->key.n, NULL));
}

static inline struct cel_value start(const struct cel_attribute *a, struct cel_run *run)
{
	if (a->base)
		return cel_node_eval(a->base, run);
	if (a->local)
		return run->frame[a->slot];
	if (a->slot < run->n_slots && run->slots[a->slot].kind != CEL_UNSET)
		return run->slots[a->slot];
	return cel_error_value(&a->unset);
}

/* From step i to the one before `end`.  *optional: the result is one, in the end. */
static struct cel_value walk(const struct cel_attribute *a, struct cel_run *run, struct cel_value v,
			     uint32_t i, uint32_t end, bool *optional)
{
	for (; i < end && !cel_is_bad(v); i++) {
		struct cel_step *s = &a->steps[i];
		bool missing = false;
		if (v.kind == CEL_OPTIONAL) {
			*optional = true;
			if (!v.items)
				return v;
			v = *v.items;
		}
		*optional |= s->maybe;
		struct cel_value key = s->index ? cel_node_eval(s->index, run) : s->key;
		if (cel_is_bad(key))
			return key;
		v = step_into(run, s, v, key, &missing);
		if (missing && *optional)
			return cel_none();
		run->cost++;
	}
	return v;
}

/* The steps by name into a document, without making values on the way. */
static inline struct cel_value into_document(const struct cel_attribute *a, struct cel_run *run,
					     struct cel_value v, uint32_t end, uint32_t *i)
{
	const struct json *at = v.json;
	for (; *i < end && a->steps[*i].plain && at->type == JSON_OBJECT; ++*i) {
		const struct json *within = at;
		at = member(at, &a->steps[*i]);
		run->cost++;
		if (!at) {
			cel_run_note_member(run, within, a->steps[*i].key.text, NULL);
			return cel_error_value(&a->steps[*i].missing);
		}
	}
	cel_run_note(run, at);
	return cel_of_json(at);
}

struct cel_value cel_eval_variable(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_attribute *a = (const struct cel_attribute *)node;
	run->cost += a->cost;
	return start(a, run);
}

struct cel_value cel_eval_attribute(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_attribute *a = (const struct cel_attribute *)node;
	struct cel_value v = start(a, run);
	bool optional = false;
	uint32_t i = 0;
	run->cost += a->cost;
	if (is_document(v))
		v = into_document(a, run, v, a->n, &i);
	if (i < a->n && !cel_is_bad(v))
		v = walk(a, run, v, i, a->n, &optional);
	if (!optional || cel_is_bad(v) || (v.kind == CEL_OPTIONAL && !v.items))
		return v;
	struct cel_call c = { .run = run, .at = node->at };
	return cel_some(&c, v);
}

struct cel_value cel_eval_test(const struct cel_node *node, struct cel_run *run)
{
	const struct cel_attribute *a = (const struct cel_attribute *)node;
	struct cel_value v = start(a, run);
	bool optional = false;
	uint32_t i = 0, last = a->n - 1;
	if (is_document(v))
		v = into_document(a, run, v, last, &i);
	if (i < last && !cel_is_bad(v))
		v = walk(a, run, v, i, last, &optional);
	if (cel_is_bad(v))
		return v;
	if (optional && v.kind == CEL_OPTIONAL && !v.items)
		return cel_bool(false);
	run->cost++;
	if (is_document(v) && a->steps[last].plain) {
		const struct json *there = member(v.json, &a->steps[last]);
		cel_run_note_member(run, v.json, a->steps[last].key.text, there);
		return cel_bool(there != NULL);
	}
	return is_there(run, &a->steps[last], v);
}
