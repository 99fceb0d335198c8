/* The fast path: nearly every mirror packet has the same 50 bytes of outer headers (36 of them
 * again below GENEVE), and nearly every inner packet is whole IPv4 with TCP or UDP. A few
 * comparisons find that out. All other packets go the general way (link.c, ip.c, udp.c, l4.c),
 * which gives the same results for these packets too: tests compare the two. Included by decap.c
 * alone; inline because it is most of what decap does. */
#pragma once

#include "decap/cursor.h"
#include "decap/decap.h"
#include "decap/ip.h"
#include "decap/link.h"
#include "decap/udp.h"

enum {
	FAST_PATH_IP = LINK_ETHERNET_SIZE,
	FAST_PATH_L4 = FAST_PATH_IP + 20,
	FAST_PATH_INNER = FAST_PATH_L4 +
			  20, /* what is looked at: TCP without options, UDP and 12 bytes */
	FAST_PATH_MIRROR = 20 + 8 + 8, /* IPv4, UDP, VXLAN */
	FAST_PATH_TYPE_VERSION = 0x080045,
	FAST_PATH_FRAGMENT = 0x3fff,
};

/* Version and fragment field in the first 8 bytes of an IPv4 header; flags and both reserved fields
 * of a VXLAN header. */
static const uint64_t fast_path_ip_mask = 0xff00000000003fff,
		      fast_path_ip_want = 0x4500000000000000;
static const uint64_t fast_path_vxlan_mask = 0xffffffff000000ff,
		      fast_path_vxlan_want = 0x0800000000000000;

/* `b`: FAST_PATH_MIRROR bytes from an IPv4 header on, behind which `wire` bytes are claimed. Returns the
 * length of the inner frame when they are UDP to the first port and VXLAN without reserved bits,
 * and every length fits; else 0. (Comparisons are gathered into one branch.) */
static inline uint32_t fast_path_outer(
	const struct decap_params *params, const uint8_t *b, uint32_t wire)
{
	uint64_t ip = be64(b), udp = be64(b + 20), vxlan = be64(b + 28), odd;
	uint32_t ip_len = (uint16_t)(ip >> 32), frame_len = ip_len - FAST_PATH_MIRROR;

	odd = ((ip & fast_path_ip_mask) ^ fast_path_ip_want) | (b[9] ^ IPPROTO_UDP);
	odd |= (vxlan & fast_path_vxlan_mask) ^ fast_path_vxlan_want;
	odd |= (udp >> 32 & 0xffff) ^ params->vxlan_ports[0];
	odd |= ((udp >> 16 & 0xffff) + 20) ^ ip_len;
	return odd != 0 || frame_len - 1 >= wire || params->n_vxlan_ports == 0 ? 0 : frame_len;
}

/* The same bytes, found usual: sets the frame behind them, of which `cap` bytes may have
 * arrived. */
static inline void fast_path_outer_set(
	struct packet *p, const uint8_t *b, uint32_t frame_len, uint32_t cap)
{
	session_key_name(&p->key, be32(b + 32) >> 8, NETWORK_NONE);
	ip_addr_set_v4(&p->outer_src, b + 12);
	p->frame = b + FAST_PATH_MIRROR;
	p->frame_cap = cap < frame_len ? cap : frame_len;
	p->frame_wire = frame_len;
	p->frame_link = LINK_ETHERNET;
}

/* `b`: FAST_PATH_INNER bytes of a frame. Returns the size of the L4 header when they are untagged
 * Ethernet, IPv4 without options that is no fragment, and TCP or UDP whose lengths fit; else 0. */
static inline uint32_t fast_path_inner(const uint8_t *b)
{
	uint64_t type = be64(b + 12), fragment = be64(b + 20);
	uint32_t len = (uint16_t)(type >> 16) - 20u, size = (b[FAST_PATH_L4 + 12] >> 4) * 4u;
	uint8_t protocol = (uint8_t)(fragment >> 32);

	if (((type >> 40) ^ FAST_PATH_TYPE_VERSION) | (fragment >> 48 & FAST_PATH_FRAGMENT) ||
		len - 20 > UINT16_MAX)
		return 0;
	if (protocol == IPPROTO_TCP)
		return size < 20 || size > len ? 0 : size;
	return protocol != IPPROTO_UDP || be16(b + FAST_PATH_L4 + 4) - 8u > len - 8 ? 0 : 8;
}

/* The same bytes, found usual, with an L4 header of `size`: sets all that comes from them. `cap`
 * bytes of the frame arrived; `flags` are the packet's so far. */
