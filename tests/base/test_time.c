/* time.h: RFC 3339 both ways. */
#include "tests/lib/fixture.h"

#include "base/mem.h"
#include "base/time.h"

struct parse_case {
	const char *text;
	bool good;
	int64_t seconds;
	long nanoseconds;
};

static const struct parse_case parses[] = {
	{ "1970-01-01T00:00:00Z", true, 0, 0 },
	{ "2024-02-29T12:34:56Z", true, 1709210096, 0 },
	{ "2024-02-29t12:34:56z", true, 1709210096, 0 },
	{ "2024-02-29T12:34:56.5Z", true, 1709210096, 500000000 },
	{ "2024-02-29T12:34:56.123456Z", true, 1709210096, 123456000 },
	{ "2024-02-29T12:34:56.1234567891234Z", true, 1709210096, 123456789 },
	{ "2024-02-29T14:34:56+02:00", true, 1709210096, 0 },
	{ "2024-02-29T07:04:56-05:30", true, 1709210096, 0 },
	{ "2016-12-31T23:59:60Z", true, 1483228800, 0 },
	{ "1969-12-31T23:59:59Z", true, -1, 0 },
	{ "9999-12-31T23:59:59Z", true, 253402300799, 0 },
	{ "2023-02-29T00:00:00Z", false, 0, 0 },
	{ "1900-02-29T00:00:00Z", false, 0, 0 },
	{ "2024-13-01T00:00:00Z", false, 0, 0 },
	{ "2024-00-01T00:00:00Z", false, 0, 0 },
	{ "2024-01-32T00:00:00Z", false, 0, 0 },
	{ "2024-01-01T24:00:00Z", false, 0, 0 },
	{ "2024-01-01T00:60:00Z", false, 0, 0 },
	{ "2024-01-01T00:00:00", false, 0, 0 },
	{ "2024-01-01T00:00:00.Z", false, 0, 0 },
	{ "2024-01-01T00:00:00Zx", false, 0, 0 },
	{ "2024-01-01T00:00:00+0200", false, 0, 0 },
	{ "2024-01-01T00:00:00+24:00", false, 0, 0 },
	{ "2024-1-01T00:00:00Z", false, 0, 0 },
	{ "-024-01-01T00:00:00Z", false, 0, 0 },
	{ "2024-01-01", false, 0, 0 },
	{ "", false, 0, 0 },
};

static void parse_run(void **state)
{
	const struct parse_case *c = *state;
	struct timespec t = { 42, 42 };
	assert_int_equal(time_parse(c->text, &t), c->good);
	assert_true(t.tv_sec == (c->good ? c->seconds : 42));
	assert_true(t.tv_nsec == (c->good ? c->nanoseconds : 42));
}

static void format(void **state)
{
	(void)state;
	char text[TIME_TEXT];
	time_format(1709210096, text);
	assert_string_equal(text, "2024-02-29T12:34:56Z");
	time_format(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59Z");
	time_format_micro((struct timespec){ 1709210096, 1234567 }, text);
	assert_string_equal(text, "2024-02-29T12:34:56.001234Z");
	time_format_micro((struct timespec){ 0, 999999999 }, text);
	assert_string_equal(text, "1970-01-01T00:00:00.999999Z");
}

static void monotonic(void **state)
{
	(void)state;
	int64_t before = time_monotonic_ms();
	assert_true(time_monotonic_ms() >= before);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int seconds; /* -1: none */
	} rows[] = {
		{ "0", 0 },
		{ "90", 90 },
		{ "30s", 30 },
		{ "5m", 300 },
		{ "1h30m", 5400 },
		{ "24h", 86400 },
		{ "25h", -1 },
		{ "", -1 },
		{ "s", -1 },
		{ "5x", -1 },
		{ "30s5m", -1 },
		{ "1h30", -1 },
		{ "-5s", -1 },
		{ "5 s", -1 },
		{ "1.5h", -1 },
		{ "5m5m", -1 },
		{ "99999999999999999999s", -1 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned seconds = 42;
		bool good = duration_parse(rows[i].text, &seconds);
		if (good != (rows[i].seconds >= 0) ||
		    (good ? (int)seconds != rows[i].seconds : seconds != 42))
			fail_msg("%s: %u", rows[i].text, seconds);
	}
}

static void ends(void **state)
{
	static const struct {
		const char *text;
		long long end; /* -1: no time */
	} rows[] = {
		{ "1970-01-01", 86399 },
		{ "2026-12-31", 1798761599 },
		{ "1970-01-01T00:00:01Z", 1 },
		{ "2026-02-30", -1 },
		{ "2026-1-1", -1 },
		{ "tomorrow 1", -1 },
		{ "", -1 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		time_t end = -1;
		assert_int_equal(time_parse_end(rows[i].text, &end), rows[i].end >= 0);
		assert_int_equal(end, rows[i].end);
	}
}

int main(void)
{
	struct CMUnitTest tests[64] = { cmocka_unit_test(format), cmocka_unit_test(monotonic),
					cmocka_unit_test(durations), cmocka_unit_test(ends) };
	size_t n = 4;
	for (size_t i = 0; i < ARRAY_LEN(parses); i++)
		tests[n++] = fixture_row(parses[i].text, parse_run, &parses[i]);
	return _cmocka_run_group_tests("time", tests, n, NULL, NULL);
}
