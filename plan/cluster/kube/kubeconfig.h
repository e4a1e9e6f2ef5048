/* kubeconfig files and the service account of a pod: where a cluster is and who we are there.
 *
 *   kube_config_load()     finds the files, merges them, picks a context, reads what they name
 *   kube_config_resolve()  the same for texts at hand, reads nothing
 *   kube_config_done()     zeroes and frees
 *
 * Files merge as client-go merges them: of clusters, users and contexts of the same name the
 * first file's counts, whole; current-context comes from the first file that has one; relative
 * paths are relative to their file; files that do not exist are skipped.  Keys that we do not
 * know are skipped too: people's files hold extensions. */
#ifndef PLAN_CLUSTER_KUBE_KUBECONFIG_H
#define PLAN_CLUSTER_KUBE_KUBECONFIG_H

#include "base/http.h"
#include "base/json.h"

enum {
	KUBECONFIG_MAX_BYTES = 4 << 20, /* of one file */
	KUBECONFIG_MAX_FILES = 64,
	KUBECONFIG_MAX_PEM = 1 << 20, /* of a certificate, key or token file */
};

/* Where the process's surroundings are read; for tests.  Zero: the process's own. */
struct kube_surroundings {
	http_getenv_fn *getenv_fn; /* NULL: getenv() */
	void *ctx;
	const char *service_account; /* NULL: /var/run/secrets/kubernetes.io/serviceaccount */
};

/* An http_getenv_fn; ctx is the surroundings, or NULL. */
const char *kube_getenv(void *surroundings, const char *name);

enum kube_interactive { EXEC_NEVER, EXEC_IF_AVAILABLE, EXEC_ALWAYS };

struct kube_exec {
	const char *api_version; /* client.authentication.k8s.io/v1 or /v1beta1 */
	const char *command;
	const char **args; /* after the command; NULL at the end */
	const char **env;  /* "NAME=value"; NULL at the end */
	size_t n_env;
	const char *install_hint; /* NULL: none */
	bool provide_cluster_info;
	enum kube_interactive interactive;
	const struct json *cluster_config; /* of the cluster's extension; NULL: none */
};

struct kube_extra {
	const char *key, *value;
};

/* Pointers live in the arena.  NULL: not given. */
struct kube_config {
	struct arena arena;
	const char *context;   /* its name; "in-cluster" */
	const char *namespace; /* "default" where the context has none */
	const char *server;    /* URL */
	const char *user;      /* name of the entry, for messages */
	const char *proxy;
	const char *server_name;
	bool insecure, disable_compression;
	const char *ca, *certificate, *key;                /* PEM */
	const char *ca_file, *certificate_file, *key_file; /* what is still to be read */
	const char *token, *token_file;                    /* the file counts where both are */
	const char *username, *password;
	const char *as, *as_uid;
	const char **as_groups;
	size_t n_as_groups;
	struct kube_extra *as_extra;
	size_t n_as_extra;
	const struct kube_exec *exec;
};

/* One file; path NULL: no path to be relative to. */
struct kube_file {
	const char *path;
	const char *text;
	size_t len;
};

/* kubeconfig: a list as in KUBECONFIG, NULL: KUBECONFIG, then ~/.kube/config, then the service
 * account of the pod.  context NULL: the current one.  Errors have file, line and column and
 * never show a value. */
int kube_config_load(struct kube_config *out, const char *kubeconfig, const char *context,
		     const struct kube_surroundings *s, struct err *err);

int kube_config_in_cluster(struct kube_config *out, const struct kube_surroundings *s,
			   struct err *err);

int kube_config_resolve(struct kube_config *out, const struct kube_file *files, size_t n,
			const char *context, struct err *err);

void kube_config_done(struct kube_config *c);

#endif
