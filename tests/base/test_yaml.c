/* yaml.h: what is read from YAML and JSON, what is refused and where, ceilings.  What kubectl
 * reads from the same texts is compared by tests/yaml-oracle/compare. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/json_write.h"
#include "base/yaml.h"

struct yaml_case {
	const char *name, *text;
	const char *expect; /* documents as canonical JSON, a line each, or "error: ..." */
};

static int write_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)index, (void)err;
	json_write_canonical(ctx, document);
	buf_putc(ctx, '\n');
	return 0;
}

static void check(const char *text, size_t n, const char *expect)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf got = { 0 };
	if (yaml_parse(&a, text, n, "f", NULL, write_document, &got, &err) < 0) {
		AUTO(auto_free) char *message = err_text(&err);
		buf_printf(&got, "error: %s\n", message);
	}
	assert_string_equal(buf_text(&got), expect);
}

static void case_run(void **state)
{
	const struct yaml_case *c = *state;
	check(c->text, strlen(c->text), c->expect);
}

/* ---- scalars: what stands after "a: " and the value that it is */

static const struct yaml_case scalars[] = {
	{ "y", "y", "true" },
	{ "Y", "Y", "true" },
	{ "yes", "yes", "true" },
	{ "On", "On", "true" },
	{ "TRUE", "TRUE", "true" },
	{ "n", "n", "false" },
	{ "NO", "NO", "false" },
	{ "off", "off", "false" },
	{ "yEs", "yEs", "\"yEs\"" },
	{ "quoted yes", "\"yes\"", "\"yes\"" },
	{ "null", "null", "null" },
	{ "Null", "Null", "null" },
	{ "tilde", "~", "null" },
	{ "nothing", "", "null" },
	{ "nULL", "nULL", "\"nULL\"" },
	{ "octal", "0777", "511" },
	{ "octal of YAML 1.2", "0o777", "511" },
	{ "no octal", "08", "8" },
	{ "hexadecimal", "0x1F", "31" },
	{ "capital X", "0X1f", "31" },
	{ "no hexadecimal", "0xg", "\"0xg\"" },
	{ "prefix alone", "0x", "\"0x\"" },
	{ "binary", "0b101", "5" },
	{ "negative binary", "-0b11", "-3" },
	{ "sign after prefix", "0b-11", "-3" },
	{ "underscores", "1_000", "1000" },
	{ "leading underscore", "_1", "\"_1\"" },
	{ "underscore after sign", "-_1", "-1" },
	{ "plus", "+12", "12" },
	{ "two signs", "+-1", "\"+-1\"" },
	{ "minus zero", "-0", "0" },
	{ "largest int64", "9223372036854775807", "9223372036854775807" },
	{ "largest uint64", "18446744073709551615", "18446744073709551615" },
	{ "signed uint64", "+18446744073709551615", "18446744073709552000" },
	{ "beyond uint64", "18446744073709551616", "18446744073709552000" },
	{ "below int64", "-9223372036854775809", "-9223372036854776000" },
	{ "30 digits", "123456789012345678901234567890", "1.2345678901234568e+29" },
	{ "octal beyond uint64", "0777777777777777777777777", "7.777777777777778e+23" },
	{ "hexadecimal beyond uint64", "0xfffffffffffffffff", "\"0xfffffffffffffffff\"" },
	{ "float", "1.5", "1.5" },
	{ "whole float", "1.0", "1" },
	{ "no whole part", ".5", "0.5" },
	{ "no fraction", "1.", "1" },
	{ "point alone", ".", "\".\"" },
	{ "exponent", "1e3", "1000" },
	{ "exponent without digits", "1e", "\"1e\"" },
	{ "underscore in float", "1_0.5", "10.5" },
	{ "underscore after point", ".5_0", "0.5" },
	{ "trailing underscore after point", ".5_", "\".5_\"" },
	{ "20 digits", "1e20", "100000000000000000000" },
	{ "22 digits", "1e21", "1e+21" },
	{ "small", "0.000001", "0.000001" },
	{ "smaller", "0.0000001", "1e-7" },
	{ "smallest", "5e-324", "5e-324" },
	{ "power of two", "5.684341886080801e-14", "5.684341886080801e-14" },
	{ "underflow", "1e-999", "0" },
	{ "overflow", "1e999", "\"1e999\"" },
	{ "minus zero float", "-0.0", "0" },
	{ "sexagesimal", "1:30", "\"1:30\"" },
	{ "date", "2001-01-01", "\"2001-01-01\"" },
	{ "time", "2001-12-14t21:59:43.10-05:00", "\"2001-12-14t21:59:43.10-05:00\"" },
	{ "version", "1.2.3", "\"1.2.3\"" },
	{ "quantity", "500m", "\"500m\"" },
	{ "infinity with a capital", "Infinity", "\"Infinity\"" },
	{ "merge sign", "<<", "\"<<\"" },
	{ "str", "!!str 12", "\"12\"" },
	{ "str of nothing", "!!str", "\"\"" },
	{ "int of quoted", "!!int \"12\"", "12" },
	{ "float of int", "!!float 3", "3" },
	{ "bool of quoted", "!!bool \"y\"", "true" },
	{ "null of nothing", "!!null", "null" },
	{ "binary", "!!binary aGVsbG8=", "\"hello\"" },
	{ "timestamp", "!!timestamp 2001-01-01", "\"2001-01-01\"" },
	{ "tag of a list is nothing", "!!str [1]", "[1]" },
	{ "own tag", "!foo 12", "\"12\"" },
	{ "! alone", "! 12", "\"12\"" },
	{ "whole tag", "!<tag:yaml.org,2002:int> 12", "12" },
	{ "escapes", "\"\\x41\\u00e9\\U0001F600\\t\\e\"", "\"Aé😀\\t\\u001b\"" },
	{ "single quotes", "'it''s'", "\"it's\"" },
	{ "literal", "|\n  a\n   b\n\n  c\n", "\"a\\n b\\n\\nc\\n\"" },
	{ "literal, stripped", "|-\n  a\n", "\"a\"" },
	{ "literal, kept", "|+\n  a\n\n", "\"a\\n\\n\"" },
	{ "literal, indented by hand", "|1\n  a\n", "\" a\\n\"" },
	{ "literal without a last line break", "|\n  a", "\"a\\n\"" },
	{ "folded", ">\n  a\n  b\n\n  c\n", "\"a b\\nc\\n\"" },
	{ "plain on two lines", "x\n  y", "\"x y\"" },
	{ "double quotes on two lines", "\"x\\\n  y\n\n  z\"", "\"xy\\nz\"" },
};

