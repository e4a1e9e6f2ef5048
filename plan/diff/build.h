/* Making a plan: two revisions against a cluster, three ways.
 *
 *   1. sources   what base and head declare, application by application; a folder whose tree is
 *                the same at both is read once (gather.c)
 *   2. pairs     one subject per object: base, head and what the cluster has (subject.h)
 *   3. live      LISTs and GETs, many at once; an object that an apply would not change is
 *                recognised as it arrives and dropped (live.c); ApplySets (members.c)
 *   4. verify    the rest goes through the server's dry-run, or is predicted (verify.c)
 *   5. changes   action, fields, why, owner, precondition, expectation (change.c); of
 *                applications that have any, their hooks (hooks.c)
 *   6. judge     whoever is asked (policy/gate.h) adds verdicts
 *
 * Nothing here writes to the cluster or to the repository. */
#ifndef PLAN_DIFF_BUILD_H
#define PLAN_DIFF_BUILD_H

#include "plan/cluster/cluster.h"
#include "plan/config.h"
#include "plan/git/repository.h"
#include "plan/plan.h"
#include "plan/source/source.h"

enum verify_mode {
	VERIFY_AUTO,    /* the server's dry-run; computed here where we may only read */
	VERIFY_SERVER,  /* the server's dry-run; where we may only read: unknown */
	VERIFY_PREDICT, /* computed here: get and list suffice */
};

/* Errors in manifests that the server found (an unknown field, ...): all are collected, so that
 * people need not find them one by one. */
struct problems {
	struct err *items;
	size_t n, cap;
};
void problems_done(struct problems *p);

/* What a judge may look at beside the plan.  Valid until it returns. */
struct plan_view {
	struct cluster *cluster;         /* NULL: none */
	const struct kind_table *kinds;  /* with those of CRDs that head declares */
	bool kinds_complete;             /* all that the cluster serves */
	const struct declared_set *head; /* all that head declares */
	struct problems *problems;       /* the judge may add to them, and fail */
};

/* Called once, when all but the verdicts is known; each change has its `sides`.  Fills in
 * p->verdicts, allocated in p->arena, in the order of the changes. */
typedef int plan_judge_fn(void *ctx, const struct plan_view *view, struct plan *p, struct err *err);

struct plan_options {
	struct repository *repository;
	const struct config *config;
	const struct application *const *applications; /* those to plan, sorted by name */
	size_t n_applications;
	const char *head;              /* revision */
	const char *const *bases;      /* revision of each application; "none": the empty tree */
	const char *cluster_name;      /* what people call it; NULL: what it calls itself */
	struct cluster *cluster;       /* NULL: base against head, statically */
	const char *default_namespace; /* where neither manifest nor application states one */
	enum verify_mode verify;
	const char *key;                  /* RHUMB_KEY: fingerprints of secret values; NULL: none */
	const char *const *exclude_kinds; /* NULL-terminated; "Secret": leave these out */
	const char *const *allow_delete;  /* likewise: kinds that may be deleted although they hold
					     data, beside those of the configuration */
	const struct delete_budget *max_deletes; /* instead of the configuration's; NULL: its */
	const char *created;                     /* for meta: RFC 3339 */
	plan_judge_fn *judge;                    /* NULL: nobody */
	void *judge_ctx;
};

/* -1 with err, or with problems and an err that counts them. */
int plan_build(const struct plan_options *o, struct plan *out, struct problems *problems,
	       struct err *err);

/* The commit that the cluster records as applied for each application: "" where there is none.
 * Allocated in the arena.  An application whose parent cannot be read (no rights) is "" with a
 * note of why. */
int plan_applied_commits(struct cluster *c, const struct application *const *apps, size_t n,
			 const char *default_namespace, struct arena *a, const char **commits,
			 const char **why_not, struct err *err);

/* Where an application's ApplySet parent stands. */
const char *plan_parent_namespace(const struct application *app, const char *default_namespace);

#endif
