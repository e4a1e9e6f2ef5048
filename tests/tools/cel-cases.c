/* cel-cases [--texts] [--cost] FILE.jsonl: conformance cases, with what Kubernetes answers where
 * that differs (`k8s`).  A line for each that differs, and `N passed, N failed, N skipped`.
 *
 * --texts: the messages of errors have to be the same too.  --cost: and the costs. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/lib/cel_judge.h"

struct suite {
	struct cel_case_counts counts;
	struct cel_env *kubernetes;
	struct cel_run *run;
	bool texts, costs;
};

/* A function of the row: declared, but without an implementation. */
static void add_function(struct cel_env *env, struct arena *a, const char *name,
			 const struct json *overload)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	const struct json *args = json_get(overload, "args");
	bool member = json_true(json_get(overload, "member"));
	uint32_t i = member;
	buf_printf(&text, "%s%s(", member ? json_str(&args->items[0]) : "", member ? "." : "");
	for (; i < args->n; i++)
		buf_printf(&text, "%s%s", i > member ? ", " : "", json_str(&args->items[i]));
	buf_printf(&text, ") -> %s", json_get_str(overload, "result"));
	struct cel_overload *o = arena_calloc(a, 1, sizeof(*o));
	o->function = name;
	o->id = json_get_str(overload, "id");
	o->signature = arena_strdup(a, buf_text(&text));
	if (cel_env_overload(env, o, &err) < 0)
		printf("%s\n", err.msg);
}

static void declare(struct cel_env *env, struct arena *a, const struct json *row)
{
	const struct json *types = json_get(row, "type_env"), *bound = json_get(row, "bindings");
	for (uint32_t i = 0; types && i < types->n; i++) {
		const struct json *t = &types->items[i], *overloads = json_get(t, "overloads");
		const char *name = json_get_str(t, "name");
		for (uint32_t o = 0; overloads && o < overloads->n; o++)
			add_function(env, a, name, &overloads->items[o]);
		if (!overloads)
			cel_env_variable(env, name, cel_env_type(env, json_get_str(t, "type")));
	}
	for (uint32_t i = 0; bound && i < bound->n; i++) {
		bool typed = false;
		for (uint32_t t = 0; types && t < types->n; t++)
			typed |= strcmp(json_get_str(&types->items[t], "name"),
					bound->members[i].key) == 0;
		if (!typed)
			cel_env_variable(env, bound->members[i].key, &cel_dyn_type);
	}
}

/* Slots are given in the order of declaration. */
static void bind(struct suite *s, const struct cel_env *base, struct arena *a,
		 const struct json *row)
{
	const struct json *types = json_get(row, "type_env"), *bound = json_get(row, "bindings");
	unsigned slot = 0, typed = 0;
	(void)base;
	for (uint32_t t = 0; types && t < types->n; t++) {
		const struct json *v = json_get(bound, json_get_str(&types->items[t], "name"));
		struct cel_value value;
		if (json_get(&types->items[t], "overloads"))
			continue;
		if (v && cel_case_value(a, v, &value))
			cel_run_set(s->run, slot, value);
		slot++;
		typed++;
	}
	for (uint32_t i = 0; bound && i < bound->n; i++) {
		struct cel_value value;
		bool known = false;
		for (uint32_t t = 0; types && t < types->n; t++)
			known |= strcmp(json_get_str(&types->items[t], "name"),
					bound->members[i].key) == 0;
		if (!known && cel_case_value(a, &bound->members[i].value, &value))
			cel_run_set(s->run, slot, value);
		slot += !known;
	}
}

/* What is expected: the row's own expectation, unless Kubernetes answers differently. */
static struct json expected(struct arena *a, const struct json *row)
{
	const struct json *k8s = json_get(row, "k8s"), *expect = json_get(row, "expect");
	if (!json_true(json_get(k8s, "same")))
		return *k8s;
	struct json out = json_copy(a, expect);
	return out;
}

static bool same_cost(const struct suite *s, const struct cel_outcome *o, const struct json *row,
		      struct buf *why)
{
	int64_t cost;
	if (!s->costs || !o->evaluated || !json_int64(json_at(row, "k8s", "cost", NULL), &cost) ||
	    o->cost == (uint64_t)cost)
		return true;
	buf_printf(why, "cost %" PRId64 ", got %" PRIu64, cost, o->cost);
	return false;
}

static void row(void *ctx, struct arena *a, const struct json *row)
{
	struct suite *s = ctx;
	struct cel_env *env = cel_env_extend(s->kubernetes);
	struct cel_value text = cel_case_text(a, json_get(row, "expr"));
	struct cel_trial t = { .env = env, .run = s->run, .text = text.text, .n = text.n };
	struct json expect = expected(a, row);
	AUTO(cel_outcome_done) struct cel_outcome o = { 0 };
	AUTO(buf_done) struct buf why = { 0 };
	const struct cel_deviation *deviation = cel_judge_deviation(text.text);
	struct cel_program *p;
	bool same = json_true(json_at(row, "k8s", "same", NULL));
	t.options.container = json_get_str(row, "container");
	t.options.unchecked = json_true(json_get(row, "disable_check"));
	t.options.no_macros = json_true(json_get(row, "disable_macros"));
	t.options.check_only = json_true(json_get(row, "check_only"));
	declare(env, a, row);
	bind(s, s->kubernetes, a, row);
	cel_judge_run(&t, &p, &o);
	if (cel_judge(&o, &expect, s->texts && !same, &why) && same_cost(s, &o, row, &why)) {
		s->counts.passed++;
	} else if (deviation && cel_judge_deviates(&o, deviation)) {
		s->counts.skipped++;
		printf("%.200s: not as Kubernetes: %s\n", text.text, deviation->why);
	} else {
		s->counts.failed++;
		printf("%s/%s/%s: %.200s: %s\n", json_get_str(row, "file"),
		       json_get_str(row, "section"), json_get_str(row, "name"), text.text,
		       buf_text(&why));
	}
	cel_program_free(p);
	cel_run_reset(s->run);
	cel_env_free(env);
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
		fprintf(stderr, "usage: cel-cases [--texts] [--cost] FILE.jsonl\n");
		return 64;
	}
	s.kubernetes = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	s.run = cel_run_new(NULL);
	int status = cel_case_file(argv[i], row, &s, &err);
	if (status < 0)
		fprintf(stderr, "%s\n", err.msg);
	printf("%u passed, %u failed, %u skipped\n", s.counts.passed, s.counts.failed,
	       s.counts.skipped);
	cel_run_free(s.run);
	cel_env_free(s.kubernetes);
	return status < 0 || s.counts.failed > 0;
}
