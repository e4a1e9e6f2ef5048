/* A plan from its file; see plan.h.  Everything in it is from outside: shape, types, unknown
 * keys and the digest are checked before anything is used. */
#include "plan/plan_json.h"
#include "plan/plan_reader.h"

#include <string.h>

#include "base/file.h"
#include "base/json_parse.h"

static int read_git(struct reader *r, const struct json *root)
{
	const struct json *git = json_get(root, "git");
	struct plan *p = r->p;
	if (ONLY_KEYS(r, git, "repository", "base", "head", "bases", "trees") < 0 ||
	    read_text(r, git, "repository", &p->repository) < 0 ||
	    read_text(r, git, "base", &p->base) < 0)
		return -1;
	return read_text(r, git, "head", &p->head);
}

static int read_ready(struct reader *r, const struct json *v, struct ready_rule *rule)
{
	AUTO(err_done) struct err why = { 0 };
	if (ONLY_KEYS(r, v, "group", "kind", "path", "value") < 0 ||
	    read_text(r, v, "group", &rule->group) < 0 ||
	    read_text(r, v, "kind", &rule->kind) < 0 || read_text(r, v, "path", &rule->path) < 0 ||
	    read_text(r, v, "value", &rule->value) < 0)
		return -1;
	if (ready_rule_check(rule, &why) < 0)
		return read_wrong(r, v, why.msg, "ready");
	return 0;
}

/* Plans of the first version have none: nothing is waited for. */
static int read_wait(struct reader *r, const struct json *application,
		     struct planned_application *app)
{
	const struct json *v = json_get(application, "wait"), *rules;
	if (!v)
		return 0;
	if (ONLY_KEYS(r, v, "timeout", "ready") < 0 ||
	    read_small_number(r, v, "timeout", &app->wait_seconds) < 0)
		return -1;
	if (!app->wait_seconds || app->wait_seconds > PLAN_MAX_WAIT)
		return read_wrong(r, v, "out of range:", "timeout");
	app->wait = true;
	if (!json_get(v, "ready"))
		return 0;
	if (read_list(r, v, "ready", &rules) < 0)
		return -1;
	if (rules->n > READY_MAX_RULES)
		return read_wrong(r, rules, "too many rules in", "ready");
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
	if (ONLY_KEYS(r, v, "of", "journal") < 0 || read_text(r, v, "of", &p->rollback_of) < 0)
		return -1;
	return read_text(r, v, "journal", &p->rollback_journal);
}

static int read_record(struct reader *r, const struct json *app, struct applied_record *out)
{
	const struct json *v = json_get(app, "record");
	if (!r->p->rollback_of)
		return v ? read_wrong(r, v, "only a rollback has", "record") : 0;
	if (ONLY_KEYS(r, v, "commit", "repository", "digest") < 0 ||
	    read_optional_text(r, v, "commit", &out->commit) < 0 ||
	    read_optional_text(r, v, "repository", &out->repository) < 0)
		return -1;
	return read_optional_text(r, v, "digest", &out->digest);
}

static int read_applications(struct reader *r, const struct json *root)
{
	const struct json *items;
	if (read_list(r, root, "applications", &items) < 0)
		return -1;
	struct plan *p = r->p;
	p->applications = arena_calloc(&p->arena, items->n, sizeof(*p->applications));
	for (; p->n_applications < items->n; p->n_applications++) {
		const struct json *v = &items->items[p->n_applications];
		struct planned_application *app = &p->applications[p->n_applications];
		if (ONLY_KEYS(r, v, "name", "path", "namespace", "applyset", "kinds", "namespaces",
			      "wait", "record") < 0 ||
		    read_wait(r, v, app) < 0 || read_record(r, v, &app->record) < 0 ||
		    read_text(r, v, "name", &app->name) < 0 ||
		    read_text(r, v, "path", &app->path) < 0 ||
		    read_text(r, v, "namespace", &app->namespace) < 0 ||
		    read_text(r, v, "applyset", &app->applyset) < 0 ||
		    read_strings(r, v, "kinds", &app->kinds, &app->n_kinds) < 0 ||
		    read_strings(r, v, "namespaces", &app->namespaces, &app->n_namespaces) < 0)
			return -1;
		const struct json *git = json_get(root, "git");
		app->base = json_get_str(json_get(git, "bases"), app->name);
		app->tree = json_get_str(json_get(git, "trees"), *app->path ? app->path : ".");
		if (!app->base || !app->tree)
			return read_wrong(r, git, "`bases` or `trees` lack application", app->name);
	}
	return 0;
}

