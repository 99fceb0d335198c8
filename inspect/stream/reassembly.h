/* Puts one fragmented datagram of an inspected flow together, so that neither fragments nor
 * their order change a label (RFC 791, RFC 8200). For nDPI only: flows count fragments as
 * packets. A fragment that comes again, with the same bytes, is left out; an overlap (RFC 5722) or a lying
 * length ends it; then nDPI sees the first fragment alone, as with ndpiReader.
 *
 * The rest of a datagram may never come, so their memory has a bound of its own, in shares,
 * within the dpi's; they are listed in the order in which they began. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"
#include "inspect/flow/memory.h"
#include "inspect/stream/reorder.h"

enum reassembly_status {
	REASSEMBLY_OPEN,
	REASSEMBLY_WHOLE,
	REASSEMBLY_BROKEN,
	REASSEMBLY_OVERLAPS, /* broken by a fragment that lies over another one */
};

struct reassembly;
struct flow;

/* All reassemblies of one dpi. All zero but for `memory`: none yet, and no bound. */
struct reassemblies {
	struct memory *memory;
	struct quota quota; /* bytes of fragments, copies and notes */
	struct reassembly *oldest, *newest;
};

/* Begins with a fragment that was not cut; copies it. `piece` is what nDPI would get of a first one,
 * NULL with a later one whose first is still to come. NULL: no memory, or headers that cannot be put
 * together. */
struct reassembly *reassembly_open(struct reassemblies *all, struct flow *flow,
	struct memory_list *list, const struct packet *p, const struct piece *piece);
void reassembly_close(struct reassembly *datagram);

/* Whether `p` is a fragment of this datagram; and, of a first one, whether it is the one that it waits
 * for. */
bool reassembly_has(const struct reassembly *datagram, const struct packet *p);
bool reassembly_awaits(const struct reassembly *datagram, const struct packet *p);

/* Adds a later fragment (`piece` NULL), or the first one that it waits for. Another datagram's leaves
 * this one as it is. */
enum reassembly_status reassembly_add(
	struct reassembly *datagram, const struct packet *p, const struct piece *piece);

bool reassembly_is_whole(const struct reassembly *datagram);

/* Whether fragment `p` is smaller than any link makes it, so that it or the next one has a part of the
 * headers that belongs to the first: another fragment than the last with less data than the least packet
 * that every link carries has room for (RFC 791: 68 bytes; of IPv6 it is more), or one that begins so early
 * that the first must have been such (RFC 1858, RFC 3128). `bytes`: data that it has, or those before it. */
bool fragment_is_tiny(const struct packet *p, uint32_t *bytes);
/* Where its data begin; 0 where its headers cannot be read. */
uint32_t fragment_offset(const struct packet *p);

/* Bytes that `p` needs at most of the bound. */
size_t reassembly_room(const struct packet *p);

/* The flow that a datagram is of, and the one that began next; NULL: none did. */
struct flow *reassembly_flow(const struct reassembly *datagram);
struct reassembly *reassembly_newer(const struct reassembly *datagram);

/* The datagram as one packet: whole, or its first fragment alone. NULL: not even that came. */
const struct piece *reassembly_piece(struct reassembly *datagram);
