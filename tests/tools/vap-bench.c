/* vap-bench CASES.jsonl POLICIES.jsonl: how fast policies are loaded and evaluated.
 *
 * CASES has the rows of vap-cases, POLICIES rows with a policy each.  Prints one JSON object:
 * seconds and counts of
 *   load      all POLICIES as YAML, read, checked and compiled together
 *   cases     every case, judged again and again: its validations a second
 *   growth    several numbers of policies on several numbers of objects */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json_parse.h"
#include "base/json_write.h"
#include "tests/lib/vap_row.h"

enum { ROUNDS = 5, CASE_SECONDS = 2, MORE_POLICIES = 200, MORE_OBJECTS = 10000 };

struct case_row {
	const struct json *row;
	const char *policy;
	struct admission *a;
	struct admission_run *run;
	struct kind resource;
	struct admission_change change;
	size_t validations;
};

struct bench {
	struct arena arena;
	struct kind_table kinds;
	struct json *cases, *policies;
	size_t n_cases, n_policies;
	struct case_row *rows;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const struct err *err)
{
	fprintf(stderr, "vap-bench: %s: %s\n", what, err->msg ? err->msg : "failed");
	exit(1);
}

static struct json *read_rows(struct arena *a, const char *path, size_t *n)
{
	struct err err = { 0 };
	struct buf text = { 0 };
	struct json *rows = NULL;
	size_t cap = 0;
	*n = 0;
	if (file_read(path, 0, &text, &err) < 0)
		die(path, &err);
	for (char *line = text.data; line && *line;) {
		char *end = strchr(line, '\n');
		size_t length = end ? (size_t)(end - line) : strlen(line);
		GROW(rows, *n, cap);
		if (json_parse(a, line, length, path, NULL, &rows[*n], &err) < 0)
			die(path, &err);
		++*n;
		line = end ? end + 1 : NULL;
	}
	buf_done(&text);
	return rows;
}

static void add(struct admission *a, const struct json *v)
{
	struct err err = { 0 };
	if (json_is(v, JSON_OBJECT) && admission_add_object(a, v, NULL, &err) < 0)
		die("add", &err);
	for (uint32_t i = 0; json_is(v, JSON_ARRAY) && i < v->n; i++)
		add(a, &v->items[i]);
}

static const char *name_of(const struct json *object)
{
	const char *name = json_str(json_at(object, "metadata", "name", NULL));
	return name ? name : "";
}

/* ---- load */

static double load_once(struct bench *b, char **texts)
{
	struct err err = { 0 };
	double start = now();
	struct admission *a = admission_new();
	for (size_t i = 0; i < b->n_policies; i++)
		if (admission_add_file(a, texts[i], strlen(texts[i]), "policy.yaml", &err) < 0)
			die("policy", &err);
	admission_prepare(a, &(struct admission_world){ &b->kinds, false, true });
	double seconds = now() - start;
	admission_free(a);
	return seconds;
}

static void bench_load(struct bench *b)
{
	char **texts = xcalloc(b->n_policies, sizeof(*texts));
	size_t bytes = 0;
	double best = 1e9;
	for (size_t i = 0; i < b->n_policies; i++) {
		struct buf text = { 0 };
		yaml_write(&text, json_get(&b->policies[i], "policy"));
		bytes += text.len;
		texts[i] = buf_take(&text);
	}
	for (int i = 0; i < ROUNDS; i++) {
		double seconds = load_once(b, texts);
		best = seconds < best ? seconds : best;
	}
	printf("{\"load\": {\"policies\": %zu, \"bytes\": %zu, \"seconds\": %.6f},\n",
	       b->n_policies, bytes, best);
	for (size_t i = 0; i < b->n_policies; i++)
		free(texts[i]);
	free(texts);
}

/* ---- cases */

/* Cases of one policy share what was loaded, if their params and bindings are the same. */
static void prepare_cases(struct bench *b)
{
	b->rows = xcalloc(b->n_cases, sizeof(*b->rows));
	for (size_t i = 0; i < b->n_cases; i++) {
		struct case_row *r = &b->rows[i], *before = i ? r - 1 : NULL;
		const struct json *checked;
		r->row = &b->cases[i];
		r->change = vap_change(r->row, &r->resource);
		checked = json_at(r->row, "oracle", "validations", NULL);
		r->validations = json_is(checked, JSON_ARRAY) ? checked->n : 0;
		if (before &&
		    json_equal(json_get(r->row, "policy"), json_get(before->row, "policy")) &&
		    json_equal(json_get(r->row, "bindings"), json_get(before->row, "bindings")) &&
		    json_equal(json_get(r->row, "params"), json_get(before->row, "params"))) {
			r->a = before->a;
			r->run = before->run;
			continue;
		}
		r->a = admission_new();
		add(r->a, json_get(r->row, "policy"));
		add(r->a, json_get(r->row, "bindings"));
		add(r->a, json_get(r->row, "params"));
		admission_prepare(r->a, &(struct admission_world){ &b->kinds, false, true });
		r->run = admission_run_new(r->a);
	}
}

