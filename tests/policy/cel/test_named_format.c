/* named_format.h: the expected messages are those of Kubernetes 1.36. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "policy/cel/named_format.h"

struct format_case {
	const char *format, *given;
	const char *says; /* how the messages begin, each after a |; "": it is fine */
};

#define X63  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X253 X63 "." X63 "." X63 "." X63 "x"

static const struct format_case cases[] = {
	{ "dns1123Label", "my-label", "" },
	{ "dns1123Label", "0", "" },
	{ "dns1123Label", X63, "" },
	{ "dns1123Label", X63 "x", "|must be no more than 63 characters" },
	{ "dns1123Label", "", "|a lowercase RFC 1123 label must consist of" },
	{ "dns1123Label", "a.b", "|must not contain dots" },
	{ "dns1123Label", "-a", "|a lowercase RFC 1123 label must consist of" },
	{ "dns1123Label", "a-", "|a lowercase RFC 1123 label must consist of" },
	{ "dns1123Label", "A", "|a lowercase RFC 1123 label must consist of" },
	{ "dns1123Label", X63 "X",
	  "|must be no more than 63 characters|a lowercase RFC 1123 label" },
	{ "dns1123Label", "a\n", "|a lowercase RFC 1123 label must consist of" },
	{ "dns1123LabelPrefix", "abc-", "" },
	{ "dns1123LabelPrefix", "a--", "" },
	{ "dns1123LabelPrefix", "-", "|a lowercase RFC 1123 label must consist of" },
	{ "dns1123LabelPrefix", "-a", "|a lowercase RFC 1123 label must consist of" },
	{ "dns1123LabelPrefix", X63 "-", "" },
	{ "dns1123Subdomain", "a.b-c.0", "" },
	{ "dns1123Subdomain", X253, "|must be no more than 253 characters" },
	{ "dns1123Subdomain", "a..b", "|a lowercase RFC 1123 subdomain must consist of" },
	{ "dns1123Subdomain", "a.", "|a lowercase RFC 1123 subdomain must consist of" },
	{ "dns1123Subdomain", "A_b", "|a lowercase RFC 1123 subdomain must consist of" },
	{ "dns1123SubdomainPrefix", "abc.-", "" },
	{ "dns1035Label", "abc-1", "" },
	{ "dns1035Label", "1abc", "|a DNS-1035 label must consist of" },
	{ "dns1035Label", "", "|a DNS-1035 label must consist of" },
	{ "dns1035LabelPrefix", "a-", "" },
	{ "qualifiedName", "example.com/My_name.1", "" },
	{ "qualifiedName", "a", "" },
	{ "qualifiedName", "a/b/c", "|a valid label key must consist of" },
	{ "qualifiedName", "/b", "|prefix part must be non-empty" },
	{ "qualifiedName", "a/", "|name part must be non-empty|name part must consist of" },
	{ "qualifiedName", "A/b", "|prefix part a lowercase RFC 1123 subdomain" },
	{ "qualifiedName", "-/" X63 "-",
	  "|prefix part a lowercase RFC 1123|name part must be no more than 63 characters|name "
	  "part must" },
	{ "qualifiedName", "X" X253 "/" X63 "-",
	  "|prefix part must be no more than 253 characters|prefix part a lowercase RFC 1123|"
	  "name part must be no more than 63 characters|name part must consist of" },
	{ "labelValue", "", "" },
	{ "labelValue", "a_b.c-D", "" },
	{ "labelValue", "a b", "|a valid label must be an empty string or consist of" },
	{ "labelValue", "-a", "|a valid label must be an empty string or consist of" },
	{ "labelValue", X63 "x", "|must be no more than 63 characters" },
	{ "uri", "http://x/", "" },
	{ "uri", "x", "|parse \"x\": invalid URI for request" },
	{ "uuid", "123e4567-E89b-12d3-a456-426614174000", "" },
	{ "uuid", "123e4567e89b12d3a456426614174000", "" },
	{ "uuid", "123e4567-e89b12d3-a456426614174000", "" },
	{ "uuid", "123e4567--e89b-12d3-a456-426614174000", "|does not match the UUID format" },
	{ "uuid", "-123e4567e89b12d3a456426614174000", "|does not match the UUID format" },
	{ "uuid", "123e4567-e89b-12d3-a456-42661417400", "|does not match the UUID format" },
	{ "uuid", "123e4567-e89b-12d3-a456-4266141740000", "|does not match the UUID format" },
	{ "uuid", "123e4567-e89b-12d3-a456-42661417400g", "|does not match the UUID format" },
	{ "byte", "aGVsbG8=", "" },
	{ "byte", "aGVsbA==", "" },
	{ "byte", "a+/9", "" },
	{ "byte", "", "|invalid base64" },
	{ "byte", "aGVsbG8", "|invalid base64" },
	{ "byte", "a===", "|invalid base64" },
	{ "byte", "====", "|invalid base64" },
	{ "byte", "aG=s", "|invalid base64" },
	{ "byte", "aGV-", "|invalid base64" },
	{ "date", "2024-02-29", "" },
	{ "date", "2023-02-29", "|invalid date" },
	{ "date", "1900-02-29", "|invalid date" },
	{ "date", "2000-02-29", "" },
	{ "date", "0000-01-01", "" },
	{ "date", "2024-13-01", "|invalid date" },
	{ "date", "2024-00-01", "|invalid date" },
	{ "date", "2024-04-31", "|invalid date" },
	{ "date", "2024-1-01", "|invalid date" },
	{ "date", "2024-01-01 ", "|invalid date" },
	{ "datetime", "2024-02-29T00:00:00Z", "" },
	{ "datetime", "2024-02-29t23:59:59.5+25:61", "" },
	{ "datetime", "2024-02-29T00:00:00x5z", "" },
	{ "datetime",
	  "2024-02-29T00:00:00\xc3\xa9"
	  "5z",
	  "" },
	{ "datetime", "2024-02-29T00:00:00ZTx", "" },
	{ "datetime", "2024-02-29T24:00:00Z", "|invalid datetime" },
	{ "datetime", "2024-02-29T00:60:00Z", "|invalid datetime" },
	{ "datetime", "2024-02-29T00:00:60Z", "|invalid datetime" },
	{ "datetime", "2024-02-29T00:00:00", "|invalid datetime" },
	{ "datetime", "2024-02-29T00:00:00.Z", "|invalid datetime" },
	{ "datetime", "2024-02-29T00:00:00\n5Z", "|invalid datetime" },
	{ "datetime", "2024-02-30T00:00:00Z", "|invalid datetime" },
	{ "datetime", "2024-02-29", "|invalid datetime" },
	{ "datetime", "", "|invalid datetime" },
};

static void format_run(void **state)
{
	const struct format_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	const char *messages[NAMED_FORMAT_MESSAGES], *says = c->says;
	const struct named_format *f = named_format_find(c->format, strlen(c->format));
	assert_non_null(f);
	size_t n = f->validate(&a, c->given, strlen(c->given), messages);
	for (size_t i = 0; i < n; i++) {
		size_t length = strcspn(says + 1, "|");
		if (*says != '|' || strncmp(messages[i], says + 1, length) != 0)
			fail_msg("%s, and it has to say %s", messages[i], says);
		says += 1 + length;
	}
	assert_string_equal(says, "");
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(named_formats_n, 13);
	assert_null(named_format_find("nope", 4));
	assert_null(named_format_find("dns1123Labe", 11));
	assert_null(named_format_find("", 0));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].format, format_run, &cases[i]);
	tests[n++] = fixture_row("names", names, NULL);
	return _cmocka_run_group_tests("named formats", tests, n, NULL, NULL);
}
