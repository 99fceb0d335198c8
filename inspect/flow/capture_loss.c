#include "inspect/flow/capture_loss.h"

#include "config/log/now.h"
#include "inspect/flow/pages.h"

#include <stddef.h>
#include <string.h>

#define EPOCH UINT32_C(0xffff0000) /* of flow_seen.state */

/* Of one side, while it is pending. The latest hole is known exactly, of those below it the bytes:
 * what comes a second time then fills some of them, or fills none and is taken for it. */
struct holes {
	uint32_t acked;    /* highest acknowledgment, as far as it matters */
	uint32_t from, to; /* the latest hole; equal: it is filled */
	uint32_t young;    /* bytes of holes below `from`, found since the last turn */
	uint32_t old;      /* bytes of holes found before it: all of them below `mark` */
	uint32_t mark;     /* `next` at the last turn */
	uint32_t turn_ms;  /* packet time of the last turn */
};

struct capture_loss_block {
	union {
		struct holes side[2];
		uint32_t next_free;
	};
	uint64_t unseen;
};

_Static_assert(sizeof(struct capture_loss_block) == 64, "a block is a cache line");

bool capture_loss_init(struct capture_loss *seen, struct flow *flows, uint32_t n)
{
	*seen = (struct capture_loss){.flows = flows};
	seen->numbers = pages_alloc(n * sizeof(*seen->numbers));
	seen->blocks = pages_alloc(n * sizeof(*seen->blocks));
	if (seen->numbers && seen->blocks)
		return true;
	capture_loss_fini(seen, n);
	return false;
}

void capture_loss_fini(struct capture_loss *seen, uint32_t n)
{
	pages_free(seen->numbers, n * sizeof(*seen->numbers));
	pages_free(seen->blocks, n * sizeof(*seen->blocks));
	*seen = (struct capture_loss){0};
}

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

/* Where the number of the flow's block stands. */
static uint32_t *number_of(const struct capture_loss *seen, const struct flow_seen *at)
{
	const void *flow = (const uint8_t *)at - offsetof(struct flow, seen);

	return &seen->numbers[(const struct flow *)flow - seen->flows];
}

/* Of a flow that has one. */
static struct capture_loss_block *block_of(
	const struct capture_loss *seen, const struct flow_seen *flow)
{
	return &seen->blocks[*number_of(seen, flow)];
}

static struct holes *holes_of(
	const struct capture_loss *seen, const struct flow_seen *flow, unsigned side)
{
	return &block_of(seen, flow)->side[side];
}

/* There is one for every flow, but memory is touched only for those that ever were in use at once. */
static void block_take(struct capture_loss *seen, struct flow_seen *flow)
{
	uint32_t *number = number_of(seen, flow);

	if (seen->free) {
		*number = seen->free - 1;
		seen->free = seen->blocks[*number].next_free;
	} else {
		*number = seen->used++;
	}
	flow->state |= LOSS_BLOCK;
	memset(&seen->blocks[*number], 0, sizeof(struct capture_loss_block));
}

static void block_give(struct capture_loss *seen, struct flow_seen *flow)
{
	uint32_t number = *number_of(seen, flow);

	seen->blocks[number].next_free = seen->free;
	seen->free = number + 1;
	flow->state &= ~(uint32_t)LOSS_BLOCK;
}

/* A flow that misses nothing, and has missed nothing, needs no block. */
static void block_give_idle(struct capture_loss *seen, struct flow_seen *flow)
{
	if (flow->state & LOSS_BLOCK && !(flow->state & 3 * LOSS_PENDING) &&
		block_of(seen, flow)->unseen == 0)
		block_give(seen, flow);
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
static uint64_t count_all(const struct holes *holes, uint32_t next)
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
		block_of(seen, flow)->unseen +=
			count_all(holes_of(seen, flow, side), flow->next[side]);
	flow->state &=
		~(bit(LOSS_STARTED, side) | bit(LOSS_PENDING, side) | bit(LOSS_BARE, side));
}

/* From here on the side has holes. */
static struct holes *side_pend(
	struct capture_loss *seen, struct flow_seen *flow, unsigned side, uint32_t now_ms)
{
	uint32_t next = flow->next[side];

	if (!(flow->state & LOSS_BLOCK))
		block_take(seen, flow);
	if (is(flow, LOSS_PENDING, side))
		return holes_of(seen, flow, side);
	flow->state |= bit(LOSS_PENDING, side);
	*holes_of(seen, flow, side) = (struct holes){
		.acked = next, .from = next, .to = next, .mark = next, .turn_ms = now_ms};
	return holes_of(seen, flow, side);
}

