/* What a command works on: repository, configuration, cluster, applications, revisions; from the
 * options that plan, render and others share. */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include "cmd/command.h"
#include "plan/cluster/cluster.h"
#include "plan/config.h"
#include "plan/git/repository.h"

struct target_options {
	const char *directory; /* -C */
	const char *base, *head;
	const char *cluster; /* NAME, file:DIR, none; NULL: what the configuration says */
	const char *kubeconfig, *context;
	const char *config_from; /* "base" or "head"; NULL: base where there is one */
	const char *path;        /* --path: one plain folder, no rhumb.yaml */
	const char *namespace;
	unsigned timeout;
	bool verbose;
};

/* The rows of these options, for a command whose options struct has `struct target_options
 * target` as its first member. */
#define CONNECTION_OPTIONS                                                                         \
	{ "directory", 'C',                                                                        \
	  OPTION_TEXT, offsetof(struct target_options, directory),                                 \
	  "DIR",       "work on the repository that DIR is in" },                                  \
		{ "cluster",   0,                                                                  \
		  OPTION_TEXT, offsetof(struct target_options, cluster),                           \
		  "NAME",      "a cluster of rhumb.yaml, file:DIR, or (plan) none" },              \
		{ "kubeconfig", 0,                                                                 \
		  OPTION_TEXT,  offsetof(struct target_options, kubeconfig),                       \
		  "FILE",       "instead of KUBECONFIG and ~/.kube/config" },                      \
		{ "context",   0,                                                                  \
		  OPTION_TEXT, offsetof(struct target_options, context),                           \
		  "NAME",      "a context of the kubeconfig" },                                    \
		{ "timeout",     0,                                                                \
		  OPTION_NUMBER, offsetof(struct target_options, timeout),                         \
		  "SECONDS",     "of one request to the API server" },                             \
	{                                                                                          \
		"verbose", 'v', OPTION_FLAG, offsetof(struct target_options, verbose), NULL,       \
			"name every request on stderr"                                             \
	}

#define SOURCE_OPTIONS                                                                             \
	{ "path",      0,                                                                          \
	  OPTION_TEXT, offsetof(struct target_options, path),                                      \
	  "DIR",       "one application from this folder, without rhumb.yaml" },                   \
	{                                                                                          \
		"namespace", 'n', OPTION_TEXT, offsetof(struct target_options, namespace), "NAME", \
			"for objects that state none"                                              \
	}

struct target {
	struct repository *repository;
	struct config config;      /* at base */
	struct config head_config; /* for applications that only head declares */
	struct revision config_at; /* where `config` was read; tree "": nowhere */
	const char *head;          /* revision */
	struct cluster *cluster;   /* NULL: none */
	const char *cluster_name;  /* in the configuration; NULL: it has none there */
	const char *default_namespace;
	const struct application **applications; /* sorted by name */
	const char **bases;                      /* revision of each */
	size_t n;
	struct arena arena;
};

/* Opens all of it; names are the operands, none: all applications of the cluster. */
int target_open(struct target *t, const struct target_options *o, int n_names, const char **names,
		struct err *err);

/* Repository only, and the configuration at one revision. */
int target_open_revision(struct target *t, const struct target_options *o, const char *revision,
			 int n_names, const char **names, struct err *err);

/* A cluster by the same rules as above, without a repository's configuration. */
int target_open_cluster(const struct target_options *o, const struct cluster_config *config,
			const char *workdir, struct cluster **out, struct err *err);

/* The cluster of a plan that was made before: the configuration at `revision` says how to get to
 * the cluster of that name.  Outside a repository it has to be said by options. */
int target_open_planned(struct target *t, const struct target_options *o, const char *cluster,
			const char *revision, struct err *err);

/* A cluster and nothing else: works outside a repository too. */
int target_connect(struct target *t, const struct target_options *o, struct err *err);

void target_done(struct target *t);

#endif
