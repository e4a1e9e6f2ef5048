/* Hooks: objects that are not kept but run, when their application is applied.
 *
 *   rhumb.dev/hook, argocd.argoproj.io/hook   PreSync, PostSync, SyncFail, between commas;
 *                                             Sync: no hook; Skip: left out
 *   helm.sh/hook                              pre-install and pre-upgrade are PreSync, post-install
 *                                             and post-upgrade PostSync, each only where the
 *                                             application is installed or upgraded; crd-install: no
 *                                             hook
 *
 *   rhumb.dev/hook-delete-policy, argocd.argoproj.io/hook-delete-policy
 *                                             BeforeHookCreation (where there is none),
 *                                             HookSucceeded, HookFailed
 *   helm.sh/hook-delete-policy                before-hook-creation, hook-succeeded, hook-failed
 *
 * The first annotation that is there, in this order, says all.  Other phases of Helm and Argo CD
 * (of deletions, rollbacks, tests) are none of an apply: such an object is left out.
 *
 * What runs carries the label HOOK_LABEL instead of the ApplySet's: it is no member, so it is
 * never pruned, and only what carries it is ever deleted to run again. */
#ifndef PLAN_HOOK_H
#define PLAN_HOOK_H

#include "plan/object.h"

/* Its value is the id of the application's ApplySet. */
#define HOOK_LABEL "rhumb.dev/hook-of"

enum hook_phase {
	HOOK_NONE,
	HOOK_PRE_SYNC,  /* before everything else of the application */
	HOOK_POST_SYNC, /* after all of it is applied and ready */
	HOOK_SYNC_FAIL, /* after something of it failed */
	HOOK_PHASE_COUNT,
};

/* When its object is deleted; more than one may be said. */
enum hook_delete {
	HOOK_BEFORE_CREATION = 1, /* that of an earlier run, before it runs again */
	HOOK_SUCCEEDED = 2,
	HOOK_FAILED = 4,
};
enum { HOOK_DELETE_COUNT = 3 };

/* Of a change of a plan. */
struct hook {
	enum hook_phase phase;
	unsigned delete_policy;
};

enum hook_sort {
	HOOK_ORDINARY, /* no hook: an object that is kept */
	HOOK_RUNS,
	HOOK_LEFT_OUT, /* neither: nothing is done with it */
};

/* What the annotations of an object say. */
struct hook_declared {
	enum hook_sort sort;
	unsigned at_install, at_upgrade; /* phases, a bit each: HOOK_BIT() */
	unsigned delete_policy;
	int64_t wave;
	const char *annotation; /* the one that says so, with ... */
	const char *value;      /* ... its value; NULL: none does */
};
#define HOOK_BIT(phase) (1u << (phase))

/* ERR_INPUT with the line in `file` for what no annotation of the table above may say.  *out is
 * HOOK_ORDINARY then. */
int hook_of(const struct json *object, const char *file, struct hook_declared *out,
	    struct err *err);

/* Whether rhumb has applied the object, as a hook of this ApplySet's application or as a member of
 * it: what may be deleted so that the hook can run again. */
bool hook_is_ours(const struct json *live, const char *applyset);

/* The name of a hook that has a generateName: that, and a mark of what it declares, so that the
 * same hook has the same name.  Values of a Secret are not in the mark.  In the arena. */
const char *hook_made_name(struct arena *a, const struct json *object);

const char *hook_phase_name(enum hook_phase p); /* "PreSync"; NULL for HOOK_NONE */
const char *hook_delete_name(int i);            /* of bit 1 << i: "BeforeHookCreation" */

/* "batch/Job/shop/migrate (PreSync)": one object may run in more than one phase, and each is a
 * change of its own. */
const char *hook_id(struct arena *a, const struct object_ref *ref, enum hook_phase p);

#endif