static void scalar_run(void **state)
{
	const struct yaml_case *c = *state;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(buf_done) struct buf expect = { 0 };
	buf_printf(&text, "a: %s", c->text);
	buf_printf(&expect, "{\"a\":%s}\n", c->expect);
	check(text.data, text.len, expect.data);
}

/* ---- keys: what stands before ": v" and the key that it is */

static const struct yaml_case keys[] = {
	{ "int", "12", "12" },
	{ "octal", "010", "8" },
	{ "bool", "y", "true" },
	{ "off", "off", "false" },
	{ "whole float", "1.0", "1" },
	{ "float", "1.5", "1.5" },
	{ "long float", "3.14159265358979", "3.1415927" },
	{ "million", "1e6", "1e+06" },
	{ "100000", "1e5", "100000" },
	{ "small", "0.0001", "0.0001" },
	{ "smaller", "0.00001", "1e-05" },
	{ "infinity", ".inf", ".inf" },
	{ "beyond float32", "-1e300", "-.inf" },
	{ "not a number", ".nan", ".nan" },
	{ "minus zero", "-0.0", "-0" },
	{ "quoted", "\"12\"", "12" },
	{ "date", "2001-01-01", "2001-01-01" },
	{ "quoted merge sign", "\"<<\"", "<<" },
};

