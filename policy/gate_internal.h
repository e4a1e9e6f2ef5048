/* What the gate's files share.
 *
 *   gate.c            every judge in turn, then what their findings are worth
 *   gate_load.c       the files of policies and of waivers
 *   gate_admission.c  ValidatingAdmissionPolicies
 *   gate_cluster.c    those of the cluster, and its params
 *   gate_plan.c       PlanPolicies
 *   gate_checks.c     static checks
 *   gate_list.c       what there is, for people
 *   gate_worth.c      what is `existing`, waived, undecided */
#ifndef POLICY_GATE_INTERNAL_H
#define POLICY_GATE_INTERNAL_H

#include "policy/admission/admission.h"
#include "policy/finding.h"
#include "policy/gate.h"
#include "policy/plan_policy/plan_policy.h"
#include "policy/scene.h"
#include "policy/waiver.h"

/* Settings that stand on a policy itself, as annotations. */
struct annotated {
	const char *policy;
	enum policy_enforce enforce;
	enum policy_undecided undecided;
};

struct gate {
	struct admission *admission;
	struct plan_policies *plan_policies;
	const struct policy_config *config;
	struct waivers waivers;
	struct annotated *annotated; /* in the order of the files */
	size_t n_annotated, cap_annotated;
	const struct json **documents; /* saved OpenAPI v3 */
	size_t n_documents, cap_documents;
	struct kind_table kinds; /* of gate_prepare() */
	bool cluster_policies;
	time_t now;
	struct arena arena;
};

int gate_admission(struct gate *g, struct scene *scene, struct findings *findings, struct plan *p,
		   struct err *err);
/* Before the policies are prepared: adds what the cluster has. */
int gate_cluster_policies(struct gate *g, struct scene *scene, struct err *err);
/* *complete: a param that is not there then does not exist. */
int gate_cluster_params(struct gate *g, struct scene *scene, bool *complete, struct err *err);

int gate_plan(struct gate *g, struct scene *scene, struct findings *findings, struct plan *p,
	      struct err *err);

int gate_checks(struct gate *g, struct scene *scene, struct findings *findings, struct err *err);

/* What is wrong with policies: each problem, then an error that counts them. */
void gate_problem(struct problems *out, struct srcpos at, const char *message, const char *excerpt);
int gate_refuse(size_t n, struct err *err);

/* Says of each finding why it may pass, and of each waiver whether it was used. */
void gate_worth(struct gate *g, struct findings *findings, struct plan *p);

enum policy_enforce gate_enforce(const struct gate *g, const char *policy);
enum policy_undecided gate_undecided(const struct gate *g, const char *policy);

/* Remembers the annotations of a policy.  ERR_INPUT for a value that is none. */
int gate_annotate(struct gate *g, const struct json *policy, const char *file, struct err *err);

#endif
