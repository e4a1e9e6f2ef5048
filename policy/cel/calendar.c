/* The proleptic Gregorian calendar; see calendar.h. */
#include "policy/cel/calendar.h"

#include <inttypes.h>
#include <stdio.h>

enum { DAY = 86400, NANO = 1000000000 };

/* Days since 1970-01-01, counting in eras of 400 years that begin on 1 March. */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t cel_seconds_of(int64_t year, int month, int day)
{
	return days_of(year, month, day) * DAY;
}

struct cel_date cel_date_of(int64_t seconds)
{
	int64_t days = seconds / DAY, left = seconds % DAY;
	if (left < 0) {
		left += DAY;
		days--;
	}
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
	int64_t m = (5 * of_year + 2) / 153;
	struct cel_date d = {
		.day = (int)(of_year - (153 * m + 2) / 5 + 1),
		.month = (int)(m < 10 ? m + 3 : m - 9),
		.hour = (int)(left / 3600),
		.minute = (int)(left / 60 % 60),
		.second = (int)(left % 60),
	};
	d.year = years + era * 400 + (d.month <= 2);
	int64_t weekday = (days + 4) % 7;
	d.weekday = (int)(weekday < 0 ? weekday + 7 : weekday);
	d.yearday = (int)(days - days_of(d.year, 1, 1));
	return d;
}

struct text {
	const char *p, *end;
};

