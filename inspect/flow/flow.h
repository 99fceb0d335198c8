/* A flow: one conversation as one observation point shows it, both directions. Plain data in a fixed
 * slot of the flow table, at most 192 bytes. Times are packet times in ns since the epoch; bytes are
 * inner IP lengths as the IP header claims them. Counters are those of the flow's whole life: a
 * flow_update shows intermediate totals.
 *
 * `lo` and `hi` are the two endpoints in a fixed order (so both directions have one key).
 * FLOW_CLIENT_IS_LO says which is the client; side[0] counts the client's packets, side[1] the
 * server's. Who is the client is told, in this order, by the flow's first SYN (its sender), by its
 * first SYN-ACK (its receiver), by the ports (exactly one is below 1024: the server's), by the first
 * packet (its sender); what comes later and tells better makes the sides change places
 * (enum flow_client_by). In a simultaneous open the first SYN counts. After a FIN or RST a SYN
 * belongs to another connection of the same ends, and tells nothing.
 *
 * Keys: TCP, UDP, SCTP, UDP-Lite, DCCP use ports. ICMP and ICMPv6 query pairs (echo, timestamp,
 * ...) use the port mapping of the community id specification (v1): (base type, counter type)
 * sorted, plus the query id in `icmp_id` for the types that have one; other ICMP types use
 * (type, code), one-way: `lo` is the sender. Later fragments use what their first fragment had
 * (fragment.h), or 0, as do packets cut before the ports. All other protocols have ports 0. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/session/session.h"

enum flow_flag {
	FLOW_CLIENT_IS_LO = 1 << 0,
	FLOW_PORTS_CUT = 1 << 1, /* a packet was cut before its ports */
	FLOW_CLIENT_BY = 3 << 2, /* enum flow_client_by */
	FLOW_FIN_CLIENT = 1 << 4,
	FLOW_FIN_SERVER = 1 << 5,
	FLOW_CLOSED = 1 << 6,      /* both FINs or a RST: the close timeout runs */
	FLOW_DPI_DONE = 1 << 7,    /* the label is final: nDPI gets no more packets */
	FLOW_DPI_GUESSED = 1 << 8, /* label by port or address */
	FLOW_DPI_NONE = 1 << 9,    /* no DPI state could be had */
	FLOW_ACCEPTED = 1 << 10,   /* the filter accepted the last packet */
	FLOW_FILTERED = 1 << 11,   /* a mirror filter judged the last packet */
	FLOW_DPI_CUT = 1 << 12,    /* label from cut packets alone; a whole one asks anew */
	FLOW_DPI_SHED = 1 << 13,   /* with NONE: the worker was overloaded */
	FLOW_DIRECTION = 3 << 14,  /* enum direction, of the client's packets */
};

/* By what the client was chosen; the higher is the surer. */
enum flow_client_by {
	FLOW_CLIENT_BY_FIRST_PACKET,
	FLOW_CLIENT_BY_PORTS,
	FLOW_CLIENT_BY_SYN_ACK,
	FLOW_CLIENT_BY_SYN,
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

/* `point` is the worker's index of the session that showed the packets: no other worker's, and no
 * other process's. VLAN ids are those of the inner frame's first two tags; 0 = none. */
struct __attribute__((packed, aligned(2))) flow_key {
	struct ip_addr lo, hi;
	uint32_t point : 29, ip_version : 3;
	uint16_t lo_port, hi_port;
	uint32_t vlan_outer : 12, vlan_inner : 12, protocol : 8;
	uint16_t icmp_id;
};

enum { FLOW_POINT_MASK = (1 << 29) - 1 };

_Static_assert(NETWORK_NAMED + NETWORK_ID_MAX <= FLOW_POINT_MASK, "the highest nameless point");

/* What one side sent. */
struct flow_side {
	uint64_t packets, bytes;
	/* Latest second of it in the open window, see struct flow_base; the lower 32 bits. */
	uint32_t window_last;
	uint32_t verdict; /* set by flow_table_remember(); 0 = none */
};

/* What one side sent in an aggregation window of the flow logs. */
struct flow_window {
	uint64_t bytes;
	uint32_t packets;     /* 0: nothing, and all else is 0 */
	uint64_t first, last; /* seconds since the epoch; earliest and latest */
	uint8_t tcp_flags;    /* as VPC Flow Logs count them: FIN 1, SYN 2, RST 4, SYN-ACK 18 */
};

/* Of one side's open window: what its counters were when the window began for it, so that a packet
 * is counted once. A window that comes near what these bits can tell is closed and begun anew. */
struct flow_base {
	uint32_t packets; /* the lower 32 bits */
	uint32_t bytes_low;
	uint16_t bytes_high; /* 48 bits together */
	uint16_t first;      /* seconds after the window's begin */
};

/* What of a flow's packets was handed to the recorder (settings, packets.record), so far. What the recorder's queue
 * or the disk lost of them is in it: their ledger says that. */
struct flow_recorded {
	uint64_t packets;           /* 0: nothing, and all else is 0 */
	uint64_t bytes;             /* of their frames, as recorded */
	uint64_t first_ns, last_ns; /* time of the first, and of the latest */
};

/* How far each end's sequence numbers were shown: see capture_loss.h. Side 0 is the key's `lo`. */
struct flow_seen {
	uint32_t next[2]; /* of each side: the sequence number after the highest shown */
	uint32_t state;   /* enum capture_loss_state */
};

struct dpi_state;
struct details;

/* Of flow.window_flags, besides the TCP flags: the side has sent something in the open window (without
 * windows: at all); and the upper bits of its latest second, of which those before the year 2106 have none. */
enum { FLOW_WINDOW_OPEN = 128, FLOW_WINDOW_ERA = 64 | 32 | 8 };

/* Laid out by cache line (the table's slots are aligned to 64): a packet of an established flow
 * touches the first two lines, and not the third. */
struct flow {
	struct flow_key key;
	uint16_t flags;   /* enum flow_flag */
	uint64_t last_ns; /* latest packet time */
	uint32_t calm_s;  /* before this second a packet in order is counted and nothing else */
	uint32_t rule_number; /* of the last packet */

