/* Any text as a file of policies: an error, or policies whose problems have messages and places
 * within the file; what they decide of a Pod is the same when it is asked again, and when they are
 * loaded again.  Nothing that is undecided or has failed is ever allowed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_parse.h"
#include "policy/admission/admission.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char object[] =
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"namespace\":"
	"\"shop\",\"labels\":{\"app\":\"web\"}},\"spec\":{\"hostNetwork\":false,\"containers\":[{"
	"\"name\":\"main\",\"image\":\"web:1\",\"resources\":{\"limits\":{\"cpu\":\"500m\"}}}]}}";

static bool load(struct admission *a, const struct kind_table *kinds, const uint8_t *data,
		 size_t len)
{
	AUTO(err_done) struct err err = { 0 };
	int rc = admission_add_file(a, (const char *)data, len, "p.yaml", &err);
	if ((rc < 0) != (err.code != ERR_NONE) || (rc < 0 && !err.msg))
		abort();
	if (rc == 0)
		admission_prepare(a, &(struct admission_world){ kinds, false, true });
	return rc == 0;
}

static void check_problems(const struct admission *a)
{
	size_t n;
	const struct admission_problem *p = admission_problems(a, &n);
	for (size_t i = 0; i < n; i++)
		if (!p[i].message || !*p[i].message || !p[i].at.file || !p[i].at.line)
			abort();
}

static void check_verdict(const struct admission_verdict *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!v->results[i].message || !v->results[i].policy || !v->results[i].reason)
			abort();
	if (v->n && v->decision == ADMISSION_ALLOWED)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	AUTO(admission_free_p) struct admission *one = admission_new();
	AUTO(admission_free_p) struct admission *two = admission_new();
	AUTO(err_done) struct err err = { 0 };
	struct json pod;
	kinds_add_builtin(&kinds);
	if (json_parse(&arena, object, strlen(object), "pod", NULL, &pod, &err) < 0)
		abort();
	bool loaded = load(one, &kinds, data, len);
	if (load(two, &kinds, data, len) != loaded)
		abort();
	if (!loaded)
		return 0;
	check_problems(one);
	struct admission_change change = {
		.operation = "CREATE",
		.group = "",
		.version = "v1",
		.kind = "Pod",
		.resource = kinds_find(&kinds, "", "v1", "Pod"),
		.namespace = "shop",
		.name = "web",
		.object = &pod,
	};
	AUTO(admission_run_free_p) struct admission_run *run = admission_run_new(one);
	AUTO(admission_run_free_p) struct admission_run *again = admission_run_new(two);
	const struct admission_verdict *v = admission_evaluate(run, &change);
	check_verdict(v);
	enum admission_decision decision = v->decision;
	size_t n = v->n;
	v = admission_evaluate(run, &change);
	if (v->decision != decision || v->n != n)
		abort();
	v = admission_evaluate(again, &change);
	if (v->decision != decision || v->n != n)
		abort();
	return 0;
}
