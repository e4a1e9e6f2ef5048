/* quantity.h: the expected values are those of Kubernetes' own package, 1.36. */
#include "tests/lib/fixture.h"

#include <math.h>
#include <string.h>

#include "policy/cel/quantity.h"

enum { NONE = -77 /* no integer value */ };

struct parse_case {
	const char *given, *text;
	int64_t integer;
	double number;
};

static const struct parse_case parses[] = {
	{ "0", "0", 0, 0 },
	{ "1", "1", 1, 1 },
	{ "+1", "+1", 1, 1 },
	{ "-", "0", 0, 0 },
	{ "-0.0", "0", NONE, -0.0 },
	{ "007", "007", 7, 7 },
	{ "1k", "1k", 1000, 1000 },
	{ "1000k", "1M", 1000000, 1e6 },
	{ "1Ki", "1Ki", 1024, 1024 },
	{ "1024Mi", "1Gi", 1 << 30, 1 << 30 },
	{ "1500Mi", "1500Mi", 1572864000, 1572864000 },
	{ "0.5", "500m", NONE, 0.5 },
	{ "1.5", "1500m", NONE, 1.5 },
	{ "1.50", "1500m", NONE, 1.5 },
	{ "100n", "100n", NONE, 1e-7 },
	{ "0.1n", "1n", NONE, 1e-9 },
	{ "-0.1n", "-1n", NONE, -1e-9 },
	{ "1e3", "1e3", 1000, 1000 },
	{ "1E3", "1E3", 1000, 1000 },
	{ "1e-3", "1e-3", NONE, 0.001 },
	{ "1E", "1E", 1000000000000000000, 1e18 },
	{ "1Ei", "1Ei", NONE, 0x1p60 },
	{ ".5", "500m", NONE, 0.5 },
	{ "5.", "5.", 5, 5 },
	{ "Mi", "0", 0, 0 },
	{ "m", "0", NONE, 0 },
	{ "1.5Gi", "1536Mi", NONE, 1610612736.0 },
	{ "0.5Ki", "512", NONE, 512 },
	{ "0.1Ki", "102400m", NONE, 102.4 },
	{ "999999999999999999", "999999999999999999", 999999999999999999, 1e18 },
	{ "9223372036854775807", "9223372036854775807", NONE, 0x1p63 },
	{ "9999999999999999999999999999999999999G", "9999999999999999999999999999999999999G", NONE,
	  1.0000000000000001e46 },
	{ "9999999Ei", "9223372036854775807", NONE, 9.2233720368547758e18 },
	{ "1e4294967296", "1e4294967296", 1, 1 },
	{ "1.0000000000000000001", "1000000001n", NONE, 1.000000001 },
};

