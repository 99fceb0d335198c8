/* Mirror packets (support/frame.h) as the tests of the pipeline write them down: addresses are text, and
 * most of the rest is 0. */
#pragma once

#include <stdint.h>

#include "decap/packet.h"

enum { MIRROR_FRAME_ROOM = 256, MIRROR_PAYLOAD_MAX = 64 };

struct mirror_frame {
	const char *outer_src; /* IPv4 */
	uint32_t vni;
	uint8_t src_mac, dst_mac; /* 02:00:00:00:00:xx */
	const char *src, *dst;
	uint8_t protocol; /* TCP and UDP get a header, others 8 bytes of zeros */
	uint16_t src_port, dst_port;
	uint16_t payload; /* bytes of it */
	/* IPv4 only. With an offset the packet is payload alone, without an L4 header. */
	uint16_t fragment_offset, fragment_id; /* offset in bytes, a multiple of 8 */
	bool more_fragments;
};

/* Writes the packet; returns its length. */
uint32_t mirror_frame_write(const struct mirror_frame *spec, uint8_t out[MIRROR_FRAME_ROOM]);
/* The inner IP length: what rules and sessions count. */
uint32_t mirror_frame_ip_len(const struct mirror_frame *spec);
/* A packet as the pipeline takes it, with nothing set but what arrived. */
struct packet mirror_frame_packet(const uint8_t *bytes, uint32_t len, uint64_t time_ns);
