/* Values as text; see value.h. */
#include <inttypes.h>
#include <math.h>

#include "base/decimal.h"
#include "policy/cel/value.h"

/* Values that share parts can be far longer as text than in memory. */
enum { MAX_DEPTH = 32, MAX_TEXT = 8192 };

static void plain_digits(const struct decimal *d, struct buf *out)
{
	int from = d->point < 1 ? d->point - 1 : 0,
	    to = d->length > d->point ? d->length : d->point;
	for (int i = from; i < to; i++) {
		if (i == d->point)
			buf_putc(out, '.');
		buf_putc(out, i >= 0 && i < d->length ? d->digits[i] : '0');
	}
}

/* Go's %g writes an exponent below 1e-04 and from 1e+06 on. */
void cel_double_text(double v, struct buf *out)
{
	if (isnan(v) || isinf(v)) {
		buf_puts(out, isnan(v) ? "NaN" : v < 0 ? "-Inf" : "+Inf");
		return;
	}
	if (signbit(v))
		buf_putc(out, '-');
	if (v == 0) {
		buf_putc(out, '0');
		return;
	}
	struct decimal d = decimal_shortest(fabs(v), false);
	int exponent = d.point - 1;
	if (exponent >= -4 && exponent < 6) {
		plain_digits(&d, out);
		return;
	}
	buf_putc(out, d.digits[0]);
	if (d.length > 1)
		buf_printf(out, ".%s", d.digits + 1);
	buf_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

struct place {
	unsigned depth;
	size_t end; /* of the buffer, where the text breaks off */
};

static void value_text(struct cel_value v, struct place at, struct buf *out);

static void quoted(struct cel_value v, struct buf *out)
{
	buf_putc(out, '"');
	for (uint32_t i = 0; i < v.n && i < MAX_TEXT; i++) {
		unsigned char c = (unsigned char)v.text[i];
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f || (v.kind == CEL_BYTES && c > 0x7f))
			buf_printf(out, "\\x%02x", c);
		else
			buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
}

static void list_text(struct cel_value v, struct place at, struct buf *out)
{
	buf_putc(out, '[');
	for (uint32_t i = 0; i < v.n && out->len < at.end; i++) {
		buf_puts(out, i ? ", " : "");
		value_text(cel_item(v, i), at, out);
	}
	buf_putc(out, ']');
}

static void map_text(struct cel_value v, struct place at, struct buf *out)
{
	buf_putc(out, '{');
	for (uint32_t i = 0; i < v.n && out->len < at.end; i++) {
		struct cel_entry e = cel_entry(v, i);
		buf_puts(out, i ? ", " : "");
		value_text(e.key, at, out);
		buf_puts(out, ": ");
		value_text(e.value, at, out);
	}
	buf_putc(out, '}');
}

static void optional_text(struct cel_value v, struct place at, struct buf *out)
{
	if (!v.items) {
		buf_puts(out, "optional.none()");
		return;
	}
	buf_puts(out, "optional.of(");
	value_text(*v.items, at, out);
	buf_putc(out, ')');
}

static void nested_text(struct cel_value v, struct place at, struct buf *out)
{
	if (at.depth++ >= MAX_DEPTH || out->len >= at.end)
		buf_puts(out, "...");
	else if (v.kind == CEL_LIST)
		list_text(v, at, out);
	else if (v.kind == CEL_MAP)
		map_text(v, at, out);
	else
		optional_text(v, at, out);
}

static void value_text(struct cel_value v, struct place at, struct buf *out)
{
	switch ((enum cel_kind)v.kind) {
	case CEL_NULL:
		buf_puts(out, "null");
		return;
	case CEL_BOOL:
		buf_puts(out, v.truth ? "true" : "false");
		return;
	case CEL_INT:
		buf_printf(out, "%" PRId64, v.i);
		return;
	case CEL_UINT:
		buf_printf(out, "%" PRIu64, v.u);
		return;
	case CEL_DOUBLE:
		cel_double_text(v.d, out);
		return;
	case CEL_STRING:
	case CEL_BYTES:
		if (at.depth == 0 && v.kind == CEL_STRING)
			buf_put(out, v.text, v.n);
		else
			quoted(v, out);
		return;
	case CEL_TYPE:
		buf_puts(out, v.type->name);
		return;
	case CEL_TIMESTAMP:
		cel_timestamp_text(v, out);
		return;
	case CEL_DURATION:
		cel_duration_text(v.i, out);
		return;
	case CEL_OPAQUE:
		v.opaque->ops->text(v.opaque, out);
		return;
	case CEL_ERROR:
		cel_error_text(v.error, out);
		return;
	case CEL_UNKNOWN:
		buf_printf(out, "unknown: %s", v.reason);
		return;
	default:
		nested_text(v, at, out);
		return;
	}
}

void cel_value_text(struct cel_value v, struct buf *out)
{
	value_text(v, (struct place){ 0, out->len + MAX_TEXT }, out);
}

void cel_error_text(const struct cel_error *e, struct buf *out)
{
	buf_puts(out, e->message);
	if (e->about.kind != CEL_NULL)
		cel_value_text(e->about, out);
	if (e->after)
		buf_puts(out, e->after);
}
