/* Ownership as it was: see give_back.c, which does it. */
#include "apply/rollback_private.h"

#include <string.h>

#include "plan/diff/unchanged.h"
#include "plan/merge/managed.h"

static struct managed managed_by(struct arena *a, const struct json *object)
{
	struct managed m = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	if (managed_of(a, object, &m, &ignored) < 0)
		return (struct managed){ 0 };
	return m;
}

static const struct json *json_of_set(struct arena *a, const struct field_set *set)
{
	struct json *v = arena_calloc(a, 1, sizeof(*v));
	*v = field_set_json(a, set);
	return v;
}

static const struct managed_entry *same_entry(const struct managed *m,
					      const struct managed_entry *e)
{
	return managed_find(m, e->manager, e->operation, e->api_version, e->subresource);
}

static bool is_ours(const struct managed_entry *e)
{
	return strcmp(e->manager, FIELD_MANAGER) == 0 &&
	       strcmp(e->operation, OPERATION_APPLY) == 0 && !*e->subresource;
}

/* Only as the apply has left it: what others have taken since is theirs. */
void rollback_take_over(struct rollback *rb, struct item *it)
{
	struct arena *a = &rb->arena;
	struct change *c = &it->change;
	struct managed after = managed_by(a, it->after), now = managed_by(a, it->live);
	struct field_set taken = { 0 };
	c->takeovers = arena_calloc(a, now.n, sizeof(*c->takeovers));
	c->n_takeovers = 0;
	for (size_t i = 0; i < now.n; i++) {
		const struct managed_entry *e = &now.entries[i], *then = same_entry(&after, e);
		if (is_ours(e) || !then)
			continue;
		struct field_set fields = field_set_intersection(a, &e->fields, &then->fields);
		fields = field_set_intersection(a, &fields, &it->undone);
		if (field_set_empty(&fields))
			continue;
		taken = field_set_union(a, &taken, &fields);
		c->takeovers[c->n_takeovers++] =
			(struct takeover){ e->manager, e->operation, e->subresource,
					   json_of_set(a, &fields) };
	}
	struct json before = json_copy(a, it->before);
	json_remove(&before, "status");
	struct field_set stay = field_set_of(a, it->schema, &before);
	it->leaving = field_set_difference(a, &taken, &stay);
}

/* What the manager had before and the apply took: all of it where the object was deleted. */
static struct field_set lost(struct rollback *rb, const struct item *it,
			     const struct managed_entry *was)
{
	struct arena *a = &rb->arena;
	if (it->deed != DEED_CHANGED)
		return was->fields;
	struct managed after = managed_by(a, it->after);
	const struct managed_entry *now = same_entry(&after, was);
	return now ? field_set_difference(a, &was->fields, &now->fields) : was->fields;
}

void rollback_give_back(struct rollback *rb, struct item *it, const struct json *owned)
{
	struct arena *a = &rb->arena;
	struct change *c = &it->change;
	AUTO(err_done) struct err ignored = { 0 };
	struct field_set all = { 0 };
	if (field_set_parse(a, owned, &all, &ignored) < 0)
		return;
	c->owned = owned;
	struct managed before = managed_by(a, it->before);
	const struct managed_entry *ours = managed_applied(&before, FIELD_MANAGER);
	struct field_set none = { 0 };
	struct field_set keeps = field_set_intersection(a, ours ? &ours->fields : &none, &all);
	c->give_backs = arena_calloc(a, before.n, sizeof(*c->give_backs));
	c->n_give_backs = 0;
	for (size_t i = 0; i < before.n; i++) {
		const struct managed_entry *e = &before.entries[i];
		if (e == ours || strcmp(e->subresource, "status") == 0)
			continue;
		struct field_set fields = lost(rb, it, e);
		fields = field_set_intersection(a, &fields, &all);
		if (field_set_empty(&fields))
			continue;
		c->give_backs[c->n_give_backs++] =
			(struct give_back){ e->manager,     e->operation, e->api_version,
					    e->subresource, e->time,      json_of_set(a, &fields) };
	}
	struct field_set rest = field_set_difference(a, &all, &keeps);
	c->keeps = c->n_give_backs || !field_set_empty(&rest) ? json_of_set(a, &keeps) : NULL;
}
