#include "inspect/flow/capture_loss.h"
#include "config/log/now.h"

void capture_loss_lost_here(struct capture_loss *seen)
{
	seen->epoch += 1 << 16;
}

/* How far `a` is beyond `b`; negative: before it. */
static int32_t beyond(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static uint32_t bit(enum capture_loss_state state, unsigned side)
{
	return (uint32_t)state << side;
}

static bool is(const struct flow_seen *flow, enum capture_loss_state state, unsigned side)
{
	return flow->state & bit(state, side);
}

static struct capture_loss_holes *holes_of(
	const struct capture_loss *seen, const struct flow_seen *flow, unsigned side)
{
	return &capture_loss_block_of(seen, flow)->side[side];
}

/* Bytes counted so far. */
static uint64_t unseen_of(const struct capture_loss *seen, const struct flow_seen *flow)
{
	return flow->state & LOSS_BLOCK ? capture_loss_block_of(seen, flow)->unseen : 0;
}

static void block_miss(struct capture_loss_block *block, unsigned side, uint64_t bytes)
{
	block->unseen += bytes;
	block->gaps[side] += bytes != 0;
}

/* A flow that misses nothing, and has missed nothing, needs no block. */
static void block_give_idle(struct capture_loss *seen, struct flow_seen *flow)
{
	if (flow->state & LOSS_BLOCK && !(flow->state & 3 * LOSS_PENDING) &&
		unseen_of(seen, flow) == 0 &&
		disorder_is_none(&capture_loss_block_of(seen, flow)->disorder))
		capture_loss_block_give(seen, flow);
}

static uint32_t more(uint32_t a, uint32_t b)
{
	return a + b < a ? UINT32_MAX : a + b;
}

/* Takes `amount` away as far as there is so much; returns the rest. */
static uint32_t less(uint32_t *from, uint32_t amount)
{
	uint32_t n = *from < amount ? *from : amount;

	*from -= n;
	return amount - n;
}

/* What is missing for good: the holes that were acknowledged, and what was acknowledged beyond all
 * that was shown. */
static uint64_t count_all(const struct capture_loss_holes *holes, uint32_t next)
{
	uint64_t sum = 0;

	if (beyond(holes->acked, holes->mark) >= 0)
		sum += holes->old;
	if (beyond(holes->acked, holes->from) >= 0)
		sum += holes->young;
	if (beyond(holes->acked, holes->to) >= 0)
		sum += holes->to - holes->from;
	else if (beyond(holes->acked, holes->from) > 0)
		sum += holes->acked - holes->from;
	if (beyond(holes->acked, next) > 0)
		sum += holes->acked - next;
	return sum;
}

/* The end of what is known of a side: what it misses counts, and it begins anew. */
static void side_stop(struct capture_loss *seen, struct flow_seen *flow, unsigned side)
{
	if (is(flow, LOSS_PENDING, side))
		block_miss(capture_loss_block_of(seen, flow), side,
			count_all(holes_of(seen, flow, side), flow->next[side]));
	if (flow->state & LOSS_BLOCK)
		disorder_forget(&capture_loss_block_of(seen, flow)->disorder, side);
	flow->state &=
		~(bit(LOSS_STARTED, side) | bit(LOSS_PENDING, side) | bit(LOSS_BARE, side));
}

static uint32_t ms_of(const struct packet *p)
{
	return (uint32_t)(p->time_ns / NS_PER_MS);
}

/* From here on the side has holes. */
static struct capture_loss_holes *side_pend(
	struct capture_loss *seen, struct flow_seen *flow, unsigned side, uint32_t now_ms)
{
	uint32_t next = flow->next[side];

	capture_loss_block_have(seen, flow);
	if (is(flow, LOSS_PENDING, side))
		return holes_of(seen, flow, side);
	flow->state |= bit(LOSS_PENDING, side);
	*holes_of(seen, flow, side) = (struct capture_loss_holes){
		.acked = next, .from = next, .to = next, .mark = next, .turn_ms = now_ms};
	return holes_of(seen, flow, side);
}

static void side_settle(struct capture_loss *seen, struct flow_seen *flow, unsigned side)
{
	const struct capture_loss_holes *holes = holes_of(seen, flow, side);

	if (holes->from == holes->to && holes->young == 0 && holes->old == 0 &&
		beyond(holes->acked, flow->next[side]) <= 0)
		flow->state &= ~bit(LOSS_PENDING, side);
}

/* Once a second: what was found before the last turn and is acknowledged now, counts. */
static void side_turn(
	struct capture_loss *seen, struct flow_seen *flow, unsigned side, uint32_t now_ms)
{
	struct capture_loss_holes *holes = holes_of(seen, flow, side);
	uint32_t *next = &flow->next[side];
	uint64_t missed = 0;

	if (beyond(now_ms, holes->turn_ms) < LOSS_WAIT_MS)
		return;
	if (beyond(holes->acked, holes->mark) >= 0) {
		missed = holes->old;
		holes->old = 0;
	}
	if (holes->mark == *next && beyond(holes->acked, *next) > 0) {
		missed += holes->acked - *next;
		*next = holes->acked;
	}
	block_miss(capture_loss_block_of(seen, flow), side, missed);
	holes->old = more(holes->old, more(holes->young, holes->to - holes->from));
	holes->young = 0;
	holes->from = holes->to;
	holes->mark = *next;
	holes->turn_ms = now_ms;
	side_settle(seen, flow, side);
}

/* Bytes [seq, end) come that may have been missed. */
static void holes_fill(struct capture_loss_holes *holes, uint32_t seq, uint32_t end)
{
	uint32_t from = holes->from, to = holes->to;

	if (beyond(from, seq) > 0) {
		uint32_t below = (beyond(end, from) < 0 ? end : from) - seq;

		less(&holes->old, less(&holes->young, below));
		seq = from;
	}
	if (beyond(end, to) > 0)
		end = to;
	if (beyond(end, seq) <= 0)
		return;
	if (end == to) {
		holes->to = seq;
		return;
	}
	/* What is left below the filled part, if anything, is no longer the latest hole. */
	holes->young = more(holes->young, seq - from);
	holes->from = end;
}

/* The packet begins beyond all that was shown. */
static void side_hole(struct capture_loss *seen, struct flow_seen *flow, unsigned side,
	const struct packet *p, uint32_t now_ms)
{
	uint32_t next = flow->next[side], seq = p->tcp_seq;
	struct capture_loss_holes *holes;

	if (seq - next == 1 && is(flow, LOSS_BARE, side))
		return;
	holes = side_pend(seen, flow, side, now_ms);
	holes->young = more(holes->young, holes->to - holes->from);
	holes->from = next;
	holes->to = seq;
	disorder_hole(
		&capture_loss_block_of(seen, flow)->disorder, side, next, seq, p->time_ns);
}

/* The packet, with bytes up to `end`, begins below what comes next. */
static void side_late(struct capture_loss *seen, struct flow_seen *flow, unsigned side,
	const struct packet *p, uint32_t end, uint64_t round_trip_ns)
{
	const struct disorder_segment segment = {
		.seq = p->tcp_seq,
		.end = end,
		.has_data = p->ip_len > p->payload,
		.is_probe = end - p->tcp_seq <= 1 && end == flow->next[side] &&
			    !(p->tcp_flags & (TCP_SYN | TCP_FIN)),
		.time_ns = p->time_ns,
	};

	if (is(flow, LOSS_PENDING, side))
		holes_fill(holes_of(seen, flow, side), p->tcp_seq, end);
	if (p->tcp_seq == end || (segment.is_probe && !(flow->state & LOSS_BLOCK)))
		return;
	disorder_late(
		&capture_loss_block_have(seen, flow)->disorder, side, &segment, round_trip_ns);
}

static void side_start(struct flow_seen *flow, unsigned side, uint32_t end, bool bare)
{
	flow->next[side] = end;
	flow->state |= bit(LOSS_STARTED, side);
	if (bare)
		flow->state |= bit(LOSS_BARE, side);
	if ((flow->state & 3 * LOSS_STARTED) == 3 * LOSS_STARTED)
		flow->state |= LOSS_BOTH;
}

/* The side shows the packet's bytes up to `end`. */
static void side_shown(struct capture_loss *seen, struct flow_seen *flow, unsigned side,
	const struct packet *p, uint32_t end, uint64_t round_trip_ns)
{
	uint32_t seq = p->tcp_seq, now_ms = ms_of(p);
	int32_t ahead = beyond(seq, flow->next[side]);

	if (is(flow, LOSS_STARTED, side) && (ahead > LOSS_HOLE_MAX || ahead < -LOSS_HOLE_MAX))
		side_stop(seen, flow, side);
	if (!is(flow, LOSS_STARTED, side)) {
		side_start(flow, side, end, seq == end);
		return;
	}
	if (ahead > 0)
		side_hole(seen, flow, side, p, now_ms);
	else if (ahead < 0)
		side_late(seen, flow, side, p, end, round_trip_ns);
	if (beyond(end, flow->next[side]) > 0)
		flow->next[side] = end;
	if (seq != end || ahead > 0)
		flow->state &= ~bit(LOSS_BARE, side);
	if (is(flow, LOSS_PENDING, side))
		side_settle(seen, flow, side);
}

/* The other side acknowledges all of this side's bytes below `ack`. */
static void side_acked(struct capture_loss *seen, struct flow_seen *flow, unsigned side,
	uint32_t ack, uint32_t now_ms)
{
	uint32_t known = flow->next[side];
	struct capture_loss_holes *holes;

	if (!is(flow, LOSS_STARTED, side))
		return;
	if (ack - known == 1 && is(flow, LOSS_BARE, side)) {
		flow->next[side] = ack;
		return;
	}
	if (is(flow, LOSS_PENDING, side) &&
		beyond(holes_of(seen, flow, side)->acked, known) > 0)
		known = holes_of(seen, flow, side)->acked;
	if (beyond(ack, known) > LOSS_ACK_MAX)
		return;
	if (beyond(ack, known) <= 0 && !is(flow, LOSS_PENDING, side))
		return;
	holes = side_pend(seen, flow, side, now_ms);
	if (beyond(ack, holes->acked) > 0)
		holes->acked = ack;
}

/* A SYN that goes on from nowhere begins another connection of the same ends. */
static void connection_begin(struct capture_loss *seen, struct flow_seen *flow, unsigned side,
	const struct packet *p)
{
	int32_t ahead = beyond(p->tcp_seq + 1, flow->next[side]);

	if (!is(flow, LOSS_STARTED, side) || (ahead <= 0 && ahead > -LOSS_HOLE_MAX))
		return;
	side_stop(seen, flow, side);
	if (!(p->tcp_flags & TCP_ACK))
		side_stop(seen, flow, !side);
}

/* Holes that are no fault of the mirror are forgotten. */
static void forget(struct capture_loss *seen, struct flow_seen *flow)
{
	const uint32_t kept = LOSS_BOTH | LOSS_BLOCK | 3 * LOSS_TOLD_ACK | 3 * LOSS_TOLD_DATA;

	for (unsigned side = 0; side < 2 && flow->state & LOSS_BLOCK; side++)
		disorder_forget(&capture_loss_block_of(seen, flow)->disorder, side);
	flow->state = seen->epoch | (flow->state & kept);
}

static void look(struct capture_loss *seen, struct flow_seen *flow, const struct packet *p,
	unsigned side, uint64_t round_trip_ns)
{
	bool syn = p->tcp_flags & TCP_SYN;
	uint32_t now_ms = ms_of(p);
	uint32_t end = p->tcp_seq + (p->ip_len - p->payload) + syn + (p->tcp_flags & TCP_FIN);

	for (unsigned i = 0; i < 2; i++)
		if (is(flow, LOSS_PENDING, i))
			side_turn(seen, flow, i, now_ms);
	/* Of a fragment, or a header cut before its flags, it is not known how far it goes. */
	if (p->flags & (PACKET_FRAGMENT | PACKET_PORTS_CUT | PACKET_NO_PORTS) ||
		!(p->tcp_flags & (TCP_SYN | TCP_ACK))) {
		side_stop(seen, flow, side);
		return;
	}
	if (syn)
		connection_begin(seen, flow, side, p);
	side_shown(seen, flow, side, p, end, round_trip_ns);
	if (p->tcp_flags & TCP_ACK)
		side_acked(seen, flow, !side, p->tcp_ack, now_ms);
}

uint64_t capture_loss_look(struct capture_loss *seen, uint32_t slot, const struct packet *p,
	bool src_is_lo, uint64_t round_trip_ns)
{
	struct flow_seen *flow = &seen->flows[slot].seen;
	uint64_t before = unseen_of(seen, flow), after;

	if (p->flags & PACKET_L4_ODD || p->tcp_flags & TCP_RST)
		return 0;
	if ((flow->state & (uint32_t)LOSS_EPOCH) != seen->epoch)
		forget(seen, flow);
	look(seen, flow, p, !src_is_lo, round_trip_ns);
	after = unseen_of(seen, flow);
	block_give_idle(seen, flow);
	return after - before;
}

int64_t capture_loss_unseen(const struct capture_loss *seen, uint32_t slot)
{
	const struct flow_seen *flow = &seen->flows[slot].seen;

	if (!(flow->state & LOSS_BOTH))
		return -1;
	return (int64_t)unseen_of(seen, flow);
}

uint64_t capture_loss_settle(struct capture_loss *seen, uint32_t slot)
{
	struct flow_seen *flow = &seen->flows[slot].seen;
	uint64_t before = unseen_of(seen, flow);

	if ((flow->state & (uint32_t)LOSS_EPOCH) != seen->epoch)
		forget(seen, flow);
	side_stop(seen, flow, 0);
	side_stop(seen, flow, 1);
	return unseen_of(seen, flow) - before;
}

void capture_loss_clear(struct capture_loss *seen, uint32_t slot)
{
	struct flow_seen *flow = &seen->flows[slot].seen;

	if (flow->state & LOSS_BLOCK)
		capture_loss_block_give(seen, flow);
	*flow = (struct flow_seen){0};
}