static void side_settle(struct capture_loss *seen, struct flow_seen *flow, unsigned side)
{
	const struct holes *holes = holes_of(seen, flow, side);

	if (holes->from == holes->to && holes->young == 0 && holes->old == 0 &&
		beyond(holes->acked, flow->next[side]) <= 0)
		flow->state &= ~bit(LOSS_PENDING, side);
}

/* Once a second: what was found before the last turn and is acknowledged now, counts. */
static void side_turn(
	struct capture_loss *seen, struct flow_seen *flow, unsigned side, uint32_t now_ms)
{
	struct holes *holes = holes_of(seen, flow, side);
	uint64_t *unseen = &block_of(seen, flow)->unseen;
	uint32_t *next = &flow->next[side];

	if (beyond(now_ms, holes->turn_ms) < LOSS_WAIT_MS)
		return;
	if (beyond(holes->acked, holes->mark) >= 0) {
		*unseen += holes->old;
		holes->old = 0;
	}
	if (holes->mark == *next && beyond(holes->acked, *next) > 0) {
		*unseen += holes->acked - *next;
		*next = holes->acked;
	}
	holes->old = more(holes->old, more(holes->young, holes->to - holes->from));
	holes->young = 0;
	holes->from = holes->to;
	holes->mark = *next;
	holes->turn_ms = now_ms;
	side_settle(seen, flow, side);
}

/* Bytes [seq, end) come that may have been missed. */
static void holes_fill(struct holes *holes, uint32_t seq, uint32_t end)
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

/* `seq` is beyond all that was shown. */
static void side_hole(struct capture_loss *seen, struct flow_seen *flow, unsigned side,
	uint32_t seq, uint32_t now_ms)
{
	uint32_t next = flow->next[side];
	struct holes *holes;

	if (seq - next == 1 && is(flow, LOSS_BARE, side))
		return;
	holes = side_pend(seen, flow, side, now_ms);
	holes->young = more(holes->young, holes->to - holes->from);
	holes->from = next;
	holes->to = seq;
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

/* The side shows bytes [seq, end). */
static void side_shown(struct capture_loss *seen, struct flow_seen *flow, unsigned side,
	uint32_t seq, uint32_t end, uint32_t now_ms)
{
	int32_t ahead = beyond(seq, flow->next[side]);

	if (is(flow, LOSS_STARTED, side) && (ahead > LOSS_HOLE_MAX || ahead < -LOSS_HOLE_MAX))
		side_stop(seen, flow, side);
	if (!is(flow, LOSS_STARTED, side)) {
		side_start(flow, side, end, seq == end);
		return;
	}
	if (ahead > 0)
		side_hole(seen, flow, side, seq, now_ms);
	else if (ahead < 0 && is(flow, LOSS_PENDING, side))
		holes_fill(holes_of(seen, flow, side), seq, end);
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
	struct holes *holes;

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
static void forget(struct flow_seen *flow, uint32_t epoch)
{
	flow->state = epoch | (flow->state & (LOSS_BOTH | LOSS_BLOCK));
}

static void look(struct capture_loss *seen, struct flow_seen *flow, const struct packet *p,
	unsigned side, uint32_t now_ms)
{
	bool syn = p->tcp_flags & TCP_SYN;
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
	side_shown(seen, flow, side, p->tcp_seq, end, now_ms);
	if (p->tcp_flags & TCP_ACK)
		side_acked(seen, flow, !side, p->tcp_ack, now_ms);
}

/* Bytes counted so far. */
static uint64_t unseen_of(const struct capture_loss *seen, const struct flow_seen *flow)
{
	return flow->state & LOSS_BLOCK ? block_of(seen, flow)->unseen : 0;
}

uint64_t capture_loss_look(
	struct capture_loss *seen, uint32_t slot, const struct packet *p, bool src_is_lo)
{
	struct flow_seen *flow = &seen->flows[slot].seen;
	uint64_t before = unseen_of(seen, flow), after;

	if (p->flags & PACKET_L4_ODD || p->tcp_flags & TCP_RST)
		return 0;
	if ((flow->state & EPOCH) != seen->epoch)
		forget(flow, seen->epoch);
	look(seen, flow, p, !src_is_lo, (uint32_t)(p->time_ns / NS_PER_MS));
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

	if ((flow->state & EPOCH) != seen->epoch)
		forget(flow, seen->epoch);
	side_stop(seen, flow, 0);
	side_stop(seen, flow, 1);
	return unseen_of(seen, flow) - before;
}

void capture_loss_clear(struct capture_loss *seen, uint32_t slot)
{
	struct flow_seen *flow = &seen->flows[slot].seen;

	if (flow->state & LOSS_BLOCK)
		block_give(seen, flow);
	*flow = (struct flow_seen){0};
}
