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
 * The usual packet touches 12 bytes of the flow; a flow that misses something borrows a block of
 * 64. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/flow.h"

enum {
	LOSS_ACK_MAX = 1 << 24,
	LOSS_HOLE_MAX = 1 << 30,
	LOSS_WAIT_MS = 1000, /* that a hole may still be filled */
};

/* Of flow_seen.state, whose upper half is the table's epoch when the flow was last looked at. */
enum capture_loss_state {
	LOSS_STARTED = 1 << 0, /* and << 1 for side 1 */
	LOSS_PENDING = 1 << 2, /* holes, or bytes acknowledged and not shown: its block knows */
	LOSS_BARE = 1 << 4,    /* began with a packet without data, which may be a keep-alive */
	LOSS_BOTH = 1 << 6,    /* both sides were seen at some time */
	LOSS_BLOCK = 1 << 7,   /* the flow has a block */
	LOSS_CALM = 3 * LOSS_STARTED,
	LOSS_CALM_MASK = (int)0xffff0000 | 3 * LOSS_STARTED | 3 * LOSS_PENDING,
};

struct capture_loss_block;

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

/* The general case of capture_loss_packet(). */
uint64_t capture_loss_look(
	struct capture_loss *seen, uint32_t slot, const struct packet *p, bool src_is_lo);

/* Takes the TCP packet `p` of the flow in `slot`. Returns bytes that are now known to be
 * missing. Inline: nearly every packet continues where the last one ended, or repeats it, and
 * needs a few comparisons. */
static inline uint64_t capture_loss_packet(
	struct capture_loss *seen, uint32_t slot, const struct packet *p, bool src_is_lo)
{
	const uint16_t odd =
		PACKET_FRAGMENT | PACKET_PORTS_CUT | PACKET_L4_ODD | PACKET_NO_PORTS;
	const uint8_t fin = 1, syn = 2, rst = 4, ack = 16;
	struct flow_seen *flow = &seen->flows[slot].seen;
	uint32_t *next = &flow->next[!src_is_lo], end;
	uint32_t state = (flow->state & (uint32_t)LOSS_CALM_MASK) ^ seen->epoch;
	bool alone = state == (uint32_t)LOSS_STARTED << !src_is_lo;
	bool calm = state == LOSS_CALM && (int32_t)(p->tcp_ack - flow->next[src_is_lo]) <= 0;

	if ((!calm && !alone) || *next - p->tcp_seq > LOSS_HOLE_MAX || p->flags & odd ||
		(p->tcp_flags & (syn | rst | ack)) != ack)
		return capture_loss_look(seen, slot, p, src_is_lo);
	end = p->tcp_seq + (p->ip_len - p->payload) + (p->tcp_flags & fin);
	*next = (int32_t)(end - *next) > 0 ? end : *next;
	return 0;
}

/* For a flow that ends: what is acknowledged by now and still missing
 * counts, and is returned; the sides begin anew. */
uint64_t capture_loss_settle(struct capture_loss *seen, uint32_t slot);
/* The flow has ended. */
void capture_loss_clear(struct capture_loss *seen, uint32_t slot);

/* Bytes of the flow counted so far, or -1: one side was never seen. */
int64_t capture_loss_unseen(const struct capture_loss *seen, uint32_t slot);
