/* What parses, written canonically, parses again to an equal tree and writes the same bytes;
 * what is written indented is the same tree too.  Recording positions changes nothing else. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/json_parse.h"
#include "base/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void parse_again(const struct json *v, const struct buf *text)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err err = { 0 };
	struct json again;
	if (json_parse(&a, text->data, text->len, "again", NULL, &again, &err) < 0)
		abort();
	if (!json_equal(v, &again) || json_compare(v, &again) != 0)
		abort();
	AUTO(buf_done) struct buf canonical = { 0 };
	AUTO(buf_done) struct buf twice = { 0 };
	json_write_canonical(&canonical, v);
	json_write_canonical(&twice, &again);
	if (canonical.len != twice.len || memcmp(canonical.data, twice.data, twice.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(err_done) struct err err_placed = { 0 };
	const struct json_limits placed = { .positions = true };
	struct json v, v_placed;
	int rc = json_parse(&a, text, len, "fuzz", NULL, &v, &err);
	if (json_parse(&a, text, len, "fuzz", &placed, &v_placed, &err_placed) != rc)
		abort();
	if (rc < 0) {
		if (err.code != err_placed.code || err.at.line != err_placed.at.line ||
		    strcmp(err.msg, err_placed.msg) != 0)
			abort();
		return 0;
	}
	if (!json_equal(&v, &v_placed))
		abort();
	AUTO(buf_done) struct buf canonical = { 0 };
	AUTO(buf_done) struct buf indented = { 0 };
	json_write_canonical(&canonical, &v);
	json_write_indented(&indented, &v);
	parse_again(&v, &canonical);
	parse_again(&v, &indented);
	return 0;
}