static void bench_cases(struct bench *b)
{
	size_t rounds = 0, validations = 0;
	double start = now(), seconds;
	prepare_cases(b);
	start = now();
	do {
		for (size_t i = 0; i < b->n_cases; i++) {
			admission_evaluate(b->rows[i].run, &b->rows[i].change);
			validations += b->rows[i].validations;
		}
		rounds++;
		seconds = now() - start;
	} while (seconds < CASE_SECONDS);
	printf(" \"cases\": {\"cases\": %zu, \"rounds\": %zu, \"validations\": %zu, \"seconds\": "
	       "%.6f, "
	       "\"rate\": %.0f},\n",
	       b->n_cases, rounds, validations, seconds, (double)validations / seconds);
}

/* ---- growth */

static struct json named(struct arena *a, const struct json *policy, size_t number)
{
	struct json copy = json_copy(a, policy);
	json_set(a, json_edit(a, &copy, "metadata"), "name", json_of_fmt(a, "policy-%zu", number));
	return copy;
}

static struct json binding_of(struct arena *a, const struct json *policy)
{
	struct json b = json_of_object();
	json_set_str(a, &b, "apiVersion", "admissionregistration.k8s.io/v1");
	json_set_str(a, &b, "kind", "ValidatingAdmissionPolicyBinding");
	json_set_str(a, json_edit(a, &b, "metadata"), "name", name_of(policy));
	struct json *spec = json_edit(a, &b, "spec");
	json_set_str(a, spec, "policyName", name_of(policy));
	json_append(a, json_set(a, spec, "validationActions", json_of_array()),
		    json_of_string(a, "Deny"));
	return b;
}

static void bench_growth(struct bench *b, size_t policies, size_t objects, bool last)
{
	struct arena *a = &b->arena;
	struct admission *set = admission_new();
	size_t results = 0;
	for (size_t i = 0; i < policies; i++) {
		struct json *documents = arena_alloc(a, 2 * sizeof(*documents));
		const struct json *policy = json_get(&b->policies[i % b->n_policies], "policy");
		documents[0] = named(a, policy, i);
		documents[1] = binding_of(a, &documents[0]);
		add(set, &documents[0]);
		add(set, &documents[1]);
	}
	admission_prepare(set, &(struct admission_world){ &b->kinds, false, false });
	struct admission_run *run = admission_run_new(set);
	double start = now();
	for (size_t i = 0; i < objects; i++)
		results += admission_evaluate(run, &b->rows[i % b->n_cases].change)->n;
	double seconds = now() - start;
	printf("  {\"policies\": %zu, \"objects\": %zu, \"seconds\": %.6f, \"results\": %zu, "
	       "\"evaluations\": %llu}%s\n",
	       policies, objects, seconds, results,
	       (unsigned long long)admission_run_evaluations(run), last ? "]}" : ",");
	admission_run_free(run);
	admission_free(set);
}

int main(int argc, char **argv)
{
	struct bench b = { .n_cases = 0 };
	if (argc != 3) {
		fprintf(stderr, "usage: vap-bench CASES.jsonl POLICIES.jsonl\n");
		return 64;
	}
	kinds_add_builtin(&b.kinds);
	b.cases = read_rows(&b.arena, argv[1], &b.n_cases);
	b.policies = read_rows(&b.arena, argv[2], &b.n_policies);
	bench_load(&b);
	bench_cases(&b);
	printf(" \"growth\": [\n");
	bench_growth(&b, MORE_POLICIES / 4, MORE_OBJECTS / 4, false);
	bench_growth(&b, MORE_POLICIES, MORE_OBJECTS / 4, false);
	bench_growth(&b, MORE_POLICIES / 4, MORE_OBJECTS, false);
	bench_growth(&b, MORE_POLICIES, MORE_OBJECTS, true);
	return 0;
}
