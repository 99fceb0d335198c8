#include "inspect/flow/count.h"

#include <netinet/in.h>

enum { WELL_KNOWN_PORTS = 1024 }; /* RFC 6335, section 6: system ports */

bool packet_is_pure_syn(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

static enum direction direction_invert(enum direction direction)
{
	switch (direction) {
	case DIRECTION_INGRESS:
		return DIRECTION_EGRESS;
	case DIRECTION_EGRESS:
		return DIRECTION_INGRESS;
	case DIRECTION_UNKNOWN:
		break;
	}
	return DIRECTION_UNKNOWN;
}

static void set_client(struct flow *flow, bool is_lo, enum flow_client_by by)
{
	flow->flags =
		(uint16_t)((flow->flags & ~(unsigned)(FLOW_CLIENT_IS_LO | FLOW_CLIENT_BY)) |
			   (is_lo ? (unsigned)FLOW_CLIENT_IS_LO : 0) |
			   (unsigned)by * (FLOW_CLIENT_BY / 3));
}

void flow_begin(
	struct flow *flow, const struct flow_key *key, const struct packet *p, bool src_is_lo)
{
	bool lo_serves = key->lo_port < WELL_KNOWN_PORTS;

	flow->key = *key;
	flow->start_ns = p->time_ns;
	flow->last_ns = p->time_ns;
	for (int i = 0; i < 3; i++)
		flow->first[i] = (uint16_t)(p->time_ns >> 16 * i);
	if (key->protocol == IPPROTO_ICMP || key->protocol == IPPROTO_ICMPV6) {
		flow->icmp.type = p->icmp_type;
		flow->icmp.code = p->icmp_code;
	}
	flow->flags = 0;
	if (lo_serves != (key->hi_port < WELL_KNOWN_PORTS))
		set_client(flow, !lo_serves, FLOW_CLIENT_BY_PORTS);
	else
		set_client(flow, src_is_lo, FLOW_CLIENT_BY_FIRST_PACKET);
}

static void flags_swap(uint8_t flags[2])
{
	uint8_t client = flags[0];

	flags[0] = flags[1];
	flags[1] = client;
}

static void set_direction(struct flow *flow, enum direction direction)
{
	flow->flags = (uint16_t)((flow->flags & ~(unsigned)FLOW_DIRECTION) |
				 (unsigned)direction * (FLOW_DIRECTION / 3));
}

static void flow_swap(struct flow *flow)
{
	struct flow_side side = flow->side[0];
	struct flow_base base = flow->base[0];

	flow->side[0] = flow->side[1];
	flow->side[1] = side;
	flow->base[0] = flow->base[1];
	flow->base[1] = base;
	flags_swap(flow->tcp_flags);
	flags_swap(flow->window_flags);
	set_direction(flow, direction_invert(flow_direction(flow)));
}

/* A SYN or SYN-ACK says who is the client; flow.h has the rule. */
static void flow_orient(struct flow *flow, const struct packet *p, bool src_is_lo)
{
	bool is_answer = p->tcp_flags & TCP_ACK, client_is_lo = src_is_lo != is_answer;
	enum flow_client_by by = is_answer ? FLOW_CLIENT_BY_SYN_ACK : FLOW_CLIENT_BY_SYN;

	if (flow_client_by(flow) >= by ||
		flow->flags & (FLOW_FIN_CLIENT | FLOW_FIN_SERVER | FLOW_CLOSED))
		return;
	if (client_is_lo != (bool)(flow->flags & FLOW_CLIENT_IS_LO))
		flow_swap(flow);
	set_client(flow, client_is_lo, by);
}

static void flow_tcp_state(struct flow *flow, uint8_t tcp_flags, bool from_client)
{
	const uint16_t both = FLOW_FIN_CLIENT | FLOW_FIN_SERVER;

	if (tcp_flags & TCP_FIN)
		flow->flags |= from_client ? FLOW_FIN_CLIENT : FLOW_FIN_SERVER;
	if (tcp_flags & TCP_RST || (flow->flags & both) == both)
		flow->flags |= FLOW_CLOSED;
}

static bool window_is_open(const struct flow *flow, unsigned side)
{
	return flow->window_flags[side] & FLOW_WINDOW_OPEN;
}

/* Three bits of the flags have the number of 2^32 s: packet times, of 2^64 ns, end in the fifth. */
static uint64_t window_last(const struct flow *flow, unsigned side)
{
	uint64_t flags = flow->window_flags[side];
	uint64_t era = (flags & 64) >> 4 | (flags & 32) >> 4 | (flags & 8) >> 3;

	return era << 32 | flow->side[side].window_last;
}

static void window_last_set(struct flow *flow, unsigned side, uint64_t second)
{
	unsigned era = (unsigned)(second >> 32);
	unsigned bits = (era & 4) << 4 | (era & 2) << 4 | (era & 1) << 3;
	unsigned others = flow->window_flags[side] & ~(unsigned)FLOW_WINDOW_ERA;

	flow->side[side].window_last = (uint32_t)second;
	flow->window_flags[side] = (uint8_t)(others | bits);
}

uint64_t flow_window_start(const struct flow *flow, uint32_t window_s)
{
	unsigned side = !window_is_open(flow, 0);

	return window_is_open(flow, side) ? window_last(flow, side) / window_s * window_s
					  : UINT64_MAX;
}

static uint32_t window_packets(const struct flow *flow, unsigned side)
{
	return (uint32_t)flow->side[side].packets - flow->base[side].packets;
}

static uint64_t window_bytes(const struct flow *flow, unsigned side)
{
	const struct flow_base *base = &flow->base[side];

	return (flow->side[side].bytes - ((uint64_t)base->bytes_high << 32 | base->bytes_low)) &
	       (UINT64_MAX >> 16);
}

/* Half of what its counters can tell: it is time to give it away, for it will not be looked at for
 * some while. See flow_count_odds(). */
static bool window_is_heavy(const struct flow *flow)
{
	for (unsigned side = 0; side < 2; side++)
		if (window_is_open(flow, side) &&
			(window_packets(flow, side) >> 31 || window_bytes(flow, side) >> 47))
			return true;
	return false;
}

static struct flow_window window_read(const struct flow *flow, unsigned side, uint32_t window_s)
{
	const unsigned others = FLOW_WINDOW_OPEN | FLOW_WINDOW_ERA;

	if (!window_is_open(flow, side))
		return (struct flow_window){.packets = 0};
	return (struct flow_window){
		.packets = window_packets(flow, side),
		.bytes = window_bytes(flow, side),
		.first = flow_window_start(flow, window_s) + flow->base[side].first,
		.last = window_last(flow, side),
		.tcp_flags = (uint8_t)(flow->window_flags[side] & ~others),
	};
}

void flow_window_close(
	struct flow *flow, uint32_t window_s, const struct flow_observer *observer)
{
	struct flow_window sent[2];

	if (window_s == 0 || (!window_is_open(flow, 0) && !window_is_open(flow, 1)))
		return;
	for (unsigned side = 0; side < 2; side++)
		sent[side] = window_read(flow, side, window_s);
	if (observer->window)
		observer->window(observer->ctx, flow, sent);
	flow->window_flags[0] = flow->window_flags[1] = 0;
}

static void flow_update(
	struct flow *flow, uint32_t window_s, const struct flow_observer *observer)
{
	flow_window_close(flow, window_s, observer);
	if (observer->ended)
		observer->ended(observer->ctx, flow, FLOW_END_ACTIVE);
}

void flow_count_odds(struct flow *flow, const struct packet *p)
{
	if (p->flags & PACKET_CUT)
		flow->truncated++;
	/* A capture may claim 4 GB for a packet: then the window is looked at with the next one. What
	 * a capture can hold whole does not fill 48 bits in the life of a disk. */
	if (p->ip_len > UINT16_MAX)
		flow->calm_s = 0;
	if (p->flags & PACKET_PORTS_CUT)
		flow->flags |= FLOW_PORTS_CUT;
}

void flow_set_direction(struct flow *flow, enum direction direction, bool from_client)
{
	set_direction(flow, from_client ? direction : direction_invert(direction));
}

/* Before the packet is counted: its second, which lies in the open window, and its flags. */
static void window_add(
	struct flow *flow, const struct packet *p, unsigned side, uint32_t window_s)
{
	uint64_t second = p->time_ns / NS_PER_S;
	uint16_t offset = (uint16_t)(second % window_s);
	const struct flow_side *sent = &flow->side[side];
	struct flow_base *base = &flow->base[side];

	if (!window_is_open(flow, side)) {
		*base = (struct flow_base){.packets = (uint32_t)sent->packets,
			.bytes_low = (uint32_t)sent->bytes,
			.bytes_high = (uint16_t)(sent->bytes >> 32),
			.first = offset};
		window_last_set(flow, side, second);
	}
	if (offset < base->first)
		base->first = offset;
	if (second > window_last(flow, side))
		window_last_set(flow, side, second);
	flow->window_flags[side] |=
		FLOW_WINDOW_OPEN | (p->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST));
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		flow->window_flags[side] |= TCP_ACK;
}