static void key_run(void **state)
{
	const struct yaml_case *c = *state;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(buf_done) struct buf expect = { 0 };
	buf_printf(&text, "%s: v\n", c->text);
	buf_printf(&expect, "{\"%s\":\"v\"}\n", c->expect);
	check(text.data, text.len, expect.data);
}

/* ---- documents */

static const struct yaml_case documents[] = {
	{ "empty file", "", "" },
	{ "comments only", "# a\n\n  # b\n", "" },
	{ "null", "null\n", "" },
	{ "separators only", "---\n---\n\n---\n", "" },
	{ "two", "a: 1\n---\nb: 2\n", "{\"a\":1}\n{\"b\":2}\n" },
	{ "empty ones between", "---\n# c\n---\na: 1\n---\n---\nb: 2\n---\n",
	  "{\"a\":1}\n{\"b\":2}\n" },
	{ "comment at a --- between documents", "a: 1\n---#c\nb: 2\n", "{\"a\":1}\n{\"b\":2}\n" },
	{ "question mark outside of brackets", "a: http://x/?y\n", "{\"a\":\"http://x/?y\"}\n" },
	{ "question mark in quotes", "a: [\"x?\"]\n", "{\"a\":[\"x?\"]}\n" },
	{ "comment after ---", "--- # c\na: 1\n", "{\"a\":1}\n" },
	{ "ended by ...", "a: 1\n...\n---\nb: 2\n...\n", "{\"a\":1}\n{\"b\":2}\n" },
	{ "scalar and list", "x\n---\n- 1\n", "\"x\"\n[1]\n" },
	{ "byte order mark",
	  "\xEF\xBB\xBF"
	  "a: 1\n",
	  "{\"a\":1}\n" },
	{ "byte order mark of a later document",
	  "a: 1\n---\n\xEF\xBB\xBF"
	  "b: 1\n",
	  "{\"a\":1}\n{\"b\":1}\n" },
	{ "CRLF", "a: 1\r\nb: |\r\n  x\r\n  y\r\n---\r\nc: 1\r\n",
	  "{\"a\":1,\"b\":\"x\\ny\\n\"}\n{\"c\":1}\n" },
	{ "sorted", "b: 1\na: 2\n", "{\"a\":2,\"b\":1}\n" },
	{ "list at the column of its key", "a:\n- x\n- w: 1\n  z: 2\n- - q\n",
	  "{\"a\":[\"x\",{\"w\":1,\"z\":2},[\"q\"]]}\n" },
	{ "empty collections", "a: []\nb: {}\nc:\n", "{\"a\":[],\"b\":{},\"c\":null}\n" },
	{ "explicit keys", "? a\n: 1\n? b\n", "{\"a\":1,\"b\":null}\n" },
	{ "alias", "a: &x [1, {b: 2}]\nc: *x\n", "{\"a\":[1,{\"b\":2}],\"c\":[1,{\"b\":2}]}\n" },
	{ "alias as key", "a: &x 1.0\n*x : v\n", "{\"1\":\"v\",\"a\":1}\n" },
	{ "anchored key", "&x 010: a\nb: *x\n", "{\"8\":\"a\",\"b\":8}\n" },
	{ "anchor set again", "- &x 1\n- *x\n- &x 2\n- *x\n", "[1,1,2,2]\n" },
	{ "anchor taken inside", "a: &x [&x 1, *x]\nb: *x\n", "{\"a\":[1,1],\"b\":1}\n" },
	{ "anchors end with the document", "a: &x 1\n---\nb: &x 2\nc: *x\n",
	  "{\"a\":1}\n{\"b\":2,\"c\":2}\n" },
	{ "merge", "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n",
	  "{\"a\":{\"k\":1,\"l\":2},\"b\":{\"k\":1,\"l\":3}}\n" },
	{ "merge after the key overrides it", "l: 3\n<<: {k: 1, l: 2}\n", "{\"k\":1,\"l\":2}\n" },
	{ "of a list the first wins", "<<: [{a: 1}, {a: 2, b: 2}]\n", "{\"a\":1,\"b\":2}\n" },
	{ "of two merges the last wins", "<<: {a: 1, b: 1}\n<<: {a: 2}\n", "{\"a\":2,\"b\":1}\n" },
	{ "merge of merges", "a: &a {x: 1}\nb: &b\n  <<: *a\n  z: 2\nc:\n  <<: *b\n",
	  "{\"a\":{\"x\":1},\"b\":{\"x\":1,\"z\":2},\"c\":{\"x\":1,\"z\":2}}\n" },
	{ "merge of nothing", "<<: {}\na: 1\n", "{\"a\":1}\n" },
	{ "quoted << is a key", "\"<<\": {a: 1}\n", "{\"<<\":{\"a\":1}}\n" },
	{ "alias of << is a key", "- &m <<\n- *m : 1\n", "[\"<<\",{\"<<\":1}]\n" },
	{ "JSON", "{\"a\": [1, 2.50, 1.0, \"x\\/\\ud83d\\ude00\"]}\n",
	  "{\"a\":[1,2.5,1,\"x/😀\"]}\n" },
	{ "JSON values in a row", " {\"a\":1}{\"b\":2}\n[3] \"x\" null {}\n",
	  "{\"a\":1}\n{\"b\":2}\n[3]\n\"x\"\n{}\n" },
	{ "JSON, then YAML", "{\"a\":1}\n---\nb: 2\n---\n{\"c\": 3}\n",
	  "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n" },
	{ "YAML in flow style", "{a: 1, b: [x, y]}\n", "{\"a\":1,\"b\":[\"x\",true]}\n" },
	{ "JSON numbers as kubectl sends them", "{\"a\":-0, \"b\":1e2, \"c\":18446744073709551616}",
	  "{\"a\":0,\"b\":100,\"c\":18446744073709552000}\n" },
};

