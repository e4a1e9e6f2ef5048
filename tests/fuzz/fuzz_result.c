/* A result that can be read is written back, and read again, the same. */
#include <stdint.h>
#include <string.h>

#include "apply/result.h"
#include "base/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void write_text(const struct apply_result *r, struct buf *b)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json root = result_to_json(r, &a);
	json_write_canonical(b, &root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(result_done) struct apply_result first = { 0 }, second = { 0 };
	AUTO(buf_done) struct buf x = { 0 }, y = { 0 };
	if (result_parse(&first, (const char *)data, n, "fuzz", &err) < 0)
		return 0;
	write_text(&first, &x);
	if (result_parse(&second, x.data, x.len, "again", &err) < 0)
		abort();
	write_text(&second, &y);
	if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0)
		abort();
	return 0;
}
