/* Frames that tests and benchmarks make: Ethernet, IPv4 or IPv6, and TCP, UDP or anything else, with correct
 * lengths and checksums; on request mirrored as AWS does it (Ethernet, IPv4, UDP 4789, VXLAN around it). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/addr.h"

enum {
	FRAME_ETHERNET = 14,
	FRAME_MIRROR = 50, /* bytes that frame_mirror() puts before the frame */
};

/* One end of a conversation. */
struct frame_end {
	struct ip_addr addr;
	uint32_t mac; /* the last four bytes of 02:00:... */
	uint16_t port;
};

struct frame_ip {
	struct frame_end src, dst; /* of one family */
	uint8_t protocol;          /* TCP and UDP get a header, others are payload alone */
	uint8_t ttl;               /* 0: 64 */
	uint8_t tcp_flags;
	uint32_t seq, ack;
	const uint8_t *payload; /* borrowed; NULL: zeros */
	uint32_t payload_len;
	/* IPv4 only: the offset in bytes, a multiple of 8; behind it there is no header. Fragments have no
	 * L4 checksum. */
	uint16_t fragment_offset, fragment_id;
	bool more_fragments;
};

/* The end with this IPv4 address, or with it as the last bytes of one of 2001:db8:1::/96; the MAC has
 * it, too. */
struct frame_end frame_end_of(uint32_t address, uint16_t port, bool v6);

/* Bytes of the IP packet, headers included. */
uint32_t frame_ip_len(const struct frame_ip *ip);
/* Writes the IP packet to `out` and returns its length; frame_build() does so with Ethernet before it. */
uint32_t frame_ip_write(const struct frame_ip *ip, uint8_t *out);
uint32_t frame_build(const struct frame_ip *ip, uint8_t *out);

/* Writes the FRAME_MIRROR bytes that make a mirrored packet of the `len` bytes behind them. The outer UDP
 * checksum is 0, as AWS leaves it. */
void frame_mirror(
	uint32_t outer_src, uint32_t vni, uint16_t src_port, uint32_t len, uint8_t *out);