/* ---- errors */

static const struct yaml_case errors[] = {
	{ "tab", "a:\n\tb: 1\n",
	  "error: f:2:1: found a tab where indentation is expected; use spaces\n" },
	{ "tab in a later document", "a: 1\n---\n# c\nb:\n\t- 1\n",
	  "{\"a\":1}\nerror: f:5:1: found a tab where indentation is expected; use spaces\n" },
	{ "question mark in a word in brackets", "a: [x, http://x/?y]\n",
	  "error: f:1:8: kubectl reads no ? in a word within [] or {}; put the word in quotes\n" },
	{ "tag up to a comma", "a: [!!str,x]\n", "error: f:1:5: put a space after the tag\n" },
	{ "tag up to a bracket", "a: {b: !!null}\n", "error: f:1:14: put a space after the tag\n" },
	{ "--- and a word", "---#c\na: 1\n",
	  "error: f:1:4: a comment after --- needs a space before it\n" },
	{ "invalid UTF-8 in comments only", "a: 1\n---\n# \xFF\n",
	  "{\"a\":1}\nerror: f:3:3: invalid leading UTF-8 octet\n" },
	{ "colon in a value", "a: b: c\n",
	  "error: f:1:5: found a second ': ' in one value, or a key indented too deep; put the "
	  "value in quotes or correct the indentation\n" },
	{ "indentation", "a:\n    b: 1\n  c: 1\n",
	  "error: f:3:3: expected a key as deeply indented as those above; correct the "
	  "indentation\n" },
	{ "no colon", "a: 1\nb\nc: 2\n",
	  "error: f:2:1: found no ':' after this key; write `key: value`, or indent text that goes "
	  "on\n" },
	{ "list under a scalar", "a: 1\n- b\n",
	  "error: f:2:1: expected a key as deeply indented as those above; correct the "
	  "indentation\n" },
	{ "outdented", "  a: 1\nb: 2\n",
	  "error: f:2:1: expected a line with --- or the end; only one value can stand at the "
	  "top\n" },
	{ "open brackets", "a: [1, 2\n", "error: f:2:1: expected ',' or ']'\n" },
	{ "open quotes", "a: 1\nb: \"x\nc: 2\n",
	  "error: f:2:4: the text ends within quotes; close them\n" },
	{ "percent", "a: %x\n", "error: f:1:4: a value cannot start with %; put it in quotes\n" },
	{ "at", "a: @x\n", "error: f:1:4: a value cannot start with @; put it in quotes\n" },
	{ "template", "a: {{ .Values.x }}\n",
	  "error: f:1:5: a template ({{ }}) is no YAML; render it first, or put it in quotes\n" },
	{ "duplicate key", "a: 1\nb: 2\na: 3\n",
	  "error: f:3:1: duplicate key \"a\": it stands at 1:1 too; remove one of them\n" },
	{ "duplicate as text", "x:\n  1: a\n  \"1\": b\n",
	  "error: f:3:3: duplicate key \"1\": it stands at 2:3 too; remove one of them\n" },
	{ "duplicate in JSON", "{\"a\":1}\n{\"b\":1,\n \"b\":2}",
	  "{\"a\":1}\nerror: f:3:2: duplicate key \"b\": it stands at 2:2 too; remove one of "
	  "them\n" },
	{ "infinity", "a: .inf\n",
	  "error: f:1:4: JSON has no infinity and no NaN; put it in quotes to make it a string\n" },
	{ "NaN in a list", "- .NaN\n",
	  "error: f:1:3: JSON has no infinity and no NaN; put it in quotes to make it a string\n" },
	{ "NUL", "a: \"x\\0\"\n", "error: f:1:4: a string cannot hold the character NUL (\\0)\n" },
	{ "null key", "~: 1\n",
	  "error: f:1:1: a key cannot be null; put it in quotes to make it a string\n" },
	{ "uint64 key", "18446744073709551615: 1\n",
	  "error: f:1:1: a key cannot be an integer beyond 64 bits; put it in quotes\n" },
	{ "list as key", "? [a]\n: 1\n",
	  "error: f:1:3: a key has to be a scalar, not a mapping or a list\n" },
	{ "int of a word", "a: !!int x\n", "error: f:1:4: it is tagged !!int and is no integer\n" },
	{ "int of a float", "a: !!int 1.0\n",
	  "error: f:1:4: it is tagged !!int and is no integer\n" },
	{ "float of uint64", "a: !!float 18446744073709551615\n",
	  "error: f:1:4: it is tagged !!float and is no number\n" },
	{ "bool of a number", "a: !!bool 1\n",
	  "error: f:1:4: it is tagged !!bool and is no boolean\n" },
	{ "null of a word", "a: !!null x\n",
	  "error: f:1:4: it is tagged !!null and is not null\n" },
	{ "30 February", "a: !!timestamp 2001-02-30\n",
	  "error: f:1:4: it is tagged !!timestamp and is none\n" },
	{ "no base64", "a: !!binary a\n",
	  "error: f:1:4: it is tagged !!binary and is no base64\n" },
	{ "bytes that are no text", "a: !!binary gICA\n",
	  "error: f:1:4: a string holds UTF-8 without NUL, this !!binary something else; write the "
	  "base64 text without the tag\n" },
	{ "unknown alias", "a: *x\n", "error: f:1:4: no anchor &x before this alias\n" },
	{ "alias from another document", "a: &x 1\n---\nb: *x\n",
	  "{\"a\":1}\nerror: f:3:4: no anchor &x before this alias\n" },
	{ "alias to itself", "a: &x [1, *x]\n", "error: f:1:11: the anchor &x contains itself\n" },
	{ "merge of itself", "a: &x\n  <<: *x\n", "error: f:2:7: the anchor &x contains itself\n" },
	{ "merge of a scalar", "<<: a\n",
	  "error: f:1:5: << takes a mapping, an alias of one, or a list of those\n" },
	{ "merge of an alias of a list", "a: &x [{b: 1}]\n<<: *x\n",
	  "error: f:2:5: << takes a mapping, an alias of one, or a list of those\n" },
	{ "merge of a list of scalars", "<<: [1]\n",
	  "error: f:1:5: << takes a mapping, an alias of one, or a list of those\n" },
	{ "text after ---", "a: 1\n--- b\n",
	  "error: f:2:5: only a comment can follow --- on its line, or kubectl refuses the file; "
	  "put the rest on the next line\n" },
	{ "four dashes", "----\na: 1\n",
	  "error: f:1:4: only a comment can follow --- on its line, or kubectl refuses the file; "
	  "put the rest on the next line\n" },
	{ "directive", "# c\n%YAML 1.1\n---\na: 1\n",
	  "error: f:2:1: kubectl reads no % directives; remove the line\n" },
	{ "text after ...", "a: 1\n...\nb: 2\n",
	  "error: f:3:1: expected a line with --- or the end; only one value can stand at the "
	  "top\n" },
	{ "document after a line break that only YAML knows", "a: 1\n\r---\nb: 2\n",
	  "error: f:3:1: a document without a line --- before it, which kubectl would not read; "
	  "add the line\n" },
	{ "mark within the file",
	  "a: 1\n\xEF\xBB\xBF"
	  "b: 1\n",
	  "error: f:2:1: a byte order mark (U+FEFF) within the file; remove it\n" },
	{ "invalid UTF-8", "a: 1\nb: x\xFF\n", "error: f:2:5: invalid leading UTF-8 octet\n" },
	{ "control character", "a: x\x01\n",
	  "error: f:1:5: control characters are not allowed; write them as \\x.. in double "
	  "quotes\n" },
	{ "lone surrogate", "a: \"\\ud800\"\n",
	  "error: f:1:7: found invalid Unicode character escape code\n" },
	{ "JSON number too large", "{\"a\": 1e999}",
	  "error: f:1:7: a number is too large for a double\n" },
	{ "third JSON value", "{}{} {a: 1}",
	  "{}\n{}\nerror: f:1:7: expected a key in double quotes\n" },
};

