/* What of a text from outside reaches a terminal. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/visible.h"

struct visible_case {
	const char *name, *text, *keep, *shown;
};

static const struct visible_case cases[] = {
	{ "empty", "", "", "" },
	{ "plain", "a \"b\" \\ ~", "", "a \"b\" \\ ~" },
	{ "letters of any script", "Zoë 東京 🙂", "", "Zoë 東京 🙂" },
	{ "escape sequence", "a\x1b[31mb", "", "a\\x1b[31mb" },
	{ "title of a window", "\x1b]0;x\a", "", "\\x1b]0;x\\x07" },
	{ "C1 control",
	  "a\xc2\x9b"
	  "31m",
	  "", "a\\u009b31m" },
	{ "line feed, not kept", "a\nb", "", "a\\x0ab" },
	{ "line feed, kept", "a\nb\r", "\n\t", "a\nb\\x0d" },
	{ "DEL", "a\x7f", "", "a\\x7f" },
	{ "override of direction",
	  "a\xe2\x80\xae"
	  "b",
	  "", "a\\u202eb" },
	{ "isolate", "\xe2\x81\xa6", "", "\\u2066" },
	{ "separator of lines", "a\xe2\x80\xa8", "", "a\\u2028" },
	{ "no UTF-8", "a\xff\xc3", "", "a\\xff\\xc3" },
	{ "overlong form", "\xc0\x9b", "", "\\xc0\\x9b" },
};

static void visible_run(void **state)
{
	const struct visible_case *c = *state;
	AUTO(buf_done) struct buf b = { 0 };
	visible_put(&b, c->text, strlen(c->text), c->keep);
	assert_string_equal(buf_text(&b), c->shown);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, visible_run, &cases[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
