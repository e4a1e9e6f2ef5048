/* Static checks: what can be said of a change without a policy, on from the start.
 *
 *   checks_configured()   the levels that rhumb.yaml sets
 *   checks_run()          all of them on the changes of a plan, as findings
 *
 * A check is a row of the table in table.c; docs/checks.md has a section for each id.  Objects are
 * looked at as they are declared, so that findings stand at a line.  What the same check finds, in
 * the same words, in what base declares is `existing`.
 *
 * The annotation rhumb.dev/ignore-checks: "id,id" on an object silences checks of it.  One of level
 * deny is only silenced where base's object has the annotation already. */
#ifndef POLICY_CHECKS_CHECKS_H
#define POLICY_CHECKS_CHECKS_H

#include "plan/config_policy.h"
#include "policy/finding.h"
#include "policy/scene.h"

#define CHECKS_IGNORE "rhumb.dev/ignore-checks"

enum {
	CHECKS_MAX_OF_OBJECT = 200, /* complaints of one check about one object; a last one counts
				       the rest, and is never `existing` */
};

struct check_info {
	const char *id;
	enum check_level level; /* where nobody says otherwise */
	const char *title;      /* "references that lead nowhere" */
	const char *reason;     /* why it is of interest, a sentence */
};

/* The rows, sorted by id. */
size_t checks_count(void);
const struct check_info *checks_info(size_t i);
const struct check_info *checks_find(const char *id); /* NULL: none */

/* ERR_INPUT for an id of `checks:` that is none. */
int checks_configured(const struct policy_config *config, struct err *err);
enum check_level checks_level(const struct policy_config *config, const struct check_info *check);

/* documents: saved OpenAPI v3 documents, as `kubectl get --raw /openapi/v3/apis/apps/v1` gives
 * them. */
int checks_run(const struct policy_config *config, const struct json *const *documents,
	       size_t n_documents, struct scene *scene, struct findings *findings, struct err *err);

#endif
