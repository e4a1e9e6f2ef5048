/* Expressions that mean harm end in an error, within the limits of cost and memory. */
#include "tests/lib/cel_fixture.h"

#include <sys/resource.h>

#include "base/buf.h"

#define COST   "error operation cancelled: actual cost limit exceeded"
#define MEMORY "error operation cancelled: memory limit exceeded"

/* before, then n times inside, then n times after: "(((1)))". */
struct nest_case {
	const char *name, *before, *middle, *after;
	unsigned n;
	const char *expected; /* what the outcome begins with */
};

static const struct nest_case nests[] = {
	{ "brackets as deep as allowed", "(", "1", ")", 249, "int 1" },
	{ "brackets", "(", "1", ")", 250, "parse 0:0 expression recursion limit exceeded: 250" },
	{ "many brackets", "(", "1", ")", 40000,
	  "parse 0:0 expression recursion limit exceeded: 250" },
	{ "brackets that are never closed", "(", "", "", 90000,
	  "parse 0:0 expression recursion limit exceeded: 250" },
	{ "lists", "[", "1", "]", 40000, "parse 0:0 expression recursion limit exceeded: 250" },
	{ "maps", "{1:", "1", "}", 20000, "parse 0:0 expression recursion limit exceeded: 250" },
	{ "conditions", "true ? 1 : ", "2", "", 8000, "parse 0:0 expression recursion limit" },
	{ "signs", "!", "true", "", 90001, "bool false" },
	{ "sums", "1+", "1", "", 40000, "parse 0:0 max recursion depth exceeded" },
	{ "selections", "", "object", ".a", 40000, "parse 0:0 max recursion depth exceeded" },
	{ "indexes", "", "object", "[0]", 30000, "parse 0:0 max recursion depth exceeded" },
	{ "methods", "", "'a'", ".size()", 10000, "parse 0:0 max recursion depth exceeded" },
	{ "macros", "[1].map(x, ", "x", ")", 8000, "parse 0:0 expression recursion limit" },
	{ "terms", "true && ", "true", "", 12000, "bool true" },
	{ "a long name", "a", "", "", 99000, "check 1:1 undeclared reference" },
	{ "too long", "1 ", "", "", 60000, "parse 0:0 expression code point size exceeds limit" },
	{ "a long number", "9", "", "", 99000, "parse 1:1 invalid int literal" },
	{ "a long string", "", "'", "a", 90000, "parse 1:1 Syntax error" },
	{ "a long list", "", "[1", ",1", 40000, "parse 1:80003" },
	/* doubling: each step twice the one before */
	{ "doubling of texts", "", "['0123456789']", ".map(x, x + x)", 40, COST },
	{ "doubling of lists", "", "[[1]]", ".map(x, x + x)", 60, MEMORY },
	{ "doubling of nested lists", "", "[[1]]", ".map(x, [x, x])", 60, "list [" },
	{ "doubling of types", "", "[1]", ".map(x, {x: x})", 100, "list [" },
	{ "doubling of free types", "", "[[]]", ".map(x, {x: x})", 100, "list [" },
	/* loops within loops */
	{ "loops", "[1,2,3,4,5,6,7,8,9,10].all(x, ", "true", ")", 20, COST },
	{ "loops that build", "[1,2,3,4,5,6,7,8,9,10].map(x, ", "1", ")", 9, COST },
};

static char *nested(const struct nest_case *c)
{
	struct buf b = { 0 };
	for (unsigned i = 0; i < c->n; i++)
		buf_puts(&b, c->before);
	buf_puts(&b, c->middle);
	for (unsigned i = 0; i < c->n; i++)
		buf_puts(&b, c->after);
	return buf_take(&b);
}

static void nest_run(void **state)
{
	const struct nest_case *c = *state;
	AUTO(auto_free) char *text = nested(c);
	AUTO(auto_free) char *got = cel_fixture(text, "{}", NULL);
	char *start = strndup(got, strlen(c->expected));
	assert_string_equal(start, c->expected);
	free(start);
}

