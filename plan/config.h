/* rhumb.yaml: clusters, applications, policies.  Read from the base revision, so that a change
 * cannot weaken its own gate.  Unknown keys are refused with their line. */
#ifndef PLAN_CONFIG_H
#define PLAN_CONFIG_H

#include "base/json.h"
#include "plan/config_policy.h"
#include "plan/ready_rule.h"

#define CONFIG_FILE        "rhumb.yaml"
#define CONFIG_API_VERSION "rhumb.dev/v1"

enum {
	CONFIG_MAX_BYTES = 4 << 20,
	CONFIG_MAX_APPLICATIONS = 10000,
	CONFIG_WAIT_SECONDS = 300, /* `timeout`, where none is given */
};

struct cluster_config {
	const char *name;       /* a DNS label, like the names of applications */
	const char *context;    /* of the kubeconfig; NULL: the current one */
	const char *kubeconfig; /* path; NULL: KUBECONFIG, then ~/.kube/config */
	const char *snapshot;   /* a folder: the embedded cluster; relative to the repository */
	bool in_cluster;        /* the service account of the pod that rhumb runs in */
	int64_t approvals;
	struct srcpos at;
};

/* Fields of some objects: see plan/diff/rules.h. */
struct field_rule {
	const char *group, *kind, *name, *namespace; /* NULL or "*": any */
	const char **paths;                          /* as in field_path.h, "*" any one element */
	size_t n_paths;
	const char **managers;
	size_t n_managers;
};

/* How many of an application's objects one plan may delete. */
struct delete_budget {
	bool limited; /* false: any number */
	bool percent; /* of the objects that the application has in the cluster */
	int64_t n;
};

/* "5" or "10%"; false for anything else. */
bool delete_budget_parse(const char *text, struct delete_budget *out);

struct application {
	const char *name;
	const char *cluster;   /* NULL: whatever cluster was asked for */
	const char *path;      /* folder, from the root of the repository; "" is the root */
	const char *namespace; /* for namespaced objects that state none; NULL: not given */
	bool prune;            /* delete what base declared and head does not; true unless said */
	const char **allow_delete; /* kinds that may be deleted although they hold data */
	size_t n_allow_delete;
	struct delete_budget max_deletes;
	struct field_rule *ignore; /* fields at one of the paths, or held by one of the managers */
	size_t n_ignore;
	struct field_rule *force_conflicts; /* at one of the paths and held by one of the managers,
					       where both are given */
	size_t n_force_conflicts;
	bool wait;             /* apply waits until objects are ready; true unless said */
	unsigned wait_seconds; /* for one object at most */
	struct ready_rule *ready;
	size_t n_ready;
	const char **exclude; /* patterns as in .gitignore, relative to path */
	size_t n_exclude;
	const char **not_manifests; /* policies, waivers and schemas of the configuration, where
				       they are below path */
	size_t n_not_manifests;
	struct srcpos at;
};

struct config {
	struct arena arena;
	struct cluster_config *clusters;
	size_t n_clusters;
	struct application *applications; /* sorted by name */
	size_t n_applications;
	const char **policies; /* files and folders; read by the policy layer */
	size_t n_policies;
	struct policy_config policy;
};

/* `file` stands in errors.  Paths are written without "./", "//" and an ending "/"; one that leaves
 * the repository is refused, and so are applications of one cluster whose folders overlap. */
int config_parse(struct config *out, const char *text, size_t n, const char *file, struct err *err);

/* No rhumb.yaml: one application for `path`, named after the folder (`root_name` where path is
 * the root), made a DNS label.  ERR_INPUT where path leaves the repository. */
int config_for_path(struct config *out, const char *path, const char *root_name, struct err *err);

/* NULL where there is none of that name. */
const struct application *config_application(const struct config *c, const char *name);
const struct cluster_config *config_cluster(const struct config *c, const char *name);

void config_done(struct config *c);

#endif
