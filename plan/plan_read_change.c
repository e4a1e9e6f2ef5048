/* The changes of a plan file; see plan_reader.h. */
#include "plan/plan_json.h"
#include "plan/plan_reader.h"

#include <string.h>

static const char *action_at(int i)
{
	return action_name((enum action)i);
}

static const char *why_at(int i)
{
	return why_name((enum why)i);
}

static const char *verified_at(int i)
{
	return verified_name((enum verified)i);
}

static const char *secret_at(int i)
{
	return secret_change_name((enum secret_change)i);
}

static int read_field(struct reader *r, const struct json *v, struct field *f)
{
	if (ONLY_KEYS(r, v, "path", "why", "before", "after", "secret", "owner", "line") < 0 ||
	    read_text(r, v, "path", &f->path) < 0 ||
	    read_optional_text(r, v, "owner", &f->owner) < 0 ||
	    read_small_number(r, v, "line", &f->line) < 0)
		return -1;
	int why = 0, secret = SECRET_NOT;
	if (read_name(r, v, "why", why_at, WHY_COUNT, &why) < 0)
		return -1;
	if (json_get(v, "secret") &&
	    read_name(r, v, "secret", secret_at, SECRET_REMOVED + 1, &secret) < 0)
		return -1;
	f->why = (enum why)why;
	f->secret = (enum secret_change)secret;
	f->before = json_get(v, "before");
	f->after = json_get(v, "after");
	return 0;
}

static int read_fields(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *items;
	if (read_list(r, v, "fields", &items) < 0)
		return -1;
	c->fields = arena_calloc(&r->p->arena, items->n, sizeof(*c->fields));
	for (c->n_fields = 0; c->n_fields < items->n; c->n_fields++)
		if (read_field(r, &items->items[c->n_fields], &c->fields[c->n_fields]) < 0)
			return -1;
	return 0;
}

static int read_takeovers(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *items;
	if (!json_get(v, "takeovers"))
		return 0;
	if (read_list(r, v, "takeovers", &items) < 0)
		return -1;
	c->takeovers = arena_calloc(&r->p->arena, items->n, sizeof(*c->takeovers));
	for (; c->n_takeovers < items->n; c->n_takeovers++) {
		const struct json *item = &items->items[c->n_takeovers];
		struct takeover *t = &c->takeovers[c->n_takeovers];
		if (ONLY_KEYS(r, item, "manager", "operation", "subresource", "fields") < 0 ||
		    read_text(r, item, "manager", &t->manager) < 0 ||
		    read_text(r, item, "operation", &t->operation) < 0 ||
		    read_optional_text(r, item, "subresource", &t->subresource) < 0)
			return -1;
		if (!t->subresource)
			t->subresource = "";
		t->fields = json_get(item, "fields");
		if (!json_is(t->fields, JSON_OBJECT))
			return read_wrong(r, item, "missing or not an object:", "fields");
	}
	return 0;
}

static int read_give_backs(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *items;
	c->keeps = json_get(v, "keeps");
	if (c->keeps && !json_is(c->keeps, JSON_OBJECT))
		return read_wrong(r, c->keeps, "not an object:", "keeps");
	if (!json_get(v, "givesBack"))
		return 0;
	if (read_list(r, v, "givesBack", &items) < 0)
		return -1;
	if (!c->keeps)
		return read_wrong(r, v, "missing or not an object:", "keeps");
	c->give_backs = arena_calloc(&r->p->arena, items->n, sizeof(*c->give_backs));
	for (; c->n_give_backs < items->n; c->n_give_backs++) {
		const struct json *item = &items->items[c->n_give_backs];
		struct give_back *g = &c->give_backs[c->n_give_backs];
		if (ONLY_KEYS(r, item, "manager", "operation", "apiVersion", "subresource", "time",
			      "fields") < 0 ||
		    read_text(r, item, "manager", &g->manager) < 0 ||
		    read_text(r, item, "operation", &g->operation) < 0 ||
		    read_text(r, item, "apiVersion", &g->api_version) < 0 ||
		    read_optional_text(r, item, "subresource", &g->subresource) < 0 ||
		    read_optional_text(r, item, "time", &g->time) < 0)
			return -1;
		if (!g->subresource)
			g->subresource = "";
		g->fields = json_get(item, "fields");
		if (!json_is(g->fields, JSON_OBJECT))
			return read_wrong(r, item, "missing or not an object:", "fields");
	}
	return 0;
}

