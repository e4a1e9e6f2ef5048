/* Why a workload is not ready, from its pods, ReplicaSets and events; a row a test.  How the real
 * controllers leave them is in tests/e2e (scenarios/readiness.py). */
#include "tests/lib/fake_world.h"

#include <string.h>

#include "apply/trouble.h"

enum { MAX_OBJECTS = 8 };

#define META(name, more) "\"metadata\":{\"namespace\":\"shop\",\"name\":\"" name "\"" more "}"
#define OWNER(uid)       ",\"ownerReferences\":[{\"uid\":\"" uid "\"}]"
#define REVISION(n)      ",\"annotations\":{\"deployment.kubernetes.io/revision\":\"" n "\"}"
#define SPEC             ",\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}}}}"
/* The first object that a row has is "uid-101", and so on. */
#define FIRST            100
#define APPS(kind, more) "{\"apiVersion\":\"apps/v1\",\"kind\":\"" kind "\"," META("web", more) SPEC
#define JOB              "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\"," META("web", "") SPEC
#define SET(name, owner, revision)                                                                 \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\"," META(                               \
		name, OWNER(owner) REVISION(revision)) "}"
#define POD(name, owner, status)                                                                   \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\"," META(                                           \
		name,                                                                              \
		OWNER(owner)) ",\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"web:"     \
			      "1\"}]},\"status\":{" status "}}"
#define WAITS(reason, restarts)                                                                    \
	"\"phase\":\"Pending\",\"containerStatuses\":[{\"name\":\"main\","                         \
	"\"restartCount\":" restarts ",\"state\":{\"waiting\":{\"reason\":\"" reason "\"}}}]"
#define EVENT(name, type, of, time, reason, text)                                                  \
	"{\"apiVersion\":\"v1\",\"kind\":\"Event\"," META(                                         \
		name, "") ",\"type\":\"" type "\",\"involvedObject\":{\"uid\":\"" of               \
			  "\"},\"lastTimestamp\":\"2026-01-01T00:00:" time                         \
			  "Z\",\"reason\":\"" reason "\",\"message\":\"" text "\"}"

struct trouble_case {
	const char *name;
	const char *objects[MAX_OBJECTS]; /* the first is the one that is waited for */
	const char *want;                 /* NULL: nothing */
	bool stuck;
};

static const struct trouble_case cases[] = {
	{ "the newest ReplicaSet counts",
	  { APPS("Deployment", REVISION("10")), SET("old", "uid-101", "9"),
	    SET("new", "uid-101", "10"), POD("old-1", "uid-102", WAITS("ImagePullBackOff", "0")),
	    POD("new-1", "uid-103", WAITS("ErrImagePull", "0")) },
	  "pod new-1: ErrImagePull, image web:1",
	  false },
	{ "a ReplicaSet of another Deployment",
	  { APPS("Deployment", REVISION("1")), SET("other", "uid-1", "1"),
	    POD("other-1", "uid-102", WAITS("ImagePullBackOff", "0")) },
	  NULL,
	  false },
	{ "the pod in the worst state",
	  { APPS("StatefulSet", ""), POD("a", "uid-101", "\"phase\":\"Running\""),
	    POD("b", "uid-101", WAITS("ErrImagePull", "0")),
	    POD("c", "uid-101", WAITS("CreateContainerConfigError", "0")),
	    POD("d", "uid-101", WAITS("ErrImagePull", "0")) },
	  "pod c: CreateContainerConfigError, image web:1",
	  true },
	{ "a pod of somebody else with the same labels",
	  { APPS("StatefulSet", ""), POD("a", "uid-7", WAITS("ImagePullBackOff", "0")) },
	  NULL,
	  false },
	{ "crashed twice",
	  { APPS("DaemonSet", ""), POD("a", "uid-101", WAITS("CrashLoopBackOff", "2")) },
	  "pod a: CrashLoopBackOff, image web:1",
	  false },
	{ "crashed three times",
	  { APPS("DaemonSet", ""), POD("a", "uid-101", WAITS("CrashLoopBackOff", "3")) },
	  "pod a: CrashLoopBackOff, image web:1",
	  true },
	{ "a Job tries again by itself",
	  { JOB, POD("a", "uid-101", WAITS("CrashLoopBackOff", "5")) },
	  "pod a: CrashLoopBackOff, image web:1",
	  false },
	{ "the last warning",
	  { APPS("StatefulSet", ""), POD("a", "uid-101", "\"phase\":\"Pending\""),
	    EVENT("1", "Warning", "uid-102", "02", "FailedMount", "no such ConfigMap"),
	    EVENT("2", "Warning", "uid-102", "01", "FailedMount", "an earlier one"),
	    EVENT("3", "Normal", "uid-102", "03", "Pulled", "all is well"),
	    EVENT("4", "Warning", "uid-9", "04", "FailedMount", "of another pod") },
	  "pod a: FailedMount: no such ConfigMap",
	  false },
	{ "a warning that adds to what is known",
	  { APPS("StatefulSet", ""), POD("a", "uid-101", WAITS("ImagePullBackOff", "0")),
	    EVENT("1", "Warning", "uid-102", "01", "Failed", "not found") },
	  "pod a: ImagePullBackOff, image web:1; last event: Failed: not found",
	  true },
	{ "nobody can make the pods",
	  { APPS("StatefulSet", ""),
	    EVENT("1", "Warning", "uid-101", "01", "FailedCreate", "exceeded quota") },
	  "FailedCreate: exceeded quota",
	  true },
	{ "nobody can make the pods of a Deployment",
	  { APPS("Deployment", REVISION("1")), SET("new", "uid-101", "1"),
	    EVENT("1", "Warning", "uid-102", "01", "FailedCreate", "exceeded quota") },
	  "FailedCreate: exceeded quota",
	  true },
	{ "a Pod of its own",
	  { POD("web", "uid-1", WAITS("ErrImageNeverPull", "0")),
	    POD("b", "uid-101", WAITS("ImagePullBackOff", "0")) },
	  "pod web: ErrImageNeverPull, image web:1",
	  true },
	{ "all runs",
	  { APPS("DaemonSet", ""), POD("a", "uid-101", "\"phase\":\"Running\"") },
	  NULL,
	  false },
};

static void case_run(void **state)
{
	const struct trouble_case *c = *state;
	struct fake_cluster f;
	fake_init(&f);
	f.uids = FIRST;
	for (size_t i = 0; i < MAX_OBJECTS && c->objects[i]; i++)
		fake_put(&f, c->objects[i], "controller", "Update");
	struct run r = { .cluster = &f.base };
	struct err err = { 0 };
	assert_int_equal(f.base.ops->kinds(&f.base, &r.kinds, &err), 0);
	AUTO(arena_done) struct arena a = { 0 };
	struct json given = fixture_json(&a, c->objects[0]);
	struct object_ref ref = object_ref_of(&a, &given);
	struct trouble_of of = { 0 };
	struct trouble_found found;
	trouble_note(&of, fake_get(&f, ref.kind, "shop", "web"));
	trouble_find(&r, &ref, &of, &found);
	if (!c->want)
		assert_null(found.text);
	else if (!found.text || strcmp(found.text, c->want) != 0)
		fail_msg("\"%s\", not \"%s\"", found.text ? found.text : "", c->want);
	assert_int_equal(found.stuck, c->stuck);
	free(found.text);
	trouble_done(&of);
	kind_table_done(&r.kinds);
	fake_done(&f);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, case_run, &cases[i]);
	return _cmocka_run_group_tests("trouble", tests, ARRAY_LEN(cases), NULL, NULL);
}
