/* cel-bench VAP_CASES.jsonl [SECONDS]: the validations of a file of policy cases, evaluated over
 * and over.  First what they answer against what Kubernetes did (`oracle`), a line for each that
 * differs; then the rates, and at last `N passed, N failed, N skipped`. */
#include <stdio.h>
#include <time.h>

#include "tests/lib/cel_case.h"
#include "tests/lib/cel_policy.h"

struct bench_case {
	struct json row;
	struct cel_value documents[CEL_POLICY_VARIABLES];
	struct cel_policy *policy; /* cases of one policy share it */
};

struct bench {
	struct cel_case_counts counts;
	unsigned other_costs; /* the order of a map can be another there */
	struct arena arena;
	struct cel_env *env;
	struct cel_run *run;
	struct bench_case *cases;
	size_t n, cap;
};

static void add(void *ctx, struct arena *a, const struct json *row)
{
	struct bench *b = ctx;
	(void)a;
	GROW(b->cases, b->n, b->cap);
	b->cases[b->n].row = json_copy(&b->arena, row);
	b->n++;
}

/* Microseconds that this process has computed: what else runs does not count. */
static int64_t busy_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static const char *result_of(struct cel_value v)
{
	return v.kind == CEL_ERROR ? "error" : v.kind == CEL_BOOL && v.truth ? "true" : "false";
}

static void judge(struct bench *b, struct bench_case *c)
{
	const struct json *oracle = json_at(&c->row, "oracle", "validations", NULL);
	cel_policy_bind(c->policy, b->run, c->documents);
	for (uint32_t i = 0; oracle && i < oracle->n && i < c->policy->n_validations; i++) {
		const char *expected = json_get_str(&oracle->items[i], "result");
		struct cel_program *p = c->policy->validations[i];
		struct cel_value v = p ? cel_eval(p, b->run) : cel_null();
		const char *got = p ? result_of(v) : "no program";
		int64_t cost = -1;
		if (json_int64(json_get(&oracle->items[i], "cost"), &cost) &&
		    (uint64_t)cost != cel_run_cost(b->run))
			b->other_costs++;
		if (strcmp(expected, got) == 0) {
			b->counts.passed++;
			continue;
		}
		b->counts.failed++;
		AUTO(buf_done) struct buf text = { 0 };
		cel_case_show(v, &text);
		printf("%s %u: expected %s, got %s: %s\n", json_get_str(&c->row, "id"), i, expected,
		       got, buf_text(&text));
	}
	cel_run_reset(b->run);
}

static uint64_t once(struct bench *b)
{
	uint64_t n = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct bench_case *c = &b->cases[i];
		cel_policy_bind(c->policy, b->run, c->documents);
		for (uint32_t k = 0; k < c->policy->n_validations; k++)
			if (c->policy->validations[k]) {
				cel_eval(c->policy->validations[k], b->run);
				n++;
			}
		cel_run_reset(b->run);
	}
	return n;
}

/* The policy of a case before it, if that is the same. */
static struct cel_policy *known(const struct bench *b, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (json_equal(json_get(&b->cases[i].row, "policy"),
			       json_get(&b->cases[before].row, "policy")))
			return b->cases[i].policy;
	return NULL;
}

static void compile_all(struct bench *b)
{
	size_t n = 0;
	int64_t busy = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct bench_case *c = &b->cases[i];
		cel_policy_documents(&c->row, c->documents);
		c->policy = known(b, i);
		if (c->policy)
			continue;
		int64_t start = busy_us();
		c->policy = arena_calloc(&b->arena, 1, sizeof(*c->policy));
		cel_policy_compile(c->policy, b->env, json_get(&c->row, "policy"));
		busy += busy_us() - start;
		n++;
	}
	printf("%zu policies compiled in %.1f ms\n", n, (double)busy / 1000);
}

static void free_all(struct bench *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!known(b, i))
			cel_policy_done(b->cases[i].policy);
	free(b->cases);
	cel_run_free(b->run);
	cel_env_free(b->env);
	arena_done(&b->arena);
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (argc < 2) {
		fprintf(stderr, "usage: cel-bench VAP_CASES.jsonl [SECONDS]\n");
		return 64;
	}
	int64_t length = 1000000 * (argc > 2 ? strtol(argv[2], NULL, 10) : 1);
	b.env = cel_policy_env();
	b.run = cel_run_new(NULL);
	if (cel_case_file(argv[1], add, &b, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	compile_all(&b);
	for (size_t i = 0; i < b.n; i++)
		judge(&b, &b.cases[i]);
	printf("%u costs are not those of Kubernetes\n", b.other_costs);
	int64_t start = busy_us(), now = start;
	uint64_t n = 0;
	for (; now - start < length; now = busy_us())
		n += once(&b);
	printf("%.0f evaluations a second\n", (double)n * 1e6 / (double)(now - start + 1));
	printf("%u passed, %u failed, %u skipped\n", b.counts.passed, b.counts.failed,
	       b.counts.skipped);
	free_all(&b);
	return b.counts.failed > 0;
}