static void utf16(void **state)
{
	(void)state;
	static const char little[] = "\xFF\xFE"
				     "a\0:\0 \0\xE9\0=\xD8\0\xDE\r\0\n\0b\0:\0\t\0";
	static const char big[] = "\xFE\xFF\0b\0:\0 \0"
				  "1";
	static const char lone[] = "\xFF\xFE"
				   "a\0\n\0x\0=\xD8y\0";
	check(big, sizeof(big) - 1, "{\"b\":1}\n");
	check(little, sizeof(little) - 1, "{\"a\":\"é😀\",\"b\":null}\n");
	check(lone, sizeof(lone) - 1, "error: f:2:2: invalid UTF-16; save the file as UTF-8\n");
}

/* ---- positions */

static void at(const struct json *v, unsigned line, unsigned col)
{
	assert_non_null(v);
	assert_int_equal(v->line, line);
	assert_int_equal(v->col, col);
}

static void key_at(const struct json *v, const char *key, unsigned line, unsigned col)
{
	const struct json_member *m = json_member(v, key);
	assert_non_null(m);
	assert_int_equal(m->line, line);
	assert_int_equal(m->col, col);
}

static int keep(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)err;
	((struct json *)ctx)[index] = *document;
	return 0;
}

static void read_into(struct arena *a, const char *text, struct json *documents_out)
{
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(yaml_parse(a, text, strlen(text), "f", NULL, keep, documents_out, &err),
			 0);
}

