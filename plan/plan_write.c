/* A plan as its file holds it, and its digest; see plan.h. */
#include "plan/plan_json.h"

#include <string.h>

#include "base/file.h"
#include "base/json_write.h"

static void set_optional(struct arena *a, struct json *object, const char *key, const char *text)
{
	if (text)
		json_set_str(a, object, key, text);
}

static struct json strings(struct arena *a, const char *const *texts, size_t n)
{
	struct json list = json_of_array();
	for (size_t i = 0; i < n; i++)
		json_append(a, &list, json_of_string(a, texts[i]));
	return list;
}

static const char *const secret_names[] = {
	[SECRET_ADDED] = "added",
	[SECRET_CHANGED] = "changed",
	[SECRET_REMOVED] = "removed",
};

const char *secret_change_name(enum secret_change s)
{
	return s == SECRET_NOT ? NULL : secret_names[s];
}

static struct json field_to_json(struct arena *a, const struct field *f)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "path", f->path);
	json_set_str(a, &v, "why", why_name(f->why));
	if (f->before)
		json_set(a, &v, "before", *f->before);
	if (f->after)
		json_set(a, &v, "after", *f->after);
	set_optional(a, &v, "secret", secret_change_name(f->secret));
	set_optional(a, &v, "owner", f->owner);
	if (f->line)
		json_set_int(a, &v, "line", f->line);
	return v;
}

static struct json takeover_to_json(struct arena *a, const struct takeover *t)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "manager", t->manager);
	json_set_str(a, &v, "operation", t->operation);
	if (t->subresource && *t->subresource)
		json_set_str(a, &v, "subresource", t->subresource);
	json_set(a, &v, "fields", *t->fields);
	return v;
}

static struct json give_back_to_json(struct arena *a, const struct give_back *g)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "manager", g->manager);
	json_set_str(a, &v, "operation", g->operation);
	json_set_str(a, &v, "apiVersion", g->api_version);
	if (*g->subresource)
		json_set_str(a, &v, "subresource", g->subresource);
	set_optional(a, &v, "time", g->time);
	json_set(a, &v, "fields", *g->fields);
	return v;
}

static struct json ref_to_json(struct arena *a, const struct object_ref *ref)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "apiVersion", object_ref_api_version(a, ref));
	json_set_str(a, &v, "kind", ref->kind);
	if (*ref->namespace)
		json_set_str(a, &v, "namespace", ref->namespace);
	json_set_str(a, &v, "name", ref->name);
	return v;
}

static struct json from_to_json(struct arena *a, const struct change *c)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "file", c->file);
	json_set_int(a, &v, "line", c->line);
	json_set_int(a, &v, "col", c->col);
	set_optional(a, &v, "was", c->was_file);
	return v;
}

static struct json precondition_to_json(struct arena *a, const struct precondition *p)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "uid", p->uid ? p->uid : "");
	set_optional(a, &v, "resourceVersion", p->resource_version);
	set_optional(a, &v, "digest", p->digest);
	if (p->held)
		json_set(a, &v, "held", *p->held);
	return v;
}

static struct json source_to_json(struct arena *a, const struct change *c)
{
	struct json v = json_of_object();
	if (c->source_sealed) {
		json_set_str(a, &v, "sealed", c->source_sealed);
		return v;
	}
	json_set_str(a, &v, "blob", c->source_blob);
	json_set_int(a, &v, "document", c->source_document);
	json_set_int(a, &v, "item", c->source_item);
	return v;
}

static struct json taken_to_json(struct arena *a, const struct taken_kind *k)
{
	struct json v = json_of_object(), objects = json_of_array();
	json_set_str(a, &v, "kind", k->kind);
	if (k->unread) {
		json_set_str(a, &v, "unread", k->unread);
		return v;
	}
	for (size_t i = 0; i < k->n_objects; i++) {
		struct json object = json_of_object();
		json_set_str(a, &object, "name", k->objects[i].name);
		json_set_str(a, &object, "uid", k->objects[i].uid);
		json_set(a, &object, "foreign", json_of_bool(k->objects[i].foreign));
		json_append(a, &objects, object);
	}
	json_set_int(a, &v, "n", k->n);
	json_set(a, &v, "objects", objects);
	return v;
}

static struct json hook_to_json(struct arena *a, const struct hook *h)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "phase", hook_phase_name(h->phase));
	struct json *policies = json_set(a, &v, "deletePolicy", json_of_array());
	for (int i = 0; i < HOOK_DELETE_COUNT; i++)
		if (h->delete_policy & 1u << i)
			json_append(a, policies, json_of_string(a, hook_delete_name(i)));
	return v;
}

