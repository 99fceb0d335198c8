/* Frames of the benchmarks' own making: Ethernet, IPv4 or IPv6, TCP or UDP with correct lengths
 * and checksums; on request mirrored as AWS does it (Ethernet, IPv4, UDP 4789, VXLAN around it). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	FRAME_MAX = 9216 + 256, /* room that frame_build() and frame_mirror() need */
	FRAME_ETHERNET = 14,
	FRAME_MIRROR = 50, /* bytes that frame_mirror() puts before the frame */
};

/* One end of a conversation. `address` is the IPv4 address; IPv6 puts it below a prefix. */
struct frame_end {
	uint32_t address;
	uint16_t port;
};

struct frame_ip {
	struct frame_end src, dst;
	bool v6, udp;
	uint8_t tcp_flags;
	uint32_t seq, ack;
	const uint8_t *payload;
	uint32_t payload_len;
};

/* Bytes of the headers that frame_build() writes. */
uint32_t frame_headers(bool v6, bool udp);

/* Writes the frame to `out` (FRAME_MAX bytes) and returns its length. */
uint32_t frame_build(const struct frame_ip *ip, uint8_t *out);

/* Writes the 50 bytes that make a mirrored packet of the `len` bytes behind them. The outer UDP
 * checksum is 0, as AWS leaves it. */
void frame_mirror(
	uint32_t outer_src, uint32_t vni, uint16_t src_port, uint32_t len, uint8_t *out);

/* The Internet checksum (RFC 1071) of `len` bytes, added to a sum so far; frame_fold() ends it. */
uint64_t frame_sum(uint64_t sum, const uint8_t *at, uint32_t len);
uint16_t frame_fold(uint64_t sum);
