/* suggest(): a row a test. */
#include "tests/lib/fixture.h"

#include "base/suggest.h"

struct suggest_case {
	const char *word, *want; /* NULL: none */
};

static const char *const names[] = { "name",      "context",   "kubeconfig", "snapshot",
				     "inCluster", "approvals", "cluster",    "path" };

static const struct suggest_case cases[] = {
	{ "nmae", "name" },
	{ "contxt", "context" },
	{ "kubeConfig", "kubeconfig" },
	{ "incluster", "inCluster" },
	{ "approval", "approvals" },
	{ "clusters", "cluster" },
	{ "pat", "path" },
	{ "replicas", NULL },
	{ "", NULL },
	{ "x", NULL },
	{ "CLUSTER", "cluster" },
	{ "namespace", NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  NULL },
};

static void suggest_case_run(void **state)
{
	const struct suggest_case *c = *state;
	const char *got = suggest(c->word, names, ARRAY_LEN(names));
	assert_string_equal(got ? got : "(none)", c->want ? c->want : "(none)");
}

static void text(void **state)
{
	(void)state;
	AUTO(auto_free) char *one = suggest_text("nam", names, ARRAY_LEN(names));
	AUTO(auto_free) char *none = suggest_text("zzz", names, ARRAY_LEN(names));
	assert_string_equal(one, " (did you mean \"name\"?)");
	assert_string_equal(none, "");
	assert_null(suggest("name", NULL, 0));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].word, suggest_case_run, &cases[i]);
	tests[n++] = fixture_row("text", text, NULL);
	return _cmocka_run_group_tests("suggest", tests, n, NULL, NULL);
}
