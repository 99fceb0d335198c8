/* Puts one fragmented datagram of a flow under inspection together, so that fragments do not
 * change a label (RFC 791, RFC 8200). Only here: flows count fragments as packets. Overlaps and
 * lies end it; then the first fragment is all that nDPI sees, as with ndpiReader. Private to the
 * dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"
#include "inspect/dpi/memory.h"
#include "inspect/dpi/order.h"

enum datagram_status { DATAGRAM_OPEN, DATAGRAM_WHOLE, DATAGRAM_BROKEN };

struct datagram;

/* Begins with a first fragment that was not cut; copies it. NULL: no memory, or headers that
 * cannot be put together. */
struct datagram *datagram_open(struct memory *memory, struct memory_list *list,
	const struct packet *first, const struct piece *piece);
void datagram_close(struct datagram *datagram);

/* Adds a later fragment. Another datagram's leaves this one as it is. */
enum datagram_status datagram_add(struct datagram *datagram, const struct packet *p);

/* What there is as one packet: the whole datagram, or the first fragment alone. */
const struct piece *datagram_piece(struct datagram *datagram);
