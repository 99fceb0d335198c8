/* What a packet does to its flow: client and server, counters, TCP state, windows. Knows no
 * table. */
#pragma once

#include "inspect/flow/table.h"

enum { NS_PER_S = 1000000000 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

/* Sets up the zeroed flow of its first packet, which is not counted yet. */
void flow_begin(
	struct flow *flow, const struct flow_key *key, const struct packet *p, bool src_is_lo);

/* Counts the packet; reports a window that it closes and an update that it finds due. */
void flow_count(struct flow *flow, struct packet *p, bool src_is_lo,
	const struct flow_params *params, const struct flow_observer *observer);

/* True for a SYN that opens a connection (RFC 9293, 3.5). */
bool packet_is_pure_syn(const struct packet *p);

/* Reports the open window, when there is one, and clears it. */
void flow_window_close(struct flow *flow, const struct flow_observer *observer);
/* The second at which it begins; without an open window the latest there is. */
uint32_t flow_window_start(const struct flow *flow, uint32_t window_s);

/* The rare parts of counting. */
void flow_count_odds(struct flow *flow, const struct packet *p);
void flow_set_direction(struct flow *flow, const struct packet *p, bool from_client);

/* What every packet does, whatever else is due. `windows`: they are counted. */
static inline void flow_count_plain(
	struct flow *flow, struct packet *p, bool from_client, bool windows, uint32_t second)
{
	const unsigned verdict = FLOW_ACCEPTED | FLOW_FILTERED;
	struct flow_side *side = &flow->side[!from_client];

	side->packets++;
	side->bytes += p->ip_len;
	side->tcp_flags |= p->tcp_flags;
	if (windows) {
		if (side->window_packets == 0 || second < side->window_first)
			side->window_first = second;
		if (second > side->window_last)
			side->window_last = second;
		side->window_packets++;
		side->window_bytes += p->ip_len;
	}
	if (flow->direction == DIRECTION_UNKNOWN && p->direction != DIRECTION_UNKNOWN)
		flow_set_direction(flow, p, from_client);
	flow->flags = (uint16_t)((flow->flags & ~verdict) | (p->accepted ? FLOW_ACCEPTED : 0) |
				 (p->flags & PACKET_FILTERED ? FLOW_FILTERED : 0));
	flow->rule_number = p->rule_number;
	if (p->flags & (PACKET_CUT | PACKET_PORTS_CUT))
		flow_count_odds(flow, p);
	p->flow = flow;
	p->flags = (uint16_t)((p->flags & ~PACKET_FROM_CLIENT) |
			      (from_client ? PACKET_FROM_CLIENT : 0));
}

/* The same as flow_count() for the packet that finds nothing to do but counting, which is nearly
 * every one. false: it is not such a packet, and nothing was counted. */
static inline bool flow_count_calm(
	struct flow *flow, struct packet *p, bool src_is_lo, bool windows, uint64_t horizon_ns)
{
	uint32_t second = (uint32_t)(p->time_ns / NS_PER_S);

	if (second >= flow->calm_s || horizon_ns / NS_PER_S >= flow->calm_s ||
		p->time_ns < flow->last_ns || p->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST))
		return false;
	flow->last_ns = p->time_ns;
	flow_count_plain(
		flow, p, src_is_lo == (bool)(flow->flags & FLOW_CLIENT_IS_LO), windows, second);
	return true;
}
