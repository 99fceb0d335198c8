/* Which flow a packet belonged to that was given to Suricata: by VLAN tags, addresses, ports and protocol as
 * Suricata sees them, and the packet's number. So its alerts, which come later, find their flow, and no worker is asked.
 * Bounded: what is too much takes the place of what is oldest, and is counted; a flow is never mistaken for
 * another one.
 *
 * Any thread may call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"
#include "inspect/detect/suricata/eve.h"

enum { SENT_FLOWS = 1 << 18 };

struct sent_flows;

/* Room for `capacity` (a power of two; SENT_FLOWS, but in tests). NULL: no memory. */
struct sent_flows *sent_flows_create(uint32_t capacity);
/* NULL is legal. */
void sent_flows_destroy(struct sent_flows *flows);

/* The VLAN ids of a packet as Suricata tells them, the outermost first. */
struct sent_vlans {
	uint32_t n;
	uint16_t id[EVE_VLANS];
};

/* What is known of a packet's flow. */
struct sent_flow {
	uint64_t flow_id;         /* 0: it reached none */
	uint64_t time_ns;         /* of the packet; found: of the first one of the flow */
	enum direction direction; /* of the packet */
	bool is_tagged; /* its two outermost VLAN ids are those of its observation point */
};

/* Packet `number` was sent, from 1 on and in order. `is`: ip_version, protocol, addresses, ports, ICMP. */
void sent_flows_add(struct sent_flows *flows, uint64_t number, const struct sent_vlans *vlans,
	const struct packet *is, const struct sent_flow *flow);
/* The flow of packet `number` (0: the last one). false: it is not known (any more). `direction` is that of
 * packets from `is->src`, so far as one was sent. */
bool sent_flows_find(struct sent_flows *flows, uint64_t number, const struct sent_vlans *vlans,
	const struct packet *is, struct sent_flow *flow);

/* Rows that gave their place to others. */
uint64_t sent_flows_forgotten(struct sent_flows *flows);
