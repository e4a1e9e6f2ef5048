/* yaml_write() in json_write.h: the text, and that it is read back as an equal tree. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"
#include "base/yaml.h"

struct write_case {
	const char *name, *json, *yaml;
};

static const struct write_case trees[] = {
	{ "null", "null", "null\n" },
	{ "empty object", "{}", "{}\n" },
	{ "empty array", "[]", "[]\n" },
	{ "scalars", "{\"a\":null,\"b\":true,\"c\":-12,\"d\":1.5,\"e\":\"x\"}",
	  "a: null\nb: true\nc: -12\nd: 1.5\ne: x\n" },
	{ "nested", "{\"a\":{\"b\":{\"c\":{}}}}", "a:\n  b:\n    c: {}\n" },
	{ "lists", "{\"a\":[1,[2,[3]],{\"b\":1,\"c\":[4]},[]]}",
	  "a:\n- 1\n- - 2\n  - - 3\n- b: 1\n  c:\n  - 4\n- []\n" },
	{ "list at the top", "[{\"a\":{\"b\":1}},\"x\"]", "- a:\n    b: 1\n- x\n" },
	{ "keys", "{\"1\":1,\"<<\":2,\"a b\":3,\"n\":4,\"x: y\":5,\"\":6,\"-\":7}",
	  "\"\": 6\n\"-\": 7\n\"1\": 1\n\"<<\": 2\na b: 3\n\"n\": 4\n\"x: y\": 5\n" },
	{ "literal in a list of a map", "{\"a\":[\"x\\ny\\n\",{\"b\":\"x\\ny\"}]}",
	  "a:\n- |\n  x\n  y\n- b: |-\n    x\n    y\n" },
	{ "literal at the top", "\"x\\n y\\n\"", "|\n  x\n   y\n" },
	{ "key of several lines", "{\"a\\nb\":1}", "\"a\\nb\": 1\n" },
};

/* The text of a string, as a member of an object. */
static const struct write_case strings[] = {
	{ "word", "x", "x" },
	{ "words", "a b  c", "a b  c" },
	{ "empty", "", "\"\"" },
	{ "true", "true", "\"true\"" },
	{ "y", "y", "\"y\"" },
	{ "null", "null", "\"null\"" },
	{ "tilde", "~", "\"~\"" },
	{ "integer", "12", "\"12\"" },
	{ "octal", "0o17", "\"0o17\"" },
	{ "float", "1e3", "\"1e3\"" },
	{ "sexagesimal", "12:30:45", "\"12:30:45\"" },
	{ "date", "2001-01-01", "\"2001-01-01\"" },
	{ "time", "2001-12-14T21:59:43Z", "\"2001-12-14T21:59:43Z\"" },
	{ "infinity", "-.inf", "\"-.inf\"" },
	{ "version", "v1.2.3", "v1.2.3" },
	{ "quantity", "500m", "500m" },
	{ "image", "registry:5000/a/b:1.2@sha256:00", "registry:5000/a/b:1.2@sha256:00" },
	{ "flag", "--a=b", "--a=b" },
	{ "dash", "-", "\"-\"" },
	{ "dash and space", "- a", "\"- a\"" },
	{ "three dashes", "---x", "\"---x\"" },
	{ "three points", "...", "\"...\"" },
	{ "colon at the end", "a:", "\"a:\"" },
	{ "colon and space", "a: b", "\"a: b\"" },
	{ "colon", "a:b", "a:b" },
	{ "number sign", "a#b", "a#b" },
	{ "space and number sign", "a #b", "\"a #b\"" },
	{ "braces", "{{ x }}", "\"{{ x }}\"" },
	{ "at", "@x", "\"@x\"" },
	{ "percent", "100%", "100%" },
	{ "leading percent", "%x", "\"%x\"" },
	{ "leading space", " x", "\" x\"" },
	{ "trailing space", "x ", "\"x \"" },
	{ "equals", "=", "\"=\"" },
	{ "JSON", "{\"a\": 1}", "'{\"a\": 1}'" },
	{ "pattern", "^\\d+'$", "^\\d+'$" },
	{ "pattern to be quoted", "[a]\\'", "'[a]\\'''" },
	{ "tab", "a\tb", "\"a\\tb\"" },
	{ "carriage return", "a\r\nb", "\"a\\r\\nb\"" },
	{ "control", "\x01\x7f", "\"\\x01\\x7F\"" },
	{ "line separator", "a\xE2\x80\xA8", "\"a\\u2028\"" },
	{ "next line", "a\xC2\x85", "\"a\\x85\"" },
	{ "byte order mark", "\xEF\xBB\xBF", "\"\\uFEFF\"" },
	{ "letters", "é 😀", "é 😀" },
	{ "lines", "a\nb\n", "|\n  a\n  b" },
	{ "lines without the last break", "a\n\n b", "|-\n  a\n\n   b" },
	{ "indented lines", " a\nb\n", "|2\n   a\n  b" },
	{ "lines after an empty one", "\na\n", "|2\n\n  a" },
	{ "lines after a tab", "\ta\n", "|2\n  \ta" },
	{ "lines of spaces", "a\n  \nb", "|-\n  a\n    \n  b" },
	{ "line breaks only", "\n\n", "\"\\n\\n\"" },
	{ "several breaks at the end", "a\n\n", "\"a\\n\\n\"" },
	{ "certificate", "-----BEGIN X-----\nAA==\n", "|\n  -----BEGIN X-----\n  AA==" },
};

static void check(const struct json *v, const char *yaml)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json again;
	yaml_write(&text, v);
	if (yaml)
		assert_string_equal(buf_text(&text), yaml);
	assert_int_equal(yaml_parse_one(&a, text.data, text.len, "f", NULL, &again, &err), 0);
	assert_true(json_equal(v, &again));
}

static void tree_run(void **state)
{
	const struct write_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, c->json);
	check(&v, c->yaml);
}

static void string_run(void **state)
{
	const struct write_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf yaml = { 0 };
	struct json v = json_of_object();
	json_set_str(&a, &v, "a", c->json);
	buf_printf(&yaml, "a: %s\n", c->yaml);
	check(&v, yaml.data);

	struct json top = json_of_string(&a, c->json), deep = json_of_array();
	struct json key = json_of_object();
	check(&top, NULL);
	json_append(&a, json_append(&a, &deep, json_of_array()), top);
	check(&deep, NULL);
	json_set_str(&a, &key, c->json, c->json);
	check(&key, NULL);
}

/* From 1024 characters on a key has to be announced. */
static void long_keys(void **state)
{
	(void)state;
	for (int n = 990; n < 1040; n++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(buf_done) struct buf key = { 0 };
		struct json v = json_of_object();
		for (int i = 0; i < n; i++)
			buf_putc(&key, 'k');
		json_set_int(&a, json_edit(&a, &v, "a"), key.data, 1);
		check(&v, NULL);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(trees) + ARRAY_LEN(strings) + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(trees); i++)
		tests[n++] = fixture_row(trees[i].name, tree_run, &trees[i]);
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		tests[n++] = fixture_row(strings[i].name, string_run, &strings[i]);
	tests[n++] = fixture_row("long keys", long_keys, NULL);
	return _cmocka_run_group_tests("yaml_write", tests, n, NULL, NULL);
}
