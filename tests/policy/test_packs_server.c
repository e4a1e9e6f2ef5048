/* The shipped packs against a real API server: installed there, they decide as they do
 * here, with the same words, object by object; and what pods they refuse is what the server's own
 * Pod Security admission refuses.
 *
 * The objects are those of tests/lib/pack_objects.h.  Before the packs are as shipped they only
 * warn: so the server tells all that it has found in an object, not only the first denial. */
#include "tests/lib/fixture.h"
#include "tests/lib/kube_case.h"
#include "tests/lib/policy_side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "base/mem.h"

enum { LEVELS = 2, STRIDE = 3 /* of the objects that are sent to the packs as shipped */ };

#define SPACE "packs"

static const char *const levels[LEVELS] = { "baseline", "restricted" };
static const char *const namespaces[] = { SPACE, "psa-baseline", "psa-restricted" };

#define PSA_WARNING "would violate PodSecurity"
#define PSA_DENIAL  "violates PodSecurity"
#define HELD        "held" /* the name of the objects that are there */

/* The server takes no procMount: Unmasked without hostUsers: false, so none that this refuses. */
static const char never_refuses[] = "baseline-proc-mount";

static struct pack_objects objects;
static struct policy_side warning, shipped;

static struct policy_question question(const struct pack_object *o, const char *operation)
{
	return (struct policy_question){ .name = o->name,
					 .operation = operation,
					 .group = o->group,
					 .version = o->version,
					 .kind = o->kind,
					 .namespace = SPACE,
					 .object = &o->object };
}

/* Of each `stride` objects one. */
static void compare_creations(struct policy_side *s, size_t stride)
{
	AUTO(buf_done) struct buf differences = { 0 };
	AUTO(auto_free) struct pack_object *items = xcalloc(objects.n, sizeof(*items));
	size_t n = 0;
	for (size_t i = 0; i < objects.n; i += stride)
		items[n++] = objects.items[i];
	struct policy_answer *answers = policy_ask_there(items, n, PACK_OBJECT_NAME, SPACE);
	for (size_t i = 0; i < n; i++) {
		struct policy_question q = question(&items[i], "CREATE");
		policy_compare(&differences, s, &q, &answers[i]);
	}
	policy_answers_free(answers, n);
	policy_compare_report(&differences);
}

/* ---- the tests */

static void creations(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		skip();
	kube_case_must(KUBECTL(buf_text(&warning.installed), "apply", "-f", "-"));
	kube_case_policies_in_force("warning", SPACE);
	compare_creations(&warning, 1);
}

