/* semver.h: the expected values are those of Kubernetes 1.36. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "policy/cel/semver.h"

struct parse_case {
	const char *given, *text, *tolerant; /* canonical, or the message of the error */
};

#define SHORT "No Major.Minor.Patch elements found"
#define META  "short version cannot contain PreRelease/Build meta data"

static const struct parse_case parses[] = {
	{ "1.2.3", "1.2.3", "1.2.3" },
	{ "1.2.3-alpha.1+build.5", "1.2.3-alpha.1+build.5", "1.2.3-alpha.1+build.5" },
	{ "1.2.3+a-b", "1.2.3+a-b", "1.2.3+a-b" },
	{ "1.2.3--", "1.2.3--", "1.2.3--" },
	{ "18446744073709551615.0.0", "18446744073709551615.0.0", "18446744073709551615.0.0" },
	{ "18446744073709551616.0.0",
	  "strconv.ParseUint: parsing \"18446744073709551616\": value out of range",
	  "strconv.ParseUint: parsing \"18446744073709551616\": value out of range" },
	{ "", "Version string empty", "strconv.ParseUint: parsing \"\": invalid syntax" },
	{ "v", SHORT, "strconv.ParseUint: parsing \"\": invalid syntax" },
	{ "1", SHORT, "1.0.0" },
	{ "v1.2", SHORT, "1.2.0" },
	{ "1.2-alpha", SHORT, META },
	{ "1.2+x", SHORT, META },
	{ "v1.2.3", "Invalid character(s) found in major number \"v1\"", "1.2.3" },
	{ "01.02.03", "Major number must not contain leading zeroes \"01\"", "1.2.3" },
	{ "1.00.3", "Minor number must not contain leading zeroes \"00\"", "1.0.3" },
	{ "1.2.03-rc.1", "Patch number must not contain leading zeroes \"03\"", "1.2.3-rc.1" },
	{ "1.2.-rc", "strconv.ParseUint: parsing \"\": invalid syntax", "1.2.0-rc" },
	{ "x1.2.3", "Invalid character(s) found in major number \"x1\"",
	  "Invalid character(s) found in major number \"0x1\"" },
	{ "1.2.3.4", "Invalid character(s) found in patch number \"3.4\"",
	  "Invalid character(s) found in patch number \"3.4\"" },
	{ " 1.2.3", "Invalid character(s) found in major number \" 1\"",
	  "Invalid character(s) found in major number \"0 1\"" },
	{ "1..3", "strconv.ParseUint: parsing \"\": invalid syntax",
	  "strconv.ParseUint: parsing \"\": invalid syntax" },
	{ "1.2.3-", "Prerelease is empty", "Prerelease is empty" },
	{ "1.2.3-a..b", "Prerelease is empty", "Prerelease is empty" },
	{ "1.2.3-01", "Numeric PreRelease version must not contain leading zeroes \"01\"",
	  "Numeric PreRelease version must not contain leading zeroes \"01\"" },
	{ "1.2.3-a_b", "Invalid character(s) found in prerelease \"a_b\"",
	  "Invalid character(s) found in prerelease \"a_b\"" },
	{ "1.2.3+", "Build meta data is empty", "Build meta data is empty" },
	{ "1.2.3+a_b", "Invalid character(s) found in build meta data \"a_b\"",
	  "Invalid character(s) found in build meta data \"a_b\"" },
};

static void assert_outcome(int rc, const struct semver *v, const struct err *err, const char *want)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (rc == 0)
		semver_text(v, &text);
	assert_string_equal(rc == 0 ? buf_text(&text) : err->msg, want);
}

static void parse_run(void **state)
{
	const struct parse_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(err_done) struct err tolerant_err = { 0 };
	struct semver v, tolerant;
	size_t n = strlen(c->given);
	int rc = semver_parse(c->given, n, &v, &err);
	assert_outcome(rc, &v, &err, c->text);
	rc = semver_parse_tolerant(&a, c->given, n, &tolerant, &tolerant_err);
	assert_outcome(rc, &tolerant, &tolerant_err, c->tolerant);
}

/* Each before the next. */
static const char *const order[] = {
	"0.0.1",
	"1.0.0-0",
	"1.0.0-2",
	"1.0.0-10",
	"1.0.0--",
	"1.0.0-A",
	"1.0.0-alpha",
	"1.0.0-alpha.1",
	"1.0.0-alpha.9",
	"1.0.0-alpha.10",
	"1.0.0-alpha.beta",
	"1.0.0-alpha.beta.0",
	"1.0.0-alphabet",
	"1.0.0-rc.1",
	"1.0.0",
	"1.0.1-0",
	"1.2.0",
	"1.10.0",
	"2.0.0",
	"18446744073709551615.0.0",
};

static struct semver parse(const char *text)
{
	AUTO(err_done) struct err err = { 0 };
	struct semver v = { 0 };
	if (semver_parse(text, strlen(text), &v, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return v;
}

static void ordered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t j = 0; j < ARRAY_LEN(order); j++) {
			struct semver a = parse(order[i]), b = parse(order[j]);
			if (semver_compare(&a, &b) != (i > j) - (i < j))
				fail_msg("%s and %s", order[i], order[j]);
		}
}

static void build_does_not_count(void **state)
{
	(void)state;
	struct semver a = parse("1.0.0-rc+a"), b = parse("1.0.0-rc+b"), c = parse("1.0.0-rc");
	assert_int_equal(semver_compare(&a, &b), 0);
	assert_int_equal(semver_compare(&a, &c), 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(parses) + 2];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(parses); i++)
		tests[n++] = fixture_row(parses[i].given, parse_run, &parses[i]);
	tests[n++] = fixture_row("order", ordered, NULL);
	tests[n++] = fixture_row("build does not count", build_does_not_count, NULL);
	return _cmocka_run_group_tests("semver", tests, n, NULL, NULL);
}
