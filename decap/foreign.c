#include "decap/foreign.h"

#include "decap/cursor.h"
#include "decap/ip.h"
#include "decap/link.h"

enum {
	PORT_GPE = 4790,
	PORT_TZSP = 37008,
	ETHER_ARP = 0x0806,
	ETHER_TAG = 0x8100,
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
	       ether == ETHER_TAG;
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

static enum foreign udp_foreign(const struct packet *p, struct cursor c)
{
	const uint8_t *h = cursor_peek(&c, TUNNEL_SIZE);

	if (!h)
		return FOREIGN_NONE;
	if (p->dst_port == PORT_TZSP && h[0] == 1 && h[1] == 0 && be16(h + 2) == 1)
		return FOREIGN_TZSP;
	if (p->dst_port == PORT_GPE && (h[0] & GPE_FLAGS) == GPE_FLAGS)
		return h[3] == GPE_ETHERNET ? FOREIGN_VXLAN : FOREIGN_VXLAN_GPE;
	if (is_vxlan(h) && has_frame(c, TUNNEL_SIZE))
		return FOREIGN_VXLAN;
	if (is_geneve(h) && has_frame(c, TUNNEL_SIZE + (h[0] & 63u) * 4))
		return FOREIGN_GENEVE;
	return FOREIGN_NONE;
}

static enum foreign gre_foreign(struct cursor c)
{
	const uint8_t *h = cursor_peek(&c, GRE_SIZE);

	if (!h || h[1] & 7) /* version 0 only: others are PPTP's */
		return FOREIGN_NONE;
	switch (be16(h + 2)) {
	case PROTOCOL_ERSPAN:
	case PROTOCOL_ERSPAN_3:
		return FOREIGN_ERSPAN;
	case PROTOCOL_ETHERNET:
		return FOREIGN_GRE;
	default:
		return FOREIGN_NONE;
	}
}

enum foreign foreign_of(const struct packet *p)
{
	struct cursor c = cursor_make(p->ip, p->ip_cap, p->ip_len);

	if (p->flags & PACKET_LATER_FRAGMENT)
		return FOREIGN_NONE;
	cursor_take(&c, p->payload);
	if (p->protocol == IPPROTO_UDP)
		return udp_foreign(p, c);
	return p->protocol == IPPROTO_GRE ? gre_foreign(c) : FOREIGN_NONE;
}

/* Keeps the lowest ones. */
static void port_add(uint16_t ports[FOREIGN_PORTS], uint16_t port)
{
	for (int i = 0; i < FOREIGN_PORTS && port != 0 && ports[i] != port; i++) {
		uint16_t higher = ports[i];

		if (higher != 0 && higher < port)
			continue;
		ports[i] = port;
		port = higher;
	}
}

void foreign_look(struct foreign_met *met, const struct packet *p)
{
	enum foreign foreign = foreign_of(p);

	if (foreign == FOREIGN_NONE)
		return;
	met->count[foreign]++;
	if (p->protocol == IPPROTO_UDP)
		port_add(met->ports[foreign], p->dst_port);
}

void foreign_add(struct foreign_met *to, const struct foreign_met *from)
{
	for (int f = 0; f < FOREIGN_COUNT; f++) {
		to->count[f] += from->count[f];
		for (int i = 0; i < FOREIGN_PORTS; i++)
			port_add(to->ports[f], from->ports[f][i]);
	}
}
