#include "config/model/unmirrored.h"

#include <netinet/in.h>

#include "config/settings/settings.h"

struct service {
	enum unmirrored kind;
	uint8_t ip_version;
	uint8_t protocol;      /* 0 = any */
	uint16_t port, client; /* 0 = any */
	bool has_address;      /* else at any */
	struct ip_addr address;
};

#define AT4(a, b, c, d) \
	true, \
	{ \
		{ \
			[10] = 0xff, [11] = 0xff, [12] = a, b, c, d \
		} \
	}
#define AT6(host) \
	true, \
	{ \
		{ \
			0xfd, 0x00, 0x0e, 0xc2, [14] = (host) >> 8, (host)&0xff \
		} \
	}
#define ANYWHERE \
	false, \
	{ \
		{ \
			0 \
		} \
	}

static const struct service services[] = {
#define UNMIRRORED(kind, ip_version, protocol, port, client, address) \
	{UNMIRRORED_##kind, ip_version, protocol, port, client, address},
#include "config/model/unmirrored.def"
};

enum {
	SERVICES = sizeof(services) / sizeof(*services),
	PORT_NTP = 123,
	ROUTER_SOLICITATION =
		133, /* RFC 4861: the first of five, of which redirect is the last */
	REDIRECT = 137,
	ETHER_ARP = 0x0806,
};

struct end {
	const struct ip_addr *addr;
	uint16_t port;
};

/* Whether `end` is the service and `other` a client of it. Of DHCP both ends have one of the two
 * ports, relays the server's on both. */
static bool is_service(const struct service *s, const struct evaluate_packet *p, struct end end,
	struct end other)
{
	if (s->has_address && !ip_addr_equal(&s->address, end.addr))
		return false;
	if (!p->has_ports)
		return s->has_address;
	return (s->port == 0 || end.port == s->port) &&
	       (s->client == 0 || other.port == s->client || other.port == s->port);
}

static bool is_neighbor_discovery(const struct evaluate_packet *p)
{
	return p->protocol == IPPROTO_ICMPV6 && p->icmp_type >= ROUTER_SOLICITATION &&
	       p->icmp_type <= REDIRECT;
}

enum unmirrored unmirrored(const struct settings *settings, const struct evaluate_packet *p)
{
	const struct end src = {&p->src, p->src_port}, dst = {&p->dst, p->dst_port};

	for (int i = 0; i < SERVICES; i++) {
		const struct service *s = &services[i];

		if (s->ip_version != p->ip_version ||
			(s->protocol != 0 && s->protocol != p->protocol))
			continue;
		if (is_service(s, p, src, dst) || is_service(s, p, dst, src))
			return s->kind;
	}
	if (settings->mirroring.ntp == NTP_ALL && p->protocol == IPPROTO_UDP && p->has_ports &&
		(p->src_port == PORT_NTP || p->dst_port == PORT_NTP))
		return UNMIRRORED_NTP;
	if (settings->mirroring.neighbor_discovery == NEIGHBOR_DISCOVERY_NEVER &&
		is_neighbor_discovery(p))
		return UNMIRRORED_NEIGHBOR_DISCOVERY;
	return UNMIRRORED_NONE;
}

enum unmirrored unmirrored_ether(uint16_t ether_type)
{
	return ether_type == ETHER_ARP ? UNMIRRORED_ARP : UNMIRRORED_NONE;
}

const char *unmirrored_name(enum unmirrored kind)
{
	static const char *const names[UNMIRRORED_KINDS] = {
		[UNMIRRORED_METADATA] = "instance metadata",
		[UNMIRRORED_TIME] = "Amazon Time Sync",
		[UNMIRRORED_ACTIVATION] = "Windows activation (KMS)",
		[UNMIRRORED_DHCP] = "DHCP",
		[UNMIRRORED_DHCP6] = "DHCPv6",
		[UNMIRRORED_ARP] = "ARP",
		[UNMIRRORED_NTP] = "NTP",
		[UNMIRRORED_NEIGHBOR_DISCOVERY] = "IPv6 neighbor discovery",
	};

	return names[kind];
}
