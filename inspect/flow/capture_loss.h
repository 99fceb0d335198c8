/* Loss before the appliance: bytes that TCP acknowledged and that no inspected packet showed. (A
 * packet that arrived and was refused may have had them: the summary has a note on that.) For
 * each TCP flow the table keeps how far each end's sequence numbers were shown. A hole below an
 * acknowledgment that nothing fills is counted, as Zeek's capture loss does.
 *
 * Only what both ends say counts: an end that was never seen to send has lost nothing here, and
 * bytes before an end's first packet are not missed. SYN and FIN are a byte each, as TCP counts
 * them (RFC 9293, 3.4), so a FIN that was not shown counts one. Lengths are those of the
 * headers: a cut packet was seen. Retransmissions and packets out of order fill holes, whatever
 * the order of data and acknowledgment; a hole is counted a second of packet time after it was
 * found, or when the flow ends, and only if it was acknowledged by then.
 *
 * Forged numbers add little: an acknowledgment more than LOSS_ACK_MAX beyond all that is known,
 * or a sequence number more than LOSS_HOLE_MAX (the largest window, RFC 7323) from the last,
 * counts nothing. RSTs are not looked at; after a fragment, or headers cut before their flags,
 * its end begins anew. All of this errs to too few bytes, not too many.
 *
 * The usual packet touches 12 bytes of the flow; a flow that misses something, or whose packets come
 * again or late, borrows a block of CAPTURE_LOSS_BLOCK. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/disorder.h"
#include "inspect/flow/flow.h"

enum {
	LOSS_ACK_MAX = 1 << 24,
	LOSS_HOLE_MAX = 1 << 30,
	LOSS_WAIT_MS = 1000, /* that a hole may still be filled */
	CAPTURE_LOSS_BLOCK = 192,
};

/* Of flow_seen.state, whose upper half is the table's epoch when the flow was last looked at. */
enum capture_loss_state {
	LOSS_EPOCH = (int)0xffff0000,
	LOSS_STARTED = 1 << 0, /* and << 1 for side 1 */
	LOSS_PENDING = 1 << 2, /* holes, or bytes acknowledged and not shown: its block knows */
	LOSS_BARE = 1 << 4,    /* began with a packet without data, which may be a keep-alive */
	LOSS_BOTH = 1 << 6,    /* both sides were seen at some time */
	LOSS_BLOCK = 1 << 7,   /* the flow has a block */
	/* A packet in order that only acknowledges (and << 2: one with data) tells nothing that is not
	 * known of the flow: see history.h, which sets it. */
	LOSS_TOLD_ACK = 1 << 8,
	LOSS_TOLD_DATA = LOSS_TOLD_ACK << 2,
	LOSS_CALM = 3 * LOSS_STARTED,
	LOSS_CALM_MASK = LOSS_EPOCH | 3 * LOSS_STARTED | 3 * LOSS_PENDING,
};

/* Inside: of one side, while it is pending. The latest hole is known exactly, of those below it the bytes:
 * what comes a second time then fills some of them, or fills none and is taken for it. */
struct capture_loss_holes {
	uint32_t acked;    /* highest acknowledgment, as far as it matters */
	uint32_t from, to; /* the latest hole; equal: it is filled */
	uint32_t young;    /* bytes of holes below `from`, found since the last turn */
	uint32_t old;      /* bytes of holes found before it: all of them below `mark` */
	uint32_t mark;     /* `next` at the last turn */
	uint32_t turn_ms;  /* packet time of the last turn */
};

struct capture_loss_block {
	union {
		struct capture_loss_holes side[2];
		uint32_t next_free;
	};
	uint64_t unseen;  /* bytes */
	uint32_t gaps[2]; /* how often some of them were counted */
	struct disorder disorder;
};

_Static_assert(sizeof(struct capture_loss_block) == CAPTURE_LOSS_BLOCK, "what is documented");

