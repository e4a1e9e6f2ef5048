/* Any text as an expression: it compiles or has an issue that stands within it, and compiling it
 * once more gives the same type or the same issue. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cel/cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct cel_env *environment(void)
{
	static struct cel_env *env; /* for all inputs; the process ends with it */
	if (env)
		return env;
	env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	cel_env_variable(env, "object", &cel_dyn_type);
	cel_env_variable(env, "request.time", &cel_timestamp_type);
	cel_env_variable(env, "labels", cel_env_type(env, "map(string,string)"));
	return env;
}

static char *outcome(const char *text, size_t n)
{
	struct cel_options options = { .unchecked = n && text[0] == '?' };
	struct cel_issue issue = { 0 };
	struct cel_program *p;
	AUTO(buf_done) struct buf b = { 0 };
	if (options.unchecked) {
		text++;
		n--;
	}
	if (cel_compile(environment(), text, n, &options, &p, &issue) == 0) {
		cel_type_text(cel_program_type(p), &b);
		cel_program_free(p);
		return buf_take(&b);
	}
	if (!issue.message || issue.line > n + 1 || issue.col > n + 1)
		abort();
	buf_printf(&b, "%u:%u %s\n", issue.line, issue.col, issue.message);
	cel_caret(text, n, issue.line, issue.col, &b);
	cel_issue_done(&issue);
	return buf_take(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(auto_free) char *a = outcome((const char *)data, len);
	AUTO(auto_free) char *b = outcome((const char *)data, len);
	if (strcmp(a, b) != 0)
		abort();
	return 0;
}
