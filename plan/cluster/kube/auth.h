/* Credentials of a kubeconfig as request headers and a client certificate.
 *
 *   kube_auth_apply()    before a batch of requests: obtains what is missing or has expired
 *   kube_auth_renew()    after a 401: obtains again what may have changed
 *   kube_auth_done()     zeroes and frees
 *
 * A token file is read again when it is older than KUBE_TOKEN_FILE_SECONDS, an exec plugin runs
 * again when its credential has expired.  Nothing is written to disk. */
#ifndef PLAN_CLUSTER_KUBE_AUTH_H
#define PLAN_CLUSTER_KUBE_AUTH_H

#include "plan/cluster/kube/kubeconfig.h"

enum { KUBE_TOKEN_FILE_SECONDS = 60 };

/* What an exec plugin answers.  Zero: nothing. */
struct kube_credential {
	char *token;             /* NULL: none */
	char *certificate, *key; /* PEM; NULL: none */
	int64_t expires;         /* seconds since 1970; 0: it does not say */
};

/* Runs the plugin.  ERR_NOT_FOUND with its installHint where the program is missing,
 * ERR_FORBIDDEN where it fails. */
int kube_exec_run(const struct kube_config *config, struct kube_credential *out, struct err *err);
void kube_credential_done(struct kube_credential *c);

struct kube_auth {
	const struct kube_config *config;
	struct kube_credential credential; /* of the plugin, or the token file */
	bool have;
	int64_t obtained; /* monotonic milliseconds */
};

int kube_auth_apply(struct kube_auth *a, struct http_client *client, struct err *err);

/* *renewed: a request that got a 401 may be sent again. */
int kube_auth_renew(struct kube_auth *a, struct http_client *client, bool *renewed,
		    struct err *err);
void kube_auth_done(struct kube_auth *a);

#endif
