/* Any text as the answer to a LIST: cut into objects while it comes in pieces, it gives the same
 * objects as when it is parsed whole, or neither can be read.  The first byte is the size of the
 * pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_parse.h"
#include "plan/cluster/kube/kube.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct items {
	struct arena arena;
	struct json list;
};

static void items_done(struct items *i)
{
	arena_done(&i->arena);
}

static int parse(struct arena *a, const char *text, size_t n, struct json *out)
{
	AUTO(err_done) struct err err = { 0 };
	return json_parse(a, text, n, "fuzz", NULL, out, &err);
}

static int keep(void *ctx, const char *text, size_t n, struct err *err)
{
	struct items *i = ctx;
	struct json v;
	if (parse(&i->arena, text, n, &v) < 0)
		return err_set(err, ERR_INPUT, "an item");
	json_append(&i->arena, &i->list, v);
	return 0;
}

/* In pieces; false where it cannot be read. */
static bool cut(const char *text, size_t n, size_t piece, struct items *out)
{
	AUTO(kube_split_done) struct kube_split s = { .item = keep, .ctx = out };
	AUTO(err_done) struct err err = { 0 };
	for (size_t at = 0; at < n; at += piece)
		if (kube_split_feed(&s, text + at, n - at < piece ? n - at : piece, &err) < 0)
			return false;
	if (kube_split_end(&s, &err) < 0)
		return false;
	struct json envelope;
	if (parse(&out->arena, s.envelope.data, s.envelope.len, &envelope) < 0)
		return false;
	const struct json *items = json_get(&envelope, "items");
	return json_is(items, JSON_ARRAY) && !items->n;
}

/* At once; false where it is no list of objects. */
static bool whole(const char *text, size_t n, struct items *out)
{
	struct json v;
	if (parse(&out->arena, text, n, &v) < 0 || v.type != JSON_OBJECT)
		return false;
	const struct json *items = json_get(&v, "items");
	if (!json_is(items, JSON_ARRAY))
		return false;
	for (uint32_t i = 0; i < items->n; i++)
		if (items->items[i].type != JSON_OBJECT)
			return false;
	out->list = *items;
	return true;
}

/* A key that is written with escapes is not taken for the items: the answer is refused then. */
static bool is_plain(const char *text, size_t n)
{
	return !memchr(text, '\\', n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	const char *text = (const char *)data + 1;
	size_t n = len - 1, piece = (size_t)data[0] + 1;
	AUTO(items_done) struct items a = { .list = json_of_array() };
	AUTO(items_done) struct items b = { .list = json_of_array() };
	bool cut_ok = cut(text, n, piece, &a), whole_ok = whole(text, n, &b);
	if (cut_ok && !whole_ok)
		abort();
	if (whole_ok && !cut_ok && is_plain(text, n))
		abort();
	if (cut_ok && !json_equal(&a.list, &b.list))
		abort();
	return 0;
}