/* The blocks of a table's flows. */
struct capture_loss {
	struct flow *flows; /* borrowed, by slot */
	uint32_t *numbers;  /* of the flows' blocks, by slot, where LOSS_BLOCK says so */
	uint32_t epoch;     /* in the upper half, as in flow_seen.state */
	struct capture_loss_block *blocks;
	uint32_t used; /* blocks that ever were: the first ones */
	uint32_t free; /* 1 + the number of a free one, which holds the next; 0 = none */
};

/* For a table of `n` slots, all zero. false: no memory. */
bool capture_loss_init(struct capture_loss *seen, struct flow *flows, uint32_t n);
void capture_loss_fini(struct capture_loss *seen, uint32_t n);

/* The appliance lost packets: holes that flows turn out to have by now are not counted. */
void capture_loss_lost_here(struct capture_loss *seen);

/* Takes the TCP packet `p` of the flow in `slot`. Returns bytes that are now known to be missing.
 * `round_trip_ns`: of the flow, 0 = unknown; see disorder.h. */
uint64_t capture_loss_look(struct capture_loss *seen, uint32_t slot, const struct packet *p,
	bool src_is_lo, uint64_t round_trip_ns);

/* capture_loss_look() for a packet that continues where its side's last one ended, which nearly every
 * one does: a few comparisons. false: it is not such a packet, or may tell something else, and was not
 * taken. */
static inline bool capture_loss_calm(
	struct capture_loss *seen, uint32_t slot, const struct packet *p, bool src_is_lo)
{
	const uint16_t odd =
		PACKET_FRAGMENT | PACKET_PORTS_CUT | PACKET_L4_ODD | PACKET_NO_PORTS;
	const uint8_t usual = TCP_ACK, all = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK;
	struct flow_seen *flow = &seen->flows[slot].seen;
	uint32_t *next = &flow->next[!src_is_lo], len = p->ip_len - p->payload;
	uint32_t told = (uint32_t)(len != 0 ? LOSS_TOLD_DATA : LOSS_TOLD_ACK) << !src_is_lo;
	uint32_t state = (flow->state & (uint32_t)LOSS_CALM_MASK) ^ seen->epoch;
	bool alone = state == (uint32_t)LOSS_STARTED << !src_is_lo;
	bool calm = state == LOSS_CALM && (int32_t)(p->tcp_ack - flow->next[src_is_lo]) <= 0;

	if ((!calm && !alone) || *next != p->tcp_seq || !(flow->state & told) ||
		p->flags & odd || (p->tcp_flags & all) != usual || p->tcp_window == 0)
		return false;
	*next += len;
	return true;
}

/* Whether it is known how far the side was shown: flow->next[side] says it. */
static inline bool capture_loss_knows(
	const struct capture_loss *seen, const struct flow_seen *flow, unsigned side)
{
	return (flow->state & (uint32_t)LOSS_EPOCH) == seen->epoch &&
	       flow->state & (uint32_t)LOSS_STARTED << side;
}

/* For a flow that ends: what is acknowledged by now and still missing
 * counts, and is returned; the sides begin anew. */
uint64_t capture_loss_settle(struct capture_loss *seen, uint32_t slot);
/* The flow has ended. */
void capture_loss_clear(struct capture_loss *seen, uint32_t slot);

/* What came again or late. */
const struct disorder *capture_loss_disorder(const struct capture_loss *seen, uint32_t slot);

/* How often bytes of the side were counted. */
uint32_t capture_loss_gaps(const struct capture_loss *seen, uint32_t slot, unsigned side);
/* Bytes of the flow counted so far, or -1: one side was never seen. */
int64_t capture_loss_unseen(const struct capture_loss *seen, uint32_t slot);

/* Inside: capture_loss_block.c */

/* The flow's block, which is taken where it has none. */
struct capture_loss_block *capture_loss_block_have(
	struct capture_loss *seen, struct flow_seen *flow);
/* Of a flow that has one. */
struct capture_loss_block *capture_loss_block_of(
	const struct capture_loss *seen, const struct flow_seen *flow);
/* The flow must have one. */
void capture_loss_block_give(struct capture_loss *seen, struct flow_seen *flow);
