/* Which kinds a server serves.  See kube.h.
 *
 * Aggregated discovery answers everything in two requests (/api and /apis).  A server that does
 * not know it answers the same paths in the older form, and then each group version is one more
 * request, all at once.  A group whose own server is down is noted in the table, not an error:
 * most plans do not need it, and those that do say so. */
#include <string.h>

#include "base/json_parse.h"
#include "plan/cluster/kube/kube.h"

#define AGGREGATED(version)                                                                        \
	"application/json;g=apidiscovery.k8s.io;v=" version ";as=APIGroupDiscoveryList"
#define ACCEPT AGGREGATED("v2") "," AGGREGATED("v2beta1") ",application/json"

enum { MAX_GROUP_VERSIONS = 5000 };

static void note_stale(struct kind_table *t, const char *group, const char *version)
{
	GROW(t->stale, t->n_stale, t->cap_stale);
	t->stale[t->n_stale++] = *group ? arena_fmt(&t->arena, "%s/%s", group, version)
					: arena_strdup(&t->arena, version);
}

static const char *text_or_empty(const struct json *v, const char *key)
{
	const char *text = json_get_str(v, key);
	return text ? text : "";
}

static bool has_verb(const struct json *verbs, const char *verb)
{
	for (uint32_t i = 0; json_is(verbs, JSON_ARRAY) && i < verbs->n; i++) {
		const char *text = json_str(&verbs->items[i]);
		if (text && strcmp(text, verb) == 0)
			return true;
	}
	return false;
}

static void add(struct kind_table *t, struct kind *k, const struct json *verbs)
{
	if (!*k->kind || !*k->plural || !*k->version)
		return;
	k->listable = has_verb(verbs, "list") && has_verb(verbs, "get");
	k->appliable = has_verb(verbs, "patch");
	kinds_add(t, k);
}

/* ---- aggregated */

static void add_aggregated(struct kind_table *t, const char *group, const struct json *version,
			   bool preferred)
{
	const char *name = text_or_empty(version, "version");
	if (strcmp(text_or_empty(version, "freshness"), "Stale") == 0)
		note_stale(t, group, name);
	const struct json *list = json_get(version, "resources");
	for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->n; i++) {
		const struct json *r = &list->items[i];
		struct kind k = {
			.group = group,
			.version = name,
			.kind = text_or_empty(json_get(r, "responseKind"), "kind"),
			.plural = text_or_empty(r, "resource"),
			.namespaced = strcmp(text_or_empty(r, "scope"), "Namespaced") == 0,
			.preferred = preferred,
		};
		add(t, &k, json_get(r, "verbs"));
	}
}

static void add_groups(struct kind_table *t, const struct json *answer)
{
	const struct json *groups = json_get(answer, "items");
	for (uint32_t i = 0; json_is(groups, JSON_ARRAY) && i < groups->n; i++) {
		const struct json *g = &groups->items[i];
		const char *group = text_or_empty(json_get(g, "metadata"), "name");
		const struct json *versions = json_get(g, "versions");
		for (uint32_t v = 0; json_is(versions, JSON_ARRAY) && v < versions->n; v++)
			add_aggregated(t, group, &versions->items[v], v == 0);
	}
}

/* ---- the older form */

struct group_version {
	const char *group, *version, *path;
	bool preferred;
};

struct group_versions {
	struct group_version *items;
	size_t n, cap;
};

static void group_versions_done(struct group_versions *l)
{
	free(l->items);
}

static int want(struct group_versions *l, struct arena *a, const char *group, const char *version,
		bool preferred, struct err *err)
{
	if (!*version || strpbrk(version, "/%?#") || strpbrk(group, "/%?#"))
		return err_set(err, ERR_SERVER, "the server lists a group that has no valid name");
	if (l->n == MAX_GROUP_VERSIONS)
		return err_set(err, ERR_LIMIT, "more than %d group versions", MAX_GROUP_VERSIONS);
	GROW(l->items, l->n, l->cap);
	l->items[l->n++] = (struct group_version){
		.group = group,
		.version = version,
		.path = *group ? arena_fmt(a, "/apis/%s/%s", group, version)
			       : arena_fmt(a, "/api/%s", version),
		.preferred = preferred,
	};
	return 0;
}

