#include "decap/other_encap.h"

#include "decap/cursor.h"
#include "decap/ip.h"
#include "decap/link.h"

enum {
	PORT_GPE = 4790,
	PORT_TZSP = 37008,
	ETHER_ARP = 0x0806,
	PROTOCOL_ETHERNET = 0x6558,
	PROTOCOL_ERSPAN = 0x88be,
	PROTOCOL_ERSPAN_3 = 0x22eb,
	GPE_FLAGS = 0x0c, /* I and P: a VNI, and the protocol in the fourth byte */
	GPE_ETHERNET = 3,
	TUNNEL_SIZE = 8,
	GRE_SIZE = 4,
};

static bool has_frame(struct cursor c, uint32_t behind)
{
	const uint8_t *h;
	uint16_t ether;

	cursor_take(&c, behind);
	h = cursor_peek(&c, LINK_ETHERNET_SIZE);
	if (!h)
		return false;
	ether = be16(h + 12);
	return ether == ETHER_IP4 || ether == ETHER_IP6 || ether == ETHER_ARP ||
	       ether == ETHER_VLAN;
}

static bool is_vxlan(const uint8_t *h)
{
	return h[0] == 0x08 && be24(h + 1) == 0 && h[7] == 0;
}

static bool is_geneve(const uint8_t *h)
{
	return h[0] >> 6 == 0 && (h[1] & 0x3f) == 0 && be16(h + 2) == PROTOCOL_ETHERNET &&
	       h[7] == 0;
}

static enum other_encap udp_foreign(const struct packet *p, struct cursor c)
{
	const uint8_t *h = cursor_peek(&c, TUNNEL_SIZE);

	if (!h)
		return OTHER_ENCAP_NONE;
	if (p->dst_port == PORT_TZSP && h[0] == 1 && h[1] == 0 && be16(h + 2) == 1)
		return OTHER_ENCAP_TZSP;
	if (p->dst_port == PORT_GPE && (h[0] & GPE_FLAGS) == GPE_FLAGS)
		return h[3] == GPE_ETHERNET ? OTHER_ENCAP_VXLAN : OTHER_ENCAP_VXLAN_GPE;
	if (is_vxlan(h) && has_frame(c, TUNNEL_SIZE))
		return OTHER_ENCAP_VXLAN;
	if (is_geneve(h) && has_frame(c, TUNNEL_SIZE + (h[0] & 63u) * 4))
		return OTHER_ENCAP_GENEVE;
	return OTHER_ENCAP_NONE;
}

static enum other_encap gre_foreign(struct cursor c)
{
	const uint8_t *h = cursor_peek(&c, GRE_SIZE);

	if (!h || h[1] & 7) /* version 0 only: others are PPTP's */
		return OTHER_ENCAP_NONE;
	switch (be16(h + 2)) {
	case PROTOCOL_ERSPAN:
	case PROTOCOL_ERSPAN_3:
		return OTHER_ENCAP_ERSPAN;
	case PROTOCOL_ETHERNET:
		return OTHER_ENCAP_GRE;
	default:
		return OTHER_ENCAP_NONE;
	}
}

enum other_encap other_encap_of(const struct packet *p)
{
	struct cursor c = cursor_make(p->ip, p->ip_cap, p->ip_len);

	if (p->flags & PACKET_LATER_FRAGMENT)
		return OTHER_ENCAP_NONE;
	cursor_take(&c, p->payload);
	if (p->protocol == IPPROTO_UDP)
		return udp_foreign(p, c);
	return p->protocol == IPPROTO_GRE ? gre_foreign(c) : OTHER_ENCAP_NONE;
}

/* Keeps the lowest ones. */
static void port_add(uint16_t ports[OTHER_ENCAP_PORTS], uint16_t port)
{
	for (int i = 0; i < OTHER_ENCAP_PORTS && port != 0 && ports[i] != port; i++) {
		uint16_t higher = ports[i];

		if (higher != 0 && higher < port)
			continue;
		ports[i] = port;
		port = higher;
	}
}

void other_encap_look(struct other_encap_met *met, const struct packet *p)
{
	enum other_encap other_encap = other_encap_of(p);

	if (other_encap == OTHER_ENCAP_NONE)
		return;
	met->count[other_encap]++;
	if (p->protocol == IPPROTO_UDP)
		port_add(met->ports[other_encap], p->dst_port);
}

void other_encap_add(struct other_encap_met *to, const struct other_encap_met *from)
{
	for (int f = 0; f < OTHER_ENCAP_COUNT; f++) {
		to->count[f] += from->count[f];
		for (int i = 0; i < OTHER_ENCAP_PORTS; i++)
			port_add(to->ports[f], from->ports[f][i]);
	}
}