static int read_cluster(struct reader *r, const struct json *root)
{
	const struct json *v = json_get(root, "cluster");
	struct plan *p = r->p;
	if (ONLY_KEYS(r, v, "name", "uid", "version") < 0 ||
	    read_text(r, v, "name", &p->cluster_name) < 0 ||
	    read_text(r, v, "uid", &p->cluster_uid) < 0)
		return -1;
	return read_text(r, v, "version", &p->cluster_version);
}

static int read_summary(struct reader *r, const struct json *root)
{
	const struct json *v = json_get(root, "summary");
	struct plan_summary *s = &r->p->summary;
	for (int i = 0; i < ACTION_COUNT; i++) {
		const char *name = action_name((enum action)i);
		if (i == ACTION_REFUSED && !json_get(v, name))
			continue; /* plans of the first version do not have it */
		if (read_number(r, v, name, &s->by_action[i]) < 0)
			return -1;
	}
	if (json_get(v, "hooks") && read_number(r, v, "hooks", &s->hooks) < 0)
		return -1;
	if (read_number(r, v, "unchanged", &s->unchanged) < 0 ||
	    read_number(r, v, "drifted", &s->drifted) < 0 ||
	    read_number(r, v, "denied", &s->denied) < 0)
		return -1;
	return read_number(r, v, "warned", &s->warned);
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
	if (!json_is(root, JSON_OBJECT) || read_text(r, root, "kind", &kind) < 0 ||
	    strcmp(kind, "Plan") != 0)
		return r->err->code ? -1
				    : err_at(r->err, ERR_INPUT, json_pos(root, r->file),
					     "not a plan: expected an object with kind Plan");
	if (read_text(r, root, "apiVersion", &api_version) < 0)
		return -1;
	if (strcmp(api_version, PLAN_API_VERSION) != 0)
		return err_at(r->err, ERR_INPUT, json_pos(json_get(root, "apiVersion"), r->file),
			      "a plan of version %.64s; this rhumb reads " PLAN_API_VERSION
			      ": plan again with this version",
			      api_version);
	if (read_text(r, root, "digest", &digest) < 0)
		return -1;
	plan_json_digest(root, actual);
	if (strcmp(digest, actual) != 0)
		return err_at(r->err, ERR_INPUT, json_pos(json_get(root, "digest"), r->file),
			      "the plan was altered: its content does not have the digest that it "
			      "states; plan again");
	return ONLY_KEYS(r, root, "apiVersion", "kind", "digest", "meta", "git", "cluster",
			 "applications", "rollback", "summary", "changes", "policy", "waivers",
			 "time", "notes");
}

static int read_root(struct reader *r, const struct json *root)
{
	if (check_file(r, root) < 0 || read_git(r, root) < 0 || read_cluster(r, root) < 0 ||
	    read_rollback(r, root) < 0 || read_applications(r, root) < 0 ||
	    read_summary(r, root) < 0 || read_changes(r, root) < 0 || read_waivers(r, root) < 0 ||
	    read_verdicts(r, root) < 0 || read_optional_text(r, root, "time", &r->p->time) < 0 ||
	    read_strings(r, root, "notes", &r->p->notes, &r->p->n_notes) < 0)
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
