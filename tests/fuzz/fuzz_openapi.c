/* An OpenAPI document (JSON), a line `===`, an object: what is found has a message and a node of
 * the object, however the schemas refer to each other. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_parse.h"
#include "policy/checks/openapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool is_in(const struct json *v, const struct json *node)
{
	if (v == node)
		return true;
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		if (is_in(&v->items[i], node))
			return true;
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		if (is_in(&v->members[i].value, node))
			return true;
	return false;
}

static void on_problem(void *ctx, enum openapi_problem what, const struct json *node,
		       const char *message)
{
	(void)what;
	if (!*message || !is_in(ctx, node))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char line[] = "\n===\n";
	const char *text = (const char *)data;
	const char *end = len ? memmem(text, len, line, strlen(line)) : NULL;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 }, second = { 0 };
	struct json document, object;
	if (!end)
		return 0;
	const char *rest = end + strlen(line);
	if (json_parse(&a, text, (size_t)(end - text), "d", NULL, &document, &err) < 0 ||
	    json_parse(&a, rest, (size_t)(text + len - rest), "o", NULL, &object, &second) < 0)
		return 0;
	const struct json *schema = openapi_schema_of(&document, "g", "v1", "Kind");
	if (schema)
		openapi_check(schema, &document, &object, on_problem, &object);
	openapi_check(&document, &document, &object, on_problem, &object);
	return 0;
}