/* {"kind":"APIVersions","versions":["v1"]} */
static int want_core(struct group_versions *l, struct arena *a, const struct json *answer,
		     struct err *err)
{
	const struct json *versions = json_get(answer, "versions");
	for (uint32_t i = 0; json_is(versions, JSON_ARRAY) && i < versions->n; i++) {
		const char *version = json_str(&versions->items[i]);
		if (version && want(l, a, "", version, i == 0, err) < 0)
			return -1;
	}
	return 0;
}

/* {"kind":"APIGroupList","groups":[{"name":..,"versions":[{"version":..}],
 *  "preferredVersion":{"version":..}}]} */
static int want_groups(struct group_versions *l, struct arena *a, const struct json *answer,
		       struct err *err)
{
	const struct json *groups = json_get(answer, "groups");
	for (uint32_t i = 0; json_is(groups, JSON_ARRAY) && i < groups->n; i++) {
		const struct json *g = &groups->items[i], *versions = json_get(g, "versions");
		const char *preferred = text_or_empty(json_get(g, "preferredVersion"), "version");
		for (uint32_t v = 0; json_is(versions, JSON_ARRAY) && v < versions->n; v++) {
			const char *version = text_or_empty(&versions->items[v], "version");
			if (want(l, a, text_or_empty(g, "name"), version,
				 strcmp(version, preferred) == 0, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* {"kind":"APIResourceList","resources":[{"name":..,"kind":..,"namespaced":..,"verbs":[..]}]} */
static void add_resources(struct kind_table *t, const struct group_version *gv,
			  const struct json *answer)
{
	const struct json *list = json_get(answer, "resources");
	for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->n; i++) {
		const struct json *r = &list->items[i];
		struct kind k = {
			.group = gv->group,
			.version = gv->version,
			.kind = text_or_empty(r, "kind"),
			.plural = text_or_empty(r, "name"),
			.namespaced = json_true(json_get(r, "namespaced")),
			.preferred = gv->preferred,
		};
		if (!strchr(k.plural, '/')) /* "deployments/scale" */
			add(t, &k, json_get(r, "verbs"));
	}
}

static int parse(struct arena *a, const struct kube_get *g, struct json *out, struct err *err)
{
	return json_parse(a, buf_text(&g->body), g->body.len, g->path, NULL, out, err);
}

static void free_gets(struct kube_get *gets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kube_get_done(&gets[i]);
	free(gets);
}

static int discover_each(struct kube *k, const struct group_versions *l, struct kind_table *out,
			 struct err *err)
{
	struct kube_get *gets = xcalloc(l->n + 1, sizeof(*gets));
	for (size_t i = 0; i < l->n; i++)
		gets[i].path = l->items[i].path;
	int rc = kube_get(k, gets, l->n, err);
	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		const struct group_version *gv = &l->items[i];
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(err_done) struct err why = { 0 };
		struct json answer;
		if (gets[i].err.code || parse(&a, &gets[i], &answer, &why) < 0)
			note_stale(out, gv->group, gv->version);
		else
			add_resources(out, gv, &answer);
	}
	free_gets(gets, l->n);
	return rc;
}

/* ---- both */

static bool is_aggregated(const char *content_type)
{
	return strstr(content_type, "as=apigroupdiscoverylist");
}

static int discover(struct kube *k, struct kube_get gets[2], struct kind_table *out,
		    struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(group_versions_done) struct group_versions older = { 0 };
	for (size_t i = 0; i < 2; i++) {
		struct kube_get *g = &gets[i];
		if (g->err.code)
			return err_move(err, &g->err);
		struct json answer;
		if (parse(&a, g, &answer, err) < 0)
			return -1;
		if (is_aggregated(g->content_type))
			add_groups(out, &answer);
		else if (want_core(&older, &a, &answer, err) < 0 ||
			 want_groups(&older, &a, &answer, err) < 0)
			return -1;
	}
	if (older.n && discover_each(k, &older, out, err) < 0)
		return -1;
	if (!out->n)
		return err_set(err, ERR_SERVER, "the server names no kinds at all");
	return 0;
}

int kube_discover(struct kube *k, struct kind_table *out, struct err *err)
{
	struct kube_get gets[2] = {
		{ .path = "/api", .accept = ACCEPT },
		{ .path = "/apis", .accept = ACCEPT },
	};
	int rc = kube_get(k, gets, ARRAY_LEN(gets), err);
	if (rc == 0)
		rc = discover(k, gets, out, err);
	kube_get_done(&gets[0]);
	kube_get_done(&gets[1]);
	return rc < 0 ? err_wrap(err, "discovery of cluster %s", k->config.context) : 0;
}
