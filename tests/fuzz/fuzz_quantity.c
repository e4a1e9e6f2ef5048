/* A quantity is written so that it reads back as an equal one, and sums agree with differences. Two
 * quantities, with a newline between them. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "policy/cel/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { EXPONENT_FINE = 1000000000 };

static enum err_code parse(struct arena *a, const char *text, size_t n, struct quantity *out)
{
	AUTO(err_done) struct err err = { 0 };
	int rc = quantity_parse(a, text, n, out, &err);
	if ((rc < 0) != (err.code != ERR_NONE))
		abort();
	return err.code;
}

static void check_text(struct arena *a, const struct quantity *q)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct quantity again;
	struct quantity most = quantity_of(INT64_MAX), least = quantity_of(-INT64_MAX);
	/* At its end the range of exponents wraps around, and a binary one ends at an int64 when it
	 * is read, as in Kubernetes. */
	if (q->exponent > EXPONENT_FINE || q->exponent < -EXPONENT_FINE ||
	    (q->format == QUANTITY_BINARY &&
	     (quantity_compare(q, &most) > 0 || quantity_compare(q, &least) < 0)))
		return;
	quantity_text(q, &text);
	/* A text is read down to nanos, which can be more digits than the quantity has. */
	enum err_code code = parse(a, buf_text(&text), text.len, &again);
	if (code == ERR_INPUT || (code == ERR_NONE && quantity_compare(q, &again) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(err_done) struct err back_err = { 0 };
	const char *text = (const char *)data;
	const char *newline = len ? memchr(text, '\n', len) : NULL;
	struct quantity x, y, sum, back;
	if (!newline || len > 4096 || parse(&a, text, (size_t)(newline - text), &x) != ERR_NONE ||
	    parse(&a, newline + 1, len - (size_t)(newline + 1 - text), &y) != ERR_NONE)
		return 0;
	if (quantity_compare(&x, &y) != -quantity_compare(&y, &x) || quantity_compare(&x, &x) != 0)
		abort();
	quantity_float(&x);
	check_text(&a, &x);
	if (quantity_add(&a, &x, &y, false, &sum, &err) < 0)
		return 0;
	check_text(&a, &sum);
	if (quantity_compare(&sum, &x) != quantity_sign(&y))
		abort();
	if (quantity_add(&a, &sum, &y, true, &back, &back_err) == 0 &&
	    quantity_compare(&back, &x) != 0)
		abort();
	return 0;
}
