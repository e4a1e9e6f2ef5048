/* netip.h: the expected values are those of Kubernetes 1.36. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "policy/cel/netip.h"

struct ip_case {
	const char *given, *text; /* text NULL: `kinds` is the message */
	const char *kinds; /* of u(nspecified) l(oopback) m(ulticast) L(ink local) g(lobal) */
};

#define CANNOT(text)                                                                               \
	"IP Address \"" text "\" parse error during conversion from string: ParseAddr(\"" text     \
	"\"): "

static const struct ip_case ips[] = {
	{ "127.0.0.1", "127.0.0.1", "l" },
	{ "0.0.0.0", "0.0.0.0", "u" },
	{ "255.255.255.255", "255.255.255.255", "" },
	{ "192.168.0.1", "192.168.0.1", "g" },
	{ "169.254.1.1", "169.254.1.1", "L" },
	{ "224.0.0.7", "224.0.0.7", "m" },
	{ "224.0.1.1", "224.0.1.1", "" },
	{ "::", "::", "u" },
	{ "::1", "::1", "l" },
	{ "fe80::1", "fe80::1", "L" },
	{ "ff02::1", "ff02::1", "m" },
	{ "fc00::1", "fc00::1", "g" },
	{ "2001:DB8:0::1", "2001:db8::1", "g" },
	{ "1:0:0:2:0:0:0:3", "1:0:0:2::3", "g" },
	{ "1:0:0:2:3:0:0:4", "1::2:3:0:0:4", "g" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "g" },
	{ "::1.2.3.4", "::102:304", "g" },
	{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", "g" },
	{ "::ffff:1.2.3.4", NULL, "IPv4-mapped IPv6 address \"::ffff:1.2.3.4\" is not allowed" },
	{ "fe80::1%eth0", NULL, "IP address \"fe80::1%eth0\" with zone value is not allowed" },
	{ "", NULL, CANNOT("") "unable to parse IP" },
	{ "%1", NULL, CANNOT("%1") "missing IPv6 address" },
	{ "01.2.3.4", NULL, CANNOT("01.2.3.4") "IPv4 field has octet with leading zero" },
	{ "256.1.1.1", NULL, CANNOT("256.1.1.1") "IPv4 field has value >255" },
	{ "1.2.3", NULL, CANNOT("1.2.3") "IPv4 address too short" },
	{ "1.2.3.4.5", NULL, CANNOT("1.2.3.4.5") "IPv4 address too long" },
	{ "1..2.3", NULL,
	  CANNOT("1..2.3") "IPv4 field must have at least one digit (at \".2.3\")" },
	{ " 1.2.3.4", NULL, CANNOT(" 1.2.3.4") "unexpected character (at \" 1.2.3.4\")" },
	{ "12345::", NULL,
	  CANNOT("12345::") "each group must have 4 or less digits (at \"12345::\")" },
	{ ":::1", NULL,
	  CANNOT(":::1") "each colon-separated field must have at least one digit (at \":1\")" },
	{ "1::2::3", NULL, CANNOT("1::2::3") "multiple :: in address (at \":3\")" },
	{ "1:2:", NULL, CANNOT("1:2:") "colon must be followed by more characters (at \":\")" },
	{ "1:2", NULL, CANNOT("1:2") "address string too short" },
	{ "1:2:3:4:5:6:7:8:9", NULL,
	  CANNOT("1:2:3:4:5:6:7:8:9") "trailing garbage after address (at \"9\")" },
	{ "1:2:3:4:5:6:7::8", NULL,
	  CANNOT("1:2:3:4:5:6:7::8") "the :: must expand to at least one field of zeros" },
	{ "1:2.3.4.5", NULL,
	  CANNOT("1:2.3.4.5") "embedded IPv4 address must replace the final 2 fields of the "
			      "address (at \"2.3.4.5\")" },
	{ "1:x", NULL,
	  CANNOT("1:x") "each colon-separated field must have at least one digit (at \"x\")" },
	{ "1x:", NULL, CANNOT("1x:") "unexpected character, want colon (at \"x:\")" },
	{ "::1%", NULL, CANNOT("::1%") "zone must be a non-empty string" },
};

static void ip_run(void **state)
{
	const struct ip_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 }, kinds = { 0 };
	struct netip ip;
	if (netip_parse(c->given, strlen(c->given), &ip, &err) < 0) {
		assert_null(c->text);
		assert_string_equal(err.msg, c->kinds);
		return;
	}
	netip_text(&ip, &text);
	assert_string_equal(buf_text(&text), c->text);
	buf_puts(&kinds, netip_is_unspecified(&ip) ? "u" : "");
	buf_puts(&kinds, netip_is_loopback(&ip) ? "l" : "");
	buf_puts(&kinds, netip_is_link_local_multicast(&ip) ? "m" : "");
	buf_puts(&kinds, netip_is_link_local_unicast(&ip) ? "L" : "");
	buf_puts(&kinds, netip_is_global_unicast(&ip) ? "g" : "");
	assert_string_equal(buf_text(&kinds), c->kinds);
}

