/* See netip.h. */
#include "policy/cel/netip.h"

#include <string.h>

#include "policy/cel/go_quote.h"

/* What is wrong with a text, and from where on. */
struct fault {
	const char *what;
	const char *at; /* up to the end that `until` says; NULL: the whole */
	const char *until;
};

static bool fault(struct fault *f, const char *what, const char *at, const char *until)
{
	*f = (struct fault){ what, at, until };
	return false;
}

/* ---- reading */

static bool read_v4(const char *p, const char *end, uint8_t out[4], struct fault *f)
{
	int value = 0, digits = 0, field = 0;
	for (const char *start = p; p < end; p++) {
		if (*p >= '0' && *p <= '9') {
			if (digits == 1 && value == 0)
				return fault(f, "IPv4 field has octet with leading zero", NULL,
					     NULL);
			value = value * 10 + (*p - '0');
			digits++;
			if (value > 255)
				return fault(f, "IPv4 field has value >255", NULL, NULL);
		} else if (*p == '.') {
			if (p == start || p + 1 == end || p[-1] == '.')
				return fault(f, "IPv4 field must have at least one digit", p, end);
			if (field == 3)
				return fault(f, "IPv4 address too long", NULL, NULL);
			out[field++] = (uint8_t)value;
			value = digits = 0;
		} else {
			return fault(f, "unexpected character", p, end);
		}
	}
	if (field < 3)
		return fault(f, "IPv4 address too short", NULL, NULL);
	out[3] = (uint8_t)value;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

struct v6_reader {
	const char *p, *end;
	uint8_t *out;
	int n;        /* bytes so far */
	int ellipsis; /* where the :: is; -1: none yet */
	struct fault *f;
};

/* One field: *digits of it, and its value. */
static bool read_field(struct v6_reader *r, int *digits, unsigned *value)
{
	*digits = 0;
	*value = 0;
	for (const char *p = r->p; p < r->end && hex_digit(*p) >= 0; p++, ++*digits) {
		*value = *value << 4 | (unsigned)hex_digit(*p);
		if (*digits > 3)
			return fault(r->f, "each group must have 4 or less digits", r->p, r->end);
	}
	if (*digits == 0)
		return fault(r->f, "each colon-separated field must have at least one digit", r->p,
			     r->end);
	return true;
}

static bool read_embedded_v4(struct v6_reader *r)
{
	if (r->ellipsis < 0 && r->n != 12)
		return fault(r->f,
			     "embedded IPv4 address must replace the final 2 fields of the address",
			     r->p, r->end);
	if (r->n + 4 > 16)
		return fault(
			r->f,
			"too many hex fields to fit an embedded IPv4 at the end of the address",
			r->p, r->end);
	if (!read_v4(r->p, r->end, r->out + r->n, r->f))
		return false;
	r->n += 4;
	r->p = r->end;
	return true;
}

/* What stands between two fields. */
static bool read_colon(struct v6_reader *r)
{
	if (*r->p != ':')
		return fault(r->f, "unexpected character, want colon", r->p, r->end);
	if (r->p + 1 == r->end)
		return fault(r->f, "colon must be followed by more characters", r->p, r->end);
	r->p++;
	if (*r->p != ':')
		return true;
	if (r->ellipsis >= 0)
		return fault(r->f, "multiple :: in address", r->p, r->end);
	r->ellipsis = r->n;
	r->p++;
	return true;
}

static bool read_fields(struct v6_reader *r)
{
	while (r->n < 16) {
		int digits;
		unsigned value;
		if (!read_field(r, &digits, &value))
			return false;
		if (r->p + digits < r->end && r->p[digits] == '.')
			return read_embedded_v4(r);
		r->out[r->n++] = (uint8_t)(value >> 8);
		r->out[r->n++] = (uint8_t)value;
		r->p += digits;
		if (r->p == r->end)
			return true;
		if (!read_colon(r))
			return false;
		if (r->p == r->end)
			return true;
	}
	return fault(r->f, "trailing garbage after address", r->p, r->end);
}

static bool expand(struct v6_reader *r)
{
	int missing = 16 - r->n;
	if (missing == 0 && r->ellipsis >= 0)
		return fault(r->f, "the :: must expand to at least one field of zeros", NULL, NULL);
	if (missing > 0 && r->ellipsis < 0)
		return fault(r->f, "address string too short", NULL, NULL);
	if (missing > 0) {
		memmove(r->out + r->ellipsis + missing, r->out + r->ellipsis,
			(size_t)(r->n - r->ellipsis));
		memset(r->out + r->ellipsis, 0, (size_t)missing);
	}
	return true;
}

static bool read_v6(const char *p, const char *end, uint8_t out[16], bool *zone, struct fault *f)
{
	const char *percent = memchr(p, '%', (size_t)(end - p));
	*zone = percent != NULL;
	if (percent && percent + 1 == end)
		return fault(f, "zone must be a non-empty string", NULL, NULL);
	struct v6_reader r = { p, percent ? percent : end, out, 0, -1, f };
	if (r.end - p >= 2 && p[0] == ':' && p[1] == ':') {
		r.ellipsis = 0;
		r.p += 2;
	}
	if (r.ellipsis == 0 && r.p == r.end)
		return true;
	return read_fields(&r) && expand(&r);
}

static bool read_address(const char *text, size_t n, struct netip *out, bool *zone, struct fault *f)
{
	*out = (struct netip){ .v6 = false };
	*zone = false;
	for (const char *p = text, *end = text + n; p < end; p++) {
		if (*p == '.')
			return read_v4(text, end, out->byte, f);
		if (*p == ':') {
			out->v6 = true;
			return read_v6(text, end, out->byte, zone, f);
		}
		if (*p == '%')
			return fault(f, "missing IPv6 address", NULL, NULL);
	}
	return fault(f, "unable to parse IP", NULL, NULL);
}

static char *fault_text(const struct fault *f, const char *text, size_t n)
{
	AUTO(auto_free) char *whole = go_quoted(text, n);
	if (!f->at)
		return xfmt("ParseAddr(%s): %s", whole, f->what);
	AUTO(auto_free) char *rest = go_quoted(f->at, (size_t)(f->until - f->at));
	return xfmt("ParseAddr(%s): %s (at %s)", whole, f->what, rest);
}

static bool is_v4_in_v6(const struct netip *ip)
{
	static const uint8_t start[12] = { [10] = 0xFF, [11] = 0xFF };
	return ip->v6 && memcmp(ip->byte, start, sizeof(start)) == 0;
}

int netip_parse(const char *text, size_t n, struct netip *out, struct err *err)
{
	struct netip ip;
	struct fault f;
	bool zone, ok = read_address(text, n, &ip, &zone, &f);
	if (ok && !zone && !is_v4_in_v6(&ip)) {
		*out = ip;
		return 0;
	}
	AUTO(auto_free) char *quoted = go_quoted(text, n);
	AUTO(auto_free) char *why = ok ? NULL : fault_text(&f, text, n);
	if (!ok)
		return err_set(err, ERR_INPUT,
			       "IP Address %s parse error during conversion from string: %s",
			       quoted, why);
	if (zone)
		return err_set(err, ERR_INPUT, "IP address %s with zone value is not allowed",
			       quoted);
	return err_set(err, ERR_INPUT, "IPv4-mapped IPv6 address %s is not allowed", quoted);
}

enum netip_family netip_family(const char *text, size_t n, struct err *why)
{
	struct netip ip;
	struct fault f;
	bool zone;
	if (read_address(text, n, &ip, &zone, &f))
		return ip.v6 ? NETIP_V6 : NETIP_V4;
	AUTO(auto_free) char *said = fault_text(&f, text, n);
	err_set(why, ERR_INPUT, "%s", said);
	return NETIP_NONE;
}

static int fail_network(struct err *err, const char *text, size_t n, const char *why)
{
	AUTO(auto_free) char *quoted = go_quoted(text, n);
	return err_set(err, ERR_INPUT,
		       "network address parse error during conversion from string: "
		       "netip.ParsePrefix(%s): %s",
		       quoted, why);
}

/* A number without sign and leading zeros; -1 for anything else. */
static int read_bits(const char *p, const char *end)
{
	int value = 0;
	if (p == end || (end - p > 1 && *p == '0'))
		return -1;
	for (const char *start = p; p < end; p++) {
		if (*p < '0' || *p > '9' || p - start > 17)
			return -1;
		value = value > 999 ? value : value * 10 + (*p - '0');
	}
	return value;
}

int netip_network_parse(const char *text, size_t n, struct netip_network *out, struct err *err)
{
	const char *slash = n ? memrchr(text, '/', n) : NULL;
	struct netip_network network;
	struct fault f;
	bool zone;
	if (!slash)
		return fail_network(err, text, n, "no '/'");
	if (!read_address(text, (size_t)(slash - text), &network.ip, &zone, &f)) {
		AUTO(auto_free) char *why = fault_text(&f, text, (size_t)(slash - text));
		return fail_network(err, text, n, why);
	}
	if (zone)
		return fail_network(err, text, n, "IPv6 zones cannot be present in a prefix");
	network.bits = read_bits(slash + 1, text + n);
	if (network.bits < 0) {
		AUTO(auto_free) char *bits = go_quoted(slash + 1, (size_t)(text + n - slash - 1));
		AUTO(auto_free) char *why = xfmt("bad bits after slash: %s", bits);
		return fail_network(err, text, n, why);
	}
	if (network.bits > (network.ip.v6 ? 128 : 32))
		return fail_network(err, text, n, "prefix length out of range");
	if (is_v4_in_v6(&network.ip)) {
		AUTO(auto_free) char *quoted = go_quoted(text, n);
		return err_set(err, ERR_INPUT, "IPv4-mapped IPv6 address %s is not allowed",
			       quoted);
	}
	*out = network;
	return 0;
}

/* ---- what kind of address it is */

bool netip_equal(const struct netip *a, const struct netip *b)
{
	return a->v6 == b->v6 && memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

bool netip_is_unspecified(const struct netip *ip)
{
	static const uint8_t zero[16];
	return memcmp(ip->byte, zero, sizeof(zero)) == 0;
}

bool netip_is_loopback(const struct netip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };
	return ip->v6 ? memcmp(ip->byte, one, sizeof(one)) == 0 : ip->byte[0] == 127;
}

bool netip_is_link_local_multicast(const struct netip *ip)
{
	const uint8_t *b = ip->byte;
	return ip->v6 ? b[0] == 0xFF && (b[1] & 0x0F) == 2 : b[0] == 224 && !b[1] && !b[2];
}

bool netip_is_link_local_unicast(const struct netip *ip)
{
	const uint8_t *b = ip->byte;
	return ip->v6 ? b[0] == 0xFE && (b[1] & 0xC0) == 0x80 : b[0] == 169 && b[1] == 254;
}

static bool is_multicast(const struct netip *ip)
{
	return ip->v6 ? ip->byte[0] == 0xFF : (ip->byte[0] & 0xF0) == 0xE0;
}

bool netip_is_global_unicast(const struct netip *ip)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };
	return !netip_is_unspecified(ip) && !netip_is_loopback(ip) && !is_multicast(ip) &&
	       !netip_is_link_local_unicast(ip) &&
	       (ip->v6 || memcmp(ip->byte, broadcast, sizeof(broadcast)) != 0);
}

