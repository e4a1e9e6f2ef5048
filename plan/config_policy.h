/* The keys of rhumb.yaml that say what policies are worth:
 *
 *   policies: [policies/]        read by plan/config.c
 *   waivers: [waivers.yaml]      files and folders, likewise
 *   enforce: new                 what stands at base already passes; `all`, the default: it does
 * not policySettings: blast-radius: {enforce: all, undecided: warn, params: {deletions: 5}} checks:
 * {deprecated-api: deny, probes: off} kubernetesVersion: "1.36"    that manifests are for; else the
 * cluster's schema: [schemas/]           OpenAPI v3 documents, for planning without a server */
#ifndef PLAN_CONFIG_POLICY_H
#define PLAN_CONFIG_POLICY_H

#include "base/json.h"

enum policy_enforce { ENFORCE_UNSET, ENFORCE_ALL, ENFORCE_NEW };

/* What is not known counts as; without a setting as a denial. */
enum policy_undecided { UNDECIDED_UNSET, UNDECIDED_DENY, UNDECIDED_WARN, UNDECIDED_ALLOW };

enum check_level { CHECK_OFF, CHECK_AUDIT, CHECK_WARN, CHECK_DENY, CHECK_LEVELS };

enum { CONFIG_MAX_POLICY_SETTINGS = 10000 };

struct policy_setting {
	const char *policy;
	enum policy_enforce enforce;
	enum policy_undecided undecided;
	const struct json *params; /* of a PlanPolicy: instead of those of its spec, one by one;
				      NULL: none */
	struct srcpos at;
};

struct check_setting {
	const char *id;
	enum check_level level;
	struct srcpos at;
};

struct policy_config {
	const char **waivers;
	size_t n_waivers;
	enum policy_enforce enforce;
	struct policy_setting *settings; /* sorted by policy */
	size_t n_settings;
	struct check_setting *checks; /* sorted by id */
	size_t n_checks;
	const char *kubernetes_version; /* "1.36"; NULL: the cluster's */
	const char **schemas;
	size_t n_schemas;
};

/* All but waivers and schemas, of the root of rhumb.yaml.  What is kept is in `a`.  ERR_INPUT. */
int config_read_policy(struct arena *a, const struct json *root, const char *file,
		       struct policy_config *out, struct err *err);

/* NULL where there is none. */
const struct policy_setting *config_policy_setting(const struct policy_config *c,
						   const char *policy);
const struct check_setting *config_check_setting(const struct policy_config *c, const char *id);

/* "all", "new"; "deny", "warn", "allow"; "off", "audit", "warn", "deny": the value, or 0 for
 * anything else (-1 for a level). */
enum policy_enforce policy_enforce_of(const char *text);
enum policy_undecided policy_undecided_of(const char *text);
int check_level_of(const char *text);
const char *check_level_name(enum check_level level);

#endif
