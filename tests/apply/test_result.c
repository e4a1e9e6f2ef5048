/* Result files: what is written is read back, anything else is refused. */
#include "tests/lib/fake_world.h"

#include <string.h>

#include "base/json_write.h"

static char *text_of(const struct apply_result *r)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	struct json root = result_to_json(r, &a);
	json_write_canonical(&b, &root);
	return buf_take(&b);
}

static void round_trip(void **state)
{
	(void)state;
	struct world w;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *path = xfmt("%s/result.json", dir);
	world_init(&w);
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "a", "1"));
	world_plan(&w, ACTION_CREATE, CONFIG("shop", "b", "1"));
	world_plan(&w, ACTION_CREATE, ACCOUNT("shop", "sa"));
	world_planned(&w);
	w.f.fail_at = 1;
	w.f.mutate = "x";
	assert_int_equal(world_apply(&w), -1);
	result_problem(&w.result, "one more: %d", 1);

	struct err err = { 0 };
	struct apply_result again = { 0 };
	assert_int_equal(result_write(&w.result, path, &err), 0);
	assert_int_equal(result_read(&again, path, &err), 0);
	AUTO(auto_free) char *first = text_of(&w.result), *second = text_of(&again);
	assert_string_equal(first, second);
	assert_string_equal(again.plan, w.p.digest);
	assert_int_equal(again.outcome, APPLY_FAILED);
	assert_int_equal(again.n_objects, 3);
	result_done(&again);
	world_done(&w);
}

#define HEAD                                                                                       \
	"\"apiVersion\":\"rhumb.dev/v1\",\"kind\":\"Result\",\"plan\":\"sha256:"                   \
	"0123456789012345678901234567890123456789012345678901234567890123\",\"cluster\":{"         \
	"\"name\":\"c\",\"uid\":\"u\"},\"started\":\"2026-01-02T03:04:05Z\",\"seconds\":0.1,"      \
	"\"next\":\"\",\"problems\":[],"
#define OBJECT                                                                                     \
	"{\"id\":\"ConfigMap/a/b\",\"action\":\"create\",\"outcome\":\"applied\",\"seconds\":0.1"

struct parse_case {
	const char *name, *text, *error; /* NULL: fine */
};

static const struct parse_case cases[] = {
	{ "ready as text",
	  "{" HEAD "\"outcome\":\"applied\",\"objects\":[" OBJECT ",\"ready\":1}]}",
	  "true or false" },
	{ "empty", "{" HEAD "\"outcome\":\"applied\",\"objects\":[]}", NULL },
	{ "one", "{" HEAD "\"outcome\":\"stale\",\"objects\":[" OBJECT "}]}", NULL },
	{ "all keys",
	  "{" HEAD "\"outcome\":\"failed\",\"objects\":[" OBJECT
	  ",\"message\":\"m\",\"file\":\"f\",\"line\":3,\"verified\":false,\"ready\":true}]}",
	  NULL },
	{ "no JSON", "x", "not a whole result file" },
	{ "cut short", "{" HEAD "\"outcome\":\"applied\",\"objects\":[",
	  "not a whole result file" },
	{ "a list", "[]", "kind `Result`" },
	{ "a plan", "{\"kind\":\"Plan\"}", "kind `Result`" },
	{ "another version", "{\"kind\":\"Result\",\"apiVersion\":\"rhumb.dev/v9\"}",
	  "another version, `rhumb.dev/v9`" },
	{ "unknown key", "{" HEAD "\"outcome\":\"applied\",\"objects\":[],\"x\":1}",
	  "unknown key `x`" },
	{ "unknown outcome", "{" HEAD "\"outcome\":\"fine\",\"objects\":[]}",
	  "unknown value in `outcome`" },
	{ "no outcome", "{" HEAD "\"objects\":[]}", "expected a text in `outcome`" },
	{ "no objects", "{" HEAD "\"outcome\":\"applied\"}", "expected a list in `objects`" },
	{ "an object twice",
	  "{" HEAD "\"outcome\":\"applied\",\"objects\":[" OBJECT "}," OBJECT "}]}",
	  "stands twice: `ConfigMap/a/b`" },
	{ "an object of another type", "{" HEAD "\"outcome\":\"applied\",\"objects\":[1]}",
	  "expected an object in `objects`" },
	{ "a line of no file",
	  "{" HEAD "\"outcome\":\"applied\",\"objects\":[" OBJECT ",\"line\":0}]}",
	  "expected a line" },
	{ "a text for a truth",
	  "{" HEAD "\"outcome\":\"applied\",\"objects\":[" OBJECT ",\"verified\":\"yes\"}]}",
	  "true or false" },
	{ "an integer for a time",
	  "{" HEAD "\"outcome\":\"applied\",\"objects\":[{\"id\":\"x\",\"action\":\"create\","
	  "\"outcome\":\"applied\",\"seconds\":1}]}",
	  "expected a time" },
};

static void parse_case_run(void **state)
{
	const struct parse_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(result_done) struct apply_result r = { 0 };
	int rc = result_parse(&r, c->text, strlen(c->text), "r.json", &err);
	if (!c->error) {
		if (rc < 0)
			fail_msg("%s", err.msg);
		AUTO(auto_free) char *text = text_of(&r);
		struct apply_result again = { 0 };
		assert_int_equal(result_parse(&again, text, strlen(text), "again", &err), 0);
		AUTO(auto_free) char *same = text_of(&again);
		assert_string_equal(text, same);
		result_done(&again);
		return;
	}
	assert_int_equal(rc, -1);
	if (!strstr(err.msg, c->error))
		fail_msg("\"%s\" does not have \"%s\"", err.msg, c->error);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, parse_case_run, &cases[i]);
	tests[n++] = fixture_row("round trip", round_trip, NULL);
	return _cmocka_run_group_tests("result", tests, n, NULL, NULL);
}
