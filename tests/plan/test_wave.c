/* Waves of objects. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "plan/wave.h"

struct wave_case {
	const char *name, *annotations;
	int64_t wave;
	const char *error; /* NULL: none */
};

#define ARGO "\"argocd.argoproj.io/sync-wave\":"
#define OURS "\"rhumb.dev/sync-wave\":"

static const struct wave_case cases[] = {
	{ "none", "{}", 0, NULL },
	{ "no annotations", "null", 0, NULL },
	{ "Argo CD's", "{" ARGO "\"3\"}", 3, NULL },
	{ "ours", "{" OURS "\"-7\"}", -7, NULL },
	{ "ours wins", "{" ARGO "\"3\"," OURS "\"4\"}", 4, NULL },
	{ "ours wins over nonsense", "{" ARGO "\"x\"," OURS "\"4\"}", 4, NULL },
	{ "with a plus", "{" ARGO "\"+5\"}", 5, NULL },
	{ "the largest", "{" ARGO "\"1000000\"}", 1000000, NULL },
	{ "too large", "{" ARGO "\"1000001\"}", 0, "not \"1000001\"" },
	{ "far too large", "{" ARGO "\"99999999999999999999\"}", 0, "whole number" },
	{ "empty", "{" ARGO "\"\"}", 0, "not \"\"" },
	{ "only a sign", "{" ARGO "\"-\"}", 0, "not \"-\"" },
	{ "a fraction", "{" ARGO "\"1.5\"}", 0, "not \"1.5\"" },
	{ "a space", "{" ARGO "\" 1\"}", 0, "argocd.argoproj.io/sync-wave has to be" },
	{ "a number without quotes", "{" OURS "1}", 0, "rhumb.dev/sync-wave has to be" },
};

static void wave_case_run(void **state)
{
	const struct wave_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *text = xfmt("{\"metadata\":{\"annotations\":%s}}", c->annotations);
	struct json object = fixture_json(&a, text);
	int64_t wave = 99;
	int rc = wave_of(&object, "a.yaml", &wave, &err);
	assert_int_equal(rc, c->error ? -1 : 0);
	assert_int_equal(wave, c->wave);
	if (c->error) {
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, c->error));
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, wave_case_run, &cases[i]);
	return _cmocka_run_group_tests("wave", tests, ARRAY_LEN(cases), NULL, NULL);
}
