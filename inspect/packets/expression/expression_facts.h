/* What an expression may ask of one packet. A plain struct: whoever has a packet (a worker, replay's reader, a
 * retrieval) fills in what is known; all zero is a packet of which nothing is known. Nothing is owned. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/addr.h"
#include "decap/packet.h"

/* What the frame carries: where addresses come from. */
enum expression_network {
	EXPRESSION_NO_NETWORK, /* neither of them, or headers that cannot be used */
	EXPRESSION_IP,
	EXPRESSION_IP6,
	EXPRESSION_ARP, /* RFC 826 for IPv4: sender and target are source and destination */
	EXPRESSION_RARP,
};

struct expression_facts {
	uint64_t time_ns;

	/* The inner frame: `cap` bytes are there of `wire`. NULL: unknown. */
	const uint8_t *frame;
	uint32_t cap, wire;
	enum link link;

	enum expression_network
		network;    /* as the frame says, whatever is wrong with what follows */
	bool has_addresses; /* and a protocol: enough of the header is there */
	struct ip_addr src, dst;

	/* Of IP and IPv6: from `ip` on `ip_cap` bytes can be read; the L4 header begins at `l4`. */
	const uint8_t *ip;
	uint32_t ip_cap;
	uint16_t l4;
	uint8_t protocol;    /* behind IPv6's extension headers */
	uint8_t next_header; /* of the IPv6 header itself; of IPv4 the protocol */
	bool later_fragment; /* its L4 header is elsewhere */
	bool has_ports;      /* TCP, UDP, SCTP: its own, or those of the first fragment */
	uint16_t src_port, dst_port;

	/* Where it was mirrored. Of session and interface NULL: unknown, and nothing is equal to it. Of the tenant NULL: the
	 * settings name none, and it is called as inspect/record/tenant.h has it, by `network` or VNI. */
	bool has_vni;
	uint32_t vni, network_id; /* NETWORK_NONE, or NETWORK_NAMED + id */
	const char *session, *interface, *tenant;

	/* Bit `question` of a node of kind FLOW, COMMUNITY, APP, RISK or ALERT: what whoever asks has found out of this
	 * packet's flow. */
	uint64_t answers;
};

struct model_session;

/* What is known of a packet that has an inner frame, whatever decap said of what is in it; the packet must outlive
 * the facts. Headers that decap refused are read as far as they go. `session`: the one of the mirror model, NULL where
 * it has none. The tenant's name is the caller's to add. */
void expression_facts_of(const struct packet *p, const struct model_session *session,
	struct expression_facts *facts);
