/* yaml.h: ceilings.  Hostile texts end in an error, with little memory and time. */
#include "tests/lib/fixture.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/yaml.h"

enum {
	MEMORY = 64 << 20, /* bytes in the arena */
	SECONDS = 5,       /* of CPU; a sanitizer makes it many times slower */
};

/* The text: start, then `count` times repeat, then end. */
struct limit_case {
	const char *name;
	const char *start, *repeat, *end;
	size_t count;
	const char *message; /* part of it; NULL: it is read */
};

static const struct limit_case hostile[] = {
	{ "brackets", "", "[", "", 16 << 20, "128 levels (YAML_MAX_DEPTH)" },
	{ "brackets on lines", "", "[\n", "", 8 << 20, "128 levels (YAML_MAX_DEPTH)" },
	{ "braces", "", "{", "", 16 << 20, "128 levels (YAML_MAX_DEPTH)" },
	{ "JSON objects", "", "{\"a\":", "", 3 << 20, "128 levels" },
	{ "dashes", "", "- ", "", 8 << 20, "128 levels (YAML_MAX_DEPTH)" },
	{ "question marks", "", "? ", "", 8 << 20, "128 levels (YAML_MAX_DEPTH)" },
	{ "both in turn", "", "? - ", "", 4 << 20, "128 levels (YAML_MAX_DEPTH)" },
	{ "tags", "", "[!a x,", "", 2 << 20, "128 levels (YAML_MAX_DEPTH)" },
	{ "128 brackets", "", "[", "", 128, "expected" },
	{ "many values", "[", "a,", "]", 8 << 20 >> 1, "(YAML_MAX_NODES)" },
	{ "many lines", "", "- a\n", "", 4 << 20, "(YAML_MAX_NODES)" },
	{ "many pairs", "", "a: 1\n", "", 3 << 20, "(YAML_MAX_NODES)" },
	{ "many anchors of one name", "", "- &a x\n", "", 2 << 20, "(YAML_MAX_NODES)" },
	{ "many documents", "", "---\na\n", "", 2 << 20,
	  "10000 documents in one file (YAML_MAX_DOCUMENTS)" },
	{ "many JSON values", "", "{}", "", 8 << 20,
	  "10000 documents in one file (YAML_MAX_DOCUMENTS)" },
	{ "many empty documents", "", "---\n", "", 4 << 20, NULL },
	{ "comments", "", "#\n", "", 8 << 20, NULL },
	{ "one comment", "", "#", "", 16 << 20, NULL },
	{ "tag directives", "#\n", "%TAG !a! x\n", "", 1 << 20, "directives" },
	{ "one word", "", "a", "", 16 << 20, NULL },
	{ "one number", "", "1", "", 16 << 20, NULL },
	{ "one number with underscores", "1", "_", "", (16 << 20) - 1, NULL },
	{ "one quoted word", "\"", "a", "\"", (16 << 20) - 2, NULL },
	{ "colons", "", ":", "", 16 << 20, "second ': '" },
	{ "one block", "a: |\n", "  x\n", "", 4 << 20 >> 1, NULL },
	{ "line breaks in a block", "a: |\n", "\n", "", 15 << 20, NULL },
	{ "pairs in brackets", "[", "a: b, ", "]", 2 << 20, "(YAML_MAX_NODES)" },
	{ "a tag", "!", "a", "", 15 << 20, NULL },
	{ "an anchor", "&", "a", "", 15 << 20, NULL },
	{ "NUL and more", "\"", "\\0", "\"", 1 << 20, "NUL" },
	{ "larger than allowed", "", "a", "", (16 << 20) + 1,
	  "larger than 16777216 bytes (YAML_MAX_BYTES)" },
};

static int ignore(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)ctx, (void)document, (void)index, (void)err;
	return 0;
}

static void check(const struct buf *text, const struct yaml_limits *limits, const char *message)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	clock_t start = clock();
	int rc = yaml_parse(&a, buf_text(text), text->len, "f", limits, ignore, NULL, &err);
	assert_true((clock() - start) / CLOCKS_PER_SEC < SECONDS);
	assert_true(a.used < MEMORY);
	if (!message) {
		assert_null(err.msg);
		assert_int_equal(rc, 0);
		return;
	}
	assert_int_equal(rc, -1);
	assert_non_null(strstr(err.msg, message));
}

