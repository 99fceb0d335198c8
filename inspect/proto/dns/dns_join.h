/* Gives nDPI the first DNS message of each side in one piece. nDPI takes every TCP segment of
 * DNS for a message, and calls the length alone, or a part of a message, malformed. So a segment
 * that begins a short first message waits for the rest. Longer messages go as they come: nDPI
 * makes do with their beginning. Private to the dpi. */
#pragma once

#include <stdbool.h>

#include "inspect/flow/memory.h"
#include "inspect/stream/reorder.h"

enum { DNS_JOIN_MAX = 512 }; /* bytes of a message without its length, as over UDP */

/* All zero is nothing yet. */
struct dns_join {
	struct piece *held[2]; /* of each side, or NULL */
	bool over[2];          /* its first message has gone, or is none to wait for */
};

/* What is to be given now; the caller gives the blocks back with memory_free(). */
struct dns_joined {
	struct piece *before; /* goes first: it waited in vain; or NULL */
	struct piece *whole;  /* the message, instead of the piece; or NULL */
	bool waits;           /* the piece is kept */
};

/* Whether `piece`, of TCP to or from a port of DNS, in order, may belong to a first message. */
bool dns_join_wants(const struct dns_join *join, const struct piece *piece);
struct dns_joined dns_join_add(struct dns_join *join, struct memory *memory,
	struct memory_list *list, const struct piece *piece);
/* Takes out what waits; NULL: nothing. */
struct piece *dns_join_take(struct dns_join *join, bool from_hi);
