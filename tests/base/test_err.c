/* err.h: chains, positions and their text. */
#include "tests/lib/fixture.h"

#include "base/err.h"

struct text_case {
	const char *name;
	struct srcpos at;
	const char *want;
};

static const struct text_case texts[] = {
	{ "no position", { 0 }, "bad" },
	{ "a file", { "a.yaml", 0, 0 }, "a.yaml: bad" },
	{ "a line", { "a.yaml", 3, 0 }, "a.yaml:3: bad" },
	{ "line and column", { "a.yaml", 3, 7 }, "a.yaml:3:7: bad" },
};

static void text_run(void **state)
{
	const struct text_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(err_at(&err, ERR_INPUT, c->at, "%s", "bad"), -1);
	AUTO(auto_free) char *text = err_text(&err);
	assert_string_equal(text, c->want);
	assert_int_equal(err.code, ERR_INPUT);
}

static void chain(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(err_set(&err, ERR_SYSTEM, "disk %d", 1), -1);
	assert_int_equal(err_wrap(&err, "read %s", "x"), -1);
	assert_int_equal(err_wrap(&err, "plan"), -1);
	assert_string_equal(err.msg, "plan: read x: disk 1");
	assert_int_equal(err.code, ERR_SYSTEM);
}

static void locate_keeps_the_first_position(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	err_set(&err, ERR_INPUT, "bad");
	err_locate(&err, (struct srcpos){ "inner", 1, 2 });
	err_locate(&err, (struct srcpos){ "outer", 3, 4 });
	AUTO(auto_free) char *text = err_text(&err);
	assert_string_equal(text, "inner:1:2: bad");
}

static void position_is_owned(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	char file[] = "a";
	err_at(&err, ERR_INPUT, (struct srcpos){ file, 1, 0 }, "bad");
	file[0] = 'b';
	assert_string_equal(err.at.file, "a");
}

static void move(void **state)
{
	(void)state;
	AUTO(err_done) struct err from = { 0 };
	AUTO(err_done) struct err to = { 0 };
	err_at(&from, ERR_STALE, (struct srcpos){ "f", 1, 1 }, "bad");
	assert_int_equal(err_move(&to, &from), -1);
	assert_int_equal(from.code, ERR_NONE);
	assert_null(from.msg);
	assert_int_equal(to.code, ERR_STALE);
}

static void empty(void **state)
{
	(void)state;
	struct err err = { 0 };
	AUTO(auto_free) char *text = err_text(&err);
	assert_string_equal(text, "no error");
	err_done(&err);
	err_done(&err);
}

int main(void)
{
	struct CMUnitTest tests[16] = {
		cmocka_unit_test(chain),
		cmocka_unit_test(locate_keeps_the_first_position),
		cmocka_unit_test(position_is_owned),
		cmocka_unit_test(move),
		cmocka_unit_test(empty),
	};
	size_t n = 5;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		tests[n++] = fixture_row(texts[i].name, text_run, &texts[i]);
	return _cmocka_run_group_tests("err", tests, n, NULL, NULL);
}