static void sooner(uint64_t *until, uint64_t from_ns, uint64_t timeout_ns)
{
	uint64_t at = (from_ns + timeout_ns) / NS_PER_S;

	if (timeout_ns != 0 && at < *until)
		*until = at;
}

/* The first timeout, update or window's end that could come, rounded down. Where packets go on a
 * timeout comes later than that, which is seen when this second has come. */
static uint32_t calm_until(
	const struct flow *flow, const struct flow_params *params, const uint64_t *update_ns)
{
	uint64_t until = UINT32_MAX;

	if (flow_key_is_one_way(&flow->key))
		return 0; /* each is told of: see flow_observer.odd() */
	if (params->window_s != 0)
		until = flow_window_start(flow, params->window_s) + params->window_s;
	sooner(&until, flow->last_ns, params->idle_timeout_ns);
	if (update_ns)
		sooner(&until, *update_ns, params->active_timeout_ns);
	if (flow->flags & FLOW_CLOSED)
		sooner(&until, flow->last_ns, params->tcp_close_timeout_ns);
	return until < UINT32_MAX ? (uint32_t)until : UINT32_MAX;
}

/* The active timeout counts from the last update. */
static bool update_is_due(
	uint64_t now_ns, const struct flow_params *params, const uint64_t *update_ns)
{
	return update_ns && now_ns > *update_ns &&
	       now_ns - *update_ns > params->active_timeout_ns;
}

