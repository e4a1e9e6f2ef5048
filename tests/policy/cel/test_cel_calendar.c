/* Timestamps and durations as Go reads and writes them. */
#include "tests/lib/fixture.h"

#include "base/buf.h"
#include "policy/cel/calendar.h"

struct time_case {
	const char *text;
	const char *again; /* as it is written; NULL: it is none */
	int64_t seconds;
};

static const struct time_case times[] = {
	{ "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0 },
	{ "2000-02-29T12:00:00.5Z", "2000-02-29T12:00:00.5Z", 951825600 },
	{ "1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z", -1 },
	{ "2024-01-01T00:00:00+05:30", "2024-01-01T00:00:00+05:30", 1704047400 },
	{ "2024-01-01T00:00:00-00:30", "2024-01-01T00:00:00-00:30", 1704069000 },
	{ "2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z", 1704067200 },
	{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", INT64_C(-62135596800) },
	{ "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", INT64_C(253402300799) },
	{ "2024-01-01T00:00:00.1234567891Z", "2024-01-01T00:00:00.123456789Z", 1704067200 },
	{ "0001-01-01T00:00:00+01:00", NULL, 0 },
	{ "2023-02-29T00:00:00Z", NULL, 0 },
	{ "1900-02-29T00:00:00Z", NULL, 0 },
	{ "2024-13-01T00:00:00Z", NULL, 0 },
	{ "2024-00-01T00:00:00Z", NULL, 0 },
	{ "2024-01-01T24:00:00Z", NULL, 0 },
	{ "2024-01-01T00:00:60Z", NULL, 0 },
	{ "2024-01-01T00:00:00", NULL, 0 },
	{ "2024-01-01T00:00:00.Z", NULL, 0 },
	{ "2024-01-01t00:00:00Z", NULL, 0 },
	{ "2024-01-01T00:00:00z", NULL, 0 },
	{ "2024-1-1T00:00:00Z", NULL, 0 },
	{ "2024-01-01T00:00:00+0530", NULL, 0 },
	{ "2024-01-01T00:00:00Z ", NULL, 0 },
	{ "", NULL, 0 },
};

static void time_run(void **state)
{
	const struct time_case *c = *state;
	struct cel_value v;
	struct buf text = { 0 };
	bool read = cel_timestamp_parse(c->text, strlen(c->text), &v);
	assert_int_equal(read, c->again != NULL);
	if (!read)
		return;
	assert_int_equal(v.i, c->seconds);
	cel_timestamp_text(v, &text);
	assert_string_equal(buf_text(&text), c->again);
	buf_done(&text);
}

struct duration_case {
	const char *text;
	const char *again; /* NULL: it is none */
};

static const struct duration_case durations[] = {
	{ "0", "0s" },
	{ "1h30m", "5400s" },
	{ "-1.5s", "-1.5s" },
	{ "+5ms", "0.005s" },
	{ ".5h", "1800s" },
	{ "1.s", "1s" },
	{ "1s1h", "3601s" },
	{ "7us", "0.000007s" },
	{ "7\xc2\xb5s", "0.000007s" },
	{ "7\xce\xbcs", "0.000007s" },
	{ "1ns", "0.000000001s" },
	{ "9223372036854775807ns", "9223372036.854775807s" },
	{ "-9223372036854775808ns", "-9223372036.854775808s" },
	{ "0.1234567890123s", "0.123456789s" },
	{ "9223372036854775808ns", NULL },
	{ "2562048h", NULL },
	{ "1", NULL },
	{ "1d", NULL },
	{ "s", NULL },
	{ ".s", NULL },
	{ "-", NULL },
	{ "", NULL },
	{ "1 s", NULL },
	{ "--1s", NULL },
};

static void duration_run(void **state)
{
	const struct duration_case *c = *state;
	int64_t nano;
	struct buf text = { 0 };
	bool read = cel_duration_parse(c->text, strlen(c->text), &nano);
	assert_int_equal(read, c->again != NULL);
	if (!read)
		return;
	cel_duration_text(nano, &text);
	assert_string_equal(buf_text(&text), c->again);
	buf_done(&text);
}

/* Every day of ten thousand years is the one after the day before it. */
static void days_run(void **state)
{
	(void)state;
	struct cel_date before = cel_date_of(CEL_TIME_FIRST - 86400);
	for (int64_t at = CEL_TIME_FIRST; at < CEL_TIME_LAST; at += 86400) {
		struct cel_date d = cel_date_of(at + 86399);
		bool month = d.day == 1, year = d.yearday == 0;
		assert_int_equal(d.weekday, (before.weekday + 1) % 7);
		assert_int_equal(d.day, month ? 1 : before.day + 1);
		assert_int_equal(d.year, year ? before.year + 1 : before.year);
		assert_int_equal(d.hour * 3600 + d.minute * 60 + d.second, 86399);
		assert_int_equal(cel_seconds_of(d.year, d.month, d.day), at);
		before = d;
	}
}

int main(void)
{
	enum { T = ARRAY_LEN(times), D = ARRAY_LEN(durations) };
	struct CMUnitTest tests[T + D + 1];
	for (size_t i = 0; i < T; i++)
		tests[i] = fixture_row(times[i].text, time_run, &times[i]);
	for (size_t i = 0; i < D; i++)
		tests[T + i] = fixture_row(durations[i].text, duration_run, &durations[i]);
	tests[T + D] = fixture_row("every day", days_run, NULL);
	return _cmocka_run_group_tests("cel calendar", tests, T + D + 1, NULL, NULL);
}