struct network_case {
	const char *given, *masked; /* masked NULL: `part` is the message */
	const char *part;
	bool contains, contains_ip; /* the network `part`, and its address */
};

static const struct network_case networks[] = {
	{ "192.168.0.1/24", "192.168.0.0/24", "192.168.0.128/25", true, true },
	{ "192.168.0.0/24", "192.168.0.0/24", "192.168.0.1/23", false, true },
	{ "192.168.0.0/24", "192.168.0.0/24", "192.168.1.0/24", false, false },
	{ "0.0.0.0/0", "0.0.0.0/0", "255.1.2.3/32", true, true },
	{ "0.0.0.0/0", "0.0.0.0/0", "::/0", false, false },
	{ "10.1.2.3/13", "10.0.0.0/13", "10.7.255.255/32", true, true },
	{ "2001:db8:1::/33", "2001:db8::/33", "2001:db8:7fff::/48", true, true },
	{ "2001:db8::/33", "2001:db8::/33", "2001:db8:8000::/48", false, false },
	{ "::1/128", "::1/128", "::1/128", true, true },
	{ "1.2.3.4", NULL, "no '/'", false, false },
	{ "1.2.3/8", NULL, "ParseAddr(\"1.2.3\"): IPv4 address too short", false, false },
	{ "1.2.3.4/", NULL, "bad bits after slash: \"\"", false, false },
	{ "1.2.3.4/08", NULL, "bad bits after slash: \"08\"", false, false },
	{ "1.2.3.4/+8", NULL, "bad bits after slash: \"+8\"", false, false },
	{ "1.2.3.4/8 ", NULL, "bad bits after slash: \"8 \"", false, false },
	{ "1.2.3.4/33", NULL, "prefix length out of range", false, false },
	{ "1.2.3.4/999999999999999999", NULL, "prefix length out of range", false, false },
	{ "1.2.3.4/99999999999999999999", NULL, "bad bits after slash: \"99999999999999999999\"",
	  false, false },
	{ "::/129", NULL, "prefix length out of range", false, false },
	{ "fe80::%eth0/64", NULL, "IPv6 zones cannot be present in a prefix", false, false },
};

static void network_run(void **state)
{
	const struct network_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 }, masked_text = { 0 };
	struct netip_network network, part;
	if (netip_network_parse(c->given, strlen(c->given), &network, &err) < 0) {
		AUTO(auto_free)
		char *want = xfmt("network address parse error during conversion "
				  "from string: netip.ParsePrefix(\"%s\"): %s",
				  c->given, c->part);
		assert_null(c->masked);
		assert_string_equal(err.msg, want);
		return;
	}
	netip_network_text(&network, &text);
	assert_string_equal(buf_text(&text), c->given);
	struct netip_network masked = netip_masked(&network);
	netip_network_text(&masked, &masked_text);
	assert_string_equal(buf_text(&masked_text), c->masked);
	assert_int_equal(netip_network_parse(c->part, strlen(c->part), &part, &err), 0);
	assert_int_equal(netip_contains_network(&network, &part), c->contains);
	assert_int_equal(netip_contains(&network, &part.ip), c->contains_ip);
}

static void mapped_network(void **state)
{
	(void)state;
	static const char mapped[] = "::ffff:1.2.3.0/120";
	AUTO(err_done) struct err err = { 0 };
	struct netip_network network;
	assert_int_equal(netip_network_parse(mapped, strlen(mapped), &network, &err), -1);
	assert_string_equal(err.msg,
			    "IPv4-mapped IPv6 address \"::ffff:1.2.3.0/120\" is not allowed");
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(ips) + ARRAY_LEN(networks) + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(ips); i++)
		tests[n++] = fixture_row(ips[i].given, ip_run, &ips[i]);
	for (size_t i = 0; i < ARRAY_LEN(networks); i++)
		tests[n++] = fixture_row(networks[i].given, network_run, &networks[i]);
	tests[n++] = fixture_row("a mapped network", mapped_network, NULL);
	return _cmocka_run_group_tests("netip", tests, n, NULL, NULL);
}