/* Of the Deployment that is there. */
static void updates(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		skip();
	AUTO(buf_done) struct buf differences = { 0 };
	AUTO(auto_free) struct pack_object *items = xcalloc(objects.n, sizeof(*items));
	size_t n = 0;
	for (size_t i = 0; i < objects.n; i++)
		if (strcmp(objects.items[i].kind, "Deployment") == 0)
			items[n++] = objects.items[i];
	struct policy_answer *answers = policy_ask_there(items, n, HELD, SPACE);
	for (size_t i = 0; i < n; i++) {
		struct policy_question q = question(&items[i], "UPDATE");
		q.old = &items[0].object;
		policy_compare(&differences, &warning, &q, &answers[i]);
	}
	policy_answers_free(answers, n);
	policy_compare_report(&differences);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A policy has to be seen to refuse and to pass something, or the comparison shows little. */
static void every_policy_refuses(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		skip();
	const char **seen = arena_calloc(&objects.arena, PACK_OBJECTS_MAX * 16, sizeof(*seen));
	size_t n = 0, distinct = 0;
	for (size_t i = 0; i < objects.n; i++) {
		struct policy_question q = question(&objects.items[i], "CREATE");
		const struct admission_verdict *v = policy_ask_here(&warning, &q);
		if (i == 0)
			assert_int_equal(v->n, 0);
		for (size_t j = 0; j < v->n && n < PACK_OBJECTS_MAX * 16; j++)
			seen[n++] = arena_strdup(&objects.arena, v->results[j].policy);
	}
	qsort(seen, n, sizeof(*seen), by_text);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || strcmp(seen[i], seen[i - 1]) != 0;
	for (size_t i = 0; i < n; i++)
		assert_string_not_equal(seen[i], never_refuses);
	assert_int_equal(distinct + 1, admission_count_policies(warning.admission));
}

static struct json held_pod(struct arena *a, const char *space)
{
	struct process_result result = KUBECTL(NULL, "get", "pod", HELD, "-n", space, "-o", "json");
	struct json pod = fixture_json(a, buf_text(&result.output));
	process_result_done(&result);
	return pod;
}

/* The Pod with one more container. */
static struct json with_ephemeral(struct arena *a, const struct json *held, size_t row)
{
	struct json pod = json_copy(a, held);
	struct json container = json_copy(a, &objects.ephemeral.items[row]);
	json_set_str(a, &container, "name", "debug");
	struct json *spec = json_edit(a, &pod, "spec");
	struct json *list = json_set(a, spec, "ephemeralContainers", json_of_array());
	json_append(a, list, container);
	return pod;
}

static struct policy_question ephemeral_question(const struct json *pod, const char *name)
{
	return (struct policy_question){ .name = name,
					 .operation = "UPDATE",
					 .subresource = "ephemeralcontainers",
					 .group = "",
					 .version = "v1",
					 .kind = "Pod",
					 .namespace = SPACE,
					 .object = pod,
					 .old = pod };
}

static void ephemeral_containers(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		skip();
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(buf_done) struct buf differences = { 0 };
	struct json held = held_pod(&arena, SPACE);
	for (uint32_t i = 0; i < objects.ephemeral.n; i++) {
		struct json pod = with_ephemeral(&arena, &held, i);
		AUTO(auto_free) char *name = xfmt("ephemeral %u", i);
		struct policy_question q = ephemeral_question(&pod, name);
		struct policy_answer *answer = xcalloc(1, sizeof(*answer));
		policy_ask_ephemeral(answer, &pod);
		policy_compare(&differences, &warning, &q, answer);
		policy_answers_free(answer, 1);
	}
	policy_compare_report(&differences);
}

/* ---- beside Pod Security admission */

static bool refused_here(const struct policy_question *q, size_t level)
{
	const struct admission_verdict *v = policy_ask_here(&warning, q);
	for (size_t i = 0; i < v->n; i++)
		for (size_t l = 0; l <= level; l++)
			if (strncmp(v->results[i].policy, levels[l], strlen(levels[l])) == 0)
				return true;
	return false;
}

/* A Pod is refused, of a workload is warned. */
static bool refused_there(const struct policy_answer *a)
{
	if (a->status == 403 && strstr(a->message, PSA_DENIAL))
		return true;
	if (a->status != 200 && a->status != 201)
		fail_msg("the server answers %d %s", a->status, a->message);
	for (size_t i = 0; i < a->n; i++)
		if (strncmp(a->warnings[i], PSA_WARNING, sizeof(PSA_WARNING) - 1) == 0)
			return true;
	return false;
}

static void compare_level(struct buf *out, size_t level, const struct policy_question *q,
			  const struct policy_answer *a)
{
	bool here = refused_here(q, level), there = refused_there(a);
	if (here != there)
		buf_printf(out, "%s: %s %s: the server %s, the packs %s %s\n", levels[level],
			   q->kind, q->name, there ? "refuses" : "allows",
			   here ? "refuse" : "allow", a->message);
}

static void pod_security_admission(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		skip();
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(buf_done) struct buf differences = { 0 };
	for (size_t level = 0; level < LEVELS; level++) {
		const char *space = namespaces[level + 1];
		struct policy_answer *answers =
			policy_ask_there(objects.items, objects.n, PACK_OBJECT_NAME, space);
		for (size_t i = 0; i < objects.n; i++) {
			struct policy_question q = question(&objects.items[i], "CREATE");
			compare_level(&differences, level, &q, &answers[i]);
		}
		policy_answers_free(answers, objects.n);
		struct json held = held_pod(&arena, space);
		for (uint32_t i = 0; i < objects.ephemeral.n; i++) {
			struct json pod = with_ephemeral(&arena, &held, i);
			AUTO(auto_free) char *name = xfmt("ephemeral %u", i);
			struct policy_question q = ephemeral_question(&pod, name);
			struct policy_answer *answer = xcalloc(1, sizeof(*answer));
			policy_ask_ephemeral(answer, &pod);
			compare_level(&differences, level, &q, answer);
			policy_answers_free(answer, 1);
		}
	}
	policy_compare_report(&differences);
}

static void as_shipped(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		skip();
	kube_case_must(KUBECTL(buf_text(&shipped.installed), "apply", "-f", "-"));
	kube_case_policies_in_force("shipped", SPACE);
	compare_creations(&shipped, STRIDE);
}

/* ---- what is there */

static void hold(const struct pack_object *o, const char *space)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json v = json_copy(&arena, &o->object);
	json_set_str(&arena, json_edit(&arena, &v, "metadata"), "name", HELD);
	json_write_canonical(&text, &v);
	kube_case_must(KUBECTL(buf_text(&text), "apply", "--server-side", "--field-manager=rhumb",
			       "-n", space, "-f", "-"));
}

static void make_namespace(size_t i)
{
	AUTO(auto_free)
	char *label = i ? xfmt("{pod-security.kubernetes.io/enforce: %s, "
			       "pod-security.kubernetes.io/warn: %s}",
			       levels[i - 1], levels[i - 1])
			: xstrdup("{}");
	AUTO(auto_free)
	char *text = xfmt("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: %s}\n",
			  namespaces[i], label);
	kube_case_must(KUBECTL(text, "apply", "-f", "-"));
	kube_case_must(KUBECTL(NULL, "wait", "--for=create", "serviceaccount/default", "-n",
			       namespaces[i], "--timeout=60s"));
	hold(&objects.items[0], namespaces[i]);
}

static int set_up(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		return 0;
	pack_objects_read(&objects);
	policy_sides_open();
	policy_side_open(&warning);
	policy_side_add_packs(&warning, SPACE, true);
	policy_side_prepare(&warning);
	policy_side_open(&shipped);
	policy_side_add_packs(&shipped, SPACE, false);
	policy_side_prepare(&shipped);
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		make_namespace(i);
	for (size_t i = 0; i < objects.n; i++)
		if (strcmp(objects.items[i].kind, "Deployment") == 0) {
			hold(&objects.items[i], SPACE);
			break;
		}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (!kube_case_has_server())
		return 0;
	kube_case_policies_done("warning");
	kube_case_policies_done("shipped");
	kube_case_must(KUBECTL(buf_text(&shipped.installed), "delete", "--wait=false", "-f", "-"));
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		kube_case_must(KUBECTL(NULL, "delete", "namespace", namespaces[i], "--wait=false"));
	policy_side_done(&warning);
	policy_side_done(&shipped);
	policy_sides_done();
	pack_objects_done(&objects);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_refuses),
		cmocka_unit_test(pod_security_admission),
		cmocka_unit_test(creations), /* installs the packs, only warning */
		cmocka_unit_test(updates),
		cmocka_unit_test(ephemeral_containers),
		cmocka_unit_test(as_shipped), /* installs them as they are */
	};
	return cmocka_run_group_tests_name("packs_server", tests, set_up, tear_down);
}