static struct json change_to_json(struct arena *a, const struct change *c)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "id", c->id);
	json_set_str(a, &v, "action", action_name(c->action));
	json_set_str(a, &v, "application", c->application);
	json_set_int(a, &v, "wave", c->wave);
	if (change_is_hook(c))
		json_set(a, &v, "hook", hook_to_json(a, &c->hook));
	json_set(a, &v, "object", ref_to_json(a, &c->ref));
	if (c->file)
		json_set(a, &v, "from", from_to_json(a, c));
	set_optional(a, &v, "movedFrom", c->moved_from);
	set_optional(a, &v, "pair", c->pair);
	json_set_str(a, &v, "verified", verified_name(c->verified));
	struct json *fields = json_set(a, &v, "fields", json_of_array());
	for (size_t i = 0; i < c->n_fields; i++)
		json_append(a, fields, field_to_json(a, &c->fields[i]));
	if (c->n_takeovers) {
		struct json *list = json_set(a, &v, "takeovers", json_of_array());
		for (size_t i = 0; i < c->n_takeovers; i++)
			json_append(a, list, takeover_to_json(a, &c->takeovers[i]));
	}
	json_set(a, &v, "precondition", precondition_to_json(a, &c->precondition));
	if (c->desired)
		json_set(a, &v, "desired", *c->desired);
	if (c->owned)
		json_set(a, &v, "owned", *c->owned);
	if (c->keeps)
		json_set(a, &v, "keeps", *c->keeps);
	if (c->n_give_backs) {
		struct json *list = json_set(a, &v, "givesBack", json_of_array());
		for (size_t i = 0; i < c->n_give_backs; i++)
			json_append(a, list, give_back_to_json(a, &c->give_backs[i]));
	}
	if (c->source_blob || c->source_sealed)
		json_set(a, &v, "source", source_to_json(a, c));
	set_optional(a, &v, "expect", c->expect);
	if (c->takes_listed) {
		struct json *list = json_set(a, &v, "takes", json_of_array());
		for (size_t i = 0; i < c->n_takes; i++)
			json_append(a, list, taken_to_json(a, &c->takes[i]));
	}
	set_optional(a, &v, "reason", c->reason);
	if (c->n_warnings)
		json_set(a, &v, "warnings", strings(a, c->warnings, c->n_warnings));
	return v;
}

/* When the owner of each drifted field last wrote: for people, so it stands in meta. */
static struct json since_to_json(struct arena *a, const struct plan *p)
{
	struct json all = json_of_object();
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct change *c = &p->changes[i];
		for (size_t k = 0; k < c->n_fields; k++)
			if (c->fields[k].since)
				json_set_str(a, json_edit(a, &all, c->id), c->fields[k].path,
					     c->fields[k].since);
	}
	return all;
}

static struct json meta_to_json(struct arena *a, const struct plan *p)
{
	struct json meta = json_of_object();
	set_optional(a, &meta, "created", p->created);
	set_optional(a, &meta, "tool", p->tool);
	set_optional(a, &meta, "subject", p->head_subject);
	set_optional(a, &meta, "server", p->server);
	struct json seconds = json_of_fmt(a, "%.3f", p->duration);
	seconds.type = JSON_FLOAT;
	json_set(a, &meta, "duration", seconds);
	json_set_int(a, &meta, "requests", p->requests);
	json_set(a, &meta, "since", since_to_json(a, p));
	return meta;
}

static struct json git_to_json(struct arena *a, const struct plan *p)
{
	struct json git = json_of_object();
	json_set_str(a, &git, "repository", p->repository);
	json_set_str(a, &git, "base", p->base);
	json_set_str(a, &git, "head", p->head);
	struct json bases = json_of_object(), trees = json_of_object();
	for (size_t i = 0; i < p->n_applications; i++) {
		const struct planned_application *app = &p->applications[i];
		json_set_str(a, &bases, app->name, app->base);
		json_set_str(a, &trees, *app->path ? app->path : ".", app->tree);
	}
	json_set(a, &git, "bases", bases);
	json_set(a, &git, "trees", trees);
	return git;
}

static struct json cluster_to_json(struct arena *a, const struct plan *p)
{
	struct json cluster = json_of_object();
	json_set_str(a, &cluster, "name", p->cluster_name);
	json_set_str(a, &cluster, "uid", p->cluster_uid);
	json_set_str(a, &cluster, "version", p->cluster_version);
	return cluster;
}

