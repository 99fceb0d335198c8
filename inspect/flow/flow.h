/* A flow: one conversation of one tenant, both directions. Plain data in a fixed slot of the
 * flow table, at most 192 bytes. Times are packet times in ns since the epoch; bytes are inner
 * IP lengths as the IP header claims them.
 *
 * `lo` and `hi` are the two endpoints in a fixed order (so both directions have one key);
 * FLOW_CLIENT_IS_LO says which is the client: the sender of the first packet, unless a SYN or
 * SYN-ACK says otherwise. side[0] counts the client's packets, side[1] the server's.
 *
 * Keys: TCP, UDP, SCTP, UDP-Lite, DCCP use ports. ICMP and ICMPv6 query pairs (echo, timestamp,
 * ...) use the port mapping of the community id specification (v1): (base type, counter type)
 * sorted, plus the query id in `icmp_id`; other ICMP types use (type, code), one-way. Later
 * fragments use the ports their first fragment had, or 0. All other protocols have ports 0. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"

enum flow_flag {
	FLOW_CLIENT_IS_LO = 1 << 0,
	FLOW_PORTS_CUT = 1 << 1, /* a packet was cut before its ports */
	FLOW_SYN_SEEN = 1 << 2,  /* client and server are known, not guessed */
	FLOW_FIN_CLIENT = 1 << 3,
	FLOW_FIN_SERVER = 1 << 4,
	FLOW_CLOSED = 1 << 5, /* both FINs or a RST: the close timeout runs */
	FLOW_ONE_WAY_ICMP = 1 << 6,
	FLOW_DPI_DONE = 1 << 7,    /* verdict reached: nDPI gets no more packets */
	FLOW_DPI_GUESSED = 1 << 8, /* label by port or address */
	FLOW_DPI_NONE = 1 << 9,    /* no DPI state could be had */
	FLOW_ACCEPTED = 1 << 10,   /* verdict of the filter on the last packet */
	FLOW_FILTERED = 1 << 11,   /* a filter judged the last packet */
};

enum flow_end {
	FLOW_END_IDLE,
	FLOW_END_ACTIVE, /* flow_update: the flow goes on */
	FLOW_END_TCP_CLOSE,
	FLOW_END_EVICTED,
	FLOW_END_SHUTDOWN,
	FLOW_END_OF_INPUT,
};

/* As the `reason` field of a flow event prints it; a static string. */
const char *flow_end_name(enum flow_end end);

struct flow_key {
	struct ip_addr lo, hi;
	uint32_t tenant;
	uint16_t lo_port, hi_port;
	uint16_t icmp_id;
	uint8_t protocol;
	uint8_t ip_version;
};

/* What one side sent, in all and in the open aggregation window of the flow logs. */
struct flow_side {
	uint64_t packets, bytes;
	uint64_t window_bytes;
	uint32_t window_packets;
	uint32_t window_first, window_last; /* seconds since the epoch */
	uint8_t tcp_flags;                  /* OR of all */
	uint8_t window_tcp_flags; /* as VPC Flow Logs count them: FIN 1, SYN 2, RST 4, SYN-ACK 18 */
	uint16_t reserved;
};

struct dpi_state;
struct details;

struct flow {
	struct flow_key key;
	uint64_t first_ns, last_ns;
	struct flow_side side[2];
	uint32_t session;                   /* the worker's session of the first packet */
	uint32_t rule_number;               /* of the last packet */
	uint32_t truncated;                 /* packets that were cut */
	uint16_t flags;                     /* enum flow_flag */
	uint8_t direction;                  /* enum direction, of the client's packets */
	uint8_t icmp;                       /* icmp type of the first packet */
	uint16_t app_master, app, category; /* nDPI's numbers; 0 = unknown */
	uint8_t icmp_code;
	uint8_t dpi_packets;     /* given to nDPI, saturating */
	struct dpi_state *dpi;   /* owned by the dpi, NULL without or after the verdict */
	struct details *details; /* owned by the dpi, NULL = none; freed with the flow */
};

_Static_assert(sizeof(struct flow) <= 192, "design.md, section 5: at most 192 bytes a flow");

/* The key of a packet, and in `*src_is_lo` whether its sender is `lo`. Needs a packet that decap
 * accepted and whose tenant is set. */
void flow_key_make(struct flow_key *key, const struct packet *p, bool *src_is_lo);

/* Symmetric: both directions of a conversation give the same hash. Depends on the key's bytes
 * alone, so it is the same in every worker and in the reader that chooses owners. */
uint64_t flow_key_hash(const struct flow_key *key);

/* 16 hex digits and a NUL: a hash of key and start time; the same in every run on the same input. */
void flow_id_print(const struct flow *flow, char text[17]);
uint64_t flow_id(const struct flow *flow);

/* The addresses and ports as client and server: what events print. For ICMP the ports are the
 * community id's mapping (type, counter type or code). */
struct flow_ends {
	const struct ip_addr *src, *dst;
	uint16_t src_port, dst_port;
};
struct flow_ends flow_ends(const struct flow *flow);
