/* See quantity.h. */
#include "policy/cel/quantity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	SMALL_DIGITS = 18, /* so many always fit into an int64 */
	LEAST = -9,        /* the exponent of a nano: below it is rounded away from zero */
};

#define WRONG_FORMAT                                                                               \
	"quantities must match the regular expression "                                            \
	"'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

static int too_large(struct err *err)
{
	return err_set(err, ERR_LIMIT, "a quantity of more than %d digits", QUANTITY_DIGITS_MAX);
}

/* ---- decimals of any length
 *
 * The digits of a number without zeros in front, and the power of ten that it stands before. */

struct number {
	const char *digits;
	size_t n;
	int64_t exponent;
};

enum { INT64_DIGITS = 20 };

/* The size of q without its sign; room: for the digits of a small one. */
static struct number size_of(const struct quantity *q, char room[INT64_DIGITS + 1])
{
	if (q->big)
		return (struct number){ q->digits, q->n, q->exponent };
	uint64_t size = q->number < 0 ? -(uint64_t)q->number : (uint64_t)q->number;
	int n = size ? snprintf(room, INT64_DIGITS + 1, "%" PRIu64, size) : 0;
	return (struct number){ room, (size_t)n, q->exponent };
}

/* The digit at a power of ten. */
static int digit_at(struct number x, int64_t power)
{
	int64_t i = (int64_t)x.n - 1 - (power - x.exponent);
	return i < 0 || i >= (int64_t)x.n ? 0 : x.digits[i] - '0';
}

static int64_t top(struct number x)
{
	return x.exponent + (int64_t)x.n;
}

static int compare(struct number x, struct number y)
{
	if (x.n == 0 || y.n == 0)
		return (x.n > 0) - (y.n > 0);
	if (top(x) != top(y))
		return top(x) < top(y) ? -1 : 1;
	size_t n = x.n > y.n ? x.n : y.n;
	for (size_t i = 0; i < n; i++) {
		int a = i < x.n ? x.digits[i] : '0', b = i < y.n ? y.digits[i] : '0';
		if (a != b)
			return a < b ? -1 : 1;
	}
	return 0;
}

static struct number without_zeros(struct number x)
{
	while (x.n && *x.digits == '0') {
		x.digits++;
		x.n--;
	}
	return x;
}

/* x + y, or x - y where x >= y, at the smaller exponent. */
static bool combine(struct arena *a, struct number x, struct number y, bool subtract,
		    struct number *out)
{
	int64_t low = x.exponent < y.exponent ? x.exponent : y.exponent;
	int64_t high = top(x) > top(y) ? top(x) : top(y);
	if (high - low > QUANTITY_DIGITS_MAX)
		return false;
	size_t n = high > low ? (size_t)(high - low) + 1 : 0;
	char *digits = arena_alloc(a, n + 1);
	int carry = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t power = low + (int64_t)i;
		int d = digit_at(x, power) + carry;
		d += subtract ? -digit_at(y, power) : digit_at(y, power);
		carry = d < 0 ? -1 : d / 10;
		digits[n - 1 - i] = (char)('0' + (d + 10) % 10);
	}
	*out = without_zeros((struct number){ digits, n, low });
	return true;
}

/* x × factor; digits has room for what is carried. */
static size_t multiply(char *digits, size_t n, unsigned factor)
{
	unsigned carry = 0;
	for (size_t i = n; i > 0; i--) {
		unsigned d = (unsigned)(digits[i - 1] - '0') * factor + carry;
		digits[i - 1] = (char)('0' + d % 10);
		carry = d / 10;
	}
	for (; carry; carry /= 10, n++) {
		memmove(digits + 1, digits, n);
		digits[0] = (char)('0' + carry % 10);
	}
	return n;
}

static void set_big(struct quantity *q, struct number x, bool negative)
{
	q->big = true;
	q->digits = x.digits;
	q->n = (uint32_t)x.n;
	q->exponent = (int32_t)x.exponent;
	q->negative = negative;
}

/* ---- reading */

struct parts {
	bool negative, empty;         /* empty: not one digit */
	const char *whole, *fraction; /* digits; no zeros in front of whole */
	size_t n_whole, n_fraction;
	const char *suffix;
	size_t n_suffix;
};

static size_t count_digits(const char *p, const char *end)
{
	const char *start = p;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - start);
}

static bool split(const char *p, size_t n, struct parts *out)
{
	const char *end = p + n;
	*out = (struct parts){ .negative = *p == '-' };
	p += *p == '-' || *p == '+';
	const char *start = p;
	while (p < end && *p == '0')
		p++;
	out->whole = p;
	p += out->n_whole = count_digits(p, end);
	if (p < end && *p == '.') {
		out->fraction = ++p;
		p += out->n_fraction = count_digits(p, end);
	}
	out->empty = p == start || (p == start + 1 && *start == '.');
	out->suffix = p;
	out->n_suffix = (size_t)(end - p);
	while (p < end && *p && strchr("eEinumkKMGTP", *p))
		p++;
	p += p < end && (*p == '-' || *p == '+');
	return p + count_digits(p, end) == end;
}

