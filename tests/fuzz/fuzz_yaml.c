/* What parses, written as YAML, parses again to an equal tree of one document. */
#include <stddef.h>
#include <stdint.h>

#include "base/json_write.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Small enough that no input takes long. */
static const struct yaml_limits limits = { .max_depth = 64, .max_nodes = 20000 };

static int check_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)ctx, (void)index, (void)err;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err again_err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json again;
	yaml_write(&text, document);
	if (yaml_parse_one(&a, text.data, text.len, "again", &limits, &again, &again_err) < 0)
		abort();
	if (!json_equal(document, &again))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	int rc = yaml_parse(&a, (const char *)data, len, "fuzz", &limits, check_document, NULL,
			    &err);
	if ((rc < 0) != (err.code != ERR_NONE))
		abort();
	return 0;
}
