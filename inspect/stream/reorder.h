/* Puts the TCP packets of an inspected flow in order: a packet that came before the one it
 * follows is held until that comes. Bounded: when REORDER_HELD_MAX are held, the missing packet is
 * given up, and all go on as they arrived. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/memory.h"

enum {
	REORDER_HELD_MAX = 8,      /* packets of one flow */
	REORDER_BLANK_MAX = 2,     /* at the beginning of a flow without SYN */
	REORDER_GAP_MAX = 1 << 20, /* bytes; further ahead is another connection */
};

/* An IP packet for nDPI. `ip` is borrowed from the packet, or of whoever made the piece. */
struct piece {
	const uint8_t *ip;
	uint64_t time_ns;
	uint32_t cap, wire; /* bytes from `ip` on, as in struct packet */
	bool whole;         /* nDPI gets it as it is; else */
	uint16_t payload;   /* offset of the L4 payload */
	uint8_t protocol, tcp_flags;
	bool from_hi; /* sent by the flow's `hi` endpoint */
	uint32_t seq, ack;
};

/* All zero is a flow of which nothing was seen. */
struct reorder {
	struct held *first;
	uint32_t next[2]; /* the sequence number that each side will send next */
	bool known[2];
	uint8_t count;
};

/* Whether `piece` must wait: it carries data behind a gap, or acknowledges data that was not
 * seen. The first packets of a flow that begins without a SYN wait, too: those after them show
 * the order. */
bool reorder_is_early(const struct reorder *order, const struct piece *piece);

/* Whether the first packets of a flow without SYN have waited in vain, because `piece` does not
 * follow them. All that is held goes before `piece`. */
bool reorder_is_over(const struct reorder *order, const struct piece *piece);

/* Whether `piece` is a SYN that comes after data of both sides: nDPI must not get it, for it
 * would forget the data. */
bool reorder_is_late(const struct reorder *order, const struct piece *piece);

/* To be called for each packet that is not held. */
void reorder_saw(struct reorder *order, const struct piece *piece);

/* Keeps a copy. false: enough are held, or no memory. */
bool reorder_hold(struct reorder *order, struct memory *memory, struct memory_list *list,
	const struct piece *piece);

/* Takes out the first held packet, in order of arrival, that is not early any more, or if `any`
 * the first at all; NULL: none. Give it back with memory_free(). */
struct piece *reorder_next(struct reorder *order, bool any);