static struct quantity parse(struct arena *a, const char *text)
{
	AUTO(err_done) struct err err = { 0 };
	struct quantity q = { 0 };
	if (quantity_parse(a, text, strlen(text), &q, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return q;
}

static void assert_text(const struct quantity *q, const char *want)
{
	AUTO(buf_done) struct buf text = { 0 };
	quantity_text(q, &text);
	assert_string_equal(buf_text(&text), want);
}

static void parse_run(void **state)
{
	const struct parse_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct quantity q = parse(&a, c->given);
	int64_t integer = NONE;
	assert_text(&q, c->text);
	assert_int_equal(quantity_integer(&q, &integer), c->integer != NONE);
	assert_true(integer == c->integer);
	assert_true(fabs(quantity_float(&q) - c->number) <= fabs(c->number) * 1e-15);
	struct quantity again = parse(&a, c->text);
	assert_int_equal(quantity_compare(&q, &again), 0);
}

struct bad_case {
	const char *given, *message;
};

#define FORMAT                                                                                     \
	"quantities must match the regular expression "                                            \
	"'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
#define SUFFIX "unable to parse quantity's suffix"

static const struct bad_case bad[] = {
	{ "", FORMAT },
	{ " 1", FORMAT },
	{ "1 ", FORMAT },
	{ "1 Gi", FORMAT },
	{ "1,5", FORMAT },
	{ "0x10", FORMAT },
	{ "1.2.3", FORMAT },
	{ "10Mo", FORMAT },
	{ "--1", SUFFIX },
	{ "200K", SUFFIX },
	{ "1e", SUFFIX },
	{ "1e+", SUFFIX },
	{ "10Mm", SUFFIX },
	{ "1Ee3", SUFFIX },
	{ "1e99999999999999999999", SUFFIX },
	{ "1M5", SUFFIX },
	{ "Pi", "unable to parse numeric part of quantity" },
	{ "e-20", "unable to parse numeric part of quantity" },
};

static void bad_run(void **state)
{
	const struct bad_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct quantity q;
	assert_int_equal(quantity_parse(&a, c->given, strlen(c->given), &q, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_string_equal(err.msg, c->message);
}

struct sum_case {
	const char *x, *y, *sum, *difference;
	int order;
};

static const struct sum_case sums[] = {
	{ "50k", "20k", "70k", "30k", 1 },
	{ "1", "1m", "1001m", "999m", 1 },
	{ "1Gi", "1G", "2073741824", "73741824", 1 },
	{ "50M", "50Mi", "102428800", "-2428800", -1 },
	{ "200M", "0.2G", "400M", "0", 0 },
	{ "0", "1Gi", "1Gi", "-1Gi", -1 },
	{ "-5", "5", "0", "-10", -1 },
	{ "-5", "-7", "-12", "2", 1 },
	{ "9223372036854775807", "1", "9223372036854775808", "9223372036854775806", 1 },
	{ "999999999999999999", "9e18", "9999999999999999999", "-8000000000000000001", -1 },
	{ "0.000000001", "9999999999999999999999", "9999999999999999999999000000001n",
	  "-9999999999999999999998999999999n", -1 },
	{ "1e1000", "1e1000", "20e999", "0", 0 },
	{ "1e2000000000", "-1e-2000000000", NULL, NULL, 1 },
};

static void sum_run(void **state)
{
	const struct sum_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct quantity x = parse(&a, c->x), y = parse(&a, c->y), sum, difference;
	assert_int_equal(quantity_compare(&x, &y), c->order);
	assert_int_equal(quantity_compare(&y, &x), -c->order);
	if (!c->sum) {
		assert_int_equal(quantity_add(&a, &x, &y, false, &sum, &err), -1);
		assert_int_equal(err.code, ERR_LIMIT);
		return;
	}
	assert_int_equal(quantity_add(&a, &x, &y, false, &sum, &err), 0);
	assert_int_equal(quantity_add(&a, &x, &y, true, &difference, &err), 0);
	struct quantity want = parse(&a, c->sum), less = parse(&a, c->difference);
	assert_int_equal(quantity_compare(&sum, &want), 0);
	assert_int_equal(quantity_compare(&difference, &less), 0);
	assert_int_equal(quantity_sign(&difference), quantity_compare(&x, &y));
	assert_text(&sum, c->sum);
}

/* ---- limits */

static void integers(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct quantity least = quantity_of(INT64_MIN), one = quantity_of(-1), sum;
	int64_t i;
	assert_true(quantity_integer(&least, &i) && i == INT64_MIN);
	assert_int_equal(quantity_add(&a, &least, &one, false, &sum, &err), 0);
	assert_text(&sum, "-9223372036854775809");
	assert_false(quantity_integer(&sum, &i));
	assert_int_equal(quantity_add(&a, &one, &least, true, &sum, &err), 0);
	assert_text(&sum, "9223372036854775807");
}

static void many_digits(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *digits = xmalloc(QUANTITY_DIGITS_MAX + 2);
	struct quantity q, sum;
	memset(digits, '9', QUANTITY_DIGITS_MAX + 1);
	assert_int_equal(quantity_parse(&a, digits, QUANTITY_DIGITS_MAX - 9, &q, &err), 0);
	assert_int_equal(quantity_add(&a, &q, &q, false, &sum, &err), 0);
	assert_int_equal(quantity_compare(&q, &sum), -1);
	assert_int_equal(quantity_parse(&a, digits, QUANTITY_DIGITS_MAX + 1, &q, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

static void huge_exponents(void **state)
{
	(void)state;
	static const char huge[] = "1234567890123456789e1000000000";
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct quantity q, small = parse(&a, "1e2147483647"), tiny = parse(&a, "1e-2147483648");
	assert_int_equal(quantity_parse(&a, huge, strlen(huge), &q, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(quantity_compare(&small, &tiny), 1);
	assert_true(isinf(quantity_float(&small)));
	assert_true(quantity_float(&tiny) == 1e-9); /* rounded away from zero */
	assert_true(a.used < 1 << 20);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(parses) + ARRAY_LEN(bad) + ARRAY_LEN(sums) + 3];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(parses); i++)
		tests[n++] = fixture_row(parses[i].given, parse_run, &parses[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		tests[n++] = fixture_row(bad[i].given, bad_run, &bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		tests[n++] = fixture_row(sums[i].x, sum_run, &sums[i]);
	tests[n++] = fixture_row("integers", integers, NULL);
	tests[n++] = fixture_row("many digits", many_digits, NULL);
	tests[n++] = fixture_row("huge exponents", huge_exponents, NULL);
	return _cmocka_run_group_tests("quantity", tests, n, NULL, NULL);
}