	struct flow_side side[2];
	union {
		struct flow_seen seen; /* of TCP */
		struct {
			uint8_t type, code;
		} icmp; /* of the first packet, where it is ICMP */
	};
	/* Of each side: OR of all; and as in struct flow_window, with FLOW_WINDOW_OPEN. */
	uint8_t tcp_flags[2];
	uint8_t window_flags[2];

	uint64_t start_ns;        /* earliest packet time */
	struct flow_base base[2]; /* of each side with FLOW_WINDOW_OPEN */
	uint16_t first[3]; /* time of the first packet counted, its lower 48 bits in ns */
	uint16_t app_master, app; /* nDPI's numbers; 0 = unknown */
	uint8_t category;
	uint8_t dpi_packets; /* for nDPI, given or waiting in the backlog; saturating */
	uint32_t truncated;  /* packets that were cut */
	struct dpi_state
		*dpi; /* owned by the dpi; NULL: no inspection, or the label is final */
	struct details *details; /* owned by the dpi, NULL = none; freed with the flow */
};

_Static_assert(sizeof(struct flow) <= 192, "at most 192 bytes a flow");
_Static_assert(offsetof(struct flow, side) == 64 && offsetof(struct flow, start_ns) == 128,
	"two lines for each packet, one for the rest");

static inline enum direction flow_direction(const struct flow *flow)
{
	return (enum direction)(flow->flags / (FLOW_DIRECTION / 3));
}

static inline enum flow_client_by flow_client_by(const struct flow *flow)
{
	return (enum flow_client_by)((flow->flags & FLOW_CLIENT_BY) / (FLOW_CLIENT_BY / 3));
}

/* As the `client_by` field of a flow event prints it; a static string. */
const char *flow_client_by_name(enum flow_client_by by);

/* Makes the key of a packet, and says in `*src_is_lo` whether its sender is `lo`. Needs a packet
 * that decap accepted and whose session is set. `use_vlan`: VLAN ids are part of the key. */
void flow_key_make(
	struct flow_key *key, const struct packet *p, bool use_vlan, bool *src_is_lo);

/* True for protocols whose ports are part of the key: TCP, UDP, SCTP, UDP-Lite, DCCP. */
bool flow_has_ports(uint8_t protocol);

/* True for ICMP that is no query or answer: one-way types, and packets whose type is unknown (cut,
 * or a later fragment without its first). */
bool flow_key_is_one_way(const struct flow_key *key);

/* A hash of observation point, key and the time of the first packet counted: the same in every worker,
 * process and run on the same input; never 0. `point_id`: session_id() of the key's point. */
uint64_t flow_id(const struct flow *flow, uint64_t point_id);
/* As 16 hex digits and a NUL. */
void flow_id_print(uint64_t flow_id, char text[17]);

/* The addresses and ports as client and server: what events print. For ICMP the ports are the
 * community id's mapping (type, counter type or code). */
struct flow_ends {
	const struct ip_addr *src, *dst;
	uint16_t src_port, dst_port;
};
struct flow_ends flow_ends(const struct flow *flow);
