/* Parts of timestamps and durations. */
#include <inttypes.h>

#include "policy/cel/calendar.h"
#include "policy/cel/standard.h"

/* The number before or behind the colon of an offset, as Go's Atoi reads it. */
static bool number(const char *p, uint32_t n, int64_t *out)
{
	bool sign = n && (*p == '-' || *p == '+');
	int64_t v = 0;
	if (n - sign == 0 || n - sign > 9)
		return false;
	for (uint32_t i = sign; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (p[i] - '0');
	}
	*out = sign && *p == '-' ? -v : v;
	return true;
}

/* Seconds east of UTC at a time.  false: *out is the error, or unknown. */
static bool offset_of(struct cel_call *c, struct cel_value zone, int64_t at, int64_t *seconds,
		      struct cel_value *out)
{
	const char *colon = memchr(zone.text, ':', zone.n);
	int64_t hours, minutes;
	if (!colon)
		return cel_zone_offset(c, zone, at, seconds, out);
	uint32_t n = (uint32_t)(colon - zone.text);
	if (!number(zone.text, n, &hours) || !number(colon + 1, zone.n - n - 1, &minutes)) {
		*out = cel_fail(c, "strconv.Atoi: parsing \"%.*s\": invalid syntax", (int)zone.n,
				zone.text);
		return false;
	}
	*seconds = (hours * 60 + (*zone.text == '-' ? -minutes : minutes)) * 60;
	return true;
}

typedef int64_t part_fn(const struct cel_date *d, const struct cel_value *time);

static int64_t full_year(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->year;
}

static int64_t month(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->month - 1;
}

static int64_t day_of_year(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->yearday;
}

static int64_t day_of_month(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->day - 1;
}

static int64_t date(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->day;
}

static int64_t day_of_week(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->weekday;
}

static int64_t hours(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->hour;
}

static int64_t minutes(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->minute;
}

static int64_t seconds(const struct cel_date *d, const struct cel_value *time)
{
	(void)time;
	return d->second;
}

static int64_t milliseconds(const struct cel_date *d, const struct cel_value *time)
{
	(void)d;
	return time->n / 1000000;
}

static struct cel_value part(struct cel_call *c, bool zoned, part_fn *fn)
{
	struct cel_value bad;
	int64_t offset = 0;
	if (zoned && !offset_of(c, c->args[1], c->args[0].i, &offset, &bad))
		return bad;
	struct cel_date d = cel_date_of(c->args[0].i + offset);
	return cel_int(fn(&d, c->args));
}

#define PART(fn)                                                                                   \
	static struct cel_value fn##_utc(struct cel_call *c)                                       \
	{                                                                                          \
		return part(c, false, fn);                                                         \
	}                                                                                          \
	static struct cel_value fn##_zone(struct cel_call *c)                                      \
	{                                                                                          \
		return part(c, true, fn);                                                          \
	}

PART(full_year)
PART(month)
PART(day_of_year)
PART(day_of_month)
PART(date)
PART(day_of_week)
PART(hours)
PART(minutes)
PART(seconds)
PART(milliseconds)

static struct cel_value whole(struct cel_call *c, int64_t nanoseconds)
{
	return cel_int(c->args[0].i / nanoseconds);
}

static struct cel_value duration_hours(struct cel_call *c)
{
	return whole(c, INT64_C(3600000000000));
}

static struct cel_value duration_minutes(struct cel_call *c)
{
	return whole(c, INT64_C(60000000000));
}

static struct cel_value duration_seconds(struct cel_call *c)
{
	return whole(c, 1000000000);
}

/* All of them, not what is left of the second: so does cel-go. */
static struct cel_value duration_milliseconds(struct cel_call *c)
{
	return whole(c, 1000000);
}

#define OF_TIME(name, id, fn)                                                                      \
	{ name, "timestamp_to_" id, "timestamp.() -> int", .call = fn##_utc },                     \
	{                                                                                          \
		name, "timestamp_to_" id "_with_tz", "timestamp.(string) -> int",                  \
			.call = fn##_zone                                                          \
	}
#define OF_DURATION(name, id, fn)                                                                  \
	{                                                                                          \
		name, "duration_to_" id, "duration.() -> int", .call = fn                          \
	}

static const struct cel_overload overloads[] = {
	OF_TIME("getFullYear", "year", full_year),
	OF_TIME("getMonth", "month", month),
	OF_TIME("getDayOfYear", "day_of_year", day_of_year),
	OF_TIME("getDayOfMonth", "day_of_month", day_of_month),
	OF_TIME("getDate", "day_of_month_1_based", date),
	OF_TIME("getDayOfWeek", "day_of_week", day_of_week),
	OF_TIME("getHours", "hours", hours),
	OF_TIME("getMinutes", "minutes", minutes),
	OF_TIME("getSeconds", "seconds", seconds),
	OF_TIME("getMilliseconds", "milliseconds", milliseconds),
	OF_DURATION("getHours", "hours", duration_hours),
	OF_DURATION("getMinutes", "minutes", duration_minutes),
	OF_DURATION("getSeconds", "seconds", duration_seconds),
	OF_DURATION("getMilliseconds", "milliseconds", duration_milliseconds),
};
const struct cel_library cel_std_times = { .name = "times",
					   .overloads = overloads,
					   .n_overloads = ARRAY_LEN(overloads) };
