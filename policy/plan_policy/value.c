/* A plan as rules see it; see plan_policy.h.  Everything but the time is one document, so that what
 * a rule reads can be found in it. */
#include <string.h>

#include "plan/secret.h"
#include "policy/plan_policy/internal.h"

static struct json summary_of(struct arena *a, const struct plan *p)
{
	struct json v = json_of_object();
	for (int i = 0; i < ACTION_COUNT; i++)
		json_set_int(a, &v, action_name((enum action)i), p->summary.by_action[i]);
	json_set_int(a, &v, "hooks", p->summary.hooks);
	json_set_int(a, &v, "unchanged", p->summary.unchanged);
	json_set_int(a, &v, "drifted", p->summary.drifted);
	return v;
}

static struct json clusters_of(struct arena *a, const struct plan *p)
{
	struct json list = json_of_array();
	if (plan_is_static(p))
		return list;
	struct json *v = json_append(a, &list, json_of_object());
	json_set_str(a, v, "name", p->cluster_name ? p->cluster_name : "");
	json_set_str(a, v, "uid", p->cluster_uid ? p->cluster_uid : "");
	json_set_str(a, v, "version", p->cluster_version ? p->cluster_version : "");
	return list;
}

static int64_t changes_of(const struct plan *p, const char *application)
{
	int64_t n = 0;
	for (size_t i = 0; i < p->n_changes; i++)
		n += strcmp(p->changes[i].application, application) == 0;
	return n;
}

static struct json applications_of(struct arena *a, const struct plan *p)
{
	struct json list = json_of_array();
	for (size_t i = 0; i < p->n_applications; i++) {
		const struct planned_application *app = &p->applications[i];
		struct json *v = json_append(a, &list, json_of_object());
		json_set_str(a, v, "name", app->name);
		json_set_str(a, v, "path", app->path);
		json_set_str(a, v, "namespace", app->namespace);
		json_set_str(a, v, "base", app->base);
		json_set_int(a, v, "changes", changes_of(p, app->name));
	}
	return list;
}

static struct json git_of(struct arena *a, const struct plan *p)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "repository", p->repository ? p->repository : "");
	json_set_str(a, &v, "base", p->base ? p->base : "");
	json_set_str(a, &v, "head", p->head ? p->head : "");
	json_set_str(a, &v, "subject", p->head_subject ? p->head_subject : "");
	return v;
}

/* Shares what it can; null where there is none. */
static struct json object_of(struct arena *a, const struct object_ref *ref, const struct json *v)
{
	if (!v)
		return json_of_null();
	if (!object_is_secret(ref))
		return *v;
	struct json copy = json_copy(a, v);
	secret_hide(a, &copy, "(hidden)");
	return copy;
}

static struct json fields_of(struct arena *a, const struct change *c)
{
	struct json list = json_of_array();
	for (size_t i = 0; i < c->n_fields; i++) {
		const struct field *f = &c->fields[i];
		struct json *v = json_append(a, &list, json_of_object());
		json_set_str(a, v, "path", f->path);
		json_set(a, v, "before", f->before ? *f->before : json_of_null());
		json_set(a, v, "after", f->after ? *f->after : json_of_null());
		json_set_str(a, v, "why", why_name(f->why));
		json_set_str(a, v, "owner", f->owner ? f->owner : "");
	}
	return list;
}

static bool undoes_drift(const struct change *c)
{
	for (size_t i = 0; i < c->n_fields; i++)
		if (c->fields[i].why == WHY_DRIFT || c->fields[i].why == WHY_BOTH)
			return true;
	return false;
}

static struct json change_of(struct arena *a, struct scene *scene, const struct change *c)
{
	const char *phase = hook_phase_name(c->hook.phase);
	struct json v = json_of_object();
	json_set_str(a, &v, "id", c->id);
	json_set_str(a, &v, "action", action_name(c->action));
	json_set_str(a, &v, "application", c->application);
	json_set_str(a, &v, "group", c->ref.group);
	json_set_str(a, &v, "version", c->ref.version);
	json_set_str(a, &v, "kind", c->ref.kind);
	json_set_str(a, &v, "namespace", c->ref.namespace);
	json_set_str(a, &v, "name", c->ref.name);
	json_set_str(a, &v, "hook", phase ? phase : "");
	json_set_str(a, &v, "file", c->file ? c->file : "");
	json_set(a, &v, "object", object_of(a, &c->ref, scene_object(scene, c)));
	json_set(a, &v, "oldObject", object_of(a, &c->ref, scene_old_object(scene, c)));
	json_set(a, &v, "base", object_of(a, &c->ref, scene_base_object(scene, c)));
	json_set(a, &v, "drift", json_of_bool(undoes_drift(c)));
	json_set(a, &v, "fields", fields_of(a, c));
	return v;
}

void plan_value_of(struct plan_value *v, struct scene *scene, const struct plan *p, time_t now)
{
	struct arena *a = &v->arena;
	struct plan counted = *p;
	plan_summarise(&counted);
	struct json *plan = arena_alloc(a, sizeof(*plan));
	*plan = json_of_object();
	json_set(a, plan, "summary", summary_of(a, &counted));
	json_set(a, plan, "clusters", clusters_of(a, p));
	json_set(a, plan, "applications", applications_of(a, p));
	json_set(a, plan, "git", git_of(a, p));
	struct json changes = json_of_array();
	for (size_t i = 0; i < p->n_changes; i++)
		json_append(a, &changes, change_of(a, scene, &p->changes[i]));
	json_set(a, plan, "changes", changes);
	v->plan = plan;
	v->changes = json_get(plan, "changes");
	v->has_time = true;
	v->time.tv_sec = now;
	v->of = p;
}

void plan_value_done(struct plan_value *v)
{
	arena_done(&v->arena);
	*v = (struct plan_value){ 0 };
}