static void positions(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json d[2];
	read_into(&a,
		  "# c\r\n"
		  "a: &x\r\n"
		  "  k: é\r\n"
		  "  l: {é: 1, z: 2}\r\n"
		  "---\r\n"
		  "\r\n"
		  "b: &y\r\n"
		  "- p: 1\r\n"
		  "c: *y\r\n"
		  "d:\r\n"
		  "  <<: &z {m: 1}\r\n"
		  "  o: 2\r\n",
		  d);
	at(&d[0], 2, 1);
	key_at(&d[0], "a", 2, 1);
	key_at(json_get(&d[0], "a"), "l", 4, 3);
	at(json_at(&d[0], "a", "k", NULL), 3, 6);
	at(json_at(&d[0], "a", "l", NULL), 4, 6);
	key_at(json_at(&d[0], "a", "l", NULL), "z", 4, 13);
	at(json_at(&d[0], "a", "l", "z", NULL), 4, 16);
	at(&d[1], 7, 1);
	at(json_get(&d[1], "c"), 9, 4);
	at(&json_get(&d[1], "c")->items[0], 8, 3);
	key_at(json_get(&d[1], "d"), "m", 11, 11);
	at(json_at(&d[1], "d", "m", NULL), 11, 14);
	key_at(json_get(&d[1], "d"), "o", 12, 3);
}

