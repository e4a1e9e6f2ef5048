/* IP addresses and networks of Kubernetes in CEL. */
#include "policy/cel/lib.h"
#include "policy/cel/netip.h"

struct ip_value {
	struct cel_opaque base;
	struct netip ip;
};

struct cidr_value {
	struct cel_opaque base;
	struct netip_network network;
};

static const struct netip *ip_in(struct cel_value v)
{
	return &((const struct ip_value *)v.opaque)->ip;
}

static const struct netip_network *cidr_in(struct cel_value v)
{
	return &((const struct cidr_value *)v.opaque)->network;
}

static bool ip_equal(const struct cel_opaque *a, const struct cel_opaque *b)
{
	return netip_equal(ip_in(cel_opaque(a)), ip_in(cel_opaque(b)));
}

static bool cidr_equal(const struct cel_opaque *a, const struct cel_opaque *b)
{
	const struct netip_network *x = cidr_in(cel_opaque(a)), *y = cidr_in(cel_opaque(b));
	return x->bits == y->bits && netip_equal(&x->ip, &y->ip);
}

static void ip_text(const struct cel_opaque *v, struct buf *out)
{
	netip_text(ip_in(cel_opaque(v)), out);
}

static void cidr_text(const struct cel_opaque *v, struct buf *out)
{
	netip_network_text(cidr_in(cel_opaque(v)), out);
}

static const struct cel_type ip_type = { .kind = CEL_OPAQUE, .name = "net.IP" };
static const struct cel_type cidr_type = { .kind = CEL_OPAQUE, .name = "net.CIDR" };
static const struct cel_opaque_ops ip_ops = { &ip_type, ip_equal, ip_text };
static const struct cel_opaque_ops cidr_ops = { &cidr_type, cidr_equal, cidr_text };

static struct cel_value make_ip(struct cel_call *c, struct netip ip)
{
	struct ip_value *v = cel_alloc(c, sizeof(*v));
	if (!v)
		return cel_stop(c);
	*v = (struct ip_value){ { &ip_ops }, ip };
	return cel_opaque(&v->base);
}

static struct cel_value make_cidr(struct cel_call *c, struct netip_network network)
{
	struct cidr_value *v = cel_alloc(c, sizeof(*v));
	if (!v)
		return cel_stop(c);
	*v = (struct cidr_value){ { &cidr_ops }, network };
	return cel_opaque(&v->base);
}

static struct cel_value text_of(struct cel_call *c)
{
	AUTO(buf_done) struct buf out = { 0 };
	c->args[0].opaque->ops->text(c->args[0].opaque, &out);
	return cel_copy(c, buf_text(&out), out.len);
}

/* ---- addresses */

static struct cel_value parse_ip(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	struct netip ip;
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	if (netip_parse(c->args[0].text, c->args[0].n, &ip, &err) < 0)
		return cel_fail_of(c, &err);
	return make_ip(c, ip);
}

static struct cel_value is_ip(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	struct netip ip;
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	return cel_bool(netip_parse(c->args[0].text, c->args[0].n, &ip, &err) == 0);
}

static struct cel_value is_canonical(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	struct cel_value s = c->args[0];
	struct netip ip;
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	if (netip_parse(s.text, s.n, &ip, &err) < 0)
		return cel_fail_of(c, &err);
	netip_text(&ip, &out);
	return cel_bool(out.len == s.n && memcmp(out.data, s.text, s.n) == 0);
}

static struct cel_value family(struct cel_call *c)
{
	return cel_int(ip_in(c->args[0])->v6 ? 6 : 4);
}

static struct cel_value is_unspecified(struct cel_call *c)
{
	return cel_bool(netip_is_unspecified(ip_in(c->args[0])));
}

static struct cel_value is_loopback(struct cel_call *c)
{
	return cel_bool(netip_is_loopback(ip_in(c->args[0])));
}

static struct cel_value is_link_local_multicast(struct cel_call *c)
{
	return cel_bool(netip_is_link_local_multicast(ip_in(c->args[0])));
}

static struct cel_value is_link_local_unicast(struct cel_call *c)
{
	return cel_bool(netip_is_link_local_unicast(ip_in(c->args[0])));
}

static struct cel_value is_global_unicast(struct cel_call *c)
{
	return cel_bool(netip_is_global_unicast(ip_in(c->args[0])));
}

/* ---- networks */

static int read_cidr(struct cel_value s, struct netip_network *out, struct err *err)
{
	if (netip_network_parse(s.text, s.n, out, err) < 0)
		return err_wrap(err, "network address parse error during conversion from string");
	return 0;
}

static struct cel_value parse_cidr(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	struct netip_network network;
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	if (read_cidr(c->args[0], &network, &err) < 0)
		return cel_fail_of(c, &err);
	return make_cidr(c, network);
}

static struct cel_value is_cidr(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	struct netip_network network;
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	return cel_bool(read_cidr(c->args[0], &network, &err) == 0);
}

static struct cel_value contains_ip(struct cel_call *c)
{
	return cel_bool(netip_contains(cidr_in(c->args[0]), ip_in(c->args[1])));
}

