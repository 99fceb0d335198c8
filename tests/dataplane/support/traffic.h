/* A made-up capture of mirror traffic and what is known of each packet in it: several sessions, of
 * which two (2 and 3) share a VNI, flows in both directions, datagrams in fragments, and packets that end
 * early. The same every time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/support/mirror_frame.h"
#include "decap/ledger.h"
#include "support/frame.h"

enum {
	TRAFFIC_SOURCES = 4, /* of VNIs 40, 41, 42, 42 */
	TRAFFIC_PAIRS = 20,
	TRAFFIC_NO_FLOW = UINT32_MAX,
};

struct traffic_packet {
	uint8_t bytes[MIRROR_FRAME_ROOM];
	uint32_t len, wire, ip_len;
	uint64_t time_ns;
	/* Packets of one flow have the same number: source * TRAFFIC_PAIRS + pair; or
	 * TRAFFIC_NO_FLOW. */
	uint32_t flow;
	bool later_fragment;
	enum reason reason; /* how it ends when nothing is refused */
};

struct traffic {
	struct traffic_packet *packets;
	uint32_t n;
};

#define TRAFFIC_START_NS (UINT64_C(1700000000) * 1000000000)

/* Aborts without memory. Packets are a microsecond apart, beginning at TRAFFIC_START_NS. */
struct traffic traffic_make(uint32_t n);
void traffic_free(struct traffic *traffic);
/* As pcap with nanoseconds. */
void traffic_write(const struct traffic *traffic, const char *path);

/* How many end for this reason, and what is the number of flows. */
uint64_t traffic_count(const struct traffic *traffic, enum reason reason);
uint32_t traffic_flows(const struct traffic *traffic);
