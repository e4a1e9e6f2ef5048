/* cel-library [--texts] [--cost] FILE.jsonl: expressions of the Kubernetes environment with what
 * the real one answered.  A line for each that differs, and `N passed, N failed, N skipped`.
 *
 * --texts: the messages of errors have to be the same too.  --cost: and the costs. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/lib/cel_judge.h"

struct suite {
	struct cel_case_counts counts;
	struct arena arena; /* keeps the first line */
	struct json objects;
	struct cel_env *env;
	struct cel_run *run;
	unsigned slot[2];
	bool texts, costs;
};

static const char *const names[] = { "object", "oldObject" };

static void bind(struct suite *s, const struct json *row)
{
	const struct json *bound = json_get(row, "json");
	for (unsigned i = 0; i < 2; i++) {
		const struct json *v = json_get(bound, names[i]);
		if (json_str(v))
			v = json_get(&s->objects, json_str(v));
		cel_run_set(s->run, s->slot[i], cel_of_json(v));
	}
}

static bool same_cost(const struct suite *s, const struct cel_outcome *o, const struct json *row,
		      struct buf *why)
{
	int64_t cost;
	if (!s->costs || !o->evaluated || !json_int64(json_get(row, "cost"), &cost) ||
	    o->cost == (uint64_t)cost || (cost > CEL_MAX_COST && o->cost > CEL_MAX_COST))
		return true;
	buf_printf(why, "cost %" PRId64 ", got %" PRIu64, cost, o->cost);
	return false;
}

static void row(void *ctx, struct arena *a, const struct json *row)
{
	struct suite *s = ctx;
	if (json_get(row, "json_objects")) {
		s->objects = json_copy(&s->arena, json_get(row, "json_objects"));
		return;
	}
	struct cel_value text = cel_case_text(a, json_get(row, "expr"));
	struct cel_trial t = { .env = s->env, .run = s->run, .text = text.text, .n = text.n };
	const struct cel_deviation *deviation = cel_judge_deviation(text.text);
	struct cel_program *p;
	AUTO(cel_outcome_done) struct cel_outcome o = { 0 };
	AUTO(buf_done) struct buf why = { 0 };
	bind(s, row);
	cel_judge_run(&t, &p, &o);
	if (cel_judge(&o, json_get(row, "expect"), s->texts, &why) && same_cost(s, &o, row, &why)) {
		s->counts.passed++;
	} else if (deviation && cel_judge_deviates(&o, deviation)) {
		s->counts.skipped++;
		printf("%.200s: not as Kubernetes: %s\n", text.text, deviation->why);
	} else {
		s->counts.failed++;
		printf("%s: %.200s: %s\n", json_get_str(row, "section"), text.text, buf_text(&why));
	}
	cel_program_free(p);
	cel_run_reset(s->run);
}

int main(int argc, char **argv)
{
	struct suite s = { 0 };
	AUTO(err_done) struct err err = { 0 };
	int i = 1;
	for (; i < argc && argv[i][0] == '-'; i++) {
		s.texts |= strcmp(argv[i], "--texts") == 0;
		s.costs |= strcmp(argv[i], "--cost") == 0;
	}
	if (i + 1 != argc) {
		fprintf(stderr, "usage: cel-library [--texts] [--cost] FILE.jsonl\n");
		return 64;
	}
	s.env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	s.run = cel_run_new(NULL);
	for (unsigned n = 0; n < 2; n++)
		s.slot[n] = cel_env_variable(s.env, names[n], &cel_dyn_type);
	int status = cel_case_file(argv[i], row, &s, &err);
	if (status < 0)
		fprintf(stderr, "%s\n", err.msg);
	printf("%u passed, %u failed, %u skipped\n", s.counts.passed, s.counts.failed,
	       s.counts.skipped);
	cel_run_free(s.run);
	cel_env_free(s.env);
	arena_done(&s.arena);
	return status < 0 || s.counts.failed > 0;
}