static const struct suffix {
	const char text[3];
	uint8_t format;
	int8_t exponent; /* of 10, or of 2 for the binary ones */
} suffixes[] = {
	{ "n", QUANTITY_DECIMAL, -9 }, { "u", QUANTITY_DECIMAL, -6 }, { "m", QUANTITY_DECIMAL, -3 },
	{ "", QUANTITY_DECIMAL, 0 },   { "k", QUANTITY_DECIMAL, 3 },  { "M", QUANTITY_DECIMAL, 6 },
	{ "G", QUANTITY_DECIMAL, 9 },  { "T", QUANTITY_DECIMAL, 12 }, { "P", QUANTITY_DECIMAL, 15 },
	{ "E", QUANTITY_DECIMAL, 18 }, { "Ki", QUANTITY_BINARY, 10 }, { "Mi", QUANTITY_BINARY, 20 },
	{ "Gi", QUANTITY_BINARY, 30 }, { "Ti", QUANTITY_BINARY, 40 }, { "Pi", QUANTITY_BINARY, 50 },
	{ "Ei", QUANTITY_BINARY, 60 },
};

/* e and a number, which Kubernetes reads as an int64 and then cuts to 32 bits. */
static bool read_exponent(const char *p, size_t n, int32_t *exponent)
{
	bool negative = *p == '-';
	if (*p == '-' || *p == '+') {
		p++;
		n--;
	}
	if (n == 0 || count_digits(p, p + n) != n)
		return false;
	int64_t value = 0;
	for (size_t i = 0; i < n; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, p[i] - '0', &value))
			return false;
	if (!negative && value == INT64_MIN)
		return false;
	*exponent = (int32_t)(uint32_t)(negative ? (uint64_t)value : -(uint64_t)value);
	return true;
}

static bool read_suffix(const char *p, size_t n, uint8_t *format, int32_t *exponent)
{
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		const struct suffix *s = &suffixes[i];
		if (strlen(s->text) != n || memcmp(s->text, p, n) != 0)
			continue;
		*format = s->format;
		*exponent = s->exponent;
		return true;
	}
	*format = QUANTITY_EXPONENT;
	return n > 1 && (*p == 'e' || *p == 'E') && read_exponent(p + 1, n - 1, exponent);
}

/* Whether it fits a small one, by the rule of Kubernetes; it may refuse what would fit. */
static bool read_small(const struct parts *p, int32_t exponent, struct quantity *out)
{
	/* An empty whole part counts as a zero. */
	size_t whole = p->n_whole ? p->n_whole : 1, digits = whole + p->n_fraction;
	int64_t factor = 1, scale = (int64_t)exponent - (int64_t)p->n_fraction, value = 0;
	if (out->format == QUANTITY_BINARY) {
		if (p->n_fraction || (int)whole > 15 - (int)(exponent * 3 / 10) - 1)
			return false;
		factor = INT64_C(1) << exponent;
		scale = 0;
	} else if (digits > SMALL_DIGITS || scale < LEAST) {
		return false;
	}
	for (size_t i = 0; i < p->n_whole; i++)
		value = value * 10 + (p->whole[i] - '0');
	for (size_t i = 0; i < p->n_fraction; i++)
		value = value * 10 + (p->fraction[i] - '0');
	if (__builtin_mul_overflow(value, factor, &out->number))
		return false;
	if (p->negative)
		out->number = -out->number;
	out->exponent = (int32_t)scale;
	return true;
}

/* Whether a small one is written as it was given. */
static bool is_canonical(const struct parts *p, const struct quantity *q)
{
	char first = p->n_whole ? *p->whole : '0';
	size_t n = p->n_whole + p->n_fraction;
	if (q->format == QUANTITY_BINARY) {
		unsigned low = 0;
		for (size_t i = 0; i < p->n_whole; i++)
			low = (low * 10 + (unsigned)(p->whole[i] - '0')) & 7;
		return low != 0;
	}
	char last[3] = "xxx";
	for (size_t i = 0; i < 3 && i < n; i++)
		last[i] = i < p->n_fraction ? p->fraction[p->n_fraction - 1 - i]
					    : p->whole[n - 1 - i];
	return q->exponent % 3 == 0 && memcmp(last, "000", 3) != 0 && first != '0';
}