static int read_ref(struct reader *r, const struct json *v, struct object_ref *ref)
{
	const char *api_version;
	const struct json *o = json_get(v, "object");
	if (ONLY_KEYS(r, o, "apiVersion", "kind", "namespace", "name") < 0 ||
	    read_text(r, o, "apiVersion", &api_version) < 0 ||
	    read_text(r, o, "kind", &ref->kind) < 0 ||
	    read_optional_text(r, o, "namespace", &ref->namespace) < 0 ||
	    read_text(r, o, "name", &ref->name) < 0)
		return -1;
	if (!ref->namespace)
		ref->namespace = "";
	object_split_api_version(&r->p->arena, api_version, &ref->group, &ref->version);
	return 0;
}

static int read_precondition(struct reader *r, const struct json *v, struct precondition *p)
{
	const struct json *o = json_get(v, "precondition");
	if (ONLY_KEYS(r, o, "uid", "resourceVersion", "digest", "held") < 0)
		return -1;
	p->held = json_get(o, "held");
	if (p->held && !json_is(p->held, JSON_OBJECT))
		return read_wrong(r, o, "not an object:", "held");
	return read_text(r, o, "uid", &p->uid) < 0 ||
			       read_optional_text(r, o, "resourceVersion", &p->resource_version) <
				       0 ||
			       read_optional_text(r, o, "digest", &p->digest) < 0
		       ? -1
		       : 0;
}

static int read_taken_object(struct reader *r, const struct json *v, struct taken_object *out)
{
	const struct json *foreign = json_get(v, "foreign");
	if (ONLY_KEYS(r, v, "name", "uid", "foreign") < 0 ||
	    read_text(r, v, "name", &out->name) < 0 || read_text(r, v, "uid", &out->uid) < 0)
		return -1;
	if (!json_is(foreign, JSON_BOOL))
		return read_wrong(r, v, "missing or not true or false:", "foreign");
	out->foreign = foreign->truth;
	return 0;
}

static int read_taken_kind(struct reader *r, const struct json *v, struct taken_kind *out)
{
	const struct json *items;
	if (ONLY_KEYS(r, v, "kind", "unread", "n", "objects") < 0 ||
	    read_text(r, v, "kind", &out->kind) < 0 ||
	    read_optional_text(r, v, "unread", &out->unread) < 0)
		return -1;
	if (out->unread)
		return 0;
	if (read_number(r, v, "n", &out->n) < 0 || read_list(r, v, "objects", &items) < 0)
		return -1;
	out->objects = arena_calloc(&r->p->arena, items->n, sizeof(*out->objects));
	for (; out->n_objects < items->n; out->n_objects++)
		if (read_taken_object(r, &items->items[out->n_objects],
				      &out->objects[out->n_objects]) < 0)
			return -1;
	if (out->n < items->n || out->n > INT32_MAX)
		return read_wrong(r, v, "out of range:", "n");
	return 0;
}

static int read_takes(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *items;
	c->takes_listed = json_get(v, "takes") != NULL;
	if (!c->takes_listed)
		return 0;
	if (read_list(r, v, "takes", &items) < 0)
		return -1;
	c->takes = arena_calloc(&r->p->arena, items->n, sizeof(*c->takes));
	for (; c->n_takes < items->n; c->n_takes++)
		if (read_taken_kind(r, &items->items[c->n_takes], &c->takes[c->n_takes]) < 0)
			return -1;
	return 0;
}

static int read_source(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *o = json_get(v, "source");
	if (!o)
		return 0;
	if (json_get(o, "sealed"))
		return ONLY_KEYS(r, o, "sealed") < 0 ? -1
						     : read_text(r, o, "sealed", &c->source_sealed);
	if (ONLY_KEYS(r, o, "blob", "document", "item") < 0 ||
	    read_text(r, o, "blob", &c->source_blob) < 0 ||
	    read_small_number(r, o, "document", &c->source_document) < 0)
		return -1;
	return read_number(r, o, "item", &c->source_item);
}

static int read_from(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *o = json_get(v, "from");
	if (!o)
		return 0;
	if (ONLY_KEYS(r, o, "file", "line", "col", "was") < 0 ||
	    read_optional_text(r, o, "was", &c->was_file) < 0 ||
	    read_text(r, o, "file", &c->file) < 0 || read_small_number(r, o, "line", &c->line) < 0)
		return -1;
	return read_small_number(r, o, "col", &c->col);
}

static const char *phase_at(int i)
{
	return hook_phase_name((enum hook_phase)i);
}

