/* Puts one fragmented datagram of a flow under inspection together, so that neither fragments nor
 * their order change a label (RFC 791, RFC 8200). Only here: flows count fragments as packets.
 * Overlaps and lies end it; then the first fragment is all that nDPI sees, as with ndpiReader.
 *
 * The rest of a datagram may never come, so what they hold has a bound of its own, in shares, within
 * the dpi's memory; they stand in the order in which they began. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"
#include "inspect/flow/memory.h"
#include "inspect/stream/order.h"

enum datagram_status { DATAGRAM_OPEN, DATAGRAM_WHOLE, DATAGRAM_BROKEN };

struct datagram;
struct flow;

/* Those of one dpi. All zero but for `memory` is none, without a bound. */
struct datagrams {
	struct memory *memory;
	struct quota quota; /* bytes of fragments, copies and notes */
	struct datagram *oldest, *newest;
};

/* Begins with a fragment that was not cut; copies it. `piece` is what nDPI would get of a first one,
 * NULL with a later one whose first is still to come. NULL: no memory, or headers that cannot be put
 * together. */
struct datagram *datagram_open(struct datagrams *all, struct flow *flow,
	struct memory_list *list, const struct packet *p, const struct piece *piece);
void datagram_close(struct datagram *datagram);

/* Whether `p`, a first fragment, is the one that this datagram waits for. */
bool datagram_awaits(const struct datagram *datagram, const struct packet *p);

/* Adds a later fragment (`piece` NULL), or the first one that it waits for. Another datagram's leaves
 * this one as it is. */
enum datagram_status datagram_add(
	struct datagram *datagram, const struct packet *p, const struct piece *piece);

/* Bytes that `p` needs at most of the bound. */
size_t datagram_room(const struct packet *p);

/* The flow that a datagram is of, and the one that began next; NULL: none did. */
struct flow *datagram_flow(const struct datagram *datagram);
struct datagram *datagram_newer(const struct datagram *datagram);

/* What there is as one packet: the whole datagram, or the first fragment alone. NULL: not even that. */
const struct piece *datagram_piece(struct datagram *datagram);
