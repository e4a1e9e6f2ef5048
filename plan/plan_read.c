/* A plan from its file; see plan.h.  Everything in it is from outside: shape, types, unknown
 * keys and the digest are checked before anything is used. */
#include "plan/plan_json.h"

#include <string.h>

#include "base/file.h"
#include "base/json_parse.h"

struct reader {
	struct plan *p;
	const char *file;
	struct err *err;
};

static int wrong(struct reader *r, const struct json *v, const char *what, const char *key)
{
	return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
		      "not a plan that this version of rhumb can read: %s `%s`", what, key);
}

/* Refuses members whose key is not in the NULL-terminated list. */
static int only(struct reader *r, const struct json *v, const char *const *keys)
{
	if (!json_is(v, JSON_OBJECT))
		return wrong(r, v, "expected an object with", keys[0]);
	for (uint32_t i = 0; i < v->n; i++) {
		const char *const *key = keys;
		while (*key && strcmp(*key, v->members[i].key) != 0)
			key++;
		if (!*key)
			return wrong(r, &v->members[i].value, "unknown key", v->members[i].key);
	}
	return 0;
}
#define ONLY(r, v, ...) only(r, v, (const char *const[]){ __VA_ARGS__, NULL })

static int text(struct reader *r, const struct json *v, const char *key, const char **out)
{
	*out = json_get_str(v, key);
	return *out ? 0 : wrong(r, v, "missing or not a string:", key);
}

static int optional_text(struct reader *r, const struct json *v, const char *key, const char **out)
{
	*out = NULL;
	return json_get(v, key) ? text(r, v, key, out) : 0;
}

static int number(struct reader *r, const struct json *v, const char *key, int64_t *out)
{
	return json_int64(json_get(v, key), out) ? 0 : wrong(r, v, "missing or not a number:", key);
}

static int small_number(struct reader *r, const struct json *v, const char *key, unsigned *out)
{
	int64_t n = 0;
	if (json_get(v, key) && number(r, v, key, &n) < 0)
		return -1;
	if (n < 0 || n > UINT32_MAX)
		return wrong(r, v, "out of range:", key);
	*out = (unsigned)n;
	return 0;
}

typedef const char *name_fn(int i);

static int name_of(struct reader *r, const struct json *v, const char *key, name_fn *names,
		   int count, int *out)
{
	const char *s;
	if (text(r, v, key, &s) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		const char *name = names(i);
		if (name && strcmp(s, name) == 0) {
			*out = i;
			return 0;
		}
	}
	return wrong(r, json_get(v, key), "unknown value of", key);
}

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

static int list(struct reader *r, const struct json *v, const char *key, const struct json **out)
{
	*out = json_get(v, key);
	return json_is(*out, JSON_ARRAY) ? 0 : wrong(r, v, "missing or not a list:", key);
}

static int strings(struct reader *r, const struct json *v, const char *key, const char ***out,
		   size_t *n)
{
	const struct json *items;
	if (list(r, v, key, &items) < 0)
		return -1;
	*out = arena_calloc(&r->p->arena, items->n, sizeof(**out));
	for (*n = 0; *n < items->n; ++*n) {
		(*out)[*n] = json_str(&items->items[*n]);
		if (!(*out)[*n])
			return wrong(r, &items->items[*n], "not a string in", key);
	}
	return 0;
}

static int read_field(struct reader *r, const struct json *v, struct field *f)
{
	if (ONLY(r, v, "path", "why", "before", "after", "secret", "owner", "line") < 0 ||
	    text(r, v, "path", &f->path) < 0 || optional_text(r, v, "owner", &f->owner) < 0 ||
	    small_number(r, v, "line", &f->line) < 0)
		return -1;
	int why = 0, secret = SECRET_NOT;
	if (name_of(r, v, "why", why_at, WHY_COUNT, &why) < 0)
		return -1;
	if (json_get(v, "secret") &&
	    name_of(r, v, "secret", secret_at, SECRET_REMOVED + 1, &secret) < 0)
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
	if (list(r, v, "fields", &items) < 0)
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
	if (list(r, v, "takeovers", &items) < 0)
		return -1;
	c->takeovers = arena_calloc(&r->p->arena, items->n, sizeof(*c->takeovers));
	for (; c->n_takeovers < items->n; c->n_takeovers++) {
		const struct json *item = &items->items[c->n_takeovers];
		struct takeover *t = &c->takeovers[c->n_takeovers];
		if (ONLY(r, item, "manager", "operation", "subresource", "fields") < 0 ||
		    text(r, item, "manager", &t->manager) < 0 ||
		    text(r, item, "operation", &t->operation) < 0 ||
		    optional_text(r, item, "subresource", &t->subresource) < 0)
			return -1;
		if (!t->subresource)
			t->subresource = "";
		t->fields = json_get(item, "fields");
		if (!json_is(t->fields, JSON_OBJECT))
			return wrong(r, item, "missing or not an object:", "fields");
	}
	return 0;
}

