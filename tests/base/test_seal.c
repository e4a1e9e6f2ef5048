/* What is sealed comes back with the same key and the same place, and not otherwise. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/digest.h"
#include "base/seal.h"

enum turn {
	SAME,
	OTHER_KEY,
	OTHER_PLACE,
	ALTERED,
	SHORTER,
	LONGER,
	OTHER_VERSION,
	NO_BASE64,
	EMPTY
};

static const struct seal_case {
	const char *name;
	const char *text;
	enum turn turn;
} cases[] = {
	{ "same", "hunter2", SAME },
	{ "nothing at all", "", SAME },
	{ "another key", "hunter2", OTHER_KEY },
	{ "another place", "hunter2", OTHER_PLACE },
	{ "altered", "hunter2", ALTERED },
	{ "cut short", "hunter2", SHORTER },
	{ "made longer", "hunter2", LONGER },
	{ "another version", "hunter2", OTHER_VERSION },
	{ "no base64", "hunter2", NO_BASE64 },
	{ "no text", "hunter2", EMPTY },
};

static void turn(const struct seal_case *c, struct buf *text)
{
	AUTO(buf_done) struct buf bytes = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(base64_decode(&bytes, text->data, text->len, &err), 0);
	if (c->turn == ALTERED)
		bytes.data[bytes.len - 20] ^= 1;
	if (c->turn == OTHER_VERSION)
		bytes.data[0] = 2;
	if (c->turn == LONGER)
		buf_putc(&bytes, 'x');
	if (c->turn == SHORTER)
		bytes.len--;
	buf_reset(text);
	base64_encode(text, bytes.data, bytes.len);
	if (c->turn == NO_BASE64)
		text->data[3] = '*';
	if (c->turn == EMPTY)
		buf_reset(text);
}

static void seal_case_run(void **state)
{
	const struct seal_case *c = *state;
	AUTO(buf_done) struct buf text = { 0 }, out = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(seal("key", "Secret/a", c->text, strlen(c->text), &text, &err), 0);
	assert_null(*c->text ? strstr(text.data, c->text) : NULL);
	turn(c, &text);
	int rc = unseal(c->turn == OTHER_KEY ? "kex" : "key",
			c->turn == OTHER_PLACE ? "Secret/b" : "Secret/a", buf_text(&text), text.len,
			&out, &err);
	assert_int_equal(rc, c->turn == SAME ? 0 : -1);
	assert_int_equal(err.code, c->turn == SAME ? ERR_NONE : ERR_INPUT);
	assert_string_equal(buf_text(&out), c->turn == SAME ? c->text : "");
}

/* Two texts of the same bytes have nothing in common that would tell so. */
static void never_the_same(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf a = { 0 }, b = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(seal("key", "x", "hunter2", 7, &a, &err), 0);
	assert_int_equal(seal("key", "x", "hunter2", 7, &b, &err), 0);
	assert_int_equal(a.len, b.len);
	assert_string_not_equal(a.data + 4, b.data + 4);
}

static void too_much(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(seal("key", "x", "", (size_t)SEAL_MAX_BYTES + 1, &a, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.msg, "SEAL_MAX_BYTES"));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 2];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, seal_case_run, &cases[i]);
	tests[n++] = fixture_row("never the same", never_the_same, NULL);
	tests[n++] = fixture_row("too much", too_much, NULL);
	return _cmocka_run_group_tests("seal", tests, n, NULL, NULL);
}
