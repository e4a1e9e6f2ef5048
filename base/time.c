/* See time.h. */
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* `n` decimal digits at *p, within a range. */
static bool number(const char **p, int n, int min, int max, int *out)
{
	int value = 0;
	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (**p - '0');
	}
	*out = value;
	return value >= min && value <= max;
}

static bool character(const char **p, const char *one_of)
{
	if (!**p || !strchr(one_of, **p))
		return false;
	(*p)++;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

/* Digits beyond nanoseconds are dropped. */
static bool fraction(const char **p, long *nanoseconds)
{
	long unit = 100000000;
	const char *start = *p;
	for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		*nanoseconds += (**p - '0') * unit;
	return *p > start;
}

static bool offset(const char **p, int *seconds)
{
	int sign = **p == '-' ? -1 : 1, hours, minutes;
	if (character(p, "Zz"))
		return true;
	if (!character(p, "+-") || !number(p, 2, 0, 23, &hours) || !character(p, ":") ||
	    !number(p, 2, 0, 59, &minutes))
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool time_parse(const char *text, struct timespec *out)
{
	struct tm tm = { 0 };
	const char *p = text;
	int year, month, east = 0;
	long nanoseconds = 0;
	if (!number(&p, 4, 0, 9999, &year) || !character(&p, "-") ||
	    !number(&p, 2, 1, 12, &month) || !character(&p, "-") ||
	    !number(&p, 2, 1, days_in_month(year, month), &tm.tm_mday) || !character(&p, "Tt ") ||
	    !number(&p, 2, 0, 23, &tm.tm_hour) || !character(&p, ":") ||
	    !number(&p, 2, 0, 59, &tm.tm_min) || !character(&p, ":") ||
	    !number(&p, 2, 0, 60, &tm.tm_sec))
		return false;
	if (character(&p, ".") && !fraction(&p, &nanoseconds))
		return false;
	if (!offset(&p, &east) || *p)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*out = (struct timespec){ timegm(&tm) - east, nanoseconds };
	return true;
}

bool time_parse_end(const char *text, time_t *out)
{
	static const char last[] = "T23:59:59Z";
	char whole[sizeof("2026-01-02") + sizeof(last)];
	struct timespec t;
	bool is_day = strlen(text) == sizeof("2026-01-02") - 1;
	if (is_day) {
		memcpy(whole, text, sizeof("2026-01-02") - 1);
		memcpy(whole + sizeof("2026-01-02") - 1, last, sizeof(last));
	}
	if (!time_parse(is_day ? whole : text, &t))
		return false;
	*out = t.tv_sec;
	return true;
}

void time_format(time_t t, char out[TIME_TEXT])
{
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void time_format_micro(struct timespec t, char out[TIME_TEXT])
{
	struct tm tm;
	char seconds[TIME_TEXT];
	gmtime_r(&t.tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	unsigned micro = (unsigned)(t.tv_nsec / 1000) % 1000000;
	snprintf(out, TIME_TEXT, "%.19s.%06uZ", seconds, micro);
}

int64_t time_monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool duration_parse(const char *text, unsigned *seconds)
{
	static const struct {
		char unit;
		unsigned long seconds;
	} units[] = { { 'h', 3600 }, { 'm', 60 }, { 's', 1 }, { '\0', 1 } };
	enum { MAX_SECONDS = 24 * 3600 };
	unsigned long total = 0;
	size_t next = 0;
	do {
		char *end;
		if (*text < '0' || *text > '9')
			return false;
		unsigned long n = strtoul(text, &end, 10);
		while (next < ARRAY_LEN(units) && units[next].unit != *end)
			next++;
		/* A number without a unit stands alone. */
		if (next == ARRAY_LEN(units) || n > MAX_SECONDS || (!*end && total))
			return false;
		total += n * units[next++].seconds;
		text = *end ? end + 1 : end;
	} while (*text);
	if (total > MAX_SECONDS)
		return false;
	*seconds = (unsigned)total;
	return true;
}

void time_pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000 }, NULL);
}
