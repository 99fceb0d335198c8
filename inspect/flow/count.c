#include "inspect/flow/count.h"

enum { NS_PER_S = 1000000000 };
enum { TCP = 6 };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

bool packet_is_pure_syn(const struct packet *p)
{
	return p->protocol == TCP && (p->tcp_flags & (SYN | ACK | RST | FIN)) == SYN;
}

static uint8_t direction_invert(uint8_t direction)
{
	switch ((enum direction)direction) {
	case DIRECTION_INGRESS:
		return DIRECTION_EGRESS;
	case DIRECTION_EGRESS:
		return DIRECTION_INGRESS;
	case DIRECTION_UNKNOWN:
		break;
	}
	return DIRECTION_UNKNOWN;
}

void flow_begin(
	struct flow *flow, const struct flow_key *key, const struct packet *p, bool src_is_lo)
{
	flow->key = *key;
	flow->first_ns = p->time_ns;
	flow->last_ns = p->time_ns;
	flow->update_ns = p->time_ns;
	flow->session = p->session;
	flow->icmp = p->icmp_type;
	flow->icmp_code = p->icmp_code;
	flow->flags = src_is_lo ? FLOW_CLIENT_IS_LO : 0;
	if (flow_key_is_one_way(key))
		flow->flags |= FLOW_ONE_WAY_ICMP;
}

static void flow_swap(struct flow *flow)
{
	struct flow_side client = flow->side[0];

	flow->side[0] = flow->side[1];
	flow->side[1] = client;
	flow->flags ^= FLOW_CLIENT_IS_LO;
	flow->direction = direction_invert(flow->direction);
}

/* The flow's first SYN says who is the client; flow.h has the rule. */
static void __attribute__((cold))
flow_orient(struct flow *flow, const struct packet *p, bool src_is_lo)
{
	bool client_is_lo = p->tcp_flags & ACK ? !src_is_lo : src_is_lo;

	if (flow->flags & (FLOW_SYN_SEEN | FLOW_FIN_CLIENT | FLOW_FIN_SERVER | FLOW_CLOSED))
		return;
	if (client_is_lo != (bool)(flow->flags & FLOW_CLIENT_IS_LO))
		flow_swap(flow);
	flow->flags |= FLOW_SYN_SEEN;
}

static void __attribute__((cold))
flow_tcp_state(struct flow *flow, uint8_t tcp_flags, bool from_client)
{
	const uint16_t both = FLOW_FIN_CLIENT | FLOW_FIN_SERVER;

	if (tcp_flags & FIN)
		flow->flags |= from_client ? FLOW_FIN_CLIENT : FLOW_FIN_SERVER;
	if (tcp_flags & RST || (flow->flags & both) == both)
		flow->flags |= FLOW_CLOSED;
}

static void side_window_clear(struct flow_side *side)
{
	side->window_bytes = 0;
	side->window_packets = 0;
	side->window_first = 0;
	side->window_last = 0;
	side->window_tcp_flags = 0;
}

void flow_window_close(struct flow *flow, const struct flow_observer *observer)
{
	if (flow->side[0].window_packets == 0 && flow->side[1].window_packets == 0)
		return;
	if (observer->window)
		observer->window(observer->ctx, flow);
	side_window_clear(&flow->side[0]);
	side_window_clear(&flow->side[1]);
}

static void __attribute__((cold))
flow_update(struct flow *flow, uint64_t now, const struct flow_observer *observer)
{
	flow_window_close(flow, observer);
	if (observer->ended)
		observer->ended(observer->ctx, flow, FLOW_END_ACTIVE);
	flow->update_ns = now;
}

static void __attribute__((cold))
flow_window_open(struct flow *flow, uint32_t second, const struct flow_observer *observer)
{
	flow_window_close(flow, observer);
	flow->window = second;
}

static void side_window_count(struct flow_side *side, const struct packet *p, uint32_t second)
{
	if (side->window_packets == 0 || second < side->window_first)
		side->window_first = second;
	if (second > side->window_last)
		side->window_last = second;
	side->window_packets++;
	side->window_bytes += p->ip_len;
	side->window_tcp_flags |= p->tcp_flags & (FIN | SYN | RST);
	if ((p->tcp_flags & (SYN | ACK)) == (SYN | ACK))
		side->window_tcp_flags |= ACK;
}

static void flow_verdict(struct flow *flow, const struct packet *p)
{
	uint16_t flags = flow->flags & (uint16_t) ~(FLOW_ACCEPTED | FLOW_FILTERED);

	if (p->accepted)
		flags |= FLOW_ACCEPTED;
	if (p->flags & PACKET_FILTERED)
		flags |= FLOW_FILTERED;
	flow->flags = flags;
	flow->rule_number = p->rule_number;
}

static void __attribute__((cold)) flow_odds(struct flow *flow, const struct packet *p)
{
	if (p->flags & PACKET_CUT)
		flow->truncated++;
	if (p->flags & PACKET_PORTS_CUT)
		flow->flags |= FLOW_PORTS_CUT;
}

void flow_count(struct flow *flow, struct packet *p, bool src_is_lo,
	const struct flow_params *params, const struct flow_observer *observer)
{
	bool is_tcp = p->protocol == TCP, from_client;
	uint32_t second = (uint32_t)(p->time_ns / NS_PER_S);
	struct flow_side *side;

	if (params->active_timeout_ns != 0 && p->time_ns > flow->update_ns &&
		p->time_ns - flow->update_ns > params->active_timeout_ns)
		flow_update(flow, p->time_ns, observer);
	if (params->window_s != 0 && second - flow->window >= params->window_s) {
		flow_window_open(flow, second - second % params->window_s, observer);
	}
	if (is_tcp && (p->tcp_flags & (SYN | RST | FIN)) == SYN)
		flow_orient(flow, p, src_is_lo);
	from_client = src_is_lo == (bool)(flow->flags & FLOW_CLIENT_IS_LO);
	if (is_tcp && p->tcp_flags & (FIN | RST))
		flow_tcp_state(flow, p->tcp_flags, from_client);

	side = &flow->side[!from_client];
	side->packets++;
	side->bytes += p->ip_len;
	side->tcp_flags |= p->tcp_flags;
	if (params->window_s != 0)
		side_window_count(side, p, second);
	if (p->time_ns > flow->last_ns)
		flow->last_ns = p->time_ns;
	if (flow->direction == DIRECTION_UNKNOWN && p->direction != DIRECTION_UNKNOWN)
		flow->direction = from_client ? (uint8_t)p->direction
					      : direction_invert((uint8_t)p->direction);
	flow_verdict(flow, p);
	if (p->flags & (PACKET_CUT | PACKET_PORTS_CUT))
		flow_odds(flow, p);
	p->flow = flow;
	p->flags = (uint16_t)((p->flags & ~PACKET_FROM_CLIENT) |
			      (from_client ? PACKET_FROM_CLIENT : 0));
}
