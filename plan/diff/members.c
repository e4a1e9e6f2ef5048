/* The ApplySets of the applications: their parents, the members that only they hold, and the commit
 * that each records as applied. */
#include "plan/diff/reading.h"

#include <string.h>

#include "plan/state.h"

static bool was_listed(const struct reading *r, const struct kind *kind, const char *namespace)
{
	for (size_t i = 0; i < r->n_groups; i++)
		if (r->groups[i].listed && r->groups[i].kind == kind &&
		    strcmp(r->groups[i].namespace, namespace) == 0)
			return true;
	return false;
}

static int on_parent(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct build *b = ctx;
	struct build_application *app = call->user;
	if (call->object) {
		struct json *copy = arena_alloc(&b->arena, sizeof(*copy));
		*copy = json_copy(&b->arena, call->object);
		app->parent = copy;
	} else if (call->err.code != ERR_NOT_FOUND) {
		build_note(b,
			   "application %s: its ApplySet cannot be read, so objects that only it "
			   "holds are not seen: %s",
			   app->config->name, call->err.msg);
	}
	return 0;
}

static int read_parents(struct build *b, struct err *err)
{
	struct cluster *c = b->o->cluster;
	size_t n = b->o->n_applications;
	AUTO(auto_free) struct api_call *calls = xcalloc(n, sizeof(*calls));
	const struct kind *kind = kinds_find(&b->kinds, "", "v1", "ConfigMap");
	if (!kind)
		return 0;
	for (size_t i = 0; i < n; i++)
		calls[i] = (struct api_call){
			.verb = API_GET,
			.kind = kind,
			.namespace = b->apps[i].parent_namespace,
			.name = applyset_parent_name(&b->arena, b->apps[i].config->name),
			.user = &b->apps[i],
		};
	int rc = c->ops->call(c, calls, n, on_parent, b, err);
	for (size_t i = 0; i < n; i++)
		err_done(&calls[i].err);
	return rc;
}

/* Calls `each` with every part of a comma-separated annotation. */
static char **parts_of(struct build *b, const struct json *parent, const char *annotation,
		       size_t *n)
{
	const char *text = json_str(json_at(parent, "metadata", "annotations", annotation, NULL));
	size_t count = 0;
	for (const char *p = text; p && *p; p++)
		count += *p == ',';
	char **parts = arena_calloc(&b->arena, count + 2, sizeof(*parts));
	*n = 0;
	while (text && *text) {
		size_t len = strcspn(text, ",");
		if (len)
			parts[(*n)++] = arena_strndup(&b->arena, text, len);
		text += len + (text[len] == ',');
	}
	return parts;
}

static void ask_for_members(struct reading *r, const struct build_application *app)
{
	struct build *b = r->b;
	size_t n_kinds, n_namespaces;
	char **kinds =
		parts_of(b, app->parent, "applyset.kubernetes.io/contains-group-kinds", &n_kinds);
	char **namespaces = parts_of(b, app->parent, "applyset.kubernetes.io/additional-namespaces",
				     &n_namespaces);
	namespaces[n_namespaces++] = arena_strdup(&b->arena, app->parent_namespace);
	const char *selector = arena_fmt(&b->arena, APPLYSET_LABEL "=%s", app->applyset);
	for (size_t i = 0; i < n_kinds; i++) {
		char *dot = strchr(kinds[i], '.');
		if (dot)
			*dot = '\0';
		const struct kind *kind = kinds_find_any(&b->kinds, dot ? dot + 1 : "", kinds[i]);
		if (!kind || !kind->listable || kind->deferred)
			continue;
		for (size_t k = 0; k < (kind->namespaced ? n_namespaces : 1); k++) {
			const char *namespace = kind->namespaced ? namespaces[k] : "";
			if (!was_listed(r, kind, namespace))
				reading_add_list(r, kind, namespace, selector, SIZE_MAX);
		}
	}
}

int reading_members(struct reading *r, struct err *err)
{
	struct build *b = r->b;
	if (read_parents(b, err) < 0)
		return -1;
	size_t first = r->n_lists;
	for (size_t i = 0; i < b->o->n_applications; i++)
		if (b->apps[i].parent && b->apps[i].config->prune)
			ask_for_members(r, &b->apps[i]);
	if (reading_run_lists(r, first, err) < 0)
		return -1;
	for (size_t i = first; i < r->n_lists; i++)
		if (r->lists[i].err.code)
			build_note(b, "objects left behind are not seen: %s", r->lists[i].err.msg);
	return 0;
}

/* ---- the default base */

struct applied {
	struct arena *arena;
	const char **commits, **why_not;
};

static int on_applied(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct applied *a = ctx;
	size_t i = (size_t)(uintptr_t)call->user;
	const char *commit = json_str(
		json_at(call->object, "metadata", "annotations", "rhumb.dev/commit", NULL));
	if (commit)
		a->commits[i] = arena_strdup(a->arena, commit);
	else if (!call->object && call->err.code != ERR_NOT_FOUND)
		a->why_not[i] = arena_strdup(a->arena, call->err.msg);
	return 0;
}

int plan_applied_commits(struct cluster *c, const struct application *const *apps, size_t n,
			 const char *default_namespace, struct arena *a, const char **commits,
			 const char **why_not, struct err *err)
{
	static const struct kind config_map = {
		.group = "",
		.version = "v1",
		.kind = "ConfigMap",
		.plural = "configmaps",
		.namespaced = true,
		.listable = true,
		.appliable = true,
		.preferred = true,
	};
	AUTO(auto_free) struct api_call *calls = xcalloc(n, sizeof(*calls));
	for (size_t i = 0; i < n; i++) {
		commits[i] = "";
		why_not[i] = NULL;
		calls[i] = (struct api_call){
			.verb = API_GET,
			.kind = &config_map,
			.namespace = plan_parent_namespace(apps[i], default_namespace),
			.name = applyset_parent_name(a, apps[i]->name),
			.user = (void *)(uintptr_t)i,
		};
	}
	struct applied applied = { a, commits, why_not };
	int rc = c->ops->call(c, calls, n, on_applied, &applied, err);
	for (size_t i = 0; i < n; i++)
		err_done(&calls[i].err);
	return rc;
}
