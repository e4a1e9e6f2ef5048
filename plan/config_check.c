/* See config_check.h. */
#include "plan/config_check.h"

#include <string.h>

#include "base/suggest.h"

bool is_dns_label(const char *s)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strspn(s, inner);
	return n > 0 && n <= DNS_LABEL_MAX && !s[n] && s[0] != '-' && s[n - 1] != '-';
}

const char *clean_path(struct arena *a, const char *path)
{
	if (*path == '/')
		return NULL;
	char *clean = arena_strdup(a, path), *end = clean;
	while (*(path += strspn(path, "/"))) {
		size_t n = strcspn(path, "/");
		if (n == 2 && memcmp(path, "..", 2) == 0)
			return NULL;
		if (n != 1 || *path != '.') {
			if (end > clean)
				*end++ = '/';
			memmove(end, path, n);
			end += n;
		}
		path += n;
	}
	*end = '\0';
	return clean;
}

static int check_access(const struct cluster_config *c, struct err *err)
{
	const char *ways[3];
	size_t n = 0;
	if (c->context || c->kubeconfig)
		ways[n++] = c->context ? "context" : "kubeconfig";
	if (c->snapshot)
		ways[n++] = "snapshot";
	if (c->in_cluster)
		ways[n++] = "inCluster";
	if (n < 2)
		return 0;
	return err_at(err, ERR_INPUT, c->at, "cluster \"%s\" has %s and %s: one of them", c->name,
		      ways[0], ways[1]);
}

static int check_clusters(const struct config *c, struct err *err)
{
	for (size_t i = 0; i < c->n_clusters; i++) {
		const struct cluster_config *cluster = &c->clusters[i];
		const struct cluster_config *first = config_cluster(c, cluster->name);
		if (first != cluster)
			return err_at(err, ERR_INPUT, cluster->at,
				      "there are two clusters \"%s\"; the first is at %s:%u:%u",
				      cluster->name, first->at.file, first->at.line, first->at.col);
		if (check_access(cluster, err) < 0)
			return -1;
	}
	return 0;
}

static int unknown_cluster(const struct config *c, const struct application *app, struct err *err)
{
	const char **names = xcalloc(c->n_clusters, sizeof(*names));
	for (size_t i = 0; i < c->n_clusters; i++)
		names[i] = c->clusters[i].name;
	AUTO(auto_free) char *hint = suggest_text(app->cluster, names, c->n_clusters);
	free(names);
	return err_at(err, ERR_INPUT, app->at,
		      "application \"%s\" names the cluster \"%s\", which is not in clusters%s",
		      app->name, app->cluster, hint);
}

static int by_name(const void *a, const void *b)
{
	const struct application *x = a, *y = b;
	int d = strcmp(x->name, y->name);
	if (!d)
		d = (x->at.line > y->at.line) - (x->at.line < y->at.line);
	return d ? d : (x->at.col > y->at.col) - (x->at.col < y->at.col);
}

static int by_path(const void *a, const void *b)
{
	const struct application *x = *(const struct application *const *)a;
	const struct application *y = *(const struct application *const *)b;
	const char *p = x->path, *q = y->path;
	while (*p && *p == *q)
		p++, q++;
	/* '/' before every other byte: what is below a folder follows it at once. */
	int c = *p == '/' ? 1 : (unsigned char)*p + (*p != '\0');
	int d = *q == '/' ? 1 : (unsigned char)*q + (*q != '\0');
	return c != d ? c - d : by_name(x, y);
}

static bool is_at_or_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return n == 0 || (strncmp(path, folder, n) == 0 && (path[n] == '/' || !path[n]));
}

/* An application without a cluster may be planned for any. */
static bool may_meet(const struct application *a, const struct application *b)
{
	return !a->cluster || !b->cluster || strcmp(a->cluster, b->cluster) == 0;
}

static int overlap(const struct application *outer, const struct application *inner,
		   struct err *err)
{
	bool later = by_name(&(struct application){ .name = "", .at = inner->at },
			     &(struct application){ .name = "", .at = outer->at }) > 0;
	const struct application *second = later ? inner : outer, *first = later ? outer : inner;
	return err_at(err, ERR_INPUT, second->at,
		      "applications \"%s\" (%s) and \"%s\" (%s, at %s:%u:%u) overlap: each file "
		      "has to belong to one",
		      second->name, *second->path ? second->path : ".", first->name,
		      *first->path ? first->path : ".", first->at.file, first->at.line,
		      first->at.col);
}

static int check_folders(const struct application **sorted, size_t n, struct err *err)
{
	AUTO(auto_free) const struct application **open = xcalloc(n, sizeof(*open));
	size_t depth = 0;
	for (size_t i = 0; i < n; i++) {
		while (depth && !is_at_or_below(sorted[i]->path, open[depth - 1]->path))
			depth--;
		for (size_t k = 0; k < depth; k++)
			if (may_meet(open[k], sorted[i]))
				return overlap(open[k], sorted[i], err);
		open[depth++] = sorted[i];
	}
	return 0;
}

static int check_applications(struct config *c, struct err *err)
{
	AUTO(auto_free)
	const struct application **sorted = xcalloc(c->n_applications, sizeof(*sorted));
	if (c->n_applications)
		qsort(c->applications, c->n_applications, sizeof(*c->applications), by_name);
	for (size_t i = 0; i < c->n_applications; i++) {
		const struct application *app = &c->applications[i], *before = app - 1;
		if (i && strcmp(before->name, app->name) == 0)
			return err_at(err, ERR_INPUT, app->at,
				      "there are two applications \"%s\"; the first is at %s:%u:%u",
				      app->name, before->at.file, before->at.line, before->at.col);
		if (app->cluster && !config_cluster(c, app->cluster))
			return unknown_cluster(c, app, err);
		sorted[i] = app;
	}
	if (c->n_applications)
		qsort(sorted, c->n_applications, sizeof(*sorted), by_path);
	return check_folders(sorted, c->n_applications, err);
}

int config_check(struct config *c, struct err *err)
{
	return check_clusters(c, err) < 0 ? -1 : check_applications(c, err);
}
