/* See target.h. */
#include "cmd/target.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "plan/cluster/kube/kube.h"
#include "plan/diff/build.h"

void target_done(struct target *t)
{
	cluster_close(t->cluster);
	repository_free(t->repository);
	config_done(&t->config);
	config_done(&t->head_config);
	free(t->applications);
	free(t->bases);
	arena_done(&t->arena);
	*t = (struct target){ 0 };
}

static void trace(void *ctx, const char *line)
{
	(void)ctx;
	say_note("%s", line);
}

/* ---- configuration */

static const char *folder_name(const struct repository *r)
{
	const char *path = repository_workdir(r) ? repository_workdir(r) : repository_name(r);
	size_t n = strlen(path);
	while (n && path[n - 1] == '/')
		n--;
	size_t start = n;
	while (start && path[start - 1] != '/')
		start--;
	return path + start;
}

/* *found is false where the revision has no rhumb.yaml; out is untouched then. */
static int read_config(struct target *t, const struct revision *rev, struct config *out,
		       bool *found, struct err *err)
{
	char blob[GIT_ID_TEXT];
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err missing = { 0 };
	*found = false;
	if (repository_find_file(t->repository, rev->tree, CONFIG_FILE, blob, &missing) < 0) {
		if (missing.code == ERR_NOT_FOUND)
			return 0;
		return err_move(err, &missing);
	}
	if (repository_read(t->repository, blob, GIT_MAX_FILE, &text, err) < 0)
		err_locate(err, (struct srcpos){ .file = CONFIG_FILE });
	if (err->code || config_parse(out, buf_text(&text), text.len, CONFIG_FILE, err) < 0) {
		if (*rev->commit)
			err_wrap(err, "at %.7s", rev->commit);
		return -1;
	}
	*found = true;
	if (out == &t->config)
		t->config_at = *rev;
	return 0;
}

static int use_path(struct target *t, const char *path, struct err *err)
{
	AUTO(auto_free) char *root = xstrdup(folder_name(t->repository));
	size_t n = strlen(root);
	while (n && root[n - 1] == '/')
		root[--n] = '\0';
	const char *dot = strstr(root, ".git");
	if (dot && dot != root)
		root[dot - root] = '\0';
	return config_for_path(&t->config, path, root, err);
}

/* The configuration that counts: the base revision's, or head's for a first commit. */
static int load_config(struct target *t, const struct target_options *o,
		       const struct revision *base, const struct revision *head, struct err *err)
{
	bool from_head =
		o->config_from ? strcmp(o->config_from, "head") == 0 : !base || !*base->commit;
	bool at_base = false, at_head = false;
	config_done(&t->config);
	config_done(&t->head_config);
	t->config_at = (struct revision){ 0 };
	if (o->path)
		return use_path(t, o->path, err);
	if (from_head) {
		if (read_config(t, head, &t->config, &at_head, err) < 0)
			return -1;
		return at_head ? 0 : use_path(t, "", err);
	}
	if (read_config(t, base, &t->config, &at_base, err) < 0)
		return -1;
	if (!at_base) {
		if (read_config(t, head, &t->head_config, &at_head, err) < 0)
			return -1;
		if (at_head)
			return err_set(err, ERR_INPUT,
				       "base %.7s has no " CONFIG_FILE ", head has one: give "
				       "--config-from head to use it for this first change",
				       base->commit);
		return use_path(t, "", err);
	}
	/* What is wrong with head's configuration is told, but does not count yet. */
	AUTO(err_done) struct err ignored = { 0 };
	if (read_config(t, head, &t->head_config, &at_head, &ignored) < 0) {
		AUTO(auto_free) char *text = err_text(&ignored);
		say_note("head's configuration is wrong: %s", text);
	}
	return 0;
}

/* ---- cluster */

static bool is_file_cluster(const char *name)
{
	return name && strncmp(name, "file:", 5) == 0;
}

/* The cluster of the configuration that is meant, NULL for file:, none and a plain context. */
static int choose_cluster(const struct target *t, const struct target_options *o,
			  const struct cluster_config **out, struct err *err)
{
	*out = NULL;
	if (is_file_cluster(o->cluster) || (o->cluster && strcmp(o->cluster, "none") == 0))
		return 0;
	if (o->cluster) {
		*out = config_cluster(&t->config, o->cluster);
		if (!*out)
			return err_set(err, ERR_USAGE,
				       "no cluster \"%s\" in " CONFIG_FILE
				       "; known are those under `clusters`, file:DIR and none",
				       o->cluster);
		return 0;
	}
	if (t->config.n_clusters == 1)
		*out = &t->config.clusters[0];
	if (t->config.n_clusters > 1)
		return err_set(err, ERR_USAGE,
			       CONFIG_FILE " has %zu clusters: choose one with --cluster",
			       t->config.n_clusters);
	return 0;
}

