/* The gate: the policies of a repository, and what they say of the changes of a plan.
 *
 *   gate_load()   reads the files that rhumb.yaml names, at one revision
 *   gate_judge()  for plan_options.judge: puts verdicts into the plan while it is made
 *   gate_free()
 *
 * Policies, waivers and settings are read at the revision that rhumb.yaml is read from, the base: a
 * change cannot weaken its own gate.  Everything that is wrong with them is an error, since a
 * policy that is not understood lets everything pass.
 *
 * Judged is what would be written: creations, updates, adoptions and deletions, a replacement as
 * its deletion and its creation, on objects as admission sees them (scene.h). */
#ifndef POLICY_GATE_H
#define POLICY_GATE_H

#include <time.h>

#include "plan/diff/build.h"

enum {
	GATE_MAX_FILES = 10000, /* of policies, of waivers */
	GATE_MAX_BYTES = 64 << 20,
};

struct gate;

struct gate_options {
	struct repository *repository; /* not used where the configuration names no file */
	const char *tree;              /* its root tree */
	const struct config *config;   /* has to outlive the gate */
	time_t now;                    /* whether waivers have expired */
	bool cluster_policies;         /* those that are installed in the cluster judge, too */
};

/* Files and folders that the configuration names; of a folder what ends in .yaml, .yml or .json.
 * ERR_INPUT for a path that is not there, for a file that cannot be read and for a policy of a kind
 * that is not evaluated here. */
int gate_load(struct gate **out, const struct gate_options *options, struct err *err);

/* ctx is the gate.  -1 where policies have problems (all of them in view->problems) or a ceiling is
 * passed.  Once for a gate. */
plan_judge_fn gate_judge;

/* What the gate is made of, for people to look at. */
struct gate_policy {
	const char *name;
	enum policy_source source; /* POLICY_FROM_ADMISSION or POLICY_FROM_PLAN */
	struct srcpos at;
	unsigned bindings;          /* of a ValidatingAdmissionPolicy; 0: it decides nothing */
	bool denies, warns, audits; /* what it may do */
	uint32_t validations;
	enum policy_enforce enforce; /* as settled by name, annotation, and for all */
	enum policy_undecided undecided;
};
/* Compiles the policies without a cluster; what is wrong with them is in `problems`.  i counts all
 * policies, in the order of their names; false past the last. */
int gate_prepare(struct gate *g, struct problems *problems, struct err *err);
bool gate_policy(const struct gate *g, size_t i, struct gate_policy *out);
/* false past the last; used or not is only known of a plan. */
bool gate_waiver(const struct gate *g, size_t i, struct plan_waiver *out);

void gate_free(struct gate *g);
static inline void gate_free_p(struct gate **g)
{
	gate_free(*g);
}

#endif
