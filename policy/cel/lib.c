/* See lib.h. */
#include "policy/cel/lib.h"

#include "base/utf8.h"

/* What costs 1 where regular expressions take longer than usual. */
enum {
	STEPS_FOR_ONE = 25, /* of a search */
	BYTES_FREE = 512,   /* of a pattern that is another one each time */
	BYTES_FOR_ONE = 16, /* of a larger one */
};

struct cel_value cel_fail_of(struct cel_call *c, const struct err *err)
{
	if (err->code != ERR_LIMIT)
		return cel_fail(c, "%s", err->msg);
	struct cel_value reason = cel_copy(c, err->msg, strlen(err->msg));
	return cel_is_bad(reason) ? reason : cel_unknown(reason.text);
}

struct cel_value cel_too_long(void)
{
	return cel_unknown("what a text of more than 256 KiB is");
}

struct cel_value cel_copy_clean(struct cel_call *c, const char *text, size_t n)
{
	AUTO(buf_done) struct buf clean = { 0 };
	for (size_t i = 0; i < n;) {
		uint32_t code;
		size_t length = utf8_decode(text + i, n - i, &code);
		if (length)
			buf_put(&clean, text + i, length);
		else
			buf_puts(&clean, "\xef\xbf\xbd");
		i += length ? length : 1;
	}
	return cel_copy(c, buf_text(&clean), clean.len);
}

/* ---- regular expressions at a call site */

struct kept {
	struct re2 *re;
	size_t n;
	char pattern[];
};

static void free_kept(void *data)
{
	struct kept *k = data;
	if (k)
		re2_free(k->re);
	free(k);
}

static void keep(struct cel_site *site, struct cel_value pattern, struct re2 *re)
{
	struct kept *k = xmalloc(sizeof(*k) + pattern.n);
	k->re = re;
	k->n = pattern.n;
	memcpy(k->pattern, pattern.text, pattern.n);
	free_kept(site->data);
	site->data = k;
	site->free = free_kept;
}

struct re2 *cel_re2_of(struct cel_call *c, struct cel_value pattern, const char *before,
		       struct cel_value *why)
{
	const struct kept *k = c->site ? c->site->data : NULL;
	if (k && k->n == pattern.n && memcmp(k->pattern, pattern.text, pattern.n) == 0)
		return k->re;
	AUTO(err_done) struct err err = { 0 };
	struct re2 *re = NULL;
	if (re2_compile(pattern.text, pattern.n, &re, &err) < 0) {
		*why = err.code == ERR_LIMIT ? cel_fail_of(c, &err)
					     : cel_fail(c, "%s%s", before, err.msg);
		return NULL;
	}
	/* The first at a place is free, so that constant ones always are. */
	bool another = !c->site || c->site->data;
	size_t size = re2_size(re);
	if (another && size > BYTES_FREE && !cel_spend(c, size / BYTES_FOR_ONE)) {
		re2_free(re);
		*why = cel_stop(c);
		return NULL;
	}
	if (c->site)
		keep(c->site, pattern, re);
	return re;
}

bool cel_re2_pay(struct cel_call *c, const struct re2 *re)
{
	return cel_spend(c, re2_steps(re) / STEPS_FOR_ONE);
}

void cel_re2_done(struct cel_call *c, struct re2 *re)
{
	if (!c->site)
		re2_free(re);
}

/* ---- cost */

uint64_t cel_cost_regex(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_tenth(cel_size(args[0]) + 1) * ((cel_size(args[1]) + 3) / 4);
}

uint64_t cel_traversal(struct cel_value v)
{
	uint64_t cost = 0;
	switch (v.kind) {
	case CEL_STRING:
	case CEL_BYTES:
		return v.n / 10;
	case CEL_LIST:
		for (uint32_t i = 0; i < v.n; i++)
			cost += cel_traversal(cel_item(v, i));
		return cost;
	case CEL_MAP:
		for (uint32_t i = 0; i < v.n; i++) {
			struct cel_entry e = cel_entry(v, i);
			cost += cel_traversal(e.key) + cel_traversal(e.value);
		}
		return cost;
	default:
		return 1;
	}
}

uint64_t cel_cost_traversal(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_traversal(args[0]);
}

uint64_t cel_cost_paid(const struct cel_value *args, struct cel_value result)
{
	(void)args, (void)result;
	return 0;
}