static int read_give_backs(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *items;
	c->keeps = json_get(v, "keeps");
	if (c->keeps && !json_is(c->keeps, JSON_OBJECT))
		return wrong(r, c->keeps, "not an object:", "keeps");
	if (!json_get(v, "givesBack"))
		return 0;
	if (list(r, v, "givesBack", &items) < 0)
		return -1;
	if (!c->keeps)
		return wrong(r, v, "missing or not an object:", "keeps");
	c->give_backs = arena_calloc(&r->p->arena, items->n, sizeof(*c->give_backs));
	for (; c->n_give_backs < items->n; c->n_give_backs++) {
		const struct json *item = &items->items[c->n_give_backs];
		struct give_back *g = &c->give_backs[c->n_give_backs];
		if (ONLY(r, item, "manager", "operation", "apiVersion", "subresource", "time",
			 "fields") < 0 ||
		    text(r, item, "manager", &g->manager) < 0 ||
		    text(r, item, "operation", &g->operation) < 0 ||
		    text(r, item, "apiVersion", &g->api_version) < 0 ||
		    optional_text(r, item, "subresource", &g->subresource) < 0 ||
		    optional_text(r, item, "time", &g->time) < 0)
			return -1;
		if (!g->subresource)
			g->subresource = "";
		g->fields = json_get(item, "fields");
		if (!json_is(g->fields, JSON_OBJECT))
			return wrong(r, item, "missing or not an object:", "fields");
	}
	return 0;
}

static int read_ref(struct reader *r, const struct json *v, struct object_ref *ref)
{
	const char *api_version;
	const struct json *o = json_get(v, "object");
	if (ONLY(r, o, "apiVersion", "kind", "namespace", "name") < 0 ||
	    text(r, o, "apiVersion", &api_version) < 0 || text(r, o, "kind", &ref->kind) < 0 ||
	    optional_text(r, o, "namespace", &ref->namespace) < 0 ||
	    text(r, o, "name", &ref->name) < 0)
		return -1;
	if (!ref->namespace)
		ref->namespace = "";
	object_split_api_version(&r->p->arena, api_version, &ref->group, &ref->version);
	return 0;
}

static int read_precondition(struct reader *r, const struct json *v, struct precondition *p)
{
	const struct json *o = json_get(v, "precondition");
	if (ONLY(r, o, "uid", "resourceVersion", "digest", "held") < 0)
		return -1;
	p->held = json_get(o, "held");
	if (p->held && !json_is(p->held, JSON_OBJECT))
		return wrong(r, o, "not an object:", "held");
	return text(r, o, "uid", &p->uid) < 0 ||
			       optional_text(r, o, "resourceVersion", &p->resource_version) < 0 ||
			       optional_text(r, o, "digest", &p->digest) < 0
		       ? -1
		       : 0;
}

static int read_taken_object(struct reader *r, const struct json *v, struct taken_object *out)
{
	const struct json *foreign = json_get(v, "foreign");
	if (ONLY(r, v, "name", "uid", "foreign") < 0 || text(r, v, "name", &out->name) < 0 ||
	    text(r, v, "uid", &out->uid) < 0)
		return -1;
	if (!json_is(foreign, JSON_BOOL))
		return wrong(r, v, "missing or not true or false:", "foreign");
	out->foreign = foreign->truth;
	return 0;
}