static bool take(struct text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool is_digit(const struct text *t)
{
	return t->p < t->end && *t->p >= '0' && *t->p <= '9';
}

/* Exactly `digits` digits, and no more than `most`. */
static bool number(struct text *t, int digits, int most, int *out)
{
	int v = 0;
	for (int i = 0; i < digits; i++) {
		if (!is_digit(t))
			return false;
		v = v * 10 + (*t->p++ - '0');
	}
	*out = v;
	return v <= most;
}

/* Behind the point: nanoseconds; what is finer is dropped. */
static bool fraction(struct text *t, uint32_t *nano)
{
	uint32_t unit = NANO / 10, v = 0;
	if (!is_digit(t))
		return false;
	for (; is_digit(t); t->p++, unit /= 10)
		v += (uint32_t)(*t->p - '0') * unit;
	*nano = v;
	return true;
}

static bool zone(struct text *t, int *minutes)
{
	int hour, minute;
	*minutes = 0;
	if (take(t, 'Z'))
		return true;
	bool west = t->p < t->end && *t->p == '-';
	if (!take(t, '+') && !take(t, '-'))
		return false;
	if (!number(t, 2, 24, &hour) || !take(t, ':') || !number(t, 2, 60, &minute))
		return false;
	*minutes = (west ? -1 : 1) * (hour * 60 + minute);
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

bool cel_timestamp_parse(const char *text, size_t n, struct cel_value *out)
{
	struct text t = { text, text + n };
	int year, month, day, hour, minute, second, offset;
	uint32_t nano = 0;
	if (!number(&t, 4, 9999, &year) || !take(&t, '-') || !number(&t, 2, 12, &month) ||
	    !take(&t, '-') || !number(&t, 2, 31, &day) || !take(&t, 'T') ||
	    !number(&t, 2, 23, &hour) || !take(&t, ':') || !number(&t, 2, 59, &minute) ||
	    !take(&t, ':') || !number(&t, 2, 59, &second))
		return false;
	if ((take(&t, '.') || take(&t, ',')) && !fraction(&t, &nano))
		return false;
	if (month < 1 || day < 1 || day > days_in(year, month) || !zone(&t, &offset) ||
	    t.p != t.end)
		return false;
	int64_t seconds =
		cel_seconds_of(year, month, day) + hour * 3600 + minute * 60 + second - offset * 60;
	if (seconds < CEL_TIME_FIRST || seconds > CEL_TIME_LAST)
		return false;
	*out = cel_timestamp(seconds, nano);
	out->offset = (int16_t)offset;
	return true;
}

static const struct {
	const char *name;
	uint64_t nano;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* micro sign */
	{ "\xce\xbcs", 1000 }, /* Greek mu */
	{ "ms", 1000000 },
	{ "s", NANO },
	{ "m", UINT64_C(60) * NANO },
	{ "h", UINT64_C(3600) * NANO },
};

/* The unit goes as far as the next digit or point. */
static uint64_t unit(struct text *t)
{
	const char *start = t->p;
	while (t->p < t->end && *t->p != '.' && !is_digit(t))
		t->p++;
	size_t n = (size_t)(t->p - start);
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strlen(units[i].name) == n && memcmp(units[i].name, start, n) == 0)
			return units[i].nano;
	return 0;
}

/* The digits before the point; false past 2^63. */
static bool whole(struct text *t, uint64_t *out)
{
	*out = 0;
	for (; is_digit(t); t->p++) {
		if (*out > (UINT64_C(1) << 63) / 10)
			return false;
		*out = *out * 10 + (uint64_t)(*t->p - '0');
		if (*out > UINT64_C(1) << 63)
			return false;
	}
	return true;
}

/* The digits behind it, as a number and its scale; those that no longer fit do not count. */
static void part(struct text *t, uint64_t *out, double *scale)
{
	bool full = false;
	*out = 0;
	*scale = 1;
	for (; is_digit(t); t->p++) {
		uint64_t more;
		if (full || *out > (uint64_t)INT64_MAX / 10 ||
		    (more = *out * 10 + (uint64_t)(*t->p - '0')) > UINT64_C(1) << 63) {
			full = true;
			continue;
		}
		*out = more;
		*scale *= 10;
	}
}

static bool one_part(struct text *t, uint64_t *out)
{
	const char *start = t->p;
	uint64_t v, f = 0;
	double scale = 1;
	if (!whole(t, &v))
		return false;
	bool digits = t->p != start;
	if (take(t, '.')) {
		start = t->p;
		part(t, &f, &scale);
		digits |= t->p != start;
	}
	uint64_t u = digits ? unit(t) : 0;
	if (!u || v > (UINT64_C(1) << 63) / u)
		return false;
	v *= u;
	if (f)
		v += (uint64_t)((double)f * ((double)u / scale));
	*out = v;
	return v <= UINT64_C(1) << 63;
}

bool cel_duration_parse(const char *text, size_t n, int64_t *nanoseconds)
{
	struct text t = { text, text + n };
	uint64_t sum = 0;
	bool negative = take(&t, '-');
	if (!negative)
		take(&t, '+');
	if (t.end - t.p == 1 && *t.p == '0') {
		*nanoseconds = 0;
		return true;
	}
	if (t.p == t.end)
		return false;
	while (t.p < t.end) {
		uint64_t v;
		if (!one_part(&t, &v) || (sum += v) > UINT64_C(1) << 63)
			return false;
	}
	if (!negative && sum > (uint64_t)INT64_MAX)
		return false;
	*nanoseconds = negative ? (int64_t)(0 - sum) : (int64_t)sum;
	return true;
}

/* ".12", or nothing. */
static void nano_text(uint32_t nano, struct buf *out)
{
	char digits[16];
	if (!nano)
		return;
	int n = snprintf(digits, sizeof(digits), ".%09" PRIu32, nano);
	while (digits[n - 1] == '0')
		digits[--n] = '\0';
	buf_puts(out, digits);
}

void cel_timestamp_text(struct cel_value v, struct buf *out)
{
	struct cel_date d = cel_date_of(v.i + v.offset * 60);
	buf_printf(out, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d", d.year, d.month, d.day, d.hour,
		   d.minute, d.second);
	nano_text(v.n, out);
	if (!v.offset) {
		buf_putc(out, 'Z');
		return;
	}
	int minutes = v.offset < 0 ? -v.offset : v.offset;
	buf_printf(out, "%c%02d:%02d", v.offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

void cel_duration_text(int64_t nanoseconds, struct buf *out)
{
	uint64_t v = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
	buf_printf(out, "%s%" PRIu64, nanoseconds < 0 ? "-" : "", v / NANO);
	nano_text((uint32_t)(v % NANO), out);
	buf_putc(out, 's');
}