void flow_count(struct flow *flow, struct packet *p, bool src_is_lo,
	const struct flow_params *params, const struct flow_observer *observer,
	uint64_t *update_ns)
{
	bool is_tcp = p->protocol == IPPROTO_TCP;
	uint64_t second = p->time_ns / NS_PER_S;
	uint32_t window_s = params->window_s;
	unsigned side;

	if (update_is_due(p->time_ns, params, update_ns)) {
		flow_update(flow, window_s, observer);
		*update_ns = p->time_ns;
	}
	if (window_s != 0 && (second - flow_window_start(flow, window_s) >= window_s ||
				     window_is_heavy(flow)))
		flow_window_close(flow, window_s, observer);
	if (is_tcp && (p->tcp_flags & (TCP_SYN | TCP_RST | TCP_FIN)) == TCP_SYN)
		flow_orient(flow, p, src_is_lo);
	side = flow_sender(flow, src_is_lo);
	if (is_tcp && p->tcp_flags & (TCP_FIN | TCP_RST))
		flow_tcp_state(flow, p->tcp_flags, side == 0);
	if (p->time_ns > flow->last_ns)
		flow->last_ns = p->time_ns;
	if (p->time_ns < flow->start_ns)
		flow->start_ns = p->time_ns;
	if (window_s != 0)
		window_add(flow, p, side, window_s);
	else
		flow->window_flags[side] |= FLOW_WINDOW_OPEN;
	flow_count_plain(flow, p, side);
	flow->calm_s = calm_until(flow, params, update_ns);
}