int target_open_cluster(const struct target_options *o, const struct cluster_config *config,
			const char *workdir, struct cluster **out, struct err *err)
{
	int rc;
	if (is_file_cluster(o->cluster)) {
		rc = cluster_open_file(out, o->cluster + 5, err);
	} else if (config && config->snapshot) {
		AUTO(auto_free) char *dir = path_join(workdir ? workdir : ".", config->snapshot);
		rc = cluster_open_file(out, dir, err);
	} else {
		struct kube_options kube = {
			.kubeconfig = o->kubeconfig ? o->kubeconfig
				      : config      ? config->kubeconfig
						    : NULL,
			.context = o->context ? o->context
				   : config   ? config->context
					      : NULL,
			.in_cluster = config && config->in_cluster,
			.timeout_seconds = o->timeout,
		};
		rc = cluster_open_kube(out, &kube, err);
	}
	if (rc == 0 && o->verbose)
		(*out)->trace = trace;
	return rc;
}

static int open_cluster(struct target *t, const struct target_options *o, struct err *err)
{
	const struct cluster_config *config;
	cluster_close(t->cluster);
	t->cluster = NULL;
	t->default_namespace = o->namespace ? o->namespace : "default";
	if (choose_cluster(t, o, &config, err) < 0)
		return -1;
	t->cluster_name = config ? arena_strdup(&t->arena, config->name) : NULL;
	if (o->cluster && strcmp(o->cluster, "none") == 0)
		return 0;
	const char *workdir = t->repository ? repository_workdir(t->repository) : NULL;
	if (target_open_cluster(o, config, workdir, &t->cluster, err) < 0)
		return -1;
	if (!o->namespace && strcmp(t->cluster->ops->name, "kube") == 0)
		t->default_namespace = arena_strdup(&t->arena, kube_default_namespace(t->cluster));
	return 0;
}

/* ---- applications */

static bool is_for(const struct application *app, const struct target_options *o,
		   const struct config *config)
{
	const struct cluster_config *only = config->n_clusters == 1 ? &config->clusters[0] : NULL;
	if (!app->cluster || is_file_cluster(o->cluster))
		return true;
	if (!o->cluster)
		return only && strcmp(app->cluster, only->name) == 0;
	/* Without a cluster everything can be compared. */
	return strcmp(o->cluster, "none") == 0 || strcmp(app->cluster, o->cluster) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct application *const *)a)->name,
		      (*(const struct application *const *)b)->name);
}

