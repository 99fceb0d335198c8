#include "inspect/flow/count.h"

enum { TCP = 6 };

bool packet_is_pure_syn(const struct packet *p)
{
	return p->protocol == TCP &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
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
static void flow_orient(struct flow *flow, const struct packet *p, bool src_is_lo)
{
	bool client_is_lo = p->tcp_flags & TCP_ACK ? !src_is_lo : src_is_lo;

	if (flow->flags & (FLOW_SYN_SEEN | FLOW_FIN_CLIENT | FLOW_FIN_SERVER | FLOW_CLOSED))
		return;
	if (client_is_lo != (bool)(flow->flags & FLOW_CLIENT_IS_LO))
		flow_swap(flow);
	flow->flags |= FLOW_SYN_SEEN;
}

static void flow_tcp_state(struct flow *flow, uint8_t tcp_flags, bool from_client)
{
	const uint16_t both = FLOW_FIN_CLIENT | FLOW_FIN_SERVER;

	if (tcp_flags & TCP_FIN)
		flow->flags |= from_client ? FLOW_FIN_CLIENT : FLOW_FIN_SERVER;
	if (tcp_flags & TCP_RST || (flow->flags & both) == both)
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

uint32_t flow_window_start(const struct flow *flow, uint32_t window_s)
{
	const struct flow_side *side = &flow->side[flow->side[0].window_packets == 0];

	return side->window_packets ? side->window_first / window_s * window_s : UINT32_MAX;
}

static void flow_update(struct flow *flow, uint64_t now, const struct flow_observer *observer)
{
	flow_window_close(flow, observer);
	if (observer->ended)
		observer->ended(observer->ctx, flow, FLOW_END_ACTIVE);
	flow->update_ns = now;
}

void flow_count_odds(struct flow *flow, const struct packet *p)
{
	if (p->flags & PACKET_CUT)
		flow->truncated++;
	if (p->flags & PACKET_PORTS_CUT)
		flow->flags |= FLOW_PORTS_CUT;
}

void flow_set_direction(struct flow *flow, const struct packet *p, bool from_client)
{
	flow->direction =
		from_client ? (uint8_t)p->direction : direction_invert((uint8_t)p->direction);
}

static void window_tcp_flags(struct flow_side *side, uint8_t tcp_flags)
{
	side->window_tcp_flags |= tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST);
	if ((tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		side->window_tcp_flags |= TCP_ACK;
}

static void sooner(uint64_t *until, uint64_t from_ns, uint64_t timeout_ns)
{
	uint64_t at = (from_ns + timeout_ns) / NS_PER_S;

	if (timeout_ns != 0 && at < *until)
		*until = at;
}

/* The first timeout, update or window's end that could come, rounded down. Where packets go on a
 * timeout comes later than that, which is seen when this second has come. */
static uint32_t calm_until(const struct flow *flow, const struct flow_params *params)
{
	uint64_t until = UINT32_MAX;

	if (params->window_s != 0)
		until = (uint64_t)flow_window_start(flow, params->window_s) + params->window_s;
	sooner(&until, flow->last_ns, params->idle_timeout_ns);
	sooner(&until, flow->update_ns, params->active_timeout_ns);
	if (flow->flags & FLOW_CLOSED)
		sooner(&until, flow->last_ns, params->tcp_close_timeout_ns);
	return until < UINT32_MAX ? (uint32_t)until : UINT32_MAX;
}

void flow_count(struct flow *flow, struct packet *p, bool src_is_lo,
	const struct flow_params *params, const struct flow_observer *observer)
{
	bool is_tcp = p->protocol == TCP, windows = params->window_s != 0, from_client;
	uint32_t second = (uint32_t)(p->time_ns / NS_PER_S);

	if (params->active_timeout_ns != 0 && p->time_ns > flow->update_ns &&
		p->time_ns - flow->update_ns > params->active_timeout_ns)
		flow_update(flow, p->time_ns, observer);
	if (windows && second - flow_window_start(flow, params->window_s) >= params->window_s)
		flow_window_close(flow, observer);
	if (is_tcp && (p->tcp_flags & (TCP_SYN | TCP_RST | TCP_FIN)) == TCP_SYN)
		flow_orient(flow, p, src_is_lo);
	from_client = src_is_lo == (bool)(flow->flags & FLOW_CLIENT_IS_LO);
	if (is_tcp && p->tcp_flags & (TCP_FIN | TCP_RST))
		flow_tcp_state(flow, p->tcp_flags, from_client);
	if (p->time_ns > flow->last_ns)
		flow->last_ns = p->time_ns;
	flow_count_plain(flow, p, from_client, windows, second);
	if (windows)
		window_tcp_flags(&flow->side[!from_client], p->tcp_flags);
	flow->calm_s = calm_until(flow, params);
}
