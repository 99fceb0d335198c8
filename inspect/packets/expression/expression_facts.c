#include "inspect/packets/expression/expression_facts.h"

#include <netinet/in.h>
#include <string.h>

#include "config/model/model.h"
#include "decap/cursor.h"
#include "decap/link.h"

enum {
	ETHER_ARP = 0x0806,
	ETHER_RARP = 0x8035,
	ARP_SIZE = 28,   /* RFC 826, of Ethernet and IPv4 */
	ARP_SENDER = 14, /* its IPv4 address */
	ARP_TARGET = 24,
	IP4_SIZE = 20,
	IP6_SIZE = 40,
	IP4_OFFSET = 0x1fff,
	IP6_OFFSET = 0xfff8,
	PORTS_SIZE = 4,
};

static bool may_have_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

/* --- a packet that decap took apart --- */

static bool knows_ports(const struct packet *p)
{
	const uint16_t fragment = p->flags & (PACKET_LATER_FRAGMENT | PACKET_PORTS_LEARNED);

	return may_have_ports(p->protocol) &&
	       !(p->flags & (PACKET_PORTS_CUT | PACKET_NO_PORTS)) &&
	       fragment != PACKET_LATER_FRAGMENT;
}

static void facts_of_ip(const struct packet *p, struct expression_facts *f)
{
	f->network = p->ip_version == 4 ? EXPRESSION_IP : EXPRESSION_IP6;
	f->has_addresses = true;
	f->src = p->src;
	f->dst = p->dst;
	f->ip = p->ip;
	f->ip_cap = f->cap - (uint32_t)(p->ip - p->frame);
	f->l4 = p->l4;
	f->protocol = p->protocol;
	f->next_header = p->ip_version == 4 ? p->protocol : p->ip[6];
	f->later_fragment = p->flags & PACKET_LATER_FRAGMENT;
	f->has_ports = knows_ports(p);
	f->src_port = p->src_port;
	f->dst_port = p->dst_port;
}

/* --- one that it refused: what the headers say all the same --- */

static void read_ports(struct expression_facts *f)
{
	if (f->later_fragment || !may_have_ports(f->protocol) ||
		f->ip_cap < (uint32_t)f->l4 + PORTS_SIZE)
		return;
	f->has_ports = true;
	f->src_port = be16(f->ip + f->l4);
	f->dst_port = be16(f->ip + f->l4 + 2);
}

static void read_ip4(struct cursor c, struct expression_facts *f)
{
	const uint8_t *h;

	f->network = EXPRESSION_IP;
	f->ip = c.at;
	f->ip_cap = c.cap;
	h = cursor_take(&c, IP4_SIZE);
	if (!h)
		return;
	f->has_addresses = true;
	f->src = ip_addr_v4(h + 12);
	f->dst = ip_addr_v4(h + 16);
	f->protocol = f->next_header = h[9];
	f->l4 = (uint16_t)((h[0] & 0xf) * 4);
	f->later_fragment = (be16(h + 6) & IP4_OFFSET) != 0;
	read_ports(f);
}

static void read_ip6(struct cursor c, struct expression_facts *f)
{
	const uint8_t *h;

	f->network = EXPRESSION_IP6;
	f->ip = c.at;
	f->ip_cap = c.cap;
	h = cursor_take(&c, IP6_SIZE);
	if (!h)
		return;
	f->has_addresses = true;
	f->src = ip_addr_v6(h + 8);
	f->dst = ip_addr_v6(h + 24);
	f->protocol = f->next_header = h[6];
	f->l4 = IP6_SIZE;
	read_ports(f);
}

static void read_arp(struct cursor c, uint16_t ether, struct expression_facts *f)
{
	const uint8_t *h;

	f->network = ether == ETHER_ARP ? EXPRESSION_ARP : EXPRESSION_RARP;
	f->ip = c.at;
	f->ip_cap = c.cap;
	h = cursor_take(&c, ARP_SIZE);
	if (!h || be16(h + 2) != ETHER_IP4)
		return;
	f->has_addresses = true;
	f->src = ip_addr_v4(h + ARP_SENDER);
	f->dst = ip_addr_v4(h + ARP_TARGET);
}

static void facts_of_frame(struct expression_facts *f)
{
	struct cursor c = cursor_make(f->frame, f->cap, f->wire);
	uint16_t ether = link_read(&c, f->link);

	if (c.status != CURSOR_OK)
		return;
	switch (ether) {
	case ETHER_IP4:
		read_ip4(c, f);
		break;
	case ETHER_IP6:
		read_ip6(c, f);
		break;
	case ETHER_ARP:
	case ETHER_RARP:
		read_arp(c, ether, f);
		break;
	default:
		break;
	}
}

void expression_facts_of(const struct packet *p, const struct model_session *session,
	struct expression_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->time_ns = p->time_ns;
	facts->frame = p->frame;
	facts->cap = p->frame_cap;
	facts->wire = p->frame_wire;
	facts->link = p->frame_link;
	if (p->flags & PACKET_HAS_VNI) {
		facts->has_vni = true;
		facts->vni = p->vni;
		facts->network_id = p->network;
		facts->session = session ? session->id : NULL;
		facts->interface = session ? session->interface->id : NULL;
	}
	if (p->ip && p->ip_cap > 0)
		facts_of_ip(p, facts);
	else
		facts_of_frame(facts);
}
