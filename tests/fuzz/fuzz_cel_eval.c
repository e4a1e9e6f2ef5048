/* An expression, a line `---`, and a document: evaluated twice it gives the same, within its limits
 * of cost and memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_parse.h"
#include "policy/cel/cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { MOST_COST = 20000, MOST_MEMORY = 1 << 20 };

static struct cel_env *environment(void)
{
	static struct cel_env *env; /* for all inputs; the process ends with it */
	if (env)
		return env;
	env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	cel_env_variable(env, "object", &cel_dyn_type);
	cel_env_variable(env, "secret", &cel_dyn_type);
	cel_env_variable(env, "authorizer",
			 cel_env_type(env, "kubernetes.authorization.Authorizer"));
	return env;
}

static char *evaluate(struct cel_program *p, const struct json *document)
{
	struct cel_limits limits = { MOST_COST, MOST_MEMORY };
	struct cel_run *run = cel_run_new(&limits);
	AUTO(buf_done) struct buf b = { 0 };
	cel_run_set(run, 0, cel_of_json(document));
	cel_run_set(run, 1, cel_unknown("a secret"));
	cel_run_set(run, 2, cel_unknown("the authorizer"));
	struct cel_value v = cel_eval(p, run);
	cel_value_text(v, &b);
	if (cel_run_arena(run)->used > MOST_MEMORY)
		abort();
	if (v.kind != CEL_ERROR && cel_run_cost(run) > MOST_COST)
		abort();
	cel_run_free(run);
	return buf_take(&b);
}

static void run(const char *text, size_t n, const struct json *document, bool unchecked)
{
	struct cel_options options = { .unchecked = unchecked };
	struct cel_issue issue = { 0 };
	struct cel_program *p;
	if (cel_compile(environment(), text, n, &options, &p, &issue) < 0) {
		cel_issue_done(&issue);
		return;
	}
	AUTO(auto_free) char *a = evaluate(p, document);
	AUTO(auto_free) char *b = evaluate(p, document);
	if (strcmp(a, b) != 0)
		abort();
	cel_program_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char line[] = "\n---\n";
	const char *text = (const char *)data;
	const char *end = memmem(text, len, line, strlen(line));
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json document = json_of_null();
	size_t n = end ? (size_t)(end - text) : len;
	if (end)
		json_parse(&a, end + strlen(line), len - n - strlen(line), "document", NULL,
			   &document, &err);
	run(text, n, &document, false);
	run(text, n, &document, true);
	return 0;
}