/* Work that cel-go's costs do not show: two values that share one part over and over. */
static const struct cel_row rows[] = {
	{ "[0,1,2,3,4,5,6,7,8,9].map(a, [0,1,2,3,4,5,6,7,8,9].map(b, object)).map(x, [x, x, x, x])"
	  ".map(x, [x, x, x, x]).map(x, [x, x, x, x]).map(x, [x, x, x, x]).map(x, [x, x, x, x])"
	  ".map(x, [x, x, x, x]).map(x, [x, x, x, x]).map(x, [x, x, x, x]).map(x, [x, x, x, x])"
	  ".map(x, [x, x, x, x]).map(x, [x, x, x, x]).map(x, [x, x, x, x]).map(x, [x, x, x, x])"
	  ".map(x, [x, x, x, x] == [x, x, x, x])",
	  COST, "[1,2,3,4,5,6,7,8,9,10]" },
};

static void small_run(void **state)
{
	(void)state;
	struct cel_limits limits = { .cost = 100, .memory = 4096 };
	AUTO(auto_free)
	char *cost =
		cel_fixture("[1,2,3,4,5,6,7,8,9].all(x, [1,2,3,4,5,6,7,8,9].all(y, true)) || true",
			    NULL, &limits);
	assert_string_equal(cost, COST);
	limits.cost = 0;
	AUTO(auto_free)
	char *memory = cel_fixture("[[1,2,3,4]].map(x, x + x).map(x, x + x).map(x, x + x)"
				   ".map(x, x + x).map(x, x + x).map(x, x + x).size() == 1 || true",
				   NULL, &limits);
	assert_string_equal(memory, MEMORY);
}

/* A limit is no error that || could absorb, and the next evaluation starts afresh. */
static void again_run(void **state)
{
	(void)state;
	struct cel_limits limits = { .cost = 20 };
	struct cel_env *env = cel_env_new(cel_kubernetes_libraries, cel_kubernetes_n_libraries);
	struct cel_run *run = cel_run_new(&limits);
	struct cel_program *dear, *cheap;
	struct cel_issue issue = { 0 };
	const char *text = "[1,2,3,4,5,6].exists(x, x > 7) || true";
	assert_int_equal(cel_compile(env, text, strlen(text), NULL, &dear, &issue), 0);
	assert_int_equal(cel_compile(env, "1 + 1", 5, NULL, &cheap, &issue), 0);
	assert_int_equal(cel_eval(dear, run).kind, CEL_ERROR);
	assert_true(cel_run_stopped(run));
	struct cel_value v = cel_eval(cheap, run);
	assert_int_equal(v.kind, CEL_INT);
	assert_int_equal(v.i, 2);
	assert_false(cel_run_stopped(run));
	assert_int_equal(cel_run_cost(run), 1);
	cel_program_free(dear);
	cel_program_free(cheap);
	cel_run_free(run);
	cel_env_free(env);
}

/* Everything above, in 64 MiB. */
static void memory_run(void **state)
{
	(void)state;
	struct rusage use;
	getrusage(RUSAGE_SELF, &use);
	assert_true(use.ru_maxrss < 64 << 10);
}

static bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return false;
}

static void skip_run(void **state)
{
	(void)state;
	skip(); /* the sanitizer keeps what was freed */
}

int main(void)
{
	enum { N = ARRAY_LEN(nests), R = ARRAY_LEN(rows) };
	struct CMUnitTest tests[N + R + 3];
	for (size_t i = 0; i < N; i++)
		tests[i] = fixture_row(nests[i].name, nest_run, &nests[i]);
	for (size_t i = 0; i < R; i++)
		tests[N + i] =
			fixture_row("work that costs do not show", cel_fixture_row, &rows[i]);
	tests[N + R] = fixture_row("small limits", small_run, NULL);
	tests[N + R + 1] = fixture_row("after a limit", again_run, NULL);
	tests[N + R + 2] = fixture_row("peak memory", is_sanitized() ? skip_run : memory_run, NULL);
	return _cmocka_run_group_tests("cel limits", tests, N + R + 3, NULL, NULL);
}