/* ---- networks */

static struct netip first_bits(const struct netip *ip, int bits)
{
	struct netip masked = *ip;
	for (int i = 0; i < 16; i++) {
		int keep = bits - 8 * i;
		if (keep < 8)
			masked.byte[i] &= keep <= 0 ? 0 : (uint8_t)(0xFF << (8 - keep));
	}
	return masked;
}

struct netip_network netip_masked(const struct netip_network *n)
{
	return (struct netip_network){ first_bits(&n->ip, n->bits), n->bits };
}

bool netip_contains(const struct netip_network *n, const struct netip *ip)
{
	struct netip a = first_bits(&n->ip, n->bits), b = first_bits(ip, n->bits);
	return netip_equal(&a, &b);
}

bool netip_contains_network(const struct netip_network *n, const struct netip_network *part)
{
	return n->bits <= part->bits && netip_contains(n, &part->ip);
}

/* ---- writing */

static unsigned field_of(const struct netip *ip, int i)
{
	return (unsigned)ip->byte[2 * i] << 8 | ip->byte[2 * i + 1];
}

/* The longest run of zero fields, the first of equals; at least two. */
static void longest_zeros(const struct netip *ip, int *start, int *end)
{
	*start = *end = -1;
	for (int i = 0; i < 8; i++) {
		int j = i;
		while (j < 8 && field_of(ip, j) == 0)
			j++;
		if (j - i >= 2 && j - i > *end - *start) {
			*start = i;
			*end = j;
		}
	}
}

void netip_text(const struct netip *ip, struct buf *out)
{
	const uint8_t *b = ip->byte;
	if (!ip->v6) {
		buf_printf(out, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
		return;
	}
	int start, end;
	longest_zeros(ip, &start, &end);
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			buf_puts(out, "::");
			i = end;
			if (i == 8)
				break;
		} else if (i > 0) {
			buf_putc(out, ':');
		}
		buf_printf(out, "%x", field_of(ip, i));
	}
}

void netip_network_text(const struct netip_network *n, struct buf *out)
{
	netip_text(&n->ip, out);
	buf_printf(out, "/%d", n->bits);
}
