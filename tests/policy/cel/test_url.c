/* url.h and go_quote.h: the expected values are those of Go 1.26. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "policy/cel/go_quote.h"
#include "policy/cel/url.h"

struct url_case {
	const char *given;
	const char
		*parts; /* scheme|host|hostname|port|path|query|text; or the message of the error */
};

static const struct url_case urls[] = {
	{ "https://example.com/", "https|example.com|example.com||/||https://example.com/" },
	{ "HTTP://X", "http|X|X||||http://X" },
	{ "https://u:p%40@a.b:80/p a?q=1&z#f g",
	  "https|a.b:80|a.b|80|/p%20a|q=1&z|https://u:p%40@a.b:80/p%20a?q=1&z#f%20g" },
	{ "http://[::1]:80/", "http|[::1]:80|::1|80|/||http://[::1]:80/" },
	{ "http://[fe80::1%25en0]/", "http|[fe80::1%en0]|fe80::1%en0||/||http://[fe80::1%25en0]/" },
	{ "/path", "||||/path||/path" },
	{ "//host/x", "|host|host||/x||//host/x" },
	{ "///x", "||||///x||///x" },
	{ "http:/x", "http||||/x||http:/x" },
	{ "file:///x", "file||||/x||file:///x" },
	{ "mailto:a@b.c", "mailto||||||mailto:a@b.c" },
	{ "*", "||||*||*" },
	{ "/a%2Fb/%7E!'", "||||/a%2Fb/%7E!'||/a%2Fb/%7E!'" },
	{ "/\xc3\xa9", "||||/%C3%A9||/%C3%A9" },
	{ "/x?", "||||/x||/x?" },
	{ "/x?a?", "||||/x|a?|/x?a?" },
	{ "/x#", "||||/x||/x" },
	{ "http://h%C3%A9/", "http|h\xc3\xa9|h\xc3\xa9||/||http://h%C3%A9/" },
	{ "http://a,b:1,c:2/", "parse \"http://a,b:1,c:2/\": invalid port \":1,c:2\" after host" },
	{ "pg://a,b:1,c:2/", "pg|a,b:1,c:2|a,b:1,c|2|/||pg://a,b:1,c:2/" },
	{ "", "parse \"\": empty url" },
	{ "../x", "parse \"../x\": invalid URI for request" },
	{ "a:b/c", "a||||||a:b/c" },
	{ ":x", "parse \":x\": missing protocol scheme" },
	{ "1http://x", "parse \"1http://x\": invalid URI for request" },
	{ "http://a b/", "parse \"http://a b/\": invalid character \" \" in host name" },
	{ "http://%41/", "parse \"http://%41/\": invalid URL escape \"%41\"" },
	{ "http://x/%zz", "parse \"http://x/%zz\": invalid URL escape \"%zz\"" },
	{ "http://x/%4", "parse \"http://x/%4\": invalid URL escape \"%4\"" },
	{ "/?x#%zz", "parse \"/?x#%zz\": invalid URL escape \"%zz\"" },
	{ "http://[::1", "parse \"http://[::1\": missing ']' in host" },
	{ "http://[1.2.3.4]/", "parse \"http://[1.2.3.4]/\": invalid IP-literal" },
	{ "http://a[::1]/", "parse \"http://a[::1]/\": invalid IP-literal" },
	{ "http://[x]/",
	  "parse \"http://[x]/\": invalid host: ParseAddr(\"x\"): unable to parse IP" },
	{ "http://h:port/", "parse \"http://h:port/\": invalid port \":port\" after host" },
	{ "http://u<@h/", "parse \"http://u<@h/\": net/url: invalid userinfo" },
	{ "/a\tb", "parse \"/a\\tb\": net/url: invalid control character in URL" },
};

static void put(struct buf *out, struct url_text t, const char *after)
{
	buf_put(out, t.p, t.n);
	buf_puts(out, after);
}

static void url_run(void **state)
{
	const struct url_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(err_done) struct err check_err = { 0 };
	AUTO(buf_done) struct buf parts = { 0 };
	struct url u;
	size_t n = strlen(c->given);
	if (url_parse(&a, c->given, n, &u, &err) < 0) {
		assert_string_equal(err.msg, c->parts);
		return;
	}
	assert_int_equal(url_check(c->given, n, &check_err), 0);
	put(&parts, u.scheme, "|");
	put(&parts, u.host, "|");
	put(&parts, url_hostname(&u), "|");
	put(&parts, url_port(&u), "|");
	put(&parts, u.path, "|");
	put(&parts, u.query, "|");
	put(&parts, u.text, "");
	assert_string_equal(buf_text(&parts), c->parts);
}

struct query_case {
	const char *query, *pairs;
};

static const struct query_case queries[] = {
	{ "", "" },
	{ "a=1&b=2&a=3", "a=1 b=2 a=3 " },
	{ "a", "a= " },
	{ "a=b=c", "a=b=c " },
	{ "=x", "=x " },
	{ "&&a=1&", "a=1 " },
	{ "a;b=1&c=2", "c=2 " },
	{ "k=%20x+y", "k= x y " },
	{ "%zz=1&a=%zz&b=1", "b=1 " },
	{ "%61=%2B", "a=+ " },
};

static void query_run(void **state)
{
	const struct query_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf pairs = { 0 };
	struct url_text rest = { c->query, strlen(c->query) }, key, value;
	while (url_next_parameter(&a, &rest, &key, &value)) {
		put(&pairs, key, "=");
		put(&pairs, value, " ");
	}
	assert_string_equal(buf_text(&pairs), c->pairs);
}

struct quote_case {
	const char *given, *quoted;
};

static const struct quote_case quotes[] = {
	{ "", "\"\"" },
	{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "\a\b\f\n\r\t\v", "\"\\a\\b\\f\\n\\r\\t\\v\"" },
	{ "\x01\x7f", "\"\\x01\\x7f\"" },
	{ "\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
	{ "\xe2\x80\x8b\xc2\xa0\xc2\x85", "\"\\u200b\\u00a0\\u0085\"" },
	{ "\xf3\xa0\x80\x81", "\"\\U000e0001\"" },
	{ "\xff"
	  "a\xc3",
	  "\"\\xffa\\xc3\"" },
};

static void quote_run(void **state)
{
	const struct quote_case *c = *state;
	AUTO(auto_free) char *quoted = go_quoted(c->given, strlen(c->given));
	assert_string_equal(quoted, c->quoted);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(urls) + ARRAY_LEN(queries) + ARRAY_LEN(quotes)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		tests[n++] = fixture_row(urls[i].given, url_run, &urls[i]);
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		tests[n++] = fixture_row(queries[i].query, query_run, &queries[i]);
	for (size_t i = 0; i < ARRAY_LEN(quotes); i++)
		tests[n++] = fixture_row(quotes[i].quoted, quote_run, &quotes[i]);
	return _cmocka_run_group_tests("url", tests, n, NULL, NULL);
}