static void positions_in_json(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json d[2];
	read_into(&a, "\n {\"é\":1,\n  \"b\":[2]} {\"c\":\n3}\n", d);
	at(&d[0], 2, 2);
	key_at(&d[0], "é", 2, 3);
	at(json_get(&d[0], "é"), 2, 7);
	at(&json_get(&d[0], "b")->items[0], 3, 8);
	at(&d[1], 3, 12);
	key_at(&d[1], "c", 3, 13);
	at(json_get(&d[1], "c"), 4, 1);
}

/* ---- one document */

static void one(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json v;
	assert_int_equal(yaml_parse_one(&a, "# c\n", 4, "f", NULL, &v, &err), 0);
	assert_int_equal(v.type, JSON_NULL);
	assert_int_equal(yaml_parse_one(&a, "a: 1\n---\n", 9, "f", NULL, &v, &err), 0);
	assert_int_equal(v.type, JSON_OBJECT);
	v = json_of_null();
	assert_int_equal(yaml_parse_one(&a, "a: 1\n---\nb: 1\n", 14, "f", NULL, &v, &err), -1);
	assert_int_equal(v.type, JSON_NULL);
	assert_int_equal(err.code, ERR_INPUT);
	AUTO(auto_free) char *text = err_text(&err);
	assert_string_equal(text, "f:3:1: a second document; this file holds exactly one");
}

static int stop(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)ctx, (void)document;
	return index == 1 ? err_set(err, ERR_REFUSED, "enough") : 0;
}

static void callback_stops(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	const char *text = "a\n---\nb\n---\n[\n";
	assert_int_equal(yaml_parse(&a, text, strlen(text), "f", NULL, stop, NULL, &err), -1);
	assert_string_equal(err.msg, "enough");
}

#define ROWS(table, run)                                                                           \
	for (size_t i = 0; i < ARRAY_LEN(table); i++)                                              \
	tests[n++] = fixture_row((table)[i].name, run, &(table)[i])

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(scalars) + ARRAY_LEN(keys) + ARRAY_LEN(documents) +
				ARRAY_LEN(errors) + 5];
	size_t n = 0;
	ROWS(scalars, scalar_run);
	ROWS(keys, key_run);
	ROWS(documents, case_run);
	ROWS(errors, case_run);
	tests[n++] = fixture_row("UTF-16", utf16, NULL);
	tests[n++] = fixture_row("positions", positions, NULL);
	tests[n++] = fixture_row("positions in JSON", positions_in_json, NULL);
	tests[n++] = fixture_row("one document", one, NULL);
	tests[n++] = fixture_row("callback stops", callback_stops, NULL);
	return _cmocka_run_group_tests("yaml", tests, n, NULL, NULL);
}