static int read_taken_kind(struct reader *r, const struct json *v, struct taken_kind *out)
{
	const struct json *items;
	if (ONLY(r, v, "kind", "unread", "n", "objects") < 0 ||
	    text(r, v, "kind", &out->kind) < 0 || optional_text(r, v, "unread", &out->unread) < 0)
		return -1;
	if (out->unread)
		return 0;
	if (number(r, v, "n", &out->n) < 0 || list(r, v, "objects", &items) < 0)
		return -1;
	out->objects = arena_calloc(&r->p->arena, items->n, sizeof(*out->objects));
	for (; out->n_objects < items->n; out->n_objects++)
		if (read_taken_object(r, &items->items[out->n_objects],
				      &out->objects[out->n_objects]) < 0)
			return -1;
	if (out->n < items->n || out->n > INT32_MAX)
		return wrong(r, v, "out of range:", "n");
	return 0;
}

static int read_takes(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *items;
	c->takes_listed = json_get(v, "takes") != NULL;
	if (!c->takes_listed)
		return 0;
	if (list(r, v, "takes", &items) < 0)
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
		return ONLY(r, o, "sealed") < 0 ? -1 : text(r, o, "sealed", &c->source_sealed);
	if (ONLY(r, o, "blob", "document", "item") < 0 || text(r, o, "blob", &c->source_blob) < 0 ||
	    small_number(r, o, "document", &c->source_document) < 0)
		return -1;
	return number(r, o, "item", &c->source_item);
}

