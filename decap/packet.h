/* A packet on its way through the stages: what arrived (set by whoever fills the burst), where
 * its inner headers are (set by decap), whose it is (session, tenant, direction), and its flow.
 *
 * Two lengths everywhere: `cap` is what arrived, `wire` what the headers or the capture claim.
 * cap <= wire always. A mirrored packet that was cut has cap < wire and is a normal packet.
 * All pointers are borrowed from the buffer behind `data` and live as long as it does; no stage
 * writes packet bytes. Multi-byte numbers are in host order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/session_key.h"
#include "decap/addr.h"

enum { BURST_MAX = 64 }; /* a stage's live mask is one uint64_t */
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 }; /* RFC 9293, 3.1 */

/* What `data` or `frame` begins with. */
enum __attribute__((packed)) link {
	LINK_ETHERNET,
	LINK_IP,   /* raw IPv4 or IPv6, by its version field */
	LINK_SLL,  /* Linux cooked capture v1 */
	LINK_SLL2, /* Linux cooked capture v2 */
	LINK_NULL, /* BSD loopback: 4 byte family in either byte order */
	LINK_PPP,  /* PPP, with or without HDLC framing, and Cisco HDLC */
};

enum packet_flag {
	PACKET_CUT = 1 << 0,            /* fewer inner bytes arrived than the inner IP claims */
	PACKET_FRAGMENT = 1 << 1,       /* any IP fragment, the first included */
	PACKET_LATER_FRAGMENT = 1 << 2, /* fragment offset is not 0: has no ports of its own */
	PACKET_PORTS_CUT =
		1 << 3,         /* TCP, UDP, SCTP, ICMP cut before ports or type: ports are 0 */
	PACKET_L4_ODD = 1 << 4, /* the L4 header lies (TCP offset, UDP length); still counted */
	PACKET_VXLAN_RESERVED = 1
				<< 5, /* reserved VXLAN bits were set: tolerated and counted */
	PACKET_GENEVE = 1 << 6,       /* a GENEVE header was taken off */
	PACKET_HAS_VNI = 1 << 7,      /* `vni` and `outer_src` are set */
	PACKET_FROM_CLIENT = 1 << 8,  /* set with `flow` */
	PACKET_NO_PORTS = 1 << 9,     /* later fragment whose first was not seen: ports are 0 */
	PACKET_FILTERED = 1 << 10,    /* a mirror filter judged it */
	PACKET_PORTS_LEARNED = 1 << 11,  /* a later fragment that has its first one's ports */
	PACKET_NETWORK_EGRESS = 1 << 12, /* `network`'s option: the packet left its machine */
	PACKET_ACCEPTED_CUT = 1 << 13,   /* accepted at its source: see filter_accepted_cut() */
	PACKET_FIRST_AHEAD =
		1 << 14, /* PACKET_PORTS_LEARNED of a first one that is still to come, whole */
};

enum __attribute__((packed)) direction {
	DIRECTION_UNKNOWN,
	DIRECTION_INGRESS,
	DIRECTION_EGRESS
};

struct flow;
struct flow_row;
struct model_session;

/* In the order of the stages that fill it in, but for what stands together because it goes from
 * worker to worker: two cache lines (dataplane/live/handoff.c). */
struct packet {
	/* What arrived. */
	const uint8_t *data;
	uint32_t cap, wire;
	uint64_t number; /* 1-based position in the input, for messages */
	enum link link;

	/* Handed over from here on; this came with what arrived. */
	uint64_t time_ns; /* since the epoch */

	/* The inner frame; equals `data` when nothing was decapsulated. `frame_link` (below) is
	 * LINK_ETHERNET, or LINK_IP below a GENEVE header that carries IP. */
	const uint8_t *frame;
	uint32_t frame_cap, frame_wire;

	/* The inner IP packet: from `ip` on, `ip_cap` bytes are readable and the header claims
	 * `ip_len` (IPv4 total length; IPv6 payload length + 40; where that is 0, as segmentation
	 * offload leaves it, frame_wire less the link header). Link padding is not in ip_cap.
	 * l4 <= payload <= ip_len, but in a cut packet both may be > ip_cap. */
	const uint8_t *ip;
	uint32_t ip_cap, ip_len;
	uint16_t l4; /* offset of the L4 header from `ip`; IPv6 extension headers skipped */
	uint16_t payload;   /* offset of the L4 payload from `ip` */
	uint8_t ip_version; /* 4 or 6 */
	uint8_t protocol;   /* IANA number of the L4 header */
	uint8_t tcp_flags;
	uint8_t icmp_type, icmp_code;
	enum link frame_link;
	union {
		uint16_t icmp_id;    /* not TCP */
		uint16_t tcp_window; /* as the header has it; 0 where that is cut before it */
	};
	uint16_t src_port,
		dst_port; /* TCP, UDP, SCTP, UDP-Lite, DCCP; a later fragment's are learned */
	uint16_t flags;   /* enum packet_flag */
	enum direction direction; /* of the session's interface */
	uint8_t ip_id_low;   /* IPv4, no fragment: lower half of its identification; else 0 */
	uint32_t generation; /* lower half of the generation that `direction` is of */
	uint32_t tcp_seq, tcp_ack;
	struct ip_addr src, dst;

	/* The outermost encapsulation: it names the session. VXLAN directly inside GENEVE counts as
	 * one, and the VXLAN names it. The last to be handed over. */
	SESSION_KEY;

	/* The verdict of the session's filter, and which rule decided; 0 = none. Without a filter every
	 * packet is accepted. */
	bool accepted;
	uint32_t rule_number;
	/* What the flow remembers of the filter's verdict on this sender: its number, 0 =
	 * nothing. See flow_table_remember(). */
	uint32_t remembered;

	/* Session and tenant. */
	/* Index into the worker's session table, SESSION_NONE in plain mode. */
	uint32_t session;
	uint32_t tenant;
	/* The session in the mirror model; NULL: not in the settings. */
	const struct model_session *config;

	/* The packet's flow, and the key and hash by which the flow table found it. */
	struct flow_row *row;
	struct flow *flow;
	uint64_t flow_id; /* for the packet file; 0 = reached no flow, or nothing is recorded */
	uint32_t recorded; /* set with `flow_id`: see record_keep() */
};