/* Away from zero to whole nanos; always that exponent, as Kubernetes. */
static bool round_to_nanos(struct arena *a, struct number *x)
{
	if (x->n == 0)
		return true;
	if (x->exponent >= LEAST) {
		struct number nano = { "", 0, LEAST };
		return combine(a, *x, nano, false, x);
	}
	int64_t cut = LEAST - x->exponent;
	bool rest = false;
	size_t keep = cut < (int64_t)x->n ? x->n - (size_t)cut : 0;
	for (size_t i = keep; i < x->n; i++)
		rest = rest || x->digits[i] != '0';
	struct number one = { "1", rest, LEAST }, kept = { x->digits, keep, LEAST };
	return combine(a, kept, one, false, x);
}

static int read_big(struct arena *a, const struct parts *p, int32_t exponent, struct quantity *out,
		    struct err *err)
{
	static const struct number most = { "9223372036854775807", 19, 0 }, one = { "1", 1, 0 };
	size_t n = p->n_whole + p->n_fraction;
	if (p->empty)
		return err_set(err, ERR_INPUT, "unable to parse numeric part of quantity");
	if (n > QUANTITY_DIGITS_MAX)
		return too_large(err);
	char *digits = arena_alloc(a, n + 20); /* 2^60 has 19 */
	memcpy(digits, p->whole, p->n_whole);
	if (p->n_fraction)
		memcpy(digits + p->n_whole, p->fraction, p->n_fraction);
	int64_t scale = -(int64_t)p->n_fraction;
	if (out->format == QUANTITY_BINARY)
		for (; exponent > 0; exponent -= 10)
			n = multiply(digits, n, 1024);
	else
		scale = (int32_t)(uint32_t)(scale + exponent);
	struct number x = without_zeros((struct number){ digits, n, scale });
	if (!round_to_nanos(a, &x))
		return too_large(err);
	if (out->format == QUANTITY_BINARY) {
		if (compare(x, most) > 0)
			x = most;
		if (x.n && compare(x, one) < 0)
			out->format = QUANTITY_DECIMAL;
	}
	set_big(out, x, p->negative && x.n);
	return 0;
}

int quantity_parse(struct arena *a, const char *text, size_t n, struct quantity *out,
		   struct err *err)
{
	struct parts parts;
	struct quantity q = { 0 };
	int32_t exponent = 0;
	if (n == 0 || !split(text, n, &parts))
		return err_set(err, ERR_INPUT, WRONG_FORMAT);
	if (!read_suffix(parts.suffix, parts.n_suffix, &q.format, &exponent))
		return err_set(err, ERR_INPUT, "unable to parse quantity's suffix");
	if (read_small(&parts, exponent, &q)) {
		if (is_canonical(&parts, &q)) {
			q.given = text;
			q.given_n = (uint32_t)n;
		}
	} else if (read_big(a, &parts, exponent, &q, err) < 0) {
		return -1;
	}
	*out = q;
	return 0;
}

/* ---- counting */

struct quantity quantity_of(int64_t number)
{
	return (struct quantity){ .format = QUANTITY_EXPONENT, .number = number };
}

int quantity_sign(const struct quantity *q)
{
	if (q->big)
		return q->n == 0 ? 0 : q->negative ? -1 : 1;
	return (q->number > 0) - (q->number < 0);
}

int quantity_compare(const struct quantity *x, const struct quantity *y)
{
	char x_room[INT64_DIGITS + 1], y_room[INT64_DIGITS + 1];
	int x_sign = quantity_sign(x), y_sign = quantity_sign(y);
	if (x_sign != y_sign)
		return x_sign < y_sign ? -1 : 1;
	return x_sign * compare(size_of(x, x_room), size_of(y, y_room));
}

/* value × 10^power */
static bool raise(int64_t *value, int64_t power)
{
	for (; *value && power > 0; power--)
		if (__builtin_mul_overflow(*value, 10, value))
			return false;
	return true;
}

static bool add_small(struct quantity *x, int64_t number, int32_t exponent)
{
	int64_t mine = x->number;
	if (number == 0)
		return true;
	if (mine == 0)
		x->exponent = exponent;
	int32_t low = x->exponent < exponent ? x->exponent : exponent;
	if (!raise(&mine, (int64_t)x->exponent - low) || !raise(&number, (int64_t)exponent - low) ||
	    __builtin_add_overflow(mine, number, &mine))
		return false;
	x->number = mine;
	x->exponent = low;
	return true;
}

static bool add_big(struct arena *a, const struct quantity *x, const struct quantity *y,
		    bool subtract, struct quantity *out)
{
	char x_room[INT64_DIGITS + 1], y_room[INT64_DIGITS + 1];
	struct number m = size_of(x, x_room), n = size_of(y, y_room), sum;
	bool x_negative = quantity_sign(x) < 0, y_negative = (quantity_sign(y) < 0) != subtract;
	bool swap = x_negative != y_negative && compare(m, n) < 0;
	if (!combine(a, swap ? n : m, swap ? m : n, x_negative != y_negative, &sum))
		return false;
	set_big(out, sum, sum.n && (swap ? y_negative : x_negative));
	return true;
}

