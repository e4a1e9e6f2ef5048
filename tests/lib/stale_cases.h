/* The world moves between plan and apply, or between the check and the write: what comes of it.
 * For the fake cluster (test_stale.c) and for a real one (test_races.c). */
#ifndef TESTS_LIB_STALE_CASES_H
#define TESTS_LIB_STALE_CASES_H

#include "tests/lib/fake_world.h"

enum event {
	NOTHING,
	TOUCHED,   /* a field that the change writes */
	UNRELATED, /* an annotation of somebody else's */
	DELETED,
	REMADE,   /* deleted and made anew */
	APPEARED, /* created by somebody else */
	DONE,     /* somebody else did exactly the same with our name */
};

struct stale_case {
	const char *name;
	enum action action;
	enum event event;
	bool late; /* between the check and the write */
	enum outcome outcome;
	const char *message; /* a part of it, NULL: any */
};

static const struct stale_case stale_cases[] = {
	{ "create: nothing", ACTION_CREATE, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "create: appeared", ACTION_CREATE, APPEARED, false, OUTCOME_STALE,
	  "was created since the plan was made, by kubectl-create at " },
	{ "create: appeared late", ACTION_CREATE, APPEARED, true, OUTCOME_STALE, "kubectl-create" },
	{ "create: done", ACTION_CREATE, DONE, false, OUTCOME_UNCHANGED, NULL },
	{ "create: done late", ACTION_CREATE, DONE, true, OUTCOME_APPLIED, "a read shows" },
	{ "update: nothing", ACTION_UPDATE, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "update: touched", ACTION_UPDATE, TOUCHED, false, OUTCOME_STALE,
	  "was changed by kubectl-edit at " },
	{ "update: touched late", ACTION_UPDATE, TOUCHED, true, OUTCOME_STALE, "(data.k)" },
	{ "update: unrelated", ACTION_UPDATE, UNRELATED, false, OUTCOME_APPLIED, NULL },
	{ "update: unrelated late", ACTION_UPDATE, UNRELATED, true, OUTCOME_APPLIED, NULL },
	{ "update: deleted", ACTION_UPDATE, DELETED, false, OUTCOME_STALE, "was deleted since" },
	{ "update: deleted late", ACTION_UPDATE, DELETED, true, OUTCOME_STALE, "was deleted" },
	{ "update: remade", ACTION_UPDATE, REMADE, false, OUTCOME_STALE,
	  "was deleted and made anew, by kubectl-create at" },
	{ "update: remade late", ACTION_UPDATE, REMADE, true, OUTCOME_STALE, "made anew" },
	{ "update: done", ACTION_UPDATE, DONE, false, OUTCOME_UNCHANGED, NULL },
	{ "update: done late", ACTION_UPDATE, DONE, true, OUTCOME_APPLIED, "a read shows" },
	{ "delete: nothing", ACTION_DELETE, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "delete: unrelated", ACTION_DELETE, UNRELATED, false, OUTCOME_APPLIED, NULL },
	{ "delete: unrelated late", ACTION_DELETE, UNRELATED, true, OUTCOME_APPLIED, NULL },
	{ "delete: deleted", ACTION_DELETE, DELETED, false, OUTCOME_UNCHANGED, NULL },
	{ "delete: deleted late", ACTION_DELETE, DELETED, true, OUTCOME_APPLIED, "a read shows" },
	{ "delete: remade", ACTION_DELETE, REMADE, false, OUTCOME_STALE, "made anew" },
	{ "delete: remade late", ACTION_DELETE, REMADE, true, OUTCOME_STALE, "made anew" },
	{ "replace: nothing", ACTION_REPLACE, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "replace: touched", ACTION_REPLACE, TOUCHED, false, OUTCOME_STALE, "kubectl-edit" },
	{ "replace: touched late", ACTION_REPLACE, TOUCHED, true, OUTCOME_STALE, "kubectl-edit" },
	{ "replace: unrelated late", ACTION_REPLACE, UNRELATED, true, OUTCOME_APPLIED, NULL },
	{ "replace: deleted", ACTION_REPLACE, DELETED, false, OUTCOME_STALE, "was deleted" },
	{ "replace: deleted late", ACTION_REPLACE, DELETED, true, OUTCOME_STALE, "was deleted" },
	{ "replace: remade late", ACTION_REPLACE, REMADE, true, OUTCOME_STALE, "made anew" },
	{ "adopt: nothing", ACTION_ADOPT, NOTHING, false, OUTCOME_APPLIED, NULL },
	{ "adopt: touched", ACTION_ADOPT, TOUCHED, false, OUTCOME_STALE, "was changed" },
	{ "adopt: touched late", ACTION_ADOPT, TOUCHED, true, OUTCOME_STALE, "was changed" },
	{ "adopt: deleted late", ACTION_ADOPT, DELETED, true, OUTCOME_STALE, "was deleted" },
	{ "adopt: remade late", ACTION_ADOPT, REMADE, true, OUTCOME_STALE, "made anew" },
};

/* ConfigMap shop/a: k is 1 before, and somebody else's. */
static inline const char *stale_declared(enum action action)
{
	return action == ACTION_ADOPT ? CONFIG("shop", "a", "1") : CONFIG("shop", "a", "2");
}

#endif
