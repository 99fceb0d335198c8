/* Puts the TCP packets of an inspected flow in order: a packet that came before the one it
 * follows is held until that comes. Bounded, in bytes and packets of a flow: when there is no room for one
 * more, what is missing before the first that is held is given up, and those after it go on. Private to
 * the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"
#include "inspect/flow/memory.h"

enum {
	REORDER_HELD_MAX = 64,     /* packets of one flow */
	REORDER_ROW = 3,           /* see reorder_shows() */
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

/* The sequence number of its first byte of data: a SYN takes one before it (RFC 9293, 3.4). */
static inline uint32_t piece_data_seq(const struct piece *piece)
{
	return piece->seq + (piece->tcp_flags & TCP_SYN ? 1 : 0);
}

/* What a side sent too early, by sequence number; of equal ones by arrival. */
struct held_side {
	struct held_slot *at;
	uint8_t n, room;
};

/* All zero is a flow of which nothing was seen. */
struct reorder {
	struct held_side held[2];
	uint32_t bytes;    /* that are held, with what is kept of each packet */
	uint32_t arrivals; /* packets held so far */
	uint32_t next[2];  /* the sequence number that each side will send next */
	bool known[2];
	bool has_data; /* some was given */
	/* While a side's beginning is not known: where its last packet ended, and how many packets at last
	 * began where that was; and then that they show the order. */
	bool ended[2], is_shown;
	uint8_t row;
	uint32_t end[2];
};

static inline bool reorder_holds(const struct reorder *order)
{
	return order->held[0].n || order->held[1].n;
}

/* Whether `piece` must wait: it carries data behind a gap, or acknowledges data that was not
 * seen; or the beginning of a side is not known: no SYN of it was seen, and nothing shows that packets
 * come in order. */
bool reorder_is_early(const struct reorder *order, const struct piece *piece);

/* To be called first for each packet. Whether it shows the order of a flow without the SYNs of both sides: it is
 * the last of some in a row of which each begins where the one before of its side ended. All that is held
 * goes before it, and it waits no more. */
bool reorder_shows(struct reorder *order, const struct piece *piece);

/* Whether `piece` is a SYN that comes after data of both sides: nDPI must not get it, for it
 * would forget the data. */
bool reorder_is_late(const struct reorder *order, const struct piece *piece);

/* To be called for each packet that is not held. */
void reorder_saw(struct reorder *order, const struct piece *piece);

/* Whether bytes of `piece` that are held already are others there. */
bool reorder_differs(const struct reorder *order, const struct piece *piece);

/* Keeps a copy, while no more than `most` bytes are held; one packet may be longer. false: enough are held, or
 * no memory. */
bool reorder_hold(struct reorder *order, struct memory *memory, struct memory_list *list,
	const struct piece *piece, uint32_t most);

/* Takes out a held packet that is not early any more; NULL: none. Give it back with memory_free(). */
struct piece *reorder_next(struct reorder *order);
/* Takes out the first held packet, whatever is missing before it. `gap`: something is known to be. NULL: none is
 * held. */
struct piece *reorder_give_up(struct reorder *order, bool *gap);