static int read_from(struct reader *r, const struct json *v, struct change *c)
{
	const struct json *o = json_get(v, "from");
	if (!o)
		return 0;
	if (ONLY(r, o, "file", "line", "col", "was") < 0 ||
	    optional_text(r, o, "was", &c->was_file) < 0 || text(r, o, "file", &c->file) < 0 ||
	    small_number(r, o, "line", &c->line) < 0)
		return -1;
	return small_number(r, o, "col", &c->col);
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
	if (ONLY(r, o, "phase", "deletePolicy") < 0 ||
	    name_of(r, o, "phase", phase_at, HOOK_PHASE_COUNT, &phase) < 0 ||
	    list(r, o, "deletePolicy", &policies) < 0)
		return -1;
	h->phase = (enum hook_phase)phase;
	for (uint32_t i = 0; i < policies->n; i++) {
		const char *name = json_str(&policies->items[i]);
		int bit = 0;
		while (name && bit < HOOK_DELETE_COUNT && strcmp(name, hook_delete_name(bit)) != 0)
			bit++;
		if (!name || bit == HOOK_DELETE_COUNT || h->delete_policy & 1u << bit)
			return wrong(r, &policies->items[i], "unknown value of", "deletePolicy");
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
		return wrong(r, v, "missing or not an object:", "desired");
	if (change_is_hook(c) && action_writes(c->action) && c->action != ACTION_CREATE)
		return wrong(r, v, "an action that does not fit its", "hook");
	if (!fits_precondition(c))
		return wrong(r, v, "an action that does not fit its", "precondition");
	if (strcmp(c->id, hook_id(&r->p->arena, &c->ref, c->hook.phase)) != 0)
		return wrong(r, v, "an id that is not its object's:", c->id);
	if (!r->p->rollback_of && (c->keeps || c->source_sealed))
		return wrong(r, v, "only a rollback has", c->keeps ? "keeps" : "sealed");
	return 0;
}

static int read_change(struct reader *r, const struct json *v, struct change *c)
{
	int action = 0, verified = 0;
	if (ONLY(r, v, "id", "action", "application", "wave", "hook", "object", "from", "verified",
		 "fields", "takeovers", "precondition", "desired", "owned", "source", "expect",
		 "reason", "warnings", "movedFrom", "pair", "takes", "keeps", "givesBack") < 0 ||
	    text(r, v, "id", &c->id) < 0 ||
	    name_of(r, v, "action", action_at, ACTION_COUNT, &action) < 0 ||
	    text(r, v, "application", &c->application) < 0 || number(r, v, "wave", &c->wave) < 0 ||
	    read_hook(r, v, &c->hook) < 0 || read_ref(r, v, &c->ref) < 0 ||
	    read_from(r, v, c) < 0 ||
	    name_of(r, v, "verified", verified_at, VERIFIED_COUNT, &verified) < 0 ||
	    read_fields(r, v, c) < 0 || read_takeovers(r, v, c) < 0 ||
	    read_give_backs(r, v, c) < 0 || read_precondition(r, v, &c->precondition) < 0 ||
	    read_source(r, v, c) < 0 || read_takes(r, v, c) < 0 ||
	    optional_text(r, v, "movedFrom", &c->moved_from) < 0 ||
	    optional_text(r, v, "pair", &c->pair) < 0 ||
	    optional_text(r, v, "expect", &c->expect) < 0 ||
	    optional_text(r, v, "reason", &c->reason) < 0)
		return -1;
	if (json_get(v, "warnings") && strings(r, v, "warnings", &c->warnings, &c->n_warnings) < 0)
		return -1;
	c->action = (enum action)action;
	c->verified = (enum verified)verified;
	c->desired = json_get(v, "desired");
	c->owned = json_get(v, "owned");
	return check_change(r, v, c);
}

static int read_changes(struct reader *r, const struct json *root)
{
	const struct json *items;
	if (list(r, root, "changes", &items) < 0)
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

static const char *policy_result_at(int i)
{
	return policy_result_name((enum policy_result)i);
}

static int read_verdict(struct reader *r, const struct json *v, struct policy_verdict *out)
{
	int result = 0;
	if (ONLY(r, v, "policy", "binding", "param", "change", "result", "message", "path", "file",
		 "line", "col") < 0 ||
	    text(r, v, "policy", &out->policy) < 0 ||
	    optional_text(r, v, "binding", &out->binding) < 0 ||
	    optional_text(r, v, "param", &out->param) < 0 ||
	    text(r, v, "change", &out->change) < 0 ||
	    name_of(r, v, "result", policy_result_at, POLICY_COUNT, &result) < 0 ||
	    text(r, v, "message", &out->message) < 0 ||
	    optional_text(r, v, "path", &out->path) < 0 ||
	    optional_text(r, v, "file", &out->file) < 0 ||
	    small_number(r, v, "line", &out->line) < 0)
		return -1;
	out->result = (enum policy_result)result;
	return small_number(r, v, "col", &out->col);
}

/* The summary says whether the plan is denied: it has to say what the verdicts do. */
static int check_verdict_counts(struct reader *r, const struct json *items)
{
	struct plan_summary stated = r->p->summary, counted;
	struct plan p = { .verdicts = r->p->verdicts, .n_verdicts = r->p->n_verdicts };
	plan_summarise(&p);
	counted = p.summary;
	if (stated.denied != counted.denied)
		return wrong(r, items, "verdicts that are not as many as the summary's", "denied");
	if (stated.warned != counted.warned)
		return wrong(r, items, "verdicts that are not as many as the summary's", "warned");
	return 0;
}

/* After the changes: verdicts are in their order, each of one of them. */
static int read_verdicts(struct reader *r, const struct json *root)
{
	const struct json *items;
	struct plan *p = r->p;
	if (list(r, root, "policy", &items) < 0)
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
		while (of < p->n_changes && strcmp(p->changes[of].id, verdict->change) != 0)
			of++;
		if (of == p->n_changes)
			return wrong(r, item, "no change, in the order of changes, has the id",
				     verdict->change);
	}
	return check_verdict_counts(r, items);
}

static int read_git(struct reader *r, const struct json *root)
{
	const struct json *git = json_get(root, "git");
	struct plan *p = r->p;
	if (ONLY(r, git, "repository", "base", "head", "bases", "trees") < 0 ||
	    text(r, git, "repository", &p->repository) < 0 || text(r, git, "base", &p->base) < 0)
		return -1;
	return text(r, git, "head", &p->head);
}

static int read_ready(struct reader *r, const struct json *v, struct ready_rule *rule)
{
	AUTO(err_done) struct err why = { 0 };
	if (ONLY(r, v, "group", "kind", "path", "value") < 0 ||
	    text(r, v, "group", &rule->group) < 0 || text(r, v, "kind", &rule->kind) < 0 ||
	    text(r, v, "path", &rule->path) < 0 || text(r, v, "value", &rule->value) < 0)
		return -1;
	if (ready_rule_check(rule, &why) < 0)
		return wrong(r, v, why.msg, "ready");
	return 0;
}

/* Plans of the first version have none: nothing is waited for. */
static int read_wait(struct reader *r, const struct json *application,
		     struct planned_application *app)
{
	const struct json *v = json_get(application, "wait"), *rules;
	if (!v)
		return 0;
	if (ONLY(r, v, "timeout", "ready") < 0 ||
	    small_number(r, v, "timeout", &app->wait_seconds) < 0)
		return -1;
	if (!app->wait_seconds || app->wait_seconds > PLAN_MAX_WAIT)
		return wrong(r, v, "out of range:", "timeout");
	app->wait = true;
	if (!json_get(v, "ready"))
		return 0;
	if (list(r, v, "ready", &rules) < 0)
		return -1;
	if (rules->n > READY_MAX_RULES)
		return wrong(r, rules, "too many rules in", "ready");
	app->ready = arena_calloc(&r->p->arena, rules->n, sizeof(*app->ready));
	for (; app->n_ready < rules->n; app->n_ready++)
		if (read_ready(r, &rules->items[app->n_ready], &app->ready[app->n_ready]) < 0)
			return -1;
	return 0;
}

static int read_rollback(struct reader *r, const struct json *root)
{
	const struct json *v = json_get(root, "rollback");
	struct plan *p = r->p;
	if (!v)
		return 0;
	if (ONLY(r, v, "of", "journal") < 0 || text(r, v, "of", &p->rollback_of) < 0)
		return -1;
	return text(r, v, "journal", &p->rollback_journal);
}

static int read_record(struct reader *r, const struct json *app, struct applied_record *out)
{
	const struct json *v = json_get(app, "record");
	if (!r->p->rollback_of)
		return v ? wrong(r, v, "only a rollback has", "record") : 0;
	if (ONLY(r, v, "commit", "repository", "digest") < 0 ||
	    optional_text(r, v, "commit", &out->commit) < 0 ||
	    optional_text(r, v, "repository", &out->repository) < 0)
		return -1;
	return optional_text(r, v, "digest", &out->digest);
}

static int read_applications(struct reader *r, const struct json *root)
{
	const struct json *items;
	if (list(r, root, "applications", &items) < 0)
		return -1;
	struct plan *p = r->p;
	p->applications = arena_calloc(&p->arena, items->n, sizeof(*p->applications));
	for (; p->n_applications < items->n; p->n_applications++) {
		const struct json *v = &items->items[p->n_applications];
		struct planned_application *app = &p->applications[p->n_applications];
		if (ONLY(r, v, "name", "path", "namespace", "applyset", "kinds", "namespaces",
			 "wait", "record") < 0 ||
		    read_wait(r, v, app) < 0 || read_record(r, v, &app->record) < 0 ||
		    text(r, v, "name", &app->name) < 0 || text(r, v, "path", &app->path) < 0 ||
		    text(r, v, "namespace", &app->namespace) < 0 ||
		    text(r, v, "applyset", &app->applyset) < 0 ||
		    strings(r, v, "kinds", &app->kinds, &app->n_kinds) < 0 ||
		    strings(r, v, "namespaces", &app->namespaces, &app->n_namespaces) < 0)
			return -1;
		const struct json *git = json_get(root, "git");
		app->base = json_get_str(json_get(git, "bases"), app->name);
		app->tree = json_get_str(json_get(git, "trees"), *app->path ? app->path : ".");
		if (!app->base || !app->tree)
			return wrong(r, git, "`bases` or `trees` lack application", app->name);
	}
	return 0;
}

static int read_cluster(struct reader *r, const struct json *root)
{
	const struct json *v = json_get(root, "cluster");
	struct plan *p = r->p;
	if (ONLY(r, v, "name", "uid", "version") < 0 || text(r, v, "name", &p->cluster_name) < 0 ||
	    text(r, v, "uid", &p->cluster_uid) < 0)
		return -1;
	return text(r, v, "version", &p->cluster_version);
}

static int read_summary(struct reader *r, const struct json *root)
{
	const struct json *v = json_get(root, "summary");
	struct plan_summary *s = &r->p->summary;
	for (int i = 0; i < ACTION_COUNT; i++) {
		const char *name = action_name((enum action)i);
		if (i == ACTION_REFUSED && !json_get(v, name))
			continue; /* plans of the first version do not have it */
		if (number(r, v, name, &s->by_action[i]) < 0)
			return -1;
	}
	if (json_get(v, "hooks") && number(r, v, "hooks", &s->hooks) < 0)
		return -1;
	if (number(r, v, "unchanged", &s->unchanged) < 0 ||
	    number(r, v, "drifted", &s->drifted) < 0 || number(r, v, "denied", &s->denied) < 0)
		return -1;
	return number(r, v, "warned", &s->warned);
}

/* Display only: whatever is there is shown, whatever is not is left out. */
static void read_meta(struct reader *r, const struct json *root)
{
	const struct json *meta = json_get(root, "meta"), *since = json_get(meta, "since");
	struct plan *p = r->p;
	p->created = json_get_str(meta, "created");
	p->tool = json_get_str(meta, "tool");
	p->head_subject = json_get_str(meta, "subject");
	p->server = json_get_str(meta, "server");
	const struct json *seconds = json_get(meta, "duration");
	p->duration = json_is(seconds, JSON_FLOAT) ? strtod(seconds->text, NULL) : 0;
	json_int64(json_get(meta, "requests"), &p->requests);
	for (size_t i = 0; json_is(since, JSON_OBJECT) && i < p->n_changes; i++) {
		struct change *c = &p->changes[i];
		const struct json *times = json_get(since, c->id);
		for (size_t k = 0; times && k < c->n_fields; k++)
			c->fields[k].since = json_get_str(times, c->fields[k].path);
	}
}

static int check_file(struct reader *r, const struct json *root)
{
	const char *api_version, *kind, *digest;
	char actual[DIGEST_TEXT];
	if (!json_is(root, JSON_OBJECT) || text(r, root, "kind", &kind) < 0 ||
	    strcmp(kind, "Plan") != 0)
		return r->err->code ? -1
				    : err_at(r->err, ERR_INPUT, json_pos(root, r->file),
					     "not a plan: expected an object with kind Plan");
	if (text(r, root, "apiVersion", &api_version) < 0)
		return -1;
	if (strcmp(api_version, PLAN_API_VERSION) != 0)
		return err_at(r->err, ERR_INPUT, json_pos(json_get(root, "apiVersion"), r->file),
			      "a plan of version %.64s; this rhumb reads " PLAN_API_VERSION
			      ": plan again with this version",
			      api_version);
	if (text(r, root, "digest", &digest) < 0)
		return -1;
	plan_json_digest(root, actual);
	if (strcmp(digest, actual) != 0)
		return err_at(r->err, ERR_INPUT, json_pos(json_get(root, "digest"), r->file),
			      "the plan was altered: its content does not have the digest that it "
			      "states; plan again");
	return ONLY(r, root, "apiVersion", "kind", "digest", "meta", "git", "cluster",
		    "applications", "rollback", "summary", "changes", "policy", "notes");
}

static int read_root(struct reader *r, const struct json *root)
{
	if (check_file(r, root) < 0 || read_git(r, root) < 0 || read_cluster(r, root) < 0 ||
	    read_rollback(r, root) < 0 || read_applications(r, root) < 0 ||
	    read_summary(r, root) < 0 || read_changes(r, root) < 0 || read_verdicts(r, root) < 0 ||
	    strings(r, root, "notes", &r->p->notes, &r->p->n_notes) < 0)
		return -1;
	read_meta(r, root);
	memcpy(r->p->digest, json_get_str(root, "digest"), DIGEST_TEXT);
	return 0;
}

int plan_parse(struct plan *out, const char *bytes, size_t n, const char *name, struct err *err)
{
	AUTO(plan_done) struct plan p = { 0 };
	struct json_limits limits = { .max_bytes = PLAN_MAX_BYTES, .positions = true };
	struct json *root = arena_calloc(&p.arena, 1, sizeof(*root));
	if (json_parse(&p.arena, bytes, n, name, &limits, root, err) < 0)
		return err_wrap(err, "not a whole plan file");
	struct reader r = { &p, name, err };
	if (read_root(&r, root) < 0)
		return -1;
	*out = p;
	p = (struct plan){ 0 };
	return 0;
}

int plan_read(struct plan *out, const char *path, struct err *err)
{
	AUTO(buf_done) struct buf text_of_file = { 0 };
	if (file_read(path, PLAN_MAX_BYTES, &text_of_file, err) < 0)
		return -1;
	return plan_parse(out, text_of_file.data, text_of_file.len, path, err);
}