static struct json wait_to_json(struct arena *a, const struct planned_application *app)
{
	struct json v = json_of_object();
	json_set_int(a, &v, "timeout", app->wait_seconds);
	struct json *rules = app->n_ready ? json_set(a, &v, "ready", json_of_array()) : NULL;
	for (size_t i = 0; i < app->n_ready; i++) {
		struct json rule = json_of_object();
		json_set_str(a, &rule, "group", app->ready[i].group);
		json_set_str(a, &rule, "kind", app->ready[i].kind);
		json_set_str(a, &rule, "path", app->ready[i].path);
		json_set_str(a, &rule, "value", app->ready[i].value);
		json_append(a, rules, rule);
	}
	return v;
}

static struct json record_to_json(struct arena *a, const struct applied_record *r)
{
	struct json v = json_of_object();
	set_optional(a, &v, "commit", r->commit);
	set_optional(a, &v, "repository", r->repository);
	set_optional(a, &v, "digest", r->digest);
	return v;
}

static struct json application_to_json(struct arena *a, const struct plan *p,
				       const struct planned_application *app)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "name", app->name);
	json_set_str(a, &v, "path", app->path);
	json_set_str(a, &v, "namespace", app->namespace);
	json_set_str(a, &v, "applyset", app->applyset);
	json_set(a, &v, "kinds", strings(a, app->kinds, app->n_kinds));
	json_set(a, &v, "namespaces", strings(a, app->namespaces, app->n_namespaces));
	if (app->wait)
		json_set(a, &v, "wait", wait_to_json(a, app));
	if (p->rollback_of)
		json_set(a, &v, "record", record_to_json(a, &app->record));
	return v;
}

static struct json rollback_to_json(struct arena *a, const struct plan *p)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "of", p->rollback_of);
	json_set_str(a, &v, "journal", p->rollback_journal);
	return v;
}

static struct json summary_to_json(struct arena *a, const struct plan_summary *s)
{
	struct json v = json_of_object();
	for (int i = 0; i < ACTION_COUNT; i++)
		json_set_int(a, &v, action_name((enum action)i), s->by_action[i]);
	if (s->hooks)
		json_set_int(a, &v, "hooks", s->hooks);
	json_set_int(a, &v, "unchanged", s->unchanged);
	json_set_int(a, &v, "drifted", s->drifted);
	json_set_int(a, &v, "denied", s->denied);
	json_set_int(a, &v, "warned", s->warned);
	return v;
}

static struct json verdict_to_json(struct arena *a, const struct policy_verdict *r)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "source", policy_source_name(r->source));
	json_set_str(a, &v, "policy", r->policy);
	set_optional(a, &v, "binding", r->binding);
	set_optional(a, &v, "param", r->param);
	set_optional(a, &v, "change", r->change);
	json_set_str(a, &v, "result", policy_result_name(r->result));
	if (r->existing)
		json_set(a, &v, "existing", json_of_bool(true));
	if (r->pass)
		json_set_str(a, &v, "pass", policy_pass_name(r->pass));
	if (r->pass == POLICY_PASS_WAIVED)
		json_set_int(a, &v, "waiver", r->waiver);
	json_set_str(a, &v, "message", r->message);
	set_optional(a, &v, "path", r->path);
	if (r->file) {
		json_set_str(a, &v, "file", r->file);
		json_set_int(a, &v, "line", r->line);
		json_set_int(a, &v, "col", r->col);
	}
	if (r->rule.file) {
		struct json *rule = json_set(a, &v, "rule", json_of_object());
		json_set_str(a, rule, "file", r->rule.file);
		json_set_int(a, rule, "line", r->rule.line);
		json_set_int(a, rule, "col", r->rule.col);
	}
	return v;
}

static struct json waivers_to_json(struct arena *a, const struct plan *p)
{
	struct json list = json_of_array();
	for (size_t i = 0; i < p->n_waivers; i++) {
		const struct plan_waiver *w = &p->waivers[i];
		struct json *v = json_append(a, &list, json_of_object());
		json_set_str(a, v, "policy", w->policy);
		json_set_str(a, v, "object", w->object);
		json_set_str(a, v, "reason", w->reason);
		json_set_str(a, v, "owner", w->owner);
		json_set_str(a, v, "expires", w->expires);
		json_set_str(a, v, "state", waiver_state_name(w->state));
		if (!w->at.file)
			continue;
		json_set_str(a, v, "file", w->at.file);
		json_set_int(a, v, "line", w->at.line);
		json_set_int(a, v, "col", w->at.col);
	}
	return list;
}

