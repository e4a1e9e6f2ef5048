/* decimal.h: the digits that Go's strconv and ECMAScript print. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/decimal.h"

struct decimal_case {
	const char *name; /* the number */
	const char *digits;
	int point;
	bool single;
};

static const struct decimal_case cases[] = {
	{ "1", "1", 1, false },
	{ "0.1", "1", 0, false },
	{ "100", "1", 3, false },
	{ "9.5", "95", 1, false },
	{ "0.30000000000000004", "30000000000000004", 0, false },
	{ "5e-324", "5", -323, false },
	{ "1.7976931348623157e308", "17976931348623157", 309, false },
	{ "2.2250738585072014e-308", "22250738585072014", -307, false },
	{ "9007199254740993", "9007199254740992", 16, false },
	/* powers of two: the nearest 16 digits are those of the double below */
	{ "5.9604644775390625e-8", "5960464477539063", -7, false },
	{ "5.6843418860808015e-14", "5684341886080802", -13, false },
	{ "618970019642690137449562112", "6189700196426902", 27, false },
	{ "9.999999999999999e22", "1", 24, false },
	{ "1.0000000000000001e23", "10000000000000001", 24, false },
	{ "0.10000000149011612", "1", 0, true },
	{ "16777216", "16777216", 8, true },
	{ "3.4028234663852886e38", "34028235", 39, true },
};

static void case_run(void **state)
{
	const struct decimal_case *c = *state;
	struct decimal d = decimal_shortest(strtod(c->name, NULL), c->single);
	assert_string_equal(d.digits, c->digits);
	assert_int_equal(d.length, strlen(c->digits));
	assert_int_equal(d.point, c->point);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, case_run, &cases[i]);
	return _cmocka_run_group_tests("decimal", tests, ARRAY_LEN(cases), NULL, NULL);
}
