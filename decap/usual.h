/* The usual packet at a glance. Nearly every mirror packet has the same 50 bytes of outer headers
 * (36 of them again below GENEVE), and nearly every inner packet is whole IPv4 with TCP or UDP: one
 * look at the cursor and a few comparisons tell. Whatever is not exactly so goes the careful way
 * (link.c, ip.c, udp.c, l4.c), which gives the same results for the usual packet too: tests
 * compare the two. Included by decap.c alone; inline because it is most of what decap does. */
#pragma once

#include "decap/cursor.h"
#include "decap/decap.h"
#include "decap/ip.h"
#include "decap/link.h"
#include "decap/udp.h"

enum {
	USUAL_IP = LINK_ETHERNET_SIZE,
	USUAL_L4 = USUAL_IP + 20,
	USUAL_INNER = USUAL_L4 + 20,
	USUAL_MIRROR = 20 + 8 + 8, /* IPv4, UDP, VXLAN */
	USUAL_VERSION = 0x45,
	USUAL_TYPE_VERSION = 0x08004500, /* the last byte is the type of service */
	USUAL_FRAGMENT = 0x3fff,
	USUAL_VXLAN_FLAGS = 0x08000000,
};

/* Untagged Ethernet, then IPv4 without options that is no fragment. */
static inline bool usual_ip(const uint8_t *b)
{
	return (be32(b + 12) ^ USUAL_TYPE_VERSION) >> 8 == 0 &&
	       (be16(b + USUAL_IP + 6) & USUAL_FRAGMENT) == 0;
}

/* `c` is at an IPv4 header: takes it off, UDP to the first port and VXLAN without reserved bits,
 * where every length fits. false: nothing was set. */
static inline bool usual_vxlan(
	const struct decap_params *params, struct packet *p, struct cursor c)
{
	const uint8_t *b = cursor_take(&c, USUAL_MIRROR);
	uint32_t ip_len, frame_len;

	if (!b || c.cap == 0 || b[0] != USUAL_VERSION || be16(b + 6) & USUAL_FRAGMENT ||
		b[9] != IP_UDP)
		return false;
	ip_len = be16(b + 2);
	frame_len = ip_len - USUAL_MIRROR;
	if (be16(b + 22) != params->vxlan_ports[0] || params->n_vxlan_ports == 0 ||
		be16(b + 24) + 20u != ip_len || frame_len - 1 >= c.wire ||
		be32(b + 28) != USUAL_VXLAN_FLAGS || b[35])
		return false;
	p->vni = be24(b + 32);
	ip_addr_set_v4(&p->outer_src, b + 12);
	p->flags |= PACKET_HAS_VNI;
	p->frame = c.at;
	p->frame_cap = c.cap < frame_len ? c.cap : frame_len;
	p->frame_wire = frame_len;
	p->frame_link = LINK_ETHERNET;
	return true;
}

/* The same behind untagged Ethernet, for a packet as it arrived. */
static inline bool usual_strip(const struct decap_params *params, struct packet *p)
{
	struct cursor c = cursor_make(p->data, p->cap, p->wire);
	const uint8_t *b =
		p->link == LINK_ETHERNET ? cursor_take(&c, LINK_ETHERNET_SIZE) : NULL;

	p->flags = 0;
	return b && be16(b + 12) == ETHER_IP4 && usual_vxlan(params, p, c);
}

/* The L4 header's size when it fits into `len` bytes, else 0. */
static inline uint32_t usual_l4(const uint8_t *b, bool tcp, uint32_t len)
{
	uint32_t size = tcp ? (b[USUAL_L4 + 12] >> 4) * 4u : 8;
	uint32_t claimed = tcp ? size : be16(b + USUAL_L4 + 4);

	return size < (tcp ? 20 : 8) || claimed < size || claimed > len ? 0 : size;
}

/* The inner frame: Ethernet, IPv4, TCP or UDP with at least 20 bytes of it. `params`: UDP to their
 * ports may be another encapsulation; NULL in plain mode. false: nothing was set. */
static inline bool usual_inner(const struct decap_params *params, struct packet *p)
{
	struct cursor c = cursor_make(p->frame, p->frame_cap, p->frame_wire);
	const uint8_t *b = p->frame_link == LINK_ETHERNET ? cursor_take(&c, USUAL_INNER) : NULL;
	uint32_t ip_len, size;
	uint16_t dst_port;
	bool tcp;

	if (!b || !usual_ip(b))
		return false;
	tcp = b[USUAL_IP + 9] == IP_TCP;
	ip_len = be16(b + USUAL_IP + 2);
	dst_port = be16(b + USUAL_L4 + 2);
	if (ip_len < 40 || (!tcp && b[USUAL_IP + 9] != IP_UDP))
		return false;
	if (!tcp && params && udp_is_tunnel(params, dst_port))
		return false;
	size = usual_l4(b, tcp, ip_len - 20);
	if (size == 0)
		return false;
	p->ip = b + USUAL_IP;
	p->ip_len = ip_len;
	p->ip_cap = p->frame_cap - USUAL_IP < ip_len ? p->frame_cap - USUAL_IP : ip_len;
	p->l4 = 20;
	p->payload = (uint16_t)(20 + size);
	p->ip_version = 4;
	p->protocol = tcp ? IP_TCP : IP_UDP;
	p->tcp_flags = tcp ? b[USUAL_L4 + 13] : 0;
	p->icmp_type = p->icmp_code = 0;
	p->icmp_id = 0;
	p->src_port = be16(b + USUAL_L4);
	p->dst_port = dst_port;
	p->flags |= p->ip_cap < ip_len ? PACKET_CUT : 0;
	p->fragment_id = 0;
	p->tcp_seq = tcp ? be32(b + USUAL_L4 + 4) : 0;
	p->tcp_ack = tcp ? be32(b + USUAL_L4 + 8) : 0;
	ip_addr_set_v4(&p->src, b + USUAL_IP + 12);
	ip_addr_set_v4(&p->dst, b + USUAL_IP + 16);
	return true;
}