struct json plan_to_json(struct plan *p, struct arena *a)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "apiVersion", PLAN_API_VERSION);
	json_set_str(a, &v, "kind", "Plan");
	json_set(a, &v, "meta", meta_to_json(a, p));
	json_set(a, &v, "git", git_to_json(a, p));
	json_set(a, &v, "cluster", cluster_to_json(a, p));
	struct json *applications = json_set(a, &v, "applications", json_of_array());
	for (size_t i = 0; i < p->n_applications; i++)
		json_append(a, applications, application_to_json(a, p, &p->applications[i]));
	if (p->rollback_of)
		json_set(a, &v, "rollback", rollback_to_json(a, p));
	json_set(a, &v, "summary", summary_to_json(a, &p->summary));
	struct json *changes = json_set(a, &v, "changes", json_of_array());
	for (size_t i = 0; i < p->n_changes; i++)
		json_append(a, changes, change_to_json(a, &p->changes[i]));
	struct json *verdicts = json_set(a, &v, "policy", json_of_array());
	for (size_t i = 0; i < p->n_verdicts; i++)
		json_append(a, verdicts, verdict_to_json(a, &p->verdicts[i]));
	set_optional(a, &v, "time", p->time);
	if (p->n_waivers)
		json_set(a, &v, "waivers", waivers_to_json(a, p));
	json_set(a, &v, "notes", strings(a, p->notes, p->n_notes));
	plan_json_digest(&v, p->digest);
	json_set_str(a, &v, "digest", p->digest);
	return v;
}

/* The same with children of its own, which share theirs with the plan's: a plan of 10,000 new
 * objects need not be in memory twice to be told without its positions. */
static struct json own_children(struct arena *a, const struct json *v)
{
	struct json out = *v;
	out.roomy = false;
	if (v->type == JSON_OBJECT && v->n) {
		out.members = arena_calloc(a, v->n, sizeof(*v->members));
		memcpy(out.members, v->members, v->n * sizeof(*v->members));
	}
	if (v->type == JSON_ARRAY && v->n) {
		out.items = arena_calloc(a, v->n, sizeof(*v->items));
		memcpy(out.items, v->items, v->n * sizeof(*v->items));
	}
	return out;
}

/* Only objects have members to remove; a file from outside may hold anything. */
static void leave_out(struct arena *a, struct json *object, const char *const *keys)
{
	if (!object)
		return;
	*object = own_children(a, object);
	for (; *keys; keys++)
		json_remove(object, *keys);
}

static void leave_out_of_each(struct arena *a, struct json *list, const char *const *keys)
{
	if (!list || list->type != JSON_ARRAY)
		return;
	*list = own_children(a, list);
	for (uint32_t i = 0; i < list->n; i++)
		leave_out(a, &list->items[i], keys);
}

static struct json *member_for_edit(struct json *object, const char *key)
{
	return (struct json *)json_get(object, key);
}

void plan_json_digest(const struct json *plan, char out[DIGEST_TEXT])
{
	static const char *const of_all[] = { "digest", "meta", NULL };
	static const char *const of_git[] = { "base", "head", "bases", NULL };
	static const char *const of_rollback[] = { "journal", NULL };
	static const char *const of_change[] = { "from", NULL };
	static const char *const of_field[] = { "line", NULL };
	static const char *const of_policy[] = { "file", "line", "col", "rule", NULL };
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = *plan;
	leave_out(&a, &v, of_all);
	leave_out(&a, member_for_edit(&v, "git"), of_git);
	leave_out(&a, member_for_edit(&v, "rollback"), of_rollback);
	struct json *changes = member_for_edit(&v, "changes");
	leave_out_of_each(&a, changes, of_change);
	for (uint32_t i = 0; json_is(changes, JSON_ARRAY) && i < changes->n; i++)
		leave_out_of_each(&a, member_for_edit(&changes->items[i], "fields"), of_field);
	leave_out_of_each(&a, member_for_edit(&v, "policy"), of_policy);
	leave_out_of_each(&a, member_for_edit(&v, "waivers"), of_policy);
	digest_json(&v, out);
}

int plan_write(struct plan *p, const char *path, struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json v = plan_to_json(p, &scratch);
	json_write_indented(&text, &v);
	buf_putc(&text, '\n');
	return file_write(path, text.data, text.len, 0600, err);
}
