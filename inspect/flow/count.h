/* What a packet does to its flow: client and server, counters, TCP state, windows. Knows no
 * table. */
#pragma once

#include "config/log/now.h"
#include "inspect/flow/table.h"

enum { FILTERED_SHIFT = (int)FLOW_FILTERED / (int)PACKET_FILTERED };

/* Sets up the zeroed flow of its first packet, which is not counted yet. */
void flow_begin(
	struct flow *flow, const struct flow_key *key, const struct packet *p, bool src_is_lo);

/* Counts the packet; reports a window that it closes and an update that it finds due. `update_ns`:
 * when the last update was, or the flow began; NULL without an active timeout. */
void flow_count(struct flow *flow, struct packet *p, bool src_is_lo,
	const struct flow_params *params, const struct flow_observer *observer,
	uint64_t *update_ns);

/* True for a SYN that opens a connection (RFC 9293, 3.5). */
bool packet_is_pure_syn(const struct packet *p);

/* Reports the open window, when there is one, and closes it. */
void flow_window_close(
	struct flow *flow, uint32_t window_s, const struct flow_observer *observer);
/* The second at which it begins; without an open window the latest there is. */
uint64_t flow_window_start(const struct flow *flow, uint32_t window_s);

/* The rare parts of counting. */
void flow_count_odds(struct flow *flow, const struct packet *p);
/* `direction`: of a packet that the client or the server sent. */
void flow_set_direction(struct flow *flow, enum direction direction, bool from_client);

/* Counts a packet, and no more; `side` is the sender's. No branch on who sent it: that is a coin
 * toss to the CPU. */
static inline void flow_count_plain(struct flow *flow, struct packet *p, unsigned side)
{
	const unsigned verdict = FLOW_ACCEPTED | FLOW_FILTERED;

	flow->side[side].packets++;
	flow->side[side].bytes += p->ip_len;
	flow->tcp_flags[side] |= p->tcp_flags;
	if (!(flow->flags & FLOW_DIRECTION) && p->direction != DIRECTION_UNKNOWN)
		flow_set_direction(flow, p->direction, side == 0);
	flow->flags = (uint16_t)((flow->flags & ~verdict) | p->accepted * FLOW_ACCEPTED |
				 (p->flags & PACKET_FILTERED) * FILTERED_SHIFT);
	flow->rule_number = p->rule_number;
	if (p->flags & (PACKET_CUT | PACKET_PORTS_CUT))
		flow_count_odds(flow, p);
	p->flow = flow;
	p->flags = (uint16_t)((p->flags & ~(unsigned)PACKET_FROM_CLIENT) |
			      (1 - side) * PACKET_FROM_CLIENT);
}

/* 0: the client, 1: the server. */
static inline unsigned flow_sender(const struct flow *flow, bool src_is_lo)
{
	return (flow->flags & FLOW_CLIENT_IS_LO) ^ (unsigned)src_is_lo;
}

/* flow_count() for a packet that changes counters and nothing else, which is nearly every one.
 * false: it is not such a packet, and nothing was counted. */
static inline bool flow_count_calm(
	struct flow *flow, struct packet *p, bool src_is_lo, uint64_t horizon_ns)
{
	uint64_t second = p->time_ns / NS_PER_S;
	unsigned side = flow_sender(flow, src_is_lo);

	if (second >= flow->calm_s || horizon_ns / NS_PER_S >= flow->calm_s ||
		p->time_ns < flow->last_ns || p->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST) ||
		!(flow->window_flags[side] & FLOW_WINDOW_OPEN))
		return false;
	flow->last_ns = p->time_ns;
	flow->side[side].window_last = (uint32_t)second; /* which is below calm_s */
	flow_count_plain(flow, p, side);
	return true;
}
