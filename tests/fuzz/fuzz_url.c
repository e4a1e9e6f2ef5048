/* What parses as a URL is written so that it parses again to the same text; an address and a
 * version likewise. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "policy/cel/netip.h"
#include "policy/cel/semver.h"
#include "policy/cel/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_url(struct arena *a, const char *text, size_t n)
{
	AUTO(err_done) struct err err = { 0 };
	struct url u;
	if (url_parse(a, text, n, &u, &err) < 0)
		return;
	struct url_text rest = u.query, key, value;
	while (url_next_parameter(a, &rest, &key, &value))
		if (key.n > n || value.n > n)
			abort();
	if (url_hostname(&u).n > u.host.n || url_port(&u).n > u.host.n)
		abort();
}

static void check_address(const char *text, size_t n)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(err_done) struct err again_err = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	struct netip_network network, again;
	if (netip_network_parse(text, n, &network, &err) < 0)
		return;
	netip_network_text(&network, &out);
	if (netip_network_parse(out.data, out.len, &again, &again_err) < 0 ||
	    !netip_equal(&network.ip, &again.ip) || network.bits != again.bits)
		abort();
	struct netip_network masked = netip_masked(&network);
	if (!netip_contains(&masked, &network.ip) || !netip_contains_network(&masked, &network))
		abort();
}

static void check_version(struct arena *a, const char *text, size_t n)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(err_done) struct err again_err = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	struct semver v, again;
	if (semver_parse_tolerant(a, text, n, &v, &err) < 0)
		return;
	semver_text(&v, &out);
	if (semver_parse(out.data, out.len, &again, &again_err) < 0 ||
	    semver_compare(&v, &again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	if (len > 4096)
		return 0;
	/* A copy of its own, so that reading past it shows. */
	AUTO(auto_free) char *text = xmalloc(len + !len);
	if (len)
		memcpy(text, data, len);
	check_url(&a, text, len);
	check_address(text, len);
	check_version(&a, text, len);
	return 0;
}