static inline void fast_path_inner_set(
	struct packet *p, const uint8_t *b, uint32_t size, uint32_t cap, uint16_t flags)
{
	uint8_t protocol = b[FAST_PATH_IP + 9];
	bool tcp = protocol == IPPROTO_TCP;
	uint32_t ports = be32(b + FAST_PATH_L4), ip_len = be16(b + FAST_PATH_IP + 2);

	cap -= FAST_PATH_IP;
	p->ip = b + FAST_PATH_IP;
	p->ip_len = ip_len;
	p->ip_cap = cap < ip_len ? cap : ip_len;
	p->flags = (uint16_t)(flags | (cap < ip_len ? PACKET_CUT : 0));
	p->l4 = 20;
	p->payload = (uint16_t)(20 + size);
	p->ip_version = 4;
	p->protocol = protocol;
	p->ip_id_low = b[FAST_PATH_IP + 5];
	p->tcp_flags = tcp ? b[FAST_PATH_L4 + 13] : 0;
	p->icmp_type = p->icmp_code = 0;
	p->tcp_window = tcp ? be16(b + FAST_PATH_L4 + 14) : 0;
	p->src_port = (uint16_t)(ports >> 16);
	p->dst_port = (uint16_t)ports;
	p->tcp_seq = tcp ? be32(b + FAST_PATH_L4 + 4) : 0;
	p->tcp_ack = tcp ? be32(b + FAST_PATH_L4 + 8) : 0;
	ip_addr_set_v4(&p->src, b + FAST_PATH_IP + 12);
	ip_addr_set_v4(&p->dst, b + FAST_PATH_IP + 16);
}

/* A whole usual mirror packet as it arrived. false: nothing was set. */
static inline bool fast_path_mirror(const struct decap_params *params, struct packet *p)
{
	const uint32_t outer = LINK_ETHERNET_SIZE + FAST_PATH_MIRROR;
	struct cursor c = cursor_make(p->data, p->cap, p->wire);
	const uint8_t *b = cursor_take(&c, outer + FAST_PATH_INNER);
	uint32_t cap = p->cap - outer, frame_len, size;

	if (!b || p->link != LINK_ETHERNET || be16(b + 12) != ETHER_IP4)
		return false;
	frame_len = fast_path_outer(params, b + LINK_ETHERNET_SIZE, c.wire + FAST_PATH_INNER);
	if (frame_len < FAST_PATH_INNER)
		return false;
	size = fast_path_inner(b + outer);
	if (size == 0)
		return false;
	fast_path_outer_set(p, b + LINK_ETHERNET_SIZE, frame_len, cap);
	fast_path_inner_set(p, b + outer, size, p->frame_cap, PACKET_HAS_VNI);
	return true;
}

/* `c` is at an IPv4 header: takes it, UDP and VXLAN off. false: nothing was set. */
static inline bool fast_path_vxlan(
	const struct decap_params *params, struct packet *p, struct cursor c)
{
	const uint8_t *b = cursor_take(&c, FAST_PATH_MIRROR);
	uint32_t frame_len = b && c.cap > 0 ? fast_path_outer(params, b, c.wire) : 0;

	if (frame_len == 0)
		return false;
	fast_path_outer_set(p, b, frame_len, c.cap);
	p->flags |= PACKET_HAS_VNI;
	return true;
}

/* The same behind untagged Ethernet, for a packet as it arrived. */
static inline bool fast_path_strip(const struct decap_params *params, struct packet *p)
{
	struct cursor c = cursor_make(p->data, p->cap, p->wire);
	const uint8_t *b =
		p->link == LINK_ETHERNET ? cursor_take(&c, LINK_ETHERNET_SIZE) : NULL;

	p->flags = 0;
	return b && be16(b + 12) == ETHER_IP4 && fast_path_vxlan(params, p, c);
}

/* What the frame carries, when it is usual; p->flags are kept. false: nothing was set. */
static inline bool fast_path_frame(struct packet *p)
{
	struct cursor c = cursor_make(p->frame, p->frame_cap, p->frame_wire);
	const uint8_t *b =
		p->frame_link == LINK_ETHERNET ? cursor_take(&c, FAST_PATH_INNER) : NULL;
	uint32_t size = b ? fast_path_inner(b) : 0;

	if (size == 0)
		return false;
	fast_path_inner_set(p, b, size, p->frame_cap, p->flags);
	return true;
}