static void hostile_run(void **state)
{
	const struct limit_case *c = *state;
	AUTO(buf_done) struct buf text = { 0 };
	size_t n = strlen(c->repeat);
	AUTO(auto_free) char *middle = xmalloc(c->count * n);
	for (size_t i = 0; i < c->count; i++)
		memcpy(middle + i * n, c->repeat, n);
	buf_puts(&text, c->start);
	buf_put(&text, middle, c->count * n);
	buf_puts(&text, c->end);
	check(&text, NULL, c->message);
}

/* Ten times as many values with every line. */
static void bomb(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	buf_puts(&text, "a: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 20; i++)
		buf_printf(&text, "b%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n",
			   i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
			   i - 1);
	check(&text, NULL, "99 in 100 values");
	buf_puts(&text, "c:\n");
	for (int i = 0; i < 200000; i++)
		buf_puts(&text, "- x\n");
	check(&text, NULL, "99 in 100 values");
}

/* No more than 99 of 100 values come from aliases, so only the number of values can stop it. */
static void slow_bomb(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	buf_puts(&text, "- &a [x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "- [x,x,x,x,*a]\n");
	check(&text, NULL, "counting each use of an alias (YAML_MAX_NODES)");
}

static void deep_aliases(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	buf_puts(&text, "a0: &a0 x\n");
	for (int i = 1; i <= 126; i++)
		buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	check(&text, NULL, NULL);
	buf_puts(&text, "a127: &a127 [*a126]\n");
	check(&text, NULL, NULL);
	buf_puts(&text, "a128: &a128 [*a127]\n");
	check(&text, NULL, "128 levels (YAML_MAX_DEPTH)");
}

static void many_anchors(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	for (int i = 0; i < YAML_MAX_ANCHORS; i++)
		buf_printf(&text, "- &a%d x\n", i);
	check(&text, NULL, NULL);
	buf_puts(&text, "- &last x\n");
	check(&text, NULL, "10000 anchors in one document (YAML_MAX_ANCHORS)");
}

static void many_merges(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	buf_puts(&text, "a: &a {x: 1}\nb:\n");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "  k%d: 1\n  <<: *a\n", i);
	check(&text, NULL, NULL);
}

static void many_deep_values(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf text = { 0 };
	for (int i = 0; i < 120; i++)
		buf_putc(&text, '[');
	for (int i = 0; i < 1000000; i++)
		buf_puts(&text, "a,");
	check(&text, NULL, "nested deeper than 16 levels (YAML_MAX_NODES)");
}

static void own_limits(void **state)
{
	(void)state;
	static const struct yaml_limits depth = { .max_depth = 2 }, nodes = { .max_nodes = 3 },
					documents = { .max_documents = 1 },
					bytes = { .max_bytes = 4 };
	struct buf text = { .data = (char *)(uintptr_t) "[[]]", .len = 4 };
	check(&text, &depth, NULL);
	check(&text, &nodes, NULL);
	check(&text, &documents, NULL);
	check(&text, &bytes, NULL);
	text = (struct buf){ .data = (char *)(uintptr_t) "[[[]]]", .len = 6 };
	check(&text, &depth, "deeper than 2 levels");
	check(&text, &bytes, "larger than 4 bytes");
	text = (struct buf){ .data = (char *)(uintptr_t) "[1,2,3]", .len = 7 };
	check(&text, &nodes, "more than 3 values");
	text = (struct buf){ .data = (char *)(uintptr_t) "1\n---\n2", .len = 7 };
	check(&text, &documents, "more than 1 documents");
	text = (struct buf){ .data = (char *)(uintptr_t) "{\"a\":[1,2]}", .len = 11 };
	check(&text, &nodes, "3");
	text = (struct buf){ .data = (char *)(uintptr_t) "{\"a\":[{}]}", .len = 10 };
	check(&text, &depth, "2");
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(hostile) + 7];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		tests[n++] = fixture_row(hostile[i].name, hostile_run, &hostile[i]);
	tests[n++] = fixture_row("bomb", bomb, NULL);
	tests[n++] = fixture_row("slow bomb", slow_bomb, NULL);
	tests[n++] = fixture_row("deep aliases", deep_aliases, NULL);
	tests[n++] = fixture_row("many anchors", many_anchors, NULL);
	tests[n++] = fixture_row("many merges", many_merges, NULL);
	tests[n++] = fixture_row("many deep values", many_deep_values, NULL);
	tests[n++] = fixture_row("own limits", own_limits, NULL);
	return _cmocka_run_group_tests("yaml_limits", tests, n, NULL, NULL);
}