static bool is_wanted(const char *name, int n_names, const char **names)
{
	for (int i = 0; i < n_names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return n_names == 0;
}

static int choose_applications(struct target *t, const struct target_options *o, int n_names,
			       const char **names, struct err *err)
{
	size_t max = t->config.n_applications + t->head_config.n_applications;
	free(t->applications);
	t->applications = xcalloc(max, sizeof(*t->applications));
	t->n = 0;
	for (size_t i = 0; i < t->config.n_applications; i++) {
		const struct application *app = &t->config.applications[i];
		if (is_for(app, o, &t->config) && is_wanted(app->name, n_names, names))
			t->applications[t->n++] = app;
	}
	for (size_t i = 0; i < t->head_config.n_applications; i++) {
		const struct application *app = &t->head_config.applications[i];
		if (config_application(&t->config, app->name) || !is_for(app, o, &t->config) ||
		    !is_wanted(app->name, n_names, names))
			continue;
		say_note("application %s is new at head", app->name);
		t->applications[t->n++] = app;
	}
	for (int i = 0; i < n_names; i++) {
		bool found = false;
		for (size_t k = 0; k < t->n; k++)
			found = found || strcmp(t->applications[k]->name, names[i]) == 0;
		if (!found)
			return err_set(err, ERR_USAGE, "no application \"%s\" for this cluster",
				       names[i]);
	}
	if (!t->n)
		return err_set(err, ERR_INPUT, "no application for this cluster in " CONFIG_FILE);
	qsort(t->applications, t->n, sizeof(*t->applications), by_name);
	return 0;
}

/* ---- revisions */

static void set_bases(struct target *t, const char *const *commits, const char *all)
{
	free(t->bases);
	t->bases = xcalloc(t->n, sizeof(*t->bases));
	for (size_t i = 0; i < t->n; i++)
		t->bases[i] = all ? all : commits[i] && *commits[i] ? commits[i] : "none";
}

/* The commit that each application has applied; the newest of them says which configuration
 * counts. */
static int applied_bases(struct target *t, struct revision *newest, struct err *err)
{
	AUTO(auto_free) const char **commits = xcalloc(t->n, sizeof(*commits));
	AUTO(auto_free) const char **why_not = xcalloc(t->n, sizeof(*why_not));
	if (plan_applied_commits(t->cluster, t->applications, t->n, t->default_namespace, &t->arena,
				 commits, why_not, err) < 0)
		return -1;
	*newest = (struct revision){ 0 };
	for (size_t i = 0; i < t->n; i++) {
		struct revision rev;
		if (why_not[i])
			return err_set(err, ERR_FORBIDDEN,
				       "the commit that application %s has applied cannot be read "
				       "(%s); give --base",
				       t->applications[i]->name, why_not[i]);
		if (!*commits[i])
			continue;
		if (repository_resolve(t->repository, commits[i], &rev, err) < 0)
			return err_wrap(err,
					"the cluster says that application %s has applied %.12s, "
					"which is not in this repository: fetch it, or give --base",
					t->applications[i]->name, commits[i]);
		if (!*newest->commit || rev.time > newest->time)
			*newest = rev;
	}
	set_bases(t, commits, NULL);
	return 0;
}

static int open_repository(struct target *t, const struct target_options *o, struct err *err)
{
	return repository_open(&t->repository, o->directory ? o->directory : ".", err);
}

static int open_with_base(struct target *t, const struct target_options *o,
			  const struct revision *base, const struct revision *head, int n_names,
			  const char **names, struct err *err)
{
	if (load_config(t, o, base, head, err) < 0 || open_cluster(t, o, err) < 0)
		return -1;
	return choose_applications(t, o, n_names, names, err);
}

static int open_all(struct target *t, const struct target_options *o, int n_names,
		    const char **names, struct err *err)
{
	struct revision head, base;
	t->head = o->head ? o->head : "HEAD";
	if (open_repository(t, o, err) < 0)
		return -1;
	if (repository_resolve(t->repository, t->head, &head, err) < 0)
		return err_wrap(err, "head %s", t->head);
	if (o->base) {
		if (repository_resolve(t->repository, o->base, &base, err) < 0)
			return err_wrap(err, "base %s", o->base);
		if (open_with_base(t, o, &base, &head, n_names, names, err) < 0)
			return -1;
		set_bases(t, NULL, o->base);
		return 0;
	}
	if (o->cluster && strcmp(o->cluster, "none") == 0)
		return err_set(
			err, ERR_USAGE,
			"--cluster none needs --base: without a cluster nothing says what is "
			"applied");
	if (open_with_base(t, o, NULL, &head, n_names, names, err) < 0 ||
	    applied_bases(t, &base, err) < 0)
		return -1;
	if (!*base.commit || o->path || (o->config_from && strcmp(o->config_from, "head") == 0))
		return 0;
	if (open_with_base(t, o, &base, &head, n_names, names, err) < 0)
		return -1;
	return applied_bases(t, &base, err);
}

int target_open(struct target *t, const struct target_options *o, int n_names, const char **names,
		struct err *err)
{
	if (open_all(t, o, n_names, names, err) == 0)
		return 0;
	target_done(t);
	return -1;
}

int target_open_revision(struct target *t, const struct target_options *o, const char *revision,
			 int n_names, const char **names, struct err *err)
{
	struct revision rev;
	t->head = revision;
	t->default_namespace = o->namespace ? o->namespace : "default";
	if (open_repository(t, o, err) < 0 ||
	    repository_resolve(t->repository, revision, &rev, err) < 0 ||
	    load_config(t, o, NULL, &rev, err) < 0)
		return -1;
	struct target_options any = *o;
	any.cluster = o->cluster ? o->cluster : "none";
	return choose_applications(t, &any, n_names, names, err);
}

/* The cluster of the configuration that has the plan's cluster name; the uid in the plan decides
 * in the end, so the configuration only says how to get there. */
static const struct cluster_config *planned_cluster(struct target *t,
						    const struct target_options *o,
						    const char *cluster, const char *revision)
{
	char blob[GIT_ID_TEXT];
	struct revision rev;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	if (!t->repository || repository_resolve(t->repository, revision, &rev, &ignored) < 0 ||
	    repository_find_file(t->repository, rev.tree, CONFIG_FILE, blob, &ignored) < 0 ||
	    repository_read(t->repository, blob, GIT_MAX_FILE, &text, &ignored) < 0 ||
	    config_parse(&t->config, buf_text(&text), text.len, CONFIG_FILE, &ignored) < 0)
		return NULL;
	return config_cluster(&t->config, o->cluster ? o->cluster : cluster);
}

int target_open_planned(struct target *t, const struct target_options *o, const char *cluster,
			const char *revision, struct err *err)
{
	AUTO(err_done) struct err no_repository = { 0 };
	if (repository_open(&t->repository, o->directory ? o->directory : ".", &no_repository) < 0)
		t->repository = NULL; /* only Secrets need one: apply says so where they do */
	const struct cluster_config *config = planned_cluster(t, o, cluster, revision);
	if (o->cluster && !config && strncmp(o->cluster, "file:", 5) != 0)
		return err_set(err, ERR_USAGE, "no cluster \"%s\" in " CONFIG_FILE " of the plan",
			       o->cluster);
	const char *workdir = t->repository ? repository_workdir(t->repository) : NULL;
	return target_open_cluster(o, config, workdir, &t->cluster, err);
}

int target_connect(struct target *t, const struct target_options *o, struct err *err)
{
	struct revision head;
	AUTO(err_done) struct err ignored = { 0 };
	if (open_repository(t, o, &ignored) < 0)
		t->repository = NULL;
	else if (repository_resolve(t->repository, "HEAD", &head, &ignored) == 0 &&
		 load_config(t, o, NULL, &head, err) < 0)
		return -1;
	return open_cluster(t, o, err);
}