/* A text that is no address fits no overload; Kubernetes does not say why. */
static struct cel_value contains_ip_text(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	struct netip ip;
	if (cel_is_long(c->args[1]))
		return cel_too_long();
	if (netip_parse(c->args[1].text, c->args[1].n, &ip, &err) < 0)
		return cel_no_overload(c);
	return cel_bool(netip_contains(cidr_in(c->args[0]), &ip));
}

static struct cel_value contains_cidr(struct cel_call *c)
{
	return cel_bool(netip_contains_network(cidr_in(c->args[0]), cidr_in(c->args[1])));
}

static struct cel_value contains_cidr_text(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	struct netip_network part;
	if (cel_is_long(c->args[1]))
		return cel_too_long();
	if (read_cidr(c->args[1], &part, &err) < 0)
		return cel_fail_of(c, &err);
	return cel_bool(netip_contains_network(cidr_in(c->args[0]), &part));
}

static struct cel_value ip_of(struct cel_call *c)
{
	return make_ip(c, cidr_in(c->args[0])->ip);
}

static struct cel_value masked(struct cel_call *c)
{
	return make_cidr(c, netip_masked(cidr_in(c->args[0])));
}

static struct cel_value prefix_length(struct cel_call *c)
{
	return cel_int(cidr_in(c->args[0])->bits);
}

/* ---- cost */

static uint64_t cost_canonical(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_tenth(2 * cel_size(args[0]));
}

/* The bytes that the prefix covers; what is no network counts as one. */
static uint64_t prefix_bytes(struct cel_value v)
{
	bool is_network = v.kind == CEL_OPAQUE && v.opaque->ops == &cidr_ops;
	return is_network ? ((uint64_t)cidr_in(v)->bits + 7) / 8 : 1;
}

static uint64_t text_cost(struct cel_value v)
{
	return v.kind == CEL_STRING ? cel_tenth(cel_size(v)) : 0;
}

static uint64_t cost_contains_ip(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_tenth(2 * prefix_bytes(args[0])) + text_cost(args[1]);
}

static uint64_t cost_contains_cidr(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	uint64_t bytes = prefix_bytes(args[0]);
	return cel_tenth(2 * bytes) + cel_tenth(bytes) + 1 + text_cost(args[1]);
}

#define IP   "net.IP"
#define CIDR "net.CIDR"
#define IS(name, id, fn)                                                                           \
	{                                                                                          \
		name, id, IP ".() -> bool", .call = fn                                             \
	}

static const struct cel_overload ip_overloads[] = {
	{ "ip", "string_to_ip", "(string) -> " IP, .call = parse_ip, .cost = cel_cost_text },
	{ "isIP", "is_ip", "(string) -> bool", .call = is_ip, .cost = cel_cost_text },
	{ "ip.isCanonical", "ip_is_canonical", "(string) -> bool", .call = is_canonical,
	  .cost = cost_canonical },
	{ "family", "ip_family", IP ".() -> int", .call = family },
	IS("isUnspecified", "ip_is_unspecified", is_unspecified),
	IS("isLoopback", "ip_is_loopback", is_loopback),
	IS("isLinkLocalMulticast", "ip_is_link_local_multicast", is_link_local_multicast),
	IS("isLinkLocalUnicast", "ip_is_link_local_unicast", is_link_local_unicast),
	IS("isGlobalUnicast", "ip_is_global_unicast", is_global_unicast),
	{ "string", "ip_to_string", "(" IP ") -> string", .call = text_of },
};
static const struct cel_type *const ip_types[] = { &ip_type };
const struct cel_library cel_ip = { "ip", ip_overloads, ARRAY_LEN(ip_overloads), ip_types, 1 };

static const struct cel_overload cidr_overloads[] = {
	{ "cidr", "string_to_cidr", "(string) -> " CIDR, .call = parse_cidr,
	  .cost = cel_cost_text },
	{ "isCIDR", "is_cidr", "(string) -> bool", .call = is_cidr, .cost = cel_cost_text },
	{ "containsIP", "cidr_contains_ip_string", CIDR ".(string) -> bool",
	  .call = contains_ip_text, .cost = cost_contains_ip },
	{ "containsIP", "cidr_contains_ip_ip", CIDR ".(" IP ") -> bool", .call = contains_ip,
	  .cost = cost_contains_ip },
	{ "containsCIDR", "cidr_contains_cidr_string", CIDR ".(string) -> bool",
	  .call = contains_cidr_text, .cost = cost_contains_cidr },
	{ "containsCIDR", "cidr_contains_cidr", CIDR ".(" CIDR ") -> bool", .call = contains_cidr,
	  .cost = cost_contains_cidr },
	{ "ip", "cidr_ip", CIDR ".() -> " IP, .call = ip_of },
	{ "prefixLength", "cidr_prefix_length", CIDR ".() -> int", .call = prefix_length },
	{ "masked", "cidr_masked", CIDR ".() -> " CIDR, .call = masked },
	{ "string", "cidr_to_string", "(" CIDR ") -> string", .call = text_of },
};
static const struct cel_type *const cidr_types[] = { &cidr_type };
const struct cel_library cel_cidr = { "cidr", cidr_overloads, ARRAY_LEN(cidr_overloads), cidr_types,
				      1 };