int quantity_add(struct arena *a, const struct quantity *x, const struct quantity *y, bool subtract,
		 struct quantity *out, struct err *err)
{
	struct quantity sum = *x;
	sum.given = NULL;
	if (quantity_sign(x) == 0)
		sum.format = y->format;
	bool small = !x->big && !y->big && (!subtract || y->number != INT64_MIN) &&
		     add_small(&sum, subtract ? -y->number : y->number, y->exponent);
	if (!small && !add_big(a, x, y, subtract, &sum))
		return too_large(err);
	*out = sum;
	return 0;
}

bool quantity_integer(const struct quantity *q, int64_t *out)
{
	int64_t value = q->number;
	if (q->big || q->exponent < 0 || !raise(&value, q->exponent))
		return false;
	*out = value;
	return true;
}

/* The nearest double of the number, times the nearest of the power of ten: two roundings, because
 * Kubernetes does it so. */
double quantity_float(const struct quantity *q)
{
	double number = (double)q->number;
	char power[32];
	if (q->big) {
		AUTO(auto_free) char *digits = xstrndup(q->n ? q->digits : "0", q->n ? q->n : 1);
		number = strtod(digits, NULL);
		if (q->negative)
			number = -number;
	}
	if (q->exponent == 0)
		return number;
	snprintf(power, sizeof(power), "1e%" PRId32, q->exponent);
	double factor = q->exponent < -323 ? 0 : q->exponent > 308 ? INFINITY : strtod(power, NULL);
	return number * factor;
}

/* ---- writing */

/* Divides by 1024 where that leaves no rest. */
static bool divide_by_1024(char *digits, size_t *n)
{
	AUTO(auto_free) char *quotient = xmalloc(*n + 1);
	unsigned rest = 0;
	for (size_t i = 0; i < *n; i++) {
		rest = rest * 10 + (unsigned)(digits[i] - '0');
		quotient[i] = (char)('0' + rest / 1024);
		rest %= 1024;
	}
	if (rest)
		return false;
	struct number x = without_zeros((struct number){ quotient, *n, 0 });
	memcpy(digits, x.digits, x.n);
	*n = x.n;
	return true;
}

/* A whole number in powers of 1024.  false: it is none, or written as a decimal. */
static bool write_binary(const struct quantity *q, struct buf *out)
{
	static const char *const units[] = { "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" };
	struct quantity edge = quantity_of(1024), minus = quantity_of(-1024);
	char room[INT64_DIGITS + 1];
	struct number x = size_of(q, room);
	if ((quantity_compare(q, &minus) > 0 && quantity_compare(q, &edge) < 0) ||
	    top(x) > QUANTITY_DIGITS_MAX)
		return false;
	for (int64_t power = x.exponent; power < 0; power++)
		if (digit_at(x, power))
			return false;
	size_t n = (size_t)top(x), unit = 0;
	AUTO(auto_free) char *digits = xmalloc(n);
	for (size_t i = 0; i < n; i++)
		digits[i] = (char)('0' + digit_at(x, (int64_t)(n - 1 - i)));
	while (unit + 1 < ARRAY_LEN(units) && divide_by_1024(digits, &n))
		unit++;
	buf_printf(out, "%s%.*s%s", quantity_sign(q) < 0 ? "-" : "", (int)n, digits, units[unit]);
	return true;
}

static void write_unit(struct buf *out, int64_t exponent, uint8_t format)
{
	for (size_t i = 0; format != QUANTITY_EXPONENT && i < ARRAY_LEN(suffixes); i++)
		if (suffixes[i].format == QUANTITY_DECIMAL && suffixes[i].exponent == exponent) {
			buf_puts(out, suffixes[i].text);
			return;
		}
	if (exponent)
		buf_printf(out, "e%" PRId64, exponent);
}

void quantity_text(const struct quantity *q, struct buf *out)
{
	char room[INT64_DIGITS + 1];
	if (q->given) {
		buf_put(out, q->given, q->given_n);
		return;
	}
	if (quantity_sign(q) == 0) {
		buf_putc(out, '0');
		return;
	}
	if (q->format == QUANTITY_BINARY && write_binary(q, out))
		return;
	struct number x = size_of(q, room);
	for (; x.digits[x.n - 1] == '0'; x.n--)
		x.exponent++;
	if (quantity_sign(q) < 0)
		buf_putc(out, '-');
	buf_put(out, x.digits, x.n);
	for (; x.exponent % 3 != 0; x.exponent--)
		buf_putc(out, '0');
	write_unit(out, x.exponent, q->format);
}
