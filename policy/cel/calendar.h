/* Dates, RFC 3339 and Go's durations, as the time functions of CEL need them. */
#ifndef POLICY_CEL_CALENDAR_H
#define POLICY_CEL_CALENDAR_H

#include "policy/cel/value.h"

/* Seconds since 1970 of 0001-01-01T00:00:00Z and of 9999-12-31T23:59:59Z. */
#define CEL_TIME_FIRST INT64_C(-62135596800)
#define CEL_TIME_LAST  INT64_C(253402300799)

struct cel_date {
	int64_t year;
	int month, day; /* from 1 */
	int hour, minute, second;
	int weekday; /* 0: Sunday */
	int yearday; /* from 0 */
};

struct cel_date cel_date_of(int64_t seconds);
int64_t cel_seconds_of(int64_t year, int month, int day); /* at midnight, UTC */

/* RFC 3339 as Go's time.Parse takes it; false for anything else, and outside of the range. */
bool cel_timestamp_parse(const char *text, size_t n, struct cel_value *out);

/* Go's time.ParseDuration: "1h30m", "-1.5s"; false for anything else, and past int64. */
bool cel_duration_parse(const char *text, size_t n, int64_t *nanoseconds);

#endif