static int read_hook(struct reader *r, const struct json *v, struct hook *h)
{
	const struct json *o = json_get(v, "hook"), *policies;
	int phase = HOOK_NONE;
	if (!o)
		return 0;
	if (ONLY_KEYS(r, o, "phase", "deletePolicy") < 0 ||
	    read_name(r, o, "phase", phase_at, HOOK_PHASE_COUNT, &phase) < 0 ||
	    read_list(r, o, "deletePolicy", &policies) < 0)
		return -1;
	h->phase = (enum hook_phase)phase;
	for (uint32_t i = 0; i < policies->n; i++) {
		const char *name = json_str(&policies->items[i]);
		int bit = 0;
		while (name && bit < HOOK_DELETE_COUNT && strcmp(name, hook_delete_name(bit)) != 0)
			bit++;
		if (!name || bit == HOOK_DELETE_COUNT || h->delete_policy & 1u << bit)
			return read_wrong(r, &policies->items[i], "unknown value of",
					  "deletePolicy");
		h->delete_policy |= 1u << bit;
	}
	return 0;
}

/* A hook is a create, whether or not an earlier run has left its object. */
static bool fits_precondition(const struct change *c)
{
	bool absent = *c->precondition.uid == '\0';
	if (!action_writes(c->action) || c->verified == VERIFIED_STATIC)
		return true;
	return change_is_hook(c) || absent == (c->action == ACTION_CREATE);
}

/* What each action must state, so that apply need not ask. */
static int check_change(struct reader *r, const struct json *v, const struct change *c)
{
	bool sends = action_writes(c->action) && c->action != ACTION_DELETE;
	if (sends && !json_is(c->desired, JSON_OBJECT))
		return read_wrong(r, v, "missing or not an object:", "desired");
	if (change_is_hook(c) && action_writes(c->action) && c->action != ACTION_CREATE)
		return read_wrong(r, v, "an action that does not fit its", "hook");
	if (!fits_precondition(c))
		return read_wrong(r, v, "an action that does not fit its", "precondition");
	if (strcmp(c->id, hook_id(&r->p->arena, &c->ref, c->hook.phase)) != 0)
		return read_wrong(r, v, "an id that is not its object's:", c->id);
	if (!r->p->rollback_of && (c->keeps || c->source_sealed))
		return read_wrong(r, v, "only a rollback has", c->keeps ? "keeps" : "sealed");
	return 0;
}

static int read_change(struct reader *r, const struct json *v, struct change *c)
{
	int action = 0, verified = 0;
	if (ONLY_KEYS(r, v, "id", "action", "application", "wave", "hook", "object", "from",
		      "verified", "fields", "takeovers", "precondition", "desired", "owned",
		      "source", "expect", "reason", "warnings", "movedFrom", "pair", "takes",
		      "keeps", "givesBack") < 0 ||
	    read_text(r, v, "id", &c->id) < 0 ||
	    read_name(r, v, "action", action_at, ACTION_COUNT, &action) < 0 ||
	    read_text(r, v, "application", &c->application) < 0 ||
	    read_number(r, v, "wave", &c->wave) < 0 || read_hook(r, v, &c->hook) < 0 ||
	    read_ref(r, v, &c->ref) < 0 || read_from(r, v, c) < 0 ||
	    read_name(r, v, "verified", verified_at, VERIFIED_COUNT, &verified) < 0 ||
	    read_fields(r, v, c) < 0 || read_takeovers(r, v, c) < 0 ||
	    read_give_backs(r, v, c) < 0 || read_precondition(r, v, &c->precondition) < 0 ||
	    read_source(r, v, c) < 0 || read_takes(r, v, c) < 0 ||
	    read_optional_text(r, v, "movedFrom", &c->moved_from) < 0 ||
	    read_optional_text(r, v, "pair", &c->pair) < 0 ||
	    read_optional_text(r, v, "expect", &c->expect) < 0 ||
	    read_optional_text(r, v, "reason", &c->reason) < 0)
		return -1;
	if (json_get(v, "warnings") &&
	    read_strings(r, v, "warnings", &c->warnings, &c->n_warnings) < 0)
		return -1;
	c->action = (enum action)action;
	c->verified = (enum verified)verified;
	c->desired = json_get(v, "desired");
	c->owned = json_get(v, "owned");
	return check_change(r, v, c);
}

int read_changes(struct reader *r, const struct json *root)
{
	const struct json *items;
	if (read_list(r, root, "changes", &items) < 0)
		return -1;
	if (items->n > PLAN_MAX_CHANGES)
		return err_at(r->err, ERR_LIMIT, json_pos(items, r->file),
			      "more than %d changes (PLAN_MAX_CHANGES)", PLAN_MAX_CHANGES);
	struct plan *p = r->p;
	p->changes = arena_calloc(&p->arena, items->n, sizeof(*p->changes));
	for (p->n_changes = 0; p->n_changes < items->n; p->n_changes++)
		if (read_change(r, &items->items[p->n_changes], &p->changes[p->n_changes]) < 0)
			return -1;
	return 0;
}
