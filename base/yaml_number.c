/* Numbers as Go reads and prints them.
 *
 * kubectl's tree is what go-yaml's resolve() and then encoding/json make of the text, so both
 * directions follow strconv to the letter: base prefixes, ranges, shortest digits. */
#include "base/yaml_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/decimal.h"

/* strconv.ParseUint(s, base, 64); base 0 takes it from the prefix. */
static bool parse_uint(const char *s, unsigned base, uint64_t *out)
{
	if (!*s)
		return false;
	if (base == 0) {
		base = 10;
		if (s[0] == '0') {
			char mark = s[1] && s[2] ? (char)(s[1] | 0x20) : '\0';
			base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
			s += mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
		}
	}
	uint64_t value = 0;
	for (; *s; s++) {
		unsigned digit = *s >= '0' && *s <= '9'   ? (unsigned)(*s - '0')
				 : *s >= 'a' && *s <= 'f' ? (unsigned)(*s - 'a') + 10
				 : *s >= 'A' && *s <= 'F' ? (unsigned)(*s - 'A') + 10
							  : 16;
		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*out = value;
	return true;
}

/* strconv.ParseInt(s, base, 64). */
static bool parse_int(const char *s, unsigned base, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t value;
	if (!parse_uint(s + (negative || *s == '+'), base, &value) ||
	    value > (uint64_t)INT64_MAX + negative)
		return false;
	*out = (int64_t)(negative ? 0 - value : value);
	return true;
}

static const char *skip_digits(const char *s)
{
	while (*s >= '0' && *s <= '9')
		s++;
	return s;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_like_float(const char *s)
{
	s += *s == '-' || *s == '+';
	const char *whole = s;
	s = skip_digits(s);
	bool has_whole = s > whole;
	if (*s == '.') {
		const char *fraction = ++s;
		s = skip_digits(s);
		if (!has_whole && s == fraction)
			return false;
	} else if (!has_whole) {
		return false;
	}
	if (*s == 'e' || *s == 'E') {
		s += 1 + (s[1] == '-' || s[1] == '+');
		const char *exponent = s;
		s = skip_digits(s);
		if (s == exponent)
			return false;
	}
	return *s == '\0';
}

static bool number(const char *s, struct yaml_scalar *out)
{
	if (parse_int(s, 0, &out->i)) {
		out->kind = YAML_INT;
	} else if (parse_uint(s, 0, &out->u)) {
		out->kind = YAML_UINT;
	} else if (looks_like_float(s)) {
		/* Too large for a double is a string: strconv reports a range error. */
		out->f = strtod(s, NULL);
		out->kind = YAML_FLOAT;
		return isfinite(out->f);
	} else if (strncmp(s, "0b", 2) == 0 && parse_int(s + 2, 2, &out->i)) {
		out->kind = YAML_INT; /* 0b-1, 0b+1: as odd as go-yaml */
	} else {
		return false;
	}
	return true;
}

/* strconv.ParseFloat takes underscores only between digits. */
static bool underscores_between_digits(const char *s)
{
	for (const char *p = strchr(s, '_'); p; p = strchr(p + 1, '_'))
		if (p == s || p[-1] < '0' || p[-1] > '9' || p[1] < '0' || p[1] > '9')
			return false;
	return true;
}

bool yaml_number(const char *text, size_t n, struct yaml_scalar *out)
{
	if (!memchr(text, '_', n))
		return number(text, out);
	/* go-yaml drops every underscore, but not where the text starts with a point. */
	if (*text == '.' && !underscores_between_digits(text))
		return false;
	AUTO(auto_free) char *plain = xmalloc(n + 1);
	size_t len = 0;
	for (size_t i = 0; i < n; i++)
		if (text[i] != '_')
			plain[len++] = text[i];
	plain[len] = '\0';
	return number(plain, out);
}

/* ---- printing */

static void print_exponent(struct buf *b, const struct decimal *d, int exponent_digits)
{
	int exponent = d->point - 1;
	buf_printf(b, "%c%s%se%c%0*d", d->digits[0], d->length > 1 ? "." : "", d->digits + 1,
		   exponent < 0 ? '-' : '+', exponent_digits, abs(exponent));
}

static void print_zeros(struct buf *b, int n)
{
	while (n-- > 0)
		buf_putc(b, '0');
}

static void print_plain(struct buf *b, const struct decimal *d)
{
	if (d->point <= 0) {
		buf_puts(b, "0.");
		print_zeros(b, -d->point);
		buf_puts(b, d->digits);
	} else if (d->point >= d->length) {
		buf_puts(b, d->digits);
		print_zeros(b, d->point - d->length);
	} else {
		buf_put(b, d->digits, (size_t)d->point);
		buf_putc(b, '.');
		buf_puts(b, d->digits + d->point);
	}
}

void yaml_double_value(struct buf *b, double x)
{
	if (x == 0) {
		buf_putc(b, '0'); /* -0 too: the integer that kubectl reads from it */
		return;
	}
	if (x < 0)
		buf_putc(b, '-');
	x = fabs(x);
	struct decimal d = decimal_shortest(x, false);
	if (x < 1e-6 || x >= 1e21)
		print_exponent(b, &d, 1);
	else
		print_plain(b, &d);
}

void yaml_double_key(struct buf *b, double x)
{
	float single = (float)x;
	if (isnan(x)) {
		buf_puts(b, ".nan");
		return;
	}
	if (signbit(x))
		buf_putc(b, '-');
	single = fabsf(single);
	if (isinf(single) || single == 0) {
		buf_puts(b, single == 0 ? "0" : ".inf");
		return;
	}
	struct decimal d = decimal_shortest((double)single, true);
	if (d.point - 1 < -4 || d.point - 1 >= 6)
		print_exponent(b, &d, 2);
	else
		print_plain(b, &d);
}
