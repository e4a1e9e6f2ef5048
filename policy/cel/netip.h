/* IP addresses and networks as Kubernetes reads them in CEL: IPv4 without leading zeros, IPv6
 * without zones, and no IPv4 inside of IPv6. */
#ifndef POLICY_CEL_NETIP_H
#define POLICY_CEL_NETIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct netip {
	uint8_t byte[16]; /* IPv4: the first 4, the others are 0 */
	bool v6;
};

struct netip_network {
	struct netip ip; /* with the bits of the host as they were given */
	int bits;
};

/* ERR_INPUT in the words of Kubernetes. */
int netip_parse(const char *text, size_t n, struct netip *out, struct err *err);
int netip_network_parse(const char *text, size_t n, struct netip_network *out, struct err *err);

/* What kind of address Go takes a text for, zones and IPv4 inside of IPv6 included. */
enum netip_family { NETIP_NONE, NETIP_V4, NETIP_V6 };
enum netip_family netip_family(const char *text, size_t n, struct err *why);

bool netip_equal(const struct netip *a, const struct netip *b);
bool netip_is_unspecified(const struct netip *ip);
bool netip_is_loopback(const struct netip *ip);
bool netip_is_link_local_multicast(const struct netip *ip);
bool netip_is_link_local_unicast(const struct netip *ip);
bool netip_is_global_unicast(const struct netip *ip);

/* Without the bits of the host. */
struct netip_network netip_masked(const struct netip_network *n);
bool netip_contains(const struct netip_network *n, const struct netip *ip);
bool netip_contains_network(const struct netip_network *n, const struct netip_network *part);

void netip_text(const struct netip *ip, struct buf *out); /* canonical: RFC 5952 */
void netip_network_text(const struct netip_network *n, struct buf *out);

#endif
