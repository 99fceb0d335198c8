/* The history of a flow, of TCP and UDP: what happened in it, in order, in the letters of Zeek's conn.log;
 * when the handshake and the first answer came. docs/OUTPUT.md says what each letter means.
 *
 * A packet that continues its side's sequence numbers has nothing to tell once its side's letters D and A
 * are there and no time waits for it: flow_seen.state says so (LOSS_TOLD_...), so that such packets
 * never come here. Of UDP the first packet of each side comes, and more while an answer is waited for.
 *
 * 64 bytes a flow, beside the table. Sides are those of the key, 0 is `lo`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/flow.h"

enum {
	HISTORY_LETTERS = 24,               /* no more are kept */
	HISTORY_TEXT = HISTORY_LETTERS + 2, /* with '^' and NUL */
	HISTORY_PER_WORD = 12,
};

#define HISTORY_UNKNOWN UINT32_MAX /* a time: not known, or not less than 2^32 - 1 us */

/* All zero: of no flow. */
struct history {
	uint64_t letters[2]; /* five bits each: side and enum history_letter */
	uint64_t
		mark_ns; /* the SYN, or the client's first payload, from which a time is taken */
	/* From the SYN to its SYN-ACK and to the ACK of that; from the client's first payload to
	 * the first of the server after it. */
	uint32_t syn_ack_us, handshake_us, response_us;
	uint32_t syn_seq[2]; /* of the side's latest S, H or R */
	uint32_t fin_end[2]; /* of its latest F */
	uint16_t zero_windows[2];
	uint8_t n;     /* letters */
	uint8_t state; /* enum history_state */
};

_Static_assert(sizeof(struct history) == 64, "a cache line a flow");

/* A flow begins with a packet of `lo`, or not. */
void history_begin(struct history *history, bool src_is_lo);

/* A packet of a TCP flow that is counted already; before capture_loss_look() sees it. `is_new`: its
 * last byte was not shown before. Sets LOSS_TOLD_... in the flow's state. */
void history_tcp(struct history *history, struct flow *flow, const struct packet *p,
	bool src_is_lo, bool is_new);
/* The side's `n`th packet with payload that was sent again; its `n`th gap. */
void history_again(struct history *history, unsigned side, uint32_t n);
void history_gap(struct history *history, unsigned side, uint32_t n);

/* A packet of a UDP flow, which is counted already. May set flow->calm_s to 0: then the next packet has to
 * come, too. */
void history_udp(
	struct history *history, struct flow *flow, const struct packet *p, bool src_is_lo);

/* The letters, the client's in upper case, with '^' before them where the first packet was the
 * server's; NUL behind them. */
void history_text(
	const struct history *history, const struct flow *flow, char text[HISTORY_TEXT]);

/* How a flow went, as its event tells it, of client and server: history and times, what came again or
 * late, what was missing. */
struct flow_course {
	int64_t unseen; /* bytes acknowledged and never shown; -1: not TCP, or one side was never seen */
	uint32_t syn_ack_us, handshake_us, response_us; /* or HISTORY_UNKNOWN; see history.h */
	/* Packets of the client and the server; see disorder.h. */
	uint32_t retransmitted[2], out_of_order[2];
	bool is_tcp;                /* false: the two are unknown */
	char history[HISTORY_TEXT]; /* "": there is none */
};

/* Of a flow of another protocol, or of no table. */
static inline struct flow_course flow_course_unknown(void)
{
	return (struct flow_course){.unseen = -1,
		.syn_ack_us = HISTORY_UNKNOWN,
		.handshake_us = HISTORY_UNKNOWN,
		.response_us = HISTORY_UNKNOWN};
}
