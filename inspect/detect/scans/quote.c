#include "inspect/detect/scans/quote.h"

#include <netinet/in.h>

#include "decap/decap.h"

enum {
	ICMP_HEADER = 8,
	SYSTEM_PORTS = 1024, /* RFC 6335, section 6 */
	IP_LEN_MAX = 40 + UINT16_MAX
};

static bool is_port_unreachable(const struct packet *p)
{
	if (p->flags & PACKET_LATER_FRAGMENT)
		return false;
	if (p->protocol == IPPROTO_ICMP)
		return p->icmp_type == 3 && p->icmp_code == 3;
	return p->protocol == IPPROTO_ICMPV6 && p->icmp_type == 1 && p->icmp_code == 4;
}

bool quote_read(const struct packet *p, uint16_t *port)
{
	const uint16_t no_ports = PACKET_LATER_FRAGMENT | PACKET_PORTS_CUT;
	struct packet quoted = {.link = LINK_IP, .wire = IP_LEN_MAX};
	uint32_t at = p->l4 + (uint32_t)ICMP_HEADER;

	if (!is_port_unreachable(p) || at >= p->ip_cap)
		return false;
	quoted.data = p->ip + at;
	quoted.cap = p->ip_cap - at;
	if (decap_plain(&quoted) != REASON_inspected || quoted.flags & no_ports)
		return false;
	*port = quoted.dst_port;
	return quoted.protocol == IPPROTO_UDP && ip_addr_equal(&quoted.src, &p->dst) &&
	       ip_addr_equal(&quoted.dst, &p->src) &&
	       !(quoted.src_port < SYSTEM_PORTS && quoted.dst_port >= SYSTEM_PORTS);
}
